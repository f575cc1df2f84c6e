"""Call an app in a thread of its own. Only connectors run there; the ledger stays with the calling thread."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Jobs = SimpleQueue[tuple[Future[Any], Callable[[], Any]]]

_idle: dict[int, SimpleQueue[_Jobs]] = defaultdict(SimpleQueue)
"""The threads of a process that wait for a call, each known by where it gets it: they are dear to start."""


def start(call: Callable[[], T]) -> Future[T]:
    """Begin a call and return its future. The thread does not keep a program alive that is told to stop."""
    future: Future[T] = Future()
    idle = _idle[os.getpid()]
    try:
        jobs = idle.get_nowait()
    except Empty:
        jobs = SimpleQueue()
        threading.Thread(target=_work, args=(jobs, idle), name="bothways-app", daemon=True).start()
    jobs.put((future, partial(copy_context().run, call)))
    return future


def at_once(call: Callable[[], T]) -> Future[T]:
    """Make a call in this thread and return its future."""
    future: Future[T] = Future()
    _settle(future, call)
    return future


def _work(jobs: _Jobs, idle: SimpleQueue[_Jobs]) -> None:
    while True:
        _settle(*jobs.get(), BaseException)
        idle.put(jobs)


def _settle(future: Future[T], call: Callable[[], T], caught: type[BaseException] = Exception) -> None:
    """Settle a future whatever comes: one that never is would be waited for without end."""
    try:
        future.set_result(call())
    except caught as error:  # it is raised where the result is asked for
        future.set_exception(error)
