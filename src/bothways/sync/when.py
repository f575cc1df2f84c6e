"""When a sync has something to do again, though nobody edits anything: told by what its run has left."""

from bothways.engine.sides import SIDES
from bothways.ledger import db, due
from bothways.sync.context import Context
from bothways.sync.lists import LISTS_EVERY
from bothways.sync.run import SWEEP_EVERY

AT_LEAST_EVERY = 3600.0
"""Seconds after which a sync is run though nothing seems to be due."""

SOON = 1.0
"""Seconds that lie between two runs of a sync at least, unless somebody asks."""


def next_due(ctx: Context) -> float:
    """Return when a sync is to be run again (seconds), by all that waits for a time. Its feeds are read by others.

    What is due now stands there since it could not be done: it is tried again after the interval.
    """
    now = ctx.clock()
    waits = [due.next_at(ctx.sync), _retry(ctx), _carries(ctx), *_looks(ctx)]
    times = [at if at > now else now + ctx.interval for at in waits if at is not None]
    return max(min([*times, now + AT_LEAST_EVERY]), now + SOON)


def _retry(ctx: Context) -> float | None:
    return _time("SELECT MIN(next_try) FROM hold WHERE sync_id=%s AND next_try IS NOT NULL", ctx)


def _carries(ctx: Context) -> float | None:
    return _time("SELECT MIN(carries_at) FROM link WHERE sync_id=%s AND carries_at IS NOT NULL", ctx)


def _time(sql: str, ctx: Context) -> float | None:
    found = db.value(sql, (ctx.sync.pk,))
    return float(found) if found is not None else None


def _looks(ctx: Context) -> list[float]:
    """Return when all ids are walked, filters that depend on the time are looked at, and lists are read."""
    times = [end.feed.swept_at + SWEEP_EVERY for end in (*ctx.ends.values(), *ctx.called.values())]
    times += [ctx.clock() + ctx.interval for _ in ctx.called]  # nobody else reads those feeds
    if any(ctx.spec.scope.depends_on_time(side) for side in SIDES):
        times.append(ctx.sync.scoped_at + SWEEP_EVERY)
    read = [ctx.ends[side].feed.lists.get(name, 0.0) for side in SIDES for name in ctx.spec.scope.lists(side)]
    return times + [at + LISTS_EVERY for at in read]
