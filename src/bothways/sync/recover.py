"""Find out what became of writes whose outcome is unknown (rows R2 and R3), before anything else is done."""

from collections.abc import Collection, Mapping, Sequence

from bothways.connectors.base import WriteKind
from bothways.engine.associations import all_moved
from bothways.engine.keys import keys_of
from bothways.engine.plan import SET
from bothways.engine.sets import arrived, of_several
from bothways.engine.sides import Side
from bothways.engine.spec import Finding
from bothways.ledger import db, due, feeds, holds, journal, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.journal import Entry, FieldWrite
from bothways.records import Record, Value, ids_of, is_blank, may_be_rewriting, same
from bothways.sync.absorb import absorb, ask, end_link
from bothways.sync.associations import merged_into
from bothways.sync.context import Context
from bothways.sync.decisions import Ends, decided_otherwise
from bothways.sync.settle import Landed, remember, settle_links


def recover(ctx: Context) -> int:
    """Settle every open intent that can be settled now; return how many stay open."""
    waiting = 0
    for entry in journal.open_entries(ctx.sync):
        if entry.state == "intent":
            _never_sent(ctx, entry)
        elif entry.kind == WriteKind.CREATE.value:
            waiting += not _recover_create(ctx, entry)
        elif entry.kind == WriteKind.ARCHIVE.value:
            waiting += not _recover_archive(ctx, entry)
        else:
            waiting += not _recover_update(ctx, entry)
    return waiting


def _never_sent(ctx: Context, entry: Entry) -> None:
    """An intent that was not in flight was surely not sent: what it stood for is still due."""
    with db.transaction_():
        ctx.fence()
        journal.close([(entry, None)], "dropped", ctx.clock(), "not sent")
        if entry.kind == WriteKind.CREATE.value and entry.link_id is not None:
            links.drop(entry.link_id)
        _look_again(ctx, entry)


def _recover_update(ctx: Context, entry: Entry) -> bool:
    """Row R2: read by id. What equals the sent value landed; the rest keeps its shadow and is planned anew."""
    row = _read(ctx, entry.side, str(entry.record_id))
    if row is None:
        return False
    ctx.count("R2")
    entry = _by_survivors(ctx, entry, [row])
    with db.transaction_():
        ctx.fence()
        _settle(ctx, entry, row.record if row.live else None)
        _look_again(ctx, entry)
    return True


def _recover_archive(ctx: Context, entry: Entry) -> bool:
    row = _read(ctx, entry.side, str(entry.record_id))
    if row is None:
        return False
    with db.transaction_():
        ctx.fence()
        if row.live:
            journal.close([(entry, None)], "dropped", ctx.clock(), "not deleted")
            due.mark(ctx.sync, entry.side, [row.id])
        else:
            journal.close([(entry, None)], "done", ctx.clock())
            link = links.by_id([entry.link_id or 0]).get(entry.link_id or 0)
            if link is not None and link.state == "active":
                end_link(ctx.sync, link, ctx.clock(), "undone", entry.side.other)
            elif link is not None:
                links.carry([link.id], None)
                if entry.rule == journal.UNDO:
                    not_again(entry, ctx.clock())
    return True


def not_again(entry: Entry, now: float) -> None:
    """Note of a link that has ended since one of its records was deleted that an undo has removed the other one: who
    was deleted gets none again when it is restored."""
    link = links.by_id([entry.link_id or 0]).get(entry.link_id or 0)
    if link is not None and link.state == "ended" and link.by_deletion:
        links.end(link.id, now, "undone", entry.side.other)
        links.carry([link.id], None)


def _recover_create(ctx: Context, entry: Entry) -> bool:
    """Row R3: find the record by our marker, by a unique key, or among all that came since the intent."""
    found = _find_created(ctx, entry)
    if found is None:
        return False
    ctx.count("R3")
    entry = _by_survivors(ctx, entry, found.values())
    with db.transaction_():
        ctx.fence()
        link = links.by_id([entry.link_id or 0]).get(entry.link_id or 0)
        taken = links.live_by_record(ctx.sync, entry.side, found).keys() | _decided_otherwise(ctx, entry, found)
        free = [row for row in found.values() if row.id not in taken]
        if link is None or link.state != "pending" or not free:
            journal.close([(entry, None)], "dropped", ctx.clock(), "did not land")
            if entry.link_id is not None:
                links.drop(entry.link_id)
        else:
            row = max(free, key=lambda row: _likeness(ctx, entry, row.record))
            links.activate(entry.side, [(link.id, row.id)])
            _settle(ctx, entry, row.record)
        _look_again(ctx, entry)
    return True


