"""Killed at any moment (kill -9), a run loses nothing, doubles nothing, and the next one ends what it began.

The program runs as users run it, in a process of its own against a stand-in for HubSpot and a real Radicale,
and is killed at chosen requests: before the app got it, after the app did it but before it answered, and a
little after the answer. After some kills in a row one run that is left alone must bring both sides in step.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bothways.cli.demo.people import Snapshot, compared, snapshot
from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.people.build import Person, card_of, contact_of
from bothways.sandbox.processes import quick_folder
from bothways.sandbox.radicale import Radicale, radicale
from tests.failure.proxy import Moment, Proxy

pytestmark = [pytest.mark.server("radicale"), pytest.mark.slow]

KILLS = 50
KILLS_IN_A_ROW = 4
MOST_ROUNDS = 40
PLACES = ("before", "after", "later")
MARKER = "bothways_key"
COMMAND = (sys.executable, "-m", "bothways.cli.main", "run", "people", "--yes")

SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  hubspot: {{connector: hubspot, base_url: "{hubspot}", marker_property: {marker}, auth: {{token: {{env: TOKEN}}}}}}
  book:
    connector: carddav
    url: "{book}"
    calls_per_second: 1000
    auth: {{username: {{env: BOOK_USER}}, password: {{env: BOOK_PASSWORD}}}}
syncs:
  people:
    state: on
    objects: {{hubspot: contacts, book: contacts}}
    send: {{hubspot: all, book: all}}
    require: []
    match: [{{hubspot: email, book: email, compare: email}}]
    conflicts: {{default_app: hubspot, when_empty: keep}}
"""


def person(number: int) -> Person:
    """Return somebody; every tenth has no address to be known by."""
    email = "" if number % 10 == 9 else f"person{number}@example.com"
    phone, street = f"+61 2 5550 {number:04}", f"{number} Main Street"
    return Person(number, f"Given{number}", f"Family{number}", email, phone, "Buyer", street, "Hobart", "TAS", "7000")


PAIRS = [person(number) for number in range(1, 57) if person(number).email]
ONLY_CONTACTS = [person(number) for number in range(104, 114)]
ONLY_CARDS = [person(number) for number in range(204, 214)]
EVERYBODY = len(PAIRS) + len(ONLY_CONTACTS) + len(ONLY_CARDS)


def contacts() -> list[Mapping[str, str]]:
    """Return the contacts: some of the common people have another job title here, some have none."""
    common = [replace(each, title="Owner") if each.key % 8 == 0 else each for each in PAIRS]
    known = [replace(each, title="") if each.key % 16 == 3 else each for each in common]
    return [contact_of(each) for each in (*known, *ONLY_CONTACTS)]


def cards() -> list[str]:
    """Return the cards: some of the common people live elsewhere here, some have no telephone."""
    common = [replace(each, city="Perth") if each.key % 8 == 1 else each for each in PAIRS]
    known = [replace(each, phone="") if each.key % 16 < 2 else each for each in common]
    return [card_of(each) for each in (*known, *ONLY_CARDS)]


