"""When something is done: never later than promised, later and later after failures, and never in quiet hours."""

from datetime import datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bothways.jobs.schedule import (
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    SPREAD,
    after_failure,
    after_success,
    allowed,
    lot_of,
    next_proof,
    quiet_until,
)
from bothways.service.schedule_document import ProofSettings, QuietHours

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


# --- quiet hours --------------------------------------------------------------------------------------

HOUR, DAY = 3600.0, 86_400.0
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(
    (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Africa/Cairo",
    )
)
HOURS = st.builds(QuietHours, MINUTES, MINUTES, ZONES).filter(lambda hours: hours.begins != hours.ends)
BERLIN = QuietHours(time(22), time(6), "Europe/Berlin")
APIA = 1_325_200_000.0
"""The night before Samoa skipped a day."""
TIMES = st.floats(1e9, 2.2e9) | st.floats(APIA - 3 * DAY, APIA + 3 * DAY)
LOTS = st.floats(0, 1, exclude_max=True)


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> float:
    """Return when the clocks of a zone show a time, the first time or (``fold`` 1) the second."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def span(hours: QuietHours) -> float:
    """Return how long quiet hours are on a day without a change of the clocks."""
    minutes = (hours.ends.hour - hours.begins.hour) * 60 + hours.ends.minute - hours.begins.minute
    return minutes % 1440 * 60.0


@given(HOURS, TIMES)
@example(QuietHours(time(22), time(6), "Pacific/Apia"), at("2011-12-29 23:00", "Pacific/Apia"))
@example(QuietHours(time(3), time(2, 59), "Europe/Berlin"), at("2027-03-28 01:30"))
def test_next_allowed_time_is_not_quiet_not_past_and_not_far_away(hours: QuietHours, now: float) -> None:
    found = allowed(hours, now)
    assert quiet_until(hours, found) is None
    assert now <= found <= now + DAY + span(hours)
    assert (found == now) == (quiet_until(hours, now) is None)


@given(HOURS, TIMES)
def test_it_is_quiet_by_the_clocks_of_the_zone_but_where_they_change(hours: QuietHours, now: float) -> None:
    zone = ZoneInfo(hours.zone)
    around = {datetime.fromtimestamp(now + shift * HOUR, zone).utcoffset() for shift in range(-50, 51)}
    assume(len(around) == 1)
    shown = datetime.fromtimestamp(now, zone).time()
    if hours.begins < hours.ends:
        quiet = hours.begins <= shown < hours.ends
    else:
        quiet = shown >= hours.begins or shown < hours.ends
    assert (quiet_until(hours, now) is not None) == quiet


def test_hours_over_midnight_end_on_the_next_day() -> None:
    assert quiet_until(BERLIN, at("2026-06-01 21:59")) is None
    assert quiet_until(BERLIN, at("2026-06-01 22:00")) == at("2026-06-02 06:00")
    assert quiet_until(BERLIN, at("2026-06-02 05:59")) == at("2026-06-02 06:00")
    assert quiet_until(BERLIN, at("2026-06-02 06:00")) is None
    assert allowed(None, 5.0) == 5.0


@pytest.mark.parametrize(("night", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-01", 8)])
def test_a_night_is_an_hour_shorter_or_longer_when_summer_time_changes(night: str, hours: int) -> None:
    begins = at(f"{night} 22:00")
    assert quiet_until(BERLIN, begins) == begins + hours * HOUR


def test_an_hour_that_the_clocks_show_twice_is_quiet_until_its_second_end() -> None:
    hours = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    assert quiet_until(hours, at("2026-10-25 02:40")) == at("2026-10-25 02:30", fold=1)
    assert quiet_until(hours, at("2026-10-25 02:30", fold=1)) is None


def test_an_hour_that_the_clocks_skip_ends_as_much_later() -> None:
    hours = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    assert quiet_until(hours, at("2026-03-29 01:59")) == at("2026-03-29 03:30")


# --- the proof ----------------------------------------------------------------------------------------


@given(HOURS | st.none(), LOTS, st.integers(1, 31), MINUTES | st.none(), TIMES, st.floats(0, 40 * DAY))
def test_next_proof_is_to_come_and_no_further_away_than_its_days(
    hours: QuietHours | None, lot: float, days: int, when: time | None, now: float, ago: float
) -> None:
    last, zone = now - ago, ZoneInfo(hours.zone if hours else "UTC")
    found = next_proof(ProofSettings(days, when), hours, lot, last, now)
    assert now < found <= now + (days + 2) * DAY
    passed = datetime.fromtimestamp(found, zone).date() - datetime.fromtimestamp(last, zone).date()
    assert passed.days >= days
    assert next_proof(ProofSettings(days, when), hours, lot, None, now) <= now + 3 * DAY


@given(HOURS, LOTS, TIMES)
def test_proof_without_a_time_lies_in_the_quiet_hours_but_where_clocks_change(
    hours: QuietHours, lot: float, now: float
) -> None:
    zone = ZoneInfo(hours.zone)
    assume(len({datetime.fromtimestamp(now + shift * HOUR, zone).utcoffset() for shift in range(-50, 100)}) == 1)
    found = next_proof(ProofSettings(), hours, lot, None, now)
    assert quiet_until(hours, found) is not None


def test_proofs_follow_each_other_at_their_time_of_day_over_a_change_of_summer_time() -> None:
    proof, last = ProofSettings(1, time(3)), at("2026-10-23 03:00")
    found = []
    for _ in range(4):
        last = next_proof(proof, BERLIN, 0.5, last, last + 600)
        found.append(last)
    assert found == [at(f"2026-10-{day} 03:00") for day in (24, 25, 26, 27)]


def test_proofs_of_many_syncs_are_spread_over_the_day() -> None:
    found = sorted(next_proof(ProofSettings(), None, lot_of(id), None, 1e9) for id in range(1, 101))
    gaps = [later - sooner for sooner, later in pairwise(found)]
    assert max(gaps) < DAY / 40
