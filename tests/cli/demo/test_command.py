"""However the demo is ended, its servers and its folders end with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.server("radicale"),
    # Only Linux shows processes and their children there.
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are looked up in /proc"),
]


def children_of(pid: int) -> list[int]:
    """Return the processes below one, children of children included."""
    found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [below for each in found for below in children_of(each)]


def gone(pid: int, within: float = 15.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):  # it may go between being opened and being read
            return True
        os.sched_yield()
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_server_outlives_the_demo(number, tmp_path):
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "bothways.cli.demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    )
    assert demo.stdout is not None
    assert any("addresses are held by two cards" in line for line in demo.stdout)
    servers = children_of(demo.pid)
    assert len(servers) >= 4
    demo.send_signal(number)
    demo.communicate(timeout=30)
    assert demo.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert all(gone(pid) for pid in servers)
    if number != signal.SIGKILL:
        assert not list(tmp_path.glob("bothways-demo-*"))
