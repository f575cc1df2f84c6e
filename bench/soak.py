"""A soak: people edit, merge, delete and move records on both sides for an hour while much fails; nothing may be wrong.

HubSpot's stand-in, a PostgreSQL server with the tables and the ledger, and ``bothways up`` are processes of their own.
"""

import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson
import psycopg
import urllib3

from bench.soak_books import HUBSPOT, OBJECTS, Sizes, fill, read_account, read_tables
from bench.soak_check import Check, Findings, without_partner
from bench.soak_desks import Account, Tables
from bench.soak_faults import Faults, moments
from bench.soak_figures import Bill, Growth, bound_of, flatness, growth_of, table_sizes
from bench.soak_people import People
from bench.soak_site import LIST, Sample, Site, site
from bench.soak_story import Story

PER_SECOND = 1.0
"""Deeds of all people together, on average: a team of some dozens."""

LOOK_EVERY = 5.0
"""Seconds between two looks of people at what is new."""

TIDY_EVERY = 20.0
"""Seconds between two looks of people at what is held, while a merge is not settled."""

PATIENCE = 1800.0
"""Seconds within which all must be in step once nobody does anything any more."""

SETTLED = 150.0
"""Seconds for which Bothways must say so: the polls after the last save, and what search shows late, are past."""

SETTLED_ANEW = 60.0
"""The same where nobody has just saved anything."""

MOMENT = 120.0
"""Seconds between our reading and writing a record of HubSpot: as long as a call is held up by faults at most."""

Target = Callable[[str, float, str, float], bool]


@dataclass
class Soak:
    """What came of it. ``lag``: seconds until all was in step after the last deed.

    ``swept``: what only the sweep of all ids put right; ``first``: records of HubSpot that the first syncs wrote.
    """

    findings: Findings
    story: Story
    bill: Bill
    growth: Growth
    faults: Counter[str]
    seconds: float
    lag: float | None
    swept: int
    samples: Sequence[Sample] = ()
    differences: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    first: int = 0
    troubles: list[str] = field(default_factory=list)


