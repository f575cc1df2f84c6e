"""Who writes, and when a property got its value, is told by the histories of properties."""

from datetime import UTC, datetime

import pytest

from bothways.connectors.abilities import LastChange
from bothways.connectors.hubspot.subscriptions import APP_ID
from bothways.errors import ProtocolError
from bothways.sandbox.hubspot.changes import OURS
from tests.connectors.hubspot.account import FIELDS, Account, unlimited


def test_products_are_told_by_record_and_people_are_not(account: Account):
    typed, synced, twice = account.people(3)
    account.hubspot.edit("contacts", typed, {"lastname": "Typed"})
    account.hubspot.edit("contacts", synced, {"lastname": "Synced"}, by="Other")
    account.hubspot.edit("contacts", twice, {"lastname": "Once"}, by="Other")
    account.hubspot.edit("contacts", twice, {"lastname": "Twice"}, by="Third")
    account.hubspot.indexed()
    account.bill()
    seen = account.connector.writers("contacts", FIELDS)
    assert sorted((each.name, each.record_id) for each in seen) == [
        ("Other", synced),
        ("Other", twice),
        ("Third", twice),
    ]
    assert {each.at for each in seen} == {account.hubspot.now()}
    assert account.bill() == {"search": 1, "read histories": 1}


def test_what_a_product_wrote_in_other_fields_is_not_told(account: Account):
    (id,) = account.people(1)
    account.hubspot.edit("contacts", id, {"lifecyclestage": "lead"}, by="Other")
    account.hubspot.indexed()
    assert account.connector.writers("contacts", FIELDS) == []


def test_an_empty_account_tells_of_nobody(account: Account):
    assert account.connector.writers("contacts", FIELDS) == []


def test_only_the_fifty_records_changed_last_are_looked_at(account: Account):
    first, *others = account.people(60)
    account.hubspot.edit("contacts", first, {"lastname": "Old"}, by="Other")
    for id in others:
        account.hubspot.advance(1)
        account.hubspot.edit("contacts", id, {"lastname": "New"})
    account.hubspot.indexed()
    assert account.connector.writers("contacts", FIELDS) == []


# --- the last change of single properties -------------------------------------------------------------


def test_last_change_of_each_property_is_told_for_fifty_records_in_a_call(account: Account):
    ids = account.people(60)
    born = account.hubspot.now()
    account.hubspot.advance(100)
    account.hubspot.edit("contacts", ids[0], {"lastname": "Edited"})
    account.connector.fields("contacts")
    account.bill()
    told = account.connector.last_changes("contacts", ids, [*FIELDS, "no_such_property"])
    assert account.bill() == {"read histories": 2}
    assert {name: each.at for name, each in told[ids[0]].items()} == {
        "email": born,
        "lastname": born + 100,
    }
    assert {each.at for id in ids[1:] for each in told[id].values()} == {born}


def test_record_that_is_gone_has_no_history_and_does_not_hide_the_others(account: Account):
    gone, kept = account.people(2)
    account.hubspot.archive("contacts", gone)
    assert set(account.connector.last_changes("contacts", [gone, kept, "999999"], FIELDS)) == {kept}


def test_program_is_named_only_where_it_wrote_over_what_another_program_had_written(account: Account):
    typed, ours, other, fought = account.people(4)
    account.update({id: {"lastname": "Ours"} for id in (ours, other, fought)})
    for id in (typed, fought):
        account.hubspot.advance(1)
        account.hubspot.edit("contacts", id, {"lastname": "Theirs"}, by="Other")
    account.hubspot.advance(1)
    account.hubspot.edit("contacts", other, {"lastname": "Typed"})
    told = account.connector.last_changes("contacts", [typed, ours, other, fought], ["lastname"])
    assert {id: each["lastname"].by for id, each in told.items()} == {typed: "", ours: "", other: "", fought: "Other"}


