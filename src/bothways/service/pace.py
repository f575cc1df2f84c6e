"""How long what is at work will still take, by its own pace so far."""

SOONEST, LONG, SHARE = 10.0, 30.0, 0.05
"""Seconds before which nothing is said, and after which something is, however little was made; and the share that is
enough in between."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def seconds_left(left: int, made: int, seconds: float) -> float | None:
    """Return how long it takes to make what is ``left``, where so much was ``made`` in so many seconds.

    None where that cannot be said: nothing is left, nothing was made, or it has only begun.
    """
    if left <= 0 or made <= 0 or seconds < SOONEST:
        return None
    if seconds < LONG and made < SHARE * (made + left):
        return None
    return left * seconds / made


def actions_ahead(done: tuple[int, int], total: tuple[int, int]) -> int:
    """Return how many actions a plan will still be made of: ``done`` and ``total`` are its due records on both sides.

    All of the first side are looked at first, each with its partner. Then of the second side those are left that have
    none: as many of them as it has been so far.
    """
    first, second = (most - so_far for so_far, most in zip(done, total, strict=True))
    partners = first * done[1] / done[0] if first > 0 and done[0] else 0.0
    return first + max(round(second - partners), 0)


def rounded(seconds: float) -> tuple[int, str]:
    """Return a length of time that is guessed as one would say it: how many of ``min``, ``h`` or ``d``; 0 for less than
    a minute. The longer it is, the coarser, so that what is said does not change with every look."""
    if seconds < MINUTE:
        return 0, "min"
    minutes = round(seconds / MINUTE)
    minutes = minutes if minutes < 10 else 5 * round(seconds / (5 * MINUTE))
    if minutes < 60:
        return minutes, "min"
    hours = round(seconds / HOUR)
    return (hours, "h") if hours < 48 else (round(seconds / DAY), "d")
