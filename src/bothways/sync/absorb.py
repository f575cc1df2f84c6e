"""Take in what was read from an app: values, keys, merges and deletes, and mark what must be looked at."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bothways.connectors.base import Became, Exists, Read
from bothways.engine.keys import keys_of
from bothways.engine.rules import because
from bothways.engine.sides import Side
from bothways.errors import sayable
from bothways.ledger import db, due, feeds, holds, journal, links, noted
from bothways.ledger.feeds import SeenRow
from bothways.ledger.models import Feed, Sync
from bothways.records import Record, Ref, Value, can_be_kept, is_blank, parse_boolean
from bothways.sync.alike import wake_neighbours, wake_neighbours_of
from bothways.sync.children import wake_callers, wake_children
from bothways.sync.context import End, Reader
from bothways.sync.merges import follow, hold_merged
from bothways.sync.turned import follow_conversion


@dataclass(frozen=True, slots=True)
class News:
    """What was learnt about one id: the record, a problem in reading it, that it is gone, or merged away.

    Beside a problem, the record holds only what could be made out, to be matched by. ``became``: it was turned into
    a record of another object. ``there_at``: when (seconds) the app, which lists what is deleted, did not list it yet.
    ``deleted``: the app says that it was, and not only that it knows none of this id.
    """

    id: str
    record: Record | None = None
    problem: str | None = None
    gone: bool = False
    merged_into: str | None = None
    became: Became | None = None
    there_at: float = 0.0
    deleted: bool = False


def from_read(read: Read) -> list[News]:
    """Return what the answer for one asked id tells. Nothing, where the app could not say."""
    if read.problem is not None:
        return [News(read.asked, read.record, problem=read.problem)]
    if read.became is not None:
        return [News(read.asked, became=read.became)]
    if read.exists is Exists.EXISTS and read.record is not None:
        if read.record.id != read.asked:
            return [News(read.record.id, read.record), News(read.asked, merged_into=read.record.id)]
        return [News(read.asked, read.record)]
    if read.exists in (Exists.MISSING, Exists.ARCHIVED):
        return [News(read.asked, gone=True, deleted=read.exists is Exists.ARCHIVED)]
    return []


def ask(ctx: Reader, end: End, rows: Sequence[SeenRow]) -> list[News]:
    """Read records by id from the app's primary store, in batches, and what was merged into them as well."""
    news: list[News] = []
    asked, rest = set[str](), list(rows)
    while rest:
        absorbed: set[str] = set()
        for batch in db.chunks(rest, end.can.batch_read):
            for read in end.connector.read(end.object, [row.record.ref for row in batch], end.feed.fields):
                news += from_read(read)
                absorbed |= set(read.absorbed)
        asked |= {row.id for row in rest}
        known = feeds.seen_by_id(end.feed.pk, absorbed - asked) if absorbed else {}
        rest = [row for row in known.values() if row.live]
    ctx.count("R0", sum(1 for each in news if each.merged_into))
    there_at = end.feed.complete_to if end.can.reports_deletes else 0.0
    return [replace(each, there_at=there_at) if each.gone else each for each in news]


