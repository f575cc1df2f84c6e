"""Calls to apps in threads: outcomes reach the caller, threads are used again, and a forked process has its own."""

import multiprocessing
import threading

import pytest

from bothways.sync.background import at_once, start


@pytest.mark.parametrize("begin", [start, at_once])
def test_outcome_of_a_call_is_that_of_its_future(begin):
    assert begin(lambda: 7).result(10) == 7
    with pytest.raises(ZeroDivisionError):
        begin(lambda: 1 // 0).result(10)


def test_whatever_ends_a_call_in_a_thread_reaches_the_caller():
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        start(leave).result(10)
    assert start(lambda: "goes on").result(10) == "goes on"


def test_calls_go_on_at_the_same_time_in_few_threads():
    for _ in range(50):
        both = threading.Barrier(2)
        calls = [start(lambda both=both: both.wait(10)) for _ in range(2)]
        assert sorted(call.result(10) for call in calls) == [0, 1]
    assert sum(thread.name == "bothways-app" for thread in threading.enumerate()) < 20


def test_calls_one_after_another_are_made_by_one_thread_though_several_are_idle():
    all_at_once = threading.Barrier(4)
    for call in [start(lambda: all_at_once.wait(10)) for _ in range(4)]:
        call.result(10)
    assert len({start(threading.get_ident).result(10) for _ in range(12)}) == 1


def _call_in_a_thread() -> None:
    assert start(lambda: 7).result(10) == 7


def test_forked_process_does_not_wait_for_threads_that_it_does_not_have():
    _call_in_a_thread()
    child = multiprocessing.get_context("fork").Process(target=_call_in_a_thread)
    child.start()
    child.join(20)
    assert child.exitcode == 0
