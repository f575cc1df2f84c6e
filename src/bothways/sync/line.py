"""The line between what was there before and the changes from now on, where a sync carries only these.

What counts is not a time, since no two clocks agree, but what every record held when the line was drawn.
"""

from collections.abc import Collection, Iterable, Mapping

from bothways.engine.associations import in_step
from bothways.engine.countries import read_there
from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, equal_across
from bothways.ledger import db, journal, links, looking, noted
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow, NewLink
from bothways.ledger.noted import Values
from bothways.records import same
from bothways.sync.associations import Partners
from bothways.sync.context import Context, Progress
from bothways.sync.poll import refresh

PAGE = 400


def to_be_drawn(ctx: Context) -> bool:
    """Tell whether what all records hold now is to be taken note of, and not to be carried."""
    return ctx.from_now or ctx.sync.line > ctx.sync.line_drawn


def draw(ctx: Context) -> None:
    """Take note of what every record holds, unless that was done: linked pairs agree as they are.

    Frozen pairs keep what is waiting in them. It goes page by page; after a crash it goes on with what has no
    note yet, so that an edit made meanwhile counts.
    """
    if ctx.sync.line == ctx.sync.line_drawn:
        return
    busy, after = journal.open_link_ids(ctx.sync), 0
    while page := links.page(ctx.sync, after, PAGE, "state='active' AND frozen=''"):
        after = page[-1].id
        _agree(ctx, [link for link in page if link.id not in busy])
    for side in SIDES:
        _note_all(ctx, side)
    with db.transaction_():
        ctx.fence()
        noted.drawn(ctx.sync)
    ctx.sync.line_drawn = ctx.sync.line


def _agree(ctx: Context, page: Collection[LinkRow]) -> None:
    """Let what both sides of linked pairs hold be what they were last seen to hold.

    Where one record is gone, note is taken of the other as of any record without a link, and of the gone one that it
    held nothing: its deletion was before the line.
    """
    page, rows = _as_read(ctx, page)
    done = {side: noted.of_records(ctx.sync, side, rows[side]) for side in SIDES}
    live = {side: _usable(rows[side]) for side in SIDES}
    gone = {side: {id for id, row in rows[side].items() if row.state == "gone"} for side in SIDES}
    agreed: list[LinkRow] = []
    notes: dict[Side, dict[str, Values]] = {side: {} for side in SIDES}
    for link in page:
        ids = {side: str(link.on(side)) for side in SIDES}
        if all(ids[side] in done[side] for side in SIDES):
            continue
        if all(ids[side] in live[side] for side in SIDES):
            agreed.append(link)
        elif not any(ids[side] in gone[side] for side in SIDES):
            continue
        for side, id in ids.items():
            if id in live[side] or id in gone[side]:
                notes[side][id] = live[side][id].values or {} if id in live[side] else {}
    known = links.shadows([link.id for link in agreed])
    shadows = [
        (link.id, side, known.get(link.id, {}).get(side, {}) | seen_as(ctx, side, notes[side][str(link.on(side))]))
        for link in agreed
        for side in SIDES
    ]
    with db.transaction_():
        ctx.fence()
        links.save_shadows(ctx.sync.workspace_id, shadows)
        for side in SIDES:
            noted.note(ctx.sync, side, notes[side])


def _as_read(ctx: Context, page: Collection[LinkRow]) -> tuple[list[LinkRow], dict[Side, dict[str, SeenRow]]]:
    """Return active links, and their records as they are now: a merge that is found out by reading moves a link."""
    _read(ctx, page)
    now = [link for link in links.by_id([link.id for link in page]).values() if link.state == "active"]
    return now, _read(ctx, now)


def _read(ctx: Context, page: Collection[LinkRow]) -> dict[Side, dict[str, SeenRow]]:
    return {side: refresh(ctx, ctx.ends[side], {id for link in page if (id := link.on(side))}) for side in SIDES}


def _note_all(ctx: Context, side: Side) -> None:
    after = ""
    while page := looking.live_page(ctx.ends[side].feed.pk, after, PAGE):
        after = page[-1].id
        ids = {row.id for row in page}
        ids -= noted.of_records(ctx.sync, side, ids).keys() | links.live_by_record(ctx.sync, side, ids).keys()
        rows = _usable(refresh(ctx, ctx.ends[side], ids))
        with db.transaction_():
            ctx.fence()
            noted.note(ctx.sync, side, {id: row.values or {} for id, row in rows.items()})
        ctx.report(Progress("Taking note", ctx.ends[side].app, len(rows)))


