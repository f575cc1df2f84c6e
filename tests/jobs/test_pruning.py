"""History let go by a worker: once an hour, by one of all, a little at a time, and nothing while it is idle."""

import pytest

from bothways.jobs import pruning
from bothways.jobs.pruning import Pruning
from bothways.ledger.models import Run, Sync, Workspace
from bothways.service.database import used
from bothways.service.document import KEEP_HISTORY
from bothways.service.history import EVERY
from bothways.service.workspace import Workspace as Opened
from tests.jobs.test_service import AtWork, until
from tests.jobs.test_turns import Shift
from tests.office import Office


class Hours:
    """The counting clock of the machine, set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(pruning, "monotonic", lambda: self.now)


class Keeper:
    """A worker whose history is looked at as time passes, on both clocks."""

    def __init__(self, office: Office, hours: Hours) -> None:
        self.office, self.hours, self.workspace = office, hours, office.open()
        self.pruning = Pruning(Shift(office).worker)

    def look(self, after: float = 0.0, by: Pruning | None = None) -> int:
        """Let time pass and look until there is nothing to do; return how many steps were made."""
        self.hours.now += after
        self.office.clock.advance(after)
        steps = 1
        with used(self.workspace.database):
            while (by or self.pruning).look():
                steps += 1
        return steps

    def runs(self) -> int:
        with used(self.workspace.database):
            return int(Run.objects.count())


@pytest.fixture
def keeper(office: Office, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A worker, and runs that are too old."""
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.clock.advance(KEEP_HISTORY + 86_400)
    office.run()
    return Keeper(office, Hours(monkeypatch))


def test_it_goes_an_hour_after_the_first_look(keeper: Keeper) -> None:
    count = keeper.runs()
    assert keeper.look() == 1
    assert keeper.look(0.5 * EVERY) == 1
    assert keeper.runs() == count > 1
    assert keeper.look(0.5 * EVERY) > 1
    assert keeper.runs() == 1
    assert keeper.look(EVERY) >= 1
    assert keeper.runs() == 1


def test_while_it_is_not_time_nothing_is_asked_of_the_database(keeper: Keeper) -> None:
    keeper.look()
    asked = keeper.pruning.looked_at
    keeper.hours.now += 0.9 * EVERY
    keeper.pruning.worker.workspace = None  # type: ignore[assignment]
    assert not keeper.pruning.look()
    assert keeper.pruning.looked_at == asked


def test_of_two_workers_one_does_it(keeper: Keeper) -> None:
    other = Pruning(Shift(keeper.office).worker)
    keeper.look()
    keeper.look(by=other)
    assert keeper.look(EVERY) > 1
    assert keeper.look(by=other) == 1


def test_not_more_is_done_in_an_hour_than_is_good(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "MOST", 1)
    keeper.look()
    assert keeper.look(EVERY) == 1
    assert keeper.runs() == 1
    with used(keeper.workspace.database):
        assert Workspace.objects.get().pruned_to == 0, "the journal is left for the next hour"
    keeper.look(EVERY)
    keeper.look(EVERY)
    with used(keeper.workspace.database):
        assert Workspace.objects.get().pruned_to > 0


def test_sync_that_somebody_is_at_is_tried_again_in_the_end(keeper: Keeper) -> None:
    keeper.look()
    with used(keeper.workspace.database):
        Sync.objects.update(taken_at=1.0, worker="somebody")
    pruning = keeper.pruning
    keeper.office.clock.advance(EVERY)
    keeper.hours.now += EVERY
    with used(keeper.workspace.database):
        assert pruning.look()
        assert pruning.look()
    assert keeper.runs() > 1, "somebody is at it"
    with used(keeper.workspace.database):
        Sync.objects.update(taken_at=None, worker="")
        while pruning.look():
            pass
    assert keeper.runs() == 1


def test_it_begins_anew_after_the_database_has_failed(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    from bothways.errors import DatabaseLocked

    def locked(*args: object) -> int:
        raise DatabaseLocked()

    keeper.look()
    with monkeypatch.context() as broken:
        broken.setattr("bothways.ledger.history.let_runs_go", locked)
        with pytest.raises(DatabaseLocked):
            keeper.look(EVERY)
    assert keeper.look(EVERY) > 1
    assert keeper.runs() == 1


def test_worker_that_runs_lets_it_go_beside_its_turns(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.run()
    office.clock.advance(KEEP_HISTORY + 86_400)
    workspace: Opened = office.open()
    with used(workspace.database):
        old = set(Run.objects.values_list("pk", flat=True))
        Workspace.objects.update(pruned_at=office.clock() - EVERY)

    def gone() -> bool:
        with used(workspace.database):
            return not old & set(Run.objects.values_list("pk", flat=True))

    office.run()
    worker = AtWork(workspace)
    try:
        assert until(gone)
    finally:
        worker.tell_to_stop()
        assert worker.wait()
    assert worker.failures == []
    assert office.bert.values(right)["name"] == "Dora"
