"""Calls about properties, one by one and in batches."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot import groups
from bothways.sandbox.hubspot.asks import PLAIN, Answer, Ask, batch_answer, inputs_of
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.rules import PROPERTIES
from bothways.sandbox.hubspot.schema import TYPES, Definition, prop
from bothways.sandbox.hubspot.values import iso

UNIQUE_MOST, BATCH_MOST = 10, 100
_WORDS = ("label", "groupName", "type", "fieldType")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_all(ask: Ask) -> Answer:
    """Answer all properties, or the archived ones: those that are not sensitive, or those of the kind asked for."""
    definitions = ask.crm.properties[ask.kind.name].values()
    found = [each for each in definitions if each["archived"] is ask.archived and _asked(ask, each)]
    if "stages-apart" in ask.crm.otherwise:
        found = [{**each, "options": []} if each["name"] == ask.kind.stage else each for each in found]
    return 200, {"results": found}


def _asked(ask: Ask, definition: Definition) -> bool:
    """Tell whether a property is of the sensitivity that was asked for: not sensitive, if none was [K]."""
    asked = ask.first("dataSensitivity")
    if not asked and "sensitive-shown" in ask.crm.otherwise:
        return True
    return bool(definition["dataSensitivity"] == (asked or PLAIN))


def read(ask: Ask) -> Answer:
    """Answer one property, if it is of the sensitivity that is asked for."""
    definition = _definition(ask, ask.arg, archived=ask.archived)
    if ask.first("dataSensitivity") and not _asked(ask, definition):
        raise not_found()
    return 200, definition


def create(ask: Ask) -> Answer:
    """Make a property. Only now can it be made unique."""
    return 201, _make(ask, ask.body)


def batch_read(ask: Ask) -> Answer:
    """Answer properties by name; a name that there is none of is told by an error row."""
    archived = ask.body.get("archived") is True
    return _each(ask, 200, lambda each: _definition(ask, str(each.get("name") or ""), archived=archived))


def batch_create(ask: Ask) -> Answer:
    """Make properties; each one that is refused is told by an error row [K]."""
    return _each(ask, 201, lambda each: _make(ask, each))


def batch_archive(ask: Ask) -> Answer:
    """Archive custom properties; names that there are none of are passed over [K]."""
    for each in inputs_of(ask.body, BATCH_MOST):
        name = str(each.get("name") or "")
        if not ask.crm.properties[ask.kind.name].get(name, {"archived": True})["archived"]:
            _archive(ask, name)
    return 204, None


def _each(ask: Ask, status: int, do: Callable[[Mapping[str, Any]], Definition]) -> Answer:
    results, errors = [], []
    for each in inputs_of(ask.body, BATCH_MOST):
        try:
            results.append(do(each))
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"name": [str(each.get("name") or "")]}})
    return batch_answer(ask, results, errors, status)


def _make(ask: Ask, body: Mapping[str, Any]) -> Definition:
    """Make a property. One that was archived has its values again.

    It is as it is made now [C], but for whether it is unique, which is as it was [K].
    """
    known = ask.crm.properties[ask.kind.name]
    bin = {name: each for name, each in known.items() if each["archived"]}
    definition = made(body, {name: each for name, each in known.items() if name not in bin})
    groups.require(ask, definition["groupName"])
    how = definition["dataSensitivity"]
    if how != PLAIN and not ask.may(f"{how}.write"):
        raise Refused(403, "Missing required scope for: sensitive-data-property-create", "MISSING_SCOPES")
    if held := bin.get(definition["name"]):
        definition = {**definition, "createdAt": held.get("createdAt"), "hasUniqueValue": held["hasUniqueValue"]}
        return _define(ask, {name: value for name, value in definition.items() if value is not None})
    return _define(ask, {**definition, "createdAt": iso(ask.crm.now)})


def made(body: Mapping[str, Any], definitions: Mapping[str, Definition]) -> Definition:
    """Return the definition of a new property beside those that there are; raise Refused."""
    name, type_, field = (str(body.get(each) or "") for each in ("name", "type", "fieldType"))
    if not _NAME.fullmatch(name) or not body.get("label") or not body.get("groupName"):
        raise Refused(400, "A property needs a name in lower case, a label and a groupName")
    _check_form(type_, field)
    if name in definitions:
        more = {"subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS"}
        raise Refused(409, f'A property named "{name}" already exists.', "OBJECT_ALREADY_EXISTS", more=more)
    if sum(not each["hubspotDefined"] for each in definitions.values()) >= PROPERTIES:
        raise Refused(400, f"There can be at most {PROPERTIES} custom properties of an object")
    unique = body.get("hasUniqueValue") is True
    if unique and type_ not in ("string", "number"):
        raise Refused(400, "Only text and number properties can have unique values")
    if unique and sum(each["hasUniqueValue"] for each in definitions.values()) >= UNIQUE_MOST:
        raise Refused(400, f"There can be at most {UNIQUE_MOST} properties with unique values")
    _check_options(type_, body.get("options"))
    definition = prop(
        name,
        str(body["label"]),
        type_,
        field,
        unique=unique,
        custom=True,
        owner=_is_of_owners(body),
        group=str(body["groupName"]),
        sensitivity=str(body.get("dataSensitivity") or PLAIN),
    )
    return {**definition, **_sent(body)}


def update(ask: Ask) -> Answer:
    """Change a property. Whether it is unique, and how sensitive it is, stays as it is, whatever is sent [C]."""
    body, held = ask.body, _definition(ask, ask.arg, archived=False)
    _refuse_read_only(body, held["modificationMetadata"], ask.arg)
    changed = _sent(body) | {name: str(body[name]) for name in _WORDS if body.get(name) is not None}
    if "groupName" in changed:
        groups.require(ask, changed["groupName"])
    definition = {**held, **changed}
    _check_form(definition["type"], definition["fieldType"])
    _check_options(definition["type"], definition["options"])
    return 200, _define(ask, definition)


def _refuse_read_only(body: Mapping[str, Any], may: Mapping[str, bool], name: str) -> None:
    """Raise Refused for a change of what its metadata say that nobody changes [K: that it is refused]."""
    sent = {each for each, value in body.items() if value is not None}
    if (may["readOnlyDefinition"] and sent - {"options"}) or (may["readOnlyOptions"] and "options" in sent):
        raise Refused(400, f'The definition of "{name}" is read only')


def _sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says of how a property is shown, as far as it does."""
    sent: dict[str, Any] = {"description": str(body["description"])} if body.get("description") is not None else {}
    sent |= {name: body[name] for name in ("hidden", "formField") if isinstance(body.get(name), bool)}
    sent |= {"displayOrder": body["displayOrder"]} if isinstance(body.get("displayOrder"), int) else {}
    return sent | ({"options": _options(body)} if body.get("options") is not None else {})


