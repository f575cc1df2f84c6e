"""A PostgreSQL server, plain apps and the processes of Bothways between them: what benches of many syncs share."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.postgres import free_port, start_postgresql

from bench.plain import TABLE, environment
from bothways.sandbox.processes import quick_folder

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Works:
    """What runs: ``ledger`` and ``apps`` are URLs of databases of one server, ``port`` is the web process's."""

    folder: Path
    server: Path
    ledger: str
    apps: str
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def whole_environment(self) -> dict[str, str]:
        """The environment of a process of Bothways."""
        return {**os.environ, **self.environment}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a process of Bothways."""
        command = [sys.executable, "-m", "bothways.cli.main", "-C", str(self.folder), "--quiet", *words]
        with (self.folder / f"{len(self.processes)}-{words[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=self.whole_environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        """End processes as an operator does."""
        for each in processes:
            each.send_signal(signal.SIGTERM)
        for each in processes:
            each.wait()

    def logs(self) -> str:
        """Return what all processes have said."""
        return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def server_cpu(self) -> float:
        """Return the processor seconds of the PostgreSQL server, its sessions that have ended included."""
        head = int((self.server / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
        return sum(cpu_of(int(each), ended=True) for each in (head, *children))


@contextlib.contextmanager
def works(settings: Callable[[str], str]) -> Iterator[Works]:
    """Run a server until the block ends; ``settings`` makes the settings file from the URL of the apps' database."""
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-bench-"))
        server = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-bench-", dir=quick_folder())))
        ledger = stack.enter_context(start_postgresql(server))
        with psycopg.connect(ledger, autocommit=True) as link:
            link.execute("CREATE DATABASE apps")
        apps = f"{ledger.rpartition('/')[0]}/apps"
        with psycopg.connect(apps) as link:
            link.execute(TABLE)
        made = Works(Path(name), server, ledger, apps, environment(Path(name)) | {"LEDGER": ledger})
        (made.folder / "bothways.yaml").write_text(settings(apps))
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait()


def cpu_of(pid: int, *, ended: bool = False) -> float:
    """Return the processor seconds that a process has used so far; ``ended``: with those of its children that ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(each) for each in fields[11 : 15 if ended else 13]) / _TICKS
    return 0.0


def memory_of(pid: int) -> int:
    """Return the bytes that a process holds resident."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def until(true: Callable[[], bool], seconds: float, every: float = 0.05) -> float | None:
    """Wait until something holds; return how many seconds that took, None if it took too long."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if true():
            return time.monotonic() - began
        time.sleep(every)
    return None
