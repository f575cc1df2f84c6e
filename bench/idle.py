"""Hundreds of connections at which nothing happens: what one worker on PostgreSQL spends on looking after them."""

import time
from dataclasses import dataclass

import psycopg

from bench.many import Works, cpu_of, memory_of, until, works
from bench.plain import NOTES

EACH = len(NOTES)
"""Syncs of each connection. Half of them send, each to so many of the other half: there must be no ring, and of those
that write to one of them each writes another field."""

PATIENCE = 600.0
SETTLED = 75.0
"""Seconds after which every feed was read in the way that it is read from then on."""

_APP = '  a{number:04}: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}\n'
_SYNC = """\
  s{left:04}_{right:04}:
    state: on
    objects: {{a{left:04}: people, a{right:04}: people}}
    send: {{a{right:04}: none}}
    match: [{{a{left:04}: email, a{right:04}: email, compare: email}}]
    fields: [{{a{left:04}: note{far}, a{right:04}: note{far}}}]
    guards: {{first_run: 1000, max_change: 100%}}
"""


@dataclass
class Idle:
    """What a worker spent in so many seconds: its share of a core, that of the server, what it read and ran."""

    seconds: float
    share: float
    server: float
    memory: int
    listings: int
    runs: int


def measure(connections: int, seconds: float) -> Idle:
    """Let a worker look after so many connections for so long, once it has begun."""

    def settings(apps: str) -> str:
        numbers = range(connections)
        made = "".join(_APP.format(number=number, apps=apps) for number in numbers)
        half = connections // 2
        pairs = [(left, half + (left + far) % half, far) for left in range(half) for far in range(EACH)]
        syncs = "".join(_SYNC.format(left=left, right=right, far=far) for left, right, far in pairs)
        return f"version: 1\ndatabase: {{env: LEDGER}}\napps:\n{made}syncs:\n{syncs}"

    with works(settings) as site:
        _begin(site, connections)
        worker = site.start("worker")
        with psycopg.connect(site.ledger, autocommit=True) as link:
            read = "SELECT COUNT(*) FROM feed WHERE polled_at>0"
            if until(lambda: link.execute(read).fetchone() == (connections,), PATIENCE, 1.0) is None:
                raise SystemExit(f"not all was read:\n{site.logs()[-3000:]}")
            time.sleep(SETTLED)
            before, runs = time.monotonic(), _count(link, "SELECT COUNT(*) FROM run")
            cpu, server, polled = cpu_of(worker.pid), site.server_cpu(), time.time()
            listings = 0
            while time.monotonic() - before < seconds:
                time.sleep(1.0)
                until_now = time.time()
                listings += _count(
                    link, "SELECT COUNT(*) FROM feed WHERE polled_at>%s AND polled_at<=%s", polled, until_now
                )
                polled = until_now
            took = time.monotonic() - before
            return Idle(
                took,
                (cpu_of(worker.pid) - cpu) / took,
                (site.server_cpu() - server) / took,
                memory_of(worker.pid),
                listings,
                _count(link, "SELECT COUNT(*) FROM run") - runs,
            )


def _begin(site: Works, connections: int) -> None:
    """Make all syncs known, at rest, as they are after long: each due once within the hour, as idle syncs are."""
    if site.start("status").wait():
        raise SystemExit(site.logs()[-3000:])
    with psycopg.connect(site.ledger) as link:
        link.execute("UPDATE feed SET baseline_done=true, due_at=EXTRACT(EPOCH FROM clock_timestamp())+random()*60")
        link.execute("UPDATE sync SET due_at=EXTRACT(EPOCH FROM clock_timestamp())+random()*3600")
        made = link.execute("SELECT (SELECT COUNT(*) FROM feed), (SELECT COUNT(*) FROM sync)").fetchone()
    if made != (connections, connections // 2 * EACH):
        raise SystemExit(f"not all syncs were made: {made}\n{site.logs()[-3000:]}")


def _count(link: "psycopg.Connection[tuple[int, ...]]", sql: str, *values: float) -> int:
    return (link.execute(sql, values).fetchone() or (0,))[0]