def run(sizes: Sizes, minutes: float, seed: int, target: Target, kept: Path | None = None) -> list[bool]:
    """Soak, print what came of it, and return which targets were met; ``kept``: where its files stay."""
    print(
        f"\nA soak of {minutes:g} minutes, seed {seed}: {sizes.contacts:,} contacts, {sizes.companies:,} companies and"
        f" {sizes.deals:,} deals of HubSpot beside PostgreSQL",
        flush=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the processes end with us
    with site(kept) as made:
        first = _begin(made, sizes)
        done = _soak(made, sizes, minutes * 60, random.Random(seed))
        done.first = first
        return _report(done, target)


def _begin(made: Site, sizes: Sizes) -> int:
    """Fill both sides and let the first syncs run, aside; return how many records of HubSpot they wrote."""
    written = 0
    began = time.monotonic()
    fill(sizes, made.hubspot, made.erp, LIST)
    print(f"  filled in {time.monotonic() - began:.0f} s", flush=True)
    for name in OBJECTS:
        began = time.monotonic()
        view = made.ask("run", name, "--yes")
        created, updated = sum(view["created"].values()), sum(view["updated"].values())
        written += view["created"]["hubspot"] + view["updated"]["hubspot"]
        calls = sum(count for call, count in view["bill"].items() if call.startswith("hubspot "))
        print(
            f"  first run of {name}: {time.monotonic() - began:.0f} s, {created:,} created, {updated:,} updated,"
            f" {calls:,} calls to HubSpot",
            flush=True,
        )
    made.start_up()
    made.listen()
    if _in_step(made, PATIENCE, SETTLED_ANEW) is None:
        raise SystemExit("the first syncs did not come to rest")
    return written


def _in_step(
    made: Site, patience: float, settled: float, meanwhile: Callable[[], bool] = lambda: False
) -> float | None:
    """Wait until Bothways says for so long that nothing waits or fails; return how many seconds it took to begin so.

    ``meanwhile`` is called now and then, and tells whether people did something that has to come to rest as well. None
    if it takes too long.
    """
    began = looked = time.monotonic()
    since: float | None = None
    while time.monotonic() - began < patience + settled:
        syncs = made.ask("status")["syncs"]
        at_rest = all(
            not each["counts"]["waiting"] and not each["counts"]["failing"] and each["next"]["why"] in ("", "at work")
            for each in syncs
        )
        since = (since or time.monotonic()) if at_rest else None
        if since is not None and time.monotonic() - since >= settled:
            return since - began
        time.sleep(LOOK_EVERY)
        if time.monotonic() - looked > TIDY_EVERY:
            looked = time.monotonic()
            since = None if meanwhile() else since
    return None


def _soak(made: Site, sizes: Sizes, seconds: float, chance: random.Random) -> Soak:
    """Let people work and faults happen for so long, wait until all is in step, and check it."""
    story = Story(sizes, made.folder / "story.jsonl")
    account, tables = Account(made), Tables(made)
    people = People(story, sizes, account, tables, chance)
    before, tables_before, began = made.hubspot.calls, table_sizes(made.ledger), time.time()
    logged = len(made.hubspot.log)
    faults = Faults(made, story, random.Random(chance.random()), list(moments(began, seconds, chance)))
    with made.sampled():
        _work(made, people, faults, began, seconds)
    people.finish()
    faults.end()
    spent = time.time() - began
    print(f"  {spent:.0f} s of deeds: {sum(story.deeds.values()):,}", flush=True)
    lag = _settle(made, people, SETTLED)
    bill = Bill(
        Counter(made.hubspot.calls) - Counter(before),
        Counter(path for _, path, status in made.hubspot.log[logged:] if status == 429),
        faults.ordered["429"],
        time.time() - began,
    )
    found = _look_at_all(made, story)
    swept = len(found.broken)
    if swept:
        (made.folder / "before-sweep.txt").write_text("\n".join(found.broken))
    for name in OBJECTS:
        made.ask("run", name, "--full", "--yes")
    _settle(made, people, SETTLED_ANEW)
    findings = _look_at_all(made, story)
    differences = {name: len(made.ask("compare", name)["different"]) for name in OBJECTS}
    growth = growth_of(tables_before, table_sizes(made.ledger))
    account.close()
    tables.close()
    story.close()
    return Soak(
        findings,
        story,
        bill,
        growth,
        faults.ordered,
        spent,
        lag,
        swept,
        samples=made.samples,
        differences=differences,
        refused=people.refused,
        troubles=made.troubles(),
    )


def _work(made: Site, people: People, faults: Faults, began: float, seconds: float) -> None:
    looked = tidied = time.time()
    at = began
    while (at := at + people.chance.expovariate(PER_SECOND)) < began + seconds:
        while (left := at - time.time()) > 0:
            time.sleep(min(left, 0.2))
            faults.look()
        people.act()
        if time.time() - looked > LOOK_EVERY:
            looked = time.time()
            people.look()
        if people.merged and time.time() - tidied > TIDY_EVERY:
            tidied = time.time()
            _tidy(made, people)


def _tidy(made: Site, people: People) -> None:
    """Let people look at what is held, and delete the rows that merges have left over."""
    for object in {object for object, _ in people.merged}:
        for issue in made.ask("issues", object, "--limit", "500")["issues"]:
            if issue["app"] == "erp" and "became one record" in issue["reason"]:
                people.tidy_up(object, str(issue["record"]))


def _settle(made: Site, people: People, settled: float) -> float | None:
    """Wait until all is in step, people settling merges meanwhile; return the seconds until then, None if too long."""

    def meanwhile() -> bool:
        open_before = len(people.merged)
        if open_before:
            people.look()
            _tidy(made, people)
        return len(people.merged) < open_before

    return _in_step(made, PATIENCE, settled, meanwhile)


def _look_at_all(made: Site, story: Story) -> Findings:
    """Hold both stores against what people did."""
    hubspot, erp = read_account(made.account), read_tables(made.erp)
    with psycopg.connect(made.ledger, autocommit=True) as link:

        def evidence(value: str) -> bool:
            sql = "SELECT 1 FROM journal WHERE data::text ~ %s LIMIT 1"  # an amount stands there with its decimals
            return link.execute(sql, (f'[": ]{re.escape(value)}(\\.0+)?[",}}]',)).fetchone() is not None

        findings = Check(story, hubspot, erp, evidence, lambda *asked: _replaced(made, *asked)).all()
    made_alone = [name for name, count in story.deeds.items() if "make without key" in name for _ in range(count)]
    findings.broken += without_partner(hubspot, erp, made_alone)
    return findings


def _replaced(made: Site, object: str, id: str, field: str, at: float) -> bool:
    """Tell whether HubSpot's history shows that we wrote a field of a record soon after a moment."""
    name = HUBSPOT[object][field]
    url = f"{made.hubspot.url}/crm/objects/2026-09/{object}/batch/read"
    body = {"properties": [], "propertiesWithHistory": [name], "inputs": [{"id": id}]}
    headers = {"Authorization": f"Bearer {made.hubspot.token}", "Content-Type": "application/json"}
    retries = urllib3.Retry(20, status_forcelist=[429], backoff_factor=0.5, allowed_methods=None)
    answer = urllib3.request("POST", url, body=orjson.dumps(body), headers=headers, retries=retries)
    (row,) = orjson.loads(answer.data)["results"]
    for entry in row["propertiesWithHistory"].get(name, ()):
        moment = datetime.fromisoformat(entry["timestamp"]).timestamp()
        if entry["sourceType"] == "INTEGRATION" and -1.0 <= moment - at <= MOMENT:
            return True
    return False


def _report(done: Soak, target: Target) -> list[bool]:
    for title, counts in (("deeds", done.story.deeds), ("faults", done.faults), ("seen", done.findings.seen)):
        print(f"  {title}: " + ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())))
    print(f"  {done.refused} deeds that an app did not take; {done.swept} found by the daily sweep alone")
    for line in done.findings.broken[:40]:
        print(f"    {line}")
    for line in done.troubles[:5]:
        print(f"    {line}")
    away = ", ".join(f"{count} {path}" for path, count in done.bill.turned_away.items())
    print(f"  answered with 429, {done.bill.ordered} of them by order: {away or 'none'}")
    print(f"  ledger: {done.growth.words()}")
    bound = bound_of(done.bill, done.story.deeds, done.faults, done.first, done.story.sizes.deals)
    for name, count in sorted(done.bill.calls.items()):
        print(f"    {name}: {count:,} of at most {bound.get(name, 0):,}")
    flat = flatness(done.samples)
    print(f"  memory: {flat.words()}")
    met = [
        target("broken invariants", len(done.findings.broken), "<=", 0),
        target("differences that the proof finds", sum(done.differences.values()), "<=", 0),
        target("merges that did not end in one pair", _open_merges(done), "<=", 0),
        target("seconds until all was in step", done.lag if done.lag is not None else float("inf"), "<=", PATIENCE),
        target("calls of any kind over those that the deeds allow", done.bill.over(bound), "<=", 1.0),
        target("calls that a limit refused", done.bill.refused, "<=", 0),
        target("share of the calls of a day, by the hour", done.bill.share_of_day, "<=", 1.0),
        target("unexpected failures of the program", len(done.troubles), "<=", 0),
        target("rows of the ledger beside history, per deed", done.growth.per(done.story), "<=", 3.0),
    ]
    if flat.is_long_enough:
        met.append(target("memory of the last third over the first", flat.ratio, "<=", 1.1))
    if flat.is_fitted:
        met.append(target("growth in an hour by the fitted line, share", flat.per_hour, "<=", 0.1))
    return met


def _open_merges(done: Soak) -> int:
    return sum("merge" in line.split(":")[0] for line in done.findings.broken)
