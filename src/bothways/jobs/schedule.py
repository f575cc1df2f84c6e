"""When something is done: again after it went well or failed, not in quiet hours, and when a sync is proven.

Pure functions; times are seconds since 1970. ``chance`` is a number from 0 to 1, drawn anew each time, so that what
began together does not stay together; ``lot`` one that a sync keeps.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bothways.service.schedule_document import UTC, ProofSettings, QuietHours

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0
"""The pause after a first failure, doubled with every further one in a row; and the longest."""

JITTER = 0.1
"""Share of an interval by which something may be done sooner; never later, since the interval is a promise."""

SPREAD = 0.25
"""Share by which a pause after a failure is shorter or longer."""


def after_success(every: float, now: float, chance: float) -> float:
    """Return when something that is to be done every so often is due again."""
    return now + every * (1 - JITTER * chance)


def after_failure(failed: int, now: float, chance: float, longest: float = LONGEST_PAUSE) -> float:
    """Return when something that failed ``failed`` times in a row, 1 or more, is tried again."""
    pause = min(FIRST_PAUSE * 2.0 ** min(failed - 1, 30), longest)
    return now + pause * (1 + SPREAD * (2 * chance - 1))


def quiet_until(hours: QuietHours | None, at: float) -> float | None:
    """Return when the quiet hours end in which ``at`` lies, None if it lies in none."""
    if hours is None:
        return None
    zone, over_midnight = ZoneInfo(hours.zone), timedelta(days=hours.ends < hours.begins)
    today = datetime.fromtimestamp(at, zone).date()
    for ago in range(3):  # begun the day before, over midnight; two days before where a zone skipped a day
        day = today - timedelta(days=ago)
        begins, ends = _first(day, hours.begins, zone), _last(day + over_midnight, hours.ends, zone)
        if begins <= at < ends:
            return ends
    return None


def allowed(hours: QuietHours | None, at: float) -> float:
    """Return the first time from ``at`` on that lies in no quiet hours."""
    while (ends := quiet_until(hours, at)) is not None:
        at = ends
    return at


def lot_of(id: int) -> float:
    """Return a number from 0 to 1 for a sync: those of neighbouring ids lie far apart."""
    return id * 0.6180339887498949 % 1


def next_proof(proof: ProofSettings, hours: QuietHours | None, lot: float, last: float | None, now: float) -> float:
    """Return when a sync is proven next, after ``now``; ``last``: when it was to be proven last, None if it never was.

    Where no time of day is said it is one of the first half of the quiet hours, or of the whole day, by ``lot``.
    """
    zone = ZoneInfo(hours.zone if hours else UTC)
    at = proof.at or _by_lot(hours, lot)
    day = datetime.fromtimestamp(now, zone).date()
    if last is not None:
        day = max(day, datetime.fromtimestamp(last, zone).date() + timedelta(days=proof.days))
    while (found := _first(day, at, zone)) <= now:
        day += timedelta(days=1)
    return found


def _by_lot(hours: QuietHours | None, lot: float) -> time:
    if hours is None:
        begins, span = 0, 1440.0
    else:
        begins, span = _minutes(hours.begins), (_minutes(hours.ends) - _minutes(hours.begins)) % 1440 / 2
    minute = int(begins + lot * span) % 1440
    return time(minute // 60, minute % 60)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _first(day: date, at: time, zone: ZoneInfo) -> float:
    """Return when the clocks of a zone first show a time of day; one that they skip is as much later as they skip."""
    return datetime.combine(day, at, zone).timestamp()


def _last(day: date, at: time, zone: ZoneInfo) -> float:
    """Return when they last show it, where they show it twice."""
    return max(datetime.combine(day, at, zone).replace(fold=fold).timestamp() for fold in (0, 1))
