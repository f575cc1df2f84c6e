"""The doctor looks at everything, changes nothing, and says what to do."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from filelock import FileLock

from bothways.connectors.deep import Made
from bothways.errors import CredentialsRefused, PermissionMissing
from bothways.service import doctor as doctors
from bothways.service.database import used
from bothways.service.deep_check import FOLDER, KeptInFile
from bothways.service.doctor import doctor
from bothways.service.lock import runner
from bothways.service.views import Finding
from tests.consenting import SECRET_NAME, app_text
from tests.memory_app import MemoryApp, MemoryConnector
from tests.office import Office


def problems(folder: Path) -> list[Finding]:
    return [each for each in doctor(folder) if each.level != "ok"]


def test_a_healthy_workspace_has_no_problem(office: Office) -> None:
    office.pair("Dana")
    found = doctor(office.folder)
    assert [each for each in found if each.level != "ok"] == []
    told = "\n".join(each.what for each in found)
    for words in ("Python 3", "bothways.yaml can be used", "WAL", "App Anna", "App Bert", "Sync people", "up to date"):
        assert words in told


def test_a_workspace_without_a_database_yet_is_well(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryConnector, "quota", 1000)  # of which the database knows how much is left
    shutil.rmtree(office.folder / ".bothways")
    found = doctor(office.folder)
    assert [each.level for each in found if each.level != "ok"] == []
    assert any("Sync people: its settings fit" in each.what for each in found)
    assert not (office.folder / ".bothways").exists()


def test_an_app_that_asks_people_waits_for_a_sign_in_where_there_is_no_database_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "word")
    (tmp_path / "bothways.yaml").write_text(f"version: 1\napps:\n{app_text('https://api.example.com')}")
    (found,) = problems(tmp_path)
    assert (found.code, "bothways app login crm" in found.to_do) == ("BW-238", True)
    assert not (tmp_path / ".bothways").exists()


def test_a_database_that_was_made_by_an_older_version_does_not_end_the_visit(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryConnector, "quota", 1000)
    (office.folder / ".bothways" / "ledger.db").write_bytes(b"")
    found = doctor(office.folder)
    assert [each.to_do for each in found if each.level != "ok"] == ["The next command adds them."]
    assert any("Sync people: its settings fit" in each.what for each in found)


def test_a_database_that_fails_meanwhile_is_a_problem_like_any_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(doctors, "check", fails)
    assert [each.code for each in problems(office.folder)] == ["BW-301"]


def test_no_workspace_and_a_bad_file_end_the_visit(tmp_path: Path, office: Office) -> None:
    assert [each.code for each in problems(tmp_path / "nowhere")] == ["BW-102"]
    office.change("guards:", "gards:")
    (found,) = problems(office.folder)
    assert (found.level, found.code) == ("problem", "BW-104")
    assert "bothways.yaml:9:5" in found.what
    assert "Did you mean guards?" in found.to_do


def test_a_missing_secret_is_named_and_the_app_is_not_asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = MemoryApp("crm", office.clock)
    office.change(
        "syncs:\n", "  crm: {connector: locked, url: https://x, auth: {user: ana, password: {env: CRM_PW}}}\nsyncs:\n"
    )
    monkeypatch.delenv("CRM_PW", raising=False)
    (found,) = problems(office.folder)
    assert (found.code, "CRM_PW" in found.what) == ("BW-116", True)
    assert not crm.calls


def test_an_app_that_refuses_us_is_a_problem_and_its_sync_is_not_checked(office: Office) -> None:
    office.bert.fail("check", CredentialsRefused(app="Bert"))
    (found,) = problems(office.folder)
    assert (found.code, found.to_do) == (
        "BW-202",
        "Give a valid token or password, then try again.",
    )


def test_settings_that_do_not_fit_the_apps_are_found(office: Office) -> None:
    office.change("    guards:", "    fields: [{Anna: email, Bert: emial}]\n    guards:")
    (found,) = problems(office.folder)
    assert (found.code, "bothways.yaml:9:" in found.what) == ("BW-111", True)


def test_a_full_disk_is_told_before_it_hurts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((400_000_000, "warning"), (4_000_000, "problem")):
        monkeypatch.setattr(doctors.shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        (found,) = problems(office.folder)
        assert (found.level, found.code) == (level, "BW-301")


def test_a_database_behind_or_ahead_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.open()
    monkeypatch.setattr(doctors, "migrations_off", lambda: ({"0099_new"}, set()))
    assert [each.level for each in problems(office.folder)] == ["warning"]
    monkeypatch.setattr(doctors, "migrations_off", lambda: (set(), {"0099_new"}))
    assert [(each.level, each.code) for each in problems(office.folder)] == [("problem", "BW-307")]


def test_a_folder_of_the_database_that_may_not_be_looked_into_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists = Path.exists

    def refused(path: Path) -> bool:
        if path.name == "ledger.db":
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", refused)
    (found,) = problems(office.folder)
    assert (found.code, found.what.endswith("ledger.db: Permission denied.")) == ("BW-301", True)


def test_a_database_that_is_none_is_told(office: Office) -> None:
    (office.folder / ".bothways" / "ledger.db").write_text("no database" * 200)
    (found,) = problems(office.folder)
    assert (found.code, "latest backup" in found.to_do) == ("BW-308", True)


def test_a_run_that_failed_is_told_though_the_apps_answer(office: Office) -> None:
    office.anna.add(email="a@x.test")
    office.bert.fail("write", PermissionMissing(app="Bert", reason="no adding"))
    with pytest.raises(PermissionMissing):
        office.run()
    (found,) = problems(office.folder)
    assert (found.level, found.what[:31]) == ("warning", "Sync people: run r_1 failed: Be")
    assert "no adding" in found.what
    office.run()
    assert problems(office.folder) == []


def test_records_that_a_check_has_left_in_an_app_are_told_once_it_has_ended(office: Office) -> None:
    folder = office.folder / FOLDER
    folder.mkdir(parents=True)
    KeptInFile(folder / "memory%207.json").keep([Made("contacts", "Check 1", "5"), Made("contacts", "Check 2")])
    with FileLock(folder / "memory%207.lock"):
        assert problems(office.folder) == []
    (found,) = problems(office.folder)
    assert (found.level, "2 records in memory 7" in found.what) == ("warning", True)
    assert 'such as "Check 1"' in found.what
    assert "app check APP --deep" in found.to_do


def test_one_record_that_a_check_has_left_is_one_record(office: Office) -> None:
    folder = office.folder / FOLDER
    folder.mkdir(parents=True)
    KeptInFile(folder / "memory%207.json").keep([Made("contacts", "Check 1", "5")])
    (found,) = problems(office.folder)
    assert found.what == 'An interrupted check has left a record in memory 7, or may have: "Check 1"'


def test_a_running_sync_is_seen(office: Office) -> None:
    import threading

    held, free = threading.Event(), threading.Event()
    workspace = office.open()

    def run() -> None:
        with runner(workspace):
            held.set()
            free.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    held.wait(10)
    try:
        assert any("Another process is running syncs" in each.what for each in doctor(office.folder))
    finally:
        free.set()
        thread.join()
    assert any("No other process" in each.what for each in doctor(office.folder))


def test_a_missing_database_variable_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_DATABASE", raising=False)
    office.change("version: 1\n", "version: 1\ndatabase: {env: THE_DATABASE}\n")
    assert [each.code for each in problems(office.folder)] == ["BW-116"]
    assert "THE_DATABASE" not in os.environ


def test_sqlite_that_is_not_as_it_must_be_is_a_problem(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with used(office.open().database):
        monkeypatch.setattr(doctors.db, "value", lambda sql: "delete" if "journal" in sql else 1)
        (found,) = doctors._pragmas()
    assert (found.level, "local disk" in found.to_do) == ("problem", True)
