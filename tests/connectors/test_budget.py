"""Pacing: never more than allowed in any window, hardly less under load."""

import threading
from bisect import bisect_left

import pytest

from bothways.connectors.budget import Billed, MemoryBudget
from bothways.connectors.pacing import MARGIN
from bothways.errors import RateLimited
from tests.connectors.support import Time


def spend_many(budget: MemoryBudget, time: Time, calls: int, pool: str = "") -> list[float]:
    stamps = []
    for _ in range(calls):
        budget.spend(pool, "call")
        stamps.append(time.now)
    return stamps


def most_in_a_window(stamps: list[float], seconds: float) -> int:
    """Count the calls of the fullest closed window."""
    return max(index + 1 - bisect_left(stamps, stamp - seconds) for index, stamp in enumerate(stamps))


@pytest.mark.parametrize(
    ("limit", "seconds", "pause"), [(100, 10.0, 0.0), (5, 1.0, 0.0), (110, 10.0, 0.037), (1, 1.0, 0)]
)
def test_no_rolling_window_holds_more_than_allowed(limit, seconds, pause):
    time = Time()
    budget = MemoryBudget({"": (limit, seconds)}, time.clock, time.sleep)
    stamps = []
    for _ in range(limit * 6):
        stamps += spend_many(budget, time, 1)
        time.now += pause
    assert most_in_a_window(stamps, seconds) == limit


@pytest.mark.parametrize(("limit", "seconds"), [(5, 1.0), (100, 10.0)])
def test_no_window_holds_more_though_some_calls_are_a_moment_on_their_way(limit, seconds):
    time = Time()
    budget = MemoryBudget({"": (limit, seconds)}, time.clock, time.sleep)
    sent = spend_many(budget, time, limit * 6)
    arrived = sorted(stamp + 0.09 * (number // limit % 2 == 0) for number, stamp in enumerate(sent))
    assert most_in_a_window(arrived, seconds) <= limit


def test_the_allowance_is_used_under_load():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    stamps = spend_many(budget, time, 1001)
    rate = 1000 / (stamps[-1] - stamps[0])
    assert 0.9 * 10 <= rate <= 10
    assert budget.waited == pytest.approx(sum(time.slept))


def test_threads_share_the_window_and_the_bill():
    time = Time()
    budget = MemoryBudget({"": (20, 1.0)}, time.clock, time.sleep)
    stamps: list[float] = []

    def work() -> None:
        for _ in range(50):
            budget.spend("", "read")
            stamps.append(time.now)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.bill == {"read": 400}
    # every sleeping thread moves the made-up clock, so only the lower bound of the time can be told
    assert max(stamps) - min(stamps) >= (400 / 20 - 1) * 1.0


def test_a_pool_of_its_own_counts_in_the_main_one_too():
    time = Time()
    budget = MemoryBudget({"": (10, 10.0), "search": (5, 1.0)}, time.clock, time.sleep)
    stamps = spend_many(budget, time, 30, "search")
    assert most_in_a_window(stamps, 1.0) == 5
    assert most_in_a_window(stamps, 10.0) == 10


def test_calls_of_a_pool_that_is_apart_count_in_no_other_limit_and_not_in_the_day():
    time = Time()
    limits = {"": (1, 100.0), "apart": (10, 1.0)}
    budget = MemoryBudget(limits, time.clock, time.sleep, quota=5, today=time.clock, apart=frozenset({"apart"}))
    stamps = spend_many(budget, time, 20, pool="apart")
    assert most_in_a_window(stamps, 1.0) == 10
    budget.spend("", "call")
    assert time.now - stamps[0] < 3
    budget.settle()
    assert (budget.day().used, budget.bill["call"]) == (1, 21)


def test_refusal_blocks_for_the_time_told():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    start = time.now
    budget.back_off("", 7.0)
    budget.spend("", "call")
    assert time.now - start == pytest.approx(7.0)


def test_rate_is_halved_after_a_refusal_and_comes_back_by_tenths():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    for _ in range(3):
        budget.back_off("", 0.0)
    assert budget.allowed("") == 50
    time.now += 10
    assert budget.allowed("") == 60
    budget.back_off("", 0.0)
    assert budget.allowed("") == 30
    time.now += 1000
    assert budget.allowed("") == 100


def test_halved_rate_is_kept_to():
    time = Time()
    budget = MemoryBudget({"": (10, 10.0)}, time.clock, time.sleep)
    budget.back_off("", 0.0)
    stamps = spend_many(budget, time, 20)
    assert most_in_a_window(stamps[:10], 9.9) == 5


def test_limit_told_by_the_app_replaces_ours():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    budget.learn("", 190, 10.0)
    assert most_in_a_window(spend_many(budget, time, 600), 10.0) == 190
    budget.learn("", 5, 10.0)
    assert most_in_a_window(spend_many(budget, time, 20)[-10:], 10.0) == 5


def test_calls_that_others_made_on_the_same_limit_are_left_to_them():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    spend_many(budget, time, 10)
    budget.learn("", 100, 10.0, remaining=4)
    start = time.now
    spend_many(budget, time, 4)
    assert time.now == start
    spend_many(budget, time, 1)
    assert time.now - start >= 10


def test_remaining_that_lags_behind_our_own_count_changes_nothing():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    spend_many(budget, time, 60)
    budget.learn("", 100, 10.0, remaining=95)
    spend_many(budget, time, 40)
    assert time.slept == []


def test_unlimited_pool_waits_for_nothing_but_is_counted():
    time = Time()
    budget = MemoryBudget({}, time.clock, time.sleep)
    spend_many(budget, time, 1000, "reports")
    assert time.slept == []
    assert budget.bill == {"call": 1000}


def test_nobody_waits_for_an_hour():
    time = Time()
    budget = MemoryBudget({"": (100, 10.0)}, time.clock, time.sleep)
    budget.back_off("", 3600.0)
    with pytest.raises(RateLimited):
        budget.spend("", "call")
    assert time.slept == []
    assert budget.bill == {}


def test_window_is_longer_than_the_apps_by_the_margin():
    time = Time()
    budget = MemoryBudget({"": (1, 10.0)}, time.clock, time.sleep)
    stamps = spend_many(budget, time, 2)
    assert stamps[1] - stamps[0] == pytest.approx(10.0 * (1 + MARGIN), abs=0.01)


def test_those_who_share_a_budget_share_its_window_and_have_bills_of_their_own():
    time = Time()
    shared = MemoryBudget({"": (3, 10.0)}, time.clock, time.sleep)
    one, other = Billed(shared), Billed(shared)
    for _ in range(2):
        one.spend("", "read")
    other.spend("", "read")
    assert time.slept == []
    other.spend("", "list")
    assert time.slept != []
    assert (dict(one.bill), dict(other.bill)) == ({"read": 2}, {"read": 1, "list": 1})
    assert dict(shared.bill) == {"read": 3, "list": 1}
