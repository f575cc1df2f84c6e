"""Lists of labelled values and their single values, from the settings file to both apps and back again."""

from pathlib import Path

import pytest

from bothways.errors import SettingsError
from bothways.jobs.now import undo_run
from bothways.records import Field, FieldType, Value
from bothways.service import preview
from tests.memory_app import PEOPLE
from tests.office import SYNC, Office

MAILS = Field("mails", FieldType.LABELLED, "Mails", multi_valued=True, items=FieldType.EMAIL)
WORK = Field("mails.work", FieldType.EMAIL, "Mail (work)", part_of="mails")
ROW = "Anna: mails, Bert: mails"


def fields(*rows: str) -> str:
    return SYNC + "    fields:\n" + "".join(f"      - {{{row}}}\n" for row in ("Anna: email, Bert: email", *rows))


def mails(*names: str, label: str = "home") -> Value:
    return [{"value": f"{name}@x.test", "label": label} for name in names] or None


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    from tests.office import plug_in

    plug_in(monkeypatch)
    return Office(tmp_path, fields(ROW), fields=(*PEOPLE, MAILS, WORK))


def held(office: Office) -> list[list[str]]:
    """Return the names in the lists of both apps, in their order."""
    found = []
    for app in (office.anna, office.bert):
        (item,) = app.live()
        found.append([each["value"].partition("@")[0] for each in item.values["mails"] or ()])
    return found


def linked(office: Office, left: Value, right: Value) -> tuple[str, str]:
    ids = office.anna.add(email="a@x.test", mails=left), office.bert.add(email="a@x.test", mails=right)
    office.rest()
    return ids


def test_lists_of_both_apps_get_what_the_other_has_more_with_its_label(world: Office) -> None:
    _, right = linked(world, mails("p", label="work"), mails("q", label="home"))
    assert held(world) == [["p", "q"], ["q", "p"]]
    assert world.bert.values(right)["mails"] == [*mails("q"), *mails("p", label="work")]  # type: ignore[misc]


def test_a_new_record_gets_the_whole_list(world: Office) -> None:
    world.anna.add(email="a@x.test", mails=mails("p", "q"))
    world.rest()
    assert held(world) == [["p", "q"], ["p", "q"]]


def test_lists_that_are_in_step_are_written_no_more(world: Office) -> None:
    linked(world, mails("p"), mails("q"))
    before = len(world.anna.writes) + len(world.bert.writes)
    world.rest()
    assert len(world.anna.writes) + len(world.bert.writes) == before


def test_what_both_add_between_two_runs_reaches_both(world: Office) -> None:
    left, right = linked(world, mails("p"), mails("p"))
    world.anna.edit(left, mails=mails("p", "x"))
    world.bert.edit(right, mails=mails("p", "y"))
    world.rest()
    assert [sorted(each) for each in held(world)] == [["p", "x", "y"]] * 2


def test_what_is_taken_out_of_a_list_stays_in_the_other_app(world: Office) -> None:
    left, _ = linked(world, mails("p", "q"), mails("p", "q"))
    world.anna.edit(left, mails=mails("p"))
    world.rest()
    assert held(world) == [["p"], ["p", "q"]]


def test_what_is_taken_out_of_a_list_goes_where_clearing_follows(world: Office) -> None:
    world.write(fields(f"{ROW}, when_empty: clear"))
    left, right = linked(world, mails("p", "q"), mails("p", "q"))
    world.anna.edit(left, mails=mails("p"))
    world.bert.edit(right, mails=mails("p", "q", "n"))
    world.rest()
    assert held(world) == [["p", "n"], ["p", "n"]]


def test_a_crash_between_the_two_writes_loses_no_addition(world: Office) -> None:
    left, right = linked(world, mails("p"), mails("p"))
    world.anna.edit(left, mails=mails("p", "x"))
    world.bert.edit(right, mails=mails("p", "y"))
    world.anna.fail("write", KeyboardInterrupt())
    world.bert.fail("write", KeyboardInterrupt(), when="after")
    for _ in range(2):
        try:
            world.rest()
        except KeyboardInterrupt:
            continue
    world.rest()
    assert [sorted(each) for each in held(world)] == [["p", "x", "y"]] * 2


def test_undo_of_a_merge_takes_out_what_it_put_in_and_it_does_not_come_back(world: Office) -> None:
    left, _ = linked(world, mails("p"), mails("p"))
    world.anna.edit(left, mails=mails("p", "x"))
    view = world.run()
    assert held(world) == [["p", "x"], ["p", "x"]]
    undo_run(world.open(), view.id)
    world.rest()
    assert held(world) == [["p", "x"], ["p"]]


def test_the_plan_says_what_is_added(world: Office) -> None:
    left, _ = linked(world, mails("p"), mails("p"))
    world.anna.edit(left, mails=mails("p", "x"))
    plan = world.plan()
    written = [each for action in preview.plan_actions(world.open(), plan.id) for each in action.fields]
    assert [(each.rule, each.reason) for each in written] == [("FM", "Anna has 1 more")]


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("Anna: mails, Bert: name", "BW-146", "There are: mails.work"),
        (f"{ROW}}}, {{Anna: mails.work, Bert: name", "BW-185", 'is one value of the list "mails", and both are mapped'),
    ],
)
def test_a_list_is_mapped_with_a_list_or_by_its_single_values(world: Office, row: str, code: str, words: str) -> None:
    world.write(fields(*row.split("}, {")))
    with pytest.raises(SettingsError) as caught:
        world.rest()
    assert (caught.value.code, caught.value.where.partition(":")[0]) == (code, "bothways.yaml")
    assert words in str(caught.value)


def test_a_single_value_of_a_list_is_mapped_both_ways(world: Office) -> None:
    world.write(fields("Anna: mails.work, Bert: name"))
    left = world.anna.add(email="a@x.test", **{"mails.work": "w@x.test"})
    world.rest()
    (right,) = world.bert.live()
    assert right.values["name"] == "w@x.test"
    world.bert.edit(right.id, name="v@x.test")
    world.rest()
    assert world.anna.values(left)["mails.work"] == "v@x.test"
