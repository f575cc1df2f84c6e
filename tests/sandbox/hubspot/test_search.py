"""Search, on its own copy of the records."""

import pytest

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client, where

PEOPLE = [
    {"email": "ann@example.com", "firstname": "Ann", "city": "Bern", "loyalty_points": "9", "birthday": "1980-02-29"},
    {
        "email": "bob@example.org",
        "firstname": "Bob",
        "lastname": "Öz",
        "city": "BERN",
        "loyalty_points": "10",
        "newsletter": "true",
    },
    {"email": "cyd@example.com", "firstname": "Cyd", "lifecyclestage": "lead", "last_visit": "2026-01-02T03:04:05Z"},
]


@pytest.fixture
def ids(hubspot: HubSpotSandbox) -> list[str]:
    return hubspot.seed("contacts", PEOPLE)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (where("city", "EQ", "bern"), "ab"),
        (where("city", "NEQ", "bern"), ""),
        (where("city", "IN", ["bern"]), "ab"),
        (where("city", "IN", ["Bern"]), ""),
        (where("firstname", "NOT_IN", ["ann", "bob"]), "c"),
        (where("loyalty_points", "GT", "9"), "b"),
        (where("loyalty_points", "GTE", "9"), "ab"),
        (where("loyalty_points", "LT", "10"), "a"),
        (where("loyalty_points", "LTE", "10"), "ab"),
        (where("loyalty_points", "BETWEEN", "9.5", "20"), "b"),
        (where("birthday", "EQ", "320630400000"), "a"),
        (where("last_visit", "GTE", "1767323045000"), "c"),
        (where("last_visit", "GT", "1767323045000"), ""),
        (where("newsletter", "EQ", "true"), "b"),
        (where("lifecyclestage", "EQ", "lead"), "c"),
        (where("lifecyclestage", "IN", ["lead", "customer"]), "c"),
        (where("lifecyclestage", "HAS_PROPERTY"), "c"),
        (where("lifecyclestage", "NOT_HAS_PROPERTY"), "ab"),
        (where("email", "CONTAINS_TOKEN", "*@example.com"), "ac"),
        (where("email", "CONTAINS_TOKEN", "example"), "abc"),
        (where("firstname", "CONTAINS_TOKEN", "An"), ""),
        (where("firstname", "CONTAINS_TOKEN", "?nn"), ""),
        (where("lastname", "EQ", "ÖZ"), "b"),
        (where("lastname", "IN", ["öz"]), "b"),
        (where("hs_object_id", "GT", "1001"), "bc"),
        (where("createdate", "GTE", "0"), "abc"),
    ],
)
def test_operators(client: Client, ids: list[str], filter: dict, found: str):
    assert client.search(filter).ids == [ids["abc".index(letter)] for letter in found]


def test_filters_are_met_together_and_groups_in_turn(client: Client, ids: list[str]):
    assert client.search(where("city", "EQ", "bern"), where("firstname", "EQ", "bob")).ids == [ids[1]]
    groups = [{"filters": [where("firstname", "EQ", name)]} for name in ("ann", "cyd")]
    said = client.post(f"{CONTACTS}/search", {"filterGroups": groups})
    assert (said["total"], said.ids) == (2, [ids[0], ids[2]])
    assert client.post(f"{CONTACTS}/search", {"filters": [where("firstname", "EQ", "bob")]}).ids == [ids[1]]
    assert client.post(f"{CONTACTS}/search", {"query": "ANN"}).ids == [ids[0]]
    assert client.post(f"{CONTACTS}/search", {"query": "BOB öZ"}).ids == [ids[1]]
    assert client.post(f"{CONTACTS}/search", {"query": "a n " * 700}).ids == [ids[0]]
    assert client.post(f"{CONTACTS}/search", {}).ids == ids


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ({"propertyName": "loyalty_points", "direction": "DESCENDING"}, [1, 0, 2]),
        ({"propertyName": "hs_object_id", "direction": "DESCENDING"}, [2, 1, 0]),
        ("firstname", [0, 1, 2]),
    ],
)
def test_one_sort(client: Client, ids: list[str], sort: object, order: list[int]):
    assert client.search(sorts=[sort]).ids == [ids[place] for place in order]
    assert client.search(sorts=[sort, sort]).code == 400


