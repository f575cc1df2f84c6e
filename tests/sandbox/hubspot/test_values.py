"""What is accepted as a value, and how it is stored."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox, Refused
from tests.sandbox.hubspot.client import CONTACTS, Client


@pytest.mark.parametrize(
    ("name", "sent", "held"),
    [
        ("email", " A.B+c@Example.COM ", "a.b+c@example.com"),
        ("city", "  Bern ", "  Bern "),
        ("loyalty_points", "12.50", "12.5"),
        ("loyalty_points", "-0", "0"),
        ("loyalty_points", "1e3", "1000"),
        ("birthday", "1980-02-29", "1980-02-29"),
        ("birthday", "320630400000", "1980-02-29"),
        ("birthday", "-86400000", "1969-12-31"),
        ("last_visit", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
        ("last_visit", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05.000Z"),
        ("last_visit", "1767323045678", "2026-01-02T03:04:05.678Z"),
        ("last_visit", "2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("newsletter", "TRUE", "true"),
        ("newsletter", False, "false"),
        ("lifecyclestage", "lead", "lead"),
        ("interests", "music;books", "music;books"),
        ("interests", "music;music", "music"),
    ],
)
def test_value_is_stored_in_its_normal_form(hubspot: HubSpotSandbox, client: Client, name: str, sent: str, held: str):
    said = client.post(CONTACTS, {"properties": {"lastname": "A", name: sent}})
    assert said.code == 201, said.body
    assert hubspot.records("contacts")[said["id"]][name] == held


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("email", "nobody", "INVALID_EMAIL"),
        ("email", "a@b", "INVALID_EMAIL"),
        ("email", "a..b@example.com", "INVALID_EMAIL"),
        ("city", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
        ("city", ["x"], "INVALID_STRING"),
        ("loyalty_points", "1,000", "INVALID_NUMBER"),
        ("loyalty_points", "many", "INVALID_NUMBER"),
        ("birthday", "1980-02-30", "INVALID_DATE"),
        ("birthday", "320630400001", "INVALID_DATE"),
        ("birthday", "1980-02-29T00:00:00Z", "INVALID_DATE"),
        ("last_visit", "yesterday", "INVALID_DATE"),
        ("last_visit", "2026-W01-1T00:00:00Z", "INVALID_DATE"),
        ("last_visit", "2026-01-02 03:04:05", "INVALID_DATE"),
        ("newsletter", "yes", "INVALID_BOOLEAN"),
        ("lifecyclestage", "Lead", "INVALID_OPTION"),
        ("interests", "music;Books", "INVALID_OPTION"),
        ("nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("lastmodifieddate", "1767323045678", "READ_ONLY_VALUE"),
        ("hs_email_domain", "x", "READ_ONLY_VALUE"),
    ],
)
def test_bad_value_is_refused_by_name(client: Client, name: str, sent: str, code: str):
    said = client.post(CONTACTS, {"properties": {"lastname": "A", name: sent}})
    assert (said.code, said["category"]) == (400, "VALIDATION_ERROR")
    assert said["message"].startswith("Property values were not valid: [{")
    assert [(each["code"], each["context"]["propertyName"]) for each in said["errors"]] == [(code, [name])]


def test_all_bad_values_are_named_at_once(client: Client):
    said = client.post(CONTACTS, {"properties": {"nonsense": "x", "email": "y"}})
    assert [each["context"]["propertyName"] for each in said["errors"]] == [["nonsense"], ["email"]]


def test_semicolon_in_front_adds_to_the_choices(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A", "interests": "music"})
    for sent, held in ((";books", "music;books"), (";books;sport", "music;books;sport"), ("travel", "travel")):
        client("PATCH", f"{CONTACTS}/{id}", {"properties": {"interests": sent}})
        assert hubspot.records("contacts")[id]["interests"] == held


def test_lifecycle_goes_forward_only_until_it_is_cleared(hubspot: HubSpotSandbox, client: Client):
    id = hubspot.create("contacts", {"lastname": "A", "lifecyclestage": "lead"})

    def stage_after(sent: str) -> str | None:
        assert client("PATCH", f"{CONTACTS}/{id}", {"properties": {"lifecyclestage": sent}}).code == 200
        return hubspot.records("contacts")[id].get("lifecyclestage")

    assert [stage_after(sent) for sent in ("customer", "lead", "", "lead")] == ["customer", "customer", None, "lead"]


def test_calculated_values_follow(hubspot: HubSpotSandbox):
    id = hubspot.create("contacts", {"email": "ann@example.com", "firstname": "Ann"})
    assert hubspot.records("contacts")[id]["hs_email_domain"] == "example.com"
    hubspot.edit("contacts", id, {"email": "ann@example.org", "lastname": "Lee"})
    record = hubspot.records("contacts")[id]
    assert (record["hs_email_domain"], record["hs_full_name_or_email"]) == ("example.org", "Ann Lee")


def test_seeded_rows_are_checked_too(hubspot: HubSpotSandbox):
    with pytest.raises(Refused, match="INVALID_EMAIL"):
        hubspot.seed("contacts", [{"email": "a@example.com"}, {"email": "nobody"}])
    with pytest.raises(Refused, match="Existing ID"):
        hubspot.seed("contacts", [{"email": "a@example.com"}, {"email": "a@example.com"}])
    assert hubspot.records("contacts") == {}
