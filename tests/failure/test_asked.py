"""What a person asks for beside ``bothways up``, as processes: done by it, and by the next one if it is killed."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bothways.sandbox.hubspot import HubSpotSandbox
from tests.failure.proxy import Moment, Proxy
from tests.hooked_accounts import secrets, settings

COMMAND = [sys.executable, "-m", "bothways.cli.main"]
PEOPLE = 4


def until(true: Callable[[], object], seconds: float = 60.0) -> bool:
    """Wait until something holds; tell whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


@dataclass
class Site:
    """Two accounts, of which the east one knows people whom the west one does not; a proxy stands before the west."""

    folder: Path
    east: HubSpotSandbox
    west: HubSpotSandbox
    proxy: Proxy
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, "-C", str(self.folder), *words],
            env=os.environ | secrets(self.east, self.west),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def up(self) -> subprocess.Popen[str]:
        """Start the service and wait until it answers."""
        process = self.start("up", "--port", "0")
        assert process.stderr is not None
        assert any(re.search(r"answered at", line) for line in process.stderr)
        return process

    def call(self, *words: str) -> tuple[int, Any, str]:
        """Run a command to its end; return its exit code, its document and what it said of errors."""
        process = self.start(*words, "--json", "--quiet")
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out else None, err

    def names(self) -> list[str]:
        return sorted(str(each.get("firstname")) for each in self.west.records("contacts").values())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with HubSpotSandbox() as east, HubSpotSandbox() as west, Proxy(west.url) as proxy:
        for number in range(PEOPLE):
            east.create("contacts", {"email": f"p{number}@x.test", "firstname": f"P{number}"})
        text = settings(east, west).replace(west.url, proxy.url)
        text = text.replace("schedule: {every: 60s}", "schedule: {every: 10s}\n    guards: {first_run: 1}")
        (tmp_path / "bothways.yaml").write_text(text)
        site = Site(tmp_path, east, west, proxy)
        try:
            yield site
        finally:
            for process in site.processes:
                process.kill()
                process.communicate()


def test_brake_is_released_and_a_run_undone_beside_a_service_that_is_killed_in_the_midst(site: Site) -> None:
    first = site.up()
    assert until(lambda: site.names() == ["P0"]), "the first run writes one record and waits to be looked at"

    code, _, err = site.call("run", "people")
    assert (code, json.loads(err)["code"]) == (5, "BW-400")
    code, done, err = site.call("run", "people", "--yes")
    assert (code, done["state"], done["created"]["west"]) == (0, "done", PEOPLE - 1), err
    assert site.names() == [f"P{number}" for number in range(PEOPLE)]

    site.proxy.arm(Moment("write", 1, "after"), first.kill)
    waiting = site.start("undo", done["id"], "--yes", "--json")
    assert first.wait(60) != 0, "killed when the app had done what it was asked for, and before it could say so"
    second = site.up()
    out, err = waiting.communicate(timeout=120)
    assert waiting.returncode == 0, err
    assert json.loads(out)["run"] == done["id"]
    assert site.names() == ["P0"]

    assert site.call("pause")[0] == 0
    code, _, err = site.call("run", "people", "--yes")
    assert (code, json.loads(err)["code"]) == (65, "BW-196")
    assert site.call("status")[1]["syncs"][0]["next"]["why"] == "paused"
    assert site.call("resume")[0] == 0
    assert site.call("sync", "delete", "people", "--yes")[0] == 0
    assert second.poll() is None
    second.terminate()
    assert second.wait(30) == 0
    assert site.names() == ["P0"], "what an undo took back is not done again"
