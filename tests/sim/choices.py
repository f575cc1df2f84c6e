"""Choices whose unpaired options are left out: they never overwrite, never clear, and hold nothing else up."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap
from bothways.ledger import db
from bothways.records import Choices, Field, FieldType, Option, Unpaired
from tests.sim.apps import PICK, Row
from tests.sim.lists import TO
from tests.sim.oracle import Broken, source_of
from tests.sim.world import Write

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

OPTIONS = {Side.LEFT: ("new", "won", "lost", "old"), Side.RIGHT: ("fresh", "gained", "gone", "stale")}
PAIRS = (("new", "fresh"), ("won", "gained"))
PARTNERS = {Side.LEFT: {right: left for left, right in PAIRS}, Side.RIGHT: dict(PAIRS)}
"""What a value of the other side becomes on a side."""


class Picks:
    """The choice of a world, if it has one: who chooses, and what must hold."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"choices {schedule.world.seed}")
        self.on = self.chance.random() < 0.2
        self.clears = self.chance.random() < 0.4
        self.to: Side | None = self.chance.choice((None, None, None, None, *SIDES))
        self.cleared: set[tuple[str, str]] = set()

    @property
    def maps(self) -> tuple[FieldMap, ...]:
        """The mapping of the choice, if this world has one."""
        fields = [
            Field(PICK, FieldType.CHOICE, options=tuple(Option(key, key) for key in OPTIONS[side])) for side in SIDES
        ]
        left, right = fields
        ways = (
            Choices(right, left, tuple(PARTNERS[Side.LEFT].items()), Unpaired.LEAVE_OUT),
            Choices(left, right, tuple(PARTNERS[Side.RIGHT].items()), Unpaired.LEAVE_OUT),
        )
        direction: Direction = TO[self.to]
        return (FieldMap(left, right, direction, clearing_follows=self.clears, choices=ways),) if self.on else ()

    def act(self) -> None:
        """Let a user choose something else, or nothing, in one record."""
        if not self.on or self.chance.random() < 0.4:
            return
        side = self.chance.choice(SIDES)
        app = self.schedule.apps[side]
        if not (rows := app.live()):
            return
        row = self.chance.choice(rows)
        value = self.chance.choice((*OPTIONS[side], None))
        if value == row.values[PICK]:
            return
        if value is None:
            self.cleared.add((app.name, row.id))
        app.user_sets(row, PICK, value)

    def on_write(self, write: Write) -> None:
        """P1: what is written is the partner of what the other side holds, and nothing where that has none."""
        if PICK not in write.values:
            return
        side = self.schedule.side_of(write)
        source = self.schedule.apps[side.other].rows.get(str(source_of(write)))
        if self.to not in (None, side) or source is None:
            raise Broken("P1", f"the choice of {write.app} {write.record} was written, and nothing flows there")
        if source.changed.get(PICK, 0) >= source.read_at:
            return
        chosen, sent = source.values[PICK], write.values[PICK]
        fits = self.clears if chosen is None else chosen in PARTNERS[side]
        if not fits or sent != PARTNERS[side].get(chosen or ""):
            raise Broken("P1", f"{sent!r} was written to {write.app} {write.record}, for {chosen!r} of {source.id}")

    def at_rest(self) -> None:
        """P2: what is paired came across; what is not holds nothing up."""
        if not self.on:
            return
        sync, apps, oracle = self.schedule.sync, self.schedule.apps, self.schedule.oracle
        sql = "SELECT side, record_id FROM hold WHERE sync_id=%s AND field=%s AND rule='F6' AND kind='value'"
        for side, id in db.rows(sql, (sync.pk, f"{PICK}={PICK}")):
            raise Broken("P2", f"{id} of {apps[Side(side)].name} is held for a choice that is to be left out")
        held = oracle.held()
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state='active'"
        for ids in db.rows(sql, (sync.pk,)):
            rows = {side: apps[side].rows[id] for side, id in zip(SIDES, ids, strict=True)}
            left, right = rows.values()
            still = oracle.outside(left, right) or oracle.agreed(left, right, PICK) or self.to is not None
            if not still and not any((str(side), row.id) in held for side, row in rows.items()):
                self._agree(left, right)

    def _agree(self, left: Row, right: Row) -> None:
        here, there = left.values[PICK], right.values[PICK]
        paired = here in PARTNERS[Side.RIGHT] or here is None, there in PARTNERS[Side.LEFT] or there is None
        if not all(paired) or here == PARTNERS[Side.LEFT].get(there or ""):
            return
        blank = left if here is None else right if there is None else None
        app = self.schedule.apps[Side.LEFT if blank is left else Side.RIGHT].name
        if blank is None or not any(
            each == app and self.schedule.oracle.same(app, id, blank.id) for each, id in self.cleared
        ):
            raise Broken("P2", f"{left.id}-{right.id}: {here!r} and {there!r}")
