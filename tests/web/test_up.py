"""``bothways up`` as a process: it says where it answers, refuses a second one, and ends when told to."""

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "bothways.cli.main"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run([*COMMAND, "-C", str(tmp_path), "init"], check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def up(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "-C", str(folder), "up", "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    """Return the address that a process says it answers at."""
    assert process.stderr is not None
    found = next(re.search(r"http://\S+", line) for line in process.stderr if "answered at" in line)
    assert found is not None
    return found.group()


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "-C", str(folder), *words], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_end(up: subprocess.Popen[str], told: signal.Signals) -> None:
    with urllib.request.urlopen(f"{_address(up)}/readyz") as answer:
        assert answer.status == 200
    up.send_signal(told)
    assert up.wait(timeout=30) == 0


def test_second_one_on_the_same_database_is_refused_and_reading_commands_work_beside_it(
    up: subprocess.Popen[str], folder: Path
) -> None:
    with urllib.request.urlopen(f"{_address(up)}/readyz"):
        second = _run(folder, "up", "--port", "0")
    assert (second.returncode, "BW-303" in second.stderr) == (75, True)
    assert _run(folder, "status").returncode == 0


def test_address_that_is_in_use_is_refused_at_the_door(up: subprocess.Popen[str], folder: Path, tmp_path: Path) -> None:
    port = _address(up).rpartition(":")[2]
    refused = _run(folder, "web", "--port", port)
    assert (refused.returncode, "BW-189" in refused.stderr) == (65, True)
