"""Merging two records makes a third."""

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client

NAMES = "email,city,phone,hs_additional_emails,hs_merged_object_ids"


def merge(client: Client, primary: str, other: str, path: str = CONTACTS):
    return client.post(f"{path}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})


def test_merged_record_has_a_new_id_to_which_both_old_ones_lead(hubspot: HubSpotSandbox, client: Client):
    one = hubspot.create("contacts", {"email": "one@example.com", "city": "Bern"})
    two = hubspot.create("contacts", {"email": "two@example.com", "city": "Basel", "phone": "1"})
    said = merge(client, one, two)
    assert said.code == 200
    id = said["id"]
    assert id not in (one, two)
    for old in (one, two, id):
        shown = client.get(f"{CONTACTS}/{old}?properties={NAMES}")
        assert shown["id"] == id
        props = {name: shown["properties"][name] for name in NAMES.split(",")}
        assert props == {
            "email": "one@example.com",
            "city": "Bern",
            "phone": "1",
            "hs_additional_emails": "two@example.com",
            "hs_merged_object_ids": f"{one};{two}",
        }
    assert client.batch("read", [{"id": one}, {"id": two}]).ids == [id]
    assert client.get(CONTACTS).ids == client.search().ids == [id]
    assert client.get(f"{CONTACTS}?archived=true").ids == []


def test_old_ids_can_be_written_to(hubspot: HubSpotSandbox, client: Client):
    one, two = hubspot.seed("contacts", [{"lastname": "A"}, {"lastname": "B"}])
    id = hubspot.merge("contacts", one, two)
    assert client("PATCH", f"{CONTACTS}/{one}", {"properties": {"city": "Bern"}})["id"] == id
    assert client.batch("update", [{"id": two, "properties": {"phone": "1"}}]).ids == [id]
    assert hubspot.records("contacts")[id].items() >= {"city": "Bern", "phone": "1", "lastname": "A"}.items()


def test_merged_records_can_be_merged_again(hubspot: HubSpotSandbox, client: Client):
    one, two, three = hubspot.seed("contacts", [{"email": f"{name}@example.com"} for name in "abc"])
    second = hubspot.merge("contacts", three, hubspot.merge("contacts", one, two))
    record = hubspot.get("contacts", one)
    assert record is not None
    assert record["id"] == second
    assert record["properties"]["hs_merged_object_ids"].split(";")[:2] == [one, two]
    assert record["properties"]["hs_additional_emails"] == "a@example.com;b@example.com"
    assert client.post(CONTACTS, {"properties": {"email": "b@example.com"}}).code == 409


def test_companies_merge_too(hubspot: HubSpotSandbox, client: Client):
    one, two = hubspot.seed("companies", [{"name": "A"}, {"name": "B", "domain": "b.example"}])
    id = merge(client, one, two, COMPANIES)["id"]
    assert hubspot.records("companies")[id].items() >= {"name": "A", "domain": "b.example"}.items()


def test_merges_that_make_no_sense(hubspot: HubSpotSandbox, client: Client):
    one = hubspot.create("contacts", {"lastname": "A"})
    assert merge(client, one, one).code == 400
    assert merge(client, one, "7").code == 404


def test_where_ids_are_kept_the_primary_record_is_the_survivor(hubspot: HubSpotSandbox, client: Client):
    hubspot.change(keeps_ids=True)
    company, *contacts = (
        hubspot.create("companies", {"name": "A"}),
        hubspot.create("contacts", {"email": "one@example.com", "city": "Bern"}),
        hubspot.create("contacts", {"email": "two@example.com", "phone": "1"}),
        hubspot.create("contacts", {"email": "three@example.com"}),
    )
    one, two, three = contacts
    hubspot.associate("contacts", two, "companies", company)
    assert hubspot.merge("contacts", one, two) == one
    assert merge(client, one, three)["id"] == one
    for id in contacts:
        shown = client.get(f"{CONTACTS}/{id}?properties={NAMES}")
        assert (shown["id"], shown["archived"]) == (one, False)
        assert shown["properties"]["hs_merged_object_ids"] == f"{two};{three}"
        assert shown["properties"]["hs_additional_emails"] == "two@example.com;three@example.com"
        assert {shown["properties"][name] for name in ("email", "city", "phone")} == {"one@example.com", "Bern", "1"}
    assert client.get(CONTACTS).ids == client.search().ids == [one]
    assert hubspot.associated("contacts", one, "companies") == [company]
    assert client.post(CONTACTS, {"properties": {"email": "two@example.com"}}).code == 409
