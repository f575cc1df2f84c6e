"""Who was frozen right before a write, or whose machine has slept, does not send what was decided before that."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from bothways.connectors.budget import Billed, MemoryBudget
from bothways.errors import AppUnreachable, DatabaseLocked, RunSuperseded
from bothways.jobs.doing import do
from bothways.ledger import journal, turns
from bothways.ledger.models import Sync
from bothways.ledger.turns import TAKEOVER
from bothways.service.database import used
from bothways.service.requests import ToRun
from bothways.sync import apply
from tests.office import Office


class Standstill:
    """Lets everything stand still before the first write to Bert, while ``meanwhile`` happens."""

    def __init__(
        self, office: Office, monkeypatch: pytest.MonkeyPatch, seconds: float, meanwhile: Callable[[], object]
    ) -> None:
        self.office, self.seconds, self.meanwhile, self.over = office, seconds, meanwhile, False
        spend, moment = MemoryBudget.spend, turns._moment

        def spend_late(budget: MemoryBudget, pool: str, call: str, **more: object) -> None:
            if not self.over and budget.app == "Bert" and call.startswith("write"):
                self.over = True
                office.clock.advance(seconds)
                meanwhile()
            spend(budget, pool, call, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(MemoryBudget, "spend", spend_late)
        monkeypatch.setattr(turns, "_moment", lambda: tuple(each + seconds * self.over for each in moment()))


def open_entries(office: Office) -> int:
    with used(office.open().database):
        return len(journal.open_entries(Sync.objects.get()))


def test_older_value_of_a_frozen_worker_does_not_come_back_over_what_was_written_since(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = office.pair()
    office.anna.edit(left, name="Older")

    def run_by_another() -> None:
        workspace = office.open()
        with used(workspace.database):
            assert turns.take_now(Sync.objects.get().pk, "two", office.clock(), though_paused=False)
            do(workspace, ToRun("people"), "two")

    def taken_over() -> None:
        office.anna.edit(left, name="Newer")
        other = threading.Thread(target=run_by_another)
        other.start()
        other.join()

    Standstill(office, monkeypatch, TAKEOVER + 1, taken_over)
    with pytest.raises(RunSuperseded):
        office.run()
    assert [each.values["name"] for each in office.bert.writes] == ["Newer"]
    assert office.bert.values(right)["name"] == "Newer"
    assert open_entries(office) == 0


def test_what_was_decided_before_the_machine_slept_is_decided_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = office.pair()
    office.anna.edit(left, name="Older")
    Standstill(office, monkeypatch, 28_800, lambda: office.bert.edit(right, name="By hand"))
    with pytest.raises(AppUnreachable, match="stood still"):
        office.run()
    assert office.bert.values(right)["name"] == "By hand"
    assert open_entries(office) == 0
    office.rest()
    assert office.anna.values(left)["name"] == office.bert.values(right)["name"]


def test_call_that_waits_when_its_run_breaks_off_is_not_made_after_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dana, _), (_, eve) = office.pair("Dana"), office.pair("Eve")
    office.anna.edit(dana, name="Dana Lee")
    office.bert.edit(eve, name="Eve Lee")
    over, settled, spend = threading.Event(), threading.Event(), Billed.spend

    def spend_late(budget: Billed, pool: str, call: str) -> None:
        waits = budget.shared.app == "Bert" and call.startswith("write") and not over.is_set()
        try:
            if waits:
                assert over.wait(30)
            spend(budget, pool, call)
        finally:
            if waits:
                settled.set()

    def record_nothing(*given: Any) -> None:
        raise DatabaseLocked

    with monkeypatch.context() as patch:
        patch.setattr(Billed, "spend", spend_late)
        patch.setattr(apply, "record_results", record_nothing)
        with pytest.raises(DatabaseLocked):
            office.run()
        over.set()
        assert settled.wait(30)
    assert office.bert.writes == []
    office.rest()
    assert [each.values["name"] for each in office.bert.writes] == ["Dana Lee"]