class World:
    """One account, one address book, one workspace, and the proxies between."""

    def __init__(self, folder: Path, hubspot: HubSpotSandbox, book: Radicale, proxies: Mapping[str, Proxy]) -> None:
        self.folder, self.hubspot, self.book, self.proxies = folder, hubspot, book, proxies
        urls = {name: proxy.url for name, proxy in proxies.items()}
        (folder / "bothways.yaml").write_text(SETTINGS.format(**urls, marker=MARKER))

    def run(self, app: str = "", moment: Moment | None = None) -> str | None:
        """Run the sync once; return the request at which it was killed, None if it came to its end."""
        secrets = {"TOKEN": self.hubspot.token, "BOOK_USER": self.book.user, "BOOK_PASSWORD": self.book.password}
        process = subprocess.Popen(
            COMMAND,
            cwd=self.folder,
            env={**os.environ, **secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, proxy in self.proxies.items():
            proxy.arm(moment if name == app else None, process.kill)
        said, _ = process.communicate(timeout=120)
        if process.returncode == -signal.SIGKILL:
            return f"{app} {self.proxies[app].struck}"
        assert process.returncode == 0, said
        return None

    def killed_in_a_row(self, moments: Iterable[tuple[str, Moment]]) -> list[str]:
        """Run and be killed at each of the moments, then run to the end; return where the kills struck."""
        struck: list[str] = []
        for app, moment in moments:
            at = self.run(app, moment)
            if at is None:
                return struck
            struck.append(at)
        assert self.run() is None
        return struck

    def look(self) -> Snapshot:
        return snapshot(self.hubspot, self.book)

    def check(self, story: list[str]) -> None:
        """Check that both sides are equal and that nobody is there twice or missing."""
        now = self.look()
        found = compared(now)
        sizes = (len(now.contacts), len(now.cards))
        assert sizes == (EVERYBODY, EVERYBODY), (sizes, story)
        assert found.pairs == EVERYBODY, (found.unclear, found.alone, story)
        assert not found.differences, (found.differences, story)


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """Yield a folder in memory: kill -9 is no power cut, so that nothing depends on the disk here."""
    with tempfile.TemporaryDirectory(prefix="bothways-kill-", dir=quick_folder()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def server(memory: Path) -> Iterator[Radicale]:
    with radicale(memory, {}) as running:
        yield running


@contextlib.contextmanager
def world(folder: Path, server: Radicale) -> Iterator[World]:
    """Make everything anew: the account, the address book and the workspace."""
    folder.mkdir()
    book = replace(server, name=folder.name)
    book.fill(cards())
    with HubSpotSandbox(rate=None, search_rate=None) as hubspot:
        hubspot.seed("contacts", contacts())
        make_marker(hubspot)
        with Proxy(hubspot.url) as first, Proxy(book.book) as second:
            yield World(folder, hubspot, book, {"hubspot": first, "book": second})


def make_marker(hubspot: HubSpotSandbox) -> None:
    """Make the unique property that lets creates be recognised, in every object that may be read."""
    headers = {"Authorization": f"Bearer {hubspot.token}", "Content-Type": "application/json"}
    for object, group in (("contacts", "contact"), ("companies", "company"), ("deals", "deal")):
        definition = {
            "name": MARKER,
            "label": "Key of Bothways",
            "type": "string",
            "fieldType": "text",
            "groupName": f"{group}information",
            "hasUniqueValue": True,
        }
        url, body = f"{hubspot.url}/crm/v3/properties/{object}", json.dumps(definition).encode()
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10).close()


def moments(rng: random.Random) -> Iterator[tuple[str, Moment]]:
    """Yield moments to strike at, writes more often than reads; later ones in a row may not be reached."""
    while True:
        app = rng.choice(("hubspot", "book"))
        kind = rng.choice(("read", "write", "write"))
        most = {("hubspot", "write"): 2, ("book", "write"): 24}.get((app, kind), 4)
        place = rng.choice(("before", "after", "later"))
        yield app, Moment(kind, rng.randint(1, most), place, rng.uniform(0.001, 0.05))


def test_killed_fifty_times_a_run_loses_and_doubles_nothing(memory: Path, server: Radicale) -> None:
    rng = random.Random(20)
    chosen, killed = moments(rng), []
    for number in range(MOST_ROUNDS):
        with world(memory / f"round-{number}", server) as here:
            story = here.killed_in_a_row(itertools.islice(chosen, KILLS_IN_A_ROW))
            here.check(story)
        killed += story
        if len(killed) >= KILLS:
            break
    assert len(killed) >= KILLS
    kinds = Counter(tuple(each.split(" ", 3)[:3]) for each in killed)
    assert_every_place(kinds)


def assert_every_place(kinds: Counter[tuple[str, ...]]) -> None:
    """Check that writes of both apps were struck before, after and behind their answer."""
    wanted = [(app, place, method) for app, method in (("hubspot", "POST"), ("book", "PUT")) for place in PLACES]
    assert all(kinds[each] for each in wanted), kinds


def test_after_kills_a_second_run_writes_nothing(memory: Path, server: Radicale) -> None:
    with world(memory / "quiet", server) as here:
        assert here.run("hubspot", Moment("write", 1, "after"))
        assert here.run("book", Moment("write", 5, "after"))
        here.run()
        before = here.look()
        here.run()
        assert sum(proxy.counts["write"] for proxy in here.proxies.values()) == 0
        assert here.look() == before
