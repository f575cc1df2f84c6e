"""The stand-in's own time, so that hours pass in a test when it says so."""

import threading
import time


class Clock:
    """The real clock plus an offset. All times are seconds since 1970."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset

    def now(self) -> float:
        """Return the time."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._offset += seconds

    def set(self, moment: float) -> None:
        """Make it this time now; it goes on from there."""
        self._offset = moment - time.time()


class FrozenClock:
    """A clock that moves only when told."""

    def __init__(self, moment: float = 1_790_000_000.0) -> None:
        self._moment = moment
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time."""
        return self._moment

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self._moment += seconds

    def set(self, moment: float) -> None:
        """Make it this time."""
        self._moment = moment
