"""With its old history let go at any moment a sync goes on as if it were all there: same writes, same ledger."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bothways.engine.deletes import DAY, Deletes, Removal
from bothways.engine.sides import SIDES, Side
from bothways.errors import OutcomeUnknown, StoppedByBrake
from bothways.ledger import db, due, history, journal, links, turns
from bothways.ledger.models import Run
from bothways.service.reading_history import LEAST_KEPT
from bothways.sync.absorb import end_link
from tests.memory_app import MemoryApp, Traits
from tests.sim import database
from tests.two_apps import INTERVAL, WIDE, TwoApps

SEEDS = range(6)
STEPS = 30
RECENT = LEAST_KEPT - 10 * DAY
"""Seconds: what is undone in these schedules is surely kept."""

MINUTE = 60.0
PAUSES = (MINUTE, MINUTE, MINUTE, 3600.0, 2 * DAY, 20 * DAY, 45 * DAY, 100 * DAY)
TRAITS = (
    Traits(),
    Traits(conditional=True),
    Traits(lag=10.0, carries_values=False),
    Traits(reports_deletes=False),
    Traits(marker=True),
    Traits(unique="email"),
    Traits(rewrite=lambda name, value: value.title() if name == "name" and isinstance(value, str) else value),
)
LEDGER = (
    "SELECT id, left_id, right_id, state, rule, survivor, ended_at, ended_by, frozen, carries_at FROM link ORDER BY id",
    "SELECT link_id, side, data FROM shadow ORDER BY link_id, side",
    "SELECT side, record_id, field, rule, kind, reason, tries, next_try, opened_at FROM hold "
    "ORDER BY side, record_id, field",
    "SELECT side, record_id, not_before FROM due ORDER BY side, record_id",
    "SELECT left_id, right_id FROM apart ORDER BY left_id, right_id",
    "SELECT record_id, state, data, swept FROM seen ORDER BY feed_id, record_id",
)
"""All that a sync knows but its history."""


def let_go(world: TwoApps) -> int:
    """Let go all history that is older than the shortest that may be kept; return how many rows went."""
    now = world.clock()
    horizon, went, more = now - LEAST_KEPT, 0, True
    turn = turns.take_now(world.sync.pk, "pruning", now, though_paused=True)
    assert turn is not None
    while gone := history.let_runs_go(turn, horizon, now):
        went += gone
    turns.give_back(turn)
    while more:
        gone, more = history.let_entries_go(horizon, now)
        went += gone
    return went


class Schedule:
    """People and time at work on two apps and a sync, by chance; the same for the same seed, history let go or not."""

    def __init__(self, seed: int, *, pruned: bool) -> None:
        database.fresh()
        self.chance, self.moments = random.Random(seed), random.Random(seed + 1_000_000)
        self.pruned, self.went = pruned, 0
        self.world = TwoApps(
            self.chance.choice(TRAITS), self.chance.choice(TRAITS), guards=replace(WIDE, max_deletes=3)
        )
        removal = self.chance.choice((Removal.ARCHIVE, Removal.KEEP))
        deletes = Deletes(dict.fromkeys(SIDES, removal), self.chance.choice((0.0, 3 * DAY, 60 * DAY)))
        self.world.spec = replace(self.world.spec, deletes=deletes)
        self.runs: list[tuple[int, float]] = []
        self.open: list[list[tuple[int, str]]] = []
        self.ended: set[int] = set()
        self.deeds: tuple[Callable[[], Any], ...] = (
            *(self.edit,) * 6,
            self.fight,
            *(self.differ,) * 2,
            *(self.add,) * 3,
            self.delete,
            self.restore,
            self.lose,
            self.undo,
            self.part,
        )

    def play(self) -> None:
        """Do all of it."""
        for number in range(6):
            self.add(number)
        self.settle()
        for _ in range(STEPS):
            self.chance.choice(self.deeds)()
            self.settle()
            self.world.clock.advance(self.chance.choice(PAUSES))
            if self.moments.random() < 0.5 and self.pruned:
                self.went += let_go(self.world)
            self.open.append([(each.id, each.state) for each in self.world.open_intents()])
            self.ended |= {each.id for each in links.page(self.world.sync, 0, 10_000, "state='ended'")}
        self.world.anna.faults.clear()
        self.world.bert.faults.clear()
        for _ in range(8):
            self.settle()

    def settle(self) -> None:
        """Let one to three runs be done."""
        for _ in range(self.chance.randint(1, 3)):
            try:
                self.world.run(full=self.chance.random() < 0.2)
            except StoppedByBrake:
                self.world.run(approved=True)
            self.runs.append((Run.objects.order_by("-pk").values_list("pk", flat=True)[0], self.world.clock()))

    def app(self) -> MemoryApp:
        return self.chance.choice((self.world.anna, self.world.bert))

    def some(self, app: MemoryApp, *, live: bool = True) -> str | None:
        ids = sorted(item.id for item in app.items.values() if item.live is live and item.merged_into is None)
        return self.chance.choice(ids) if ids else None

    # --- what happens ---------------------------------------------------------------------------

    def add(self, number: int | None = None) -> None:
        number = self.chance.randrange(30) if number is None else number
        self.app().add(email=f"p{number}@x.test", name=f"P{number}")

    def edit(self) -> None:
        app = self.app()
        if id := self.some(app):
            field = self.chance.choice(("name", "phone"))
            value = self.chance.choice(("", "Ann", "ann", "Bob", "Carl"))
            app.edit(id, **{field: value if field == "name" else value and f"+4144668{ord(value[0]):04d}"})

    def pair(self) -> tuple[str, str] | None:
        """Return two linked records that are both there."""
        apps = self.world.anna.items, self.world.bert.items
        pairs = [(str(left), str(right)) for left, right in self.world.pairs()]
        pairs = [each for each in pairs if all(items[id].live for items, id in zip(apps, each, strict=True))]
        return self.chance.choice(pairs) if pairs else None

    def fight(self) -> None:
        """Let a robot in each app set one field of a pair again and again."""
        if pair := self.pair():
            for _ in range(self.chance.randint(3, 6)):
                self.world.anna.edit(pair[0], name="Robot")
                self.settle()
                if self.world.bert.items[pair[1]].live:
                    self.world.bert.edit(pair[1], name="Person")
                self.settle()

    def differ(self) -> None:
        """Let people edit the same field in both apps."""
        if pair := self.pair():
            self.world.anna.edit(pair[0], name=f"Ann {self.chance.randrange(9)}")
            self.world.bert.edit(pair[1], name=f"Bob {self.chance.randrange(9)}")

    def delete(self) -> None:
        app = self.app()
        if id := self.some(app):
            app.delete(id)

    def restore(self) -> None:
        app = self.app()
        if id := self.some(app, live=False):
            app.restore(id)

    def lose(self) -> None:
        """Let what comes of the next write not be known."""
        app = self.app()
        when = self.chance.choice(("before", "half", "after"))
        app.fail("write", OutcomeUnknown(app=app.name, reason="time-out"), when=when)

    def undo(self) -> None:
        recent = [id for id, at in self.runs if at > self.world.clock() - RECENT]
        if recent:
            self.world.undo(self.chance.choice(recent))

    def part(self) -> None:
        """End a link, as a person does, whose records nothing is being written to."""
        busy = journal.open_link_ids(self.world.sync)
        rows = [each for each in links.page(self.world.sync, 0, 1000, "state='active'") if each.id not in busy]
        if rows:
            row = self.chance.choice(rows)
            with db.transaction_():
                links.keep_apart(self.world.sync, [(str(row.left_id), str(row.right_id))])
                end_link(self.world.context().sync, row, self.world.clock(), links.UNLINKED, None)
                for side in SIDES:
                    due.mark(self.world.sync, side, [str(row.on(side))])

    # --- what came of it ------------------------------------------------------------------------

    def writes(self) -> list[list[tuple[object, ...]]]:
        """Return everything written to each app, in order."""
        return [
            [(each.key, each.kind, each.id, each.values, each.held) for each in app.writes]
            for app in (self.world.anna, self.world.bert)
        ]

    def apps(self) -> list[list[tuple[object, ...]]]:
        """Return what the apps hold."""
        return [
            [(each.id, each.values, each.live, each.version) for each in app.items.values()]
            for app in (self.world.anna, self.world.bert)
        ]

    def ledger(self) -> list[list[tuple[Any, ...]]]:
        """Return what the sync knows."""
        return [db.rows(sql) for sql in LEDGER]

    def entries_of_runs(self) -> dict[int, int]:
        """Return the runs that are there, and how many entries each has."""
        found = db.rows("SELECT r.id, COUNT(j.id) FROM run r LEFT JOIN journal j ON j.run_id=r.id GROUP BY r.id")
        return {int(id): int(count) for id, count in found}

    def last_writes(self) -> dict[tuple[int, Side, str], int]:
        """Return the entry that wrote each field of each link that lives last."""
        return {
            (link.id, entry.side, key): entry.id
            for link in links.page(self.world.sync, 0, 10_000, links.LIVE)
            for entry in journal.of_link(link.id)
            for key, write in entry.writes.items()
            if entry.state == "done" and entry.kind != "unlink" and write.landed
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sync_goes_on_as_if_its_old_history_were_there(seed: int) -> None:
    whole = Schedule(seed, pruned=False)
    whole.play()
    writes, apps, known = whole.writes(), whole.apps(), whole.ledger()
    runs, last = whole.entries_of_runs(), whole.last_writes()
    pruned = Schedule(seed, pruned=True)
    pruned.play()
    assert pruned.went > 0
    assert pruned.open == whole.open
    assert pruned.writes() == writes
    assert pruned.apps() == apps
    assert pruned.ledger() == known
    found = pruned.last_writes()
    assert found.items() <= last.items()
    assert {link for link, *_ in last.keys() - found.keys()} <= whole.ended, "it had ended long before it was taken up"
    kept = pruned.entries_of_runs()
    assert kept == {id: runs[id] for id in kept}, "a run is there as a whole"
    assert len(kept) < len(runs)


def test_partner_of_a_record_that_was_deleted_before_follows_after_a_long_grace() -> None:
    world = TwoApps(guards=replace(WIDE, max_deletes=1_000))
    people = world.crowd(3)
    world.spec = replace(world.spec, deletes=Deletes({Side.RIGHT: Removal.ARCHIVE}, 90 * DAY))
    partner = world.partner(people[0])
    world.anna.delete(people[0])
    world.run(full=True)
    world.run()
    for _ in range(4):
        world.clock.advance(40 * DAY)
        let_go(world)
    assert world.bert.items[partner].live
    world.run()
    assert not world.bert.items[partner].live


def test_edit_made_before_the_deletion_was_noticed_keeps_a_record_though_all_else_of_it_is_gone() -> None:
    world = TwoApps(guards=replace(WIDE, max_deletes=1_000))
    people = world.crowd(3)
    world.spec = replace(world.spec, deletes=Deletes({Side.RIGHT: Removal.ARCHIVE}, 90 * DAY))
    partner = world.partner(people[0])
    world.anna.delete(people[0])
    world.bert.edit(partner, name="Edited")
    world.rest()
    world.clock.advance(200 * DAY)
    let_go(world)
    world.rest()
    assert world.bert.items[partner].live


def test_run_that_was_let_go_cannot_be_undone_and_one_that_is_kept_is_undone_whole() -> None:
    world = TwoApps()
    people = world.crowd(3)
    for id in people:
        world.anna.edit(id, name="Old")
    old = world.run()
    world.clock.advance(LEAST_KEPT)
    for id in people:
        world.anna.edit(id, name="New")
    young = world.run()
    world.clock.advance(INTERVAL)
    assert let_go(world) > 0
    assert not Run.objects.filter(pk=old.run_id).exists()
    assert world.undo(young.run_id).restored == 3
    assert {item.values["name"] for item in world.bert.live()} == {"Old"}
