"""Leads, tickets, products, and the kinds of record that an account makes for itself."""

from pathlib import Path
from typing import Any

import pytest

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox, Refused, subscriptions
from bothways.sandbox.hubspot.schema import prop
from tests.sandbox.hubspot.client import CONTACTS, Client

OBJECTS = "/crm/objects/2026-09"
SCHEMAS = "/crm-object-schemas/2026-09/schemas"
PET = {
    "name": "Pet",
    "labels": {"singular": "Pet", "plural": "Pets"},
    "primaryDisplayProperty": "pet_name",
    "requiredProperties": ["pet_name"],
    "searchableProperties": ["pet_name", "chip"],
    "properties": [
        {"name": "pet_name", "label": "Name", "type": "string", "fieldType": "text"},
        {"name": "chip", "label": "Chip", "type": "string", "fieldType": "text", "hasUniqueValue": True},
    ],
    "associatedObjects": ["CONTACT"],
}


def lead(contact: str, type: int = 578, **more: str) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type}]
    return {"properties": {"hs_lead_name": "Ann", **more}, "associations": [{"to": {"id": contact}, "types": types}]}


@pytest.mark.parametrize(
    ("kind", "given", "lacking"),
    [
        ("tickets", {"subject": "Help", "hs_pipeline_stage": "1"}, "subject"),
        ("tickets", {"subject": "Help", "hs_pipeline_stage": "1"}, "hs_pipeline_stage"),
        ("products", {"name": "Chair", "price": "12.5"}, "name"),
    ],
)
def test_record_is_made_with_all_that_it_needs(client: Client, kind: str, given: dict[str, str], lacking: str):
    assert client.post(f"{OBJECTS}/{kind}", {"properties": given}).code == 201
    without = {name: value for name, value in given.items() if name != lacking}
    assert client.post(f"{OBJECTS}/{kind}", {"properties": without}).code == 400


@pytest.mark.parametrize("name", ["tickets", "ticket", "0-5", "Tickets"])
def test_kind_is_called_by_several_names(hubspot: HubSpotSandbox, client: Client, name: str):
    id = hubspot.create("tickets", {"subject": "Help", "hs_pipeline_stage": "1"})
    said = client.get(f"{OBJECTS}/{name}/{id}?properties=subject,hs_pipeline")
    assert {name: said["properties"][name] for name in ("subject", "hs_pipeline")} == {
        "subject": "Help",
        "hs_pipeline": "0",
    }


def test_lead_is_made_with_its_contact_and_never_without(hubspot: HubSpotSandbox, client: Client):
    ann, bob = (hubspot.create("contacts", {"lastname": each}) for each in ("A", "B"))
    made = client.post(f"{OBJECTS}/leads", lead(ann))
    assert made.code == 201, made.body
    assert (made["properties"]["hs_pipeline_stage"], made["properties"]["hs_createdate"]) == (
        "new-stage-id",
        made["createdAt"],
    )
    assert hubspot.associated("leads", made["id"], "contacts") == [ann]
    for bad in ({"properties": {"hs_lead_name": "Ann"}}, lead("999"), lead(ann, 610)):
        assert client.post(f"{OBJECTS}/leads", bad).code == 400
    rows = [{**lead(bob), "objectWriteTraceId": "a"}, {"properties": {"hs_lead_name": "C"}, "objectWriteTraceId": "b"}]
    said = client.post(f"{OBJECTS}/leads/batch/create", {"inputs": rows})
    assert said.code == 207
    assert [each["context"]["objectWriteTraceId"] for each in said["errors"]] == [["b"]]


def test_lead_tells_which_of_its_contacts_is_the_primary_one(hubspot: HubSpotSandbox, client: Client):
    ann, bob = (hubspot.create("contacts", {"lastname": each}) for each in ("A", "B"))
    id = client.post(f"{OBJECTS}/leads", lead(ann, 608))["id"]
    hubspot.associate("leads", id, "contacts", bob)
    body = {"inputs": [{"id": id}]}
    rows = client.post("/crm/associations/2026-09/leads/contacts/batch/read", body)["results"][0]["to"]
    types = {each["toObjectId"]: [type["typeId"] for type in each["associationTypes"]] for each in rows}
    assert types == {int(ann): [578, 608], int(bob): [608]}


