"""The desks at which people work in a soak: HubSpot's, and that of whoever has the tables open."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import psycopg

from bench.soak_books import ERP, HUBSPOT, NOTE, OBJECTS, PARENTS, number_of
from bench.soak_site import Site

NAME = "people"
"""What people's sessions with the tables are called: these are not cut."""


class Account:
    """HubSpot as people see it on their screens. ``ids``: by object and number, of what was live when last looked."""

    def __init__(self, site: Site) -> None:
        self.site, self.admin = site, site.hubspot
        self.ids: dict[str, dict[int, str]] = {object: {} for object in OBJECTS}
        self._store = sqlite3.connect(f"file:{site.account}?mode=ro", uri=True, timeout=60)
        self._after = dict.fromkeys(OBJECTS, 0)
        self.look()

    def look(self) -> None:
        """Take note of all records that are new."""
        query = "SELECT id, props FROM records WHERE object=? AND id>? AND archived_at IS NULL ORDER BY id"
        for object in OBJECTS:
            for id, text in self._store.execute(query, (object, self._after[object])).fetchall():
                self._after[object] = id
                number = number_of(object, orjson.loads(text).get(HUBSPOT[object]["key"]))
                if number is not None:
                    self.ids[object][number] = str(id)

    def held(self, object: str, number: int) -> dict[str, str | None] | None:
        """Return the fields of a live record, and the note; None if there is none."""
        id = self.ids[object].get(number)
        query = "SELECT props FROM records WHERE object=? AND id=? AND archived_at IS NULL"
        row = self._store.execute(query, (object, int(id))).fetchone() if id else None
        if row is None:
            return None
        props = orjson.loads(row[0])
        return {name: props.get(theirs) for name, theirs in HUBSPOT[object].items()} | {"note": props.get(NOTE[object])}

    def parents(self, object: str, number: int, name: str) -> list[str]:
        """Return the ids of the live records to which a record belongs, the primary one first."""
        query = (
            "SELECT a.other_id FROM associations a JOIN records r ON r.object=a.other AND r.id=a.other_id "
            "WHERE a.object=? AND a.id=? AND a.other=? AND r.archived_at IS NULL ORDER BY a.main DESC, a.other_id"
        )
        found = self._store.execute(query, (object, int(self.ids[object][number]), PARENTS[object][name])).fetchall()
        return [str(id) for (id,) in found]

    def children(self, parent: str, number: int) -> list[tuple[str, int, str, int]]:
        """Return who belongs to a record: object, number, by which field, and to how many records of that kind."""
        query = (
            "SELECT a.object, a.id, r.props, (SELECT COUNT(*) FROM associations b WHERE b.object=a.object AND b.id=a.id"
            " AND b.other=a.other) FROM associations a JOIN records r ON r.object=a.object AND r.id=a.id "
            "WHERE a.other=? AND a.other_id=? AND r.archived_at IS NULL"
        )
        found = []
        for object, _, text, count in self._store.execute(query, (parent, int(self.ids[parent][number]))).fetchall():
            name = next((name for name, other in PARENTS.get(object, {}).items() if other == parent), None)
            key = number_of(object, orjson.loads(text).get(HUBSPOT[object]["key"]))
            if name is not None and key is not None:
                found.append((object, key, name, count))
        return found

    def number(self, object: str, id: str) -> int | None:
        """Return the number of a live record."""
        query = "SELECT props FROM records WHERE object=? AND id=? AND archived_at IS NULL"
        row = self._store.execute(query, (object, int(id))).fetchone()
        return number_of(object, orjson.loads(row[0]).get(HUBSPOT[object]["key"])) if row else None

    def save(self, object: str, number: int, values: Mapping[str, str | None]) -> None:
        """Save fields of a record; raises Refused."""
        names = HUBSPOT[object] | {"note": NOTE[object]}
        sent = {names[name]: value or "" for name, value in values.items()}
        self.admin.edit(object, self.ids[object][number], sent)

    def make(self, object: str, number: int, values: Mapping[str, str | None]) -> str:
        """Make a record; raises Refused."""
        more = {"pipeline": "default"} if object == "deals" else {}
        sent = {HUBSPOT[object][name]: value or "" for name, value in values.items()}
        id = self.admin.create(object, sent | more)
        self.ids[object][number] = id
        return id

    def close(self) -> None:
        """Put the screens away."""
        self._store.close()


