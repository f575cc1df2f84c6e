"""The account's data in SQLite: the primary store, and the copy of it that search works on.

Callers hold the sandbox's lock; nothing here is safe for two threads at once.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    object TEXT, id INTEGER, props TEXT, created INTEGER, modified INTEGER, archived_at INTEGER,
    PRIMARY KEY (object, id)
);
CREATE TABLE IF NOT EXISTS keys (
    object TEXT, property TEXT, value TEXT, id INTEGER, PRIMARY KEY (object, property, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_id ON keys (object, id);
CREATE TABLE IF NOT EXISTS merged (object TEXT, id INTEGER, target INTEGER, PRIMARY KEY (object, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS found (
    object TEXT, id INTEGER, props TEXT, created INTEGER, modified INTEGER, PRIMARY KEY (object, id)
);
CREATE INDEX IF NOT EXISTS found_by_modified ON found (object, modified);
CREATE TABLE IF NOT EXISTS to_index (
    number INTEGER PRIMARY KEY, due INTEGER, object TEXT, id INTEGER, props TEXT, created INTEGER, modified INTEGER
);
CREATE INDEX IF NOT EXISTS to_index_by_due ON to_index (due);
CREATE TABLE IF NOT EXISTS properties (
    object TEXT, name TEXT, definition TEXT, PRIMARY KEY (object, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (object TEXT, name TEXT, definition TEXT, PRIMARY KEY (object, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS associations (
    object TEXT, id INTEGER, other TEXT, other_id INTEGER, main INTEGER, PRIMARY KEY (object, id, other, other_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS associations_back ON associations (other, other_id, object);
CREATE TABLE IF NOT EXISTS labels (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT, other TEXT, label TEXT, inverse TEXT
);
CREATE TABLE IF NOT EXISTS labelled (
    object TEXT, id INTEGER, other TEXT, other_id INTEGER, label INTEGER,
    PRIMARY KEY (object, id, other, other_id, label)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT, name TEXT, type TEXT,
    created INTEGER, updated INTEGER, deleted INTEGER, version INTEGER
);
CREATE TABLE IF NOT EXISTS list_members (
    list INTEGER, id INTEGER, added INTEGER, PRIMARY KEY (list, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kinds (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, definition TEXT);
CREATE TABLE IF NOT EXISTS pipelines (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT, id TEXT, label TEXT, place INTEGER, created INTEGER
);
CREATE TABLE IF NOT EXISTS stages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT, pipeline TEXT, id TEXT, label TEXT, place INTEGER,
    metadata TEXT, created INTEGER
);
CREATE TABLE IF NOT EXISTS audits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT, pipeline TEXT, stage TEXT, action TEXT, at INTEGER, raw TEXT
);
CREATE TABLE IF NOT EXISTS owners (
    number INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, first TEXT, last TEXT, archived INTEGER, created INTEGER,
    updated INTEGER
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""

_RECORDS, _AROUND = ("records", "keys", "merged", "found", "to_index"), ("properties", "groups", "lists")
_OF_ONE_KIND = (*_RECORDS, *_AROUND, "pipelines", "stages", "audits")

VERSION = 2
"""Of the tables; a file with those of another version is not opened."""

FIRST_ID = 1001


@dataclass(slots=True)
class Row:
    """One record. Times are milliseconds since 1970; ``props`` holds only properties that have a value."""

    id: int
    props: dict[str, str] = field(default_factory=dict)
    created: int = 0
    modified: int = 0
    archived_at: int | None = None


class Store:
    """The tables, in a file or in memory (":memory:"); raises sqlite3.Error for a file that holds none of ours."""

    def __init__(self, path: str = ":memory:") -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        made = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if made and self.db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise sqlite3.DatabaseError("it was made by something else, or by another version")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(f"{_SCHEMA} PRAGMA user_version={VERSION};")
        self._next = dict(self.db.execute("SELECT name, value FROM counters"))
        self._records: list[tuple[Any, ...]] = []
        self._queue: list[tuple[Any, ...]] = []

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it if an exception comes out."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._flush()
        except BaseException:
            self._records, self._queue = [], []
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def _flush(self) -> None:
        """Write what was saved so far: rows of a batch are written together."""
        if self._records:
            self.db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._next.items())
            self.db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)", self._records)
            self.db.executemany(
                "INSERT INTO to_index (due, object, id, props, created, modified) VALUES (?, ?, ?, ?, ?, ?)",
                self._queue,
            )
            self._records, self._queue = [], []

    # --- records --------------------------------------------------------------------------------------

    def next_ids(self, object: str, count: int) -> range:
        """Return so many ids that were never used before."""
        first = self._next.get(object, FIRST_ID)
        self._next[object] = first + count
        return range(first, first + count)

    def get(self, object: str, id: int) -> Row | None:
        """Return the record that an id leads to, archived or not; a merged id leads to its survivor."""
        self._flush()
        query = "SELECT id, props, created, modified, archived_at FROM records WHERE object=? AND id=?"
        row = self.db.execute(query, (object, id)).fetchone()
        if row is None:
            target = self.db.execute("SELECT target FROM merged WHERE object=? AND id=?", (object, id)).fetchone()
            row = self.db.execute(query, (object, target[0])).fetchone() if target else None
        return _row(row) if row else None

    def page(self, object: str, first: int, limit: int, *, archived_since: int | None = None) -> list[Row]:
        """Return live records from an id on, in the order of their ids, or those that were archived after a time."""
        test = "archived_at > ?" if archived_since is not None else "archived_at IS ?"
        query = (
            "SELECT id, props, created, modified, archived_at FROM records"
            f" WHERE object=? AND id>=? AND {test} ORDER BY id LIMIT ?"
        )
        return [_row(each) for each in self.db.execute(query, (object, first, archived_since, limit))]

    def count(self, object: str) -> int:
        """Return the number of live records."""
        self._flush()
        sql = "SELECT COUNT(*) FROM records WHERE object=? AND archived_at IS NULL"
        return int(self.db.execute(sql, (object,)).fetchone()[0])

    def holding(self, object: str, property: str, values: Sequence[str]) -> list[int]:
        """Return the ids of the live records of which a property holds one of these values."""
        self._flush()
        sql = (
            "SELECT id FROM records WHERE object=? AND archived_at IS NULL"
            f" AND json_extract(props, ?) IN ({', '.join('?' * len(values))}) ORDER BY id"
        )
        return [row[0] for row in self.db.execute(sql, (object, f'$."{property}"', *values))]

    def save(self, object: str, rows: Iterable[Row], due: int) -> None:
        """Insert or replace records, and have the index show them from ``due`` on; archived ones leave it."""
        for row in rows:
            props = _packed(row.props)
            self._records.append((object, row.id, props, row.created, row.modified, row.archived_at))
            shown = props if row.archived_at is None else None
            self._queue.append((due, object, row.id, shown, row.created, row.modified))

    def remove(self, object: str, id: int) -> None:
        """Remove a record for good."""
        self._flush()
        self.db.execute("DELETE FROM records WHERE object=? AND id=?", (object, id))

    def wipe(self, object: str) -> None:
        """Remove everything of a kind of record, those in the recycling bin and their lists and pipelines as well."""
        self._flush()
        self.db.execute("DELETE FROM list_members WHERE list IN (SELECT id FROM lists WHERE object=?)", (object,))
        for table in _OF_ONE_KIND:
            self.db.execute(f"DELETE FROM {table} WHERE object=?", (object,))
        for table in ("associations", "labelled", "labels"):
            self.db.execute(f"DELETE FROM {table} WHERE ? IN (object, other)", (object,))

    def lead(self, object: str, ids: Sequence[int], target: int) -> None:
        """Make ids, and all that led to them, lead to another record."""
        for id in ids:
            self.db.execute("UPDATE merged SET target=? WHERE object=? AND target=?", (target, object, id))
            self.db.execute("INSERT OR REPLACE INTO merged VALUES (?, ?, ?)", (object, id, target))

    # --- unique values --------------------------------------------------------------------------------

    def holder(self, object: str, property: str, value: str) -> int | None:
        """Return the id of the live record that holds a unique value."""
        row = self.db.execute(
            "SELECT id FROM keys WHERE object=? AND property=? AND value=?", (object, property, value)
        ).fetchone()
        return row[0] if row else None

    def set_keys(self, object: str, id: int, keys: Iterable[tuple[str, str]]) -> None:
        """Let a record hold these unique values (property and value) and no others."""
        self.db.execute("DELETE FROM keys WHERE object=? AND id=?", (object, id))
        self.add_keys(object, keys, id)

    def add_keys(self, object: str, keys: Iterable[tuple[str, str]], id: int) -> None:
        """Let a record hold more unique values, which nobody holds yet."""
        for name, value in keys:
            self.db.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (object, name, value, id))

    # --- associations -----------------------------------------------------------------------------------

    def associated(self, object: str, id: int, other: str) -> list[tuple[int, bool]]:
        """Return the live records of another kind that a record is associated with, and which is the primary one."""
        self._flush()
        query = (
            "SELECT a.{to}, a.main FROM associations a JOIN records r ON r.object=a.{kind} AND r.id=a.{to} "
            "WHERE a.{own_kind}=? AND a.{own}=? AND a.{kind}=? AND r.archived_at IS NULL ORDER BY a.{to}"
        )
        there = query.format(to="other_id", kind="other", own_kind="object", own="id")
        back = query.format(to="id", kind="object", own_kind="other", own="other_id")
        return [(row[0], bool(row[1])) for text in (there, back) for row in self.db.execute(text, (object, id, other))]

    def associate(self, object: str, id: int, other: str, other_id: int, *, main: bool) -> None:
        """Associate two records; a primary one makes the one before an ordinary one."""
        if main:
            self.db.execute("UPDATE associations SET main=0 WHERE object=? AND id=? AND other=?", (object, id, other))
        self.db.execute(
            "INSERT INTO associations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET main=max(main, excluded.main)",
            (object, id, other, other_id, main),
        )

    def dissociate(self, object: str, id: int, other: str, other_id: int) -> bool:
        """Take every association of two records away; tell whether there was one."""
        where = "WHERE object=? AND id=? AND other=? AND other_id=?"
        self.db.execute(f"DELETE FROM labelled {where}", (object, id, other, other_id))
        return self.db.execute(f"DELETE FROM associations {where}", (object, id, other, other_id)).rowcount > 0

    def unmark(self, object: str, id: int, other: str, other_id: int) -> bool:
        """Let an association be no longer the primary one; tell whether it was."""
        sql = "UPDATE associations SET main=0 WHERE object=? AND id=? AND other=? AND other_id=? AND main"
        return self.db.execute(sql, (object, id, other, other_id)).rowcount > 0

    def hand_over(self, object: str, ids: Sequence[int], target: int) -> None:
        """Let a record have the associations of others, which were merged into it."""
        for kind, own in (("object", "id"), ("other", "other_id")):
            for id in ids:
                for table in ("associations", "labelled"):
                    sql = f"UPDATE OR IGNORE {table} SET {own}=? WHERE {kind}=? AND {own}=?"
                    self.db.execute(sql, (target, object, id))
                    self.db.execute(f"DELETE FROM {table} WHERE {kind}=? AND {own}=?", (object, id))
        sql = (
            "UPDATE associations SET main=0 WHERE object=? AND id=? AND main AND other_id > "
            "(SELECT min(a.other_id) FROM associations a WHERE a.object=associations.object AND a.id=associations.id "
            "AND a.other=associations.other AND a.main)"
        )
        self.db.execute(sql, (object, target))

    # --- the search index -----------------------------------------------------------------------------

    def catch_up(self, now: int) -> None:
        """Index everything that is due."""
        query = "SELECT number, object, id, props, created, modified FROM to_index WHERE due<=? ORDER BY due, number"
        waiting = self.db.execute(query, (now,)).fetchall()
        if not waiting:
            return
        latest = {(object, id): rest for _, object, id, *rest in waiting}
        gone = [key for key, rest in latest.items() if rest[0] is None]
        shown = [(*key, *rest) for key, rest in latest.items() if rest[0] is not None]
        self.db.executemany("DELETE FROM found WHERE object=? AND id=?", gone)
        self.db.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?, ?)", shown)
        self.db.execute("DELETE FROM to_index WHERE due<=?", (now,))

    # --- properties -----------------------------------------------------------------------------------

    def definitions(self, object: str) -> dict[str, dict[str, Any]]:
        """Return the definitions of all properties by name, in the order in which they were made."""
        rows = self.db.execute("SELECT name, definition FROM properties WHERE object=?", (object,))
        return {name: orjson.loads(text) for name, text in rows}

    def define(self, object: str, definition: dict[str, Any]) -> None:
        """Add a property, or replace its definition."""
        self.db.execute(
            "INSERT OR REPLACE INTO properties VALUES (?, ?, ?)", (object, definition["name"], _packed(definition))
        )

    def groups(self, object: str) -> dict[str, dict[str, Any]]:
        """Return the groups of properties that were made or changed, by name."""
        rows = self.db.execute("SELECT name, definition FROM groups WHERE object=?", (object,))
        return {name: orjson.loads(text) for name, text in rows}

    def keep_group(self, object: str, group: Mapping[str, Any]) -> None:
        """Add a group of properties, or replace it."""
        self.db.execute("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", (object, group["name"], _packed(dict(group))))


def _row(row: Sequence[Any]) -> Row:
    return Row(row[0], orjson.loads(row[1]), row[2], row[3], row[4])


def _packed(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
