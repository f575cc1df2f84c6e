"""Previews, brakes, the journal, and what a run says of itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from bothways.connectors.base import Page
from bothways.engine.brakes import Guards
from bothways.engine.filters import condition
from bothways.engine.scope import Scope
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.errors import AppUnreachable, RunSuperseded, StoppedByBrake
from bothways.ledger import db, plans
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Plan, Run, Sync
from bothways.sync import decisions
from bothways.sync.context import Progress
from bothways.sync.run import SWEEP_EVERY, apply, run
from tests.memory_app import PEOPLE, MemoryConnector, Traits
from tests.two_apps import TwoApps

EMAIL, NAME, PHONE = PEOPLE


def busy() -> tuple[TwoApps, list[str]]:
    """Return two apps in step, with changes of every kind still to be carried over."""
    world = TwoApps(guards=Guards())
    people = world.crowd(10)
    newcomers = [world.anna.add(email=f"n{number}@new.test", name=f"N{number}") for number in range(3)]
    world.run()
    world.anna.edit(people[0], name="Ann Lee")
    world.bert.edit(world.partner(people[1]), name="Ben Lee", phone="+41446681800")
    world.anna.edit(people[2], name="Cem Lee")
    world.bert.edit(world.partner(people[2]), name="Cem Kay")
    return world, newcomers


# --- preview and apply ----------------------------------------------------------------------------


def planned(world: TwoApps, plan: Plan) -> set[tuple[str, str | None, str, object]]:
    """Return what a plan says will be written: app, record (None: a new one), field, value."""
    return {
        (world.apps[side].name, action.on(side) if action.kind != "create" else None, each["map"], each["value"])
        for action in plans.every(plan)
        for each in action.data["fields"]
        for side in world.apps
        if each["write"] == side and action.writes(side)
    }


def written(world: TwoApps, since: dict[str, int]) -> set[tuple[str, str | None, str, object]]:
    """Return what was written since: app, record (None: a new one), field, value."""
    return {
        (app.name, each.id if each.kind != "create" else None, f"{name}={name}", value)
        for app in world.apps.values()
        for each in app.writes[since[app.name] :]
        for name, value in each.values.items()
    }


@pytest.mark.parametrize(("email", "name"), [("ann", "Ann"), ("ann", "Ann Lee"), ("anna", "Anna")])
@pytest.mark.parametrize("deed", ["kept apart", "left out", "linked otherwise"])
def test_what_a_person_decides_while_a_run_plans_is_not_overruled_by_it(deed: str, email: str, name: str) -> None:
    world = TwoApps()
    left, right = world.anna.add(email="ann@x.test", name="Ann"), world.bert.add(email=f"{email}@x.test", name=name)
    other = world.bert.add(email="office@x.test", name="Office")
    hold = HoldRow(Side.LEFT, left, "R7", "", "match")
    deeds = {
        "kept apart": lambda: decisions.keep_two_apart(world.sync, {Side.LEFT: left, Side.RIGHT: right}),
        "left out": lambda: decisions.leave_out(world.sync, hold, "Ana Ruiz", 1.0),
        "linked otherwise": lambda: decisions.choose(world.sync, {Side.LEFT: left, Side.RIGHT: other}, 1.0),
    }
    context = world.context()

    def report(progress: Progress) -> None:
        if progress.phase == "Matching":
            with db.transaction_():
                deeds[deed]()

    context.report = report
    run(context)
    assert left not in [pair[0] for pair in world.pairs()] or (deed, email) == ("kept apart", "anna")
    assert (left, right) not in world.pairs()
    assert world.anna.values(left) == {"email": "ann@x.test", "name": "Ann"}
    assert world.bert.values(right)["name"] == name
    world.rest()
    assert ((left, other) in world.pairs()) is (deed == "linked otherwise")


def lengths(world: TwoApps) -> dict[str, int]:
    return {app.name: len(app.writes) for app in world.apps.values()}


def test_preview_writes_nothing_and_applying_it_writes_exactly_the_preview() -> None:
    world, _ = busy()
    since = lengths(world)
    plan, brakes = world.preview()
    assert (brakes, lengths(world)) == ([], since)
    wanted = planned(world, plan)
    report = world.apply(plan)
    assert written(world, since) == wanted
    assert sum(report.written.values()) == plan.totals["writes"]
    assert report.written == {"create right": 3, "update left": 1, "update right": 2}
    world.rest()
    assert world.in_step()


def test_record_changed_since_the_preview_is_skipped_and_stays_due() -> None:
    world, newcomers = busy()
    plan, _ = world.preview()
    since = lengths(world)
    edited = next(id for id in world.anna.items if world.anna.values(id).get("name") == "Ann Lee")
    world.anna.edit(edited, name="Ann Kay")
    world.anna.edit(newcomers[0], name="N zero")
    report = world.apply(plan)
    assert report.written == {"create right": 2, "update left": 1, "update right": 1}
    assert not {"Ann Lee", "N0"} & {value for *_, value in written(world, since)}
    world.rest()
    assert world.bert.values(world.partner(edited))["name"] == "Ann Kay"
    assert world.bert.values(world.partner(newcomers[0]))["name"] == "N zero"


@pytest.mark.parametrize("there", ["created", "deleted"])
def test_record_that_came_or_went_since_the_preview_is_skipped(there: str) -> None:
    world, newcomers = busy()
    plan, _ = world.preview()
    world.clock.advance(20.0)
    if there == "created":
        world.bert.add(email="n0@new.test", name="N0")
    else:
        world.anna.delete(newcomers[0])
    assert world.apply(plan).written["create right"] == 2
    world.rest()
    assert len(world.bert.holding("email", "n0@new.test")) == (there == "created")


def test_planned_create_whose_former_match_turned_out_gone_while_planning_is_carried_out() -> None:
    scope = Scope({Side.LEFT: condition(PHONE, "known", True)})
    world = TwoApps(bert=Traits(carries_values=False, reports_deletes=False), scope=scope)
    world.crowd(3)
    lone = world.bert.add(email="n0@new.test", name="N0")
    outside = world.anna.add(email="n0@new.test", name="N0")
    world.rest()
    assert outside not in {left for left, _ in world.pairs()}
    world.bert.delete(lone)
    world.anna.edit(outside, phone="+41446681800")
    world.clock.advance(3600)
    plan, _ = world.preview()
    assert plan.totals["writes"] == 1
    report = world.apply(plan)
    assert (report.written, report.skipped) == ({"create right": 1}, 0)
    assert world.bert.values(world.partner(outside))["name"] == "N0"


def test_applied_plan_is_forgotten_and_writes_nothing_a_second_time() -> None:
    world, _ = busy()
    plan, _ = world.preview()
    world.apply(plan)
    before = world.written()
    assert not Plan.objects.exists()
    apply(world.context(), plan)
    assert world.written() == before


def test_limited_apply_writes_so_many_and_leaves_the_rest_due() -> None:
    world, _ = busy()
    plan, _ = world.preview()
    before = world.written()
    report = world.apply(plan, limit=2)
    assert (report.state, world.written() - before) == ("stopped", 2)
    world.rest()
    assert world.in_step()


# --- brakes ---------------------------------------------------------------------------------------


def test_first_run_stops_after_25_records_and_goes_on_when_approved() -> None:
    world = TwoApps(guards=Guards(), approved=False)
    for number in range(60):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    assert world.run().state == "stopped"
    assert Run.objects.latest("id").reason == "first 25 records written, to be looked at"
    for _ in range(3):
        with pytest.raises(StoppedByBrake, match="its first 25 records were written"):
            world.run()
    assert len(world.bert.live()) == 25
    assert not Sync.objects.get(pk=world.sync.pk).approved
    assert world.run(approved=True).state == "done"
    assert len(world.bert.live()) == 60
    assert Sync.objects.get(pk=world.sync.pk).approved


def stopped(world: TwoApps, reason: str) -> None:
    """Check that a run stops before the first write, and goes on from there once approved."""
    before, bills = world.written(), world.calls()
    for _ in range(2):
        with pytest.raises(StoppedByBrake, match=reason):
            world.run()
    assert world.written() == before
    spent = {call for call, count in world.calls().items() if count != bills.get(call, 0)}
    assert not [call for call in spent if "write" in call]
    record = Run.objects.latest("id")
    assert (record.state, reason in record.reason) == ("stopped", True)
    world.run(approved=True)
    world.rest()
    assert world.in_step() or reason.startswith("Anna looks empty")


def test_percentage_brake() -> None:
    world = TwoApps(guards=Guards(max_change=10.0))
    people = world.crowd(600)
    for id in people[:60]:
        world.anna.edit(id, name="changed")
    assert world.run().written == {"update right": 60}, "10 % are not more than 10 %"
    for id in people[:61]:
        world.anna.edit(id, name="changed again")
    stopped(world, "61 linked records would change, more than 10 %")


def test_mass_change_brake() -> None:
    world = TwoApps(guards=Guards(max_change=100.0))
    for id in world.crowd(100)[:51]:
        world.bert.edit(world.partner(id), name="changed")
    stopped(world, "51 % of the linked records changed in Bert")


def test_emptied_values_brake() -> None:
    maps = [FieldMap(EMAIL, EMAIL), FieldMap(NAME, NAME, clearing_follows=True)]
    world = TwoApps(maps=maps, guards=Guards(max_change=100.0, max_emptied=5))
    people = world.crowd(100)
    for id in people[:5]:
        world.anna.edit(id, name="")
    assert world.run().written == {"update right": 5}
    for id in people[5:11]:
        world.anna.edit(id, name=None)
    stopped(world, "Name in Bert would be emptied in 6 records")


def test_empty_source_brake() -> None:
    world = TwoApps()
    people = world.crowd(20)
    for id in people:
        world.anna.delete(id)
    stopped(world, "Anna looks empty, but had 20 records")
    assert len(world.bert.live()) == 20, "even approved, the other app's records stay"
    assert world.pairs() == []


def test_shrunken_source_brake() -> None:
    world = TwoApps()
    people = world.crowd(20)
    for id in people[:5]:
        world.anna.delete(id)
    with pytest.raises(StoppedByBrake, match="5 of 20 records are gone from Anna"):
        world.run()
    assert len(world.pairs()) == 20
    world.run(approved=True)
    assert (len(world.pairs()), len(world.bert.live())) == (15, 20)


def test_apply_obeys_the_brakes_of_its_plan() -> None:
    world = TwoApps(guards=Guards(max_change=100.0))
    for id in world.crowd(100)[:51]:
        world.bert.edit(world.partner(id), name="changed")
    plan, brakes = world.preview()
    assert [brake.name for brake in brakes] == ["mass_change"]
    before = world.written()
    with pytest.raises(StoppedByBrake):
        world.apply(plan)
    assert world.written() == before
    assert world.apply(plan, approved=True).written == {"update left": 51}


# --- the journal and the record of a run ----------------------------------------------------------


def test_every_write_is_in_the_journal_with_before_after_rule_and_reason() -> None:
    world, _ = busy()
    since = lengths(world)
    run_id = world.run().run_id
    entries = {entry.id: entry for entry in world.journal(run_id)}
    done = [(app, each) for app in world.apps.values() for each in app.writes[since[app.name] :]]
    assert len(done) == len(entries) == 6
    for app, each in done:
        entry = entries[int(each.key)]
        assert (world.apps[entry.side], entry.record_id, entry.state) == (app, each.id, "done")
        assert {write.field: write.before for write in entry.writes.values()} == each.held
        assert {write.field: write.after for write in entry.writes.values()} == each.values
        assert all(write.rule and write.reason for write in entry.writes.values())
    rules = {write.rule for entry in entries.values() for write in entry.writes.values()}
    assert rules == {"R8", "F3", "F4"}
    [lost] = [write for entry in entries.values() for write in entry.writes.values() if write.conflict]
    assert (lost.before, lost.after, lost.reason) == ("Cem Kay", "Cem Lee", "both changed; Anna wins")


def test_run_keeps_when_what_and_its_bill() -> None:
    world, _ = busy()
    report = world.run()
    record = Run.objects.get(pk=report.run_id)
    assert (record.kind, record.state, record.started_at) == ("sync", "done", world.clock())
    assert record.counts["F4"]
    assert record.bill["Bert write create"] == 1


def test_run_that_was_taken_over_while_it_planned_says_so_and_plans_no_further() -> None:
    world = TwoApps()
    world.anna.add(email="ann@x.test", name="Ann")
    ctx = world.context()

    def taken(progress: object) -> None:
        if isinstance(progress, Progress) and progress.phase == "Matching":
            run(world.context())

    ctx.report = taken
    with pytest.raises(RunSuperseded):
        run(ctx)
    assert [each.state for each in Run.objects.order_by("id")] == ["interrupted", "done"]


def test_run_whose_process_was_killed_is_shown_as_interrupted_once_another_goes_on() -> None:
    world = TwoApps()
    world.crowd(2)
    killed = Run.objects.create(sync=world.sync, kind="sync", started_at=world.clock())
    world.run()
    killed.refresh_from_db()
    assert (killed.state, killed.ended_at) == ("interrupted", world.clock())


def test_run_that_was_taken_over_records_nothing_more() -> None:
    world = TwoApps()
    world.anna.add(email="ann@x.test", name="Ann")

    world.bert.once("after", "write create", lambda: run(world.context()))
    with pytest.raises(RunSuperseded):
        world.run()
    assert [each.state for each in Run.objects.order_by("id")] == ["interrupted", "done"]
    world.rest()
    assert len(world.bert.live()) == 1
    assert world.in_step()


def test_one_app_down_leaves_the_other_alone_and_the_next_run_goes_on() -> None:
    world, _ = busy()
    before = world.written()
    world.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        world.run()
    assert world.written() == before
    world.rest()
    assert world.in_step()


def test_conditional_write_never_overwrites_an_edit_made_since_the_read() -> None:
    world = TwoApps(bert=Traits(conditional=True))
    ann, *_ = world.crowd(3)
    partner = world.partner(ann)
    world.anna.edit(ann, name="Ann Lee")

    world.bert.once("before", "write update", lambda: world.bert.edit(partner, name="Ann Kay"))
    assert world.run().written == {}
    world.rest()
    assert world.in_step()
    lost = [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict]
    assert lost == ["Ann Kay"], "the loser of the conflict is kept"


def test_first_run_brake_counts_over_runs_and_a_limited_apply_does_not_release_it() -> None:
    world = TwoApps(guards=Guards(), approved=False)
    assert world.run().state == "done"
    assert not Sync.objects.get(pk=world.sync.pk).approved, "there was nothing to look at yet"
    for number in range(60):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    world.run()
    plan, _ = world.preview()
    assert world.apply(plan, limit=3, approved=True).written == {"create right": 3}
    assert world.run().written == {"create right": 22}
    with pytest.raises(StoppedByBrake, match="its first 25 records"):
        world.run()


@pytest.mark.parametrize("first_run", [25, 10])
def test_run_without_a_write_is_no_stopped_one_while_the_first_records_wait_for_a_look(first_run: int) -> None:
    """Also where the limit was lowered since, below what was written."""
    world = TwoApps(guards=Guards(), approved=False)
    ids = {world.anna.add(email=f"p{number}@x.test", name=f"P{number}") for number in range(26)}
    assert world.run().state == "stopped"
    (unwritten,) = ids - {left for left, _ in world.pairs()}
    world.anna.delete(unwritten)
    world.guards = Guards(first_run=first_run)
    report = world.run()
    assert (report.state, report.written) == ("done", {})


def test_first_run_that_is_small_needs_no_approval() -> None:
    world = TwoApps(guards=Guards(), approved=False)
    world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    assert Sync.objects.get(pk=world.sync.pk).approved


def test_first_listing_that_shows_nothing_where_the_app_counts_records_stops_the_run() -> None:
    """It looks like an empty app, and everything would be made there a second time."""
    world = TwoApps(guards=Guards(), approved=False)
    for number in range(3):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
        world.bert.add(email=f"p{number}@x.test", name=f"P{number}")

    class Blind(MemoryConnector):
        def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
            for page in super().changes(object, cursor, fields):
                yield replace(page, seen=[])

    world.connectors[Side.RIGHT].__class__ = Blind
    with pytest.raises(StoppedByBrake, match="Bert lists no records, and says that it has 3"):
        world.run()
    world.connectors[Side.RIGHT].__class__ = MemoryConnector
    world.rest()
    assert len(world.pairs()) == len(world.bert.live()) == 3


def test_a_run_walks_all_ids_once_a_day_and_after_a_listing_that_began_anew() -> None:
    world = TwoApps(bert=Traits(reports_deletes=False))
    ann, ben, *_ = world.crowd(8)
    partners = {id: world.partner(id) for id in (ann, ben)}
    world.bert.delete(partners[ann])
    world.rest()
    assert (ann, partners[ann]) in world.pairs()
    world.clock.advance(SWEEP_EVERY)
    world.run()
    assert (ann, partners[ann]) not in world.pairs()

    class Restarted(MemoryConnector):
        def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
            for page in super().changes(object, cursor, fields):
                yield replace(page, restarted=True)

    world.bert.delete(partners[ben])
    world.rest()
    assert (ben, partners[ben]) in world.pairs()
    world.connectors[Side.RIGHT].__class__ = Restarted
    world.run()
    assert (ben, partners[ben]) not in world.pairs()
