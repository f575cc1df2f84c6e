"""From a person's save in HubSpot to the write in an address book, in real time, with ``bothways up`` between them.

Three processes on this machine: the stand-in for HubSpot, Radicale, and Bothways. When a card was written is told by
its file.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.accounts import contact
from bothways.sandbox.hubspot import CLIENT_SECRET, Admin, start, subscriptions
from bothways.sandbox.processes import quick_folder
from bothways.sandbox.radicale import BOOK, USER, Radicale, radicale

_SETTINGS = """\
version: 1
allow_hosts: [127.0.0.1]
apps:
  hubspot:
    connector: hubspot
    base_url: {hubspot}
    auth: {{token: {{env: HUBSPOT_TOKEN}}, webhook_secret: {{env: HUBSPOT_SECRET}}}}
  book:
    connector: carddav
    url: {book}
    calls_per_second: 100
    auth: {{username: {{env: BOOK_USER}}, password: {{env: BOOK_PASSWORD}}}}
syncs:
  contacts:
    state: on
    objects: {{hubspot: contacts, book: contacts}}
    schedule: {{every: 60s}}
    guards: {{max_change: 100%}}      # what is saved in a minute is more of the book than the brake lets pass
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_EVERY = 0.02
"""Seconds between two looks at the files of the cards; when they were written is told by the files."""

EDITED = 0.4
"""Share of the book that is edited, over and over: where more than half of it changes at once a brake asks a person."""

PATIENCE = 180.0
"""Seconds for which the last changes are waited for."""


@dataclass
class Latency:
    """``delays``: seconds from the last save of a record to its write; ``cpu``: each process's share of one core."""

    delays: list[float] = field(default_factory=list)
    lost: int = 0
    cpu: dict[str, float] = field(default_factory=dict)

    def part(self, share: float) -> float:
        """Return the delay that so large a share of all does not exceed."""
        ordered = sorted(self.delays)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("inf")


def measure(records: int, per_second: float, seconds: float, *, webhooks: bool) -> Latency:
    """Edit so many records per second for so long, one after the other; return how late the last write of each was."""
    with _running(records) as (hubspot, folder, ids, processes):
        if webhooks:
            hubspot.subscribe(f"{processes.address}/hooks/hubspot", subscriptions("contact", ["jobtitle"]))
        with _Watch(folder) as watch:
            before, began = processes.cpu(), time.monotonic()
            saved = _edit(hubspot, ids[: int(EDITED * len(ids))], per_second, seconds)
            took, after = time.monotonic() - began, processes.cpu()
            end = time.monotonic() + PATIENCE
            while watch.missing(saved) and time.monotonic() < end:
                time.sleep(_LOOK_EVERY)
        delays = [watch.written[title] - at for title, at in saved.items() if title in watch.written]
        return Latency(delays, len(watch.missing(saved)), {name: (after[name] - before[name]) / took for name in after})


def _edit(hubspot: Admin, ids: list[str], per_second: float, seconds: float) -> dict[str, float]:
    """Give one record after the other a title of its own; return when (seconds) the last one of each was saved."""
    saved: dict[str, tuple[str, float]] = {}
    began = time.monotonic()
    for number in range(int(per_second * seconds)):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        id, title = ids[number % len(ids)], f"Title {number}"
        hubspot.edit("contacts", id, {"jobtitle": title})
        saved[id] = title, time.time()
    return dict(saved.values())


class _Watch(threading.Thread):
    """Looks at the files of the cards. ``written``: when (seconds) a title was first seen to be written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.written: dict[str, float] = {}
        self._folder, self._seen, self._stop_it = folder, dict[str, int](), threading.Event()

    def __enter__(self) -> "_Watch":
        self._look()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_it.set()
        self.join()

    def run(self) -> None:
        while not self._stop_it.wait(_LOOK_EVERY):
            self._look()

    def missing(self, saved: dict[str, float]) -> list[str]:
        return [title for title in saved if title not in self.written]

    def _look(self) -> None:
        for entry in os.scandir(self._folder):
            if entry.name.startswith("."):
                continue
            with contextlib.suppress(FileNotFoundError):
                at = entry.stat().st_mtime_ns
                if self._seen.get(entry.name) != at:
                    self._seen[entry.name] = at
                    found = re.search(r"^TITLE:(.*?)\r?$", Path(entry.path).read_text(encoding="utf-8"), re.MULTILINE)
                    if found:
                        self.written.setdefault(found[1], at / 1e9)


@dataclass
class _Processes:
    """The processes at work, and the address at which Bothways answers."""

    address: str

    def cpu(self) -> dict[str, float]:
        """Return the processor seconds that each process has used so far, by its name."""
        names = {"bothways.sandbox.hubspot": "HubSpot's stand-in", "radicale": "Radicale", "bothways.cli": "Bothways"}
        used = {}
        for child in _descendants(str(os.getpid())):
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            name = next((name for part, name in names.items() if any(word.startswith(part) for word in words)), "")
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            if name:
                used[name] = (int(fields[11]) + int(fields[12])) / _TICKS
        return used


def _descendants(pid: str) -> Iterator[str]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield child
        yield from _descendants(child)


@contextlib.contextmanager
def _running(records: int) -> Iterator[tuple[Admin, Path, list[str], _Processes]]:
    """Run all three, the book filled by a first run; yield the stand-in, the folder of the cards and the ids."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bothways-bench-", dir=quick_folder())))
        (folder / "book").mkdir()
        hubspot = stack.enter_context(start(rate=0))
        ids = hubspot.seed("contacts", [contact(number) for number in range(records)])
        book = stack.enter_context(radicale(folder / "book", {}))
        (folder / "bothways.yaml").write_text(_SETTINGS.format(hubspot=hubspot.url, book=book.book))
        _bothways(folder, hubspot, book, "run", "contacts", "--yes", "--quiet").wait()
        up = _bothways(folder, hubspot, book, "up", "--port", "0")
        try:
            assert up.stderr is not None
            address = next(found[0] for line in up.stderr if (found := re.search(r"http://\S+", line)))
            threading.Thread(target=up.stderr.read, daemon=True).start()
            yield hubspot, folder / "book" / "storage" / "collection-root" / USER / BOOK, ids, _Processes(address)
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait()


def _bothways(folder: Path, hubspot: Admin, book: Radicale, *words: str) -> subprocess.Popen[str]:
    secrets = {
        "HUBSPOT_TOKEN": hubspot.token,
        "HUBSPOT_SECRET": CLIENT_SECRET,
        "BOOK_USER": book.user,
        "BOOK_PASSWORD": book.password,
    }
    command = [sys.executable, "-m", "bothways.cli.main", "-C", str(folder), *words]
    return subprocess.Popen(
        command,
        env=os.environ | secrets,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if words[0] == "up" else None,
        text=True,
    )
