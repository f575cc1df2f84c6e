"""Alerts: messages about troubles, per channel; stored together with the change they tell of, and sent after that."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from bothways.ledger import db
from bothways.ledger.troubles import Trouble

KEPT = 30 * 86_400.0
"""Seconds for which alerts are kept, sent or not."""

LEASE = 120.0
"""Seconds for which whoever sends an alert has it alone; without a word, others take it over then."""

_DUE = "channel=%s AND sent_at=0 AND (due_at<=%s OR due_at>%s)"
"""Due, or put ahead farther than anybody does: by a clock that was wrong then."""

_COLUMNS = "id, channel, document, made_at, tries, sent_at, answer"


class Alert(NamedTuple):
    """An alert; ``sent_at`` is 0 until it is sent, ``document`` JSON."""

    id: int
    channel: str
    document: str
    made_at: float
    tries: int
    sent_at: float
    answer: str


def tell(
    trouble: Trouble, change: Callable[[Trouble], bool], document: str, channels: Iterable[str], now: float
) -> bool:
    """Store a change of a trouble and the alerts that tell of it, both or nothing; False if it was changed meanwhile.

    Older alerts of the same trouble that are not sent yet are dropped: this one says what is the matter now.
    """
    with db.transaction_():
        if not change(trouble):
            return False
        db.execute("DELETE FROM alert WHERE trouble=%s AND sent_at=0", (trouble.mark,))
        db.execute("DELETE FROM alert WHERE made_at<%s", (now - KEPT,))
        columns = "channel, trouble, document, made_at, due_at, tries, sent_at, answer"
        sql = f"INSERT INTO alert ({columns}) VALUES (%s,%s,%s,%s,0,0,0,'')"
        db.execute_many(sql, [(each, trouble.mark, document, now) for each in channels])
    return True


def take(channel: str, now: float) -> Alert | None:
    """Take an alert to be sent over a channel, alone for a time; those least tried go first.

    None if none is due, or another worker was faster.
    """
    due = (channel, now, now + 2 * LEASE)
    first = db.value(f"SELECT id FROM alert WHERE {_DUE} ORDER BY tries, id LIMIT 1", due)
    if first is None:
        return None
    with db.transaction_():
        sql = f"UPDATE alert SET due_at=%s, tries=tries+1 WHERE {_DUE} AND id=%s RETURNING {_COLUMNS}"
        found = db.rows(sql, (now + LEASE, *due, first))
    return Alert(*found[0]) if found else None


def sent(alert: Alert, answer: str, now: float) -> None:
    """Take note that an alert was sent, and of what the receiver said."""
    with db.transaction_():
        db.execute("UPDATE alert SET sent_at=%s, answer=%s WHERE id=%s", (now, answer, alert.id))


def put_back(alert: Alert, answer: str) -> None:
    """Let an alert that was not taken be sent later, by anybody; keep what was said to it."""
    with db.transaction_():
        db.execute("UPDATE alert SET due_at=0, answer=%s WHERE id=%s AND sent_at=0", (answer, alert.id))


def release_all() -> None:
    """Let all alerts be sent by anybody: only where no other worker can be alive."""
    with db.transaction_():
        db.execute("UPDATE alert SET due_at=0 WHERE sent_at=0 AND due_at>0")


def latest(most: int) -> list[Alert]:
    """Return the alerts made last, those not sent yet before all others."""
    sql = f"SELECT {_COLUMNS} FROM alert ORDER BY CASE WHEN sent_at=0 THEN 0 ELSE 1 END, id DESC LIMIT %s"
    return [Alert(*row) for row in db.rows(sql, (most,))]
