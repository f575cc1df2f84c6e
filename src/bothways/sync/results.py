"""Record what became of a batch of writes: shadows, links, holds and due marks, in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.engine.keys import keys_of
from bothways.engine.matching import Found
from bothways.engine.rules import RULES, because
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule
from bothways.ledger import db, due, feeds, holds, journal, links, plans
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.records import Record, Value, can_be_kept, may_be_rewriting, same
from bothways.sync.context import Context
from bothways.sync.held import forget_half_done
from bothways.sync.matches import matches_now, told
from bothways.sync.payload import LEAVES, again, marks_of
from bothways.sync.settle import Landed, remember, settle_links


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


def record_results(
    ctx: Context, plan: Plan, side: Side, sent: Sequence[Sent], results: Mapping[str, WriteResult]
) -> None:
    """Record what became of a batch written to ``side``. A write without a result counts as unknown."""
    answered = [(each, results[each.item.key]) for each in sent if each.item.key in results]
    done = [(each, result) for each, result in answered if result.outcome is Outcome.DONE]
    if done:
        _record_done(ctx, plan, side, done)
    for each, result in answered:
        if result.outcome not in (Outcome.DONE, Outcome.UNKNOWN):
            _record_undone(ctx, plan, each, result)


def forget(ctx: Context, sent: Sent, state: str = "dropped", message: str = "") -> None:
    """Close an intent that was surely not carried out; a link made only for it goes too."""
    journal.close([(sent.entry, None)], state, ctx.clock(), message)
    if sent.item.kind is WriteKind.CREATE and sent.entry.link_id is not None:
        links.drop(sent.entry.link_id)


# --- done ---------------------------------------------------------------------------------------------


def _record_done(ctx: Context, plan: Plan, side: Side, done: Sequence[tuple[Sent, WriteResult]]) -> None:
    judged = [(each, *_judge(ctx, each, result)) for each, result in done]
    journal.close(
        [(each.entry._replace(writes=writes), record.id) for each, record, writes in judged], "done", ctx.clock()
    )
    landed = [
        Landed(each.entry, record, _arrived(writes), _seen_of(each.action, side.other))
        for each, record, writes in judged
    ]
    settle_links(ctx, side, landed)
    finished = [each.action for each, _, _ in judged if side_to_come(each) is None]
    plans.set_state(plan.pk, [action.seq for action in finished], "done")
    links.freeze((each.link_id, each.reason) for each in finished if each.link_id is not None and _leaves(each))
    due.clear(ctx.sync, [mark for action in finished for mark in marks_of(action)])
    for end in SIDES:
        due.mark(ctx.sync, end, [id for action in finished if again(action) and (id := action.on(end))])
    hold_fields(ctx, finished)
    remember(ctx, side, [(each.record, each.stored) for each in landed])
    for each, _, writes in judged:
        for key in writes.keys() - _arrived(writes).keys():
            _ignored(ctx, each, key, writes[key])
    for end in SIDES:
        there = [(str(id), each.action, writes) for each, _, writes in judged if (id := each.action.on(end))]
        unchanged = {id: unwritten(action, ("F0",)) for id, action, _ in there}
        mended = {
            id: {*_whole(action), *_arrived(writes), *unwritten(action)} - _still_to_write(action, side)
            for id, action, writes in there
        }
        linked = {id: action.link_id for id, action, _ in there if action.link_id}
        forget_half_done(ctx, holds.clear_fields(ctx.sync, end, mended, unchanged), linked)


def _leaves(action: ActionRow) -> bool:
    """Tell whether a pair leaves the sync, its records tagged by now."""
    return action.rule == "R10" and action.data.get("moves") == LEAVES


def _judge(ctx: Context, sent: Sent, result: WriteResult) -> tuple[Record, dict[str, FieldWrite]]:
    """Return the record as the app holds it now, and each field's write: stored as what, landed or not."""
    record = result.record or Record(sent.item.ref.id if sent.item.ref else "")
    if not all(map(can_be_kept, record.values.values())):
        record = replace(record, values={name: value for name, value in record.values.items() if can_be_kept(value)})
    writes = {}
    for key, write in sent.entry.writes.items():
        stored = _stored(ctx, sent, key, write, record)
        kept = write.field in result.fields or was_ignored(ctx, sent.side, sent.item.kind, key, write, stored)
        writes[key] = write._replace(stored=stored, landed=not kept)
    return record, writes


