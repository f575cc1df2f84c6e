"""From the file to the scope of a sync: filters, what becomes of a record that leaves, what a record must have."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bothways.engine.filters import DEEPEST, GROUPS, OPERATORS
from bothways.engine.scope import Leaving
from bothways.engine.sides import Side
from bothways.errors import MissingKey, NotAvailableYet, WrongType
from bothways.service.document import (
    ALL,
    FROM_NOW,
    LIST,
    ConditionDocument,
    FilterDocument,
    GroupDocument,
    ScopeDocument,
)
from bothways.service.yaml_file import Node, kind_of

REQUIRED = ("email",)
START = (ALL, FROM_NOW)
LEAVING_LATER = ("tag",)
CONDITION_HINT = "Such as: {field: country, in: [DE, FR]}, or a group: all, any, not."


def scope_of(node: Node, pair: Mapping[str, Side]) -> ScopeDocument:
    """Return the scope of a sync of the file; ``pair`` gives the side of each app."""
    send = node.node("send")
    filters = {side: _filter_of(send, app) for app, side in pair.items() if isinstance(send.data.get(app), Mapping)}
    leaving = _choice(node, "when_leaving_filter", tuple(Leaving), LEAVING_LATER, Leaving.FREEZE)
    start = node.choice("start", START, ALL)
    require = None if node.data.get("require") is None else _required(node)
    place = node.value_place("require") if "require" in node else ""
    start_place = node.value_place("start") if "start" in node else ""
    return ScopeDocument(filters, Leaving(leaving), require, place, start == FROM_NOW, start_place)


def _choice(node: Node, key: str, choices: tuple[str, ...], later: tuple[str, ...], default: str) -> str:
    """Return one of several words; refuse those that are not available yet as such."""
    value = node.data.get(key)
    if isinstance(value, str) and value in later:
        raise NotAvailableYet(where=node.value_place(key), key=f"{key}: {value}")
    return node.choice(key, choices, default)


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
        raise node.wrong(kind, "a list of conditions")
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