class Tables:
    """The tables as people have them open. ``ids`` as in an account."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ids: dict[str, dict[int, int]] = {object: {} for object in OBJECTS}
        self.twins: set[tuple[str, int]] = set()
        self._after = dict.fromkeys(OBJECTS, 0)
        self._link: psycopg.Connection[tuple[Any, ...]] | None = None
        self.look()

    @contextlib.contextmanager
    def at_work(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Yield a session within a transaction, which ends with the block."""
        if self._link is None or self._link.broken or self._link.closed:
            self._link = psycopg.connect(self.site.erp, application_name=NAME)
        with self._link.transaction():
            yield self._link

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self.at_work() as link:
            done = link.execute(sql.encode(), values)
            return done.fetchall() if done.description else []

    def look(self) -> None:
        """Take note of all rows that are new. A transaction that has a lower number may still commit: look back."""
        for object in OBJECTS:
            sql = f"SELECT id, {ERP[object]['key']} FROM {object} WHERE id>%s ORDER BY id"
            for id, key in self.rows(sql, self._after[object] - 200):
                self._after[object] = max(self._after[object], id)
                number = number_of(object, key)
                if number is not None and (object, id) not in self.twins:
                    self.ids[object][number] = id

    def held(self, object: str, number: int) -> dict[str, str | None] | None:
        """Return the fields of a row, the note and its parents' ids; None if there is none."""
        found = self.rows(f"{_select(object)} WHERE id=%s", self.ids[object].get(number))
        return _row(object, found[0]) if found else None

    def save(self, object: str, number: int, values: Mapping[str, str | None]) -> dict[str, str | None] | None:
        """Save fields of a row and return what it held before; None if there is no such row."""
        names = _columns(object)
        sets = ", ".join(f"{names[name]}=%s" for name in values)
        id = self.ids[object].get(number)
        with self.at_work() as link:
            found = link.execute(f"{_select(object)} WHERE id=%s FOR UPDATE".encode(), (id,)).fetchall()
            if found:
                link.execute(f"UPDATE {object} SET {sets} WHERE id=%s".encode(), (*values.values(), id))
        return _row(object, found[0]) if found else None

    def make(self, object: str, number: int, values: Mapping[str, str | None], *, twin: bool = False) -> str:
        """Make a row; ``twin``: one more of a record that is there."""
        names = _columns(object)
        marks = ", ".join(["%s"] * len(values))
        columns = ", ".join(names[name] for name in values)
        sql = f"INSERT INTO {object} ({columns}) VALUES ({marks}) RETURNING id"
        id = int(self.rows(sql, *values.values())[0][0])
        if twin:
            self.twins.add((object, id))
        else:
            self.ids[object][number] = id
        return str(id)

    def delete(self, object: str, number: int) -> bool:
        """Delete a row and tell whether there was one."""
        return bool(self.rows(f"DELETE FROM {object} WHERE id=%s RETURNING id", self.ids[object].get(number)))

    def move(self, parent: str, old: int, new: int) -> list[tuple[str, str, str | None]]:
        """Let all rows that belong to one row belong to another; return their objects, fields and keys."""
        moved = []
        for object, names in PARENTS.items():
            for name in (name for name, other in names.items() if other == parent):
                sql = f"UPDATE {object} SET {name}_id=%s WHERE {name}_id=%s RETURNING {ERP[object]['key']}"
                moved += [(object, name, key) for (key,) in self.rows(sql, new, old)]
        return moved

    def bulk(self, object: str, numbers: Sequence[int], field: str, values: Sequence[str]) -> list[str | None]:
        """Save one field of many rows in one transaction; return what each held, None for what is not there."""
        names, held = _columns(object), list[str | None]()
        with self.at_work() as link:
            for number, value in zip(numbers, values, strict=True):
                id = self.ids[object].get(number)
                sql = f"SELECT {names[field]} FROM {object} WHERE id=%s FOR UPDATE"
                found = link.execute(sql.encode(), (id,)).fetchone()
                if found:
                    link.execute(f"UPDATE {object} SET {names[field]}=%s WHERE id=%s".encode(), (value, id))
                held.append(None if found is None else str(found[0] or ""))
        return held

    def close(self) -> None:
        """End the session."""
        if self._link is not None:
            self._link.close()


def _columns(object: str) -> dict[str, str]:
    return {**ERP[object], "note": "note", **{name: f"{name}_id" for name in PARENTS.get(object, {})}}


def _select(object: str) -> str:
    return f"SELECT {', '.join(_columns(object).values())} FROM {object}"


def _row(object: str, row: Sequence[Any]) -> dict[str, str | None]:
    return {name: None if each is None else str(each) for name, each in zip(_columns(object), row, strict=True)}


def wait_for(moment: float) -> None:
    """Wait until a moment of this machine's clock."""
    time.sleep(max(0.0, moment - time.time()))
