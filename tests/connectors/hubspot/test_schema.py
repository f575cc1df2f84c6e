"""Properties become fields: type, what may be written, what is unique, choices, length, meaning."""

from typing import Any

import pytest

from bothways.connectors.http import TRIES
from bothways.connectors.hubspot.facts import LONGEST_TEXT, OTHER_EMAILS, SENSITIVE_READ
from bothways.connectors.hubspot.objects import COMPANIES, CONTACTS, DEALS
from bothways.connectors.hubspot.schema import field_of
from bothways.errors import AppFailed, PermissionMissing, UnknownField
from bothways.records import Field, FieldType, Option, Ref, meanings
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account


@pytest.fixture
def contacts(account: Account) -> dict[str, Field]:
    return {field.name: field for field in account.connector.fields("contacts")}


@pytest.mark.parametrize(
    ("name", "type", "meaning"),
    [
        ("firstname", FieldType.TEXT, "givenName"),
        ("email", FieldType.EMAIL, "email"),
        ("phone", FieldType.PHONE, "telephone"),
        ("mobilephone", FieldType.PHONE, "mobile"),
        ("website", FieldType.URL, "url"),
        ("lifecyclestage", FieldType.CHOICE, "lifecycleStage"),
        ("interests", FieldType.MULTI_CHOICE, None),
        ("loyalty_points", FieldType.NUMBER, None),
        ("newsletter", FieldType.BOOLEAN, None),
        ("birthday", FieldType.DATE, None),
        ("last_visit", FieldType.DATETIME, None),
        ("hubspot_owner_id", FieldType.REFERENCE, None),
        ("zip", FieldType.TEXT, "address.postalCode"),
    ],
)
def test_types_and_meanings(contacts: dict[str, Field], name: str, type: FieldType, meaning: str | None):
    assert (contacts[name].type, contacts[name].meaning) == (type, meaning)


def test_what_hubspot_keeps_to_itself_is_read_only(contacts: dict[str, Field]):
    read_only = {name for name, field in contacts.items() if field.read_only}
    assert {"hs_object_id", "createdate", "lastmodifieddate", "hs_full_name_or_email", "hs_email_optout"} <= read_only
    assert not read_only & {"email", "firstname", "lifecyclestage", "birthday", "hubspot_owner_id"}


def test_further_addresses_are_several_and_writable_as_their_property_says(account: Account):
    def field() -> Field:
        return next(each for each in account.connector.fields("contacts") if each.name == OTHER_EMAILS)

    assert (field().type, field().multi_valued, field().unique) == (FieldType.EMAIL, True, False)
    assert field().read_only
    account.define(OTHER_EMAILS, type="enumeration", field="checkbox")
    assert not field().read_only


def test_unique_fields(account: Account):
    account.define("customer_number", unique=True)
    fields = {field.name: field for field in account.connector.fields("contacts")}
    assert {name for name, field in fields.items() if field.unique} == {"email", "customer_number"}
    assert not any(field.unique for field in account.connector.fields("companies"))


def test_address_is_unique_even_if_its_property_does_not_say_so():
    assert field_of(CONTACTS, prop("email", "Email")).unique
    assert not field_of(COMPANIES, prop("email", "Email")).unique


def test_choices_keep_their_keys_labels_and_hidden_ones(contacts: dict[str, Field]):
    assert contacts["interests"].options[0] == Option("books", "Books")
    raw = prop("colour", "Colour", "enumeration", "select", options=[("R", "Red"), ("G", "Green")])
    raw["options"][1]["hidden"] = True
    assert field_of(CONTACTS, raw).options == (Option("R", "Red"), Option("G", "Green", hidden=True))


def test_choices_without_a_place_come_first():
    raw = prop("colour", "Colour", "enumeration", "select", options=[("R", "Red"), ("G", "Green"), ("B", "Blue")])
    raw["options"][1]["displayOrder"] = None
    del raw["options"][2]["displayOrder"]
    raw["options"] += [{"label": "of nothing"}, None]
    assert [each.key for each in field_of(CONTACTS, raw).options] == ["G", "B", "R"]


def test_lengths_and_precision(contacts: dict[str, Field]):
    assert {contacts[name].max_length for name in ("firstname", "email", "phone")} == {LONGEST_TEXT}
    assert {contacts[name].max_length for name in ("birthday", "loyalty_points", "interests")} == {None}
    assert contacts["last_visit"].precision == 0.001


@pytest.mark.parametrize("more", [{"type": "json"}, {"type": "object_coordinates", "fieldType": "text"}])
def test_type_that_is_not_known_is_read_only_text(more: dict[str, Any]):
    field = field_of(CONTACTS, {**prop("new", "New"), **more})
    assert (field.type, field.read_only) == (FieldType.TEXT, True)


@pytest.mark.parametrize("name", ["dealstage", "pipeline", "deal_source"])
def test_options_that_are_told_are_choices_wherever_they_come_from(name: str):
    """HubSpot may say of stages that their options come from elsewhere: from its own pipelines."""
    raw = prop(name, "Name", "enumeration", "select", options=[("a", "A"), ("b", "B")])
    field = field_of(DEALS, {**raw, "externalOptions": True})
    assert (field.type, [each.key for each in field.options], field.read_only) == (FieldType.CHOICE, ["a", "b"], False)
    stage = field_of(DEALS, {**raw, "name": "dealstage", "externalOptions": True, "options": []})
    assert (stage.type, stage.options) == (FieldType.CHOICE, ())


