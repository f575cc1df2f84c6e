"""Properties of HubSpot as fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.connectors.hubspot.facts import FORWARD_ONLY, LONGEST_TEXT, OTHER_EMAILS
from bothways.connectors.hubspot.objects import OWNERS, Kind
from bothways.records import Field, FieldType, Option

_TYPES = {
    "string": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "bool": FieldType.BOOLEAN,
    "enumeration": FieldType.CHOICE,
    "phone_number": FieldType.PHONE,
}
_FIELD_TYPES = {
    ("string", "phonenumber"): FieldType.PHONE,
    ("enumeration", "checkbox"): FieldType.MULTI_CHOICE,
    ("enumeration", "booleancheckbox"): FieldType.BOOLEAN,
}
_REFERENCES = {"OWNER": OWNERS}
_WITH_OPTIONS = (FieldType.CHOICE, FieldType.MULTI_CHOICE)

Property = Mapping[str, Any]


def field_of(kind: Kind, prop: Property) -> Field:
    """Return a property as a field; one of a type that is not known here is read-only text.

    A property is writable unless HubSpot calculates it or marks its value as read-only. Of contacts and companies none
    is required by itself: a contact needs an address or a name, a company a name or a domain, and what an account's own
    rules demand is told when a record is refused.
    """
    name, type_ = str(prop["name"]), type_of(kind, prop)
    choices = type_ in _WITH_OPTIONS
    return Field(
        name,
        type_,
        label=str(prop.get("label") or name),
        meaning=kind.meanings.get(name),
        read_only=prop.get("type") not in _TYPES or not _writable(prop) or _holds_users(prop),
        required=name in kind.required,
        multi_valued=name == OTHER_EMAILS,
        unique=name in kind.unique or bool(prop.get("hasUniqueValue")),
        max_length=LONGEST_TEXT if prop.get("type") == "string" else None,
        precision=0.001 if type_ is FieldType.DATETIME else None,
        options=tuple(_option(each) for each in in_order(prop)) if choices else (),
        forward_only=name == FORWARD_ONLY and type_ is FieldType.CHOICE,
        refers_to=_REFERENCES.get(str(prop.get("referencedObjectType"))) if type_ is FieldType.REFERENCE else None,
    )


def type_of(kind: Kind, prop: Property) -> FieldType:
    """Return the field type of a property: its own type, told more exactly by its form field or name."""
    name, raw, form = prop.get("name"), prop.get("type"), prop.get("fieldType")
    if name == OTHER_EMAILS:
        return FieldType.EMAIL
    if _refers(prop) and name not in (kind.stage, kind.pipeline):
        return FieldType.TEXT if _holds_users(prop) else FieldType.REFERENCE
    if raw == "string" and name in kind.emails:
        return FieldType.EMAIL
    if raw == "string" and name in kind.urls:
        return FieldType.URL
    return _FIELD_TYPES.get((str(raw), str(form))) or _TYPES.get(str(raw), FieldType.TEXT)


def _refers(prop: Property) -> bool:
    """Tell whether a property holds ids of what is no option of it. Options that are told can be chosen from."""
    return bool(prop.get("referencedObjectType") or (prop.get("externalOptions") and not prop.get("options")))


def _holds_users(prop: Property) -> bool:
    """Tell whether a property can hold several users at a time, none of whom is the first one: a text of their ids."""
    return _refers(prop) and prop.get("fieldType") == "checkbox"


def _writable(prop: Property) -> bool:
    fixed = (prop.get("modificationMetadata") or {}).get("readOnlyValue", False)
    return not fixed and not prop.get("calculated", False)


def in_order(prop: Property) -> Sequence[Property]:
    """Return the options in the order that people see; those without a place in it stay as they come."""
    return sorted((each for each in prop.get("options") or () if each and each.get("value") is not None), key=_place)


def _place(option: Property) -> int:
    """Return the place of an option; -1 where it has none, as HubSpot says that, too."""
    place = option.get("displayOrder")
    return -1 if place is None else int(place)


def _option(raw: Mapping[str, Any]) -> Option:
    return Option(str(raw["value"]), str(raw.get("label") or ""), bool(raw.get("hidden")))
