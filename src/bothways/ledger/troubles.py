"""Troubles that are known of: what fails, since when, whether it was told. One row each, for all workers."""

from collections.abc import Iterable
from typing import NamedTuple

from bothways.ledger import db
from bothways.ledger.models import new_mark

_COLUMNS = "id, kind, name, mark, code, words, to_do, since, tries, until, tell_at, told, over_at"

_BEGIN = """
INSERT INTO trouble (kind, name, mark, code, words, to_do, since, tries, until, tell_at, told, over_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, %s, '', 0)
ON CONFLICT (workspace_id, kind, name) DO UPDATE SET code=excluded.code, words=excluded.words, to_do=excluded.to_do,
tries=trouble.tries+1, until=excluded.until, over_at=0, tell_at=CASE
WHEN trouble.told='' AND trouble.tell_at<excluded.tell_at THEN trouble.tell_at
WHEN trouble.told='' OR (%s AND trouble.told NOT LIKE %s) THEN excluded.tell_at
ELSE trouble.tell_at END
"""


_ON = "s.workspace_id=t.workspace_id AND s.state='on' AND s.deleted_at=0"
_UNWATCHED = f"""
SELECT t.id FROM trouble t WHERE t.kind IN ('sync', 'failing', 'held')
AND NOT EXISTS (SELECT 1 FROM sync s WHERE s.name=t.name AND {_ON})
UNION ALL SELECT t.id FROM trouble t WHERE t.kind='app' AND NOT EXISTS (
SELECT 1 FROM connection c JOIN feed f ON f.connection_id=c.id JOIN sync s ON s.left_id=f.id OR s.right_id=f.id
WHERE c.workspace_id=t.workspace_id AND c.name=t.name AND {_ON})
"""


class Trouble(NamedTuple):
    """A trouble as it stands; see the model of that name."""

    id: int
    kind: str
    name: str
    mark: str
    code: str
    words: str
    to_do: str
    since: float
    tries: int
    until: float
    tell_at: float
    told: str
    over_at: float


def known() -> list[Trouble]:
    """Return all troubles, the oldest first."""
    return [Trouble(*row) for row in db.rows(f"SELECT {_COLUMNS} FROM trouble ORDER BY id")]


def of(names: Iterable[str]) -> list[Trouble]:
    """Return the troubles of apps and syncs of these names."""
    return [Trouble(*row) for row in db.in_list(f"SELECT {_COLUMNS} FROM trouble WHERE name IN {{ids}}", (), names)]


def find(kind: str, name: str) -> Trouble | None:
    """Return a trouble, None where there is none."""
    row = db.one(f"SELECT {_COLUMNS} FROM trouble WHERE kind=%s AND name=%s", (kind, name))
    return Trouble(*row) if row else None


def begin(
    kind: str,
    name: str,
    *,
    code: str,
    words: str,
    to_do: str = "",
    now: float,
    until: float = 0.0,
    tell_at: float = 0.0,
    even_if_told: bool = False,
) -> None:
    """Take note that something fails (again): it is to be told of at ``tell_at``, or sooner if that was said before.

    What was told of is not told of again, unless by another code and ``even_if_told``.
    """
    with db.transaction_():
        row = (kind, name, new_mark(), code, words, to_do, now, until, tell_at)
        db.execute(_BEGIN, (*row, even_if_told, f"%{code} %"))


def end(troubles: Iterable[Trouble], now: float, calm: float) -> None:
    """Take note that something works: it counts as over ``calm`` seconds after it was tried again at the latest."""
    rows = [(max(now, each.until) + calm, each.id) for each in troubles]
    if rows:
        with db.transaction_():
            db.execute_many("UPDATE trouble SET over_at=%s WHERE id=%s AND over_at=0", rows)


def forget(kind: str, name: str) -> bool:
    """Forget a trouble; return whether there was one."""
    with db.transaction_():
        return bool(db.execute("DELETE FROM trouble WHERE kind=%s AND name=%s", (kind, name)))


def told(trouble: Trouble) -> bool:
    """Take note that a trouble is told of, in the caller's transaction; False if it changed since it was read."""
    sql = "UPDATE trouble SET told=%s, tell_at=0 WHERE id=%s AND tell_at=%s AND code=%s AND over_at=0"
    row = (f"{trouble.told}{trouble.code} ", trouble.id, trouble.tell_at, trouble.code)
    return bool(db.execute(sql, row))


def over(trouble: Trouble) -> bool:
    """Forget a trouble that is over, in the caller's transaction; False if it changed since it was read."""
    return bool(db.execute("DELETE FROM trouble WHERE id=%s AND over_at=%s", (trouble.id, trouble.over_at)))


def unwatched() -> set[int]:
    """Return the ids of the troubles of syncs that are not on, and of apps that no such sync uses."""
    return {int(id) for (id,) in db.rows(_UNWATCHED)}
