"""A day of simulated time between HubSpot's stand-in and another app, with much that goes wrong; nothing is lost.

The turns, their pauses and the taking over of settings are the product's own; only the clocks are ours, and nobody
sleeps: time goes on to the next turn that is due, or to the next thing that a person does.
"""

import functools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bothways.connectors import registry
from bothways.connectors.hubspot import HubSpot
from bothways.errors import AppUnreachable, BothwaysError
from bothways.jobs.queue import in_memory
from bothways.jobs.service import TICK, Service
from bothways.jobs.turns import Worker, take_turn
from bothways.ledger import db, turns
from bothways.records import Field, FieldType
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.processes import quick_folder
from bothways.service import allowances
from bothways.service.database import used
from bothways.service.proof import compare
from bothways.service.workspace import open_workspace
from tests.databases import empty_ledger
from tests.memory_app import MemoryApp, MemoryConnector, Traits

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MIDNIGHT = 20_700 * DAY
DAILY = 800
"""Calls of a day, too few for one on which people are busy from six in the morning on."""

SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  crm: {{connector: hubspot, base_url: "{url}", auth: {{token: {{file: token}}}}}}
  office: {{connector: memory}}
syncs:
  people:
    state: on
    objects: {{crm: contacts, office: people}}
    schedule: {{every: 120s}}
    guards: {{first_run: 1000, max_change: 100%}}
    fields:
      - {{crm: email, office: email}}
      - {{crm: firstname, office: name}}
      - {{crm: jobtitle, office: title}}
"""
PHONE = "      - {crm: phone, office: phone}\n"
PEOPLE = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("name", label="Name", meaning="givenName"),
    Field("title", label="Title", meaning="jobTitle"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
)
_NEXT = {
    turns.FEED: "SELECT MAX(t.due_at, c.rests_until) FROM feed t JOIN connection c ON c.id=t.connection_id",
    turns.SYNC: "SELECT MAX(t.due_at, l.rests_until, r.rests_until) FROM sync t "
    "JOIN feed lf ON lf.id=t.left_id JOIN connection l ON l.id=lf.connection_id "
    "JOIN feed rf ON rf.id=t.right_id JOIN connection r ON r.id=rf.connection_id",
}
"""When each turn is to be taken."""

CRM = {"email": "email", "name": "firstname", "title": "jobtitle", "phone": "phone"}
"""The fields of the office, and what they are called in the CRM."""


@dataclass
class Day:
    """Two apps, a worker between them, and what people have saved: ``saved`` is by e-mail address and field."""

    folder: Path
    clock: FrozenClock
    crm: HubSpotSandbox
    office: MemoryApp
    saved: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        workspace = open_workspace(self.folder)
        workspace.clock = self.clock.now
        self.service = Service(workspace, in_memory(), 1, lambda view: None, self._failed, _ours)
        self.worker = Worker(workspace, "one", lambda view: None, self._failed, self._ask, _ours, lambda: 0.5)
        self.service.worker = self.worker

    def _failed(self, name: str, error: BothwaysError) -> None:
        self.failures.append((name, error.code))

    def _ask(self, kind: str, ids: list[int]) -> None:
        turns.ask(kind, ids, self.worker.clock())

    def at(self, hours: float, deed: Callable[[], object]) -> None:
        """Let something happen at this hour of the day."""
        self.events.append((MIDNIGHT + hours * HOUR, len(self.events), deed))

    def live(self, until: float) -> None:
        """Take all turns as they become due, and let people do what they do, up to this hour."""
        self.events.sort()
        end = MIDNIGHT + until * HOUR
        with used(self.service.workspace.database):
            while self.clock.now() < end:
                for kind, ids in self.service._look()[0].items():
                    for id in ids:
                        while take_turn(self.worker, kind, id):
                            pass
                self.clock.set(min(max(self._next(), self.clock.now() + TICK), end))
                while self.events and self.events[0][0] <= self.clock.now():
                    self.events.pop(0)[2]()

    def _next(self) -> float:
        """Return when the next turn is due, or the next deed."""
        times = [float(at) for kind in (turns.FEED, turns.SYNC) for (at,) in db.rows(_NEXT[kind])]
        return min([*times, *(at for at, _, _ in self.events[:1])])

    # --- what people do -----------------------------------------------------------------------------

    def come(self, email: str, in_crm: bool) -> None:
        """Make somebody known in one of the apps."""
        self.saved[email] = {"email": email, "name": f"Name of {email}"}
        if in_crm:
            self.crm.create("contacts", {CRM[name]: value for name, value in self.saved[email].items()})
        else:
            self.office.add(**self.saved[email])

    def edit(self, email: str, in_crm: bool, field: str, value: str) -> None:
        """Save a value in one of the apps, if the person is known there by now."""
        if in_crm:
            ids = [id for id, held in self.crm.records("contacts").items() if held.get("email") == email]
        else:
            ids = self.office.holding("email", email)
        if ids:
            self.saved[email][field] = value
            if in_crm:
                self.crm.edit("contacts", ids[0], {CRM[field]: value})
            else:
                self.office.edit(ids[0], **{field: value})

    def settle_in(self, old: str, new: str) -> None:
        """Edit the settings file."""
        file = self.folder / "bothways.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    # --- what came of it ----------------------------------------------------------------------------

    def held(self) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """Return what both apps hold, in the office's words, in the order of the addresses."""
        crm = [
            {name: held[theirs] for name, theirs in CRM.items() if held.get(theirs)}
            for held in self.crm.records("contacts").values()
        ]
        office = [
            {name: str(value) for name, value in self.office.values(each.id).items()} for each in self.office.live()
        ]
        return sorted(crm, key=lambda each: each["email"]), sorted(office, key=lambda each: each["email"])


