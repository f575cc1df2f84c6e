"""The kinds of record that an account makes for itself, and the calls about them.

A kind is called by its type id, its name with the number of the account before it, or its short name. What it can be
associated with is said of it, too; the numbers of those associations are the account's own, like those of its labels.
[K] in a comment marks what HubSpot's documentation does not promise.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.associations import DEFINED
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.joining import labels_of
from bothways.sandbox.hubspot.problems import PORTAL, Refused, not_found
from bothways.sandbox.hubspot.properties import made
from bothways.sandbox.hubspot.schema import Kind, custom_kind
from bothways.sandbox.hubspot.values import iso

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_LISTS = ("requiredProperties", "searchableProperties", "secondaryDisplayProperties")
_CHANGEABLE = ("primaryDisplayProperty", "description", *_LISTS)


def list_all(ask: Ask) -> Answer:
    """Answer all kinds that the account has made; asked for the archived ones, those as well [C]."""
    gone = _archived(ask.crm).items() if ask.archived else ()
    live = [_shown(ask.crm, kind) for kind in _customs(ask.crm)]
    return 200, {"results": [*live, *(_shown_archived(*each) for each in gone)]}


def read(ask: Ask) -> Answer:
    """Answer one of them."""
    return 200, _shown(ask.crm, _found(ask))


def create(ask: Ask) -> Answer:
    """Make a kind of record, with its properties."""
    return 201, _shown(ask.crm, make(ask.crm, ask.body))


def update(ask: Ask) -> Answer:
    """Change what a kind is called, which of its properties it needs, which are searched, and which it is known by.

    What is not said stays, also one of the two labels [K]. The answer has neither its properties nor what it can be
    associated with.
    """
    kind, body = _found(ask), ask.body
    definition = _definition(ask.crm, kind)
    changed = {name: body[name] for name in _CHANGEABLE if body.get(name) is not None}
    _check_names(changed, ask.crm.properties[kind.name])
    labels = {name: word for name, word in (body.get("labels") or {}).items() if word and name in definition["labels"]}
    changed["labels"] = definition["labels"] | labels
    _save(ask.crm, kind.name, {**definition, **changed, "updated": ask.crm.now})
    shown = {**_shown(ask.crm, ask.crm.kinds[kind.name]), "portalId": PORTAL}
    return 200, {name: value for name, value in shown.items() if name not in ("properties", "associations")}


def delete(ask: Ask) -> Answer:
    """Archive a kind, of which nothing but what it is called is left; one of which there are records stays.

    Asked for it, delete one for good that is archived.
    """
    if ask.archived:
        return _purge(ask)
    kind = _found(ask)
    if ask.crm.store.page(kind.name, 0, 1):
        raise Refused(400, f"{kind.name} still has records; delete them first")
    _save(ask.crm, kind.name, {**_definition(ask.crm, kind), "archived": ask.crm.now})
    ask.crm.store.wipe(kind.name)
    ask.crm.learn_kinds()
    return 204, None


def join_kinds(ask: Ask) -> Answer:
    """Let the records of a kind be associated with those of another one."""
    kind, body = _found(ask), ask.body
    other = ask.crm.kind_of(str(body.get("toObjectTypeId") or ""))
    if other is None:
        raise Refused(400, "toObjectTypeId is no kind of record")
    associate(ask.crm, kind, other)
    row = next(each for each in _associations(ask.crm, kind) if each["toObjectTypeId"] == other.type_id)
    return 201, {**row, "name": str(body.get("name") or row["name"])}


def part_kinds(ask: Ask) -> Answer:
    """Take away that the records of a kind can be associated with those of another one, labels first."""
    kind, (_, _, id) = _found(ask), ask.arg.partition("/")
    for (one, two), pair in ask.crm.pairs.items():
        if kind.name in (one, two) and pair.category == DEFINED and id in map(str, pair.types):
            break
    else:
        raise not_found()
    if labels_of(ask.crm.store, one, two):
        message = f"Definition with label still exists; Cannot delete unlabeled type with associationTypeId {id}"
        raise Refused(400, message)
    ask.crm.store.db.execute("DELETE FROM labels WHERE object=? AND other=?", (one, two))
    ask.crm.store.db.execute("DELETE FROM associations WHERE object=? AND other=?", (one, two))
    ask.crm.learn_kinds()
    return 204, None


def _purge(ask: Ask) -> Answer:
    """Delete an archived kind for good; raise Refused for one that is not archived."""
    name = next((kind.name for kind in _archived(ask.crm) if ask.arg.lower() in (kind.name, kind.type_id)), None)
    if name is None:
        _found(ask)
        raise Refused(400, f"{ask.arg} is not archived")
    ask.crm.store.db.execute("DELETE FROM kinds WHERE name=?", (name,))
    return 204, None


def make(crm: Crm, body: Mapping[str, Any]) -> Kind:
    """Make a kind as a body says it and return it; raise Refused."""
    short, labels = str(body.get("name") or ""), body.get("labels") or {}
    if not _NAME.fullmatch(short) or not labels.get("singular") or not labels.get("plural"):
        raise Refused(400, "A custom object needs a name of letters, numbers and underscores, and labels")
    name = f"p{PORTAL}_{short}".lower()
    if crm.kind_of(name) is not None or crm.kind_of(short) is not None:
        raise Refused(409, f'There is an object named "{short}" already', "CONFLICT")
    group, properties = f"{short.lower()}_information", dict[str, dict[str, Any]]()
    for each in body.get("properties") or ():
        properties[str(each.get("name"))] = made({"groupName": group, **each}, properties)
    primary = str(body.get("primaryDisplayProperty") or "")
    if primary not in properties:
        raise Refused(400, "A custom object needs properties, and one of them as primaryDisplayProperty")
    _check_names(body, properties)
    others = [crm.kind_of(str(each)) for each in body.get("associatedObjects") or ()]
    if None in others:
        raise Refused(400, f"associatedObjects has what is no kind of record: {body['associatedObjects']}")
    definition = {
        "name": short,
        "labels": {"singular": str(labels["singular"]), "plural": str(labels["plural"])},
        "description": str(body.get("description") or ""),
        "primaryDisplayProperty": primary,
        "requiredProperties": list(body.get("requiredProperties") or [primary]),
        "searchableProperties": list(body.get("searchableProperties") or [primary]),
        "secondaryDisplayProperties": list(body.get("secondaryDisplayProperties") or ()),
        "created": crm.now,
        "updated": crm.now,
    }
    crm.store.db.execute("DELETE FROM kinds WHERE name=?", (name,))  # [C] an archived one of this name is gone for good
    crm.store.db.execute("INSERT INTO kinds (name, definition) VALUES (?, ?)", (name, _packed(definition)))
    for each in properties.values():
        crm.store.define(name, each)
    crm.learn_kinds()
    for other in others:
        if other is not None:
            associate(crm, crm.kinds[name], other)
    return crm.kinds[name]


def associate(crm: Crm, kind: Kind, other: Kind) -> None:
    """Let the records of two kinds be associated, if they cannot be yet."""
    if {(kind.name, other.name), (other.name, kind.name)}.isdisjoint(crm.pairs):
        crm.store.db.execute("INSERT INTO labels (object, other) VALUES (?, ?)", (kind.name, other.name))
        crm.learn_kinds()


def _check_names(sent: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise Refused if what is sent names a property that there is not."""
    names = [str(name) for each in _LISTS for name in sent.get(each) or ()]
    names += [str(sent["primaryDisplayProperty"])] if "primaryDisplayProperty" in sent else []
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Refused(400, f"These are no properties of the object: {', '.join(unknown)}")


