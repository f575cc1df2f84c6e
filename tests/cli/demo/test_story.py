"""The whole demo, as it is run without a terminal."""

import os
import re
import subprocess
import sys

import pytest

from bothways.cli.demo.story import STEPS


@pytest.mark.slow
@pytest.mark.server("radicale")
def test_every_check_of_the_demo_holds():
    done = subprocess.run(
        [sys.executable, "-m", "bothways.cli.demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Not so" not in done.stdout
    held = re.search(r"^(\d+) of (\d+) checks held\.$", done.stdout, re.MULTILINE)
    assert held is not None
    assert held[1] == held[2]
    assert done.stdout.count("\n── ") == len(STEPS) + 2
    assert "✓ The sign-in page answers\n✓ The welcome page answers\n" in done.stdout
