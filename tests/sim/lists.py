"""Lists of labelled values in the simulator: users add, change and take out values on both sides; none is lost."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap
from bothways.ledger import db
from bothways.records import Field, FieldType
from tests.sim.apps import MANY, Row
from tests.sim.oracle import Broken, source_of
from tests.sim.world import LETTERS, Write, loose

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

TO = {None: Direction.BOTH, Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}
LABELS = ("home", "work", "other")


def held_in(text: str | None) -> dict[str, str]:
    """Return the values of a list as the app keeps it, by their letters: each with its label, in their order."""
    return {loose(each.partition(":")[2]): each for each in (text or "").split()}


class Lists:
    """The list of a world, if it has one: who changes it, and what must hold. Every value is a word of its own."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"lists {schedule.world.seed}")
        self.on = self.chance.random() < 0.2
        self.clears = self.chance.random() < 0.5
        self.to: Side | None = self.chance.choice((None, None, None, None, *SIDES))
        self.words = 0
        self.added: dict[str, int] = {}
        self.removed: dict[tuple[str, str], list[tuple[str, int]]] = {}

    @property
    def maps(self) -> tuple[FieldMap, ...]:
        """The mapping of the list, if this world has one."""
        field = Field(MANY, FieldType.LABELLED)
        return (FieldMap(field, field, TO[self.to], clearing_follows=self.clears),) if self.on else ()

    # --- what users do --------------------------------------------------------------------------

    def act(self) -> None:
        """Let a user do something to a list, or two users to both lists of a pair."""
        if not self.on or self.chance.random() < 0.4:
            return
        if self.chance.random() < 0.25:
            pairs = self._pairs()
            for side, row in self.chance.choice(pairs).items() if pairs else ():
                self._change(side, row)
            return
        side = self.chance.choice(SIDES)
        if rows := self.schedule.apps[side].live():
            self._change(side, self.chance.choice(rows))

    def _pairs(self) -> list[dict[Side, Row]]:
        apps = self.schedule.apps
        found = [
            {side: apps[side].rows[id] for side, id in zip(SIDES, ids, strict=True)}
            for ids in self._linked()
            if all(ids)
        ]
        return [rows for rows in found if all(row.live for row in rows.values())]

    def _linked(self) -> list[tuple[str, str]]:
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state='active' ORDER BY id"
        return [(left, right) for left, right in db.rows(sql, (self.schedule.sync.pk,))]

    def _change(self, side: Side, row: Row) -> None:
        deed = self.chance.choice(
            (self._add, self._add, self._add, self._take_out, self._edit, self._turn, self._empty)
        )
        before = (row.values[MANY] or "").split()
        after = deed(list(before))
        if after == before:
            return
        app, now = self.schedule.apps[side], self.schedule.world.now
        held, left = held_in(row.values[MANY]), held_in(" ".join(after))
        self.added |= dict.fromkeys(left.keys() - held.keys(), now)
        gone = self.removed.setdefault((app.name, row.id), [])
        gone += [(word, now) for word in held if word not in left]
        app.user_sets(row, MANY, " ".join(after) or None)

    def _add(self, items: list[str]) -> list[str]:
        items.insert(self.chance.randint(0, len(items)), f"{self.chance.choice(LABELS)}:{self._word()}")
        return items

    def _take_out(self, items: list[str]) -> list[str]:
        for place in self.chance.sample(range(len(items)), min(1, len(items))):
            del items[place]
        return items

    def _edit(self, items: list[str]) -> list[str]:
        for place in self.chance.sample(range(len(items)), min(1, len(items))):
            items[place] = f"{items[place].partition(':')[0]}:{self._word()}"
        return items

    def _turn(self, items: list[str]) -> list[str]:
        return [f"{self.chance.choice(LABELS)}:{item.partition(':')[2]}" for item in reversed(items)]

    def _empty(self, items: list[str]) -> list[str]:
        return [] if self.chance.random() < 0.3 else self._add(items)

    def _word(self) -> str:
        self.words += 1
        number, text = self.words, ""
        while number:
            number, digit = divmod(number, len(LETTERS))
            text = LETTERS[digit] + text
        return f"o{text}{'ze' if self.chance.random() < 0.03 else 'u'}"

    # --- what must hold -------------------------------------------------------------------------

    def on_write(self, write: Write) -> None:
        """V1: a write takes out what a person took out, brings what is there, and leaves the rest in its place."""
        if MANY not in write.values or MANY in write.late:
            return
        side = self.schedule.side_of(write)
        source = self.schedule.apps[side.other].rows.get(str(source_of(write)))
        if self.to not in (None, side) or source is None:
            raise Broken("V1", f"the list of {write.app} {write.record} was written, and nothing flows there")
        held, sent = held_in(write.held[MANY]), held_in(write.values[MANY])
        for word in held.keys() - sent.keys():
            if not (self.clears and self._taken_out(side.other, source.id, word)):
                raise Broken("V1", f"{word!r} was taken out of {write.app} {write.record}, and nobody had done so")
        kept = [item for word, item in held.items() if word in sent]
        if list(sent.values())[: len(kept)] != kept:
            raise Broken("V1", f"what {write.app} {write.record} held was put in another order, or labelled anew")
        self._brought(write, side, source, sent.keys() - held.keys())

    def _brought(self, write: Write, side: Side, source: Row, words: Collection[str]) -> None:
        fresh = source.changed.get(MANY, 0) < source.read_at
        for word in words:
            if fresh and word not in held_in(source.values[MANY]):
                raise Broken("V1", f"{word!r} came to {write.app} {write.record}, and {source.id} does not hold it")
            gone = self._taken_out(side, write.record, word)
            linked = gone and self.schedule.oracle.linked_since(write)
            known = linked < gone < write.read_at and self.added.get(word, 0) < gone
            ends = ((write.app, write.record), (self.schedule.apps[side.other].name, source.id))
            known = known and not any(self.schedule.oracle.merged_unread(*end, gone) for end in ends)
            if gone and known and not self._unsure(write, word):
                raise Broken("V2", f"{word!r} was taken out of {write.app} {write.record}, and came back")

    def _taken_out(self, side: Side, record: str, word: str) -> int:
        """Return when a person took a value out of a record, or of one merged into it; 0 if nobody did."""
        app, same = self.schedule.apps[side].name, self.schedule.oracle.same
        found = [
            at
            for (name, id), gone in self.removed.items()
            if name == app and same(app, id, record)
            for each, at in gone
            if each == word
        ]
        return max(found, default=0)

    def _unsure(self, write: Write, word: str) -> bool:
        """Tell whether the same value was sent before and the answer was lost: nobody can tell that it was there."""
        for earlier in self.schedule.world.writes:
            same = earlier.app == write.app and earlier.record == write.record and earlier.key != write.key
            if same and word in held_in(earlier.values.get(MANY)):
                state, message = db.one("SELECT state, message FROM journal WHERE id=%s", (int(earlier.key),))
                if state != "done" or message == "found out afterwards":
                    return True
        return False

    def at_rest(self) -> None:
        """V3: what one side of a pair holds and may give, the other holds too, unless a person took it out there."""
        if not self.on:
            return
        oracle = self.schedule.oracle
        held = oracle.held()
        for rows in self._pairs():
            left, right = rows.values()
            if oracle.outside(left, right) or any((str(side), row.id) in held for side, row in rows.items()):
                continue
            for side in SIDES if self.to is None else (self.to,):
                self._has_all(side, rows[side], rows[side.other])

    def _has_all(self, side: Side, row: Row, source: Row) -> None:
        app = self.schedule.apps[side].name
        merged = (app, row.id) in self.schedule.world.merged_at
        for word in held_in(source.values[MANY]).keys() - held_in(row.values[MANY]).keys():
            before = self.schedule.line.was_before(self.added[word], row, source)
            if not merged and not before and not self._taken_out(side, row.id, word):
                raise Broken("V3", f"{source.id} holds {word!r}, {app} {row.id} does not, and nobody took it out")
