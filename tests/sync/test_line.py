"""The line from which on changes are carried, where records are deleted on either side of it."""

from dataclasses import replace

import pytest

from bothways.engine.deletes import Deletes, Removal
from bothways.engine.sides import Side
from bothways.ledger import db, due, noted
from bothways.sync.context import FeedReader
from bothways.sync.reading import read_feed
from bothways.sync.run import run
from tests.memory_app import Traits
from tests.two_apps import WIDE, TwoApps

GRACE = 3600.0


def on_from_now(world: TwoApps) -> None:
    """Turn the sync on again as a person does who wants only what changes from now on."""
    noted.ask(world.sync)
    due.mark_everything(world.sync)


def pair(traits: Traits | None = None) -> tuple[TwoApps, str, str]:
    """Return two apps in step whose Bert follows deletions in Anna, and the ids of one pair."""
    world = TwoApps(traits, traits, guards=replace(WIDE, max_deletes=1_000))
    here = world.crowd(6)[0]
    world.spec = replace(world.spec, deletes=Deletes({Side.RIGHT: Removal.ARCHIVE}, GRACE))
    return world, here, world.partner(here)


def time_passes(world: TwoApps) -> None:
    for _ in range(3):
        world.run(full=True)
        world.clock.advance(GRACE)


@pytest.mark.parametrize("reports", [True, False])
def test_a_deletion_made_before_the_line_is_never_carried_over(reports: bool) -> None:
    world, here, there = pair(Traits(reports_deletes=reports))
    world.anna.delete(here)
    on_from_now(world)
    time_passes(world)
    assert world.bert.items[there].live
    assert (len(world.pairs()), len(world.anna.live())) == (5, 5)


@pytest.mark.parametrize("new_id", [True, False])
def test_what_was_there_and_is_merged_since_is_no_change(new_id: bool) -> None:
    """Two copies that nobody could match are merged by a person: their one match is linked, and nothing is written."""
    world = TwoApps()
    one = world.anna.add(email="ann@x.test", name="Ann")
    two = world.anna.add(email="ann@x.test", name="Ann", phone="+41446681800")
    there = world.bert.add(email="ann@x.test", name="Ann Lee")
    lone, copy = (world.anna.add(email=f"{name}@x.test", name="Zoe") for name in ("zoe", "z"))
    on_from_now(world)
    world.rest()
    assert world.pairs() == []
    winner = world.anna.add(email="ann@x.test", name="Ann") if new_id else one
    for each in {one, two} - {winner}:
        world.anna.merge(winner, each)
    survivor = world.anna.add(email="zoe@x.test", name="Zoe") if new_id else lone
    for each in {lone, copy} - {survivor}:
        world.anna.merge(survivor, each)
    before = world.written()
    world.run(full=True, approved=True)
    world.rest()
    assert (world.pairs(), world.written()) == ([(winner, there)], before)
    world.anna.edit(winner, phone="+41446681801")
    world.rest()
    assert world.bert.values(there) == {"email": "ann@x.test", "name": "Ann Lee", "phone": "+41446681801"}


def test_a_plan_from_now_on_says_that_a_deletion_made_before_is_not_carried_over() -> None:
    world, here, _ = pair()
    world.anna.delete(here)
    plans_of = {}
    for from_now in (False, True):
        if from_now:
            on_from_now(world)
        plan, _ = world.preview()
        reasons = db.rows("SELECT reason FROM plan_action WHERE plan_id=%s AND kind='unlink'", (plan.pk,))
        plans_of[from_now] = [reason for (reason,) in reasons]
    assert plans_of == {
        False: ["deleted in Anna; archived in Bert after 1 hour, unless it is edited or restored"],
        True: ["deleted in Anna"],
    }


@pytest.mark.parametrize("reports", [True, False])
def test_a_deletion_made_after_the_line_is_carried_over_though_the_pair_was_there_before(reports: bool) -> None:
    world, here, there = pair(Traits(reports_deletes=reports))
    on_from_now(world)
    world.run()
    world.anna.delete(here)
    time_passes(world)
    assert not world.bert.items[there].live


def test_a_record_whose_partner_was_gone_before_the_line_gives_only_what_is_edited_later() -> None:
    world, here, there = pair()
    world.spec = replace(world.spec, deletes=Deletes())
    world.bert.delete(there)
    world.anna.edit(here, name="Anna")
    other = world.bert.add(email="anna@x.test", name="A.", phone="1")
    on_from_now(world)
    world.run()
    world.anna.edit(here, email="anna@x.test")
    world.rest()
    assert world.partner(here) == other
    assert (world.bert.values(other)["name"], world.anna.values(here).get("phone")) == ("A.", None)


def test_a_record_deleted_before_the_line_and_restored_is_linked_and_flows_again() -> None:
    world, here, there = pair()
    world.anna.delete(here)
    on_from_now(world)
    world.run()
    world.anna.restore(here)
    world.anna.edit(here, name="Anna")
    world.rest()
    assert world.partner(here) == there
    assert world.bert.values(there)["name"] == "Anna"


def test_notes_of_a_line_that_was_given_up_do_not_count_for_the_next() -> None:
    world, here, there = pair()
    noted.ask(world.sync)
    world.sync.refresh_from_db()
    noted.note(world.sync, Side.LEFT, {here: {"email": "p0@x.test", "name": "P0", "phone": None}})
    noted.note(world.sync, Side.RIGHT, {there: {"email": "p0@x.test", "name": "P0", "phone": None}})
    noted.withdraw(world.sync)
    world.sync.refresh_from_db()
    world.anna.edit(here, name="Anna")
    on_from_now(world)
    world.rest()
    assert world.bert.values(there)["name"] == "P0"


def test_a_merge_made_before_the_line_lets_nothing_older_flow() -> None:
    world, here, there = pair()
    other = world.bert.add(email="other@x.test", name="Other", phone="1")
    world.bert.merge(other, there)
    on_from_now(world)
    world.rest()
    assert world.partner(here) == other
    assert (world.anna.values(here)["email"], world.bert.values(other)["email"]) == ("p0@x.test", "other@x.test")
    world.anna.edit(here, phone="2")
    world.rest()
    assert (world.bert.values(other)["phone"], world.bert.values(other)["name"]) == ("2", "Other")


def test_what_was_edited_right_before_the_line_is_not_carried_though_a_worker_had_read_the_feeds_before_that() -> None:
    world, here, there = pair()
    world.clock.advance(60)
    ctx = world.context()
    world.anna.edit(here, phone="1")
    for end in ctx.ends.values():
        read_feed(FeedReader(end.app, world.clock), end)
    world.anna.edit(here, name="Typed before")
    on_from_now(world)
    ctx = world.context()
    ctx.read_within = 90.0
    run(ctx)
    world.rest()
    assert (world.anna.values(here)["name"], world.bert.values(there)["name"]) == ("Typed before", "P0")