def _customs(crm: Crm) -> Sequence[Kind]:
    return [kind for kind in crm.kinds.values() if kind.scopes == "custom"]


def _archived(crm: Crm) -> Mapping[Kind, Mapping[str, Any]]:
    """Return the kinds that were archived, with what is left of each."""
    rows = crm.store.db.execute("SELECT number, name, definition FROM kinds ORDER BY number")
    known = [(number, name, orjson.loads(text)) for number, name, text in rows]
    return {custom_kind(*each): each[2] for each in known if "archived" in each[2]}


def _found(ask: Ask) -> Kind:
    kind = ask.crm.kind_of(ask.arg.partition("/")[0])
    if kind is None or kind not in _customs(ask.crm):
        raise not_found()
    return kind


def _definition(crm: Crm, kind: Kind) -> dict[str, Any]:
    row = crm.store.db.execute("SELECT definition FROM kinds WHERE name=?", (kind.name,)).fetchone()
    definition: dict[str, Any] = orjson.loads(row[0])
    return definition


def _save(crm: Crm, name: str, definition: Mapping[str, Any]) -> None:
    crm.store.db.execute("UPDATE kinds SET definition=? WHERE name=?", (_packed(definition), name))
    crm.learn_kinds()


def _shown(crm: Crm, kind: Kind) -> dict[str, Any]:
    properties, associations = list(crm.properties[kind.name].values()), _associations(crm, kind)
    return {**_named(kind, _definition(crm, kind)), "properties": properties, "associations": associations}


def _shown_archived(kind: Kind, definition: Mapping[str, Any]) -> dict[str, Any]:
    return {**_named(kind, definition), "archived": True, "restorable": True, "properties": [], "associations": []}


def _named(kind: Kind, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a kind is called and which properties it is known by, as answers show it."""
    held = {name: value for name, value in definition.items() if name not in ("created", "updated", "archived")}
    return {
        **held,
        "id": kind.type_id.partition("-")[2],
        "objectTypeId": kind.type_id,
        "fullyQualifiedName": kind.name,
        "metaType": "PORTAL_SPECIFIC",
        "archived": False,
        "createdAt": iso(definition["created"]),
        "updatedAt": iso(definition["updated"]),
    }


def _associations(crm: Crm, kind: Kind) -> list[dict[str, Any]]:
    """Return what a kind can be associated with, from it and back."""
    own = [(crm.kinds[one], crm.kinds[two], pair) for (one, two), pair in crm.pairs.items() if kind.name in (one, two)]
    ways = [each for one, two, pair in own for each in ((one, two, pair.types[0]), (two, one, pair.types[1]))]
    return [
        {
            "id": str(type),
            "fromObjectTypeId": one.type_id,
            "toObjectTypeId": two.type_id,
            "name": f"{one.label}_to_{two.label}".lower().replace(" ", "_"),
        }
        for one, two, type in ways
    ]


def _packed(definition: Mapping[str, Any]) -> str:
    return orjson.dumps(definition).decode()
