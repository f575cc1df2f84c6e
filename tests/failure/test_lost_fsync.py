"""A power cut in the middle of a run: what was not synced to the disk is gone; nothing is lost or made twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def power_cut(folder: Path, synchronous: str, moments: int) -> dict[str, Any]:
    """Run the program in a process of its own and return its findings."""
    command = [sys.executable, "-m", "tests.failure.power_cut", str(folder)]
    command += ["--synchronous", synchronous, "--moments", str(moments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    findings: dict[str, Any] = json.loads(done.stdout)
    if findings["why_not"]:  # only where SQLite is built into Python, so that its calls to the system cannot be met
        pytest.skip(findings["why_not"])
    return findings


def test_power_cut_at_fifty_moments_loses_no_intent_and_makes_nothing_twice(tmp_path: Path) -> None:
    findings = power_cut(tmp_path, "FULL", 50)
    assert (findings["lost"], findings["broken"]) == ([], [])
    assert findings["moments"] == 50
    assert findings["writes"] == 32
    assert findings["syncs"] > 3 * findings["writes"], "three commits per write: intent, in flight, result"


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_a_weaker_setting_the_same_power_cuts_lose_intents(tmp_path: Path, synchronous: str) -> None:
    """The control: what the test above looks for does happen where the ledger is not synced at every commit."""
    findings = power_cut(tmp_path, synchronous, 10)
    assert findings["lost"]
    assert any("written too often" in moment for moment in findings["broken"])
