"""Why records are left out: how many by what.

That is found out by looking at each of them. Where few records are known it is done for everybody who asks; else
aside, and what was counted of late is shown, with when that was.
"""

from collections import Counter
from dataclasses import dataclass, replace

from bothways.ledger.models import Sync
from bothways.service.aside import Aside
from bothways.service.counting import MANY
from bothways.service.database import on_database
from bothways.service.describing import describe
from bothways.service.document import SyncDocument
from bothways.service.records import left_out
from bothways.service.resolution import row_of
from bothways.service.rights import Role, for_role
from bothways.service.views import Counts, LeftOutBy, LeftOutView, SyncView
from bothways.service.workspace import Workspace

FEW = 500
"""Records of a sync that are counted while somebody waits for a page."""

FRESH, REST, LASTS = 60.0, 9, 3600.0
"""Seconds for which what was counted aside counts as new, as how many times as long as counting it took; and after
which nobody is shown it any more."""

Place = tuple[str, int, int]
"""A database, a sync, and the revision of its settings."""


@dataclass(frozen=True, slots=True)
class _Kept:
    by: Counter[str]
    at: float
    took: float

    def is_new(self, now: float) -> bool:
        """Tell whether nobody has to count again yet."""
        return 0 <= now - self.at < max(FRESH, REST * self.took)


_kept: dict[Place, _Kept] = {}
_aside = Aside("bothways-reasons")


@on_database
@for_role(Role.VIEWER)
def explained(workspace: Workspace, view: SyncView) -> SyncView:
    """Return a sync with why its records are left out; of many records as it was counted aside."""
    if not view.counts.left_out:
        return view
    sync, document = row_of(workspace, view.name), workspace.sync(view.name)
    if _known(view.counts) <= FEW:
        return replace(view, left_out=LeftOutView(_in_order(_count(sync, document, workspace.clock()))))
    place, now = (workspace.database, sync.pk, sync.revision), workspace.clock()
    for old, each in list(_kept.items()):
        if old[0] == place[0] and not 0 <= now - each.at < LASTS:
            _kept.pop(old, None)
    kept = _kept.get(place)
    if kept is None or not kept.is_new(now):
        _aside.do(workspace.database, place, lambda: _keep(workspace, place, sync, document))
    told = LeftOutView({}, counting=True) if kept is None else LeftOutView(_in_order(kept.by), kept.at)
    return replace(view, left_out=told)


@on_database
@for_role(Role.VIEWER)
def explained_now(workspace: Workspace, view: SyncView) -> SyncView:
    """Return a sync with why its records are left out, counted now; as it is where they are very many."""
    if not view.counts.left_out or _known(view.counts) >= MANY:
        return view
    counted = _count(row_of(workspace, view.name), workspace.sync(view.name), workspace.clock())
    return replace(view, left_out=LeftOutView(_in_order(counted)))


def _known(counts: Counts) -> int:
    return counts.in_sync + counts.left_out + counts.failing + counts.held + counts.waiting


def _keep(workspace: Workspace, place: Place, sync: Sync, document: SyncDocument) -> None:
    begun = workspace.clock()
    counted = _count(sync, document, begun)
    _kept[place] = _Kept(counted, begun, workspace.clock() - begun)


def _count(sync: Sync, document: SyncDocument, now: float) -> Counter[str]:
    found = Counter[str]()
    for some in left_out(sync):
        found.update(str(each.left_out_by) for each in describe(sync, document, some, now) if each.left_out_by)
    return found


def _in_order(counted: Counter[str]) -> dict[str, int]:
    return {each.value: counted[each] for each in LeftOutBy if counted[each]}
