"""What is at work, live, and what a run did, record by record."""

import re
import threading

import pytest

from bothways.jobs.doing import carry_out
from bothways.jobs.now import undo_run
from bothways.ledger import plans, turns
from bothways.ledger import requests as asked_for
from bothways.ledger.models import Plan, Request, Run, Sync
from bothways.service import history, requests, running
from bothways.service.database import used
from bothways.service.rights import Role
from bothways.service.views import BarView
from tests.jobs.served import Served
from tests.memory_app import Traits
from tests.office import Office
from tests.web.browser import Browser
from tests.web.until import until


def signed_in(office: Office, role: Role = Role.ADMIN, name: str = "Ana Ruiz") -> Browser:
    here = Browser(office.open())
    here.sign_up(name, role)
    return here


def people(office: Office, count: int) -> None:
    """Let Anna know so many people whom Bert does not know, one record to a call."""
    office.bert.traits = Traits(batch_write=1)
    for number in range(count):
        office.anna.add(email=f"p{number}@x.test", name=f"P{number}")


# --- live ---------------------------------------------------------------------------------------------


def test_run_at_work_shows_its_phase_and_how_far_each_app_is(office: Office) -> None:
    people(office, 4)
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get("/syncs/people")
    writing, go_on = threading.Event(), threading.Event()

    def slowly(when: str, call: str) -> None:
        if when == "before" and call.startswith("write") and len(office.bert.live()) == 2:
            office.clock.advance(15)
            writing.set()
            go_on.wait(30)

    office.bert.hook = slowly
    with Served(office):
        assert here.post("/syncs/people/run").location == "/syncs/people/now"
        assert writing.wait(30)
        try:
            work = running.at_work(here.workspace, "people")
            assert work is not None
            assert (work.phase, work.what, work.bars) == ("Writing", "sync", (BarView("Bert", 2, 4, 15.0),))
            assert work.created == {"Anna": 0, "Bert": 2}
            page = here.get("/syncs/people/now").text
            for part in (
                'data-src="/syncs/people/now"',
                '<progress max="4" value="2"',
                "2 of 4",
                "less than a minute left",
                'data-said="Writing, 50 %"',
            ):
                assert part in page, part
            assert "At work" in here.get("/").text
            part = here.get("/syncs/people/now", htmx=True)
            assert (part.headers["x-live"], "<html" in part.text) == ("on", False)
            assert len(part.text.encode()) < 2_000
            run = here.get(f"/runs/{work.run}").text
            assert f'data-src="/runs/{work.run}"' in run
            assert "P0" in run, "what it has written so far"
        finally:
            go_on.set()
        assert until(lambda: running.at_work(here.workspace, "people") is None)
    over = here.get("/syncs/people/now", htmx=True)
    assert (over.headers["x-live"], 'data-said="Finished"' in over.text) == ("over", True)
    assert here.get(f"/runs/{work.run}", htmx=True).headers["x-live"] == "over"
    assert "live-stream" not in here.get("/syncs/people/now").text


