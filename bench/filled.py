"""A ledger with very many links, as after a year of use: what a small sync has left, made many by SQL.

Linked pairs with shadows; some held, failing, left out, waiting, ended; records without a partner; runs and what they
wrote; and a plan with very many actions. The keys for matching are left out: no page reads them.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.many import Works
from bench.workers import FILL

SETTINGS = """\
version: 1
{database}apps:
  left: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
  right: {{connector: plain, url: "{apps}", auth: {{webhook_secret: {{env: PLAIN_SECRET}}}}}}
syncs:
  people: {{state: on, objects: {{left: o0001, right: o0001}}, guards: {{first_run: 1000000, max_change: 100%}}}}
"""
ON_POSTGRESQL = "database: {env: LEDGER}\n"
SYNC = "people"

SMALL, EDITED = 1_000, 600
"""Pairs of the sync that is made many, and those of them that the plan would write."""

ALONE, FAILING, CONFLICTS, UNCLEAR, FROZEN, DUE, ENDED = 33, 331, 997, 7, 61, 2003, 53
"""One in so many links: has a record beside it without a partner, is failing, in conflict, ...; of those without a
partner one in ``UNCLEAR`` has several candidates."""

RUNS, EACH = 5_000, 20
"""Runs, and the records that each of them wrote; the first one wrote a third of all."""

DAY = 86_400.0

_NUMBERS = "(WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i+1 FROM n WHERE i<{last}) SELECT i FROM n) n"
_SEEN = "feed_id, record_id, workspace_id, version, data, modified, stamp_seen_at, read_at, first_seen_at, swept, state"
_DATA = (
    """'{"email":"p' || i || '@firm' || (i % 5003) || '.example","name":"Given' || (i % 997) || ' Family' || """
    """(i % 9973) || '","title":"Buyer","note0":"Met at a fair, hall ' || (i % 40) || '","note1":"Wants a call","""
    """"note2":null,"note3":"30' || (i % 89) || ' Main Street","note4":null,"note5":null,"note6":null,"note7":null,"""
    """"note8":null,"note9":null}'"""
)
_SHADOW = (
    """'{"email=email":["p' || i || '@firm' || (i % 5003) || '.example",null],"name=name":["Given' || (i % 997) || """
    """' Family' || (i % 9973) || '",null],"title=title":["Buyer",null]}'"""
)
_LINK = "id, workspace_id, sync_id, left_id, right_id, state, rule, reason, survivor, created_at, ended_at, frozen"
_HOLD = "workspace_id, sync_id, side, record_id, field, link_id, rule, reason, kind, tries, next_try, opened_at, data"
_JOURNAL = (
    "workspace_id, sync_id, run_id, link_id, side, record_id, kind, state, rule, marker, data, message, created_at"
)
_WRITTEN = (
    """'{"writes":{"title=title":{"before":"Clerk","after":"Buyer","rule":"F3","reason":"left changed it","""
    """"source":"Buyer","stored":"Buyer","conflict":false,"field":"title","landed":true}},"more":{}}'"""
)
_ACTION = "workspace_id, kind, rule, reason, left_id, right_id, link_id, writes_left, writes_right, state, data"

Do = Callable[[str], Any]


def small(site: Works) -> None:
    """Run the small sync once, and leave a plan of what some edits would write."""
    with psycopg.connect(site.apps) as link:
        link.execute(FILL, (1, SMALL))
    _done(site, "run", SYNC, "--yes")
    with psycopg.connect(site.apps) as link:
        link.execute(
            "UPDATE record SET title='Clerk', version=nextval('version'), "
            "changed=EXTRACT(EPOCH FROM clock_timestamp()) WHERE app='left' AND id=ANY(%s)",
            ([f"left{number + 1}" for number in range(EDITED)],),
        )
    _done(site, "plan", SYNC)


def _done(site: Works, *words: str) -> None:
    if site.start(*words).wait():
        raise SystemExit(site.logs()[-3000:])


def make_many(site: Works, links: int, *, on_postgresql: bool) -> float:
    """Fill the ledger of the small sync up to so many links; return its size in bytes."""
    if on_postgresql:
        with psycopg.connect(site.ledger, autocommit=True) as link:
            fill(link.execute, links)
            link.execute("VACUUM ANALYZE")
            name = urlsplit(site.ledger).path[1:]
            return float((link.execute("SELECT pg_database_size(%s)", (name,)).fetchone() or (0,))[0])
    path = site.folder / ".bothways" / "ledger.db"
    here = sqlite3.connect(path, isolation_level=None)
    here.execute("PRAGMA synchronous=OFF")
    here.execute("BEGIN")
    fill(here.execute, links)
    here.execute("COMMIT")
    here.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    here.close()
    return float(path.stat().st_size)


