"""What a person asks for while a service runs is done by it, in a turn of the sync; what it leaves is done again."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bothways.engine.sides import Side
from bothways.errors import (
    AllPaused,
    AppUnreachable,
    ConfirmationNeeded,
    Interrupted,
    LeftToService,
    NotAllowed,
    OurFault,
    RunSuperseded,
    SecondRunner,
    StoppedByBrake,
    SyncOff,
    UnknownSync,
)
from bothways.jobs import now
from bothways.jobs.doing import do
from bothways.ledger import hints, plans, rests, turns
from bothways.ledger.models import Feed, Plan, Request, Run, Sync
from bothways.ledger.requests import WANTED
from bothways.ledger.turns import FEED, SYNC, TAKEOVER
from bothways.service import Progress, requests, running
from bothways.service.database import used
from bothways.service.deleting import delete, restore
from bothways.service.lock import runner
from bothways.service.preview import latest_plan, plan, plan_page
from bothways.service.requests import ToApply, ToPlan, ToRun, ToUndo
from bothways.service.rights import Actor, Role
from bothways.service.standing import pause_all, resume_all
from bothways.service.syncs import status, turn_off
from bothways.service.turn import own_turn
from bothways.service.undo import preview_undo
from bothways.service.views import PlanView, RunView, UndoView
from bothways.service.workspace import open_workspace
from tests.databases import empty_ledger
from tests.jobs.served import Killed, Served
from tests.memory_app import Traits
from tests.office import Office, office_on, plug_in


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))])
def office(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Anna and Bert, on a file and on a server."""
    plug_in(monkeypatch)
    if request.param == "sqlite":
        with empty_ledger(tmp_path):
            yield Office(tmp_path)
        return
    with office_on(request.getfixturevalue("postgresql"), tmp_path, monkeypatch) as office:
        yield office


def edited(office: Office, name: str = "Dora") -> None:
    """Let Anna know Dana by another name than Bert, once both are linked."""
    left, _ = office.pair("Dana")
    office.anna.edit(left, name=name)
    office.clock.advance(5)
    nothing_by_itself(office)


def nothing_by_itself(office: Office) -> None:
    """Let no turn be due unless somebody asks for it."""
    with used(office.open().database):
        for kind in (Feed, Sync):
            kind.objects.update(due_at=office.clock() + 3600)


def told(office: Office) -> list[tuple[str, str]]:
    """Return the kind and the state of everything that was asked for."""
    with used(office.open().database):
        return list(Request.objects.order_by("id").values_list("kind", "state"))


def on_database(office: Office, deed: Callable[[], object]) -> object:
    with used(office.open().database):
        return deed()


