"""Reading a feed: pages, cursors, what is read again, and the sweep."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from bothways.connectors.base import Gone, Page
from bothways.engine.sides import Side
from bothways.errors import PageIncomplete, StoppedByBrake
from bothways.ledger import due, feeds
from bothways.ledger.models import Feed, Sync
from bothways.records import Ref
from bothways.sync.context import Context, End
from bothways.sync.poll import poll, sweep
from tests.memory_app import MemoryConnector, Traits
from tests.two_apps import TwoApps

HALF = PageIncomplete(app="Anna", reason="the connection was cut")


class Doubling(MemoryConnector):
    """Lists every row twice, and reports every row as gone as well."""

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        for page in super().changes(object, cursor, fields):
            gone = [Gone(seen.record.id) for seen in page.seen]
            yield replace(page, seen=[*page.seen, *page.seen], gone=gone)


class Forgetful(MemoryConnector):
    """Lists no change."""

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        for page in super().changes(object, cursor, fields):
            yield replace(page, seen=[])


class Versioned(MemoryConnector):
    """Says with every id of a walk which version the record has."""

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        for refs in super().ids(object):
            yield [Ref(ref.id, version=str(self.app.items[ref.id].version)) for ref in refs]


class Leaky(MemoryConnector):
    """Leaves the first record out of every walk."""

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        for refs in super().ids(object):
            yield refs[1:]


def anna(world: TwoApps) -> tuple[Context, End]:
    """Return the end of Anna, as a run begun now works with it."""
    ctx = world.context()
    ctx.started_at = world.clock()
    return ctx, ctx.ends[Side.LEFT]


def poll_anna(world: TwoApps) -> int:
    """Poll Anna alone; return how many records changed."""
    ctx, end = anna(world)
    return poll(ctx, [end])


def seen_names(world: TwoApps) -> dict[str, object]:
    """Return the name that Anna's feed has seen for each live record."""
    feed = Feed.objects.get(connection__name="Anna")
    rows = feeds.seen_by_id(feed.pk, world.anna.items)
    return {row.id: (row.values or {}).get("name") for row in rows.values() if row.live}


def test_first_listing_that_breaks_off_goes_on_where_it_was() -> None:
    world = TwoApps(Traits(page=10))
    for number in range(35):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    world.anna.fail("changes", HALF, nth=3)
    with pytest.raises(PageIncomplete):
        poll_anna(world)
    assert len(seen_names(world)) == 20
    assert poll_anna(world) == 15
    assert world.anna.calls["changes"] == 5, "two pages, the one that broke, two pages"


def test_listing_of_changes_that_breaks_off_misses_nothing() -> None:
    world = TwoApps(Traits(page=10))
    people = world.crowd(35)
    for id in people:
        world.anna.edit(id, name="changed")
        world.clock.advance(1.0)
    world.anna.fail("changes", HALF, nth=2)
    with pytest.raises(PageIncomplete):
        poll_anna(world)
    poll_anna(world)
    assert set(seen_names(world).values()) == {"changed"}


def test_row_listed_twice_is_taken_once_and_a_live_row_is_not_gone() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.connectors[Side.LEFT].__class__ = Doubling
    ctx, end = anna(world)
    assert poll(ctx, [end]) == 1
    assert ctx.rules["R12"] == 1
    assert seen_names(world) == {ann: "Ann"}


def test_indexed_listing_is_read_once_per_change() -> None:
    world = TwoApps(Traits(lag=10.0, precision=0.001))
    people = world.crowd(10)
    world.anna.edit(people[0], name="Ann Lee")
    world.clock.advance(20.0)
    reads = []
    for _ in range(3):
        before = world.anna.calls["read"]
        poll_anna(world)
        world.clock.advance(5.0)
        reads.append(world.anna.calls["read"] - before)
    assert reads == [1, 0, 0]


