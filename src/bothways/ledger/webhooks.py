"""What is known of the connections whose apps send webhooks, and of the subscriptions that we made there.

Times are seconds. A connection has a row from when it is first spoken of here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from bothways.ledger import db
from bothways.ledger.models import Connection

LEASE = 300.0
"""Seconds for which nobody else sees to the subscriptions of a connection that somebody has begun to see to."""


SILENCE = 3600.0
"""Seconds without a webhook after which changes that polling finds mean that none come any more."""


class Known(NamedTuple):
    """What is known of one connection; the columns are explained at ``models.Webhooks``."""

    since: float = 0.0
    came_at: float = 0.0
    found_at: float = 0.0
    silent: bool = False
    nonce: str = ""
    address: str = ""
    failed: int = 0
    trouble: str = ""


class Own(NamedTuple):
    """A subscription that we made: its id in the app, and what it is to."""

    ref: str
    event: str
    field: str


_KNOWN = f"SELECT c.name, {', '.join(f'w.{each}' for each in Known._fields)} FROM webhooks w"
_KNOWN += " JOIN connection c ON c.id=w.connection_id"


def known(connection: str) -> Known:
    """Return what is known of a connection by its name."""
    found = db.one(f"{_KNOWN} WHERE c.name=%s", (connection,))
    return Known(*found[1:]) if found else Known()


def all_known() -> dict[str, Known]:
    """Return what is known of each connection, by their names."""
    return {str(name): Known(*rest) for name, *rest in db.rows(_KNOWN)}


def awaited(connection: str, now: float, *, anew: bool = False) -> None:
    """Take note that webhooks of a connection are awaited, since now if that was not known, or if it is ``anew``."""
    if anew or not known(connection).since:
        with db.transaction_():
            _set(connection, "since", now)


def awaited_no_more(connection: str) -> None:
    """Take note that no webhooks of a connection are awaited."""
    with db.transaction_():
        _set(connection, "since", 0.0)


def is_silent(known: Known) -> bool:
    """Tell whether none came for long before polling found changes: then none will, until somebody does something."""
    return known.since > 0 and known.found_at - max(known.came_at, known.since) > SILENCE


def told_silent(connection: str, silent: bool) -> None:
    """Take note whether it was told that none come."""
    with db.transaction_():
        _set(connection, "silent", silent)


def came(connection: str, at: float) -> None:
    """Take note that a webhook came, in the caller's transaction."""
    _set(connection, "came_at", at)


def tested(connection: str, nonce: str) -> None:
    """Take note that a test call arrived."""
    with db.transaction_():
        _set(connection, "nonce", nonce)


def found_changes(connection: str, at: float) -> None:
    """Take note that polling found changes, where webhooks are awaited: in a transaction of its own."""
    sql = (
        "UPDATE webhooks SET found_at=%s WHERE connection_id IN (SELECT id FROM connection WHERE name=%s) "
        "AND found_at<%s"
    )
    with db.transaction_():
        db.execute(sql, (at, connection, at))


def sent_to(connection: str, address: str) -> None:
    """Take note of where we had the app send its webhooks."""
    with db.transaction_():
        _set(connection, "address", address)


def _set(connection: str, column: str, value: object) -> None:
    sql = (
        f"INSERT INTO webhooks (connection_id, workspace_id, {column}) "
        f"SELECT id, workspace_id, %s FROM connection WHERE name=%s "
        f"ON CONFLICT (connection_id) DO UPDATE SET {column}=excluded.{column}"
    )
    db.execute(sql, (value, connection))


# --- whose turn it is to see to the subscriptions -------------------------------------------------------


def ask(connection: str, now: float) -> None:
    """Let the subscriptions of a connection be seen to at once, unless somebody is at it, or it failed just now."""
    _end(connection, "due_at=CASE WHEN due_at>%s THEN 0 ELSE due_at END", (now + LEASE,))


def take(connection: str, wanted: str, now: float) -> bool:
    """Take it on to see to the subscriptions of a connection; False if they are not due, or somebody is at it.

    They are due when the time has come, and when something else is ``wanted`` than when they were last seen to.
    """
    with db.transaction_():
        sql = (
            "UPDATE webhooks SET due_at=%s, wanted=%s "
            "WHERE connection_id IN (SELECT id FROM connection WHERE name=%s) "
            "AND (due_at<=%s OR due_at>%s AND wanted<>%s)"
        )
        return bool(db.execute(sql, (now + LEASE, wanted, connection, now, now + LEASE, wanted)))


def settled(connection: str, due_at: float) -> None:
    """Take note that the subscriptions are as they should be; they are seen to again at ``due_at``."""
    _end(connection, "due_at=%s, failed=0, trouble=''", (due_at,))


def failed(connection: str, due_at: float, code: str, words: str) -> bool:
    """Take note that seeing to the subscriptions failed with an error of this code; return whether that is news."""
    before = known(connection).trouble
    _end(connection, "due_at=%s, failed=failed+1, trouble=%s", (due_at, f"{code} {words}"))
    return not before.startswith(f"{code} ")


def _end(connection: str, columns: str, values: tuple[object, ...]) -> None:
    with db.transaction_():
        sql = f"UPDATE webhooks SET {columns} WHERE connection_id IN (SELECT id FROM connection WHERE name=%s)"
        db.execute(sql, (*values, connection))


# --- the subscriptions that we made -----------------------------------------------------------------------


def own(connection: str) -> list[Own]:
    """Return the subscriptions that we made."""
    sql = (
        "SELECT s.ref, s.event, s.field FROM subscription s JOIN connection c ON c.id=s.connection_id "
        "WHERE c.name=%s ORDER BY s.ref"
    )
    return [Own(*row) for row in db.rows(sql, (connection,))]


def made(connection: str, subscription: Own) -> None:
    """Take note of a subscription that we have made."""
    id, workspace = Connection.objects.values_list("pk", "workspace_id").get(name=connection)
    with db.transaction_():
        columns = ("connection_id", "workspace_id", "ref", "event", "field")
        db.upsert("subscription", columns, ("connection_id", "ref"), [(id, workspace, *subscription)])


def forget(connection: str, refs: Iterable[str]) -> None:
    """Forget subscriptions that are no more."""
    with db.transaction_():
        db.execute_many(
            "DELETE FROM subscription WHERE ref=%s AND connection_id IN (SELECT id FROM connection WHERE name=%s)",
            [(ref, connection) for ref in refs],
        )
