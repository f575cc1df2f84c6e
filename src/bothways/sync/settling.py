"""The create window: a new record waits until the other app had time to show a partner."""

import math

from bothways.engine.sides import Side
from bothways.ledger import journal
from bothways.ledger.feeds import SeenRow
from bothways.sync.context import Context
from bothways.sync.lists import LISTS_EVERY


def unsettled_from(ctx: Context, side: Side) -> float:
    """Return from when on (seconds) a record first seen on ``side`` may be what one of our own open creates made."""
    begun = journal.oldest_open_create(ctx.sync, side)
    return math.inf if begun is None else begun - ctx.ends[side].can.clock_precision


def settled(ctx: Context, side: Side, row: SeenRow, ours_from: float) -> bool:
    """Tell whether a record of ``side`` may be created in the other app now.

    The other side must be known completely up to one poll interval after the record was first seen; its
    index lag is part of how far it is known. Records met in the first, full listing were there before.
    The leads, or contacts, of the neighbour sync must be known as far: one of them may be the same person.
    One first seen at or after ``ours_from`` may be our own create, of which we do not know yet. And whether it is in
    a list that its filter looks at is known once that was read again.
    """
    if not listed(ctx, side, row):
        return False
    feeds = [ctx.ends[side.other].feed]
    if ctx.neighbour is not None and ctx.neighbour.on:
        feeds.append(ctx.neighbour.feed)
    if not all(feed.baseline_done for feed in feeds) or row.first_seen_at >= ours_from:
        return False
    return row.first_seen_at == 0.0 or all(feed.complete_to >= row.first_seen_at + ctx.interval for feed in feeds)


def settles_at(ctx: Context, side: Side, row: SeenRow) -> float:
    """Return the earliest time (seconds) at which a record of ``side`` can be settled."""
    window = row.first_seen_at + ctx.interval + ctx.ends[side.other].can.index_lag
    read = 0.0 if listed(ctx, side, row) else _lists_read_at(ctx, side) + LISTS_EVERY
    return max(window, read, ctx.clock() + 1)


def listed(ctx: Context, side: Side, row: SeenRow) -> bool:
    """Tell whether it is known if a record is in the lists that the filter of its side looks at."""
    return row.first_seen_at <= _lists_read_at(ctx, side)


def _lists_read_at(ctx: Context, side: Side) -> float:
    """Return when (seconds) the lists that the filter of a side looks at were read, the one that was so first."""
    known = ctx.ends[side].feed.lists
    return min((known.get(name, 0.0) for name in ctx.spec.scope.lists(side)), default=math.inf)