def fill(do: Do, links: int) -> None:
    """Add everything by statements that both databases know."""
    now, first = time.time(), SMALL + 1
    one = int(do("SELECT MIN(id) FROM sync").fetchone()[0])
    left, right = do(f"SELECT left_id, right_id FROM sync WHERE id={one}").fetchone()
    every = _NUMBERS.format(first=first, last=links)
    ended = _NUMBERS.format(first=links + 1, last=links + links // ENDED)
    alone = _NUMBERS.format(first=2 * links + 1, last=2 * links + links // ALONE)
    for feed, app in ((left, "left"), (right, "right")):
        for numbers, state in ((every, "live"), (alone, "live"), (ended, "live" if app == "left" else "gone")):
            do(
                f"INSERT INTO seen ({_SEEN}) SELECT {feed}, '{app}' || i, 1, '1', {_DATA}, {now} - i % 9000000, "
                f"{now} - i % 9000000, {now - DAY}, 0.0, 0.0, '{state}' FROM {numbers}"
            )
    frozen = f"CASE WHEN i % {FROZEN}=0 THEN 'outside the filter of left: Country is not DE' ELSE '' END"
    ids = "'left' || i, 'right' || i"
    do(
        f"INSERT INTO link ({_LINK}) SELECT i, 1, {one}, {ids}, 'active', 'R6', 'linked: same e-mail', NULL, "
        f"{now} - i % 9000000, NULL, {frozen} FROM {every}"
    )
    do(
        f"INSERT INTO link ({_LINK}) SELECT i, 1, {one}, {ids}, 'ended', 'R4', 'linked: same e-mail', 'left', "
        f"{now} - i % 9000000, {now} - i % 90000, '' FROM {ended}"
    )
    for side in ("left", "right"):
        do(f"INSERT INTO shadow (workspace_id, link_id, side, data) SELECT 1, i, '{side}', {_SHADOW} FROM {every}")
    _holds(do, one, now, every, alone)
    _runs(do, one, now, links)
    _plan(do, one, links)


def _holds(do: Do, sync: int, now: float, every: str, alone: str) -> None:
    refused = "'R13', 'right refused it: title is too long', 'refused', 3"
    held = '\'{"value":"Buyer","values":{"left":"Buyer","right":"Clerk"}}\''
    do(
        f"INSERT INTO hold ({_HOLD}) SELECT 1, {sync}, 'right', 'right' || i, '', i, {refused}, {now} + i % 9000, "
        f"{now} - i % 900000, '{{}}' FROM {every} WHERE i % {FAILING}=0"
    )
    do(
        f"INSERT INTO hold ({_HOLD}) SELECT 1, {sync}, 'right', 'right' || i, 'title=title', i, 'FK', "
        f"'both changed it', 'conflict', 1, NULL, {now} - i % 900000, {held} FROM {every} WHERE i % {CONFLICTS}=0"
    )
    do(
        f"INSERT INTO hold ({_HOLD}) SELECT 1, {sync}, 'left', 'left' || i, '', NULL, 'R7', "
        f"'two records of right have the same e-mail', 'match', 1, NULL, {now} - i % 900000, "
        f"'{{\"candidates\":[]}}' FROM {alone} WHERE i % {UNCLEAR}=0"
    )
    do(
        f"INSERT INTO due (workspace_id, sync_id, side, record_id, version, not_before) "
        f"SELECT 1, {sync}, 'left', 'left' || i, 900000000 + i, 0.0 FROM {every} WHERE i % {DUE}=0"
    )


def _runs(do: Do, sync: int, now: float, links: int) -> None:
    """Add the runs of the last days, the first of which wrote a third of the links."""
    base = int(do("SELECT MAX(id) FROM run").fetchone()[0]) + 1
    numbers = _NUMBERS.format(first=0, last=RUNS - 1)
    bill = '\'{"left changes":1,"right changes":1,"right write":1}\''
    do(
        "INSERT INTO run (id, workspace_id, sync_id, kind, state, started_at, ended_at, reason, counts, bill, "
        "revision) "
        f"SELECT {base} + i, 1, {sync}, 'sync', 'done', {now} - ({RUNS} - i) * 60.0, {now} - ({RUNS} - i) * 60.0 + 9, "
        f"'', '{{}}', {bill}, 1 FROM {numbers}"
    )
    row = f"SELECT 1, {sync}, %s, i, 'right', 'right' || i, '%s', 'done', 'F3', '', {_WRITTEN}, '', %s, %s"
    first = row % (base, "create", now - RUNS * 60.0, now - RUNS * 60.0 + 5)
    third = _NUMBERS.format(first=SMALL + 1, last=SMALL + links // 3)
    do(f"INSERT INTO journal ({_JOURNAL}, done_at) {first} FROM {third}")
    at = f"{now} - ({RUNS} - (i - {SMALL}) / {EACH}) * 60.0"
    later = row % (f"{base} + 1 + (i - {SMALL}) / {EACH}", "update", at, f"{at} + 2")
    edits = _NUMBERS.format(first=SMALL, last=SMALL + (RUNS - 1) * EACH - 1)
    do(f"INSERT INTO journal ({_JOURNAL}, done_at) {later} FROM {edits}")


def _plan(do: Do, sync: int, links: int) -> None:
    """Make the actions of the plan many, and its numbers with them."""
    found = do(
        f"SELECT id, totals FROM plan WHERE sync_id={sync} AND state='ready' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    plan, totals = found[0], found[1] if isinstance(found[1], dict) else json.loads(found[1])
    times = max(links // 5 // EDITED, 2)
    copies = _NUMBERS.format(first=1, last=times - 1)
    size = int(do(f"SELECT MAX(seq) FROM plan_action WHERE plan_id={plan}").fetchone()[0]) + 1
    do(
        f"INSERT INTO plan_action (plan_id, seq, {_ACTION}) SELECT a.plan_id, a.seq + {size} * n.i, "
        f"{', '.join(f'a.{each}' for each in _ACTION.split(', '))} FROM plan_action a CROSS JOIN {copies} "
        f"WHERE a.plan_id={plan}"
    )
    totals["shows"] = {name: count * times for name, count in totals["shows"].items()}
    totals["view"]["updated"] = {app: count * times for app, count in totals["view"]["updated"].items()}
    told = json.dumps(totals).replace("'", "''")
    do(f"UPDATE plan SET totals='{told}' WHERE id={plan}")
