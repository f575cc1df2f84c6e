"""Clocks that jump by hours, forwards and back: nothing stands still, nothing storms, and what waits is not lost.

The apps keep their own time, as apps do; it is the clock of the machine where Bothways runs that jumps.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bothways.jobs.now import run_sync
from bothways.ledger import clocks
from bothways.ledger.models import Due, Feed, Hold, Link
from bothways.records import Record
from bothways.service.database import used
from bothways.service.issues import list_issues
from bothways.service.workspace import open_workspace
from bothways.sync.absorb import News, absorb
from tests.databases import empty_ledger
from tests.jobs.test_turns import Shift
from tests.memory_app import Traits
from tests.office import SYNC as SETTINGS
from tests.office import Office, plug_in

HOURS = 5 * 3600.0


@dataclass
class Jumpy:
    """An office and its worker, whose machine's clock can be put forwards and back."""

    office: Office
    shift: Shift
    off: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        self.shift.worker.workspace.clock = lambda: self.office.clock() + self.off[0]

    def jump(self, seconds: float) -> None:
        self.off[0] += seconds

    def issues(self) -> list[str]:
        """Return what waits for a person."""
        return [each.id for each in list_issues(open_workspace(self.office.folder), "people")]

    def alike(self) -> bool:
        """Tell whether both apps hold the same people."""
        held = [sorted(str(app.values(item.id)) for item in app.live()) for app in (self.office.anna, self.office.bert)]
        return held[0] == held[1]


@pytest.fixture
def jumpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jumpy]:
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        office = Office(tmp_path)
        office.clock.now = 1_790_000_000.0
        office.pair()
        jumpy = Jumpy(office, Shift(office))
        jumpy.shift.work(300)
        yield jumpy


JUMPS = {
    "forwards": (HOURS,),
    "back": (-HOURS,),
    "forwards and back": (HOURS, -HOURS),
    "back and forwards": (-HOURS, HOURS),
    "back by years": (-20 * 365 * 86_400.0,),
    "forwards by years and back": (12 * 365 * 86_400.0, -12 * 365 * 86_400.0),
}


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
def test_what_was_in_the_air_when_the_clock_jumped_arrives_once_and_costs_no_more_than_ever(
    jumpy: Jumpy, jumps: tuple[float, ...]
) -> None:
    office, shift = jumpy.office, jumpy.shift
    dana = next(iter(office.anna.items))
    for jump in jumps:
        office.anna.edit(dana, name=f"Dana {jump}")
        office.bert.traits = Traits(refuses=lambda item: ("busy", ()) if item.values.get("name") == "Refused" else None)
        refused = office.anna.add(email=f"r{jump}@x.test", name="Refused")
        shift.work(200)
        assert office.anna.holding("name", "Refused") == [refused], "it waits to be tried again"
        office.anna.add(email=f"n{jump}@x.test", name=f"New {jump}")
        shift.work(61)
        with used(shift.worker.workspace.database):
            assert Due.objects.exists(), "the new record waits for its create window"
        jumpy.jump(jump)
        calls, runs = shift.calls(), len(shift.runs)
        shift.work(600)
        assert shift.calls() - calls < 60, "no more than ten minutes cost, and a few calls of what waited"
        assert len(shift.runs) - runs < 20
        office.bert.traits = Traits()
        shift.work(3600)
        assert jumpy.alike(), shift.failures
        assert len(office.bert.holding("name", f"New {jump}")) == 1
        office.bert.edit(office.bert.holding("email", "dana@x.test")[0], name="Dana again")
        shift.work(61)
        assert office.anna.values(dana)["name"] == "Dana again", "and what comes after it is as quick as ever"
        office.anna.edit(office.anna.holding("name", "Refused")[0], name=f"Taken {jump}")
        shift.work(120)
    assert jumpy.alike()
    with used(shift.worker.workspace.database):
        assert not Due.objects.exists()
        assert not Hold.objects.exists()
        assert Link.objects.filter(state="active").count() == len(office.anna.live())
    assert shift.failures == []


def test_what_waits_for_a_person_waits_on(jumpy: Jumpy) -> None:
    office, shift = jumpy.office, jumpy.shift
    for name in ("One", "Two"):
        office.anna.add(email="two@x.test", name=name)
    office.bert.add(email="two@x.test", name="One")
    shift.work(400)
    waiting = jumpy.issues()
    assert waiting
    for jump in (HOURS, -2 * HOURS):
        jumpy.jump(jump)
        shift.work(400)
        assert jumpy.issues() == waiting


def test_what_is_written_after_the_clock_was_set_back_in_the_midst_of_a_run_is_read_again_before(jumpy: Jumpy) -> None:
    office, shift = jumpy.office, jumpy.shift
    office.anna.add(email="eve@x.test", name="Eve")
    shift.work(400)
    office.bert.traits = Traits(batch_write=1)
    shift.worker.own().opened.clear()
    for id in office.anna.items:
        office.anna.edit(id, name="Renamed")

    def back() -> None:
        office.clock.advance(60)
        jumpy.jump(-HOURS)

    office.bert.once("after", "write update", back)
    reads = office.bert.calls["read"]
    shift.work(61)
    assert len(office.bert.holding("name", "Renamed")) == 2
    assert office.bert.calls["read"] == reads + 2, "once to plan, once before the write"


def test_what_was_read_by_a_clock_that_was_ahead_does_not_count_as_read_later(jumpy: Jumpy) -> None:
    dana, now = next(iter(jumpy.office.anna.items)), jumpy.office.clock()
    with used(jumpy.shift.worker.workspace.database):
        feed = Feed.objects.get(connection__name="Anna")
        for ahead, name, news in ((HOURS, "ahead", {dana}), (0.0, "now", {dana}), (-1.0, "slower", set())):
            read = [News(dana, Record(dana, {"email": "dana@x.test", "name": name}))]
            assert absorb(feed, read, max(now, now + ahead), now + ahead) == news


def test_commands_on_a_clock_that_was_set_back_find_what_was_edited(jumpy: Jumpy) -> None:
    office = jumpy.office
    dana = next(iter(office.anna.items))
    workspace = office.open()
    workspace.clock = lambda: office.clock() - HOURS
    office.anna.edit(dana, name="Dana N.")
    office.clock.advance(60)
    run_sync(workspace, "people")
    assert office.bert.holding("name", "Dana N.")


# --- many machines ------------------------------------------------------------------------------------


def test_worker_on_postgresql_goes_by_the_server_s_clock_whatever_its_own_says(
    postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch)
    (tmp_path / "bothways.yaml").write_text(f"database: {postgresql}\n{SETTINGS}")
    true = time.time
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time", lambda: true() - HOURS)
        workspace = open_workspace(tmp_path)
        assert abs(workspace.clock() - true()) < 5
        with used(workspace.database):
            clocks.keep_right(workspace.clock)
        assert abs(workspace.clock() - true()) < 5
