"""Records: listed by state, found by what people know of them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bothways.engine.keys import keys_of
from bothways.engine.sides import SIDES, Side
from bothways.errors import SeveralRecords, UnknownRecord
from bothways.ledger import feeds, links, looking
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.records import is_blank, normal_email
from bothways.service.database import on_database
from bothways.service.describing import Found, Key, describe, frozen_by
from bothways.service.document import SyncDocument
from bothways.service.resolution import row_of
from bothways.service.views import LeftOutBy, Page, RecordView
from bothways.service.workspace import Workspace
from bothways.sync.payload import name_of

BATCH = 200
_NOT_SEARCHABLE = re.compile(r"[^!-~]|[\"\\]")
"""What the database's own search may miss: letters whose case it does not know, what JSON writes otherwise."""

WINDOW = 5_000
"""Records among which is looked at a time for those wanted, where these may be few."""

EFFORT, SEARCHED, PASSED, READ, JUDGED = 5_000, 5_000, 250, 10, 6
"""The effort of a moment, and what is counted as how much of it: to look for a text in a window of pairs; to go
through one of records without a partner; to look at one that may be it; to find out with others why one is left out."""

LEFT_OUT = "left_out"

MOST_HITS = 1000
"""Candidates looked at for a name; more of them are no answer anyway."""


@on_database
def list_records(
    workspace: Workspace,
    name: str,
    *,
    state: str | None = None,
    left_out_by: LeftOutBy | None = None,
    search: str | None = None,
    after: str | None = None,
    size: int = 50,
    bounded: bool = False,
) -> Page:
    """Return a page of records: pairs first, then those without a partner, app by app.

    ``left_out_by``: of those that are left out only these, so that no other state goes with it.

    Who is called exactly as is searched for comes first. ``bounded``: no more records are looked at than takes a
    moment, so that the page may be shorter than ``size`` though there is more; then it is ``unfinished``.
    """
    sync, document = row_of(workspace, name), workspace.sync(name)
    state = LEFT_OUT if left_out_by is not None and state is None else state
    if left_out_by is not None and state != LEFT_OUT:
        return Page((), None)
    first = _called_so(sync, document, search, workspace.clock()) if search is not None else {}
    first = first if len(first) <= size else {}
    shown = [view for view in first.values() if state in (None, view.state)] if after is None else []
    shown = [view for view in shown if left_out_by in (None, view.left_out_by)]
    spare, effort, looked = size - len(shown), 0, 0
    chosen: list[tuple[Found, str]] = []
    last: str | None = None
    steps = _every(sync, state, search, after or "pairs:0", left_out_by)
    if left_out_by is not None:
        steps = _judged(sync, document, steps, left_out_by, workspace.clock())
    for found, place, passed, cost in steps:
        effort, looked, last = effort + cost, looked + passed, place
        if found is not None and found.key not in first and (search is None or _contains(found, search)):
            chosen.append((found, place))
        if len(chosen) > spare or (bounded and effort >= EFFORT):
            break
    else:
        last = None
    more = len(chosen) > spare
    chosen = chosen[:spare]
    shown += describe(sync, document, [found for found, _ in chosen], workspace.clock())
    if more:
        return Page(tuple(shown), chosen[-1][1] if chosen else after or "pairs:0", looked)
    return Page(tuple(shown), last, looked, unfinished=last is not None)


def _called_so(sync: Sync, document: SyncDocument, text: str, now: float) -> dict[Key, RecordView]:
    """Return who has exactly this id, e-mail address or other key, as they are shown; nobody else is looked at."""
    ids: dict[Side, list[str]] = {}
    for side in SIDES:
        feed = sync.left if side is Side.LEFT else sync.right
        keys = {
            (slot, feeds.key_hash(key))
            for slot, parts in feed.slots
            if len(parts) == 1 and len(parts[0][1]) == 1
            for key in keys_of(parts, {parts[0][1][0]: text.strip()})
        }
        holders = feeds.holders(feed.pk, keys) if keys else {}
        ids[side] = sorted({text.strip(), *(id for held in holders.values() for id in held)})
    found = [each for each in _whole(sync, ids) if _contains(each, text)][:MOST_HITS]
    views = describe(sync, document, found, now)
    return {each.key: view for each, view in zip(found, views, strict=True)}


