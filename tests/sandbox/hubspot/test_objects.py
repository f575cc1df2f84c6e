"""One record at a time, and the listing."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox, Refused
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client


@pytest.mark.parametrize(
    "path",
    [
        "/crm/objects/2026-09/contacts",
        "/crm/objects/2026-03/contact",
        "/crm/objects/2027-03-beta/0-1",
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contact",
    ],
)
def test_contacts_answer_under_every_name_and_version(hubspot: HubSpotSandbox, client: Client, path: str):
    id = hubspot.create("contacts", {"email": "a@example.com"})
    assert client.get(path).ids == [id]


def test_objects_have_ids_of_their_own(hubspot: HubSpotSandbox, client: Client):
    assert hubspot.create("contacts", {"lastname": "A"}) == hubspot.create("companies", {"name": "A"})
    assert client.get(f"{COMPANIES}?limit=1").ids == client.get("/crm/v3/objects/0-2").ids


def test_created_record_is_shown_with_its_dates(client: Client):
    said = client.post(CONTACTS, {"properties": {"email": "Ann@Example.COM", "firstname": "Ann"}})
    assert said.code == 201
    assert said["properties"]["email"] == "ann@example.com"
    assert said["createdAt"] == said["updatedAt"] == said["properties"]["lastmodifieddate"]
    assert said["properties"]["hs_object_id"] == said["id"]
    assert said["archived"] is False
    assert client.get(f"{CONTACTS}/{said['id']}")["properties"]["firstname"] == "Ann"


def test_every_value_is_a_text_and_an_unset_one_null(client: Client):
    id = client.post(CONTACTS, {"properties": {"lastname": "A", "loyalty_points": 7, "newsletter": True}})["id"]
    shown = client.get(f"{CONTACTS}/{id}?properties=loyalty_points,newsletter&properties=city")["properties"]
    assert shown["loyalty_points"] == "7"
    assert shown["newsletter"] == "true"
    assert shown["city"] is None
    assert "email" not in shown


def test_unknown_names_in_properties_are_passed_over(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    assert "nonsense" not in client.get(f"{CONTACTS}/{id}?properties=nonsense")["properties"]


def test_update_changes_what_it_names_and_the_date(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A", "city": "Bern"})
    before = client.get(f"{CONTACTS}/{id}")["updatedAt"]
    hubspot.clock.advance(0.005)
    said = client("PATCH", f"{CONTACTS}/{id}", {"properties": {"lastname": "B"}})
    assert said.code == 200
    record = hubspot.records("contacts")[id]
    assert (record["lastname"], record["city"]) == ("B", "Bern")
    assert said["updatedAt"] > before == said["createdAt"]


def test_empty_text_clears(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A", "city": "Bern"})
    client("PATCH", f"{CONTACTS}/{id}", {"properties": {"city": ""}})
    assert client.get(f"{CONTACTS}/{id}?properties=city")["properties"]["city"] is None


def test_companies_have_a_modification_date_of_another_name(client: Client):
    said = client.post(COMPANIES, {"properties": {"name": "Acme"}})
    assert said["properties"]["hs_lastmodifieddate"] == said["updatedAt"]


@pytest.mark.parametrize("path", [CONTACTS, COMPANIES])
def test_new_record_needs_one_of_the_main_properties(client: Client, path: str):
    said = client.post(path, {"properties": {"phone": "1"}})
    assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")


def test_record_is_found_by_email(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com", "hs_additional_emails": "old@example.com"})
    for email in ("a@example.com", "A@EXAMPLE.com", "old@example.com"):
        assert client.get(f"{CONTACTS}/{email}?idProperty=email")["id"] == id
    assert client("PATCH", f"{CONTACTS}/a@example.com?idProperty=email", {"properties": {"city": "X"}}).code == 200
    assert client.get(f"{CONTACTS}/x@example.com?idProperty=email").code == 404
    assert client.get(f"{CONTACTS}/X?idProperty=city").code == 400


def test_taken_email_is_a_conflict_that_names_the_holder(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com", "hs_additional_emails": "old@example.com"})
    for email in ("A@example.com", "old@example.com"):
        said = client.post(CONTACTS, {"properties": {"email": email}})
        assert (said.code, said["category"]) == (409, "CONFLICT")
        assert said["message"] == f"Contact already exists. Existing ID: {id}"
        assert said["correlationId"]
    other = hubspot.create("contacts", {"email": "b@example.com"})
    assert client("PATCH", f"{CONTACTS}/{other}", {"properties": {"email": "a@example.com"}}).code == 409
    assert client("PATCH", f"{CONTACTS}/{id}", {"properties": {"email": "a@example.com"}}).code == 200


def test_changed_email_is_free_for_others(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com"})
    client("PATCH", f"{CONTACTS}/{id}", {"properties": {"email": "new@example.com"}})
    assert client.post(CONTACTS, {"properties": {"email": "a@example.com"}}).code == 201


def test_domain_of_companies_is_not_unique(client: Client):
    ids = {client.post(COMPANIES, {"properties": {"domain": "example.com"}})["id"] for _ in range(2)}
    assert len(ids) == 2


def test_archived_record_is_in_the_recycle_bin_alone(hubspot: HubSpotSandbox, client: Client):
    kept, id = (hubspot.create("contacts", {"email": f"{each}@example.com"}) for each in "ab")
    assert client("DELETE", f"{CONTACTS}/{id}").code == 204
    assert client("DELETE", f"{CONTACTS}/{id}").code == 204
    assert client.get(CONTACTS).ids == [kept]
    assert client.get(f"{CONTACTS}?archived=true").ids == [id]
    said = client.get(f"{CONTACTS}/{id}")
    assert (said.code, said["category"]) == (404, "OBJECT_NOT_FOUND")
    assert client.get(f"{CONTACTS}/{id}?archived=true")["archivedAt"]
    assert client("PATCH", f"{CONTACTS}/{id}", {"properties": {"city": "X"}}).code == 404
    assert client.post(CONTACTS, {"properties": {"email": "b@example.com"}}).code == 201


def test_forgotten_record_is_nowhere(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "a@example.com"})
    body = {"objectId": "a@example.com", "idProperty": "email"}
    assert client.post(f"{CONTACTS}/gdpr-delete", body).code == 204
    assert client.get(f"{CONTACTS}/{id}?archived=true").code == 404
    assert client.search().ids == []
    assert hubspot.get("contacts", id) is None
    assert int(hubspot.create("contacts", {"lastname": "B"})) > int(id)


def test_address_that_is_forgotten_can_come_back_by_a_program(hubspot: HubSpotSandbox, client: Client):
    hubspot.create("contacts", {"email": "a@example.com"})
    for email in ("A@example.com", "nobody@example.com"):
        body = {"objectId": email, "idProperty": "email"}
        assert client.post(f"{CONTACTS}/gdpr-delete", body).code == 204
        assert client.post(CONTACTS, {"properties": {"email": email}}).code == 201
    assert client.post(f"{CONTACTS}/gdpr-delete", {"objectId": "77"}).code == 404
    assert client.post(f"{COMPANIES}/gdpr-delete", {"objectId": "77"}).code == 404


def test_listing_goes_by_ids_with_links_that_work(hubspot: HubSpotSandbox, client: Client):
    ids = hubspot.seed("contacts", [{"lastname": str(number), "city": "Bern"} for number in range(25)])
    said, pages = client.get(f"{CONTACTS}?limit=10&properties=city"), []
    while True:
        pages.append(said.ids)
        assert {row["properties"]["city"] for row in said["results"]} == {"Bern"}
        if "paging" not in said.body:
            break
        assert said["paging"]["next"]["after"] == ids[len(pages) * 10]
        said = client.get(said["paging"]["next"]["link"].removeprefix(hubspot.url))
    assert pages == [ids[:10], ids[10:20], ids[20:]]


def test_listing_is_live(hubspot: HubSpotSandbox, client: Client):
    hubspot.index_lag = 60
    id = hubspot.create("contacts", {"lastname": "A"})
    assert client.get(CONTACTS).ids == [id]


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=x", "after=x", f"after={2**64}"])
def test_listing_refuses_what_it_cannot_do(client: Client, query: str):
    assert client.get(f"{CONTACTS}?{query}").code == 400


def test_address_can_be_too_long(client: Client):
    assert client.get(f"{CONTACTS}?properties={'a' * 9000}").code == 414


def test_unknown_places_and_methods(client: Client):
    assert client.get("/crm/objects/2026-09/unicorns").code == 400
    said = client.get("/crm/v3/lists/folders")
    assert (said.code, said["category"]) == (404, "OBJECT_NOT_FOUND")
    assert said["message"] == "resource not found: the stand-in has no call GET /crm/v3/lists/folders"
    assert client.get(f"{CONTACTS}/1/2/3").code == 404
    assert client.get("/crm/v3/objects/contacts/1/associations/companies").code == 404
    assert client.get(f"{CONTACTS}/search").code == 405
    assert client("DELETE", CONTACTS).code == 405
    assert client.get(f"{CONTACTS}/not-a-number").code == 404


def test_body_must_be_a_json_object(hubspot: HubSpotSandbox, client: Client):
    assert client.post(CONTACTS, [1]).code == 400
    assert client.pool.request("POST", hubspot.url + CONTACTS, body=b"{").status == 400
    assert client.post(CONTACTS, {"properties": [1]}).code == 400
    form = {"Authorization": f"Bearer {hubspot.token}", "Content-Type": "application/x-www-form-urlencoded"}
    assert client.pool.request("POST", hubspot.url + CONTACTS, body=b"{}", headers=form).status == 415


def test_account_says_who_it_is(client: Client):
    said = client.get("/account-info/2026-09/details")
    assert said["portalId"]
    assert said["accountType"] == "DEVELOPER_TEST"


def test_restored_record_is_as_it_was(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "ann@example.com"})
    hubspot.archive("contacts", id)
    hubspot.advance(10)
    hubspot.restore("contacts", id)
    shown = client.get(f"{CONTACTS}/{id}")
    assert (shown["archived"], shown["properties"]["email"]) == (False, "ann@example.com")
    assert shown["updatedAt"] > shown["createdAt"]
    assert client.search().ids == [id]
    assert client.post(CONTACTS, {"properties": {"email": "ann@example.com"}}).code == 409


def test_recycle_bin_keeps_a_record_for_ninety_days(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"email": "ann@example.com"})
    hubspot.archive("contacts", id)
    hubspot.advance(90 * 86_400 - 1)
    assert client.get(f"{CONTACTS}?archived=true").ids == [id]
    assert client.post(f"{CONTACTS}/batch/read?archived=true", {"inputs": [{"id": id}]}).ids == [id]
    hubspot.advance(1)
    assert client.get(f"{CONTACTS}?archived=true").ids == []
    assert client.post(f"{CONTACTS}/batch/read?archived=true", {"inputs": [{"id": id}]}).ids == []
    assert client.get(f"{CONTACTS}/{id}?archived=true").code == 404
    with pytest.raises(Refused, match="not found"):
        hubspot.restore("contacts", id)


def test_record_is_not_restored_over_one_with_its_address(hubspot: HubSpotSandbox):
    id = hubspot.create("contacts", {"email": "ann@example.com"})
    hubspot.archive("contacts", id)
    hubspot.create("contacts", {"email": "ann@example.com"})
    with pytest.raises(Refused, match="already exists"):
        hubspot.restore("contacts", id)


def test_histories_are_shown_with_one_record_and_with_pages(hubspot: HubSpotSandbox, client: Client):
    id = client.post(CONTACTS, {"properties": {"lastname": "A", "city": "Bern"}})["id"]
    hubspot.edit("contacts", id, {"city": "Basel"})
    for body in (
        client.get(f"{CONTACTS}/{id}?propertiesWithHistory=city,nonsense").body,
        client.get(f"{CONTACTS}?propertiesWithHistory=city&limit=50")["results"][0],
    ):
        assert [(each["value"], each["sourceType"]) for each in body["propertiesWithHistory"]["city"]] == [
            ("Basel", "CRM_UI"),
            ("Bern", "INTEGRATION"),
        ]
        assert list(body["propertiesWithHistory"]) == ["city"]
    assert client.get(f"{CONTACTS}?propertiesWithHistory=city&limit=51").code == 400


def test_call_that_says_nothing_of_a_record_is_refused_and_touches_nothing(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    before = hubspot.get("contacts", id)
    hubspot.advance(60)
    for said in (client("PATCH", f"{CONTACTS}/{id}", {"properties": {}}), client.post(CONTACTS, {"properties": {}})):
        assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")
        assert said["message"] == "No properties found to update, please provide at least one."
    assert hubspot.get("contacts", id) == before


def test_id_that_is_no_number_is_told_so(hubspot: HubSpotSandbox, client: Client):
    hubspot.create("contacts", {"email": "a@example.com"})
    change = {"properties": {"city": "Bern"}}
    for said in (client.get(f"{CONTACTS}/a@example.com"), client("PATCH", f"{CONTACTS}/x", change)):
        assert (said.code, said["category"]) == (404, "OBJECT_NOT_FOUND")
        assert said["message"].endswith("objectId are usually numeric.")
    assert client.get(f"{CONTACTS}/x")["context"] == {"id": ["x"]}


def test_associations_that_are_asked_for_are_of_a_kind_that_there_is(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A"})
    assert client.get(f"{CONTACTS}/{id}?associations=company,products").code == 200
    for path in (f"{CONTACTS}/{id}", CONTACTS):
        said = client.get(f"{path}?associations=unicorns")
        assert (said.code, said["message"]) == (400, "Unable to infer object type from: unicorns")
