"""What is said of a pair or a single record: its state, and why it is in it."""

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from bothways.engine.deletes import Removal, done_here, unless
from bothways.engine.rules import because
from bothways.engine.scope import NO_EMAIL, Scope, why_outside
from bothways.engine.sides import SIDES, Side
from bothways.ledger import holds, left_out, links, looking, noted
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.left_out import LeftOut
from bothways.ledger.links import PAUSED, LinkRow
from bothways.ledger.models import Sync
from bothways.service.document import SyncDocument
from bothways.service.neighbours import neighbour_in_force
from bothways.service.revisions import latest_revision
from bothways.service.scope import scope_in_force
from bothways.service.views import LeftOutBy, RecordView
from bothways.sync.neighbours import left_to
from bothways.sync.payload import name_of

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
        reason = _why_gone(document, gone[0], found.rows[gone[0]])
        return RecordView(found.name, ids, "left_out", reason, None, LeftOutBy.GONE)
    if found.link is None and (out := left.out.get(keys[0])) is not None and keys[0] not in due:
        return RecordView(found.name, ids, "left_out", out.why, out.at, LeftOutBy.PERSON)
    follows = left.ended.get(keys[0]) if found.link is None and keys else None
    if follows is not None and follows.carries_at is not None and follows.survivor == keys[0][0]:
        side = Side(keys[0][0])
        removal = document.deletes.removals.get(side, Removal.ARCHIVE)
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(follows.carries_at))
        reason = f"deleted in {document.apps[side.other]}; {done_here(removal)} after {at}, {unless(removal)}"
        return RecordView(found.name, ids, "waiting", reason, follows.ended_at, LeftOutBy.DELETION)
    if any(key in due for key in keys) or (found.link is not None and found.link.state == "pending"):
        reason = "to be looked at by the next run" if found.link else "not linked yet; the next run looks for its match"
        return RecordView(found.name, ids, "waiting", reason, None)
    if found.link is not None and found.link.frozen:
        return RecordView(found.name, ids, "left_out", found.link.frozen, None, _kind_of(found.link.frozen))
    if found.link is not None:
        return RecordView(found.name, ids, "in_sync", found.link.reason, found.link.created_at)
    by, reason, since = _why_left_out(document, keys[0], found.rows, left)
    return RecordView(found.name, ids, "left_out", reason, since, by)


def _kind_of(outside: str) -> LeftOutBy:
    """Return why a pair is frozen, or a record takes no part, by the words that are kept of that."""
    return {NO_EMAIL: LeftOutBy.EMAIL, PAUSED: LeftOutBy.PERSON}.get(outside, LeftOutBy.FILTER)


def frozen_by(by: LeftOutBy) -> tuple[str, list[str]]:
    """Return the condition that the link ``l`` is frozen for a reason, and what it asks for."""
    if by is LeftOutBy.FILTER:
        return "l.frozen NOT IN (%s,%s)", [NO_EMAIL, PAUSED]
    words = {LeftOutBy.EMAIL: NO_EMAIL, LeftOutBy.PERSON: PAUSED}.get(by)
    return ("l.frozen=%s", [words]) if words else ("1=0", [])


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
) -> tuple[LeftOutBy, str, float | None]:
    side, link = Side(key[0]), left.ended.get(key)
    values = {each: row.values or {} if row else None for each, row in rows.items()}
    lists = {each: row.lists for each, row in rows.items() if row}
    if outside := why_outside(left.scope, document.apps, values, left.now, lists=lists):
        return _kind_of(outside), outside, None
    if key in left.claimed:
        return LeftOutBy.OTHER_SYNC, left.claimed[key], None
    if link is not None and link.survivor == side:
        if link.by_conversion:
            return LeftOutBy.PARTNER, link.ended_by.partition(": ")[2], link.ended_at
        if link.by_merge:
            said = "its pair became one with another pair by a merge; it is not created again"
            return LeftOutBy.PARTNER, said, link.ended_at
        return LeftOutBy.PARTNER, "its partner was deleted; it is not created again", link.ended_at
    if link is not None and link.parted:
        said = "its link ended when it did not take part; it is not created again"
        return LeftOutBy.UNLINKED, said, link.ended_at
    if key in left.before:
        return LeftOutBy.FROM_NOW, because("R16"), None
    if not document.sends[side]:
        return LeftOutBy.ONE_WAY, f"{document.apps[side]} sends nothing", None
    if side.other in left.scope.filters:
        app = document.apps[side.other]
        return (
            LeftOutBy.FILTER,
            f"its match in {app}, or a new record there, would be outside the filter of {app}",
            None,
        )
    return LeftOutBy.EMPTY, "none of its mapped fields holds a value", None
