"""Due marks: which records a sync must look at. Each mark made has another version, so that none is cleared unseen."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from bothways.ledger.models import Sync

_MARK = (
    "INSERT INTO due (sync_id, side, record_id, workspace_id, version, not_before) VALUES (%s,%s,%s,%s,%s,%s) "
    "ON CONFLICT (sync_id, side, record_id) DO UPDATE SET version=excluded.version, not_before=excluded.not_before"
)

_VERSION_BITS = 53
"""As many as a number in JSON holds exactly."""


_noted: ContextVar[set[int] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[set[int]]:
    """Collect the ids of the syncs for which records are marked as due within the block."""
    found = set[int]()
    before = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(before)


def _note(sync: Sync) -> None:
    noted = _noted.get()
    if noted is not None:
        noted.add(sync.pk)


class DueMark(NamedTuple):
    """One mark, as it was when read."""

    side: str
    id: str
    version: int


def mark(sync: Sync, side: str, ids: Iterable[str], not_before: float = 0.0) -> None:
    """Mark records as due, from ``not_before`` (seconds) on."""
    version, wanted = _new_version(), sorted(set(ids))
    if wanted:
        _note(sync)
    db.execute_many(_MARK, [(sync.pk, side, each, sync.workspace_id, version, not_before) for each in wanted])


def mark_everything(sync: Sync) -> None:
    """Mark every live record of both sides as due, and what is gone and still linked (a new sync, or new settings)."""
    _note(sync)
    for side, feed_id in (("left", sync.left_id), ("right", sync.right_id)):
        db.execute(
            "INSERT INTO due (sync_id, side, record_id, workspace_id, version, not_before) "
            "SELECT %s, %s, record_id, %s, %s, 0 FROM seen s WHERE feed_id=%s AND (state='live' OR (state='gone' AND "
            f"EXISTS (SELECT 1 FROM link l WHERE l.sync_id=%s AND l.{side}_id=s.record_id AND l.state='active'))) "
            "ON CONFLICT (sync_id, side, record_id) DO UPDATE SET version=excluded.version, not_before=0",
            (sync.pk, side, sync.workspace_id, _new_version(), feed_id, sync.pk),
        )


def mark_unlinked(sync: Sync) -> None:
    """Mark every live record of both sides that has no link as due (new match rules)."""
    _note(sync)
    for side, feed_id in (("left", sync.left_id), ("right", sync.right_id)):
        db.execute(
            "INSERT INTO due (sync_id, side, record_id, workspace_id, version, not_before) "
            "SELECT %s, %s, record_id, %s, %s, 0 FROM seen s WHERE feed_id=%s AND state='live' AND NOT EXISTS "
            f"(SELECT 1 FROM link l WHERE l.sync_id=%s AND l.{side}_id=s.record_id "
            "AND l.state IN ('pending','active')) "
            "ON CONFLICT (sync_id, side, record_id) DO UPDATE SET version=excluded.version, not_before=0",
            (sync.pk, side, sync.workspace_id, _new_version(), feed_id, sync.pk),
        )


def mark_held(sync: Sync) -> None:
    """Mark every record that waits for a person or for an app as due."""
    for side, id in db.rows("SELECT DISTINCT side, record_id FROM hold WHERE sync_id=%s", (sync.pk,)):
        mark(sync, side, [id])


def _new_version() -> int:
    """Return a version that no mark had before: a count would start again when a mark is cleared."""
    return secrets.randbits(_VERSION_BITS)


def page(sync: Sync, now: float, after: tuple[str, str], size: int) -> list[DueMark]:
    """Return the next marks in order of (side, id) after the last one seen."""
    found = db.rows(
        "SELECT side, record_id, version FROM due WHERE sync_id=%s AND not_before<=%s "
        "AND (side, record_id)>(%s, %s) ORDER BY side, record_id LIMIT %s",
        (sync.pk, now, *after, size),
    )
    return [DueMark._make(row) for row in found]


def sample(sync: Sync, now: float, size: int) -> list[DueMark]:
    """Return some of the marks, chosen at random."""
    found = db.rows(
        "SELECT side, record_id, version FROM due WHERE sync_id=%s AND not_before<=%s ORDER BY RANDOM() LIMIT %s",
        (sync.pk, now, size),
    )
    return [DueMark._make(row) for row in found]


def clear(sync: Sync, marks: Sequence[DueMark]) -> None:
    """Clear marks unless they were made again since they were read."""
    db.execute_many(
        "DELETE FROM due WHERE sync_id=%s AND side=%s AND record_id=%s AND version=%s",
        [(sync.pk, each.side, each.id, each.version) for each in marks],
    )


def postpone(sync: Sync, marks: Sequence[DueMark], not_before: float) -> None:
    """Let marks wait until ``not_before``, unless they were made again since they were read."""
    db.execute_many(
        "UPDATE due SET not_before=%s WHERE sync_id=%s AND side=%s AND record_id=%s AND version=%s",
        [(not_before, sync.pk, each.side, each.id, each.version) for each in marks],
    )


def count(sync: Sync) -> int:
    """Return how many records are due or waiting."""
    return int(db.value("SELECT COUNT(*) FROM due WHERE sync_id=%s", (sync.pk,)))


def ready(sync: Sync, now: float) -> dict[Side, int]:
    """Return how many records of each side are due by now."""
    sql = "SELECT side, COUNT(*) FROM due WHERE sync_id=%s AND not_before<=%s GROUP BY side"
    return dict.fromkeys(SIDES, 0) | {Side(side): count for side, count in db.rows(sql, (sync.pk, now))}


def next_at(sync: Sync) -> float | None:
    """Return when the next waiting record is due (seconds), None if nothing waits."""
    found = db.value("SELECT MIN(not_before) FROM due WHERE sync_id=%s", (sync.pk,))
    return float(found) if found is not None else None


def marked(sync: Sync, side: str, ids: Iterable[str]) -> dict[str, DueMark]:
    """Return the marks that exist for these records."""
    sql = "SELECT side, record_id, version FROM due WHERE sync_id=%s AND side=%s AND record_id IN {ids}"
    return {row[1]: DueMark._make(row) for row in db.in_list(sql, (sync.pk, side), ids)}
