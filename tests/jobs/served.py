"""A service in a thread of this process: it holds the lock and takes every turn that is due, on an office's clock."""

import threading
from collections.abc import Callable

from bothways.errors import BothwaysError, OurFault
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import turns
from bothways.ledger.turns import FEED, SYNC
from bothways.service.database import used
from bothways.service.lock import runner
from bothways.service.views import RunView
from tests.office import Office


class Killed(BaseException):
    """Ends a service as kill -9 would: nothing after it is done."""


class Served:
    """A service; ``meanwhile`` is called with each phase of what it does, and may end it by raising Killed."""

    def __init__(self, office: Office, name: str = "one", meanwhile: Callable[[], None] | None = None) -> None:
        self.office, self.meanwhile = office, meanwhile or (lambda: None)
        self.runs, self.failures = list[RunView](), list[BothwaysError]()
        self.worker = Worker(
            office.open(), name, self.runs.append, lambda _, error: self.failures.append(error), self._ask, _ours
        )
        self.worker.chance = lambda: 0.0
        self.stop, self.there, self.killed = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._serve)

    def _ask(self, kind: str, ids: list[int]) -> None:
        turns.ask(kind, ids, self.worker.clock())

    def _serve(self) -> None:
        try:
            with runner(self.worker.workspace), used(self.worker.workspace.database):
                while not self.stop.is_set():
                    turns.serve(self.worker.name, self.worker.clock())
                    self.there.set()
                    for kind in (FEED, SYNC):
                        for id in turns.due(kind, self.worker.clock(), 100):
                            take_turn(self.worker, kind, id)
                    self.stop.wait(0.01)
                turns.leave(self.worker.name)
        except Killed:
            self.killed.set()

    def __enter__(self) -> "Served":
        self.thread.start()
        assert self.there.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def _ours(problem: Exception) -> BothwaysError:
    return OurFault(reason=repr(problem), incident="i_1")
