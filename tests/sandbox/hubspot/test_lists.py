"""The lists API: searched by name and kind, members in pages, what is refused."""

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import Client

LISTS = "/crm/lists/2026-09"


def test_lists_are_searched_by_name_and_kind(hubspot: HubSpotSandbox, client: Client) -> None:
    vip = hubspot.set_list("contacts", "VIP guests", [], dynamic=True)
    hubspot.set_list("contacts", "Press", [])
    hubspot.set_list("companies", "VIP companies", [])
    said = client("POST", f"{LISTS}/search", {"query": "vip", "objectTypeId": "0-1"})
    assert [row["listId"] for row in said["lists"]] == [vip]
    assert said["lists"][0]["processingType"] == "DYNAMIC"
    assert (said["total"], said["hasMore"]) == (1, False)
    assert client("POST", f"{LISTS}/search", {"count": 2})["hasMore"] is True
    assert client("POST", f"{LISTS}/search", {"count": 501}).code == 400


def test_members_come_in_pages_in_the_order_of_ids(hubspot: HubSpotSandbox, client: Client) -> None:
    ids = hubspot.seed("contacts", [{"email": f"p{n}@x.test"} for n in range(3)])
    list = hubspot.set_list("contacts", "VIP", reversed(ids))
    first = client("GET", f"{LISTS}/{list}/memberships?limit=2")
    assert [row["recordId"] for row in first["results"]] == ids[:2]
    after = first["paging"]["next"]["after"]
    second = client("GET", f"{LISTS}/{list}/memberships?limit=2&after={after}")
    assert [row["recordId"] for row in second["results"]] == ids[2:]
    assert "paging" not in second.body


def test_a_list_that_is_not_there_and_too_large_a_page_are_refused(hubspot: HubSpotSandbox, client: Client) -> None:
    list = hubspot.set_list("contacts", "VIP", [])
    assert client("GET", f"{LISTS}/{list}/memberships?limit=251").code == 400
    hubspot.drop_list("contacts", "VIP")
    assert client("GET", f"{LISTS}/{list}/memberships").code == 404


def test_giving_a_list_other_members_keeps_its_id_and_changes_no_record(hubspot: HubSpotSandbox) -> None:
    (id,) = hubspot.seed("contacts", [{"email": "a@x.test"}])
    before = hubspot.get("contacts", id)
    list = hubspot.set_list("contacts", "VIP", [])
    hubspot.advance(60)
    assert hubspot.set_list("contacts", "VIP", [id]) == list
    assert hubspot.get("contacts", id) == before
