"""Carry a plan out: what needs no app first, then the writes of each side in batches.

The order of every write: commit the intents, mark them in flight and commit, call the app, then record
the results, shadows and due marks in one transaction. A crash between any two of these loses nothing.
"""

from collections.abc import Sequence

from bothways.connectors.base import WriteKind, by_key
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.errors import AppError, OutcomeUnknown
from bothways.ledger import db, journal, plans
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.sync.checks import still_as_planned
from bothways.sync.context import Context, Progress
from bothways.sync.intents import intend
from bothways.sync.quiet import record_quiet
from bothways.sync.results import forget, record_results

_QUIET = "NOT writes_left AND NOT writes_right"
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
    for side in SIDES:
        where = f"writes_{side} AND seq<={last}"
        done, total = 0, int(db.value(f"SELECT COUNT(*) FROM plan_action WHERE plan_id=%s AND {where}", (plan.pk,)))
        for kind in (WriteKind.UPDATE, WriteKind.CREATE):
            wanted = f"{where} AND kind{'=' if kind is WriteKind.CREATE else '<>'}'{ActionKind.CREATE}'"
            for page in plans.pages(plan, wanted, size=max(ctx.ends[side].can.batch_write, 1)):
                ready = still_as_planned(ctx, plan, page, side, saved=saved)
                _write_batch(ctx, plan, side, kind, ready)
                done += len(page)
                ctx.report(Progress("Writing", ctx.ends[side].app, done, total))


def _last_seq(plan: Plan, limit: int | None) -> int:
    if limit is None:
        return 2**31 - 1
    sql = f"SELECT seq FROM plan_action WHERE plan_id=%s AND state='planned' AND {_LOUD} ORDER BY seq LIMIT 1 OFFSET %s"
    found = db.value(sql, (plan.pk, limit))
    return 2**31 - 1 if found is None else int(found) - 1


def _write_batch(ctx: Context, plan: Plan, side: Side, kind: WriteKind, actions: Sequence[ActionRow]) -> None:
    """Write one batch to one side, by the write protocol."""
    if not actions:
        return
    end = ctx.ends[side]
    with db.transaction_():
        ctx.fence()
        sent = intend(ctx, plan, side, kind, actions)
    if not sent:
        return
    with db.transaction_():
        ctx.fence()
        journal.in_flight([each.entry.id for each in sent])
    try:
        results = by_key(end.connector.write(end.object, [each.item for each in sent]))
    except OutcomeUnknown:
        return
    except AppError:
        with db.transaction_():
            for each in sent:
                forget(ctx, each)
        raise
    with db.transaction_():
        ctx.fence()
        record_results(ctx, plan, side, sent, results)
