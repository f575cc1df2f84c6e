"""Rules that administrators set, and limits: what refuses a write, in which version, and what the API tells of them."""

from collections.abc import Sequence

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.oauth import APP_SECRET, CLIENT_ID
from bothways.sandbox.hubspot.rules import RECORDS
from bothways.sandbox.hubspot.schema import prop
from tests.sandbox.hubspot.client import CONTACTS, Client

OLDER = ("/crm/objects/2026-03/contacts", "/crm/v3/objects/contacts")
DEALS = "/crm/objects/2026-09/deals"

SCOPES = ["crm.objects.contacts.write", "crm.objects.companies.write"]
HERE = "https://sync.test/oauth/callback"


def let_in(hubspot: HubSpotSandbox) -> str:
    """Return the token of an app that somebody lets in."""
    hubspot.register([HERE], SCOPES)
    asked = {"client_id": [CLIENT_ID], "redirect_uri": [HERE], "scope": [" ".join(SCOPES)]}
    code = hubspot._desk.allow(asked, (), hubspot.now())
    own = {"client_id": [CLIENT_ID], "client_secret": [APP_SECRET], "redirect_uri": [HERE]}
    answer = hubspot._desk.token({**own, "grant_type": ["authorization_code"], "code": [code]}, hubspot.now())
    return str(answer[1]["access_token"])


BROKEN = [
    ("MAX_LENGTH", ["3"], "abcd", "abc"),
    ("MIN_LENGTH", ["3"], "ab", "abc"),
    ("ALPHANUMERIC", ["NUMERIC_ONLY"], "12a", "123"),
    ("EMAIL", [], "a@b", "a@b.test"),
    ("DOMAIN", [], "x", "x.test"),
    ("URL", [], "x.test", "https://x.test/a"),
    ("REGEX", ["^[A-Z]+$", "Must be uppercase"], "ab", "AB"),
    ("PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE", [], "030 123456", "+49 30 123456"),
    ("WHITESPACE", [], "a b", "ab"),
    ("WHITESPACE", ["TRIM"], "ab ", "a b"),
]


@pytest.mark.parametrize(("type", "arguments", "bad", "good"), BROKEN)
def test_a_value_that_breaks_a_rule_is_refused_in_every_version(
    hubspot: HubSpotSandbox, client: Client, type: str, arguments: Sequence[str], bad: str, good: str
):
    hubspot.set_rule("contacts", "jobtitle", type, arguments)
    for path in (CONTACTS, *OLDER):
        said = client.post(path, {"properties": {"lastname": "N", "jobtitle": bad}})
        assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")
        assert said["errors"][0]["context"] == {"propertyName": ["jobtitle"]}
        assert said["message"].startswith("Property values were not valid: [")
        assert client.post(path, {"properties": {"lastname": "N", "jobtitle": good}}).code == 201
    hubspot.set_rule("contacts", "jobtitle", type, None)
    assert client.post(CONTACTS, {"properties": {"lastname": "N", "jobtitle": bad}}).code == 201


def test_numbers_have_rules_of_their_own(hubspot: HubSpotSandbox, client: Client):
    hubspot.set_rule("contacts", "loyalty_points", "MIN_NUMBER", ["1"])
    hubspot.set_rule("contacts", "loyalty_points", "MAX_NUMBER", ["9.5"])
    told = [
        client.post(CONTACTS, {"properties": {"lastname": "N", "loyalty_points": each}}).code
        for each in ("0", "1", "9.5", "9.6")
    ]
    assert told == [400, 201, 201, 400]


def test_the_rules_of_a_kind_and_of_a_property_are_told(hubspot: HubSpotSandbox, client: Client):
    hubspot.set_rule("contacts", "zip", "ALPHANUMERIC", ["NUMERIC_ONLY"])
    rule = {"ruleType": "ALPHANUMERIC", "ruleArguments": ["NUMERIC_ONLY"], "shouldApplyNormalization": False}
    for path in ("/crm/property-validations/2026-09/0-1", "/crm/v3/property-validations/0-1"):
        assert client.get(path)["results"] == [{"propertyName": "zip", "propertyValidationRules": [rule]}]
        assert client.get(f"{path}/zip")["results"] == [rule]
        assert client.get(f"{path}/city")["results"] == []
        assert client.get(f"{path}/nothing").code == 404


def test_a_property_that_another_one_demands_must_have_a_value_from_2026_09_on(hubspot: HubSpotSandbox, client: Client):
    hubspot.require("contacts", "city", when="hs_lead_status", holds="CONNECTED")
    sent = {"properties": {"lastname": "N", "hs_lead_status": "CONNECTED"}}
    assert [client.post(path, sent).code for path in OLDER] == [201, 201]
    said = client.post(CONTACTS, sent)
    assert said.code == 400
    assert said["errors"] == [
        {
            "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
            "message": "city is required because of a conditional property rule based on [hs_lead_status]",
            "context": {"propertyName": ["city"]},
        }
    ]
    hubspot.change(rules_everywhere=True)
    assert [client.post(path, sent).code for path in OLDER] == [400, 400]


