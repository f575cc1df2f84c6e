"""Connections that rest: an app that fails as a whole is left alone for a while by everything that uses it."""

from typing import NamedTuple

from bothways.ledger import db


class Rest(NamedTuple):
    """A connection in trouble: its name, until when nothing is asked of it (seconds), since when, and why."""

    connection: str
    until: float
    failed: int
    trouble: str


def failed(connection: str) -> int:
    """Return how often a connection failed in a row."""
    return int(db.value("SELECT failed FROM connection WHERE name=%s", (connection,)) or 0)


def begin(connection: str, until: float, code: str, words: str) -> bool:
    """Let a connection rest, for an error of this code; return whether that is news: it worked, or failed otherwise."""
    with db.transaction_():
        before = db.value("SELECT trouble FROM connection WHERE name=%s", (connection,))
        sql = "UPDATE connection SET rests_until=%s, failed=failed+1, trouble=%s WHERE name=%s"
        db.execute(sql, (until, f"{code} {words}", connection))
    return not str(before or "").startswith(f"{code} ")


def end(connections: list[str]) -> list[str]:
    """Let connections that answered be used again; return those that had been in trouble."""
    with db.transaction_():
        found = db.in_list("SELECT name FROM connection WHERE failed>0 AND name IN {ids}", (), connections)
        sql = "UPDATE connection SET rests_until=0, failed=0, trouble='' WHERE failed>0 AND name IN {ids}"
        if found:
            db.in_list_execute(sql, (), connections)
    return [str(name) for (name,) in found]


def wake(connection: str) -> None:
    """Let a connection in trouble be tried at once, and all that waits for it: its settings were changed."""
    with db.transaction_():
        sql = "UPDATE connection SET rests_until=0 WHERE name=%s AND failed>0"
        if db.execute(sql, (connection,)):
            feeds = "SELECT f.id FROM feed f JOIN connection c ON c.id=f.connection_id WHERE c.name=%s"
            db.execute(f"UPDATE feed SET due_at=0 WHERE id IN ({feeds})", (connection,))
            sql = f"UPDATE sync SET due_at=0 WHERE left_id IN ({feeds}) OR right_id IN ({feeds})"
            db.execute(sql, (connection, connection))


def resting() -> list[Rest]:
    """Return the connections that are in trouble."""
    sql = "SELECT name, rests_until, failed, trouble FROM connection WHERE failed>0 ORDER BY name"
    return [Rest(str(name), float(until), int(failed), str(trouble)) for name, until, failed, trouble in db.rows(sql)]
