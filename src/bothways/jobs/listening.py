"""A connection of its own on which PgQueuer listens: while psycopg waits for a notification, no query can be sent."""

import asyncio
import math
from typing import Self

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.models import JOB_STATUS, Job, TracebackRecord
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection, Error

TOGETHER = 0.05
"""Seconds in which all news of the queue's table count as one, after the first: for each PgQueuer asks the database."""

_TABLE_CHANGED = '"table_changed_event"'


class Together:
    """Hands on what is heard of a channel: that the queue's table has changed at once, and then once in ``TOGETHER``.

    Every worker hears of every turn that is queued and of every one that has ended; else each of them would ask the
    database that often, and a run would cost the more the more workers there are. All else is handed on as it comes,
    and so is that a turn of this worker's own has ended (``hurry``): else its place would stay empty for so long.
    """

    def __init__(self, callback: NotifyCallback) -> None:
        self._callback = callback
        self._told_at = -math.inf
        self._soon: tuple[asyncio.TimerHandle, str | bytes | bytearray] | None = None

    def __call__(self, payload: str | bytes | bytearray) -> None:
        """Hand on what was heard, now or soon."""
        if _TABLE_CHANGED not in str(payload):
            self._callback(payload)
        elif self._soon is None:
            loop = asyncio.get_running_loop()
            wait = self._told_at + TOGETHER - loop.time()
            if wait > 0:
                self._soon = loop.call_later(wait, self._tell, payload), payload
            else:
                self._tell(payload)

    def hurry(self) -> None:
        """Hold back no longer what waits; if nothing does, hold back not what is heard next."""
        self._told_at = -math.inf
        if self._soon is not None:
            timer, payload = self._soon
            timer.cancel()
            self._tell(payload)

    def _tell(self, payload: str | bytes | bytearray) -> None:
        self._soon, self._told_at = None, asyncio.get_running_loop().time()
        self._callback(payload)


class _Ear(PsycopgDriver):
    """Says when it hears nothing more, since its connection is lost."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.deaf = asyncio.Event()

    async def watch_notifies(self) -> None:
        """Hand on notifications until the connection is lost, or no more are wanted."""
        try:
            await super().watch_notifies()
        except Error:
            self.deaf.set()


class ListeningApart(PsycopgDriver):
    """PgQueuer's driver with two connections: one for its queries, one for its notifications.

    On one connection a trigger would wait up to a second, since psycopg's ``notifies`` holds its lock for so long.
    ``deaf`` is set when notifications come no more.
    """

    def __init__(self, queries: AsyncConnection, listening: AsyncConnection) -> None:
        super().__init__(queries)
        self._ear = _Ear(listening)
        self._heard: dict[NotifyCallback, Together] = {}
        self.deaf = self._ear.deaf

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back for each notification of a channel."""
        await self._ear.add_listener(channel, self._heard.setdefault(callback, Together(callback)))

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back no more."""
        await self._ear.remove_listener(channel, self._heard.pop(callback))

    def hurry(self) -> None:
        """Hold back no news: a turn of this worker's has ended, and it can take another."""
        for each in self._heard.values():
            each.hurry()

    async def __aenter__(self) -> Self:
        """Begin both."""
        await self._ear.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *exception: object) -> None:
        """End both."""
        await self._ear.__aexit__(*exception)
        await super().__aexit__(*exception)


class TellingItsOwn(Queries):
    """PgQueuer's queries, which say to the driver that a turn of this worker's has ended."""

    def __init__(self, driver: ListeningApart) -> None:
        super().__init__(driver)
        self._hurry = driver.hurry

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Note how jobs have ended, which frees their places."""
        await super().log_jobs(job_status)
        self._hurry()
