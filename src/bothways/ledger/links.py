"""Links and their shadows. At most one pending or active link per record and sync: the database says so."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from bothways.engine.field_state import Known
from bothways.engine.matching import ALONE
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import names_of
from bothways.ledger import db
from bothways.ledger.models import Sync
from bothways.records import Value

_COLUMNS = (
    "id, left_id, right_id, state, rule, reason, survivor, created_at, ended_at, ended_by, frozen, carries_at, "
    "came_from"
)
UNLINKED = "you unlinked them"
"""Why a link ended that a person has ended: its records are not linked again, and not created, by themselves."""

PAUSED = "you paused it"
"""Why a link is frozen that a person has paused: nothing but a person lets it flow again."""

LIVE = "state IN ('pending','active')"


class LinkRow(NamedTuple):
    """One link: the ids of the two records, and how it came and went."""

    id: int
    left_id: str | None
    right_id: str | None
    state: str
    rule: str = ""
    reason: str = ""
    survivor: str | None = None
    created_at: float = 0.0
    ended_at: float | None = None
    ended_by: str = ""
    frozen: str = ""
    carries_at: float | None = None
    came_from: int | None = None

    @property
    def by_deletion(self) -> bool:
        """Whether it ended since one of its records was deleted."""
        return self.ended_by.startswith("R4:")

    @property
    def by_merge(self) -> bool:
        """Whether it ended since one of its records was merged into another that has a link."""
        return self.ended_by.startswith("R0:")

    @property
    def by_conversion(self) -> bool:
        """Whether it ended since one of its records, a lead, was turned into a record of another object."""
        return self.ended_by.startswith("R0c:")

    @property
    def left_to_contact(self) -> bool:
        """Whether it ended since a contact, in another sync, has taken over one of its records."""
        return self.ended_by.startswith("R17:")

    @property
    def paused(self) -> bool:
        """Whether a person has paused it."""
        return self.frozen == PAUSED

    @property
    def parted(self) -> bool:
        """Whether it ended since its records no longer took part: none of the two is created again."""
        return self.ended_by.startswith("R10")

    def withholds(self, side: Side) -> int:
        """Return how strongly a link that has ended keeps anybody from being made for its record of one side: 2 where a
        person has unlinked it, 1 where its partner went away, 0 not at all."""
        return 2 if self.ended_by == UNLINKED else int(self.survivor == side)

    def on(self, side: Side) -> str | None:
        """Return the record's id on one side."""
        return self.left_id if side is Side.LEFT else self.right_id

    def at(self, side: Side, id: str | None) -> "LinkRow":
        """Return the link with another record on one side."""
        return self._replace(left_id=id) if side is Side.LEFT else self._replace(right_id=id)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be made. A pending one has None for the record that is yet to be created."""

    left_id: str | None
    right_id: str | None
    state: str
    rule: str
    reason: str
    came_from: int | None = None


Shadows = dict[Side, dict[str, Known]]


def live_by_record(sync: Sync, side: Side, ids: Iterable[str]) -> dict[str, LinkRow]:
    """Return the pending or active links of records of one side."""
    sql = f"SELECT {_COLUMNS} FROM link WHERE sync_id=%s AND {LIVE} AND {side}_id IN {{ids}}"
    found = [LinkRow._make(row) for row in db.in_list(sql, (sync.pk,), ids)]
    return {str(link.on(side)): link for link in found}


def by_id(ids: Iterable[int]) -> dict[int, LinkRow]:
    """Return links by their own ids, in any state."""
    return {
        row[0]: LinkRow._make(row) for row in db.in_list(f"SELECT {_COLUMNS} FROM link WHERE id IN {{ids}}", (), ids)
    }


def ended_by_record(sync: Sync, side: Side, ids: Iterable[str]) -> dict[str, LinkRow]:
    """Return the link of records of one side that ended last, which need not be the one that was made last."""
    sql = f"SELECT {_COLUMNS} FROM link WHERE sync_id=%s AND state='ended' AND {side}_id IN {{ids}}"
    found = [LinkRow._make(row) for row in db.in_list(sql, (sync.pk,), ids)]
    return {str(link.on(side)): link for link in sorted(found, key=lambda link: (link.ended_at or 0.0, link.id))}


def create(sync: Sync, new: Sequence[NewLink], now: float) -> list[int]:
    """Make links and return their ids, in order; the database refuses a record that has one."""
    columns = ("workspace_id", "sync_id", "left_id", "right_id", "state", "rule", "reason", "came_from", "created_at")
    data = [
        (
            sync.workspace_id,
            sync.pk,
            each.left_id,
            each.right_id,
            each.state,
            each.rule,
            each.reason,
            each.came_from,
            now,
        )
        for each in new
    ]
    made = {row[1:]: int(row[0]) for row in db.insert("link", columns, data, "id, left_id, right_id")}
    return [made[each.left_id, each.right_id] for each in new]


def activate(side: Side, created: Sequence[tuple[int, str]]) -> None:
    """Complete pending links, each with the record that was created on ``side``; one that has ended stays so."""
    state = "CASE WHEN state='pending' THEN 'active' ELSE state END"
    sql = f"UPDATE link SET {side}_id=%s, state={state} WHERE id=%s"
    db.execute_many(sql, [(record_id, link_id) for link_id, record_id in created])


def drop(link_id: int) -> None:
    """Remove a pending link whose create did not happen."""
    db.execute("DELETE FROM shadow WHERE link_id=%s", (link_id,))
    db.execute("DELETE FROM link WHERE id=%s AND state='pending'", (link_id,))


def forget(link_id: int) -> None:
    """Remove a link as if it had never been."""
    db.execute("DELETE FROM shadow WHERE link_id=%s", (link_id,))
    db.execute("DELETE FROM link WHERE id=%s", (link_id,))


def end(link_id: int, now: float, ended_by: str, survivor: Side | None = None) -> None:
    """End a link. ``survivor`` is the side whose record must not be created again in the other app."""
    db.execute(
        "UPDATE link SET state='ended', ended_at=%s, ended_by=%s, survivor=%s WHERE id=%s",
        (now, ended_by, str(survivor) if survivor else None, link_id),
    )


def goes_on_from(link_id: int, former: int) -> None:
    """Remember from which link, of another sync, this one goes on, unless it does so from one already."""
    db.execute("UPDATE link SET came_from=%s WHERE id=%s AND came_from IS NULL", (former, link_id))


def carry(link_ids: Iterable[int], at: float | None) -> None:
    """Let the surviving records of ended links follow the deleted ones at a time (seconds); None: never."""
    db.execute_many("UPDATE link SET carries_at=%s WHERE id=%s", [(at, link_id) for link_id in link_ids])


def revive(link_id: int) -> None:
    """Let an ended link live again as it was, with its shadows."""
    db.execute(
        "UPDATE link SET state='active', ended_at=NULL, ended_by='', survivor=NULL, carries_at=NULL "
        "WHERE id=%s AND state='ended'",
        (link_id,),
    )


def freeze(frozen: Iterable[tuple[int, str]]) -> None:
    """Note of links why nothing flows between their records, "" where it does again; not of those that are paused."""
    sql = "UPDATE link SET frozen=%s WHERE id=%s AND frozen<>%s"
    db.execute_many(sql, [(why, link_id, PAUSED) for link_id, why in frozen])


def pause(link_id: int, *, paused: bool) -> None:
    """Let nothing flow between the records of a link until a person says so, or let it flow again."""
    db.execute("UPDATE link SET frozen=%s WHERE id=%s", (PAUSED if paused else "", link_id))


def move(link_id: int, side: Side, record_id: str, held: Mapping[str, Value]) -> None:
    """Let a link follow a record that was merged into another, which holds these values, by field.

    What was last seen on that side is unknown from now on, but for the fields in which the other holds just that. What
    is kept there of a field of the other side alone stays.
    """
    db.execute(f"UPDATE link SET {side}_id=%s WHERE id=%s", (record_id, link_id))
    sql = "SELECT workspace_id, data FROM shadow WHERE link_id=%s AND side=%s"
    for workspace_id, data in db.rows(sql, (link_id, str(side))):
        known = {key: Known(*each) for key, each in orjson.loads(data).items()}
        kept = {key: each for key, each in known.items() if _holds(held, key, side, each.value)}
        save_shadows(int(workspace_id), [(link_id, side, kept)])


def _holds(held: Mapping[str, Value], key: str, side: Side, value: Value) -> bool:
    """Tell whether the field that a mapping has on one side holds a value there, or whether it has none.

    Of an association the ids are known as a list, also where there is one.
    """
    name = names_of(key)[side]
    return not name or (name in held and value in (held[name], [held[name]]))


def move_ended(sync: Sync, side: Side, id: str, to: str, held: Mapping[str, Value]) -> None:
    """Let the ended links of a record follow it to the one that it was merged into, which holds these values.

    Of those that a merge has ended, only that of the record which was left over by it. Of what the two records were
    last, that counts by which nobody is made; that one was unlinked does not keep who is declared new from being made.
    """
    new = ALONE in apart(sync, side, [to]).get(to, set())

    def withholds(link: LinkRow) -> int:
        return 0 if new and link.ended_by == UNLINKED else link.withholds(side)

    before = ended_by_record(sync, side, [id, to])
    sql = f"SELECT {_COLUMNS} FROM link WHERE sync_id=%s AND state='ended' AND {side}_id=%s"
    for link in map(LinkRow._make, db.rows(sql, (sync.pk, id))):
        if not link.by_merge or link.survivor == side:
            move(link.id, side, to, held)
    now = ended_by_record(sync, side, [to]).get(to)
    known = [link for link in before.values() if not link.by_merge or link.survivor == side]
    counts = max(known, key=lambda link: (withholds(link), link.ended_at or 0.0), default=None)
    if now is not None and counts is not None and withholds(counts) > withholds(now):
        ended_at = math.nextafter(now.ended_at or 0.0, math.inf)
        db.execute("UPDATE link SET ended_at=%s WHERE id=%s", (ended_at, counts.id))


def shadows(link_ids: Iterable[int]) -> dict[int, Shadows]:
    """Return the shadows of links: link -> side -> mapping -> what was last seen."""
    found: dict[int, Shadows] = {}
    for link_id, side, data in db.in_list(
        "SELECT link_id, side, data FROM shadow WHERE link_id IN {ids}", (), link_ids
    ):
        known = {key: Known(*each) for key, each in orjson.loads(data).items()}
        found.setdefault(link_id, {each: {} for each in SIDES})[Side(side)] = known
    return found


def save_shadows(workspace_id: int, data: Sequence[tuple[int, Side, Mapping[str, Known]]]) -> None:
    """Store whole shadows of sides of links."""
    packed = [
        (
            link_id,
            str(side),
            workspace_id,
            orjson.dumps({key: known[: 2 if known.edited_at is None else 3] for key, known in shadow.items()}).decode(),
        )
        for link_id, side, shadow in data
    ]
    db.upsert("shadow", ("link_id", "side", "workspace_id", "data"), ("link_id", "side"), packed)


def forget_shadows(workspace_id: int, link_id: int, keys: Collection[str]) -> None:
    """Forget what was last seen of some mappings on both sides of a link: it is as at the first look."""
    known = shadows([link_id]).get(link_id, {})
    kept = {side: {key: each for key, each in shadow.items() if key not in keys} for side, shadow in known.items()}
    save_shadows(workspace_id, [(link_id, side, shadow) for side, shadow in kept.items()])


def counts(sync: Sync) -> int:
    """Return the number of active links."""
    return int(db.value("SELECT COUNT(*) FROM link WHERE sync_id=%s AND state='active'", (sync.pk,)))


def known(sync: Sync) -> int:
    """Return the number of links, those that have ended as well."""
    return int(db.value("SELECT COUNT(*) FROM link WHERE sync_id=%s", (sync.pk,)))


def apart(sync: Sync, side: Side, ids: Iterable[str]) -> dict[str, set[str]]:
    """Return, per record of one side, the records of the other that are known to be somebody else."""
    found: dict[str, set[str]] = {}
    sql = f"SELECT {side}_id, {side.other}_id FROM apart WHERE sync_id=%s AND {side}_id IN {{ids}}"
    for own, other in db.in_list(sql, (sync.pk,), ids):
        found.setdefault(own, set()).add(other)
    return found


def keep_apart(sync: Sync, pairs: Iterable[tuple[str, str]]) -> None:
    """Remember that records (left id, right id) are somebody else; an empty id stands for every record."""
    columns = ("sync_id", "left_id", "right_id", "workspace_id")
    data = [(sync.pk, left, right, sync.workspace_id) for left, right in pairs]
    db.upsert("apart", columns, ("sync_id", "left_id", "right_id"), data)


def hand_over_apart(sync: Sync, side: Side, id: str, to: str, link: LinkRow | None) -> None:
    """Let what is known of a record hold for the one that it was merged into: whom it is kept apart from, or that it
    is left out or declared new.

    ``link`` is the one that the other record has from now on: its two are one thing, and what takes part is not left
    out for the sake of what was merged into it.
    """
    if link is not None:
        forget_apart(sync, side, id, [ALONE])
    copy_apart(sync, side, id, sync, side, to)
    forget_apart(sync, side, id, [ALONE])
    if link is not None and (partner := link.on(side.other)):
        forget_apart(sync, side, to, [partner])


def copy_apart(sync: Sync, side: Side, id: str, into: Sync, there: Side, to: str) -> None:
    """Let what is known of a record hold for another one as well, of one side of this sync or of another."""
    columns = "workspace_id, left_out_at, author, hold_id, held"
    db.execute(
        f"INSERT INTO apart (sync_id, {there}_id, {there.other}_id, {columns}) "
        f"SELECT %s, %s, {side.other}_id, {columns} FROM apart WHERE sync_id=%s AND {side}_id=%s "
        "ON CONFLICT DO NOTHING",
        (into.pk, to, sync.pk, id),
    )


def forget_new(sync: Sync, side: Side, id: str) -> None:
    """Forget that a record was declared new."""
    sql = f"DELETE FROM apart WHERE sync_id=%s AND {side}_id=%s AND {side.other}_id=%s AND left_out_at IS NULL"
    db.execute(sql, (sync.pk, id, ALONE))


def forget_apart(sync: Sync, side: Side, id: str, others: Iterable[str] | None = None) -> None:
    """Forget that a record is somebody else than ``others``; than anybody if None."""
    where, params = f"sync_id=%s AND {side}_id=%s", (sync.pk, id)
    if others is None:
        db.execute(f"DELETE FROM apart WHERE {where}", params)
        return
    for other in others:
        db.execute(f"DELETE FROM apart WHERE {where} AND {side.other}_id=%s", (*params, other))


def page(sync: Sync, after: int, size: int, where: str = LIVE, params: Sequence[Any] = ()) -> list[LinkRow]:
    """Return links in order of id after the last one seen."""
    sql = f"SELECT {_COLUMNS} FROM link WHERE sync_id=%s AND id>%s AND {where} ORDER BY id LIMIT %s"
    return [LinkRow._make(row) for row in db.rows(sql, (sync.pk, after, *params, size))]
