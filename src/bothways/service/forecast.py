"""What a run would cost before it is begun: calls, their share of the day, time. About: the run itself is the bill.

Counted are the smallest numbers of calls, from what the connectors say of their batches and pages. Not foreseen are
associations and labels, histories (where the newest wins), values that have to be read beside a listing, the rows that
polls of HubSpot reach back to within half an hour of many changes, batches that are refused and done again by halves,
and whatever people change meanwhile.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding
from bothways.ledger import feeds
from bothways.ledger.models import Plan, Run
from bothways.service.connect import Opened
from bothways.service.views import AppForecast, ForecastView
from bothways.sync.context import Context

KINDS = ("creates", "updates", "deletes")
"""What can be written, as the totals of a plan call it."""

CALL_TAKES = 0.25
"""[K] Seconds that one call takes, where no limit makes it wait longer."""


def forecast(ctx: Context, made: Plan, apps: Mapping[Side, Opened]) -> ForecastView:
    """Return what the first run costs of a sync that never ran, else what it costs to apply the plan."""
    first = not Run.objects.filter(sync=ctx.sync).exists()
    calls = {side: _reading(ctx, side, made) if first else _reading_again(ctx, side, made) for side in SIDES}
    for side in SIDES:
        calls[side] += _writing(ctx, side, made)
    found = {apps[side].name: _of_app(apps[side], calls[side]) for side in SIDES}
    seconds = max(calls[side] * max(apps[side].budget.shared.pace, CALL_TAKES) for side in SIDES)
    return ForecastView(first, found, seconds)


def _of_app(app: Opened, calls: int) -> AppForecast:
    day, budget = app.budget.shared.day(), app.budget.shared
    if not day.quota:
        return AppForecast(calls, None, None, None)
    left = day.left(budget.today(), budget.reserve)
    return AppForecast(calls, 100 * calls / day.quota, left, day.again(budget.today()))


def _pages(count: int, size: int) -> int:
    return ceil(count / max(size, 1))


def _count(made: Plan, what: str, side: Side) -> int:
    counts: Mapping[str, Any] = made.totals.get(what, {})
    return int(counts.get(side, 0))


def _reading(ctx: Context, side: Side, made: Plan) -> int:
    """Return the calls that read one side whole, and look for those who are to be made there."""
    end, can = ctx.ends[side], ctx.ends[side].can
    count = feeds.live_count(end.feed.pk)
    listing = max(1, _pages(count, can.list_page)) if can.list_page else 1 + _pages(count, can.batch_read)
    unique = {field.name for mapping in ctx.spec.fields if (field := mapping.on(side)).unique}
    keys = [rule for rule in ctx.spec.match if rule.finding is Finding.LINK and rule.field(side) in unique]
    return listing + (len(keys) * _pages(_count(made, "creates", side), can.batch_read) if can.finds_strongly else 0)


def _reading_again(ctx: Context, side: Side, made: Plan) -> int:
    """Return the calls that ask one side for news, and read again what a saved plan is about to write, batch by batch.

    The records of both sides are, whichever is written.
    """
    calls = 1
    for written in SIDES:
        batch, read = ctx.ends[written].can.batch_write, ctx.ends[side].can.batch_read
        kinds = ("updates",) if side is written else ("updates", "creates")
        for kind in kinds:
            calls += _batches(_count(made, kind, written), batch, read)
    return calls


def _batches(count: int, batch: int, size: int) -> int:
    """Return the calls for so many records that come in batches, with ``size`` of them to a call."""
    full, rest = divmod(count, max(batch, 1))
    return full * _pages(batch, size) + _pages(rest, size)


def _writing(ctx: Context, side: Side, made: Plan) -> int:
    can = ctx.ends[side].can
    return sum(_batches(_count(made, kind, side), can.batch_write, can.per_write or can.batch_write) for kind in KINDS)