def test_a_value_that_is_there_is_enough_and_other_writes_of_the_record_go_on(hubspot: HubSpotSandbox, client: Client):
    hubspot.require("contacts", "city", when="hs_lead_status", holds="CONNECTED")
    full, bare = hubspot.seed("contacts", [{"city": "Bern"}, {"hs_lead_status": "CONNECTED"}])

    def change(id: str, **sent: str) -> int:
        return client("PATCH", f"{CONTACTS}/{id}", {"properties": sent}).code

    assert change(full, hs_lead_status="CONNECTED") == 200
    assert change(full, city="") == 400
    assert change(bare, firstname="Ana") == 200
    assert change(bare, hs_lead_status="CONNECTED") == 400


def test_a_new_record_must_have_what_its_form_demands_and_an_old_one_need_not(hubspot: HubSpotSandbox, client: Client):
    hubspot.require("contacts", "jobtitle")
    said = client.post(CONTACTS, {"properties": {"lastname": "N"}})
    assert (said.code, said["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    id = client.post(CONTACTS, {"properties": {"lastname": "N", "jobtitle": "Buyer"}})["id"]
    assert client("PATCH", f"{CONTACTS}/{id}", {"properties": {"city": "Bern"}}).code == 200
    assert hubspot.create("contacts", {"lastname": "By hand"})


def test_one_row_that_a_rule_refuses_stops_no_other_of_its_batch(hubspot: HubSpotSandbox, client: Client):
    hubspot.require("contacts", "city", when="hs_lead_status", holds="CONNECTED")
    rows = [{"lastname": f"N{n}", **({"hs_lead_status": "CONNECTED"} if n == 1 else {})} for n in range(3)]
    said = client.batch("create", [{"objectWriteTraceId": f"t{n}", "properties": each} for n, each in enumerate(rows)])
    assert (said.code, len(said["results"]), said["numErrors"]) == (207, 2, 1)
    assert said["errors"][0]["context"] == {"objectWriteTraceId": ["t1"]}
    assert said["errors"][0]["errors"][0]["code"] == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"


def test_who_may_not_edit_associations_may_not_by_an_app_that_they_let_in(hubspot: HubSpotSandbox, client: Client):
    contact = hubspot.create("contacts", {"lastname": "N"})
    company = hubspot.create("companies", {"name": "Acme"})
    sent = {"inputs": [{"from": {"id": contact}, "to": {"id": company}, "types": []}]}
    hubspot.change(may_associate=False)
    assert client.post("/crm/associations/2026-09/contacts/companies/batch/create", sent).code != 400
    person = Client(hubspot, let_in(hubspot))
    said = person.post("/crm/associations/2026-09/contacts/companies/batch/create", sent)
    assert (said.code, said["message"]) == (400, "Missing 'Edit Associations' permission.")


def test_a_full_account_takes_no_more_and_tells_how_full_it_is(hubspot: HubSpotSandbox, client: Client):
    hubspot.set_most("contacts", 2)
    codes = [client.post(CONTACTS, {"properties": {"lastname": "N"}}).code for _ in range(3)]
    assert codes == [201, 201, 400]
    rows = {
        each["objectTypeId"]: each for each in client.get("/crm/limits/2026-09/records")["hubspotDefinedObjectTypes"]
    }
    assert (rows["0-1"]["usage"], rows["0-1"]["limit"], rows["0-1"]["percentage"]) == (2, 2, 100)
    assert (rows["0-2"]["usage"], rows["0-2"]["limit"]) == (0, RECORDS)
    told = client.get("/crm/v3/limits/custom-properties")
    assert {each["objectTypeId"] for each in told["byObjectType"]} == set(rows)
    assert told["overallUsage"] == sum(each["usage"] for each in told["byObjectType"]) > 0


def test_kinds_of_the_account_s_own_share_one_limit(hubspot: HubSpotSandbox, client: Client):
    assert client.get("/crm/limits/2026-09/records")["customObjectTypes"]["overallLimit"] == 0
    type_id = hubspot.make_object("pet", ("Pet", "Pets"), [prop("pet_name", "Name", group="pets", custom=True)])
    hubspot.set_most("p_pet", 4)
    hubspot.create("p_pet", {"pet_name": "Rex"})
    shared = client.get("/crm/limits/2026-09/records")["customObjectTypes"]
    assert [(each["objectTypeId"], each["usage"]) for each in shared["byObjectType"]] == [(type_id, 1)]
    assert (shared["overallLimit"], shared["overallUsage"], shared["overallPercentage"]) == (4, 1, 25)
    rows = client.get("/crm/limits/2026-09/custom-properties")["byObjectType"]
    assert [each["usage"] for each in rows if each["objectTypeId"] == type_id] == [1]


@pytest.mark.parametrize(("version", "code"), [("2026-03", 200), ("2027-03-beta", 200), ("2024-03", 404), ("v5", 404)])
def test_a_version_that_there_is_not_has_no_paths(client: Client, version: str, code: int):
    assert client.get(f"/crm/objects/{version}/contacts").code == code
