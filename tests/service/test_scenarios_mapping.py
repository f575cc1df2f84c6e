"""What the policies of a mapping do, from the settings file to both apps, to what is shown, and back again."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways.connectors.base import WriteItem
from bothways.errors import ChoicesNotPaired
from bothways.jobs.now import undo_run
from bothways.records import Field, FieldType, Option
from bothways.service import preview
from bothways.service.syncs import export, show_sync, turn_on
from bothways.service.views import FieldView
from bothways.service.why import why
from tests.memory_app import PEOPLE, Traits
from tests.office import SYNC, Office


def fields(*rows: str) -> str:
    """Return settings with these mappings besides the e-mail address."""
    return SYNC + "    fields:\n" + "".join(f"      - {{{row}}}\n" for row in ("Anna: email, Bert: email", *rows))


def held(office: Office, ids: tuple[str, str], name: str = "name") -> tuple[object, object]:
    """Return what both apps hold of a field."""
    return office.anna.values(ids[0]).get(name), office.bert.values(ids[1]).get(name)


def plan_actions(office: Office, plan_id: str) -> list[FieldView]:
    """Return every field that a plan would write or hold."""
    return [each for action in preview.plan_actions(office.open(), plan_id) for each in action.fields]


def sentence(office: Office, record: str, field: str = "name") -> str:
    (found,) = why(office.open(), "people", record, field).fields
    return found.sentence


# --- only when empty, only on create ------------------------------------------------------------------


def test_a_field_that_is_only_filled_is_filled_and_never_replaced(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_when_empty: true"))
    ids = office.anna.add(email="a@x.test", name="Ann"), office.bert.add(email="a@x.test", name="")
    office.rest()
    assert held(office, ids) == ("Ann", "Ann")
    office.bert.edit(ids[1], name="Anita")
    office.rest()
    assert held(office, ids) == ("Ann", "Anita")
    assert "both hold a value; only an empty field is filled" in sentence(office, ids[0])


def test_a_field_of_creates_alone_is_given_once(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_on_create: true"))
    left = office.anna.add(email="a@x.test", name="Ann")
    office.rest()
    right = office.bert.live()[0].id
    assert held(office, (left, right)) == ("Ann", "Ann")
    office.anna.edit(left, name="Anna")
    office.rest()
    assert held(office, (left, right)) == ("Anna", "Ann")
    assert "this field is written only when a record is created" in sentence(office, left)


def test_policies_are_shown_before_and_after_they_are_in_force_and_survive_the_export(office: Office) -> None:
    office.write(
        fields("Anna: name, Bert: name, only_when_empty: true", "Anna: phone, Bert: phone, only_on_create: true")
    )
    before = show_sync(office.open(), "people").mappings
    assert [each.only for each in before] == ["", "when empty", "on create"]
    office.run()
    assert show_sync(office.open(), "people").mappings == before
    text = export(office.open(), "people")
    assert "only_when_empty: true" in text
    assert "only_on_create: true" in text


def test_a_policy_that_changes_has_every_record_looked_at_again(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, only_on_create: true"))
    ids = office.pair("Dana")
    office.anna.edit(ids[0], name="Dan")
    office.rest()
    office.write(fields("Anna: name, Bert: name"))
    assert office.plan().compared > 0
    office.rest()
    office.anna.edit(ids[0], name="Danny")
    office.rest()
    assert held(office, ids) == ("Danny", "Danny")


# --- choices ------------------------------------------------------------------------------------------

STAGE = Field("stage", FieldType.CHOICE, options=(Option("1", "Lead"), Option("2", "Client"), Option("3", "Lost")))
LEVEL = Field("stage", FieldType.CHOICE, options=(Option("2", "Lead"), Option("1", "Client"), Option("8", "Guest")))


@pytest.fixture
def staged(folder: Path) -> Office:
    """Anna and Bert, whose stages have the same labels and each other's keys."""
    return Office(folder, fields=(*PEOPLE, STAGE), bert_fields=(*PEOPLE, LEVEL))


def test_choices_are_carried_by_their_pairs_both_ways_and_nothing_comes_back(staged: Office) -> None:
    staged.write(fields("Anna: stage, Bert: stage, other: hold"))
    ids = staged.pair("Dana", stage="")
    staged.anna.edit(ids[0], stage="1")
    staged.rest()
    assert held(staged, ids, "stage") == ("1", "2")
    staged.bert.edit(ids[1], stage="1")
    staged.rest()
    assert held(staged, ids, "stage") == ("2", "1")
    written = staged.writes
    staged.run(full=True)
    assert staged.writes == written


