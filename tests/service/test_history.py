"""History let go for a person, and by a worker; what is said of it afterwards."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bothways.errors import DaysRefused, HistoryNotConfirmed, NotAllowed, NotOfThisSync, RunGone, UnknownRun
from bothways.jobs.now import undo_run
from bothways.ledger import db, turns
from bothways.ledger.models import Run, Sync
from bothways.service import accounts
from bothways.service.database import used
from bothways.service.deleting import TAKE, delete, restore
from bothways.service.document import KEEP_HISTORY
from bothways.service.history import is_time, keep, kept, letting_go, prune, show_history
from bothways.service.log import runs, show_run
from bothways.service.rights import Actor, Role
from bothways.service.settings_text import compare
from bothways.service.syncs import export, turn_on
from bothways.service.undo import preview_put_back, preview_undo
from bothways.service.views import PrunedView
from bothways.service.why import why
from bothways.service.workspace import Workspace
from tests.office import SYNC, Office, office_on, plug_in

DAY = 86_400.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))])
def office(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Anna, Bert and a sync of their people, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        request.getfixturevalue("folder")
        yield Office(tmp_path)
        return
    plug_in(monkeypatch)
    with office_on(request.getfixturevalue("postgresql"), tmp_path, monkeypatch) as made:
        yield made


class Told:
    """Dan, whose name was written twice long ago and whose phone once, and who holds it still."""

    def __init__(self, office: Office) -> None:
        self.left, self.right = office.pair("Dan")
        office.anna.edit(self.left, name="Dave", phone="1")
        self.first = office.run().id
        office.anna.edit(self.left, name="David")
        self.second = office.run().id
        office.clock.advance(KEEP_HISTORY)
        self.last = office.run().id


def steps(workspace: Workspace) -> list[PrunedView]:
    with used(workspace.database):
        return list(letting_go(workspace, "one"))


def test_how_long_it_is_kept_is_said_and_all_else_in_the_file_stays(office: Office) -> None:
    before = office.file.read_text()
    here = office.open()
    keep(here, 730)
    assert office.file.read_text() == before, "it is kept so long already"
    keep(here, 365)
    assert here.document.keep_history == 365 * DAY
    assert office.file.read_text() == f"{before}\nhistory: {{keep: 365d}}\n"
    keep(here, None)
    assert here.document.keep_history is None
    assert office.file.read_text() == f"{before}\nhistory: {{keep: forever}}\n"
    assert [(each.what, each.about) for each in accounts.deeds(here)] == [
        ("set how long history is kept", "forever"),
        ("set how long history is kept", "365 days"),
    ]


@pytest.mark.parametrize("days", [0, 89, 36_501])
def test_days_that_a_sync_cannot_do_with_are_refused(office: Office, days: int) -> None:
    before = office.file.read_text()
    with pytest.raises(DaysRefused, match="90 to 36,500 days"):
        keep(office.open(), days)
    assert office.file.read_text() == before


def test_what_would_go_by_a_shorter_time_is_told_before_it_is_said(office: Office) -> None:
    Told(office)
    before = office.file.read_text()
    with pytest.raises(HistoryNotConfirmed, match="for good"):
        keep(office.open(), 90)
    assert office.file.read_text() == before
    keep(office.open(), 90, confirmed=True)
    assert office.open().document.keep_history == 90 * DAY
    keep(office.open(), 100)


def test_admins_alone_say_how_long_it_is_kept(office: Office) -> None:
    here = replace(office.open(), actor=Actor("Eddy", Role.EDITOR))
    with pytest.raises(NotAllowed):
        keep(here, 365)


def test_what_is_old_is_told_before_it_goes_and_goes_when_that_is_confirmed(office: Office) -> None:
    told = Told(office)
    before = show_history(office.open())
    old = before.runs - 1
    assert (before.old_runs, before.old_writes, before.writes) == (old, 2, 2)
    with pytest.raises(HistoryNotConfirmed, match=rf"{old} runs from before 19\d\d.* 2 writes"):
        prune(office.open())
    assert show_history(office.open()) == before
    assert prune(office.open(), confirmed=True) == PrunedView(old, 0)
    assert [each.id for each in runs(office.open())] == [told.last]
    after = show_history(office.open())
    assert (after.runs, after.writes, after.old_runs, after.old_writes) == (1, 2, 0, 0)
    assert prune(office.open()) == PrunedView(0, 0), "there is nothing to confirm"
    shown = kept(office.open())
    assert (shown.keep, shown.days, shown.since) == (KEEP_HISTORY, 730, office.clock())
    assert shown.gone_before is not None
    assert shown.gone_before < office.clock() - KEEP_HISTORY


def test_where_it_is_kept_for_ever_nothing_goes(office: Office) -> None:
    Told(office)
    office.change("version: 1\n", "version: 1\nhistory: {keep: forever}\n")
    office.clock.advance(20 * KEEP_HISTORY)
    count = show_history(office.open()).runs
    assert prune(office.open(), confirmed=True) == PrunedView(0, 0)
    assert steps(office.open()) == []
    assert not is_time(office.open())
    assert (show_history(office.open()).runs, kept(office.open()).keep) == (count, None)


def test_run_that_went_is_said_to_be_gone_and_one_that_never_was_to_be_none(office: Office) -> None:
    told = Told(office)
    prune(office.open(), confirmed=True)
    for call in (show_run, preview_undo, undo_run):
        with pytest.raises(RunGone, match="is no longer kept"):
            call(office.open(), told.first)
        with pytest.raises(UnknownRun) as missing:
            call(office.open(), "r_999")
        assert type(missing.value) is UnknownRun
    assert show_run(office.open(), told.last).id == told.last


def test_it_is_still_said_why_a_value_is_there_though_its_run_is_gone(office: Office) -> None:
    told = Told(office)
    before = {each.key: each for each in why(office.open(), "people", told.left).fields}
    assert not any(event.gone for each in before.values() for event in each.events)
    prune(office.open(), confirmed=True)
    view = why(office.open(), "people", told.left)
    after = {each.key: each for each in view.fields}
    assert view.gone_before is not None
    for key, run in (("name=name", told.second), ("phone=phone", told.first)):
        assert after[key].sentence == before[key].sentence
        event = after[key].events[0]
        assert (event.run, event.stands, event.gone, event.undoable) == (run, True, True, False)
    assert before["name=name"].events[0].undoable
    email = after["email=email"].sentence
    assert "no run wrote it after 1970-01-1" in email
    assert "no longer kept" in email
    with pytest.raises(RunGone):
        preview_put_back(office.open(), "people", told.left, "phone", told.first)


def test_of_a_pair_that_came_later_all_history_is_there(office: Office) -> None:
    Told(office)
    prune(office.open(), confirmed=True)
    left = office.anna.add(email="new@x.test", name="New")
    office.rest()
    view = why(office.open(), "people", left)
    assert view.gone_before is None
    assert not any(event.gone for story in view.fields for event in story.events)


def test_undo_of_what_is_kept_is_whole_after_older_history_went(office: Office) -> None:
    told = Told(office)
    office.anna.edit(told.left, name="Young", phone="2")
    young = office.run().id
    prune(office.open(), confirmed=True)
    assert undo_run(office.open(), young).restored == 1
    assert office.bert.values(told.right)["name"] == "David"
    assert office.bert.values(told.right)["phone"] == "1"


def test_worker_lets_it_go_step_by_step_and_then_finds_nothing(office: Office) -> None:
    Told(office)
    old = show_history(office.open()).old_runs
    done = steps(office.open())
    assert sum(each.runs for each in done) == old
    assert sum(each.runs + each.writes for each in steps(office.open())) == 0
    with used(office.open().database):
        assert not Sync.objects.exclude(taken_at=None).exists()


def test_sync_that_somebody_is_at_is_left_for_the_next_time(office: Office) -> None:
    Told(office)
    workspace = office.open()
    with used(workspace.database):
        sync, count = Sync.objects.get(), Run.objects.count()
        turn = turns.take_now(sync.pk, "two", office.clock(), though_paused=True)
        assert turn is not None
        office.clock.advance(10 * turns.TAKEOVER)
        assert sum(each.runs + each.writes for each in letting_go(workspace, "one")) == 0
        assert Run.objects.count() == count
        turns.give_back(turn)
        assert sum(each.runs for each in letting_go(workspace, "one")) == count - 1


def test_turn_that_was_asked_for_meanwhile_is_due_all_the_same(office: Office) -> None:
    Told(office)
    workspace = office.open()
    with used(workspace.database):
        Sync.objects.update(due_at=office.clock() + 1000)
        turns.ask(turns.SYNC, [Sync.objects.get().pk], office.clock())
        assert list(letting_go(workspace, "one"))
        assert turns.due(turns.SYNC, office.clock(), 10) == [Sync.objects.get().pk]


def test_deleted_sync_is_restored_with_all_of_its_history(office: Office) -> None:
    Told(office)
    count = show_history(office.open()).runs
    delete(office.open(), "people", confirmed=True)
    office.clock.advance(20 * DAY)
    assert sum(each.runs + each.writes for each in steps(office.open())) == 0
    restore(office.open(), "people")
    with used(office.open().database):
        assert (Run.objects.count(), db.value("SELECT COUNT(*) FROM journal")) == (count, 2)


def test_sync_that_takes_over_the_links_of_a_deleted_one_says_what_is_gone_of_them(folder: Path) -> None:
    office = Office(folder)
    told = Told(office)
    prune(office.open(), confirmed=True)
    known = why(office.open(), "people", told.left)
    delete(office.open(), "people", confirmed=True)
    office.write(SYNC.replace("state: on", "state: draft"))
    turn_on(office.open(), "people", old_links=TAKE)
    office.run()
    view = why(office.open(), "people", told.left)
    assert view.gone_before == known.gone_before is not None
    assert [each.sentence for each in view.fields] == [each.sentence for each in known.fields]


def test_export_says_how_long_it_is_kept_unless_that_is_the_usual(folder: Path) -> None:
    office = Office(folder)
    assert "history" not in export(office.open(), "people")
    office.write(SYNC.replace("version: 1\n", "version: 1\nhistory: {keep: 2160h}\n"))
    assert "history: {keep: 90d}" in export(office.open(), "people")


def test_text_of_a_sync_cannot_change_how_long_history_is_kept(folder: Path) -> None:
    office = Office(folder)
    office.write(SYNC.replace("version: 1\n", "version: 1\nhistory: {keep: 100d}\n"))
    text = export(office.open(), "people")
    assert compare(office.open(), "people", text).changes == ()
    with pytest.raises(NotOfThisSync):
        compare(office.open(), "people", text.replace("100d", "90d"))
