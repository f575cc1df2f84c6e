"""Proofs: when both sides of a sync are compared again by itself, and what that found."""

from collections.abc import Collection
from typing import Any, NamedTuple

from bothways.ledger import db
from bothways.ledger.models import Proof, Sync
from bothways.ledger.turns import Turn


class Planned(NamedTuple):
    """A sync that is on, with its proof: None where none is planned. Times are seconds."""

    sync_id: int
    name: str
    timing: str | None
    due_at: float
    proven_at: float
    differing: int


def planned() -> list[Planned]:
    """Return all syncs that are on with their proofs."""
    sql = (
        "SELECT s.id, s.name, p.timing, COALESCE(p.due_at, 0), COALESCE(p.proven_at, 0), COALESCE(p.differing, 0) "
        "FROM sync s LEFT JOIN proof p ON p.sync_id=s.id WHERE s.state='on' AND s.deleted_at=0 ORDER BY s.id"
    )
    return [Planned._make(row) for row in db.rows(sql)]


def plan(sync_id: int, timing: str, due_at: float) -> None:
    """Let a sync be proven at a time, told by settings; a proof that somebody is at is left alone."""
    with db.transaction_():
        made, _ = Proof.objects.get_or_create(sync_id=sync_id)
        Proof.objects.filter(pk=made.pk, taken_at=None).update(timing=timing, due_at=due_at)


def unplan(sync_id: int) -> None:
    """Let a sync be proven no more, and forget its proof."""
    with db.transaction_():
        Proof.objects.filter(sync_id=sync_id).delete()


def of(sync: Sync) -> Proof | None:
    """Return the proof of a sync, if one was made."""
    found: Proof | None = Proof.objects.filter(sync=sync, proven_at__gt=0).first()
    return found


def keep(turn: Turn, at: float, pairs: int, differing: int, report: dict[str, Any]) -> bool:
    """Keep what a turn found; False, and nothing kept, if another worker has taken it over."""
    with db.transaction_():
        mine = Proof.objects.filter(pk=turn.id, worker=turn.worker, taken_at=turn.taken_at)
        return bool(mine.update(proven_at=at, pairs=pairs, differing=differing, report=report))


def remember(sync: Sync, links: Collection[int]) -> None:
    """Note that a person had these pairs looked at again, in the caller's transaction."""
    row = Proof.objects.filter(sync=sync).first()
    if row is not None:
        row.report["looked_at"] = sorted({*row.report.get("looked_at", ()), *links})
        row.save(update_fields=["report"])
