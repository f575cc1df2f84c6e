"""Calls about the groups that properties are shown in."""

import re
from collections.abc import Mapping
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import Kind

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
Group = Mapping[str, Any]


def list_all(ask: Ask) -> Answer:
    """Answer all groups that are not archived."""
    return 200, {"results": [each for each in of(ask.crm, ask.kind).values() if not each["archived"]]}


def read(ask: Ask) -> Answer:
    """Answer one group."""
    return 200, _asked(ask)


def create(ask: Ask) -> Answer:
    """Make a group. One of the name of an archived one is a new one."""
    body, name = ask.body, str(ask.body.get("name") or "")
    if not _NAME.fullmatch(name) or not body.get("label"):
        raise Refused(400, "A group needs a name in lower case and a label")
    if not of(ask.crm, ask.kind).get(name, {"archived": True})["archived"]:
        raise Refused(409, f'A property group named "{name}" already exists.', "CONFLICT")
    return 201, _keep(ask, _group(name, str(body["label"]), body.get("displayOrder", -1)))


def update(ask: Ask) -> Answer:
    """Change the label or the place of a group."""
    label, place = ask.body.get("label"), ask.body.get("displayOrder")
    changed: Group = {} if label is None else {"label": str(label)}
    changed = changed if place is None else {**changed, "displayOrder": place}
    return 200, _keep(ask, {**_asked(ask), **changed})


def archive(ask: Ask) -> Answer:
    """Archive a group, unless properties are in it [C]."""
    group, definitions = _asked(ask), ask.crm.properties[ask.kind.name].values()
    if any(each["groupName"] == ask.arg and not each["archived"] for each in definitions):
        sub = "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
        raise Refused(400, f'Property group "{ask.arg}" cannot be archived while it has properties', sub=sub)
    _keep(ask, {**group, "archived": True})
    return 204, None


def require(ask: Ask, name: str) -> None:
    """Raise Refused if there is no such group for a property to be in [K: the words and the status]."""
    if of(ask.crm, ask.kind).get(name, {"archived": True})["archived"]:
        raise Refused(400, f'Property group "{name}" does not exist')


def of(crm: Crm, kind: Kind) -> dict[str, Group]:
    """Return the groups of a kind of record by name: those its properties are in, and those that were made."""
    named = dict.fromkeys(each["groupName"] for each in crm.properties[kind.name].values() if each["groupName"])
    return {
        **{name: _group(name, name.replace("_", " ").capitalize()) for name in named},
        **crm.store.groups(kind.name),
    }


def _group(name: str, label: str, place: int = -1) -> Group:
    return {"name": name, "label": label, "displayOrder": place, "archived": False}


def _asked(ask: Ask) -> Group:
    group = of(ask.crm, ask.kind).get(ask.arg)
    if group is None or group["archived"]:
        raise not_found()
    return group


def _keep(ask: Ask, group: Group) -> Group:
    ask.crm.store.keep_group(ask.kind.name, group)
    return group
