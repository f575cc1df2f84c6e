"""How the workspace stands: when each sync is looked at next by itself, and whether a person has paused everything."""

from dataclasses import dataclass

from bothways.ledger import halts, rests, turns
from bothways.ledger.models import Run, Sync
from bothways.ledger.rests import Rest
from bothways.ledger.turns import TAKEOVER
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import NextView
from bothways.service.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Standing:
    """What is the same for all syncs, at the time ``now`` that turns are told by."""

    now: float
    paused_at: float | None
    is_served: bool
    rests: tuple[Rest, ...]


def standing(workspace: Workspace) -> Standing:
    """Return how things stand, in the caller's use of the database."""
    now = workspace.clock()
    return Standing(now, turns.paused_at(), turns.is_served(now), tuple(rests.resting()))


def next_of(sync: Sync, apps: tuple[str, str], here: Standing) -> NextView:
    """Return when a sync is looked at next: read for changes, or run."""
    if sync.state != "on":
        return NextView(why="off")
    if here.paused_at is not None:
        return NextView(why="paused")
    if sync.taken_at is not None and here.now - sync.beat_at <= TAKEOVER:
        return NextView(why="at work")
    halt = halts.of(sync.pk)
    if halt is not None:
        return NextView(why="stopped" if halt.stopped else "halted", trouble=halt.by)
    if not here.is_served:
        return NextView(why="no service")
    resting = [each for each in here.rests if each.connection in apps and each.until > here.now]
    if resting:
        longest = max(resting, key=lambda each: each.until)
        return NextView(longest.until, "resting", longest.connection, longest.trouble)
    if sync.failed:
        last = Run.objects.filter(sync=sync).order_by("-id").first()
        return NextView(max(sync.due_at, here.now), "failed", trouble=last.reason if last else "")
    times = [sync.due_at, *(feed.due_at for feed in (sync.left, sync.right) if feed.baseline_done)]
    return NextView(max(min(times), here.now))


@on_database
@for_role(Role.EDITOR)
def pause_all(workspace: Workspace) -> float:
    """Let nothing run from now on, and return since when; what is at work ends first."""
    since = turns.paused_at() or workspace.clock()
    turns.pause(since)
    return since


@on_database
@for_role(Role.EDITOR)
def resume_all(workspace: Workspace) -> None:
    """Let everything go on, with what changed meanwhile."""
    turns.pause(0.0)
