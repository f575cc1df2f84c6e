"""The allowance of calls of one connection, in memory: shared by its threads, never exceeded, counted.

The window is a rolling one. A token bucket of n tokens refilled at n per interval lets 2n calls through
in one interval, and apps that count in rolling windows (HubSpot) answer that with refusals.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from bothways.errors import RateLimited

MARGIN = 0.03
"""Share by which our window is longer than the app's: calls sent evenly do not arrive evenly."""

CUT = 0.5
"""What is left of the allowed rate after the app has refused a call."""

RAISE = 0.1
"""Share of the allowed rate that comes back with every window that passes without a refusal."""

PATIENCE = 120.0
"""Seconds that one call may be made to wait; what would take longer is left to a later run."""

MAIN = ""
"""The pool that every call counts in, whatever pool of its own it has besides."""


@dataclass(slots=True)
class _Pool:
    """One limit: its window, and what the app has made of it by refusing calls."""

    limit: int = 0
    interval: float = 1.0
    bucket: InMemoryBucket | None = None
    blocked_until: float = -math.inf
    share: float = 1.0
    cut_at: float = -math.inf

    def allowed(self, now: float) -> int:
        """Return how many calls one window may hold at this time."""
        windows = (now - self.cut_at) / self.interval
        share = 1.0 if math.isinf(windows) else min(1.0, self.share + RAISE * math.floor(windows))
        return max(1, math.floor(self.limit * share))

    def tell(self, limit: int, interval: float) -> None:
        """Take over a limit of ``limit`` calls in ``interval`` seconds, keeping the calls made so far."""
        if limit < 1 or interval <= 0 or (limit, interval) == (self.limit, self.interval):
            return
        self.limit, self.interval = limit, interval
        rates = [Rate(limit, _window(interval))]
        if self.bucket is None:
            self.bucket = InMemoryBucket(rates)
        else:
            self.bucket.rates = rates

    def take(self, now: float) -> float:
        """Count one call and return 0, or return the seconds to wait before asking again."""
        if now < self.blocked_until:
            return self.blocked_until - now
        if self.bucket is None:
            return 0.0
        allowed, stamp = self.allowed(now), _millis(now)
        if self.bucket.rates[0].limit != allowed:
            self.bucket.rates = [Rate(allowed, _window(self.interval))]
        self.bucket.leak(stamp)
        item = RateItem("", stamp)
        return 0.0 if self.bucket.put(item) else max(float(self.bucket.waiting(item)), 1.0) / 1000  # type: ignore[arg-type]

    def give_back(self) -> None:
        """Uncount the call that was just counted."""
        if self.bucket is not None:
            self.bucket.items.pop()

    def used(self, now: float) -> int:
        """Return how many calls the window holds at this time."""
        if self.bucket is None:
            return 0
        self.bucket.leak(_millis(now))
        return self.bucket.count()

    def fill(self, calls: int, now: float) -> None:
        """Count calls that someone else has made on the same limit."""
        if self.bucket is not None and calls > 0:
            self.bucket.items.extend(RateItem("", _millis(now)) for _ in range(calls))

    def cut(self, now: float) -> None:
        """Halve the rate, once per window however many calls were refused in it."""
        if now - self.cut_at < self.interval:
            return
        self.share = self.allowed(now) / self.limit * CUT if self.limit else 1.0
        self.cut_at = now


def _window(interval: float) -> int:
    return math.ceil(interval * (1 + MARGIN) * 1000)


def _millis(now: float) -> int:
    return math.floor(now * 1000)


class MemoryBudget:
    """A ``Budget`` for one process: rolling windows, a bill, and caution after a refusal.

    ``limits`` gives calls and seconds per pool; a pool without one is not paced until the app tells its
    limit. Every call also counts in the main pool "". ``app`` names the connection in messages.
    ``clock`` returns seconds and may start anywhere. ``bill`` counts the calls by name, ``waited`` the
    seconds that calls were made to wait. After a refusal the rate is halved and rises again by a tenth
    of the limit per window.
    """

    def __init__(
        self,
        limits: Mapping[str, tuple[int, float]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        patience: float = PATIENCE,
        app: str = "the app",
    ) -> None:
        self.bill: Counter[str] = Counter()
        self.waited = 0.0
        self._app = app
        self._clock, self._sleep, self._patience = clock, sleep, patience
        self._lock = threading.Lock()
        self._pools: dict[str, _Pool] = {}
        for name, (limit, interval) in (limits or {}).items():
            self._pool(name).tell(limit, interval)

    def spend(self, pool: str, call: str) -> None:
        """Wait until one more call is allowed, then count it under ``call``.

        Raises RateLimited at once if the wait would be longer than the patience of this budget.
        """
        so_far = 0.0
        while (wait := self._take(pool, call)) > 0:
            if so_far + wait > self._patience:
                raise RateLimited(app=self._app)
            self._sleep(wait)
            so_far += wait
            with self._lock:
                self.waited += wait

    def learn(self, pool: str, limit: int, interval: float, remaining: int | None = None) -> None:
        """Take over the limit that the app has told; ``remaining`` shows the calls others made on it."""
        with self._lock:
            state, now = self._pool(pool), self._clock()
            state.tell(limit, interval)
            if remaining is not None:
                state.fill(state.limit - state.used(now) - max(remaining, 0), now)

    def back_off(self, pool: str, seconds: float) -> None:
        """Let no call of this pool through for so many seconds, and fewer per window after that."""
        with self._lock:
            state, now = self._pool(pool), self._clock()
            state.blocked_until = max(state.blocked_until, now + seconds)
            state.cut(now)

    def allowed(self, pool: str) -> int:
        """Return how many calls one window of this pool may hold now (0: not limited)."""
        with self._lock:
            state = self._pool(pool)
            return state.allowed(self._clock()) if state.limit else 0

    def _pool(self, name: str) -> _Pool:
        return self._pools.setdefault(name, _Pool())

    def _take(self, pool: str, call: str) -> float:
        with self._lock:
            now = self._clock()
            wait = self._pool(pool).take(now)
            if not wait and pool != MAIN:
                wait = self._pool(MAIN).take(now)
                if wait:
                    self._pool(pool).give_back()
            if not wait:
                self.bill[call] += 1
            return wait


class Billed:
    """A share in a budget that others spend from too, with a ``bill`` of what was spent by it alone."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.bill: Counter[str] = Counter()
        self.shared = budget
        self._lock = threading.Lock()

    def spend(self, pool: str, call: str) -> None:
        """Wait until one more call is allowed, then count it; raise RateLimited if the wait would be too long."""
        self.shared.spend(pool, call)
        with self._lock:
            self.bill[call] += 1

    def learn(self, pool: str, limit: int, interval: float, remaining: int | None = None) -> None:
        """Take over the limit that the app has told."""
        self.shared.learn(pool, limit, interval, remaining)

    def back_off(self, pool: str, seconds: float) -> None:
        """Let nobody's calls of this pool through for so many seconds."""
        self.shared.back_off(pool, seconds)
