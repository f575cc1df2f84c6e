"""The lists API: searched by name and kind, members in pages, what is refused."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import Client, Said

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


@pytest.mark.parametrize("asked", [{"count": 0}, {"count": 501}, {"offset": -1}, {"sort": "HS_UPDATED_AT"}])
def test_search_of_lists_that_cannot_be_is_refused(client: Client, asked: dict[str, object]) -> None:
    assert client.post(f"{LISTS}/search", {"sort": "HS_LIST_ID", "count": 1, "offset": 0}).code == 200
    assert client.post(f"{LISTS}/search", asked).code == 400


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
    for query in ("limit=251", "after=x", "after=-", "after=1--2", "before=1"):
        assert client("GET", f"{LISTS}/{list}/memberships?{query}").code == 400
    hubspot.drop_list("contacts", "VIP")
    assert client("GET", f"{LISTS}/{list}/memberships").code == 404


def made(client: Client, name: str, **more: str) -> str:
    body = {"name": name, "objectTypeId": "0-1", "processingType": "MANUAL", **more}
    return str(client.post(LISTS, body)["list"]["listId"])


def put(client: Client, list: str, action: str, body: object = None) -> Said:
    return client("PUT", f"{LISTS}/{list}/memberships/{action}", body)


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"objectTypeId": "0-999"}, {"processingType": "MAGIC"}, {"processingType": "DYNAMIC"}]
)
def test_list_is_made_of_what_it_needs(client: Client, wrong: dict[str, str]) -> None:
    body = {"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL", **wrong}
    assert client.post(LISTS, body).code == 400


def test_names_of_lists_are_their_own(hubspot: HubSpotSandbox, client: Client) -> None:
    list = made(client, "VIP")
    assert client.post(LISTS, {"name": "vip", "objectTypeId": "0-1", "processingType": "MANUAL"}).code == 400
    other = made(client, "VIP", objectTypeId="0-2")
    assert client("PUT", f"{LISTS}/{list}/update-list-name?listName=Vip")["updatedList"]["listVersion"] == 2
    assert client("DELETE", f"{LISTS}/{list}").code == 204
    taken = made(client, "VIP")
    assert client("PUT", f"{LISTS}/{list}/restore").code == 400
    assert client("PUT", f"{LISTS}/{taken}/update-list-name?listName=Guests").code == 200
    assert client("PUT", f"{LISTS}/{list}/restore").code == 204
    assert [each["listId"] for each in client.post(f"{LISTS}/search", {"query": "vip"})["lists"]] == [list, other]


def test_deleted_list_can_be_restored_for_ninety_days(hubspot: HubSpotSandbox, client: Client) -> None:
    list = made(client, "VIP")
    client("DELETE", f"{LISTS}/{list}")
    hubspot.advance(90 * 86_400 + 1)
    assert client("PUT", f"{LISTS}/{list}/restore").code == 404
    assert client("PUT", f"{LISTS}/77/restore").code == 404


def test_members_that_are_merged_or_gone(hubspot: HubSpotSandbox, client: Client) -> None:
    ann, bob, eve = hubspot.seed("contacts", [{"lastname": name} for name in ("A", "B", "E")])
    list = made(client, "VIP")
    assert put(client, list, "add", [ann, bob, int(eve), ann])["recordsIdsAdded"] == [ann, bob, eve]
    survivor = hubspot.merge("contacts", ann, bob)
    hubspot.archive("contacts", eve)
    page = client.get(f"{LISTS}/{list}/memberships")
    assert ([each["recordId"] for each in page["results"]], page["total"]) == ([survivor], 1)
    assert put(client, list, "add", [bob])["recordsIdsAdded"] == []
    said = put(client, list, "remove", [ann, eve])
    assert (said["recordIdsRemoved"], said["recordIdsMissing"]) == ([ann], [eve])
    assert client.get(f"{LISTS}/{list}")["list"]["size"] == 0
    assert put(client, list, "add", {"ids": [ann]}).code == 400


def test_members_in_the_order_in_which_they_came(hubspot: HubSpotSandbox, client: Client) -> None:
    ids = hubspot.seed("contacts", [{"lastname": str(number)} for number in range(3)])
    list = made(client, "VIP")
    for id in reversed(ids):
        put(client, list, "add", [id])
        hubspot.advance(1)
    first = client.get(f"{LISTS}/{list}/memberships/join-order?limit=2")
    rest = client("GET", first["paging"]["next"]["link"].removeprefix(hubspot.url))
    assert [each["recordId"] for page in (first, rest) for each in page["results"]] == ids[::-1]


def test_lists_that_rules_fill_are_not_changed(hubspot: HubSpotSandbox, client: Client) -> None:
    (id,) = hubspot.seed("contacts", [{"lastname": "A"}])
    rule, source = hubspot.set_list("contacts", "Rule", [id], dynamic=True), made(client, "VIP")
    assert [put(client, rule, action, [id]).code for action in ("add", "remove")] == [400, 400]
    assert put(client, rule, f"add-from/{source}").code == 400
    assert client("DELETE", f"{LISTS}/{rule}/memberships").code == 400
    assert put(client, source, f"add-from/{rule}").code == 204
    assert client.get(f"{LISTS}/records/0-1/{id}/memberships")["total"] == 2
    assert put(client, source, f"add-from/{made(client, 'Firms', objectTypeId='0-2')}").code == 400


def test_lists_need_their_own_scopes(hubspot: HubSpotSandbox) -> None:
    hubspot.grant("reader", {"crm.lists.read"})
    reader = Client(hubspot, "reader")
    assert reader.post(f"{LISTS}/search", {}).code == 200
    said = reader.post(LISTS, {})
    assert said["errors"][0]["context"]["requiredGranularScopes"] == ["crm.lists.write"]
    assert reader("PATCH", f"{LISTS}/1").code == 405


def test_giving_a_list_other_members_keeps_its_id_and_changes_no_record(hubspot: HubSpotSandbox) -> None:
    (id,) = hubspot.seed("contacts", [{"email": "a@x.test"}])
    before = hubspot.get("contacts", id)
    list = hubspot.set_list("contacts", "VIP", [])
    hubspot.advance(60)
    assert hubspot.set_list("contacts", "VIP", [id]) == list
    assert hubspot.get("contacts", id) == before
