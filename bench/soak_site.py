"""What a soak runs on: HubSpot's stand-in, a PostgreSQL server with the tables and the ledger, ``bothways up``."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.postgres import free_port, start_postgresql

from bench.soak_books import HUBSPOT, OBJECTS, TABLES
from bothways.connectors.sql.postgresql.helpers import script
from bothways.sandbox.hubspot import CLIENT_SECRET, Admin, start, subscriptions

RATE, LAG = 100, 10.0
"""Calls in ten seconds, as few as the smallest account may make; seconds until a save is found by search."""

LIST = "In step"
SAMPLE_EVERY = 5.0
"""Seconds between two looks at the memory of ``bothways up``."""

_SETTINGS = """\
version: 1
database: {{env: LEDGER}}
allow_hosts: [127.0.0.1]
apps:
  hubspot:
    connector: hubspot
    base_url: "{hubspot}"
    auth: {{token: {{env: HUBSPOT_TOKEN}}, webhook_secret: {{env: HUBSPOT_SECRET}}}}
  erp:
    connector: sql
    url: "{erp}"
    helper_tables: yes
    auth: {{username: postgres, password: {{env: ERP_PASSWORD}}}}
syncs:
  companies:
    state: on
    objects: {{hubspot: companies, erp: companies}}
    match: [{{hubspot: domain, erp: domain, compare: text}}]
    {common}
    fields:
      - {{hubspot: name, erp: name}}
      - {{hubspot: domain, erp: domain}}
      - {{hubspot: city, erp: city}}
  contacts:
    state: on
    objects: {{hubspot: contacts, erp: contacts}}
    match: [{{hubspot: email, erp: email, compare: email}}]
    {common}
    fields:
      - {{hubspot: email, erp: email}}
      - {{hubspot: firstname, erp: firstname}}
      - {{hubspot: lastname, erp: lastname}}
      - {{hubspot: phone, erp: phone}}
      - {{hubspot: jobtitle, erp: title}}
    associations:
      - {{hubspot: associations.companies, erp: company_id, sync: companies}}
  deals:
    state: on
    objects: {{hubspot: deals, erp: deals}}
    send: {{hubspot: {{filter: {{list: "{list}"}}}}, erp: all}}
    match: [{{hubspot: dealname, erp: title, compare: text}}]
    {common}
    fields:
      - {{hubspot: dealname, erp: title}}
      - {{hubspot: amount, erp: amount}}
      - {{hubspot: dealstage, erp: stage}}
    associations:
      - {{hubspot: associations.companies, erp: company_id, sync: companies}}
      - {{hubspot: associations.contacts, erp: contact_id, sync: contacts}}
"""
_COMMON = """\
conflicts: {default_app: hubspot}
    deletes: {hubspot: archive, erp: delete, grace: 60s}
    schedule: {every: 60s}
    proof: {every: never}
    guards: {first_run: 1000000, max_change: 100%, max_emptied: 1000000, max_deletes: 1000000}"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What ``bothways up`` held resident at a moment (seconds, bytes), and which process it was."""

    at: float
    pid: int
    held: int


