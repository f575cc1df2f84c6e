"""The last 24 hours of a sync and of an app, told from what its runs did."""

import pytest

from bothways.errors import UnknownApp, UnknownSync
from bothways.ledger.hours import HOUR
from bothways.service import hours
from tests.office import Office


def test_a_change_is_counted_in_its_hour_with_its_delay(office: Office) -> None:
    ann, _ = office.pair("Ann")
    office.run()
    office.clock.advance(HOUR)
    office.anna.edit(ann, name="Anne")
    office.clock.advance(40)
    office.run()
    day = hours.day_of(office.open(), "people")
    assert len(day.hours) == hours.SHOWN
    assert day.hours[-1].begins <= office.clock() < day.hours[-1].begins + HOUR
    changed = [each for each in day.hours if any(each.changed.values())]
    assert [each.changed for each in changed] == [{"Anna": 0, "Bert": 1}]
    assert changed[0].worst == day.worst
    assert changed[0].worst == 100  # a run is a minute later
    assert day.median == pytest.approx(day.worst, rel=0.1)


def test_the_values_of_a_first_run_are_no_late_changes(office: Office) -> None:
    office.anna.add(email="ann@x.test", name="Ann", phone="1")
    office.bert.add(email="ann@x.test", name="Ann", phone="2")
    office.clock.advance(30 * 86_400)
    office.run()
    office.run()
    day = hours.day_of(office.open(), "people")
    assert sum(sum(each.changed.values()) for each in day.hours) == 1
    assert (day.median, day.worst) == (None, None)


def test_a_day_later_nothing_is_left_of_it(office: Office) -> None:
    office.pair("Ann")
    office.run()
    office.clock.advance(25 * HOUR)
    day = hours.day_of(office.open(), "people")
    assert not any((*each.created.values(), *each.changed.values()) for each in day.hours if any(each.created.values()))
    assert sum(each.calls for each in hours.calls_of(office.open(), "Anna").hours) == 0


def test_calls_are_counted_once_whoever_makes_them(office: Office) -> None:
    office.pair("Ann")
    before = sum(each.calls for each in hours.calls_of(office.open(), "Anna").hours)
    run = office.run()
    made = sum(each.calls for each in hours.calls_of(office.open(), "Anna").hours)
    assert made - before >= sum(count for call, count in run.bill.items() if call.startswith("Anna ")) > 0
    assert made == sum(each.calls for each in hours.calls_of(office.open(), "Anna").hours)


def test_what_is_not_there_is_refused(office: Office) -> None:
    with pytest.raises(UnknownSync):
        hours.day_of(office.open(), "nothing")
    with pytest.raises(UnknownApp):
        hours.calls_of(office.open(), "nothing")
