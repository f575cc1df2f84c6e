"""Turns by the schedules of syncs: quiet hours, hints that hurry or do not, feeds that several syncs share."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bothways.connectors.webhooks import Delivery, Hint
from bothways.ledger import hints
from bothways.ledger.models import Due, Feed
from bothways.service.database import used
from bothways.service.receiving import receive
from bothways.service.workspace import take_over_changes
from tests.jobs.test_turns import Shift
from tests.memory_app import MemoryApp, MemoryConnector
from tests.office import SYNC, Office

SHARED = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Cleo: {connector: memory}
syncs:
  people:
    state: on
    objects: {Anna: people, Bert: people}
    send: {Bert: none}
    guards: {first_run: 1000, max_change: 100%}
  friends:
    state: on
    objects: {Anna: people, Cleo: people}
    send: {Cleo: none}
    guards: {first_run: 1000, max_change: 100%}
"""


@dataclass(frozen=True)
class Night:
    """Quiet hours that begin and end at full minutes, as they are written and as times."""

    begins: float
    ends: float

    @property
    def text(self) -> str:
        begins, ends = (f"{datetime.fromtimestamp(at, UTC):%H:%M}" for at in (self.begins, self.ends))
        return f"quiet_hours: {{from: {begins}, to: {ends}}}"


def night(office: Office, begins: float, seconds: float = 1800.0) -> Night:
    """Return quiet hours that begin so many seconds from now."""
    start = (office.clock() + begins) // 60 * 60
    return Night(start, start + seconds)


def scheduled(office: Office, schedule: str, sync: str = "people") -> None:
    """Give a sync a schedule."""
    before, found, after = office.file.read_text().partition(f"  {sync}:")
    assert found
    office.write(before + found + after.replace("    state: on\n", f"    state: on\n    schedule: {{{schedule}}}\n", 1))


def shift_of(office: Office, seconds: float = 300.0) -> Shift:
    shift = Shift(office)
    shift.work(seconds)
    return shift


def sends(monkeypatch: pytest.MonkeyPatch, shift: Shift, id: str) -> dict[int, float]:
    """Let Anna's webhook name a record; return the feeds to be read and when."""
    monkeypatch.setattr(MemoryConnector, "hints", lambda self, delivery: [Hint("people", id)], raising=False)
    for name in ("awaits_webhooks", "test_call"):
        monkeypatch.setattr(MemoryConnector, name, lambda self, *rest: None, raising=False)
    workspace = shift.worker.own()
    workspace.opened.clear()
    with used(workspace.database):
        return dict(receive(workspace, "Anna", Delivery("POST", "", {}, b"", shift.office.clock())).feeds)


def test_in_quiet_hours_nothing_is_read_or_written_and_all_is_sent_when_they_end(office: Office) -> None:
    left, right = office.pair()
    hours = night(office, 900)
    scheduled(office, hours.text)
    shift = shift_of(office, hours.begins - office.clock())
    calls = shift.calls()
    assert calls > 0
    office.anna.edit(left, name="Dana Lee")
    shift.work(hours.ends - office.clock() - 1)
    assert shift.calls() == calls
    shift.work(3)
    assert office.bert.values(right)["name"] == "Dana Lee"


def test_hint_told_in_quiet_hours_is_kept_and_followed_when_they_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = office.pair()
    hours = night(office, 60)
    scheduled(office, hours.text)
    shift = shift_of(office, 120)
    office.anna.edit(left, name="Dana Lee")
    calls = shift.calls()
    [feed] = sends(monkeypatch, shift, left)
    shift.work(600)
    assert shift.calls() == calls
    with used(shift.worker.workspace.database):
        assert [each.id for each in hints.of(feed)] == [left]
    shift.work(hours.ends - office.clock() + 2)
    assert office.bert.values(right)["name"] == "Dana Lee"


def test_person_who_asks_in_quiet_hours_is_obeyed(office: Office) -> None:
    left, right = office.pair()
    hours = night(office, 0)
    scheduled(office, hours.text)
    office.anna.edit(left, name="Dana Lee")
    office.run()
    assert office.clock() < hours.ends
    assert office.bert.values(right)["name"] == "Dana Lee"


def test_quiet_hours_taken_out_of_the_file_end_at_once(office: Office) -> None:
    left, right = office.pair()
    hours = night(office, 0)
    scheduled(office, hours.text)
    shift = shift_of(office, 120)
    office.anna.edit(left, name="Dana Lee")
    office.write(SYNC)
    take_over_changes(shift.worker.workspace)
    shift.work(60)
    assert office.clock() < hours.ends
    assert office.bert.values(right)["name"] == "Dana Lee"


