"""The stand-in's own time, so that hours pass in a test when it says so."""

import threading
import time
from collections.abc import Callable


class _Watched:
    """Tells whoever asked for it when a clock was moved."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[], None]] = []

    def watch(self, moved: Callable[[], None]) -> None:
        """Call a function whenever the clock was moved."""
        self._watchers.append(moved)

    def _moved(self) -> None:
        for each in list(self._watchers):
            each()


class Clock(_Watched):
    """The real clock plus an offset. All times are seconds since 1970."""

    def __init__(self, offset: float = 0.0) -> None:
        super().__init__()
        self._offset = offset

    def now(self) -> float:
        """Return the time."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._offset += seconds
        self._moved()

    def set(self, moment: float) -> None:
        """Make it this time now; it goes on from there."""
        self._offset = moment - time.time()
        self._moved()

    def until(self, moment: float) -> float | None:
        """Return the seconds that pass by themselves until then."""
        return max(0.0, moment - self.now())


class FrozenClock(_Watched):
    """A clock that moves only when told."""

    def __init__(self, moment: float = 1_790_000_000.0) -> None:
        super().__init__()
        self._moment = moment
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time."""
        return self._moment

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self._moment += seconds
        self._moved()

    def set(self, moment: float) -> None:
        """Make it this time."""
        self._moment = moment
        self._moved()

    def until(self, moment: float) -> float | None:
        """Return None: by itself that moment never comes."""
        return None
