"""When an app fails, or one record is poisoned: nothing is deleted, nothing is doubled, the rest goes on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from bothways.connectors.base import Exists, Read, WriteItem
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.errors import AppError, CredentialsRefused, PageIncomplete, PermissionMissing, StoppedByBrake
from bothways.ledger.models import Run, new_mark
from bothways.records import Ref
from tests.memory_app import PEOPLE, MemoryConnector, Traits
from tests.two_apps import TwoApps

FORBIDDEN = PermissionMissing(app="Anna", reason="HTTP 403")
HALF = PageIncomplete(app="Anna", reason="the connection was cut")


def untouched(world: TwoApps, people: list[str], wrote: int) -> None:
    """Check that nobody was deleted or unlinked and nothing was written."""
    assert [item.id for item in world.anna.live()] == people
    assert len(world.bert.live()) == len(world.pairs()) == len(people)
    assert world.written() == wrote


@pytest.mark.parametrize("full", [False, True], ids=["poll", "sweep"])
def test_g_source_that_answers_empty_deletes_nothing(full: bool) -> None:
    world = TwoApps(Traits(page=20))
    people = world.crowd(50)
    wrote = world.written()
    world.anna.listed = False
    if full:
        with pytest.raises(StoppedByBrake, match="50 of 50 records are missing from Anna"):
            world.run(full=True)
        assert Run.objects.latest("id").state == "stopped"
    else:
        world.run()
    untouched(world, people, wrote)
    world.anna.listed = True
    world.run(full=True)
    untouched(world, people, wrote)


@pytest.mark.parametrize("call", ["changes", "ids"])
@pytest.mark.parametrize("error", [FORBIDDEN, CredentialsRefused(app="Anna"), HALF], ids=["403", "401", "half"])
@pytest.mark.parametrize("page", [1, 2])
def test_g_source_that_breaks_off_stops_the_run_and_deletes_nothing(call: str, error: AppError, page: int) -> None:
    world = TwoApps(Traits(page=20))
    people = world.crowd(50)
    wrote = world.written()
    for id in people[:40]:
        world.anna.edit(id, name="changed")
    world.anna.fail(call, error, nth=page)
    with pytest.raises(type(error)):
        world.run(full=True)
    untouched(world, people, wrote)
    assert Run.objects.latest("id").state == "failed"
    world.run(full=True)
    assert world.written() - wrote == 40
    assert world.in_step()


def test_g_first_listing_that_breaks_off_half_way_creates_nothing_and_goes_on_later() -> None:
    world = TwoApps(Traits(page=20))
    for number in range(50):
        world.bert.add(email=f"p{number}@x.test", name="same")
        world.anna.add(email=f"p{number}@x.test", name="same")
    world.anna.fail("changes", HALF, nth=2)
    with pytest.raises(PageIncomplete):
        world.run()
    assert world.written() == 0
    world.rest()
    assert (world.written(), len(world.pairs())) == (0, 50)


def test_g_source_that_says_everything_is_gone_stops_the_run() -> None:
    world = TwoApps()
    people = world.crowd(50)
    for id in people:
        world.anna.delete(id)
    wrote = world.written()
    for _ in range(2):
        with pytest.raises(StoppedByBrake, match="Anna looks empty, but had 50 records"):
            world.run()
    assert (len(world.bert.live()), len(world.pairs()), world.written()) == (50, 50, wrote)


class Blind(MemoryConnector):
    """Answers that nobody is there to whoever asks by id, as an app does when a permission was taken away."""

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        return [Read(each.asked, Exists.MISSING) for each in super().read(object, refs, fields)]


@pytest.mark.parametrize("edited", [15, 40])
def test_g_app_that_answers_missing_by_id_deletes_nothing_and_loses_no_link_for_good(edited: int) -> None:
    world = TwoApps()
    people = world.crowd(100)
    before = sorted(world.pairs())
    for id in people[:edited]:
        world.anna.edit(id, name="changed")
    bert = world.connectors[Side.RIGHT]
    bert.__class__ = Blind
    for _ in range(2):
        with suppress(StoppedByBrake):
            world.run()
    assert (world.written(), len(world.anna.live()), len(world.bert.live())) == (0, 100, 100)
    bert.__class__ = MemoryConnector
    world.run(full=True)
    world.rest()
    assert sorted(world.pairs()) == before
    assert (len(world.anna.live()), len(world.bert.live())) == (100, 100)
    assert world.in_step()


def poisoned(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
    """Refuse one record, without naming a field."""
    return ("name is on the block list", ()) if item.values.get("name") == "Poison" else None


def test_j_one_refused_and_one_unreadable_of_ten_thousand_hold_up_nobody_else() -> None:
    pages = Traits(page=1000)
    world = TwoApps(pages, replace(pages, refuses=poisoned), maps=[FieldMap(each, each) for each in PEOPLE[:2]])
    people = []
    for number in range(10_000):
        values = {"email": f"p{number}@x.test", "name": f"P{number}"}
        people.append(world.anna.add(**values))
        if number % 20:
            world.bert.add(**values)
    refused, unreadable = people[4000], people[6000]
    world.anna.edit(refused, name="Poison")
    world.anna.spoil(unreadable, "the card has no end")
    world.run()
    in_sync = {left for left, _ in world.pairs()}
    assert len(in_sync) == 9_998
    assert set(people) - in_sync == {refused, unreadable}
    held = {hold.record_id: (hold.rule, hold.kind, hold.reason) for hold in world.holds()}
    assert held == {
        refused: ("R13", "refused", "Bert refused: name is on the block list"),
        unreadable: ("R13", "unreadable", "cannot be read: the card has no end"),
    }
    assert world.written() == 498


def test_j_a_poisoned_record_is_tried_again_with_longer_and_longer_waits_and_is_freed_by_an_edit() -> None:
    world = TwoApps(bert=Traits(refuses=poisoned))
    bad = world.anna.add(email="bad@x.test", name="Poison")
    good = world.anna.add(email="good@x.test", name="Good")
    tries = []
    for _ in range(40):
        before = world.bert.calls["write create"]
        world.run()
        tries.append(world.bert.calls["write create"] - before)
    assert sum(tries) == 6, "after 1, 2, 4, 8 and 16 minutes"
    assert world.partner(good)
    world.anna.edit(bad, name="Better")
    world.rest()
    assert world.in_step()
    assert world.holds() == []


def test_j_a_refused_field_is_held_alone_and_the_rest_of_its_record_is_synced() -> None:
    def no_phones(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        return ("not a number we take", ("phone",)) if item.values.get("phone") else None

    world = TwoApps(bert=Traits(refuses=no_phones))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann Lee", phone="+41446681800")
    world.run()
    world.run()
    assert world.bert.values(world.partner(ann))["name"] == "Ann Lee"
    assert [(hold.rule, hold.field, hold.kind) for hold in world.holds()] == [("F6", "phone=phone", "refused")]


def test_j_an_unreadable_linked_record_is_held_and_synced_again_once_mended() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann Lee")
    world.anna.spoil(ann, "the card has no end")
    world.rest()
    assert [(hold.record_id, hold.kind) for hold in world.holds()] == [(ann, "unreadable")]
    world.anna.spoil(ann, "")
    world.rest()
    assert world.holds() == []
    assert world.bert.values(world.partner(ann))["name"] == "Ann Lee"


def test_j_a_record_unreadable_from_the_start_is_not_doubled_by_its_twin() -> None:
    world = TwoApps()
    broken = world.anna.add(email="p@x.test", name="Ann")
    world.anna.spoil(broken, "one of its lines names no property")
    twin = world.bert.add(email="p@x.test", name="Ann", phone="+41446681800")
    world.rest()
    assert world.written() == 0
    assert {hold.record_id: hold.kind for hold in world.holds()} == {broken: "unreadable", twin: "match"}
    world.anna.spoil(broken, "")
    world.rest()
    assert world.pairs() == [(broken, twin)]
    assert world.holds() == []


def test_a_create_is_marked_as_no_other_ledger_would() -> None:
    world = TwoApps(bert=Traits(marker=True))
    world.anna.add(email="p@x.test", name="Ann")
    world.rest()
    assert world.sync.mark in str(world.bert.live()[0].marker)
    assert new_mark() != new_mark()
