"""What goes wrong in a soak: faults of HubSpot and of its webhooks, sessions that are cut, a killed ``bothways up``."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from bench.soak_desks import NAME
from bench.soak_site import Site
from bench.soak_story import Story

EVERY = 12.0
"""Seconds between two faults, on average."""

MOST_WAITING = 6
"""So many ordered faults may wait for a call that meets them: no more are ordered meanwhile."""

WRITES = ("batch/update", "batch/create", "batch/archive", "associations")
ORDERS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("429", {}),
    ("429", {"retry_after": 2}),
    ("429", {"policy": "SECONDLY"}),
    ("500", {}),
    ("502", {}),
    ("503", {}),
    ("504", {}),
    ("500", {"match": "batch/update", "commit": True}),
    ("504", {"match": "batch/update", "commit": True}),
    ("502", {"match": "batch/create", "commit": True}),
    ("504", {"match": "batch/archive", "commit": True}),
    ("423", {"match": "batch/update"}),
    ("477", {"match": "batch/update"}),
    ("timeout-before", {}),
    ("timeout-before", {"match": "batch/update"}),
    ("timeout-after-commit", {"match": "batch/update"}),
    ("timeout-after-commit", {"match": "batch/create"}),
    ("timeout-after-commit", {"match": "batch/archive"}),
    ("timeout-after-commit", {"match": "associations"}),
    ("half-batch", {}),
    ("half-batch", {"match": "batch/create"}),
    ("slow", {"seconds": 3.0}),
    ("slow", {"seconds": 8.0, "match": "batch"}),
    ("held", {}),
    ("lag", {"seconds": 45.0}),
    ("garbage", {}),
    ("garbage", {"match": "batch"}),
    ("hook-late", {"seconds": 20.0}),
    ("hook-twice", {}),
    ("hook-dropped", {}),
    ("hook-dropped", {"match": "deletion"}),
    ("hook-shuffled", {}),
    ("hook-forged", {}),
)
"""Faults of the stand-in, each as likely as the others: all kinds by which it fails, but for those that say that the
key to it or a record is no more, after which Bothways is right to stop."""

CUTS = ("ledger", "erp")
HELD = 5.0
"""Seconds for which a call is held."""


class Faults:
    """Orders one fault after the other. ``ordered`` counts them, ``killed`` when ``bothways up`` was killed."""

    def __init__(self, site: Site, story: Story, chance: random.Random, kills: list[float]) -> None:
        self.site, self.story, self.chance = site, story, chance
        self.ordered = Counter[str]()
        self._kills = sorted(kills)
        self._next = time.time() + chance.expovariate(1 / EVERY)
        self._let_go = 0.0
        self._left = list[tuple[str, Mapping[str, Any]]]()

    def look(self) -> None:
        """Order what is due by now."""
        now = time.time()
        if self._let_go and now > self._let_go:
            self.site.hubspot.let_go()
            self._let_go = 0.0
        if self._kills and now > self._kills[0]:
            del self._kills[0]
            self._kill()
        if now > self._next:
            self._next = now + self.chance.expovariate(1 / EVERY)
            self._order()

    def _order(self) -> None:
        """Order a fault; every one of them comes once before any comes again."""
        if self.chance.random() < 0.08:
            self._cut(self.chance.choice(CUTS))
            return
        if self.site.hubspot.faults_waiting() >= MOST_WAITING:
            return
        if not self._left:
            self._left = list(ORDERS)
            self.chance.shuffle(self._left)
        kind, options = self._left.pop()
        self.site.hubspot.fault(kind, **options)
        self.ordered[kind] += 1
        self.story.tell(kind, "fault", "", **options)
        if kind == "held":
            self._let_go = time.time() + HELD

    def _cut(self, which: str) -> None:
        database = "erp" if which == "erp" else "postgres"
        with contextlib.suppress(psycopg.OperationalError):
            count = self.site.cut(database, NAME)
            self.ordered[f"cut from {which}"] += 1
            self.story.tell(f"cut from {which}", "fault", "", sessions=count)

    def _kill(self) -> None:
        self.site.end_up(kill=True)
        self.site.start_up()
        self.ordered["killed"] += 1
        self.story.tell("killed", "fault", "")

    def end(self) -> None:
        """Let nothing fail any more."""
        self.site.hubspot.clear_faults()
        self.site.hubspot.let_go()


def moments(began: float, seconds: float, chance: random.Random) -> Iterator[float]:
    """Yield when ``bothways up`` is killed: three times within the first half, so that one life of it is long."""
    for third in range(3):
        yield began + seconds * (0.05 + 0.14 * (third + chance.random()))
