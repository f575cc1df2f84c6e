"""Calls about properties."""

import re
from collections.abc import Mapping
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import TYPES, Definition, prop

UNIQUE_MOST = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_all(ask: Ask) -> Answer:
    """Answer all properties, or the archived ones."""
    definitions = ask.crm.properties[ask.kind.name].values()
    return 200, {"results": [each for each in definitions if each["archived"] is ask.archived and _asked(ask, each)]}


def _asked(ask: Ask, definition: Definition) -> bool:
    """Tell whether a property is of the sensitivity that was asked for: not sensitive, if none was [K]."""
    asked = ask.first("dataSensitivity")
    if not asked and "sensitive-shown" in ask.crm.otherwise:
        return True
    return bool(definition.get("dataSensitivity", "non_sensitive") == (asked or "non_sensitive"))


def read(ask: Ask) -> Answer:
    """Answer one property."""
    return 200, _definition(ask)


def create(ask: Ask) -> Answer:
    """Make a property. Only now can it be made unique."""
    return 201, _define(ask, made(ask.body, ask.crm.properties[ask.kind.name]))


def made(body: Mapping[str, Any], definitions: Mapping[str, Definition]) -> Definition:
    """Return the definition of a new property beside those that there are; raise Refused."""
    name, type_, field = (str(body.get(each) or "") for each in ("name", "type", "fieldType"))
    if not _NAME.fullmatch(name) or not body.get("label") or not body.get("groupName"):
        raise Refused(400, "A property needs a name in lower case, a label and a groupName")
    if field not in TYPES.get(type_, ()):
        raise Refused(400, f'A property of type "{type_}" cannot have the fieldType "{field}"')
    if name in definitions:
        raise Refused(409, f'A property named "{name}" already exists.', "CONFLICT")
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
    return {**definition, "description": str(body.get("description") or "")}


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
