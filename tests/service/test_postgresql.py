"""The same use cases on PostgreSQL."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bothways.errors import DatabaseUnreachable, LastAdmin
from bothways.jobs.now import undo_run
from bothways.service import accounts
from bothways.service.diff import plan_file
from bothways.service.doctor import doctor
from bothways.service.log import runs
from bothways.service.preview import plan_actions
from bothways.service.proof import compare
from bothways.service.records import list_records
from bothways.service.rights import Role
from bothways.service.syncs import show_sync
from bothways.service.views import ActionView, LeftOutBy, PlanView
from bothways.service.why import why
from tests.office import Office, office_on, plug_in
from tests.web.until import until


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


def test_of_two_admins_who_take_the_role_from_each_other_at_once_one_keeps_it(office: Office) -> None:
    workspace = office.open()
    for name in ("Ana Ruiz", "Bert"):
        accounts.use_link(workspace, accounts.make_link(workspace), name, "correct horse battery")
    refused: list[LastAdmin] = []

    def demote() -> None:
        try:
            accounts.set_role(workspace, "Bert", Role.VIEWER)
        except LastAdmin as error:
            refused.append(error)

    with psycopg.connect(workspace.database) as other, psycopg.connect(workspace.database, autocommit=True) as watch:
        other.execute("UPDATE account SET role='viewer' WHERE name='Ana Ruiz'")
        ours = threading.Thread(target=demote)
        ours.start()
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
        assert until(lambda: not ours.is_alive() or watch.execute(waits).fetchone())
        other.commit()
        ours.join()
    assert refused
    assert accounts.admins(workspace) == ["Bert"]