@pytest.mark.parametrize(
    ("other", "from_ticket", "back"),
    [("contacts", [16], [15]), ("companies", [26, 339], [25, 340]), ("deals", [28], [27])],
)
def test_ticket_is_associated(
    hubspot: HubSpotSandbox, client: Client, other: str, from_ticket: list[int], back: list[int]
):
    id = hubspot.create("tickets", {"subject": "Help", "hs_pipeline_stage": "1"})
    named = {"contacts": {"lastname": "A"}, "companies": {"name": "A"}}
    whose = hubspot.create(other, named.get(other, {"dealname": "A", "dealstage": "closedwon"}))
    hubspot.associate("tickets", id, other, whose)
    for one, two, asked, expected in (("tickets", other, id, from_ticket), (other, "tickets", whose, back)):
        said = client.post(f"/crm/associations/2026-09/{one}/{two}/batch/read", {"inputs": [{"id": asked}]})
        assert [each["typeId"] for each in said["results"][0]["to"][0]["associationTypes"]] == expected


# --- kinds of the account's own ---------------------------------------------------------------------------


def test_account_makes_a_kind_and_its_records(client: Client):
    made = client.post(SCHEMAS, PET)
    assert made.code == 201, made.body
    assert (made["objectTypeId"], made["fullyQualifiedName"]) == ("2-3400001", "p48151623_pet")
    assert {"pet_name", "chip", "hs_object_id", "hs_createdate"} <= {each["name"] for each in made["properties"]}
    assert client.get("/crm/v3/schemas")["results"] == client.get(SCHEMAS)["results"] == [made.body]
    for name in ("2-3400001", "p48151623_pet", "P_pet"):
        assert client.post(f"{OBJECTS}/{name}", {"properties": {"pet_name": f"Rex {name}"}}).code == 201
        assert client.get(f"{SCHEMAS}/{name}")["name"] == "Pet"
    assert client.get(f"{OBJECTS}/pet")["message"] == "Unable to infer object type from: pet"
    assert len(client.get(f"{OBJECTS}/p_pet?limit=100").ids) == 3
    assert client.post(f"{OBJECTS}/p_pet", {"properties": {"chip": "1"}}).code == 400
    found = client.post(f"{OBJECTS}/2-3400001/search", {"query": "rex pet"})
    assert found["total"] == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "1pet"},
        {"labels": {}},
        {"primaryDisplayProperty": "colour"},
        {"secondaryDisplayProperties": ["colour"]},
        {"requiredProperties": ["colour"]},
        {"properties": []},
        {"associatedObjects": ["MEETING"]},
    ],
)
def test_kind_that_cannot_be_is_refused(client: Client, changed: dict[str, Any]):
    assert client.post(SCHEMAS, {**PET, **changed}).code == 400
    assert client.get(SCHEMAS)["results"] == []


def test_kind_is_changed_and_deleted_once_it_is_empty(client: Client):
    client.post(SCHEMAS, PET)
    assert client.post(SCHEMAS, PET).code == 409
    assert client("PATCH", f"{SCHEMAS}/p_pet", {"requiredProperties": ["pet_name", "chip"]}).code == 200
    assert client.post(f"{OBJECTS}/p_pet", {"properties": {"pet_name": "Rex"}}).code == 400
    id = client.post(f"{OBJECTS}/p_pet", {"properties": {"pet_name": "Rex", "chip": "1"}})["id"]
    assert client("DELETE", f"{SCHEMAS}/p_pet").code == 400
    client("DELETE", f"{OBJECTS}/p_pet/{id}")
    assert client("DELETE", f"{SCHEMAS}/p_pet").code == 204
    assert client.get(f"{SCHEMAS}/p_pet").code == 404
    assert client.get(f"{OBJECTS}/p_pet").code == 400


def test_what_is_not_said_of_a_kind_stays(client: Client):
    client.post(SCHEMAS, PET)
    changed = {"labels": {"plural": "Beasts"}, "requiredProperties": None, "secondaryDisplayProperties": ["chip"]}
    said = client("PATCH", f"{SCHEMAS}/p_pet", changed)
    assert said["labels"] == {"singular": PET["labels"]["singular"], "plural": "Beasts"}
    assert said["requiredProperties"] == PET["requiredProperties"]
    assert said["secondaryDisplayProperties"] == ["chip"]
    assert client("PATCH", f"{SCHEMAS}/p_pet", {"primaryDisplayProperty": "colour"}).code == 400
    assert client.get(f"{SCHEMAS}/p_pet")["primaryDisplayProperty"] == PET["primaryDisplayProperty"]


