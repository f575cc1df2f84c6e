"""Links that end by a filter: users let pairs leave, change what they are recognised by, and let them come again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from tests.sim.apps import Row

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule


class Parting:
    """Users who do so, in a world where who leaves is unlinked."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"parting {schedule.world.seed}")
        self.on = bool(schedule.scope.filters) and schedule.scope.leaving is Leaving.UNLINK

    def act(self) -> bool:
        """Let a user do one of these now and then; tell whether anything was done."""
        if not self.on or self.chance.random() >= 0.5:
            return False
        return self.chance.choice((self._leave, self._rename, self._return))()

    def _leave(self) -> bool:
        side = self.chance.choice(list(self.schedule.scope.filters))
        if pairs := self._pairs("state='active'"):
            self.schedule.apps[side].user_mark(self.chance.choice(pairs)[side], "out")
        return bool(pairs)

    def _rename(self) -> bool:
        side = self.chance.choice(SIDES)
        if pairs := self._pairs("ended_by LIKE 'R10%%'"):
            key = f"{self.schedule.world.word()}@x.test"
            self.schedule.apps[side].user_edit(self.chance.choice(pairs)[side], "key", key)
        return bool(pairs)

    def _return(self) -> bool:
        pairs = self._pairs("ended_by LIKE 'R10%%'")
        for side, row in self.chance.choice(pairs).items() if pairs else ():
            self.schedule.apps[side].user_mark(row, "in")
        return bool(pairs)

    def _pairs(self, where: str) -> list[dict[Side, Row]]:
        """Return the records of such links, where both are there."""
        sql = f"SELECT left_id, right_id FROM link WHERE sync_id=%s AND {where} ORDER BY id"
        apps = self.schedule.apps
        found = [dict(zip(SIDES, ids, strict=True)) for ids in db.rows(sql, (self.schedule.sync.pk,)) if all(ids)]
        pairs = [{side: apps[side].rows[id] for side, id in ids.items()} for ids in found]
        return [rows for rows in pairs if all(row.live for row in rows.values())]
