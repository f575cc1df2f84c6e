"""A person who decides who belongs together: links, unlinks, keeps apart, declares new, leaves out, takes it back."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, holds, journal, left_out, links
from bothways.ledger.holds import HoldRow
from bothways.sync import decisions
from bothways.sync.merges import RULE
from tests.sim.oracle import Broken, source_of
from tests.sim.world import World, Write

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

End = tuple[Side, str]


@dataclass(frozen=True)
class _Carried:
    """What a write carries over: the records at both ends, and the link by which it does."""

    at: dict[Side, str]
    link_id: int


class Deciding:
    """What people decide between the runs, and what must hold of it whatever happens to the records.

    Q3: of two that a person parted nothing is carried over to each other; nobody is made for one that was unlinked or
    left out. That is true of what an app has merged such a record into, unless it has its partner by the other one.
    Q4: two that a person linked are linked.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"deciding {schedule.world.seed}")
        self.on = self.chance.random() < 0.4 and not schedule.homes.on
        self.parted: dict[tuple[str, str], int] = {}
        self.alone: dict[End, int] = {}
        self.out: dict[End, int] = {}
        self.new: set[End] = set()
        self.linked: dict[End, str] = {}
        self.given: set[tuple[str, str]] = set()
        self.ends: dict[int, set[End]] = {}

    @property
    def world(self) -> World:
        return self.schedule.world

    # --- what people do -------------------------------------------------------------------------

    def act(self) -> None:
        """Decide something between two runs."""
        if not self.on:
            return
        self._remember_links()
        if self.chance.random() < 0.3:
            return
        deeds: tuple[Callable[[], None], ...] = (
            self._unlink,
            self._link,
            self._link,
            self._keep_apart,
            self._leave_out,
            self._leave_out,
            self._make_new,
            self._take_back,
        )
        with db.transaction_():
            self.chance.choice(deeds)()

    def _remember_links(self) -> None:
        """Take note of which records each link has: one that is paused stands in no journal."""
        sql = "SELECT id, left_id, right_id FROM link WHERE sync_id=%s AND state='active'"
        for link_id, *ids in db.rows(sql, (self.schedule.sync.pk,)):
            self.ends.setdefault(link_id, set()).update(zip(SIDES, ids, strict=True))

    def forget(self) -> None:
        """Expect nothing of what was decided so far."""
        for known in (self.parted, self.alone, self.out, self.new, self.linked, self.given):
            known.clear()

    def brought(self, left: str, right: str) -> None:
        """Take in that a person has linked two themselves: what they decided of these before is taken back by that."""
        self.given.add((left, right))
        were = {Side.LEFT: self._origins(Side.LEFT, left), Side.RIGHT: self._origins(Side.RIGHT, right)}
        for pair in [
            each for each in self.parted if all(id in were[side] for side, id in zip(SIDES, each, strict=True))
        ]:
            del self.parted[pair]

    def _link(self) -> None:
        """Link two of which one waits to be told whom it belongs to, and neither has a partner."""
        sync, rows = self.schedule.sync, {side: self.schedule.apps[side].rows for side in SIDES}
        for hold in self._one_held():
            side = Side(hold.side)
            others = [str(id) for each, id in hold.data.get("candidates", ()) if each == side.other]
            taken = links.live_by_record(sync, side.other, others)
            free = [id for id in others if id not in taken and rows[side.other][id].live]
            if free and rows[side][hold.record_id].live and hold.rule != RULE:
                ids = {side: hold.record_id, side.other: self.chance.choice(free)}
                self.world.say(f"linked by a person: {ids[Side.LEFT]} and {ids[Side.RIGHT]}")
                decisions.choose(sync, ids, self.world.now)
                self.brought(ids[Side.LEFT], ids[Side.RIGHT])
                for end in ids.items():
                    self._forget_one(end)
                self.linked |= {end: ids[end[0].other] for end in ids.items()}

    def _forget_one(self, end: End) -> None:
        """Expect nothing of a record any more that was decided before."""
        side, id = end
        for old in self._origins(side, id):
            for known in (self.alone, self.out, self.linked):
                known.pop((side, old), None)
            self.new.discard((side, old))

    def _unlink(self) -> None:
        sync, apps = self.schedule.sync, self.schedule.apps
        sql = "SELECT id FROM link WHERE sync_id=%s AND state='active' ORDER BY id"
        found = links.by_id(id for (id,) in db.rows(sql, (sync.pk,)))
        busy = journal.open_link_ids(sync)
        there = [
            link
            for link in found.values()
            if link.id not in busy and all(apps[side].rows[str(link.on(side))].live for side in SIDES)
        ]
        if there:
            link = self.chance.choice(there)
            pair = str(link.left_id), str(link.right_id)
            self.world.say(f"unlinked: {pair}")
            decisions.unlink(sync, link, self.world.now)
            self.parted[pair] = self.world.now
            self.given.discard(pair)
            for end in zip(SIDES, pair, strict=True):
                self._forget_one(end)
                self.alone[end] = self.world.now
                self.schedule.life.together.pop(end, None)

    def _keep_apart(self) -> None:
        for hold in self._one_held():
            side = Side(hold.side)
            others = [str(id) for each, id in hold.data.get("candidates", ()) if each == side.other]
            if others:
                other = self.chance.choice(others)
                self.world.say(f"kept apart: {hold.record_id} and {other}")
                decisions.keep_apart(self.schedule.sync, side, hold.record_id, [other])
                self.linked.pop((side, hold.record_id), None)
                pair = (hold.record_id, other) if side is Side.LEFT else (other, hold.record_id)
                self.parted[pair] = self.world.now
                self.given.discard(pair)

    def _make_new(self) -> None:
        for hold in self._one_held():
            end = Side(hold.side), hold.record_id
            self.world.say(f"declared new: {hold.record_id}")
            decisions.make_new(self.schedule.sync, *end)
            self._forget_one(end)
            self.new.add(end)
            self.schedule.life.together.pop(end, None)

    def _leave_out(self) -> None:
        for hold in self._one_held():
            self.world.say(f"left out: {hold.record_id}")
            decisions.leave_out(self.schedule.sync, hold, "dana", self.world.now)
            self.linked.pop((Side(hold.side), hold.record_id), None)
            self.out[Side(hold.side), hold.record_id] = self.world.now

    def _take_back(self) -> None:
        for side in SIDES:
            for id in left_out.of_records(self.schedule.sync, side, list(self.schedule.apps[side].rows)):
                if self.chance.random() < 0.5:
                    self.world.say(f"takes part again: {id}")
                    decisions.withdraw(self.schedule.sync, side, id)
                    merged = self._origins(side, id)
                    self.out = {end: at for end, at in self.out.items() if end[0] is not side or end[1] not in merged}

    def _one_held(self) -> list[HoldRow]:
        """Return one record that waits for a person to say whom it belongs to, if any does."""
        out = {side: left_out.of_records(self.schedule.sync, side, self.schedule.apps[side].rows) for side in SIDES}
        found = [
            each
            for each in holds.page(self.schedule.sync)
            if each.kind == "match" and each.record_id not in out[Side(each.side)]
        ]
        return [self.chance.choice(found)] if found else []

    # --- what must hold -------------------------------------------------------------------------

    def on_write(self, write: Write) -> None:
        """Q3, at every write."""
        carried = self._carried(write) if self.on else None
        if carried is None:
            return
        for (left, right), at in self.parted.items():
            ends = {Side.LEFT: left, Side.RIGHT: right}
            meant = write.kind == "create" or any(self._is_another(side, ends[side], carried) for side in SIDES)
            same = all(self._became(side, ends[side], carried.at[side]) for side in SIDES)
            meant = meant or (carried.at[Side.LEFT], carried.at[Side.RIGHT]) in self.given
            if at < write.run_at and same and not meant:
                raise Broken("Q3", f"{write.app} {write.record} was written, and {left} and {right} are kept apart")
        side = self.schedule.side_of(write).other
        self._nobody_is_made(write, side, carried)
        for each in SIDES:
            new = any((each, old) in self.new for old in self._origins(each, carried.at[each]))
            for (kept, id), at in self.out.items() if not new else ():
                same = kept is each and at < write.run_at and self._became(each, id, carried.at[each])
                if same and not self._is_another(each, id, carried):
                    raise Broken("Q3", f"{write.app} {write.record} was written, and {id} is left out")

    def at_rest(self) -> None:
        """Q4, at rest, of two records that nothing has happened to."""
        world, apps = self.world, self.schedule.apps
        moved = world.deleted.keys() | world.restored.keys() | world.merged.keys() | world.merged_at.keys()
        for (side, id), partner in self.linked.items():
            ends = {side: id, side.other: partner}
            still = self.linked.get((side.other, partner)) == id
            quiet = not any((apps[each].name, one) in moved for each, one in ends.items())
            outside = any(apps[each].rows[one].outside_since is not None for each, one in ends.items())
            now = links.live_by_record(self.schedule.sync, side, [id]).get(id)
            ended = links.ended_by_record(self.schedule.sync, side, [id]).get(id)
            left = ended is not None and ended.parted and ended.on(side.other) == partner  # as the settings wanted it
            if still and quiet and not (outside or left) and (now is None or now.on(side.other) != partner):
                raise Broken("Q4", f"{id} and {partner} were linked by a person, and are not")

    def is_meant(self, write: Write) -> bool:
        """Tell whether a record was made on a person's word, or beside those that they kept it apart from."""
        side, source = self.schedule.side_of(write).other, str(source_of(write))
        ends = {(side, old) for old in self._origins(side, source)}
        apart = {pair[SIDES.index(side)] for pair in self.parted}
        return bool(ends & self.new) or not apart.isdisjoint(id for _, id in ends)

    def is_left_out(self, side: Side, id: str) -> bool:
        """Tell whether a record is left out by a person, or what was merged into it is."""
        return any((side, old) in self.out for old in self._origins(side, id))

    def _nobody_is_made(self, write: Write, side: Side, carried: _Carried) -> None:
        for (kept, id), at in self.alone.items():
            same = kept is side and at < write.run_at and self._became(side, id, carried.at[side])
            new = any((side, old) in self.new for old in self._origins(side, carried.at[side]))
            if write.kind == "create" and same and not new and not self._is_another(side, id, carried):
                raise Broken("Q3", f"{write.app} {write.record} was made of {id}, which was unlinked")

    def _carried(self, write: Write) -> _Carried | None:
        source = source_of(write)
        found = db.one("SELECT link_id FROM journal WHERE id=%s", (int(write.key),))
        if source is None or found is None or found[0] is None:
            return None
        side = self.schedule.side_of(write)
        return _Carried({side: write.record, side.other: source}, int(found[0]))

    def _became(self, side: Side, id: str, now: str) -> bool:
        """Tell whether a record is another by now, by merges that the sync has found."""
        feed, app = self.schedule.feeds[side].pk, self.schedule.apps[side].name
        while id != now:
            found = db.value("SELECT state FROM seen WHERE feed_id=%s AND record_id=%s", (feed, id))
            if found != "merged" or (app, id) not in self.world.merged:
                return False
            id = self.world.merged[app, id]
        return True

    def _origins(self, side: Side, id: str) -> set[str]:
        """Return a record and all that were merged into it."""
        app = self.schedule.apps[side]
        return {old for old in app.rows if self.schedule.oracle.same(app.name, old, id)}

    def _is_another(self, side: Side, id: str, carried: _Carried) -> bool:
        """Tell whether a link is there since another record, which was merged with this one, has it, or was to."""
        app = self.schedule.apps[side]
        others = self._origins(side, carried.at[side]) - {id}
        if not app.traits.merge_redirects:  # then what this one became was nobody before
            others = {old for old in others if not self.schedule.oracle.same(app.name, id, old)}
        by_person = any(self.linked.get((side, each)) == carried.at[side.other] for each in others)
        return by_person or bool(others & self._ever_at(side, carried.link_id))

    def _ever_at(self, side: Side, link_id: int) -> set[str]:
        """Return which records of one side a link ever had, as far as was seen or the journal tells."""
        found = {id for each, id in self.ends.get(link_id, ()) if each is side}
        for at, id, data in db.rows("SELECT side, record_id, data FROM journal WHERE link_id=%s", (link_id,)):
            source = json.loads(data)["more"].get("source_id")
            found |= {str(id)} if at == side else {str(source)} if source else set()
        return found
