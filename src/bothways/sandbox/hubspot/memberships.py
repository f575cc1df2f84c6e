"""Lists of records as they are kept, and who is on them.

Callers hold the sandbox's lock and an open transaction.
"""

from collections.abc import Iterable
from typing import NamedTuple

from bothways.sandbox.hubspot.store import Store

KEPT = 90 * 86_400_000
"""Milliseconds for which a list that was deleted can be restored."""


MOST = 2**63 - 1
"""The largest id that there can be."""


class Listing(NamedTuple):
    """One list. Times are milliseconds since 1970."""

    id: int
    object: str
    name: str
    type: str
    created: int
    updated: int
    deleted: int | None
    version: int


class Member(NamedTuple):
    """One record of a list, and when it came onto it."""

    id: int
    added: int


_FIELDS = "id, object, name, type, created, updated, deleted, version"
_LIVE = (
    "SELECT {what}, min(m.added) FROM list_members m JOIN lists l ON l.id=m.list"
    " LEFT JOIN merged g ON g.object=l.object AND g.id=m.id"
    " JOIN records r ON r.object=l.object AND r.id=COALESCE(g.target, m.id)"
    " WHERE r.archived_at IS NULL AND {where} GROUP BY {what} ORDER BY {what}"
)
"""The live records of lists; one that was merged is there as its survivor."""


def all_lists(store: Store) -> list[Listing]:
    """Return the lists that were not deleted."""
    return [Listing(*row) for row in store.db.execute(f"SELECT {_FIELDS} FROM lists WHERE deleted IS NULL ORDER BY id")]


def named(store: Store, object: str, name: str) -> Listing | None:
    """Return the list of this name, whatever its case."""
    return next((x for x in all_lists(store) if (x.object, x.name.casefold()) == (object, name.casefold())), None)


def of_id(store: Store, id: int) -> Listing | None:
    """Return the list of this id, deleted or not."""
    if id > MOST:
        return None
    row = store.db.execute(f"SELECT {_FIELDS} FROM lists WHERE id=?", (id,)).fetchone()
    return Listing(*row) if row else None


def make(store: Store, object: str, name: str, type: str, now: int) -> Listing:
    """Make a list."""
    sql = "INSERT INTO lists (object, name, type, created, updated, version) VALUES (?, ?, ?, ?, ?, 1)"
    id = store.db.execute(sql, (object, name, type, now, now)).lastrowid or 0
    return Listing(id, object, name, type, now, now, None, 1)


def save(store: Store, list: Listing) -> Listing:
    """Keep what was changed of a list, as its next version."""
    changed = list._replace(version=list.version + 1)
    sql = "UPDATE lists SET name=?, updated=?, deleted=?, version=? WHERE id=?"
    store.db.execute(sql, (changed.name, changed.updated, changed.deleted, changed.version, changed.id))
    return changed


def members(store: Store, list: int) -> list[Member]:
    """Return the live records of a list, in the order of their ids."""
    return [Member(*row) for row in store.db.execute(_LIVE.format(what="r.id", where="m.list=?"), (list,))]


def lists_of(store: Store, object: str, id: int) -> list[tuple[Listing, int]]:
    """Return the lists that a record is on, and since when."""
    where = "l.object=? AND r.id=? AND l.deleted IS NULL"
    rows = store.db.execute(_LIVE.format(what="l.id", where=where), (object, id))
    return [(found, added) for number, added in rows.fetchall() if (found := of_id(store, number)) is not None]


def add(store: Store, list: int, ids: Iterable[int], now: int) -> None:
    """Put records onto a list; those that are on it stay as they are."""
    store.db.executemany("INSERT OR IGNORE INTO list_members VALUES (?, ?, ?)", [(list, id, now) for id in ids])


def remove(store: Store, list: int, ids: Iterable[int]) -> None:
    """Take records off a list, under every id that leads to them."""
    sql = (
        "DELETE FROM list_members WHERE list=? AND (id=? OR id IN"
        " (SELECT g.id FROM merged g JOIN lists l ON l.object=g.object WHERE l.id=? AND g.target=?))"
    )
    store.db.executemany(sql, [(list, id, list, id) for id in ids])


def clear(store: Store, list: int) -> None:
    """Take all records off a list."""
    store.db.execute("DELETE FROM list_members WHERE list=?", (list,))
