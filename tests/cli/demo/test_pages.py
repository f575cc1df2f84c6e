"""The pages at the end of the demo: served by ``bothways up`` until Ctrl-C."""

import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

WITHOUT_STEPS = """\
import sys
from bothways.cli.demo import command
from bothways.cli.main import main
command.STEPS = ()
sys.exit(main(["demo", *sys.argv[1:]]))
"""


@pytest.mark.server("radicale")
def test_pages_are_there_until_ctrl_c_and_the_link_makes_an_account():
    demo = subprocess.Popen(
        [sys.executable, "-u", "-c", WITHOUT_STEPS, "--keep"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if "until Ctrl-C" in line:
            break
    link = next(line.partition("The pages: ")[2].strip() for line in said if line.startswith("The pages: "))
    with urllib.request.urlopen(link) as answer:
        assert "Make your account" in answer.read().decode()
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert "2 of 2 checks held.\n" in said
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(link)


@pytest.mark.server("radicale")
def test_without_a_terminal_they_answer_and_end():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_STEPS], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, "✓ The sign-in page answers" in done.stdout) == (0, True)
    assert "until Ctrl-C" not in done.stdout
