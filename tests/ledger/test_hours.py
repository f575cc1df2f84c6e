"""What is told by the hour: what was written, how late, how many calls; old hours go."""

import pytest

from bothways.engine.sides import SIDES
from bothways.ledger import feeds, hours, journal, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.hours import HOUR, KEPT, Late
from bothways.ledger.journal import Entry
from bothways.ledger.links import NewLink
from bothways.ledger.models import Run, Sync

L, R = SIDES
AT = 1000 * HOUR


def write(sync: Sync, run: Run, entries: list[Entry], at: float, state: str = "done") -> None:
    ids = journal.add(sync, run.pk, entries, at)
    journal.close([(each._replace(id=id), None) for each, id in zip(entries, ids, strict=True)], state, at)


def test_what_was_written_in_an_hour_by_kind_and_side(sync: Sync, run: Run) -> None:
    entry = Entry(0, 0, 1, R, "r1", "update", "intent", "F3", "")
    assert hours.last_written(sync) is None
    write(sync, run, [entry, entry._replace(link_id=2), entry._replace(link_id=3, side=L, kind="create")], AT + 5)
    write(sync, run, [entry._replace(link_id=4, kind="unlink"), entry._replace(link_id=5, kind="link")], AT + 50)
    write(sync, run, [entry._replace(link_id=6)], AT + 6, "failed")
    write(sync, run, [entry._replace(link_id=7)], AT + HOUR)
    assert hours.written(sync, 1000) == {("update", "right"): 2, ("create", "left"): 1}
    assert hours.written(sync, 1001) == {("update", "right"): 1}
    assert hours.written(sync, 999) == {}
    assert hours.last_written(sync) == AT + HOUR


def test_delays_are_those_of_changes_made_after_their_records_were_linked(sync: Sync, run: Run) -> None:
    feeds.save_seen(sync.left, [SeenRow(f"l{n}", modified=AT - 10.0 * n) for n in range(4)])
    ids = links.create(sync, [NewLink(f"l{n}", f"r{n}", "active", "R6", "") for n in range(4)], AT - 25.0)
    entry = Entry(0, 0, 0, R, "", "update", "intent", "F3", "")
    write(sync, run, [entry._replace(link_id=id, record_id=f"r{n}") for n, id in enumerate(ids)], AT + 5)
    assert sorted(hours.delays_of(run.pk)) == [5.0, 15.0, 25.0]  # the fourth was made before they were linked


def test_a_clock_that_is_ahead_makes_no_negative_delay(sync: Sync, run: Run) -> None:
    feeds.save_seen(sync.left, [SeenRow("l", modified=AT + 60)])
    (id,) = links.create(sync, [NewLink("l", "r", "active", "R6", "")], 1.0)
    write(sync, run, [Entry(0, 0, id, R, "r", "update", "intent", "F3", "")], AT)
    assert hours.delays_of(run.pk) == [0.0]


def test_delays_of_runs_of_one_hour_are_told_together(sync: Sync) -> None:
    hours.add_delays(sync, AT, [1.0] * 5 + [40.0])
    hours.add_delays(sync, AT + 60, [1.1, 300.0])
    hours.add_delays(sync, AT + 70, [])
    (found,) = hours.late(sync, 1000).values()
    assert found.worst == 300.0
    assert sum(found.steps.values()) == 8
    assert found.median == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 7.0, 48.0, 90_000.0])
def test_a_median_is_at_most_a_tenth_off(sync: Sync, seconds: float) -> None:
    hours.add_delays(sync, AT, [seconds] * 3 + [seconds * 9] * 2)
    assert hours.late(sync, 1000)[1000].median == pytest.approx(seconds, rel=0.1)


def test_a_median_is_no_more_than_the_worst() -> None:
    assert Late({20: 1}, 31.0).median == 31.0
    assert hours.together([]) is None


def test_calls_of_an_hour_are_added_up_per_connection(sync: Sync) -> None:
    hours.add_calls("one", AT, 3)
    hours.add_calls("one", AT + 10, 4)
    hours.add_calls("two", AT, 9)
    hours.add_calls("one", AT + HOUR, 1)
    assert hours.calls("one", 1000) == {1000: 7, 1001: 1}
    assert hours.calls("one", 1001) == {1001: 1}
    assert hours.calls("two", 0) == {1000: 9}


def test_old_hours_go(sync: Sync) -> None:
    later = AT + KEPT * HOUR
    for at in (AT, AT + HOUR, later):
        hours.add_calls("one", at, 1)
        hours.add_delays(sync, at, [1.0])
    hours.add_calls("two", AT, 1)
    assert set(hours.calls("one", 0)) == set(hours.late(sync, 0)) == {1001, 1000 + KEPT}
    assert set(hours.calls("two", 0)) == {1000}
