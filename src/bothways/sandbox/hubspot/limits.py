"""Rate limits: rolling windows, and the headers that tell of them."""

from collections import deque
from collections.abc import Mapping

DAY = 86_400
DAILY = 250_000


class Window:
    """At most ``most`` calls in any ``seconds``."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._calls: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Count a call and return True, or return False if there is no room; refused calls do not count."""
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        if len(self._calls) >= self.most:
            return False
        self._calls.append(now)
        return True

    @property
    def remaining(self) -> int:
        """The calls that there is room for now."""
        return self.most - len(self._calls)


class Limits:
    """The limits of one account. None instead of calls and seconds: no limit."""

    def __init__(self, rate: tuple[int, float] | None, search_rate: tuple[int, float] | None, daily: int) -> None:
        self._main = Window(*rate) if rate else None
        self._search = Window(*search_rate) if search_rate else None
        self._daily, self._day, self._today = daily, 0, 0
        self.search_apart = False

    def refusal(self, now: float, *, search: bool) -> str | None:
        """Count a call; return the name of the limit that refuses it, None if none does."""
        day = int(now // DAY)
        if day != self._day:
            self._day, self._today = day, 0
        if self._today >= self._daily:
            return "DAILY"
        if search and self._search and not self._search.take(now):
            return "SECONDLY"
        if self._main and not (search and self.search_apart) and not self._main.take(now):
            return "TEN_SECONDLY_ROLLING"
        self._today += 1
        return None

    def headers(self, *, search: bool, oauth: bool) -> Mapping[str, str]:
        """Return what an answer tells of the limits: that of a search nothing, and nothing of the day by OAuth."""
        if search or self._main is None:
            return {}
        told = {
            "X-HubSpot-RateLimit-Max": str(self._main.most),
            "X-HubSpot-RateLimit-Remaining": str(self._main.remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(round(self._main.seconds * 1000)),
        }
        if oauth:
            return told
        return told | {
            "X-HubSpot-RateLimit-Daily": str(self._daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self._daily - self._today),
        }
