"""A workspace is made, opened, and brought in line with its database; what is in the way is told at the door."""

import os
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bothways import boot
from bothways.errors import (
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseNewer,
    DatabaseUnreachable,
    DiskFull,
    LedgerError,
    NoWorkspace,
    SecretMissing,
    SettingsError,
    SettingsUnreadable,
    StaleSettings,
    UsageError,
    WrongType,
    YamlUnreadable,
)
from bothways.ledger import db
from bothways.ledger.models import Revision, Sync
from bothways.service import issues
from bothways.service import workspace as workspaces
from bothways.service.database import sqlite_path, used
from bothways.service.syncs import export, list_syncs, show_sync
from bothways.service.workspace import init, open_workspace, take_over_changes
from tests.office import SYNC, Office


def revisions(office: Office) -> list[tuple[int, str]]:
    """Return the revisions of the sync: numbers and states."""
    with used(office.open().database):
        found = Revision.objects.filter(sync__name="people").order_by("number")
        return [(each.number, each.document["settings"]["state"]) for each in found]


# --- making and opening -------------------------------------------------------------------------------


def test_a_new_workspace_can_be_opened_as_it_is(tmp_path: Path) -> None:
    path = init(tmp_path / "new")
    try:
        workspace = open_workspace(tmp_path / "new")
        assert (workspace.file, workspace.document.apps, list_syncs(workspace)) == (path, {}, [])
        assert sqlite_path(workspace.database) == tmp_path / "new" / ".bothways" / "ledger.db"
        assert (tmp_path / "new" / ".bothways").stat().st_mode & 0o077 == 0
    finally:
        boot.setup("sqlite:///:memory:")


def test_a_database_in_a_folder_of_others_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    folder, place = init(tmp_path / "new").parent, tmp_path / "ledger.db"
    tmp_path.chmod(0o755)
    (folder / "bothways.yaml").write_text(f"version: 1\ndatabase: sqlite://{place}\napps: {{}}\nsyncs: {{}}\n")
    try:
        open_workspace(folder)
        made = [each for each in tmp_path.iterdir() if each.name.startswith(place.name)]
        assert place in made
        assert [each.name for each in made if each.stat().st_mode & 0o077] == []
    finally:
        boot.setup("sqlite:///:memory:")


def test_a_workspace_that_is_there_is_not_overwritten(office: Office) -> None:
    before = office.file.read_text()
    with pytest.raises(UsageError, match="there already"):
        init(office.folder)
    assert office.file.read_text() == before


def test_a_workspace_that_could_not_be_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="No space left"):
            init(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert init(tmp_path).read_text().startswith("# The settings")


def test_a_folder_without_a_workspace_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match="bothways init"):
        open_workspace(tmp_path)


def test_a_folder_that_is_gone_while_we_stand_in_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(NoWorkspace):
        open_workspace(Path("."))


def test_a_folder_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"b\xfcro")
    init(odd)
    with pytest.raises(UsageError, match="not UTF-8"):
        open_workspace(odd)


def test_a_folder_with_signs_of_addresses_in_its_name_can_be_used(tmp_path: Path, folder: Path) -> None:
    odd = tmp_path / "Büro #1 50%?"
    init(odd)
    assert sqlite_path(open_workspace(odd).database) == odd / ".bothways" / "ledger.db"
    assert (odd / ".bothways" / "ledger.db").exists()


def test_checking_the_file_touches_no_database(tmp_path: Path, folder: Path) -> None:
    init(tmp_path / "new")
    assert open_workspace(tmp_path / "new", load_only=True).document.syncs == {}
    assert not (tmp_path / "new" / ".bothways").exists()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"version: 1\n# \xff\xfe\n", "2:3"),
        ("version: 1\n# Büro ".encode() + b"\xff\n", "2:8"),
        (b"\xef\xbb\xbfversion: \xff\n", "1:10"),
        (b"\x00\x01", "1:1"),
        ("version: 1\n# Büro \x00\n".encode(), "2:8"),
    ],
)
def test_a_file_that_is_no_text_is_told_with_the_place(office: Office, content: bytes, place: str) -> None:
    office.file.write_bytes(content)
    with pytest.raises(YamlUnreadable) as caught:
        office.open()
    assert caught.value.where == f"bothways.yaml:{place}"


def test_a_file_that_may_not_be_read_is_not_called_wrong(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuses)
    with pytest.raises(SettingsUnreadable, match=r"bothways\.yaml: The settings cannot be read: Permission denied"):
        open_workspace(office.folder)


def test_a_file_that_is_far_too_long_is_told(office: Office) -> None:
    office.file.write_text("# ü\n" * 500_000)
    with pytest.raises(YamlUnreadable, match="too long"):
        office.open()


