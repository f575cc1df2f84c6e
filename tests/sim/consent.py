"""Consent in the simulator: users opt people out and in again; nobody is ever opted in by the sync alone."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap
from bothways.ledger import db
from bothways.records import Field, FieldType
from tests.sim.apps import CONSENT, Row
from tests.sim.oracle import Broken
from tests.sim.world import Write, loose

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

TO = {Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}


class Consent:
    """The field of consent of a world, if it has one: what it means on each side, who acts, and what must hold."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"consent {schedule.world.seed}")
        self.on = self.chance.random() < 0.25
        self.means = (True, self.chance.random() < 0.6)
        self.to: Side | None = self.chance.choice((None, None, None, *SIDES))
        self.opted_in: dict[tuple[str, str], int] = {}
        self.was_out: set[tuple[str, str]] = set()
        self.checked = 0

    @property
    def maps(self) -> tuple[FieldMap, ...]:
        """The mapping of consent, if this world has one."""
        field = Field(CONSENT, FieldType.BOOLEAN)
        direction = TO[self.to] if self.to else Direction.BOTH
        return (FieldMap(field, field, direction, consent=self.means),) if self.on else ()

    def is_out(self, side: Side, value: str | None) -> bool:
        """Tell whether a value of one side says opted out."""
        return loose(value) == str(self.means[SIDES.index(side)]).lower()

    def act(self) -> None:
        """Let a user opt somebody out or in, or clear the field."""
        if not self.on or self.chance.random() < 0.5:
            return
        side = self.chance.choice(SIDES)
        app = self.schedule.apps[side]
        rows = app.live()
        if not rows:
            return
        row = self.chance.choice(rows)
        out = self.means[SIDES.index(side)]
        value = self.chance.choice((str(out).lower(), str(out).lower(), str(not out).lower(), None))
        who = (app.name, row.id)
        if self.is_out(side, row.values[CONSENT]):
            self.was_out.add(who)
        if self.is_out(side, value):
            self.opted_in.pop(who, None)
        elif value == str(not out).lower() and who in self.was_out:
            self.opted_in.setdefault(who, self.schedule.world.now)
        app.user_consents(row, value)

    def after_run(self) -> None:
        """C1: no write takes an opting out away, unless a person did so in the other app; copies carry it."""
        world = self.schedule.world
        for write in world.writes[self.checked :] if self.on else ():
            side = next(side for side, app in self.schedule.apps.items() if app.name == write.app)
            if self._opts_in(side, write) and CONSENT not in write.late and not self._meant(side, write):
                raise Broken("C1", f"{write.app} {write.record} was opted in by the sync")
            if write.kind == "create":
                self._copied(side, write)
        self.checked = len(world.writes)

    def after_undo(self, writes: Iterable[Write]) -> None:
        """C1: an undo never opts anybody in."""
        for write in writes if self.on else ():
            side = next(side for side, app in self.schedule.apps.items() if app.name == write.app)
            if self._opts_in(side, write) and CONSENT not in write.late:
                raise Broken("C1", f"{write.app} {write.record} was opted in by an undo")
        self.checked = len(self.schedule.world.writes)

    def at_rest(self) -> None:
        """C2: where one side of a pair is opted out, the other is too, or it is reported that it cannot be."""
        if not self.on:
            return
        sync = self.schedule.sync
        held = {(each[0], each[1]) for each in db.rows("SELECT side, record_id FROM hold WHERE sync_id=%s", (sync.pk,))}
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state='active'"
        for ids in db.rows(sql, (sync.pk,)):
            rows = {side: self.schedule.apps[side].rows[id] for side, id in zip(SIDES, ids, strict=True)}
            out = [side for side in SIDES if self.is_out(side, rows[side].values[CONSENT])]
            if len(out) == 1 and not self._excused(rows, held):
                raise Broken(
                    "C2", f"{ids} is opted out in {self.schedule.apps[out[0]].name} alone, and nothing says so"
                )

    def _excused(self, rows: dict[Side, Row], held: set[tuple[str, str]]) -> bool:
        outside = self.schedule.oracle.outside(rows[Side.LEFT], rows[Side.RIGHT])
        return outside or any((str(side), row.id) in held for side, row in rows.items())

    def _opts_in(self, side: Side, write: Write) -> bool:
        updates = write.kind == "update" and CONSENT in write.values
        return updates and self.is_out(side, write.held[CONSENT]) and not self.is_out(side, write.values[CONSENT])

    def _source(self, write: Write) -> str | None:
        data = db.value("SELECT data FROM journal WHERE id=%s", (int(write.key),))
        return json.loads(data)["more"].get("source_id") if data else None

    def _meant(self, side: Side, write: Write) -> bool:
        """Tell whether a person opted the partner in before."""
        at = self.opted_in.get((self.schedule.apps[side.other].name, str(self._source(write))))
        return at is not None and at <= write.at

    def _copied(self, side: Side, write: Write) -> None:
        source = self.schedule.apps[side.other].rows.get(str(self._source(write)))
        if source is None or self.to not in (None, side) or source.changed.get(CONSENT, 0) >= write.run_at:
            return
        if self.is_out(side.other, source.values[CONSENT]) and not self.is_out(side, write.values.get(CONSENT)):
            raise Broken("C1", f"{write.app} {write.record} was made of {source.id}, which is opted out, without that")
