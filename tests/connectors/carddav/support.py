"""A person who works in an address book past the connector, and a connector on a clock of its own."""

import itertools
from collections.abc import Mapping
from xml.etree.ElementTree import fromstring

from bothways.connectors.base import Page, Seen
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.carddav import CardDav
from bothways.records import Value
from tests.connectors.support import Time, make_setup
from tests.servers import Radicale

FIELDS = ("full name", "given name", "family name", "title", "email", "phone", "note", "birthday", "categories")


class Bill(MemoryBudget):
    """A budget without limits that counts, on a clock that only moves when told."""

    def __init__(self) -> None:
        self.time = Time()
        super().__init__({}, self.time.clock, self.time.sleep)

    @property
    def calls(self) -> int:
        return sum(self.bill.values())


def make_connector(url: str, user: str = "ann", password: str = "correct horse", budget: Bill | None = None) -> CardDav:
    """Return a connector for a server on this machine."""
    bill = budget or Bill()
    settings, secrets = {"url": url, "username": user}, {"password": password}
    return CardDav(make_setup(bill.time, settings=settings, secrets=secrets, budget=bill))


def card(uid: str, *lines: str, version: str = "3.0") -> bytes:
    """Return a card with these lines."""
    head = ["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}"]
    return "\r\n".join([*head, *lines, "END:VCARD", ""]).encode()


def listed(connector: CardDav, cursor: str | None = None) -> list[Page]:
    """Return all pages of the changes since a cursor."""
    return list(connector.changes("contacts", cursor, FIELDS))


def seen(pages: list[Page]) -> dict[str, Seen]:
    """Return the rows of pages by id."""
    return {each.record.id: each for page in pages for each in page.seen}


class Person:
    """A person who works in one address book of Radicale: ``tests``' User, and some more."""

    object, field, key = "contacts", "title", ""

    def __init__(self, server: Radicale, book: str, budget: Bill, many: int = 5) -> None:
        self.server, self.book, self.budget, self.many = server, book, budget, many
        self._uids = (f"by-hand-{number}" for number in itertools.count())

    def values(self, number: int) -> Mapping[str, Value]:
        return {
            "full name": f"Åsa {number} Ng",
            "given name": f"Åsa {number}",
            "family name": "Ng",
            "title": f"Engineer; level {number}, senior",
            "email": f"asa{number}@example.org",
            "phone": f"+49 30 12345{number}",
            "note": f"first line {number}\nsecond \\ line",
            "birthday": "1990-04-15",
            "categories": ["a", "b, c"],
        }

    def create(self, number: int) -> str:
        uid = next(self._uids)
        self.put(uid, card(uid, *self._lines(number)))
        return uid

    def edit(self, id: str, value: str) -> None:
        path, text = self.find(id)
        lines = [line for line in text.splitlines() if not line.startswith("TITLE")]
        self.put(path, "\r\n".join([*lines[:-1], f"TITLE:{value}", lines[-1], ""]).encode())

    def delete(self, id: str) -> None:
        assert self.server.ask("DELETE", self.find(id)[0]).status == 200

    def settle(self) -> None:
        return

    def calls(self) -> int:
        return self.budget.calls

    # --- past the contract ----------------------------------------------------------------------------

    def path(self, name: str) -> str:
        """Return the path of a card by the name of its file, or as it is."""
        return name if name.startswith("/") else f"{self.book}{name}.vcf"

    def put(self, name: str, data: bytes) -> None:
        reply = self.server.ask("PUT", self.path(name), data, Content_Type="text/vcard; charset=utf-8")
        assert reply.status in (201, 204), reply

    def text(self, name: str) -> str:
        reply = self.server.ask("GET", self.path(name))
        assert reply.status == 200, reply
        return reply.body.decode()

    def find(self, id: str) -> tuple[str, str]:
        """Return the path and the text of the card with a UID, wherever it is."""
        reply = self.server.ask("PROPFIND", self.book, Depth="1")
        paths = [each.text or "" for each in fromstring(reply.body).iter("{DAV:}href")]
        texts = ((path, self.text(path)) for path in paths if path.endswith(".vcf"))
        return next((path, text) for path, text in texts if f"\nUID:{id}\r" in text)

    def _lines(self, number: int) -> list[str]:
        return [
            f"FN:Åsa {number} Ng",
            f"N:Ng;Åsa {number};;;",
            f"TITLE:Engineer\\; level {number}\\, senior",
            f"EMAIL;TYPE=INTERNET:asa{number}@example.org",
            f"TEL;TYPE=VOICE:+49 30 12345{number}",
            f"NOTE:first line {number}\\nsecond \\\\ line",
            "BDAY:1990-04-15",
            "CATEGORIES:a,b\\, c",
            "X-KEPT:as it is",
        ]
