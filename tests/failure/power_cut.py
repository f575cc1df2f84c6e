"""Cut the power in the middle of a run, at many moments, and let the next process go on from the disk.

Run as a program, since it lays a layer under SQLite and sets Django up on a file: it prints one JSON object.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bothways import boot
from tests.failure.synced_files import NotShared, SyncedFiles
from tests.memory_app import MemoryApp, Traits

if TYPE_CHECKING:
    pass

CREATES, UPDATES = 8, 8
"""Newcomers and edits per app: one call each, so that there are moments enough. Those of Bert have no key."""


@dataclass
class Findings:
    """What was seen: how often the power was cut, and per moment what was wrong after it."""

    why_not: str = ""
    moments: int = 0
    syncs: int = 0
    writes: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cut:
    """The world at one moment of the run: what is surely on the disk, what the apps hold, the time."""

    moment: str
    disk: dict[str, bytes]
    apps: Any
    now: float


class Bench:
    """Two apps, a ledger in a file, and one run in which the power is cut."""

    def __init__(self, folder: Path, files: SyncedFiles) -> None:
        self.folder, self.files = folder, files
        self.database = folder / "ledger.db"
        self.cuts: list[Cut] = []

    def prepare(self) -> None:
        """Bring two apps in step, give them much to do, and put all that is known on the disk."""
        from django.core.management import call_command
        from django.db import connection

        from tests.two_apps import TwoApps

        call_command("migrate", verbosity=0)
        one = Traits(batch_write=1)
        world = self.world = TwoApps(one, one)
        people = world.crowd(2 * UPDATES)
        for number in range(CREATES):
            world.anna.add(email=f"a{number}@new.test", name=f"A{number}")
            world.bert.add(name=f"B{number} without e-mail", phone=f"+4144668180{number}")
        world.run()
        for id in people[:UPDATES]:
            world.anna.edit(id, name="changed in Anna")
        for id in people[UPDATES:]:
            world.bert.edit(world.partner(id), name="changed in Bert")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for app in self.apps():
            app.writes.clear()

    def close(self) -> None:
        """Close the ledger."""
        from django.db import connection

        connection.close()

    def apps(self) -> tuple[MemoryApp, MemoryApp]:
        return self.world.anna, self.world.bert

    def record(self, synchronous: str) -> None:
        """Do the run, keeping what a power cut before or after each call would leave."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={synchronous}")
        for app in self.apps():
            app.hook = self._keep
        self.world.run()
        for app in self.apps():
            app.hook = None

    def _keep(self, when: str, call: str) -> None:
        held = copy.deepcopy([(app.items, app.gone, app.writes, app.serial) for app in self.apps()])
        moment = f"{len(self.cuts)}, {when} {call}"
        self.cuts.append(Cut(moment, dict(self.files.content), held, self.world.clock.now))

    def go_on(self, cut: Cut) -> list[str]:
        """Start again from what a power cut left on the disk; return the writes that the ledger knows nothing of."""
        from django.db import connection

        from bothways.ledger import db

        folder = self.folder / f"cut-{cut.moment.split(',')[0]}"
        folder.mkdir()
        connection.close()
        connection.settings_dict["NAME"] = str(self.files.restore(self.database, cut.disk, folder))
        self.world.clock.now = cut.now
        for app, held in zip(self.apps(), copy.deepcopy(cut.apps), strict=True):
            app.items, app.gone, app.writes, app.serial = held
        if (said := db.value("PRAGMA integrity_check")) != "ok":
            raise AssertionError(f"the database is damaged: {said}")
        states = dict(db.rows("SELECT id, state FROM journal"))
        return [
            f"{cut.moment}: {app.name} {each.kind} {each.id} is {states.get(int(each.key), 'not known')}"
            for app in self.apps()
            for each in app.writes
            if states.get(int(each.key)) not in ("in_flight", "done")
        ]

    def written(self) -> Counter[str]:
        """Return every write of the run and of all after it, each by what it set where."""
        return Counter(
            f"{app.name} {each.kind} {'' if each.kind == 'create' else each.id} {sorted(each.values.items(), key=str)}"
            for app in self.apps()
            for each in app.writes
        )

    def wrong(self, wanted: Counter[str]) -> str:
        """Say what is not as it must be when everything is at rest again, "" if nothing."""
        written = self.written()
        if written != wanted:
            return f"written too often: {dict(written - wanted)}, or never: {dict(wanted - written)}"
        counts = [len(app.live()) for app in self.apps()]
        if not self.world.in_step() or counts[0] != counts[1] or len(self.world.pairs()) != counts[0]:
            return f"not in step: {counts} records, {len(self.world.pairs())} pairs"
        return ""


def spread(cuts: list[Cut], most: int) -> list[Cut]:
    """Return so many of the moments, evenly spread over the run."""
    return [cuts[number * len(cuts) // most] for number in range(most)]


def cut_power(folder: Path, synchronous: str, moments: int) -> Findings:
    """Return what comes of cutting the power at so many moments of one run."""
    try:
        files = SyncedFiles()
    except NotShared as problem:
        return Findings(why_not=str(problem))
    bench = Bench(folder, files)
    boot.setup(f"sqlite://{bench.database}")
    with files.installed():
        try:
            return _findings(bench, synchronous, moments)
        finally:
            bench.close()


def _findings(bench: Bench, synchronous: str, moments: int) -> Findings:
    bench.prepare()
    before = bench.files.syncs
    bench.record(synchronous)
    findings = Findings(moments=moments, syncs=bench.files.syncs - before)
    bench.world.rest()
    wanted = bench.written()
    findings.writes = wanted.total()
    bench.files.watching = False
    for cut in spread(bench.cuts, moments):
        findings.lost += bench.go_on(cut)
        bench.world.rest()
        if wrong := bench.wrong(wanted):
            findings.broken.append(f"{cut.moment}: {wrong}")
    return findings


def main() -> None:
    """Read the folder, the setting and the number of moments from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--synchronous", choices=["FULL", "NORMAL", "OFF"], default="FULL")
    parser.add_argument("--moments", type=int, default=50)
    args = parser.parse_args()
    json.dump(asdict(cut_power(args.folder, args.synchronous, args.moments)), sys.stdout)


if __name__ == "__main__":
    main()
