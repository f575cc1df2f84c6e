"""What is left of the limits of connections, kept for all processes and beyond their end."""

from collections.abc import Callable
from typing import TypeVar

from bothways.connectors.pacing import State, state_of
from bothways.ledger import db

T = TypeVar("T")

_HERE = "workspace_id=1 AND connection=%s"


def load(connection: str) -> State:
    """Return what is kept of a connection, an empty state where nothing is."""
    text = db.value(f"SELECT state FROM allowance WHERE {_HERE}", (connection,))
    return state_of(str(text)) if text else State()


def save(connection: str, state: State) -> None:
    """Keep a state as it is: where no other process changes it."""
    with db.transaction_():
        columns = ("workspace_id", "connection", "state", "version")
        db.upsert("allowance", columns, columns[:2], [(1, connection, state.text, 0)])


def change(connection: str, work: Callable[[State, float], T], clock: Callable[[], float] | None = None) -> T:
    """Change a state that others change as well, and return what ``work`` does; on PostgreSQL, outside a transaction.

    ``work`` gets the seconds by the server's clock, or by one that all others use as well; it is called again if
    another change came first. No lock is held meanwhile: a process that stands still is in nobody's way.
    """
    while True:
        sql = f"SELECT state, version, EXTRACT(EPOCH FROM clock_timestamp())::float8 FROM allowance WHERE {_HERE}"
        found = db.one(sql, (connection,))
        if found is None:
            sql = "INSERT INTO allowance (workspace_id, connection, state, version) VALUES (1, %s, %s, 0)"
            db.execute(f"{sql} ON CONFLICT DO NOTHING", (connection, State().text))
            continue
        text, version, now = found
        state = state_of(str(text))
        done = work(state, float(now) if clock is None else clock())
        sql = f"UPDATE allowance SET state=%s, version=version+1 WHERE {_HERE} AND version=%s"
        if db.execute(sql, (state.text, connection, version)):
            return done
