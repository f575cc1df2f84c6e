"""Progress that says when an app's rate limit is waited for: at the time, and not only when the wait is over."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from bothways.service.connect import Opened
from bothways.sync.context import Progress

WORTH_TELLING = 0.5
"""Seconds: shorter waits are nobody's concern."""


@dataclass
class Told:
    """Takes the reports of a run and hands them on; an app that is waited for is told of as slowed until it goes on."""

    report: Callable[[Progress], None]
    apps: Iterable[Opened]
    _last: dict[str, Progress] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        for app in self.apps:
            app.budget.waits = partial(self._waits, app.name)

    def __call__(self, step: Progress) -> None:
        """Take a report of the run, in its own thread."""
        with self._lock:
            self._last[step.app] = step
            self.report(step)

    def _waits(self, app: str, seconds: float) -> None:
        """Be told of a wait, in the thread of the call that waits."""
        with self._lock:
            if seconds >= WORTH_TELLING and app in self._last:
                self.report(replace(self._last[app], slowed=True))
