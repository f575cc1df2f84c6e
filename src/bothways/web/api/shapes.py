"""Views as JSON, and the JSON Schema of each: both made from its fields, so that no shape is written twice."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from bothways.errors import BothwaysError
from bothways.service.views import plain
from bothways.web.api.problems import document

Schema = dict[str, Any]

PROBLEM = "Problem"
"""What failures are called among the schemas."""

_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    Any: {},
    object: {},
}


def told(view: object) -> str:
    """Return a view, or a list or mapping of some, as JSON text."""
    return json.dumps(plain(view), ensure_ascii=False, allow_nan=False, default=_other)


def _other(value: object) -> object:
    if isinstance(value, BothwaysError):
        return document(value)
    return str(value)


def schema_of(kind: Any, known: dict[str, Schema]) -> Schema:
    """Return the schema of a type, and put those of views into ``known`` by their names."""
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(each, known) for each in inner]}
    if origin is tuple and inner[-1] is not Ellipsis:
        each = [schema_of(kind, known) for kind in inner]
        items = {"items": each[0]} if len(set(inner)) == 1 else {"prefixItems": each}
        return {"type": "array", **items, "minItems": len(inner), "maxItems": len(inner)}
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": schema_of(inner[0], known)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": schema_of(inner[1], known)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"type": "string", "enum": [each.value for each in kind]}
    if isinstance(kind, type) and issubclass(kind, BothwaysError):
        return {"$ref": f"#/components/schemas/{PROBLEM}"}
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in known:
            known[kind.__name__] = {}
            known[kind.__name__] = _of_view(kind, known)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    raise TypeError(f"no schema for {kind!r}")


def _of_view(kind: type, known: dict[str, Schema]) -> Schema:
    hints = _hints(kind)
    names = [each.name for each in fields(kind)]
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {name: schema_of(hints[name], known) for name in names},
        "required": names,
    }


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a view's fields. What values hold in turn is not followed: it ends nowhere."""
    return get_type_hints(kind, localns={"Value": Any})


PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "A failure (RFC 9457): what happened, what happens by itself, what to do, with a code that stays.",
    "properties": {
        "type": {"type": "string", "description": "Names the kind of failure, as an URN with its code."},
        "title": {"type": "string", "description": "The kind of failure, in short."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened."},
        "code": {"type": "string", "pattern": "^BW-[0-9]{3}$"},
        "by_itself": {"type": "string", "description": "What happens by itself."},
        "to_do": {"type": "string", "description": "What can be done."},
        "retriable": {"type": "boolean", "description": "Whether the same call may work later."},
        "errors": {
            "type": "array",
            "description": "What of the call is not as it should be, each with its place.",
            "items": {
                "type": "object",
                "properties": {"place": {"type": "string"}, "message": {"type": "string"}},
                "required": ["place", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "by_itself", "to_do", "retriable"],
}
