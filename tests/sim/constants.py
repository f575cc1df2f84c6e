"""Constants in the simulator: never a write of their own, and never over what the settings do not name."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Constant, When
from bothways.records import Field
from tests.sim.apps import FIXED
from tests.sim.oracle import Broken
from tests.sim.world import Write

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule


class Constants:
    """What the settings of a world set in the field that no mapping names, if anything, and what must hold."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"constants {schedule.world.seed}")
        self.of: dict[Side, Constant] = {}
        if self.chance.random() < 0.2:
            for side in self.chance.choice(((Side.LEFT,), (Side.RIGHT,), SIDES)):
                value = self.chance.choice(("From Bothways", "from the other", "set", "seize"))
                self.of[side] = Constant(side, Field(FIXED), value, self.chance.choice(tuple(When)))
        self.words = 0

    @property
    def all(self) -> tuple[Constant, ...]:
        """The constants of this world."""
        return tuple(self.of.values())

    def act(self) -> None:
        """Let a user write something of their own into the field, or empty it."""
        if not self.of or self.chance.random() < 0.6:
            return
        app = self.schedule.apps[self.chance.choice(SIDES)]
        if rows := app.live():
            self.words += 1
            app.user_sets(self.chance.choice(rows), FIXED, self.chance.choice((f"own {self.words}", None)))

    def on_write(self, write: Write) -> None:
        """S1: a constant goes into new records, with another write where the settings say so, and nowhere else."""
        constant = self.of.get(self.schedule.side_of(write))
        told = f"{FIXED} of {write.app} {write.record}"
        if FIXED not in write.values:
            refused = self.schedule.apps[self.schedule.side_of(write)].traits.refuses
            if constant and write.kind == "create" and not refused:
                raise Broken("S1", f"{told} is to be set in new records, and was not")
            return
        if constant is None or write.values[FIXED] != constant.value:
            raise Broken("S1", f"{told} was set to {write.values[FIXED]!r}, which no settings say")
        if write.kind == "update" and constant.when is When.CREATED:
            raise Broken("S1", f"{told} was set, and is to be set in new records alone")
        if write.values.keys() == {FIXED} and not write.moves:
            raise Broken("S1", f"{told} was set by a write of its own")
