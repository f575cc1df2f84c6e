"""A run that is at work ended between two batches, because somebody wants that; and let go on.

The wish stands in the ledger, where whoever is at it asks for it. Until it is taken back the sync does nothing by
itself: both apps are read, what was written can be undone, and previews are made.
"""

from bothways.engine.sides import SIDES
from bothways.errors import StoppedByPerson, SyncHalted
from bothways.ledger import halts, plans, turns
from bothways.ledger.models import Halt, Plan, Run, Sync
from bothways.ledger.turns import SYNC
from bothways.service.database import on_database
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of
from bothways.service.rights import Role, for_role
from bothways.service.views import HaltView
from bothways.service.workspace import Workspace


@on_database
@for_role(Role.OPERATOR)
def pause(workspace: Workspace, name: str) -> HaltView:
    """Let a sync rest: a run that is at work ends after the batch that it writes, and none begins."""
    return _halt(workspace, name, stopped=False)


@on_database
@for_role(Role.OPERATOR)
def stop(workspace: Workspace, name: str) -> HaltView:
    """End a run that is at work after the batch that it writes, to be looked at; none begins until then."""
    return _halt(workspace, name, stopped=True)


@on_database
@for_role(Role.OPERATOR)
def go_on(workspace: Workspace, name: str) -> bool:
    """Let a sync run again, at once; False if it might already."""
    sync = row_of(workspace, name)
    halted_before = halts.drop(sync.pk)
    if halted_before:
        turns.ask(SYNC, [sync.pk], workspace.clock())
    return halted_before


@on_database
@for_role(Role.VIEWER)
def halted(workspace: Workspace, name: str) -> HaltView | None:
    """Return who has paused or stopped a sync, and what is left of its last run; None if it may run."""
    sync = row_of(workspace, name)
    found = halts.of(sync.pk)
    return _view(sync, found) if found is not None else None


def refuse_halted(sync: Sync) -> None:
    """Raise SyncHalted for a sync that somebody has paused or stopped."""
    found = halts.of(sync.pk)
    if found is not None:
        raise SyncHalted(name=sync.name, by=found.by, did=_did(found))


def error_of(name: str, found: Halt) -> StoppedByPerson:
    """Return by what a run ends that somebody has paused or stopped."""
    return StoppedByPerson(name=name, by=found.by, did=_did(found))


def _did(found: Halt) -> str:
    return "has stopped" if found.stopped else "has paused"


def _halt(workspace: Workspace, name: str, *, stopped: bool) -> HaltView:
    sync = row_of(workspace, name)
    return _view(sync, halts.add(sync.pk, author_of(workspace), workspace.clock(), stopped=stopped))


def _view(sync: Sync, found: Halt) -> HaltView:
    run = Run.objects.filter(sync=sync).order_by("-id").first()
    broken_off = run is not None and (run.state == "running" or (run.ended_at or 0.0) >= found.at)
    if run is None or not broken_off:
        return HaltView(sync.name, found.stopped, found.by, found.at)
    made = Plan.objects.filter(sync=sync, revision__gt=0, created_at__gte=run.started_at).order_by("-id").first()
    left = None
    if run.kind == "sync" and made is not None and made.state == "ready":
        written = plans.written(made)
        left = sum(written[side][1] - written[side][0] for side in SIDES)
    return HaltView(sync.name, found.stopped, found.by, found.at, f"r_{run.pk}", left)