def test_phone_number_is_a_type_of_its_own_too():
    field = field_of(CONTACTS, prop("desk", "Desk", "phone_number", "phonenumber"))
    assert (field.type, field.read_only, field.max_length) == (FieldType.PHONE, False, None)


def test_property_without_its_optional_parts():
    assert field_of(CONTACTS, {"name": "bare", "type": "number"}) == Field("bare", FieldType.NUMBER, "bare")


@pytest.mark.parametrize("kind", [CONTACTS, COMPANIES])
def test_meanings_are_known_words(kind: Any):
    assert set(kind.meanings.values()) <= meanings.ALL
    assert kind.meaning in meanings.OBJECTS


def test_every_type_can_be_written_and_read_back(account: Account):
    values = {
        "email": "ann@example.com",
        "website": "https://example.com/a?b=c",
        "lifecyclestage": "lead",
        "interests": "books;sport",
        "loyalty_points": "12.5",
        "newsletter": "true",
        "birthday": "1990-02-28",
        "last_visit": "2026-01-02T03:04:05.678Z",
        "hubspot_owner_id": account.hubspot.make_owner("olga@example.com"),
        "firstname": "Ünal 🙂",
    }
    (made,) = account.create(values)
    assert made.record is not None
    (read,) = account.read(made.record.id, fields=list(values))
    assert read.record is not None
    assert read.record.values == values


def test_objects_are_what_every_account_has_and_its_owners(account: Account):
    assert [(each.name, each.meaning) for each in account.connector.objects()] == [
        ("contacts", "Person"),
        ("companies", "Organization"),
        ("deals", "Deal"),
        ("leads", None),
        ("tickets", None),
        ("products", "Product"),
        ("owners", None),
    ]


def test_missing_schema_scope_is_named(account: Account):
    account.hubspot.grant("narrow", {"crm.objects.companies.read"})
    with pytest.raises(PermissionMissing, match=r"scope crm\.schemas\.contacts\.read"):
        Account(account.hubspot, token="narrow").connector.fields("contacts")


def test_lifecycle_stage_only_moves_forward_through_its_options_in_their_order(account: Account) -> None:
    fields = {each.name: each for each in account.connector.fields("contacts")}
    assert [name for name, each in fields.items() if each.forward_only] == ["lifecyclestage"]
    keys = [option.key for option in fields["lifecyclestage"].options]
    assert keys.index("lead") < keys.index("opportunity") < keys.index("customer")


SECRET = "passport"


def offered(account: Account, *scopes: str):
    """Return the fields that a token with these scopes is offered besides."""
    account.hubspot.grant("own", ["crm.objects.contacts.read", "crm.schemas.contacts.read", *scopes])
    own = Account(account.hubspot, token="own")
    return {each.name: each for each in own.connector.fields("contacts")}, own


def test_sensitive_properties_are_offered_to_be_read_to_whom_may_see_their_values(account: Account):
    account.define(SECRET, sensitivity="sensitive")
    account.define("diagnosis", sensitivity="highly_sensitive")
    (id,) = account.hubspot.seed("contacts", [{"lastname": "N", SECRET: "X1", "diagnosis": "D"}])
    assert not {SECRET, "diagnosis"} & offered(account)[0].keys()
    found, own = offered(account, SENSITIVE_READ.format("contacts"))
    assert (found[SECRET].label, found[SECRET].read_only) == ("passport (sensitive)", True)
    assert "diagnosis" not in found
    (read,) = own.connector.read("contacts", [Ref(id)], [SECRET])
    assert read.record is not None
    assert read.record.values == {SECRET: "X1"}


def test_a_sensitive_property_is_not_taken_for_blank_once_it_may_not_be_seen_any_more(account: Account):
    account.define(SECRET, sensitivity="sensitive")
    (id,) = account.hubspot.seed("contacts", [{SECRET: "X1"}])
    _, own = offered(account)
    with pytest.raises(UnknownField, match=SECRET):
        own.connector.read("contacts", [Ref(id)], [SECRET])


def test_sensitive_properties_are_not_taken_for_gone_while_hubspot_fails(account: Account):
    account.define(SECRET, sensitivity="sensitive")
    account.hubspot.seed("contacts", [{SECRET: "X1"}])
    account.hubspot.fault("500", times=TRIES, match="dataSensitivity")
    with pytest.raises(AppFailed):
        account.connector.fields("contacts")
    account.hubspot.fault("400", match="dataSensitivity")
    assert SECRET not in {each.name for each in account.connector.fields("contacts")}
    assert SECRET in {each.name for each in account.connector.fields("contacts")}


def test_of_an_account_without_records_no_sensitive_property_is_offered(account: Account):
    account.define(SECRET, sensitivity="sensitive")
    assert SECRET not in offered(account, SENSITIVE_READ.format("contacts"))[0]