def absorb(feed: Feed, news: Iterable[News], now: float, read_at: float, *, baseline: bool = False) -> set[str]:
    """Store what was learnt, in the caller's transaction; return the ids that changed.

    ``read_at`` is when the read began (seconds). Every sync that uses the feed and is not off gets due marks; a draft
    is planned, too. The links of all of them follow a merge, and what was decided follows a conversion.
    A record first met in a ``baseline`` listing counts as having been there long ago. What may be of before a write of
    ours that has ended since is no news: the record is to be read again.
    """
    by_id = {each.id: _keepable(each) for each in news}
    known = feeds.seen_by_id(feed.pk, by_id)
    rows = {id: _row(feed, each, known.get(id), now, read_at, baseline) for id, each in by_id.items()}
    changed = {id for id, row in rows.items() if row is not None and _differs(feed, known.get(id), row)}
    unsure = _written_since(feed, {id for id in changed & known.keys() if by_id[id].record is not None}, read_at, now)
    saved: list[SeenRow] = []
    keys: dict[str, set[tuple[str, str]]] = {}
    lost: list[str] = []
    restored: list[str] = []
    turned: list[SeenRow] = []
    for each in by_id.values():
        before, after = known.get(each.id), rows[each.id]
        if after is None:
            continue
        if before is not None and each.id in unsure:
            saved.append(before._replace(read_at=0.0))
            continue
        if each.id in changed:
            after = told_apart(before, after)
            turned += [after] if after.converted else []
        saved.append(after)
        if after.live and before is not None and not before.live:
            restored.append(each.id)
        if not after.live:
            lost.append(each.id)
        elif each.record is not None and (each.problem is None or after.values is None):
            keys[each.id] = compute_keys(feed, each.record.values)
    feeds.save_seen(feed, saved)
    _hand_on_lists(feed, by_id.values(), known)
    edited = [id for id in changed & set(keys) if id in known and known[id].values is not None]
    touched = feeds.drop_told_keys(feed, edited) | replace_keys(feed, keys) | feeds.drop_keys(feed, lost)
    if not (changed or touched or any(each.merged_into for each in by_id.values())):
        return changed
    wake_callers(feed, known, (row for row in saved if row.id in changed or not row.live))
    for sync, side_name in feeds.sides_of(feed, off=True):
        side = Side(side_name)
        for each in _in_order(sync, side, feed, known, [each for each in by_id.values() if each.merged_into]):
            changed.add(str(each.merged_into))
            _follow_merge(sync, side, feed, each, now)
        for row in turned:
            _follow_conversion(sync, side, feed, row, now)
        journal.reopen(link.id for link in links.live_by_record(sync, side, restored).values())
        if sync.state == "off":
            continue
        linked = links.live_by_record(sync, side, lost)
        marked = (changed - set(lost)) | (changed & linked.keys())
        due.mark(sync, side, marked)
        holds.forget(sync, side, set(lost) - linked.keys())
        wake(sync, side, touched, marked)
        wake_neighbours_of(sync, side, feed, changed, touched)
    return changed


def _written_since(feed: Feed, ids: Collection[str], read_at: float, now: float) -> set[str]:
    """Return those of some records of a feed to which something was written that had not ended when they were read.

    What was written in the future was so before a clock was set back.
    """
    written = journal.written_at(feed, ids) if ids else {}
    return {id for id, times in written.items() if any(read_at < done <= now for _, done in times)}


def _hand_on_lists(feed: Feed, news: Iterable[News], known: Mapping[str, SeenRow]) -> None:
    """Let the survivor of a merge be in the lists of what was merged into it: nobody has taken it out of them."""
    lists: dict[str, set[str]] = {}
    for each in news:
        if each.merged_into and each.id in known and known[each.id].lists:
            lists.setdefault(each.merged_into, set()).update(known[each.id].lists)
    if lists:
        feeds.hand_on_lists(feed.pk, lists)


def compute_keys(feed: Feed, values: Mapping[str, Value]) -> set[tuple[str, str]]:
    """Return the keys of a record with these values for every slot of its feed, hashed."""
    return {(slot, feeds.key_hash(key)) for slot, parts in feed.slots for key in keys_of(parts, values)}


