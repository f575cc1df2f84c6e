"""A crash at any call and any commit of a run: running again makes nothing twice and loses nothing."""

import pytest

from bothways.ledger import journal
from bothways.ledger.models import Plan
from bothways.records import Value
from tests.memory_app import Traits
from tests.sim.mutations import mutated
from tests.sync.crashes import Crash, Moments, Snapshot
from tests.two_apps import INTERVAL, TwoApps

VARIANTS = {
    "plain": Traits(batch_write=2),
    "unique": Traits(batch_write=2, unique="email"),
    "indexed": Traits(batch_write=2, lag=10.0),
    "marker": Traits(batch_write=2, marker=True, conditional=True, answers_writes=False),
}


def with_work(traits: Traits) -> TwoApps:
    """Return two apps whose next run has creates, updates and a conflict to write, to both sides, and a link."""
    world = TwoApps(traits, traits)
    people = world.crowd(4)
    partners = [world.partner(id) for id in people]
    for number in range(3):
        world.anna.add(email=f"a{number}@new.test", name=f"A{number}")
    world.anna.add(name="No Mail", phone="+41446681833")
    world.bert.add(email="b@new.test", name="B")
    for _ in range(2 if traits.lag else 1):
        world.run()
    world.anna.add(email="c@new.test", name="Same")
    world.bert.add(email="c@new.test", phone="+41446681822")
    world.anna.edit(people[0], name="Ann Lee")
    world.anna.edit(people[1], name="Ben Lee", phone="+41446681800")
    world.bert.edit(partners[2], name="Cem Lee")
    world.anna.edit(people[3], name="Dan Lee")
    world.bert.edit(partners[3], name="Dan Kay", phone="+41446681811")
    return world


@pytest.mark.parametrize("variant", VARIANTS)
def test_k_crash_at_any_call_or_commit_makes_nothing_twice(variant: str) -> None:
    world = with_work(VARIANTS[variant])
    start = Snapshot(world)
    moments = Moments(world)
    world.run()
    moments.over(world)
    world.rest()
    wanted = outcome(world)
    writes = {f"{when} write {kind}" for when in ("before", "after") for kind in ("create", "update")}
    assert writes < set(moments.passed), "the run has work of every kind"
    assert len(moments.lasting()) > 20
    for number, moment in moments.lasting():
        start.restore()
        crashing = Moments(world, number)
        with pytest.raises(Crash):
            world.run()
        crashing.over(world)
        world.rest(calm=1)
        where = f"crash at moment {number}, {moment}"
        assert outcome(world) == wanted, where
        assert world.in_step(), where
        assert journal.open_entries(world.sync) == [], where
        assert "Dan Kay" in {write.before for entry in world.journal() for write in entry.writes.values()}, where
        journaled(world, where)


def test_k_crash_while_a_saved_plan_is_applied_is_made_good_by_applying_it_again() -> None:
    world = with_work(VARIANTS["plain"])
    plan, _ = world.preview()
    start = Snapshot(world)
    moments = Moments(world)
    world.apply(plan)
    moments.over(world)
    world.rest()
    wanted, writes = outcome(world), len(world.writes)
    for number, moment in moments.lasting():
        start.restore()
        crashing = Moments(world, number)
        with pytest.raises(Crash):
            world.apply(plan)
        crashing.over(world)
        if Plan.objects.filter(pk=plan.pk, state="ready").exists():
            world.apply(plan)
        world.rest(calm=1)
        where = f"crash at moment {number}, {moment}"
        assert (outcome(world), len(world.writes)) == (wanted, writes), where
        assert world.in_step(), where


def test_k_without_intents_a_crash_makes_something_twice() -> None:
    """The control: the same crashes, and a program that forgets what it had sent."""
    world = with_work(VARIANTS["plain"])
    start = Snapshot(world)
    moments = Moments(world)
    world.run()
    doubled = 0
    for number, moment in enumerate(moments.passed):
        if moment != "after write create":
            continue
        start.restore()
        crashing = Moments(world, number)
        with pytest.raises(Crash):
            world.run()
        crashing.over(world)
        with mutated("no-intents"):
            world.rest()
        doubled += len(world.bert.holding("name", "No Mail")) > 1
    assert doubled


def test_rewriting_that_a_stopped_run_has_seen_is_taken_for_no_edit_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would win over what a person typed on the other side meanwhile, and go back to where it came from."""
    world = TwoApps()
    (ann,) = world.crowd(1)
    partner = world.partner(ann)
    world.bert.edit(partner, name="Dan")
    world.run()
    world.clock.now += 30
    world.anna.edit(ann, name="DAN")
    with monkeypatch.context() as patched:
        patched.setattr("bothways.sync.run.make_plan", _stop)
        with pytest.raises(Crash):
            world.run()
    world.bert.edit(partner, name="Eve")
    world.clock.now += 100 * INTERVAL
    world.run()
    assert (world.anna.values(ann)["name"], world.bert.values(partner)["name"]) == ("Eve", "Eve")


def _stop(*_: object) -> None:
    raise Crash("before planning")


def outcome(world: TwoApps) -> list[list[dict[str, Value]]]:
    """Return what both apps hold in the end, whoever got which id."""
    return [
        sorted((app.values(item.id) for item in app.live()), key=lambda values: str(values["name"]))
        for app in (world.anna, world.bert)
    ]


def journaled(world: TwoApps, where: str) -> None:
    """Check that every write that reached an app stands in the journal with the values sent."""
    for app, side in ((world.anna, "left"), (world.bert, "right")):
        entries = {entry.id: entry for entry in world.journal()}
        for written in app.writes:
            entry = entries[int(written.key)]
            assert entry.side == side, where
            assert {write.field: write.after for write in entry.writes.values()} == written.values, where
