"""A real address book: Radicale, installed from the package index, in a process of its own on loopback.

Radicale is under the GPL: it is started, never imported.
"""

import base64
import contextlib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bothways.sandbox.processes import running

USER, PASSWORD = "demo", "sandbox"
BOOK = "contacts"

_CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/storage
[logging]
level = info
"""
_READY = r"Listening on '127\.0\.0\.1:([1-9]\d*)'"


def _free_port() -> int:
    """Return a port of 127.0.0.1 that is free now: Radicale cannot be told to find one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Radicale:
    """A running server with one user, and one of the user's address books."""

    url: str
    user: str = USER
    password: str = PASSWORD
    name: str = BOOK

    @property
    def book(self) -> str:
        """The address of the address book."""
        return f"{self.url}/{self.user}/{self.name}/"

    def fill(self, cards: Iterable[str]) -> None:
        """Make the address book anew, with these cards and no others."""
        self._ask("PUT", self.book, "".join(cards).encode())

    def read(self) -> str:
        """Return all cards as one text."""
        return self._ask("GET", self.book)[1]

    def get(self, name: str) -> tuple[str, str]:
        """Return the entity tag and the text of one card; raise HTTPError."""
        return self._ask("GET", self.book + name)

    def put(self, name: str, text: str, etag: str | None = None) -> None:
        """Save a card as a person's phone does; raise HTTPError if it is no longer of this tag."""
        self._ask("PUT", self.book + name, text.encode(), {"If-Match": etag} if etag else {})

    def delete(self, name: str) -> None:
        """Delete a card; raise HTTPError."""
        self._ask("DELETE", self.book + name)

    def _ask(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[str, str]:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        more = {"Authorization": f"Basic {login}", "Content-Type": "text/vcard; charset=utf-8", **(headers or {})}
        request = urllib.request.Request(url, body, more, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers.get("ETag") or "", answer.read().decode()


@contextlib.contextmanager
def radicale(folder: Path, cards: Mapping[str, str]) -> Iterator[Radicale]:
    """Run a server on an address book that holds these cards, by the names of their files.

    The cards are put into the storage before the server starts, because it looks through a whole book for
    every new one. Raises DidNotStart.
    """
    book = folder / "storage" / "collection-root" / USER / BOOK
    if not book.exists():
        book.mkdir(parents=True)
        (book / ".Radicale.props").write_text('{"tag": "VADDRESSBOOK", "D:displayname": "Contacts"}')
    for name, text in cards.items():
        (book / name).write_bytes(text.encode())
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "config").write_text(_CONFIG.format(folder=folder, port=_free_port()))
    with running("radicale", ["--config", str(folder / "config")], folder / "radicale.log", _READY) as (found,):
        yield Radicale(f"http://127.0.0.1:{found}")