def test_workflow_is_named_as_one(account: Account, monkeypatch: pytest.MonkeyPatch):
    (id,) = account.people(1)
    _answer(
        account,
        monkeypatch,
        id,
        [
            {"timestamp": "2026-01-02T00:00:00Z", "sourceType": "AUTOMATION_PLATFORM", "sourceLabel": "Tidy up"},
            {"timestamp": "2026-01-01T00:00:00Z", "sourceType": "INTEGRATION", "sourceId": "1"},
        ],
    )
    last = account.connector.last_changes("contacts", [id], ["lastname"])[id]["lastname"]
    assert (last.by, last.may_be_us) == ("the workflow Tidy up", False)


def test_our_own_app_is_told_as_nobody_else_where_its_number_is_known():
    with unlimited() as hubspot:
        plain, known = Account(hubspot), Account(hubspot, {APP_ID: str(OURS.id)})
        (id,) = plain.people(1)
        hubspot.edit("contacts", id, {"lastname": "Theirs"}, by="Other")
        hubspot.advance(1)
        plain.update({id: {"lastname": "Ours"}})
        hubspot.indexed()

        def told(account: Account) -> tuple[str, bool, set[str]]:
            last = account.connector.last_changes("contacts", [id], ["lastname"])[id]["lastname"]
            return last.by, last.may_be_us, {each.name for each in account.connector.writers("contacts", FIELDS)}

        assert told(plain) == ("Private app", True, {"Private app", "Other"})
        assert told(known) == ("", False, {"Other"})
        hubspot.advance(1)
        hubspot.edit("contacts", id, {"lastname": "Theirs"}, by="Other")
        assert told(plain) == ("Other", True, {"Private app", "Other"})
        assert told(known) == ("Other", False, {"Other"})


def test_number_that_no_history_names_us_by_says_nothing_of_who_we_are():
    with unlimited() as hubspot:
        account = Account(hubspot, {APP_ID: "815"})
        (id,) = account.people(1)
        hubspot.edit("contacts", id, {"lastname": "Theirs"}, by="Other")
        hubspot.advance(1)
        account.update({id: {"lastname": "Ours"}})
        assert account.connector.last_changes("contacts", [id], ["lastname"])[id]["lastname"].may_be_us


def test_what_people_and_workflows_write_is_by_no_product(account: Account, monkeypatch: pytest.MonkeyPatch):
    (id,) = account.people(1)
    account.hubspot.indexed()
    row = {"id": id, "propertiesWithHistory": {"lastname": [_entry(2, "CRM_UI", "7"), _entry(1, "AUTOMATION", "8")]}}
    monkeypatch.setattr(account.connector._api, "rows", lambda _: [row])
    assert account.connector.writers("contacts", FIELDS) == []


def test_newest_is_told_by_the_latest_entry_whoever_wrote_it(account: Account, monkeypatch: pytest.MonkeyPatch):
    """HubSpot lists the latest first; where it did not, an old entry would win."""
    (id,) = account.people(1)
    _answer(account, monkeypatch, id, [_entry(1, "IMPORT", "1"), _entry(3, "CRM_UI", "7"), _entry(2, "API", "9")])
    told = account.connector.last_changes("contacts", [id], ["lastname"])[id]["lastname"]
    assert told == LastChange(datetime(2026, 1, 3, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("entries", [[{"timestamp": "yesterday"}], ["x"], 5, [{}]])
def test_history_that_is_none_is_a_failure_and_never_a_time(
    account: Account, monkeypatch: pytest.MonkeyPatch, entries: object
):
    (id,) = account.people(1)
    _answer(account, monkeypatch, id, entries)
    with pytest.raises(ProtocolError):
        account.connector.last_changes("contacts", [id], ["lastname"])


def _entry(day: int, type: str, source: str) -> dict[str, str]:
    return {"timestamp": f"2026-01-0{day}T00:00:00Z", "sourceType": type, "sourceId": source}


def _answer(account: Account, monkeypatch: pytest.MonkeyPatch, id: str, entries: object) -> None:
    """Let the account answer with these entries of the history of a last name."""
    account.connector.fields("contacts")
    row = {"id": id, "propertiesWithHistory": {"lastname": entries}}
    monkeypatch.setattr(account.connector._api, "rows", lambda _: [row])
