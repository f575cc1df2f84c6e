"""Proofs by themselves: planned by the settings, made as turns, broken off when the worker stops."""

import threading
from dataclasses import replace

import pytest

from bothways.errors import AppUnreachable
from bothways.jobs import metrics
from bothways.jobs.proofs import BrokenOff, Pace, arrange
from bothways.jobs.schedule import quiet_until
from bothways.jobs.turns import take_turn
from bothways.ledger import turns
from bothways.ledger.models import Proof, Sync
from bothways.ledger.turns import PROOF, TAKEOVER
from bothways.service.database import used
from bothways.service.deleting import KEPT_DAYS, delete
from bothways.service.proving import last_proof
from bothways.service.views import LastProof
from bothways.service.workspace import take_over_changes
from bothways.sync.context import Progress
from tests.jobs.test_turns import Shift
from tests.jobs.test_turns_scheduled import night
from tests.office import SYNC, Office

DAY = 86_400.0


class Night(Shift):
    """A worker that makes proofs as well, arranged anew with every step."""

    def work(self, seconds: float = 0.0, step: float = 1800.0) -> None:
        """Let time pass, a look at what is due per step, and take it."""
        end = self.office.clock() + seconds
        while True:
            with used(self.worker.workspace.database):
                arrange(self.worker)
                for id in turns.due(PROOF, self.worker.clock(), 10):
                    take_turn(self.worker, PROOF, id)
            super().work(0.0)
            if self.office.clock() >= end:
                return
            self.office.clock.advance(min(step, end - self.office.clock()))

    def prove(self, after: float = 0.0) -> None:
        """Let the time of the next proof come, or so many seconds after it, and take what is due then, runs last."""
        self.work()
        self.office.clock.now = self.due_at() + after
        self.work()
        self.work(2, step=2)

    def due_at(self) -> float:
        with used(self.worker.workspace.database):
            return float(Proof.objects.get().due_at)

    def last(self) -> LastProof:
        found = last_proof(self.office.open(), "people")
        assert found is not None
        return found


def proving(office: Office, settings: str) -> None:
    office.change("    state: on\n", f"    state: on\n    proof: {{{settings}}}\n")


def tampered(office: Office, *ids: str, name: str = "Dora") -> None:
    for id in ids:
        office.anna.items[id].values["name"] = name


@pytest.fixture
def pairs(office: Office) -> list[tuple[str, str]]:
    return [office.pair(name) for name in ("Dana", "Eve", "Finn", "Zoe")]


def test_sync_is_proven_once_a_day_and_what_was_found_is_kept(office: Office, pairs: list[tuple[str, str]]) -> None:
    shift = Night(office)
    shift.prove()
    first = shift.last()
    assert (first.pairs, first.differ, first.marked, first.held) == (4, 0, 0, 0)
    assert first.calls == {"Anna changes": 1, "Bert changes": 1}
    assert shift.failures == []
    tampered(office, pairs[0][0])
    shift.prove(after=10)
    second = shift.last()
    assert second.at == first.at + DAY + 10
    assert (second.differ, second.marked) == (1, 1)
    assert office.bert.values(pairs[0][1])["name"] == "Dora", "the run after it has carried it"
    shift.prove()
    assert (shift.last().differ, shift.last().at) == (0, first.at + 2 * DAY)
    assert metrics.REGISTRY.get_sample_value("bothways_proof_differing", {"sync": "people"}) == 0.0
    assert metrics.REGISTRY.get_sample_value("bothways_proof_timestamp_seconds", {"sync": "people"}) == shift.last().at


