"""The runs that are measured, one after the other on the same accounts and workspace."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import minimum
from bench.accounts import FIELDS, NAMES, accounts, holds, mix_of, retitle
from bothways.sandbox.hubspot import Admin

HOUR = 3600.0
"""Seconds that pass in the accounts after each run, so that what it saved is old when the next one looks."""

WINDOW = 10.0
"""Seconds that a rate limit is told for."""

UNLIMITED = 1_000_000
"""Calls per ten seconds: as good as no limit."""

_SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  east: {{connector: hubspot, base_url: "{east}", auth: {{token: {{env: BENCH_TOKEN}}}}}}
  west: {{connector: hubspot, base_url: "{west}", auth: {{token: {{env: BENCH_TOKEN}}}}}}
syncs:
  contacts:
    state: on
    objects: {{east: contacts, west: contacts}}
    send: {{east: all, west: all}}
    match: [{{east: email, west: email, compare: email}}]
    conflicts: {{default_app: east}}
    fields:
{fields}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost, and the fewest calls it could have made. ``rate``: calls per ten seconds."""

    name: str
    rate: int
    fewest: dict[str, int]
    figures: dict[str, Any]

    @property
    def bills(self) -> dict[str, dict[str, int]]:
        """The calls made to each account, by their names."""
        bill = self.figures["bill"].items()
        return {app: {call[len(app) + 1 :]: n for call, n in bill if call.startswith(f"{app} ")} for app in NAMES}

    @property
    def calls(self) -> dict[str, int]:
        """The number of calls made to each account."""
        return {app: sum(bill.values()) for app, bill in self.bills.items()}

    @property
    def times_the_fewest(self) -> float:
        """Calls made over the fewest."""
        return sum(self.calls.values()) / sum(self.fewest.values())

    @property
    def share_of_rate(self) -> float:
        """Calls to the busier account over what its limit allows, evenly spread, in the time the run took."""
        return max(self.calls.values()) / (self.rate / WINDOW * self.figures["seconds"])

    @property
    def share_of_time(self) -> float:
        """The least time in which the limit lets the calls to the busier account through, over the time taken."""
        return (max(self.calls.values()) - 1) // self.rate * WINDOW / self.figures["seconds"]


def all_runs(records: int, rate: int) -> Iterator[Cost]:
    """Measure the first run, a run without changes, and one after one record in a hundred was changed."""
    few = max(records // 100, 1)
    with accounts(records, rate) as both, tempfile.TemporaryDirectory(prefix="bothways-bench-") as name:
        folder = Path(name)
        yield _run(folder, both, "first run", rate, minimum.initial(mix_of(records)))
        for _ in range(2):  # the first meets what we wrote, the second looks back at it once more
            _run(folder, both, "settling", rate, {})
        yield _run(folder, both, "nothing changed", rate, minimum.unchanged())
        retitle(both["east"], few)
        yield _run(folder, both, "1 % changed", rate, minimum.changed(few))
        if holds(both["east"]) != holds(both["west"]):
            raise SystemExit("The accounts are not equal: these figures mean nothing.")


def first_run(records: int, rate: int) -> Cost:
    """Measure the first run alone."""
    with accounts(records, rate) as both, tempfile.TemporaryDirectory(prefix="bothways-bench-") as name:
        return _run(Path(name), both, "first run", rate, minimum.initial(mix_of(records)))


def _run(folder: Path, both: Mapping[str, Admin], name: str, rate: int, fewest: dict[str, int]) -> Cost:
    fields = "\n".join(f"      - {{east: {each}, west: {each}}}" for each in FIELDS)
    urls = {app: account.url for app, account in both.items()}
    (folder / "bothways.yaml").write_text(_SETTINGS.format(**urls, fields=fields))
    command = [sys.executable, "-m", "bench.worker", str(folder)]
    token = next(iter(both.values())).token
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "BENCH_TOKEN": token})
    for account in both.values():
        account.advance(HOUR)
    return Cost(name, rate, fewest, json.loads(done.stdout))
