"""A saved plan that time has overtaken: whatever people or a run did since is skipped, quiet actions too."""

from bothways.engine.filters import condition
from bothways.engine.scope import Leaving, Scope
from bothways.engine.sides import Side
from bothways.ledger import db, links
from bothways.sync import decisions
from tests.memory_app import PEOPLE
from tests.two_apps import TwoApps


def pair(world: TwoApps, **values: str) -> tuple[str, str]:
    """Return a linked pair of people who hold the same."""
    ann = world.anna.add(**values)
    world.bert.add(**values)
    world.rest()
    return ann, world.partner(ann)


def test_link_is_not_made_to_who_has_become_somebody_else() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    bert = world.bert.add(email="ann@x.test", name="Ann")
    plan, _ = world.preview()
    world.bert.edit(bert, email="zoe@x.test", name="Zoe")
    world.apply(plan)
    assert world.pairs() == []
    world.rest()
    assert (world.anna.values(ann)["name"], world.bert.values(bert)["name"]) == ("Ann", "Zoe")


def test_link_of_a_record_that_came_back_is_not_ended() -> None:
    world = TwoApps()
    world.crowd(8)
    ann, bert = pair(world, email="ann@x.test", name="Ann")
    world.bert.delete(bert)
    plan, _ = world.preview()
    world.bert.restore(bert)
    world.bert.edit(bert, name="Anna-Maria")
    world.apply(plan)
    world.rest()
    assert (ann, bert) in world.pairs()
    assert world.anna.values(ann)["name"] == "Anna-Maria"


def test_link_that_a_person_has_paused_is_not_ended_by_a_filter() -> None:
    world = TwoApps()
    ann, bert = pair(world, email="ann@x.test", name="Ann")
    world.rescope(Scope({Side.LEFT: condition(PEOPLE[1], "is", "Zoe")}, {}, Leaving.UNLINK))
    plan, _ = world.preview()
    with db.transaction_():
        decisions.pause(world.sync, links.live_by_record(world.sync, Side.LEFT, [ann])[ann], paused=True)
    world.apply(plan)
    world.rest()
    assert world.pairs() == [(ann, bert)]


def test_record_that_a_run_has_made_and_a_person_deleted_is_not_made_again() -> None:
    world = TwoApps()
    world.crowd(10)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    plan, _ = world.preview()
    world.run()
    world.bert.delete(world.partner(ann))
    world.run()
    assert world.apply(plan).skipped == 1
    world.rest()
    assert world.bert.holding("email", "ann@x.test") == []


def test_what_a_plan_has_seen_does_not_replace_what_was_seen_since() -> None:
    """Even a plan without a write would set the shadows back, and the next edit would look like two."""
    world = TwoApps()
    ann, bert = pair(world, email="ann@x.test", name="Old")
    world.anna.edit(ann, name="Mid")
    world.bert.edit(bert, name="Mid")
    plan, _ = world.preview()
    world.run()
    world.anna.edit(ann, name="New")
    world.run()
    world.apply(plan)
    world.bert.edit(bert, name="Newest")
    report = world.run()
    assert [write.rule for entry in world.journal(report.run_id) for write in entry.writes.values()] == ["F3"]
    assert world.anna.values(ann)["name"] == world.bert.values(bert)["name"] == "Newest"


def test_edit_that_looks_like_what_the_plan_saw_is_not_overwritten() -> None:
    world = TwoApps()
    world.crowd(10)
    ann, bert = pair(world, email="ann@x.test", name="A")
    world.anna.edit(ann, name="A2")
    plan, _ = world.preview()
    world.run()
    world.bert.edit(bert, name="A")
    assert world.apply(plan).skipped == 1
    world.rest()
    assert world.anna.values(ann)["name"] == world.bert.values(bert)["name"] == "A"


def test_hold_that_was_settled_since_is_not_opened_again() -> None:
    world = TwoApps()
    pair(world, email="ann@x.test", name="Ann")
    twin = world.anna.add(email="ann@x.test", name="Twin")
    plan, _ = world.preview()
    world.anna.edit(twin, email="twin@x.test")
    world.rest()
    world.apply(plan)
    world.rest()
    assert world.holds() == []


def test_plan_that_nothing_has_overtaken_is_carried_out_whole() -> None:
    world = TwoApps()
    ann, bert = pair(world, email="ann@x.test", name="Ann")
    world.anna.edit(ann, name="Anne")
    world.anna.add(email="new@x.test", name="New")
    world.bert.add(email="both@x.test", name="Both")
    world.anna.add(email="both@x.test", name="Both")
    plan, _ = world.preview()
    report = world.apply(plan)
    assert report.written == {"update right": 1}, "the new one waits for the create window"
    assert report.skipped == 0
    assert len(world.pairs()) == 2
    assert world.bert.values(bert)["name"] == "Anne"
