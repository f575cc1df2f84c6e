"""``bothways`` as a process of its own, between two HubSpot stand-ins: signals, pipes, and what a shell sees."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bothways.cli.main import main
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.databases import empty_ledger

PROGRAM = Path(sys.executable).with_name("bothways")
SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  shop: {{connector: hubspot, base_url: "{shop}", auth: {{token: {{env: SHOP}}}}}}
  club: {{connector: hubspot, base_url: "{club}", auth: {{token: {{env: CLUB}}}}}}
syncs:
  people:
    state: on
    objects: {{shop: contacts, club: contacts}}
    match:
      - {{shop: email, club: email, compare: email}}
    conflicts: {{default_app: shop}}
    guards: {{first_run: 1000}}
"""


class Shell:
    """Two accounts, a workspace between them, and a way to call the program."""

    def __init__(self, folder, shop, club):
        self.folder, self.shop, self.club = folder, shop, club
        self.environment = {**os.environ, "SHOP": shop.token, "CLUB": club.token}
        (folder / "bothways.yaml").write_text(SETTINGS.format(shop=shop.url, club=club.url))

    def start(self, *arguments, **options):
        """Start the program; both its streams are pipes of text."""
        command = [PROGRAM, "-C", self.folder, *arguments]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environment, text=True, **streams | options)

    def call(self, *arguments):
        """Run the program to its end; answer code, stdout, stderr."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def people(self):
        """Return what both accounts hold, as sorted pairs of e-mail and first name."""
        return [
            sorted((values["email"], values["firstname"]) for values in account.records("contacts").values())
            for account in (self.shop, self.club)
        ]


@pytest.fixture
def shell(tmp_path):
    with (
        HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as shop,
        HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as club,
    ):
        shop.seed("contacts", [{"email": f"p{n}@x.example", "firstname": f"Person {n}"} for n in range(30)])
        club.seed("contacts", [{"email": f"p{n}@x.example", "firstname": f"Person {n}"} for n in range(20, 40)])
        yield Shell(tmp_path, shop, club)


def wait_until(holds, seconds=30.0):
    """Wait for something another process does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_ctrl_c_in_the_middle_of_a_write_loses_nothing_and_makes_nothing_twice(shell):
    shell.club.fault("slow", match="batch/create", seconds=1)
    process = shell.start("run", "people")
    wait_until(lambda: not shell.club.faults_waiting())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("Error: Interrupted.")
    assert err.rstrip().endswith("run people (BW-901)")
    assert "Traceback" not in err
    wait_until(lambda: shell.club.calls["batch/create"])
    for _ in range(2):
        shell.shop.advance(120)
        shell.club.advance(120)
        code, _, err = shell.call("run", "people")
        assert code == 0, err
    shop, club = shell.people()
    assert shop == club
    assert len(shop) == 40


def test_watch_prints_each_run_keeps_others_out_and_ends_by_a_signal(shell):
    process = shell.start("watch", "--json")
    run = json.loads(process.stdout.readline())
    assert (run["format"], run["created"]) == ("bothways.run/1", {"shop": 10, "club": 20})
    code, _, err = shell.call("run", "people")
    assert (code, "BW-303" in err) == (75, True)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(err.splitlines()[-1])["code"] == "BW-901"


def test_a_pipe_closed_early_keeps_the_exit_code(shell):
    process = shell.start("plan", "people", "--show", "all", "--exit-code")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), err) == (2, "")


def test_a_wrong_token_is_told_without_the_token(shell, monkeypatch, capsys):
    monkeypatch.setenv("SHOP", "pat-na1-not-the-token")
    monkeypatch.setenv("CLUB", shell.club.token)
    with empty_ledger(shell.folder):
        assert main(["-C", str(shell.folder), "run", "people", "--json"]) == 77
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["code"] == "BW-202"
    assert "pat-na1" not in err