Step = tuple[Found | None, str, int, int]
"""A pair or single record, None where some were passed; the place from where to go on after it; how many records were
passed; and the effort of that."""


def _judged(sync: Sync, document: SyncDocument, steps: Iterable[Step], wanted: LeftOutBy, now: float) -> Iterator[Step]:
    """Yield steps in which only those are found that are left out for one reason; all others are passed."""
    passed_by = 0
    for some in _together(steps):
        found = [each for each, *_ in some if each is not None]
        views = describe(sync, document, found, now) if found else []
        by = {each.key: view.left_out_by for each, view in zip(found, views, strict=True)}
        for each, place, passed, cost in some:
            if each is None:
                yield None, place, max(passed - passed_by, 0), cost
                passed_by = 0
            elif by[each.key] is wanted:
                yield each, place, passed, cost + JUDGED
            else:
                passed_by += 1
                yield None, place, 1, cost + JUDGED


def _together(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield steps in lists, each up to one that finds nobody."""
    some: list[Step] = []
    for step in steps:
        some.append(step)
        if step[0] is None or len(some) == BATCH:
            yield some
            some = []
    yield some


def left_out(sync: Sync) -> Iterator[list[Found]]:
    """Yield all that are left out, some at a time."""
    for some in _together(_every(sync, LEFT_OUT, None, "pairs:0")):
        if found := [each for each, *_ in some if each is not None]:
            yield found


def _every(
    sync: Sync, state: str | None, search: str | None, after: str, left_out_by: LeftOutBy | None = None
) -> Iterator[Step]:
    """Yield pairs and single records that may be wanted."""
    kind, _, last = after.partition(":")
    word = _word_of(search) if search is not None else ""
    if kind == "pairs":
        number = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
        conditions = [looking.pair_holds(sync, word)] if word else []
        conditions += [frozen_by(left_out_by)] if left_out_by is not None else []
        yield from _pairs(sync, state, search is not None, conditions, number)
    for side in SIDES:
        if kind == Side.RIGHT and side is Side.LEFT:
            continue
        yield from _alone(sync, side, state, search is not None, word, last if kind == side else "")


def _pairs(
    sync: Sync, state: str | None, searching: bool, conditions: Sequence[tuple[str, list[Any]]], number: int
) -> Iterator[Step]:
    while True:
        edge = looking.pairs_edge(sync, number, WINDOW) if searching else None
        fits = [*([("l.id<=%s", [edge])] if edge is not None else []), *conditions]
        where, params = " AND ".join(words for words, _ in fits), [each for _, asked in fits for each in asked]
        while page := looking.pairs(sync, state, number, BATCH, where, params):
            number = page[-1].id
            for found in _of_links(sync, page):
                yield found, f"pairs:{found.link.id if found.link else 0}", 0, READ if searching else 0
        if edge is None:
            return
        number = edge
        yield None, f"pairs:{edge}", WINDOW, SEARCHED


def _alone(sync: Sync, side: Side, state: str | None, searching: bool, word: str, id: str) -> Iterator[Step]:
    if state == "in_sync":
        return
    feed = looking.feed_id(sync, side)
    in_windows = searching or state in (None, LEFT_OUT)
    holds_it, asked = looking.row_holds(word) if word else ("", [])
    while True:
        edge = looking.seen_edge(feed, id, WINDOW) if in_windows else None
        while rows := looking.alone(sync, side, state, id, BATCH, holds_it, asked, edge):
            id = rows[-1].id
            for row in rows:
                yield Found(None, {side: row, side.other: None}), f"{side}:{row.id}", 0, READ if searching else 0
        if edge is None:
            return
        id = edge
        yield None, f"{side}:{edge}", WINDOW, PASSED


def _word_of(text: str) -> str:
    """Return the longest part of a text by which the database can look for it, "" if there is none.

    It knows no letters but Latin ones without marks, and not that an ss may be written as one letter.
    """
    return max(_NOT_SEARCHABLE.split(text.casefold().strip().replace("ss", " ")), key=len)


def _of_links(sync: Sync, page: list[LinkRow]) -> list[Found]:
    rows = {
        side: feeds.seen_by_id(looking.feed_id(sync, side), [str(link.on(side)) for link in page]) for side in SIDES
    }
    return [Found(link, {side: rows[side].get(link.on(side) or "") for side in SIDES}) for link in page]


def _contains(found: Found, text: str) -> bool:
    needle = text.casefold().strip()
    held = [str(id) for id in found.ids.values() if id] + [found.name]
    held += [str(value) for row in found.rows.values() if row for value in _texts(row) if "@" in str(value)]
    return any(needle in each.casefold() for each in held)


def _texts(row: SeenRow) -> list[str]:
    return [value for value in (row.values or {}).values() if isinstance(value, str)]


# --- finding one --------------------------------------------------------------------------------------


def find(workspace: Workspace, name: str, record: str) -> tuple[Sync, Found]:
    """Return the one record that a person means: an id, ``app:id``, an e-mail address or a name."""
    sync, document = row_of(workspace, name), workspace.sync(name)
    hits = _by_id(sync, document, record) or _by_words(sync, record)
    if not hits:
        raise UnknownRecord(record=record, name=name)
    if len(hits) > 1:
        named = [f"{document.apps[side]}:{id}" for each in hits for side, id in each.ids.items() if id]
        more = ", ..." if len(named) > 8 else ""
        raise SeveralRecords(name=name, record=record, hint=", ".join(named[:8]) + more)
    return sync, hits[0]


def _by_id(sync: Sync, document: SyncDocument, record: str) -> list[Found]:
    app, colon, id = record.partition(":")
    sides = {document.apps[side]: side for side in SIDES}
    if colon and app in sides:
        return _whole(sync, {sides[app]: [id]})
    return _whole(sync, {side: [record] for side in SIDES})


def _by_words(sync: Sync, record: str) -> list[Found]:
    wanted, email = record.casefold().strip(), normal_email(record) if "@" in record else None
    if not wanted:
        return []
    word = max(_NOT_SEARCHABLE.split(wanted), key=len)
    hits: dict[Side, list[str]] = {}
    for side in SIDES:
        rows = looking.holding(looking.feed_id(sync, side), word, MOST_HITS)
        hits[side] = [row.id for row in rows if _is_called(row, wanted, email)]
    return _whole(sync, hits)


def search_alone(sync: Sync, side: Side, text: str, size: int) -> list[Found]:
    """Return records of one side without a partner that have a text in their id, name or e-mail address: ``size``."""
    wanted = text.strip()
    if not wanted:
        return []
    feed = looking.feed_id(sync, side)
    rows = feeds.seen_by_id(feed, [wanted])
    word = max(_NOT_SEARCHABLE.split(wanted.casefold()), key=len)
    rows |= {row.id: row for row in looking.holding(feed, word, MOST_HITS)}
    taken = links.live_by_record(sync, side, list(rows))
    found = [Found(None, {side: row, side.other: None}) for id, row in rows.items() if id not in taken and row.live]
    return [each for each in found if _contains(each, wanted)][:size]


def _is_called(row: SeenRow, wanted: str, email: str | None) -> bool:
    if name_of(row).casefold() == wanted:
        return True
    return email is not None and any(normal_email(text) == email for text in _texts(row) if not is_blank(text))


def _whole(sync: Sync, ids: Mapping[Side, list[str]]) -> list[Found]:
    """Return the pairs and single records that these ids belong to, each once."""
    pairs: dict[int, LinkRow] = {}
    single: list[Found] = []
    for side, wanted in ids.items():
        live = links.live_by_record(sync, side, wanted)
        pairs |= {link.id: link for link in live.values()}
        rows = feeds.seen_by_id(looking.feed_id(sync, side), [id for id in wanted if id not in live])
        single += [Found(None, {side: row, side.other: None}) for row in rows.values()]
    return _of_links(sync, [pairs[id] for id in sorted(pairs)]) + single