def test_rows_show_the_properties_asked_for(client: Client, ids: list[str]):
    row = client.search(where("firstname", "EQ", "ann"), properties=["city", "nonsense"])["results"][0]
    assert set(row["properties"]) == {"city", "createdate", "lastmodifieddate", "hs_object_id"}


def test_pages_go_up_to_the_cap():
    with HubSpotSandbox(search_cap=30, search_rate=None) as hubspot:
        client = Client(hubspot)
        ids = hubspot.seed("contacts", [{"lastname": str(number)} for number in range(40)])
        first = client.search(limit=20)
        assert (first["total"], first.ids, first["paging"]["next"]["after"]) == (40, ids[:20], "20")
        second = client.search(limit=20, after="20")
        assert (second.ids, second["paging"]["next"]["after"]) == (ids[20:30], "30")
        beyond = client.search(limit=20, after="30")
        assert (beyond.code, beyond["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": "x"},
        {"limit": -1},
        {"after": "-1"},
        {"filterGroups": [{"filters": [where("city", "EQ", "x")]}] * 6},
        {"filterGroups": [{"filters": [where("city", "EQ", "x")] * 7}]},
        {"filterGroups": [{"filters": [where("city", "EQ", "x")] * 5}] * 4},
        {"filters": [where("city", "EQ", "x" * 3000)]},
        {"filters": [where("nonsense", "EQ", "x")]},
        {"filters": [where("city", "LIKE", "x")]},
        {"filters": [where("city", "EQ")]},
        {"filters": [where("city", "IN", [])]},
        {"filters": [where("loyalty_points", "EQ", "many")]},
        {"filters": [where("createdate", "GT", "yesterday")]},
        {"filters": [where("city", "CONTAINS_TOKEN")]},
        {"filters": [where("createdate", "CONTAINS_TOKEN", "2026")]},
        {"filters": [where("hs_object_id", "NOT_CONTAINS_TOKEN", "1001")]},
        {"filters": [where("loyalty_points", "CONTAINS_TOKEN", "*")]},
        {"sorts": [{"propertyName": "city", "direction": "UP"}]},
    ],
)
def test_searches_beyond_the_limits_are_refused(client: Client, body: dict):
    said = client.post(f"{CONTACTS}/search", body)
    assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")


def test_archived_property_is_none_to_search_by(client: Client):
    definition = {"name": "team", "label": "Team", "groupName": "contactinformation", "type": "string"}
    client.post("/crm/properties/2026-09/contacts", {**definition, "fieldType": "text"})
    assert client.search(where("team", "HAS_PROPERTY")).code == 200
    client("DELETE", "/crm/properties/2026-09/contacts/team")
    assert client.search(where("team", "HAS_PROPERTY")).code == 400


def test_saves_are_found_after_the_lag_and_as_they_were_then():
    clock = FrozenClock()
    with HubSpotSandbox(index_lag=10, clock=clock, search_rate=None) as hubspot:
        client = Client(hubspot)
        id = client.post(CONTACTS, {"properties": {"lastname": "A"}})["id"]
        clock.advance(9)
        assert client.search().ids == []
        hubspot.edit("contacts", id, {"lastname": "B"})
        clock.advance(1)
        shown = client.search(properties=["lastname"])["results"][0]
        assert shown["properties"]["lastname"] == "A"
        assert client.get(f"{CONTACTS}/{id}")["properties"]["lastname"] == "B"
        clock.advance(9)
        assert client.search(where("lastname", "EQ", "B")).ids == [id]
        hubspot.archive("contacts", id)
        assert client.search().ids == [id]
        clock.advance(10)
        assert client.search()["total"] == 0
        hubspot.create("contacts", {"lastname": "C"})
        hubspot.indexed()
        assert client.search()["total"] == 1


