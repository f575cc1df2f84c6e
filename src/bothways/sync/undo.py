"""Undo a run: put back what nobody edited since, archive what the run created and nobody touched, make again what it
deleted. No app lets its records be restored from outside, so that what is made again has another id.

Shadows and tombstones are set so that the next run does not do it again.
"""

from collections.abc import Iterable, Mapping, Sequence

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult, by_key
from bothways.engine.associations import after_write
from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.errors import AppError, OutcomeUnknown
from bothways.ledger import db, due, feeds, journal, links
from bothways.ledger.journal import UNDO, Entry, FieldWrite
from bothways.ledger.links import NewLink
from bothways.ledger.models import Run
from bothways.records import Record, Value
from bothways.sync.absorb import News, absorb, end_link
from bothways.sync.context import Context, Progress
from bothways.sync.intents import mark_of
from bothways.sync.link_import import undone_by
from bothways.sync.recover import not_again, recover
from bothways.sync.results import was_ignored
from bothways.sync.run import recorded, taken_over
from bothways.sync.settle import Landed, remember, settle_links
from bothways.sync.undo_steps import WHOLE, Part, Step, UndoReport, undoable


def preview_undo(ctx: Context, run: Run, part: Part = WHOLE) -> UndoReport:
    """Say what undoing a run, or a part of it, would do; nothing is written."""
    with taken_over(ctx):
        ctx.started_at = ctx.clock()
        recover(ctx)
        report = UndoReport()
        report.unlinked, stays = undone_by(ctx, run, look=True)
        report.kept += stays
        for step in undoable(ctx, run, part, report):
            report.removed += step.kind is WriteKind.ARCHIVE
            report.remade += step.kind is WriteKind.CREATE
            report.restored += step.kind is WriteKind.UPDATE
        return report


def undo(ctx: Context, run: Run, part: Part = WHOLE) -> UndoReport:
    """Undo a run, or a part of it, as a run of its own, latest write first."""
    with taken_over(ctx), recorded(ctx, "undo", undoes=run.pk) as record:
        recover(ctx)
        report = UndoReport(record.pk)
        report.unlinked, stays = undone_by(ctx, run, look=False)
        report.kept += stays
        steps: list[Step] = []
        for step in undoable(ctx, run, part, report):
            steps.append(step)
            if len(steps) >= 100:
                _carry_out(ctx, steps, report)
                steps = []
        _carry_out(ctx, steps, report)
        return report


def _carry_out(ctx: Context, steps: list[Step], report: UndoReport) -> None:
    for side in SIDES:
        for kind in (WriteKind.UPDATE, WriteKind.ARCHIVE, WriteKind.CREATE):
            chosen = [step for step in steps if step.entry.side is side and step.kind is kind]
            for batch in db.chunks(chosen, max(ctx.ends[side].can.batch_write, 1)):
                _write(ctx, batch, kind, report)
                ctx.report(Progress("Undoing", ctx.ends[side].app, report.restored + report.removed + report.remade))


def _write(ctx: Context, batch: Sequence[Step], kind: WriteKind, report: UndoReport) -> None:
    """Write one batch by the same protocol as a run: intent, in flight, call, result."""
    end = ctx.ends[batch[0].entry.side]
    with db.transaction_():
        ctx.fence()
        entries = {str(step.entry.id): _intent(ctx, step, kind) for step in batch}
    with db.transaction_():
        ctx.fence()
        journal.in_flight([entry.id for entry in entries.values()])
    items = [
        WriteItem(
            str(step.entry.id),
            kind,
            {write.field: write.after for write in step.back.values()},
            None if kind is WriteKind.CREATE else step.row.record.ref,
            marker=entries[str(step.entry.id)].marker or None,
            base={write.field: write.before for write in step.back.values()} if step.kind is WriteKind.UPDATE else {},
        )
        for step in batch
    ]
    try:
        results = by_key(ctx.write(end.side, items))
    except OutcomeUnknown:
        return
    except AppError:
        with db.transaction_():
            ctx.fence()
            journal.close([(entry, None) for entry in entries.values()], "dropped", ctx.clock())
            _drop_links(entries.values())
        raise
    with db.transaction_():
        ctx.fence()
        for step in batch:
            _record(ctx, step, entries[str(step.entry.id)], results.get(str(step.entry.id)), report)


def _intent(ctx: Context, step: Step, kind: WriteKind) -> Entry:
    if kind is WriteKind.CREATE:
        return _create_intent(ctx, step)
    name = journal.UNDO if kind is WriteKind.UPDATE else kind.value
    more = {"undoes": step.entry.id}
    entry = step.entry._replace(
        id=0,
        run_id=ctx.run_id,
        kind=name,
        state="intent",
        rule="undo",
        marker="",
        writes=step.back,
        more=more,
    )
    return entry._replace(id=journal.add(ctx.sync, ctx.run_id, [entry], ctx.clock())[0])


