"""The hands of a soak's people: how they choose a record, and save a value with note of what it was written over."""

import heapq
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.soak_books import HUBSPOT, OBJECTS, PARENTS, STAGES, Sizes, is_lonely, key_of, same
from bench.soak_desks import Account, Tables
from bench.soak_story import Edit, Story

QUIET = 30.0
"""Seconds for which nobody has touched what is merged, deleted or made a second time: people look before."""

KNOWN = 600.0
"""Seconds after which a new record has surely met its partner: before that, both sides may not yet know that what they
have is the same, and another key or a deletion on one side would be right to part them."""

HOT = 40
"""So many records of each object are at hand more often than others: both sides edit them."""


class Hands:
    """What people can do at both desks. ``refused``: how many of their deeds an app did not take."""

    def __init__(self, story: Story, sizes: Sizes, account: Account, tables: Tables, chance: random.Random) -> None:
        self.story, self.account, self.tables, self.chance = story, account, tables, chance
        self.next = {object: sizes.of(object) for object in OBJECTS}
        self.count, self.refused = 0, 0
        self.merged: dict[tuple[str, int], int] = {}
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    # --- choosing -----------------------------------------------------------------------------------------

    def _object(self) -> str:
        return self.chance.choices(OBJECTS, (15, 70, 15))[0]

    def _side(self) -> str:
        return self.chance.choice(("hubspot", "erp"))

    def _some(
        self,
        object: str,
        *,
        quiet: bool = False,
        known: bool = False,
        lonely: bool = False,
        deals_in_list: bool = False,
    ) -> int | None:
        """Return the number of a record that both sides have and nobody keeps, None if none is met.

        ``known``: it was there for long. ``quiet``: that, both sides hold the same, and nobody touched it for a while.
        """
        for _ in range(40):
            hot = not lonely and self.chance.random() < 0.25
            number = self.chance.randrange(min(HOT, self.next[object]) if hot else self.next[object])
            number -= number % 10 if lonely and object != "deals" else 0
            life = self.story.lives[object].get(number)
            if life is None or life.kept or not life.is_whole:
                continue
            if deals_in_list and object == "deals" and not life.listed[-1][1]:
                continue
            if (known or quiet) and any(time.time() - at < KNOWN for at in life.made.values()):
                continue
            if quiet and not (life.quiet_since(time.time() - QUIET) and self._in_step(object, number)):
                continue
            if number in self.account.ids[object] and number in self.tables.ids[object]:
                return number
        return None

    def _in_step(self, object: str, number: int) -> bool:
        """Tell whether both sides hold the same in every field, and all of them."""
        ours, theirs = self.account.held(object, number), self.tables.held(object, number)
        if ours is None or theirs is None:
            return False
        return all(ours[name] and same(name, ours[name], theirs[name]) for name in HUBSPOT[object])

    def _parent(self, object: str, name: str, side: str) -> int | None:
        """Return a company or contact that a record may belong to: one that stays."""
        other = PARENTS[object][name]
        ids: Mapping[int, Any] = self.account.ids[other] if side == "hubspot" else self.tables.ids[other]
        for _ in range(40):
            number = self.chance.randrange(self.next[other])
            life = self.story.lives[other].get(number)
            if life and not is_lonely(number) and life.is_whole and not life.kept and number in ids:
                return number
        return None

    def _value(self, object: str, number: int, name: str, held: str | None) -> str:
        """Return a new value of a field: no two are the same, but for choices."""
        self.count += 1
        if name == "stage":
            return self.chance.choice([each for each in STAGES if each != held])
        if name == "key":
            return key_of(object, number, self.count)
        if name == "phone":
            return f"+4940{self.count:08}"
        if name == "amount":
            return f"{20_000 + self.count}"
        return f"{name.capitalize()} no. {self.count}"

    def _fields(self, object: str) -> list[str]:
        return [name for name in HUBSPOT[object] if name != "key"]

    # --- saving -------------------------------------------------------------------------------------------

    def _save(self, side: str, object: str, number: int, names: list[str]) -> bool:
        """Give fields new values; False if the record is not there any more."""
        life = self.story.of(object, number)
        if life.kept and side == "erp":
            return False
        held = self._held(side, object, number)
        values = {name: self._value(object, number, name, held[name] if held else None) for name in names}
        return self._write("edit", side, object, number, values)

    def _held(self, side: str, object: str, number: int) -> dict[str, str | None] | None:
        return (self.account if side == "hubspot" else self.tables).held(object, number)

    def _write(self, deed: str, side: str, object: str, number: int, values: Mapping[str, str | None]) -> bool:
        """Save values on a side and note what they were written over; False if the record is not there any more."""
        if side == "erp":
            held = self.tables.save(object, number, values)
        elif (held := self.account.held(object, number)) is not None:
            self.account.save(object, number, values)
        if held is None:
            return False
        over = {name: held[name] for name in values}
        at = self.story.tell(deed, side, object, number, values=dict(values), over=over)
        for name in values.keys() - {"note"}:
            self.story.of(object, number).edit(name, Edit(at, side, values[name], over[name]))
        return True

    def _moved(self, side: str, object: str, number: int, name: str, to: int | None, over: int | None) -> None:
        """Note that a record belongs to another one now; those count as touched."""
        at = self.story.tell("move", side, object, number, field=name, to=to, over=over)
        value, was = (None if each is None else str(each) for each in (to, over))
        self.story.of(object, number).edit(name, Edit(at, side, value, was))
        for far in (to, over):
            if far is not None and far in self.story.lives[PARENTS[object][name]]:
                self.story.of(PARENTS[object][name], far).touched.append(at)

    def _put_off(self, seconds: float, deed: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self._later, (time.time() + seconds, self.count, deed))
