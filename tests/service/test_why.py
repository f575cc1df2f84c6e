"""Why a record holds what it holds."""

import time

import pytest

from bothways.errors import UnknownField, UnknownRecord
from bothways.jobs.now import undo_run
from bothways.service.views import FieldStory
from bothways.service.why import moment, shown, why
from tests.memory_app import Traits
from tests.office import Office


def story(office: Office, record: str, field: str) -> FieldStory:
    (found,) = why(office.open(), "people", record, field).fields
    return found


def test_a_conflict_is_told_in_one_sentence_with_what_it_replaced(office: Office) -> None:
    left, right = office.pair("Dan")
    office.anna.edit(left, name="Dave")
    office.bert.edit(right, name="David")
    run = office.run()
    told = story(office, "Dave", "name")
    at = time.strftime("%H:%M", time.localtime(office.clock()))
    assert told.sentence == f"Dave since {at} in Bert, written by run {run.id}, because both changed; Anna wins"
    assert told.values == {"Anna": "Dave", "Bert": "Dave"}
    (event,) = told.events
    assert (event.app, event.what, event.before, event.after) == ("Bert", "written over a change", "David", "Dave")
    assert (event.run, event.rule, event.at) == (run.id, "F4", office.clock())


def test_events_are_told_newest_first_with_creates_and_undos(office: Office) -> None:
    left = office.anna.add(email="a@x.test", name="Ann")
    office.rest()
    office.anna.edit(left, name="Anna")
    run = office.run()
    office.clock.advance(5)
    undo_run(office.open(), run.id)
    told = story(office, left, "name")
    assert [(event.what, event.after) for event in told.events] == [
        ("put back", "Ann"),
        ("written", "Anna"),
        ("created", "Ann"),
    ]
    assert "because undo of" in told.sentence


def test_what_no_run_wrote_is_said_to_be_typed_there(office: Office) -> None:
    left, _ = office.pair("Dana")
    told = story(office, left, "name")
    assert told.sentence == "Dana in Anna, Dana in Bert: typed or imported there; no run wrote it"
    assert told.events == ()
    assert "(empty) in Anna" in story(office, left, "phone").sentence


