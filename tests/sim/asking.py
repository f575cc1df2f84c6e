"""Differences that a person is asked about, in the simulator: decided at random moments, or never."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Wins
from bothways.ledger import db, holds, links
from bothways.ledger.holds import HoldRow
from bothways.sync.held import answer
from tests.sim.apps import Row
from tests.sim.oracle import Broken, source_of
from tests.sim.world import Write, loose

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule


@dataclass(frozen=True)
class Decision:
    """What the person decided about one field of a pair: the values seen, and what each side is to hold."""

    field: str
    seen: dict[str, str]
    values: dict[str, str]
    at: int


class Asking:
    """Who wins which field in a world, the person who is asked, and what must hold of it."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"asking {schedule.world.seed}")
        free = [name for name in ("a", "b") if name not in schedule.one_way and name not in schedule.narrowed]
        drawn = {name: self.chance.choice((None, None, None, Wins.ASK, Wins.ASK, Wins.NEWEST)) for name in free}
        self.winners = {name: wins for name, wins in drawn.items() if wins}
        self.decisions: list[Decision] = []
        self.waited: set[tuple[Side, str, str]] = set()
        self.checked = 0

    def decide(self, probability: float) -> bool:
        """Let the person decide some of what waits, now, or take it back; tell whether anything was decided."""
        before = len(self.decisions)
        asked = holds.page(self.schedule.sync) if Wins.ASK in self.winners.values() else []
        for hold in (each for each in asked if each.kind == "conflict"):
            if not hold.data.get("decided"):
                if self.chance.random() < probability:
                    self._decide(hold)
            elif not self.schedule.world.calm and self.chance.random() < 0.3:
                self.schedule.world.say(f"taken back: {hold.record_id}.{hold.field}")
                self._answer(hold, None)
        return len(self.decisions) > before

    def _decide(self, hold: HoldRow) -> None:
        world, seen = self.schedule.world, hold.data["values"]
        field = hold.field.partition("=")[0]
        source = self.chance.choice((*SIDES, None))
        word = f"q{len(self.decisions)}q{world.seed}q"
        values = {str(source.other): seen[source]} if source else {str(side): word for side in SIDES}
        self.decisions.append(Decision(field, seen, values, world.now))
        world.say(f"decided {hold.record_id}.{field}: {seen} -> {values}")
        self._answer(hold, {"seen": seen, "values": values, "words": "decided"})

    def _answer(self, hold: HoldRow, decision: dict[str, Any] | None) -> None:
        with db.transaction_():
            answer(self.schedule.sync, hold, decision)

    def after_run(self) -> None:
        """Q1: what two people typed apart from each other is written over by a decision alone, made on these values."""
        if Wins.ASK in self.winners.values():
            found = (hold for hold in holds.page(self.schedule.sync) if hold.kind == "conflict")
            self.waited |= {(Side(each.side), each.record_id, each.field.partition("=")[0]) for each in found}
        writes = self.schedule.world.writes
        for place, write in enumerate(writes[self.checked :], start=self.checked):
            for name, wins in self.winners.items():
                if wins is Wins.ASK and write.kind == "update" and name in write.values and name not in write.late:
                    self._check(place, write, name)
        self.checked = len(writes)

    def _check(self, place: int, write: Write, name: str) -> None:
        world, held, value = self.schedule.world, loose(write.held[name]), loose(write.values[name])
        if not held or held == value:
            return
        typed = {edit.app for edit in world.edits if edit.field == name and loose(edit.value) == held}
        carried = any(loose(each.values.get(name)) == held for each in world.writes[:place] if each.app != write.app)
        if typed == {write.app} and not carried and not self._agreed(write, name) and not self.decided(write, name):
            raise Broken(
                "Q1", f"{held!r} of {write.app} {write.record}.{name} was replaced by {value!r}; nobody was asked"
            )

    def _agreed(self, write: Write, name: str) -> bool:
        """Tell whether what was replaced may have stood there before the line: then it was no difference any more."""
        row = next(app.rows[write.record] for app in self.schedule.apps.values() if app.name == write.app)
        held = loose(write.held[name])
        at = [edit.at for edit in self.schedule.world.edits if edit.field == name and loose(edit.value) == held]
        return self.schedule.line.was_before(min(at, default=0), row)

    def asked(self, write: Write, name: str) -> bool:
        """Tell whether a question waited here: until it is settled, nothing becomes known, and a blank is filled."""
        side = self.schedule.side_of(write)
        return bool(self.waited & {(side, write.record, name), (side.other, str(source_of(write)), name)})

    def decided(self, write: Write, name: str) -> bool:
        """Tell whether a write is what the person decided, over the value they saw, or what was typed over that.

        What was decided stands there itself where one half of it was written, and a person typed it once more.
        """
        side = str(next(side for side, app in self.schedule.apps.items() if app.name == write.app))
        return any(
            each.field == name
            and (name in write.late or loose(write.held[name]) in (loose(each.seen[side]), loose(each.values[side])))
            and (loose(each.values[side]) == loose(write.values[name]) or self._typed_over(each, write, name))
            for each in self.decisions
            if side in each.values and each.at <= write.at
        )

    def _typed_over(self, decision: Decision, write: Write, name: str) -> bool:
        """Tell whether the written value came in the other app over the one decided for both: typed, or by a merge."""
        world, value = self.schedule.world, loose(write.values[name])
        other = self.schedule.apps[self.schedule.side_of(write).other].name
        typed = (edit.at for edit in world.edits if (edit.app, edit.field, loose(edit.value)) == (other, name, value))
        since = (*typed, world.merged_at.get((other, str(source_of(write))), 0))
        return len(decision.values) == len(SIDES) and max(since) >= decision.at

    def half_done(self, left: Row, right: Row, name: str) -> bool:
        """Tell whether a decision for both was written to one alone, since the other was deleted right then."""
        sql = (
            "SELECT j.data FROM journal j JOIN link l ON l.id=j.link_id "
            "WHERE l.left_id=%s AND l.right_id=%s AND j.message='not written: gone'"
        )
        found = [json.loads(data) for (data,) in db.rows(sql, (left.id, right.id))]
        return any(key.partition("=")[0] == name for each in found for key in each["more"].get("both", ()))

    def at_rest(self) -> None:
        """Q2: every decision was carried out, refused by the app, or asked anew since a value had changed."""
        for hold in holds.page(self.schedule.sync):
            decided = hold.data.get("decided") if hold.kind == "conflict" else None
            if decided and not self._refused(decided["values"]) and not self._refused(self._held_now(hold)):
                raise Broken("Q2", f"{hold.record_id}.{hold.field} was decided, and is not carried out")

    def _held_now(self, hold: HoldRow) -> dict[str, str]:
        """Return what would be written over a decision that a later edit has overtaken: a blank is filled."""
        side, field = Side(hold.side), hold.field.partition("=")[0]
        if held := self.schedule.apps[side].rows[hold.record_id].values[field]:
            return {str(side.other): held}
        link = links.live_by_record(self.schedule.sync, side, [hold.record_id])[hold.record_id]
        return {str(side): self.schedule.apps[side.other].rows[str(link.on(side.other))].values[field] or ""}

    def _refused(self, values: dict[str, str]) -> bool:
        return any(self.schedule.apps[Side(side)].refuses(value) for side, value in values.items())
