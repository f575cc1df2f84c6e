"""Old history let go by a worker, beside the turns: once an hour, a little at a time, and not too much at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from bothways.jobs.turns import Worker
from bothways.service.history import EVERY, is_time, letting_go
from bothways.service.views import PrunedView

LOOK_EVERY = 0.95 * EVERY
"""Seconds after which a worker asks again whether it is time: a little less, so that it is not asked just before."""

MOST = 500
"""Steps, each a transaction, that are made at most in an hour; the rest waits for the next one."""


@dataclass
class Pruning:
    """What one worker does for it. ``looked_at``: when it last asked whether it is time, by the clock of the machine's
    own running."""

    worker: Worker
    looked_at: float = field(default=float("-inf"), init=False)
    _steps: Iterator[PrunedView] | None = field(default=None, init=False)
    _left: int = field(default=0, init=False)

    def look(self) -> bool:
        """Let a little of what is old go, if it is time, and tell whether to go on at once.

        In the caller's use of the database. Raises LedgerError if that fails.
        """
        if self._steps is None:
            if monotonic() - self.looked_at < LOOK_EVERY:
                return False
            self.looked_at = monotonic()
            if not is_time(self.worker.workspace):
                return False
            self._steps, self._left = letting_go(self.worker.workspace, self.worker.name), MOST
        try:
            done = next(self._steps, None)
        except BaseException:
            self._steps = None
            raise
        self._left -= 1
        if done is None or not self._left:
            self._steps = None
        return self._steps is not None
