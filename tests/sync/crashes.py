"""Stop the process at any moment, and put the world back to try the next."""

import copy
import sqlite3

from django.db import connection

from bothways.ledger import db
from tests.memory_app import MemoryApp
from tests.two_apps import TwoApps


class Crash(BaseException):
    """The process stops here. Not an Exception, so that nothing can swallow it."""


class Moments:
    """Counts every call, before and after it, and every commit; stops the process at one of them."""

    def __init__(self, world: TwoApps, stop_at: int = -1) -> None:
        self.passed: list[str] = []
        self.stop_at = stop_at
        for app in (world.anna, world.bert):
            app.hook = self._pass
        db.after_commit[:] = [lambda: self._pass("after", "commit")]

    def _pass(self, when: str, what: str) -> None:
        self.passed.append(f"{when} {what}")
        if len(self.passed) - 1 == self.stop_at:
            raise Crash(self.passed[-1])

    def lasting(self) -> list[tuple[int, str]]:
        """Return, with their places, the moments that left something behind: every commit and every write.

        A crash at any other moment leaves the same disk and the same apps as at the one before it.
        """
        return [
            (number, moment)
            for number, moment in enumerate(self.passed)
            if number == 0 or moment == "after commit" or moment.startswith("after write")
        ]

    def over(self, world: TwoApps) -> None:
        """Let the next process run undisturbed."""
        world.anna.hook = world.bert.hook = None
        db.after_commit.clear()


class Snapshot:
    """The ledger and both apps as they are, to be had back again and again."""

    def __init__(self, world: TwoApps) -> None:
        self.world, self.now = world, world.clock.now
        self.apps = copy.deepcopy([(app.items, app.gone, app.writes, app.serial) for app in self._both()])
        self.ledger = sqlite3.connect(":memory:")
        connection.connection.backup(self.ledger)

    def _both(self) -> tuple[MemoryApp, MemoryApp]:
        return self.world.anna, self.world.bert

    def restore(self) -> None:
        """Put everything back."""
        self.ledger.backup(connection.connection)
        self.world.clock.now = self.now
        for app, kept in zip(self._both(), copy.deepcopy(self.apps), strict=True):
            app.items, app.gone, app.writes, app.serial = kept
