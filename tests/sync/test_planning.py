"""While a run plans, another worker may read the same feed: what it learns then is looked at by the next run."""

from collections.abc import Callable, Collection
from typing import Any

import pytest

from bothways.engine.sides import Side
from bothways.ledger import due, feeds, plans
from bothways.ledger.models import Plan
from bothways.records import Record
from bothways.sync import checks, planning
from bothways.sync.context import FeedReader, Progress
from bothways.sync.poll import poll
from bothways.sync.reading import read_feed
from tests.memory_app import Traits
from tests.two_apps import TwoApps


class Reading:
    """Another worker that reads Bert's feed for all syncs that use it, as soon as somebody has edited a record."""

    def __init__(self, world: TwoApps, id: str) -> None:
        self.world, self.id, self.edits = world, id, [{"phone": "+49 30 901820"}]

    def __call__(self) -> None:
        """Have the record edited and the feed read, once."""
        if self.edits:
            self.world.bert.edit(self.id, **self.edits.pop())
            end = self.world.context().ends[Side.RIGHT]
            assert read_feed(FeedReader("Bert", self.world.clock), end) == 1


@pytest.fixture
def world() -> TwoApps:
    world = TwoApps(bert=Traits(lag=0))
    world.crowd(2)
    world.clock.advance(600)
    return world


def partner_of(world: TwoApps, id: str) -> str:
    return dict(world.pairs())[id]


def before(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, then: Callable[[], None]) -> None:
    """Let something happen right before a function is called."""
    called = getattr(place, name)

    def instead(*args: Any, **kwargs: Any) -> Any:
        then()
        return called(*args, **kwargs)

    monkeypatch.setattr(place, name, instead)


@pytest.mark.parametrize("edit", [{"name": None}, {"name": "Renamed"}], ids=["quiet", "written"])
def test_what_is_read_between_a_record_and_its_due_mark_is_not_taken_for_looked_at(
    world: TwoApps, monkeypatch: pytest.MonkeyPatch, edit: dict[str, str | None]
) -> None:
    ada = world.anna.live()[0].id
    theirs = partner_of(world, ada)
    world.bert.edit(theirs, **edit)
    other = Reading(world, theirs)
    with monkeypatch.context() as patched:
        before(patched, due, "marked", other)
        world.run()
    assert other.edits == []
    world.rest()
    assert world.anna.items[ada].values.get("phone") == "+49 30 901820"


def test_pair_that_is_planned_keeps_its_mark_when_one_of_it_is_read_anew_as_somebody_elses_match(
    world: TwoApps, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = world.anna.live()[0].id
    theirs = partner_of(world, ada)
    world.bert.edit(theirs, name=None)
    world.anna.add(email="new@x.test", name="New")
    other, find = Reading(world, theirs), planning.find_matches

    def and_reads(ctx: Any, side: Side, rows: Any, ids: Collection[str], survey: Any) -> Any:
        matches, partners, marks = find(ctx, side, rows, ids, survey)
        if side is Side.LEFT and ids:
            other()
            partners |= feeds.seen_by_id(ctx.ends[Side.RIGHT].feed.pk, [theirs])
            assert isinstance(partners[theirs].record, Record)
        return matches, partners, marks

    with monkeypatch.context() as patched:
        patched.setattr(planning, "find_matches", and_reads)
        world.run()
    assert other.edits == []
    world.rest()
    assert world.anna.items[ada].values.get("phone") == "+49 30 901820"


def test_record_is_not_made_from_values_that_somebody_learned_to_be_old_while_twins_were_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = TwoApps()
    world.crowd(1)
    new = world.anna.add(email="new@x.test", name="New")

    def read_beside() -> None:
        if world.bert.calls["write"] == calls and world.anna.items[new].values["name"] == "New":
            world.clock.advance(1)
            world.anna.edit(new, name="Newer")
            read_feed(FeedReader("Anna", world.clock), world.context().ends[Side.LEFT])

    calls = world.bert.calls["write"]
    before(monkeypatch, checks, "_poll_for_twins", read_beside)
    world.rest()
    [made] = [each for each in world.bert.writes if each.kind == "create" and each.values.get("email") == "new@x.test"]
    assert made.values["name"] == "Newer"


def test_how_far_it_is_counts_the_records_of_both_apps_that_are_due_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    world, told = TwoApps(), list[tuple[tuple[int, int], int, tuple[int, int]]]()
    for number in range(3):
        world.anna.add(email=f"p{number}@x.test")
        world.bert.add(email=f"p{number}@x.test")
    world.bert.add(email="only@x.test")
    world.anna.add(email="waits@x.test")
    ctx = world.context()
    poll(ctx, ctx.ends.values())
    waits = due.page(world.sync, world.clock(), ("", ""), 9)[3]
    due.postpone(world.sync, [waits], world.clock() + 600)
    monkeypatch.setattr(planning, "PAGE", 2)

    def report(progress: Progress) -> None:
        kept = plans.so_far(Plan.objects.get())
        told.append(((progress.done, progress.total or 0), kept.made, kept.done))

    ctx.report = report
    plan, _ = planning.make_plan(ctx)
    assert told == [
        ((4, 7), 2, (2, 2)),
        ((6, 7), 3, (3, 3)),
        ((6, 7), 3, (3, 3)),
        ((7, 7), 4, (3, 4)),
    ]
    assert plans.size(plan) == 4
