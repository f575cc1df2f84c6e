"""When something is done again: after it went well, and after it failed. Pure functions; times are seconds.

``chance`` is a number from 0 to 1, drawn anew each time, so that what began together does not stay together.
"""

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
