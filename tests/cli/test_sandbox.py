"""``bothways sandbox hubspot``: it answers until Ctrl-C, and goes on with the account of a file."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from bothways.cli.main import main
from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.admin import Admin

PROGRAM = Path(sys.executable).with_name("bothways")


def test_it_answers_until_ctrl_c_and_keeps_the_account(tmp_path):
    file = tmp_path / "account.sqlite3"
    command = [PROGRAM, "sandbox", "hubspot", "--port", "0", "--token", "mine", "--database", file, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        assert (told["format"], told["app"], told["token"]) == ("bothways.sandbox/1", "hubspot", "mine")
        with closing(Admin(told["url"], "mine")) as account:
            id = account.create("contacts", {"email": "ann@example.com"})
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    with HubSpotSandbox(database=str(file)) as hubspot:
        assert hubspot.get("contacts", id) is not None


def test_a_port_that_is_taken_is_told(capsys):
    with HubSpotSandbox() as hubspot:
        port = hubspot.url.rpartition(":")[2]
        assert main(["sandbox", "hubspot", "--port", port]) == 65
    assert f"127.0.0.1:{port} cannot be listened at" in capsys.readouterr().err


def test_a_file_that_holds_no_account_is_told_and_left_as_it_is(tmp_path, capsys):
    file = tmp_path / "notes.txt"
    file.write_text("milk, eggs\n" * 100)
    assert main(["sandbox", "hubspot", "--port", "0", "--database", str(file)]) == 65
    assert "does not hold an account" in capsys.readouterr().err
    assert file.read_text() == "milk, eggs\n" * 100
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as other:
        other.execute("CREATE TABLE lists (id INTEGER)")
    assert main(["sandbox", "hubspot", "--port", "0", "--database", str(tmp_path / "other.sqlite3")]) == 65
    assert "by another version" in capsys.readouterr().err
