"""Record what became of each write: shadows, links, holds and due marks, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.engine.fields import Known
from bothways.engine.matching import key_of
from bothways.engine.rules import because
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger import db, due, feeds, holds, journal, links, plans
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.records import Record, Ref, Value, may_be_rewriting, same
from bothways.sync.absorb import compute_keys
from bothways.sync.context import Context
from bothways.sync.matches import told
from bothways.sync.payload import marks_of


@dataclass(frozen=True, slots=True)
class Sent:
    """One write on its way: the action it carries out, its journal entry, what was handed to the app."""

    action: ActionRow
    entry: Entry
    item: WriteItem
    side: Side

    @property
    def source_id(self) -> str:
        return str(self.action.on(self.side.other))


def ref_of(ctx: Context, side: Side, record_id: str) -> Ref:
    """Return how to ask an app for a record, as last seen."""
    row = feeds.seen_by_id(ctx.ends[side].feed.pk, [record_id]).get(record_id)
    return row.record.ref if row else Ref(record_id)


def record_result(ctx: Context, plan: Plan, sent: Sent, result: WriteResult | None) -> None:
    """Record one result. None (the connector forgot it) counts as unknown."""
    outcome = result.outcome if result else Outcome.UNKNOWN
    match outcome:
        case Outcome.DONE:
            assert result is not None
            _done(ctx, plan, sent, result)
        case Outcome.UNKNOWN:
            return
        case Outcome.REFUSED:
            assert result is not None
            forget(ctx, sent, "failed", result.message)
            _refused(ctx, sent, result)
            plans.set_state(plan.pk, [sent.action.seq], "failed")
        case Outcome.DUPLICATE if result is not None and result.existing_id:
            forget(ctx, sent, "dropped", result.message)
            _duplicate(ctx, sent, result.existing_id)
            plans.set_state(plan.pk, [sent.action.seq], "skipped")
        case _:
            message = result.message if result else ""
            forget(ctx, sent, "dropped", message or f"not written: {outcome.value}")
            if outcome in (Outcome.CHANGED, Outcome.GONE) and sent.item.ref:
                _stale(ctx, sent.side, sent.item.ref.id)
            plans.set_state(plan.pk, [sent.action.seq], "skipped")


def forget(ctx: Context, sent: Sent, state: str = "dropped", message: str = "") -> None:
    """Close an intent that was surely not carried out; a link made only for it goes too."""
    journal.close(sent.entry, state, ctx.clock(), message=message)
    if sent.item.kind is WriteKind.CREATE and sent.entry.link_id is not None:
        links.drop(sent.entry.link_id)


# --- done ---------------------------------------------------------------------------------------------


def _done(ctx: Context, plan: Plan, sent: Sent, result: WriteResult) -> None:
    record = result.record or Record(sent.item.ref.id if sent.item.ref else "")
    writes = {
        key: replace(write, stored=_stored(ctx, sent, key, write, record)) for key, write in sent.entry.writes.items()
    }
    ignored = {key for key, write in writes.items() if _was_ignored(ctx, sent, key, write)}
    writes |= {key: replace(writes[key], landed=False) for key in ignored}
    landed = {key: write for key, write in writes.items() if write.landed}
    journal.close(replace(sent.entry, writes=writes), "done", ctx.clock(), record.id)
    settle_link(ctx, sent.entry, sent.side, record, landed, _seen_of(sent.action, sent.side.other))
    if _last_side(sent):
        plans.set_state(plan.pk, [sent.action.seq], "done")
        due.clear(ctx.sync, marks_of(sent.action))
        hold_fields(ctx, sent.action)
    remember(ctx, sent.side, record, {write.field: write.stored for write in landed.values()})
    for key in ignored:
        _ignored(ctx, sent, key, writes[key])
    _clear_holds(ctx, sent, landed)


def _stored(ctx: Context, sent: Sent, key: str, write: FieldWrite, record: Record) -> Value:
    """Return what the app holds after a write.

    The write's own answer is believed. A read-back is believed only if it shows what was sent, or a
    rewriting of it: anything else may be another's later edit.
    """
    if write.field not in record.values:
        return write.after
    answer = record.values[write.field]
    if ctx.ends[sent.side].can.answers_writes:
        return answer
    return answer if may_be_rewriting(write.after, answer, ctx.mapping(key).on(sent.side)) else write.after


def _was_ignored(ctx: Context, sent: Sent, key: str, write: FieldWrite) -> bool:
    """Tell whether the app took the write and still shows the old value (row F6)."""
    field = ctx.mapping(key).on(sent.side)
    if sent.item.kind is not WriteKind.UPDATE or not ctx.ends[sent.side].can.answers_writes:
        return False
    return same(write.stored, field, write.before) and not may_be_rewriting(write.after, write.stored, field)


def settle_link(
    ctx: Context,
    entry: Entry,
    side: Side,
    record: Record,
    landed: Mapping[str, FieldWrite],
    source_seen: Mapping[str, Value],
) -> None:
    """Bring a link up to date with what landed on ``side``: both shadows, and the id of a new record.

    ``source_seen`` are the other side's values of the mappings concerned, as read when planning.
    """
    assert entry.link_id is not None
    now, other = ctx.clock(), side.other
    known = links.shadows([entry.link_id]).get(entry.link_id, {each: {} for each in SIDES})
    for key, write in landed.items():
        known[side][key] = Known(write.stored, now)
        known[other][key] = Known(source_seen.get(key, write.source))
    if entry.kind == ActionKind.CREATE:
        links.activate(entry.link_id, side, record.id)
        for mapping in ctx.spec.fields:
            if mapping.key not in entry.writes:
                known[side][mapping.key] = Known(None)
    links.save_shadows(ctx.sync.workspace_id, [(entry.link_id, each, known[each]) for each in SIDES])


def remember(ctx: Context, side: Side, record: Record, stored: Mapping[str, Value]) -> None:
    """Let the feed know what was just written, so that its own poll finds nothing new in it.

    A whole record in the answer may show a person's edit of another field: that must be looked at.
    """
    feed = ctx.ends[side].feed
    before = feeds.seen_by_id(feed.pk, [record.id]).get(record.id)
    whole = all(name in record.values for name in feed.fields)
    values = {**((before.values or {}) if before else {}), **(record.values if whole else {}), **stored}
    now = ctx.clock()
    row = SeenRow(
        record.id,
        record.address or (before.address if before else None),
        record.version or (before.version if before else None),
        values,
        record.modified if whole else (before.modified if before else None),
        now,
        before.read_at if before else now,
        before.first_seen_at if before and before.live else now,
        before.swept if before else 0.0,
    )
    feeds.save_seen(feed, [row])
    feeds.replace_keys(feed, {record.id: compute_keys(feed, replace(record, values=values))})
    known = (before.values or {}) if before else {}
    if any(name in known and known[name] != values.get(name) for name in feed.fields if name not in stored):
        for sync, each in feeds.sides_of(feed):
            due.mark(sync, each, [record.id])


def _seen_of(action: ActionRow, side: Side) -> dict[str, Value]:
    return {each["map"]: each["seen"][side] for each in action.data["fields"] if side in (each["seen"] or {})}


def _last_side(sent: Sent) -> bool:
    return sent.side is Side.RIGHT or not sent.action.writes_right


# --- not done -----------------------------------------------------------------------------------------


def _ignored(ctx: Context, sent: Sent, key: str, write: FieldWrite) -> None:
    app = ctx.spec.apps[sent.side]
    ctx.count("F6")
    reason = because("F6", app=app, message="accepted, but it still shows the old value")
    _hold(ctx, sent, HoldRow(sent.side, "", "F6", reason, "refused", key, data={"value": write.after}))


def _refused(ctx: Context, sent: Sent, result: WriteResult) -> None:
    """Rows R13 and F6: hold the named fields, else the record; both are tried again later."""
    app = ctx.spec.apps[sent.side]
    keys = [key for key, write in sent.entry.writes.items() if write.field in result.fields]
    for key in keys:
        ctx.count("F6")
        reason = because("F6", app=app, message=result.message)
        _hold(
            ctx,
            sent,
            HoldRow(sent.side, "", "F6", reason, "refused", key, data={"value": sent.entry.writes[key].after}),
        )
    if not keys:
        ctx.count("R13")
        reason = because("R13", app=app, message=result.message)
        sent_values = {f"{sent.side}:{key}": str(write.after) for key, write in sent.entry.writes.items()}
        _hold(ctx, sent, HoldRow(sent.side, "", "R13", reason, "refused", data={"sent": sent_values}))
        due.clear(ctx.sync, marks_of(sent.action))


def _hold(ctx: Context, sent: Sent, hold: HoldRow) -> None:
    """Open a hold on the record that was to be written, or on the source of one that was to be created."""
    side = sent.side if sent.item.ref else sent.side.other
    record_id = sent.item.ref.id if sent.item.ref else sent.source_id
    link_id = sent.entry.link_id if sent.item.ref else None
    holds.put(ctx.sync, replace(hold, side=side, record_id=record_id, link_id=link_id), ctx.clock())


def hold_fields(ctx: Context, action: ActionRow) -> None:
    """Open a hold for every field of an action that the other side cannot hold."""
    side = next(each for each in SIDES if action.on(each))
    for each in action.data["fields"]:
        if each["hold"]:
            kind = "frozen" if each["rule"] == "F5" else "value"
            row = HoldRow(side, str(action.on(side)), each["rule"], each["hold"], kind, each["map"], action.link_id)
            holds.put(ctx.sync, row, ctx.clock())


def _clear_holds(ctx: Context, sent: Sent, landed: Mapping[str, FieldWrite]) -> None:
    for side in SIDES:
        record_id = sent.action.on(side)
        if record_id is not None:
            holds.clear(ctx.sync, side, [record_id], ["", *landed])


def _duplicate(ctx: Context, sent: Sent, existing_id: str) -> None:
    """The app says who holds the unique value: remember it as a key of that record, and look again."""
    source = feeds.seen_by_id(ctx.ends[sent.side.other].feed.pk, [sent.source_id]).get(sent.source_id)
    for rule in ctx.spec.match:
        key = key_of(rule, source.record.values.get(rule.on(sent.side.other))) if source else None
        if key is not None:
            told(ctx, sent.side, rule.slot(sent.side), key, [existing_id])
            due.mark(ctx.sync, sent.side.other, [sent.source_id])
            return


def _stale(ctx: Context, side: Side, record_id: str) -> None:
    """Let the next plan read a record again that is no longer as it was read."""
    db.execute("UPDATE seen SET read_at=0 WHERE feed_id=%s AND record_id=%s", (ctx.ends[side].feed.pk, record_id))
