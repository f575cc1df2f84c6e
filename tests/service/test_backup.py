"""A backup: what is in it, what is not, and that a workspace made from it goes on."""

import io
import sqlite3
import tarfile
import threading
from pathlib import Path

import pytest

from bothways.errors import NoBackupOfServer, NotAllowed
from bothways.ledger.models import Session
from bothways.service import accounts, records
from bothways.service.backup import made_backup, write_backup
from bothways.service.database import used
from bothways.service.rights import Actor, Role
from bothways.service.workspace import open_workspace
from tests.office import Office

TYPED = ".bothways/secrets/Anna_token"


def backup_of(office: Office) -> bytes:
    """Make a backup."""
    file = io.BytesIO()
    write_backup(office.open(), file)
    return file.getvalue()


def unpacked(backup: bytes, folder: Path) -> list[str]:
    """Unpack a backup and return what was in it."""
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(backup)) as archive:
        archive.extractall(folder, filter="data")
        return sorted(archive.getnames())


def test_workspace_made_from_a_backup_goes_on_where_it_was_made(office: Office, tmp_path: Path) -> None:
    left, right = office.pair("Dana")
    backup = backup_of(office)
    office.anna.add(email="eve@x.test", name="Eve")
    office.run()
    names = unpacked(backup, tmp_path / "again")
    assert names == [".bothways/ledger.db", "RESTORE.txt", "bothways.yaml"]
    workspace = open_workspace(tmp_path / "again")
    rows = records.list_records(workspace, "people").rows
    assert [each.ids for each in rows] == [{"Anna": left, "Bert": right}]
    assert (tmp_path / "again" / "bothways.yaml").read_text() == office.file.read_text()


def test_secrets_sessions_and_links_are_not_in_it(office: Office, tmp_path: Path) -> None:
    workspace = office.open()
    typed = office.folder / TYPED
    typed.parent.mkdir(parents=True)
    typed.write_text("a typed secret")
    word = accounts.make_link(workspace)
    with used(workspace.database):
        Session.objects.create(session_key="the-key-of-a-session", session_data="held", expire_date="2030-01-01T00:00Z")
    backup = backup_of(office)
    unpacked(backup, tmp_path / "again")
    copy = (tmp_path / "again" / ".bothways" / "ledger.db").read_bytes()
    for secret in ("the-key-of-a-session", accounts.digest_of(word)):
        assert secret.encode() not in copy
        assert secret.encode() in _whole(office)
    assert not (tmp_path / "again" / TYPED).exists()
    with used(workspace.database):
        assert Session.objects.count() == 1
        assert accounts.deeds(workspace)[0].what == "made a backup"


def _whole(office: Office) -> bytes:
    return b"".join(each.read_bytes() for each in (office.folder / ".bothways").glob("ledger.db*"))


def test_copy_is_of_one_moment_while_others_write(office: Office, tmp_path: Path) -> None:
    """Two tables are changed together, over and over: a copy never has one change without the other."""
    office.pair("Dana")
    path = office.folder / ".bothways" / "ledger.db"
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        link = sqlite3.connect(path, timeout=20, isolation_level=None)
        number = 0
        while not stop.is_set():
            number += 1
            link.execute("BEGIN IMMEDIATE")
            link.execute("UPDATE sync SET failed=?", (number,))
            link.execute("UPDATE connection SET failed=?", (number,))
            link.execute("COMMIT")
            begun.set()
        link.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(20)
        backups = [backup_of(office) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    for place, backup in enumerate(backups):
        unpacked(backup, tmp_path / str(place))
        copy = sqlite3.connect(tmp_path / str(place) / ".bothways" / "ledger.db")
        numbers = {*copy.execute("SELECT failed FROM sync"), *copy.execute("SELECT failed FROM connection")}
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        copy.close()
        assert len(numbers) == 1


def test_nothing_is_left_behind_beside_the_database(office: Office) -> None:
    before = sorted(each.name for each in (office.folder / ".bothways").iterdir())
    with made_backup(office.open()) as file, tarfile.open(fileobj=file) as archive:
        assert archive.getnames()[0] == "bothways.yaml"
    assert sorted(each.name for each in (office.folder / ".bothways").iterdir()) == before


def test_only_an_admin_may(office: Office) -> None:
    workspace = office.open()
    workspace.actor = Actor("Edo", Role.EDITOR)
    with pytest.raises(NotAllowed):
        made_backup(workspace)


def test_of_a_server_it_is_said_how(office: Office) -> None:
    workspace = office.open()
    workspace.database = "postgresql://nowhere/none"
    with pytest.raises(NoBackupOfServer, match="own tools"):
        write_backup.__wrapped__(workspace, io.BytesIO())  # type: ignore[attr-defined]
