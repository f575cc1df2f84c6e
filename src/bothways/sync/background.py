"""Call an app in a thread of its own. Only connectors run there; the ledger stays with the calling thread."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start(call: Callable[[], T]) -> Future[T]:
    """Begin a call and return its future. The thread does not keep a program alive that is told to stop."""
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, call, BaseException), name="bothways-app", daemon=True).start()
    return future


def at_once(call: Callable[[], T]) -> Future[T]:
    """Make a call in this thread and return its future."""
    future: Future[T] = Future()
    _settle(future, call)
    return future


def _settle(future: Future[T], call: Callable[[], T], caught: type[BaseException] = Exception) -> None:
    """Settle a future whatever comes: one that never is would be waited for without end."""
    try:
        future.set_result(call())
    except caught as error:  # it is raised where the result is asked for
        future.set_exception(error)