def test_a_value_changed_after_the_last_write_is_said_to_be(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.bert.edit(right, name="Dot")
    office.plan()
    assert "changed there after the last write" in story(office, left, "name").sentence


def test_a_refusal_is_told_with_the_apps_own_words(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.bert.traits = Traits(refuses=lambda item: ("name too odd", ("name",)))
    office.anna.edit(left, name="Dora")
    office.run()
    told = story(office, left, "name")
    assert {(event.what, event.reason) for event in told.events} >= {("refused", "name too odd")}
    assert any(event.what == "held" and "name too odd" in event.reason for event in told.events)
    assert why(office.open(), "people", left).record.state == "failing"


def test_all_mapped_fields_are_told_and_one_by_name_or_label(office: Office) -> None:
    left, _ = office.pair("Dana")
    assert [each.labels["Anna"] for each in why(office.open(), "people", left).fields] == ["E-mail", "Name", "Phone"]
    assert story(office, left, "e-mail").labels["Bert"] == "E-mail"
    with pytest.raises(UnknownField, match=r"^people has no field \"nam\" in the mappings.*Did you mean name"):
        why(office.open(), "people", left, "nam")


def test_a_record_whose_partner_was_deleted_tells_what_was_last_seen(office: Office) -> None:
    office.pair("Stay")
    left, right = office.pair("Dana")
    office.bert.delete(right)
    office.run(approved=True)
    told = story(office, left, "name")
    assert [event.what for event in told.events] == ["no longer linked"] * len(told.events)
    assert told.values == {"Anna": "Dana"}


def test_a_record_can_be_explained_before_the_first_run_of_new_settings(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.change("    guards:", "    fields: [{Anna: email, Bert: email}]\n    guards:")
    assert why(office.open(), "people", left).record.name == "Dana"


def test_values_and_times_are_shown_as_people_read_them() -> None:
    assert [shown(value) for value in (None, " ", True, 3, ["a", "b"], {"label": "work", "value": "x"}, "a\n b")] == [
        "(empty)",
        "(empty)",
        "yes",
        "3",
        "a, b",
        "x",
        "a b",
    ]
    assert len(moment(1_000_000.0, 1_000_000.0)) == len("09:41")
    assert len(moment(1_000_000.0, 9_000_000.0)) == len("2001-01-01 09:41")


# --- why is this record not synced --------------------------------------------------------------------


def because(office: Office, record: str) -> tuple[str, str]:
    """Return the state of a record and why it is in it."""
    told = why(office.open(), "people", record).record
    return told.state, told.reason


def test_why_of_a_record_outside_the_filter_names_the_filter(office: Office) -> None:
    office.change("    guards:", "    send: {Anna: {filter: {field: name, is: Dana}}}\n    guards:")
    left = office.anna.add(email="eve@x.test", name="Eve")
    office.run()
    assert because(office, left) == ("left_out", "outside the filter of Anna (Name is Dana)")


def test_why_of_a_record_without_an_address_says_so(office: Office) -> None:
    office.change("    guards:", "    require: [email]\n    guards:")
    left = office.anna.add(name="Eve")
    office.run()
    assert because(office, left) == ("left_out", "no valid e-mail address")


def test_why_of_a_frozen_record_says_why_it_does_not_take_part(office: Office) -> None:
    left, right = office.pair("Dana")
    office.change("    guards:", "    send: {Anna: {filter: {field: name, is: Dana}}}\n    guards:")
    office.run()
    office.anna.edit(left, name="Dora")
    office.run()
    assert because(office, left) == because(office, f"Bert:{right}")
    assert because(office, left) == ("left_out", "outside the filter of Anna (Name is Dana)")


def test_why_of_a_record_with_several_matches_names_the_doubt(office: Office) -> None:
    left = office.anna.add(email="eve@x.test", name="Eve")
    office.bert.add(email="eve@x.test", name="Eve")
    office.bert.add(email="eve@x.test", name="Eve")
    office.run()
    state, reason = because(office, f"Anna:{left}")
    assert (state, "2 possible matches" in reason) == ("held", True), reason


def test_why_of_a_record_not_matched_yet_says_what_it_waits_for(office: Office) -> None:
    left = office.anna.add(email="eve@x.test", name="Eve")
    office.plan()
    assert because(office, f"Anna:{left}") == ("waiting", "not linked yet; the next run looks for its match")


def test_why_of_a_record_that_no_app_has_shown_says_when_it_will_be_seen(office: Office) -> None:
    office.pair("Dana")
    office.anna.add(email="eve@x.test", name="Eve")
    with pytest.raises(UnknownRecord, match=r"There is no record .* is seen by the next plan or run"):
        why(office.open(), "people", "eve@x.test")


def test_why_of_a_deleted_record_and_of_its_partner_say_which_was_deleted(office: Office) -> None:
    office.pair("Stay")
    left, right = office.pair("Dana")
    office.bert.delete(right)
    office.run(approved=True)
    office.run()
    assert because(office, f"Bert:{right}") == ("left_out", "no longer there in Bert")
    assert because(office, f"Anna:{left}") == ("left_out", "its partner was deleted; it is not created again")


def test_why_of_a_record_that_its_app_refuses_has_the_apps_words(office: Office) -> None:
    office.bert.traits = Traits(refuses=lambda item: ("name too odd", ("name",)))
    left = office.anna.add(email="eve@x.test", name="Eve")
    office.run()
    office.run()
    state, reason = because(office, f"Anna:{left}")
    assert (state, "name too odd" in reason) == ("failing", True), reason


def test_why_of_a_record_of_an_app_that_sends_nothing_says_so(office: Office) -> None:
    office.change("    guards:", "    send: {Anna: none}\n    guards:")
    left = office.anna.add(email="eve@x.test", name="Eve")
    office.run()
    assert because(office, left) == ("left_out", "Anna sends nothing")
