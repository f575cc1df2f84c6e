"""Who may do what, and how often."""

import pytest

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.sandbox.hubspot.client import COMPANIES, CONTACTS, Client


def test_unknown_token_is_refused(hubspot: HubSpotSandbox):
    said = Client(hubspot, "pat-wrong").get(CONTACTS)
    assert (said.code, said["category"]) == (401, "INVALID_AUTHENTICATION")


def test_token_without_the_scope_is_told_which():
    scopes = {"crm.objects.contacts.read"}
    with HubSpotSandbox(tokens={"all": None, "reader": scopes}) as hubspot:
        assert hubspot.token == "all"
        client = Client(hubspot, "reader")
        assert client.get(CONTACTS).code == 200
        assert client.get("/crm/properties/2026-09/contacts").code == 200
        assert client.get("/account-info/2026-09/details").code == 200
        said = client.post(CONTACTS, {"properties": {"lastname": "A"}})
        assert (said.code, said["category"]) == (403, "MISSING_SCOPES")
        assert said["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.contacts.write"]
        assert client.get(COMPANIES).code == 403
        said = client.post("/crm/properties/2026-09/contacts", {})
        assert said["errors"][0]["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]


@pytest.mark.parametrize(
    ("method", "path", "lacks"),
    [
        ("GET", "/crm/associations/2026-09/contacts/companies/labels", "crm.objects.companies.read"),
        ("POST", "/crm/associations/2026-09/contacts/companies/batch/read", "crm.objects.companies.read"),
        ("POST", "/crm/associations/2026-09/companies/contacts/batch/read", "crm.objects.companies.read"),
        ("POST", "/crm/v3/associations/contacts/companies/batch/read", "crm.objects.companies.read"),
        ("GET", f"{CONTACTS}/1/associations/companies", "crm.objects.companies.read"),
        ("PUT", f"{CONTACTS}/1/associations/default/companies/1", "crm.objects.companies.write"),
        ("POST", "/crm/associations/2026-09/contacts/companies/batch/create", "crm.objects.companies.write"),
        ("POST", "/crm/associations/2026-09/contacts/companies/batch/archive", "crm.objects.companies.write"),
    ],
)
def test_association_needs_the_scopes_of_both_its_ends(hubspot: HubSpotSandbox, method: str, path: str, lacks: str):
    scopes = {"crm.objects.contacts.read", "crm.objects.contacts.write"}
    hubspot.grant("one end", scopes)
    hubspot.grant("both ends", {*scopes, lacks})
    said = Client(hubspot, "one end")(method, path, {"inputs": []} if method == "POST" else None)
    assert (said.code, said["category"]) == (403, "MISSING_SCOPES")
    assert said["errors"][0]["context"]["requiredGranularScopes"] == [lacks]
    assert Client(hubspot, "both ends")(method, path, {"inputs": []} if method == "POST" else None).code != 403


def test_rate_limit_rolls():
    clock = FrozenClock()
    with HubSpotSandbox(rate=(3, 10.0), clock=clock) as hubspot:
        client = Client(hubspot)
        told = []
        for _ in range(3):
            told.append(client.get(CONTACTS).headers["X-HubSpot-RateLimit-Remaining"])
            clock.advance(4)
        assert told == ["2", "1", "0"]
        said = client.get(CONTACTS)
        assert said.code == 200
        assert said.headers["X-HubSpot-RateLimit-Max"] == "3"
        assert said.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
        said = client.get(CONTACTS)
        assert (said.code, said["errorType"], said["policyName"]) == (429, "RATE_LIMIT", "TEN_SECONDLY_ROLLING")
        assert "Retry-After" not in said.headers
        clock.advance(2)
        assert client.get(CONTACTS).code == 200


def test_day_has_a_limit():
    clock = FrozenClock()
    with HubSpotSandbox(daily=2, clock=clock) as hubspot:
        client = Client(hubspot)
        assert client.get(CONTACTS).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "1"
        client.get(CONTACTS)
        said = client.get(CONTACTS)
        assert (said.code, said["policyName"]) == (429, "DAILY")
        clock.advance(86_400)
        assert client.get(CONTACTS).code == 200


def test_calls_are_counted_and_logged(hubspot: HubSpotSandbox, client: Client):
    client.get(CONTACTS)
    client.get(f"{CONTACTS}/7")
    client.batch("read", [])
    assert hubspot.calls == {"list": 1, "read": 1, "batch/read": 1}
    assert list(hubspot.log)[:2] == [("GET", CONTACTS, 200), ("GET", f"{CONTACTS}/7", 404)]
