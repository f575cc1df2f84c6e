"""Killed (kill -9) while an alert is being sent, ``bothways up`` sends it when it is started again, by the same id."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.mail_server import mail_server

COMMAND = [sys.executable, "-m", "bothways.cli.main", "-C"]

SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
alerts:
  mail: {{to: [ops@example.com], from: bothways@example.com, smtp: {{host: 127.0.0.1, port: {port}, security: none}}}}
apps:
  east: {{connector: hubspot, auth: {{token: {{env: NOBODY_SETS_THIS}}}}}}
  west: {{connector: hubspot, auth: {{token: {{env: NOBODY_SETS_THIS}}}}}}
syncs:
  people: {{state: on, objects: {{east: contacts, west: contacts}}}}
"""


@contextmanager
def up(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, str(folder), "up", "--port", "0"]
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def listed(folder: Path) -> list[dict[str, object]]:
    """Return the alerts as another process sees them."""
    done = subprocess.run([*COMMAND, str(folder), "alerts", "list", "--json"], capture_output=True, check=True)
    return list(json.loads(done.stdout)["alerts"])


@pytest.mark.slow
def test_alert_that_was_being_sent_is_sent_after_the_kill_by_the_same_id(tmp_path: Path) -> None:
    with mail_server() as mailbox:
        mailbox.hold = threading.Event()
        (tmp_path / "bothways.yaml").write_text(SETTINGS.format(port=mailbox.port))
        with up(tmp_path) as first:
            assert mailbox.arrived.wait(60), (tmp_path / "log").read_text()
            first.kill()
            first.wait()
        [alert] = listed(tmp_path)
        assert (alert["sent_at"], alert["subject"]) == (None, "east fails (BW-116)")
        mailbox.hold.set()
        mailbox.arrived.clear()
        with up(tmp_path) as second:
            assert mailbox.arrived.wait(60), (tmp_path / "log").read_text()
            second.send_signal(signal.SIGTERM)
            assert second.wait(60) == 0, "what was begun is ended first"
        [sent] = listed(tmp_path)
        assert sent["sent_at"] is not None
        assert {str(mail["Message-ID"]) for mail in mailbox.mails} == {f"<{alert['id']}@example.com>"}
        assert len(mailbox.mails) == 2, "the server had the first before the kill, but nobody heard it say so"
