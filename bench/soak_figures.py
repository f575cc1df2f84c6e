"""The figures of a soak: calls against what the deeds allow, memory over time, what the ledger grew by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, linear_regression

import psycopg

from bench.soak_books import OBJECTS
from bench.soak_site import Sample
from bench.soak_story import Story

DAILY = 250_000
"""Calls a day of the smallest account."""

HISTORY = (
    *("run", "journal", "plan", "plan_action", "delay", "called", "alert", "trouble", "revision", "pruned", "request"),
    "pgqueuer_log",
)
"""Tables of what was done and told, which grow with what happens and are let go by the settings of history."""

SOONEST = 48.0
"""Seconds between two polls of a feed at least: those of the schedule, less what keeps feeds from coming together."""

SHOWN = 12
"""How often a row is shown by searches at most: by those of three minutes, then every five minutes for half an hour."""

ENDS = 2
"""Records that count as modified by a deed: both ends, where one belongs to another from then on."""

MOVES = ("move", "add company", "merge", "make", "restore", "tidy up")
"""Deeds by which something belongs to something else."""

BATCH, SEARCH_PAGE, MEMBERS, LISTS_EVERY = 100, 200, 250, 300.0
"""Records of a batch, rows of a search and of a page of a list's members; seconds between two looks at lists."""

WARM_UP, LONG_ENOUGH, FITTED = 120.0, 600.0, 1500.0
"""Seconds of a process that do not count, in which it learns what the apps have; after which its thirds are judged, and
a line that is fitted to it: over a short time that tells more of chance than of an hour."""


@dataclass(frozen=True, slots=True)
class Bill:
    """Calls to HubSpot by kind, those answered with 429 by address, how many were ordered to be, in so many seconds."""

    calls: Counter[str]
    turned_away: Counter[str]
    ordered: int
    seconds: float

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    def over(self, bound: Mapping[str, int]) -> float:
        """Return the calls of the kind that comes nearest to its bound, or beyond, as a share of it."""
        return max(
            (n / bound[name] if bound.get(name) else float("inf") for name, n in self.calls.items()), default=0.0
        )

    @property
    def refused(self) -> int:
        """Calls that a limit refused without an order."""
        return max(0, self.turned_away.total() - self.ordered)

    @property
    def share_of_day(self) -> float:
        """The share of a day's calls that a whole day at this pace would take."""
        return self.total / self.seconds * 86_400 / DAILY


def bound_of(bill: Bill, deeds: Counter[str], faults: Counter[str], first: int, members: int) -> dict[str, int]:
    """Return the most calls of each kind that the time, the deeds of people and the faults allow.

    By the table in the HubSpot connector's page, at the worst: every deed is met alone, so that nothing goes together,
    and every fault has its call made twice more. A deed is read when it is told of or about to be written, and once
    more when it comes back to the app where we wrote it. ``first``: records that the first syncs wrote to HubSpot,
    shown again by searches that look back; ``members``: of the list.
    """
    ours, theirs = (sum(n for deed, n in deeds.items() if deed.startswith(side)) for side in ("hubspot ", "erp "))
    moves = sum(n for deed, n in deeds.items() if deed.split(" ", 1)[1] in MOVES)
    failed = 2 * sum(faults.values())
    rounds = ceil(bill.seconds / SOONEST) + 1 + faults["killed"]
    polls, lists = len(OBJECTS) * rounds, ceil(bill.seconds / LISTS_EVERY) + 1
    shown = ENDS * (ours + theirs + first) * SHOWN
    reads = 2 * (ours + theirs) + ceil(ENDS * first / BATCH) + failed
    return {
        "search": polls + ceil(shown / SEARCH_PAGE) + failed,
        "batch/read": reads,
        "associations/read": reads + theirs,
        "batch/update": theirs + failed,
        "batch/create": theirs + failed,
        "batch/archive": theirs + failed,
        "associations/create": moves + failed,
        "associations/archive": moves + failed,
        "properties": polls + failed,
        "rules": polls + failed,
        "associations/labels": polls + failed,
        "lists": lists + failed,
        "lists/members": lists * max(1, ceil(members / MEMBERS)) + failed,
        "account-info": rounds + failed,
    }


@dataclass(frozen=True, slots=True)
class Flat:
    """How the memory of the process that lived longest went. ``per_hour``: share of its mean by which it grows."""

    ratio: float
    per_hour: float
    most: int
    lived: float

    @property
    def is_long_enough(self) -> bool:
        """Whether it lived long enough to be judged."""
        return self.lived >= LONG_ENOUGH

    @property
    def is_fitted(self) -> bool:
        """Whether it lived long enough for a line."""
        return self.lived >= FITTED

    def words(self) -> str:
        """Say it in words."""
        return (
            f"at most {self.most / 2**20:.0f} MiB; of the longest life ({self.lived:.0f} s after it was warm) the last"
            f" third {self.ratio:.3f} times the first, by a fitted line {self.per_hour:+.1%} in an hour"
        )


def flatness(samples: Sequence[Sample]) -> Flat:
    """Return how flat the memory was of the process that lived longest, its first minutes aside."""
    lives: dict[int, list[Sample]] = {}
    for each in samples:
        lives.setdefault(each.pid, []).append(each)
    longest = max(lives.values(), key=lambda life: life[-1].at - life[0].at)
    warm = [each for each in longest if each.at - longest[0].at >= WARM_UP]
    most = max(each.held for each in samples)
    if len(warm) < 6:
        return Flat(1.0, 0.0, most, 0.0)
    third = len(warm) // 3
    ratio = fmean(each.held for each in warm[-third:]) / fmean(each.held for each in warm[:third])
    slope = linear_regression([each.at for each in warm], [each.held for each in warm]).slope
    return Flat(ratio, slope * 3600 / fmean(each.held for each in warm), most, warm[-1].at - warm[0].at)


@dataclass(frozen=True, slots=True)
class Growth:
    """Rows and bytes by which each table of the ledger grew."""

    rows: Mapping[str, int]
    bytes: Mapping[str, int]

    def per(self, story: Story) -> float:
        """Return the rows beside history that came for each deed."""
        rows = sum(count for table, count in self.rows.items() if table not in HISTORY)
        return rows / max(1, sum(story.deeds.values()))

    def words(self) -> str:
        """Say it in words."""
        grown = sorted(self.bytes, key=lambda table: -self.bytes[table])
        return ", ".join(
            f"{table} {self.rows[table]:+,} rows {self.bytes[table] / 2**20:+.1f} MiB"
            for table in grown
            if self.rows[table] or self.bytes[table]
        )


def table_sizes(ledger: str) -> dict[str, tuple[int, int]]:
    """Return the rows and bytes of each table of the ledger."""
    with psycopg.connect(ledger, autocommit=True) as link:
        names = [name for (name,) in link.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'")]
        return {
            name: (
                _one(link, f'SELECT COUNT(*) FROM "{name}"'),
                _one(link, f"SELECT pg_total_relation_size('\"{name}\"')"),
            )
            for name in names
        }


def growth_of(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> Growth:
    """Return by what the ledger grew."""
    rows = {name: count - before.get(name, (0, 0))[0] for name, (count, _) in after.items()}
    return Growth(rows, {name: size - before.get(name, (0, 0))[1] for name, (_, size) in after.items()})


def _one(link: "psycopg.Connection[tuple[int, ...]]", sql: str) -> int:
    return int((link.execute(sql.encode()).fetchone() or (0,))[0])
