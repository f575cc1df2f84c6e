"""Two books of contacts on a real ledger, and the product's own matching over them. Django must be set up before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from bothways.connectors.base import Connector
from bothways.engine.brakes import Guards
from bothways.engine.cascade import CASCADES, PERSON, cascade, roles_of
from bothways.engine.matching import Match
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, feed_slots, sync_slots
from bothways.ledger import db, due, feeds
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Connection, Feed, Sync, Workspace
from bothways.ledger.survey import Survey
from bothways.records import Field
from bothways.sync.absorb import compute_keys
from bothways.sync.context import Context, End
from bothways.sync.matches import find_matches
from bothways.sync.planning import PAGE


def two_books(fields: Sequence[Field]) -> Context:
    """Make a sync of two empty books with the usual steps for people; no connector is ever asked."""
    rules = cascade(CASCADES[PERSON], {side: {each.name: each for each in fields} for side in SIDES})
    apps = {side: str(side) for side in SIDES}
    roles = {side: roles_of(fields) for side in SIDES}
    spec = SyncSpec(apps, tuple(FieldMap(each, each) for each in fields), rules, roles=roles)
    Workspace.objects.create(name="bench")
    made = [
        Feed.objects.create(
            connection=Connection.objects.create(name=apps[side], connector="none"),
            object="people",
            slots=feed_slots(rules, side),
        )
        for side in SIDES
    ]
    sync = Sync.objects.create(name="people", left=made[0], right=made[1], slots=sync_slots(rules))
    nobody = cast(Connector, None)
    ends = {side: End(side, apps[side], feed, nobody) for side, feed in zip(SIDES, made, strict=True)}
    return Context(sync, spec, Guards(), ends)


def keep(ctx: Context, books: Sequence[Mapping[str, Mapping[str, Any]]]) -> None:
    """Store records of the left and of the right book with their keys."""
    with db.transaction_():
        for side, book in zip(SIDES, books, strict=True):
            feed = ctx.ends[side].feed
            feeds.save_seen(feed, [SeenRow(id, values=values, read_at=1.0) for id, values in book.items()])
            feeds.replace_keys(feed, {id: compute_keys(feed, values) for id, values in book.items()})


def joined_by_email(ctx: Context) -> int:
    """Return how many keys of the first rule one record of either side holds: one statement over both key tables."""
    once = "SELECT hash FROM match_key WHERE feed_id=%s AND slot=%s GROUP BY hash HAVING COUNT(*)=1"
    sql = f"SELECT COUNT(*) FROM ({once}) AS l JOIN ({once}) AS r ON l.hash=r.hash"
    return int(db.value(sql, [each for side in SIDES for each in _of_first_rule(ctx, side)]))


def _of_first_rule(ctx: Context, side: Side) -> tuple[int, str]:
    return ctx.ends[side].feed.pk, ctx.spec.match[0].slots(side)[0]


def mark(ctx: Context) -> int:
    """Mark every record as due, as the first reading does; return how many there are."""
    due.mark_everything(ctx.sync)
    return due.count(ctx.sync)


Page = dict[Side, dict[str, SeenRow]]


def pages(ctx: Context, taken: set[str]) -> Iterator[Page]:
    """Yield what was last seen of all due records but those ``taken``, page by page as planning reads them."""
    after = ("", "")
    while marks := due.page(ctx.sync, 1.0, after, PAGE):
        after = (marks[-1].side, marks[-1].id)
        ids = {side: [mark.id for mark in marks if mark.side == side and mark.id not in taken] for side in SIDES}
        yield {side: feeds.seen_by_id(ctx.ends[side].feed.pk, ids[side]) for side in SIDES}


def matches(ctx: Context, page: Page, survey: Survey | None) -> list[Match]:
    """Return what is found for each record of a page, as planning asks."""
    found = [find_matches(ctx, side, rows, set(rows), survey)[0] for side, rows in page.items()]
    return [each for of_side in found for each in of_side.values()]
