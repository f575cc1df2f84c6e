"""Properties and their definitions."""

from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from tests.sandbox.hubspot.client import CONTACTS, Client

PATH = "/crm/properties/2026-09/contacts"
KEY = {"name": "sync_key", "label": "Key", "groupName": "contactinformation", "type": "string", "fieldType": "text"}


def definitions(client: Client, path: str = PATH) -> dict:
    return {each["name"]: each for each in client.get(path)["results"]}


def test_definitions_say_type_options_and_what_is_read_only(client: Client):
    found = definitions(client)
    assert found["email"]["hasUniqueValue"] is True
    assert (found["birthday"]["type"], found["last_visit"]["type"]) == ("date", "datetime")
    assert found["last_visit"]["fieldType"] == "date"
    assert {option["value"] for option in found["interests"]["options"]} == {"books", "music", "sport", "travel"}
    assert found["hs_email_domain"]["calculated"] is True
    assert found["hs_merged_object_ids"]["modificationMetadata"]["readOnlyValue"] is True
    assert found["hubspot_owner_id"]["externalOptions"] is True
    companies = definitions(client, "/crm/v3/properties/company")
    assert {"name", "domain", "hs_lastmodifieddate"} <= set(companies)
    assert companies["domain"]["hasUniqueValue"] is False