def test_an_unpaired_choice_is_held_until_it_is_paired(staged: Office) -> None:
    staged.write(fields("Anna: stage, Bert: stage, other: hold"))
    ids = staged.pair("Dana", stage="")
    staged.anna.edit(ids[0], stage="3")
    assert staged.run().failing == 1
    assert held(staged, ids, "stage") == ("3", None)
    staged.write(fields("Anna: stage, Bert: stage, values: {Lost: Guest}, other: hold"))
    staged.rest()
    assert held(staged, ids, "stage") == ("3", "8")
    assert staged.run().failing == 0


def test_an_unpaired_choice_is_left_out_and_holds_nothing_up(staged: Office) -> None:
    staged.write(fields("Anna: name, Bert: name", "Anna: stage, Bert: stage, other: leave_out"))
    left = staged.anna.add(email="a@x.test", name="Ann", stage="3")
    only = staged.anna.add(stage="3")
    assert staged.rest().failing == 0
    (right,) = (item.id for item in staged.bert.live())
    assert held(staged, (left, right), "stage") == ("3", None)
    staged.bert.edit(right, stage="8")
    staged.rest()
    assert held(staged, (left, right), "stage") == ("3", "8")
    assert staged.anna.values(only) == {"stage": "3"}


def test_a_default_stands_for_an_unpaired_choice_and_never_comes_back_over_it(staged: Office) -> None:
    staged.write(fields("Anna: stage, Bert: stage, other: {default: {Bert: Guest}}"))
    ids = staged.pair("Dana", stage="")
    staged.anna.edit(ids[0], stage="3")
    staged.rest()
    assert held(staged, ids, "stage") == ("3", "8")
    staged.run(full=True)
    assert held(staged, ids, "stage") == ("3", "8")


def test_choices_that_are_not_paired_are_refused_when_they_are_new_and_not_later(staged: Office) -> None:
    staged.write(fields("Anna: stage, Bert: stage"))
    with pytest.raises(ChoicesNotPaired, match="no partner in Anna: Guest") as caught:
        staged.plan()
    assert caught.value.where == "bothways.yaml:12:9"
    with pytest.raises(ChoicesNotPaired):
        turn_on(staged.open(), "people")
    staged.write(fields("Anna: stage, Bert: stage, values: {Lead: Lead, Client: Client, Lost: Guest}"))
    ids = staged.pair("Dana", stage="1")
    staged.anna.fields = (*PEOPLE, replace(STAGE, options=(*STAGE.options, Option("4", "New"))))
    staged.clock.advance(7 * 86_400)
    staged.anna.edit(ids[0], stage="4")
    assert staged.run().failing == 1


def test_pairs_are_shown_and_survive_the_export(staged: Office) -> None:
    staged.write(fields("Anna: stage, Bert: stage, values: {Lead: Lead}, other: {default: {Bert: Guest}}"))
    before = show_sync(staged.open(), "people").mappings[1]
    assert (before.values, before.other, before.defaults) == ((("Lead", "Lead"),), "default", {"Bert": "Guest"})
    staged.run()
    assert show_sync(staged.open(), "people").mappings[1] == before
    text = export(staged.open(), "people")
    staged.write(text)
    assert show_sync(staged.open(), "people").mappings[1] == before


# --- cleaning -----------------------------------------------------------------------------------------


def test_values_are_cleaned_on_their_way_and_their_author_keeps_what_was_typed(office: Office) -> None:
    rows = ("Anna: name, Bert: name, clean: [trim, title]", "Anna: phone, Bert: phone, clean: [phone_e164]")
    office.write(fields(*rows))
    left = office.anna.add(email="a@x.test", name="ANN lee", phone="+41 44 668 18 00")
    office.rest()
    right = office.bert.live()[0].id
    assert held(office, (left, right)) == ("ANN lee", "Ann Lee")
    assert held(office, (left, right), "phone") == ("+41 44 668 18 00", "+41446681800")
    office.bert.edit(right, name="bob")
    office.rest()
    assert held(office, (left, right)) == ("Bob", "bob")
    written = office.writes
    office.run(full=True)
    assert office.writes == written


