"""Keep running: every sync that is on at its interval, earlier when a waiting record becomes due, not when quiet."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bothways.errors import BothwaysError, LedgerError, QuotaUsedUp, RunSuperseded, SyncHalted, SyncOff
from bothways.jobs.now import run_sync
from bothways.jobs.schedule import quiet_until
from bothways.service.lock import runner
from bothways.service.views import RunView
from bothways.service.workspace import Workspace, take_over_changes

LONGEST_PAUSE = 900.0
"""Seconds: how long a sync that keeps failing is left alone at most, unless its interval is longer."""

TICK = 2.0
"""Seconds between two looks at the settings file and at what is due."""


@dataclass(slots=True)
class _Turn:
    """When a sync is next run (seconds), and how often it failed in a row."""

    at: float = 0.0
    failed: int = 0


def watch(
    workspace: Workspace,
    names: Sequence[str],
    *,
    on_run: Callable[[RunView], None],
    stop: threading.Event,
) -> None:
    """Run the named syncs (all where none is named) again and again until ``stop`` is set, not in their quiet hours.

    What goes wrong with one run is told as a stopped run, and that sync is tried again later. Changes of the
    settings file take effect at the next run. Raises SecondRunner, and LedgerError if the database fails.
    """
    for name in names:
        workspace.sync(name)
    turns: dict[str, _Turn] = {}
    looked = 0.0
    with runner(workspace):
        while not stop.is_set():
            _take_over(workspace, on_run)
            if workspace.clock() < looked:
                turns.clear()  # the clock was set back: by it they would come too late
            looked = workspace.clock()
            for name in names or list(workspace.document.syncs):
                turn = turns.setdefault(name, _Turn())
                if workspace.clock() >= turn.at and not stop.is_set() and _may_run(workspace, name):
                    turns[name] = _one_turn(workspace, name, turn, on_run)
            stop.wait(TICK)


def _may_run(workspace: Workspace, name: str) -> bool:
    """Tell whether a sync is on, and not in its quiet hours."""
    found = workspace.document.syncs.get(name)
    if found is None or found.state != "on":
        return False
    return quiet_until(found.timing.schedule.quiet, workspace.clock()) is None


def _take_over(workspace: Workspace, on_run: Callable[[RunView], None]) -> None:
    """Let changes of the file take effect; a file that cannot be used is told once and the last good one kept."""
    try:
        take_over_changes(workspace)
    except BothwaysError as error:
        if _is_fatal(error):
            raise
        on_run(_failed("", error))


def _is_fatal(error: BothwaysError) -> bool:
    """Tell whether going on makes no sense: the database itself fails for good."""
    return isinstance(error, LedgerError) and not error.retriable and not isinstance(error, RunSuperseded)


def _one_turn(workspace: Workspace, name: str, turn: _Turn, on_run: Callable[[RunView], None]) -> _Turn:
    every = workspace.sync(name).every
    began = workspace.clock()
    try:
        view = run_sync(workspace, name)
    except (SyncOff, SyncHalted):
        return _Turn(began + every)
    except BothwaysError as error:
        if _is_fatal(error):
            raise
        return _pause(name, began, every, turn, error, on_run)
    on_run(view)
    waiting = view.next_at if view.next_at is not None else began + every
    return _Turn(max(min(began + every, waiting), began + TICK))


def _pause(
    name: str, began: float, every: float, turn: _Turn, error: BothwaysError, on_run: Callable[[RunView], None]
) -> _Turn:
    on_run(_failed(name, error))
    if isinstance(error, QuotaUsedUp):
        return _Turn(max(float(str(error.facts["until"])), began + every))
    longest = max(LONGEST_PAUSE, every)
    return _Turn(began + min(every * 2**turn.failed, longest), min(turn.failed + 1, 20))


def _failed(name: str, error: BothwaysError) -> RunView:
    return RunView("", name, "stopped", str(error), {}, {}, 0, 0, 0, 0, 0, None, {}, 0.0, error.exit_code)
