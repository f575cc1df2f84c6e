"""Turns taken: feeds read for all their syncs, syncs run when there is something to do, apps left alone that fail."""

import pytest

from bothways.errors import AppUnreachable, BothwaysError, CredentialsRefused, OurFault, QuotaUsedUp, RateLimited
from bothways.jobs.schedule import LONGEST_PAUSE
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import clocks, due, hints, rests, turns
from bothways.ledger.models import Feed, Run, Sync
from bothways.ledger.turns import FEED, SYNC
from bothways.service.connect import open_app
from bothways.service.database import used
from bothways.service.views import RunView
from tests.office import SYNC as SETTINGS
from tests.office import Office

SECOND = """
  people2:
    state: on
    objects: {Anna: people, Bert: others}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""


class Shift:
    """A worker on an office's clock: takes every turn that is due, and remembers what it was told."""

    def __init__(self, office: Office) -> None:
        self.office, self.runs, self.failures = office, list[RunView](), list[BothwaysError]()
        self.worker = Worker(
            office.open(),
            "one",
            self.runs.append,
            lambda name, error: self.failures.append(error),
            self._ask,
            self._ours,
        )
        self.worker.chance = lambda: 0.0

    def _ours(self, problem: Exception) -> BothwaysError:
        return OurFault(reason=type(problem).__name__, incident="i_1")

    def _ask(self, kind: str, ids: list[int]) -> None:
        turns.ask(kind, ids, self.worker.clock())

    def work(self, seconds: float = 0.0, step: float = 1.0) -> None:
        """Let time pass, a tick per step, and take what is due."""
        end = self.office.clock() + seconds
        with used(self.worker.workspace.database):
            while True:
                clocks.keep_right(self.worker.clock)
                for kind in (FEED, SYNC):
                    for id in turns.due(kind, self.worker.clock(), 100):
                        while take_turn(self.worker, kind, id):
                            pass
                if self.office.clock() >= end:
                    return
                self.office.clock.advance(step)

    def calls(self) -> int:
        return self.office.anna.calls.total() + self.office.bert.calls.total()


@pytest.fixture
def shift(office: Office) -> Shift:
    office.pair()
    shift = Shift(office)
    shift.work(300)
    return shift


def test_edit_arrives_after_one_interval_at_the_latest_and_then_in_the_same_tick(shift: Shift) -> None:
    id = next(iter(shift.office.anna.items))
    shift.office.anna.edit(id, name="Dana Lee")
    shift.work(61)
    assert shift.office.bert.holding("name", "Dana Lee")


def test_nothing_changed_costs_one_listing_per_app_and_interval_and_no_run(shift: Shift) -> None:
    calls, runs = shift.calls(), Run.objects.count()
    shift.work(600)
    assert 2 * 9 <= shift.calls() - calls <= 2 * 12
    assert Run.objects.count() == runs


def test_hint_is_followed_at_once_by_reading_that_record_alone(shift: Shift) -> None:
    id = next(iter(shift.office.anna.items))
    shift.office.anna.edit(id, name="Dana Lee")
    with used(shift.worker.workspace.database):
        feed = Feed.objects.get(connection__name="Anna", object="people")
        hints.keep(feed, [id], shift.office.clock())
        turns.ask(FEED, [feed.pk], shift.office.clock())
    before = shift.office.anna.calls["changes"]
    shift.work()
    assert shift.office.bert.holding("name", "Dana Lee")
    assert shift.office.anna.calls["changes"] == before
    with used(shift.worker.workspace.database):
        assert hints.of(feed.pk) == []


def test_app_that_fails_rests_longer_and_longer_and_is_told_of_once(shift: Shift) -> None:
    shift.office.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"), times=10_000)
    shift.office.anna.edit(next(iter(shift.office.anna.items)), name="Dana Lee")
    calls = shift.office.bert.calls.total()
    shift.work(3600)
    assert len(shift.failures) == 1
    assert 4 <= shift.office.bert.calls.total() - calls <= 20
    with used(shift.worker.workspace.database):
        [rest] = rests.resting()
    assert (rest.connection, rest.trouble[:6]) == ("Bert", "BW-201")
    assert rest.until - shift.office.clock() <= LONGEST_PAUSE * 1.25


