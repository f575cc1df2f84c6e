"""Carrying a plan out: what each answer of an app leads to, and what happens between planning and writing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.engine.sides import Side
from bothways.errors import AppUnreachable, OutcomeUnknown
from bothways.ledger import journal
from bothways.ledger.models import Plan
from bothways.records import Field, FieldType, Value
from bothways.sync import run
from bothways.sync.apply import apply_quiet
from bothways.sync.context import FRESH, Context
from bothways.sync.poll import poll
from tests.memory_app import PEOPLE, MemoryConnector, Traits
from tests.three_apps import with_carl
from tests.two_apps import INTERVAL, TwoApps


class Busy(MemoryConnector):
    """Takes the first item of a batch and asks to come again for the others."""

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        later = [WriteResult(item.key, Outcome.LATER, message="429") for item in items[1:]]
        return [*super().write(object, items[:1]), *later]


class Terse(MemoryConnector):
    """Answers a write with the fields that were sent, and no others."""

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        sent = {item.key: item.values for item in items}
        return [
            replace(
                each, record=replace(each.record, values={name: each.record.values[name] for name in sent[each.key]})
            )
            if each.record
            else each
            for each in super().write(object, items)
        ]


def become(world: TwoApps, kind: type[MemoryConnector]) -> None:
    """Let both connectors behave so."""
    for connector in world.connectors.values():
        connector.__class__ = kind


def test_item_that_the_app_puts_off_is_written_by_a_later_run() -> None:
    world = TwoApps()
    become(world, Busy)
    for number in range(3):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    assert [world.run().written for _ in range(4)] == [{"create right": 1}] * 3 + [{}]
    assert world.in_step()
    assert world.holds() == []


def test_answer_that_shows_only_what_was_sent_is_enough() -> None:
    world = TwoApps()
    become(world, Terse)
    world.crowd(3)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    world.anna.edit(ann, name="Ann Lee")
    world.rest()
    assert world.in_step()
    assert len(world.writes) == 2


def test_who_holds_a_unique_value_that_is_no_match_key_is_somebody_else() -> None:
    world = TwoApps(bert=Traits(unique="phone"))
    world.spec = replace(world.spec, sends={Side.LEFT: True, Side.RIGHT: False})
    world.crowd(3)
    ann = world.bert.add(email="ann@x.test", name="Ann", phone="+41446681800")
    bob = world.anna.add(email="bob@x.test", name="Bob", phone="+41446681800")
    for _ in range(4):
        world.clock.advance(60.0)
        world.run()
    assert (world.bert.values(ann)["name"], len(world.bert.live())) == ("Ann", 4)
    assert [(hold.record_id, hold.rule) for hold in world.holds()] == [(bob, "R13")]


def test_duplicate_that_the_app_names_is_linked_and_not_made() -> None:
    world = TwoApps(bert=Traits(unique="email", strong=False, lag=1000.0))
    world.crowd(3)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    hidden = world.bert.add(email="ann@x.test", phone="+41446681800")
    world.rest(40)
    assert (ann, hidden) in world.pairs()
    assert world.in_step()
    assert not [each for each in world.bert.writes if each.kind == "create"]


def test_unique_record_that_no_listing_shows_yet_is_found_by_the_strong_look_up() -> None:
    world = TwoApps(bert=Traits(unique="email", lag=1000.0))
    world.crowd(3)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    hidden = world.bert.add(email="ann@x.test", name="Ann")
    world.rest(40)
    assert (ann, hidden) in world.pairs()
    assert world.bert.calls["write create"] == 0


def test_app_that_takes_a_write_and_shows_the_old_value_is_asked_again_less_and_less() -> None:
    def unmoved(name: str, value: Value) -> Value:
        return "P0" if name == "name" else value

    world = TwoApps(bert=Traits(rewrite=unmoved))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann Lee", phone="+41446681800")
    for _ in range(20):
        world.run()
    assert world.bert.values(world.partner(ann)) == {"email": "p0@x.test", "name": "P0", "phone": "+41446681800"}
    [hold] = world.holds()
    assert (hold.rule, hold.field, hold.kind) == ("F6", "name=name", "refused")
    assert hold.reason == "Bert does not take it: accepted, but it still shows the old value"
    assert len([each for each in world.bert.writes if each.values.get("name") == "Ann Lee"]) <= 5
    assert world.anna.values(ann)["name"] == "Ann Lee", "the value that was not taken does not flow back"


def test_read_back_that_shows_anothers_edit_does_not_hide_it() -> None:
    world = TwoApps(bert=Traits(answers_writes=False))
    ann, *_ = world.crowd(3)
    partner = world.partner(ann)
    world.anna.edit(ann, name="Ann Lee")

    world.bert.once("before", "read back", lambda: world.bert.edit(partner, name="Ann Kay", phone="+41446681800"))
    world.rest()
    assert world.anna.values(ann) == {"email": "p0@x.test", "name": "Ann Kay", "phone": "+41446681800"}
    assert world.in_step()


def test_record_edited_during_a_long_run_is_read_again_before_it_is_written() -> None:
    world = TwoApps(bert=Traits(batch_write=1))
    people = world.crowd(3)
    partners = [world.partner(id) for id in people]
    for id in people:
        world.anna.edit(id, name="changed")

    def slow() -> None:
        world.clock.advance(20.0)
        world.bert.edit(partners[2], name="Typed meanwhile")

    world.bert.once("after", "write update", slow)
    assert world.run().written == {"update right": 2}
    world.rest()
    assert world.in_step()
    lost = [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict]
    assert lost == ["Typed meanwhile"], "a conflict by the rules, with its loser kept"


def test_list_put_in_order_during_a_long_run_is_not_written_over() -> None:
    phones = Field("phones", FieldType.LABELLED)
    world = TwoApps(bert=Traits(batch_write=1), fields=(*PEOPLE, phones))
    people = world.crowd(3)
    numbers = [{"label": "home", "value": "1"}, {"label": "home", "value": "2"}]
    for id in people:
        world.anna.edit(id, phones=numbers)
    world.rest()
    partner = world.partner(people[2])
    other = [{"label": "work", "value": "2"}, {"label": "home", "value": "1"}]
    for id in people:
        world.anna.edit(id, phones=[*numbers, {"label": "home", "value": "3"}])

    def slow() -> None:
        world.clock.advance(20.0)
        world.bert.edit(partner, phones=other)

    world.bert.once("after", "write update", slow)
    world.run()
    world.rest()
    assert world.bert.values(partner)["phones"] == [*other, {"label": "home", "value": "3"}]


def test_partner_made_by_a_person_during_a_long_run_is_linked_and_not_doubled() -> None:
    world = TwoApps(bert=Traits(batch_write=1))
    people = [world.anna.add(email=f"p{number}@x.test", name=f"P{number}") for number in range(3)]

    def slow() -> None:
        world.clock.advance(20.0)
        world.bert.add(email="p2@x.test", name="P2")

    world.bert.once("after", "write create", slow)
    assert world.run().written == {"create right": 2}
    world.rest()
    assert len(world.bert.live()) == 3
    assert len(world.pairs()) == len(people)


def test_app_that_fails_between_two_batches_keeps_what_was_done() -> None:
    world = TwoApps(bert=Traits(batch_write=2))
    for number in range(6):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    world.bert.fail("write create", AppUnreachable(app="Bert", reason="no route"), nth=2)
    with pytest.raises(AppUnreachable):
        world.run()
    assert len(world.pairs()) == 2
    assert journal.open_entries(world.sync) == []
    world.rest()
    assert len(world.bert.writes) == 6
    assert world.in_step()


def test_updates_go_out_before_creates_and_both_sides_are_written() -> None:
    world = TwoApps()
    people = world.crowd(2)
    world.anna.add(email="a@new.test", name="A")
    world.bert.add(email="b@new.test", name="B")
    world.run()
    world.anna.edit(people[0], name="Ann Lee")
    world.bert.edit(world.partner(people[1]), name="Ben Lee")
    order: list[str] = []
    for app in (world.anna, world.bert):
        app.hook = lambda when, call: order.append(call) if when == "before" and "write" in call else None
    world.run()
    assert order == ["write update", "write create"] * 2


@pytest.mark.parametrize(("unique", "polls"), [("", 1), ("email", 0)])
def test_app_is_polled_again_before_late_creates_unless_it_refuses_twins_itself(unique: str, polls: int) -> None:
    fields = [replace(each, unique=each.name == unique) for each in PEOPLE]
    world = TwoApps(bert=Traits(unique=unique, batch_write=1), fields=fields)
    for number in range(2):
        world.anna.add(email=f"p{number}@x.test", name="Ann")
    world.bert.once("after", "write create", lambda: world.clock.advance(FRESH + 5))
    world.run()
    assert world.bert.calls["changes"] == 1 + polls
    assert len(world.pairs()) == 2


@pytest.mark.parametrize("conditional", [False, True])
def test_edit_that_a_poll_has_met_since_planning_is_not_overwritten(conditional: bool) -> None:
    """An app that compares versions would take the newer one, which that poll brought, with the older value."""
    world = TwoApps(bert=Traits(batch_write=1, conditional=conditional))
    ann = world.anna.add(email="ann@x.test", name="Ann", phone="1")
    world.rest()
    bert = world.partner(ann)

    class Slow(MemoryConnector):
        def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
            if len(world.bert.live()) == 1:
                world.bert.edit(bert, name="Annabel")
                world.clock.advance(FRESH + 1)
            return super().write(object, items)

    world.connectors[Side.RIGHT].__class__ = Slow
    for number in range(2):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    assert world.run().written == {}, "they wait for the create window"
    world.anna.edit(ann, name="Anne")
    world.bert.edit(bert, phone="2")
    assert world.run().written == {"create right": 2}
    world.rest()
    assert world.in_step()
    lost = [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict]
    assert lost == ["Annabel"]


@pytest.mark.parametrize("conditional", [False, True])
def test_what_another_sync_has_written_since_planning_is_not_overwritten(conditional: bool) -> None:
    """Its write is known to the feed, with the version that it has made: that is none on which this plan was made."""
    world = TwoApps(bert=Traits(batch_write=1, conditional=conditional))
    people = world.crowd(2)
    carls = with_carl(world)
    for id in people:
        carls.anna.add(**world.anna.values(id))
    carls.rest()
    ann, last = people[1], world.partner(people[1])
    carl = carls.partner(last)
    world.anna.edit(ann, name="Anne")
    for id in (carls.partner(world.partner(people[0])), carl):
        carls.anna.edit(id, name="Annabel")
    carls.bert.once("after", "write update", lambda: run.run(world.context()))
    carls.run()
    assert world.bert.values(last)["name"] == "Anne"
    carls.rest()
    world.rest()
    lost = [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict]
    assert lost == ["Anne"], "of two who edited, the one who lost is in the journal as such"
    assert world.in_step()
    assert carls.in_step()


def test_person_whom_another_sync_is_making_right_now_is_not_made_twice() -> None:
    world = TwoApps()
    carls = with_carl(world)
    for app in (world.anna, carls.anna):
        app.add(email="ann@x.test", name="Ann")
        app.add(email=f"{app.name}@x.test", name=app.name)
    world.bert.once("before", "write create", lambda: run.run(carls.context()))
    world.run()
    assert {item.values["email"] for item in world.bert.live()} == {"ann@x.test", "Anna@x.test", "Carl@x.test"}
    for sync in (carls, world, carls):
        sync.rest()
    assert len(world.bert.live()) == 3
    assert world.in_step()
    assert carls.in_step()


def test_record_of_which_nobody_knows_whether_another_sync_has_made_it_is_made_once_it_should_be_seen() -> None:
    """That sync may be off by now, and will never say."""
    world = TwoApps(bert=Traits(lag=10.0))
    carls = with_carl(world)
    world.anna.add(email="ann@x.test", name="Ann")
    carls.anna.add(email="ann@x.test", name="Ann")
    world.bert.fail("write create", OutcomeUnknown(app="Bert", reason="time-out"))
    world.run()
    assert world.open_intents()
    carls.clock.advance(-INTERVAL)
    carls.run()
    assert world.bert.live() == []
    for _ in range(5):
        carls.run()
    assert len(world.bert.live()) == 1
    assert carls.in_step()


def test_edit_read_at_the_very_moment_of_the_plan_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    world = TwoApps(bert=Traits(conditional=False))
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    bert = world.partner(ann)
    world.anna.edit(ann, name="Anne")

    def read_by_another(ctx: Context, plan: Plan) -> None:
        world.bert.edit(bert, name="Annabel")
        poll(ctx, [ctx.ends[Side.RIGHT]])
        apply_quiet(ctx, plan)

    monkeypatch.setattr(run, "apply_quiet", read_by_another)
    assert world.run().written == {}
    monkeypatch.undo()
    world.rest()
    assert world.in_step()
    assert [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict] == [
        "Annabel"
    ]
