"""Associations by words, as version 3 has them."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import Client, Said

PATH = "/crm/v3/associations/contacts/companies"


def batch(client: Client, action: str, *inputs: dict) -> Said:
    return client.post(f"{PATH}/batch/{action}", {"inputs": list(inputs)})


def pair(own: str, other: str, word: str) -> dict:
    return {"from": {"id": own}, "to": {"id": other}, "type": word}


@pytest.fixture
def ids(hubspot: HubSpotSandbox) -> tuple[str, str, str]:
    firms = hubspot.seed("companies", [{"name": "A"}, {"name": "B"}])
    hubspot.add_label("contacts", "companies", "Board Member")
    return hubspot.create("contacts", {"email": "a@x.test"}), firms[0], firms[1]


def test_types_have_numbers_and_words(client: Client, ids: tuple[str, str, str]) -> None:
    assert client.get(f"{PATH}/types")["results"] == [
        {"id": "279", "name": "contact_to_company_unlabeled"},
        {"id": "1", "name": "contact_to_company"},
        {"id": "1", "name": "board_member"},
    ]
    assert client.get("/crm/v3/associations/deals/contacts/types")["results"] == [
        {"id": "3", "name": "deal_to_contact"}
    ]


def test_records_are_associated_by_a_word(client: Client, hubspot: HubSpotSandbox, ids: tuple[str, str, str]) -> None:
    person, a, b = ids
    words = ("contact_to_company_unlabeled", "contact_to_company", "board_member")
    said = batch(client, "create", *(pair(person, firm, word) for firm, word in zip((a, b, b), words, strict=True)))
    assert (said.code, said["results"][0]) == (201, pair(person, a, words[0]))
    assert hubspot.associated("contacts", person, "companies") == [b, a]
    said = batch(client, "read", {"id": person}, {"id": "77"})
    assert (said.code, said["numErrors"]) == (207, 1)
    shown = [(each["id"], each["type"]) for each in said["results"][0]["to"]]
    assert shown == [(a, words[0]), (b, words[1]), (b, words[0]), (b, words[2])]
    said = batch(client, "create", pair(person, a, "friend"), pair(person, "77", words[1]))
    assert (said.code, [each["context"]["toObjectId"] for each in said["errors"]]) == (207, [[a], ["77"]])


def test_types_are_taken_away_by_a_word(client: Client, hubspot: HubSpotSandbox, ids: tuple[str, str, str]) -> None:
    person, a, b = ids
    hubspot.associate("contacts", person, "companies", a, labels=["Board Member"])
    hubspot.associate("contacts", person, "companies", b)
    assert batch(client, "archive", pair(person, a, "board_member")).code == 204
    assert hubspot.labelled("contacts", person, "companies") == {a: [], b: []}
    assert (
        batch(client, "archive", pair(person, a, "contact_to_company"), pair(person, "77", "board_member")).code == 204
    )
    types = client.get(f"/crm/v4/objects/contacts/{person}/associations/companies")["results"][0]["associationTypes"]
    assert [each["typeId"] for each in types] == [279]
    assert batch(client, "archive", pair(person, b, "contact_to_company_unlabeled")).code == 204
    assert hubspot.associated("contacts", person, "companies") == [a]
    assert batch(client, "archive", pair(person, a, "friend")).code == 400


def test_more_than_a_page_says_where_it_goes_on(client: Client, hubspot: HubSpotSandbox) -> None:
    person = hubspot.create("contacts", {"email": "many@x.test"})
    firms = hubspot.seed("companies", [{"name": "A"}] * 501)
    links = [{"from": {"id": person}, "to": {"id": firm}} for firm in firms]
    client.post("/crm/associations/2026-09/contacts/companies/batch/associate/default", {"inputs": links})
    shown = client.get(f"/crm/objects/2026-09/contacts/{person}?associations=companies")["associations"]["companies"]
    assert shown["paging"]["next"]["after"] == firms[-1]
    assert batch(client, "read", {"id": person})["results"][0]["paging"] == shown["paging"]
