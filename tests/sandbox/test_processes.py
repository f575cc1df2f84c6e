"""Servers of the sandbox start, and end with whoever started them."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bothways.sandbox import processes
from bothways.sandbox.processes import DidNotStart, quick_folder, running

READY = r"listening on (http://127\.0\.0\.1:\d+)"


def gone(pid: int, within: float = 10.0) -> bool:
    """Tell whether a process ends within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):  # it may go between being opened and being read
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_server_is_up_inside_the_block_and_gone_after_it(tmp_path):
    with running("bothways.sandbox.hubspot", [], tmp_path / "log", READY) as (url,):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"{url}/crm/v3/objects/contacts", timeout=5)
        assert refusal.value.code == 401
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)


def test_what_does_not_start_says_why(tmp_path):
    with (
        pytest.raises(DidNotStart, match="unrecognized arguments: --nonsense"),
        running("bothways.sandbox.hubspot", ["--nonsense"], tmp_path / "log", READY),
    ):
        pass


# Only Linux shows them there; elsewhere the test has no way to see whether they are gone.
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_a_server_ends_when_its_starter_is_killed(tmp_path):
    program = (
        "import pathlib, sys, time\n"
        "from bothways.sandbox.processes import running\n"
        f"with running('bothways.sandbox.hubspot', [], pathlib.Path({str(tmp_path)!r}) / 'log', {READY!r}):\n"
        "    print('up', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"up\n"
    (keeper,) = children_of(starter.pid)
    (server,) = children_of(keeper)
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    assert gone(server)
    assert gone(keeper)


def test_memory_is_used_for_throw_away_data_where_it_has_room_and_tmpdir_says_nothing_else(tmp_path, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(processes, "MEMORY", tmp_path)
    monkeypatch.setattr(processes, "ROOM", 0)
    assert quick_folder() == str(tmp_path)
    monkeypatch.setattr(processes, "ROOM", 1 << 62)
    assert quick_folder() is None
    monkeypatch.setattr(processes, "ROOM", 0)
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert quick_folder() is None
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(processes, "MEMORY", tmp_path / "none")
    assert quick_folder() is None
