"""Tags: written once to what leaves, or is left over; taken away when it returns, unless somebody edited them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bothways import errors
from bothways.engine.deletes import DAY
from bothways.errors import OutcomeUnknown, StoppedByBrake
from bothways.jobs.now import undo_run
from bothways.records import Field, FieldType, Option
from bothways.service import preview, records, syncs, why
from bothways.service.issues import list_issues, pause
from bothways.service.reading import document_of
from bothways.service.sync_settings import settings_of
from bothways.service.undo import preview_undo
from bothways.service.yaml_file import parse
from tests.memory_app import PEOPLE, Traits
from tests.office import SYNC, Office, plug_in

STATES = (Option("left", "Left"), Option("gone", "Gone"), Option("new", "New"))
FIELDS = (
    *PEOPLE,
    Field("land"),
    Field("state", FieldType.CHOICE, options=STATES),
    Field("note"),
    Field("fixed", read_only=True),
    Field("out", FieldType.BOOLEAN, meaning="optOut"),
)
LEAVING = """\
    send: {Anna: {filter: {field: land, is: DE}}}
    when_leaving_filter: {tag: {Bert: {field: state, value: left}}}
"""
DELETED = "    deletes: {Bert: {tag: {field: state, value: gone}}, grace: 2d}\n"


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch)


def office(folder: Path, more: str, fields: Sequence[Field] = FIELDS, **traits: Traits) -> Office:
    mapped = "".join(f"      - {{Anna: {name}, Bert: {name}}}\n" for name in ("email", "name", "phone"))
    return Office(folder, f"{SYNC}{more}    fields:\n{mapped}", fields=fields, **traits)


@pytest.fixture
def world(tmp_path: Path) -> Office:
    return office(tmp_path, LEAVING)


def pair(world: Office, **more: str) -> tuple[str, str]:
    """Let both apps know Dana, linked and at rest; return both ids."""
    ids = world.anna.add(email="dana@x.test", name="Dana", land="DE"), world.bert.add(email="dana@x.test", **more)
    world.rest()
    return ids


def state(world: Office, id: str) -> object:
    return world.bert.values(id).get("state")


# --- what leaves --------------------------------------------------------------------------------------


def test_partner_of_what_leaves_is_tagged_once_and_frozen(world: Office) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR", name="Dana B")
    plan = world.plan()
    (action,) = preview.plan_actions(world.open(), plan.id)
    (change,) = action.fields
    assert (action.kind, action.rule, change.app, change.field, change.after) == (
        "update",
        "R10",
        "Bert",
        "state",
        "left",
    )
    assert (dict(plan.updated), list(plan.leaving)) == (
        {"Anna": 0, "Bert": 1},
        ["outside the filter of Anna (land is DE)"],
    )
    world.rest()
    assert (state(world, there), world.bert.values(there)["name"]) == ("left", "Dana")
    (row,) = records.list_records(world.open(), "people").rows
    assert (row.state, row.reason) == ("left_out", "outside the filter of Anna (land is DE)")
    world.bert.edit(there, state="new", phone="+4930123456")
    world.anna.edit(here, phone="+4930999999")
    writes = world.writes
    world.rest()
    assert (world.writes, state(world, there)) == (writes, "new"), "frozen: it is tagged once"


def test_tag_is_taken_away_when_the_pair_returns_and_what_it_replaced_comes_back(world: Office) -> None:
    here, there = pair(world, state="new")
    world.anna.edit(here, land="FR")
    world.rest()
    assert state(world, there) == "left"
    world.anna.edit(here, land="DE", name="Dana B")
    world.rest()
    assert (state(world, there), world.bert.values(there)["name"]) == ("new", "Dana B")
    world.anna.edit(here, land="FR")
    world.rest()
    assert state(world, there) == "left"


@pytest.mark.parametrize("tagged", [True, False])
def test_tag_is_taken_away_though_one_of_the_two_was_merged_meanwhile(world: Office, tagged: bool) -> None:
    left, right = pair(world, state="new")
    world.anna.edit(left, land="AT")
    world.rest()
    assert state(world, right) == "left"
    app, old = (world.bert, right) if tagged else (world.anna, left)
    new = app.add(**app.values(old))
    app.merge(new, old)
    world.run(full=True)
    left, right = (left, new) if tagged else (new, right)
    world.anna.edit(left, land="DE")
    world.rest()
    assert state(world, right) == "new"


def test_tag_that_somebody_edited_is_left_when_the_pair_returns(world: Office) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    world.rest()
    world.bert.edit(there, state="new")
    world.anna.edit(here, land="DE")
    world.rest()
    assert state(world, there) == "new"
    world.bert.edit(there, state="left")
    world.rest()
    assert state(world, there) == "left", "what a person writes is no tag"


def test_tag_that_cannot_be_taken_away_stays_and_nobody_is_asked(tmp_path: Path) -> None:
    """A choice that only moves forward."""
    stage = Field("state", FieldType.CHOICE, options=tuple(reversed(STATES)), forward_only=True)
    world = office(tmp_path, LEAVING, fields=[stage if each.name == "state" else each for each in FIELDS])
    here, there = pair(world, state="new")
    world.anna.edit(here, land="FR")
    world.rest()
    assert state(world, there) == "left"
    writes = world.writes
    world.anna.edit(here, land="DE")
    world.rest()
    assert (state(world, there), world.writes, list_issues(world.open(), "people")) == ("left", writes, [])


def test_what_holds_the_tag_already_is_not_written_and_keeps_it(world: Office) -> None:
    here, there = pair(world, state="left")
    writes = world.writes
    world.anna.edit(here, land="FR")
    world.rest()
    world.anna.edit(here, land="DE")
    world.rest()
    assert (world.writes, state(world, there)) == (writes, "left")


def test_record_that_its_own_filter_keeps_out_is_not_tagged(world: Office) -> None:
    world.change("tag: {Bert:", "tag: {Anna: {field: note, value: left}, Bert:")
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    world.rest()
    assert (state(world, there), world.anna.values(here).get("note")) == ("left", None)


def test_both_are_tagged_where_none_of_the_two_has_an_address(world: Office) -> None:
    world.change("tag: {Bert:", "tag: {Anna: {field: note, value: left}, Bert:")
    world.change("    when_leaving", "    require: [email]\n    when_leaving")
    here, there = pair(world)
    world.anna.edit(here, email="")
    world.bert.edit(there, email="")
    world.rest()
    assert (state(world, there), world.anna.values(here)["note"]) == ("left", "left")


def test_undo_of_a_tag_puts_back_what_was_there_and_it_is_not_tagged_again(world: Office) -> None:
    here, there = pair(world, state="new")
    world.anna.edit(here, land="FR")
    run = world.run()
    assert preview_undo(world.open(), run.id).restored == 1
    assert undo_run(world.open(), run.id).restored == 1
    world.rest()
    assert state(world, there) == "new"
    world.anna.edit(here, land="DE")
    run = world.run()
    assert (sum(run.updated.values()), state(world, there)) == (0, "new")


def test_undo_of_taking_a_tag_away_is_not_done_again(world: Office) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    world.rest()
    world.anna.edit(here, land="DE")
    run = world.run()
    undo_run(world.open(), run.id)
    world.rest()
    assert state(world, there) == "left"


def test_pair_that_returned_before_the_plan_was_applied_is_not_tagged(world: Office) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    plan = world.plan()
    world.clock.advance(60)
    world.anna.edit(here, land="DE")
    assert world.apply(plan).skipped == 1
    world.rest()
    assert state(world, there) is None


def test_tag_that_the_app_refuses_is_held_and_tried_again(tmp_path: Path) -> None:
    world = office(tmp_path, LEAVING)
    here, there = pair(world)
    object.__setattr__(
        world.bert.traits, "refuses", lambda item: ("no", ("state",)) if "state" in item.values else None
    )
    world.anna.edit(here, land="FR")
    world.run()
    assert [each.reason for each in records.list_records(world.open(), "people").rows] == ["Bert does not take it: no"]
    object.__setattr__(world.bert.traits, "refuses", lambda item: None)
    world.clock.advance(DAY)
    world.rest()
    assert state(world, there) == "left"


@pytest.mark.parametrize("when", ["before", "after"])
def test_tag_of_unknown_outcome_is_found_out_and_written_once(world: Office, when: str) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    world.bert.fail("write", OutcomeUnknown(app="Bert", reason="time-out"), when=when)
    world.run()
    world.rest()
    assert [each.values for each in world.bert.writes if "state" in each.values] == [{"state": "left"}]
    world.anna.edit(here, land="DE")
    world.rest()
    assert state(world, there) is None


def test_paused_record_is_not_tagged(world: Office) -> None:
    here, there = pair(world)
    pause(world.open(), "people", f"Anna:{here}")
    world.anna.edit(here, land="FR")
    world.rest()
    assert state(world, there) is None


def test_more_tags_than_may_change_stop_the_run(world: Office) -> None:
    world.change("max_change: 100%", "max_change: 10%")
    ids = [world.anna.add(email=f"p{n}@x.test", name=f"P{n}", land="DE") for n in range(60)]
    world.run(approved=True)
    world.run(approved=True)
    for id in ids:
        world.anna.edit(id, land="FR")
    with pytest.raises(StoppedByBrake):
        world.run()
    assert not any("state" in each.values for each in world.bert.writes)


def test_why_tells_of_the_tag(world: Office) -> None:
    here, there = pair(world)
    world.anna.edit(here, land="FR")
    world.rest()
    story = why.why(world.open(), "people", f"Bert:{there}", "state").fields[0]
    assert "because outside the filter of Anna (land is DE)" in story.sentence


# --- whose partner was deleted ------------------------------------------------------------------------


def deleted(world: Office, here: str) -> None:
    for number in range(9 - len(world.anna.live())):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    world.rest()
    world.anna.delete(here)
    world.run()
    world.run()


def test_partner_of_a_deleted_record_is_tagged_after_the_grace_and_stays(tmp_path: Path) -> None:
    world = office(tmp_path, DELETED)
    here, there = pair(world)
    deleted(world, here)
    (row,) = [each for each in records.list_records(world.open(), "people").rows if each.ids["Bert"] == there]
    assert (row.state, row.reason.endswith("unless it is restored")) == ("waiting", True)
    assert state(world, there) is None
    world.bert.edit(there, name="Dana B")
    world.clock.advance(2 * DAY)
    plan = world.plan()
    (action,) = preview.plan_actions(world.open(), plan.id)
    assert (action.kind, action.rule, dict(plan.updated), plan.changes) == ("tag", "R4d", {"Anna": 0, "Bert": 1}, 1)
    run = world.run()
    assert (state(world, there), dict(run.deleted)) == ("gone", {"Anna": 0, "Bert": 0})
    world.bert.edit(there, state="new")
    world.rest()
    world.clock.advance(9 * DAY)
    world.rest()
    assert (state(world, there), world.bert.items[there].live, world.anna.items[here].live) == ("new", True, False)


def test_restored_within_the_grace_nothing_is_tagged_and_after_it_the_tag_is_taken_away(tmp_path: Path) -> None:
    world = office(tmp_path, DELETED)
    here, there = pair(world)
    deleted(world, here)
    world.anna.restore(here)
    world.clock.advance(2 * DAY)
    world.rest()
    assert state(world, there) is None
    deleted(world, here)
    world.clock.advance(2 * DAY)
    world.rest()
    assert state(world, there) == "gone"
    world.anna.restore(here)
    world.rest()
    world.rest()
    assert state(world, there) is None


def test_undo_of_a_tag_for_a_deletion_is_final(tmp_path: Path) -> None:
    world = office(tmp_path, DELETED)
    here, there = pair(world, state="new")
    deleted(world, here)
    world.clock.advance(2 * DAY)
    run = world.run()
    assert state(world, there) == "gone"
    undo_run(world.open(), run.id)
    world.rest()
    assert state(world, there) == "new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_tag_for_a_deletion_of_unknown_outcome_is_written_once(tmp_path: Path, when: str) -> None:
    world = office(tmp_path, DELETED)
    here, _ = pair(world)
    deleted(world, here)
    world.clock.advance(2 * DAY)
    world.bert.fail("write", OutcomeUnknown(app="Bert", reason="time-out"), when=when)
    world.run()
    world.rest()
    assert [each.values for each in world.bert.writes if "state" in each.values] == [{"state": "gone"}]


def test_tag_for_a_deletion_that_the_app_refuses_is_tried_again(tmp_path: Path) -> None:
    world = office(tmp_path, DELETED)
    here, there = pair(world)
    deleted(world, here)
    world.clock.advance(2 * DAY)
    object.__setattr__(world.bert.traits, "refuses", lambda item: ("no", ("state",)))
    world.run()
    world.run()
    assert state(world, there) is None
    object.__setattr__(world.bert.traits, "refuses", lambda item: None)
    world.clock.advance(DAY)
    world.rest()
    assert state(world, there) == "gone"


# --- the door -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [LEAVING, DELETED, LEAVING + DELETED])
def test_tags_are_shown_kept_and_read_back(tmp_path: Path, more: str) -> None:
    world = office(tmp_path, more)
    world.run()
    document = world.open().sync("people")
    again = document_of(parse(syncs.export(world.open(), "people"), "f.yaml")).syncs["people"]
    assert settings_of(again) == settings_of(document)
    assert [(each.side, each.field, each.value, each.occasion) for each in again.tags] == [
        (each.side, each.field, each.value, each.occasion) for each in document.tags
    ]
    shown = [(each.app, each.field, each.value) for each in syncs.show_sync(world.open(), "people").sets]
    assert shown == [("Bert", "state", each.value) for each in document.tags]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("field: state, value: left", "field: fixed, value: left", "it is read-only"),
        ("field: state, value: left", "field: out, value: yes", "it says who is opted out"),
        ("field: state, value: left", "field: name, value: left", "it is mapped"),
        ("field: state, value: left", "field: email, value: left", "it is mapped"),
        ("value: left}", "value: lost}", "not one of the choices"),
        ("    send:", "    set: {Bert: [{field: state, value: new}]}\n    send:", "the settings set it"),
        ("is: DE}}", "is: DE}}, Bert: {filter: {field: state, is: new}}", "a filter looks at it"),
        ("    send: {", "    send: {", ""),
    ],
)
def test_field_that_cannot_be_tagged_is_refused_with_its_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    world = office(tmp_path, LEAVING)
    world.change(old, new)
    if not words:
        world.change("{field: land, is: DE}}", "{field: land, is: DE}}, Bert: all")
        world.run()
        return
    with pytest.raises(errors.CannotTag, match=r"bothways\.yaml:\d+:\d+") as refused:
        world.run()
    assert words in str(refused.value)


def test_app_that_gets_nothing_is_not_tagged(tmp_path: Path) -> None:
    world = office(
        tmp_path, LEAVING.replace("Bert: {field: state", "Anna: {field: note").replace("}}\n", "}, Bert: none}\n", 1)
    )
    with pytest.raises(errors.CannotTag, match="Bert sends nothing"):
        world.run()
