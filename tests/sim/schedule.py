"""One schedule: users act, runs happen, faults fire; then the world calms down and is judged."""

from __future__ import annotations

import hashlib
import random
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bothways.engine.brakes import Guards
from bothways.engine.filters import Filter, condition
from bothways.engine.scope import Leaving, Scope
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, Only, SyncSpec, by_field, feed_slots, reference_slots, sync_slots
from bothways.errors import AppError, LedgerError, StoppedByBrake
from bothways.ledger import db, due, feeds, journal
from bothways.ledger.models import Connection, Feed, Run, Sync, Workspace
from bothways.records import Field, FieldType
from bothways.sync.absorb import News, absorb, ask
from bothways.sync.context import JUST_READ, Context, End, FeedReader
from bothways.sync.reading import read_feed
from bothways.sync.run import Report, apply, preview, run
from bothways.sync.undo import undo
from tests.sim.apps import CONSENT, FIELDS, FIXED, MANY, MARK, PICK, FakeApp, FakeConnector, Row, draw_traits
from tests.sim.asking import Asking
from tests.sim.choices import Picks
from tests.sim.consent import Consent
from tests.sim.constants import Constants
from tests.sim.deciding import Deciding
from tests.sim.deletes import DeleteOracle, Deleting, draw_deletes
from tests.sim.homes import Homes
from tests.sim.housing import HOMES
from tests.sim.life import Life
from tests.sim.line import Line
from tests.sim.lists import Lists
from tests.sim.oracle import Broken, Oracle, source_of
from tests.sim.parting import Parting
from tests.sim.world import INTERVAL, Crash, World, Write, loose

GRACE = 30
"""Seconds beyond the interval in which a feed that others read is not read again by a run."""

QUIET_RUNS = 12
"""K of invariant I7: so many runs after the last edit, at most, until nothing is written any more."""

SLOW_RUNS = 16
"""So many runs more where workflows put values back, until the brake of row F5 ends that, or where an app
refuses values, until the pauses between the tries are longer than two runs."""

BIG = Guards(first_run=10_000, max_change=100.0, max_emptied=10_000, max_deletes=10_000)
TIGHT = Guards(first_run=2, max_change=100.0, max_emptied=10_000, max_deletes=1)


@dataclass
class Result:
    """What a schedule came to: rule counts, its trace, the invariant it broke."""

    seed: int
    rules: dict[str, int] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    broken: Broken | None = None
    edits: int = 0
    writes: int = 0
    crashes: int = 0

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


