"""Calls about properties."""

import re
from typing import Any

from bothways.sandbox.hubspot.asks import PLAIN, Answer, Ask
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import TYPES, Definition, prop

UNIQUE_MOST = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_all(ask: Ask) -> Answer:
    """Answer all properties, or the archived ones: those that are not sensitive, or those of the kind asked for."""
    definitions, how = ask.crm.properties[ask.kind.name].values(), ask.first("dataSensitivity", PLAIN)
    known = [each for each in definitions if each["archived"] is ask.archived]
    return 200, {"results": [each for each in known if each["dataSensitivity"] == how]}


def read(ask: Ask) -> Answer:
    """Answer one property."""
    return 200, _definition(ask)


def create(ask: Ask) -> Answer:
    """Make a property. Only now can it be made unique. [K] One that was archived is restored as it was instead."""
    body, definitions = ask.body, ask.crm.properties[ask.kind.name]
    name, type_, field = (str(body.get(each) or "") for each in ("name", "type", "fieldType"))
    if not _NAME.fullmatch(name) or not body.get("label") or not body.get("groupName"):
        raise Refused(400, "A property needs a name in lower case, a label and a groupName")
    if field not in TYPES.get(type_, ()):
        raise Refused(400, f'A property of type "{type_}" cannot have the fieldType "{field}"')
    if name in definitions and definitions[name]["archived"]:
        return 201, _define(ask, {**definitions[name], "archived": False})
    if name in definitions:
        more = {"subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS"}
        raise Refused(409, f'A property named "{name}" already exists.', "OBJECT_ALREADY_EXISTS", more=more)
    unique = body.get("hasUniqueValue") is True
    if unique and type_ not in ("string", "number"):
        raise Refused(400, "Only text and number properties can have unique values")
    if unique and sum(each["hasUniqueValue"] for each in definitions.values()) >= UNIQUE_MOST:
        raise Refused(400, f"There can be at most {UNIQUE_MOST} properties with unique values")
    definition = prop(
        name,
        str(body["label"]),
        type_,
        field,
        options=[(str(each["value"]), str(each.get("label") or "")) for each in body.get("options") or ()],
        unique=unique,
        custom=True,
        group=str(body["groupName"]),
    )
    return 201, _define(ask, {**definition, "description": str(body.get("description") or "")})


def update(ask: Ask) -> Answer:
    """Change a property's label, description or options; nothing else of it can be changed."""
    body, definition = ask.body, _definition(ask)
    if "hasUniqueValue" in body and body["hasUniqueValue"] is not definition["hasUniqueValue"]:
        raise Refused(400, "hasUniqueValue can only be set when a property is made")
    changed: dict[str, Any] = {name: body[name] for name in ("label", "description", "groupName") if name in body}
    if "options" in body:
        options = [(str(each["value"]), str(each.get("label") or "")) for each in body["options"]]
        changed["options"] = prop("", "", options=options)["options"]
    return 200, _define(ask, {**definition, **changed})


def archive(ask: Ask) -> Answer:
    """Archive a custom property."""
    definition = _definition(ask)
    if not definition["modificationMetadata"]["archivable"]:
        raise Refused(400, f'"{ask.arg}" cannot be archived')
    _define(ask, {**definition, "archived": True})
    return 204, None


def _definition(ask: Ask) -> Definition:
    definition = ask.crm.properties[ask.kind.name].get(ask.arg)
    if definition is None or definition["archived"] is not ask.archived:
        raise not_found()
    return definition


def _define(ask: Ask, definition: Definition) -> Definition:
    ask.crm.store.define(ask.kind.name, definition)
    ask.crm.learn(ask.kind)
    return definition
