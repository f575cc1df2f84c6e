"""Take turns until told to stop: a queue brings them, a tick finds what is due, a beat says that we are alive."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bothways.errors import BothwaysError, DatabaseLocked, DatabaseUnreachable
from bothways.jobs import metrics
from bothways.jobs.queue import Queue
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import clocks, db, turns
from bothways.ledger.turns import BEAT_EVERY, FEED, SYNC
from bothways.service.database import kept_open
from bothways.service.views import RunView
from bothways.service.workspace import Workspace, take_over_changes

T = TypeVar("T")

PASSING = (DatabaseLocked, DatabaseUnreachable)
"""Failures of the database that end by themselves: what was left is taken over, here or elsewhere."""

TICK = 2.0
"""Seconds between two looks at what is due."""

LATE = 30.0
"""Seconds without a look at what is due after which a worker does not count as alive."""

MOST_QUEUED = 200
"""Feeds, and syncs, that one tick queues at most."""


def worker_name() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


@dataclass
class Service:
    """A worker at work. ``at_once``: how many turns it takes at a time. ``ticked_at``: its last look (seconds)."""

    workspace: Workspace
    queue: Queue
    at_once: int
    on_run: Callable[[RunView], None]
    on_failure: Callable[[str, BothwaysError], None]
    understood: Callable[[Exception], BothwaysError]
    name: str = field(default_factory=worker_name)
    ticked_at: float = 0.0
    _at_work: set[tuple[str, int]] = field(default_factory=set, init=False)
    _taken_over: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def is_alive(self) -> bool:
        """Tell whether it has looked for work of late."""
        return self.workspace.clock() - self.ticked_at < LATE

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until ``stop`` is set, then end those begun. Raises LedgerError if the database fails for good."""
        loop = self._loop = asyncio.get_running_loop()

        def ask(kind: str, ids: list[int]) -> None:
            turns.ask(kind, ids, self.worker.clock())
            triggered = asyncio.run_coroutine_threadsafe(self.queue.trigger(kind, ids, urgent=True), loop)
            triggered.add_done_callback(self._triggered)

        self.worker = Worker(self.workspace, self.name, self.on_run, self.on_failure, ask, self.understood)
        self._fatal: list[BaseException] = []
        self._stop = stop
        self._turns = ThreadPoolExecutor(self.at_once, thread_name_prefix="bothways-turn")
        self._own = ThreadPoolExecutor(1, thread_name_prefix="bothways-tick")
        ended = asyncio.Event()
        beat = asyncio.create_task(self._beat(ended))
        working = (self.queue.run_worker(self._turn, self.at_once), self._tick(stop))
        tasks = [asyncio.create_task(each) for each in working]
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([waiting, beat, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            await self.queue.close()
            done = await asyncio.gather(*tasks, *self._taken_over, return_exceptions=True)
            ended.set()
            done += await asyncio.gather(beat, return_exceptions=True)
            waiting.cancel()
            self._turns.shutdown(wait=True)
            try:
                await self._in(self._own, turns.leave, self.name)
            except PASSING as error:
                self.on_failure("", error)
            self._own.shutdown(wait=True)
        for each in (*self._fatal, *done):
            if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError):
                raise each

    def _triggered(self, done: Future[bool]) -> None:
        """End the worker if its queue fails in a way that is not a lost connection."""
        if not done.cancelled() and (error := done.exception()) is not None:
            self._fatal.append(error)
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _turn(self, kind: str, id: int) -> None:
        """Take a turn, and again as long as it is due: somebody may have asked for it meanwhile."""
        if (kind, id) in self._at_work:
            return
        self._at_work.add((kind, id))
        try:
            while await self._in(self._turns, take_turn, self.worker, kind, id) and not self.queue.closing:
                pass
        except PASSING as error:
            self.on_failure("", error)
        except BaseException as error:  # noqa: BLE001 - the queue would only note it: it ends the worker
            self._fatal.append(error)
            self._stop.set()
        finally:
            self._at_work.discard((kind, id))

    async def _tick(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                found, left = await self._in(self._own, self._look)
            except PASSING as error:
                self.on_failure("", error)
                found, left = {}, []
            for turn in left[: self.at_once]:  # what a worker that is gone has left does not wait in the queue again
                task = asyncio.create_task(self._turn(*turn))
                self._taken_over.add(task)
                task.add_done_callback(self._taken_over.discard)
            for kind, ids in found.items():
                await self.queue.trigger(kind, ids)
            await _wait(stop, TICK)

    def _look(self) -> tuple[dict[str, list[int]], list[tuple[str, int]]]:
        """Return what is due, and what workers that are gone have left."""
        try:
            take_over_changes(self.workspace)
        except BothwaysError as error:
            self.on_failure("", error)
        clocks.keep_right(self.workspace.clock)
        self.ticked_at = now = self.worker.clock()
        found = {kind: turns.due(kind, now, MOST_QUEUED) for kind in (FEED, SYNC)}
        for kind, ids in found.items():
            metrics.due.labels(kind).set(len(ids))
        return found, turns.left(now)

    async def _beat(self, stop: asyncio.Event) -> None:
        beats = ThreadPoolExecutor(1, thread_name_prefix="bothways-beat")
        while not stop.is_set():
            try:
                await self._in(beats, lambda: turns.beat(self.name, tuple(self._at_work), self.worker.clock()))
            except PASSING as error:
                self.on_failure("", error)
            await _wait(stop, BEAT_EVERY)
        beats.shutdown(wait=True)

    async def _in(self, pool: ThreadPoolExecutor, call: Callable[..., T], *args: Any) -> T:
        def inside() -> T:
            with kept_open(self.workspace.database), db.translated():
                return call(*args)

        return await asyncio.get_running_loop().run_in_executor(pool, inside)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
