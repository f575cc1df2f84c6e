"""Names split and joined, and texts made of several fields, from the settings file to both apps and back again."""

from pathlib import Path

import pytest

from bothways.errors import SettingsError
from bothways.jobs.now import undo_run
from bothways.records import Field, FieldType
from bothways.service import preview
from tests.memory_app import PEOPLE, MemoryApp
from tests.office import SYNC, Office, plug_in

EMAIL = PEOPLE[0]
PARTS = (
    EMAIL,
    Field("first", label="First name", max_length=8),
    Field("last", label="Last name"),
    Field("city"),
    Field("age", FieldType.NUMBER),
    Field("on", FieldType.BOOLEAN),
    Field("fixed", read_only=True),
)
WHOLE = (EMAIL, Field("full", label="Full name"), Field("note"))
NAMES = "Anna: first + last, Bert: full"
TEXT = 'Anna: "{first} {last}, {city}", Bert: note, direction: to_Bert'


def fields(*rows: str) -> str:
    return SYNC + "    fields:\n" + "".join(f"      - {{{row}}}\n" for row in ("Anna: email, Bert: email", *rows))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    plug_in(monkeypatch)
    return Office(tmp_path, fields(NAMES), fields=PARTS, bert_fields=WHOLE)


def held(app: MemoryApp) -> dict[str, object]:
    (item,) = app.live()
    return {name: value for name, value in app.values(item.id).items() if name != "email"}


def test_two_names_are_joined_to_one(world: Office) -> None:
    left = world.anna.add(email="a@x.test", first="Ada Maria", last="King")
    world.rest()
    assert held(world.bert) == {"full": "Ada Maria King"}
    world.anna.edit(left, first="Ada")
    world.rest()
    assert held(world.bert) == {"full": "Ada King"}


def test_a_full_name_of_two_words_is_split(world: Office) -> None:
    right = world.bert.add(email="a@x.test", full="Ada King")
    world.rest()
    assert held(world.anna) == {"first": "Ada", "last": "King"}
    world.bert.edit(right, full="Eve King")
    world.rest()
    assert held(world.anna) == {"first": "Eve", "last": "King"}
    assert held(world.bert) == {"full": "Eve King"}


@pytest.mark.parametrize(
    "name", ["Ada", "Ada Maria King", "van Gogh", "Dr. King", "King, Inc", "毛 泽东", "Maximiliane King"]
)
def test_a_full_name_that_cannot_be_split_surely_is_held(world: Office, name: str) -> None:
    right = world.bert.add(email="a@x.test", full="Ada King")
    world.rest()
    world.bert.edit(right, full=name)
    plan = world.plan()
    rules = [each.rule for action in preview.plan_actions(world.open(), plan.id) for each in action.fields]
    assert rules == ["F6"]
    world.rest()
    assert held(world.anna) == {"first": "Ada", "last": "King"}
    world.bert.edit(right, full="Eve King")
    world.rest()
    assert held(world.anna) == {"first": "Eve", "last": "King"}


def test_names_that_are_the_same_joined_are_left_as_they_are_split(world: Office) -> None:
    world.anna.add(email="a@x.test", first="Ada Maria", last="King")
    world.bert.add(email="a@x.test", full="Ada Maria King")
    world.rest()
    assert world.writes == 0


def test_undo_puts_back_both_names_as_they_were_split(world: Office) -> None:
    left, right = world.anna.add(email="a@x.test", first="Ada Maria", last="King"), ""
    world.rest()
    (item,) = world.bert.live()
    right = item.id
    world.bert.edit(right, full="Eve King")
    view = world.run()
    assert held(world.anna) == {"first": "Eve", "last": "King"}
    undo_run(world.open(), view.id)
    assert world.anna.values(left)["first"] == "Ada Maria"


def test_a_refused_name_holds_the_mapping(world: Office) -> None:
    right = world.bert.add(email="a@x.test", full="Ada King")
    world.rest()
    object.__setattr__(world.anna.traits, "refuses", lambda item: ("no", ("last",)) if "last" in item.values else None)
    world.bert.edit(right, full="Eve Kong")
    world.run()
    assert held(world.anna) == {"first": "Ada", "last": "King"}
    object.__setattr__(world.anna.traits, "refuses", lambda item: None)
    world.clock.advance(100_000)
    world.rest()
    assert held(world.anna) == {"first": "Eve", "last": "Kong"}


def test_a_text_is_made_of_several_fields(world: Office) -> None:
    world.write(fields(TEXT))
    left = world.anna.add(email="a@x.test", first="Ada", last="King", city="Bonn")
    world.rest()
    assert held(world.bert) == {"note": "Ada King, Bonn"}
    world.anna.edit(left, city="Rome", last=None)
    world.rest()
    assert held(world.bert) == {"note": "Ada , Rome"}
    assert held(world.anna) == {"first": "Ada", "city": "Rome"}


def test_a_text_of_nothing_but_empty_fields_is_empty(world: Office) -> None:
    world.write(fields(TEXT))
    world.anna.add(email="a@x.test")
    world.rest()
    assert held(world.bert) == {}


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        (('Anna: "{first} {last}", Bert: note',), "BW-186", "direction: to_Bert"),
        (('Anna: "{first} {lst}", Bert: note, direction: to_Bert',), "BW-111", "Did you mean last"),
        (('Anna: "{first} {on}", Bert: note, direction: to_Bert',), "BW-187", '"on" is boolean'),
        (('Anna: "{first", Bert: note, direction: to_Bert',), "BW-111", 'no field "{first"'),
        (("Anna: first + lst, Bert: full",), "BW-111", "Did you mean last"),
        (("Anna: first + age, Bert: full",), "BW-187", '"age" is number; only text'),
        (("Anna: first + first, Bert: full",), "BW-187", "the same field twice"),
        (("Anna: first + fixed, Bert: full",), "BW-114", "to_Bert"),
        ((NAMES, "Anna: last, Bert: note"), "BW-112", '"last" is mapped twice'),
        (("Anna: first + last, Bert: full, clean: [upper]",), "BW-147", "two names as one"),
    ],
)
def test_what_cannot_be_made_is_refused(world: Office, rows: tuple[str, ...], code: str, words: str) -> None:
    world.write(fields(*rows))
    with pytest.raises(SettingsError) as caught:
        world.rest()
    assert caught.value.code == code
    assert words in str(caught.value)
    assert world.writes == 0


def test_a_part_of_two_joined_names_is_not_set_beside_them(world: Office) -> None:
    world.write(fields(NAMES) + "    set: {Anna: [{field: last, value: X}]}\n")
    with pytest.raises(SettingsError, match="it is part of a mapping"):
        world.rest()


def test_names_that_only_flow_out_may_be_mapped_alone_as_well(world: Office) -> None:
    world.write(fields(f"{NAMES}, direction: to_Bert", "Anna: last, Bert: note"))
    world.anna.add(email="a@x.test", first="Ada", last="King")
    world.rest()
    assert held(world.bert) == {"full": "Ada King", "note": "King"}
