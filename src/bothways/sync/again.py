"""Look again at filters that depend on the time: records begin and cease to fit with nothing of them changing."""

from collections.abc import Iterator

from bothways.engine.plan import misfit
from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, due, links, looking
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Sync
from bothways.sync.context import Context

PAGE = 400


def look_again(ctx: Context) -> None:
    """Mark as due what takes part by now, or no longer, by filters that depend on the time. No app is asked."""
    sides = [side for side in SIDES if ctx.spec.scope.depends_on_time(side)]
    for side in sides:
        for each in SIDES:
            for page in _pages(ctx, each):
                with db.transaction_():
                    ctx.fence()
                    due.mark(ctx.sync, each, _moved(ctx, each, page) if each is side else _would_fit(ctx, each, page))
    if sides:
        with db.transaction_():
            ctx.fence()
            Sync.objects.filter(pk=ctx.sync.pk).update(scoped_at=ctx.clock())


def _pages(ctx: Context, side: Side) -> Iterator[list[SeenRow]]:
    after = ""
    while page := looking.live_page(ctx.ends[side].feed.pk, after, PAGE):
        after = page[-1].id
        yield page


def _moved(ctx: Context, side: Side, page: list[SeenRow]) -> set[str]:
    """Return the records that fit their filter and have no link, or whose link is not as the filter says."""
    linked = links.live_by_record(ctx.sync, side, [row.id for row in page])
    fits = {row.id: ctx.spec.scope.fits(side, row.values or {}, ctx.clock(), lists=row.lists) for row in page}
    kept = ctx.spec.scope.leaving is Leaving.KEEP
    return {id for id, fit in fits.items() if (not kept and fit == bool(linked[id].frozen) if id in linked else fit)}


def _would_fit(ctx: Context, side: Side, page: list[SeenRow]) -> set[str]:
    """Return the records without a link that take part, and of which a record that fits would be made."""
    linked = links.live_by_record(ctx.sync, side, [row.id for row in page])
    return {
        row.id
        for row in page
        if row.id not in linked
        and ctx.spec.sends[side]
        and ctx.spec.scope.fits(side, row.values or {}, ctx.clock(), lists=row.lists)
        and not misfit(ctx.spec, side, row.record, ctx.clock(), row.lists)
    }
