"""Associations and the ledger: which ids of the two apps are the same records, by the links of another sync."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bothways.engine.plan import Pair
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.ledger import links
from bothways.ledger.models import Feed, Sync
from bothways.records import Record, ids_of
from bothways.sync.context import Context, End, Parents
from bothways.sync.poll import refresh

Partners = Mapping[str, Mapping[Side, Mapping[str, str]]]


@dataclass(slots=True)
class _Ids:
    """What one side of an association refers to, and what of it went away since it was last seen."""

    held: set[str]
    gone: set[str]


def partners_of(ctx: Context, pairs: Iterable[Pair]) -> Partners:
    """Return, per association and side, the partners of all records that these pairs refer to or referred to.

    What went away from a record is asked for by id: a reference that went since its record did is no edit of a person.
    """
    maps, kept = [each for each in ctx.spec.fields if each.through], list(pairs)
    return {each.key: {side: _across(ctx, each, side, kept) for side in SIDES} for each in maps} if kept else {}


def partners_in(parents: Parents, side: Side, ids: Iterable[str]) -> dict[str, str]:
    """Return the partners that records of one side of ours have in the sync they are kept in step by."""
    there = parents.side(side)
    found = links.live_by_record(parents.sync, there, ids)
    return {
        id: partner
        for id, link in found.items()
        if link.state == "active" and (partner := link.on(there.other)) is not None
    }


def _across(ctx: Context, mapping: FieldMap, side: Side, pairs: Sequence[Pair]) -> dict[str, str]:
    parents, ids = ctx.parents[mapping.through], _ids(mapping, side, pairs)
    there = parents.side(side)
    feed = feeds_of(parents.sync)[there]
    if ids.gone:
        own = ctx.ends[side]
        rows = refresh(ctx, End(side, own.app, feed, own.connector), ids.gone)
        dead = {id for id in ids.gone if id not in rows or not rows[id].live}
    else:
        dead = set()
    return partners_in(parents, side, ids.held | ids.gone - dead)


def _ids(mapping: FieldMap, side: Side, pairs: Sequence[Pair]) -> _Ids:
    found = _Ids(set(), set())
    for pair in pairs:
        held = _of_record(mapping, side, pair.records[side])
        known = pair.shadows[side].get(mapping.key)
        found.held |= held
        found.gone |= set(ids_of(known.value)) - held if known is not None and pair.records[side] is not None else set()
    found.held -= found.gone
    return found


def _of_record(mapping: FieldMap, side: Side, record: Record | None) -> set[str]:
    return set() if record is None else set(ids_of(record.values.get(mapping.on(side).name)))


def feeds_of(sync: Sync) -> dict[Side, Feed]:
    """Return the feeds of both sides of a sync."""
    return {Side.LEFT: sync.left, Side.RIGHT: sync.right}
