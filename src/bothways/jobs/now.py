"""Runs that a person asks for: run a sync, apply a plan, undo a run. One runner at a time."""

from bothways.engine.sides import SIDES, Side
from bothways.errors import (
    EXIT_BRAKE,
    EXIT_FAILING,
    EXIT_HELD,
    EXIT_OK,
    ConfirmationNeeded,
    PlanOutdated,
    StoppedByBrake,
)
from bothways.ledger import links, looking
from bothways.ledger.models import Plan, Run
from bothways.ledger.plans import ActionRow
from bothways.service import undo as undoing
from bothways.service.advice import advice_for
from bothways.service.database import on_database
from bothways.service.deleting import purge
from bothways.service.lock import runner
from bothways.service.log import created_and_updated, run_row
from bothways.service.preview import LOOK, plan_row
from bothways.service.views import RunView, SkippedView, UndoView
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace
from bothways.sync import run as running
from bothways.sync import undo as sync_undo
from bothways.sync.context import Context

CHANGED = "changed since the plan was made"


@on_database
def run_sync(
    workspace: Workspace, name: str, *, full: bool = False, approved: bool = False, progress: Report | None = None
) -> RunView:
    """Do one run of a sync. ``full`` looks for deleted records too; ``approved`` releases the brakes.

    Raises SyncOff, SecondRunner, StoppedByBrake (before the first write), AppError.
    """
    with runner(workspace):
        purge(workspace.clock())
        ctx = context(workspace, name, progress)
        return run_view(ctx, running.run(ctx, full=full, approved=approved))


@on_database
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
    with runner(workspace):
        row = plan_row(workspace, plan_id)
        ctx = context(workspace, row.sync.name, progress)
        _check_plan(ctx, row, plan_id)
        writes = min(int(row.totals["writes"]), limit if limit is not None else int(row.totals["writes"]))
        if max_change is not None:
            _check_change(ctx, row, max_change)
        if writes and not approved:
            raise ConfirmationNeeded(count=f"{writes:,}")
        return run_view(ctx, running.apply(ctx, row, limit=limit, approved=approved), by_limit=limit is not None)


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


@on_database
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
    with runner(workspace):
        row = run_row(workspace, run_id)
        part = undoing.part_of(workspace, row, record, field)
        ctx = context(workspace, row.sync.name, progress, running=False)
        return undoing.view(ctx, row, sync_undo.undo(ctx, row, part))


def run_view(ctx: Context, report: running.Report, *, by_limit: bool = False) -> RunView:
    """Return what a run did, and how its sync stands after it."""
    row = Run.objects.get(pk=report.run_id)
    counts = looking.counts(ctx.sync)
    written = looking.written([row.pk]).get(row.pk, {})
    created, updated = created_and_updated(ctx.spec.apps, written)
    deleted = {app: written.get(("archive", side), 0) for side, app in ctx.spec.apps.items()}
    updated = {app: count - deleted[app] for app, count in updated.items()}
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
