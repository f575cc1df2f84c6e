"""A workspace between two accounts of the stand-in for HubSpot, and the ``bothways up`` that serves it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bothways.sandbox.hubspot import APP_SECRET, Admin, start
from tests.browser.slow_line import SlowLine
from tests.consenting import SECRET_NAME

COMMAND = (sys.executable, "-m", "bothways.cli.main")
PATIENCE = 60.0
"""Seconds until what does not happen counts as broken."""

SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  east:
    connector: hubspot
    base_url: "{east}"
    auth: {{token: {{env: EAST_TOKEN}}, webhook_secret: {{env: SECRET}}}}
  west: {{connector: hubspot, base_url: "{west}", auth: {{token: {{env: WEST_TOKEN}}}}}}
"""
"""Both apps, and no sync."""

EMPTY = "version: 1\nallow_hosts: [127.0.0.1]\n"
"""No app, as after the installation."""

SECRET = "a secret of webhooks"
ENDED = {"event": "ended"}
STOPS = ("StoppedByBrake", "UnknownField")
"""Failures by which a sync stops for a person, as journeys have it do."""
IN_STEP = (0, 3, 4)
"""Exit codes: done; done, and some records fail, or are held."""


LINES: list[SlowLine] = []
"""The line over which browsers reach the pages; none: straight."""


@dataclass
class House:
    """``url`` is where the pages are, ``log`` what the process said so far, a document per line.

    ``meant`` are the codes of failures that tests bring about.
    """

    folder: Path
    east: Admin
    west: Admin
    url: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)
    meant: frozenset[str] = frozenset()
    _port: int = 0
    _said: threading.Condition = field(default_factory=threading.Condition)
    _keeper: subprocess.Popen[str] | None = None
    _listening: threading.Thread | None = None

    def serve(self) -> None:
        """Serve it until it is closed or killed, at the address that it had before if it had one."""
        heard = len(self.log)
        up = [*COMMAND, "up", "--port", str(self._port), "--log-format", "json"]
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "bothways.sandbox.keeper", *up],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stderr is not None
        self._listening = threading.Thread(target=self.listen, args=(self._keeper.stderr,))
        self._listening.start()
        self.until(lambda: any(each["event"] == "ready" for each in self.log[heard:]))
        if not self._port:
            self.url = next(each["address"] for each in self.log[heard:] if each["event"] == "ready")
            self._port = urlsplit(self.url).port or 0
            self.url = LINES[0].before(self.url) if LINES else self.url

    def kill(self) -> None:
        """Kill the process that serves it: no moment is left to it to put anything in order."""
        assert self._keeper is not None
        (child,) = Path(f"/proc/{self._keeper.pid}/task/{self._keeper.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End the process that serves it."""
        if self._keeper is None or self._listening is None:
            return
        assert self._keeper.stdin is not None
        assert self._keeper.stderr is not None
        self._keeper.stdin.close()
        self._keeper.wait(PATIENCE)
        self._listening.join()
        self._keeper.stderr.close()
        self._keeper = self._listening = None

    @property
    def file(self) -> Path:
        """The settings file."""
        return self.folder / "bothways.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """The environment with the secrets that the settings file names."""
        secrets = {"EAST_TOKEN": self.east.token, "WEST_TOKEN": self.west.token, "SECRET": SECRET}
        return {**os.environ, **secrets, SECRET_NAME: APP_SECRET}

    def bothways(self, *words: str) -> str:
        """Run a command beside the process, and return what it printed."""
        done = subprocess.run(
            [*COMMAND, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode in IN_STEP, done.stderr
        return done.stdout.strip()

    def run(self, sync: str) -> dict[str, Any]:
        """Have a sync run as somebody at the command line does, wait for its end, and return what it did."""
        done: dict[str, Any] = json.loads(self.bothways("run", sync, "--json"))
        return done

    def link(self, role: str = "admin") -> str:
        """Return a one-time link to the pages."""
        return self.bothways("user", "link", "--role", role, "--url", self.url)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at again whenever the process has said something, as after a run."""
        end = time.monotonic() + PATIENCE
        while True:
            heard = len(self.log)
            if true():
                return
            with self._said:
                more = self._said.wait_for(partial(self._has_more, heard), end - time.monotonic())
            if not more or self.log[heard] == ENDED:
                raise AssertionError(f"it did not come to that; the process said: {self.log[-10:]}")

    def _has_more(self, heard: int) -> bool:
        return len(self.log) > heard

    def runs(self, sync: str) -> list[dict[str, Any]]:
        """Return the runs of a sync so far."""
        return [each for each in self.log if each["event"] == "run" and each["sync"] == sync]

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What the process took for an error, and neither stops a sync on purpose nor was meant by a test."""
        found = [each for each in self.log if each.get("level") == "error" and each.get("error") not in STOPS]
        return [each for each in found if each.get("code") not in self.meant]

    def listen(self, lines: Iterable[str]) -> None:
        """Take in what the process says until it ends."""
        for line in lines:
            self._hear(
                json.loads(line) if line.startswith("{") else {"event": "words", "level": "error", "words": line}
            )
        self._hear(ENDED)

    def _hear(self, said: dict[str, Any]) -> None:
        with self._said:
            self.log.append(said)
            self._said.notify_all()


@contextmanager
def accounts() -> Iterator[tuple[Admin, Admin]]:
    """Run two accounts without limits, each in a process of its own."""
    with start(rate=0, client_secret=SECRET) as east, start(rate=0) as west:
        yield east, west


@contextmanager
def house(folder: Path, east: Admin, west: Admin, syncs: str = "", settings: str = SETTINGS) -> Iterator[House]:
    """Serve a workspace in ``folder`` with these syncs; it answers inside the block, and is gone after it."""
    here = House(folder, east, west)
    here.file.write_text(settings.format(east=east.url, west=west.url) + syncs, encoding="utf-8")
    try:
        here.serve()
        yield here
    finally:
        here.close()
