"""What somebody has paused or stopped: a row per sync, until it goes on."""

from bothways.ledger import db
from bothways.ledger.models import Halt


def of(sync_id: int) -> Halt | None:
    """Return what was wished last of a sync, None if it may run."""
    found: Halt | None = Halt.objects.filter(sync_id=sync_id).first()
    return found


def add(sync_id: int, by: str, now: float, *, stopped: bool) -> Halt:
    """Take note that somebody wants a sync to run no more; ``now`` in seconds. Of two at the same moment one counts."""
    with db.transaction_():
        Halt.objects.filter(sync_id=sync_id).delete()
        wish = {"stopped": stopped, "by": by, "at": now}
        made: Halt = Halt.objects.get_or_create(sync_id=sync_id, defaults=wish)[0]
        return made


def drop(sync_id: int) -> bool:
    """Let a sync run again; False if it might already."""
    with db.transaction_():
        return bool(Halt.objects.filter(sync_id=sync_id).delete()[0])
