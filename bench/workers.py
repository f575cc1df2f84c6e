"""Two workers and a web process on PostgreSQL, one killed and one frozen meanwhile; what a run costs with 1 to 3."""

import contextlib
import hmac
import http.client
import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from tests.commits import commits, watch_commits

from bench.many import Works, cpu_of, until, works
from bench.plain import SECRET, SIGNATURE

RECORDS = 25
"""Records of each object of each app."""

PATIENCE = 240.0
"""Seconds for which the last changes are waited for."""

FROZEN = 60.0
"""Seconds for which a worker is frozen."""

WARM = 20.0
"""Seconds of work before the cost of runs is measured: the first runs in a process learn what the apps have."""

LATE = 100
"""How many runs may begin before one is seen that began earlier."""

_HEAD = """\
version: 1
database: {{env: LEDGER}}
apps:
  left: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
  right: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
syncs:
"""
_SYNC = """\
  {name}:
    state: on
    objects: {{left: {name}, right: {name}}}
    guards: {{first_run: 1000000, max_change: 100%}}
"""
FILL = """
INSERT INTO record (app, object, id, email, name, title)
SELECT app, 'o' || to_char(o, 'FM0000'), app || n, 'p' || n || '@example.com', 'Name ' || n, 'Buyer'
FROM unnest(ARRAY['left', 'right']) app, generate_series(1, %s) o, generate_series(1, %s) n
"""
_DIFFERENT = """
SELECT COUNT(*) FROM record l FULL JOIN (SELECT * FROM record WHERE app='right') r
ON r.object=l.object AND r.email=l.email
WHERE (l.app='left' OR l.app IS NULL) AND (l.name, l.title) IS DISTINCT FROM (r.name, r.title)
"""


@dataclass
class Faults:
    """What came of killing and freezing. Takeovers are in seconds, None where it took too long."""

    edits: int = 0
    refused: int = 0
    per_second: float = 0.0
    lost: int = 0
    different: int = 0
    killed: float | None = None
    frozen: float | None = None
    held: list[int] = field(default_factory=list)
    committed: int = 0
    overlapping: int = 0


@dataclass
class Pace:
    """What so many workers did: runs per second, processor seconds of a run, those of the server beside it.

    ``yardstick``: processor seconds that the same piece of work took meanwhile, in another process: a machine at which
    more is going on takes more of them for everything.
    """

    workers: int
    per_second: float
    cost: float
    server: float
    yardstick: float


class People:
    """They edit records, in the even objects of one app and the odd ones of the other, and their apps tell of it."""

    def __init__(self, site: Works, syncs: int) -> None:
        self.names, self.edits, self.refused = [f"o{number + 1:04}" for number in range(syncs)], 0, 0
        self.saved: dict[tuple[str, str], str] = {}
        self._site, self._link = site, psycopg.connect(site.apps, autocommit=True)
        self._chance = random.Random(1)
        self._call = http.client.HTTPConnection("127.0.0.1", site.port)

    def edit(self, number: int) -> None:
        """Save a title in a record of an object, and tell of it."""
        app, name, who = ("left", "right")[number % 2], self.names[number], self._chance.randrange(RECORDS) + 1
        self.edits += 1
        title, id = f"Title {self.edits}", f"{app}{who}"
        self._link.execute(
            "UPDATE record SET title=%s, version=nextval('version'), changed=EXTRACT(EPOCH FROM clock_timestamp()) "
            "WHERE app=%s AND object=%s AND id=%s",
            (title, app, name, id),
        )
        self.saved[name, f"p{who}@example.com"] = title
        body = json.dumps([[name, id]]).encode()
        headers = {SIGNATURE: hmac.digest(SECRET.encode(), body, "sha256").hex()}
        self._call.close()
        self._call.request("POST", f"/hooks/{app}", body, headers)
        answer = self._call.getresponse()
        answer.read()
        self.refused += answer.status != 200

    def edit_for(self, seconds: float, per_second: float) -> Iterator[None]:
        """Edit at random for so long; yields after each edit."""
        began = time.monotonic()
        for number in range(int(seconds * per_second)):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            self.edit(self._chance.randrange(len(self.names)))
            yield

    def lost(self) -> int:
        """Return how many of the last titles are not in both apps."""
        rows = self._link.execute("SELECT object, email, title FROM record").fetchall()
        return sum(self.saved.get((name, email), title) != title for name, email, title in rows)

    def different(self) -> int:
        """Return how many records of the two apps differ."""
        return int((self._link.execute(_DIFFERENT).fetchone() or (0,))[0])


@contextlib.contextmanager
def running(syncs: int) -> Iterator[tuple[Works, People]]:
    """Run two workers and a web process with so many syncs, all linked, and stop the workers again."""
    text = "".join(_SYNC.format(name=f"o{number + 1:04}") for number in range(syncs))
    with works(lambda apps: _HEAD.format(apps=apps) + text) as site:
        with psycopg.connect(site.apps) as link:
            link.execute(FILL, (syncs, RECORDS))
        site.start("web", "--port", str(site.port))
        people = [site.start("worker") for _ in range(2)]
        with psycopg.connect(site.ledger, autocommit=True) as link:

            def linked() -> bool:
                with contextlib.suppress(psycopg.errors.UndefinedTable):
                    found = link.execute("SELECT COUNT(*) FROM link WHERE state='active'").fetchone()
                    return found is not None and found[0] == syncs * RECORDS
                return False

            if until(linked, PATIENCE, 0.5) is None:
                raise SystemExit(f"the first runs did not end:\n{site.logs()[-3000:]}")
        site.stop(*people)
        yield site, People(site, syncs)