def test_a_change_that_cleaning_takes_away_writes_nothing(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, clean: [title]"))
    ids = office.pair("Dana")
    written = office.writes
    office.anna.edit(ids[0], name="DANA")
    office.bert.edit(ids[1], name="dana")
    office.rest()
    assert held(office, ids) == ("DANA", "dana")
    assert office.writes == written


def test_ways_to_clean_are_shown_and_survive_the_export(office: Office) -> None:
    office.write(fields("Anna: name, Bert: name, clean: [trim, title]"))
    before = show_sync(office.open(), "people").mappings[1]
    assert before.clean == ("trim", "title")
    office.run()
    assert show_sync(office.open(), "people").mappings[1] == before
    office.write(export(office.open(), "people"))
    assert show_sync(office.open(), "people").mappings[1] == before


# --- set ----------------------------------------------------------------------------------------------

SOURCE = Field("source", label="Source")


@pytest.fixture
def marked(folder: Path) -> Office:
    """Bert has a field for where a record came from, which Anna does not map."""
    office = Office(folder, bert_fields=(*PEOPLE, SOURCE))
    office.write(fields("Anna: name, Bert: name", "Anna: phone, Bert: phone") + SET)
    return office


SET = "    set: {Bert: [{field: source, value: Anna, when: created}]}\n"
ALWAYS = SET.replace("created", "created_or_updated")


def test_a_constant_is_written_into_new_records_and_only_there(marked: Office) -> None:
    old = marked.bert.add(email="b@x.test", name="Bea")
    left = marked.anna.add(email="a@x.test", name="Ann")
    marked.rest()
    new = next(item.id for item in marked.bert.live() if item.id != old)
    assert marked.bert.values(new)["source"] == "Anna"
    marked.bert.edit(new, source="a fair")
    marked.anna.edit(left, name="Anna")
    marked.rest()
    assert marked.bert.values(new) == {"email": "a@x.test", "name": "Anna", "source": "a fair"}
    assert "source" not in marked.bert.values(old)
    assert sentence(marked, left, "source") == "a fair in Bert: changed there after the last write"


def test_a_constant_goes_with_another_write_and_is_none_of_its_own(marked: Office) -> None:
    marked.change(SET, ALWAYS)
    left, right = marked.pair("Dana")
    written = marked.writes
    marked.run(full=True)
    assert marked.writes == written, "nothing else was to be written"
    marked.anna.edit(left, phone="+41 44 668 18 00")
    plan = marked.plan()
    shown = [(each.app, each.field, each.before, each.after, each.rule) for each in plan_actions(marked, plan.id)]
    assert ("Bert", "source", None, "Anna", "FS") in shown
    run = marked.apply(plan)
    assert marked.bert.values(right)["source"] == "Anna"
    assert "the settings set it" in sentence(marked, left, "source")
    written = marked.writes
    marked.run(full=True)
    assert marked.writes == written
    undo_run(marked.open(), run.id)
    assert marked.bert.values(right) == {"email": "dana@x.test", "name": "Dana"}
    marked.run(full=True)
    assert "source" not in marked.bert.values(right)


def test_undo_of_a_create_is_not_hindered_by_a_constant(marked: Office) -> None:
    marked.anna.add(email="a@x.test", name="Ann")
    run = marked.run()
    assert [item.values["source"] for item in marked.bert.live()] == ["Anna"]
    undo_run(marked.open(), run.id)
    assert marked.bert.live() == []


def test_a_mapped_field_is_set_where_the_other_app_has_no_value_and_rests(marked: Office) -> None:
    marked.write(fields("Anna: name, Bert: name") + SET.replace("source", "name").replace("Anna,", "Nobody,"))
    named = marked.anna.add(email="a@x.test", name="Ann"), marked.anna.add(email="b@x.test")
    marked.rest()
    assert [item.values["name"] for item in marked.bert.live()] == ["Ann", "Nobody"]
    written = marked.writes
    marked.run(full=True)
    assert marked.writes == written
    assert "name" not in marked.anna.values(named[1])


def test_a_constant_that_the_app_refuses_does_not_hold_up_what_goes_with_it(folder: Path) -> None:
    def no_source(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        return ("not allowed", ("source",)) if "source" in item.values else None

    office = Office(folder, bert=Traits(refuses=no_source), bert_fields=(*PEOPLE, SOURCE))
    office.write(fields("Anna: name, Bert: name") + ALWAYS)
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dan")
    runs = [office.run(), office.run()]
    assert office.bert.values(right) == {"email": "dana@x.test", "name": "Dan"}
    assert [each.failing for each in runs] == [1, 1]


def test_constants_are_shown_and_survive_the_export(marked: Office) -> None:
    before = show_sync(marked.open(), "people").sets
    assert [(each.app, each.field, each.value, each.when) for each in before] == [("Bert", "source", "Anna", "created")]
    marked.run()
    assert show_sync(marked.open(), "people").sets == (replace(before[0], label="Source"),)
    marked.write(export(marked.open(), "people"))
    assert show_sync(marked.open(), "people").sets == (replace(before[0], label="Source"),)
