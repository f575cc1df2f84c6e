"""The queue that brings turns to workers: PgQueuer, in memory for one process, on PostgreSQL for many machines.

It only dispatches: what is to be done when stands in our own tables, and a tick queues again whatever is due. So a
queue that loses everything, or cannot be reached for a while, costs one tick, and what it delivers twice is refused by
the turn's own row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, cast

from pgqueuer import PgQueuer
from pgqueuer.models import Job

from bothways.boot import CONNECTION
from bothways.ledger.turns import TAKEOVER

ENTRY = "turn"

PRUNE_EVERY = 60.0
"""Seconds after which the queue's own log of what it did is emptied: ours is the runs."""

RECONNECT_AFTER = 1.0
"""Seconds after which a queue that cannot be reached is tried again."""

_INSTALLING = 7_303_421
"""Key of PostgreSQL's advisory lock under which the queue's tables are made: by one process of all."""

Handler = Callable[[str, int], Awaitable[None]]
"""Takes a turn, of which table and row; called in the worker's own loop and awaited."""

Connect = Callable[[], Awaitable["Connected"]]


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected queue, what closes its connections, and whether it is deaf: it hears of new turns no more."""

    queuer: PgQueuer
    close: Callable[[], Awaitable[Any]]
    deaf: asyncio.Event


class _Logs(Protocol):
    """What PgQueuer's queries have on both of its backends, and its own protocol does not name."""

    async def clear_queue_log(self) -> None: ...


class Queue:
    """Three calls: ``trigger``, ``run_worker``, ``close``. All of them belong to one event loop."""

    def __init__(self, connect: Connect, failures: tuple[type[Exception], ...] = ()) -> None:
        self._connect, self._failures = connect, failures
        self._link: Connected | None = None
        self._connecting = asyncio.Lock()
        self._closed = asyncio.Event()

    @property
    def closing(self) -> bool:
        """Whether it takes no more turns."""
        return self._closed.is_set()

    async def trigger(self, kind: str, ids: Sequence[int], *, urgent: bool = False) -> bool:
        """Queue turns, to be taken as soon as somebody is free; those that are queued or run already are not.

        ``urgent``: before those that are not. Return False if the queue cannot be reached: then a tick finds them.
        """
        count = len(ids)
        if not count or self.closing:
            return True
        try:
            queuer = (await self._connected()).queuer
            if queuer.queries is not None:
                await queuer.queries.enqueue(
                    [ENTRY] * count,
                    [f"{kind}:{id}".encode() for id in ids],
                    [int(urgent)] * count,
                    [None] * count,
                    [f"{kind}:{id}" for id in ids],
                    on_conflict="skip",
                )
        except self._failures:
            await self._drop()
            return False
        return True

    async def run_worker(self, handler: Handler, at_once: int) -> None:
        """Hand over turns to ``handler``, so many at once, until ``close``; a lost connection is made again."""
        while not self.closing:
            try:
                await self._work(await self._connected(), handler, at_once)
            except self._failures:
                await self._pause(RECONNECT_AFTER)
            if not self.closing:
                await self._drop()

    async def _work(self, link: Connected, handler: Handler, at_once: int) -> None:
        queuer = link.queuer

        @queuer.entrypoint(ENTRY)
        async def turn(job: Job) -> None:
            kind, _, id = (job.payload or b"").decode().partition(":")
            await handler(kind, int(id))

        beside = [asyncio.create_task(each) for each in (self._prune(queuer), _end_when_deaf(link))]
        try:
            await queuer.qm.run(
                batch_size=max(1, at_once // 2),
                max_concurrent_tasks=max(2, at_once),
                heartbeat_timeout=timedelta(seconds=TAKEOVER),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            for each in beside:
                each.cancel()

    async def _prune(self, queuer: PgQueuer) -> None:
        while not self.closing:
            await self._pause(PRUNE_EVERY)
            with suppress(*self._failures):
                await cast(_Logs, queuer.queries).clear_queue_log()

    async def close(self) -> None:
        """Take no more turns; those being taken are waited for by ``run_worker``."""
        self._closed.set()
        if self._link is not None:
            self._link.queuer.shutdown.set()

    async def disconnect(self) -> None:
        """Let go of the database, when ``run_worker`` has ended."""
        await self._drop()

    async def _connected(self) -> Connected:
        async with self._connecting:
            if self._link is None:
                self._link = await self._connect()
                if self.closing:
                    self._link.queuer.shutdown.set()
            return self._link

    async def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            with suppress(*self._failures):
                await link.close()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)


async def _end_when_deaf(link: Connected) -> None:
    await link.deaf.wait()
    link.queuer.shutdown.set()


def in_memory() -> Queue:
    """Return a queue within this process."""

    async def connect() -> Connected:
        async def nothing() -> None:
            """There is nothing to close."""

        return Connected(PgQueuer.in_memory(), nothing, asyncio.Event())

    return Queue(connect)


def on_postgresql(url: str) -> Queue:
    """Return the queue of all processes that use a PostgreSQL database; its tables are made if they are not there."""
    import psycopg

    from bothways.jobs.listening import ListeningApart, TellingItsOwn

    async def connect() -> Connected:
        connect_ = psycopg.AsyncConnection.connect
        connection, listening = [await connect_(url, autocommit=True, **CONNECTION) for _ in range(2)]
        driver = ListeningApart(connection, listening)
        queries = TellingItsOwn(driver)
        await connection.execute("SELECT pg_advisory_lock(%s)", (_INSTALLING,))
        try:
            if not await queries.has_table("pgqueuer"):
                await queries.uninstall()  # what is left of it
                await queries.install()
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_INSTALLING,))

        async def close() -> None:
            await listening.close()
            await connection.close()

        return Connected(PgQueuer(driver, queries=queries), close, driver.deaf)

    return Queue(connect, (psycopg.Error, OSError))


def queue_of(database: str) -> Queue:
    """Return the queue for a database by its URL."""
    return in_memory() if database.startswith("sqlite") else on_postgresql(database)


async def wake(database: str, kind: str, ids: Sequence[int]) -> bool:
    """Have the workers of a PostgreSQL database take turns soon; False if their queue cannot be reached."""
    queue = on_postgresql(database)
    try:
        return await queue.trigger(kind, ids, urgent=True)
    finally:
        await queue.close()
        await queue.disconnect()
