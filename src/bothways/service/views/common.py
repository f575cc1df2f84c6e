"""What all views have in common: numbers per app, and being told as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

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
