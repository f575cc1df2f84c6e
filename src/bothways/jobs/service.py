"""Take turns until told to stop: a queue brings them, a tick finds what is due, a beat says that we are alive.

Proofs are found by the tick and made one at a time, in a thread of their own: they may take hours, and hold up no run.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bothways.errors import BothwaysError, DatabaseLocked, DatabaseUnreachable
from bothways.jobs import alerting, metrics
from bothways.jobs.chronicling import Chronicling
from bothways.jobs.proofs import arrange
from bothways.jobs.pruning import Pruning
from bothways.jobs.queue import Queue
from bothways.jobs.turns import Worker, take_turn
from bothways.jobs.upkeep import LOOK_EVERY, Upkeep
from bothways.ledger import clocks, db, turns
from bothways.ledger.turns import BEAT_EVERY, KINDS, PROOF, SYNC
from bothways.service import ends
from bothways.service.database import kept_open
from bothways.service.document import CHANNELS
from bothways.service.turn import process_name
from bothways.service.views import RunView
from bothways.service.workspace import Workspace, take_over_changes

T = TypeVar("T")

PASSING = (DatabaseLocked, DatabaseUnreachable)
"""Failures of the database that end by themselves: what was left is taken over, here or elsewhere."""

TICK = 2.0
"""Seconds between two looks at what is due."""

LATE = 30.0
"""Seconds without a look at what is due after which a worker does not count as alive."""

ARRANGE_EVERY = 60.0
"""Seconds between two looks at when syncs are to be proven."""

BETWEEN = 0.05
"""Seconds between two steps by which old history is let go."""

MOST_QUEUED = 200
"""Feeds, and syncs, that one tick queues at most."""


@dataclass
class Service:
    """A worker at work. ``at_once``: how many turns it takes at a time. ``ticked_at``: its last look (seconds)."""

    workspace: Workspace
    queue: Queue
    at_once: int
    on_run: Callable[[RunView], None]
    on_failure: Callable[[str, BothwaysError], None]
    understood: Callable[[Exception], BothwaysError]
    name: str = field(default_factory=process_name)
    ticked_at: float = 0.0
    _at_work: set[tuple[str, int]] = field(default_factory=set, init=False)
    _arranged_at: float = field(default=0.0, init=False)
    _proof: asyncio.Task[None] | None = field(default=None, init=False)
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
        self._proofs = ThreadPoolExecutor(1, thread_name_prefix="bothways-proof")
        self._own = ThreadPoolExecutor(1, thread_name_prefix="bothways-tick")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="bothways-upkeep")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="bothways-chronicle")
        self._sending = ThreadPoolExecutor(len(CHANNELS), thread_name_prefix="bothways-alert")
        ended = asyncio.Event()
        beat = asyncio.create_task(self._beat(ended))
        aside = [
            self._keep_up(stop),
            self._prune(stop),
            self._read(stop),
            *(self._alert(stop, channel) for channel in CHANNELS),
        ]
        working = (self.queue.run_worker(self._turn, self.at_once), self._tick(stop), *aside)
        tasks = [asyncio.create_task(each) for each in working]
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([waiting, beat, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            self.worker.stopping.set()
            await self.queue.close()
            done = await asyncio.gather(*tasks, *self._taken_over, return_exceptions=True)
            if self._proof is not None:
                await self._proof
            ended.set()
            done += await asyncio.gather(beat, return_exceptions=True)
            waiting.cancel()
            self._turns.shutdown(wait=True)
            self._sending.shutdown(wait=True)
            self._proofs.shutdown(wait=True)
            try:
                await self._in(self._own, turns.leave, self.name)
            except PASSING as error:
                self.on_failure("", error)
            self._own.shutdown(wait=True)
            self._aside.shutdown(wait=True)
            self._reading.shutdown(wait=True)
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
        pool = self._proofs if kind == PROOF else self._turns
        try:
            while await self._in(pool, take_turn, self.worker, kind, id) and not self.queue.closing:
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
            to_prove = found.pop(PROOF, [])
            if to_prove and (self._proof is None or self._proof.done()):
                self._proof = asyncio.create_task(self._turn(PROOF, to_prove[0]))
            for turn in left[: self.at_once]:  # what a worker that is gone has left does not wait in the queue again
                task = asyncio.create_task(self._turn(*turn))
                self._taken_over.add(task)
                task.add_done_callback(self._taken_over.discard)
            for kind, ids in found.items():
                await self.queue.trigger(kind, ids)
            await wait(stop, TICK)

    def _look(self) -> tuple[dict[str, list[int]], list[tuple[str, int]]]:
        """Return what is due, and what workers that are gone have left."""
        follow(self.workspace, self.on_failure)
        clocks.keep_right(self.workspace.clock)
        begins, self.ticked_at = not self.ticked_at, self.worker.clock()
        now = self.ticked_at
        if begins:  # whoever was here last may have been killed before it told of what it had found
            turns.ask(SYNC, turns.all_with_marks(now), now)
        if not 0.0 <= now - self._arranged_at < ARRANGE_EVERY:
            arrange(self.worker)
            ends.look(self.workspace, now)
            self._arranged_at = now
        found = {kind: turns.due(kind, now, MOST_QUEUED) for kind in KINDS}
        for kind, ids in found.items():
            metrics.due.labels(kind).set(len(ids))
        alerting.look(self.worker)
        return found, turns.left(now)

    async def _keep_up(self, stop: asyncio.Event) -> None:
        """See to the subscriptions in the apps, in a thread of its own: however long that takes, turns go on."""
        upkeep, settings, looked_at = Upkeep(self.worker), None, 0.0
        while not stop.is_set():
            if settings is not self.workspace.document or time.monotonic() - looked_at >= LOOK_EVERY:
                settings, looked_at = self.workspace.document, time.monotonic()
                try:
                    await self._in(self._aside, upkeep.look)
                except PASSING as error:
                    self.on_failure("", error)
            await wait(stop, TICK)

    async def _read(self, stop: asyncio.Event) -> None:
        """Read what apps write down of their records, in a thread of its own, if any app lets us in by OAuth."""
        chronicling = Chronicling(self.worker)
        while not stop.is_set():
            if any(app.oauth for app in self.workspace.document.apps.values()):
                try:
                    await self._in(self._reading, chronicling.look)
                except PASSING as error:
                    self.on_failure("", error)
            await wait(stop, TICK)

    async def _prune(self, stop: asyncio.Event) -> None:
        """Let old history go, step by step and aside: between two steps everybody else writes."""
        pruning = Pruning(self.worker)
        while not stop.is_set():
            more = False
            try:
                more = await self._in(self._aside, pruning.look)
            except PASSING as error:
                self.on_failure("", error)
            await wait(stop, BETWEEN if more else TICK)

    async def _alert(self, stop: asyncio.Event, channel: str) -> None:
        """Send the alerts of a channel, one after the other, while it is one that the settings name."""
        while not stop.is_set():
            more = False
            if channel in self.workspace.document.alerts.channels:
                with suppress(*PASSING):  # the tick tells of it
                    more = await self._in(self._sending, alerting.send_next, self.worker, channel)
            if not more:
                await wait(stop, TICK)

    async def _beat(self, stop: asyncio.Event) -> None:
        beats = ThreadPoolExecutor(1, thread_name_prefix="bothways-beat")
        while not stop.is_set():
            try:
                await self._in(beats, self._say_alive)
            except PASSING as error:
                self.on_failure("", error)
            await wait(stop, BEAT_EVERY)
        beats.shutdown(wait=True)

    def _say_alive(self) -> None:
        now = self.worker.clock()
        if self.is_alive():
            turns.serve(self.name, now)
        turns.beat(self.name, tuple(self._at_work), now)
        db.end_standstill()

    async def _in(self, pool: ThreadPoolExecutor, call: Callable[..., T], *args: Any) -> T:
        def inside() -> T:
            with kept_open(self.workspace.database), db.translated():
                return call(*args)

        return await asyncio.get_running_loop().run_in_executor(pool, inside)


def follow(workspace: Workspace, on_failure: Callable[[str, BothwaysError], None]) -> None:
    """Let changes of the settings file take effect; of one that cannot be used is told once, and nothing changes."""
    try:
        take_over_changes(workspace)
    except BothwaysError as error:
        on_failure("", error)


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait so many seconds, or until ``stop`` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
