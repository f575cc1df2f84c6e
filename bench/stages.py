"""The runs that are measured, one after the other on the same accounts and ledger."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import minimum
from bench.accounts import accounts, holds, mix_of, retitle
from bothways.sandbox.hubspot import Admin

SCHEMA = "properties"
"""The call that tells an object's fields."""

HOUR = 3600.0
"""Seconds that pass in the accounts after each run, so that what it saved is old when the next one looks."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost, and the fewest calls it could have made. ``rate``: calls per ten seconds, 0 for no limit."""

    name: str
    rate: int
    fewest: dict[str, int]
    figures: dict[str, Any]

    @property
    def calls(self) -> dict[str, int]:
        """The calls made to each account, without those that learn an object's fields, once per process."""
        return {
            name: sum(count for call, count in bill.items() if call != SCHEMA)
            for name, bill in self.figures["bills"].items()
        }

    @property
    def times_the_fewest(self) -> float:
        """Calls made over the fewest."""
        return sum(self.calls.values()) / sum(self.fewest.values())

    @property
    def share_of_rate(self) -> float | None:
        """Calls to the busier account over what its limit allows in the time the run took."""
        if not self.rate:
            return None
        return max(self.calls.values()) / (self.rate / 10 * self.figures["seconds"])


def all_runs(records: int, rate: int) -> Iterator[Cost]:
    """Measure the first run, a run without changes, and one after one record in a hundred was changed."""
    few = max(records // 100, 1)
    with accounts(records, rate) as both, tempfile.TemporaryDirectory(prefix="bothways-bench-") as name:
        folder = Path(name)
        yield _run(folder, both, "first run", rate, minimum.initial(mix_of(records)))
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
    addresses = [account.url for account in both.values()]
    command = [sys.executable, "-m", "bench.worker", str(folder), str(rate), *addresses]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    for account in both.values():
        account.advance(HOUR)
    return Cost(name, rate, fewest, json.loads(done.stdout))