def _decided_otherwise(ctx: Context, entry: Entry, ids: Collection[str]) -> set[str]:
    """Return those of some records of which a person has said that they are not what was made of the entry's source.

    That the source is new does not count: on that word it was made.
    """
    source = str(entry.more.get("source_id"))
    pairs: dict[Ends, str] = {((source, id) if entry.side is Side.RIGHT else (id, source)): id for id in ids}
    return {pairs[pair] for pair in decided_otherwise(ctx.sync, pairs, [entry.side])}


def _find_created(ctx: Context, entry: Entry) -> dict[str, SeenRow] | None:
    """Return the records that may be what we created; none if surely nothing; None if it is too early to say."""
    end = ctx.ends[entry.side]
    if end.can.marker and entry.marker:
        return _come_since(ctx, entry, end.connector.find(end.object, "", [entry.marker]).get(entry.marker, ()))
    if end.can.finds_strongly:
        for rule in ctx.spec.match:
            field = rule.field(entry.side)
            if field is None:
                continue
            sent = {write.field: write.after for write in entry.writes.values()}
            keys = keys_of(rule.on(entry.side)[0], sent)
            held_by = end.connector.find(end.object, field, keys).get(keys[0], ()) if keys else ()
            if found := _come_since(ctx, entry, held_by):
                return found
    if end.feed.complete_to < entry.created_at + ctx.interval:
        return None
    rows = feeds.seen_since(end.feed.pk, entry.created_at - end.can.clock_precision)
    return {row.id: row for row in sorted(rows, key=lambda row: row.id) if _is_ours(ctx, entry, row.record)}


def _come_since(ctx: Context, entry: Entry, ids: Sequence[str]) -> dict[str, SeenRow]:
    """Read the found records and return those that were not there before the intent."""
    begun = entry.created_at - ctx.ends[entry.side].can.clock_precision
    rows = [_read(ctx, entry.side, id) for id in sorted(ids)]
    return {row.id: row for row in rows if row is not None and row.live and row.first_seen_at >= begun}


def _likeness(ctx: Context, entry: Entry, record: Record) -> tuple[int, bool]:
    """Return how many of the sent fields a record shows, and whether it holds nothing more."""
    told = [(key, write) for key, write in entry.writes.items() if write.rule != SET]
    shown = sum(_shows(ctx, key, write, entry.side, record) for key, write in told)
    return shown, not _holds_more(ctx, entry, record)


def _is_ours(ctx: Context, entry: Entry, record: Record) -> bool:
    """Tell whether a record is what we created, though a person may have edited one field since.

    It has the match key that was sent, or else everything besides (two values at least), or exactly what was
    sent and nothing more: a wrong link is worse than a duplicate.
    """
    told = {key: write for key, write in entry.writes.items() if write.rule != SET}  # a constant tells no record apart
    linking = [rule for rule in ctx.spec.match if rule.finding is Finding.LINK]
    key_fields = {rule.field(entry.side) for rule in linking if rule is linking[0] or not rule.guards}
    landed = {write.field: _shows(ctx, key, write, entry.side, record) for key, write in told.items()}
    if any(hit for field, hit in landed.items() if field in key_fields):
        return True
    if all(landed.values()) and not _holds_more(ctx, entry, record):
        return True
    others = [hit for field, hit in landed.items() if field not in key_fields]
    missed = 0 if len(others) < len(landed) else 1
    return sum(others) >= 2 and len(others) - sum(others) <= missed


def _holds_more(ctx: Context, entry: Entry, record: Record) -> bool:
    """Tell whether a record holds a value in a mapped field that was not sent."""
    sent = {write.field for write in entry.writes.values()}
    names = {mapping.on(entry.side).name for mapping in ctx.spec.fields}
    return any(not is_blank(record.values.get(name)) for name in names - sent)


