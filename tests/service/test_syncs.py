"""Syncs are shown as they stand, and turned on only after everything they need has been checked."""

from pathlib import Path

import pytest

from bothways.connectors.base import ObjectType
from bothways.errors import (
    AppUnreachable,
    PermissionMissing,
    SettingsError,
    UnknownField,
    UnknownObject,
    UnknownSync,
)
from bothways.records import Field, FieldType
from bothways.service.syncs import list_syncs, show_sync, state_word, turn_off, turn_on
from bothways.service.views import Counts
from tests.memory_app import PEOPLE, MemoryApp, MemoryConnector, Traits
from tests.office import SYNC, Office

DRAFT = SYNC.replace("state: on", "state: draft")


def test_a_sync_is_shown_with_its_exact_settings_and_counts(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    view = show_sync(office.open(), "people")
    assert (view.state, view.state_word, view.direction, view.default_app) == ("on", "Up to date", "two-way", "Anna")
    assert view.objects == {"Anna": "people", "Bert": "people"}
    assert [each.fields for each in view.mappings] == [
        {"Anna": name, "Bert": name} for name in ("email", "name", "phone")
    ]
    assert view.mappings[0].labels == {"Anna": "E-mail", "Bert": "E-mail"}
    assert [(each.fields, each.compare, each.links) for each in view.match] == [
        ({"Anna": "email", "Bert": "email"}, "email", True),
        ({"Anna": "phone + name", "Bert": "phone + name"}, "phone + name", False),
        ({"Anna": "email", "Bert": "email"}, "mailbox", False),
    ]
    assert view.guards == {"first_run": 1000, "max_change": "100%", "max_emptied": 1000, "max_deletes": 10}
    assert view.counts == Counts(in_sync=2)
    assert view.last_run is not None
    assert view.last_run.state == "done"


def test_mappings_as_written_are_shown_without_asking_an_app(office: Office) -> None:
    office.change(
        "    guards:",
        "    send: {Bert: none}\n"
        "    match: [{Anna: email, Bert: email}]\n"
        "    conflicts: {per_field: {name: Bert}}\n"
        "    fields:\n"
        "      - {Anna: email, Bert: email}\n"
        "      - {Anna: name, Bert: name, direction: to_Bert, when_empty: clear}\n"
        "      - {Anna: phone, Bert: phone, enabled: false}\n"
        "    guards:",
    )
    before = show_sync(office.open(), "people")
    assert not office.anna.calls
    assert before.direction == "Anna to Bert"
    assert [(each.direction, each.winner, each.when_empty, each.enabled) for each in before.mappings] == [
        ("both", "", "keep", True),
        ("to_Bert", "Bert", "clear", True),
        ("both", "", "keep", False),
    ]
    office.run()
    after = show_sync(office.open(), "people")
    assert [each.fields for each in after.mappings] == [each.fields for each in before.mappings]
    assert [(each.direction, each.winner, each.when_empty, each.enabled) for each in after.mappings] == [
        (each.direction, each.winner, each.when_empty, each.enabled) for each in before.mappings
    ]


def test_default_mappings_can_be_seen_before_the_first_plan(office: Office) -> None:
    assert [each.fields["Bert"] for each in show_sync(office.open(), "people").mappings] == ["email", "name", "phone"]
    assert list_syncs(office.open())[0].mappings == ()


def test_listing_asks_no_app(office: Office) -> None:
    assert [view.name for view in list_syncs(office.open())] == ["people"]
    assert not office.anna.calls


@pytest.mark.parametrize(
    ("state", "counts", "word"),
    [
        ("draft", Counts(), "Draft"),
        ("off", Counts(failing=3), "Off"),
        ("on", Counts(failing=1), "Needs you"),
        ("on", Counts(held=1, waiting=2), "Needs you"),
        ("on", Counts(waiting=2), "Catching up"),
        ("on", Counts(), "Catching up"),
    ],
)
def test_state_words(state: str, counts: Counts, word: str) -> None:
    assert state_word(state, counts, None) == word


def test_a_stopped_run_needs_a_person(office: Office) -> None:
    office.change("first_run: 1000", "first_run: 1")
    office.anna.add(email="a@x.test")
    office.anna.add(email="b@x.test")
    office.run()
    assert show_sync(office.open(), "people").state_word == "Needs you"


# --- turning on and off -------------------------------------------------------------------------------


def test_a_draft_is_turned_on_and_off_in_the_file(office: Office) -> None:
    office.write(DRAFT)
    workspace = office.open()
    turn_on(workspace, "people")
    assert office.file.read_text() == SYNC
    assert (show_sync(workspace, "people").state, show_sync(workspace, "people").revision) == ("on", 2)
    turn_off(workspace, "people")
    assert office.file.read_text() == SYNC.replace("state: on", "state: off")
    assert show_sync(office.open(), "people").state_word == "Off"


def test_turning_on_twice_makes_one_revision(office: Office) -> None:
    turn_on(office.open(), "people")
    assert show_sync(office.open(), "people").revision == 1


def test_a_sync_is_not_turned_on_while_an_app_is_away(office: Office) -> None:
    office.write(DRAFT)
    office.bert.fail("check", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        turn_on(office.open(), "people")
    assert office.file.read_text() == DRAFT


def test_a_sync_is_not_turned_on_with_an_object_or_field_that_is_not_there(office: Office) -> None:
    office.write(DRAFT.replace("Bert: people}", "Bert: poeple}"))
    with pytest.raises(UnknownObject, match="Did you mean people") as caught:
        turn_on(office.open(), "people")
    assert caught.value.where == "bothways.yaml:8:35"
    office.write(DRAFT + "    fields: [{Anna: email, Bert: email}, {Anna: naem, Bert: name}]\n")
    with pytest.raises(UnknownField, match="Did you mean name") as field:
        turn_on(office.open(), "people")
    assert field.value.where == "bothways.yaml:10:42"


@pytest.mark.parametrize(("readable", "writable"), [(False, True), (True, False)])
def test_a_sync_is_not_turned_on_without_the_permissions_it_needs(
    office: Office, monkeypatch: pytest.MonkeyPatch, readable: bool, writable: bool
) -> None:
    kind = ObjectType("people", "People", readable, writable)
    monkeypatch.setattr(MemoryConnector, "objects", lambda self: [kind])
    office.write(DRAFT)
    with pytest.raises(PermissionMissing, match="People may not be"):
        turn_on(office.open(), "people")


def test_an_app_that_is_only_read_need_not_be_writable(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def objects(self: MemoryConnector) -> list[ObjectType]:
        return [ObjectType("people", "People", True, self.app.name == "Bert")]

    monkeypatch.setattr(MemoryConnector, "objects", objects)
    office.write(DRAFT + "    send: {Bert: none}\n")
    turn_on(office.open(), "people")
    assert show_sync(office.open(), "people").state == "on"


def test_an_unknown_sync_is_not_turned_on(office: Office) -> None:
    for deed in (turn_on, turn_off, show_sync):
        with pytest.raises(UnknownSync):
            deed(office.open(), "nobody")


def test_a_ring_of_syncs_is_refused(office: Office) -> None:
    office.change("apps:\n", "apps:\n  Cleo: {connector: memory}\n")
    MemoryApp("Cleo", office.clock)
    office.write(
        office.file.read_text()
        + "  second: {state: on, objects: {Bert: people, Cleo: people}}\n"
        + "  third: {objects: {Cleo: people, Anna: people}}\n"
    )
    with pytest.raises(SettingsError, match="ring") as caught:
        turn_on(office.open(), "third")
    assert "people, second" in str(caught.value)
    office.change("state: on, objects: {Bert", "state: off, objects: {Bert")
    turn_on(office.open(), "third", confirmed=True)


def test_no_sync_of_a_ring_that_was_written_into_the_file_runs(office: Office) -> None:
    MemoryApp("Cleo", office.clock)
    office.change("apps:\n", "apps:\n  Cleo: {connector: memory}\n")
    office.open()
    office.anna.add(email="a@x.test", name="Ana")
    office.write(
        office.file.read_text()
        + "  second: {state: on, objects: {Bert: people, Cleo: people}}\n"
        + "  third: {state: on, objects: {Cleo: people, Anna: people}}\n"
    )
    for name in ("people", "second", "third"):
        with pytest.raises(SettingsError, match="ring") as caught:
            office.run(sync=name)
        assert caught.value.where == "bothways.yaml:12:3"
    assert office.writes == 0


# --- changed settings ---------------------------------------------------------------------------------

WITH_TITLE = (*PEOPLE, Field("title", FieldType.TEXT, "Title"))
TWO = "    match: [{Anna: email, Bert: email}]\n    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name}]\n"
THREE = TWO.replace("name}]\n", "name}, {Anna: title, Bert: title}]\n")


def titled(folder: Path) -> Office:
    """Return an office whose people have titles that are not mapped yet: 5 differ, 5 are blank in Bert."""
    office = Office(folder, SYNC + TWO, fields=WITH_TITLE)
    for number in range(10):
        row = {"email": f"p{number}@x.test", "name": f"P{number}"}
        office.anna.add(**row, title="Dr")
        office.bert.add(**row, **({"title": "Prof"} if number < 5 else {}))
    office.rest()
    return office


def test_a_new_mapping_is_read_and_planned_and_the_counts_shown_are_the_counts_written(folder: Path) -> None:
    office = titled(folder)
    office.write(SYNC + THREE)
    plan = office.plan()
    assert (plan.updated, plan.conflicts, plan.created) == ({"Anna": 0, "Bert": 10}, 5, {"Anna": 0, "Bert": 0})
    view = office.apply(plan)
    assert (view.updated, view.skipped) == (plan.updated, 0)
    assert [item.values["title"] for item in office.bert.live()] == ["Dr"] * 10
    before = office.writes
    office.write(SYNC + THREE + "# saved once more\n")
    office.rest()
    assert office.writes == before


def test_settings_that_change_nothing_of_the_mappings_mark_nothing(folder: Path) -> None:
    office = titled(folder)
    office.write((SYNC + TWO).replace("first_run: 1000", "first_run: 999"))
    assert show_sync(office.open(), "people").counts.waiting == 0
    assert office.run().bill == {"Anna changes": 1, "Bert changes": 1}


def test_taking_a_mapping_out_writes_nothing_and_putting_it_back_brings_what_changed_since(folder: Path) -> None:
    office = titled(folder)
    office.write(SYNC + THREE)
    office.rest()
    before = office.writes
    office.write(SYNC + TWO)
    office.rest()
    assert office.writes == before
    office.anna.edit("a00001", title="Dame")
    office.rest()
    assert office.writes == before
    office.write(SYNC + THREE)
    assert office.run().updated == {"Anna": 0, "Bert": 1}
    assert office.bert.values("b00001")["title"] == "Dame"


@pytest.mark.parametrize("lag", [0.0, 20.0])
def test_a_new_match_rule_finds_partners_among_records_known_long_ago(folder: Path, lag: float) -> None:
    office = Office(folder, SYNC + "    match: [{Anna: email, Bert: email}]\n", Traits(lag=lag), Traits(lag=lag))
    for number in range(3):
        office.anna.add(email=f"a{number}@x.test", phone=f"+49 30 12345{number}")
        office.bert.add(email=f"b{number}@x.test", phone=f"+493012345{number}")
    office.change("state: on", "state: draft")
    assert office.plan().created == {"Anna": 3, "Bert": 3}
    office.change("Bert: email}]", "Bert: email}, {Anna: phone, Bert: phone}]")
    plan = office.plan()
    assert (plan.linked, plan.created) == (0, {"Anna": 0, "Bert": 0})
    office.change("[{Anna: email, Bert: email}, {Anna: phone", "[{Anna: phone")
    plan = office.plan()
    assert (plan.linked, plan.created) == (3, {"Anna": 0, "Bert": 0})


def test_fields_that_an_app_makes_anew_join_the_default_mappings_as_a_revision(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.fields = office.bert.fields = (*PEOPLE, Field("job", meaning="jobTitle"))
    office.anna.edit(left, job="Chief")
    office.run()
    assert show_sync(office.open(), "people").revision == 2
    assert office.bert.values(right)["job"] == "Chief"


def test_two_syncs_of_one_feed_each_get_their_fields(folder: Path) -> None:
    office = titled(folder)
    cleo = MemoryApp("Cleo", office.clock, fields=WITH_TITLE)
    office.change("apps:\n", "apps:\n  Cleo: {connector: memory}\n")
    office.write(
        office.file.read_text()
        + "  titles:\n    state: on\n    objects: {Anna: people, Cleo: people}\n"
        + "    fields: [{Anna: email, Cleo: email}, {Anna: title, Cleo: title}]\n"
    )
    for name in ("people", "titles"):
        turn_on(office.open(), name, confirmed=True)
    for _ in range(3):
        office.run(sync="titles", approved=True)
    assert len(cleo.live()) == 10
    assert {item.values["title"] for item in cleo.live()} == {"Dr"}
    office.anna.edit("a00001", name="Renamed", title="Dame")
    office.run()
    office.run(sync="titles")
    assert (office.bert.values("b00001")["name"], office.bert.values("b00001")["title"]) == ("Renamed", "Prof")
    assert len(cleo.holding("title", "Dame")) == 1
