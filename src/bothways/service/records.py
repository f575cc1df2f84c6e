"""Records: listed by state, found by what people know of them."""

import re
import time
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from bothways.engine.deletes import Removal, done_here, unless
from bothways.engine.keys import keys_of
from bothways.engine.rules import because
from bothways.engine.scope import Scope, why_outside
from bothways.engine.sides import SIDES, Side
from bothways.errors import SeveralRecords, UnknownRecord
from bothways.ledger import feeds, holds, left_out, links, looking, noted
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.left_out import LeftOut
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.records import is_blank, normal_email
from bothways.service.database import on_database
from bothways.service.document import SyncDocument
from bothways.service.neighbours import neighbour_in_force
from bothways.service.resolution import row_of
from bothways.service.revisions import latest_revision
from bothways.service.scope import scope_in_force
from bothways.service.views import Page, RecordView
from bothways.service.workspace import Workspace
from bothways.sync.neighbours import left_to
from bothways.sync.payload import name_of

BATCH = 200
_NOT_SEARCHABLE = re.compile(r"[^!-~]|[\"\\]")
"""What the database's own search may miss: letters whose case it does not know, what JSON writes otherwise."""

WINDOW = 5_000
"""Records among which is looked at a time for those wanted, where these may be few."""

EFFORT, SEARCHED, PASSED, READ = 5_000, 5_000, 250, 10
"""The effort of a moment, and what is counted as how much of it: to look for a text in a window of pairs; to go
through one of records without a partner; to look at one that may be it."""

MOST_HITS = 1000
"""Candidates looked at for a name; more of them are no answer anyway."""


