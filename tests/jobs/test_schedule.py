"""When something is done again: never later than promised, and later and later after failures."""

from hypothesis import given
from hypothesis import strategies as st

from bothways.jobs.schedule import FIRST_PAUSE, JITTER, LONGEST_PAUSE, SPREAD, after_failure, after_success

CHANCES = st.floats(0, 1)
NOWS = st.floats(0, 4e9)


@given(st.floats(10, 86_400), NOWS, CHANCES)
def test_what_went_well_is_done_again_within_its_interval(every: float, now: float, chance: float) -> None:
    at = after_success(every, now, chance)
    assert now + every * (1 - JITTER) - 1 <= at <= now + every + 1


@given(st.integers(1, 10_000), NOWS, CHANCES)
def test_pause_after_failures_doubles_up_to_the_longest(failed: int, now: float, chance: float) -> None:
    pause = after_failure(failed, now, chance) - now
    expected = min(FIRST_PAUSE * 2 ** min(failed - 1, 30), LONGEST_PAUSE)
    assert expected * (1 - SPREAD) - 1 <= pause <= expected * (1 + SPREAD) + 1


def test_pauses_are_spread() -> None:
    assert after_failure(3, 0.0, 0.0) < after_failure(3, 0.0, 0.5) < after_failure(3, 0.0, 1.0)
