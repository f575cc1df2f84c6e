"""From the file to the scope of a sync: filters, what becomes of a record that leaves, what a record must have."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from bothways.engine.filters import DEEPEST, GROUPS, OPERATORS
from bothways.engine.scope import Leaving
from bothways.engine.sides import Side
from bothways.engine.spec import Occasion
from bothways.errors import MissingKey, WrongType
from bothways.service.document import (
    ALL,
    FROM_NOW,
    LIST,
    ConditionDocument,
    FilterDocument,
    GroupDocument,
    ScopeDocument,
    TagDocument,
)
from bothways.service.reading_apps import only_apps
from bothways.service.reading_fields import tag_of
from bothways.service.yaml_file import Node, kind_of

REQUIRED = ("email",)
START = (ALL, FROM_NOW)
LEAVING = tuple(each for each in Leaving if each is not Leaving.TAG)
"""What ``when_leaving_filter`` may be in a word; a tag says more."""

TAG_HINT = "{tag: {an app: {field: ..., value: ...}}}"
CONDITION_HINT = "Such as: {field: country, in: [DE, FR]}, or a group: all, any, not."


def scope_of(node: Node, pair: Mapping[str, Side]) -> ScopeDocument:
    """Return the scope of a sync of the file; ``pair`` gives the side of each app."""
    send = node.node("send")
    filters = {side: _filter_of(send, app) for app, side in pair.items() if isinstance(send.data.get(app), Mapping)}
    tags = tuple(_tags(node, pair))
    leaving = Leaving.TAG if tags else Leaving(node.choice("when_leaving_filter", LEAVING, Leaving.FREEZE))
    start = node.choice("start", START, ALL)
    require = None if node.data.get("require") is None else _required(node)
    place = node.value_place("require") if "require" in node else ""
    start_place = node.value_place("start") if "start" in node else ""
    return ScopeDocument(filters, leaving, require, place, start == FROM_NOW, start_place, tags)


def _tags(node: Node, pair: Mapping[str, Side]) -> Iterator[TagDocument]:
    """Yield the tags of what leaves; none where a word says what becomes of it."""
    value = node.data.get("when_leaving_filter")
    if value == Leaving.TAG:
        raise node.wrong("when_leaving_filter", TAG_HINT)
    if not isinstance(value, Mapping):
        return
    leaving = node.node("when_leaving_filter")
    leaving.only((str(Leaving.TAG),))
    leaving.need(str(Leaving.TAG), f"Such as: {TAG_HINT}")
    apps = leaving.node(str(Leaving.TAG))
    only_apps(apps, pair)
    if not apps.data:
        raise leaving.wrong(str(Leaving.TAG), TAG_HINT)
    for app in (app for app in pair if app in apps):
        yield tag_of(apps, app, pair[app], Occasion.LEAVING)


def _required(node: Node) -> tuple[str, ...]:
    for each in node.list("require"):
        if each not in REQUIRED:
            raise node.wrong("require", "[email], or [] for nothing")
    return tuple(dict.fromkeys(str(each) for each in node.list("require")))


def _filter_of(send: Node, app: str) -> FilterDocument:
    node = send.node(app)
    node.only(("filter",))
    node.need("filter", CONDITION_HINT)
    return _filter(node.node("filter"), DEEPEST)


def _filter(node: Node, depth: int) -> FilterDocument:
    """Return a group or a condition; ``depth`` is how many groups more may lie in each other."""
    kind = next((each for each in GROUPS if each in node), None)
    if kind is None:
        return _condition(node)
    node.only((kind,))
    if not depth:
        expected = f"at most {DEEPEST} groups within groups"
        raise WrongType(where=node.place, key=kind, expected=expected, got="deeper")
    parts = [node.node(kind)] if kind == "not" else node.nodes(kind)
    if not parts:
        raise WrongType(where=node.value_place(kind), key=kind, expected="a list of conditions", got="empty")
    return GroupDocument(kind, tuple(_filter(part, depth - 1) for part in parts), node.place)


def _condition(node: Node) -> ConditionDocument:
    if LIST in node:
        node.only((LIST,))
        return ConditionDocument("", LIST, node.text(LIST), node.value_place(LIST))
    node.only(("field", *OPERATORS))
    node.need("field", CONDITION_HINT)
    operators = [key for key in node if key != "field"]
    if len(operators) != 1:
        if not operators:
            raise MissingKey(where=node.place, key=" or ".join(OPERATORS), hint=CONDITION_HINT)
        got = " and ".join(operators)
        raise WrongType(where=node.key_place(operators[1]), key="a condition", expected="one question", got=got)
    operator = operators[0]
    return ConditionDocument(node.text("field"), operator, _plain(node, operator), node.value_place(operator))


def _plain(node: Node, key: str) -> Any:
    value = node.data[key]
    return [_one(node, key, each) for each in value] if isinstance(value, list) else _one(node, key, value)


def _one(node: Node, key: str, value: object) -> str | int | float | bool | None:
    """Return one value as plain data: a date, as YAML reads it without quotes, as ISO 8601 text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is not None:
        expected = "a value, or a list of values"
        raise WrongType(where=node.value_place(key), key=key, expected=expected, got=kind_of(value))
    return None
