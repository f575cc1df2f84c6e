"""Fields whose values are not of one kind are refused when settings are new, with the records that hold them."""

from pathlib import Path

import pytest

from bothways.errors import ValuesDoNotFit
from bothways.records import Field, FieldType
from bothways.service.syncs import export, turn_off, turn_on
from tests.memory_app import PEOPLE
from tests.office import SYNC, Office, plug_in

LEFT = (*PEOPLE, Field("score"))
RIGHT = (*PEOPLE, Field("points", FieldType.NUMBER))
ROW = "{Anna: score, Bert: points, direction: to_Bert}"
TEXT = (
    SYNC.replace("state: on", "state: draft") + "    fields:\n      - {Anna: email, Bert: email}\n      - " + ROW + "\n"
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    plug_in(monkeypatch)
    office = Office(tmp_path, TEXT, fields=LEFT, bert_fields=RIGHT)
    for number, score in enumerate(("5", "n/a", "7.5", "", "many")):
        office.anna.add(email=f"p{number}@x.test", score=score)
    return office


def test_a_field_of_mixed_values_is_refused_when_it_was_read_with_the_records(world: Office) -> None:
    world.plan()
    with pytest.raises(ValuesDoNotFit) as caught:
        turn_on(world.open(), "people")
    assert caught.value.message == (
        'bothways.yaml:12:9: 2 of 4 values of "score" in Anna are not what "points" of Bert holds: '
        'a00002 ("n/a"), a00005 ("many").'
    )
    assert "state: draft" in world.file.read_text()


def test_a_field_of_mixed_values_is_taken_once_they_are_corrected(world: Office) -> None:
    world.plan()
    for item in world.anna.live():
        world.anna.edit(item.id, score="1")
    world.plan()
    turn_on(world.open(), "people")
    world.rest()
    assert {item.values["points"] for item in world.bert.live()} == {"1"}


def test_mixed_values_can_be_let_wait(world: Office) -> None:
    world.change("direction: to_Bert}", "direction: to_Bert, other: hold}")
    world.plan()
    turn_on(world.open(), "people")
    world.rest()
    assert sorted(str(item.values["points"]) for item in world.bert.live()) == ["5", "7.5", "None", "None", "None"]
    assert "other: hold" in export(world.open(), "people")


def test_values_that_come_later_hold_their_record_and_not_the_sync(world: Office) -> None:
    for item in world.anna.live():
        world.anna.edit(item.id, score="1")
    world.plan()
    turn_on(world.open(), "people")
    world.rest()
    world.anna.edit(world.anna.live()[0].id, score="?", name="Ann")
    world.rest()
    assert [item.values["points"] for item in world.bert.live()].count("1") == 5
    turn_off(world.open(), "people")
    turn_on(world.open(), "people")


def test_a_changed_mapping_of_a_sync_that_is_on_is_measured_as_well(world: Office) -> None:
    world.change(ROW, "{Anna: score, Bert: name, direction: to_Bert}")
    world.plan()
    turn_on(world.open(), "people")
    world.rest()
    world.change("Bert: name", "Bert: points")
    with pytest.raises(ValuesDoNotFit, match="2 of 4"):
        world.run()


@pytest.mark.parametrize("let_wait", [False, True])
def test_words_of_consent_that_nobody_can_read_are_refused_though_nothing_is_made_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_wait: bool
) -> None:
    """An opting out that is not known for one is carried to nobody, and reported to nobody."""
    plug_in(monkeypatch)
    out = Field("out", FieldType.BOOLEAN, meaning="optOut", read_only=True)
    row = f"{{Anna: out, Bert: gone, direction: to_Bert{', other: hold' if let_wait else ''}}}"
    office = Office(tmp_path, TEXT.replace(ROW, row), fields=(*PEOPLE, out), bert_fields=(*PEOPLE, Field("gone")))
    for number, gone in enumerate(("Y", "no", "")):
        office.bert.add(email=f"p{number}@x.test", gone=gone)
    office.plan()
    if let_wait:
        turn_on(office.open(), "people")
        return
    with pytest.raises(ValuesDoNotFit, match='1 of 2 values of "gone" in Bert are not what "out" of Anna holds'):
        turn_on(office.open(), "people")
