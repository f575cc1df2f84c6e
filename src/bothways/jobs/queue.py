"""The queue that brings turns to workers: PgQueuer, in memory for one process, on PostgreSQL for many machines.

It only dispatches: what is to be done when stands in our own tables, and a tick queues again whatever is due. So a
queue that loses everything costs one tick, and what it delivers twice is refused by the turn's own row.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from pgqueuer import PgQueuer
from pgqueuer.models import Job

from bothways.ledger.turns import TAKEOVER

ENTRY = "turn"

PRUNE_EVERY = 60.0
"""Seconds after which the queue's own log of what it did is emptied: ours is the runs."""

Handler = Callable[[str, int], Any]
"""Takes a turn, of which table and row; called in the worker's own loop and awaited."""


class Queue:
    """Three calls: ``trigger``, ``run_worker``, ``close``."""

    def __init__(self, queuer: PgQueuer, close: Callable[[], Any] | None = None) -> None:
        self._queuer, self._close = queuer, close

    async def trigger(self, kind: str, ids: Sequence[int], *, after: float = 0.0, urgent: bool = False) -> None:
        """Queue turns, to be taken ``after`` seconds at the earliest; those that are queued or run already are not.

        ``urgent``: before those that are not.
        """
        if not ids or self._queuer.queries is None:
            return
        count = len(ids)
        await self._queuer.queries.enqueue(
            [ENTRY] * count,
            [f"{kind}:{id}".encode() for id in ids],
            [int(urgent)] * count,
            [timedelta(seconds=after)] * count,
            [f"{kind}:{id}" for id in ids],
            on_conflict="skip",
        )

    async def run_worker(self, handler: Handler, at_once: int) -> None:
        """Hand over turns to ``handler``, so many at once, until ``close``."""

        @self._queuer.entrypoint(ENTRY)
        async def turn(job: Job) -> None:
            kind, _, id = (job.payload or b"").decode().partition(":")
            await handler(kind, int(id))

        pruning = asyncio.create_task(self._prune())
        try:
            await self._queuer.qm.run(
                batch_size=max(1, at_once // 2),
                max_concurrent_tasks=max(2, at_once),
                heartbeat_timeout=timedelta(seconds=TAKEOVER),
                log_aggregation_interval=timedelta(0),
            )
        finally:
            pruning.cancel()

    @property
    def closing(self) -> bool:
        """Whether it takes no more turns."""
        return self._queuer.shutdown.is_set()

    async def _prune(self) -> None:
        while not self._queuer.shutdown.is_set():
            await asyncio.sleep(PRUNE_EVERY)
            if self._queuer.queries is not None:
                await self._queuer.queries.clear_queue_log()

    async def close(self) -> None:
        """Take no more turns; those being taken are waited for."""
        self._queuer.shutdown.set()
        if self._close is not None:
            await self._close()


def in_memory() -> Queue:
    """Return a queue within this process."""
    return Queue(PgQueuer.in_memory())


async def on_postgresql(url: str) -> Queue:
    """Return the queue of all processes that use a PostgreSQL database; its tables are made if they are not there."""
    import psycopg

    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    queuer = PgQueuer.from_psycopg_connection(connection)
    if queuer.queries is not None and not await queuer.queries.has_table("pgqueuer"):
        await queuer.queries.install()
    return Queue(queuer, connection.close)
