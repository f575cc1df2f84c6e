"""Values as HubSpot writes them: every value is a text, nothing is null, and "" clears a property."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bothways.connectors.hubspot.facts import OTHER_EMAILS
from bothways.records import Record, Value, is_blank
from bothways.records.parse import parse_datetime, text_of

_ID = re.compile("[1-9][0-9]{0,18}")


def to_wire(value: Value) -> str:
    """Return what HubSpot is sent for a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(str(value)), "f")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return joined([to_wire(item) for item in value])
    return str(value)


def joined(options: Sequence[str]) -> str:
    """Return several choices as one text; never with a ";" in front, which would add instead of replace."""
    return ";".join(option for option in options if not is_blank(option))


def record_of(row: Mapping[str, Any], modified: str, fields: Sequence[str]) -> Record:
    """Return a row of an answer as a record with these fields; the ones it does not show are None."""
    values, saved = row.get("properties") or {}, modified_of(row, modified)
    return Record(
        str(row["id"]),
        {name: _value(name, values.get(name)) for name in fields},
        version=str(millis(saved)) if saved else None,
        modified=stamp(saved),
        created=stamp(row.get("createdAt")),
    )


def _value(name: str, raw: Value) -> Value:
    """Return what a property holds: further addresses one by one, though they are one text for HubSpot."""
    return (listed(raw) or None) if name == OTHER_EMAILS else raw


def modified_of(row: Mapping[str, Any], modified: str) -> Value:
    """Return when a row was last saved, as HubSpot writes it; None if it does not tell."""
    saved: Value = (row.get("properties") or {}).get(modified) or row.get("updatedAt")
    return saved


def stamp(value: Value) -> float | None:
    """Return seconds since 1970 for a time as HubSpot writes it (ISO 8601, or epoch milliseconds)."""
    return None if value is None else _stamp(text_of(value))


@lru_cache(1024)
def _stamp(text: str) -> float | None:
    """Each time is asked for again and again: as the version of a row, its date, and the newest of a page."""
    moment = parse_datetime(text)
    return moment.timestamp() if moment else None


def millis(value: Value) -> int | None:
    """Return whole milliseconds since 1970 for a time as HubSpot writes it."""
    seconds = stamp(value)
    return None if seconds is None else round(seconds * 1000)


def email_key(value: str) -> str:
    """Return an address as HubSpot stores it: [K] in lower case."""
    return value.strip().lower()


def is_id(text: str) -> bool:
    """Tell whether a text can be an id of HubSpot: all are numbers, of 64 bits at most."""
    return _ID.fullmatch(text) is not None


def listed(value: Value) -> list[str]:
    """Return the parts of a text that is separated by ";"."""
    return [part for part in (each.strip() for each in str(value or "").split(";")) if part]
