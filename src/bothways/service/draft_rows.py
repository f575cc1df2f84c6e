"""Mappings as they stand in the settings file, edited as plain data: what an edit does not speak of stays as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.service.document import ONLY_KEYS

Row = Mapping[str, Any]
"""A mapping, or an association, of the settings file."""

BOTH = "both"
OF_VALUES = ("values", "other")
"""What speaks of the options of the very fields that are mapped."""


def with_field(row: Row, app: str, name: str) -> Row:
    """Return a row with another field of an app, "" for none; what was said of the old one's values is no more."""
    if row.get(app, "") == name:
        return row
    kept = {key: value for key, value in row.items() if key not in (app, *OF_VALUES)}
    return {**({app: name} if name else {}), **kept}


def with_direction(row: Row, direction: str) -> Row:
    """Return a row that goes another way."""
    return _with(row, "direction", direction, BOTH)


def switched(row: Row, on: bool) -> Row:
    """Return a row that is on or off."""
    return _with(row, "enabled", on, True)


def _with(row: Row, key: str, value: object, usual: object) -> Row:
    """Return a row that says something; the usual goes without saying."""
    if row.get(key, usual) == value:
        return row
    kept = {name: held for name, held in row.items() if name != key}
    return kept if value == usual else {**kept, key: value}


def with_options(
    row: Row,
    apps: Sequence[str],
    *,
    winner: str,
    only: str,
    when_empty: str,
    clean: Sequence[str],
    consent: Mapping[str, str],
) -> Row:
    """Return a row with these options; "" and nothing for what is not said."""
    words = set(consent.values())
    said = {
        "winner": winner,
        "when_empty": when_empty,
        **{key: only == str(each) for each, key in ONLY_KEYS.items()},
        "clean": list(clean),
    }
    if consent != consent_of(row, apps):
        said["consent"] = words.pop() if len(words) == 1 else dict(consent)
    for key, value in said.items():
        if (row.get(key) or None) != (value or None):
            kept = {name: held for name, held in row.items() if name != key}
            row = {**kept, key: value} if value else kept
    return row


def only_of(row: Row) -> str:
    """Return when a row is written, "" for always."""
    return next((str(each) for each, key in ONLY_KEYS.items() if row.get(key)), "")


def consent_of(row: Row, apps: Sequence[str]) -> dict[str, str]:
    """Return what a yes means for consent by app, nothing where it means nothing."""
    said = row.get("consent")
    return dict.fromkeys(apps, said) if isinstance(said, str) else dict(said or {})
