"""The end of a soak, held against what people did: record by record, from both stores, and never by the ledger."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by

from bench.soak_books import HUBSPOT, OBJECTS, PARENTS, SIDES, Books, Held, same
from bench.soak_story import CHOICES, Edit, Life, Story

AROUND = 300.0
"""Seconds before and after a deletion in which whatever was done to its partner may have kept it."""

CARRIED_BY = 600.0
"""Seconds after which a deal that left the list surely gets nothing more: lists are read every five minutes."""

Evidence = Callable[[str], bool]
Replaced = Callable[[str, str, str, float], bool]


@dataclass
class Findings:
    """What is broken, in words; and how often what is allowed has happened, by its name."""

    broken: list[str] = made_by(default_factory=list)
    seen: Counter[str] = made_by(default_factory=Counter)

    def say(self, invariant: str, what: str) -> None:
        """Note something that must not be."""
        self.broken.append(f"{invariant}: {what}")


class Check:
    """Holds both books against the story.

    ``evidence`` tells whether the journal has a value as one that lost; ``replaced`` whether the history of a record of
    HubSpot (object, id, field) shows a write of ours soon after a moment.
    """

    def __init__(self, story: Story, hubspot: Books, erp: Books, evidence: Evidence, replaced: Replaced) -> None:
        self.story, self.books = story, {"hubspot": hubspot, "erp": erp}
        self.evidence, self.replaced = evidence, replaced
        self.found = Findings()

    def all(self) -> Findings:
        """Look at every record."""
        for object, number, life in self.story.everybody():
            self._one(object, number, life)
        for side, object, number in self._unknown():
            self.found.say("I3", f"{side} has a record of {object} that nobody made: {number}")
        return self.found

    def _unknown(self) -> Iterator[tuple[str, str, int]]:
        for side, books in self.books.items():
            for object in OBJECTS:
                yield from (
                    (side, object, number) for number in books.held[object] if number not in self.story.lives[object]
                )

    def _one(self, object: str, number: int, life: Life) -> None:
        held = {}
        for side, books in self.books.items():
            there = [each for each in books.of(object, number) if not (side == "erp" and each.id in life.twins)]
            if len(there) > 1:
                self.found.say("I3", f"{object} {number} is {len(there)} times in {side}: {[row.id for row in there]}")
            if there:
                held[side] = there[0]
        name = f"{object} {number}"
        if life.absorbed:
            for side in held:
                self.found.say("merge", f"{name} was merged into another, and is still in {side} ({held[side].id})")
        elif life.alone:
            self._alone(name, life, held)
        elif life.gone:
            self._gone(object, name, life, held)
        elif self._is_there(name, life, held):
            self._pair(object, number, life, held["hubspot"], held["erp"])

    def _alone(self, name: str, life: Life, held: dict[str, Held]) -> None:
        self.found.seen["records that take no part"] += 1
        for side in SIDES:
            if side == life.alone and side not in held:
                self.found.say("deleted", f"{name} takes no part, and is gone from {side}")
            if side != life.alone and side in held:
                self.found.say("I9", f"{name} takes no part, and was made in {side}")

    def _gone(self, object: str, name: str, life: Life, held: dict[str, Held]) -> None:
        """A record that people deleted is gone; so is its partner, unless somebody touched that."""
        self.found.seen["deleted"] += 1
        for side in life.gone:
            if side in held:
                self.found.say("I5", f"{name} was deleted in {side}, and is there again ({held[side].id})")
        if len(life.gone) > 1:
            return
        ((side, at),) = life.gone.items()
        other = "erp" if side == "hubspot" else "hubspot"
        edits = [each for field in HUBSPOT[object] if (each := life.last(field, other)) and each.at > at]
        if edits and other not in held:
            self.found.say("I2", f"{name} was edited in {other} after its deletion in {side}, and is gone there")
        elif edits:
            self.found.seen["edited after a deletion: stayed"] += 1
            self._last_edits(object, name, life, held[other], other, at)
        elif other in held and not any(abs(each - at) < AROUND for each in life.touched if each != at):
            if not held[other].others:
                self.found.say("delete", f"{name} was deleted in {side}, and is still in {other} ({held[other].id})")
        elif other in held:
            self.found.seen["touched around a deletion: stayed"] += 1
        else:
            self.found.seen["deletions that followed"] += 1

    def _last_edits(self, object: str, name: str, life: Life, held: Held, side: str, at: float) -> None:
        for field in HUBSPOT[object]:
            last = life.last(field, side)
            if last and last.at > at and not same(field, last.value, held.values[field]):
                self.found.say("I2", f"{name}.{field} of {side} holds {held.values[field]!r}, not {last.value!r}")

    def _is_there(self, name: str, life: Life, held: dict[str, Held]) -> bool:
        for side in SIDES:
            if side not in held:
                was = "restored" if life.restored else "made again" if life.remade else "deleted by nobody"
                self.found.say("deleted", f"{name} is not in {side}, though it was {was}")
        return len(held) == len(SIDES)

    # --- a pair -------------------------------------------------------------------------------------------

    def _pair(self, object: str, number: int, life: Life, ours: Held, theirs: Held) -> None:
        self.found.seen["pairs"] += 1
        name = f"{object} {number}"
        if object == "deals" and not life.listed[-1][1]:
            self._outside(name, life, ours, theirs)
        else:
            for field in HUBSPOT[object]:
                values = {"hubspot": ours.values[field], "erp": theirs.values[field]}
                self._equal(object, name, field, life, values, ours.id)
            for field in PARENTS.get(object, {}):
                known = {side: each.parents[field] for side, each in (("hubspot", ours), ("erp", theirs))}
                values = {side: None if each is None else str(each) for side, each in known.items()}
                self._equal(object, name, field, life, values, ours.id)
        for side, each in (("hubspot", ours), ("erp", theirs)):
            if not (life.grew or life.restored or life.remade) and (each.note or "") != life.notes.get(side, ""):
                self.found.say("I9", f"{name}.note of {side} holds {each.note!r}, not {life.notes.get(side)!r}")

    def _equal(self, object: str, name: str, field: str, life: Life, values: dict[str, str | None], id: str) -> None:
        cleared = [side for side in SIDES if (last := life.last(field, side)) and last.value is None]
        if not same(field, values["hubspot"], values["erp"]):
            empty = [side for side in cleared if not values[side]]
            if field in CHOICES or not empty:
                self.found.say(
                    "I1", f"{name}.{field}: HubSpot holds {values['hubspot']!r}, the table {values['erp']!r}"
                )
                return
            self.found.seen["cleared on one side, which is not carried"] += 1
            values = {side: each for side, each in values.items() if side not in empty}
        value = next(iter(values.values()))
        self._judge(object, name, field, life, value, id)

    def _judge(self, object: str, name: str, field: str, life: Life, value: str | None, id: str) -> None:
        """Hold what both sides hold against the last edits of both."""
        edits = life.edits.get(field, [])
        if not edits:
            if not same(field, value, life.start[field]):
                self.found.say("I2", f"{name}.{field} holds {value!r}, though nobody edited {life.start[field]!r}")
            return
        if any(each.value is None for each in edits) and field not in CHOICES:
            if not any(same(field, value, each) for each in (life.start[field], *(edit.value for edit in edits))):
                self.found.say("I2", f"{name}.{field} holds {value!r}, which nobody typed")
            return
        last = edits[-1]
        if same(field, value, last.value):
            self.found.seen["fields that hold the last edit"] += 1
            return
        other = life.last(field, "erp" if last.side == "hubspot" else "hubspot")
        before = other.value if other else life.start[field]
        met_late = life.remade or len(life.made) > 1  # both sides held something when they were linked
        if not same(field, value, before) or (other is None and not met_late):
            story = ", ".join(f"{each.side} {each.value!r} over {each.over!r}" for each in edits[-4:])
            self.found.say("I2", f"{name}.{field} holds {value!r} after: {story}")
        elif other is None or other.side == "hubspot":
            self._hubspot_won(name, field, last, value)
        else:
            self._erp_replaced(object, name, field, last, value, id)

    def _hubspot_won(self, name: str, field: str, last: Edit, value: str | None) -> None:
        """A later edit of the table lost against HubSpot's, as the settings say: the journal keeps it."""
        if field not in CHOICES and not self.evidence(str(last.value)):
            self.found.say("I2", f"{name}.{field} holds {value!r}; {last.value!r} of the table is nowhere")
        elif last.over is not None and same(field, last.over, value) and field not in CHOICES:
            self.found.seen["edits over a write of unknown outcome that lost against HubSpot's"] += 1
        else:
            self.found.seen["conflicts: HubSpot's edit won"] += 1

    def _erp_replaced(self, object: str, name: str, field: str, last: Edit, value: str | None, id: str) -> None:
        """A later edit of HubSpot was replaced: only in the moment of our writing, which HubSpot's history tells."""
        if field in PARENTS.get(object, {}) or self.replaced(object, id, field, last.at):
            self.found.seen["edits of HubSpot replaced in the moment of writing"] += 1
        else:
            self.found.say("I2", f"{name}.{field} holds {value!r}; {last.value!r} was typed later in HubSpot and lost")

    # --- outside the list ---------------------------------------------------------------------------------

    def _outside(self, name: str, life: Life, ours: Held, theirs: Held) -> None:
        """Nothing flows to or from a deal once it is outside the list."""
        self.found.seen["deals outside the list"] += 1
        left = life.listed[-1][0] + (CARRIED_BY if any(each for _, each in life.listed) else 0.0)
        for field in HUBSPOT["deals"]:
            for side, held, partner in (("hubspot", ours, theirs), ("erp", theirs, ours)):
                last = life.last(field, side)
                if last is None or last.at < left:
                    continue
                if not same(field, held.values[field], last.value):
                    self.found.say("I9", f"{name}.{field} of {side} holds {held.values[field]!r}, not {last.value!r}")
                if field not in CHOICES and same(field, partner.values[field], last.value):
                    self.found.say("I9", f"{name}.{field}: {last.value!r} of {side} was carried from outside the list")


def without_partner(hubspot: Books, erp: Books, made: Sequence[str]) -> list[str]:
    """Return what is wrong with records that tell no number: ``made`` are the names of those that people made."""
    found = []
    count = sum(len(ids) for books in (hubspot, erp) for ids in books.strange.values())
    if count != len(made):
        found.append(f"I3: {count} records without a key, and people made {len(made)}")
    return found
