"""Several processes on one allowance: together never more than allowed, hardly less, and nobody's end holds it up."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.connectors.budget import MemoryBudget
from bothways.connectors.pacing import AFTER_MIDNIGHT, MARGIN, State, day_ends, state_of
from bothways.errors import QuotaUsedUp, RateLimited

T = TypeVar("T")

NOW = 1_700_000_000.0


@dataclass
class Desk:
    """A keeper that several budgets share, as JSON in between, and the clock of them all."""

    now: float = NOW
    text: str = field(default_factory=lambda: State().text)
    changes: int = 0
    shared: bool = True

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def change(self, work: Callable[[State, float], T]) -> T:
        state = state_of(self.text)
        done = work(state, self.now)
        self.text = state.text
        self.changes += 1
        return done

    def budget(self, limit: int = 100, seconds: float = 10.0, **more: float) -> MemoryBudget:
        """Return what one process has of it: impatient, so that a test moves the clock and not a wait."""
        return MemoryBudget(
            {"": (limit, seconds), "search": (5, 1.0)},
            self.clock,
            self.sleep,
            patience=0.0,
            today=self.clock,
            keeper=self,
            quota=int(more.get("quota", 0)),
            reserve=more.get("reserve", 0.0),
        )


def spent(budget: MemoryBudget, pool: str = "") -> bool:
    """Make a call if one is allowed at this moment."""
    try:
        budget.spend(pool, "call")
    except RateLimited:
        return False
    return True


def most_in_a_window(stamps: list[float], seconds: float) -> int:
    return max(index + 1 - bisect_left(stamps, stamp - seconds) for index, stamp in enumerate(stamps))


def crowd(desk: Desk, budgets: list[MemoryBudget], seconds: float, step: float) -> list[float]:
    """Let all of them call as often as they may, in turns, so many seconds long; return when they did."""
    stamps, end = [], desk.now + seconds
    while desk.now < end:
        for budget in budgets:
            if spent(budget):
                stamps.append(desk.now)
        desk.now += step
    return stamps


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize(("limit", "seconds"), [(100, 10.0), (5, 1.0), (190, 10.0), (20, 1.0)])
def test_workers_stay_below_the_limit_together_and_use_at_least_four_fifths_of_it(workers, limit, seconds):
    desk = Desk()
    budgets = [desk.budget(limit, seconds) for _ in range(workers)]
    stamps = crowd(desk, budgets, 12 * seconds, seconds / 200)
    assert most_in_a_window(stamps, seconds) <= limit
    assert len(stamps) >= 0.8 * 12 * limit


def test_few_calls_are_asked_for():
    desk = Desk()
    budget = desk.budget()
    stamps = crowd(desk, [budget], 120.0, 0.05)
    assert len(stamps) > 1000
    asked_and_refused = 120.0 / 0.05 - len(stamps)
    assert desk.changes - asked_and_refused < len(stamps) / 5


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["call", "search", "settle", "refused"]), st.floats(0.0, 1.5)),
        max_size=120,
    )
)
def test_whatever_they_do_no_window_holds_more_than_allowed(steps):
    desk = Desk()
    budgets, stamps, searches = [desk.budget(12, 3.0) for _ in range(3)], list[float](), list[float]()
    for who, what, pause in steps:
        if what == "settle":
            budgets[who].settle()
        elif what == "refused":
            budgets[who].back_off("", 0.5)
        elif spent(budgets[who], "search" if what == "search" else ""):
            stamps.append(desk.now)
            searches += [desk.now] if what == "search" else []
        desk.now += pause
    assert not stamps or most_in_a_window(stamps, 3.0) <= 12
    assert not searches or most_in_a_window(searches, 1.0) <= 5


def test_what_a_dead_worker_has_taken_comes_back_after_a_window():
    desk = Desk()
    dead, alive = desk.budget(), desk.budget()
    for _ in range(4):
        assert spent(dead)  # takes 1, 2 and 4 calls, of which it makes 1, 2 and 1
    desk.now += 1.1
    assert sum(spent(alive) for _ in range(200)) == 100 - 7
    desk.now += 10 * (1 + MARGIN) + 0.1
    assert sum(spent(alive) for _ in range(200)) == 100


def test_what_was_taken_and_not_used_is_given_back():
    desk = Desk()
    one, other = desk.budget(), desk.budget()
    for _ in range(8):
        assert spent(one)
    one.settle()
    assert sum(spent(other) for _ in range(200)) == 100 - 8


def test_worker_that_calls_now_and_then_takes_one_call_at_a_time():
    desk = Desk()
    budgets = [desk.budget() for _ in range(20)]
    for _ in range(30):
        assert all(spent(budget) for budget in budgets[:4])
        desk.now += 1.0


def test_refusal_of_one_worker_slows_all():
    desk = Desk()
    one, other = desk.budget(), desk.budget()
    assert spent(one)
    one.back_off("", 7.0)
    assert not spent(other)
    desk.now += 7.1
    assert sum(spent(other) for _ in range(200)) + 1 <= 50


def test_calls_of_others_that_an_answer_tells_of_count_for_all_workers():
    desk = Desk()
    one, other = desk.budget(), desk.budget()
    assert spent(one)
    one.learn("", 100, 10.0, remaining=30)
    one.settle()
    assert sum(spent(other) for _ in range(200)) == 30


def test_calls_of_other_workers_are_not_taken_for_those_of_strangers():
    desk = Desk()
    one, other = desk.budget(), desk.budget()
    assert sum(spent(one) for _ in range(40)) == 40
    assert spent(other)
    other.learn("", 100, 10.0, remaining=59)
    other.settle()
    one.settle()
    assert sum(spent(other) for _ in range(200)) == 59


# --- the day ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "ends"),
    [("", "2026-03-29 00:00"), ("Europe/Berlin", "2026-03-28 23:00"), ("US/Eastern", "2026-03-29 04:00")],
)
def test_day_ends_at_the_midnight_of_the_account(zone, ends):
    now = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    expected = datetime.strptime(f"{ends} +0000", "%Y-%m-%d %H:%M %z").timestamp()
    assert day_ends(zone, now) == expected + AFTER_MIDNIGHT


def test_day_on_which_clocks_are_changed_is_an_hour_shorter():
    noon = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    first = day_ends("Europe/Berlin", noon)
    assert day_ends("Europe/Berlin", first + 1) - first == 23 * 3600


def test_zone_that_is_not_known_here_is_that_of_the_world():
    assert day_ends("Nowhere/At_All", NOW) == day_ends("", NOW)


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_calls_are_made_than_are_ours_and_they_begin_anew_the_next_day(workers):
    desk = Desk()
    budgets = [desk.budget(1000, 10.0, quota=100, reserve=0.2) for _ in range(workers)]
    for _ in range(2):
        made = 0
        for _ in range(400):
            made += sum(spent(budget) for budget in budgets)
            desk.now += 0.2
        assert made == 80
        with pytest.raises(QuotaUsedUp, match="80 of 100 calls of the day are made, and the rest is kept") as told:
            budgets[0].spend("", "call")
        desk.now = float(str(told.value.facts["until"]))


def test_person_who_looks_may_use_what_is_kept_for_others():
    desk = Desk()
    budget = desk.budget(1000, 10.0, quota=100, reserve=0.2)
    while spent(budget):
        pass
    for _ in range(20):
        budget.spend("", "look", whole=True)
    with pytest.raises(QuotaUsedUp, match="100 of 100"):
        budget.spend("", "look", whole=True)


def test_calls_of_others_on_the_day_are_known_by_what_the_app_says():
    desk = Desk()
    budget = desk.budget(1000, 10.0, quota=100, reserve=0.2)
    assert spent(budget)
    budget.learn_day(200, 50)
    assert sum(spent(budget) for _ in range(100)) == 10
    assert (budget.day().quota, budget.day().used) == (200, 160)


def test_app_that_tells_more_left_than_there_are_has_counted_no_calls():
    budget = Desk().budget(1000, 10.0, quota=100)
    budget.learn_day(200, 900)
    budget.settle()
    assert (budget.day().used, budget.left_today) == (0, 200)


def test_worker_that_was_not_told_how_many_calls_a_day_has_believes_those_who_were():
    desk = Desk()
    told, new = desk.budget(10_000, 10.0, quota=100), desk.budget(10_000, 10.0, quota=100)
    assert spent(told)
    told.learn_day(1000, 500)
    told.settle()
    assert spent(new)
    new.settle()
    assert (desk.budget(quota=100).day().quota, new.day().used) == (1000, 501)


def test_app_without_limits_is_nobody_s_concern():
    desk = Desk()
    budget = MemoryBudget({}, desk.clock, desk.sleep, keeper=desk)
    assert all(spent(budget) for _ in range(50))
    budget.settle()
    assert desk.changes == 0


def test_app_that_says_that_its_day_is_over_is_asked_again_within_the_hour():
    desk = Desk()
    budget = desk.budget(quota=100)
    assert spent(budget)
    error = budget.day_is_spent()
    assert error.facts["until"] == desk.now + 3600
    assert "it says that all calls of the day are made" in error.message
    assert not spent(budget)
    desk.now += 3601
    assert spent(budget)