Key = int | tuple[Side, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A pair or a single record: its link if it has one, and what was last seen on each side."""

    link: LinkRow | None
    rows: Mapping[Side, SeenRow | None]

    @property
    def ids(self) -> dict[Side, str | None]:
        """The ids per side."""
        if self.link is not None:
            return {side: self.link.on(side) for side in SIDES}
        return {side: row.id if row else None for side, row in self.rows.items()}

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        if self.link is not None:
            return self.link.id
        return next((side, row.id) for side, row in self.rows.items() if row)

    @property
    def name(self) -> str:
        """What people call it."""
        return next((name for row in self.rows.values() if (name := name_of(row))), "")


@on_database
def list_records(
    workspace: Workspace,
    name: str,
    *,
    state: str | None = None,
    search: str | None = None,
    after: str | None = None,
    size: int = 50,
    bounded: bool = False,
) -> Page:
    """Return a page of records: pairs first, then those without a partner, app by app.

    Who is called exactly as is searched for comes first. ``bounded``: no more records are looked at than takes a
    moment, so that the page may be shorter than ``size`` though there is more; then it is ``unfinished``.
    """
    sync, document = row_of(workspace, name), workspace.sync(name)
    first = _called_so(sync, document, search, workspace.clock()) if search is not None else {}
    first = first if len(first) <= size else {}
    shown = [view for view in first.values() if state in (None, view.state)] if after is None else []
    spare, effort, looked = size - len(shown), 0, 0
    chosen: list[tuple[Found, str]] = []
    last: str | None = None
    for found, place, passed, cost in _every(sync, state, search, after or "pairs:0"):
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


def _every(sync: Sync, state: str | None, search: str | None, after: str) -> Iterator[Step]:
    """Yield pairs and single records that may be wanted."""
    kind, _, last = after.partition(":")
    word = _word_of(search) if search is not None else ""
    if kind == "pairs":
        number = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
        yield from _pairs(sync, state, search is not None, word, number)
    for side in SIDES:
        if kind == Side.RIGHT and side is Side.LEFT:
            continue
        yield from _alone(sync, side, state, search is not None, word, last if kind == side else "")


def _pairs(sync: Sync, state: str | None, searching: bool, word: str, number: int) -> Iterator[Step]:
    holds_it, asked = looking.pair_holds(sync, word) if word else ("", [])
    while True:
        edge = looking.pairs_edge(sync, number, WINDOW) if searching else None
        where = " AND ".join([*(["l.id<=%s"] if edge is not None else []), *([holds_it] if holds_it else [])])
        params = [*([edge] if edge is not None else []), *asked]
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
    in_windows = searching or state in (None, "left_out")
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


# --- what is said of a record -------------------------------------------------------------------------


def describe(sync: Sync, document: SyncDocument, found: list[Found], now: float) -> list[RecordView]:
    """Return pairs and single records as they are shown, each with its state and the reason; ``now`` in seconds."""
    held: dict[tuple[str, str], list[HoldRow]] = {}
    due: set[tuple[str, str]] = set()
    ended: dict[tuple[str, str], LinkRow] = {}
    out: dict[tuple[str, str], LeftOut] = {}
    for side in SIDES:
        ids = [id for each in found if (id := each.ids[side])]
        for hold in holds.of_records(sync, side, ids):
            held.setdefault((side, hold.record_id), []).append(hold)
        due |= {(side, id) for id in looking.due_ids(sync, side, ids)}
        single = [id for each in found if each.link is None and (id := each.ids[side])]
        ended |= {(side, id): link for id, link in links.ended_by_record(sync, side, single).items()}
        out |= {(side, id): each for id, each in left_out.of_records(sync, side, single).items()}
    applied = latest_revision(sync).document["applied"]
    scope = scope_in_force(applied) if applied and "scope" in applied else Scope()
    left = _Left(ended, out, scope, now, _before(sync, applied, found), _claimed(sync, document, applied, found, now))
    return [_view(document, each, held, due, left) for each in found]


def _claimed(
    sync: Sync, document: SyncDocument, applied: Mapping[str, Any] | None, found: list[Found], now: float
) -> dict[tuple[str, str], str]:
    """Return which of the single records are left to a contact, or to a lead, of the neighbour sync."""
    stored = (applied or {}).get("neighbour")
    neighbour = neighbour_in_force(stored) if stored else None
    if neighbour is None:
        return {}
    told: dict[tuple[str, str], str] = {}
    for side in SIDES:
        rows = {id: each.rows[side] for each in found if each.link is None and (id := each.ids[side])}
        for id, why in left_to(sync, neighbour, document.apps, side, rows, now).items():
            told[side, id] = why
    return told


def _before(sync: Sync, applied: Mapping[str, Any] | None, found: list[Found]) -> set[tuple[str, str]]:
    """Return those of the single records that are as they were when the sync began to carry changes alone."""
    if not sync.line or not applied:
        return set()
    unchanged: set[tuple[str, str]] = set()
    for place, side in enumerate(SIDES):
        single = {id: each for each in found if each.link is None and (id := each.ids[side])}
        held = noted.of_records(sync, side, single)
        for id, values in held.items():
            row = single[id].rows[side]
            now = (row.values or {}) if row else {}
            mapped = {each[place] for each in applied["fields"]} & values.keys()
            if values and all(values[name] == now.get(name) for name in mapped):
                unchanged.add((side, id))
    return unchanged


def _view(
    document: SyncDocument,
    found: Found,
    held: Mapping[tuple[str, str], list[HoldRow]],
    due: set[tuple[str, str]],
    left: "_Left",
) -> RecordView:
    keys = [(str(side), id) for side, id in found.ids.items() if id]
    own = [hold for key in keys for hold in held.get(key, ())]
    ids = {document.apps[side]: id for side, id in found.ids.items()}
    if own:
        failing = [hold for hold in own if hold.kind in looking.FAILING]
        first = (failing or own)[0]
        return RecordView(found.name, ids, "failing" if failing else "held", first.reason, first.opened_at)
    if found.link is None and (gone := [side for side, row in found.rows.items() if row and not row.live]):
        return RecordView(found.name, ids, "left_out", _why_gone(document, gone[0], found.rows[gone[0]]), None)
    if found.link is None and (out := left.out.get(keys[0])) is not None and keys[0] not in due:
        return RecordView(found.name, ids, "left_out", out.why, out.at)
    follows = left.ended.get(keys[0]) if found.link is None and keys else None
    if follows is not None and follows.carries_at is not None and follows.survivor == keys[0][0]:
        side = Side(keys[0][0])
        removal = document.deletes.removals.get(side, Removal.ARCHIVE)
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(follows.carries_at))
        reason = f"deleted in {document.apps[side.other]}; {done_here(removal)} after {at}, {unless(removal)}"
        return RecordView(found.name, ids, "waiting", reason, follows.ended_at)
    if any(key in due for key in keys) or (found.link is not None and found.link.state == "pending"):
        reason = "to be looked at by the next run" if found.link else "not linked yet; the next run looks for its match"
        return RecordView(found.name, ids, "waiting", reason, None)
    if found.link is not None and found.link.frozen:
        return RecordView(found.name, ids, "left_out", found.link.frozen, None)
    if found.link is not None:
        return RecordView(found.name, ids, "in_sync", found.link.reason, found.link.created_at)
    reason, since = _why_left_out(document, keys[0], found.rows, left)
    return RecordView(found.name, ids, "left_out", reason, since)


@dataclass(frozen=True, slots=True)
class _Left:
    """What tells why a record is left out: links that ended, and who was left out by a person, by their records; and
    what takes part now."""

    ended: Mapping[tuple[str, str], LinkRow]
    out: Mapping[tuple[str, str], LeftOut]
    scope: Scope
    now: float
    before: Set[tuple[str, str]] = frozenset()
    claimed: Mapping[tuple[str, str], str] = field(default_factory=dict)


def _why_gone(document: SyncDocument, side: Side, row: SeenRow | None) -> str:
    app = document.apps[side]
    if row and row.became and row.converted:
        return f"turned into {' '.join(row.became)} in {app}"
    return f"merged into another record in {app}" if row and row.state == "merged" else f"no longer there in {app}"


def _why_left_out(
    document: SyncDocument, key: tuple[str, str], rows: Mapping[Side, SeenRow | None], left: _Left
) -> tuple[str, float | None]:
    side, link = Side(key[0]), left.ended.get(key)
    values = {each: row.values or {} if row else None for each, row in rows.items()}
    lists = {each: row.lists for each, row in rows.items() if row}
    if outside := why_outside(left.scope, document.apps, values, left.now, lists=lists):
        return outside, None
    if key in left.claimed:
        return left.claimed[key], None
    if link is not None and link.survivor == side:
        if link.by_conversion:
            return link.ended_by.partition(": ")[2], link.ended_at
        if link.by_merge:
            return "its pair became one with another pair by a merge; it is not created again", link.ended_at
        return "its partner was deleted; it is not created again", link.ended_at
    if link is not None and link.parted:
        return "its link ended when it did not take part; it is not created again", link.ended_at
    if key in left.before:
        return because("R16"), None
    if not document.sends[side]:
        return f"{document.apps[side]} sends nothing", None
    if side.other in left.scope.filters:
        app = document.apps[side.other]
        return f"its match in {app}, or a new record there, would be outside the filter of {app}", None
    return "none of its mapped fields holds a value", None


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