def _arrived(writes: Mapping[str, FieldWrite]) -> dict[str, FieldWrite]:
    return {key: write for key, write in writes.items() if write.landed}


def _whole(action: ActionRow) -> set[str]:
    """Return what stands for the whole record, unless an app still refuses it (row R13)."""
    return set() if any(each["rule"] == "R13" for each in action.data["fields"]) else {""}


def _still_to_write(action: ActionRow, side: Side) -> set[str]:
    """Return the fields that are written to both sides, while the second write is to come."""
    return {each["map"] for each in action.data["fields"] if side is Side.LEFT and each["write"] == Side.RIGHT}


def unwritten(action: ActionRow, rules: Collection[str] = RULES.keys() - {"F6", "R13"}) -> list[str]:
    """Return the fields that an action has looked at and neither writes nor holds, by these rules."""
    return [
        each["map"]
        for each in action.data["fields"]
        if not each["write"] and not each["hold"] and each["rule"] in rules
    ]


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


def was_ignored(ctx: Context, side: Side, kind: WriteKind, key: str, write: FieldWrite, stored: Value) -> bool:
    """Tell whether the app took the write and still shows the old value (row F6)."""
    if kind is not WriteKind.UPDATE or not ctx.ends[side].can.answers_writes:
        return False
    field = ctx.mapping(key).on(side)
    return same(stored, field, write.before) and not may_be_rewriting(write.after, stored, field)


def _seen_of(action: ActionRow, side: Side) -> dict[str, Value]:
    return {each["map"]: each["seen"][side] for each in action.data["fields"] if side in (each["seen"] or {})}


# --- not done -----------------------------------------------------------------------------------------


def _record_undone(ctx: Context, plan: Plan, sent: Sent, result: WriteResult) -> None:
    state, message = "skipped", result.message
    if result.outcome is Outcome.REFUSED:
        forget(ctx, sent, "failed", message)
        _refused(ctx, sent, result)
        if sent.item.kind is WriteKind.UPDATE:
            clear_mended(ctx, [sent.action])
            hold_fields(ctx, [sent.action])
        state = "failed"
    elif result.outcome is Outcome.DUPLICATE and result.existing_id:
        forget(ctx, sent, message=message)
        _duplicate(ctx, sent, result)
    else:
        forget(ctx, sent, message=message or f"not written: {result.outcome.value}")
        if result.outcome in (Outcome.CHANGED, Outcome.GONE) and sent.item.ref:
            _stale(ctx, sent.side, sent.item.ref.id)
    plans.set_state(plan.pk, [sent.action.seq], state)


def _ignored(ctx: Context, sent: Sent, key: str, write: FieldWrite) -> None:
    ctx.count("F6")
    reason = because("F6", app=ctx.spec.apps[sent.side], message="accepted, but it still shows the old value")
    _hold(ctx, sent, HoldRow(sent.side, "", "F6", reason, "refused", key, data={"value": write.after}))


def _refused(ctx: Context, sent: Sent, result: WriteResult) -> None:
    """Rows R13 and F6: hold the named fields, else the record; both are tried again later."""
    app = ctx.spec.apps[sent.side]
    deleting = sent.item.kind is WriteKind.ARCHIVE
    keys = [key for key, write in sent.entry.writes.items() if write.field in result.fields and not deleting]
    for key in keys:
        ctx.count("F6")
        reason = because("F6", app=app, message=result.message)
        data = {"value": sent.entry.writes[key].after}
        _hold(ctx, sent, HoldRow(sent.side, "", "F6", reason, "refused", key, data=data))
    if not keys:
        ctx.count("R13")
        reason = because("R13", app=app, message=result.message)
        writes = {} if deleting else sent.entry.writes
        sent_values = {f"{sent.side}:{key}": str(write.after) for key, write in writes.items()}
        _hold(ctx, sent, HoldRow(sent.side, "", "R13", reason, "refused", data={"sent": sent_values}))
        if side_to_come(sent) is None:
            due.clear(ctx.sync, marks_of(sent.action))


