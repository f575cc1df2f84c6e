"""How long history is kept: that said, what there is of it, and what is old let go, by itself or when asked for."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from bothways.errors import DaysRefused, HistoryNotConfirmed, RunSuperseded
from bothways.ledger import history, turns
from bothways.ledger.models import Sync
from bothways.service import yaml_edit
from bothways.service.accounts import note
from bothways.service.database import on_database
from bothways.service.document import FOREVER
from bothways.service.reading_history import LEAST_KEPT, MOST_KEPT
from bothways.service.rights import Role, for_role
from bothways.service.schedule_document import DAY
from bothways.service.turn import own_turn
from bothways.service.views import HistoryView, KeptHistory, PrunedView
from bothways.service.workspace import Workspace, changing, reload
from bothways.sync.context import Progress

EVERY = 3600.0
"""Seconds between two looks of all workers at whether history is old."""

TRIES = 100
"""Steps in which syncs that somebody was at are tried again."""


@on_database
@for_role(Role.VIEWER)
def kept(workspace: Workspace) -> KeptHistory:
    """Return for how long history is kept, and since when it is there."""
    return KeptHistory(workspace.document.keep_history, history.since(), history.gone_before() or None)


@on_database
@for_role(Role.VIEWER)
def show_history(workspace: Workspace) -> HistoryView:
    """Return how much history there is, and how much of it can go now."""
    found, horizon = history.extent(), _horizon(workspace)
    old_runs, old_writes = history.old(horizon) if horizon is not None else (0, 0)
    return HistoryView(
        workspace.document.keep_history,
        found.since,
        history.gone_before() or None,
        found.runs,
        found.entries,
        old_runs,
        old_writes,
    )


@on_database
@for_role(Role.ADMIN)
def keep(workspace: Workspace, days: int | None, *, confirmed: bool = False) -> None:
    """Keep history for so many days from now on, None for ever: in the settings file, all else there as it was.

    Raises DaysRefused, and HistoryNotConfirmed where some that is kept now would go, unless ``confirmed``.
    """
    after = None if days is None else days * DAY
    if after is not None and not LEAST_KEPT <= after <= MOST_KEPT:
        raise DaysRefused(least=round(LEAST_KEPT / DAY), most=f"{MOST_KEPT / DAY:,.0f}", days=f"{days:,}")
    reload(workspace)
    before = workspace.document.keep_history
    if after == before:
        return
    if after is not None and not confirmed and (before is None or after < before):
        _refuse_unconfirmed(workspace.clock() - after)
    with changing(workspace):
        yaml_edit.set_value(workspace.file, ("history", "keep"), FOREVER if days is None else f"{days}d")
    note(workspace, "set how long history is kept", FOREVER if days is None else f"{days} days")


def _refuse_unconfirmed(horizon: float) -> None:
    old_runs, old_writes = history.old(horizon)
    if old_runs:
        raise HistoryNotConfirmed(count=f"{old_runs:,}", writes=f"{old_writes:,}", day=day_of(horizon))


@on_database
@for_role(Role.ADMIN)
def prune(
    workspace: Workspace, *, confirmed: bool = False, progress: Callable[[Progress], None] | None = None
) -> PrunedView:
    """Let all history go that is older than it is kept; what is at work on a sync ends first.

    Raises HistoryNotConfirmed unless ``confirmed``, and SecondRunner.
    """
    horizon = _horizon(workspace)
    if horizon is None:
        return PrunedView(0, 0)
    if not confirmed:
        _refuse_unconfirmed(horizon)
    runs = writes = 0
    for row in Sync.objects.filter(pk__in=history.with_old_runs(horizon, workspace.clock())):
        with own_turn(workspace, row, progress) as turn:
            while gone := history.let_runs_go(turn, horizon, workspace.clock()):
                runs += gone
    more = True
    while more:
        gone, more = history.let_entries_go(horizon, workspace.clock())
        writes += gone
    return PrunedView(runs, writes)


def is_time(workspace: Workspace) -> bool:
    """Tell whether to look for old history now: of all workers one does, once an hour."""
    return workspace.document.keep_history is not None and history.is_time(workspace.clock(), EVERY)


def letting_go(workspace: Workspace, worker: str) -> Iterator[PrunedView]:
    """Let old history go by a worker, a little with each step, in the caller's use of the database.

    A sync that somebody is at is tried again in the end, and then left for the next time.
    """
    horizon = _horizon(workspace)
    if horizon is None:
        return
    busy = []
    for sync_id in history.with_old_runs(horizon, workspace.clock()):
        while gone := _let_runs_go(workspace, sync_id, worker, horizon):
            yield PrunedView(gone, 0)
        busy += [sync_id] if gone is None else []
    more = True
    while more:
        entries, more = history.let_entries_go(horizon, workspace.clock())
        yield PrunedView(0, entries)
    for _ in range(TRIES if busy else 0):
        gone = _let_runs_go(workspace, busy[0], worker, horizon)
        yield PrunedView(gone or 0, 0)
        busy = [*busy[1:], busy[0]] if gone is None else busy if gone else busy[1:]
        if not busy:
            return


def _let_runs_go(workspace: Workspace, sync_id: int, worker: str, horizon: float) -> int | None:
    """Let a little of the old runs of a sync go and return how many; None while somebody is at it."""
    now = workspace.clock()
    if Sync.objects.filter(pk=sync_id, taken_at__isnull=False).exists():
        return None
    turn = turns.take_now(sync_id, worker, now, though_paused=True)
    if turn is None:
        return None
    try:
        with suppress(RunSuperseded):
            return history.let_runs_go(turn, horizon, now)
        return None
    finally:
        turns.give_back(turn)


def _horizon(workspace: Workspace) -> float | None:
    """Return the time before which history is old (seconds), None where it is kept for ever."""
    keep = workspace.document.keep_history
    return None if keep is None else workspace.clock() - keep


def day_of(at: float) -> str:
    """Return a day (UTC) as it stands in messages."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