@dataclass
class Site:
    """What runs. ``account`` is the stand-in's file; ``ledger`` and ``erp`` are URLs of databases of one server."""

    folder: Path
    hubspot: Admin
    account: Path
    ledger: str
    erp: str
    port: int = field(default_factory=free_port)
    up: "subprocess.Popen[bytes] | None" = None
    samples: list[Sample] = field(default_factory=list)
    starts: int = 0

    def command(self, *words: str) -> Sequence[str]:
        """Return the words of a command in the workspace."""
        return [sys.executable, "-m", "bothways.cli.main", "-C", str(self.folder), "--no-input", *words]

    def environment(self) -> dict[str, str]:
        """Return the environment of a process of Bothways."""
        secrets = {"HUBSPOT_TOKEN": self.hubspot.token, "HUBSPOT_SECRET": CLIENT_SECRET, "ERP_PASSWORD": "not needed"}
        return {**os.environ, **secrets, "LEDGER": self.ledger}

    def ask(self, *words: str) -> Any:
        """Run a command and return the document that it prints; raise SystemExit if it prints none."""
        done = subprocess.run(
            self.command("--json", "-q", *words), env=self.environment(), capture_output=True, text=True, check=False
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise SystemExit(f"bothways {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return json.loads(lines[-1])

    def start_up(self) -> None:
        """Start ``bothways up``."""
        self.starts += 1
        with (self.folder / f"up-{self.starts}.log").open("wb") as log:
            words = ("up", "--port", str(self.port), "--log-format", "json")
            self.up = subprocess.Popen(
                self.command(*words), env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def end_up(self, *, kill: bool = False) -> None:
        """End ``bothways up``, asked to or by SIGKILL."""
        if self.up is not None:
            self.up.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.up.wait()
            self.up = None

    def listen(self) -> None:
        """Let the account send its webhooks to us."""
        wanted = [
            each
            for object, word in zip(OBJECTS, ("company", "contact", "deal"), strict=True)
            for each in subscriptions(word, list(HUBSPOT[object].values()))
        ]
        self.hubspot.subscribe(f"http://127.0.0.1:{self.port}/hooks/hubspot", wanted)

    def cut(self, database: str, spared: str) -> int:
        """Cut all sessions with a database of the server, but for those of an application; return how many."""
        with psycopg.connect(self.ledger, autocommit=True, application_name=spared) as link:
            which = "datname=%s AND application_name<>%s"
            sql = f"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {which}"
            return int((link.execute(sql.encode(), (database, spared)).fetchone() or (0,))[0])

    def troubles(self) -> list[str]:
        """Return what ``bothways up`` has said of Python tracebacks, and of failures that are its own fault."""
        texts = [path.read_text(errors="replace") for path in sorted(self.folder.glob("up-*.log"))]
        return [line for text in texts for line in text.splitlines() if "Traceback" in line or "OurFault" in line]

    def _sample(self, stop: threading.Event) -> None:
        while not stop.wait(SAMPLE_EVERY):
            process = self.up
            if process is None:
                continue
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
                if found:
                    self.samples.append(Sample(time.time(), process.pid, int(found[1]) * 1024))

    @contextlib.contextmanager
    def sampled(self) -> Iterator[None]:
        """Look at the memory of ``bothways up`` now and then, in the block."""
        stop = threading.Event()
        thread = threading.Thread(target=self._sample, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextlib.contextmanager
def site(kept: Path | None = None) -> Iterator[Site]:
    """Run the stand-in and the server, and make the workspace; the files stay in ``kept``, if one is given."""
    with contextlib.ExitStack() as stack:
        folder = Path(kept or stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        server = Path(tempfile.mkdtemp(prefix="bothways-soak-server-"))
        stack.callback(shutil.rmtree, server, ignore_errors=True)
        ledger = stack.enter_context(start_postgresql(server))
        erp = f"{ledger.rpartition('/')[0]}/erp"
        with psycopg.connect(ledger, autocommit=True) as link:
            link.execute("CREATE DATABASE erp")
        with psycopg.connect(erp, autocommit=True) as link:
            for table in TABLES:
                link.execute(table.encode())
            link.execute(script("public", "postgres").encode())
            for object in OBJECTS:
                link.execute("SELECT bothways_watch(%s)", (object,))
        account = folder / "account"
        hubspot = stack.enter_context(start(account, rate=RATE, index_lag=LAG))
        made = Site(folder, hubspot, account / "hubspot.sqlite3", ledger, erp)
        where = erp.replace("postgres@", "")
        text = _SETTINGS.format(hubspot=hubspot.url, erp=where, common=_COMMON, list=LIST)
        (folder / "bothways.yaml").write_text(text)
        try:
            yield made
        finally:
            made.end_up(kill=True)