def test_change_of_the_schedule_alone_lets_no_record_be_looked_at_again(office: Office) -> None:
    office.pair()
    shift = shift_of(office)
    scheduled(office, "every: 30s, webhooks: false")
    take_over_changes(shift.worker.workspace)
    with used(shift.worker.workspace.database):
        assert Due.objects.count() == 0
    calls = shift.calls()
    shift.work(5)
    assert 0 < shift.calls() - calls <= 2, "both feeds are listed once, by the new interval"
    with used(shift.worker.workspace.database):
        assert Due.objects.count() == 0


# --- one feed, several syncs ----------------------------------------------------------------------------


class Circle(Office):
    """An office whose people are sent to Cleo as well, by a second sync."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SHARED)
        self.cleo = MemoryApp("Cleo", self.clock)


@pytest.fixture
def shared(folder: Path) -> Circle:
    """One person whom all three apps hold."""
    circle = Circle(folder)
    for app in (circle.anna, circle.bert, circle.cleo):
        app.add(email="dana@x.test", name="Dana")
    return circle


def names(app: MemoryApp) -> list[str]:
    return [str(item.values["name"]) for item in app.live()]


def test_feed_is_read_for_its_syncs_that_are_not_in_quiet_hours(shared: Circle) -> None:
    hours = night(shared, 600)
    scheduled(shared, hours.text)
    shift = shift_of(shared, 660)
    shared.anna.edit("a00001", name="Dana Lee")
    shift.work(120)
    assert (names(shared.bert), names(shared.cleo)) == (["Dana"], ["Dana Lee"])
    shift.work(hours.ends - shared.clock() + 2)
    assert names(shared.bert) == ["Dana Lee"]


def test_feed_is_read_as_often_as_its_most_eager_sync_wants(shared: Circle) -> None:
    scheduled(shared, "every: 600s")
    scheduled(shared, "every: 10s", "friends")
    shift = shift_of(shared)
    before = shared.anna.calls["changes"], shared.bert.calls["changes"]
    shift.work(600)
    assert 60 <= shared.anna.calls["changes"] - before[0] <= 70
    assert 1 <= shared.bert.calls["changes"] - before[1] <= 2


def test_hint_hurries_no_sync_that_wants_none_and_polling_carries_the_change(
    shared: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(shared, "every: 300s, webhooks: false")
    scheduled(shared, "every: 300s", "friends")
    shift = shift_of(shared, 900)
    with used(shift.worker.workspace.database):
        polled = Feed.objects.get(connection__name="Anna").polled_at
    shared.anna.edit("a00001", name="Dana Lee")
    [wait] = sends(monkeypatch, shift, "a00001").values()
    shift.work(wait + 1)
    assert (names(shared.bert), names(shared.cleo)) == (["Dana"], ["Dana Lee"])
    shift.work(max(polled + 302 - shared.clock(), 0.0))
    assert names(shared.bert) == ["Dana Lee"]


def test_hint_is_not_even_kept_where_no_sync_wants_any(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    left, _ = office.pair()
    scheduled(office, "webhooks: false")
    shift = shift_of(office, 10)
    assert sends(monkeypatch, shift, left) == {}


def test_records_are_read_when_the_shortest_burst_window_of_a_feed_is_over(
    shared: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(shared, "burst_window: 5s")
    scheduled(shared, "burst_window: 2s", "friends")
    shift = shift_of(shared, 300)
    [(feed, wait)] = sends(monkeypatch, shift, "a00001").items()
    assert wait == 2.0
    with used(shift.worker.workspace.database):
        assert Feed.objects.get(pk=feed).due_at <= shared.clock() + 2.0


def test_listing_keeps_its_own_time_though_a_hint_was_followed_in_between(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, _ = office.pair()
    shift = shift_of(office)
    with used(shift.worker.workspace.database):
        polled = Feed.objects.get(connection__name="Anna").polled_at
    shift.work(polled + 40 - office.clock())
    listed = office.anna.calls["changes"]
    sends(monkeypatch, shift, left)
    shift.work(polled + 62 - office.clock())
    assert office.anna.calls["changes"] == listed + 1


# --- what one sync writes is news to another ------------------------------------------------------------


def test_what_one_sync_writes_is_carried_on_at_once_by_the_next(shared: Circle) -> None:
    shared.write(SHARED.replace("    send: {Bert: none}\n", ""))
    shift = shift_of(shared, 600)
    shared.bert.edit("b00001", name="Dana Lee")
    shift.work(62)
    assert names(shared.anna) == names(shared.cleo) == ["Dana Lee"]