def side_to_come(sent: Sent) -> Side | None:
    """Return the side that the action of a write is to write to afterwards, None if there is none."""
    return Side.RIGHT if sent.side is Side.LEFT and sent.action.writes_right else None


def _hold(ctx: Context, sent: Sent, hold: HoldRow) -> None:
    """Open a hold on the record that was to be written, or on the source of one that was to be created.

    What was refused of that source when its partner was created is the partner's from now on.
    """
    side = sent.side if sent.item.ref else sent.side.other
    if sent.item.ref:
        holds.close_refused_create(ctx.sync, side.other, sent.source_id, hold.field)
    record_id = sent.item.ref.id if sent.item.ref else sent.source_id
    link_id = sent.entry.link_id if sent.item.ref else None
    holds.put(ctx.sync, replace(hold, side=side, record_id=record_id, link_id=link_id), ctx.clock())


HOLD_KINDS = {"F5": "frozen", "FK": "conflict", "FC": "consent"}
"""What a held field is called, by its rule; all others are ``value``."""


def hold_fields(ctx: Context, actions: Sequence[ActionRow]) -> None:
    """Open a hold for every field of these actions that is not written: of the left record, if there is one."""
    for action in actions:
        side = next(each for each in SIDES if action.on(each))
        for each in action.data["fields"]:
            if each["hold"]:
                kind = HOLD_KINDS.get(each["rule"], "value")
                row = HoldRow(side, str(action.on(side)), each["rule"], each["hold"], kind, each["map"], action.link_id)
                data = {"values": each["held"]} if kind == "conflict" else {}
                holds.put(ctx.sync, replace(row, data=data), ctx.clock())


def clear_mended(ctx: Context, actions: Sequence[ActionRow]) -> None:
    """Close the holds of fields that are in order by now, where another field of the pair is still held."""
    for side in SIDES:
        there = [(id, action) for action in actions if (id := action.on(side)) is not None]
        unchanged = {id: unwritten(action, ("F0",)) for id, action in there}
        mended = {id: unwritten(action) for id, action in there}
        linked = {id: action.link_id for id, action in there if action.link_id}
        forget_half_done(ctx, holds.clear_fields(ctx.sync, side, mended, unchanged), linked)


def _duplicate(ctx: Context, sent: Sent, result: WriteResult) -> None:
    """The app says who holds the unique value: remember it as a key of that record, and look again.

    Where that leads nowhere, it is a refusal like any other, and tried again later (row R13): the two may
    be kept apart by a person, or the key may belong to too many. Nobody is recognised by a unique value that is
    no match key: who holds it may be somebody else.
    """
    existing_id, end = str(result.existing_id), ctx.ends[sent.side]
    source = feeds.seen_by_id(ctx.ends[sent.side.other].feed.pk, [sent.source_id]).get(sent.source_id)
    holder = feeds.seen_by_id(end.feed.pk, [existing_id]).get(existing_id)
    for rule in ctx.spec.match:
        keys = keys_of(rule.on(sent.side.other)[0], source.record.values) if source else []
        if not keys or not _is_key(rule, sent.side, result.fields) or (holder is not None and not holder.live):
            continue
        told(ctx, sent.side, rule.slots(sent.side)[0], keys[0], [existing_id])
        if matches_now(ctx, sent.side.other, [sent.source_id])[sent.source_id].found is Found.NOBODY:
            break
        due.mark(ctx.sync, sent.side.other, [sent.source_id])
        return
    _refused(ctx, sent, replace(result, fields=()))


def _is_key(rule: MatchRule, side: Side, named: Sequence[str]) -> bool:
    """Tell whether who holds a value of these fields of one side, whichever if none is named, has the key of a rule."""
    return rule.finding is Finding.LINK and (not named or any(rule.by_alone(side, name) for name in named))


def _stale(ctx: Context, side: Side, record_id: str) -> None:
    """Let the next plan read a record again that is no longer as it was read."""
    db.execute("UPDATE seen SET read_at=0 WHERE feed_id=%s AND record_id=%s", (ctx.ends[side].feed.pk, record_id))