def test_archived_kind_is_listed_until_it_is_deleted_for_good_or_made_again(client: Client):
    first = client.post(SCHEMAS, PET)["objectTypeId"]
    assert client("DELETE", f"{SCHEMAS}/{first}?archived=true").code == 400
    assert client("DELETE", f"{SCHEMAS}/{first}").code == 204
    assert client.get(SCHEMAS)["results"] == []
    (gone,) = client.get(f"{SCHEMAS}?archived=true")["results"]
    assert (gone["objectTypeId"], gone["archived"], gone["properties"]) == (first, True, [])
    second = client.post(SCHEMAS, PET)["objectTypeId"]
    assert second != first
    assert [each["objectTypeId"] for each in client.get(f"{SCHEMAS}?archived=true")["results"]] == [second]
    assert client("DELETE", f"{SCHEMAS}/{second}").code == 204
    assert client("DELETE", f"{SCHEMAS}/{second}?archived=true").code == 204
    assert client.get(f"{SCHEMAS}?archived=true")["results"] == []
    assert client("DELETE", f"{SCHEMAS}/{second}?archived=true").code == 404


def test_kind_that_is_made_again_has_nothing_of_the_former_one(hubspot: HubSpotSandbox, client: Client):
    first = client.post(SCHEMAS, PET)["objectTypeId"]
    id = client.post(f"{OBJECTS}/p_pet", {"properties": {"pet_name": "Rex"}})["id"]
    stages = [{"label": "Owned", "displayOrder": 0, "metadata": {}}]
    client.post("/crm/pipelines/2026-09/p_pet", {"label": "Ours", "displayOrder": 0, "stages": stages})
    client.post("/crm/properties/2026-09/p_pet/groups", {"name": "habits", "label": "Habits"})
    hubspot.set_list("p_pet", "All", [id])
    client("DELETE", f"{OBJECTS}/p_pet/{id}")
    assert client("DELETE", f"{SCHEMAS}/{first}").code == 204
    client.post(SCHEMAS, PET)
    assert client.get(f"{OBJECTS}/p_pet?archived=true").ids == []
    assert client.get(f"{OBJECTS}/p_pet/{id}?archived=true").code == 404
    assert client.get("/crm/pipelines/2026-09/p_pet")["results"] == []
    assert client.get("/crm/properties/2026-09/p_pet/groups/habits").code == 404
    assert client.post("/crm/lists/2026-09/search", {"offset": 0})["total"] == 0


def test_kinds_are_parted_once_no_label_is_left(hubspot: HubSpotSandbox, client: Client):
    made = client.post(SCHEMAS, PET)
    hubspot.add_label("pet", "contacts", "Vet")
    ids = (hubspot.create("pet", {"pet_name": "Rex"}), hubspot.create("contacts", {"lastname": "A"}))
    hubspot.associate("pet", ids[0], "contacts", ids[1])
    path = f"{SCHEMAS}/{made['objectTypeId']}/associations/{made['associations'][0]['id']}"
    assert client("DELETE", path).code == 400
    labels = f"/crm/associations/2026-09/{made['objectTypeId']}/contacts/labels"
    vet = client.get(labels)["results"][-1]["typeId"]
    assert client("DELETE", f"{labels}/{vet}").code == 204
    assert client("DELETE", path).code == 204
    assert client("DELETE", path).code == 404
    assert client.get(labels).code == 400
    assert client.get(f"{SCHEMAS}/{made['objectTypeId']}")["associations"] == []


def test_numbers_of_associations_of_an_own_kind_are_the_account_s_own(hubspot: HubSpotSandbox, client: Client):
    hubspot.add_label("contacts", "companies", "Buyer")
    type = client.post(SCHEMAS, PET)["objectTypeId"]
    hubspot.add_label("pet", "contacts", "Vet", "Patient")
    path = f"/crm/associations/2026-09/{type}/contacts"
    rows = client.get(f"{path}/labels")["results"]
    assert [(each["category"], each["typeId"], each["label"]) for each in rows] == [
        ("USER_DEFINED", 3, None),
        ("USER_DEFINED", 5, "Vet"),
    ]
    rex = hubspot.create("pet", {"pet_name": "Rex"})
    ann = hubspot.create("contacts", {"lastname": "A"})
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": 3}]
    sent = {"inputs": [{"from": {"id": rex}, "to": {"id": ann}, "types": types}]}
    assert client.post(f"{path}/batch/create", sent).code == 201
    assert hubspot.associated("contacts", ann, "pet") == [rex]
    assert client.get(f"/crm/associations/2026-09/{type}/companies/labels").code == 400
    more = {"fromObjectTypeId": type, "toObjectTypeId": "0-2", "name": "pet_to_company"}
    assert client.post(f"{SCHEMAS}/p_pet/associations", more)["toObjectTypeId"] == "0-2"
    assert client.get(f"/crm/associations/2026-09/{type}/companies/labels")["results"][0]["typeId"] == 7


