"""A connection of its own on which PgQueuer listens: while psycopg waits for a notification, no query can be sent."""

import asyncio
from typing import Self

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.ports.driver import NotifyCallback
from psycopg import AsyncConnection, Error


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
        self.deaf = self._ear.deaf

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back for each notification of a channel."""
        await self._ear.add_listener(channel, callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Call back no more."""
        await self._ear.remove_listener(channel, callback)

    async def __aenter__(self) -> Self:
        """Begin both."""
        await self._ear.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *exception: object) -> None:
        """End both."""
        await self._ear.__aexit__(*exception)
        await super().__aexit__(*exception)