def test_too_many_differences_are_told_of_once_and_nothing_is_done(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    proving(office, "repair: 2")
    shift = Night(office)
    shift.prove()
    before = office.writes
    tampered(office, *(left for left, _ in pairs[:3]))
    for _ in range(3):
        shift.prove()
    assert [(error.code, error.facts["differ"]) for error in shift.failures] == [("BW-199", "3")]
    assert (shift.last().held, office.writes) == (3, before)
    left, right = pairs[3]
    office.anna.edit(left, name="Zoe Lee")
    shift.work(120, step=30)
    assert office.bert.values(right)["name"] == "Zoe Lee", "the sync goes on"


def test_proof_lies_in_the_quiet_hours_and_what_it_marks_is_sent_after_them(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    hours = night(office, 3600)
    office.change("    state: on\n", f"    state: on\n    schedule: {{{hours.text}}}\n")
    tampered(office, pairs[0][0])
    shift = Night(office)
    shift.work(hours.ends - office.clock() - 1, step=120)
    assert (shift.last().marked, office.bert.values(pairs[0][1])["name"]) == (1, "Dana")
    quiet = shift.worker.workspace.sync("people").timing.schedule.quiet
    assert quiet_until(quiet, shift.last().at) == hours.ends
    shift.work(120, step=30)
    assert office.bert.values(pairs[0][1])["name"] == "Dora"


def test_proof_whose_quiet_hours_passed_while_nobody_worked_waits_for_the_next(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    hours = night(office, 3600)
    office.change("    state: on\n", f"    state: on\n    schedule: {{{hours.text}}}\n")
    shift = Night(office)
    shift.work(0)
    office.clock.now = hours.ends + 60
    shift.work(0)
    assert hours.begins + DAY <= shift.due_at() < hours.ends + DAY
    assert last_proof(office.open(), "people") is None


def test_change_of_the_settings_moves_the_proof_and_never_ends_it(office: Office, pairs: list[tuple[str, str]]) -> None:
    shift = Night(office)
    shift.prove()
    proving(office, "at: 12:00, every: 7d")
    take_over_changes(shift.worker.workspace)
    shift.work(0)
    assert (shift.due_at() % DAY, shift.due_at() - shift.last().at > 6 * DAY) == (DAY / 2, True)
    office.change("every: 7d", "every: never")
    take_over_changes(shift.worker.workspace)
    shift.work()
    assert last_proof(office.open(), "people") is None
    with used(shift.worker.workspace.database):
        assert not Proof.objects.exists()


def test_change_that_a_proof_has_taken_in_is_carried_at_once_and_not_an_hour_later(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    shift = Night(office)
    shift.work()
    office.clock.now = shift.due_at()
    left, right = pairs[1]
    office.clock.advance(5)
    office.anna.edit(left, name="Eve Lee")
    with used(shift.worker.workspace.database):
        [id] = turns.due(PROOF, office.clock(), 10)
        take_turn(shift.worker, PROOF, id)
        [sync] = turns.due(turns.SYNC, office.clock(), 10)
        take_turn(shift.worker, turns.SYNC, sync)
    assert (shift.last().waiting, shift.last().differ) == (1, 0)
    assert office.bert.values(right)["name"] == "Eve Lee"


def test_proof_that_an_app_breaks_off_is_made_anew_when_it_is_back(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    shift = Night(office)
    shift.work(0)
    office.clock.now = shift.due_at()
    office.bert.fail("changes", AppUnreachable(app="Bert", reason="cut"), times=3)
    shift.work(600, step=20)
    assert shift.last().pairs == 4
    assert len(shift.failures) == 1


def test_proof_of_a_worker_that_is_gone_is_made_anew_by_another(office: Office, pairs: list[tuple[str, str]]) -> None:
    shift = Night(office)
    shift.work(0)
    office.clock.now = shift.due_at()
    with used(shift.worker.workspace.database):
        [id] = turns.due(PROOF, office.clock(), 10)
        assert turns.take(PROOF, id, "gone", office.clock()) is not None
        assert not take_turn(shift.worker, PROOF, id), "it may be alive"
    office.clock.advance(TAKEOVER + 1)
    shift.work(0)
    assert shift.last().pairs == 4


def test_proof_is_broken_off_when_its_worker_stops_and_due_at_once_for_others(
    office: Office, pairs: list[tuple[str, str]]
) -> None:
    shift = Night(office)
    shift.work(0)
    office.clock.now = shift.due_at()
    shift.worker.stopping.set()
    shift.work(0)
    assert last_proof(office.open(), "people") is None
    assert shift.failures == []
    shift.worker = replace(shift.worker, name="two", stopping=threading.Event(), chance=lambda: 0.0)
    shift.work(0)
    assert shift.last().pairs == 4


def test_proof_whose_turn_was_taken_over_keeps_nothing(office: Office, pairs: list[tuple[str, str]]) -> None:
    from bothways.ledger import proofs

    shift = Night(office)
    shift.work(0)
    office.clock.now = shift.due_at()
    with used(shift.worker.workspace.database):
        [id] = turns.due(PROOF, office.clock(), 10)
        frozen = turns.take(PROOF, id, "frozen", office.clock())
        assert frozen is not None
        assert turns.take(PROOF, id, "two", office.clock() + TAKEOVER + 1) is not None
        assert not proofs.keep(frozen, office.clock(), 1, 0, {})
        assert Proof.objects.get().proven_at == 0.0


def test_sync_that_is_off_or_never_read_is_not_proven(office: Office) -> None:
    office.write(SYNC.replace("state: on", "state: off"))
    shift = Night(office)
    shift.work(2 * DAY, step=7200)
    assert office.anna.calls.total() == 0
    with used(shift.worker.workspace.database):
        assert not Proof.objects.exists()


def test_proof_of_a_deleted_sync_goes_with_all_else_of_it(office: Office, pairs: list[tuple[str, str]]) -> None:
    shift = Night(office)
    shift.prove()
    delete(office.open(), "people", confirmed=True)
    office.write(SYNC.replace("  people:", "  others:"))
    office.clock.advance((KEPT_DAYS + 1) * DAY)
    Night(office).work(0)
    with used(shift.worker.workspace.database):
        assert Sync.objects.filter(deleted_at__gt=0).count() == 0
        assert not Proof.objects.filter(proven_at__gt=0).exists()


def test_a_page_is_followed_by_a_rest_and_a_worker_that_stops_breaks_off() -> None:
    stopping = threading.Event()
    pace = Pace(stopping)
    pace(Progress("Reading", "Anna", 1))
    stopping.set()
    with pytest.raises(BrokenOff):
        pace(Progress("Reading", "Anna", 2))