def test_second_save_in_one_tick_of_a_coarse_clock_is_seen() -> None:
    world = TwoApps(Traits(carries_values=False, precision=1.0))
    ann, *_ = world.crowd(3)
    names = []
    for name in ("first", "second"):
        world.anna.edit(ann, name=name)
        names.append((world.anna.items[ann].modified, name))
        poll_anna(world)
        assert seen_names(world)[ann] == name
        world.clock.advance(0.5)
    assert names[0][0] == names[1][0], "both saves bear one stamp"


def test_change_is_looked_at_by_every_sync_that_uses_the_feed() -> None:
    world = TwoApps()
    first = Sync.objects.get()
    second = Sync.objects.create(name="again", state="on", left=first.left, right=first.right, slots=first.slots)
    off = Sync.objects.create(name="off", state="off", left=first.left, right=first.right, slots=first.slots)
    world.anna.add(email="ann@x.test", name="Ann")
    poll_anna(world)
    assert [due.count(each) for each in (first, second, off)] == [1, 1, 0]


# --- the sweep ------------------------------------------------------------------------------------


def test_sweep_takes_in_what_the_listing_never_showed() -> None:
    world = TwoApps(Traits(lag=10.0))
    world.crowd(10)
    hidden = world.anna.add(email="hidden@x.test", name="Hidden")
    world.anna.items[hidden].modified = 0.0
    world.rest()
    assert hidden not in seen_names(world)
    assert sweep(*anna(world)) == 0
    assert seen_names(world)[hidden] == "Hidden"


def test_sweep_reads_what_has_another_version_than_when_it_was_read() -> None:
    """Whatever a listing has left out, and be it for ever."""

    class Odd(Versioned, Forgetful):
        pass

    world = TwoApps(anna=Traits(conditional=True))
    ann, *_ = world.crowd(5)
    world.connectors[Side.LEFT].__class__ = Odd
    world.anna.edit(ann, name="Ann")
    world.rest()
    assert not world.in_step()
    world.run(full=True)
    assert world.in_step()
    reads = world.calls().get("Anna read", 0)
    world.run(full=True)
    assert world.calls().get("Anna read", 0) == reads


@pytest.mark.parametrize("met", [True, False], ids=["met", "not met"])
def test_what_a_sweep_has_asked_for_does_not_hide_what_was_read_after_it(met: bool) -> None:
    world = TwoApps(anna=Traits(conditional=True))
    ann, *_ = world.crowd(20)

    class Odd(Versioned if met else Leaky):
        pass

    def edit() -> None:
        world.clock.advance(1.0)
        world.anna.edit(ann, name="Later")
        poll_anna(world)
        world.clock.advance(1.0)

    world.connectors[Side.LEFT].__class__ = Odd
    world.anna.edit(ann, name="Sooner")
    world.anna.once("after", "read", edit)
    sweep(*anna(world))
    assert seen_names(world)[ann] == "Later"


def test_sweep_asks_by_id_for_what_it_did_not_meet() -> None:
    world = TwoApps(Traits(reports_deletes=False))
    people = world.crowd(20)
    world.anna.delete(people[0])
    reads = world.anna.calls["read"]
    assert sweep(*anna(world)) == 1
    assert world.anna.calls["read"] - reads == 1
    assert people[0] not in seen_names(world)


def test_record_that_the_sweep_did_not_meet_and_that_is_there_stays() -> None:
    world = TwoApps()
    people = world.crowd(20)
    world.connectors[Side.LEFT].__class__ = Leaky
    assert sweep(*anna(world)) == 0
    assert world.anna.calls["read"] == 1
    assert sorted(seen_names(world)) == people


@pytest.mark.parametrize(("missing", "stops"), [(4, False), (5, True)])
def test_sweep_that_misses_a_fifth_asks_before_it_goes_on(missing: int, stops: bool) -> None:
    world = TwoApps(Traits(reports_deletes=False))
    for id in world.crowd(20)[:missing]:
        world.anna.delete(id)
    if stops:
        with pytest.raises(StoppedByBrake, match="5 of 20 records are missing from Anna"):
            sweep(*anna(world))
        assert len(seen_names(world)) == 20
    ctx, end = anna(world)
    assert sweep(ctx, end, approved=True) == missing
