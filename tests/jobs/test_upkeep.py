"""Upkeep of the subscriptions: at the start, when the settings change, once a day, by one worker at a time."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bothways.errors import BothwaysError, OurFault
from bothways.jobs.turns import Worker
from bothways.jobs.upkeep import AGAIN, LONGEST_PAUSE, Upkeep
from bothways.ledger import webhooks
from bothways.ledger.webhooks import LEASE, SILENCE
from bothways.service.database import used
from tests.hooked_accounts import Owned, owned_accounts


class Time:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Keeper:
    """A worker's upkeep on a clock of its own."""

    def __init__(self, accounts: Owned) -> None:
        self.accounts, self.time, self.failures = accounts, Time(accounts.east.now()), list[BothwaysError]()
        accounts.workspace.clock = self.time
        self.upkeep = self.anew()

    def anew(self) -> Upkeep:
        """Return the upkeep of a worker that has just begun."""
        worker = Worker(
            self.accounts.workspace, "one", lambda view: None, self._failed, lambda kind, ids: None, _understood
        )
        worker.chance = lambda: 0.5
        return Upkeep(worker)

    def _failed(self, name: str, error: BothwaysError) -> None:
        self.failures.append(error)

    def look(self, after: float = 0.0, upkeep: Upkeep | None = None) -> int:
        """Let time pass and look; return how many calls about webhooks that cost."""
        self.time.now += after
        before = self.calls()
        with used(self.accounts.workspace.database):
            (upkeep or self.upkeep).look()
        return self.calls() - before

    def calls(self) -> int:
        return sum(times for call, times in self.accounts.east.calls.items() if call.startswith("webhooks/"))


def _understood(problem: Exception) -> BothwaysError:
    return problem if isinstance(problem, BothwaysError) else OurFault(reason=repr(problem), incident="i_1")


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    with owned_accounts(tmp_path, monkeypatch, "https://sync.example.com") as accounts:
        yield Keeper(accounts)


def test_they_are_seen_to_at_the_start_and_then_once_a_day(keeper: Keeper) -> None:
    assert keeper.look() > 2
    assert keeper.accounts.topics
    assert keeper.look(60) == 0
    assert keeper.look(AGAIN) == 2
    assert keeper.look(0, keeper.anew()) == 2
    assert keeper.failures == []


def test_change_of_the_settings_has_them_seen_to_at_once(keeper: Keeper) -> None:
    keeper.look()
    keeper.accounts.change(("https://sync.example.com", "https://new.example.com"))
    assert keeper.look(10) > 0
    assert keeper.accounts.east.subscribed()["url"] == "https://new.example.com/hooks/east"


def test_one_worker_at_a_time_sees_to_an_app(keeper: Keeper) -> None:
    with used(keeper.accounts.workspace.database):
        webhooks.awaited("east", keeper.time.now)
        assert webhooks.take("east", "what another one wants", keeper.time.now)
    assert keeper.look() == 0
    assert keeper.look(LEASE + 1) > 0


def test_failure_is_told_once_and_tried_again_until_it_is_over(keeper: Keeper) -> None:
    keeper.accounts.east.fault("403", times=10_000, match="/webhooks/")
    waits = []
    for _ in range(40):
        if keeper.look(60):
            waits.append(keeper.time.now)
    assert [error.code for error in keeper.failures] == ["BW-203"]
    assert len(waits) >= 3
    assert max(after - before for before, after in pairwise(waits)) <= LONGEST_PAUSE
    keeper.accounts.east.clear_faults()
    assert keeper.look(LONGEST_PAUSE * 2) > 0
    with used(keeper.accounts.workspace.database):
        assert webhooks.known("east").trouble == ""
    assert keeper.accounts.topics


def test_failure_of_subscriptions_does_not_let_the_connection_rest(keeper: Keeper) -> None:
    from bothways.ledger import rests

    keeper.accounts.east.fault("403", times=10_000, match="/webhooks/")
    keeper.look()
    with used(keeper.accounts.workspace.database):
        assert rests.resting() == []


def test_app_without_its_secrets_is_left_to_whoever_reads_it(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EAST_TOKEN")
    monkeypatch.delenv("WEST_TOKEN")
    keeper.accounts.workspace.opened.clear()
    assert keeper.look() == 0
    assert keeper.failures == []


def test_webhooks_that_come_no_more_are_told_of_once_when_polling_finds_changes(keeper: Keeper) -> None:
    keeper.look()
    keeper.look(SILENCE * 24)
    assert keeper.failures == []
    with used(keeper.accounts.workspace.database):
        webhooks.found_changes("east", keeper.time.now)
    keeper.look(10)
    keeper.look(10)
    assert [error.code for error in keeper.failures] == ["BW-139"]
    with used(keeper.accounts.workspace.database):
        webhooks.came("east", keeper.time.now)
    keeper.look(10)
    with used(keeper.accounts.workspace.database):
        webhooks.found_changes("east", keeper.time.now + SILENCE * 2)
    keeper.look(SILENCE * 2)
    assert [error.code for error in keeper.failures] == ["BW-139", "BW-139"]


def test_what_changed_while_no_process_worked_does_not_mean_that_none_come(keeper: Keeper) -> None:
    keeper.look()
    with used(keeper.accounts.workspace.database):
        webhooks.came("east", keeper.time.now)
    keeper.look(SILENCE * 5, keeper.anew())
    with used(keeper.accounts.workspace.database):
        webhooks.found_changes("east", keeper.time.now + 1)
    keeper.look(10)
    assert keeper.failures == []


def test_webhooks_that_no_sync_wants_are_missed_by_nobody(keeper: Keeper) -> None:
    keeper.look()
    keeper.accounts.change(("schedule: {every: 60s}", "schedule: {every: 60s, webhooks: false}"))
    keeper.look(SILENCE * 24)
    with used(keeper.accounts.workspace.database):
        webhooks.found_changes("east", keeper.time.now)
    keeper.look(10)
    assert keeper.failures == []
