"""The runs, latest first."""

import pytest

from bothways.errors import AppUnreachable, UnknownRun, UnknownSync
from bothways.service.log import runs
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
