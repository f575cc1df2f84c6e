"""A run that somebody pauses or stops ends between two batches, and goes on where it was."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bothways import errors
from bothways.jobs import now
from bothways.jobs.watch import watch
from bothways.ledger import journal
from bothways.ledger.models import Halt, Run, Sync
from bothways.service import halting, log, requests, running, syncs
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.undo import preview_undo
from bothways.service.views import RunView
from tests.jobs.served import Served
from tests.memory_app import MemoryApp, Traits
from tests.office import Office
from tests.web.until import until


class At:
    """Holds Bert's write number ``number`` until it is let go."""

    def __init__(self, office: Office, number: int, call: str = "write", app: MemoryApp | None = None) -> None:
        self.reached, self.go_on, self.count, self.number, self.call = (
            threading.Event(),
            threading.Event(),
            0,
            number,
            call,
        )
        self.app = app or office.bert
        self.app.hook = self

    def __call__(self, when: str, call: str) -> None:
        if when == "before" and call.startswith(self.call):
            self.count += 1
            if self.count == self.number:
                self.reached.set()
                assert self.go_on.wait(30)


@pytest.fixture
def six(office: Office) -> Office:
    """Six pairs of whom Anna has another name since, one write to a call."""
    ids = [office.pair(f"P{number}")[0] for number in range(6)]
    for number, id in enumerate(ids):
        office.anna.edit(id, name=f"Q{number}")
    office.bert.traits = Traits(batch_write=1)
    office.clock.advance(60)
    return office


def renamed(office: Office) -> int:
    return sum(str(each.values["name"]).startswith("Q") for each in office.bert.live())


def open_entries(office: Office) -> int:
    with used(office.open().database):
        return len(journal.open_entries(Sync.objects.get()))


@pytest.fixture
def hold(six: Office) -> Iterator[At]:
    """Hold the third write."""
    held = At(six, 3)
    yield held
    held.go_on.set()


@pytest.mark.parametrize("stopped", [False, True])
def test_run_by_itself_ends_after_the_batch_that_it_writes_and_goes_on_when_it_is_let(
    six: Office, hold: At, stopped: bool
) -> None:
    workspace = replace(six.open(), actor=Actor("Ana Ruiz", Role.OPERATOR))
    with Served(six) as service:
        assert hold.reached.wait(30)
        (halting.stop if stopped else halting.pause)(workspace, "people")
        work = running.at_work(workspace, "people")
        assert work is not None
        assert work.ends == "Ana Ruiz"
        hold.go_on.set()
        assert until(lambda: running.at_work(workspace, "people") is None)
        assert (renamed(six), open_entries(six)) == (3, 0), "what was on its way is recorded, and nothing else is sent"
        found = halting.halted(workspace, "people")
        assert found is not None
        assert (found.stopped, found.left) == (stopped, 3)
        run = log.show_run(workspace, found.run)
        assert (run.state, "Ana Ruiz has" in run.reason) == ("stopped", True)
        assert until(lambda: [each.state for each in service.runs][-1:] == ["stopped"]), "the run is told of"
        assert service.failures == [], "it is no failure"
        runs = len(service.runs)
        for _ in range(3):
            six.clock.advance(120)
            assert not until(lambda: renamed(six) != 3, seconds=0.3)
        assert len(service.runs) == runs, "nothing runs until it is let go on"
        assert halting.go_on(workspace, "people")
        assert until(lambda: renamed(six) == 6)
    assert len(six.bert.writes) == 6, "nothing is written twice"
    assert not halting.go_on(workspace, "people")


def test_run_that_is_asked_for_ends_and_says_by_whom(six: Office, hold: At) -> None:
    workspace = six.open()
    asked: list[BaseException] = []

    def run() -> None:
        try:
            now.run_sync(six.open(), "people")
        except errors.BothwaysError as error:
            asked.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert hold.reached.wait(30)
    halting.pause(workspace, "people")
    hold.go_on.set()
    thread.join()
    (error,) = asked
    assert isinstance(error, errors.StoppedByPerson)
    assert (renamed(six), open_entries(six)) == (3, 0)
    with pytest.raises(errors.SyncHalted):
        now.run_sync(workspace, "people")
    assert halting.go_on(workspace, "people")
    now.run_sync(workspace, "people")
    assert (renamed(six), len(six.bert.writes)) == (6, 6)


