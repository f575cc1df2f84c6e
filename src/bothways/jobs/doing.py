"""What a person asks for, done by whoever has the turn: a sync planned or run, a plan applied, a run undone."""

import time
from collections.abc import Callable

from django.db import connection

from bothways.engine.sides import SIDES, Side
from bothways.errors import (
    EXIT_BRAKE,
    EXIT_FAILING,
    EXIT_HELD,
    EXIT_OK,
    BothwaysError,
    ConfirmationNeeded,
    LedgerError,
    PlanOutdated,
    RunSuperseded,
    StoppedByBrake,
    as_data,
)
from bothways.jobs.heeding import heed
from bothways.ledger import db, due, hours, links, looking, requests
from bothways.ledger.models import Plan, Request, Run
from bothways.ledger.plans import ActionRow
from bothways.service import undo as undoing
from bothways.service.advice import advice_for
from bothways.service.deleting import purge
from bothways.service.halting import refuse_halted
from bothways.service.log import run_row, written_in
from bothways.service.preview import LOOK, plan_in_turn, plan_row
from bothways.service.records import find
from bothways.service.requests import Answer, ToApply, ToPlan, ToRun, ToUndo, Wish, view_of
from bothways.service.resolution import row_of
from bothways.service.views import PlanView, RunView, SkippedView, UndoView, plain
from bothways.service.what_if import plan_draft_in_turn
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace, take_over_changes
from bothways.sync import run as running
from bothways.sync import undo as sync_undo
from bothways.sync.context import Context, Progress

CHANGED = "changed since the plan was made"

TELL_EVERY = 0.5
"""Seconds between two steps of a request that are kept for whoever waits for it."""


def do(workspace: Workspace, wish: Wish, worker: str, progress: Report | None = None) -> Answer:
    """Do what was asked for, by the worker that has the turn of the sync, on the caller's use of the database.

    Raises SyncOff, SyncHalted, StoppedByBrake (before the first write), StoppedByPerson, PlanOutdated,
    ConfirmationNeeded, AppError and the like.
    """
    match wish:
        case ToPlan(draft=int()):
            return _plan_draft(workspace, wish, worker, progress)
        case ToPlan():
            return plan_in_turn(workspace, wish.sync, worker, progress=progress)
        case ToRun():
            return _run(workspace, wish, worker, progress)
        case ToApply():
            return _apply(workspace, wish, worker, progress)
        case ToUndo():
            return _undo(workspace, wish, worker, progress)


def carry_out(
    workspace: Workspace,
    row: Request,
    worker: str,
    progress: Report | None = None,
    understood: Callable[[Exception], BothwaysError] | None = None,
) -> Answer | None:
    """Do what a request asks for and keep what came of it; for the worker that has the turn of its sync.

    Return the answer, None if it failed or was withdrawn. ``understood`` makes one of ours of an exception that nobody
    foresaw. Raises LedgerError if the database fails, or if another worker took the sync over: where that may pass, the
    request stays at work, to be done again.
    """

    def end(answer: Answer | None, error: BothwaysError | None) -> None:
        told = as_data(error) if error is not None else None
        requests.end(row, worker, workspace.clock(), answer=plain(answer), error=told)

    if not requests.begin(row, worker, workspace.clock()):
        return None
    try:
        take_over_changes(workspace)
        answer = do(workspace, view_of(row).wish, worker, _Told(row, worker, progress))
    except LedgerError as error:
        if not error.retriable and not isinstance(error, RunSuperseded):
            end(None, error)
        raise
    except BothwaysError as error:
        end(None, error)
        return None
    except Exception as problem:
        if understood is None:
            raise
        end(None, understood(problem))
        return None
    end(answer, None)
    return answer


class _Told:
    """Keeps how far a request is, every ``TELL_EVERY`` seconds, and hands it on."""

    def __init__(self, row: Request, worker: str, progress: Report | None) -> None:
        self.row, self.worker, self.progress = row, worker, progress
        self.told_at = 0.0

    def __call__(self, step: Progress) -> None:
        """Take one report; within a transaction nothing is kept of it."""
        if self.progress is not None:
            self.progress(step)
        now = time.monotonic()
        if now - self.told_at >= TELL_EVERY and not connection.in_atomic_block:
            self.told_at = now
            requests.tell(self.row, self.worker, plain(step))


def _plan_draft(workspace: Workspace, wish: ToPlan, worker: str, progress: Report | None) -> PlanView:
    draft, version, all_of_it = int(wish.draft or 0), wish.version, wish.everything
    return plan_draft_in_turn(workspace, wish.sync, draft, version, worker, everything=all_of_it, progress=progress)


