"""One run of a sync: recover, read both sides, plan, brake, write, record."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from bothways.engine.brakes import Brake, Totals, stopped_by
from bothways.engine.sides import Side
from bothways.errors import BothwaysError, PlanOutdated, RateLimited, RunSuperseded, StoppedByBrake
from bothways.ledger import db, due, holds, looking
from bothways.ledger.models import Plan, Run, Sync
from bothways.ledger.plans import ActionRow, drop, size
from bothways.sync.again import look_again
from bothways.sync.apply import apply_quiet, apply_writes
from bothways.sync.checks import skip_overtaken
from bothways.sync.context import Context, End
from bothways.sync.line import draw, to_be_drawn
from bothways.sync.lists import refresh_lists
from bothways.sync.planning import PART, make_plan
from bothways.sync.poll import poll, sweep
from bothways.sync.recover import recover
from bothways.sync.tally import totals_of

SWEEP_EVERY = 86_400.0
"""Seconds after which a run walks all ids anew, for what no listing tells: deletes and merges."""

COMPARED = "compared"
"""Beside how often each rule was applied: at how many pairs and single records a run has looked."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: its id, its plan's totals, what was written, what waits and why it stopped.

    ``skipped``: planned writes not made since their records changed meanwhile, the first of them in
    ``skipped_actions``; ``remaining``: planned writes that a limit left.
    """

    run_id: int
    state: str
    written: dict[str, int] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    held: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    next_at: float | None = None
    brakes: tuple[Brake, ...] = ()
    skipped: int = 0
    remaining: int = 0
    skipped_actions: tuple[ActionRow, ...] = ()


def preview(ctx: Context, *, everything: bool = False, sample: int | None = None) -> tuple[Plan, Totals, list[Brake]]:
    """Read both sides and plan, stopping before the journal. Nothing is written to any app.

    ``everything``: all records are looked at, as for a sync that is off and has got no due marks. ``sample``: so many
    of what is to be looked at, chosen at random.
    """
    with _taken_over(ctx):
        ctx.started_at = ctx.clock()
        _read_both(ctx)
        if everything:
            with db.transaction_():
                due.mark_everything(ctx.sync)
        only = None if sample is None else due.sample(ctx.sync, ctx.clock(), sample)
        plan, totals = make_plan(ctx, only)
        return plan, totals, stopped_by(ctx.spec, ctx.guards, totals)


def preview_record(ctx: Context, ids: Mapping[Side, str | None]) -> tuple[Plan, Totals, list[Brake]]:
    """Plan one record and its partner alone. Both are read by id; of all others counts what was read last.

    A feed that nobody has read completely yet is read, since until then nothing is known of who else is there.
    """
    with _taken_over(ctx):
        ctx.started_at = ctx.clock()
        for ends in (*([each] for each in ctx.called.values()), list(ctx.ends.values())):
            if unread := [end for end in ends if not end.feed.baseline_done]:
                poll(ctx, unread)
        refresh_lists(ctx)
        wanted = {side: [id] for side, id in ids.items() if id}
        with db.transaction_():
            ctx.fence()
            for side, chosen in wanted.items():
                due.mark(ctx.sync, side, set(chosen) - due.marked(ctx.sync, side, chosen).keys())
        marks = [mark for side, chosen in wanted.items() for mark in due.marked(ctx.sync, side, chosen).values()]
        plan, totals = make_plan(ctx, marks)
        return plan, totals, stopped_by(ctx.spec, ctx.guards, totals)


def run(ctx: Context, *, full: bool = False, approved: bool = False) -> Report:
    """Do one run. ``full`` sweeps both sides, whenever that was done last; ``approved`` releases the brakes.

    Raises StoppedByBrake before the first write, AppError if an app fails as a whole.
    """
    with _taken_over(ctx), _recorded(ctx, "sync") as record:
        if to_be_drawn(ctx):
            ctx.read_within = 0.0  # what was there before the line is told by reading now alone
        recover(ctx)
        _read_both(ctx, full=full)
        for end in (*ctx.called.values(), *ctx.ends.values()):
            if full or ctx.clock() - end.feed.swept_at >= SWEEP_EVERY:
                sweep(ctx, end, approved)
        if full or ctx.clock() - ctx.sync.scoped_at >= SWEEP_EVERY:
            look_again(ctx)
        draw(ctx)
        plan, totals = make_plan(ctx)
        record.counts = {COMPARED: size(plan)}
        return _carry_out(ctx, record, plan, totals, approved=approved)


def apply(ctx: Context, plan: Plan, *, limit: int | None = None, approved: bool = False) -> Report:
    """Carry out a saved plan exactly; a record changed or written since is skipped.

    Raises PlanOutdated, and StoppedByBrake if the plan is beyond the brakes and not ``approved``.
    """
    with _taken_over(ctx), _recorded(ctx, "apply") as record:
        if plan.state != "ready":
            raise PlanOutdated(plan=f"p_{plan.pk}", reason="it was applied already", name=ctx.sync.name)
        if not plan.revision == ctx.revision == ctx.sync.revision:
            raise PlanOutdated(plan=f"p_{plan.pk}", reason="the settings were changed since", name=ctx.sync.name)
        recover(ctx)
        _poll(ctx)
        refresh_lists(ctx)
        draw(ctx)
        skip_overtaken(ctx, plan)
        return _carry_out(ctx, record, plan, totals_of(plan), approved=approved, saved=True, limit=limit)


def _read_both(ctx: Context, *, full: bool = False) -> None:
    _wake_refused(ctx)
    _poll(ctx)
    refresh_lists(ctx, full=full)


def _poll(ctx: Context) -> None:
    """Read what records are called by before the records that refer to them by it."""
    for end in ctx.called.values():
        poll(ctx, _to_read(ctx, [end]))
    poll(ctx, _to_read(ctx, ctx.ends.values()))


def _to_read(ctx: Context, ends: Iterable[End]) -> list[End]:
    """Return the ends whose feed nobody has read completely of late."""
    since = ctx.clock() - ctx.read_within
    return [end for end in ends if not (end.feed.baseline_done and end.feed.polled_at > since)]


def _wake_refused(ctx: Context) -> None:
    """Mark the refused records due whose next try has come."""
    ready = holds.ready(ctx.sync, ctx.clock())
    if ready:
        with db.transaction_():
            for hold in ready:
                due.mark(ctx.sync, hold.side, [hold.record_id])


def _carry_out(
    ctx: Context,
    record: Run,
    plan: Plan,
    totals: Totals,
    *,
    approved: bool,
    saved: bool = False,
    limit: int | None = None,
) -> Report:
    brakes = [] if approved else stopped_by(ctx.spec, ctx.guards, totals)
    if brakes:
        ctx.count("R11")
        reason = "; ".join(brake.reason for brake in brakes)
        raise StoppedByBrake(
            name=ctx.sync.name, reason=reason, hint=f"If that is right: bothways run {shlex.quote(ctx.sync.name)} --yes"
        )
    unlooked = None if ctx.sync.approved or approved else _left_of_first_run(ctx, totals)
    stop_after = min((each for each in (limit, unlooked) if each is not None), default=None)
    apply_quiet(ctx, plan)
    apply_writes(ctx, plan, stop_after, saved=saved)
    stopped = stop_after is not None and totals.writes > stop_after
    states, skipped = looking.planned_writes(plan.pk)
    with db.transaction_():
        ctx.fence()
        whole = PART not in plan.totals  # what is left out by a part of a plan, nobody has looked at
        if whole and ((approved and limit is None) or (totals.writes and not stopped)):
            Sync.objects.filter(pk=ctx.sync.pk).update(approved=True)
        Plan.objects.filter(pk=plan.pk).update(state="stopped" if stopped else "applied")
    record.state = "stopped" if stopped else "done"
    record.reason = f"first {stop_after} records written, to be looked at" if stopped else ""
    return Report(
        ctx.run_id,
        record.state,
        written_by(ctx.run_id),
        totals,
        holds.by_kind(ctx.sync),
        due.count(ctx.sync),
        due.next_at(ctx.sync),
        (),
        states.get("skipped", 0),
        states.get("planned", 0) if stopped else 0,
        skipped,
    )


def _left_of_first_run(ctx: Context, totals: Totals) -> int:
    """Return how many records may be written before a person has looked at the first ones.

    Raises StoppedByBrake if that many were written already.
    """
    left = ctx.guards.first_run - looking.records_written(ctx.sync)
    if left <= 0 and totals.writes:
        ctx.count("R11")
        raise first_look(ctx)
    return max(left, 0)


def first_look(ctx: Context) -> StoppedByBrake:
    """Return the brake at which a new sync waits until a person has looked at what it wrote first."""
    reason = f"its first {ctx.guards.first_run} records were written, to be looked at"
    hint = f"If they are right: bothways run {shlex.quote(ctx.sync.name)} --yes"
    return StoppedByBrake(name=ctx.sync.name, reason=reason, hint=hint)


def written_by(run_id: int) -> dict[str, int]:
    """Return how many records a run wrote, by kind and side, as ``create right`` and so on."""
    sql = (
        "SELECT kind, side, COUNT(*) FROM journal WHERE run_id=%s AND state='done' AND kind<>'unlink' "
        "GROUP BY kind, side"
    )
    return {f"{kind} {side}": int(count) for kind, side, count in db.rows(sql, (run_id,))}


@contextmanager
def _taken_over(ctx: Context) -> Iterator[None]:
    """Take the sync over: from here on every commit of an earlier, still running process is refused.

    Raises RunSuperseded for who has stood still so long that another worker has the turn by now.
    """
    with db.transaction_():
        db.shut_gate(ctx.sync.pk)
        sql = "UPDATE sync SET epoch=epoch+1 WHERE id=%s AND %s IN ('', worker) RETURNING epoch"
        epoch = db.value(sql, (ctx.sync.pk, ctx.worker))
        if epoch is None:
            raise RunSuperseded()
        ctx.epoch = int(epoch)
        Run.objects.filter(sync=ctx.sync, state="running").update(state="interrupted", ended_at=ctx.clock())
    ctx.revision = ctx.sync.revision
    ctx.sync.refresh_from_db()
    ctx.ended = False
    try:
        yield
    finally:
        ctx.ended = True


@contextmanager
def _recorded(ctx: Context, kind: str, undoes: int | None = None) -> Iterator[Run]:
    """Keep a row about the run: when, what came of it, why it stopped."""
    ctx.started_at, bill = ctx.clock(), dict(ctx.bill())
    with db.transaction_():
        record = Run.objects.create(
            workspace_id=ctx.sync.workspace_id,
            sync=ctx.sync,
            kind=kind,
            started_at=ctx.started_at,
            revision=ctx.revision,
            undoes=undoes,
        )
    ctx.run_id = record.pk
    try:
        yield record
        if record.state == "running":
            record.state = "done"
    except BothwaysError as error:
        record.state, record.reason = _ended_by(error), str(error)
        raise
    finally:
        if record.state == "running":
            record.state = "interrupted"
        record.ended_at = ctx.clock()
        record.counts = {**record.counts, **ctx.rules}
        record.bill = dict(Counter(ctx.bill()) - Counter(bill))
        with db.transaction_():
            ctx.fence()  # who was taken over from has been said to be interrupted, and drops nobody's plan
            ctx.settle()
            record.save()
            if record.state in ("done", "stopped"):
                _drop_old_plans(ctx)


def _ended_by(error: BothwaysError) -> str:
    """Return how a run ended: one that an app's limits let go no further only waits."""
    if isinstance(error, RateLimited):
        return "waiting"
    return "stopped" if isinstance(error, StoppedByBrake) else "failed"


def _drop_old_plans(ctx: Context) -> None:
    """Forget the plans of runs that are over; saved ones wait until they are applied or replaced."""
    for plan in Plan.objects.filter(sync=ctx.sync).exclude(state="ready"):
        drop(plan.pk)


recorded, taken_over = _recorded, _taken_over
