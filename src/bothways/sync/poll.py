"""Read a feed: everything that changed since its cursor, page by page. And sweep it for what vanished."""

import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from functools import partial

from bothways.connectors.base import Page, Seen
from bothways.engine.brakes import GONE_PERCENT
from bothways.engine.sides import Side
from bothways.engine.spec import CALLED, REFERENCE
from bothways.errors import AppError, StoppedByBrake
from bothways.ledger import db, feeds
from bothways.ledger.feeds import SeenRow
from bothways.records import Ref
from bothways.sync.absorb import News, absorb, ask
from bothways.sync.background import start
from bothways.sync.context import Context, End, Progress, Reader

FINE_CLOCK = 0.01
"""Seconds: below this grain of an app's clock, one modification stamp cannot hide two saves from us."""


AT_ONCE = 4
"""Pages of one side that are taken in together where they come faster than that."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Pages of one side in order, and when the first was asked for (seconds)."""

    end: End
    pages: Sequence[Page]
    asked_at: float

    @property
    def last(self) -> bool:
        """Whether they end the listing."""
        return self.pages[-1].last


def poll(ctx: Reader, ends: Collection[End]) -> int:
    """Take in all changes of these sides and return how many records changed.

    A cursor moves in the transaction that stores its page, so that a broken listing goes on where it was.
    """
    started, done = ctx.clock(), Counter[Side]()
    for end in ends:
        end.feed.refresh_from_db()
    baseline = {end.side: not end.feed.baseline_done for end in ends}
    for arrived in _fetch(ctx, ends):
        for each in arrived:
            if each.last and baseline[each.end.side]:
                _doubt_empty(ctx, each)
        read = [(each, [news for page in each.pages for news in _news_of(ctx, each.end, page)]) for each in arrived]
        with db.transaction_():
            ctx.fence()
            for each, news in read:
                end, feed = each.end, each.end.feed
                done[end.side] += len(absorb(feed, news, ctx.clock(), each.asked_at, baseline=baseline[end.side]))
                feed.cursor = next(
                    (page.cursor for page in reversed(each.pages) if page.cursor is not None), feed.cursor
                )
                if each.last:
                    lag = 0.0 if baseline[end.side] and end.can.baseline_carries_values else end.can.index_lag
                    feed.baseline_done, feed.polled_at, feed.complete_to = True, started, started - lag
                    feed.swept_at = started if baseline[end.side] else feed.swept_at
                if any(page.restarted for page in each.pages):
                    feed.swept_at = 0.0
                feeds.save_position(feed)
        for each in arrived:
            ctx.report(Progress("Reading", each.end.app, done[each.end.side]))
    return done.total()


def _doubt_empty(ctx: Reader, last: Fetched) -> None:
    """Raise StoppedByBrake if a first listing shows nothing, and the app itself counts records (row R11)."""
    end = last.end
    if any(page.seen for page in last.pages) or feeds.live_count(end.feed.pk):
        return
    counted = end.connector.count(end.object)
    if counted:
        ctx.count("R11")
        reason = f"{end.app} lists no records, and says that it has {counted:,}"
        raise StoppedByBrake(name=ctx.name, reason=reason, hint="The listing may have failed: run it again.")


def _fetch(ctx: Reader, ends: Collection[End]) -> Iterator[list[Fetched]]:
    """Yield the pages of all sides as they arrive.

    Side by side, the next pages are on their way while these are taken in, several of a side together.
    """
    if not ctx.side_by_side:
        for end in ends:
            yield from ([page] for page in _pages(ctx, end))
        return
    streams = [_together(_pages(ctx, end)) for end in ends]
    waiting = {start(partial(next, stream, None)): stream for stream in streams}
    while waiting:
        arrived = []
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            stream = waiting.pop(future)
            fetched = future.result()
            if fetched is not None:
                waiting[start(partial(next, stream, None))] = stream
                arrived.append(fetched)
        if arrived:
            yield arrived


def _pages(ctx: Reader, end: End) -> Iterator[Fetched]:
    asked_at = ctx.clock()
    for page in end.connector.changes(end.object, end.feed.cursor, end.feed.fields):
        yield Fetched(end, [page], asked_at)
        asked_at = ctx.clock()


def _together(fetched: Iterator[Fetched]) -> Iterator[Fetched]:
    """Put the pages of one side together; those that came before a failure come before it here, too."""
    kept: list[Fetched] = []
    try:
        for each in fetched:
            kept.append(each)
            if each.last or len(kept) == AT_ONCE:
                yield _joined(kept)
                kept = []
    except AppError:
        if kept:
            yield _joined(kept)
        raise


def _joined(kept: Sequence[Fetched]) -> Fetched:
    return Fetched(kept[0].end, [page for each in kept for page in each.pages], kept[0].asked_at)


def _news_of(ctx: Reader, end: End, page: Page) -> list[News]:
    """Return what a page tells, reading by id whatever the listing did not carry. Live rows win over gone."""
    rows: dict[str, Seen] = {}
    for seen in page.seen:
        if seen.record.id in rows:
            ctx.count("R12")
        rows[seen.record.id] = seen
    known = feeds.seen_by_id(end.feed.pk, [id for id, seen in rows.items() if not seen.has_values])
    news: list[News] = []
    to_read = _said_to_be_gone(end, page, set(rows), {seen.record.address for seen in rows.values()})
    for id, seen in rows.items():
        if seen.problem is not None:
            news.append(News(id, seen.record, problem=seen.problem))
        elif seen.has_values:
            news.append(News(id, seen.record))
        elif _must_read(end, seen, known.get(id)):
            to_read.append(known.get(id) or SeenRow(id, seen.record.address, seen.record.version))
    return news + ask(ctx, end, to_read)


