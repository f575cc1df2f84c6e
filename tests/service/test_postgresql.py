"""The same use cases on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import DatabaseUnreachable, DraftChanged, LastAdmin
from bothways.jobs.now import undo_run
from bothways.ledger import db
from bothways.ledger.models import Halt
from bothways.service import accounts, conflicts, drafts, halting
from bothways.service.diff import plan_file
from bothways.service.doctor import doctor
from bothways.service.issues import list_issues
from bothways.service.log import runs
from bothways.service.preview import plan_actions
from bothways.service.proof import compare
from bothways.service.records import list_records
from bothways.service.rights import Role
from bothways.service.syncs import show_sync
from bothways.service.views import ActionView, LeftOutBy, PlanView
from bothways.service.why import why
from tests.office import Office, office_on, plug_in
from tests.service.meanwhile import Meanwhile


@pytest.fixture
def office(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Anna and Bert on a database of their own of a PostgreSQL server."""
    plug_in(monkeypatch)
    with office_on(postgresql, tmp_path, monkeypatch) as office:
        yield office


def test_everything_works_on_postgresql_too(office: Office) -> None:
    left, right = office.pair("Dana")
    office.anna.add(email="h@x.test", name="H1")
    office.anna.add(email="h@x.test", name="H2")
    office.anna.edit(left, name="100% Dora")
    plan = office.plan()
    assert (plan.updated, plan.held) == ({"Anna": 0, "Bert": 1}, 2)
    assert len(plan_actions(office.open(), plan.id)) == 3
    run = office.apply(plan)
    assert (run.updated["Bert"], run.exit_code) == (1, 4)
    assert office.bert.values(right)["name"] == "100% Dora"
    assert [row.name for row in list_records(office.open(), "people", state="held").rows] == ["H1", "H2"]
    assert [row.name for row in list_records(office.open(), "people", search="100%").rows] == ["100% Dora"]
    assert [list_records(office.open(), "people", left_out_by=by).rows for by in LeftOutBy] == [()] * len(LeftOutBy)
    assert "Anna changed" in why(office.open(), "people", "100% dora", "name").fields[0].sentence
    assert compare(office.open(), "people").equal == 1
    office.clock.advance(5)
    assert undo_run(office.open(), run.id).restored == 1
    assert [each.kind for each in runs(office.open())][:2] == ["undo", "apply"]
    assert show_sync(office.open(), "people").counts.held == 2
    assert [each.what for each in doctor(office.folder) if each.level == "problem"] == []


def test_a_database_that_is_not_there_is_told_without_a_password(
    office: Office, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = postgresql.partition("@")[2].rpartition("/")[0]
    monkeypatch.setenv("THE_DATABASE", f"postgresql://postgres:hunter2@{host}/nothing_here")
    with pytest.raises(DatabaseUnreachable) as caught:
        office.open()
    assert "nothing_here" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_plan_by_a_file_is_taken_back_on_postgresql_too(office: Office) -> None:
    office.pair("Dana")
    text = office.file.read_text(encoding="utf-8")
    filter = "    send: {Anna: {filter: {field: name, is: Eve}}}\n    guards:"
    (office.folder / "edited.yaml").write_text(text.replace("    guards:", filter), encoding="utf-8")
    taken: list[tuple[int, int]] = []

    def take(view: PlanView, actions: Iterator[ActionView]) -> None:
        taken.append((sum(view.leaving.values()), len(list(actions))))

    before = show_sync(office.open(), "people").revision
    plan_file(office.open(), office.folder / "edited.yaml", "people", "all", take)
    assert taken == [(1, 1)]
    assert show_sync(office.open(), "people").revision == before
    assert not office.plan().leaving


def test_of_two_who_change_the_same_version_of_a_draft_at_once_one_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, store = drafts.edit(office.open(), "people"), drafts._store
    other = Meanwhile(office, lambda own: drafts.change(own, draft.id, draft.version, require=["email"]))

    def store_late(*given: Any) -> Any:
        other.begin()
        return store(*given)

    monkeypatch.setattr(drafts, "_store", store_late)
    drafts.change(office.open(), draft.id, draft.version, small_groups="link_one")
    other.thread.join()
    assert isinstance(other.failure, DraftChanged)


def test_two_admins_cannot_make_each_other_none_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Ana", "Bo"):
        accounts.use_link(office.open(), accounts.make_link(office.open()), name, "long enough to be taken")
    refuse, other = accounts.refuse_last, Meanwhile(office, lambda own: accounts.set_role(own, "Ana", Role.VIEWER))

    def refuse_early(*given: Any) -> None:
        refuse(*given)
        other.begin()

    monkeypatch.setattr(accounts, "refuse_last", refuse_early)
    accounts.switch_off(office.open(), "Bo")
    other.thread.join()
    assert isinstance(other.failure, LastAdmin)
    assert accounts.admins(office.open()) == ["Ana"]


def test_new_password_brings_nobody_back_who_is_switched_off_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ana", "Bo"):
        accounts.use_link(office.open(), accounts.make_link(office.open()), name, "long enough to be taken")
    word = accounts.make_link(office.open(), name="Bo")
    make, other = accounts.make_password, Meanwhile(office, lambda own: accounts.switch_off(own, "Bo"))

    def make_slowly(password: str) -> str:
        other.begin()
        return str(make(password))

    monkeypatch.setattr(accounts, "make_password", make_slowly)
    accounts.use_link(office.open(), word, "", "as long as the other one")
    other.thread.join()
    assert other.failure is None
    assert accounts.admins(office.open()) == ["Ana"]


def test_button_to_pause_that_is_pressed_twice_at_once_pauses(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    save, other = Halt.save, Meanwhile(office, lambda own: halting.pause(own, "people"))

    def save_late(row: Halt, *given: Any, **more: Any) -> None:
        other.begin()
        save(row, *given, **more)

    monkeypatch.setattr(Halt, "save", save_late)
    halting.pause(office.open(), "people")
    other.thread.join()
    assert other.failure is None
    assert halting.halted(office.open(), "people")


def test_decision_that_comes_while_a_run_holds_the_same_again_is_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    left, right = office.pair("Dana")
    office.anna.edit(left, name="Dana Lee")
    office.bert.edit(right, name="Dana Ray")
    office.run()
    [issue] = list_issues(office.open(), "people")
    office.anna.edit(left, phone="+4722864400")
    upsert, other = db.upsert, Meanwhile(office, lambda own: conflicts.choose_app(own, issue.id, "Bert"))

    def upsert_late(table: str, *given: Any) -> None:
        if table == "hold":
            other.begin()
        upsert(table, *given)

    monkeypatch.setattr(db, "upsert", upsert_late)
    office.run()
    other.thread.join()
    assert other.failure is None
    office.rest()
    assert office.anna.values(left)["name"] == "Dana Ray"
