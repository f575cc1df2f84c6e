"""The allowance of calls of one connection: shared by all who spend from it, never exceeded, counted.

A budget belongs to one process and its threads. What is left of the app's limits it asks its keeper: a keeper in memory
where the process is alone; where others spend from the same connection, one that all of them share. From that it
takes calls in leases, a tenth of a window at most, so that hardly any call is waited for.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace

from bothways.connectors.base import Connector
from bothways.connectors.pacing import Day, InMemory, Keeper, State, Window
from bothways.errors import AppUnreachable, QuotaUsedUp, RateLimited

PATIENCE = 120.0
"""Seconds that one call may be made to wait; what would take longer is left to a later run."""

LEASE = 0.1
"""Share of a window, of its calls and of its time, that is taken at once at most where others spend, too."""

LONGEST_LEASE = 5.0
"""Seconds."""

STALE = 2.0
"""Seconds after which what an answer has told of the calls of others is no longer of use."""

MAIN = ""
"""The pool that every call counts in, whatever pool of its own it has, but for those of pools that are apart."""

still_up: ContextVar[Callable[[], bool]] = ContextVar("still_up", default=lambda: True)
"""Asked right before each call: whether what is called for is still up to us. Set where a call writes: a machine that
has slept meanwhile, or a process that was frozen, must not send what was decided before, and by now may be done."""

Waits = Callable[[float], None]


def _silently(seconds: float) -> None:
    """Tell nobody of a wait."""


@dataclass(slots=True)
class _Hand:
    """A lease in our hands: how many calls may be made until then, how many were, the last of them when.

    ``wanted``: how many were asked for; of an empty hand (0 for ``id``), how many are to be asked for next.
    """

    id: int
    left: int
    until: float
    wanted: int
    made: int = 0
    last: float = 0.0

    def use(self, now: float) -> None:
        self.left, self.made, self.last = self.left - 1, self.made + 1, now

    def next(self, most: int) -> int:
        """Return how many calls to ask for next: twice as many if all were made in time, else as many as were made."""
        count = (self.made if self.left else self.wanted * 2) if self.id else self.wanted
        return max(1, min(most, count))


class MemoryBudget:
    """A ``Budget`` for one process: rolling windows, a day, a bill, and caution after a refusal.

    ``limits`` gives calls and seconds per pool; a pool without one is not paced until the app tells its
    limit. Every call also counts in the main pool "". ``app`` names the connection in messages.
    ``clock`` returns seconds and may start anywhere. ``bill`` counts the calls by name, ``waited`` the
    seconds that calls were made to wait, ``refused`` the calls that the app has refused. After a refusal the rate is
    halved and rises again by a tenth of the limit per window.

    ``quota``: calls a day, 0 for no such limit; ``reserve``: the share of them that is left to others. ``today``
    returns seconds since 1970. ``apart``: pools whose calls count in no other, and not in the day.
    """

    def __init__(
        self,
        limits: Mapping[str, tuple[int, float]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        patience: float = PATIENCE,
        app: str = "the app",
        quota: int = 0,
        reserve: float = 0.0,
        today: Callable[[], float] = time.time,
        keeper: Keeper | None = None,
        apart: frozenset[str] = frozenset(),
    ) -> None:
        self.bill: Counter[str] = Counter()
        self.waited, self.refused = 0.0, 0
        self.quota, self.reserve, self.today = quota, reserve, today
        self.app = app
        self._clock, self._sleep, self._patience = clock, sleep, patience
        self._lock = threading.Lock()
        self._limits, self._apart = dict(limits or {}), apart
        self._alone = InMemory(clock, State())
        self._keeper = keeper or self._alone
        self._hands: dict[str, _Hand] = {}
        self._seen: dict[str, tuple[int, float]] = {}
        self._said: int | None = None
        self._told_quota = False
        self._made = 0
        self._day = Day(quota)

    # --- spending -----------------------------------------------------------------------------------------

    def spend(self, pool: str, call: str, *, whole: bool = False, waits: Waits = _silently) -> None:
        """Wait until one more call is allowed, then count it under ``call``; ``waits`` is told of each wait.

        ``whole``: what is reserved for others may be used as well. Raises QuotaUsedUp where nothing is left of the
        day, RateLimited at once if the wait would be longer than the patience of this budget.
        """
        so_far = 0.0
        while (wait := self._take(pool, call, whole)) > 0:
            if so_far + wait > self._patience:
                raise RateLimited(app=self.app)
            waits(wait)
            self._sleep(wait)
            so_far += wait
            with self._lock:
                self.waited += wait

    def _take(self, pool: str, call: str, whole: bool) -> float:
        """Count a call and return 0, or return the seconds to wait before asking again."""
        with self._lock:
            now, pools = self._clock(), dict.fromkeys((pool,) if pool in self._apart else (pool, MAIN))
            limited = [each for each in pools if self._is_limited(each)]
            wait = max((self._blocked(each, now) for each in pools if each not in limited), default=0.0)
            if not wait and (empty := [each for each in limited if not self._has(each, now)]):
                wait = self._fetch(empty, whole)
            if not wait:
                for each in limited:
                    self._hands[each].use(now)
                self._made += 0 if pool in self._apart else 1
                self.bill[call] += 1
            return wait

    def _is_limited(self, pool: str) -> bool:
        return pool in self._limits or (pool == MAIN and self.quota > 0)

    def _has(self, pool: str, now: float) -> bool:
        hand = self._hands.get(pool)
        return hand is not None and hand.left > 0 and now < hand.until

    def _blocked(self, pool: str, now: float) -> float:
        """Return the seconds for which a pool without a limit may not be used."""
        window = self._alone.state.windows.get(pool)
        return max((window.blocked_until or now) - now, 0.0) if window else 0.0

    def _fetch(self, pools: Sequence[str], whole: bool) -> float:
        """Take leases of these pools, for those that we had; return 0, or the seconds to wait. Raises QuotaUsedUp.

        What one pool gives while another has nothing stays in hand until it lapses.
        """
        shared, today, asked = self._keeper.shared, self.today(), self._clock()

        def work(state: State, now: float) -> tuple[dict[str, _Hand], float, bool]:
            self._tell(state, now, pools)
            got, wait = dict[str, _Hand](), 0.0
            for pool in pools:
                window, state.leases = self._window(state, pool), state.leases + 1
                wanted = self._wanted(pool, window, now)
                lasts = min(window.interval * LEASE, LONGEST_LEASE) if shared else 0.0
                if pool == MAIN and self.quota:
                    left = state.day.left(today, 0.0 if whole else self.reserve)
                    wanted = min(wanted, left - window.untold)
                    if wanted <= 0:
                        return got, wait, True
                if calls := window.take(now, wanted, lasts, state.leases):
                    got[pool] = _Hand(state.leases, calls, asked + lasts if shared else math.inf, wanted)
                else:
                    wait = max(wait, window.wait(now))
            return got, wait, False

        got, wait, spent = self._keeper.change(work)
        self._told(pools)
        self._hands |= got
        if spent:
            raise self._used_up(today)
        return wait

    def _wanted(self, pool: str, window: Window, now: float) -> int:
        """Return how many calls to take: one where nobody else spends, who would have to be left some."""
        hand = self._hands.get(pool)
        return hand.next(int(window.allowed(now) * LEASE)) if hand and self._keeper.shared else 1

    def _used_up(self, now: float) -> QuotaUsedUp:
        day = self._day
        until = day.again(now)
        if now < day.blocked_until:
            reason = "it says that all calls of the day are made"
        else:
            kept = ", and the rest is kept for others" if day.used < day.quota else ""
            reason = f"{day.used:,} of {day.quota:,} calls of the day are made{kept}"
        again = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(until))
        return QuotaUsedUp(app=self.app, reason=reason, again=again, until=until)

    # --- what was made of it ------------------------------------------------------------------------------

    def settle(self) -> None:
        """Tell the keeper all that was made of the leases, and give back what is left of them."""
        with self._lock:
            pools = [pool for pool, hand in self._hands.items() if hand.left or hand.made]
            if not pools and not (self.quota and (self._made or self._said is not None)):
                return
            pools = list(dict.fromkeys((*pools, MAIN)))
            self._keeper.change(lambda state, now: self._tell(state, now, pools))
            self._told(pools)

    def _tell(self, state: State, now: float, pools: Sequence[str]) -> None:
        """Tell which calls of our leases were made, and what the app's answers have said of the calls of others."""
        here = self._clock()
        for pool in pools:
            if self._keeper.shared and (hand := self._hands.get(pool)) is not None and hand.id:
                state.window(pool).made(hand.id, hand.made, now - (here - hand.last))
            if pool in self._seen and here - self._seen[pool][1] < STALE:
                seen, at = self._seen[pool]
                state.window(pool).others(seen, now - (here - at))
        if MAIN in pools:
            self._agree_on_quota(state.day)
            state.day.used = self._made + (state.day.used if self._said is None else self._said)
            self._day = replace(state.day)

    def _told(self, pools: Sequence[str]) -> None:
        """Begin to count anew, since what was to be told is told."""
        for pool in pools:
            self._seen.pop(pool, None)
            if (hand := self._hands.get(pool)) is not None:
                self._hands[pool] = _Hand(0, 0, -math.inf, hand.next(hand.wanted * 2))
        if MAIN in pools:
            self._said, self._made = None, 0

    def _agree_on_quota(self, day: Day) -> None:
        """Let the day be today, of as many calls as the app has told us, else as it has told others."""
        day.turn(self.today())
        if self._told_quota or not day.quota:
            day.quota = self.quota
        self.quota = day.quota

    @property
    def is_shared(self) -> bool:
        """Whether other processes spend from it, too."""
        return self._keeper.shared

    def day(self) -> Day:
        """Return how the day stands, as far as it was told."""
        with self._lock:

            def work(state: State, now: float) -> Day:
                self._agree_on_quota(state.day)
                return replace(state.day)

            self._day = self._keeper.change(work)
            return replace(self._day)

    @property
    def pace(self) -> float:
        """How many seconds one call takes where the main limit is used up."""
        limit, interval = self._limits.get(MAIN, (0, 0.0))
        return interval / limit if limit else 0.0

    @property
    def left_today(self) -> int | None:
        """How many calls of the day were left for us when we last looked; None where it has no end."""
        return self._day.left(self.today(), self.reserve) if self._day.quota else None

    def take_up(self, day: Day) -> None:
        """Go on from what is known of a day; what was spent by now comes to it."""
        with self._lock:
            now = self.today()

            def work(state: State, _: float) -> None:
                spent, state.day = state.day.used, replace(day)
                state.day.turn(now)
                state.day.used += spent

            self._keeper.change(work)

    def settle_zone(self, zone: str) -> None:
        """Take note of where the account's midnight is."""
        with self._lock:
            now = self.today()
            self._keeper.change(lambda state, _: state.day.settle_zone(zone, now))

    # --- what the app says --------------------------------------------------------------------------------

    def learn(self, pool: str, limit: int, interval: float, remaining: int | None = None) -> None:
        """Take over the limit that the app has told; ``remaining`` shows the calls others made on it."""
        if limit < 1 or interval <= 0:
            return
        with self._lock:
            self._limits[pool] = (limit, interval)
            if (hand := self._hands.get(pool)) is not None and hand.made:
                hand.last = self._clock()  # it has reached the app by now: a busy machine may have sent it late
            if remaining is None:
                return
            seen = limit - max(remaining, 0)
            if self._keeper.shared:
                self._seen[pool] = (seen, self._clock())
            else:
                self._alone.change(lambda state, now: state.window(pool).others(seen, now))

    def learn_day(self, quota: int, remaining: int) -> None:
        """Take over how many calls the app allows a day, and how many it says are left: others make some, too."""
        with self._lock:
            self.quota, self._told_quota = quota, True
            self._said, self._made = max(quota - remaining, 0), 0

    def day_is_spent(self) -> QuotaUsedUp:
        """Take the app's word that its day is used up; return what is to be raised."""
        with self._lock:
            self.refused += 1
            today = self.today()

            def work(state: State, now: float) -> None:
                state.day.spent(today)
                self._day = replace(state.day)

            self._drop(MAIN)
            self._keeper.change(work)
            return self._used_up(today)

    def back_off(self, pool: str, seconds: float) -> None:
        """Let no call of this pool through for so many seconds, and fewer per window after that."""
        with self._lock:
            self.refused += 1
            keeper = self._keeper if self._is_limited(pool) else self._alone
            self._drop(pool)
            keeper.change(lambda state, now: self._window(state, pool).refuse(now, seconds))

    def _drop(self, pool: str) -> None:
        """Make no more calls on the lease in hand."""
        if pool in self._hands:
            self._hands[pool].until = -math.inf

    def allowed(self, pool: str) -> int:
        """Return how many calls one window of this pool may hold now (0: not limited)."""
        with self._lock:
            if pool not in self._limits:
                return 0
            return self._keeper.change(lambda state, now: self._window(state, pool).allowed(now))

    def _window(self, state: State, pool: str) -> Window:
        """Return the window of a pool, told its limit as we know it."""
        window = state.window(pool)
        window.tell(*self._limits.get(pool, (0, 0.0)))
        return window


