"""Two HubSpot accounts whose people and companies are kept in step; one lets us in by OAuth and keeps a journal.

Nothing runs by itself: a worker is led step by step, on the accounts' clock, which moves only when told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bothways.connectors.hubspot.facts import JOURNAL_SCOPES
from bothways.errors import BothwaysError, OurFault
from bothways.jobs.chronicling import Chronicling
from bothways.jobs.now import run_sync
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import turns
from bothways.sandbox.hubspot import APP_SECRET, FrozenClock, HubSpotSandbox
from bothways.service import letting_in
from bothways.service.database import used
from bothways.service.workspace import Workspace, open_workspace
from tests.consenting import NEEDED, OPTIONAL, REDIRECT, SECRET_NAME, answered, app_text
from tests.databases import empty_ledger
from tests.hooked_accounts import edit

_FILE = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
{east}  west: {{connector: hubspot, auth: {{token: {{env: WEST_TOKEN}}}}, base_url: "{west}"}}
syncs:
  people:
    state: on
    objects: {{east: contacts, west: contacts}}
    fields: [{{east: email, west: email}}, {{east: jobtitle, west: jobtitle}}]
    schedule: {{every: 1h, burst_window: 0s}}
{more}"""

COMPANIES = """\
    associations: [{east: associations.companies, west: associations.companies, sync: firms}]
  firms:
    state: on
    objects: {east: companies, west: companies}
    fields: [{east: name, west: name}, {east: domain, west: domain}]
    schedule: {every: 1h, burst_window: 0s}
"""


@dataclass
class Journalled:
    """Two accounts, and a worker of which nobody but the test takes a step."""

    east: HubSpotSandbox
    west: HubSpotSandbox
    workspace: Workspace
    failures: list[BothwaysError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worker = self.anew("one")
        self.chronicling = Chronicling(self.worker)

    def anew(self, name: str) -> Worker:
        """Return a worker that has just begun."""
        ask = lambda kind, ids: turns.ask(kind, ids, self.east.now())  # noqa: E731
        told = lambda name, error: self.failures.append(error)  # noqa: E731
        worker = Worker(self.workspace, name, lambda view: None, told, ask, _understood)
        worker.chance = lambda: 0.5
        return worker

    def change(self, *changes: tuple[str, str]) -> None:
        """Edit the settings file, the old words and the new ones of each place."""
        edit(self.workspace, *changes)

    def look(self, after: float = 0.0) -> None:
        """Let time pass, and have a look into the journal, as the worker's tick does."""
        self.east.advance(after)
        with used(self.workspace.database):
            self.chronicling.look()

    def take_turns(self) -> int:
        """Take all turns that are due; return how many feeds were read."""
        read = 0
        with used(self.workspace.database):
            for _ in range(10):
                due = [(kind, id) for kind in (turns.FEED, turns.SYNC) for id in turns.due(kind, self.east.now(), 9)]
                if not due:
                    break
                for kind, id in due:
                    read += take_turn(self.worker, kind, id) and kind == turns.FEED
        return read

    def settle(self) -> None:
        """Do what there is to do, until a while has passed in which nothing was."""
        for _ in range(3):
            self.look(6)
            self.take_turns()


def _understood(problem: Exception) -> BothwaysError:
    return problem if isinstance(problem, BothwaysError) else OurFault(reason=repr(problem), incident="i_1")


@contextmanager
def journalled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, own: tuple[str, ...] = JOURNAL_SCOPES, firms: bool = False
) -> Iterator[Journalled]:
    """Make them, with three people in step; ``firms``: a company and who belongs to it are kept in step, too."""
    clock = FrozenClock()
    with (
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as east,
        HubSpotSandbox(rate=None, search_rate=None, clock=clock) as west,
        empty_ledger(folder),
    ):
        monkeypatch.setenv(SECRET_NAME, APP_SECRET)
        monkeypatch.setenv("WEST_TOKEN", west.token)
        east.register([REDIRECT], list(NEEDED), list(OPTIONAL), own=own)
        for each in (east, west):
            for name in ("ann", "bo", "cy"):
                each.create("contacts", {"email": f"{name}@x.test", "jobtitle": "Buyer"})
            if firms:
                each.create("companies", {"name": "Acme", "domain": "acme.test"})
        text = _FILE.format(east=app_text(east.url, "east"), west=west.url, more=COMPANIES if firms else "")
        (folder / "bothways.yaml").write_text(text)
        workspace = open_workspace(folder)
        workspace.clock = east.now
        way = letting_in.way_again(workspace, "east", {}, REDIRECT, OPTIONAL)
        back = letting_in.answer_in(answered(letting_in.address_of(way)))
        letting_in.arrive(workspace, way, letting_in.code_of(way, back))
        east.advance(300)
        for sync in ("firms", "people") if firms else ("people",):
            run_sync(workspace, sync, approved=True)
        east.advance(300)
        yield Journalled(east, west, workspace)
