"""Owners: read like records, never written."""

import pytest

from bothways.connectors.base import Exists, Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot import owners
from bothways.errors import PermissionMissing
from bothways.records import FieldType, Record, Ref
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account

NAMES = ["email", "firstName", "lastName"]


def make(account: Account, count: int) -> list[str]:
    return [account.hubspot.make_owner(f"o{n}@example.com", f"O{n}", "Owner") for n in range(count)]


def records(account: Account, cursor: str | None = None) -> dict[str, Record]:
    """Return the owners that a poll tells, the first one unless there is a cursor."""
    pages = list(account.connector.changes("owners", cursor, NAMES))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all(seen.has_values for page in pages for seen in page.seen)
    return {seen.record.id: seen.record for page in pages for seen in page.seen}


def test_owners_are_an_object_that_is_only_read(account: Account):
    (offered,) = [each for each in account.connector.objects() if each.name == "owners"]
    assert (offered.readable, offered.writable, offered.deletable) == (True, False, False)
    fields = account.connector.fields("owners")
    assert {"email", "firstName", "lastName"} <= {each.name for each in fields}
    assert all(each.read_only for each in fields)
    (result,) = account.connector.write("owners", [WriteItem("c", WriteKind.CREATE, {"email": "a@example.com"})])
    assert (result.outcome, result.key) == (Outcome.REFUSED, "c")
    assert account.bill() == {"schemas": 1}, "nothing is sent that cannot be"


def test_every_poll_lists_all_that_are_there(account: Account):
    first, second = make(account, 2)
    told = records(account)
    assert told[first].values == {"email": "o0@example.com", "firstName": "O0", "lastName": "Owner"}
    account.hubspot.change_owner(first, email="new@example.com")
    account.hubspot.change_owner(second, archived=True)
    (page,) = account.connector.changes("owners", None, NAMES)
    for cursor in (None, page.cursor):
        assert {id: each.values["email"] for id, each in records(account, cursor).items()} == {first: "new@example.com"}
    assert [ref.id for batch in account.connector.ids("owners") for ref in batch] == [first]
    assert account.connector.count("owners") == 1


def test_listing_goes_on_to_the_last_page(account: Account, monkeypatch: pytest.MonkeyPatch):
    ids = make(account, 5)
    real = account.connector._api.http.request

    def two_at_a_time(method, path, *, query=None, **more):
        return real(method, path, query={**(query or {}), "limit": "2"}, **more)

    monkeypatch.setattr(account.connector._api.http, "request", two_at_a_time)
    assert list(records(account)) == ids
    assert account.bill() == {"owners": 3}


@pytest.mark.parametrize("count", [1, owners.ONE_BY_ONE + 2])
def test_read_answers_in_order_for_whoever_is_asked_for(account: Account, count: int):
    ids = make(account, count)
    account.hubspot.change_owner(ids[0], archived=True)
    answers = account.connector.read("owners", [Ref("41999999"), *map(Ref, reversed(ids))], NAMES)
    assert [each.asked for each in answers] == ["41999999", *reversed(ids)]
    assert [each.exists for each in answers] == [Exists.MISSING, *[Exists.EXISTS] * (count - 1), Exists.ARCHIVED]
    gone = answers[-1].record
    assert gone is not None
    assert gone.values["email"] == "o0@example.com"


def test_what_is_no_id_is_not_asked_for(account: Account):
    """It would be refused with 400, and the record that holds it would stop all others."""
    (id,) = make(account, 1)
    none, other = account.connector.read("owners", [Ref("1;2"), Ref(id)], NAMES)
    assert (none.exists, none.problem) == (Exists.UNKNOWN, "This is not an id of HubSpot.")
    assert other.exists is Exists.EXISTS
    assert account.bill() == {"owner": 1}


def test_property_of_several_users_is_a_text_of_their_ids(account: Account):
    """None of them is the first one: it cannot be known by one address, and is never written."""
    several = {**prop("helpers", "Helpers", "enumeration", "checkbox", custom=True), "externalOptions": True}
    account.hubspot.define("contacts", {**several, "referencedObjectType": "OWNER"})
    (field,) = [each for each in account.connector.fields("contacts") if each.name == "helpers"]
    assert (field.type, field.read_only, field.refers_to) == (FieldType.TEXT, True, None)


def test_reading_many_costs_no_more_than_a_listing(account: Account):
    ids = make(account, 40)
    account.connector.read("owners", [Ref(id) for id in ids], ["email"])
    assert account.bill() == {"owners": 1}
    account.connector.read("owners", [Ref(ids[0])], ["email"])
    assert account.bill() == {"owner": 1}


def test_owners_that_may_not_be_read_are_not_counted(account: Account):
    account.hubspot.grant("some", {"crm.objects.contacts.read"})
    with pytest.raises(PermissionMissing, match=r"crm\.objects\.owners\.read"):
        Account(account.hubspot, token="some").connector.count("owners")


def test_owner_of_a_record_is_a_reference_to_one(account: Account):
    (owner,) = make(account, 1)
    (field,) = [each for each in account.connector.fields("contacts") if each.name == "hubspot_owner_id"]
    assert (field.refers_to, field.read_only, field.multi_valued) == ("owners", False, False)
    made, refused = account.create(
        {"lastname": "A", "hubspot_owner_id": owner}, {"lastname": "B", "hubspot_owner_id": "1"}
    )
    assert made.outcome is Outcome.DONE
    assert (refused.outcome, refused.fields) == (Outcome.REFUSED, ("hubspot_owner_id",))
