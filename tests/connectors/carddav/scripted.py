"""A small CardDAV server whose lacks and faults can be chosen: what Radicale cannot show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

from bothways.connectors.carddav import CardDav
from tests.connectors.carddav.support import Bill, make_connector
from tests.connectors.support import Answer, Asked, Web, web

BOOK = "/dav/book/"
_NAMESPACES = 'xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/"'
_OK = "HTTP/1.1 200 OK"


@dataclass
class Server:
    """One address book. ``cards`` and ``tags`` go by path; ``past`` are the paths as they changed.

    ``reports``: it knows sync-collection. ``ctag``: it has one. ``most``: rows of a report before it is cut
    short. ``tells_tags``: answers of PUT have an ETag. ``stores``: what it makes of a card that is put.
    ``before``: may answer in its place. ``sick``: the status of cards that it does not hand out; with 500, nor
    any other in the same answer. ``props``: more properties of the book. ``converts``: as sabre/dav, it hands cards
    out in the version that is asked for, 3.0 if none is, and shows what is stored as a property.
    """

    reports: bool = True
    ctag: bool = True
    most: int = 1000
    tells_tags: bool = True
    stores: Callable[[bytes], bytes] = lambda data: data
    before: Callable[[Asked], Answer | None] = lambda asked: None
    oldest: int = 0
    props: str = ""
    converts: bool = False
    sick: dict[str, int] = field(default_factory=dict)
    cards: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    past: list[str] = field(default_factory=list)

    def put(self, name: str, data: bytes) -> None:
        """Store a card, as a person does it."""
        path = BOOK + name
        self.past.append(path)
        self.cards[path], self.tags[path] = self.stores(data), f'"t{len(self.past)}"'

    def delete(self, name: str) -> None:
        """Delete a card, as a person does it."""
        self.past.append(BOOK + name)
        del self.cards[BOOK + name]

    # --- answers --------------------------------------------------------------------------------------

    def __call__(self, asked: Asked) -> Answer:
        asked = replace(asked, path=_plain(asked.path))
        own = self.before(asked)
        if own is not None:
            return own
        return getattr(self, f"_{asked.method.lower()}")(asked)

    def _propfind(self, asked: Asked) -> Answer:
        if asked.path != BOOK and asked.path.startswith(BOOK):
            return self._resource(asked.path)
        ctag = f"<CS:getctag>c{len(self.past)}</CS:getctag>" if self.ctag else ""
        rows = [_row(BOOK, f"<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>{ctag}{self.props}")]
        if asked.headers["Depth"] == "1":
            rows += [
                _row(path, f"<D:resourcetype/><D:getetag>{escape(self.tags[path])}</D:getetag>") for path in self.cards
            ]
        return _multistatus(rows)

    def _resource(self, path: str) -> Answer:
        if path not in self.cards:
            return Answer(404)
        data = escape(self.cards[path].decode(), {"\r": "&#13;"})
        shown = f"<CR:address-data>{data}</CR:address-data>" if self.converts else ""
        return _multistatus([_row(path, f"<D:getetag>{escape(self.tags[path])}</D:getetag>{shown}")])

    def _report(self, asked: Asked) -> Answer:
        body = fromstring(asked.body)
        if body.tag.endswith("addressbook-multiget"):
            paths = [_plain(each.text or "") for each in body.iter("{DAV:}href")]
            if any(self.sick.get(path) == 500 for path in paths):
                return Answer(500)
            return _multistatus([self._card(path) for path in paths])
        if not self.reports:
            return Answer(403, b'<D:error xmlns:D="DAV:"><D:supported-report/></D:error>')
        return self._changes(body)

    def _changes(self, body: Element) -> Answer:
        since = int(body.findtext("{DAV:}sync-token", "").removeprefix("data:") or 0)
        if since and since < self.oldest:
            return Answer(409, b'<D:error xmlns:D="DAV:"><D:valid-sync-token/></D:error>')
        told = self.past[since : since + self.most]
        rows = [
            _row(path, f"<D:getetag>{escape(self.tags[path])}</D:getetag>")
            if path in self.cards
            else _status(path, 404)
            for path in dict.fromkeys(told)
            if path in self.cards or since
        ]
        end = since + len(told)
        if end < len(self.past):
            rows.append(_status(BOOK, 507))
        return _multistatus(rows, f"<D:sync-token>data:{end}</D:sync-token>")

    def _card(self, path: str) -> str:
        if path not in self.cards or path in self.sick:
            return _status(path, self.sick.get(path, 404))
        data = escape(self._handed_out(path).decode())
        return _row(path, f"<D:getetag>{escape(self.tags[path])}</D:getetag><CR:address-data>{data}</CR:address-data>")

    def _get(self, asked: Asked) -> Answer:
        if asked.path not in self.cards or asked.path in self.sick:
            return Answer(self.sick.get(asked.path, 404))
        tag = {"ETag": self.tags[asked.path]} if self.tells_tags else {}
        return Answer(200, self._handed_out(asked.path, asked.headers.get("Accept", "")), tag)

    def _handed_out(self, path: str, accept: str = "") -> bytes:
        """Return a card, converted as sabre/vobject does it: without some of its lines."""
        data = self.cards[path]
        wanted = b"4.0" if "version=4.0" in accept else b"3.0"
        if not self.converts or b"VERSION:" + wanted in data:
            return data
        lines = [line for line in data.split(b"\r\n") if not line.startswith((b"KIND", b"PRODID", b"VERSION"))]
        return b"\r\n".join([lines[0], b"VERSION:" + wanted, *lines[1:]])

    def _put(self, asked: Asked) -> Answer:
        there, wanted = asked.path in self.cards, asked.headers.get("If-Match", "*")
        if asked.headers.get("If-None-Match") and there:
            return Answer(412)
        if wanted not in ("*", self.tags.get(asked.path)):
            return Answer(412)
        self.put(asked.path.removeprefix(BOOK), asked.body)
        return Answer(204 if there else 201, b"", {"ETag": self.tags[asked.path]} if self.tells_tags else {})

    def _delete(self, asked: Asked) -> Answer:
        if asked.path not in self.cards:
            return Answer(404)
        if asked.headers.get("If-Match") not in ("*", self.tags[asked.path]):
            return Answer(412)
        self.delete(asked.path.removeprefix(BOOK))
        return Answer(204, b"")


@contextmanager
def serving(server: Server) -> Iterator[tuple[CardDav, Web, Bill]]:
    """Yield a connector for the server, the server's log, and the connector's bill."""
    bill = Bill()
    with web(server) as site:
        yield make_connector(site.url + BOOK, budget=bill), site, bill


def _plain(path: str) -> str:
    """Return a path as cards are kept by it: a semicolon may be encoded or not."""
    return path.replace("%3B", ";")


def _row(path: str, props: str) -> str:
    stat = f"<D:propstat><D:prop>{props}</D:prop><D:status>{_OK}</D:status></D:propstat>"
    return f"<D:response><D:href>{escape(path)}</D:href>{stat}</D:response>"


def _status(path: str, status: int) -> str:
    return f"<D:response><D:href>{escape(path)}</D:href><D:status>HTTP/1.1 {status} -</D:status></D:response>"


def _multistatus(rows: list[str], more: str = "") -> Answer:
    body = f"<D:multistatus {_NAMESPACES}>{''.join(rows)}{more}</D:multistatus>"
    return Answer(207, body.encode())