def replace_keys(feed: Feed, keys: Mapping[str, set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """Make keys that were computed those of their records; return all that came or went.

    Slots that the feed has got since it was read for this are left alone: who has brought them in has computed them.
    """
    return feeds.replace_keys(feed, keys, [slot for slot, _ in feed.slots])


def wake(
    sync: Sync, side: Side, keys: Iterable[tuple[str, str]], marked: Collection[str] = (), *, held: bool = False
) -> None:
    """Mark every record without a link, on both sides, that holds one of the keys of ``side``.

    ``marked`` are records of ``side`` that were marked just now. ``held``: only those that wait for a person.
    """
    wanted = set(keys)
    if not wanted:
        return
    ends: dict[Side, set[tuple[str, str]]] = {each: set() for each in Side}
    for left, right in sync.slots:
        slots = {Side.LEFT: left, Side.RIGHT: right}
        hashes = {hashed for slot, hashed in wanted if slot in slots[side]}
        for each in Side:
            ends[each] |= {(slot, hashed) for slot in slots[each] for hashed in hashes}
    for each, there in ends.items():
        ids = set().union(*feeds.holders(_feed_id(sync, each), there).values()) if there else set()
        if held:
            ids = {hold.record_id for hold in holds.of_records(sync, each, ids) if hold.kind == "match"}
        ids = ids.difference(marked) if each is side else ids
        linked = links.live_by_record(sync, each, ids)
        due.mark(sync, each, ids - set(linked))


def wait_no_more(sync: Sync, linked: Mapping[Side, Collection[str]]) -> None:
    """Ask nobody any more whom records belong to that are linked now, from this moment on.

    Those that wait for a person are looked at again: these may have been all that they waited for.
    """
    if not holds.wait_for_a_person(sync):
        return
    for side, ids in linked.items():
        holds.close_matched(sync, side, ids)
        wake(sync, side, set().union(*feeds.all_keys_of(_feed_id(sync, side), ids).values()), held=True)


def end_link(sync: Sync, link: links.LinkRow, now: float, rule: str, survivor: Side | None) -> None:
    """End a link and look again at everything that it stood in the way of; nobody is asked about its fields again.

    What was decided of them may have been done in one app and not in the other: that is no state the two agreed on.
    Who was declared new, and got this partner, is new no longer.
    """
    links.end(link.id, now, rule, survivor)
    for side in Side:
        record_id = link.on(side)
        if record_id is not None:
            if link.state == "active":
                links.forget_new(sync, side, record_id)
            if decided := holds.close_of_pair(sync, side, record_id):
                links.forget_shadows(sync.workspace_id, link.id, decided)
            wake_around(sync, side, record_id)


def wake_around(sync: Sync, side: Side, id: str) -> None:
    """Look again at everything that the link of a record stood in the way of, itself among it."""
    wake(sync, side, feeds.all_keys_of(_feed_id(sync, side), [id]).get(id, ()))
    wake_neighbours(sync, side, [id])


def _feed_id(sync: Sync, side: Side) -> int:
    return int(sync.left_id if side is Side.LEFT else sync.right_id)


def _row(feed: Feed, news: News, before: SeenRow | None, now: float, read_at: float, baseline: bool) -> SeenRow | None:
    """Return the row to store: None where nothing is known, or a later read has been stored already."""
    if before is not None and read_at < before.read_at <= now:  # a read in the future was before a clock was set back
        return None
    if news.merged_into:
        became = (feed.object, news.merged_into)
        return (before or SeenRow(news.id))._replace(state="merged", values=None, read_at=read_at, became=became)
    if news.became:
        became = (news.became.object, news.became.id)
        return (before or SeenRow(news.id))._replace(state="converted", values=None, read_at=read_at, became=became)
    if news.gone:
        known = SeenRow(news.id) if before is None and news.deleted else before
        return _gone(known, news, read_at) if known is not None and known.state != "converted" else None
    came_back = before is None or not before.live
    first = (0.0 if baseline and before is None else now) if came_back else before.first_seen_at  # type: ignore[union-attr]
    if news.record is None or news.problem is not None:
        ref = news.record.ref if news.record else Ref(news.id)
        row = before or SeenRow(ref.id, ref.address, ref.version)
        return row._replace(
            state="live",
            problem=news.problem and sayable(news.problem),
            read_at=read_at,
            first_seen_at=first,
            became=None,
        )
    record = news.record
    same_stamp = before is not None and before.modified == record.modified
    if record.modified is None:
        same_stamp = before is not None and (before.version, before.values) == (record.version, record.values)
    return SeenRow(
        record.id,
        record.address,
        record.version,
        dict(record.values),
        record.modified,
        before.stamp_seen_at if before and same_stamp else now,
        read_at,
        first,
        before.swept if before else 0.0,
        lists=before.lists if before else (),
    )


def told_apart(before: SeenRow | None, after: SeenRow) -> SeenRow:
    """Return a row with another moment than the one before has: a plan knows by it what it has looked at."""
    if before is None or before.read_at != after.read_at or not after.read_at:
        return after
    return after._replace(read_at=math.nextafter(after.read_at, math.inf))


def _gone(before: SeenRow, news: News, read_at: float) -> SeenRow:
    met = max(before.swept, before.read_at, news.there_at) if before.live else before.swept
    return before._replace(state="gone", values=None, read_at=read_at, became=None, swept=met)


def _written_by_app(sync: Sync, link: links.LinkRow, side: Side, now: float) -> None:
    """Take the yes and no that one side of a link was last seen to hold for written just now, and not by a person."""
    known = links.shadows([link.id]).get(link.id, {}).get(side, {})
    shadow = {
        key: each if parse_boolean(each.value) is None else each._replace(own_write_at=now)
        for key, each in known.items()
    }
    links.save_shadows(sync.workspace_id, [(link.id, side, shadow)])


def _keepable(news: News) -> News:
    """Make a problem of a record with a value that cannot be stored, such as half a character."""
    if news.record is None:
        return news
    broken = [name for name, value in news.record.values.items() if not can_be_kept(value)]
    if not broken:
        return news
    sound = {name: value for name, value in news.record.values.items() if name not in broken}
    problem = news.problem or f"{', '.join(broken)} holds half a character, or a number that is too long"
    return replace(news, record=replace(news.record, values=sound), problem=problem)


def _differs(feed: Feed, before: SeenRow | None, after: SeenRow) -> bool:
    if before is None or before.state != after.state or before.problem != after.problem:
        return True
    if before.values is None or after.values is None:
        return before.values is not after.values
    return any(before.values.get(name) != after.values.get(name) for name in feed.fields)


def _in_order(sync: Sync, side: Side, feed: Feed, known: Mapping[str, SeenRow], merged: list[News]) -> list[News]:
    """Return what was merged, by what was ``known`` of it, in the order in which it is followed.

    What takes part goes before what is left out; of those, the one whose values its survivor has kept.
    """
    if len(merged) < 2:
        return merged
    linked = links.live_by_record(sync, side, [each.id for each in merged])
    held = {str(each.merged_into): _held(feed, str(each.merged_into)) for each in merged}

    def kept(each: News) -> int:
        values, now = known[each.id].values if each.id in known else None, held[str(each.merged_into)]
        return sum(now.get(name) == value for name, value in (values or {}).items() if not is_blank(value))

    return sorted(merged, key=lambda each: (each.id not in linked, -kept(each)))


def _follow_merge(sync: Sync, side: Side, feed: Feed, news: News, now: float) -> None:
    """Row R0: the link follows; if the surviving record is linked already, this link ends as merged.

    Where there is no link, those that ended follow, and in either case whom a person has kept the record apart from.
    What the surviving record holds was chosen by the app then, and by no person: no opting in comes of it.
    """
    survivor = news.merged_into
    if survivor is None:
        return
    found = links.live_by_record(sync, side, [news.id, survivor])
    link, of_survivor = found.get(news.id), found.get(survivor)
    if of_survivor is not None:
        _written_by_app(sync, of_survivor, side, now)
    held = _held(feed, survivor)
    links.hand_over_apart(sync, side, news.id, survivor, of_survivor or link)
    noted.hand_over(sync, side, news.id, survivor, held)
    follow(sync, side, news.id, survivor, now)
    if link is None:
        if of_survivor is None:
            links.move_ended(sync, side, news.id, survivor, held)
    elif of_survivor is not None:
        end_link(sync, link, now, f"R0: {because('R0', app=feed.connection.name)}", side.other)
        hold_merged(sync, side, link, of_survivor, feed.connection.name, now)
    else:
        links.move(link.id, side, survivor, {} if _half_done(link, side) else held)
        holds.forget(sync, side, [news.id])
        wake_children(sync, {side: [survivor]})


def _follow_conversion(sync: Sync, side: Side, feed: Feed, row: SeenRow, now: float) -> None:
    """Row R0c: what a person has decided of a lead holds for its contact, which is looked at again with all alike."""
    for into, there, id in follow_conversion(sync, side, feed, row.id, row.became, now) if row.became else ():
        due.mark(into, there, [id])
        wake_around(into, there, id)


def _half_done(link: links.LinkRow, side: Side) -> bool:
    """Tell whether something was to be written to one side of a link that may not be there: then nothing is agreed."""
    sent = (each for each in journal.of_link(link.id) if each.side is side and each.kind in ("create", "update"))
    return any(each.state != "done" for each in sent)


def _held(feed: Feed, id: str) -> Mapping[str, Value]:
    row = feeds.seen_by_id(feed.pk, [id]).get(id)
    return row.values or {} if row is not None and row.problem is None else {}
