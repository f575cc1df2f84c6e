"""A choice that only moves forward, such as HubSpot's lifecycle stage: never back, and never silently."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bothways.errors import DecisionDoesNotFit, ForwardOnlyCleared
from bothways.jobs.now import undo_run
from bothways.records import Field, FieldType, Option
from bothways.service.conflicts import choose_app, type_value
from bothways.service.issues import list_issues
from bothways.service.undo import preview_undo
from bothways.service.why import why
from tests.memory_app import PEOPLE
from tests.office import SYNC, Office, plug_in

OPTIONS = tuple(Option(key, key.title()) for key in ("lead", "qualified", "customer"))
STAGE = Field("stage", FieldType.CHOICE, "Stage", options=OPTIONS, forward_only=True)
LEVEL = Field("level", FieldType.CHOICE, "Level", options=OPTIONS)
MAPPED = "    fields: [{Anna: email, Bert: email}, {Anna: stage, Bert: level}]\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    plug_in(monkeypatch)
    return Office(tmp_path, SYNC + MAPPED, fields=(*PEOPLE, STAGE), bert_fields=(*PEOPLE, LEVEL))


def linked(office: Office, stage: str, level: str) -> tuple[str, str]:
    ids = office.anna.add(email="a@x.test", stage=stage), office.bert.add(email="a@x.test", level=level)
    office.rest()
    return ids


def stages(office: Office) -> tuple[object, object]:
    values: list[Mapping[str, object]] = [app.live()[0].values for app in (office.anna, office.bert)]
    return values[0].get("stage"), values[1].get("level")


def test_a_stage_moves_forward(world: Office) -> None:
    _, right = linked(world, "lead", "lead")
    world.bert.edit(right, level="customer")
    world.rest()
    assert stages(world) == ("customer", "customer")


def test_a_stage_is_never_moved_back_and_the_field_is_held(world: Office) -> None:
    left, right = linked(world, "qualified", "qualified")
    world.bert.edit(right, level="lead")
    world.rest()
    assert stages(world) == ("qualified", "lead")
    (found,) = why(world.open(), "people", left, "stage").fields
    assert "Stage only moves forward" in found.events[-1].reason
    world.bert.edit(right, level="customer")
    world.rest()
    assert stages(world) == ("customer", "customer")


def test_a_stage_goes_back_where_the_other_app_lets_it(world: Office) -> None:
    left, _ = linked(world, "qualified", "qualified")
    world.anna.edit(left, stage="lead")
    world.rest()
    assert stages(world) == ("lead", "lead")


def test_a_stage_that_was_cleared_first_can_be_set_to_any(world: Office) -> None:
    left, right = linked(world, "customer", "customer")
    world.bert.edit(right, level="lead")
    world.rest()
    world.anna.edit(left, stage=None)
    world.rest()
    assert stages(world) == ("lead", "lead")


def test_a_stage_set_with_every_write_leaves_those_that_are_further_on(world: Office) -> None:
    world.write(
        SYNC
        + "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n"
        + "    set: {Anna: [{field: stage, value: qualified, when: created_or_updated}]}\n"
    )
    further, _ = world.pair("Dana", stage="customer")
    before, right = world.pair("Eve", stage="lead")
    for each in world.bert.live():
        world.bert.edit(each.id, name=f"{each.values['name']} Lee")
    world.rest()
    assert world.anna.values(further)["stage"] == "customer"
    assert world.anna.values(before)["stage"] == "qualified"
    assert right


def test_a_stage_that_moved_on_while_it_was_written_is_an_edit_like_any_other(world: Office) -> None:
    left, right = linked(world, "lead", "lead")
    world.bert.edit(right, level="qualified")
    world.anna.once("before", "write update", lambda: world.anna.edit(left, stage="customer"))
    world.rest()
    assert stages(world) == ("customer", "customer")
    assert list_issues(world.open(), "people") == []


def test_nobody_can_decide_that_a_stage_moves_back(world: Office) -> None:
    world.write(SYNC + "    conflicts: {default: ask}\n" + MAPPED)
    left, right = linked(world, "lead", "lead")
    world.anna.edit(left, stage="customer")
    world.bert.edit(right, level="qualified")
    world.run()
    (issue,) = list_issues(world.open(), "people")
    for decide in (
        lambda: choose_app(world.open(), issue.id, "Bert"),
        lambda: type_value(world.open(), issue.id, "Lead"),
    ):
        with pytest.raises(DecisionDoesNotFit, match="Stage only moves forward"):
            decide()
    choose_app(world.open(), issue.id, "Anna")
    world.rest()
    assert stages(world) == ("customer", "customer")


def test_an_undo_does_not_move_a_stage_back_and_says_so(world: Office) -> None:
    _, right = linked(world, "lead", "lead")
    world.bert.edit(right, level="customer")
    run = world.run()
    for undone in (preview_undo(world.open(), run.id), undo_run(world.open(), run.id)):
        assert (undone.restored, [each.reason for each in undone.kept]) == (0, ["Stage only moves forward"])
    assert stages(world) == ("customer", "customer")


def test_a_mapping_that_would_clear_a_stage_is_refused(world: Office) -> None:
    world.change("Bert: level}", "Bert: level, when_empty: clear}")
    with pytest.raises(ForwardOnlyCleared) as caught:
        world.rest()
    assert caught.value.where.startswith("bothways.yaml:")


def test_a_stage_is_not_cleared_by_a_setting_for_all_fields(world: Office) -> None:
    world.write(SYNC + "    conflicts: {when_empty: clear}\n" + MAPPED)
    _, right = linked(world, "lead", "lead")
    world.bert.edit(right, level=None)
    world.rest()
    assert stages(world) == ("lead", None)