def _run(workspace: Workspace, wish: ToRun, worker: str, progress: Report | None) -> RunView:
    purge(workspace.clock())
    refuse_halted(row_of(workspace, wish.sync))
    ctx = heed(context(workspace, wish.sync, progress, worker=worker))
    if wish.record is not None:
        _look_at(workspace, wish.sync, wish.record)
    return run_view(ctx, running.run(ctx, full=wish.full, approved=wish.approved))


def _look_at(workspace: Workspace, name: str, record: str) -> None:
    """Mark a record and its partner as due: the run reads both again by id, whatever the listings tell."""
    sync, found = find(workspace, name, record)
    with db.transaction_():
        for side, id in found.ids.items():
            if id:
                due.mark(sync, side, [id])


def _apply(workspace: Workspace, wish: ToApply, worker: str, progress: Report | None) -> RunView:
    row, limit = plan_row(workspace, wish.plan), wish.limit
    refuse_halted(row.sync)
    ctx = heed(context(workspace, row.sync.name, progress, worker=worker))
    _check_plan(ctx, row, wish.plan)
    writes = min(int(row.totals["writes"]), limit if limit is not None else int(row.totals["writes"]))
    if wish.max_change is not None:
        _check_change(ctx, row, wish.max_change)
    if writes and not wish.approved:
        raise ConfirmationNeeded(count=f"{writes:,}")
    return run_view(ctx, running.apply(ctx, row, limit=limit, approved=wish.approved), by_limit=limit is not None)


def _check_plan(ctx: Context, row: Plan, plan_id: str) -> None:
    if row.state == LOOK:
        reason = "it shows what turning on from now on would do"
        raise PlanOutdated(plan=plan_id, reason=reason, name=ctx.sync.name)
    if row.revision != ctx.sync.revision:
        raise PlanOutdated(plan=plan_id, reason="the settings were changed since", name=ctx.sync.name)
    if row.state != "ready":
        raise PlanOutdated(plan=plan_id, reason="it was applied already", name=ctx.sync.name)


def _check_change(ctx: Context, row: Plan, max_change: float) -> None:
    linked, updates = links.counts(ctx.sync), int(row.totals["kinds"].get("update", 0))
    share = 100.0 * updates / linked if linked else 0.0
    if share > max_change:
        reason = f"{updates:,} of {linked:,} linked records would change, more than {max_change:g} %"
        raise StoppedByBrake(name=ctx.sync.name, reason=reason, hint="Allow more: --max-change")


def _undo(workspace: Workspace, wish: ToUndo, worker: str, progress: Report | None) -> UndoView:
    row = run_row(workspace, wish.run)
    part = undoing.part_of(workspace, row, wish.record, wish.field)
    ctx = heed(context(workspace, row.sync.name, progress, running=False, worker=worker), though_halted=True)
    return undoing.view(ctx, row, sync_undo.undo(ctx, row, part))


def run_view(ctx: Context, report: running.Report, *, by_limit: bool = False) -> RunView:
    """Return what a run did, and how its sync stands after it; count how late what it wrote was."""
    row = Run.objects.get(pk=report.run_id)
    hours.add_delays(ctx.sync, ctx.clock(), hours.delays_of(row.pk))
    counts = looking.counts(ctx.sync)
    written = looking.written([row.pk]).get(row.pk, {})
    created, updated, deleted = written_in(ctx.spec.apps, written)
    failing, held = counts["failing"], counts["held"]
    stopped = report.state == "stopped" and not by_limit
    return RunView(
        f"r_{row.pk}",
        ctx.sync.name,
        report.state,
        row.reason,
        created,
        updated,
        failing,
        held,
        counts["waiting"],
        report.skipped,
        report.remaining,
        looking.next_waiting(ctx.sync, ctx.clock()),
        dict(row.bill),
        (row.ended_at or row.started_at) - row.started_at,
        EXIT_BRAKE if stopped else EXIT_FAILING if failing else EXIT_HELD if held else EXIT_OK,
        tuple(_skipped(ctx, each) for each in report.skipped_actions),
        looking.links_ended(row.pk),
        advice_for(ctx, report.totals),
        deleted,
    )


def _skipped(ctx: Context, action: ActionRow) -> SkippedView:
    names = action.data["names"]
    ids = {ctx.spec.apps[side]: action.on(side) for side in SIDES}
    return SkippedView(names.get(Side.LEFT) or names.get(Side.RIGHT) or "", ids, CHANGED)
