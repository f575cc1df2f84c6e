"""Lists of an app that filters look at: who is in them is read every so often, and who came or went is due.

An app tells of a record's place in a list neither by the record's date of change nor in any listing of changes.
"""

from collections.abc import Collection, Mapping
from itertools import chain

from bothways.connectors.abilities import KeepsLists, RecordList
from bothways.connectors.base import Connector
from bothways.errors import ListGone, PageIncomplete
from bothways.ledger import db, due, feeds
from bothways.sync.absorb import absorb, ask
from bothways.sync.context import Context, End

LISTS_EVERY = 300.0
"""Seconds between two readings of a list: one takes a call per page of its members."""

NOWHERE = frozenset[str]()


def refresh_lists(ctx: Context, *, full: bool = False) -> None:
    """Read the lists that the filters of both sides look at; ``full``: whenever that was done last.

    Raises ListGone, and AppError: then nothing is synced, since nobody knows who takes part.
    """
    for end in ctx.ends.values():
        known = end.feed.lists
        names = {
            name
            for name in ctx.spec.scope.lists(end.side)
            if full or name not in known or ctx.clock() - known[name] >= LISTS_EVERY
        }
        if names:
            _refresh(ctx, end, names)


def read_lists(app: str, connector: Connector, object: str, names: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the records in lists of these names (in small letters), each with the names of its own.

    There may be very many: those in the same lists share the names. Raises ListGone; PageIncomplete for one of which
    the app has not worked out yet who is in it, or that looks empty against its word.
    """
    if not names:
        return {}
    lists = lists_by_name(connector, object)
    found: dict[str, frozenset[str]] = {}
    shared: dict[frozenset[str], frozenset[str]] = {}
    for name in sorted(names):
        if len(lists.get(name, ())) != 1 or not isinstance(connector, KeepsLists):
            reason = "there are several of that name" if lists.get(name) else "it was deleted, or has another name now"
            raise ListGone(app=app, list=name, reason=reason)
        if not lists[name][0].whole:
            raise PageIncomplete(app=app, reason=f'it has not worked out yet who is in the list "{name}"')
        is_empty = True
        for id in chain.from_iterable(connector.members(object, lists[name][0].id)):
            is_empty, in_all = False, found.get(id, NOWHERE) | {name}
            found[id] = shared.setdefault(in_all, in_all)
        if lists[name][0].size and is_empty:
            raise PageIncomplete(app=app, reason=f'it tells nobody in the list "{name}", and says that some are')
    return found


def lists_by_name(connector: Connector, object: str) -> dict[str, list[RecordList]]:
    """Return the lists of an object by their names in small letters; none where the app keeps no lists."""
    found: dict[str, list[RecordList]] = {}
    if isinstance(connector, KeepsLists):
        for each in connector.lists(object):
            found.setdefault(each.name.casefold(), []).append(each)
    return found


def _refresh(ctx: Context, end: End, names: set[str]) -> None:
    inside = read_lists(end.app, end.connector, end.object, names)
    left = _read_who_left(ctx, end, names, inside)
    for id, survivor in feeds.survivors(end.feed.pk, inside).items():
        inside[survivor] = inside.get(survivor, NOWHERE) | inside.pop(id)
    for id, survivor in feeds.survivors(end.feed.pk, left).items():
        inside[survivor] = inside.get(survivor, NOWHERE) | left[id]  # until they are read again: the app may be late
    with db.transaction_():
        ctx.fence()
        end.feed.lists = feeds.lists_read(end.feed.pk)  # another sync may read other lists of the same feed
        before = feeds.in_lists(end.feed.pk)
        moved = {
            id: sorted(after)
            for id in chain(before, inside.keys() - before.keys())
            if (after := before.get(id, NOWHERE) - names | inside.get(id, NOWHERE)) != before.get(id, NOWHERE)
        }
        known = feeds.seen_by_id(end.feed.pk, moved)  # one that no listing has shown yet is met by the next reading
        feeds.set_lists(end.feed.pk, {id: moved[id] for id in known})
        for sync, side in feeds.sides_of(end.feed):
            due.mark(sync, side, known)
        end.feed.lists = {**end.feed.lists, **dict.fromkeys(names, ctx.clock())}
        end.feed.save(update_fields=["lists"])


def _read_who_left(
    ctx: Context, end: End, names: set[str], inside: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Return who is in these lists no more, each with those that it has left; they are read by id before.

    One that was merged is in the list by another id by now, which nothing need have shown yet, or will be soon.
    """
    known = feeds.in_lists(end.feed.pk).items()
    left = {id: gone for id, lists in known if (gone := lists & names - inside.get(id, NOWHERE))}
    for ids in db.chunks(sorted(left), end.can.batch_read):
        rows, asked_at = feeds.seen_by_id(end.feed.pk, ids), ctx.clock()
        news = ask(ctx, end, [row for row in rows.values() if row.live])
        with db.transaction_():
            ctx.fence()
            absorb(end.feed, news, ctx.clock(), asked_at)
    return left
