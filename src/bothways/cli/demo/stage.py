"""Where the demo plays: two servers, a workspace, and the command line as a user would type it."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bothways.cli.demo.people import Snapshot, snapshot
from bothways.cli.terminal import Terminal
from bothways.sandbox.hubspot import Admin, start
from bothways.sandbox.people import build
from bothways.sandbox.processes import quick_folder
from bothways.sandbox.radicale import Radicale, radicale

RATE = 190
"""Calls per ten seconds that the HubSpot of the demo allows."""

_SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]        # the two servers of this demo run on this machine
apps:
  hubspot:
    connector: hubspot
    base_url: {hubspot}
    auth: {{token: {{env: HUBSPOT_TOKEN}}}}
  addressbook:
    connector: carddav
    url: {book}
    calls_per_second: 100       # it is our own server
    auth: {{username: {{env: BOOK_USER}}, password: {{env: BOOK_PASSWORD}}}}
syncs:
  contacts:
    state: on
    objects: {{hubspot: contacts, addressbook: contacts}}
    send: {{hubspot: all, addressbook: all}}
    require: []                 # people without an e-mail address, too
    match: [{{hubspot: email, addressbook: email, compare: email}}]
    conflicts: {{default_app: hubspot, when_empty: keep}}
"""


@dataclass(slots=True)
class Stage:
    """``checks`` collects every check that was made, with whether it held."""

    terminal: Terminal
    folder: Path
    hubspot: Admin
    book: Radicale
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def title(self, text: str) -> None:
        """Begin a step."""
        self.terminal.lines(["", f"── {text} {'─' * max(76 - len(text), 2)}"])

    def tell(self, *lines: str) -> None:
        """Say something."""
        self.terminal.lines(lines)

    def check(self, what: str, held: bool, otherwise: object = "") -> None:
        """Note whether something is as it should be, and show it; ``otherwise`` is what was found instead."""
        self.checks.append((what, held))
        self.terminal.lines([f"✓ {what}" if held else f"! Not so: {what}. {otherwise}".rstrip()])

    @property
    def failed(self) -> list[str]:
        """The checks that did not hold."""
        return [what for what, held in self.checks if not held]

    @property
    def environment(self) -> dict[str, str]:
        """The environment with the secrets that bothways.yaml names."""
        secrets = {
            "HUBSPOT_TOKEN": self.hubspot.token,
            "BOOK_USER": self.book.user,
            "BOOK_PASSWORD": self.book.password,
        }
        return {**os.environ, **secrets, "PYTHONIOENCODING": "utf-8"}

    def bothways(self, line: str, *, ends_with: Sequence[int] = (0,)) -> str:
        """Run a command of the command line, show it and its output, check its exit code, return the output."""
        self.terminal.lines(["", f"$ bothways {line}"])
        command = [sys.executable, "-m", "bothways.cli.main", *shlex.split(line)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        self.terminal.lines(done.stdout.splitlines())
        if done.returncode not in ends_with:
            self.check(f'"bothways {line}" succeeds', False, f"It ended with {done.returncode}.")
        return done.stdout

    def look(self) -> Snapshot:
        """Read both servers."""
        return snapshot(self.hubspot, self.book)


def number_in(pattern: str, text: str) -> int | None:
    """Return the number that the group of a pattern finds in an output, None if it finds nothing."""
    found = re.search(pattern, text, re.MULTILINE)
    return int(found[1].replace(",", "")) if found else None


def id_in(kind: str, text: str) -> str:
    """Return the last id of a plan or run ("p", "r") in an output, "" if there is none."""
    found = re.findall(rf"\b{kind}_\d+\b", text)
    return found[-1] if found else ""


@contextlib.contextmanager
def stage(terminal: Terminal) -> Iterator[Stage]:
    """Start both servers, fill them and write the workspace; all is gone after the block."""
    people = build()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-demo-")))
        storage = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-demo-", dir=quick_folder())))
        hubspot = stack.enter_context(start(storage / "hubspot", rate=RATE))
        hubspot.seed("contacts", people.contacts)
        book = stack.enter_context(radicale(storage / "book", people.cards))
        (folder / "bothways.yaml").write_text(_SETTINGS.format(hubspot=hubspot.url, book=book.book))
        yield Stage(terminal, folder, hubspot, book)
