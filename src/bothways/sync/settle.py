"""Bring the ledger up to date with what landed in an app: links, both shadows, and what the feed knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bothways.engine.associations import after_write
from bothways.engine.field_state import Known
from bothways.engine.sets import of_several, shadow_after
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger import due, feeds, journal, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.journal import UNDO, Entry, FieldWrite
from bothways.ledger.models import Feed
from bothways.records import Record, Value, same
from bothways.sync.absorb import compute_keys, replace_keys, told_apart, wait_no_more, wake
from bothways.sync.children import wake_children
from bothways.sync.context import Context
from bothways.sync.held import still_decided


@dataclass(frozen=True, slots=True)
class Landed:
    """One write that landed: its entry, what the app holds now, the fields that arrived.

    ``source_seen`` are the other side's values of the mappings concerned, as read when planning.
    """

    entry: Entry
    record: Record
    writes: Mapping[str, FieldWrite]
    source_seen: Mapping[str, Value]

    @property
    def stored(self) -> dict[str, Value]:
        """What the app holds of the written fields, by field."""
        return {write.field: write.stored for write in self.writes.values()}


def settle_links(ctx: Context, side: Side, landed: Sequence[Landed]) -> None:
    """Bring links up to date with what landed on ``side``: both shadows, and the id of a new record."""
    now, other = ctx.clock(), side.other
    link_ids = [each.entry.link_id for each in landed if each.entry.link_id is not None]
    rows, shadows = links.by_id(link_ids), links.shadows(link_ids)
    created: list[tuple[int, str]] = []
    saved = []
    for each in landed:
        link_id = each.entry.link_id
        assert link_id is not None
        known = shadows.setdefault(link_id, {side: {} for side in SIDES})
        source_id, goes_by = each.entry.more.get("source_id"), rows[link_id].on(other)
        for key, write in each.writes.items():
            known[side][key] = Known(_known_after(ctx, side, each, key, known), now)
            kept = each.entry.kind == UNDO or key in each.entry.more.get("both", ())
            if source_id is not None and source_id != goes_by:
                continue  # merged since: what the survivor holds is not what was sent
            if not kept or key not in known[other]:
                known[other][key] = Known(each.source_seen.get(key, write.source))
            if kept and write.rule == "FD" and not still_decided(ctx, rows[link_id], side, key, write.after):
                for end in SIDES:
                    known[end].pop(key, None)
        if each.entry.kind == ActionKind.CREATE:
            created.append((link_id, each.record.id))
            unsent = (mapping.key for mapping in ctx.spec.fields if mapping.key not in each.entry.writes)
            known[side].update(dict.fromkeys(unsent, Known(None)))
        saved += [(link_id, end, known[end]) for end in SIDES]
    links.activate(side, created)
    if created:
        own = [str(rows[link_id].on(other)) for link_id, _ in created]
        made = [record_id for _, record_id in created]
        wake_children(ctx.sync, {side: made, other: own})
        wait_no_more(ctx.sync, {side: made})
    links.save_shadows(ctx.sync.workspace_id, saved)


def _known_after(ctx: Context, side: Side, landed: Landed, key: str, shadows: links.Shadows) -> Value:
    """Return what becomes known of a written field: what the app stored.

    Of a list of values, what has not flowed yet is left out, and the record looked at again (row FM); of an
    association, what waits for its partner, and what came or went while it was written (row FA).
    """
    write, mapping = landed.writes[key], ctx.mapping(key)
    known = {each: shadow.value if (shadow := shadows[each].get(key)) else None for each in shadows}
    known[side] = landed.entry.more.get("base", {}).get(key, known[side])
    if mapping.through:
        if not same(write.after, mapping.on(side), write.stored):
            due.mark(ctx.sync, side, [landed.record.id])
        return after_write(known[side], write.before, write.after, write.stored)
    if landed.entry.kind == UNDO or not of_several(mapping):
        return write.stored
    other = landed.source_seen.get(key, write.source)
    after = shadow_after(mapping, side, write.before, write.after, write.stored, known[side], other, known[side.other])
    if not same(after, mapping.on(side), write.stored):
        due.mark(ctx.sync, side, [landed.record.id])
    return after


def remember(ctx: Context, side: Side, written: Sequence[tuple[Record, Mapping[str, Value]]]) -> None:
    """Let the feed know what was just written, so that its own poll finds nothing new in it.

    Each record comes with what the app stored of the written fields. A whole record in the answer may
    show a person's edit of another field: that must be looked at. To every other sync that uses the feed
    what we wrote is a change like any other.
    """
    feed, now = ctx.ends[side].feed, ctx.clock()
    known = feeds.seen_by_id(feed.pk, [record.id for record, _ in written])
    unsure = _read_meanwhile(feed, known, written)
    rows: list[SeenRow] = []
    keys: dict[str, set[tuple[str, str]]] = {}
    edited: list[str] = []
    for record, stored in written:
        before = known.get(record.id)
        row = told_apart(before, _row(feed.fields, record, stored, before, now))
        rows.append(row._replace(read_at=0.0) if record.id in unsure else row)
        keys[record.id] = compute_keys(feed, row.values or {})
        old, new = (before.values if before else None) or {}, row.values or {}
        beside = any(name in old and old[name] != new.get(name) for name in feed.fields if name not in stored)
        if beside or record.id in unsure:
            edited.append(record.id)
    feeds.save_seen(feed, rows)
    touched = replace_keys(feed, keys)
    for sync, each in feeds.sides_of(feed):
        due.mark(sync, each, edited if sync.pk == ctx.sync.pk else keys)
        wake(sync, Side(each), touched)


def _read_meanwhile(
    feed: Feed, known: Mapping[str, SeenRow], written: Sequence[tuple[Record, Mapping[str, Value]]]
) -> set[str]:
    """Return the records that somebody has read since they were written to, and that held something else then.

    That may be of before the write, or an edit over it: only reading them again tells.
    """
    others = {
        record.id
        for record, stored in written
        if record.id in known
        and any((known[record.id].values or {}).get(name) != value for name, value in stored.items())
    }
    begun = {id: max(at for at, _ in times) for id, times in journal.written_at(feed, others).items()} if others else {}
    return {id for id, at in begun.items() if known[id].read_at > at}


def _row(
    fields: Sequence[str], record: Record, stored: Mapping[str, Value], before: SeenRow | None, now: float
) -> SeenRow:
    """Return what the feed knows of a record after a write."""
    whole = all(name in record.values for name in fields)
    values = {**((before.values or {}) if before else {}), **(record.values if whole else {}), **stored}
    return SeenRow(
        record.id,
        record.address or (before.address if before else None),
        record.version or (before.version if before else None),
        values,
        record.modified if whole else (before.modified if before else None),
        now,
        before.read_at if before else now,
        before.first_seen_at if before and before.live else now,
        before.swept if before else 0.0,
        lists=before.lists if before else (),
    )