class Schedule:
    """Set a world up from a seed and play it."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        rng = self.world.rng
        self.apps = {
            Side.LEFT: FakeApp("lena", self.world, draw_traits(self.world)),
            Side.RIGHT: FakeApp("rosa", self.world, draw_traits(self.world)),
        }
        self.connectors = {side: FakeConnector(app) for side, app in self.apps.items()}
        self.scope = self._scope()
        self.one_way: dict[str, Side] = {}
        if rng.random() < 0.3:
            self.one_way["b"] = rng.choice(SIDES)
        self.narrowed = self._narrowed()
        self.clears = self._clears()
        self.asking, self.consent, self.homes = Asking(self), Consent(self), Homes(self, BIG)
        self.lists, self.picks, self.constants = Lists(self), Picks(self), Constants(self)
        self.line, self.life, self.parting, self.deciding = Line(self), Life(self), Parting(self), Deciding(self)
        turns = random.Random(f"turns {seed}")
        self.turns = turns if turns.random() < 0.35 else None
        self.on_its_way: list[tuple[Feed, list[News], float]] = []
        self.crowded = 0.05
        deletes = draw_deletes(seed)
        self.spec = replace(self._spec(rng.choice(SIDES)), deletes=deletes)
        self.result = Result(seed)
        self.guards = TIGHT if rng.random() < 0.25 else BIG
        self._install()
        self.settle = max(app.traits.lag for app in self.apps.values()) + 20
        self.homes.install()
        self.oracle = Oracle(
            self.world, self.apps, self.sync, self.one_way, self.settle, INTERVAL, self.narrowed, self.scope.leaving
        )
        self.oracle.clears = self.clears
        self.oracle.asked, self.oracle.half_done = self.asking.asked, self.asking.half_done
        self.oracle.decided, self.oracle.paused, self.oracle.agreed = (
            self.asking.decided,
            self.life.is_paused,
            self.line.agreed,
        )
        self.oracle.meant, self.oracle.is_nobodys = self.deciding.is_meant, self.deciding.is_left_out
        self.deleting = Deleting(self.world, self.apps, self.sync, deletes)
        self.deletions = DeleteOracle(self.world, self.apps, deletes)
        self.world.on_write = self._on_write
        if self.line.from_the_start:
            self.line.ask()

    def _on_write(self, write: Write) -> None:
        self.oracle.scope(write)
        for each in (self.lists, self.picks, self.constants, self.line, self.life, self.deciding):
            each.on_write(write)
        if wrong := self.deletions.check(write):
            raise Broken("ID", wrong)

    def _narrowed(self) -> dict[str, Only]:
        """Return the fields that are only filled, or given to new records alone, by a chance of its own."""
        chance = random.Random(f"narrowed {self.world.seed}")
        return {name: chance.choice(tuple(Only)) for name in ("a", "b") if chance.random() < 0.12}

    def _clears(self) -> set[str]:
        """Return the fields that are cleared in one app when a person clears them in the other."""
        chance = random.Random(f"clears {self.world.seed}")
        return {name for name in ("a", "b") if chance.random() < 0.2 and name not in self.narrowed}

    def _scope(self) -> Scope:
        """Draw the filters: in most worlds none; they look at what users mark, and nothing is mapped to it."""
        rng = self.world.rng
        if rng.random() >= 0.35:
            return Scope()
        filters: dict[Side, Filter] = {}
        for side in rng.choice(((Side.LEFT,), (Side.RIGHT,), SIDES)):
            mark = Field(MARK)
            wanted = rng.random() < 0.3
            asked = ("is", "in") if wanted else ("is_not", "out")
            filters[side] = condition(mark, *asked)
            self.apps[side].fits = (lambda mark: mark == "in") if wanted else (lambda mark: mark != "out")
        leaving = rng.choice((Leaving.FREEZE, Leaving.FREEZE, Leaving.FREEZE, Leaving.KEEP, Leaving.UNLINK))
        return Scope(filters, {}, leaving)

    def _spec(self, default: Side) -> SyncSpec:
        to = {Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}
        kinds = {"key": FieldType.EMAIL, "a": FieldType.TEXT, "b": FieldType.TEXT}
        maps = tuple(
            FieldMap(
                Field(n, kinds[n]),
                Field(n, kinds[n]),
                to[self.one_way[n]] if n in self.one_way else Direction.BOTH,
                self.asking.winners.get(n),
                only=self.narrowed.get(n),
                clearing_follows=n in self.clears,
            )
            for n in FIELDS
        )
        window = {side: INTERVAL * 4.0 + 2 * app.traits.lag for side, app in self.apps.items()}
        names = {side: app.name for side, app in self.apps.items()}
        rules = (by_field("email", "key", "key"),)
        more = (*self.consent.maps, *self.lists.maps, *self.picks.maps, *self.homes.maps)
        return SyncSpec(
            names,
            (*maps, *more),
            rules,
            default,
            own_write_window=window,
            scope=self.scope,
            constants=self.constants.all,
        )

    def _install(self) -> None:
        Workspace.objects.create(name="sim")
        self.feeds = {}
        for side, app in self.apps.items():
            connection = Connection.objects.create(name=app.name, connector="fake")
            slots = [*feed_slots(self.spec.match, side), *reference_slots(self.spec.fields, side)]
            self.feeds[side] = Feed.objects.create(
                connection=connection,
                object="things",
                fields=self._read_of(side),
                slots=slots,
            )
        self.sync = self.new_sync("things")

    def new_sync(self, name: str) -> Sync:
        """Set up a sync of the two, which is on."""
        return Sync.objects.create(
            name=name,
            state="on",
            left=self.feeds[Side.LEFT],
            right=self.feeds[Side.RIGHT],
            slots=sync_slots(self.spec.match),
            approved=self.guards is BIG,
        )

    def take(self, sync: Sync) -> None:
        """Let another row be the sync that is played with."""
        self.sync = self.oracle.sync = self.deleting.sync = sync

    def side_of(self, write: Write) -> Side:
        """Return the side that a write went to."""
        return next(side for side, app in self.apps.items() if app.name == write.app)

    def _read_of(self, side: Side) -> list[str]:
        mapped = {CONSENT: self.consent.on, MANY: self.lists.on, PICK: self.picks.on}
        more = {**mapped, FIXED: side in self.constants.of, MARK: side in self.scope.filters}
        more |= {HOMES: self.homes.on}
        return [*FIELDS, *(name for name, wanted in more.items() if wanted)]

    def context(self) -> Context:
        ends = {side: End(side, self.apps[side].name, self.feeds[side], self.connectors[side]) for side in SIDES}

        rules = self.result.rules
        made = Context(self.sync, self.spec, self.guards, ends, float(INTERVAL), clock=self._clock, rules=rules)
        made.parents = self.homes.parents
        return made

    def _clock(self) -> float:
        """Return the time: of two workers that ask within the same second, one asks first."""
        return self.world.now + self.world.steps / 1e6

    # --- users ----------------------------------------------------------------------------------

    def user_acts(self) -> None:
        """Let one user do one thing in one app."""
        for each in (self.consent, self.lists, self.picks, self.constants, self.homes):
            each.act()
        if self.deleting.act() or self.parting.act():
            return
        rng, world = self.world.rng, self.world
        app = self.apps[rng.choice(SIDES)]
        rows = app.live()
        choice = rng.random()
        if rows and self.scope.filters and rng.random() < 0.2:
            app.user_mark(rng.choice(rows), rng.choice(("in", "in", "out", None)))
        elif not rows or (choice < 0.12 and len(rows) < 6):
            self._create(app)
        elif choice < 0.62:
            name = rng.choice(("a", "a", "b", "b", "key"))
            app.user_edit(rng.choice(rows), name, f"{world.word()}@x.test" if name == "key" else world.word())
        elif choice < 0.70:
            app.user_edit(rng.choice(rows), rng.choice(("a", "b")), None)
        elif choice < 0.77:
            self._recase(app, rng.choice(rows))
        elif choice < 0.83:
            self._type_the_same(app)
        elif choice < 0.89:
            app.user_delete(rng.choice(rows))
        elif choice < 0.92 and len(rows) > 1:
            winner, loser = rng.sample(rows, 2)
            app.user_merge(winner, loser)
        elif choice < 0.95:
            self._make_again(app)
        else:
            self._share_key(app, rng.choice(rows))

    def _create(self, app: FakeApp) -> None:
        rng, world = self.world.rng, self.world
        taken = [
            row.values["key"] for row in self.apps[Side.LEFT].live() + self.apps[Side.RIGHT].live() if row.values["key"]
        ]
        key: str | None = f"{world.word()}@x.test"
        if taken and rng.random() < 0.5:
            key = rng.choice(taken)
            if app.traits.unique and app.holder_of(key):
                key = f"{world.word()}@x.test"
        elif rng.random() < 0.15:
            key = None
        row = app.user_create({"key": key} if key else {})
        if self.scope.filters and rng.random() < 0.7:
            app.user_mark(row, "in")
        for name in ("a", "b"):
            if rng.random() < 0.7:
                app.user_edit(row, name, world.word())

    def _recase(self, app: FakeApp, row: Row) -> None:
        name = self.world.rng.choice(("a", "b"))
        value = (row.values[name] or "").strip()
        if value:
            app.user_edit(row, name, value.swapcase() if value.islower() else value.lower())

    def _type_the_same(self, app: FakeApp) -> None:
        """A user brings a record in line with its partner by hand."""
        other = next(each for each in self.apps.values() if each is not app)
        for row in app.live():
            partner = other.holder_of(row.values["key"])
            if partner is not None and partner.values["a"] and row.values["a"] != partner.values["a"]:
                app.user_edit(row, "a", partner.values["a"])
                return

    def _make_again(self, app: FakeApp) -> None:
        gone = [row for row in app.rows.values() if not row.live and row.merged_into is None and row.values["key"]]
        if not gone:
            return
        row = self.world.rng.choice(gone)
        if app.holder_of(row.values["key"]) is None and self.world.rng.random() < 0.5:
            app.user_restore(row)
        elif app.holder_of(row.values["key"]) is None:
            app.user_create({"key": row.values["key"], "a": self.world.word()})

    def _share_key(self, app: FakeApp, row: Row) -> None:
        taken = [other.values["key"] for other in app.live() if other is not row and other.values["key"]]
        if taken and not app.traits.unique:
            app.user_edit(row, "key", self.world.rng.choice(taken))

    # --- playing --------------------------------------------------------------------------------

    def play(self) -> Result:
        """Play the whole schedule and judge it."""
        world, rng = self.world, self.world.rng
        try:
            for _ in range(rng.randint(1, 4)):
                self._create(self.apps[rng.choice(SIDES)])
            world.act = self.user_acts
            for _ in range(rng.randint(4, 7)):
                for _ in range(rng.randint(0, 3)):
                    self.user_acts()
                    world.now += rng.choice((0, 0, 1, 7))
                world.now += rng.choice((2, 20, INTERVAL, INTERVAL))
                self.one_run(full=(rng.random() < 0.15) | self.deleting.sweeps())
                if self._answers_come():  # and what is news by them is looked at right away
                    self.one_run()
                self.asking.decide(0.5)
                self.life.act()
                self.deciding.act()
            self.life.before_rest()
            self._flurry()
            self._crowd()
            self.homes.act_last()
            self._come_to_rest()
            if self.asking.decide(0.8):
                self._come_to_rest()
            if rng.random() < 0.3:
                self.undo_last()
        except Broken as broken:
            self.result.broken = broken
        self.result.trace = world.events
        self.result.edits, self.result.writes = len(world.edits), len(world.writes)
        return self.result

    def _flurry(self) -> None:
        """In some worlds, let users edit right before the last run, whose listing may show the later edit alone."""
        chance = random.Random(f"flurry {self.world.seed}")
        app = self.apps[chance.choice(SIDES)]
        if chance.random() < 0.7 or not app.traits.lag:
            return
        for row in chance.sample(app.live(), min(3, len(app.live()))):
            app.user_edit(row, "a", self.world.word())
            self.world.now += chance.randint(1, 3)
        self.world.now += chance.randint(0, app.traits.lag)
        self.one_run()

    def _crowd(self) -> None:
        """Let others read all through a last run, which looks at everything: after it nobody touches what they find."""
        if self.turns is not None:
            self.world.now += INTERVAL
            due.mark_everything(self.sync)
            self.crowded = 0.6
            self.one_run()
            if self._answers_come():
                self.one_run()

    def _type_on(self, app: FakeApp) -> None:
        """A user types once more in the record that was changed last."""
        if rows := app.live():
            app.user_edit(max(rows, key=lambda row: row.modified), self.world.rng.choice(("a", "b")), self.world.word())

    def _come_to_rest(self) -> None:
        self.rest()
        for each in (self.oracle, self.asking, self.consent, self.homes, self.lists, self.picks, self.deciding):
            each.at_rest()

    def one_run(self, *, full: bool = False) -> Report | None:
        """Do one run, with whatever happens to it; then check what must always hold."""
        world, rng = self.world, self.world.rng
        self.homes.before_run(full=full)
        world.run += 1
        world.run_at = world.now - (int(JUST_READ) if self.turns else 0)
        if not world.calm and rng.random() < 0.35:
            world.crash_at = world.steps + rng.randint(1, 30)
        report = None
        blind = rng.choice(list(self.apps.values())) if full and world.chance(0.3) else None
        if blind is not None:
            blind.blind = True
        approved = blind is None and not (self.guards is TIGHT and world.chance(0.7))
        carried = self.deletions.carried
        before, first = len(world.writes), not Sync.objects.get(pk=self.sync.pk).approved and not approved
        world.say(f"run {world.run}")
        self.line.before_run()
        world.beside = self._read_beside if self.turns else None
        try:
            if rng.random() < 0.15 and not full:
                report = self._previewed()
            else:
                report = run(self._read_before(self.context()), full=full, approved=approved)
                self._within_brakes(before, 2 * self.guards.first_run if first else None)
                if not approved and carried < self.deletions.carried > self.guards.max_deletes:
                    raise Broken("I16", f"{self.deletions.carried} deletions carried over, and nobody approved")
        except Crash:
            self.result.crashes += 1
        except StoppedByBrake as error:
            world.say(f"run stopped: {error}")
            self._within_brakes(before, 0)
        except AppError as error:
            world.say(f"run stopped: {error}")
        except LedgerError as error:
            raise Broken("I10", f"the ledger has refused it: {error}") from error
        world.crash_at = world.beside = None
        if blind is not None:
            blind.blind = False
        for each in (self.line, self.oracle, self.asking, self.consent):
            each.after_run()
        if report is not None:
            world.runs_begun.append(world.run_at)
            world.runs_done.append(world.now)
        return report

    def _read_before(self, ctx: Context) -> Context:
        """Let feeds be read before the run, as a worker does for all syncs that use them, in some of the worlds."""
        chance = self.turns
        if chance is not None:
            ctx.read_within = INTERVAL + GRACE
            for end in chance.sample(list(ctx.ends.values()), 2):
                if self.world.calm or chance.random() < 0.8:
                    read_feed(FeedReader(end.app, self._clock), end)
        return ctx

    def _read_beside(self, what: str) -> None:
        """Let another worker read a feed while the run is at work; users often go on typing where they just did.

        Who asks right before a write gets an answer that comes after it.
        """
        chance = self.turns
        if chance is None:
            return
        if " write " in what:
            if chance.random() < 2 * self.crowded:
                self._ask(next(side for side, app in self.apps.items() if what.startswith(app.name)))
        elif chance.random() < self.crowded:
            side = chance.choice((Side.LEFT, *SIDES, Side.LEFT))  # the one that is read first may move on meanwhile
            if chance.random() < 0.5:
                self._type_on(self.apps[side])
            feed = Feed.objects.select_related("connection").get(pk=self.feeds[side].pk)
            reader = FeedReader(self.apps[side].name, self._clock)
            end = End(side, reader.name, feed, self.connectors[side])
            with suppress(AppError):
                read_feed(reader, end) if chance.random() < 0.5 else self._read_by_id(reader, end)

    def _read_by_id(self, reader: FeedReader, end: End) -> None:
        known, asked_at = feeds.seen_by_id(end.feed.pk, list(self.apps[end.side].rows)), self._clock()
        news = ask(reader, end, list(known.values()))
        with db.transaction_():
            absorb(end.feed, news, self._clock(), asked_at)

    def _ask(self, side: Side) -> None:
        """Ask an app for all records; the answer is on its way, and nobody knows of it yet."""
        app, feed = self.apps[side], Feed.objects.select_related("connection").get(pk=self.feeds[side].pk)
        reads = {id: list(row.reads) for id, row in app.rows.items()}
        reader, asked_at = FeedReader(app.name, self._clock), self._clock()
        known = feeds.seen_by_id(feed.pk, list(app.rows))
        with suppress(AppError):
            news = ask(reader, End(side, app.name, feed, self.connectors[side]), list(known.values()))
            self.on_its_way.append((feed, news, asked_at))
        for id, before in reads.items():
            app.rows[id].reads = before

    def _answers_come(self) -> bool:
        """Let answers come that were on their way while the run was at work; tell whether there were any."""
        coming, self.on_its_way = self.on_its_way, []
        for feed, news, asked_at in coming:
            with db.transaction_():
                absorb(feed, news, self._clock(), asked_at)
        return bool(coming)

    def _within_brakes(self, before: int, most: int | None) -> None:
        """I16: a run that a brake has stopped wrote nothing; a first run that nobody approved, the first few alone."""
        if most is not None and len(self.world.writes) - before > most:
            raise Broken("I16", f"{len(self.world.writes) - before} writes, and the brakes allow {most}")

    def _previewed(self) -> Report:
        """Preview, then apply: invariant I17."""
        world = self.world
        before, edits = len(world.writes), len(world.edits)
        plan, _, _ = preview(self.context())
        if len(world.writes) != before:
            raise Broken("I17", "a preview wrote")
        paused = self.life.act_on_plan()
        context = self.context()
        unsettled = journal.open_entries(self.sync)
        report = apply(context, plan, approved=True)
        written = len(world.writes) - before
        refused = int(db.value("SELECT COUNT(*) FROM journal WHERE run_id=%s AND state<>'done'", (context.run_id,)))
        shaken = bool(unsettled) or self.homes.shaken
        quiet = len(world.edits) == edits and world.calm and not shaken and not paused
        previewed = sum(plan.totals["creates"].values()) + sum(plan.totals["updates"].values())
        previewed += sum(plan.totals["deletes"].values())
        # where one app refuses its half of an action, the other half waits for the next run
        late = report.skipped if any(app.traits.rewrite_later for app in self.apps.values()) else 0
        if quiet and not written + refused <= previewed <= written + 2 * refused + late:
            raise Broken("I17", f"{previewed} previewed, {written} written, {refused} refused")
        return report

    def rest(self) -> None:
        """Let the world calm down: a few runs, then nothing may move any more."""
        world = self.world
        world.calm, world.act = True, None
        for app in self.apps.values():
            app.world.calm = True
        quiet, slow = 0, any(app.traits.robot or app.traits.refuses for app in self.apps.values())
        for _ in range(QUIET_RUNS + slow * SLOW_RUNS):
            world.now += INTERVAL + 61
            before = len(world.writes) + self.homes.written
            self.one_run()
            quiet = quiet + 1 if len(world.writes) + self.homes.written == before and not self._waiting() else 0
            if quiet == 2:
                break
        else:
            raise Broken("I7", "still writing after so many runs without an edit")
        self._sweeps_find_nothing()
        self._grace_passes()
        self._idle_run_is_cheap()

    def _waiting(self) -> bool:
        at = due.next_at(self.sync)
        return (at is not None and at <= self.world.now) or self.homes.waiting()

    def _sweeps_find_nothing(self) -> None:
        """I6 and I11: a sweep may find deletes and merges, and nothing else to write, ever."""
        world, began = self.world, self.world.now
        for _ in range(3):
            world.now += INTERVAL + 61
            before = len(world.writes)
            self.one_run(full=True)
            quiet = not (world.deleted or world.merged or self.homes.shaken)
            if fresh := [write for write in world.writes[before:] if quiet or self._is_untouched(write, began)]:
                raise Broken("I6", f"a sweep of a quiet world wrote {fresh[0]}")
        for _ in range(QUIET_RUNS):
            world.now += INTERVAL + 61
            before = len(world.writes)
            self.one_run(full=True)
            if len(world.writes) == before:
                return
        raise Broken("I6", "sweeps of a quiet world keep writing")

    def _is_untouched(self, write: Write, began: int) -> bool:
        """Tell whether a write is to one of two that were linked before, neither of them ever deleted or merged."""
        side, source = self.side_of(write), str(source_of(write))
        ends = ((write.app, write.record), (self.apps[side.other].name, source))
        moved = self.world.deleted.keys() | self.world.merged_at.keys() | self.world.restored.keys()
        sql = f"SELECT created_at FROM link WHERE sync_id=%s AND {side}_id=%s AND {side.other}_id=%s AND state='active'"
        since = db.value(sql, (self.sync.pk, write.record, source))
        taken = "key" in write.values and self.apps[side].traits.unique  # another may have held it until now
        quiet = not (write.moves or taken or moved & set(ends))
        return write.kind == "update" and quiet and since is not None and since < began

    def _grace_passes(self) -> None:
        """Let every deletion that was noticed be carried over, or be settled otherwise."""
        for _ in range(QUIET_RUNS) if self.deleting.deletes.removals else ():
            if not db.value("SELECT COUNT(*) FROM link WHERE carries_at IS NOT NULL"):
                return
            self.world.now += INTERVAL + 61
            self.one_run(full=True)

    def _idle_run_is_cheap(self) -> None:
        """I12: a run without change is one listing call per side."""
        world = self.world
        refused = db.value("SELECT COUNT(*) FROM hold WHERE next_try IS NOT NULL")
        if refused or self._waiting() or due.count(self.sync):
            return
        world.now += INTERVAL + 61
        self.one_run()
        world.now += 2 * INTERVAL
        world.calls = {}
        run(self.context(), approved=True)
        expected = {f"{app.name} changes": 1 for app in self.apps.values()}
        slow = any(app.traits.grain > 1 for app in self.apps.values())
        if world.calls != expected and not slow:
            raise Broken("I12", f"an idle run cost {world.calls}")

    def undo_last(self) -> None:
        """I15: undo the last run that wrote; then the sync leaves it alone."""
        runs = Run.objects.filter(sync=self.sync, kind__in=("sync", "apply")).order_by("-id")
        target = next(
            (each for each in runs if db.value("SELECT 1 FROM journal WHERE run_id=%s AND state='done'", (each.pk,))),
            None,
        )
        if target is None:
            return
        self.world.run += 1
        self.world.say(f"undo of run {target.pk}")
        # a person who asks for it has it back, inside the filter or outside
        self.world.on_write = lambda write: None
        before = len(self.world.writes)
        self.homes.before_undo(target.pk)
        undo(self.context(), target)
        self.consent.after_undo(self.world.writes[before:])
        self.homes.after_undo()
        self.world.on_write = self._on_write
        before = len(self.world.writes)
        for _ in range(3):
            self.world.now += INTERVAL + 61
            run(self.context(), approved=True)
        entries = journal.of_run(target.pk, 0)
        undone = {
            (str(entry.record_id), write.field, loose(str(write.after or "")))
            for entry in entries
            for write in entry.writes.values()
        }
        copied = {(entry.side, str(entry.more["source_id"])) for entry in entries if entry.kind == "create"}
        for write in self.world.writes[before:]:
            again = any(
                (write.record, name, loose(write.values[name])) in undone for name in write.values.keys() - {FIXED}
            )
            if again or (write.kind == "create" and self.oracle.is_copy_of(write, copied)):
                raise Broken("I15", f"after an undo the sync wrote it again: {write}")