def test_what_is_asked_for_waits_for_its_turn_and_says_who_asked(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get("/syncs/people")
    here.post("/syncs/people/run")
    text = here.get("/syncs/people/now").text
    for part in ("Waiting for its turn", "asked for by Olga", "No service runs that would do it."):
        assert part in text, part


def test_plan_that_is_made_tells_how_many_are_compared(office: Office) -> None:
    office.pair("Dana")
    workspace = office.open()
    with used(workspace.database):
        sync = Sync.objects.get()
        asked = requests.ask(workspace, requests.ToPlan("people"))
        turn = turns.take_now(sync.pk, "one", office.clock(), though_paused=False)
        assert turn is not None
        assert asked_for.begin(asked_for.get(asked.id), "one", office.clock())
    first = running.at_work(workspace, "people")
    assert first is not None
    assert (first.what, first.phase, first.bars) == ("plan", "Reading", ())
    with used(workspace.database):
        made = Plan.objects.create(sync=sync, revision=1, created_at=office.clock())
    office.clock.advance(60)  # the survey: nothing of it counts for the pace
    with used(workspace.database):
        plans.tell(made, plans.SoFar((400, 600), (100, 50), 100, office.clock()))
    office.clock.advance(30)
    then = running.at_work(workspace, "people")
    assert then is not None
    assert (then.phase, then.bars) == ("Matching", (BarView("", 150, 1000, pytest.approx(30.0 / 100 * (300 + 400))),))


@pytest.mark.parametrize(
    ("first_run", "approved", "limit", "goes_on"),
    [(1000, False, None, True), (3, False, None, False), (3, True, None, True), (1000, True, 3, False)],
)
def test_nobody_is_told_how_long_a_run_goes_on_that_ends_sooner(
    office: Office, first_run: int, approved: bool, limit: int | None, goes_on: bool
) -> None:
    office.change("first_run: 1000", f"first_run: {first_run}")
    people(office, 4)
    plan = office.plan()
    workspace, told = office.open(), list[float | None]()

    def looked(when: str, call: str) -> None:
        if when == "before" and call.startswith("write") and len(office.bert.live()) == 2:
            office.clock.advance(15)
            work = running.at_work(workspace, "people")
            told.extend(bar.left for bar in work.bars) if work else None

    office.bert.hook = looked
    with used(workspace.database):
        wish = requests.ToRun("people", approved=approved)
        asked = requests.ask(workspace, requests.ToApply(plan.id, limit, approved=True) if limit else wish)
        sync = Sync.objects.get()
        turn = turns.take_now(sync.pk, "one", office.clock(), though_paused=False)
        assert turn is not None
        carry_out(workspace, asked_for.get(asked.id), turn.worker)
    assert told == [15.0 if goes_on else None]


@pytest.mark.parametrize(
    ("done", "said"), [(0, "Writing, 0 %"), (24, "Writing, 0 %"), (25, "Writing, 25 %"), (99, "Writing, 75 %")]
)
def test_words_that_are_read_out_change_with_each_quarter_alone(office: Office, done: int, said: str) -> None:
    from bothways.service.views import WorkView
    from bothways.web.pages.runs import told

    signed_in(office)
    assert told(WorkView("people", "sync", "Writing", (BarView("Bert", done, 100),)))["said"] == said


def test_worker_that_is_gone_is_not_at_work(office: Office) -> None:
    office.pair("Dana")
    workspace = office.open()
    with used(workspace.database):
        sync = Sync.objects.get()
        assert turns.take_now(sync.pk, "one", office.clock(), though_paused=False)
        Run.objects.create(sync=sync, kind="sync", started_at=office.clock(), revision=1)
    assert running.at_work(workspace, "people") is not None
    office.clock.advance(turns.TAKEOVER + 1)
    assert running.at_work(workspace, "people") is None
    run = signed_in(office).get("/runs/r_1").text
    assert "live-stream" not in run


# --- what a run did -----------------------------------------------------------------------------------


def test_finished_run_shows_each_record_with_the_values_before_and_after(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    office.anna.add(email="c@x.test", name="Cleo")
    office.clock.advance(120)
    office.run()
    done = office.run()
    here = signed_in(office, Role.VIEWER, "Vera")
    runs = (done.id, f"r_{int(done.id[2:]) - 1}")
    text = "".join(here.get(f"/runs/{each}").text for each in runs)
    for part in ("Dana", "Dora", "Cleo", "Anna changed", "Updated", "Created", f"/records/Bert%3A{right}"):
        assert part in text, part
    assert "/undo" not in text, "an undo is an editor's"
    compared = [re.findall(r"(\d+) records? compared", here.get(f"/runs/{each}").text) for each in runs]
    assert compared == [["1"], ["2"]], "Cleo, who had to wait; Dana and her before"
    assert here.get("/runs/r_999").status == 404


def test_what_a_run_deleted_is_said_by_itself(office: Office) -> None:
    office.anna.add(email="a@x.test")
    back = undo_run(office.open(), office.run().id)
    here = signed_in(office)
    tiles = dict(re.findall(r'<li class="tile"><span>(.*?)</span> <strong>(\d+)<', here.get(f"/runs/{back.id}").text))
    assert [tiles[name] for name in tiles if "Bert" in name] == ["0", "0", "1"]
    assert [name.split()[0] for name in tiles if "Bert" in name] == ["Created", "Updated", "Deleted"]
    assert f'id="undo-{back.id}"' in here.get("/activity").text


def test_page_that_is_made_while_its_run_ends_does_not_say_that_it_is_at_work(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.pair("Dan")
    run, here = office.run(), signed_in(office)
    Run.objects.update(state="running", ended_at=None)

    def ends_meanwhile(*_asked: object) -> None:
        Run.objects.update(state="done", ended_at=office.clock())

    monkeypatch.setattr(running, "at_work", ends_meanwhile)
    text = here.get(f"/runs/{run.id}").text
    assert (run.id in text, "At work" in text) == (True, False)


def test_what_a_run_wrote_is_read_in_pages_of_fifty(office: Office) -> None:
    people(office, 60)
    done = office.run()
    here = signed_in(office)
    first = here.get(f"/runs/{done.id}").text
    assert (first.count("<summary"), "Next 50" in first, "Undo" in first) == (50, True, True)
    place = running.written(here.workspace, done.id).after
    assert f"?after={place}#written" in first
    second = here.get(f"/runs/{done.id}?after={place}").text
    assert (second.count("<summary"), "Next 50" in second) == (10, False)


def test_runs_are_linked_from_the_activity_and_the_overview(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    assert 'href="/runs/r_1"' in here.get("/activity").text
    assert 'href="/runs/r_' in here.get("/syncs/people").text


def test_run_that_is_no_longer_kept_is_said_to_be_gone_and_so_is_older_activity(office: Office) -> None:
    left, _ = office.pair("Dana")
    office.anna.edit(left, name="Dora")
    old = office.run().id
    assert 'id="gone"' not in signed_in(office).get("/activity").text
    office.clock.advance(731 * 86_400)
    kept = office.run().id
    history.prune(office.open(), confirmed=True)
    here = signed_in(office, Role.EDITOR, "Eva")
    for address in (f"/runs/{old}", f"/runs/{old}/undo"):
        gone = here.get(address)
        assert (gone.status, "is gone: history older than 1970-01-12 is no longer kept" in gone.text) == (404, True)
    never = here.get("/runs/r_999")
    assert (never.status, "There is no run" in never.text) == (404, True)
    text = here.get("/activity").text
    assert (f'id="run-{kept}"' in text, f'id="run-{old}"' in text) == (True, False)
    assert 'What is older than <time datetime="1970-01-12">' in text


# --- the first records --------------------------------------------------------------------------------


@pytest.fixture
def stopped(office: Office) -> Office:
    """A new sync that has written its first two of five records."""
    office.change("first_run: 1000", "first_run: 2")
    people(office, 5)
    office.run()
    return office


def test_first_records_are_shown_and_the_sync_waits_for_somebody(stopped: Office) -> None:
    here = signed_in(stopped)
    for address in ("/syncs/people", "/syncs/people/now", "/runs/r_1"):
        text = here.get(address).text
        for part in (
            "2 records were written first.",
            'href="/runs/r_1#written"',
            "/runs/r_1/undo",
            "/syncs/people/continue",
        ):
            assert part in text, (address, part)
    viewer = Browser(here.workspace)
    viewer.sign_up("Vera", Role.VIEWER)
    seen = viewer.get("/runs/r_1").text
    assert ("2 records were written first." in seen, "/continue" in seen) == (True, False)
    assert viewer.post("/syncs/people/continue").status == 403


def test_going_on_writes_the_rest(stopped: Office) -> None:
    here = signed_in(stopped)
    here.get("/syncs/people/now")
    with Served(stopped):
        assert here.post("/syncs/people/continue").location == "/syncs/people/now"
        assert until(lambda: len(stopped.bert.live()) == 5)
        assert until(lambda: running.at_work(here.workspace, "people") is None)
    assert "written first" not in here.get("/syncs/people/now").text


def test_going_on_leaves_all_other_brakes_in_force(stopped: Office) -> None:
    here = signed_in(stopped)
    here.get("/syncs/people/now")
    here.post("/syncs/people/continue")
    with used(here.workspace.database):
        (asked,) = Request.objects.all()
        assert asked.parameters == {"sync": "people", "full": False, "approved": False, "record": None}
        assert Sync.objects.get().approved


def test_undoing_the_first_records_leaves_both_apps_as_they_were(stopped: Office) -> None:
    here = signed_in(stopped)
    assert here.get("/runs/r_1/undo").status == 200
    with Served(stopped):
        assert here.post("/runs/r_1/undo/do").status == 303
        assert until(lambda: not stopped.bert.live())
        assert until(lambda: running.at_work(here.workspace, "people") is None)
    assert len(stopped.anna.live()) == 5


def test_first_records_that_were_put_back_are_offered_for_no_other_undo(stopped: Office) -> None:
    here = signed_in(stopped)
    here.get("/runs/r_1/undo")
    with Served(stopped):
        here.post("/runs/r_1/undo/do")
        assert until(lambda: not stopped.bert.live() and running.at_work(here.workspace, "people") is None)
        here.post("/syncs/people/run")
        assert until(lambda: running.first_look(here.workspace, "people") is not None)
    text = here.get("/syncs/people/now").text
    assert "2 records were written first, and put back." in text
    assert ("/syncs/people/continue" in text, "/runs/r_1/undo" in text) == (True, False)


def test_why_the_last_thing_asked_for_failed_is_told(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    with Served(office):
        here.post("/syncs/people/run")
        assert until(lambda: running.at_work(here.workspace, "people") is None)
    assert "BW-123" in here.get("/syncs/people/now").text


def test_sentence_for_the_next_page_is_left_to_it_by_parts_and_streams(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office)
    here.get("/syncs/people")
    here.post("/syncs/people/off")
    assert here.get("/syncs/people/now", htmx=True).status == 200
    assert "people is off." in here.get("/syncs/people").text
    assert "people is off." not in here.get("/syncs/people").text


# --- paused and stopped -------------------------------------------------------------------------------


@pytest.mark.parametrize(("do", "said"), [("pause", "Olga has paused it."), ("stop", "Olga has stopped it.")])
def test_run_at_work_is_halted_and_goes_on_when_somebody_lets_it(office: Office, do: str, said: str) -> None:
    for number, (left, _) in enumerate([office.pair(f"P{number}") for number in range(4)]):
        office.anna.edit(left, name=f"Q{number}")
    office.bert.traits = Traits(batch_write=1)
    office.clock.advance(60)
    here = signed_in(office, Role.OPERATOR, "Olga")
    writing, go_on = threading.Event(), threading.Event()

    def slowly(when: str, call: str) -> None:
        if when == "before" and call.startswith("write") and not writing.is_set():
            writing.set()
            go_on.wait(30)

    def renamed() -> int:
        return sum(str(each.values["name"]).startswith("Q") for each in office.bert.live())

    office.bert.hook = slowly
    with Served(office):
        try:
            assert writing.wait(30)
            page = here.get("/syncs/people/now").text
            assert ("Pause this run" in page, "Stop this run" in page) == (True, True)
            assert here.post("/syncs/people/halt", do=do).location == "/syncs/people/now"
            page = here.get("/syncs/people/now").text
            assert "Olga wants it to end: it does after the records that are being written." in page
            assert "Stop this run" not in page
        finally:
            go_on.set()
        assert until(lambda: said in (page := here.get("/syncs/people/now").text) and "Sync now" not in page)
        page = here.get("/syncs/people/now").text
        for part in ("Continue with 3 more", "Look at what was written"):
            assert part in page, part
        assert renamed() == 1
        assert said.split()[1] in here.get("/syncs/people").text
        assert ("Stopped by Olga." in here.get("/syncs/people").text) == (do == "stop")
        assert "BW-564" in here.post("/syncs/people/run").text
        assert here.post("/syncs/people/resume").status == 303
        assert until(lambda: renamed() == 4)
    assert "Continue" not in here.get("/syncs/people/now").text
    assert len(office.bert.writes) == 4, "nothing is written twice"


def test_sync_that_is_let_go_on_is_followed(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.post("/syncs/people/halt", do="pause")
    for _ in range(2):
        page = here.get(here.post("/syncs/people/resume").location).text
        assert ("Waiting for its turn" in page, "<live-stream" in page) == (True, True)
    assert len(requests.list_requests(here.workspace)) == 1


def test_viewer_sees_who_has_stopped_a_sync_and_is_offered_nothing(office: Office) -> None:
    office.pair("Dana")
    here = signed_in(office, Role.OPERATOR, "Olga")
    here.get("/syncs/people")
    here.post("/syncs/people/halt", do="stop")
    page = signed_in(office, Role.VIEWER, "Vera").get("/syncs/people/now").text
    assert ("Olga has stopped it." in page, 'id="go-on"' in page) == (True, False)
