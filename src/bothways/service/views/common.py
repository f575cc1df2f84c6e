"""What all views have in common: numbers per app, and being told as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

V = TypeVar("V")

Counted = Mapping[str, int]
"""A number per app, by its name."""


def plain(view: Any) -> Any:
    """Return a view as data that JSON can hold: dicts, lists, text, numbers."""
    if is_dataclass(view) and not isinstance(view, type):
        return {each.name: plain(getattr(view, each.name)) for each in fields(view)}
    if isinstance(view, Mapping):
        return {str(key): plain(value) for key, value in view.items()}
    if isinstance(view, str):
        return str(view)
    if isinstance(view, Sequence | set | frozenset):
        return [plain(each) for each in view]
    return view


def from_plain(kind: type[V], data: Mapping[str, Any]) -> V:
    """Return the view of this class that ``plain`` has told of. Its fields are texts, numbers, views, one of these or
    None, and tuples and mappings of one kind."""
    kinds = get_type_hints(kind)
    return kind(**{name: _as(kinds[name], value) for name, value in data.items()})


def _as(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(kind) is UnionType:
        return _as(next(each for each in get_args(kind) if each is not NoneType), value)
    if get_origin(kind) is tuple:
        return tuple(_as(get_args(kind)[0], each) for each in value)
    if get_origin(kind) is Mapping:
        return {key: _as(get_args(kind)[1], each) for key, each in value.items()}
    return from_plain(kind, value) if is_dataclass(kind) and isinstance(kind, type) else value
