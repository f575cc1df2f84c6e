"""What is left of an app's limits, as plain data that several processes can hand to each other.

A window is a rolling one. A token bucket of n tokens refilled at n per interval lets 2n calls through in one interval,
and apps that count in rolling windows (HubSpot) answer that with refusals. Calls are taken as leases: so many, to be
made until then. A lease counts from its beginning until a window after its end, or after its last call as soon as that
is told; one whose taker died lapses in the same way. Times are seconds: of windows by any clock that all who share
the data read, of the day since 1970.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import orjson

T = TypeVar("T")

MARGIN = 0.03
"""Share by which our window is longer than the app's: calls sent evenly do not arrive evenly."""

LEAST_MARGIN = 0.1
"""Seconds by which it is longer at least: a call is on its way as long however short the window is."""

GRAIN = 0.01
"""Share of a window within which calls count as made at the same time, by the last of them."""

CUT = 0.5
"""What is left of the allowed rate after the app has refused a call."""

RAISE = 0.1
"""Share of the allowed rate that comes back with every window that passes without a refusal."""

AFTER_MIDNIGHT = 60.0
"""Seconds after the app's midnight from which its new day counts: its clock is not ours."""

ASKED_AGAIN = 3600.0
"""Seconds after which at the latest an app is asked again that has said that its day is used up."""

DAY = 86_400.0


@dataclass(slots=True)
class Lease:
    """Calls taken together at ``began``. ``open``: how many of them were made, and when, is not told yet."""

    id: int
    calls: int
    began: float
    ends: float
    open: bool = False


@dataclass(slots=True)
class Window:
    """One limit: calls in so many seconds, who has taken them, and what the app has made of it by refusing some."""

    limit: int = 0
    interval: float = 1.0
    blocked_until: float | None = None
    share: float = 1.0
    cut_at: float | None = None
    leases: list[Lease] = field(default_factory=list)

    def allowed(self, now: float) -> int:
        """Return how many calls one window may hold at this time."""
        if self.cut_at is None:
            return self.limit
        share = min(1.0, self.share + RAISE * math.floor(max(now - self.cut_at, 0.0) / self.interval))
        return max(1, math.floor(self.limit * share))

    def tell(self, limit: int, interval: float) -> None:
        """Take over a limit, keeping the calls made so far."""
        if limit > 0 and interval > 0:
            self.limit, self.interval = limit, interval

    def take(self, now: float, wanted: int, lasts: float, id: int) -> int:
        """Take up to so many calls as a lease that lasts so long, 0 for calls made now; return how many there are."""
        if self.blocked_until is not None and now < self.blocked_until:
            return 0
        calls = min(wanted, self.allowed(now) - self.used(now)) if self.limit else wanted
        last = self.leases[-1] if self.leases else None
        if calls > 0 and last and not (lasts or last.open) and 0 <= now - last.began < self.interval * GRAIN:
            last.calls, last.ends = last.calls + calls, now
        elif calls > 0:
            self.leases.append(Lease(id, calls, now, now + lasts, lasts > 0))
        return max(calls, 0)

    def wait(self, now: float) -> float:
        """Return the seconds after which there is room again."""
        if self.blocked_until is not None and now < self.blocked_until:
            return self.blocked_until - now
        excess = self.used(now) - self.allowed(now)
        for each in sorted(self.leases, key=lambda lease: lease.ends):
            excess -= each.calls
            if excess < 0:
                return max(each.ends + self._length - now, 0.001)
        return 0.001

    def used(self, now: float) -> int:
        """Return how many calls the window holds at this time."""
        old = now - self._length
        if self.leases and self.leases[0].ends <= old:
            self.leases = [each for each in self.leases if each.ends > old]
        return sum([each.calls for each in self.leases])

    def made(self, id: int, calls: int, last: float) -> None:
        """Close a lease of which so many calls were made, the last of them then; what is left is given back."""
        found = next((each for each in self.leases if each.id == id), None)
        if found is not None and not calls:
            self.leases.remove(found)
        elif found is not None:
            found.calls, found.ends, found.open = calls, max(last, found.began), False

    @property
    def untold(self) -> int:
        """How many calls may have been made on leases of which that is not told yet."""
        return sum(each.calls for each in self.leases if each.open)

    def others(self, seen: int, at: float) -> None:
        """Count the calls that others have made on the same limit, of ``seen`` that the app has counted then."""
        ours = sum(each.calls for each in self.leases if each.began <= at < each.ends + self._length)
        if seen > ours:
            self.leases.append(Lease(0, seen - ours, at, at))

    def refuse(self, now: float, seconds: float) -> None:
        """Let no call through for so long; halve the rate, once per window however many calls were refused in it."""
        self.blocked_until = max(self.blocked_until or -math.inf, now + seconds)
        if self.cut_at is None or now - self.cut_at >= self.interval:
            self.share = self.allowed(now) / self.limit * CUT if self.limit else 1.0
            self.cut_at = now

    @property
    def _length(self) -> float:
        return self.interval + max(self.interval * MARGIN, LEAST_MARGIN)


