"""Homes in the simulator: what things belong to, kept in step by a sync of their own between the same two apps."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bothways.engine.brakes import Guards
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, SyncSpec, by_field, feed_slots, sync_slots
from bothways.errors import AppError
from bothways.ledger import db, due
from bothways.ledger.models import Connection, Feed, Sync
from bothways.records import Field, FieldType
from bothways.sync.context import Context, End, Parents
from bothways.sync.run import run
from tests.sim.apps import FakeConnector, Row
from tests.sim.belonging import Belonging, Op
from tests.sim.housing import HOMES, Beside, Both, HomeApp, Housing, Manner, housed
from tests.sim.oracle import Oracle
from tests.sim.world import INTERVAL, Crash

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

KINDS = ("sets", "sets", "primary", "ones", "primary and one", "set and one")
"""What both apps hold: several ids, several with a primary one first, one; or the one app this and the other that."""

TO = {Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}


class Homes:
    """The homes of a world, if it has any: their apps, their sync, and the users who move things in and out."""

    def __init__(self, schedule: Schedule, guards: Guards) -> None:
        self.schedule, self.guards = schedule, guards
        self.chance = chance = random.Random(f"homes {schedule.world.seed}")
        self.on = chance.random() < 0.2
        if not self.on:
            return
        self.beside = Beside(schedule.world)
        self.kind = chance.choice(KINDS)
        self.fields = dict(zip(SIDES, _fields(self.kind, chance.random() < 0.5), strict=True))
        self.turned = chance.random() < 0.3
        self.to: Side | None = chance.choice((None, None, None, *SIDES))
        self.manners = {
            side: Manner(chance.random() < 0.6, chance.random() < 0.2, chance.random() < 0.15) for side in SIDES
        }
        self.oracle, self.running = Belonging(self), False
        self.apps = {
            side: HomeApp(app, self.beside, str(place), self._rehouser(side))
            for place, (side, app) in enumerate(schedule.apps.items(), start=1)
        }

    @property
    def maps(self) -> tuple[FieldMap, ...]:
        """The mapping of what a thing belongs to, if this world has homes."""
        return (FieldMap(self.fields[Side.LEFT], self.fields[Side.RIGHT], through=HOMES),) if self.on else ()

    @property
    def parents(self) -> dict[str, Parents]:
        """What the sync of the things needs to know of the sync of the homes."""
        return {HOMES: Parents(self.sync, self.turned)} if self.on else {}

    @property
    def shaken(self) -> bool:
        """Whether there is, or was, something to do that a sweep alone may find."""
        return self.on and bool(
            self.beside.deleted or self.beside.merged or any(manner.silent for manner in self.manners.values())
        )

    @property
    def written(self) -> int:
        """How many writes the sync of the homes has made."""
        return len(self.beside.writes) if self.on else 0

    def install(self) -> None:
        """Make the sync of the homes, and let the connectors of the things read and write both."""
        if not self.on:
            return
        schedule, self.feeds = self.schedule, {}
        self.spec = self._spec()
        for side in SIDES:
            app, slots = self.at(side), feed_slots(self.spec.match, side)
            connection = Connection.objects.get(name=app.name)
            fields = ["key", "a"]
            self.feeds[side] = Feed.objects.create(connection=connection, object=HOMES, fields=fields, slots=slots)
        self.sync = Sync.objects.create(
            name=HOMES,
            state="on",
            left=self.feeds[Side.LEFT],
            right=self.feeds[Side.RIGHT],
            slots=sync_slots(self.spec.match),
            approved=True,
        )
        for side in SIDES:
            both = Both(Housing(self, side), FakeConnector(self.apps[side]))
            schedule.connectors[side] = both  # type: ignore[assignment]
        for side, app in schedule.apps.items():
            app.on_merge = partial(self._merged, side)
        apps, to = (
            {side: self.at(side) for side in SIDES},
            {} if self.to is None else dict.fromkeys(("key", "a"), self.to),
        )
        self.of_homes = Oracle(self.beside, apps, self.sync, to, schedule.settle, INTERVAL, {})  # type: ignore[arg-type]

    def at(self, side: Side) -> HomeApp:
        """Return the app of one side of the sync of the homes."""
        return self.apps[side.other if self.turned else side]

    def _spec(self) -> SyncSpec:
        fields = (Field("key", FieldType.EMAIL), Field("a"))
        direction = TO[self.to] if self.to else Direction.BOTH
        apps = {side: self.at(side) for side in SIDES}
        return SyncSpec(
            {side: app.name for side, app in apps.items()},
            tuple(FieldMap(field, field, direction) for field in fields),
            (by_field("email", "key", "key"),),
            self.chance.choice(SIDES),
            own_write_window={side: INTERVAL * 4.0 + 2 * app.traits.lag for side, app in apps.items()},
            sends={side: self.to in (None, side.other) for side in SIDES},
        )

    def context(self) -> Context:
        connectors = {side: self.schedule.connectors[side.other if self.turned else side] for side in SIDES}
        ends = {side: End(side, self.at(side).name, self.feeds[side], connectors[side]) for side in SIDES}
        clock = lambda: float(self.schedule.world.now)  # noqa: E731
        return Context(self.sync, self.spec, self.guards, ends, float(INTERVAL), clock=clock)

    # --- users ----------------------------------------------------------------------------------

    def act(self) -> None:
        """Let users move things in and out, build, raze and merge homes; or another process run their sync."""
        if not self.on or self.chance.random() < 0.5:
            return
        side, choice = self.chance.choice(SIDES), self.chance.random()
        app = self.apps[side]
        rows = app.live()
        if choice < 0.60:
            self._moves(side)
        elif choice < 0.75 or not rows:
            self._builds(side)
        elif choice < 0.81:
            app.user_edit(self.chance.choice(rows), "a", self._word())
        elif choice < 0.86:
            app.user_delete(self.chance.choice(rows))
        elif choice < 0.90 and len(rows) > 1:
            winner, loser = self.chance.sample(rows, 2)
            self._merges(side, winner, loser)
            if self.chance.random() < 0.5:
                self._leaves_partner(side, loser)
        elif choice < 0.93:
            self._restores(app)
        elif self.schedule.world.acting and not self.running:
            self.run()

    def _word(self) -> str:
        return f"h{len(self.beside.edits)}h"

    def _builds(self, side: Side) -> Row:
        key = f"{self._word()}@x.test"
        row = self.apps[side].user_create({"key": key})
        if self.chance.random() < 0.3:
            self.apps[side.other].user_create({"key": key})
        return row

    def _restores(self, app: HomeApp) -> None:
        gone = [row for row in app.rows.values() if not row.live and row.merged_into is None]
        if gone and app.holder_of((row := self.chance.choice(gone)).values["key"]) is None:
            app.user_restore(row)

    def _moves(self, side: Side) -> None:
        """A user moves a thing; often one in the other app moves its partner at the same time."""
        things = self.schedule.apps[side].live()
        if not things:
            return
        row = self.chance.choice(things)
        self._move(side, row)
        if self.chance.random() < 0.4:
            sql = f"SELECT {side.other}_id FROM link WHERE sync_id=%s AND {side}_id=%s AND state='active'"
            partner = self.schedule.apps[side.other].rows.get(db.value(sql, (self.schedule.sync.pk, row.id)) or "")
            if partner is not None and partner.live:
                self._move(side.other, partner)

    def act_last(self) -> None:
        """In some worlds, let a home be merged away at last: what a person says of it then, nothing else tells."""
        if not self.on or self.chance.random() < 0.5:
            return
        side = self.chance.choice(SIDES)
        rows = self.apps[side].live()
        held = {id for row in self.schedule.apps[side.other].live() for id in housed(row)}
        losers = {pair.ids[side] for pair in self.oracle.linked_homes() if pair.ids[side.other] in held}
        if both := [row for row in rows if row.id in losers]:
            loser = self.chance.choice(both)
            self._merges(side, self.chance.choice(rows), loser)
            self._leaves_partner(side, loser)

    def _merges(self, side: Side, winner: Row, loser: Row) -> None:
        """A user merges a home into another; often that is a new one, as some apps do."""
        if winner is loser or self.chance.random() < 0.5:
            winner = self.apps[side].user_create({"key": f"{self._word()}@x.test"})
        self.apps[side].user_merge(winner, loser)

    def _leaves_partner(self, side: Side, home: Row) -> None:
        """A user takes a thing out of the partner of a home that was merged away: that looks like what apps do."""
        partners = {pair.ids[side.other] for pair in self.oracle.linked_homes() if pair.ids[side] == home.id}
        things = [row for row in self.schedule.apps[side.other].live() if partners & set(housed(row))]
        if things:
            row = self.chance.choice(things)
            self._set(side.other, row, tuple(id for id in housed(row) if id not in partners))

    def act_late(self, side: Side, row: Row) -> None:
        """Let a user move a thing now and then right before the sync does, too late to be read."""
        if not self.schedule.world.calm and self.chance.random() < 0.4:
            self._move(side, row)

    def _move(self, side: Side, row: Row) -> None:
        """A user moves a thing: into a home more, out of one, out of all into another, or one to the first place."""
        chance, homes = self.chance, self.apps[side].live()
        held, choice = housed(row), chance.random()
        home = chance.choice(homes).id if homes and chance.random() < 0.8 else self._builds(side).id
        if not self.fields[side].multi_valued:
            ids = () if held and choice < 0.25 else (home,)
        elif choice < 0.5 or not held:
            ids = (home, *held) if chance.random() < 0.3 else (*held, home)
        elif choice < 0.75:
            out = chance.choice(held)
            ids = tuple(id for id in held if id != out)
        elif choice < 0.85:
            ids = (home,)
        else:
            lead = chance.choice(held)
            ids = (lead, *held)
        self._set(side, row, tuple(dict.fromkeys(ids)))

    def _set(self, side: Side, row: Row, ids: tuple[str, ...]) -> None:
        held, world = housed(row), self.schedule.world
        if ids == held:
            return
        world.say(f"user moves {row.id} in {self.schedule.apps[side].name}: {held} -> {ids}")
        moved = [(id, False) for id in held if id not in ids] + [(id, True) for id in ids if id not in held]
        self.oracle.ops += [Op(side, row.id, home, came, world.now) for home, came in moved]
        row.typed[HOMES] = world.now
        self._put(side, row, ids, told=not self.manners[side].silent)

    def _put(self, side: Side, row: Row, ids: Sequence[str], *, told: bool) -> None:
        row.values[HOMES] = " ".join(ids) or None
        row.changed[HOMES] = self.schedule.world.now
        if told:
            self.schedule.apps[side].touch(row)
        self.oracle.remember(side, row)

    def _rehouser(self, side: Side) -> Callable[[str, str | None], None]:
        def rehouse(gone: str, into: str | None) -> None:
            """Let an app put into another home, or out of any, whatever was in one that is gone."""
            for row in self.schedule.apps[side].rows.values():
                held = housed(row)
                if gone in held and (into or self.manners[side].drops):
                    ids = dict.fromkeys(into if id == gone else id for id in held)
                    (self.oracle.rehoused if into else self.oracle.dropped).add((side, row.id, gone))
                    self._put(side, row, [id for id in ids if id], told=not self.manners[side].silent)

        return rehouse

    def _merged(self, side: Side, survivor: Row, *rows: Row) -> None:
        """Let a thing that others were merged into belong to whatever they belonged to."""
        ids = dict.fromkeys(id for row in rows for id in housed(row))
        self._put(side, survivor, list(ids)[: None if self.fields[side].multi_valued else 1], told=True)

    # --- runs -----------------------------------------------------------------------------------

    def of(self, row: Row) -> tuple[str, ...]:
        """Return the homes that a thing belongs to."""
        return housed(row)

    def before_run(self, *, full: bool) -> None:
        """Let the sync of the homes run now and then, and in a calm world with every run of the other."""
        if self.on and (self.schedule.world.calm or self.chance.random() < 0.6):
            self.run(full=full, fails=not self.schedule.world.calm and self.chance.random() < 0.3)
        if self.on:
            self.oracle.begins()

    def run(self, *, full: bool = False, fails: bool = False) -> None:
        """Do one run of the sync of the homes."""
        world, beside = self.schedule.world, self.beside
        beside.run, beside.run_at = world.run, world.now
        world.say("run of the homes")
        if fails:
            world.crash_at = world.steps + self.chance.randint(1, 25)
        self.running = True
        try:
            run(self.context(), full=full, approved=True)
        except Crash:
            pass
        except AppError as error:
            world.say(f"run of the homes stopped: {error}")
        else:
            beside.runs_begun.append(beside.run_at)
            beside.runs_done.append(world.now)
            if full:
                self.oracle.told = beside.run_at
        self.running = False
        if fails:
            world.crash_at = None
        self.of_homes.after_run()

    def waiting(self) -> bool:
        """Tell whether something of the homes is to be looked at by now."""
        at = due.next_at(self.sync) if self.on else None
        return at is not None and at <= self.schedule.world.now

    def before_undo(self, run_id: int) -> None:
        if self.on:
            self.oracle.before_undo(run_id)

    def after_undo(self) -> None:
        if self.on:
            self.oracle.after_undo()

    def at_rest(self) -> None:
        """Check what must hold of the homes, and of what belongs to them, when nothing moves any more."""
        if self.on:
            self.of_homes.at_rest()
            self.oracle.at_rest()


def _fields(kind: str, swapped: bool) -> tuple[Field, Field]:
    """Return the fields of both sides that say what a thing belongs to."""
    one = Field(HOMES, FieldType.REFERENCE, refers_to=HOMES)
    several = replace(one, multi_valued=True)
    first = replace(several, primary_first=True)
    pair = {
        "sets": (several, several),
        "primary": (first, first),
        "ones": (one, one),
        "primary and one": (first, one),
        "set and one": (several, one),
    }[kind]
    return (pair[1], pair[0]) if swapped else pair
