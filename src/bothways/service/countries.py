"""Which country phone numbers belong to: the one set for the account, and the fields that name the record's own."""

from collections.abc import Mapping
from dataclasses import replace

from bothways.engine.sides import SIDES, Side
from bothways.records import Field, FieldType
from bothways.service.document import SyncDocument

Schema = Mapping[Side, Mapping[str, Field]]

COUNTRY = "address.addressCountry"
"""The meaning of a field that says in which country somebody is."""

AS_PHONE, CLEANED_AS_PHONE = "phone", "phone_e164"
"""How a text is compared, and how it is cleaned, that is a phone number to the user."""


def with_countries(document: SyncDocument, schema: Schema, accounts: Mapping[Side, str | None]) -> Schema:
    """Return the fields of both sides, those of phone numbers with the countries to read them by.

    ``accounts`` has the country of each side's account, None where none is set.
    """
    found = {}
    for side in SIDES:
        texts, telling = _phones_by_settings(document, side), _telling(document, schema, side)
        found[side] = {
            name: replace(field, region=accounts[side] or field.region, countries=telling)
            if FieldType.PHONE in (field.type, field.items) or name in texts
            else field
            for name, field in schema[side].items()
        }
    return found


def _phones_by_settings(document: SyncDocument, side: Side) -> set[str]:
    """Return the fields of one side that the settings clean or compare as phone numbers, whatever their type."""
    names = {each.names[side] for each in document.fields or () if CLEANED_AS_PHONE in each.clean}
    rules = document.match if isinstance(document.match, tuple) else ()
    for rule in rules:
        for form, parts in zip(rule.compare or (), rule.names.get(side, ()), strict=False):
            names |= set(parts) if form == AS_PHONE else set()
    return names


def _telling(document: SyncDocument, schema: Schema, side: Side) -> tuple[str, ...]:
    """Return the fields of one side that name a record's country, by their meaning or that of their partner."""
    names = [name for name, field in schema[side].items() if field.meaning == COUNTRY]
    for each in document.fields or ():
        name, there = each.names[side], schema[side.other].get(each.names[side.other])
        if each.enabled and there is not None and there.meaning == COUNTRY and name in schema[side]:
            names.append(name)
    return tuple(dict.fromkeys(names))
