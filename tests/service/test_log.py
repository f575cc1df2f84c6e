"""The runs, latest first; followed, in the order in which they end."""

import threading

import pytest

from bothways.errors import AppUnreachable, UnknownRun, UnknownSync
from bothways.jobs import now
from bothways.ledger.models import Run
from bothways.service.database import used
from bothways.service.log import follow, runs
from tests.office import Office


def test_runs_are_listed_latest_first_with_what_they_did(office: Office) -> None:
    office.anna.add(email="a@x.test")
    office.run()
    office.run()
    found = runs(office.open())
    assert [(each.id, each.sync, each.kind, each.state) for each in found] == [
        ("r_2", "people", "sync", "done"),
        ("r_1", "people", "sync", "done"),
    ]
    assert found[1].created == {"Anna": 0, "Bert": 1}
    assert found[1].bill["Bert write create"] == 1
    assert [each.compared for each in found] == [0, 1]
    assert found[0].started_at == found[1].started_at + 60
    assert found[0].ended_at is not None


def test_what_a_run_deleted_does_not_count_as_updated(office: Office) -> None:
    office.anna.add(email="a@x.test")
    made = office.run()
    now.undo_run(office.open(), made.id)
    latest = runs(office.open())[0]
    assert (latest.undoes, latest.created, latest.updated) == (made.id, {"Anna": 0, "Bert": 0}, {"Anna": 0, "Bert": 0})
    assert latest.deleted == {"Anna": 0, "Bert": 1}


def test_runs_are_read_in_pages(office: Office) -> None:
    for _ in range(5):
        office.run()
    first = runs(office.open(), "people", size=2)
    second = runs(office.open(), "people", after=first[-1].id, size=2)
    assert [each.id for each in first + second] == ["r_5", "r_4", "r_3", "r_2"]


def test_a_failed_run_says_why(office: Office) -> None:
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        office.run()
    (found,) = runs(office.open())
    assert (found.state, "no route" in found.reason) == ("failed", True)


def test_what_is_unknown_is_refused(office: Office) -> None:
    with pytest.raises(UnknownSync):
        runs(office.open(), "nobody")
    with pytest.raises(UnknownRun):
        runs(office.open(), after="r_9")


def test_runs_are_followed_as_they_end(office: Office) -> None:
    for _ in range(3):
        office.run()
    waits = iter((office.run, lambda: None, office.run, None))

    class Stop(threading.Event):
        """Whatever happens while it is waited for."""

        def wait(self, timeout: float | None = None) -> bool:
            deed = next(waits)
            if deed is not None:
                deed()
            return deed is None

    found = [each.id for each in follow(office.open(), "people", size=2, stop=Stop())]
    assert found == ["r_2", "r_3", "r_4", "r_5"]
    with pytest.raises(UnknownSync):
        next(follow(office.open(), "nobody", stop=threading.Event()))


def test_run_that_is_at_work_is_told_once_it_has_ended(office: Office) -> None:
    office.run()
    workspace = office.open()
    with used(workspace.database):
        Run.objects.update(state="running")

    class Stop(threading.Event):
        """Lets the run end."""

        def wait(self, timeout: float | None = None) -> bool:
            with used(workspace.database):
                return Run.objects.filter(state="running").update(state="done") == 0

    assert [(each.id, each.state) for each in follow(workspace, stop=Stop())] == [("r_1", "done")]
