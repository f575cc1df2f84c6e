"""A workspace on disk between two apps in memory, as the tests of the service layer and the jobs need it.

Nothing here imports Django before ``bothways.service`` has prepared it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bothways import boot
from bothways.connectors import registry
from bothways.connectors.base import Setting
from bothways.jobs import now
from bothways.records import Field
from bothways.service import preview
from bothways.service.views import PlanView, RunView
from bothways.service.workspace import Workspace, open_workspace
from tests.databases import lay_ledger
from tests.memory_app import PEOPLE, Clock, ManyObjects, MemoryApp, MemoryConnector, Traits

SYNC = """\
version: 1
apps:
  Anna: {connector: memory}   # the first
  Bert: {connector: memory}
syncs:
  people:   # who we know
    state: on
    objects: {Anna: people, Bert: people}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
"""


class Locked(MemoryConnector):
    """An app in memory that wants a user and a password, and shows what it got."""

    category = "Vault"
    quota = 1000
    settings = (
        Setting("url", "Address", example="https://..."),
        Setting("user", "User name", auth=True),
        Setting("password", "Password", auth=True, secret=True),
        Setting("port", "Port", required=False, default="443"),
    )


class Office:
    """Two apps, Anna and Bert, and the workspace that keeps their people in step."""

    def __init__(
        self,
        folder: Path,
        text: str = SYNC,
        anna: Traits | None = None,
        bert: Traits | None = None,
        *,
        fields: Sequence[Field] = PEOPLE,
        bert_fields: Sequence[Field] | None = None,
    ) -> None:
        self.folder, self.file, self.clock = folder, folder / "bothways.yaml", Clock()
        self.anna = MemoryApp("Anna", self.clock, anna or Traits(), fields)
        self.bert = MemoryApp("Bert", self.clock, bert or Traits(), bert_fields or fields)
        self._opened: tuple[bytes, Workspace] | None = None
        lay_ledger(folder)
        self.write(text)

    def write(self, text: str) -> None:
        """Write the settings file."""
        self.file.write_text(textwrap.dedent(text), encoding="utf-8")

    def change(self, old: str, new: str) -> None:
        """Edit the settings file."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in the settings"
        self.write(text.replace(old, new))

    def open(self) -> Workspace:
        """Open the workspace; until its file changes it is the same one, its apps connected anew each time."""
        text = self.file.read_bytes()
        if self._opened is None or self._opened[0] != text:
            self._opened = (text, open_workspace(self.folder))
        workspace = self._opened[1]
        workspace.clock = self.clock
        workspace.opened.clear()
        return workspace

    def run(self, *, full: bool = False, approved: bool = False, sync: str = "people") -> RunView:
        """Run the sync a minute later."""
        self.clock.advance(60)
        return now.run_sync(self.open(), sync, full=full, approved=approved)

    def plan(self, sync: str = "people") -> PlanView:
        """Plan a minute later."""
        self.clock.advance(60)
        return preview.plan(self.open(), sync)

    def apply(self, plan: PlanView, *, approved: bool = True) -> RunView:
        """Apply a plan a little later."""
        self.clock.advance(1)
        return now.apply_plan(self.open(), plan.id, approved=approved)

    def rest(self) -> RunView:
        """Run until nothing is written twice in a row, and return the last run."""
        for _ in range(8):
            first, second = self.run(), self.run()
            if not any((*first.created.values(), *first.updated.values(), *second.created.values())):
                return second
        raise AssertionError("not at rest after 16 runs")

    def pair(self, name: str = "Dana", **more: str) -> tuple[str, str]:
        """Let both apps know a person, linked and at rest; return both ids."""
        held = {"email": f"{name.lower()}@x.test", "name": name, **more}
        ids = self.anna.add(**held), self.bert.add(**held)
        self.rest()
        return ids

    @property
    def writes(self) -> int:
        """How many records were written in both apps so far."""
        return len(self.anna.writes) + len(self.bert.writes)


def plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry know the connectors of these tests, and no other."""
    kinds = {"memory": MemoryConnector, "locked": Locked, "many": ManyObjects}
    monkeypatch.setattr(registry, "_points", lambda: dict.fromkeys(kinds))
    monkeypatch.setattr(registry, "connectors", lambda: dict(kinds))

    def find(name: str) -> type[MemoryConnector] | type[ManyObjects]:
        if name not in kinds:
            raise registry.UnknownConnector(name=name, hint=registry._hint(name, sorted(kinds)))
        return kinds[name]

    monkeypatch.setattr(registry, "connector_class", find)


@contextmanager
def office_on(server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Give an office a database of its own on a PostgreSQL server, named by its URL."""
    with psycopg.connect(server, autocommit=True) as link:
        link.execute("DROP DATABASE IF EXISTS office WITH (FORCE)")
        link.execute("CREATE DATABASE office")
    monkeypatch.setenv("THE_DATABASE", f"{server.rpartition('/')[0]}/office")
    office = Office(folder)
    office.change("version: 1\n", "version: 1\ndatabase: {env: THE_DATABASE}\n")
    try:
        yield office
    finally:
        boot.setup("sqlite:///:memory:")
