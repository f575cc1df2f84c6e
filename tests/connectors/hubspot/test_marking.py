"""The unique property of our own: where it is, where it can be made, and that it is made once and offered to nobody."""

from typing import Any

import pytest

from bothways.connectors.abilities import MakesOwnField
from bothways.connectors.base import Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot.facts import MARKER, MOST_UNIQUE
from bothways.errors import NoRoomForOwnField, OwnFieldRefused, OwnFieldUnfit, PermissionMissing, UnknownField
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.hubspot.account import Account

OBJECTS = ["contacts", "companies", "deals", "leads", "tickets", "products"]
READ = [f"crm.{of}.{name}.read" for of in ("objects", "schemas") for name in OBJECTS]


def there(account: Account) -> dict[str, bool]:
    return {each.object: each.there for each in account.connector.own_fields()}


def definition(account: Account, object: str = "contacts") -> dict[str, Any]:
    return account.hubspot._crm.properties[object][MARKER]


def test_hubspot_can_make_it(account: Account):
    assert isinstance(account.connector, MakesOwnField)
    assert there(account) == dict.fromkeys(OBJECTS, False)


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_it_is_made_unique_among_the_properties_of_the_object_and_can_be_used_at_once(account: Account, version: str):
    own = Account(account.hubspot, {"api_version": version})
    for object in OBJECTS:
        own.connector.make_own_field(object)
    assert there(own) == dict.fromkeys(OBJECTS, True)
    made = definition(account)
    assert (made["type"], made["fieldType"], made["hasUniqueValue"]) == ("string", "text", True)
    assert made["groupName"] == "contactinformation"
    marked = Account(account.hubspot, {"marker_property": MARKER})
    assert marked.connector.check().id
    assert marked.connector.capabilities.marker


def test_what_is_there_is_not_made_again(account: Account):
    account.connector.make_own_field("contacts")
    account.bill()
    account.connector.make_own_field("contacts")
    assert account.bill() == {"properties": 1}


def test_somebody_who_makes_it_meanwhile_has_made_it_for_us(account: Account):
    account.hubspot.fault("409", match="POST /crm/properties")
    before = account.connector._api.properties

    def late(object: str):
        found = before(object)
        account.hubspot.define(object, prop(MARKER, "Key", unique=True, custom=True))
        return found

    account.connector._api.properties = late
    account.connector.make_own_field("contacts")


def test_it_is_no_field_to_be_mapped(account: Account):
    account.connector.make_own_field("contacts")
    assert MARKER not in {each.name for each in account.connector.fields("contacts")}
    account.hubspot.define("contacts", prop("other", "Other", unique=True, custom=True))
    named = Account(account.hubspot, {"marker_property": "other"})
    assert not {MARKER, "other"} & {each.name for each in named.connector.fields("contacts")}


@pytest.mark.parametrize("more", [{}, {"type": "number", "field": "number", "unique": True}, {"read_only": True}])
def test_a_property_of_that_name_that_does_not_fit_is_neither_used_nor_changed(account: Account, more: dict[str, Any]):
    account.define(MARKER, **more)
    before = dict(definition(account))
    (found,) = (each for each in account.connector.own_fields() if each.object == "contacts")
    assert (found.there, type(found.problem)) == (False, OwnFieldUnfit)
    with pytest.raises(OwnFieldUnfit, match="Contacts"):
        account.connector.make_own_field("contacts")
    assert definition(account) == before
    marked = Account(account.hubspot, {"marker_property": MARKER}).connector
    (result,) = marked.write("contacts", [WriteItem("c", WriteKind.CREATE, {"lastname": "N"}, marker="one")])
    assert (result.outcome, account.hubspot.records("contacts")) == (Outcome.REFUSED, {})


def test_nobody_is_taken_for_not_created_since_the_property_for_our_marks_is_gone(account: Account):
    marked = Account(account.hubspot, settings={"marker_property": MARKER})
    marked.connector.make_own_field("companies")
    marked.connector.write("companies", [WriteItem("c", WriteKind.CREATE, {"name": "Acme"}, marker="one")])
    assert marked.connector.find("companies", "", ["one", "two"]).keys() == {"one"}
    account.hubspot.define("companies", prop(MARKER, MARKER, custom=True))
    with pytest.raises(UnknownField, match=MARKER):
        marked.connector.find("companies", "", ["one"])


@pytest.mark.parametrize("unique", [True, False])
def test_an_archived_property_of_that_name_is_restored_and_used_if_it_fits(account: Account, unique: bool):
    account.define(MARKER, archived=True, unique=unique)
    if unique:
        account.connector.make_own_field("contacts")
    else:
        with pytest.raises(OwnFieldUnfit):
            account.connector.make_own_field("contacts")
    assert there(account)["contacts"] is unique


def test_where_ten_properties_are_unique_there_is_no_room(account: Account):
    for number in range(MOST_UNIQUE):
        account.define(f"key_{number}", unique=True)
    (found,) = (each for each in account.connector.own_fields() if each.object == "contacts")
    assert isinstance(found.problem, NoRoomForOwnField)
    assert "10 properties" in found.problem.message
    with pytest.raises(OwnFieldRefused, match="at most 10"):
        account.connector.make_own_field("contacts")


def test_a_token_without_the_permission_is_told_which_and_nothing_is_made(account: Account):
    account.hubspot.grant("reader", READ)
    reader = Account(account.hubspot, token="reader")
    assert there(reader) == dict.fromkeys(OBJECTS, False)
    with pytest.raises(PermissionMissing) as caught:
        reader.connector.make_own_field("deals")
    assert "crm.schemas.deals.write (make a property of our own for deals)" in caught.value.message


def test_objects_that_may_not_be_seen_are_left_out(account: Account):
    account.hubspot.grant("narrow", [each for each in READ if "deals" not in each])
    assert list(there(Account(account.hubspot, token="narrow"))) == [each for each in OBJECTS if each != "deals"]


@pytest.mark.parametrize("status", ["400", "404"])
def test_an_object_that_the_account_has_not_set_up_is_left_out(account: Account, status: str):
    """Such as leads: a token without their scope looks the same (403)."""
    account.hubspot.fault(status, match="/leads")
    assert list(there(account)) == [each for each in OBJECTS if each != "leads"]


def test_where_no_custom_property_fits_any_more_it_is_refused_in_hubspots_words(
    account: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bothways.sandbox.hubspot.properties.PROPERTIES", 0)
    with pytest.raises(OwnFieldRefused, match="at most 0 custom properties"):
        account.connector.make_own_field("deals")
    assert there(account)["deals"] is False
