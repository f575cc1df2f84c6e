"""A third app in memory, and a further sync of the same people between it and one of two others: they share a feed."""

from __future__ import annotations

from dataclasses import replace

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import feed_slots, sync_slots
from bothways.ledger.models import Connection, Feed, Sync
from tests.memory_app import MemoryApp, MemoryConnector, Traits
from tests.two_apps import NoSecrets, TwoApps


class Further(TwoApps):
    """A sync between two apps, such as the first one between Anna and Bert; the feeds that there are serve it, too."""

    def __init__(self, first: TwoApps, left: MemoryApp, right: MemoryApp) -> None:
        self.clock, self.guards, self.side_by_side = first.clock, first.guards, first.side_by_side
        self.anna, self.bert = left, right
        self.apps = {Side.LEFT: left, Side.RIGHT: right}
        self.budgets = {side: MemoryBudget(clock=self.clock) for side in SIDES}
        self.connectors = {
            side: MemoryConnector(Setup(app.name, {}, NoSecrets(), self.budgets[side], clock=self.clock))
            for side, app in self.apps.items()
        }
        self.spec = replace(first.spec, apps={side: app.name for side, app in self.apps.items()})
        self._install(approved=True)

    def _install(self, approved: bool) -> None:
        feeds = [self._feed(side) for side in SIDES]
        self.sync = Sync.objects.create(
            name=" and ".join(app.name for app in self.apps.values()),
            state="on",
            left=feeds[0],
            right=feeds[1],
            slots=sync_slots(self.spec.match),
            approved=approved,
        )

    def _feed(self, side: Side) -> Feed:
        app = self.apps[side]
        connection, _ = Connection.objects.get_or_create(name=app.name, defaults={"connector": "memory"})
        known = {"fields": self._mapped(side), "slots": feed_slots(self.spec.match, side)}
        return Feed.objects.get_or_create(connection=connection, object=app.object, defaults=known)[0]


def with_carl(first: TwoApps, carl: Traits | None = None) -> Further:
    """Return a sync between a third app, Carl, on the left, and Bert."""
    return Further(first, MemoryApp("Carl", first.clock, carl or Traits(), first.bert.fields), first.bert)