def apart_of(kind: type[Connector]) -> frozenset[str]:
    """Return the pools of a kind of app whose calls count in no other limit, nor in those of a day."""
    return frozenset(getattr(kind, "apart", ()))


class Billed:
    """A share in a budget that others spend from too, with a ``bill`` of what was spent by it alone.

    ``whole``: it may spend what is reserved for others. ``waits`` is told of each wait.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self.bill: Counter[str] = Counter()
        self.shared = budget
        self.whole, self.waits = False, _silently
        self._lock = threading.Lock()

    def spend(self, pool: str, call: str) -> None:
        """Wait until one more call is allowed, then count it; raise QuotaUsedUp, RateLimited as the budget does.

        Raises AppUnreachable, with nothing sent, for a write of who has stood still for too long.
        """
        self.shared.spend(pool, call, whole=self.whole, waits=self.waits)
        if not still_up.get()():
            reason = "this machine stood still before a write, which was not sent; it is decided anew"
            raise AppUnreachable(app=self.shared.app, reason=reason, again=False)
        with self._lock:
            self.bill[call] += 1

    def learn(self, pool: str, limit: int, interval: float, remaining: int | None = None) -> None:
        """Take over the limit that the app has told."""
        self.shared.learn(pool, limit, interval, remaining)

    def learn_day(self, quota: int, remaining: int) -> None:
        """Take over what the app has told of its day."""
        self.shared.learn_day(quota, remaining)

    def day_is_spent(self) -> QuotaUsedUp:
        """Take the app's word that its day is used up; return what is to be raised."""
        return self.shared.day_is_spent()

    def back_off(self, pool: str, seconds: float) -> None:
        """Let nobody's calls of this pool through for so many seconds."""
        self.shared.back_off(pool, seconds)
