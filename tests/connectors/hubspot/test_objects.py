"""Leads, tickets and products: what they need, and what belongs to them."""

from typing import Any

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.hubspot import HubSpot
from bothways.errors import PermissionMissing
from bothways.records import FieldType, Ref, Value
from tests.connectors.hubspot.account import Account

CONTACTS, COMPANIES = "associations.contacts", "associations.companies"


def create(account: Account, object: str, *rows: dict[str, Value]) -> list[WriteResult]:
    items = [WriteItem(f"c{number}", WriteKind.CREATE, row) for number, row in enumerate(rows)]
    return list(account.connector.write(object, items))


def update(account: Account, object: str, id: str, values: dict[str, Value], base: dict[str, Value]) -> WriteResult:
    (result,) = account.connector.write(object, [WriteItem("u", WriteKind.UPDATE, values, Ref(id), base=base)])
    return result


@pytest.mark.parametrize(
    ("object", "required"),
    [
        ("leads", {"hs_lead_name", CONTACTS}),
        ("tickets", {"subject", "hs_pipeline_stage"}),
        ("products", {"name"}),
    ],
)
def test_what_no_record_is_made_without_is_told(account: Account, object: str, required: set[str]):
    assert {each.name for each in account.connector.fields(object) if each.required} == required


@pytest.mark.parametrize("new", [True, False])
def test_amount_is_refused_with_its_currency(account: Account, new: bool):
    """Sent again without it, it would be as much of the currency of the account."""
    ref = None if new else Ref(account.hubspot.create("deals", {"dealname": "D", "dealstage": "qualifiedtobuy"}))
    values: dict[str, Value] = {"dealname": "E", "dealstage": "qualifiedtobuy"}
    values |= {"amount": "5", "deal_currency_code": "GBP"}
    kind = WriteKind.CREATE if new else WriteKind.UPDATE
    (result,) = account.connector.write("deals", [WriteItem("d", kind, values, ref)])
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("deal_currency_code", "amount"))


def test_lead_is_made_with_its_contact_in_one_call(account: Account):
    ann, bob = account.people(2)
    account.bill()
    (made,) = create(account, "leads", {"hs_lead_name": "Ann", CONTACTS: [ann, bob]})
    assert made.outcome is Outcome.DONE, made
    assert made.record is not None
    assert made.record.values[CONTACTS] == [ann, bob]
    assert account.hubspot.associated("leads", made.record.id, "contacts") == [ann, bob]
    assert account.bill() == {"create": 1, "associations read": 1}


def test_lead_without_a_contact_is_refused_in_plain_words_and_alone(account: Account):
    (ann,) = account.people(1)
    rows: list[dict[str, Value]] = [{"hs_lead_name": "A"}, {"hs_lead_name": "B", CONTACTS: []}]
    none, empty, done = create(account, "leads", *rows, {"hs_lead_name": "C", CONTACTS: [ann]})
    assert [each.outcome for each in (none, empty, done)] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.DONE]
    assert none.fields == (CONTACTS,)
    assert "without one of Contacts" in none.message
    assert len(account.hubspot.records("leads")) == 1
    account.bill()
    assert [each.outcome for each in create(account, "leads", *rows)] == [Outcome.REFUSED] * 2
    assert account.bill() == {}, "nothing is sent that cannot be"


def test_lead_of_a_contact_that_is_gone_is_refused(account: Account):
    (ann,) = account.people(1)
    account.hubspot.archive("contacts", ann)
    (refused,) = create(account, "leads", {"hs_lead_name": "A", CONTACTS: [ann]})
    assert refused.outcome is Outcome.REFUSED
    assert "does not exist" in refused.message


def test_primary_contact_of_a_lead_comes_first_and_is_moved(account: Account):
    ann, bob = account.people(2)
    (made,) = create(account, "leads", {"hs_lead_name": "A", CONTACTS: [bob, ann]})
    assert made.record is not None
    id = made.record.id
    (read,) = account.connector.read("leads", [Ref(id)], [CONTACTS])
    assert read.record is not None
    assert read.record.values[CONTACTS] == [bob, ann]
    moved = update(account, "leads", id, {CONTACTS: [ann, bob]}, {CONTACTS: [bob, ann]})
    assert moved.outcome is Outcome.DONE, moved
    assert account.hubspot.associated("leads", id, "contacts") == [ann, bob]


def test_lead_becomes_nothing_else(account: Account):
    (ann,) = account.people(1)
    (made,) = create(account, "leads", {"hs_lead_name": "A", CONTACTS: [ann]})
    assert made.record is not None
    account.hubspot.archive("leads", made.record.id)
    (read,) = account.connector.read("leads", [Ref(made.record.id)], ["hs_lead_name"])
    assert read.became is None


def test_ticket_has_companies_and_contacts_with_their_labels(account: Account):
    account.hubspot.add_label("tickets", "contacts", "Reporter", "Reported")
    (ann,), firm = account.people(1), account.hubspot.create("companies", {"name": "Acme"})
    fields = {each.label: each for each in account.connector.fields("tickets") if each.type is FieldType.REFERENCE}
    label = fields["Reporter"].name
    assert (fields["Companies"].primary_first, fields["Contacts"].primary_first) == (True, False)
    assert fields["Reporter"].label_of == CONTACTS
    row: dict[str, Value] = {"subject": "Help", "hs_pipeline_stage": "1"}
    (made,) = create(account, "tickets", {**row, CONTACTS: [ann], label: [ann], COMPANIES: [firm]})
    assert made.outcome is Outcome.DONE, made
    assert made.record is not None
    id = made.record.id
    assert account.hubspot.labelled("tickets", id, "contacts") == {ann: ["Reporter"]}
    assert account.hubspot.associated("tickets", id, "companies") == [firm]
    gone = update(account, "tickets", id, {COMPANIES: [], label: []}, {COMPANIES: [firm], label: [ann]})
    assert gone.outcome is Outcome.DONE, gone
    assert account.hubspot.associated("tickets", id, "companies") == []
    assert account.hubspot.labelled("tickets", id, "contacts") == {ann: []}


def test_products_are_known_by_their_unit(account: Account):
    fields = {each.name: each for each in account.connector.fields("products")}
    assert (fields["hs_sku"].meaning, fields["price"].meaning) == ("sku", "price")
    assert fields["hs_url"].type is FieldType.URL


def test_webhooks_of_further_objects_are_asked_for_by_word_or_by_type(account: Account):
    connector: HubSpot = account.connector
    assert {each.event for each in connector.topics("tickets", [CONTACTS])} >= {
        "ticket.creation",
        "ticket.associationChange",
        "contact.associationChange",
    }
    assert "object 0-136.creation" in {each.event for each in connector.topics("leads", [])}
    assert "object 2-7.creation" in {each.event for each in connector.topics("2-7", ["associations.2-5"])}
    assert "object 2-5.associationChange" in {each.event for each in connector.topics("2-7", ["associations.2-5"])}
    assert connector.topics("owners", ["email"]) == ()


def test_missing_scope_of_a_ticket_is_named(account: Account):
    account.hubspot.grant("some", {"crm.objects.contacts.read"})
    some = Account(account.hubspot, token="some")
    with pytest.raises(PermissionMissing, match="tickets"):
        some.connector.count("tickets")
    told: dict[str, Any] = {each.name: each for each in some.connector.objects()}
    assert "tickets" in told
