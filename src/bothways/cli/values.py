"""Values of fields as people read them."""

from collections.abc import Mapping, Sequence

from bothways.cli.text import clean, cut
from bothways.records import Value, is_blank

EMPTY = "(empty)"


def value_text(value: Value) -> str:
    """Return a field's value as people read it; blank ones as ``(empty)``."""
    return cut(clean(_plain(value))) if not is_blank(value) else EMPTY


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _labelled(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(item) for item in value if not is_blank(item))
    return str(value)


def _labelled(value: Mapping[str, Value]) -> str:
    if "value" not in value:
        return ", ".join(f"{key}: {_plain(each)}" for key, each in value.items())
    label = value.get("label")
    return f"{_plain(value['value'])} ({label})" if label else _plain(value["value"])