def _landed(ctx: Context, key: str, write: FieldWrite, side: Side, record: Record) -> bool:
    """Tell whether a write of one field arrived in a record.

    Of a list, or of associations, what the write has changed tells: others may have come and gone since.
    """
    mapping, now = ctx.mapping(key), record.values.get(write.field)
    if mapping.through and all_moved(write.before, write.after, now):
        return True
    if of_several(mapping):
        return arrived(mapping.on(side), write.before, write.after, now) is not None
    return _shows(ctx, key, write, side, record)


def _shows(ctx: Context, key: str, write: FieldWrite, side: Side, record: Record) -> bool:
    """Tell whether a record shows what was sent, or the app's rewriting of it, and not what was there before."""
    field, now = ctx.mapping(key).on(side), record.values.get(write.field)
    if same(write.after, field, now):
        return True
    return may_be_rewriting(write.after, now, field) and not same(write.before, field, now)


def _settle(ctx: Context, entry: Entry, record: Record | None) -> None:
    """Close an entry with the fields that landed; their shadows follow, all others stay as they were.

    What became of it nobody knows if the record is gone; it is asked again should the record come back.
    """
    writes = {
        key: write._replace(stored=record.values.get(write.field), landed=True)
        if record is not None and _landed(ctx, key, write, entry.side, record)
        else write._replace(landed=False)
        for key, write in entry.writes.items()
    }
    landed = {key: write for key, write in writes.items() if write.landed}
    state = "done" if landed or entry.kind == WriteKind.CREATE.value else "dropped"
    closed = entry._replace(writes=writes)
    message = "found out afterwards" if record else journal.NEVER_SEEN
    journal.close([(closed, record.id if record else None)], state, ctx.clock(), message)
    if record is not None and entry.link_id is not None:
        found = Landed(
            entry, record, {key: _as_arrived(ctx, key, each, entry.side) for key, each in landed.items()}, {}
        )
        settle_links(ctx, entry.side, [found])
        pair = {entry.side: record.id, entry.side.other: str(entry.more.get("source_id"))}
        for key, write in landed.items():
            holds.close_carried_out(ctx.sync, pair, key, entry.side, write.after)
        remember(ctx, entry.side, [(record, found.stored)])


def _as_arrived(ctx: Context, key: str, write: FieldWrite, side: Side) -> FieldWrite:
    """Return a write of a list as one of what is there of it: whatever else is there now is no rewriting of it."""
    mapping = ctx.mapping(key)
    if mapping.through or not of_several(mapping):
        return write
    return write._replace(after=arrived(mapping.on(side), write.before, write.after, write.stored))


def _by_survivors(ctx: Context, entry: Entry, rows: Collection[SeenRow]) -> Entry:
    """Return an entry whose associations name a record that was merged by the one that the rows refer to instead."""
    writes = dict(entry.writes)
    for key, write in entry.writes.items():
        mapping = ctx.mapping(key)
        if not mapping.through:
            continue
        held = {id for row in rows if row.live for id in ids_of((row.values or {}).get(write.field))}
        before, after = set(ids_of(write.before)), set(ids_of(write.after))
        found = merged_into(ctx, mapping, entry.side, (before | after) - held).items()
        into = {old: new for old, new in found if new in held - (before - after)}  # what was to go is nobody's survivor
        if into:
            writes[key] = write._replace(before=_renamed(write.before, into), after=_renamed(write.after, into))
    return entry._replace(writes=writes)


def _renamed(value: Value, into: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return into.get(value, value)
    return list(dict.fromkeys(into.get(id, id) for id in ids_of(value)))


def _look_again(ctx: Context, entry: Entry) -> None:
    source_id = entry.more.get("source_id")
    if source_id:
        due.mark(ctx.sync, entry.side.other, [str(source_id)])


def _read(ctx: Context, side: Side, id: str) -> SeenRow | None:
    """Read one record now; None where the app could not say."""
    end = ctx.ends[side]
    asked_at = ctx.clock()
    known = feeds.seen_by_id(end.feed.pk, [id]).get(id, SeenRow(id))
    news = ask(ctx, end, [known])
    if not news:
        return None
    with db.transaction_():
        ctx.fence()
        absorb(end.feed, news, ctx.clock(), asked_at)
    return feeds.seen_by_id(end.feed.pk, [id]).get(id, known._replace(state="gone"))