def test_a_file_with_a_byte_order_mark_is_read(office: Office) -> None:
    office.file.write_bytes(b"\xef\xbb\xbf" + SYNC.encode())
    assert list(office.open().document.syncs) == ["people"]


# --- the database at the door -------------------------------------------------------------------------


def test_a_database_of_another_server_that_is_not_there_is_told(office: Office) -> None:
    office.change("version: 1\n", "version: 1\ndatabase: postgresql://nobody@127.0.0.1:1/nothing\n")
    with pytest.raises(DatabaseUnreachable) as caught:
        office.open()
    assert caught.value.exit_code == 74


def test_a_database_named_by_a_variable_is_used(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.change("version: 1\n", "version: 1\ndatabase: {env: THE_DATABASE}\n")
    monkeypatch.delenv("THE_DATABASE", raising=False)
    with pytest.raises(SecretMissing, match="THE_DATABASE"):
        office.open()
    monkeypatch.setenv("THE_DATABASE", f"sqlite://{office.folder}/elsewhere/x.db")
    office.open()
    assert (office.folder / "elsewhere" / "x.db").exists()


def test_a_database_named_by_a_file_is_used(office: Office) -> None:
    (office.folder / "url").write_text(f"sqlite://{office.folder}/elsewhere/x.db\n")
    office.change("version: 1\n", "version: 1\ndatabase: {file: url}\n")
    office.open()
    assert (office.folder / "elsewhere" / "x.db").exists()
    (office.folder / "url").unlink()
    with pytest.raises(SecretMissing, match="the file url"):
        open_workspace(office.folder)


def test_a_database_is_never_looked_for_in_the_current_folder(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    text = office.file.read_text()
    monkeypatch.setenv("THE_DATABASE", "sqlite:rel.db")
    for database in ("sqlite:rel.db", "sqlite://rel.db", "{env: THE_DATABASE}"):
        office.write(text.replace("version: 1\n", f"version: 1\ndatabase: {database}\n"))
        with pytest.raises(WrongType, match="absolute path"):
            office.open()
    office.write(text.replace("version: 1\n", f"version: 1\ndatabase: sqlite://{office.folder}/rel.db\n"))
    office.open()
    assert (office.folder / "rel.db").exists()
    assert list(here.iterdir()) == []


def test_a_database_of_another_kind_in_a_variable_is_told_without_its_password(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_DATABASE", "mysql://root:hunter2@h/d")
    office.change("version: 1\n", "version: 1\ndatabase: {env: THE_DATABASE}\n")
    with pytest.raises(WrongType, match="the environment variable THE_DATABASE") as caught:
        office.open()
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(office: Office) -> None:
    (office.folder / ".bothways" / "ledger.db").write_text("this is no database, whatever its name says" * 100)
    with pytest.raises(DatabaseDamaged, match="not a database"):
        office.open()


def test_a_database_of_a_newer_program_is_refused(office: Office) -> None:
    office.open()
    with sqlite3.connect(office.folder / ".bothways" / "ledger.db") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_later', '2030-01-01')"
        )
    with pytest.raises(DatabaseNewer, match="newer version"):
        open_workspace(office.folder)


def test_a_folder_that_cannot_be_made_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (office.folder / "file").write_text("")
    monkeypatch.setenv("THE_DATABASE", f"sqlite://{office.folder}/file/x.db")
    office.change("version: 1\n", "version: 1\ndatabase: {env: THE_DATABASE}\n")
    with pytest.raises(DiskFull):
        office.open()


# For root no folder is read-only, so that there is nothing to be refused.
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(office: Office) -> None:
    (office.folder / ".bothways").chmod(0o500)
    with pytest.raises(LedgerError):
        office.open()


# --- revisions ----------------------------------------------------------------------------------------


def test_only_a_changed_sync_makes_a_revision(office: Office) -> None:
    assert revisions(office) == [(1, "on")]
    assert revisions(office) == [(1, "on")]
    office.change("# who we know", "# a comment changes nothing")
    assert revisions(office) == [(1, "on")]
    office.change("state: on", "state: off")
    assert revisions(office) == [(1, "on"), (2, "off")]


def test_a_revision_says_who_and_when(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ana")
    monkeypatch.setattr(workspaces, "time", lambda: 5.0)
    with used(office.open().database):
        assert Revision.objects.get().author == "ana"


def test_a_sync_taken_out_of_the_file_is_off_and_comes_back(office: Office) -> None:
    left, right = office.pair()
    text = office.file.read_text()
    office.write(text.partition("syncs:")[0] + "syncs: {}\n")
    with used(office.open().database):
        assert Sync.objects.get().state == "off"
    assert list_syncs(office.open()) == []
    office.anna.edit(left, name="Dora")
    office.write(text)
    office.run()
    assert office.bert.values(right)["name"] == "Dora"


def test_the_objects_of_a_sync_cannot_change_once_it_links_records(office: Office) -> None:
    office.pair()
    office.anna.object = "things"
    office.change("objects: {Anna: people", "objects: {Anna: things")
    with pytest.raises(SettingsError, match="links records already"):
        office.open()
    office.change("objects: {Anna: things", "objects: {Anna: people")
    assert show_sync(office.open(), "people").revision == 1


def test_the_objects_of_a_sync_cannot_change_though_its_only_pair_was_unlinked(office: Office) -> None:
    left, right = office.pair()
    issues.unlink(office.open(), "people", left, right)
    office.anna.object = "things"
    office.change("objects: {Anna: people", "objects: {Anna: things")
    with pytest.raises(SettingsError, match="links records already"):
        office.open()


def test_what_was_decided_of_records_is_not_taken_for_said_of_another_object(office: Office) -> None:
    left, *_ = (app.add(email="ann@x.test", name="Ann") for app in (office.anna, office.bert, office.bert))
    office.run()
    (issue,) = (each for each in issues.list_issues(office.open(), "people") if each.record == left)
    issues.leave_out(office.open(), issue.id)
    office.anna.object = "things"
    office.anna.edit(left, email="thing@x.test")
    office.change("objects: {Anna: people", "objects: {Anna: things")
    assert issues.list_issues(office.open(), "people") == []
    office.rest()
    assert "thing@x.test" in [item.values["email"] for item in office.bert.live()]


def test_a_stale_file_is_refused_with_what_it_would_change(office: Office) -> None:
    exported = export(office.open(), "people")
    assert "revision: 1\n" in exported
    office.change("max_emptied: 1000", "max_emptied: 7")
    office.open()
    newer = office.file.read_text()
    office.write(exported.replace("first_run: 1000", "first_run: 3"))
    with pytest.raises(StaleSettings) as caught:
        office.open()
    assert "revision 1, now 2" in str(caught.value)
    assert "guards.first_run: 1000 → 3" in str(caught.value)
    assert "guards.max_emptied: 7 → 1000" in str(caught.value)
    office.write(newer)
    assert show_sync(office.open(), "people").revision == 2


def test_an_exported_file_can_be_changed_again_and_again(office: Office) -> None:
    office.write(export(office.open(), "people"))
    for number in (3, 4, 5):
        office.write(office.file.read_text().replace(f"first_run: {number - 1}", f"first_run: {number}"))
        office.write(office.file.read_text().replace("first_run: 1000", f"first_run: {number}"))
        office.open()
    assert "revision: 4\n" in office.file.read_text()
    assert show_sync(office.open(), "people").guards["first_run"] == 5


def test_an_exported_file_says_the_same_as_the_one_it_came_from(office: Office) -> None:
    office.change(
        "    guards:",
        "    match: [{Anna: email, Bert: email, compare: email}]\n"
        "    conflicts: {default_app: Bert, per_field: {name: Anna}}\n"
        "    fields: [{Anna: email, Bert: email}, {Anna: name, Bert: name, direction: to_Bert, when_empty: clear}]\n"
        "    guards:",
    )
    before = show_sync(office.open(), "people")
    office.write(export(office.open(), "people"))
    assert show_sync(office.open(), "people") == before
    assert revisions(office) == [(1, "on")]


def test_a_change_that_the_database_could_not_take_is_taken_the_next_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_workspace(office.folder)
    office.change("max_change: 100%", "max_change: 50%")

    def locked(document: object, now: float, author: str) -> int:
        raise DatabaseLocked()

    with monkeypatch.context() as patched:
        patched.setattr(workspaces, "import_settings", locked)
        with pytest.raises(DatabaseLocked):
            take_over_changes(workspace)
    take_over_changes(workspace)
    assert workspace.sync("people").guards.max_change == 50


def test_change_that_somebody_else_takes_over_at_the_same_moment_becomes_one_revision(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, other = open_workspace(office.folder), open_workspace(office.folder)
    office.change("state: on", "state: off")
    begin = db.transaction_

    def after_the_other() -> AbstractContextManager[None]:
        monkeypatch.setattr(db, "transaction_", begin)
        take_over_changes(other)
        return begin()

    monkeypatch.setattr(db, "transaction_", after_the_other)
    take_over_changes(workspace)
    assert revisions(office) == [(1, "on"), (2, "off")]
