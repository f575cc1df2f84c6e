"""The kinds of record that an account has made for itself."""

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot.customs import KEPT
from bothways.errors import PermissionMissing, UnknownField, UnknownObject
from bothways.records import FieldType, Ref
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account

OWNER, CONTACTS, VISITS = "associations.2-3400001", "associations.contacts", "2-3400002"
PROPERTIES = [prop("pet_name", "Name", group="pet"), prop("chip", "Chip", unique=True, group="pet")]


@pytest.fixture
def pets(account: Account) -> str:
    return account.hubspot.make_object(
        "pet",
        ("Pet", "Pets"),
        PROPERTIES,
        requiredProperties=["pet_name", "chip"],
        associatedObjects=["CONTACT", "COMPANY"],
    )


def test_kinds_of_the_account_are_objects_by_their_type(account: Account, pets: str):
    offered = {each.name: each for each in account.connector.objects()}
    assert (pets, offered[pets].label, offered[pets].writable) == ("2-3400001", "Pets", True)
    assert account.connector.count(pets) == 0


def test_their_fields_are_those_of_the_schema(account: Account, pets: str):
    fields = {each.name: each for each in account.connector.fields(pets)}
    assert {each.name for each in fields.values() if each.required} == {"pet_name", "chip"}
    assert {each.name for each in fields.values() if each.unique} == {"chip"}
    assert (fields["pet_name"].meaning, fields["hs_createdate"].meaning) == ("name", "dateCreated")
    assert fields["hs_lastmodifieddate"].read_only
    references = {each.name: each.refers_to for each in fields.values() if each.type is FieldType.REFERENCE}
    assert references == {
        "hubspot_owner_id": "owners",
        CONTACTS: "contacts",
        "associations.companies": "companies",
    }


def test_they_are_written_with_what_belongs_to_them(account: Account, pets: str):
    account.hubspot.add_label(pets, "contacts", "Keeper")
    ann, bob = account.people(2)
    label = next(each.name for each in account.connector.fields(pets) if each.label == "Keeper")
    values = {"pet_name": "Rex", "chip": "1", CONTACTS: [ann], label: [ann]}
    (made,) = account.connector.write(pets, [WriteItem("c", WriteKind.CREATE, values)])
    assert made.outcome is Outcome.DONE, made
    assert made.record is not None
    id = made.record.id
    assert account.hubspot.labelled(pets, id, "contacts") == {ann: ["Keeper"]}
    item = WriteItem("u", WriteKind.UPDATE, {CONTACTS: [bob], label: []}, Ref(id), base={CONTACTS: [ann], label: [ann]})
    (changed,) = account.connector.write(pets, [item])
    assert changed.outcome is Outcome.DONE, changed
    assert account.hubspot.associated(pets, id, "contacts") == [bob]
    (read,) = account.connector.read(pets, [Ref(id)], ["pet_name", CONTACTS, label])
    assert read.record is not None
    assert read.record.values == {"pet_name": "Rex", CONTACTS: [bob], label: []}


def test_another_process_knows_them_though_it_has_not_asked_for_their_fields(account: Account, pets: str):
    (ann,) = account.people(1)
    rex = account.hubspot.create(pets, {"pet_name": "Rex", "chip": "1"})
    account.hubspot.associate(pets, rex, "contacts", ann)
    (read,) = account.connector.read(pets, [Ref(rex)], ["chip", CONTACTS])
    assert read.record is not None
    assert read.record.values == {"chip": "1", CONTACTS: [ann]}
    assert account.bill() == {"read": 1, "schemas": 1, "associations labels": 2, "associations read": 1}


def test_association_of_two_of_them_stands_with_the_later_one(account: Account, pets: str):
    visits = account.hubspot.make_object(
        "visit", ("Visit", "Visits"), [prop("reason", "Reason", group="visit")], associatedObjects=[pets]
    )
    assert visits == VISITS
    of_visits, of_pets = ({each.name for each in account.connector.fields(each)} for each in (visits, pets))
    assert OWNER in of_visits
    assert f"associations.{visits}" not in of_pets


def test_kinds_are_not_there_where_the_token_may_not_read_their_schemas(account: Account, pets: str):
    account.hubspot.grant("some", {"crm.objects.contacts.read", "crm.objects.custom.read"})
    some = Account(account.hubspot, token="some")
    assert pets not in {each.name for each in some.connector.objects()}
    for call in (some.connector.fields, lambda object: list(some.connector.ids(object))):
        with pytest.raises(PermissionMissing, match=r"crm\.schemas\.custom\.read \(see which objects you have made\)"):
            call(pets)


def test_deleted_kind_is_unknown(account: Account, pets: str):
    assert account.connector.fields(pets)
    with pytest.raises(UnknownObject):
        account.connector.fields("2-9999999")
    account.hubspot._store.db.execute("DELETE FROM kinds")
    with account.hubspot._inside():
        account.hubspot._crm.learn_kinds()
    with pytest.raises(UnknownObject):
        account.connector.fields(pets)


def test_which_there_are_is_not_asked_for_again_and_again(account: Account, pets: str):
    for _ in range(3):
        account.connector.objects()
    assert account.bill() == {"schemas": 1}
    account.hubspot.make_object("visit", ("Visit", "Visits"), [prop("reason", "Reason", group="visit")])
    account.hubspot.advance(KEPT)
    assert VISITS in {each.name for each in account.connector.objects()}


def test_change_of_a_schema_is_seen_with_the_fields(account: Account, pets: str):
    assert account.connector.fields(pets)
    with account.hubspot._inside():
        account.hubspot._store.db.execute(
            "UPDATE kinds SET definition=json_set(definition, '$.requiredProperties', json('[\"pet_name\"]'))"
        )
        account.hubspot._crm.learn_kinds()
    assert {each.name for each in account.connector.fields(pets) if each.required} == {"pet_name"}


def test_association_that_may_not_be_read_any_more_is_not_taken_for_none(account: Account, pets: str):
    (ann,) = account.people(1)
    rex = account.hubspot.create(pets, {"pet_name": "Rex", "chip": "1"})
    account.hubspot.associate(pets, rex, "contacts", ann)
    account.hubspot.fault("403", times=9, match="contacts/labels")
    for call in (
        lambda: account.connector.read(pets, [Ref(rex)], ["chip", CONTACTS]),
        lambda: list(account.connector.changes(pets, None, ["chip", CONTACTS])),
        lambda: account.connector.write(pets, [WriteItem("c", WriteKind.CREATE, {"chip": "2", CONTACTS: [ann]})]),
    ):
        with pytest.raises(UnknownField, match="the token lacks the scopes"):
            call()
    account.hubspot.clear_faults()
    (read,) = account.connector.read(pets, [Ref(rex)], ["chip", CONTACTS])
    assert read.record is not None
    assert read.record.values[CONTACTS] == [ann]


def test_association_that_the_schema_has_no_more_is_not_taken_for_none(account: Account, pets: str):
    rex = account.hubspot.create(pets, {"pet_name": "Rex", "chip": "1"})
    with pytest.raises(UnknownField, match=r"associations\.deals"):
        account.connector.read(pets, [Ref(rex)], ["chip", "associations.deals"])
