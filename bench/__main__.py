"""``python -m bench [NAME]``: measure one thing, or all but a soak, and say which targets are met."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench import idle as at_rest
from bench import matching as keys
from bench import scale as paper
from bench import soak as hour
from bench import web as pages
from bench import workers as many
from bench.latency import measure
from bench.soak_books import Sizes
from bench.stages import UNLIMITED, Cost, all_runs, first_run

MOST_CALLS = 1.05
LEAST_RATE = 0.90
MOST_GROWTH = 1.15
MOST_SECONDS = 35
BOOK = 1_000
"""Cards of the address book in which delays are measured."""

LIMIT = 190
"""Calls per ten seconds that most accounts may make."""

TIMES = 3
"""First runs timed, of which the fastest counts: other work of the machine can only make one slower."""

PACED = (4_000, 20)
"""Contacts, and calls per ten seconds: so few that the limit, not the processor, sets the pace."""


NAMES = ("sync", "pacing", "memory", "matching", "cascade", "suggest", "latency", "workers", "idle", "scale", "web")
ALONE = "soak"
"""What is measured only if it is asked for: it takes more than an hour."""

STRICT, USUAL, SMALL = "unique e-mail on both sides", "the usual steps", "the usual steps, small_groups: link_one"
RULES = {
    "first of many by e-mail": keys.first_of_many,
    STRICT: keys.by_rules(keys.BY_EMAIL),
    USUAL: keys.by_rules(keys.USUAL),
    SMALL: keys.by_rules(keys.SMALL_GROUPS),
}
COLLEAGUES = "colleagues"
SUGGESTED = (
    ("fake_1000", 1000, 1.0, 0.99),
    (COLLEAGUES, 2000, 0.5, 0.97),
    (COLLEAGUES, 2000, 0.05, 0.9),
    (COLLEAGUES, 2000, 0.0, None),
)
"""What suggestions are measured on: a set, its size, which share is in both apps, and how much must be right."""

STAGES = {
    "fill": "filling the ledger: values and keys",
    "join": "e-mail keys joined in one statement",
    "survey": "partners: the survey of all keys",
    "match": "partners: every page of the plan",
    "read": "beside that, reading the records of these pages",
}
REACHED = {"Senzing": {STRICT: 0.15, USUAL: 0.15}, "fake_1000": {STRICT: 0.1685, USUAL: 0.151, SMALL: 0.498}}
"""The least share of people to be reached, by set and rules."""


def sync(records: int, rate: int) -> list[bool]:
    """Measure the runs of a sync; return which targets were met."""
    print(f"Two accounts of {records:,} contacts, {f'{rate} calls per 10 s' if rate < UNLIMITED else 'no rate limit'}")
    met = []
    first, *later = all_runs(records, rate)
    timed = [first, *(first_run(records, rate) for _ in range(TIMES - 1))]
    seconds = ", ".join(f"{cost.figures['seconds']:.1f} s" for cost in timed)
    print(f"\n  first run, {TIMES} times: {seconds}; the fastest:")
    for cost in (min(timed, key=lambda cost: cost.figures["seconds"]), *later):
        _show(cost)
        met.append(_target("calls over the fewest", cost.times_the_fewest, "<=", MOST_CALLS))
        if rate < UNLIMITED and cost.name == "first run":
            met.append(_target("share of the allowed rate", cost.share_of_rate, ">=", LEAST_RATE))
    return met


def pacing() -> list[bool]:
    """Measure a first run that the rate limit holds up; return whether it used what it was allowed."""
    records, rate = PACED
    print(f"\nTwo accounts of {records:,} contacts, {rate} calls per 10 s")
    cost = first_run(records, rate)
    _show(cost)
    return [_target("least time by the limit over time taken", cost.share_of_time, ">=", LEAST_RATE)]


def memory(records: int) -> list[bool]:
    """Measure the peak memory of first runs of one and ten times the records; return whether the target is met."""
    peaks = []
    for size in (records, 10 * records):
        print(f"\nTwo accounts of {size:,} contacts, no rate limit")
        cost = first_run(size, UNLIMITED)
        _show(cost)
        peaks.append(cost.figures["memory"])
    return [_target(f"peak memory at {10 * records:,} over {records:,}", peaks[1] / peaks[0], "<=", MOST_GROWTH)]


def matching(count: int) -> list[bool]:
    """Measure what the keys for matching cost, and how right they are where the truth is known."""
    print(f"\nKeys for matching, of {count:,} contacts, three times")
    costs = keys.seconds_per_million(count)
    for name, seconds in costs.items():
        print(f"    {name}: {seconds:.1f} processor seconds for a million")
    met = [_target("all keys of a million contacts, processor seconds", sum(costs.values()), "<=", MOST_SECONDS)]
    if missing := keys.missing_sets():
        print(f"\n  not measured, since these are missing under {keys.DATA}: {', '.join(missing)}")
        return met
    for name, people in (("Senzing", keys.senzing()), ("fake_1000", keys.fake_people())):
        print(f"\n  {name}, {len(people):,} records dealt into two apps {keys.SPLITS} times:")
        for words, link in RULES.items():
            tally = keys.split(people, link)
            print(f"    {words}: {tally.links:,} links, {tally.precision:.3f} of them right", end="")
            print(f"; {tally.share_reached:.3f} of the people in both apps reached")
            if link is not keys.first_of_many:
                met.append(_target("links that are right", tally.precision, ">=", 1.0))
            if words in REACHED[name]:
                met.append(_target("people reached", tally.share_reached, ">=", REACHED[name][words]))
    precision, recall = keys.company_pairs()
    print("\n  labelled pairs of companies' names, by the usual steps:")
    return [
        *met,
        _target("links that are right", precision, ">=", 0.986),
        _target("right pairs linked", recall, ">=", 0.427),
    ]


def suggest(count: int) -> list[bool]:
    """Measure how right suggestions are where the truth is known, and what they cost; return which targets are met."""
    print("\nSuggestions, by what the ledger holds of records that have no partner")
    met = []
    for name, size, share, least in (*SUGGESTED, (COLLEAGUES, count, 0.5, 0.97)):
        command = [sys.executable, "-m", "bench.suggesting", name, str(size), str(share)]
        got = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        print(
            f"  {name}, {' and '.join(f'{each:,}' for each in got['records'])} records, {got['alike']:,} in both apps:"
        )
        print(f"    likely: {got['likely'][0]:,} pairs, {got['likely'][1]:,} of them right")
        print(f"    possible: {got['possible'][0]:,} pairs, {got['possible'][1]:,} of them right")
        print(f"    {got['seconds']:.1f} s ({got['cpu']:.1f} s processor), peak memory {got['memory'] / 1e6:.0f} MB")
        if least:
            met.append(_target("likely pairs that are right", got["likely"][1] / max(1, got["likely"][0]), ">=", least))
    return met


def cascade(count: int) -> list[bool]:
    """Measure what finding the partners of all contacts costs, through the code that plans; no app is asked."""
    print(f"\nPartners of {count:,} contacts in each of two apps, by the usual steps, on SQLite")
    command = [sys.executable, "-m", "bench.partners", str(count)]
    figures = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    told = ", ".join(f"{number:,} {what}" for what, number in sorted(figures["found"].items()))
    print(f"    found: {told}; {figures['joined']:,} e-mail keys of one contact in either app")
    for name, words in STAGES.items():
        took = figures[name]
        print(f"    {words}: {took['seconds']:.1f} s, processor {took['cpu']:.1f} s")
    print(f"    ledger {figures['size'] / 2**20:.0f} MiB")
    million, partners = 1_000_000 / count, figures["survey"]["cpu"] + figures["match"]["cpu"]
    return [
        _target("e-mail join of a million, processor seconds", figures["join"]["cpu"] * million, "<=", 5),
        _target("partners of a million in each app, processor seconds", partners * million, "<=", 25),
        _target("peak memory, MB", figures["memory"] / 1e6, "<=", 650),
    ]


def latency(seconds: int) -> list[bool]:
    """Measure how late changes arrive, told of by webhooks and by polling alone; return which targets are met."""
    met = []
    for webhooks, half, most in ((True, 1.0, 3.0), (False, None, 75.0)):
        words = "with webhooks" if webhooks else "by polling alone, every 60 s"
        print(f"\nFrom HubSpot to an address book of {BOOK:,} cards, {words}: 10 changes/s for {seconds} s")
        got = measure(BOOK, 10, seconds, webhooks=webhooks)
        shares = ", ".join(f"{name} {share:.0%}" for name, share in sorted(got.cpu.items()))
        print(f"    of one core: {shares}")
        met.append(_target("changes that did not arrive", got.lost, "<=", 0))
        if half:
            met.append(_target("half of the delays, seconds", got.part(0.5), "<=", half))
        met.append(_target("95 % of the delays, seconds", got.part(0.95), "<=", most))
    return met


def workers(syncs: int, seconds: int) -> list[bool]:
    """Measure what killing and freezing workers does, what a run costs with 1 to 3; return which targets are met."""
    print(f"\n{syncs} syncs on PostgreSQL, two workers and a web process: 50 changes told of by webhooks per second")
    with many.running(syncs) as (site, people):
        got = many.faults(site, people, 50, seconds)
        print(f"    {got.edits:,} changes, {got.per_second:.0f} per second; {got.refused} of their webhooks not taken")
        print(f"    turns held by the killed worker {got.held[0]}, by the one frozen for a minute {got.held[1]}")
        met = [
            _target(f"commits after a takeover, of {got.committed:,} rows", got.overlapping, "<=", 0),
            _target("changes that did not arrive", got.lost, "<=", 0),
            _target("records that differ at the end", got.different, "<=", 0),
            _target("taken over from the killed worker, seconds", got.killed or float("inf"), "<=", 30),
            _target("taken over from the frozen worker, seconds", got.frozen or float("inf"), "<=", 30),
        ]
        paces = [many.pace(site, people, count, max(15.0, seconds / 8)) for count in (1, 2, 3)]
    for each in paces:
        print(
            f"    {each.workers} workers: {each.per_second:.1f} runs/s, {1 / each.cost:.1f} per processor second,"
            f" {1000 * each.cost:.0f} ms a run; the server beside them {1000 * each.server:.0f} ms;"
            f" a piece of work that is always the same {1000 * each.yardstick:.1f} ms"
        )
    return [*met, _target("processor time of a run, 3 workers over 1", paces[2].cost / paces[0].cost, "<=", 1.2)]


def idle(connections: int, seconds: int) -> list[bool]:
    """Measure what one worker spends where nothing happens; return which targets are met."""
    print(f"\n{connections} connections with {at_rest.EACH} idle syncs each, one worker on PostgreSQL")
    got = at_rest.measure(connections, seconds)
    print(f"    in {got.seconds:.0f} s {got.listings:,} listings and {got.runs:,} runs; the server {got.server:.0%}")
    return [
        _target("share of one core", got.share, "<=", 0.5),
        _target("memory, MB", got.memory / 1e6, "<=", 300),
    ]


def scale(records: int, seconds: int) -> list[bool]:
    """Measure unit costs and print what very many syncs would cost by them; there is no target."""
    print(f"\nUnit costs, with {records:,} links, and {paper.SYNCS:,} syncs of {paper.LINKS:,} links on paper")
    units = paper.measure(records, max(15.0, seconds / 8))
    told = ", ".join(f"{table} {held:.0f}" for table, held in units.size.items())
    print(f"    bytes of a link: {told}; together {sum(units.size.values()):.0f}")
    for what, (own, server) in {"listing": units.listing, "run of one edit": units.run}.items():
        print(f"    processor time of a {what}: {1000 * own:.1f} ms, of the database {1000 * server:.1f} ms")
    for what, much in paper.on_paper(units):
        print(f"    {what}: {much}")
    return []


def _show(cost: Cost) -> None:
    figures = cost.figures
    written = [(count, word, app) for word in ("created", "updated") for app, count in figures[word].items() if count]
    words = ", ".join(f"{count:,} {word} in the {app}" for count, word, app in written) or "nothing written"
    print(f"\n  {cost.name}: {words}")
    for name, bill in cost.bills.items():
        calls = ", ".join(f"{call} {count}" for call, count in sorted(bill.items()))
        print(f"    {name}: {cost.calls[name]} calls, at least {cost.fewest[name]} ({calls})")
    print(
        f"    {figures['seconds']:.1f} s, of these {figures['waited']:.1f} s waiting for the rate limit;"
        f" processor {figures['cpu']:.1f} s; peak memory {figures['memory'] / 2**20:.1f} MiB"
    )


def _target(name: str, value: float, sign: str, bound: float) -> bool:
    met = value <= bound if sign == "<=" else value >= bound
    print(f"    {name}: {value:.3f} (target {sign} {bound:.3g}: {'met' if met else 'missed'})", flush=True)
    return met


def main() -> None:
    """Run the benchmarks asked for. Missed targets are told, and make the exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=("all", *NAMES, ALONE), default="all")
    parser.add_argument("--records", type=int, default=10_000, help="contacts in each account (a multiple of ten)")
    parser.add_argument("--rate", choices=("on", "off"), default="on", help="the rate limit of the accounts")
    parser.add_argument("--limit", type=int, default=LIMIT, help="calls per ten seconds")
    parser.add_argument("--seconds", type=int, default=300, help="how long is measured, for what takes its time")
    parser.add_argument("--syncs", type=int, default=200, help="syncs that several workers share")
    parser.add_argument("--connections", type=int, default=500, help="connections at which nothing happens")
    parser.add_argument("--links", type=int, default=1_000_000, help="linked pairs of which pages show lists")
    parser.add_argument("--contacts", type=int, default=100_000, help="contacts of a soak, about as many on each side")
    parser.add_argument("--companies", type=int, default=20_000, help="its companies")
    parser.add_argument("--deals", type=int, default=10_000, help="its deals")
    parser.add_argument("--minutes", type=float, default=60, help="how long its people work")
    parser.add_argument("--seed", type=int, default=1, help="what its people do, and what fails")
    parser.add_argument("--keep", type=Path, help="an empty folder in which its log and its files stay")
    given = parser.parse_args()
    met: list[bool] = []
    if given.name in ("all", "sync"):
        met += sync(given.records, given.limit if given.rate == "on" else UNLIMITED)
    if given.name in ("all", "pacing"):
        met += pacing()
    if given.name in ("all", "memory"):
        met += memory(given.records)
    if given.name in ("all", "matching"):
        met += matching(2 * given.records)
    if given.name in ("all", "cascade"):
        met += cascade(2 * given.records)
    if given.name in ("all", "suggest"):
        met += suggest(given.records)
    if given.name in ("all", "latency"):
        met += latency(given.seconds)
    if given.name in ("all", "workers"):
        met += workers(given.syncs, given.seconds)
    if given.name in ("all", "idle"):
        met += idle(given.connections, given.seconds)
    if given.name in ("all", "scale"):
        met += scale(given.records, given.seconds)
    if given.name in ("all", "web"):
        met += pages.run(given.links, _target)
    if given.name == ALONE:
        sizes = Sizes(given.companies, given.contacts, given.deals)
        met += hour.run(sizes, given.minutes, given.seed, _target, given.keep)
    print(f"\n{sum(met)} of {len(met)} targets met")
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