def test_property_can_be_made_unique_when_it_is_made(hubspot: HubSpotSandbox, client: Client):
    assert client.post(PATH, {**KEY, "hasUniqueValue": True}).code == 201
    assert definitions(client)["sync_key"]["hasUniqueValue"] is True
    id = client.post(CONTACTS, {"properties": {"lastname": "A", "sync_key": "k1"}})["id"]
    said = client.post(CONTACTS, {"properties": {"lastname": "B", "sync_key": "k1"}})
    assert (said.code, said["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")
    assert client.get(f"{CONTACTS}/k1?idProperty=sync_key")["id"] == id
    said = client.batch("update", [{"id": "k1", "idProperty": "sync_key", "properties": {"city": "Bern"}}])
    assert said.ids == [id]


def test_property_cannot_become_unique_later(client: Client):
    assert client.post(PATH, KEY).code == 201
    more = {"hasUniqueValue": True, "dataSensitivity": "sensitive"}
    said = client("PATCH", f"{PATH}/sync_key", more)
    assert (said.code, said["hasUniqueValue"], said["dataSensitivity"]) == (200, False, "non_sensitive")
    assert client("PATCH", f"{PATH}/sync_key", {"label": "Our key"})["label"] == "Our key"


def test_options_can_change(client: Client):
    options = [{"value": "a", "label": "A"}]
    assert client("PATCH", f"{PATH}/interests", {"options": options}).code == 200
    assert client.post(CONTACTS, {"properties": {"lastname": "A", "interests": "music"}}).code == 400
    assert client.post(CONTACTS, {"properties": {"lastname": "A", "interests": "a"}}).code == 201


def test_definition_that_is_read_only_stays_as_it_is(client: Client):
    before = definitions(client)["lifecyclestage"]
    for changed in ({"label": "Phase"}, {"options": before["options"][:2]}):
        assert client("PATCH", f"{PATH}/lifecyclestage", changed).code == 400
    assert definitions(client)["lifecyclestage"] == before


def test_definition_is_kept_as_it_is_sent(client: Client):
    options = [{"value": "r", "label": "Red", "hidden": True, "displayOrder": 7, "description": "As roses are"}]
    colour = {**KEY, "name": "colour", "type": "enumeration", "fieldType": "select", "options": options}
    said = client.post(PATH, {**colour, "displayOrder": 4, "hidden": True, "formField": False})
    assert (said["displayOrder"], said["hidden"], said["formField"], said["options"]) == (4, True, False, options)
    said = client("PATCH", f"{PATH}/colour", {"fieldType": "radio", "hidden": False, "displayOrder": 2})
    assert (said["fieldType"], said["hidden"], said["displayOrder"], said["options"]) == ("radio", False, 2, options)
    assert client("PATCH", f"{PATH}/colour", {"fieldType": "textarea"}).code == 400
    assert client("PATCH", f"{PATH}/colour", {"type": "string", "fieldType": "text"})["type"] == "string"
    assert client.post(PATH, {**colour, "name": "twice", "options": options * 2}).code == 400


def test_yes_or_no_has_two_options(client: Client):
    assert [each["value"] for each in definitions(client)["newsletter"]["options"]] == ["true", "false"]
    fan = {**KEY, "name": "fan", "type": "bool", "fieldType": "booleancheckbox"}
    yes, no = {"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}
    for wrong in ([], [yes], [yes, no, {"value": "maybe", "label": "Perhaps"}]):
        assert client.post(PATH, {**fan, "options": wrong}).code == 400
    assert client.post(PATH, {**fan, "options": [no, yes]}).code == 201
    assert client("PATCH", f"{PATH}/fan", {"options": [yes]}).code == 400
    assert client.post(CONTACTS, {"properties": {"lastname": "A", "fan": "true"}}).code == 201


def test_property_of_owners_and_sensitive_ones_can_be_made(hubspot: HubSpotSandbox, client: Client):
    owner = {**KEY, "type": "enumeration", "fieldType": "select", "externalOptions": True}
    assert client.post(PATH, owner).code == 400
    said = client.post(PATH, {**owner, "referencedObjectType": "OWNER"})
    assert (said["externalOptions"], said["referencedObjectType"]) == (True, "OWNER")
    assert client.post(CONTACTS, {"properties": {"lastname": "A", "sync_key": "77"}}).code == 400
    hubspot.grant("some", {"crm.schemas.contacts.write"})
    sensitive = {**KEY, "name": "secret", "dataSensitivity": "sensitive"}
    assert Client(hubspot, "some").post(PATH, sensitive).code == 403
    assert client.post(PATH, sensitive)["dataSensitivity"] == "sensitive"
    assert client.get(f"{PATH}/sync_key?dataSensitivity=sensitive").code == 404


def test_archived_property_is_no_more(client: Client):
    client.post(PATH, KEY)
    assert client("DELETE", f"{PATH}/sync_key").code == 204
    assert "sync_key" not in definitions(client)
    assert "sync_key" in definitions(client, f"{PATH}?archived=true")
    assert client.get(f"{PATH}/sync_key").code == 404
    assert client.post(CONTACTS, {"properties": {"lastname": "A", "sync_key": "x"}}).code == 400
    assert client("DELETE", f"{PATH}/email").code == 400


def test_archived_property_names_no_record(client: Client):
    client.post(PATH, {**KEY, "hasUniqueValue": True})
    client.post(CONTACTS, {"properties": {"lastname": "A", "sync_key": "k1"}})
    assert client.get(f"{CONTACTS}/k1?idProperty=sync_key").code == 200
    client("DELETE", f"{PATH}/sync_key")
    assert client.get(f"{CONTACTS}/k1?idProperty=sync_key").code == 400
    assert client.batch("upsert", [{"id": "k1", "idProperty": "sync_key", "properties": {}}]).code == 400


def test_bad_definitions_are_refused(client: Client):
    assert client.post(PATH, {**KEY, "name": "Sync Key"}).code == 400
    assert client.post(PATH, {**KEY, "type": "datetime"}).code == 400
    assert client.post(PATH, {**KEY, "name": "email"}).code == 409
    unique = [client.post(PATH, {**KEY, "name": f"k{n}", "hasUniqueValue": True}).code for n in range(10)]
    assert unique == [201] * 9 + [400]


def test_batches_of_properties_tell_each_that_is_refused(client: Client):
    said = client.post(f"{PATH}/batch/create", {"inputs": [KEY, KEY, {**KEY, "name": "No"}]})
    assert (said.code, [each["name"] for each in said["results"]]) == (207, ["sync_key"])
    assert [(each["category"], each["context"]["name"]) for each in said["errors"]] == [
        ("OBJECT_ALREADY_EXISTS", ["sync_key"]),
        ("VALIDATION_ERROR", ["No"]),
    ]
    said = client.post(f"{PATH}/batch/read", {"archived": False, "inputs": [{"name": "sync_key"}, {"name": "gone"}]})
    assert (said.code, said["numErrors"]) == (207, 1)
    assert client.post(f"{PATH}/batch/archive", {"inputs": [{"name": "sync_key"}, {"name": "gone"}]}).code == 204
    said = client.post(f"{PATH}/batch/read", {"archived": True, "inputs": [{"name": "sync_key"}]})
    assert (said.code, said["results"][0]["archived"]) == (200, True)
    assert client.post(f"{PATH}/batch/archive", {"inputs": [{"name": "email"}]}).code == 400
    assert client.post(f"{PATH}/batch/read", {"inputs": [{"name": "x"}] * 101}).code == 400


def test_property_is_in_a_group_that_there_is(client: Client):
    assert client.post(PATH, {**KEY, "groupName": "nowhere"}).code == 400
    assert client.post(f"{PATH}/groups", {"name": "club", "label": "Club"}).code == 201
    assert client.post(PATH, {**KEY, "groupName": "club"}).code == 201
    assert client("PATCH", f"{PATH}/sync_key", {"groupName": "nowhere"}).code == 400
    said = client("DELETE", f"{PATH}/groups/club")
    assert (said.code, said["subCategory"]) == (400, "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    assert client("DELETE", f"{PATH}/sync_key").code == 204
    assert client("DELETE", f"{PATH}/groups/club").code == 204
    assert client.get(f"{PATH}/groups/club").code == 404
    assert client.post(PATH, {**KEY, "name": "other", "groupName": "club"}).code == 400
    assert client.post(f"{PATH}/groups", {"name": "club", "label": "Another club"})["label"] == "Another club"
    assert client.post(PATH, {**KEY, "name": "other", "groupName": "club"}).code == 201


def test_groups_are_named_in_lower_case_and_once(client: Client):
    assert client.post(f"{PATH}/groups", {"name": "Club", "label": "Club"}).code == 400
    assert client.post(f"{PATH}/groups", {"name": "contactinformation", "label": "Again"}).code == 409
    assert client("PATCH", f"{PATH}/groups/contactinformation", {"label": "About them"})["label"] == "About them"
    assert [each["label"] for each in client.get(f"{PATH}/groups")["results"]] == ["About them"]
    assert client("PUT", f"{PATH}/groups/contactinformation", {}).code == 405


def test_sensitive_properties_are_listed_when_asked_for_and_seen_by_a_scope_of_their_own(hubspot: HubSpotSandbox):
    hubspot.define("contacts", prop("passport", "Passport", custom=True, sensitivity="sensitive"))
    (id,) = hubspot.seed("contacts", [{"passport": "X1"}])
    scopes = ["crm.objects.contacts.read"]
    for more, seen in (([], False), (["crm.objects.contacts.sensitive.read.v2"], True)):
        hubspot.grant("own", [*scopes, *more])
        client = Client(hubspot, "own")
        assert "passport" not in definitions(client)
        assert list(definitions(client, f"{PATH}?dataSensitivity=sensitive")) == ["passport"]
        assert ("passport" in client.get(f"{CONTACTS}/{id}?properties=passport")["properties"]) is seen
        found = client.search(properties=["passport"])["results"][0]["properties"]
        assert ("passport" in found) is seen


def test_making_a_property_that_was_archived_restores_its_values_as_it_is_made_now(client: Client):
    assert client.post(PATH, KEY).code == 201
    id = client.post(CONTACTS, {"properties": {"lastname": "A", "sync_key": "k1"}})["id"]
    assert client("DELETE", f"{PATH}/sync_key").code == 204
    again = client.post(PATH, {**KEY, "label": "Again", "fieldType": "textarea", "hasUniqueValue": True})
    assert (again.code, again["label"], again["fieldType"], again["archived"]) == (201, "Again", "textarea", False)
    assert again["hasUniqueValue"] is False
    assert client.get(f"{CONTACTS}/{id}?properties=sync_key")["properties"]["sync_key"] == "k1"
    said = client.post(PATH, KEY)
    assert (said.code, said["category"]) == (409, "OBJECT_ALREADY_EXISTS")
