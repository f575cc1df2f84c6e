"""What one record, one listing and one run cost; from these, on paper, what 10,000 syncs of a million links would."""

import contextlib
from dataclasses import dataclass

import psycopg

from bench import idle, workers
from bench.many import until, works

SYNCS, LINKS = 10_000, 1_000_000
"""The size that is calculated."""

EDITED = 0.01
"""Share of the links of which a record is edited in a day: an assumption."""

GATHERED = 10
"""Edits of one sync that one run carries: an assumption, and what a run costs is measured with one."""

POLLED = 60.0
"""Seconds between two listings of a feed."""

FULL = 2e12
"""Bytes of a database that is still backed up and moved within a night: an assumption."""

TABLES = ("seen", "match_key", "link", "shadow")
"""The tables that grow with the links."""

_SETTINGS = """\
version: 1
database: {{env: LEDGER}}
apps:
  left: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
  right: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
syncs:
  o0001: {{state: on, objects: {{left: o0001, right: o0001}}, guards: {{first_run: 1000000, max_change: 100%}}}}
"""
_PATIENCE = 300.0


@dataclass
class Units:
    """Bytes of a link, by table; processor seconds of a listing and of a run, without the server's and the server's."""

    size: dict[str, float]
    listing: tuple[float, float]
    run: tuple[float, float]


def measure(records: int, seconds: float) -> Units:
    """Measure all units: sizes with so many records in each of two apps, costs for so many seconds each."""
    rest = idle.measure(40, seconds)
    with workers.running(40) as (site, people):
        pace = workers.pace(site, people, 1, seconds)
    listings = max(rest.listings, 1)
    return Units(
        sizes(records),
        (rest.share * rest.seconds / listings, rest.server * rest.seconds / listings),
        (pace.cost, pace.server),
    )


def sizes(records: int) -> dict[str, float]:
    """Return the bytes that a link takes in each table, with its indexes, after the first run of a sync."""
    with works(lambda apps: _SETTINGS.format(apps=apps)) as site:
        with psycopg.connect(site.apps) as link:
            link.execute(workers.FILL, (1, records))
        site.start("worker")
        with psycopg.connect(site.ledger, autocommit=True) as link:

            def linked() -> bool:
                with contextlib.suppress(psycopg.errors.UndefinedTable):
                    return link.execute("SELECT COUNT(*) FROM link WHERE state='active'").fetchone() == (records,)
                return False

            if until(linked, _PATIENCE, 0.5) is None:
                raise SystemExit(f"the first run did not end:\n{site.logs()[-3000:]}")
            found = {}
            for table in TABLES:
                link.execute(f"VACUUM {table}")
                held = link.execute("SELECT pg_total_relation_size(%s::regclass)", (table,)).fetchone() or (0,)
                found[table] = held[0] / records
            return found


def on_paper(units: Units) -> list[tuple[str, str]]:
    """Return the calculation, step by step: what, and how much."""
    links, feeds = SYNCS * LINKS, 2 * SYNCS
    stored = sum(units.size.values()) * links
    edits = links * EDITED / 86_400
    runs, listings = edits / GATHERED, feeds / POLLED
    worker = runs * units.run[0] + listings * units.listing[0]
    server = runs * units.run[1] + listings * units.listing[1]
    return [
        ("links", f"{links:,}"),
        ("database, without the journal", f"{stored / 1e12:,.1f} TB"),
        (f"databases of at most {FULL / 1e12:g} TB, each with its own syncs", f"{-(-stored // FULL):,.0f}"),
        (f"edits per second, {EDITED:.0%} of the links in a day", f"{edits:,.0f}"),
        (f"runs per second, {GATHERED} edits each", f"{runs:,.0f}"),
        (f"listings per second, every feed each {POLLED:g} s", f"{listings:,.0f}"),
        ("turns that the queues bring per second", f"{runs + listings:,.0f}"),
        ("calls to apps per second: a listing each; a read and a write of each run", f"{listings + 2 * runs:,.0f}"),
        ("calls to one app in a day, of one sync", f"{86_400 / POLLED + 2 * LINKS * EDITED / GATHERED / 2:,.0f}"),
        ("cores of workers", f"{worker:,.0f}"),
        ("cores of databases", f"{server:,.0f}"),
    ]
