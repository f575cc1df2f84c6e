"""Associations and the ledger: which ids of the two apps are the same records, by the links of another sync."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bothways.engine.field_state import Known
from bothways.engine.plan import Pair
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.ledger import db, feeds, links
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
    kept = list(pairs)
    return {each.key: _across(ctx, each, kept) for each in _associations(ctx)} if kept else {}


def lone_of(ctx: Context, pairs: Iterable[Pair], partners: Partners) -> dict[str, dict[Side, set[str]]]:
    """Return, per association and side, what went away from these pairs whose record is there and has no partner now.

    A person took it away, and the other app cannot be told so yet: its partner may be restored, or linked anew.
    """
    kept, found = list(pairs), dict[str, dict[Side, set[str]]]()
    for mapping in _associations(ctx) if kept else ():
        parents, found[mapping.key] = ctx.parents[mapping.through], {}
        for side in SIDES:
            ids = _ids(mapping, side, kept).gone - partners[mapping.key][side].keys()
            rows = feeds.seen_by_id(_feed(parents, side).pk, ids) if ids else {}
            found[mapping.key][side] = {id for id, row in rows.items() if row.live}
    return found


def follow_merges(ctx: Context, pairs: Mapping[int, Pair], partners: Partners) -> dict[int, Pair]:
    """Return these pairs, by link, with shadows that name what was merged by what it was merged into; store them so.

    Whoever refers to the surviving record instead was moved to it by the app, and by no person. It is agreed upon only
    if the other side is known to refer to its partner.
    """
    found = dict(pairs)
    for mapping in _associations(ctx):
        into = {side: _merged(ctx, mapping, side, pairs.values()) for side in SIDES}
        for id, pair in found.items() if any(into.values()) else ():
            found[id] = replace(pair, shadows=_with_survivors(mapping, pair, into, partners[mapping.key]))
    changed = [(id, side) for id in found for side in SIDES if found[id].shadows[side] is not pairs[id].shadows[side]]
    if changed:
        with db.transaction_():
            ctx.fence()
            links.save_shadows(ctx.sync.workspace_id, [(id, side, found[id].shadows[side]) for id, side in changed])
    return found


def read_before_merged(ctx: Context, pairs: Mapping[int, tuple[Pair, Mapping[Side, float]]]) -> set[int]:
    """Return the links with a record that was read before what it refers to was found to be merged into another.

    It names the old one, which nobody's partner is any more: whoever was taken away from it on the other side would be
    forgotten. ``pairs`` are by link, each with when its records were read (seconds).
    """
    found: set[int] = set()
    for mapping in _associations(ctx):
        parents = ctx.parents[mapping.through]
        for side in SIDES:
            held = {id: _of_record(mapping, side, pair.records[side]) for id, (pair, _) in pairs.items()}
            merged = feeds.merged_at(_feed(parents, side).pk, set[str]().union(*held.values()))
            if merged:
                read_at = {id: at.get(side, 0.0) for id, (_, at) in pairs.items()}
                found |= {id for id in held if any(merged.get(one, -1.0) >= read_at[id] for one in held[id])}
    return found


def merged_into(ctx: Context, mapping: FieldMap, side: Side, ids: set[str]) -> dict[str, str]:
    """Return, for those of these ids that were merged away, what each is by now; all of them are asked for by id."""
    parents = ctx.parents[mapping.through]
    dead = _dead(ctx, parents, side, ids)
    return feeds.survivors(_feed(parents, side).pk, dead) if dead else {}


def partners_in(parents: Parents, side: Side, ids: Iterable[str]) -> dict[str, str]:
    """Return the partners that records of one side of ours have in the sync they are kept in step by."""
    there = parents.side(side)
    found = links.live_by_record(parents.sync, there, ids)
    return {
        id: partner
        for id, link in found.items()
        if link.state == "active" and (partner := link.on(there.other)) is not None
    }


def _associations(ctx: Context) -> list[FieldMap]:
    return [each for each in ctx.spec.fields if each.through]


def _across(ctx: Context, mapping: FieldMap, pairs: Sequence[Pair]) -> dict[Side, dict[str, str]]:
    parents = ctx.parents[mapping.through]
    ids = {side: _ids(mapping, side, pairs) for side in SIDES}
    dead = {side: _dead(ctx, parents, side, ids[side].gone) for side in SIDES}
    for side in SIDES:
        _read_partners(ctx, parents, side, ids[side].gone - dead[side])
    return {side: partners_in(parents, side, ids[side].held | ids[side].gone - dead[side]) for side in SIDES}


def _read_partners(ctx: Context, parents: Parents, side: Side, ids: set[str]) -> None:
    """Read the partners of these ids of one side: if one was merged meanwhile, its link moves to the survivor now, and
    not only when its own sync is run.
    """
    own, partners = ctx.ends[side.other], set(partners_in(parents, side, ids).values())
    refresh(ctx, End(side.other, own.app, _feed(parents, side.other), own.connector), partners)


def _dead(ctx: Context, parents: Parents, side: Side, ids: set[str]) -> set[str]:
    """Return those of the ids whose records are gone or merged away by now."""
    if not ids:
        return set()
    own = ctx.ends[side]
    rows = refresh(ctx, End(side, own.app, _feed(parents, side), own.connector), ids)
    return {id for id in ids if id not in rows or not rows[id].live}


def _merged(ctx: Context, mapping: FieldMap, side: Side, pairs: Iterable[Pair]) -> dict[str, str]:
    """Return what the records were merged into that went away from one side."""
    gone = _ids(mapping, side, pairs).gone
    return feeds.survivors(_feed(ctx.parents[mapping.through], side).pk, gone) if gone else {}


def _with_survivors(
    mapping: FieldMap,
    pair: Pair,
    into: Mapping[Side, Mapping[str, str]],
    across: Mapping[Side, Mapping[str, str]],
) -> dict[Side, Mapping[str, Known]]:
    held = {side: _of_record(mapping, side, pair.records[side]) for side in SIDES}
    known = {side: [] if (one := pair.shadows[side].get(mapping.key)) is None else ids_of(one.value) for side in SIDES}
    named = {side: [into[side].get(id, id) for id in known[side]] for side in SIDES}
    shadows = dict(pair.shadows)
    for side in SIDES:
        agreed = {across[side.other].get(id) for id in named[side.other]}
        ids = [
            new if new in agreed and new in held[side] and old not in held[side] else old
            for old, new in zip(known[side], named[side], strict=True)
        ]
        if ids != known[side]:
            moved = pair.shadows[side][mapping.key]._replace(value=list(dict.fromkeys(ids)))
            shadows[side] = {**pair.shadows[side], mapping.key: moved}
    return shadows


def _ids(mapping: FieldMap, side: Side, pairs: Iterable[Pair]) -> _Ids:
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


def _feed(parents: Parents, side: Side) -> Feed:
    return feeds_of(parents.sync)[parents.side(side)]


def feeds_of(sync: Sync) -> dict[Side, Feed]:
    """Return the feeds of both sides of a sync."""
    return {Side.LEFT: sync.left, Side.RIGHT: sync.right}
