"""The command that makes a backup: a file of one's own, never over another."""

import io
import json
import os
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bothways.cli.main import main
from tests.databases import empty_ledger

FILE = "version: 1\n"


def test_backup_is_made_once_and_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bothways.yaml").write_text(FILE)
    made = tmp_path / "copy.tar.gz"
    with empty_ledger(tmp_path):
        assert main(["backup", str(made), "-C", str(tmp_path), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["format"], told["bytes"]) == ("bothways.backup/1", made.stat().st_size)
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        with tarfile.open(fileobj=io.BytesIO(made.read_bytes())) as archive:
            assert archive.getnames() == ["bothways.yaml", ".bothways/ledger.db", "RESTORE.txt"]
        assert main(["backup", str(made), "-C", str(tmp_path)]) == 64
        assert "is there already" in capsys.readouterr().err
        assert main(["backup", str(tmp_path / "no" / "copy"), "-C", str(tmp_path)]) == 74


def test_what_fails_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bothways.yaml").write_text(FILE)
    made = tmp_path / "copy.tar.gz"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bothways.service.backup._pack", full)
    with empty_ledger(tmp_path):
        assert main(["backup", str(made), "-C", str(tmp_path)]) == 74
    assert not made.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device here that is always full")
def test_file_that_cannot_be_written_is_named_and_not_the_disk_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bothways.yaml").write_text(FILE)
    made, real = tmp_path / "copy.tar.gz", os.open

    def open_full(path: Any, *how: Any, **more: Any) -> int:
        return real("/dev/full", os.O_WRONLY) if path == made else real(path, *how, **more)

    monkeypatch.setattr("bothways.cli.backup.os.open", open_full)
    with empty_ledger(tmp_path):
        assert main(["backup", str(made), "-C", str(tmp_path)]) == 74
    told = capsys.readouterr().err
    assert f"the output cannot be written: {made}: No space left on device" in told
    assert "BW-306" in told
