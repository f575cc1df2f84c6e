"""What of a run can be undone, and how: what nobody edited since is put back, what it created and nobody touched goes.

What it cannot undo is told with its reason. Nothing is written here: see ``undo.py``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.connectors.base import WriteKind
from bothways.engine.associations import taken_back
from bothways.engine.consent import opts_in
from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, feeds, holds, journal, left_out, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Run
from bothways.records import Value, goes_back, may_be_rewriting, same
from bothways.sync.context import Context
from bothways.sync.conversions import OF_A_CONTACT, of_contacts
from bothways.sync.poll import refresh


@dataclass(slots=True)
class UndoReport:
    """What an undo did, or would do: records put back, removed and made again, and what it could not, with reasons.

    ``unlinked``: links that the run brought along and that are taken back.
    """

    run_id: int = 0
    restored: int = 0
    removed: int = 0
    remade: int = 0
    kept: list[tuple[str, str, str]] = field(default_factory=list)
    unlinked: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One write to be undone: the entry, and by what: values put back, the record archived, or made again."""

    entry: Entry
    row: SeenRow
    back: dict[str, FieldWrite]
    kind: WriteKind


@dataclass(frozen=True, slots=True)
class Part:
    """What of a run is undone: its writes to these records, and of them these mappings alone. None: all."""

    records: Mapping[Side, str | None] | None = None
    keys: frozenset[str] | None = None

    def of(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the entries that are meant, with the writes that are."""
        chosen = [
            each for each in entries if self.records is None or self.records.get(each.side) == str(each.record_id)
        ]
        if self.keys is None:
            return chosen
        keys = self.keys
        narrowed = [
            each._replace(writes={key: write for key, write in each.writes.items() if key in keys}) for each in chosen
        ]
        return [each for each in narrowed if each.writes]


WHOLE = Part()

EDITED = "created by the run, edited since"
LINKED = "created by the run, linked to another record since"


def undoable(ctx: Context, run: Run, part: Part, report: UndoReport) -> Iterator[Step]:
    """Yield what can be undone, newest first; what cannot goes to the report with the reason."""
    before = 2**62
    busy = journal.open_link_ids(ctx.sync)
    while page := journal.done_before(run.pk, before):
        before, page = page[-1].id, part.of(page)
        page = _without_contacts(ctx, page, report)
        known = links.shadows([entry.link_id for entry in page if entry.link_id is not None])
        of_side = {side: [each for each in page if each.side is side] for side in SIDES}
        grown = {side: _grown(ctx, side, of_side[side]) for side in SIDES}
        rows = {side: refresh(ctx, ctx.ends[side], {str(each.record_id) for each in of_side[side]}) for side in SIDES}
        needed = {side: grown[side] | _needed(ctx, side, of_side[side]) for side in SIDES}
        linked = {side: links.live_by_record(ctx.sync, side, rows[side]) for side in SIDES}
        for entry in page:
            row = rows[entry.side].get(str(entry.record_id))
            shadows = known.get(entry.link_id or 0, {}).get(entry.side, {})
            if part.keys is not None and entry.kind == WriteKind.CREATE.value:
                reason = "created by the run; only the whole record can be undone"
                report.kept.append((ctx.spec.apps[entry.side], str(entry.record_id), reason))
                continue
            link, stays = linked[entry.side].get(str(entry.record_id)), needed[entry.side].get(str(entry.record_id), "")
            open_write = entry.link_id in busy or (link is not None and link.id in busy)
            step = _step(ctx, entry, row, shadows, report, busy=open_write, stays=stays)
            if step is not None:
                yield step


def _needed(ctx: Context, side: Side, entries: Sequence[Entry]) -> dict[str, str]:
    """Return why records made by these entries stay: more than what the run put into them would go with them.

    Another record was merged into one since, or it was linked to another than the one it was made from: here, or to one
    that was there before by another sync.
    """
    made = _made(entries)
    if not made:
        return {}
    feed = ctx.ends[side].feed
    found = dict.fromkeys(feeds.turned_into(feed.pk, feed.object, made), EDITED)
    for id, link in links.live_by_record(ctx.sync, side, made).items():
        if link.id != made[id].link_id and link.on(side.other) != made[id].more.get("source_id"):
            found[id] = LINKED
    for sync, there in feeds.sides_of(feed, off=True):
        if sync.pk != ctx.sync.pk and not sync.deleted_at:
            of_others = links.live_by_record(sync, Side(there), made)
            found |= {id: LINKED for id, link in of_others.items() if link.rule != "R8"}
    return found


def _grown(ctx: Context, side: Side, entries: Sequence[Entry]) -> dict[str, str]:
    """Return why records made by these entries stay of which their app says that others were merged into them: whom
    nobody need have seen before.
    """
    end, found = ctx.ends[side], dict[str, str]()
    rows = feeds.seen_by_id(end.feed.pk, _made(entries))
    for batch in db.chunks([row.record.ref for row in rows.values() if row.live], end.can.batch_read):
        found |= {read.asked: EDITED for read in end.connector.read(end.object, batch, []) if read.absorbed}
    return found


def _made(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {str(each.record_id): each for each in entries if each.kind == WriteKind.CREATE.value}


def _without_contacts(ctx: Context, page: Sequence[Entry], report: UndoReport) -> list[Entry]:
    """Return the entries but those of leads whose record of the other app is a contact's by now."""
    stays = of_contacts(ctx, [entry.link_id for entry in page if entry.link_id is not None])
    report.kept += [
        (ctx.spec.apps[entry.side], str(entry.record_id), OF_A_CONTACT) for entry in page if entry.link_id in stays
    ]
    return [entry for entry in page if entry.link_id not in stays]


def _step(
    ctx: Context,
    entry: Entry,
    row: SeenRow | None,
    shadows: Mapping[str, Known],
    report: UndoReport,
    *,
    busy: bool,
    stays: str,
) -> Step | None:
    app, name = ctx.spec.apps[entry.side], str(entry.record_id)
    if busy:
        report.kept.append((app, name, "an earlier write is not settled yet"))
        return None
    if row is not None and row.state == "gone" and "record" in entry.more:
        return _remake(ctx, entry, row, report)
    if row is None or not row.live:
        removed = entry.kind == WriteKind.ARCHIVE.value
        report.kept.append((app, name, f"was removed; restore it in {app}" if removed else "no longer there"))
        return None
    if entry.kind == WriteKind.ARCHIVE.value:
        return None
    values = row.values or {}
    changed = {
        key
        for key, write in entry.writes.items()
        if write.landed and not _is_ours(ctx, entry, key, values.get(write.field), shadows.get(key))
    }
    back_already = {key for key in changed if _is_back(ctx, entry, key, values)}
    edited = changed - back_already
    if entry.kind == WriteKind.CREATE.value:
        if changed or _filled_since(ctx, entry, row, shadows):
            stays = EDITED
        if stays:
            report.kept.append((app, name, stays))
            return None
        return Step(entry, row, {}, WriteKind.ARCHIVE)
    gone = {key for key in entry.writes if not ctx.in_force(key)}
    opting_in = {key for key in entry.writes.keys() - changed - gone if _opts_in(ctx, entry, key, values)}
    further = {key for key in entry.writes.keys() - changed - gone if _goes_back(ctx, entry, key, values)}
    for key in sorted(edited | gone | opting_in | further):
        why = "is not synced any more" if key in gone else "was edited since"
        why = "says opted out, which no undo takes back" if key in opting_in else why
        why = "only moves forward" if key in further else why
        report.kept.append((app, name, f"{ctx.mapping(key).on(entry.side).title} {why}"))
    back = {
        key: FieldWrite(
            now := values.get(write.field),
            _before(ctx, entry, key, now),
            "undo",
            f"undo of r_{entry.run_id}",
            field=write.field,
        )
        for key, write in entry.writes.items()
        if write.landed
        and key not in changed | gone | opting_in | further
        and not same(write.before, ctx.mapping(key).on(entry.side), write.stored)
    }
    return Step(entry, row, back, WriteKind.UPDATE) if back else None


def _remake(ctx: Context, entry: Entry, row: SeenRow, report: UndoReport) -> Step | None:
    """Return how a record that was deleted for its partner was is made again: with the mapped fields it held."""
    side, source = entry.side, str(entry.more.get("source_id"))
    app = ctx.spec.apps[side]
    latest = links.ended_by_record(ctx.sync, side.other, [source]).get(source)
    if links.live_by_record(ctx.sync, side.other, [source]) or latest is None or latest.id != entry.link_id:
        report.kept.append((app, row.id, "was deleted; its partner has been linked again since"))
        return None
    if out := left_out.of_records(ctx.sync, side.other, [source]).get(source):
        report.kept.append((app, row.id, f"was deleted; of its partner, {out.why} since"))
        return None
    if holds.chosen(ctx.sync, side.other, [source]):
        report.kept.append((app, row.id, "was deleted; a person has chosen another one for its partner since"))
        return None
    back = {
        key: FieldWrite(None, write.before, "undo", f"undo of r_{entry.run_id}", field=write.field)
        for key, write in entry.writes.items()
        if ctx.in_force(key) and not ctx.mapping(key).on(side).read_only
    }
    if not back:
        report.kept.append((app, row.id, "was deleted, and none of its fields is synced any more"))
        return None
    return Step(entry, row, back, WriteKind.CREATE)


def _is_back(ctx: Context, entry: Entry, key: str, values: Mapping[str, Value]) -> bool:
    """Tell whether a field holds again what it held before the run: by an undo that was broken off, or by a person."""
    write = entry.writes[key]
    return same(write.before, ctx.mapping(key).on(entry.side), values.get(write.field))


def _opts_in(ctx: Context, entry: Entry, key: str, values: Mapping[str, Value]) -> bool:
    """Tell whether putting a field back would take an opting out away (row FC)."""
    write = entry.writes[key]
    return opts_in(ctx.mapping(key), entry.side, values.get(write.field), write.before)


def _goes_back(ctx: Context, entry: Entry, key: str, values: Mapping[str, Value]) -> bool:
    """Tell whether putting a choice back would move it back, which its app does not let happen."""
    write = entry.writes[key]
    return write.landed and goes_back(values.get(write.field), write.before, ctx.mapping(key).on(entry.side))


def _before(ctx: Context, entry: Entry, key: str, now: Value) -> Value:
    """Return what a field is put back to: of an association that holds several, only what we have changed."""
    write, mapping = entry.writes[key], ctx.mapping(key)
    if mapping.through and mapping.on(entry.side).multi_valued:
        return taken_back(now, write.before, write.after)
    return write.before


def _is_ours(ctx: Context, entry: Entry, key: str, now: Value, shadow: Known | None) -> bool:
    """Tell whether a field holds what we wrote, or what the sync has taken for the app's rewriting of it."""
    write, field = entry.writes[key], ctx.mapping(key).on(entry.side)
    if same(now, field, write.stored):
        return True
    return shadow is not None and same(now, field, shadow.value) and may_be_rewriting(write.stored, now, field)


def _filled_since(ctx: Context, entry: Entry, row: SeenRow, shadows: Mapping[str, Known]) -> bool:
    """Tell whether a mapped field that the create left blank holds a value that the other side did not give."""
    for mapping in ctx.spec.fields:
        field, known = mapping.on(entry.side), shadows.get(mapping.key)
        if known is not None and not same((row.values or {}).get(field.name), field, known.value):
            return True
    return False
