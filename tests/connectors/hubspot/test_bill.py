"""The calls that are made are those of the table in the connector's page, and no others."""

from math import ceil

import pytest

from bothways.connectors.base import WriteItem, WriteKind
from bothways.connectors.hubspot import facts
from bothways.records import Ref
from tests.connectors.hubspot.account import Account

COUNTS = (0, 1, 100, 101, 250)


def pages(count: int, size: int) -> int:
    return ceil(count / size)


def without_zero(**calls: int) -> dict[str, int]:
    return {name.replace("_", " "): number for name, number in calls.items() if number}


@pytest.mark.parametrize("count", COUNTS)
def test_first_listing(account: Account, count: int):
    account.people(count)
    account.pages()
    assert account.bill() == {"list": max(1, pages(count, 100))}


@pytest.mark.parametrize("count", COUNTS)
def test_first_listing_of_more_properties_than_an_address_holds(account: Account, count: int):
    account.people(count)
    names = [f"a_property_with_a_long_name_{number}" for number in range(100)]
    for name in names:
        account.define(name)
    rows = [seen for page in account.pages(fields=[*names, "email"]) for seen in page.seen]
    assert account.bill() == without_zero(list=max(1, pages(count, 100)), read=pages(count, 100))
    assert all(seen.has_values and set(seen.record.values) == {*names, "email"} for seen in rows)
    assert {seen.record.values["email"] for seen in rows} == {f"p{number}@example.com" for number in range(count)}


def test_poll_without_changes(account: Account):
    account.people(250)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    account.bill()
    for _ in range(3):
        _, cursor = account.poll(cursor)
        assert account.bill() == {"search": 1}


@pytest.mark.parametrize("count", [1, 100, 101, 200, 201, 450])
def test_poll_with_changes(account: Account, count: int):
    ids = account.people(500)
    account.hubspot.advance(3600)
    cursor = account.cursor()
    for id in ids[:count]:
        account.hubspot.edit("contacts", id, {"lastname": "Changed"})
    account.hubspot.indexed()
    account.bill()
    shown, _ = account.poll(cursor)
    assert shown == set(ids[:count])
    account.read(*shown)
    assert account.bill() == {"search": pages(count, 200), "read": pages(count, 100)}


@pytest.mark.parametrize("recent", [0, 150, 450])
def test_poll_shows_again_what_is_within_its_reach(account: Account, recent: int):
    account.people(100)
    account.hubspot.advance(1 + facts.OVERLAP)
    account.people(recent, first=100)
    account.hubspot.advance(1)
    cursor = account.cursor()
    account.bill()
    for _ in range(2):
        _, cursor = account.poll(cursor)
        assert account.bill() == {"search": max(1, pages(recent, 200))}


@pytest.mark.parametrize("count", COUNTS)
def test_sweep(account: Account, count: int):
    account.people(count)
    assert sum(len(refs) for refs in account.connector.ids("contacts")) == count
    assert account.bill() == {"list": max(1, pages(count, 100))}


def test_reads_of_deleted_records(account: Account):
    ids = account.people(250)
    for id in (ids[0], ids[1], ids[249]):
        account.hubspot.archive("contacts", id)
    account.read(*ids)
    assert account.bill() == {"read": 3, "read archived": 2}


def test_updates_and_deletions(account: Account):
    ids = account.people(250)
    for start in range(0, 250, 100):
        account.update({id: {"lastname": "Changed"} for id in ids[start : start + 100]})
    assert account.bill() == {"update": 3}
    account.connector.write("contacts", [WriteItem(id, WriteKind.ARCHIVE, ref=Ref(id)) for id in ids[:100]])
    assert account.bill() == {"archive": 1}


@pytest.mark.parametrize("count", [1, 100, 250])
def test_creates_with_look_ups(account: Account, count: int):
    people = [{"email": f"New.{number}@Example.com", "lastname": "N"} for number in range(count)]
    assert account.connector.find("contacts", "email", [each["email"] for each in people]) == {}
    for start in range(0, count, 100):
        account.create(*people[start : start + 100])
    assert account.bill() == {"properties": 1, "find": pages(count, 100), "create": pages(count, 100)}


def test_schema_count_and_check(account: Account):
    account.connector.fields("contacts")
    account.connector.count("contacts")
    account.connector.check()
    assert account.bill() == {
        "properties": 1,
        "rules": 1,
        "sensitive": 1,
        "associations labels": 1,
        "count": 1,
        "account": 1,
    }


def test_refused_rows_cost_no_call(account: Account):
    taken = account.people(50)
    results = account.create(*({"email": f"p{number}@example.com"} for number in range(100)))
    assert [result.existing_id for result in results[:50]] == taken
    assert account.bill() == {"create": 1}


def test_merged_records_cost_no_call(account: Account):
    ids = account.people(4)
    account.hubspot.merge("contacts", ids[0], ids[1])
    account.read(*ids)
    assert account.bill() == {"read": 1}
