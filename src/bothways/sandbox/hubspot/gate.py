"""Where calls wait until a test lets them go on."""

import threading


class Gate:
    """Holds whoever comes, until it is opened for those who are there."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._held, self._opened = 0, 0

    def wait(self) -> None:
        """Wait until it is opened."""
        with self._moved:
            opened = self._opened
            self._held += 1
            self._moved.notify_all()
            self._moved.wait_for(lambda: self._opened != opened)

    def until_held(self, count: int, seconds: float) -> bool:
        """Wait until so many wait here; return whether it came to that within so many seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self._held >= count, seconds)

    def open(self) -> None:
        """Let everybody go on who waits."""
        with self._moved:
            self._opened += 1
            self._held = 0
            self._moved.notify_all()
