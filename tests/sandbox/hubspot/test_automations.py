"""What the account does by itself where it is set so: companies of new contacts, blanks around what people type."""

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.sandbox.hubspot.client import CONTACTS, Client


@pytest.fixture
def growing(hubspot: HubSpotSandbox) -> HubSpotSandbox:
    hubspot.change(makes_companies=True)
    return hubspot


def new(email: str) -> dict:
    return {"properties": {"email": email}}


def test_accounts_make_no_companies_unless_they_are_set_so(hubspot: HubSpotSandbox, client: Client):
    client.post(CONTACTS, new("ann@acme.example"))
    assert hubspot.records("companies") == {}


def test_new_contacts_get_the_company_of_their_domain(growing: HubSpotSandbox, client: Client):
    ann, bob = (client.post(CONTACTS, new(f"{name}@acme.example"))["id"] for name in ("ann", "bob"))
    (acme,) = growing.records("companies")
    assert growing.records("companies")[acme]["domain"] == "acme.example"
    assert (
        growing.associated("contacts", ann, "companies") == growing.associated("contacts", bob, "companies") == [acme]
    )
    assert growing.associated("contacts", growing.create("contacts", {"email": "c@acme.example"}), "companies") == [
        acme
    ]
    client.batch("create", [new("d@bolt.example"), new("e@bolt.example")])
    assert len(growing.records("companies")) == 2


def test_mailboxes_and_contacts_with_a_company_get_none(growing: HubSpotSandbox, client: Client):
    bolt = growing.create("companies", {"name": "Bolt"})
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    ann = client.post(CONTACTS, {**new("ann@acme.example"), "associations": [{"to": {"id": bolt}, "types": types}]})[
        "id"
    ]
    client.post(CONTACTS, new("bob@gmail.com"))
    client.post(CONTACTS, {"properties": {"lastname": "Nobody"}})
    assert list(growing.records("companies")) == [bolt]
    assert growing.associated("contacts", ann, "companies") == [bolt]


def test_a_contact_that_is_refused_makes_no_company(growing: HubSpotSandbox, client: Client):
    assert client.batch("create", [new("ann@acme.example"), new("nobody")]).code == 400
    assert growing.records("companies") == {}


def test_people_type_without_blanks_where_the_app_trims_and_programs_do_not(hubspot: HubSpotSandbox, client: Client):
    hubspot.change(trims=True)
    ann = hubspot.create("contacts", {"firstname": " Ann ", "email": " ANN@acme.example"})
    assert hubspot.records("contacts")[ann]["firstname"] == "Ann"
    assert hubspot.records("contacts")[ann]["email"] == "ann@acme.example"
    hubspot.edit("contacts", ann, {"city": "Bern  "})
    client("PATCH", f"{CONTACTS}/{ann}", {"properties": {"lastname": " Berg"}})
    assert (hubspot.records("contacts")[ann]["city"], hubspot.records("contacts")[ann]["lastname"]) == ("Bern", " Berg")
    hubspot.change(trims=False)
    hubspot.edit("contacts", ann, {"city": " Bern"})
    assert hubspot.records("contacts")[ann]["city"] == " Bern"
