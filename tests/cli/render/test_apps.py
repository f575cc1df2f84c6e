"""Apps, connectors, objects and fields read as designed."""

from dataclasses import replace

from bothways.cli.render.apps import apps, check, connectors, fields, objects, own_field
from bothways.service.views import OwnFieldRow, OwnFieldView
from tests.cli.views import APP, CHECK, CONNECTOR, FIELDS


def test_apps():
    assert apps([APP]) == ["App  Kind     Category  Syncs", "crm  HubSpot  CRM       contacts"]
    assert apps([]) == ["No app yet. Find yours with: bothways app search"]


def test_a_check_says_who_and_what():
    assert check(CHECK) == [
        "✓ crm: HubSpot answers. Novak Ltd, account 123",
        "  Companies cannot be changed.",
        "  Object     Name       May be         Records",
        "  contacts   Contacts   read, changed   12,004",
        "  companies  Companies  read                 ?",
    ]


def test_a_check_ends_with_what_somebody_should_heed_before_the_objects():
    told = check(replace(CHECK, warnings=("It is full.",)))
    assert told[1:4] == [
        "  Companies cannot be changed.",
        "! It is full.",
        "  Object     Name       May be         Records",
    ]


def test_our_own_field_is_told_with_its_objects():
    rows = (OwnFieldRow("contacts", "Contacts", True, ""), OwnFieldRow("deals", "Deals", True, ""))
    assert own_field(OwnFieldView("crm", "our_key", True, rows)) == [
        "crm keeps our marks in our_key, on: Contacts, Deals."
    ]


def test_objects_that_may_not_be_touched():
    assert objects([]) == ["Object  Name  May be  Records"]


def test_fields_tell_what_they_take():
    assert fields(FIELDS, {"email": "an e-mail address of acme.test"}) == [
        "Field  Name    Type    Notes",
        "email  E-mail  e-mail  required, unique, by a rule: an e-mail address of acme.test",
        "stage  Stage   choice  read-only, one of: Stage 0, Stage 1, Stage 2, Stage 3, …",
        "phone  Phone   phone   at most 1,200 characters",
    ]


def test_connectors_tell_how_to_add_them():
    assert connectors([CONNECTOR], "") == [
        "hubspot   HubSpot · CRM",
        "  --secret token=env:NAME  Token of a private app",
        "  --set base_url=...       Address                 may be left out, default https://api.example",
    ]
    assert connectors([], "sap") == [
        'No connector has "sap" in its name. See all: bothways app search   or build one: bothways app new'
    ]
