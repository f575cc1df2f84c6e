"""Filters by a list of the app: who comes into it takes part, who leaves it is frozen, and a lost list stops all."""

from dataclasses import replace
from typing import Any

import pytest

from bothways.connectors.abilities import RecordList
from bothways.engine.filters import InList, group
from bothways.engine.scope import Leaving, Scope
from bothways.engine.sides import Side
from bothways.errors import ListGone, PageIncomplete
from bothways.ledger import due, links
from bothways.sync.lists import LISTS_EVERY
from tests.memory_app import MemoryConnector
from tests.two_apps import TwoApps

L, R = Side.LEFT, Side.RIGHT


def two_apps(name: str = "VIP", leaving: Leaving = Leaving.FREEZE, side: Side = L) -> TwoApps:
    world = TwoApps(scope=Scope({side: InList(name)}, {}, leaving))
    world.apps[side].lists["vip"] = []
    return world


def names(app) -> list[str]:
    return [str(item.values["name"]) for item in app.live()]


def later(world: TwoApps) -> None:
    world.clock.advance(LISTS_EVERY)
    world.rest()


def test_only_records_in_the_list_take_part() -> None:
    world = two_apps()
    ids = [world.anna.add(email=f"p{n}@x.test", name=f"P{n}") for n in range(5)]
    world.anna.lists["vip"] = [ids[1], ids[3], ids[4]]
    world.bert.add(email="p0@x.test", name="P0")
    world.rest()
    assert sorted(names(world.bert)) == ["P0", "P1", "P3", "P4"]
    assert len(world.pairs()) == 3
    assert due.count(world.sync) == 0


def test_whoever_comes_into_the_list_takes_part_though_the_record_did_not_change() -> None:
    world = two_apps()
    id = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    assert names(world.bert) == []
    world.anna.lists["vip"] = [id]
    later(world)
    assert names(world.bert) == ["Ann"]


def test_whoever_leaves_the_list_is_frozen_and_nothing_is_lost_on_return() -> None:
    world = two_apps()
    here = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [here]
    world.rest()
    ((_, there),) = world.pairs()
    world.anna.lists["vip"] = []
    later(world)
    (link,) = links.page(world.sync, 0, 10, "state='active'")
    assert link.frozen == "outside the filter of Anna (in the list VIP)"
    world.anna.edit(here, name="Anna")
    world.bert.edit(there, phone="+41446681800")
    later(world)
    assert (names(world.bert), world.anna.values(here).get("phone")) == (["Ann"], None)
    world.anna.lists["vip"] = [here]
    later(world)
    assert (names(world.bert), world.anna.values(here)["phone"]) == (["Anna"], "+41446681800")


