"""What happened in the last hours, for charts. Hours are named by when they begin (seconds)."""

from dataclasses import dataclass

from bothways.service.views.common import Counted


@dataclass(frozen=True, slots=True)
class HourView:
    """An hour of a sync: how many records were created and otherwise changed, per app; how late changes were written.

    ``median`` and ``worst`` are in seconds, None where no change of linked records was written.
    """

    begins: float
    created: Counted
    changed: Counted
    median: float | None = None
    worst: float | None = None


@dataclass(frozen=True, slots=True)
class DayView:
    """The last 24 hours of a sync, the oldest first, and how late changes were in all of them, as ``HourView``."""

    sync: str
    hours: tuple[HourView, ...]
    median: float | None = None
    worst: float | None = None


@dataclass(frozen=True, slots=True)
class CallsOfHour:
    """The calls that we made to an app in an hour."""

    begins: float
    calls: int


@dataclass(frozen=True, slots=True)
class CallsView:
    """The calls that we made to an app in the last 24 hours, the oldest first.

    ``allowed``: how many the app lets us make in an hour at most, None where it sets no such limit.
    """

    app: str
    hours: tuple[CallsOfHour, ...]
    allowed: int | None = None
