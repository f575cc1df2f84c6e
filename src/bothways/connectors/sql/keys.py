"""Record ids: the text of a primary key, or of several columns the texts as a JSON list."""

import re
import uuid
from collections.abc import Sequence

import orjson

Key = tuple[str, ...]

_WHOLE = re.compile(r"0|-?[1-9]\d*", re.ASCII)
_BITS = {"int2": 15, "int4": 31, "int8": 63}
_LONGEST = 20
"""Characters that the longest whole number has."""

TYPES = frozenset({*_BITS, "text", "varchar", "uuid"})
"""The types of key columns whose values have one text each, so that an id never changes its form."""


def id_of(key: Sequence[str]) -> str:
    """Return the record id of a key."""
    return key[0] if len(key) == 1 else orjson.dumps(list(key)).decode()


def key_of(id: str, types: Sequence[str]) -> Key | None:
    """Return the key that an id stands for, None if no row can have it. ``types`` are those of the key columns."""
    if len(types) == 1:
        key: Sequence[object] = (id,)
    else:
        try:
            parsed = orjson.loads(id)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(parsed, list) or len(parsed) != len(types) or orjson.dumps(parsed).decode() != id:
            return None
        key = parsed
    texts = tuple(each for each in key if isinstance(each, str))
    fits = len(texts) == len(types) and all(_fits(text, type) for text, type in zip(texts, types, strict=True))
    return texts if fits else None


def is_text(value: str) -> bool:
    """Tell whether it is a text that can be sent to a database: without a null character or half of one."""
    return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)


def _fits(text: str, type: str) -> bool:
    if type in _BITS:
        whole = len(text) <= _LONGEST and _WHOLE.fullmatch(text) is not None
        return whole and -(2 ** _BITS[type]) <= int(text) < 2 ** _BITS[type]
    if type == "uuid":
        try:
            return str(uuid.UUID(text)) == text
        except ValueError:
            return False
    return is_text(text)