def _said_to_be_gone(end: End, page: Page, live_ids: set[str], live_addresses: set[str | None]) -> list[SeenRow]:
    """Return the known records that a page says are gone; whether they are, only a read by id tells."""
    addresses = [gone.address for gone in page.gone if gone.address and gone.address not in live_addresses]
    known = {row.id: row for row in feeds.seen_by_address(end.feed.pk, addresses).values()}
    known |= feeds.seen_by_id(end.feed.pk, [gone.id for gone in page.gone if gone.id])
    return [row for id, row in sorted(known.items()) if row.live and id not in live_ids]


def _must_read(end: End, seen: Seen, row: SeenRow | None) -> bool:
    """Tell whether a row of an index must be read: not if we have read this very state of it before."""
    if row is None or not row.live or not row.read_at or row.values is None:
        return True
    if seen.record.modified is None or row.modified is None or seen.record.modified > row.modified:
        return True
    fine = end.can.clock_precision <= FINE_CLOCK
    return not (fine or row.read_at >= row.stamp_seen_at + end.can.clock_precision)


def refresh(ctx: Context, end: End, ids: set[str]) -> dict[str, SeenRow]:
    """Return the rows of these ids, read by id from the app unless they were read in this run just now."""
    rows = feeds.seen_by_id(end.feed.pk, ids)
    if old := stale(ctx, end, rows, ids):
        asked_at = ctx.clock()
        news = ask(ctx, end, old)
        with db.transaction_():
            ctx.fence()
            absorb(end.feed, news, ctx.clock(), asked_at)
        rows |= feeds.seen_by_id(end.feed.pk, ids | {each.id for each in news})
    return rows


def stale(ctx: Context, end: End, rows: Mapping[str, SeenRow], ids: set[str]) -> list[SeenRow]:
    """Return, for those of the ids that must be read again in this run, what is known of them."""
    names = set(end.feed.fields)
    old = [id for id in ids if id not in rows or _is_old(ctx, names, rows[id])]
    return [rows.get(id) or SeenRow(id) for id in sorted(old)]


def _is_old(ctx: Context, names: set[str], row: SeenRow) -> bool:
    """Tell whether a row that can be read again was not read in this run, or lacks a field."""
    if row.state == "live" and row.problem is None and not (row.values is not None and row.values.keys() >= names):
        return True
    return row.state in ("live", "gone") and not ctx.read_in_this_run(row.read_at)


def sweep(ctx: Context, end: End, approved: bool = False) -> int:
    """Walk all ids of one side: what is missing is asked for by id, what is new or has another version is taken in.

    Where associations are synced and the app does not surely report their changes, every record is read.

    Return how many records turned out to be gone or merged. Raises StoppedByBrake where the walk looks
    much smaller than what is known: that is a broken listing until a person says otherwise.
    """
    feed, started, met = end.feed, ctx.clock(), 0
    for refs in end.connector.ids(feed.object):
        ids = [ref.id for ref in refs]
        rows = feeds.seen_by_id(feed.pk, ids)
        unsure = not end.can.reports_references and any(slot.startswith((REFERENCE, CALLED)) for slot, _ in feed.slots)
        wanted = [ref for ref in refs if unsure or _is_news(ref, rows)]
        asked_at = ctx.clock()
        news = ask(ctx, end, [SeenRow(ref.id, ref.address, ref.version) for ref in wanted])
        with db.transaction_():
            ctx.fence()
            absorb(feed, news, ctx.clock(), asked_at)
            db.in_list_execute(
                "UPDATE seen SET swept=%s WHERE feed_id=%s AND record_id IN {ids}", (started, feed.pk), ids
            )
        met += len(ids)
        ctx.report(Progress("Reading", end.app, met))
    known = feeds.live_count(feed.pk)
    missing = feeds.unswept(feed.pk, started)
    if not approved and missing > 1 and 100.0 * missing / max(known, 1) > GONE_PERCENT:
        reason = f"{missing} of {known} records are missing from {end.app}"
        ctx.count("R11")
        raise StoppedByBrake(
            name=ctx.sync.name,
            reason=reason,
            hint=f"If that is right: bothways run {shlex.quote(ctx.sync.name)} --full --yes",
        )
    return _confirm_missing(ctx, end, started)


def _is_news(ref: Ref, rows: Mapping[str, SeenRow]) -> bool:
    """Tell whether a walk shows a record that is not known, or not in this version."""
    row = rows.get(ref.id)
    return row is None or not row.live or (ref.version is not None and ref.version != row.version)


def _confirm_missing(ctx: Context, end: End, started: float) -> int:
    """Ask by id for every live record that the walk did not meet."""
    gone, after = 0, ""
    while rows := feeds.unswept_page(end.feed.pk, started, after):
        after = rows[-1].id
        asked_at = ctx.clock()
        news = ask(ctx, end, rows)
        gone += sum(1 for each in news if each.gone or each.merged_into)
        with db.transaction_():
            ctx.fence()
            absorb(end.feed, news, ctx.clock(), asked_at)
    end.feed.swept_at = started
    end.feed.save(update_fields=["swept_at"])
    return gone
