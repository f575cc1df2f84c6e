"""Turns: one worker at a time, taken over from one that is gone, none lost."""

from typing import cast

import pytest
from django.db import transaction

from bothways.engine.brakes import Guards
from bothways.engine.spec import SyncSpec
from bothways.errors import RunSuperseded
from bothways.ledger import due, requests, rests, turns
from bothways.ledger.models import Connection, Feed, Sync, Workspace
from bothways.ledger.turns import BEAT_EVERY, BESIDE, FEED, SYNC, TAKEOVER
from bothways.sync.context import Context

NOW = 1_700_000_000.0


@pytest.fixture
def sync() -> Sync:
    feeds = [
        Feed.objects.create(connection=Connection.objects.create(name=name, connector="memory"), object="people")
        for name in ("Anna", "Bert")
    ]
    Feed.objects.update(baseline_done=True)
    return Sync.objects.create(name="people", state="on", left=feeds[0], right=feeds[1])


def test_turn_is_taken_by_one_worker_alone(sync: Sync) -> None:
    assert turns.due(SYNC, NOW, 10) == [sync.pk]
    assert turns.take(SYNC, sync.pk, "one", NOW) is not None
    assert turns.take(SYNC, sync.pk, "two", NOW) is None
    assert turns.due(SYNC, NOW, 10) == []


def test_finished_turn_is_due_again_when_it_was_said_to_be(sync: Sync) -> None:
    turn = turns.take(SYNC, sync.pk, "one", NOW)
    assert turn is not None
    assert turns.finish(turn, NOW + 60)
    assert turns.due(SYNC, NOW + 59, 10) == []
    assert turns.due(SYNC, NOW + 60, 10) == [sync.pk]


def test_who_asks_while_it_runs_gets_another_turn_right_after(sync: Sync) -> None:
    turn = turns.take(SYNC, sync.pk, "one", NOW)
    turns.ask(SYNC, [sync.pk], NOW + 1)
    assert turn is not None
    turns.finish(turn, NOW + 60)
    assert turns.due(SYNC, NOW + 1, 10) == [sync.pk]


def test_who_asked_before_it_began_gets_no_second_turn(sync: Sync) -> None:
    turns.ask(SYNC, [sync.pk], NOW - 1)
    turn = turns.take(SYNC, sync.pk, "one", NOW)
    assert turn is not None
    turns.finish(turn, NOW + 60)
    assert turns.due(SYNC, NOW + 1, 10) == []


def test_worker_without_a_sign_of_life_is_taken_over_from_and_cannot_finish(sync: Sync) -> None:
    gone = turns.take(SYNC, sync.pk, "one", NOW)
    turns.beat("one", [(SYNC, sync.pk)], NOW + BEAT_EVERY)
    assert turns.take(SYNC, sync.pk, "two", NOW + TAKEOVER) is None, "it said that it lives"
    taken = turns.take(SYNC, sync.pk, "two", NOW + BEAT_EVERY + TAKEOVER + 1)
    assert taken is not None
    assert gone is not None
    assert not turns.finish(gone, NOW + 1000)
    assert turns.finish(taken, NOW + 60)


def test_who_was_taken_over_from_is_refused_at_the_fence(sync: Sync) -> None:
    gone = turns.take(SYNC, sync.pk, "one", NOW)
    taken = turns.take(SYNC, sync.pk, "two", NOW + TAKEOVER + 1)
    assert gone is not None
    assert taken is not None
    turns.fence(taken)
    with pytest.raises(RunSuperseded):
        turns.fence(gone)


def test_nobody_takes_over_while_a_transaction_behind_the_fence_is_under_way(
    sync: Sync, backend: str, request: pytest.FixtureRequest
) -> None:
    if backend != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    import psycopg

    Sync.objects.update(epoch=1)
    run = Context(sync, cast(SyncSpec, None), Guards(), {}, epoch=1)
    with psycopg.connect(request.getfixturevalue("postgresql_database"), autocommit=True) as other:
        other.execute("SET lock_timeout='100ms'")
        with transaction.atomic():
            run.fence()
            other.execute("UPDATE sync SET due_at=0")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("SELECT pg_advisory_xact_lock(7303423, %s)", (sync.pk,))
        other.execute("UPDATE sync SET epoch=epoch+1")
    with pytest.raises(RunSuperseded):
        run.fence()


def test_sign_of_life_from_the_future_is_none(sync: Sync) -> None:
    turns.take(SYNC, sync.pk, "one", NOW + 86_400)
    assert turns.due(SYNC, NOW, 10) == [sync.pk], "the clock was set back since"


def test_worker_that_stops_gives_its_turns_back(sync: Sync) -> None:
    turns.take(SYNC, sync.pk, "one", NOW)
    turns.leave("one")
    assert turns.due(SYNC, NOW, 10) == [sync.pk]


@pytest.mark.parametrize("state", ["off", "draft"])
def test_sync_that_is_not_on_is_never_due_nor_is_a_feed_of_it(sync: Sync, state: str) -> None:
    assert len(turns.due(FEED, NOW, 10)) == 2
    Sync.objects.update(state=state)
    assert turns.due(SYNC, NOW, 10) == turns.due(FEED, NOW, 10) == []