def test_kinds_of_a_file_are_there_again(tmp_path: Path):
    file = str(tmp_path / "hubspot.sqlite3")
    with HubSpotSandbox(database=file, clock=FrozenClock()) as hubspot:
        type = hubspot.make_object(
            "pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="g")], associatedObjects=["0-1"]
        )
        rex, ann = hubspot.create("pet", {"pet_name": "Rex"}), hubspot.create("contacts", {"lastname": "A"})
        hubspot.associate("contacts", ann, "pet", rex)
    with HubSpotSandbox(database=file, clock=FrozenClock()) as hubspot:
        assert hubspot.records(type)[rex]["pet_name"] == "Rex"
        assert hubspot.associated("pet", rex, "contacts") == [ann]
        with pytest.raises(Refused):
            hubspot.make_object("pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="g")])


def test_file_from_before_there_were_more_kinds_goes_on(tmp_path: Path):
    file = str(tmp_path / "hubspot.sqlite3")
    with HubSpotSandbox(database=file, clock=FrozenClock()) as hubspot:
        deal = hubspot.create("deals", {"dealname": "D", "dealstage": "closedwon"})
        for table in ("kinds", "pipelines", "stages", "owners"):
            hubspot._store.db.execute(f"DROP TABLE {table}")
        hubspot._store.db.execute("DELETE FROM properties WHERE object IN ('leads', 'tickets', 'products')")
        hubspot._store.db.execute("UPDATE records SET props=json_remove(props, '$.pipeline')")
    with HubSpotSandbox(database=file, clock=FrozenClock()) as hubspot:
        hubspot.edit("deals", deal, {"dealstage": "closedlost"})
        assert hubspot.create("tickets", {"subject": "Help", "hs_pipeline_stage": "1"})


@pytest.mark.parametrize(
    ("scopes", "kind", "code"),
    [
        ({"crm.objects.leads.read"}, "leads", 200),
        ({"crm.objects.tickets.read"}, "tickets", 200),
        ({"tickets"}, "tickets", 200),
        ({"e-commerce"}, "products", 200),
        ({"crm.objects.custom.read"}, "2-3400001", 200),
        ({"crm.objects.contacts.read"}, "leads", 403),
        ({"crm.objects.contacts.read"}, "2-3400001", 403),
    ],
)
def test_kinds_need_scopes_of_their_own(hubspot: HubSpotSandbox, scopes: set[str], kind: str, code: int):
    Client(hubspot).post(SCHEMAS, PET)
    hubspot.grant("some", scopes)
    assert Client(hubspot, "some").get(f"{OBJECTS}/{kind}").code == code
    assert Client(hubspot, "some").get(SCHEMAS).code == 403


def test_webhooks_tell_of_the_new_kinds(hubspot: HubSpotSandbox, client: Client):
    type = client.post(SCHEMAS, PET)["objectTypeId"]
    told: list[dict[str, Any]] = []
    hubspot._hooks.take = lambda changes: told.extend(  # type: ignore[method-assign]
        {"type": each.name(), "kind": change.kind.name, "about": each.type_id}
        for change in changes
        for each in hubspot._hooks.subscriptions
        if each.covers(change)
    )
    hubspot.subscribe(
        "http://127.0.0.1:1/", [*subscriptions("ticket", ["subject"]), *subscriptions("0-136"), *subscriptions(type)]
    )
    ann = hubspot.create("contacts", {"lastname": "A"})
    client.post(f"{OBJECTS}/leads", lead(ann))
    client.post(f"{OBJECTS}/tickets", {"properties": {"subject": "Help", "hs_pipeline_stage": "1"}})
    client.post(f"{OBJECTS}/p_pet", {"properties": {"pet_name": "Rex"}})
    assert [(each["type"], each["about"]) for each in told if each["type"].endswith("creation")] == [
        ("object.creation", "0-136"),
        ("ticket.creation", "0-5"),
        ("object.creation", type),
    ]
    assert [each["kind"] for each in told if each["type"] == "ticket.propertyChange"] == ["tickets"]
    assert client.get(CONTACTS).ids == [ann]
