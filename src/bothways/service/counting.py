"""How many records are in each state, without counting very many of them again for everybody who looks.

Where they are few they are counted whenever somebody asks. Where they are many, what was counted of late is shown and
counted anew meanwhile; when it was counted is said with it.
"""

from typing import TYPE_CHECKING

from bothways.ledger import holds, looking
from bothways.ledger.models import Sync
from bothways.service.aside import Aside
from bothways.service.views import Counts

if TYPE_CHECKING:
    from bothways.service.workspace import Workspace

MANY = 50_000
"""Records of a sync that are too many to be counted for every page."""

FRESH, LASTS = 10.0, 60.0
"""Seconds for which a number counts as new, and after which nobody is shown it any more."""

_kept: dict[tuple[str, int], Counts] = {}
_aside = Aside("bothways-counts")


def counts_of(workspace: "Workspace", sync: Sync) -> Counts:
    """Return how many records are in each state, on the caller's use of the database."""
    place, now = (workspace.database, sync.pk), workspace.clock()
    kept = _kept.get(place)
    age = now - kept.counted_at if kept is not None and kept.counted_at is not None else LASTS
    if kept is None or not 0 <= age < LASTS:
        return _count(place, sync, now)
    if age >= FRESH:
        _aside.do(workspace.database, place, lambda: _count(place, sync, workspace.clock()))
    return kept


def _count(place: tuple[str, int], sync: Sync, now: float) -> Counts:
    counted = looking.counts(sync)
    many = sum(counted.values()) >= MANY
    counts = Counts(**counted, to_decide=holds.to_decide(sync), counted_at=now if many else None)
    if many:
        _kept[place] = counts
    else:
        _kept.pop(place, None)
    return counts
