"""What a person asks for, now: run a sync, apply a plan, undo a run. By the service, if one runs; else here."""

import asyncio
import shlex
import time
from contextlib import suppress
from typing import cast

from django.db import connection

from bothways.errors import AllPaused, Interrupted, LeftToService, SecondRunner
from bothways.jobs.doing import carry_out, do
from bothways.ledger import requests, turns
from bothways.ledger.requests import ASKED, AT_WORK, OPEN
from bothways.ledger.turns import SYNC
from bothways.service.database import on_database, sqlite_path
from bothways.service.requests import Answer, RequestView, ToApply, ToRun, ToUndo, Wish, ask, look, sync_of, withdraw
from bothways.service.turn import LOOK_EVERY, is_served, no_service, own_turn
from bothways.service.views import RunView, UndoView
from bothways.service.work import Report
from bothways.service.workspace import Workspace
from bothways.sync.context import Progress


def run_sync(
    workspace: Workspace,
    name: str,
    *,
    full: bool = False,
    approved: bool = False,
    record: str | None = None,
    progress: Report | None = None,
) -> RunView:
    """Do one run of a sync. ``full`` looks for deleted records too; ``approved`` releases the brakes; a ``record``,
    named as for ``why``, is read again and looked at in any case.

    Raises SyncOff, AllPaused, SecondRunner, StoppedByBrake (before the first write), AppError; LeftToService where
    Ctrl-C ends the waiting for the service alone.
    """
    return cast(RunView, _done(workspace, ToRun(name, full, approved, record), progress))


def apply_plan(
    workspace: Workspace,
    plan_id: str,
    *,
    limit: int | None = None,
    max_change: float | None = None,
    approved: bool = False,
    progress: Report | None = None,
) -> RunView:
    """Write exactly what a plan says; a record that changed since is skipped and listed.

    ``limit``: records to write at most. ``max_change``: stop if more of the linked records (percent)
    would change, approved or not.
    """
    return cast(RunView, _done(workspace, ToApply(plan_id, limit, max_change, approved), progress))


def undo_run(
    workspace: Workspace,
    run_id: str,
    *,
    record: str | None = None,
    field: str | None = None,
    progress: Report | None = None,
) -> UndoView:
    """Put back what a run wrote and nobody edited since, as a run of its own. An undo can be undone, too.

    ``record``, ``field``: only what the run wrote to this record, or to this field, named as for ``why``.
    """
    return cast(UndoView, _done(workspace, ToUndo(run_id, record, field), progress))


@on_database
def _done(workspace: Workspace, wish: Wish, progress: Report | None) -> Answer:
    with no_service(workspace) as alone:
        if alone:
            with own_turn(workspace, sync_of(workspace, wish), progress, though_paused=False) as turn:
                return do(workspace, wish, turn.worker, progress)
    asked = ask(workspace, wish)
    try:
        _wake(workspace, sync_of(workspace, wish).pk)
        return _answer(_waited_for(workspace, asked, progress))
    except KeyboardInterrupt:
        connection.close()  # whatever was being asked of the database is left
        if not withdraw(workspace, asked.id) and look(asked.id).state == AT_WORK:
            raise LeftToService(name=asked.sync) from None
        raise


def _wake(workspace: Workspace, sync_id: int) -> None:
    """Have workers elsewhere take the turn at once; that of one process on SQLite finds it at its next tick."""
    if sqlite_path(workspace.database) is None:
        from bothways.jobs.queue import wake

        asyncio.run(wake(workspace.database, SYNC, [sync_id]))


def _waited_for(workspace: Workspace, asked: RequestView, progress: Report | None) -> RequestView:
    """Return how a request has ended. Should the service be gone, it is done here, as by the next one."""
    while (found := look(asked.id)).is_open:
        if progress is not None:
            progress(found.progress or Progress("Waiting for the service", "", 0))
        if found.state == ASKED and turns.paused_at() and withdraw(workspace, asked.id):
            raise AllPaused()
        if not is_served(workspace):
            _do_here(workspace, asked.id, progress)
        time.sleep(LOOK_EVERY)
    return found


def _do_here(workspace: Workspace, id: int, progress: Report | None) -> None:
    """Do what a service has left, unless the next one begins just now."""
    row = requests.get(id)
    with suppress(SecondRunner), no_service(workspace) as alone:
        if alone:
            with own_turn(workspace, row.sync, progress, though_paused=False) as turn:
                try:
                    carry_out(workspace, row, turn.worker, progress)
                except BaseException:
                    requests.withdraw(id, workspace.clock(), OPEN)
                    raise


def _answer(found: RequestView) -> Answer:
    if found.error is not None:
        raise found.error
    if found.answer is None:
        raise Interrupted(hint=f"bothways run {shlex.quote(found.sync)}")
    return found.answer