def _usable(rows: Mapping[str, SeenRow]) -> dict[str, SeenRow]:
    return {id: row for id, row in rows.items() if row.live and not row.problem and row.values is not None}


def held_before(ctx: Context, side: Side, rows: Mapping[str, SeenRow]) -> dict[str, Values]:
    """Return what records held when the line was drawn; what they hold now, where it is yet to be drawn."""
    if to_be_drawn(ctx):
        return {id: row.values or {} for id, row in _usable(rows).items()}
    return _noted(ctx, side, rows)


def _noted(ctx: Context, side: Side, ids: Iterable[str]) -> dict[str, Values]:
    """Return what those of some records held that were there when the line was drawn."""
    return {id: held for id, held in noted.of_records(ctx.sync, side, ids).items() if held} if ctx.sync.line else {}


def gone_before(ctx: Context, side: Side, ids: Collection[str]) -> set[str]:
    """Return those of some records, all gone and linked, that were gone when the line was drawn, or as it is drawn."""
    if to_be_drawn(ctx):
        return set(ids)
    return (
        {id for id, values in noted.of_records(ctx.sync, side, ids).items() if not values} if ctx.sync.line else set()
    )


def unchanged(ctx: Context, side: Side, before: Values | None, now: Values) -> bool:
    """Tell whether a record was there before the line and holds the same since, in every mapped field."""
    if before is None:
        return False
    fields = [each.on(side) for each in ctx.spec.fields]
    return all(same(before[field.name], field, now.get(field.name)) for field in fields if field.name in before)


def seen_as(ctx: Context, side: Side, values: Values) -> dict[str, Known]:
    """Return values of a record of one side as a shadow: by mapping, those alone that are known."""
    return {each.key: Known(values[name]) for each in ctx.spec.fields if (name := each.on(side).name) in values}


def shadows_of(ctx: Context, before: Mapping[Side, Values | None]) -> dict[Side, dict[str, Known]]:
    """Return what two records to be linked were last seen to hold: nothing, unless both were there before the line.

    With these, only what was edited since flows. A record made since is merged with its match as in any sync.
    """
    left, right = (before[side] for side in SIDES)
    if left is None or right is None:
        return {side: {} for side in SIDES}
    return {Side.LEFT: seen_as(ctx, Side.LEFT, left), Side.RIGHT: seen_as(ctx, Side.RIGHT, right)}


def seed_shadows(ctx: Context, made: Collection[tuple[int, NewLink]]) -> None:
    """Give new links the shadows that they have by the line, in the caller's transaction."""
    if not ctx.sync.line:
        return
    held = {
        Side.LEFT: _noted(ctx, Side.LEFT, [each.left_id for _, each in made if each.left_id]),
        Side.RIGHT: _noted(ctx, Side.RIGHT, [each.right_id for _, each in made if each.right_id]),
    }
    seeded = []
    for id, each in made:
        before = {
            Side.LEFT: held[Side.LEFT].get(each.left_id or ""),
            Side.RIGHT: held[Side.RIGHT].get(each.right_id or ""),
        }
        if all(values is not None for values in before.values()):
            seeded += [(id, side, shadow) for side, shadow in shadows_of(ctx, before).items()]
    links.save_shadows(ctx.sync.workspace_id, seeded)


def differ(ctx: Context, values: Mapping[Side, Values], partners: Partners) -> bool:
    """Tell whether two records differ in a mapped field that flows somewhere.

    ``partners`` are the records that those which they belong to are linked with.
    """
    return any(
        not _alike(read_there(each, values), values, partners)
        for each in ctx.spec.fields
        if any(ctx.spec.writes(each, side) for side in SIDES)
    )


def _alike(mapping: FieldMap, values: Mapping[Side, Values], partners: Partners) -> bool:
    now = {side: values[side].get(mapping.on(side).name) for side in SIDES}
    if mapping.through:
        return in_step(mapping, now, partners.get(mapping.key, {}))
    return equal_across(mapping, now[Side.LEFT], now[Side.RIGHT])
