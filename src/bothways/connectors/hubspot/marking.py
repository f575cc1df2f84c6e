"""The unique property of our own by which a create of unknown outcome is surely found again: looked for, and made.

Sources: guide "Properties" (a property can be made unique only when it is made, and ten of an object can be), reference
of "Create a property".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.connectors.abilities import OwnField
from bothways.connectors.base import ObjectType
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.facts import MOST_UNIQUE, NOT_SET_UP
from bothways.errors import (
    AppFailed,
    NoRoomForOwnField,
    ObjectGone,
    OwnFieldRefused,
    OwnFieldUnfit,
    PermissionMissing,
)

Property = Mapping[str, Any]

LABEL = "Bothways key"
DESCRIPTION = (
    "Written by Bothways when it creates a record, so that no record is ever created twice. Leave it as it is."
)
CONFLICT, REFUSED = 409, (400, 409)


def standing(api: Api, objects: Sequence[ObjectType], name: str) -> list[OwnField]:
    """Return how the property stands in each object that may be written, as far as it is set up and may be read."""
    found = []
    for each in objects:
        if not each.writable:
            continue
        try:
            found.append(_standing(api, each, api.properties(each.name), name))
        except (PermissionMissing, ObjectGone):
            continue
        except AppFailed as error:
            if error.facts["status"] not in NOT_SET_UP:
                raise
    return found


def _standing(api: Api, object: ObjectType, properties: Sequence[Property], name: str) -> OwnField:
    held = next((each for each in properties if each["name"] == name), None)
    if held is not None:
        unfit = None if fits(held) else OwnFieldUnfit(app=api.app, object=object.label, field=name)
        return OwnField(name, object.name, object.label, unfit is None, unfit)
    unique = [each for each in properties if each.get("hasUniqueValue") and not each.get("hubspotDefined")]
    full = len(unique) >= MOST_UNIQUE
    problem = NoRoomForOwnField(app=api.app, object=object.label, most=MOST_UNIQUE) if full else None
    return OwnField(name, object.name, object.label, False, problem)


def fits(held: Property) -> bool:
    """Tell whether a property can hold our marks: a text that is unique and may be written."""
    fixed = (held.get("modificationMetadata") or {}).get("readOnlyValue", False)
    return held.get("type") == "string" and bool(held.get("hasUniqueValue")) and not fixed


def definition(properties: Sequence[Property], name: str) -> dict[str, Any]:
    """Return the property as it is made: in the group of an object's own properties, and in no form."""
    group = next((str(each["groupName"]) for each in properties if each["name"] == "hs_object_id"), "")
    return {
        "name": name,
        "label": LABEL,
        "description": DESCRIPTION,
        "groupName": group,
        "type": "string",
        "fieldType": "text",
        "hasUniqueValue": True,
        "formField": False,
    }


def make(api: Api, object: str, name: str) -> None:
    """Make the property where there is none; raise OwnFieldRefused, OwnFieldUnfit, PermissionMissing.

    [K] One that is made by the name of an archived one is unique only if that was: so what came of it is looked at.
    """
    label, properties = api.kind(object).label, api.properties(object)
    held: Property | None = next((each for each in properties if each["name"] == name), None)
    if held is None:
        response = api.make_property(object, definition(properties, name))
        if response.status not in REFUSED:
            held = api.body(response)
        elif response.status == CONFLICT:  # somebody has made it meanwhile
            held = next((each for each in api.properties(object) if each["name"] == name), None)
    if held is None:
        raise OwnFieldRefused(app=api.app, object=label, field=name, reason=api.said(response).message.rstrip("."))
    if not fits(held):
        raise OwnFieldUnfit(app=api.app, object=label, field=name)
