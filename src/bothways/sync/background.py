"""Call an app in a thread of its own. Only connectors run there; the ledger stays with the calling thread."""

import os
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Jobs = SimpleQueue[tuple[Future[Any], Callable[[], Any]]]

_idle: dict[int, deque[_Jobs]] = defaultdict(deque)
"""The threads of a process that wait for a call, each known by where it gets it: they are dear to start.

The last one that had something to do is the next that has: what each has needed once stays its own.
"""


def start(call: Callable[[], T]) -> Future[T]:
    """Begin a call and return its future. The thread does not keep a program alive that is told to stop."""
    future: Future[T] = Future()
    idle = _idle[os.getpid()]
    try:
        jobs = idle.pop()
    except IndexError:
        jobs = SimpleQueue()
        threading.Thread(target=_work, args=(jobs, idle), name="bothways-app", daemon=True).start()
    jobs.put((future, partial(copy_context().run, call)))
    return future


def at_once(call: Callable[[], T]) -> Future[T]:
    """Make a call in this thread and return its future."""
    future: Future[T] = Future()
    _outcome_of(call, Exception)(future)
    return future


def _work(jobs: _Jobs, idle: deque[_Jobs]) -> None:
    while True:
        future, call = jobs.get()
        settle = _outcome_of(call, BaseException)
        idle.append(jobs)  # before anybody hears of the outcome, and has the next call made
        settle(future)
        del future, call, settle


def _outcome_of(call: Callable[[], T], caught: type[BaseException]) -> Callable[[Future[T]], None]:
    """Make a call; return what settles its future, whatever came: one that is not settled is waited for without end."""
    try:
        return partial(Future.set_result, result=call())
    except caught as error:  # it is raised where the result is asked for
        return partial(Future.set_exception, exception=error)
