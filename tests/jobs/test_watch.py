"""Watching: every sync at its interval, earlier when something waits; failures are told and tried again."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bothways.errors import AppUnreachable, DiskFull, SecondRunner, UnknownSync
from bothways.jobs import now, watch
from bothways.service.syncs import turn_off
from bothways.service.views import RunView
from tests.memory_app import Traits
from tests.office import SYNC, Office


class Ticks(threading.Event):
    """A stop event whose waiting moves the clock of the office, and lets something happen at a tick."""

    def __init__(self, office: Office, ticks: int, deeds: dict[int, Callable[[], object]] | None = None) -> None:
        super().__init__()
        self.office, self.left, self.deeds, self.number = office, ticks, deeds or {}, 0

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass at once."""
        assert timeout is not None
        self.office.clock.advance(timeout)
        self.number += 1
        self.deeds.get(self.number, lambda: None)()
        if self.number >= self.left:
            self.set()
        return self.is_set()


def watched(
    office: Office,
    ticks: int,
    deeds: dict[int, Callable[[], object]] | None = None,
    names: tuple[str, ...] = (),
) -> list[tuple[float, RunView]]:
    """Watch for so many ticks; return each run with the second at which it was told."""
    told: list[tuple[float, RunView]] = []
    start = office.clock()
    watch.watch(
        office.open(),
        names,
        on_run=lambda view: told.append((office.clock() - start, view)),
        stop=Ticks(office, ticks, deeds),
    )
    return told


def test_a_sync_runs_at_once_and_then_at_its_interval(office: Office) -> None:
    assert [at for at, _ in watched(office, 95)] == [0.0, 60.0, 120.0, 180.0]


def test_nothing_is_read_in_quiet_hours_and_what_changed_is_sent_right_after(office: Office) -> None:
    left, right = office.pair("Dana")
    ends = office.clock() + 120 - office.clock() % 60
    hours = [f"{datetime.fromtimestamp(at, UTC):%H:%M}" for at in (ends - 3600, ends)]
    office.change("    guards:", f"    schedule: {{quiet_hours: {{from: {hours[0]}, to: {hours[1]}}}}}\n    guards:")
    office.anna.edit(left, name="Dora")
    left_of_it = ends - office.clock()
    calls = office.anna.calls.total()
    told = watched(office, int(left_of_it // 2) - 1)
    assert (told, office.anna.calls.total() - calls) == ([], 0)
    told = watched(office, 3)
    assert [view.updated["Bert"] for _, view in told] == [1]
    assert office.bert.values(right)["name"] == "Dora"


def test_an_edit_arrives_with_the_next_run(office: Office) -> None:
    left, right = office.pair("Dana")
    told = watched(office, 35, {5: lambda: office.anna.edit(left, name="Dora")})
    assert [(at, view.updated.get("Bert")) for at, view in told] == [(0.0, 0), (60.0, 1)]
    assert office.bert.values(right)["name"] == "Dora"


def test_a_record_to_be_tried_again_makes_the_next_run_earlier(office: Office) -> None:
    left, right = office.pair("Dana")
    office.change("    guards:", "    schedule: {every: 600s}\n    guards:")
    until = office.clock() + 50
    office.bert.traits = Traits(refuses=lambda item: ("busy", ()) if office.clock() < until else None)
    office.anna.edit(left, name="Dora")
    told = watched(office, 310)
    assert [(at, view.failing) for at, view in told] == [(0.0, 1), (60.0, 0)]
    assert office.bert.values(right)["name"] == "Dora"


def test_a_failure_is_told_and_tried_again_ever_later(office: Office) -> None:
    for _ in range(4):
        office.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"))
    told = watched(office, 500)
    failed = [at for at, view in told if view.state == "stopped"]
    assert failed == [0.0, 60.0, 180.0, 420.0]
    assert "no route" in told[0][1].reason
    assert told[0][1].exit_code == 69
    assert told[4][1].state == "done"


def test_changes_of_the_file_take_effect_and_a_bad_file_is_told_once(office: Office) -> None:
    def spoil() -> None:
        office.write(SYNC.replace("guards:", "gards:"))

    def mend() -> None:
        office.write(SYNC.replace("    guards:", "    schedule: {every: 20s}\n    guards:"))

    told = watched(office, 75, {10: spoil, 50: mend})
    words = [view.reason for _, view in told if view.state == "stopped"]
    assert len(words) == 1
    assert 'bothways.yaml:9:5: The key "gards" is not known here.' in words[0]
    assert [at for at, view in told if view.state == "done"] == [0.0, 60.0, 120.0, 140.0]


def test_a_sync_turned_off_beside_it_stops_running(office: Office) -> None:
    told = watched(office, 95, {40: lambda: turn_off(office.open(), "people")})
    assert [at for at, _ in told] == [0.0, 60.0]


def test_drafts_and_other_syncs_are_left_alone(office: Office) -> None:
    office.change("state: on", "state: draft")
    assert watched(office, 40) == []
    with pytest.raises(UnknownSync):
        watched(office, 1, names=("nobody",))


def test_only_one_process_watches(office: Office) -> None:
    caught: list[BaseException] = []

    def second() -> None:
        try:
            now.run_sync(office.open(), "people")
        except SecondRunner as error:
            caught.append(error)

    def in_a_thread() -> None:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    watched(office, 3, {1: in_a_thread})
    assert len(caught) == 1
    assert now.run_sync(office.open(), "people").state == "done"


def test_a_database_that_fails_for_good_ends_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull(reason="no space")

    monkeypatch.setattr(watch, "run_sync", full)
    with pytest.raises(DiskFull):
        watched(office, 5)