def faults(site: Works, people: People, per_second: float, seconds: float) -> Faults:
    """Edit for so long; kill a worker after a sixth of the time, start one in its place, and freeze the other."""
    watch_commits(site.ledger)
    found = Faults()
    first, second = site.start("worker"), site.start("worker")
    storm = people.edit_for(max(seconds, FROZEN * 2), per_second)
    stages = iter((max(seconds, FROZEN * 2) / 6, max(seconds, FROZEN * 2) / 3))
    began, stage = time.monotonic(), next(stages)
    watching: list[_Takeover] = []
    thaw = 0.0
    for _ in storm:
        passed = time.monotonic() - began
        if stage and passed > stage and not watching:
            first.kill()
            first.wait()
            watching.append(_Takeover(site, first.pid))
            site.start("worker")
            stage = next(stages)
        elif stage and passed > stage:
            second.send_signal(signal.SIGSTOP)
            watching.append(_Takeover(site, second.pid))
            stage, thaw = 0.0, time.monotonic() + FROZEN
        elif thaw and time.monotonic() > thaw:
            second.send_signal(signal.SIGCONT)
            thaw = 0.0
        for each in watching:
            each.look()
    found.edits, found.refused, found.per_second = (
        people.edits,
        people.refused,
        people.edits / (time.monotonic() - began),
    )
    if thaw:
        time.sleep(max(0.0, thaw - time.monotonic()))
        second.send_signal(signal.SIGCONT)
    until(lambda: not people.lost() and not people.different(), PATIENCE, 0.5)
    found.killed, found.frozen = (each.took for each in watching)
    found.held = [len(each.held) for each in watching]
    found.lost, found.different = people.lost(), people.different()
    found.committed, found.overlapping = commits(site.ledger)
    site.stop(*(each for each in site.processes[1:] if each.poll() is None))
    return found


class _Takeover:
    """The turns that a worker has when it stops, and how long it takes until somebody else has had them all."""

    def __init__(self, site: Works, pid: int) -> None:
        self._link, self._mark = psycopg.connect(site.ledger, autocommit=True), f"%-{pid}-%"
        self._began = self._looked = time.monotonic()
        self.took: float | None = None
        self.held = self._turns()

    def _turns(self) -> list[str]:
        sql = " UNION ALL ".join(
            f"SELECT '{kind}' || id FROM {kind} WHERE taken_at IS NOT NULL AND worker LIKE %s"
            for kind in ("feed", "sync")
        )
        return [name for (name,) in self._link.execute(sql, (self._mark, self._mark)).fetchall()]

    def look(self) -> None:
        """Look once in a while whether it has any turn left."""
        if self.took is None and time.monotonic() - self._looked > 0.1:
            self._looked = time.monotonic()
            if not set(self.held) & set(self._turns()):
                self.took = self._looked - self._began


def pace(site: Works, people: People, workers: int, seconds: float) -> Pace:
    """Let so many workers work as fast as they can: each object is edited again once a run of its sync has ended."""
    at_work = [site.start("worker") for _ in range(workers)]
    with psycopg.connect(site.ledger, autocommit=True) as link:
        numbers = {id: people.names.index(name) for id, name in link.execute("SELECT id, name FROM sync").fetchall()}
        ended = _Ended(link)
        for number in numbers.values():
            people.edit(number)
        began = before = time.monotonic()
        runs, spent, server, yardstick, measured = 0, 0.0, 0.0, list[float](), began
        while time.monotonic() - began < WARM + seconds:
            if not spent and time.monotonic() - began > WARM:
                runs, before, spent, server = 0, time.monotonic(), _cpu(at_work), site.server_cpu()
            time.sleep(0.05)
            if spent and time.monotonic() - measured > 0.5:
                measured = time.monotonic()
                yardstick.append(_yardstick())
            done = ended.look()
            runs += len(done)
            for sync in set(done):
                people.edit(numbers[sync])
        took, used, beside = time.monotonic() - before, _cpu(at_work) - spent, site.server_cpu() - server
    until(lambda: not people.lost(), PATIENCE, 0.5)
    site.stop(*at_work)
    return Pace(workers, runs / took, used / max(runs, 1), beside / max(runs, 1), sum(yardstick) / len(yardstick))


class _Ended:
    """Tells of every run once, when it has ended: they do not end in the order in which they began."""

    def __init__(self, link: "psycopg.Connection[tuple[int, ...]]") -> None:
        self._link, self._told = link, set[int]()
        self._after = int((link.execute("SELECT COALESCE(MAX(id), 0) FROM run").fetchone() or (0,))[0])

    def look(self) -> list[int]:
        """Return the syncs of the runs that have ended since."""
        sql = "SELECT id, sync_id, state='running' FROM run WHERE id>%s ORDER BY id"
        rows = self._link.execute(sql, (self._after,)).fetchall()
        new = [(id, sync) for id, sync, running in rows if not running and id not in self._told]
        self._told |= {id for id, _ in new}
        at_work = [id for id, _, running in rows if running] or [id for id, *_ in rows]
        self._after = max(self._after, min(at_work, default=0) - LATE)
        return [sync for _, sync in new]


def _yardstick() -> float:
    began = time.process_time()
    for _ in range(20):
        json.loads(json.dumps({str(number): [number] * 5 for number in range(200)}))
    return time.process_time() - began


def _cpu(processes: list["subprocess.Popen[bytes]"]) -> float:
    return sum(cpu_of(each.pid) for each in processes)
