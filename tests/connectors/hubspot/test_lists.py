"""Lists (segments) of records and who is in them."""

import pytest

from bothways.connectors.abilities import KeepsLists, RecordList
from bothways.connectors.hubspot.lists import PAGE
from bothways.errors import ObjectGone, PageIncomplete, PermissionMissing
from tests.connectors.hubspot.account import Account


def members(account: Account, list: str) -> list[str]:
    return [id for page in account.connector.members("contacts", list) for id in page]


def test_hubspot_keeps_lists(account: Account) -> None:
    assert isinstance(account.connector, KeepsLists)


def test_lists_of_an_object_are_told_by_name(account: Account) -> None:
    id = account.hubspot.set_list("contacts", "VIP", [])
    rule = account.hubspot.set_list("contacts", "Active", [], dynamic=True)
    account.hubspot.set_list("companies", "Partners", [])
    assert account.connector.lists("contacts") == [
        RecordList(id, "VIP", size=0),
        RecordList(rule, "Active", True, size=0),
    ]


def test_more_lists_than_a_page_are_all_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.connectors.hubspot.lists.SEARCHED", 2)
    for number in range(5):
        account.hubspot.set_list("contacts", f"L{number}", [])
    assert [each.name for each in account.connector.lists("contacts")] == ["L0", "L1", "L2", "L3", "L4"]
    assert account.bill()["lists"] == 3


def test_members_are_told_page_by_page(account: Account) -> None:
    ids = account.hubspot.seed("contacts", [{"email": f"p{n}@x.test"} for n in range(2 * PAGE + 1)])
    list = account.hubspot.set_list("contacts", "All but one", ids[1:])
    account.bill()
    assert members(account, list) == ids[1:]
    assert account.bill() == {"list members": 2}


def test_members_that_were_archived_are_none_and_merged_ones_are_their_survivor(account: Account) -> None:
    one, two, three, four = account.hubspot.seed("contacts", [{"email": f"p{n}@x.test"} for n in range(4)])
    list = account.hubspot.set_list("contacts", "VIP", [one, two, four])
    account.hubspot.archive("contacts", one)
    merged = account.hubspot.merge("contacts", two, three)
    assert sorted(members(account, list)) == sorted([four, merged])


def test_a_list_that_was_deleted_is_told_as_gone(account: Account) -> None:
    list = account.hubspot.set_list("contacts", "VIP", [])
    account.hubspot.drop_list("contacts", "VIP")
    with pytest.raises(ObjectGone):
        members(account, list)


def test_a_token_without_the_scope_of_lists_is_told_so(account: Account) -> None:
    account.hubspot.grant("narrow", ["crm.objects.contacts.read"])
    with pytest.raises(PermissionMissing, match=r"crm\.lists\.read"):
        Account(account.hubspot, token="narrow").connector.lists("contacts")


def test_a_listing_of_members_that_does_not_go_on_is_incomplete(account: Account) -> None:
    ids = account.hubspot.seed("contacts", [{"email": f"p{n}@x.test"} for n in range(PAGE + 1)])
    list = account.hubspot.set_list("contacts", "All", ids)
    pages = account.connector.members("contacts", list)
    assert len(next(iter(pages))) == PAGE
    account.hubspot.fault("500", times=20, match="memberships")
    with pytest.raises(Exception, match="HubSpot") as raised:
        next(iter(pages))
    assert raised.type is not PageIncomplete  # the app's own failure, told as such