def test_app_that_is_asked_no_more_today_rests_until_it_may_be_asked_again_and_is_told_of_once(shift: Shift) -> None:
    until = shift.office.clock() + 7200
    spent = QuotaUsedUp(app="Bert", reason="all calls are made", again="tomorrow", until=until)
    shift.office.bert.fail("changes", spent, times=1)
    shift.office.anna.edit(next(iter(shift.office.anna.items)), name="Dana Lee")
    shift.work(120)
    calls = shift.office.bert.calls.total()
    with used(shift.worker.workspace.database):
        [rest] = rests.resting()
    assert (rest.until, [each.code for each in shift.failures]) == (until, ["BW-211"])
    shift.work(until - shift.office.clock() - 1)
    assert shift.office.bert.calls.total() == calls
    shift.work(3)
    assert shift.office.bert.holding("name", "Dana Lee")
    assert len(shift.failures) == 1


def test_rate_limit_is_waited_for_and_no_failure(shift: Shift) -> None:
    shift.office.bert.fail("changes", RateLimited(app="Bert"), times=2)
    shift.office.anna.edit(next(iter(shift.office.anna.items)), name="Dana Lee")
    shift.work(180)
    assert shift.office.bert.holding("name", "Dana Lee")
    assert shift.failures == []


def test_what_waited_while_an_app_was_away_is_sent_when_it_is_back(shift: Shift) -> None:
    shift.office.bert.fail("changes", CredentialsRefused(app="Bert"), times=3)
    shift.work(120)
    shift.office.anna.edit(next(iter(shift.office.anna.items)), name="Dana Lee")
    shift.work(300)
    assert shift.office.bert.holding("name", "Dana Lee")
    with used(shift.worker.workspace.database):
        assert rests.resting() == []


def test_app_that_refused_its_credentials_is_opened_anew_with_those_that_it_has_by_now(shift: Shift) -> None:
    before = {name: open_app(shift.worker.own(), name).connector for name in ("Anna", "Bert")}
    shift.office.bert.fail("changes", CredentialsRefused(app="Bert"))
    shift.office.anna.fail("changes", AppUnreachable(app="Anna", reason="no route"))
    shift.work(300)
    after = {name: open_app(shift.worker.own(), name).connector for name in ("Anna", "Bert")}
    assert after["Bert"] is not before["Bert"]
    assert after["Anna"] is before["Anna"]


def test_sync_that_stops_at_a_brake_is_tried_again_later_and_later_and_told_of_once(office: Office) -> None:
    office.write(SETTINGS.replace("first_run: 1000", "first_run: 1"))
    for number in range(3):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    shift = Shift(office)
    shift.work(1800)
    assert len(office.bert.writes) == 1
    assert Run.objects.count() < 20


def test_what_a_worker_that_is_gone_had_found_is_looked_at_by_who_takes_over(shift: Shift) -> None:
    with used(shift.worker.workspace.database):
        feed, sync = Feed.objects.get(connection__name="Anna"), Sync.objects.get()
        turns.ask(FEED, [feed.pk], shift.worker.clock())
        assert turns.take(FEED, feed.pk, "gone", shift.worker.clock()) is not None
        due.mark(sync, "left", ["a00001"])
    shift.work(turns.TAKEOVER)
    before = len(shift.runs)
    shift.work(2)
    assert len(shift.runs) == before + 1


def test_turn_does_not_end_before_the_syncs_are_asked_for_that_it_has_found_something_for(
    shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift.office.anna.edit("a00001", name="Dana Lee")
    shift.office.clock.advance(61)
    finish, asked = turns.finish, list[float]()

    def watched(turn: turns.Turn, due_at: float, failed: int = 0) -> bool:
        if turn.kind == FEED:
            asked.append(Sync.objects.get().asked_at)
        return finish(turn, due_at, failed)

    monkeypatch.setattr(turns, "finish", watched)
    with used(shift.worker.workspace.database):
        take_turn(shift.worker, FEED, Feed.objects.get(connection__name="Anna").pk)
    assert asked == [shift.worker.clock()]