@dataclass(slots=True)
class Day:
    """The calls of a day: how many an app allows (0: as many as one likes), how many were made, when it ends.

    ``zone`` is where its midnight is, "" as long as that is not known: then UTC. ``blocked_until``: the app itself has
    said that nothing is left; it is asked again then.
    """

    quota: int = 0
    used: int = 0
    ends: float = 0.0
    blocked_until: float = 0.0
    zone: str = ""

    def turn(self, now: float) -> None:
        """Begin a new day when the last one is over, or was put down by a clock that was wrong."""
        if not now < self.ends <= now + 2 * DAY:
            if self.ends:
                self.used, self.blocked_until = 0, 0.0
            self.ends = day_ends(self.zone, now)

    def settle_zone(self, zone: str, now: float) -> None:
        """Take note of where the account's midnight is."""
        self.zone, self.ends = zone or "UTC", day_ends(zone, now)

    def spent(self, now: float) -> None:
        """Take the app's word that nothing is left."""
        self.turn(now)
        self.blocked_until = min(self.ends, now + ASKED_AGAIN)

    def left(self, now: float, reserve: float) -> int:
        """Return how many calls are left for us, ``reserve`` being the share of all of them that is for others."""
        self.turn(now)
        if now < self.blocked_until:
            return 0
        return max(self.quota - self.kept(reserve) - self.used, 0)

    def kept(self, reserve: float) -> int:
        """Return how many calls are for others."""
        return math.ceil(self.quota * reserve)

    def again(self, now: float) -> float:
        """Return when there is something left again, if nothing is."""
        return self.blocked_until if now < self.blocked_until else self.ends


def day_ends(zone: str, now: float) -> float:
    """Return when the next day begins there (seconds since 1970), with some time for clocks that differ."""
    there = datetime.fromtimestamp(now - AFTER_MIDNIGHT, _zone(zone))
    midnight = datetime(there.year, there.month, there.day, tzinfo=there.tzinfo) + timedelta(days=1)
    return midnight.timestamp() + AFTER_MIDNIGHT


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (OSError, KeyError, ValueError):  # not known on this machine
        return UTC


@dataclass(slots=True)
class State:
    """All limits of a connection by their pools, its day, and how many leases were made so far."""

    windows: dict[str, Window] = field(default_factory=dict)
    day: Day = field(default_factory=Day)
    leases: int = 0

    def window(self, pool: str) -> Window:
        """Return the window of a pool."""
        return self.windows.setdefault(pool, Window())

    @property
    def text(self) -> str:
        """The state as JSON."""
        return orjson.dumps(asdict(self)).decode()


def state_of(text: str) -> State:
    """Return the state that a JSON text tells."""
    data = orjson.loads(text)
    windows = {
        pool: Window(**(each | {"leases": [Lease(**lease) for lease in each["leases"]]}))
        for pool, each in data["windows"].items()
    }
    return State(windows, Day(**data["day"]), data["leases"])


class Keeper(Protocol):
    """Keeps what is left of a connection's limits."""

    @property
    def shared(self) -> bool:
        """Whether others change it as well."""
        ...

    def change(self, work: Callable[[State, float], T]) -> T:
        """Have the state changed by nobody else at the time, and kept; return what ``work`` does.

        ``work`` gets the state and the seconds by the clock of all who share it, and may be called again.
        """
        ...


@dataclass(slots=True)
class InMemory:
    """The keeper of a process that is alone."""

    clock: Callable[[], float]
    state: State
    shared: bool = False

    def change(self, work: Callable[[State, float], T]) -> T:
        """Have the state changed; a budget asks one call at a time."""
        return work(self.state, self.clock())