def until(true: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait until something holds that the service brings about; tell whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return False


# --- done by the service ------------------------------------------------------------------------------


def test_run_beside_a_service_is_done_by_it_and_answered_as_ever(office: Office) -> None:
    edited(office)
    with Served(office) as served:
        view = now.run_sync(office.open(), "people")
    assert (view.state, view.updated, view.exit_code) == ("done", {"Anna": 0, "Bert": 1}, 0)
    assert view in served.runs
    assert view.bill["Bert write update"] == 1
    assert told(office) == [("run", "done")]
    assert office.bert.holding("name", "Dora")


def test_brake_stops_what_was_asked_for_with_the_same_error_and_approval_releases_it(office: Office) -> None:
    edited(office)
    office.change("max_change: 100%", "max_change: 1")
    office.anna.edit(office.anna.add(email="x@x.test", name="X"), name="Xaver")
    office.change("first_run: 1000", "first_run: 0")
    with Served(office) as served:
        with pytest.raises(StoppedByBrake) as stopped:
            now.run_sync(office.open(), "people")
        assert (stopped.value.exit_code, "bothways run people --yes" in stopped.value.advice) == (5, True)
        assert now.run_sync(office.open(), "people", approved=True).updated["Bert"] == 1
    assert told(office) == [("run", "failed"), ("run", "done")]
    assert all(not isinstance(each, OurFault) for each in served.failures)


def test_plan_is_applied_by_the_service(office: Office) -> None:
    edited(office)
    shown = plan(office.open(), "people")
    nothing_by_itself(office)
    counted = on_database(office, lambda: plans.written(Plan.objects.get(pk=shown.id.removeprefix("p_"))))
    assert counted == {Side.LEFT: (0, 0), Side.RIGHT: (0, 1)}
    with Served(office):
        view = now.apply_plan(office.open(), shown.id, approved=True)
    assert (shown.changes, view.updated["Bert"]) == (1, 1)
    assert told(office) == [("apply", "done")]
    (row,) = running.written(office.open(), view.id).rows
    assert (row.app, row.name, row.kind) == ("Bert", "Dora", "update")
    assert [(each.label, each.before, each.after) for each in row.fields] == [("Name", "Dana", "Dora")]
    assert running.at_work(office.open(), "people") is None


@pytest.mark.parametrize("state", ["on", "off", "draft"])
def test_plan_that_is_asked_for_is_made_by_the_service_whatever_the_state_of_the_sync(
    office: Office, state: str
) -> None:
    edited(office)
    office.change("state: on", f"state: {state}")
    workspace = office.open()
    nothing_by_itself(office)
    before = office.writes
    with Served(office) as served:
        on_database(office, lambda: requests.ask(workspace, ToPlan("people")))
        found = answered(office)
    assert (found.state, found.error, office.writes) == ("done", None, before)
    assert isinstance(found.answer, PlanView)
    assert found.answer.updated == {"Anna": 0, "Bert": 1}
    made = latest_plan(workspace, "people")
    assert made is not None
    assert (made.view, made.outdated) == (found.answer, "")
    assert served.runs == [], "a plan is looked at before the sync is run by itself"
    found_by = [plan_page(workspace, made.view.id, search=text).rows for text in ("DORA", "b00001", "%", "Dana_")]
    assert [[each.name for each in rows] for rows in found_by] == [["Dora"], ["Dora"], [], []]


def test_plan_is_made_though_all_is_paused_and_nothing_else_is_done(office: Office) -> None:
    edited(office)
    workspace = office.open()
    on_database(office, lambda: requests.ask(workspace, ToRun("people")))
    pause_all(workspace)
    before = office.writes
    with Served(office) as served:
        on_database(office, lambda: requests.ask(workspace, ToPlan("people")))
        assert answered(office).state == "done"
        with pytest.raises(AllPaused):
            on_database(office, lambda: requests.ask(workspace, ToRun("people")))
        on_database(office, lambda: turns.ask(SYNC, Sync.objects.values_list("pk", flat=True), office.clock()))
        on_database(office, lambda: requests.ask(workspace, ToPlan("people")))
        assert answered(office).state == "done"
        assert told(office) == [("run", "asked"), ("plan", "done"), ("plan", "done")]
        assert (served.runs, office.writes) == ([], before)
        resume_all(workspace)
        assert until(lambda: told(office)[0] == ("run", "done"))
    assert office.bert.holding("name", "Dora")


@pytest.mark.parametrize("failed", [0, 3])
def test_plan_that_is_made_hurries_no_run_and_does_not_end_the_pause_of_one_that_fails(
    office: Office, failed: int
) -> None:
    edited(office)
    workspace = office.open()
    on_database(office, lambda: Sync.objects.update(failed=failed))
    with Served(office):
        on_database(office, lambda: requests.ask(workspace, ToPlan("people")))
        assert answered(office).state == "done"
        assert until(lambda: on_database(office, lambda: Sync.objects.get().taken_at) is None)
    row = on_database(office, lambda: Sync.objects.get())
    assert isinstance(row, Sync)
    assert (row.failed, row.due_at > office.clock()) == (failed, True)
    if not failed:
        assert row.due_at == office.clock() + workspace.sync("people").every


def test_plan_is_made_again_by_the_next_service_where_one_died(office: Office) -> None:
    edited(office)
    office.bert.fail("changes", Killed())  # type: ignore[arg-type]
    workspace = office.open()
    with Served(office, "killed") as served:
        on_database(office, lambda: requests.ask(workspace, ToPlan("people")))
        assert served.killed.wait(30)
    gone(office)
    with Served(office, "next"):
        assert answered(office).state == "done"


def test_role_is_asked_for_what_is_wished(office: Office) -> None:
    edited(office)
    run = office.run()
    made = plan(office.open(), "people")
    wishes = (
        (ToPlan("people"), Role.OPERATOR),
        (ToRun("people"), Role.OPERATOR),
        (ToRun("people", approved=True), Role.EDITOR),
        (ToUndo(run.id, record="Anna:a00001"), Role.OPERATOR),
        (ToUndo(run.id), Role.EDITOR),
        (ToApply(made.id, approved=True), Role.EDITOR),
    )
    for wish, needed in wishes:
        for role in Role:
            workspace = replace(office.open(), actor=Actor("somebody", role))
            if role.includes(needed):
                on_database(office, partial(requests.ask, workspace, wish))
            else:
                with pytest.raises(NotAllowed):
                    on_database(office, partial(requests.ask, workspace, wish))


def test_plan_that_nobody_has_agreed_to_is_refused_with_the_same_question(office: Office) -> None:
    edited(office)
    shown = plan(office.open(), "people")
    nothing_by_itself(office)
    with Served(office), pytest.raises(ConfirmationNeeded, match="would write 1 records"):
        now.apply_plan(office.open(), shown.id)
    assert told(office) == [("apply", "failed")]


def test_undo_beside_a_service_of_a_sync_that_is_off(office: Office) -> None:
    edited(office)
    run = office.run()
    turn_off(office.open(), "people")
    with Served(office):
        assert preview_undo(office.open(), run.id).restored == 1
        view = now.undo_run(office.open(), run.id)
        with pytest.raises(SyncOff):
            now.run_sync(office.open(), "people")
    assert (view.run, view.restored, view.kept) == (run.id, 1, ())
    assert office.bert.holding("name", "Dana")


def test_what_an_app_or_nobody_foresaw_fails_for_who_asked_and_the_service_goes_on(office: Office) -> None:
    edited(office)
    with Served(office) as served:
        office.bert.fail("write", AppUnreachable(app="Bert", reason="no route"))
        with pytest.raises(AppUnreachable, match="Bert cannot be reached: no route"):
            now.run_sync(office.open(), "people")
        office.bert.fail("write", ZeroDivisionError())
        with pytest.raises(OurFault, match="ZeroDivisionError"):
            now.run_sync(office.open(), "people")
        assert now.run_sync(office.open(), "people").state == "done"
    assert served.thread.is_alive() is False
    assert not served.killed.is_set()
    assert on_database(office, rests.resting) == []


def test_app_that_rests_is_asked_for_a_person(office: Office) -> None:
    edited(office)
    later = on_database(office, lambda: office.clock() + 600)
    on_database(office, lambda: rests.begin("Bert", float(str(later)), "BW-201", "away"))
    with Served(office):
        assert status(office.open()).syncs[0].next.why == "resting"
        assert now.run_sync(office.open(), "people").updated["Bert"] == 1
        assert on_database(office, rests.resting) == []


def test_progress_of_the_service_is_shown_to_who_waits(office: Office) -> None:
    edited(office)
    steps: list[Progress] = []
    with Served(office) as served:
        held = threading.Event()
        served.office.bert.traits = Traits(refuses=lambda item: None if held.wait(10) else ("no", ()))

        def report(step: Progress) -> None:
            steps.append(step)
            if step.phase in ("Reading", "Matching"):
                held.set()

        now.run_sync(office.open(), "people", progress=report)
    assert {each.phase for each in steps} & {"Reading", "Matching"}


def test_what_is_not_there_is_refused_before_anything_is_asked(office: Office) -> None:
    edited(office)
    with Served(office):
        with pytest.raises(UnknownSync):
            now.run_sync(office.open(), "peple")
        with pytest.raises(Exception, match="There is no run"):
            now.undo_run(office.open(), "r_99")
    assert told(office) == []


def test_another_command_at_work_is_no_service(office: Office) -> None:
    if office.open().database.startswith("postgresql"):
        pytest.skip("only SQLite has a lock")
    refused: list[BaseException] = []

    def command() -> None:
        try:
            now.run_sync(office.open(), "people")
        except SecondRunner as error:
            refused.append(error)

    with runner(office.open()):
        thread = threading.Thread(target=command)
        thread.start()
        thread.join()
    assert [error.exit_code for error in refused if isinstance(error, SecondRunner)] == [75]


# --- nobody waits any more ----------------------------------------------------------------------------


def _ctrl_c(step: Progress) -> None:
    raise KeyboardInterrupt


def test_who_stops_waiting_before_it_begins_withdraws_it(office: Office) -> None:
    edited(office)
    with Served(office) as served, Taken(office):
        with pytest.raises(KeyboardInterrupt):
            now.run_sync(office.open(), "people", progress=_ctrl_c)
        assert told(office) == [("run", "withdrawn")]
    assert told(office) == [("run", "withdrawn")]
    assert served.failures == []


class Taken:
    """The turn of the sync, taken by somebody else."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def __enter__(self) -> None:
        with used(self.office.open().database):
            [id] = Sync.objects.values_list("pk", flat=True)
            assert until(lambda: self._takes(id))

    def _takes(self, id: int) -> bool:
        turn = turns.take_now(id, "other", self.office.clock(), though_paused=False)
        if turn is not None:
            self.turn = turn
        return turn is not None

    def __exit__(self, *_: object) -> None:
        with used(self.office.open().database):
            turns.give_back(self.turn)


def test_who_stops_waiting_for_what_is_at_work_is_told_that_it_goes_on_there(office: Office) -> None:
    edited(office)
    held = threading.Event()
    office.bert.traits = Traits(refuses=lambda item: None if held.wait(10) else ("no", ()))

    def impatient(step: Progress) -> None:
        if told(office) == [("run", "at work")]:
            raise KeyboardInterrupt

    with Served(office):
        with pytest.raises(LeftToService) as left:
            now.run_sync(office.open(), "people", progress=impatient)
        held.set()
        assert (left.value.exit_code, "bothways log people" in left.value.advice) == (130, True)
        assert now.run_sync(office.open(), "people").state == "done"
    assert told(office) == [("run", "done"), ("run", "done")]
    assert office.bert.holding("name", "Dora")


def test_what_somebody_else_withdraws_ends_the_waiting(office: Office) -> None:
    edited(office)

    def meanwhile(step: Progress) -> None:
        with used(workspace.database):
            assert requests.withdraw(workspace, Request.objects.get().pk)

    with Served(office), Taken(office):
        workspace = office.open()
        with pytest.raises(Interrupted):
            now.run_sync(workspace, "people", progress=meanwhile)


def test_what_nobody_began_within_a_day_is_wanted_no_more(office: Office) -> None:
    edited(office)
    workspace = office.open()
    on_database(office, lambda: requests.ask(workspace, ToRun("people")))
    on_database(office, lambda: Request.objects.update(asked_at=office.clock() - WANTED - 1))
    with Served(office):
        assert now.run_sync(office.open(), "people").state == "done"
    assert told(office) == [("run", "withdrawn"), ("run", "done")]


# --- a service that dies ------------------------------------------------------------------------------


def killed_at(office: Office, wish: ToRun | ToApply | ToUndo, write: int = 1) -> None:
    """Ask a service for something, and kill it at one of the writes to Bert."""
    office.bert.fail("write", Killed(), nth=write)  # type: ignore[arg-type]
    nothing_by_itself(office)
    with Served(office, "killed") as served:
        workspace = open_workspace(office.folder)
        workspace.clock = office.clock
        on_database(office, lambda: requests.ask(workspace, wish))
        assert served.killed.wait(30)
    assert told(office)[-1][1] == "at work"


def gone(office: Office) -> None:
    """Let so much time pass that the service that was killed counts as gone."""
    office.clock.advance(TAKEOVER + 1)
    if office.open().database.startswith("postgresql"):
        past = "beat_at=beat_at-100"
        on_database(office, lambda: [turns.db.execute(f"UPDATE {each} SET {past}") for each in ("worker", "sync")])


def answered(office: Office) -> requests.RequestView:
    """Return the last request, once a next service has dealt with it."""
    with used(office.open().database):
        id = Request.objects.order_by("-id")[0].pk
        assert until(lambda: not requests.look(id).is_open)
        return requests.look(id)


def test_run_that_a_service_left_is_done_again_by_the_next_one(office: Office) -> None:
    edited(office)
    killed_at(office, ToRun("people", approved=True))
    gone(office)
    with Served(office, "next"):
        found = answered(office)
    assert (found.state, found.wish) == ("done", ToRun("people", approved=True))
    assert office.bert.holding("name", "Dora")
    assert [each.kind for each in office.bert.writes] == ["update"]


def people(office: Office, count: int) -> None:
    """Let both know so many people, one record to a call, and Anna all of them by other names."""
    office.bert.traits = Traits(batch_write=1)
    rows = [{"email": f"p{number}@x.test", "name": f"P{number}"} for number in range(count)]
    ids = [(office.anna.add(**row), office.bert.add(**row)) for row in rows]
    office.rest()
    for number, (left, _) in enumerate(ids):
        office.anna.edit(left, name=f"Q{number}")
    office.clock.advance(5)
    nothing_by_itself(office)


def test_plan_that_a_service_left_half_applied_goes_on_but_for_what_was_on_its_way(
    office: Office,
) -> None:
    people(office, 4)
    shown = office.plan()
    killed_at(office, ToApply(shown.id, approved=True), write=3)
    gone(office)
    with Served(office, "next"):
        found = answered(office)
    assert isinstance(found.answer, RunView)
    assert (found.answer.updated["Bert"], found.answer.skipped) == (1, 1), "two were written, one is looked at anew"
    office.rest()
    assert sorted(str(item.values["name"]) for item in office.bert.live()) == ["Q0", "Q1", "Q2", "Q3"]
    assert len(office.bert.writes) == 4, "none is written twice"


def test_undo_that_a_service_left_half_done_puts_back_the_rest_and_nothing_twice(office: Office) -> None:
    people(office, 4)
    run = office.run()
    office.clock.advance(5)
    before = len(office.bert.writes)
    killed_at(office, ToUndo(run.id), write=3)
    gone(office)
    with Served(office, "next"):
        found = answered(office)
    assert sorted(str(item.values["name"]) for item in office.bert.live()) == ["P0", "P1", "P2", "P3"]
    assert len(office.bert.writes) == before + 4
    assert found.answer is not None
    assert found.answer == UndoView(f"r_{Run.objects.count()}", run.id, 2, 0, ())


def test_who_waits_when_the_service_dies_does_it_as_the_next_one_would(office: Office) -> None:
    edited(office)
    office.bert.fail("write", Killed())  # type: ignore[arg-type]

    def meanwhile(step: Progress) -> None:
        if served.killed.is_set():
            gone(office)

    with Served(office, "killed") as served:
        view = now.run_sync(office.open(), "people", progress=meanwhile)
    assert view.state == "done"
    assert office.bert.holding("name", "Dora")
    assert [each.kind for each in office.bert.writes] == ["update"]
    assert told(office) == [("run", "done")]


# --- a turn of one's own ------------------------------------------------------------------------------


def test_nobody_else_runs_a_sync_while_a_command_does(office: Office) -> None:
    edited(office)
    looks: list[object] = []

    def meanwhile(step: Progress) -> None:
        [id] = Sync.objects.values_list("pk", flat=True)
        looks.append(turns.take(SYNC, id, "worker", office.clock()))

    now.run_sync(office.open(), "people", progress=meanwhile)
    assert looks
    assert set(looks) == {None}
    assert on_database(office, lambda: Sync.objects.filter(taken_at__isnull=False).count()) == 0


def test_who_stood_still_until_another_had_the_turn_begins_nothing(office: Office) -> None:
    edited(office)
    workspace = office.open()
    with Taken(office), used(workspace.database), pytest.raises(RunSuperseded):
        do(workspace, ToRun("people", approved=True), "stood still")
    assert office.bert.writes == []


def test_sync_is_deleted_beside_a_service_when_what_is_at_work_on_it_has_ended(office: Office) -> None:
    edited(office)
    deleted = threading.Event()
    workspace = open_workspace(office.folder)
    workspace.clock = office.clock

    def other() -> None:
        delete(workspace, "people", confirmed=True)
        deleted.set()

    with Served(office) as served:
        with Taken(office):
            thread = threading.Thread(target=other)
            thread.start()
            assert not deleted.wait(0.5)
        thread.join()
        assert deleted.is_set()
        restore(workspace, "people")
    assert served.failures == []
    assert on_database(office, lambda: Sync.objects.get(name="people").state) == "off"


# --- pause --------------------------------------------------------------------------------------------


def test_while_all_is_paused_nothing_runs_and_what_changed_meanwhile_is_carried_afterwards(office: Office) -> None:
    edited(office)
    pause_all(office.open())
    with pytest.raises(AllPaused, match="bothways resume"):
        now.run_sync(office.open(), "people")
    with Served(office), pytest.raises(AllPaused, match="bothways resume"):
        now.run_sync(office.open(), "people")
    with used(office.open().database):
        feed = Feed.objects.get(connection__name="Anna", object="people")
        hints.keep(feed, ["1"], office.clock())
        turns.ask(FEED, [feed.pk], office.clock())
        assert [turns.due(kind, office.clock(), 10) for kind in (FEED, SYNC)] == [[], []]
        assert turns.take(FEED, feed.pk, "worker", office.clock()) is None
        assert len(hints.of(feed.pk)) == 1
    shown = status(office.open())
    assert shown.paused_at is not None
    assert shown.syncs[0].next.why == "paused"
    assert plan(office.open(), "people").changes == 1, "looking is no running"
    assert not office.bert.holding("name", "Dora")
    resume_all(office.open())
    with Served(office):
        assert until(lambda: office.bert.holding("name", "Dora"))
    assert status(office.open()).paused_at is None


def test_what_was_asked_for_and_not_begun_when_all_is_paused_is_refused(office: Office) -> None:
    edited(office)

    def meanwhile(step: Progress) -> None:
        pause_all(workspace)

    workspace = office.open()
    with Served(office), Taken(office), pytest.raises(AllPaused):
        now.run_sync(workspace, "people", progress=meanwhile)
    assert told(office) == [("run", "withdrawn")]


def test_what_a_plan_has_read_is_carried_by_the_service_at_once_though_its_own_reading_finds_nothing_new(
    office: Office,
) -> None:
    edited(office)
    plan(office.open(), "people")
    with Served(office):
        assert until(lambda: office.bert.holding("name", "Dora"))


def test_a_turn_is_waited_for_though_all_is_paused_by_what_only_looks(office: Office) -> None:
    edited(office)
    pause_all(office.open())
    with used(office.open().database):
        row = Sync.objects.get()
        with own_turn(office.open(), row) as turn:
            assert turn.id == row.pk
        with pytest.raises(AllPaused), own_turn(office.open(), row, though_paused=False):
            raise AssertionError("it is paused")


# --- when it is looked at next ------------------------------------------------------------------------


def test_status_tells_when_a_sync_is_looked_at_next_or_why_not(office: Office) -> None:
    edited(office)
    assert status(office.open()).syncs[0].next.why == "no service"
    with Served(office):
        now.run_sync(office.open(), "people")
        assert until(lambda: status(office.open()).syncs[0].next.why == "")
        shown = status(office.open()).syncs[0].next
        here = float(str(on_database(office, lambda: office.clock())))
        assert shown.at is not None
        assert 0 <= shown.at - here <= 60
        with Taken(office):
            assert status(office.open()).syncs[0].next.why == "at work"
        on_database(office, lambda: Sync.objects.update(failed=2, due_at=here + 40))
        failed = status(office.open()).syncs[0].next
        assert (failed.why, failed.at) == ("failed", here + 40)
    turn_off(office.open(), "people")
    assert status(office.open()).syncs[0].next.why == "off"
