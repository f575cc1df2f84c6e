"""What time it is: for all who share a PostgreSQL server by its clock, else by this machine's. And clocks set back.

What is compared with the time are moments that are over, and moments that are waited for. When a clock was set back,
what is over would lie ahead - a record last read in five hours is not believed to have changed before - and what is
waited for would come too late. So what lies ahead is moved to now.
"""

import time
from collections.abc import Callable

from django.db import connection

from bothways.ledger import db

Clock = Callable[[], float]

SET_BACK = 1.0
"""Seconds by which a reading may lie ahead: one of a machine's own clock may be that much off."""

LONGEST_REST = 1200.0
"""Seconds for which nothing that failed is ever left alone."""

_OVER = {
    "feed": ("polled_at", "complete_to", "swept_at", "due_at", "asked_at"),
    "sync": ("scoped_at", "due_at", "asked_at"),
    "seen": ("read_at", "stamp_seen_at", "first_seen_at", "swept"),
    "due": ("not_before",),
    "hold": ("next_try",),
}
"""Columns whose times are moved to now: what is over, and what is looked at once more than it would have been.

When a deletion is to follow is not among them: it never comes sooner than it was said to.
"""


class ServerClock:
    """The time of the PostgreSQL server, which is asked once in a while; in between this machine counts the seconds."""

    def __init__(self) -> None:
        self.ask()

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def ask(self) -> None:
        """Ask the server, in the caller's use of the database."""
        began = time.monotonic()
        now = float(db.value("SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8"))
        self._ahead = now - (began + time.monotonic()) / 2


def of_database() -> Clock:
    """Return the clock of all who use the database in use."""
    return ServerClock() if connection.vendor == "postgresql" else time.time


def keep_right(clock: Clock) -> bool:
    """Ask the server for the time again, and see to what a clock has left that was set back; tell whether one was."""
    if isinstance(clock, ServerClock):
        clock.ask()
    now = clock()
    if float(db.value("SELECT MAX(polled_at) FROM feed") or 0.0) <= now + SET_BACK:
        return False
    with db.transaction_():
        for table, columns in _OVER.items():
            for column in columns:
                db.execute(f"UPDATE {table} SET {column}=%s WHERE {column}>%s", (now, now))
        db.execute("UPDATE feed SET lists='{}' WHERE lists<>'{}'")
        sql = "UPDATE journal SET created_at=%s WHERE created_at>%s AND state IN ('intent','in_flight')"
        db.execute(sql, (now, now))
        rest = now + LONGEST_REST
        db.execute("UPDATE connection SET rests_until=%s WHERE rests_until>%s", (rest, rest))
    return True
