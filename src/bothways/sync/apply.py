"""Carry a plan out: what needs no app first, then the writes of each side in batches.

The order of every write: commit the intents, mark them in flight and commit, call the app, then record
the results, shadows and due marks in one transaction. A crash between any two of these loses nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial

from bothways.connectors.base import Outcome, WriteKind, WriteResult, by_key
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.errors import AppError, OutcomeUnknown, StoppedByPerson
from bothways.ledger import db, journal, plans
from bothways.ledger.models import Plan
from bothways.sync.background import at_once, start
from bothways.sync.checks import still_as_planned
from bothways.sync.context import Context, Progress
from bothways.sync.deletes import carried, intend_deletes, intend_tags, record_deleted, still_deleted
from bothways.sync.intents import intend
from bothways.sync.quiet import record_quiet
from bothways.sync.results import Sent, forget, record_results

Send = Callable[[Callable[[], Sequence[WriteResult]]], Future[Sequence[WriteResult]]]

_QUIET = "NOT writes_left AND NOT writes_right"
_AFTER_DELETION = {ActionKind.DELETE: WriteKind.ARCHIVE, ActionKind.TAG: WriteKind.UPDATE}
"""What is done to a record whose partner was deleted, by which kind of write."""

_KINDS = (
    (WriteKind.UPDATE, f"kind NOT IN ('{ActionKind.CREATE}','{ActionKind.DELETE}','{ActionKind.TAG}')", False),
    (WriteKind.CREATE, f"kind='{ActionKind.CREATE}'", False),
    *((write, f"kind='{kind}'", True) for kind, write in _AFTER_DELETION.items()),
)
"""Which actions are carried out by which kind of write, in this order, and whether since a partner was deleted."""

_LOUD = "(writes_left OR writes_right)"


def apply_quiet(ctx: Context, plan: Plan) -> None:
    """Record everything in a plan that writes to no app: links, holds, equalities, ended links."""
    for page in plans.pages(plan, _QUIET):
        with db.transaction_():
            ctx.fence()
            record_quiet(ctx, page)
            plans.set_state(plan.pk, [action.seq for action in page], "done")


def apply_writes(ctx: Context, plan: Plan, limit: int | None = None, *, saved: bool = False) -> None:
    """Write the first ``limit`` actions of a plan (all if None).

    ``saved``: the plan was made in an earlier run, so every record is read again before it is written.
    Raises AppError if an app fails as a whole; all that was done until then is recorded.
    """
    last = _last_seq(plan, limit)
    alone = {side: f"writes_{side} AND NOT writes_{side.other} AND seq<={last}" for side in SIDES}
    streams = [_batches(ctx, plan, side, alone[side], saved) for side in SIDES]
    if ctx.side_by_side:
        _write(ctx, plan, streams, start)
    else:
        for stream in streams:
            _write(ctx, plan, [stream], at_once)
    for side in SIDES:
        _write(ctx, plan, [_batches(ctx, plan, side, f"writes_left AND writes_right AND seq<={last}", saved)], at_once)


def _last_seq(plan: Plan, limit: int | None) -> int:
    if limit is None:
        return 2**31 - 1
    sql = f"SELECT seq FROM plan_action WHERE plan_id=%s AND state='planned' AND {_LOUD} ORDER BY seq LIMIT 1 OFFSET %s"
    found = db.value(sql, (plan.pk, limit))
    return 2**31 - 1 if found is None else int(found) - 1


@dataclass(frozen=True, slots=True)
class _Batch:
    """Writes to one side, stored as intents and marked in flight: to be sent now. ``done`` of ``total`` after it."""

    side: Side
    kind: WriteKind
    sent: list[Sent]
    progress: Progress
    after_deletion: bool = False


def _batches(ctx: Context, plan: Plan, side: Side, where: str, saved: bool) -> Iterator[_Batch]:
    """Yield the batches for one side, each ready to be sent: still as planned, its intents committed."""
    end = ctx.ends[side]
    done, total = 0, int(db.value(f"SELECT COUNT(*) FROM plan_action WHERE plan_id=%s AND {where}", (plan.pk,)))
    for kind, of_kind, deleted in _KINDS:
        wanted = f"{where} AND {of_kind}"
        for page in plans.pages(plan, wanted, size=max(end.can.batch_write, 1)):
            done += len(page)
            ready = (
                still_deleted(ctx, plan, page, side)
                if deleted
                else still_as_planned(ctx, plan, page, side, saved=saved)
            )
            with db.transaction_():
                ctx.fence()
                if not deleted:
                    sent = intend(ctx, plan, side, kind, ready)
                else:
                    sent = (intend_deletes if kind is WriteKind.ARCHIVE else intend_tags)(ctx, side, ready)
            if not sent:
                continue
            with db.transaction_():
                ctx.fence()
                journal.in_flight([each.entry.id for each in sent])
            yield _Batch(side, kind, sent, Progress("Writing", end.app, done, total), deleted)


def _write(ctx: Context, plan: Plan, streams: Sequence[Iterator[_Batch]], send: Send) -> None:
    """Send the batches of every stream, one at a time each, and record what became of them.

    After an app has failed, or whoever is told how far it is wants it to end, nothing more is sent; what is on its way
    is recorded before that is raised.
    """
    calls: dict[Future[Sequence[WriteResult]], tuple[_Batch, Iterator[_Batch]]] = {}
    failure: AppError | StoppedByPerson | None = None
    idle = list(streams)
    while True:
        while idle and failure is None:
            stream = idle.pop(0)
            batch = next(stream, None)
            if batch is not None:
                calls[send(partial(_call, ctx, batch))] = (batch, stream)
        if not calls:
            break
        for future in wait(calls, return_when=FIRST_COMPLETED).done:
            batch, stream = calls.pop(future)
            try:
                _record(ctx, plan, batch, future)
                idle.append(stream)
            except (AppError, StoppedByPerson) as error:
                failure = failure or error
    if failure is not None:
        raise failure


def _call(ctx: Context, batch: _Batch) -> Sequence[WriteResult]:
    return ctx.write(batch.side, [each.item for each in batch.sent])


def _is_done(result: WriteResult | None) -> bool:
    return result is not None and result.outcome is Outcome.DONE


def _record(ctx: Context, plan: Plan, batch: _Batch, future: Future[Sequence[WriteResult]]) -> None:
    """Record the results of one batch. Raises AppError if nothing of it can have been written."""
    try:
        results = by_key(future.result())
    except OutcomeUnknown:
        return
    except AppError:
        with db.transaction_():
            ctx.fence()  # else whoever has taken over may have found out already what became of it
            for each in batch.sent:
                forget(ctx, each)
        raise
    with db.transaction_():
        ctx.fence()
        if batch.kind is WriteKind.ARCHIVE:
            done = [each for each in batch.sent if _is_done(results.get(each.item.key))]
            record_deleted(ctx, plan, batch.side, done)
            results = {key: result for key, result in results.items() if not _is_done(result)}
        record_results(ctx, plan, batch.side, batch.sent, results)
        if batch.after_deletion:
            carried(done for done in batch.sent if _is_done(results.get(done.item.key)))
    ctx.report(batch.progress)