def _create_intent(ctx: Context, step: Step) -> Entry:
    """Store that a record is about to be made again, with a link to its partner, there or not.

    To a link of this rule no deletion is ever carried over.
    """
    side, source = step.entry.side, str(step.entry.more["source_id"])
    left, right = (None, source) if side is Side.LEFT else (source, None)
    [link_id] = links.create(ctx.sync, [NewLink(left, right, "pending", UNDO, "put back by an undo")], ctx.clock())
    more = {"undoes": step.entry.id, "source_id": source}
    marker = mark_of(ctx, side, link_id)
    kind = WriteKind.CREATE.value
    entry = Entry(0, ctx.run_id, link_id, side, None, kind, "intent", "undo", marker, step.back, more)
    return entry._replace(id=journal.add(ctx.sync, ctx.run_id, [entry], ctx.clock())[0])


def _drop_links(entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.kind == WriteKind.CREATE.value and entry.link_id is not None:
            links.drop(entry.link_id)


def _record_remade(
    ctx: Context, entry: Entry, record: Record, writes: Mapping[str, FieldWrite], report: UndoReport
) -> None:
    landed = Landed(entry, record, writes, {})
    settle_links(ctx, entry.side, [landed])
    remember(ctx, entry.side, [(record, landed.stored)])
    due.mark(ctx.sync, entry.side.other, [str(entry.more["source_id"])])
    report.remade += 1


def _record(ctx: Context, step: Step, entry: Entry, result: WriteResult | None, report: UndoReport) -> None:
    if result is None or result.outcome is Outcome.UNKNOWN:
        return
    app, now = ctx.spec.apps[entry.side], ctx.clock()
    if result.outcome is not Outcome.DONE:
        journal.close([(entry, None)], "failed", now, result.message)
        _drop_links([entry])
        report.kept.append((app, str(entry.record_id or step.row.id), result.message or result.outcome.value))
        return
    stored = _stored(step, result.record)
    left = {
        key
        for key, write in entry.writes.items()
        if write.field in result.fields or was_ignored(ctx, entry.side, step.kind, key, write, stored[key])
    }
    writes = {key: write._replace(stored=stored[key], landed=key not in left) for key, write in entry.writes.items()}
    made = result.record if step.kind is WriteKind.CREATE else None
    journal.close([(entry._replace(writes=writes), made.id if made else None)], "done", now)
    if made is not None:
        _record_remade(ctx, entry, made, writes, report)
        return
    link = links.live_by_record(ctx.sync, entry.side, [str(entry.record_id)]).get(str(entry.record_id))
    if step.kind is WriteKind.ARCHIVE:
        absorb(ctx.ends[entry.side].feed, [News(str(entry.record_id), gone=True)], now, now)
        if link is not None and link.state == "active":
            end_link(ctx.sync, link, now, "undone", entry.side.other)
        elif link is None:
            not_again(entry, now)
        report.removed += 1
        return
    by_field = {step.back[key].field: value for key, value in stored.items()}
    remember(ctx, entry.side, [(result.record or step.row.record, by_field)])
    landed = {key: value for key, value in stored.items() if key not in left}
    if link is not None and link.state == "active":
        _agree(ctx, link, entry, landed)
    for key in sorted(left):
        told = f"{ctx.mapping(key).on(entry.side).title} still shows what the run wrote"
        report.kept.append((app, str(entry.record_id), told))
    report.restored += bool(landed)


def _stored(step: Step, record: Record | None) -> dict[str, Value]:
    values = record.values if record else {}
    return {key: values.get(write.field, write.after) for key, write in step.back.items()}


def _agree(ctx: Context, link: links.LinkRow, entry: Entry, stored: dict[str, Value]) -> None:
    """Make the difference that an undo leaves an agreed one: both shadows are what the sides hold now."""
    known = links.shadows([link.id]).get(link.id, {side: {} for side in SIDES})
    other = entry.side.other
    row = feeds.seen_by_id(ctx.ends[other].feed.pk, [link.on(other) or ""]).get(link.on(other) or "")
    for key, value in stored.items():
        if ctx.mapping(key).through:
            write, shadow = entry.writes[key], known[entry.side].get(key)
            value = after_write(shadow.value if shadow else None, write.before, write.after, value)
        known[entry.side][key] = Known(value, ctx.clock())
        if not ctx.field_name(key, other):
            known[other][key] = Known(value)
        elif row is not None and row.values is not None and key not in known[other]:
            known[other][key] = Known(row.values.get(ctx.field_name(key, other)))
    links.save_shadows(ctx.sync.workspace_id, [(link.id, side, known[side]) for side in SIDES])