def test_search_has_a_limit_of_its_own_and_tells_no_headers():
    clock = FrozenClock()
    with HubSpotSandbox(clock=clock) as hubspot:
        client = Client(hubspot)
        assert [client.search().code for _ in range(6)] == [200] * 5 + [429]
        said = client.search()
        assert said["policyName"] == "SECONDLY"
        assert not any(name.lower().startswith("x-hubspot") for name in said.headers)
        assert client.get(CONTACTS).code == 200
        clock.advance(1)
        assert client.search().code == 200


def test_phones_are_found_by_area_and_local_number_alone(hubspot: HubSpotSandbox, client: Client):
    swiss = hubspot.create("contacts", {"lastname": "A", "phone": "+41 44 668 18 00", "mobilephone": "079 555 12 34"})
    hubspot.create("contacts", {"lastname": "B", "phone": "call me"})
    searched = "hs_searchable_calculated_phone_number"
    assert client.search(where(searched, "EQ", "446681800")).ids == [swiss]
    assert client.search(where(searched, "CONTAINS_TOKEN", "*6681800")).ids == [swiss]
    assert client.search(where("hs_searchable_calculated_mobile_number", "EQ", "0795551234")).ids == [swiss]
    assert client.search(where(searched, "EQ", "+41446681800")).ids == []
    assert client.search(where(searched, "HAS_PROPERTY")).ids == [swiss]
    assert client.search(query="446681800").ids == [swiss]
    assert client.search(query="41446681800").ids == []
    row = client.search(query="446681800", properties=[searched])["results"][0]
    assert row["properties"][searched] == "446681800"
    assert client.get(f"{CONTACTS}/{swiss}?properties={searched}")["properties"][searched] == "446681800"
    said = client("PATCH", f"{CONTACTS}/{swiss}", {"properties": {searched: "1"}})
    assert said["errors"][0]["code"] == "READ_ONLY_VALUE"


def test_equal_dates_are_not_in_the_order_of_ids_but_always_in_the_same(hubspot: HubSpotSandbox, client: Client):
    ids = hubspot.seed("contacts", [{"lastname": str(number)} for number in range(20)])
    by_date = client.search(sorts=[{"propertyName": "lastmodifieddate"}]).ids
    assert sorted(by_date) == ids
    assert by_date != ids
    assert client.search(sorts=["lastmodifieddate"]).ids == by_date
    assert client.search(sorts=["-hs_object_id"]).ids == ids[::-1]
    last = hubspot.get("contacts", ids[-1])["updatedAt"]
    assert client.search(where("lastmodifieddate", "GT", last)).ids == []


def test_records_are_found_by_what_they_belong_to(hubspot: HubSpotSandbox, client: Client):
    acme, bolt = hubspot.seed("companies", [{"name": "Acme"}, {"name": "Bolt"}])
    ann, bob, _ = hubspot.seed("contacts", [{"lastname": name} for name in ("A", "B", "E")])
    hubspot.associate("contacts", ann, "companies", acme)
    hubspot.associate("contacts", bob, "companies", bolt)
    assert client.search(where("associations.company", "EQ", acme)).ids == [ann]
    assert client.search(where("associations.companies", "IN", [acme, bolt])).ids == [ann, bob]
    body = {"filterGroups": [{"filters": [where("associations.contact", "EQ", bob)]}]}
    assert client.post(f"{COMPANIES}/search", body).ids == [bolt]
    assert client.search(where("associations.company", "EQ", acme), where("lastname", "EQ", "B")).ids == []
    assert client.search(where("associations.company", "GT", acme)).code == 400
    assert client.search(where("associations.unicorn", "EQ", acme)).code == 400
