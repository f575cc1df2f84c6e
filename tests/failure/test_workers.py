"""Many processes on one PostgreSQL database: one is killed, one frozen, the server is started anew; nothing is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from bothways.sandbox.hubspot import HubSpotSandbox, subscriptions
from tests.hooked_accounts import secrets, settings
from tests.postgres import free_port, restart_postgresql, start_postgresql

TAKEN_OVER_WITHIN = 30.0
"""Seconds after which at the latest another worker goes on where one stopped without a word."""

POLLED_WITHIN = 75.0
"""Seconds after which polling has found a change at the latest, should its webhook have met a locked row."""


@dataclass
class Site:
    """Two accounts with the same person, a PostgreSQL server, and the processes that keep the accounts in step."""

    folder: Path
    server: Path
    url: str
    east: HubSpotSandbox
    west: HubSpotSandbox
    mine: str
    theirs: str
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str, url: str = "") -> subprocess.Popen[bytes]:
        """Start a process, which finds the database at ``url`` if that is not where all others do."""
        command = [sys.executable, "-m", "bothways.cli.main", "-C", str(self.folder), *words]
        with (self.folder / f"{words[0]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=os.environ | secrets(self.east, self.west) | {"LEDGER": url or self.url},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def edit(self, name: str) -> None:
        self.east.edit("contacts", self.mine, {"firstname": name})

    def arrives(self, name: str, seconds: float) -> bool:
        """Wait until a name has come to the other account; tell whether it did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.west.records("contacts")[self.theirs].get("firstname") == name:
                return True
            time.sleep(0.05)
        return False

    def is_linked(self, seconds: float) -> bool:
        """Wait until the first run has linked the two; tell whether it did in time."""
        end = time.monotonic() + seconds
        with psycopg.connect(self.url, autocommit=True) as connection:
            while time.monotonic() < end:
                if connection.execute("SELECT 1 FROM link WHERE state='active'").fetchone():
                    return True
                time.sleep(0.05)
        return False

    def takers(self) -> Counter[str]:
        sql = " UNION ALL ".join(f"SELECT worker FROM {kind} WHERE taken_at IS NOT NULL" for kind in ("feed", "sync"))
        with psycopg.connect(self.url) as connection:
            return Counter(worker for (worker,) in connection.execute(sql))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with (
        TemporaryDirectory(prefix="bothways-postgresql-") as name,
        start_postgresql(server := Path(name)) as url,
        running(tmp_path, server, url) as site,
    ):
        yield site


@contextmanager
def running(folder: Path, server: Path, url: str) -> Iterator[Site]:
    """Run the accounts and a web process on a PostgreSQL server, and end all processes that are started later."""
    with HubSpotSandbox() as east, HubSpotSandbox() as west:
        ids = [each.create("contacts", {"email": "ann@x.test", "firstname": "Ann"}) for each in (east, west)]
        (folder / "bothways.yaml").write_text(settings(east, west, "database: {env: LEDGER}"))
        site = Site(folder, server, url, east, west, *ids)
        site.start("web", "--port", str(site.port))
        _until_answered(site.port)
        east.subscribe(f"http://127.0.0.1:{site.port}/hooks/east", subscriptions("contact", ["firstname", "email"]))
        try:
            yield site
        finally:
            for process in site.processes:
                process.kill()
                process.wait()


def _until_answered(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < end, "the web process does not answer"
            time.sleep(0.05)


@pytest.mark.server("postgresql")
def test_killed_and_frozen_workers_are_taken_over_from_and_a_server_started_anew_is_found_again(site: Site) -> None:
    first, second = site.start("worker"), site.start("worker")
    assert site.is_linked(60), site.logs()
    site.edit("both")
    assert site.arrives("both", 60), site.logs()

    first.kill()
    site.edit("one killed")
    assert site.arrives("one killed", TAKEN_OVER_WITHIN), site.logs()

    second.send_signal(signal.SIGSTOP)
    third = site.start("worker")
    site.edit("one frozen")
    assert site.arrives("one frozen", TAKEN_OVER_WITHIN + POLLED_WITHIN), site.logs()
    second.send_signal(signal.SIGCONT)
    site.edit("continued")
    assert site.arrives("continued", TAKEN_OVER_WITHIN), site.logs()

    restart_postgresql(site.server)
    site.edit("started anew")
    assert site.arrives("started anew", TAKEN_OVER_WITHIN + POLLED_WITHIN), site.logs()

    for process in (second, third):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(timeout=30) for process in (second, third)] == [0, 0], site.logs()
    assert site.takers() == Counter(), "what they were at is given back"
    assert "Traceback" not in site.logs()


@pytest.mark.server("postgresql")
def test_processes_that_begin_at_once_on_an_empty_database_wait_for_each_other(postgresql: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE DATABASE begun_at_once")
    with HubSpotSandbox() as east, HubSpotSandbox() as west:
        (tmp_path / "bothways.yaml").write_text(settings(east, west, "database: {env: LEDGER}"))
        url = f"{postgresql.rpartition('/')[0]}/begun_at_once"
        command = [sys.executable, "-m", "bothways.cli.main", "-C", str(tmp_path), "status"]
        own = os.environ | secrets(east, west) | {"LEDGER": url}
        begun = [subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
        told = [(*each.communicate(timeout=60), each.returncode) for each in begun]
    assert [code for *_, code in told] == [0] * 4, told
