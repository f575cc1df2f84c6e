"""Both apps read and written at the same time: each in a thread of its own, the ledger in one."""

import threading
from collections.abc import Callable

import pytest

from bothways.errors import AppUnreachable, PageIncomplete
from tests.memory_app import Traits
from tests.two_apps import TwoApps


def meet(world: TwoApps, call: str) -> list[str]:
    """Let the first call of this name in each app wait until the other app is in it, too; return who has met."""
    door, met = threading.Barrier(2, timeout=20), []

    def hook_of(name: str) -> Callable[[str, str], None]:
        def hook(when: str, reached: str) -> None:
            if (when, reached) == ("before", call) and name not in met:
                met.append(name)
                door.wait()

        return hook

    world.anna.hook, world.bert.hook = hook_of("Anna"), hook_of("Bert")
    return met


def strangers(**traits: int) -> TwoApps:
    """Return two apps with fifty people each, none of them in both."""
    world = TwoApps(Traits(**traits), Traits(**traits), side_by_side=True)
    for number in range(50):
        world.anna.add(email=f"a{number}@x.test", name=f"A{number}")
        world.bert.add(email=f"b{number}@x.test", name=f"B{number}")
    return world


def test_both_apps_are_read_at_the_same_time() -> None:
    world = strangers(page=10)
    met = meet(world, "changes")
    world.run()
    assert sorted(met) == ["Anna", "Bert"]
    assert len(world.pairs()) == 100


def test_both_apps_are_written_to_at_the_same_time() -> None:
    world = strangers(batch_write=10)
    met = meet(world, "write create")
    world.run()
    assert sorted(met) == ["Anna", "Bert"]
    assert len(world.pairs()) == 100
    assert world.in_step()


def test_listing_that_breaks_off_stops_the_run_before_anything_is_written() -> None:
    world = strangers(page=10)
    world.bert.fail("changes", PageIncomplete(app="Bert", reason="half a page"), nth=3)
    with pytest.raises(PageIncomplete):
        world.run()
    assert world.written() == 0
    world.run()
    assert len(world.pairs()) == 100


def test_failure_of_one_app_keeps_what_the_other_has_taken() -> None:
    world = strangers(batch_write=10)
    world.bert.fail("write create", AppUnreachable(app="Bert", reason="no route"), nth=2)
    with pytest.raises(AppUnreachable):
        world.run()
    assert world.open_intents() == []
    world.rest()
    assert len(world.pairs()) == 100
    assert world.written() == 100


def test_an_action_that_writes_to_both_apps_is_done_in_one_run() -> None:
    world = TwoApps(side_by_side=True)
    left = world.anna.add(email="p@x.test", name="Ann")
    right = world.bert.add(email="p@x.test", phone="+41446681800")
    world.run()
    assert world.anna.values(left) == world.bert.values(right)
    assert world.written() == 2