def _ours(problem: Exception) -> BothwaysError:
    raise problem


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    clock = FrozenClock(MIDNIGHT + 6 * HOUR)
    kinds = {"memory": MemoryConnector, "hubspot": HubSpot}
    monkeypatch.setattr(registry, "_points", lambda: dict.fromkeys(kinds))
    monkeypatch.setattr(registry, "connector_class", kinds.__getitem__)
    budget = functools.partial(allowances.MemoryBudget, clock=clock.now, sleep=clock.advance, today=clock.now)
    monkeypatch.setattr(allowances, "MemoryBudget", budget)
    office = MemoryApp("office", clock.now, Traits(), PEOPLE)
    with (
        TemporaryDirectory(prefix="bothways-day-", dir=quick_folder()) as name,
        HubSpotSandbox({"old": None}, daily=DAILY, index_lag=5.0, clock=clock) as crm,
        empty_ledger(Path(name)),
    ):
        folder = Path(name)
        (folder / "token").write_text("old")
        (folder / "bothways.yaml").write_text(SETTINGS.format(url=crm.url) + PHONE)
        yield Day(folder, clock, crm, office)


def _busy(day: Day) -> int:
    """Let people save something every few minutes for a day; return how many there will be."""
    chance, known = random.Random(7), 20
    for number in range(known):
        day.come(f"p{number}@x.test", in_crm=number % 2 == 0)
    at = 6.1
    while at < 30:
        at += chance.uniform(4, 16) * MINUTE / HOUR
        if chance.random() < 0.15:
            day.at(at, functools.partial(day.come, f"p{known}@x.test", chance.random() < 0.5))
            known += 1
            continue
        field, in_crm = chance.choice((("title", True), ("phone", False), ("name", False)))
        value = f"+4930{round(at * 1000):06}" if field == "phone" else f"{field} of {at:.3f}"
        day.at(at, functools.partial(day.edit, f"p{chance.randrange(known)}@x.test", in_crm, field, value))
    return known


def test_day_on_which_much_goes_wrong_ends_with_both_apps_equal_and_each_trouble_told_once(day: Day) -> None:
    known = _busy(day)
    # From nine to ten the token is refused; then there is another one in the file that the settings name.
    day.at(9, lambda: day.crm.revoke("old"))
    day.at(9.9, lambda: day.crm.grant("new"))
    day.at(10, lambda: (day.folder / "token").write_text("new"))
    # At noon a mapping is taken out; in the afternoon it comes back. In between the file cannot be used for a while.
    day.at(12, lambda: day.settle_in(PHONE, ""))
    day.at(13, lambda: day.settle_in("schedule:", "shedule:"))
    day.at(13.2, lambda: day.settle_in("shedule:", "schedule:"))
    day.at(15, lambda: day.settle_in("office: title}\n", "office: title}\n" + PHONE))
    # From four to five the office is down.
    trouble = AppUnreachable(app="office", reason="no route")
    day.at(16, lambda: day.office.fail("", trouble, times=1_000_000))
    day.at(17, day.office.faults.clear)
    # What the CRM allows on a day is used up before midnight.
    day.live(32)

    crm, office = day.held()
    expected = sorted(day.saved.values(), key=lambda each: each["email"])
    assert crm == expected, "what was saved last stands in the CRM"
    assert office == expected, "what was saved last stands in the office"
    assert len(day.saved) == known == len(crm), "everybody is there once"
    told = Counter(day.failures)
    assert told == {("crm", "BW-202"): 1, ("", "BW-104"): 1, ("office", "BW-201"): 1, ("crm", "BW-211"): 1}, told

    writes, calls = len(day.office.writes), day.crm.calls["batch/update"] + day.crm.calls["batch/create"]
    day.live(33)
    assert len(day.office.writes) == writes
    assert day.crm.calls["batch/update"] + day.crm.calls["batch/create"] == calls, "and everything is at rest"
    proof = compare(day.service.workspace, "people")
    assert (proof.pairs, proof.equal, proof.different) == (known, known, ())