def test_batch_that_is_on_its_way_to_the_other_app_is_waited_for_and_recorded(six: Office) -> None:
    workspace = six.open()
    six.run()
    dana, eve = six.pair("Dana"), six.pair("Eve")
    six.anna.edit(dana[0], name="Dora")
    six.bert.edit(eve[1], name="Eva")
    six.clock.advance(60)
    there, here = At(six, 1), At(six, 1, app=six.anna)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            now.run_sync(six.open(), "people")
        except errors.BothwaysError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert there.reached.wait(30)
    assert here.reached.wait(30)
    halting.pause(workspace, "people")
    there.go_on.set()
    assert not until(lambda: not thread.is_alive(), seconds=0.5), "it waits for what is on its way"
    here.go_on.set()
    thread.join()
    assert [type(each) for each in failed] == [errors.StoppedByPerson]
    assert open_entries(six) == 0


def test_what_writes_is_refused_while_a_sync_is_halted_and_what_looks_or_undoes_is_not(six: Office) -> None:
    run: RunView = six.run()
    workspace = six.open()
    plan = six.plan()
    halting.stop(workspace, "people")
    with used(workspace.database):
        for wish in (requests.ToRun("people"), requests.ToApply(plan.id)):
            with pytest.raises(errors.SyncHalted):
                requests.ask(workspace, wish)
    with pytest.raises(errors.SyncHalted):
        now.apply_plan(workspace, plan.id, approved=True)
    six.plan()
    assert preview_undo(workspace, run.id).restored == 6
    assert now.undo_run(workspace, run.id).restored == 6
    assert renamed(six) == 0


def test_undo_of_a_halted_sync_ends_by_a_later_wish_alone(six: Office) -> None:
    run = six.run()
    workspace = six.open()
    halting.stop(workspace, "people")
    hold = At(six, 2)
    said: list[object] = []

    def undo() -> None:
        try:
            said.append(now.undo_run(six.open(), run.id))
        except errors.BothwaysError as error:
            said.append(error)

    thread = threading.Thread(target=undo)
    thread.start()
    assert hold.reached.wait(30)
    halting.stop(workspace, "people")
    hold.go_on.set()
    thread.join()
    assert isinstance(said[0], errors.StoppedByPerson)
    assert (renamed(six), open_entries(six)) == (4, 0)
    assert now.undo_run(workspace, run.id).restored == 4
    assert renamed(six) == 0


def test_reading_ends_too(six: Office) -> None:
    workspace = six.open()
    hold = At(six, 1, "changes")
    failed: list[BaseException] = []

    def run() -> None:
        try:
            now.run_sync(six.open(), "people")
        except errors.BothwaysError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert hold.reached.wait(30)
    halting.pause(workspace, "people")
    hold.go_on.set()
    thread.join()
    assert [type(each) for each in failed] == [errors.StoppedByPerson]
    assert renamed(six) == 0


def test_turning_on_lets_a_halted_sync_go_on(six: Office) -> None:
    workspace = six.open()
    halting.pause(workspace, "people")
    syncs.turn_off(workspace, "people")
    syncs.turn_on(workspace, "people")
    assert halting.halted(workspace, "people") is None


def test_watch_leaves_a_halted_sync_alone(six: Office) -> None:
    workspace = six.open()
    halting.pause(workspace, "people")
    stop, said = threading.Event(), list[RunView]()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    watch(workspace, (), on_run=said.append, stop=stop)
    assert (said, renamed(six)) == ([], 0)


def test_viewer_can_halt_nothing(six: Office) -> None:
    vera = replace(six.open(), actor=Actor("Vera", Role.VIEWER))
    for use in (halting.pause, halting.stop, halting.go_on):
        with pytest.raises(errors.NotAllowed):
            use(vera, "people")
    with used(six.open().database):
        assert (Halt.objects.count(), Run.objects.filter(state="running").count()) == (0, 0)
