"""What the properties of records held before, and who wrote it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from bothways.sandbox.hubspot.changes import PERSON, Author
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.store import Row
from bothways.sandbox.hubspot.values import iso

KEPT = 20
"""[K] Entries of a property's history that are kept."""


class Entry(NamedTuple):
    """One value that a property got: when (milliseconds since 1970), and by whom."""

    value: str
    at: int
    by: Author


class Histories:
    """The histories of all records, as long as the account is open. Who made a record is a person, if nobody else."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], dict[str, list[Entry]]] = {}
        self._before: dict[tuple[str, int], dict[str, list[Entry]]] = {}
        self._makers: dict[tuple[str, int], Author] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is noted inside, or nothing of it if an exception comes out."""
        self._before = {}
        try:
            yield
        except BaseException:
            self._known |= self._before
            raise

    def made(self, kind: Kind, row: Row, by: Author) -> None:
        """Remember who made a record."""
        if by is not PERSON:
            self._makers[kind.name, row.id] = by

    def note(self, kind: Kind, before: Row, after: Row, at: int, by: Author) -> None:
        """Remember what became another value."""
        known = self._open(kind, after)
        for name, now in changed(before, after):
            known[name] = [Entry(now, at, by), *self.of(kind, before, name)][:KEPT]

    def merge(self, kind: Kind, primary: Row, other: Row, merged: Row) -> None:
        """Let a new record have the histories of the two that it was made of."""
        known = {name: self.of(kind, primary if name in primary.props else other, name) for name in merged.props}
        self._open(kind, merged).update(known)

    def _open(self, kind: Kind, row: Row) -> dict[str, list[Entry]]:
        """Return what is known of a record, to be added to; how it was before is remembered."""
        known = self._known.setdefault((kind.name, row.id), {})
        self._before.setdefault((kind.name, row.id), dict(known))
        return known

    def then(self, kind: Kind, row: Row, at: int) -> Row:
        """Return a record with what its properties held at a time; one that was made since, as it is."""
        known = self._known.get((kind.name, row.id), {}) if row.created <= at else {}
        held = {name: next((each.value for each in entries if each.at <= at), "") for name, entries in known.items()}
        return replace(row, props={name: value for name, value in {**row.props, **held}.items() if value})

    def of(self, kind: Kind, row: Row, name: str) -> list[Entry]:
        """Return what a property of a record held, the latest first."""
        known = self._known.get((kind.name, row.id), {}).get(name)
        if known is not None or name not in row.props:
            return known or []
        return [Entry(row.props[name], row.created, self._makers.get((kind.name, row.id), PERSON))]


def changed(before: Row, after: Row) -> list[tuple[str, str]]:
    """Return the properties that hold something else than before, with what they hold now."""
    values = [(name, after.props.get(name, "")) for name in {**before.props, **after.props}]
    return [(name, now) for name, now in values if before.props.get(name, "") != now]


def entry(each: Entry) -> dict[str, Any]:
    """Return an entry of a history as answers show it."""
    body = {"value": each.value, "timestamp": iso(each.at), "sourceType": each.by.type}
    more = {"sourceId": each.by.id, "sourceLabel": each.by.label}
    return body | {name: text for name, text in more.items() if text is not None}