@pytest.mark.parametrize("named", ["winner", "loser"])
def test_who_was_merged_stays_in_the_list_whichever_id_the_list_names(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Lists are read every now and then alone: until then, too, no link is ended for a merge."""
    world = two_apps(leaving=Leaving.UNLINK)
    here = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [here]
    world.rest()
    ((_, there),) = world.pairs()
    winner = world.anna.add(email="ann.two@x.test", name="Ann Two")
    world.anna.merge(winner, here)
    told = {"winner": winner, "loser": here}[named]
    monkeypatch.setattr(MemoryConnector, "members", lambda *_: iter([[told]]))
    for phone in ("+41446681800", "+41446681801"):
        world.bert.edit(there, phone=phone)
        world.run()
        assert world.pairs() == [(winner, there)]
        later(world)
    assert world.anna.values(winner)["phone"] == phone


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("leaving", [Leaving.FREEZE, Leaving.UNLINK])
def test_who_was_merged_stays_in_the_list_though_the_list_tells_of_it_first(leaving: Leaving, late: bool) -> None:
    """An app may list a merged record as a member before it lists it as changed, and as neither for a while."""
    world = two_apps(leaving=leaving)
    here = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [here]
    world.rest()
    ((_, there),) = world.pairs()
    world.anna.listed = False
    winner = world.anna.add(email="ann.two@x.test", name="Ann Two")
    world.anna.merge(winner, here)
    world.anna.lists["vip"] = [] if late else [winner]
    world.bert.edit(there, phone="+41446681800")
    world.clock.advance(LISTS_EVERY)
    world.run()
    assert (world.pairs(), world.anna.values(winner)["phone"]) == ([(winner, there)], "+41446681800")
    world.clock.advance(LISTS_EVERY)
    world.run()
    (link,) = links.page(world.sync, 0, 10, "1=1")
    assert (link.state == "active" and not link.frozen) is not late, "who is not in it the next time has left"


def test_a_list_of_the_other_app_lets_nothing_new_in_but_keeps_its_own_records_in_step() -> None:
    world = two_apps(side=R)
    here, there = world.anna.add(email="ann@x.test", name="Ann"), world.bert.add(email="ann@x.test", name="Ann")
    world.anna.add(email="new@x.test", name="New")
    world.bert.lists["vip"] = [there]
    world.rest()
    assert (world.pairs(), names(world.bert)) == ([(here, there)], ["Ann"])


def test_a_list_is_not_read_again_with_every_poll() -> None:
    world = two_apps()
    world.anna.lists["vip"] = [world.anna.add(email=f"p{n}@x.test") for n in range(4)]
    world.rest()
    before = world.anna.calls["members"]
    assert before >= 2
    world.run()
    world.run()
    assert world.anna.calls["members"] == before
    world.run(full=True)
    assert world.anna.calls["members"] == before + 2


def test_a_list_in_a_group_of_conditions() -> None:
    world = two_apps()
    world.rescope(Scope({L: group("not", [InList("vip")])}))
    ids = [world.anna.add(email=f"p{n}@x.test", name=f"P{n}") for n in range(3)]
    world.anna.lists["vip"] = [ids[1]]
    world.rest()
    assert sorted(names(world.bert)) == ["P0", "P2"]


@pytest.mark.parametrize("known", [False, True])
def test_who_is_not_to_be_in_a_list_is_made_or_linked_only_once_it_was_read_since_they_came(known: bool) -> None:
    world = two_apps()
    world.spec = replace(world.spec, sends={L: True, R: False})
    world.rescope(Scope({L: group("not", [InList("vip")])}))
    for email in ("ann@x.test", "bob@x.test") if known else ():
        world.bert.add(email=email, name="known")
    world.rest()
    world.clock.advance(LISTS_EVERY)
    world.run()
    secret, other = world.anna.add(email="ann@x.test", name="Secret"), world.anna.add(email="bob@x.test", name="Bob")
    world.anna.lists["vip"] = [secret]
    for _ in range(7):
        world.clock.advance(60.0)
        world.run()
    assert names(world.bert) == (["known", "Bob"] if known else ["Bob"])
    assert [pair[0] for pair in world.pairs()] == [other]


@pytest.mark.parametrize("leaving", list(Leaving))
def test_a_list_that_is_no_more_stops_the_sync_and_ends_no_link(leaving: Leaving) -> None:
    world = two_apps(leaving=leaving)
    id = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [id]
    world.rest()
    world.anna.lists = {}
    world.anna.edit(id, name="Anna")
    world.clock.advance(LISTS_EVERY)
    with pytest.raises(ListGone, match='The list "vip" of Anna cannot be read'):
        world.run()
    assert (len(world.pairs()), names(world.bert)) == (1, ["Ann"])
    world.anna.lists = {"VIP": [id]}
    world.rest()
    assert names(world.bert) == ["Anna"]


@pytest.mark.parametrize("more", [{"whole": False}, {"size": 1}])
def test_a_list_that_the_app_is_still_working_out_waits_and_ends_no_link(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """A list made anew by the name of one that was deleted, say: at first nobody is in it, whatever its size."""
    world = two_apps(leaving=Leaving.UNLINK)
    id = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [id]
    world.rest()
    world.anna.lists["vip"] = []
    monkeypatch.setattr(MemoryConnector, "lists", lambda *_: [RecordList("list vip", "vip", True, **more)])
    world.clock.advance(LISTS_EVERY)
    with pytest.raises(PageIncomplete, match='in the list "vip"'):
        world.run()
    monkeypatch.undo()
    world.anna.lists["vip"] = [id]
    world.rest()
    assert len(world.pairs()) == 1


def test_a_saved_plan_does_not_write_what_has_left_the_list_since() -> None:
    world = two_apps()
    id = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [id]
    plan, _ = world.preview()
    world.anna.lists["vip"] = []
    world.clock.advance(LISTS_EVERY)
    world.apply(plan)
    assert names(world.bert) == []


def test_a_record_that_the_listing_does_not_show_yet_is_taken_in_later() -> None:
    world = two_apps()
    world.rest()
    world.anna.listed = False
    id = world.anna.add(email="ann@x.test", name="Ann")
    world.anna.lists["vip"] = [id]
    later(world)
    world.anna.listed = True
    world.anna.edit(id, phone="+41446681800")
    later(world)
    assert names(world.bert) == ["Ann"]
