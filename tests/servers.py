"""Real servers of other people's making, each in a process of its own, on a free port of 127.0.0.1."""

import base64
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.postgres import ATTEMPTS, free_port

PATIENCE = 20.0
"""Seconds until a server that does not listen counts as broken."""

BETWEEN = 0.02
"""Seconds from one try to connect to the next, unless the server ends in between."""

USER, PASSWORD = "ann", "correct horse"

_BOOK = """<?xml version="1.0" encoding="utf-8"?>
<D:mkcol xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>
<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype><D:displayname>{name}</D:displayname>
</D:prop></D:set></D:mkcol>"""

_CONFIG = """[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/data
[logging]
level = warning
"""


@dataclass(frozen=True)
class Reply:
    """An answer of a server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Radicale:
    """A running Radicale: who may log in, and where it keeps its files."""

    url: str
    folder: Path
    user: str = USER
    password: str = PASSWORD

    @property
    def home(self) -> str:
        """The path of the user's address books."""
        return f"/{self.user}/"

    def make_book(self, name: str) -> str:
        """Make an address book and return its URL."""
        body = _BOOK.format(name=name).encode()
        reply = self.ask("MKCOL", f"{self.home}{name}/", body)
        assert reply.status == 201, reply
        return f"{self.url}{self.home}{name}/"

    def files(self, book: str) -> Path:
        """Return the folder in which the cards of a book are kept, by the book's URL."""
        return self.folder / "data" / "collection-root" / urlsplit(book).path.strip("/")

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """Make a call as the user, past any connector. Underscores in header names stand for hyphens."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        sent = {"Authorization": f"Basic {pair}", "Content-Length": str(len(body))}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, urlsplit(path).path, body, sent)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def start_radicale(folder: Path) -> Iterator[Radicale]:
    """Run Radicale with its data in ``folder`` and yield it, ready to answer."""
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    process, port = _start(folder)
    try:
        yield Radicale(f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(ATTEMPTS):
        port, config, log = free_port(), folder / "config", folder / "log"
        config.write_text(_CONFIG.format(port=port, folder=folder), encoding="utf-8")
        command = [sys.executable, "-m", "radicale", "--config", str(config)]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=folder)
        if _listens(process, port):
            return process, port
        process.kill()
        process.wait()
    raise RuntimeError(f"Radicale did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Tell whether the process listens on its port before it ends or the patience does."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        try:
            process.wait(BETWEEN)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False