def _check_form(type: str, field: str) -> None:
    if field not in TYPES.get(type, ()):
        raise Refused(400, f'A property of type "{type}" cannot have the fieldType "{field}"')


def _check_options(type: str, options: Sequence[Mapping[str, Any]] | None) -> None:
    """Raise Refused for a property of the type "bool" that has other options than true and false [C]."""
    if type == "bool" and sorted(str(each.get("value")) for each in options or ()) != ["false", "true"]:
        raise Refused(400, "A property of type bool needs the options true and false")


def _is_of_owners(body: Mapping[str, Any]) -> bool:
    """Tell whether the options of a new property are the owners; raise Refused for other options from elsewhere."""
    if body.get("externalOptions") is not True:
        return False
    if body.get("referencedObjectType") != "OWNER" or body.get("options"):
        raise Refused(400, "externalOptions needs a referencedObjectType, OWNER, and no options")
    return True


def archive(ask: Ask) -> Answer:
    """Archive a custom property."""
    _definition(ask, ask.arg, archived=False)
    _archive(ask, ask.arg)
    return 204, None


def _archive(ask: Ask, name: str) -> None:
    definition = ask.crm.properties[ask.kind.name][name]
    if not definition["modificationMetadata"]["archivable"]:
        raise Refused(400, f'"{name}" cannot be archived')
    _define(ask, {**definition, "archived": True, "archivedAt": iso(ask.crm.now)})


def _options(body: Mapping[str, Any]) -> Sequence[Definition]:
    sent = body.get("options") or ()
    if any(each.get("value") in (None, "") for each in sent):
        raise Refused(400, "An option needs a value")
    values = [str(each["value"]) for each in sent]
    if len(set(values)) < len(values):
        raise Refused(400, "The options of a property have different values")
    return [
        {
            "value": str(each["value"]),
            "label": str(each.get("label") or ""),
            "displayOrder": each["displayOrder"] if isinstance(each.get("displayOrder"), int) else place,
            "hidden": each.get("hidden") is True,
            **({"description": str(each["description"])} if each.get("description") else {}),
        }
        for place, each in enumerate(sent)
    ]


def _definition(ask: Ask, name: str, *, archived: bool) -> Definition:
    definition = ask.crm.properties[ask.kind.name].get(name)
    if definition is None or definition["archived"] is not archived:
        raise not_found()
    return definition


def _define(ask: Ask, definition: Definition) -> Definition:
    definition = {**definition, "updatedAt": iso(ask.crm.now)}
    ask.crm.store.define(ask.kind.name, definition)
    ask.crm.learn(ask.kind)
    return definition
