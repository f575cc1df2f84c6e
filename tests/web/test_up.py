"""``bothways up`` as a process: it says where it answers, refuses a second one, and ends when told to."""

import json
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


@pytest.mark.parametrize("command", ["up", "web"])
def test_log_in_json_is_one_document_per_line_on_stderr_and_nothing_on_stdout(folder: Path, command: str) -> None:
    words = [*COMMAND, "-C", str(folder), command, "--port", "0", "--log-format", "json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        begun, ready = json.loads(process.stderr.readline()), json.loads(process.stderr.readline())
        with urllib.request.urlopen(f"{ready['address']}/readyz") as answer:
            assert answer.status == 200
        (folder / "bothways.yaml").write_text("version: 2\n")
        failure = json.loads(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        rest, told = process.stdout.read() if process.stdout else "", process.stderr.read()
    assert process.returncode == 0
    assert (begun["event"], ready["event"], begun["level"]) == ("begun", "ready", "info")
    assert (failure["event"], failure["code"], failure["level"]) == ("failure", "BW-105", "error")
    assert (rest, told) == ("", "")


def test_failure_that_ends_it_is_the_last_line_of_the_log(folder: Path) -> None:
    (folder / "bothways.yaml").write_text("version: 2\n")
    refused = _run(folder, "web", "--port", "0", "--log-format", "json")
    assert refused.returncode == 65
    assert [json.loads(line)["code"] for line in refused.stderr.splitlines()] == ["BW-105"]
