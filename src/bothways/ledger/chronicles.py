"""Where we stand in the chronicles of apps: the position, the subscriptions that we made, and what fails.

Times are seconds. A connection has a row from when its chronicle is first looked for.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bothways.ledger import db
from bothways.ledger.models import Chronicle, Connection
from bothways.ledger.webhooks import Own

FAR_AHEAD = 86_400.0
"""Seconds. What is due later than in so long was put there by a clock that was wrong then, and is due now."""


LEASE = 60.0
"""Seconds for which one worker at a time looks at the subscriptions; should it die, another one does after them."""


class Stand(NamedTuple):
    """How the chronicle of one connection stands; the columns are explained at ``models.Chronicle``."""

    position: str = ""
    read_at: float = 0.0
    lost_at: float = 0.0
    lost: str = ""
    failed: int = 0
    trouble: str = ""


_STAND = f"SELECT {', '.join(f't.{each}' for each in Stand._fields)} FROM chronicle t"
_OF = "connection_id IN (SELECT id FROM connection WHERE name=%s)"


def stand(connection: str) -> Stand:
    """Return how the chronicle of a connection stands, by its name."""
    found = db.one(f"{_STAND} JOIN connection c ON c.id=t.connection_id WHERE c.name=%s", (connection,))
    return Stand(*found) if found else Stand()


def is_due(connection: str, now: float) -> bool:
    """Tell whether a chronicle is to be read, without taking it on."""
    sql = f"SELECT 1 FROM chronicle WHERE {_OF} AND due_at>%s AND due_at<=%s"
    return db.value(sql, (connection, now, now + FAR_AHEAD)) is None


def take(connection: str, until: float, now: float) -> bool:
    """Take it on to read a chronicle, which is due again at ``until``; False if it is not due, its app rests, or all is
    paused.
    """
    with db.transaction_():
        db.execute(
            "INSERT INTO chronicle (connection_id, workspace_id, own) SELECT id, workspace_id, '[]' FROM connection "
            "WHERE name=%s ON CONFLICT (connection_id) DO NOTHING",
            (connection,),
        )
        sql = (
            "UPDATE chronicle SET due_at=%s "
            "WHERE connection_id IN (SELECT id FROM connection WHERE name=%s AND rests_until<=%s) "
            "AND (due_at<=%s OR due_at>%s) AND NOT EXISTS (SELECT 1 FROM workspace WHERE paused_at>0)"
        )
        return bool(db.execute(sql, (until, connection, now, now, now + FAR_AHEAD)))


def go_on(connection: str, former: str, position: str) -> bool:
    """Go on from another position, unless somebody else has moved on from the ``former`` one meanwhile."""
    with db.transaction_():
        return bool(
            db.execute(f"UPDATE chronicle SET position=%s WHERE position=%s AND {_OF}", (position, former, connection))
        )


def ask(connection: str, now: float) -> None:
    """Let a chronicle be due at once, and its subscriptions be looked at, unless somebody is at these."""
    with db.transaction_():
        check = "check_at=CASE WHEN check_at>%s THEN 0 ELSE check_at END"
        db.execute(f"UPDATE chronicle SET due_at=0, {check} WHERE {_OF}", (now + LEASE, connection))


def read(connection: str, at: float) -> None:
    """Take note that a chronicle was read to its end."""
    with db.transaction_():
        sql = f"UPDATE chronicle SET read_at=%s, failed=0, trouble='' WHERE read_at<%s AND {_OF}"
        db.execute(sql, (at, at, connection))


def lost(connection: str, why: str, at: float) -> None:
    """Take note that a part of a chronicle is gone."""
    with db.transaction_():
        db.execute(f"UPDATE chronicle SET lost=%s, lost_at=%s WHERE {_OF}", (why, at, connection))


def failed(connection: str, due_at: float, code: str, words: str) -> bool:
    """Take note that reading failed with an error of this code; return whether that is news."""
    before = stand(connection).trouble
    with db.transaction_():
        sql = f"UPDATE chronicle SET due_at=%s, read_at=0, failed=failed+1, trouble=%s WHERE {_OF}"
        db.execute(sql, (due_at, f"{code} {words}", connection))
    return not before.startswith(f"{code} ")


# --- its subscriptions --------------------------------------------------------------------------------------


def take_check(connection: str, wanted: str, now: float) -> bool:
    """Take it on to look at the subscriptions; False if that must not be now, or somebody is at it.

    It must when it is time, and when something else is ``wanted`` than when they were looked at last.
    """
    must = "(check_at<=%s OR check_at>%s OR (wanted<>%s AND check_at>%s))"
    with db.transaction_():
        sql = f"UPDATE chronicle SET check_at=%s, wanted=%s WHERE {_OF} AND {must}"
        params = (now + LEASE, wanted, connection, now, now + 2 * FAR_AHEAD, wanted, now + LEASE)
        return bool(db.execute(sql, params))


def check_anew(connection: str) -> None:
    """Let the subscriptions be looked at again: whoever was at it has failed."""
    with db.transaction_():
        db.execute(f"UPDATE chronicle SET check_at=0 WHERE {_OF}", (connection,))


def checked(connection: str, wanted: str, again_at: float) -> None:
    """Take note that the subscriptions were looked at for what is ``wanted``."""
    with db.transaction_():
        db.execute(f"UPDATE chronicle SET wanted=%s, check_at=%s WHERE {_OF}", (wanted, again_at, connection))


def own(connection: str) -> list[Own]:
    """Return the subscriptions that we made."""
    found = Chronicle.objects.filter(connection__name=connection).values_list("own", flat=True).first()
    return [Own(*each) for each in found or ()]


def keep_own(connection: str, made: Sequence[Own]) -> None:
    """Keep which subscriptions we made."""
    with db.transaction_():
        row = Connection.objects.get(name=connection)
        Chronicle.objects.filter(connection=row).update(own=[list(each) for each in made])
