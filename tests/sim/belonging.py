"""What must hold of associations in the simulator, told by what people did and by which homes are linked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from tests.sim.apps import Row
from tests.sim.oracle import Broken
from tests.sim.world import Write

if TYPE_CHECKING:
    from tests.sim.homes import Homes


@dataclass(frozen=True)
class Op:
    """A person let a thing belong to a home (``came``), or no longer."""

    side: Side
    thing: str
    home: str
    came: bool
    at: int


class Move(NamedTuple):
    """The sync changed to which homes a thing belongs. People moved it too, too late to be read.

    ``raced``: into and out of these they moved it as the sync did; ``over``: of these they did the opposite.
    """

    key: str
    thing: str
    came: frozenset[str]
    gone: frozenset[str]
    raced: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()


class Pair(NamedTuple):
    """Two linked records, by side, and since when they are linked."""

    ids: dict[Side, str]
    since: float


class Belonging:
    """Looks at every write of an association, and at all of them when nothing moves any more."""

    def __init__(self, homes: Homes) -> None:
        self.homes, self.world = homes, homes.schedule.world
        self.ops: list[Op] = []
        self.moves: list[Move] = []
        self.dropped: set[tuple[Side, str, str]] = set()
        self.rehoused: set[tuple[Side, str, str]] = set()
        self.history: dict[tuple[Side, str], list[tuple[int, tuple[str, ...]]]] = {}
        self.ever: set[tuple[str, str]] = set()
        self.at_start: set[tuple[str, str]] = set()
        self.told = 0
        self.undone: dict[str, Move] | None = None
        self.found_out: set[str] = set()
        self.undoing = False

    def remember(self, side: Side, row: Row) -> None:
        """Take note of what a thing belongs to now."""
        self.history.setdefault((side, row.id), [(0, ())]).append((self.world.now, self.homes.of(row)))

    def begins(self) -> None:
        """Take note of which homes are linked as a run of the things begins."""
        self.at_start = {(pair.ids[Side.LEFT], pair.ids[Side.RIGHT]) for pair in self.linked_homes()}
        self.ever |= self.at_start

    # --- at every write -------------------------------------------------------------------------

    def wrote(self, side: Side, row: Row, write: Write, ids: tuple[str, ...]) -> None:
        """Check a write to a thing of one side, which is to belong to ``ids``, before it is done."""
        held = self.homes.of(row)
        late_ops = [op for op in self.ops if (op.side, op.thing) == (side, row.id) and op.at >= row.read_at]
        raced = frozenset(op.home for op in late_ops if op.came is (op.home in ids))
        over = frozenset(op.home for op in late_ops if op.came is not (op.home in ids))
        move = Move(write.key, row.id, frozenset(ids).difference(held), frozenset(held).difference(ids), raced, over)
        self.moves.append(move)
        if self.undone is not None and (write.kind == "update" or not self.undoing):
            self._undoes(side, move) if self.undoing else self._does_not_again(move)
        if self.undoing:
            return
        moved = set(ids) & set(self.homes.beside.merged.values())  # what was merged is known by both ids
        late = moved or row.changed.get("homes", 0) >= row.read_at
        ordered = self.homes.fields[side].primary_first
        if write.kind == "update" and not late and (ids == held or (set(ids) == set(held) and not ordered)):
            raise Broken("I6", f"{row.id} was put in {ids}, and was in them already")
        *merged, source = self._sources(side, write)
        homes = self.homes.apps[side].rows
        held_on = {id for id in self._recent(side, row) if not homes[id].live}  # it was deleted since that was read
        for id in sorted(move.came.difference(held_on, (op.home for op in late_ops))):
            self._meant(side, row, [*merged, source], id)
        for id in sorted(move.gone) if self.homes.fields[side].multi_valued else ():
            self._taken_out(side, row, source, id)

    def _meant(self, side: Side, row: Row, sources: list[Row], id: str) -> None:
        """A1: a thing is put only into a home of its own app, whose partner a person has put the other thing in."""
        home = self.homes.apps[side].rows.get(id)
        if home is None:
            raise Broken("A1", f"{row.id} was put in {id}, which is no home of {self.homes.apps[side].name}")
        ended = self.homes.beside.deleted.get((home_app := self.homes.apps[side].name, id))
        ended = self.homes.beside.merged_at.get((home_app, home.merged_into)) if home.merged_into else ended
        if not home.live and ended is not None and ended < self.told:
            raise Broken("A1", f"{row.id} was put in {id}, which is gone from {home_app}")
        now = {(pair.ids[Side.LEFT], pair.ids[Side.RIGHT]) for pair in self.linked_homes()}
        recent = set[str]().union(*(self._recent(side.other, source) for source in sources))
        here, there = SIDES.index(side), SIDES.index(side.other)
        partners = {pair[there] for pair in now | self.at_start if self._is(side, pair[here], id)}
        if not any(self._is(side.other, partner, held) for partner in partners for held in recent):
            raise Broken(
                "A1", f"{row.id} was put in {id}, and {sources[-1].id} was in none of its partners: {sorted(recent)}"
            )

    def _taken_out(self, side: Side, row: Row, source: Row, id: str) -> None:
        """A2: a thing is taken out of a home only since a person took the other thing out of its partner."""
        partners = self._family(side, id)[side.other]
        if not partners:
            raise Broken("A2", f"{row.id} was taken out of {id}, which has no partner")
        by_person = any(
            not op.came
            and op.side is side.other
            and op.home in partners
            and self._same(side.other, op.thing, source.id)
            for op in self.ops
        )
        by_app = any(
            where is side.other and home in partners and self._same(side.other, thing, source.id)
            for where, thing, home in self.dropped
        )
        if not (by_person or by_app):
            raise Broken("A2", f"{row.id} was taken out of {id}, and nobody has taken {source.id} out of {partners}")

    def _sources(self, side: Side, write: Write) -> list[Row]:
        """Return the record that a write carries over, and what it was merged into since, one after the other."""
        data = db.value("SELECT data FROM journal WHERE id=%s", (int(write.key),))
        rows = self.homes.schedule.apps[side.other].rows
        found = [rows[json.loads(data)["more"]["source_id"]]]
        while into := found[-1].merged_into:
            found.append(rows[into])
        return found

    def _recent(self, side: Side, row: Row) -> set[str]:
        """Return what a thing belonged to when it was last read, or since."""
        states = self.history.get((side, row.id), [])
        first = max((place for place, (at, _) in enumerate(states) if at < row.read_at), default=0)
        return {id for _, ids in states[first:] for id in ids}

    # --- undo -----------------------------------------------------------------------------------

    def before_undo(self, run_id: int) -> None:
        """Take note of what the run that is to be undone has moved."""
        written = db.rows("SELECT id, record_id, message FROM journal WHERE run_id=%s", (run_id,))
        keys = {str(id) for id, _, _ in written}
        self.found_out = {str(record) for _, record, message in written if message == "found out afterwards"}
        self.undone, self.undoing = {}, True
        for move in self.moves:
            if move.key in keys:
                self.undone[move.thing] = move

    def after_undo(self) -> None:
        """From now on, nothing that was undone is done again."""
        self.undoing = False

    def _undoes(self, side: Side, move: Move) -> None:
        """A6: an undo takes back what the run did, and leaves what people did."""
        was = (self.undone or {}).get(move.thing, Move("", "", frozenset(), frozenset()))
        merged = set(self.homes.beside.merged.values())  # a merge may look like a write that was never answered
        back = {id for id in move.came if any(self._is(side, old, id) for old in was.gone)}
        raced = was.raced
        if not was.key and move.thing in self.found_out:  # a person did in time what was never sent
            raced = frozenset(op.home for op in self.ops if (op.side, op.thing) == (side, move.thing))
        if not move.came <= back | raced or not move.gone <= was.came | raced | merged:
            raise Broken("A6", f"an undo of {was} moved {move}")

    def _does_not_again(self, move: Move) -> None:
        was = (self.undone or {}).get(move.thing)
        if was is not None and (move.came & was.came or move.gone & was.gone):
            raise Broken("I15", f"after an undo of {was} the sync did it again: {move}")

    # --- at rest --------------------------------------------------------------------------------

    def at_rest(self) -> None:
        """Check all linked things whose app takes what is written, and that take part."""
        if self.homes.schedule.line.until or self.homes.schedule.line.asked:
            return  # what differed before the line stays so
        sync, apps = self.homes.schedule.sync, self.homes.schedule.apps
        held = {(each[0], each[1]) for each in db.rows("SELECT side, record_id FROM hold WHERE sync_id=%s", (sync.pk,))}
        self.begins()
        linked = [pair for pair in self.linked_homes() if self._is_there(pair)]
        sql = "SELECT left_id, right_id, created_at FROM link WHERE sync_id=%s AND state='active'"
        for left, right, since in db.rows(sql, (sync.pk,)):
            rows = {Side.LEFT: apps[Side.LEFT].rows[left], Side.RIGHT: apps[Side.RIGHT].rows[right]}
            if any((str(side), row.id) in held for side, row in rows.items()):
                continue
            if not self.homes.schedule.oracle.outside(rows[Side.LEFT], rows[Side.RIGHT]):
                self._as_left(rows)
                if all(self.homes.fields[side].multi_valued for side in SIDES):
                    self._sets(rows, since, linked)
                else:
                    self._ones(rows, linked)

    def _as_left(self, rows: dict[Side, Row]) -> None:
        """A3: what people moved on one side alone is there as they left it."""
        ops = [op for op in self.ops if self._same(op.side, op.thing, rows[op.side].id)]
        sides = {op.side for op in ops}
        torn = any(self._same(side, thing, rows[side].id) for side, thing, _ in self.dropped)
        if torn or len(sides) != 1 or not self._only_each_other(rows):
            return
        last = {op.home: op for op in ops}
        things = {row.id for row in rows.values()}
        over = {home for move in self.moves if move.thing in things for home in move.over}
        for home, op in last.items():
            if self._became_one(op) or home in over:  # in the moment of writing, which nobody could read
                continue
            if self.homes.apps[op.side].rows[home].live and op.came is not (home in self.homes.of(rows[op.side])):
                words = "put into" if op.came else "taken out of"
                raise Broken("A3", f"{op.thing} was {words} {home} by people, and that did not last")

    def _became_one(self, op: Op) -> bool:
        """Tell whether a home was merged with another, or its partner with that of another: which is meant?"""
        return self._family(op.side, op.home)[op.side] != {op.home}

    def _sets(self, rows: dict[Side, Row], since: float, linked: list[Pair]) -> None:
        """A4: both things belong to the same homes; what a person added stays, what one has taken out is out."""
        for pair in linked:
            inside = {side: pair.ids[side] in self.homes.of(rows[side]) for side in SIDES}
            family = self._family(Side.LEFT, pair.ids[Side.LEFT])
            torn = any(
                home in family[side] and self._same(side, thing, rows[side].id) for side, thing, home in self.dropped
            )
            if torn:
                continue
            if inside[Side.LEFT] is not inside[Side.RIGHT]:
                without = Side.LEFT if inside[Side.RIGHT] else Side.RIGHT
                in_another = set(self.homes.of(rows[without])) & family[without]  # two pairs of homes became one
                if in_another or self._left_another(rows, pair, family) or self._put_in_beside_a_merge(rows, pair):
                    continue
                raise Broken("A4", f"{[row.id for row in rows.values()]} in {pair.ids}: {inside}")
            certain = None if self._left_another(rows, pair, family) else self._certain(rows, pair, since)
            if certain is not None and inside[Side.LEFT] is not certain:
                words = "are not in, though a person put one there" if certain else "are in, though nobody wants that:"
                raise Broken("A5", f"{[row.id for row in rows.values()]} {words} {pair.ids}")
        held = {side: self.homes.of(rows[side]) for side in SIDES}
        leads = {side: (*held[side], None)[0] for side in SIDES}
        partner = {pair.ids[side]: pair.ids[side.other] for pair in linked for side in SIDES}
        if all(self.homes.fields[side].primary_first for side in SIDES):
            both = all(partner.get(str(leads[side])) in held[side.other] for side in SIDES)
            if both and partner[str(leads[Side.LEFT])] != leads[Side.RIGHT] and not self._left_an_unknown_one(rows):
                raise Broken("A4", f"the first home of {[row.id for row in rows.values()]} is {leads}")

    def _left_another(self, rows: dict[Side, Row], pair: Pair, family: dict[Side, set[str]]) -> bool:
        """Tell whether a person took one out of a home that is one with these by a merge, or was gone at some time.

        With the link of such a home, what is said of it is gone: nobody can tell a removal from it.
        """
        return any(
            op.home in family[op.side] and (op.home != pair.ids[op.side] or self._was_gone(op.side, op.home))
            for op in self._leavings(rows)
        )

    def _left_an_unknown_one(self, rows: dict[Side, Row]) -> bool:
        """Tell whether a person took one out of a home that never had a partner: which comes first then, it hid."""
        known = [set(ids) for ids in zip(*self.ever, strict=True)] or [set(), set()]
        return any(op.home not in known[SIDES.index(op.side)] for op in self._leavings(rows))

    def _left_a_gone_one(self, rows: dict[Side, Row]) -> bool:
        """Tell whether a person took one out of a home that was gone at some time: it looks like its deletion."""
        return any(self._was_gone(op.side, op.home) for op in self._leavings(rows))

    def _leavings(self, rows: dict[Side, Row]) -> list[Op]:
        """Return all that people took out of homes of two things."""
        return [op for op in self.ops if not op.came and self._same(op.side, op.thing, rows[op.side].id)]

    def _was_gone(self, side: Side, home: str) -> bool:
        """Tell whether a home was gone at some time, merged, or without a partner until a merge was followed."""
        beside, one = self.homes.beside, (self.homes.apps[side].name, home)
        return (
            one in beside.deleted.keys() | beside.restored.keys() | beside.merged.keys()
            or home in beside.merged.values()
        )

    def _put_in_beside_a_merge(self, rows: dict[Side, Row], pair: Pair) -> bool:
        """Tell whether a person put one in right as it was written into a home that was merged: which is which?"""
        merged, things = set(self.homes.beside.merged.values()), {row.id for row in rows.values()}
        moves = [move for move in self.moves if move.thing in things and move.came & merged]
        return any((move.over | move.raced) & set(pair.ids.values()) for move in moves)

    def _certain(self, rows: dict[Side, Row], pair: Pair, since: float) -> bool | None:
        """Return whether the two must belong to a home by all that people did, None where either would do."""
        ops = [
            op
            for op in self.ops
            if self._same(op.side, op.thing, rows[op.side].id) and self._is(op.side, op.home, pair.ids[op.side])
        ]
        came, went = [op for op in ops if op.came], [op for op in ops if not op.came]
        if not went and came:
            return None if self._taken_out_before(rows, pair) else True
        if self._came_unheard(rows, pair):
            return None
        family, doubtful = self._family(Side.LEFT, pair.ids[Side.LEFT]), {op.side for op in went} or SIDES
        if any(family[side] != {pair.ids[side]} for side in doubtful) or not self._only_each_other(rows):
            return None
        if went and (
            len({op.side for op in came}) != 1 or came[-1].at >= went[0].at or went[0].at <= max(since, pair.since)
        ):
            return None
        return False

    def _taken_out_before(self, rows: dict[Side, Row], pair: Pair) -> bool:
        """Tell whether the sync took one out of a home, as a person had done with the partner that it had then.

        Or out of one that was merged into it since.
        """
        return any(
            self._same(side, move.thing, rows[side].id) and self._is(side, home, pair.ids[side])
            for move in self.moves
            for side in SIDES
            for home in move.gone
        )

    def _came_unheard(self, rows: dict[Side, Row], pair: Pair) -> bool:
        """Tell whether a person took one out of a home in vain: right before a write, or one whose answer was lost."""
        moves = [
            move
            for move in self.moves
            if any(move.thing == row.id for row in rows.values()) and move.came & set(pair.ids.values())
        ]
        if any(move.over & set(pair.ids.values()) for move in moves):
            return True
        sql = "SELECT message FROM journal WHERE id=%s"
        lost = ("found out afterwards", "did not land")
        return any(db.value(sql, (int(move.key),)) in lost for move in moves)

    def _only_each_other(self, rows: dict[Side, Row]) -> bool:
        """Tell whether two things were never linked with others, and none was merged into them."""
        left, right = rows[Side.LEFT].id, rows[Side.RIGHT].id
        links = db.value(
            "SELECT COUNT(*) FROM link WHERE sync_id=%s AND (left_id=%s OR right_id=%s)",
            (self.homes.schedule.sync.pk, left, right),
        )
        return links == 1 and not {left, right} & set(self.world.merged.values())

    def _ones(self, rows: dict[Side, Row], linked: list[Pair]) -> None:
        """A4, where an app holds one: that one is the primary one of the other, or any of them."""
        ids = {side: self.homes.of(rows[side]) for side in SIDES}
        if any(self._same(side, thing, rows[side].id) for side, thing, _ in self.dropped):
            return
        partner = {pair.ids[side]: pair.ids[side.other] for pair in linked for side in SIDES}
        if any(held and held[0] not in partner for held in ids.values()) or not any(ids.values()):
            return
        left, right = ids[Side.LEFT], ids[Side.RIGHT]
        ordered = all(
            not self.homes.fields[side].multi_valued or self.homes.fields[side].primary_first for side in SIDES
        )
        if ordered:
            same = bool(left and right) and partner[left[0]] == right[0]
        else:
            same = bool({partner.get(id) for id in left} & set(right))
        named = [pair for pair in linked if any(pair.ids[side] in ids[side] for side in SIDES)]
        torn = any(self._left_another(rows, pair, self._family(Side.LEFT, pair.ids[Side.LEFT])) for pair in named)
        if not same and not torn and not self._cleared(rows, ids) and not self._left_a_gone_one(rows):
            raise Broken("A4", f"{[row.id for row in rows.values()]} belong to {left} and {right}")

    def _cleared(self, rows: dict[Side, Row], ids: dict[Side, tuple[str, ...]]) -> bool:
        """Tell whether an app that holds one holds none since a person wants it so."""
        last = {op.side: op for op in self.ops if self._same(op.side, op.thing, rows[op.side].id)}
        single = [side for side in SIDES if not self.homes.fields[side].multi_valued]
        return any(not ids[side] and side in last and not last[side].came for side in single)

    # --- helpers --------------------------------------------------------------------------------

    def linked_homes(self) -> list[Pair]:
        """Return the linked homes, by the sides of the things."""
        sides = (Side.RIGHT, Side.LEFT) if self.homes.turned else SIDES
        sql = "SELECT left_id, right_id, created_at FROM link WHERE sync_id=%s AND state='active'"
        return [Pair(dict(zip(sides, ids, strict=True)), at) for *ids, at in db.rows(sql, (self.homes.sync.pk,))]

    def _is_there(self, pair: Pair) -> bool:
        return all(self.homes.apps[side].rows[id].live for side, id in pair.ids.items())

    def _family(self, side: Side, id: str) -> dict[Side, set[str]]:
        """Return all homes of both apps that this one was ever linked with, or merged with, through others too."""
        found: dict[Side, set[str]] = {side: {id}, side.other: set()}
        pairs = [{Side.LEFT: left, Side.RIGHT: right} for left, right in self.ever]
        merged = [
            {Side.LEFT if name == self.homes.apps[Side.LEFT].name else Side.RIGHT: (old, new)}
            for (name, old), new in self.homes.beside.merged.items()
        ]
        while True:
            before = sum(map(len, found.values()))
            for pair in pairs:
                if any(pair[each] in found[each] for each in SIDES):
                    for each in SIDES:
                        found[each].add(pair[each])
            for each in merged:
                for where, ids in each.items():
                    if found[where] & set(ids):
                        found[where] |= set(ids)
            if sum(map(len, found.values())) == before:
                return found

    def _is(self, side: Side, old: str, now: str) -> bool:
        """Tell whether a home is this one, or was merged into it."""
        return self.homes.of_homes.same(self.homes.apps[side].name, old, now)

    def _same(self, side: Side, old: str, now: str) -> bool:
        return self.homes.schedule.oracle.same(self.homes.schedule.apps[side].name, old, now)