def test_feed_that_was_never_read_waits_for_the_first_run(sync: Sync) -> None:
    Feed.objects.filter(pk=sync.left_id).update(baseline_done=False)
    assert turns.due(FEED, NOW, 10) == [sync.right_id]


def test_nothing_is_due_of_a_connection_that_rests(sync: Sync) -> None:
    assert rests.begin("Anna", NOW + 100, "BW-201", "cannot be reached")
    assert not rests.begin("Anna", NOW + 100, "BW-201", "cannot be reached"), "it is no news any more"
    assert turns.due(SYNC, NOW, 10) == []
    assert turns.due(FEED, NOW, 10) == [sync.right_id]
    assert rests.end(["Anna", "Bert"]) == ["Anna"]
    assert turns.due(SYNC, NOW, 10) == [sync.pk]


def test_turn_taken_for_a_person_is_had_though_it_is_not_due_and_given_back_as_it_was(sync: Sync) -> None:
    Sync.objects.update(due_at=NOW + 60)
    turn = turns.take_now(sync.pk, "command", NOW, though_paused=False)
    assert turn is not None
    assert turns.take_now(sync.pk, "other", NOW, though_paused=True) is None
    turns.give_back(turn)
    assert turns.due(SYNC, NOW + 59, 10) == []
    assert turns.due(SYNC, NOW + 60, 10) == [sync.pk]


def test_worker_is_there_as_long_as_it_says_so(sync: Sync) -> None:
    assert not turns.is_served(NOW)
    turns.serve("one", NOW)
    turns.serve("one", NOW + BEAT_EVERY)
    assert turns.is_served(NOW + BEAT_EVERY + TAKEOVER)
    assert not turns.is_served(NOW + BEAT_EVERY + TAKEOVER + 1)
    assert not turns.is_served(NOW - 86_400), "the clock was set back since"
    turns.serve("two", NOW)
    turns.leave("two")
    turns.leave("one")
    assert not turns.is_served(NOW)


def test_who_holds_the_lock_gives_back_all_turns_but_those_of_commands_beside_a_service(sync: Sync) -> None:
    turns.take(FEED, sync.left_id, "one", NOW)
    turns.take_now(sync.pk, f"{BESIDE}command", NOW, though_paused=True)
    turns.serve("one", NOW)
    turns.forget_workers()
    assert sync.left_id in turns.due(FEED, NOW, 10)
    assert turns.due(SYNC, NOW, 10) == []
    assert not turns.is_served(NOW)


def test_while_all_is_paused_no_turn_is_taken_but_for_a_look(sync: Sync) -> None:
    Workspace.objects.get_or_create(defaults={"name": "test"})
    turns.pause(NOW)
    assert turns.paused_at() == NOW
    assert turns.due(SYNC, NOW, 10) == turns.due(FEED, NOW, 10) == []
    assert turns.take(SYNC, sync.pk, "one", NOW) is None
    assert turns.take_now(sync.pk, "command", NOW, though_paused=False) is None
    look = turns.take_now(sync.pk, "command", NOW, though_paused=True)
    assert look is not None
    turns.give_back(look)
    turns.pause(0.0)
    assert turns.paused_at() is None
    assert turns.take(SYNC, sync.pk, "one", NOW) is not None


def test_request_is_due_though_the_sync_is_off_or_its_app_rests(sync: Sync) -> None:
    requests.add(sync.pk, "run", {"sync": "people"}, "ana", NOW)
    rests.begin("Anna", NOW + 100, "BW-201", "cannot be reached")
    assert turns.due(SYNC, NOW, 10) == [sync.pk]
    Sync.objects.update(state="off")
    assert turns.due(SYNC, NOW, 10) == [sync.pk]
    requests.withdraw_all(sync.pk, NOW)
    assert turns.due(SYNC, NOW, 10) == []


def test_sync_beside_has_waited_unless_somebody_is_at_it(sync: Sync) -> None:
    other = Sync.objects.create(name="deals", state="on", left=sync.right, right=sync.left)
    assert turns.beside(sync.pk, NOW) == []
    due.mark(other, "left", ["b1"])
    assert turns.beside(sync.pk, NOW) == [other.pk]
    turns.take(SYNC, other.pk, "two", NOW)
    assert turns.beside(sync.pk, NOW) == []


def test_only_syncs_that_are_on_and_do_not_fail_have_something_to_look_at(sync: Sync) -> None:
    due.mark(sync, "left", ["a1"], NOW + 5)
    assert turns.with_marks([sync.pk], NOW) == turns.all_with_marks(NOW) == []
    assert turns.with_marks([sync.pk, 10**9], NOW + 5) == turns.all_with_marks(NOW + 5) == [sync.pk]
    assert turns.all_with_marks(NOW + 5, sync.left_id) == [sync.pk]
    assert turns.all_with_marks(NOW + 5, 10**9) == []
    for changed in ({"failed": 1}, {"failed": 0, "state": "off"}):
        Sync.objects.update(**changed)
        assert turns.with_marks([sync.pk], NOW + 5) == turns.all_with_marks(NOW + 5) == []
