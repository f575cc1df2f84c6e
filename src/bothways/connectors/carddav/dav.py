"""The XML of WebDAV: what is asked, and what is answered. Answers are parsed by defusedxml alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

D, CR, CS = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}", "{http://calendarserver.org/ns/}"
SABRE = "{http://sabredav.org/ns}"
_PREFIXES = {D: "D", CR: "CR", CS: "CS"}
_NAMESPACES = " ".join(f'xmlns:{prefix}="{name[1:-1]}"' for name, prefix in _PREFIXES.items())
_STATUS = re.compile(r"HTTP/\S+\s+(\d{3})")

ETAG, TOKEN, CTAG = D + "getetag", D + "sync-token", CS + "getctag"
CARD = CR + "address-data"
TYPE, NAME, REPORTS = D + "resourcetype", D + "displayname", D + "supported-report-set"
PRINCIPAL, HOME = D + "current-user-principal", CR + "addressbook-home-set"
RIGHTS, FORMATS = D + "current-user-privilege-set", CR + "supported-address-data"
SYNC, MULTIGET = D + "sync-collection", CR + "addressbook-multiget"


class NotDav(ValueError):
    """An answer that is no answer of WebDAV; the message says why in words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one resource: its path, its status if it has only that, and its properties."""

    path: str
    status: int = 200
    props: Mapping[str, Element] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the trimmed text of a property, "" if there is none."""
        return (self.props[name].text or "").strip() if name in self.props else ""

    def within(self, name: str) -> set[str]:
        """Return the names of all elements inside a property."""
        return {each.tag for each in self.props[name].iter()} - {name} if name in self.props else set()

    def hrefs(self, name: str) -> list[str]:
        """Return the addresses that a property holds."""
        return [(each.text or "").strip() for each in self.props[name].iter(D + "href")] if name in self.props else []


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A 207: what is said of each resource, and the token of the collection if it was asked to tell one."""

    answers: Sequence[Answer]
    token: str = ""


# --- asking -------------------------------------------------------------------------------------------


def propfind(*names: str) -> bytes:
    """Return the body that asks for properties."""
    return _body(D + "propfind", _props(names))


def sync_collection(token: str) -> bytes:
    """Return the body that asks what changed since a token; since ever, if it is empty."""
    return _body(SYNC, f"<D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1</D:sync-level>" + _props([ETAG]))


def multiget(paths: Sequence[str]) -> bytes:
    """Return the body that asks for cards by their paths."""
    hrefs = "".join(f"<D:href>{escape(path)}</D:href>" for path in paths)
    return _body(MULTIGET, _props([ETAG, CARD]) + hrefs)


def _body(name: str, inside: str) -> bytes:
    tag = _tag(name)
    return f'<?xml version="1.0" encoding="utf-8"?><{tag} {_NAMESPACES}>{inside}</{tag}>'.encode()


def _props(names: Sequence[str]) -> str:
    return f"<D:prop>{''.join(f'<{_tag(name)}/>' for name in names)}</D:prop>"


def _tag(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    return f"{_PREFIXES[namespace + '}']}:{local}"


# --- answers ------------------------------------------------------------------------------------------


def multistatus(body: bytes, url: str) -> Multistatus:
    """Return what a 207 says; raise NotDav if it is none, or tells of another host than that of ``url``."""
    root = _parse(body)
    if root.tag != D + "multistatus":
        raise NotDav("an answer that is no list of resources")
    token = root.findtext(TOKEN, "").strip()
    return Multistatus([answer for each in root.findall(D + "response") for answer in _answers(each, url)], token)


def precondition(body: bytes) -> str:
    """Return the name of the rule that an error body says was broken, "" if it says nothing.

    Rules are named in the namespaces of WebDAV and CardDAV (RFC 4918, 16); servers add elements of their own.
    """
    return next((each.tag.rpartition("}")[2] for each in _error(body) if each.tag.startswith((D, CR))), "")


def message(body: bytes) -> str:
    """Return the sentence for people in an error body of sabre/dav (Nextcloud, Baikal, ownCloud), "" without one."""
    return next((" ".join((each.text or "").split()) for each in _error(body) if each.tag == SABRE + "message"), "")


def path_of(href: str, url: str) -> str:
    """Return the path that an address leads to, in one spelling; raise NotDav if it leaves the host."""
    try:
        found = urlsplit(urljoin(url, href.strip().replace(";", "%3B")))
    except ValueError as error:
        raise NotDav("an address that is none") from error
    if found.hostname != urlsplit(url).hostname:
        raise NotDav(f"an address on another host, {found.hostname}")
    return "/".join(segment(unquote_to_bytes(each)) for each in found.path.split("/")) or "/"


def segment(name: str | bytes) -> str:
    """Return a name as it stands between two slashes of a path.

    Semicolons are encoded: where addresses are joined, one at the end would be dropped as empty parameters.
    """
    return quote(name, safe="!$&'()*+,=:@~")


def _parse(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise NotDav("an answer that is not valid XML") from error
    return root


def _error(body: bytes) -> list[Element]:
    """Return what an error body (RFC 4918, 14.5) holds, nothing if it is none."""
    try:
        root = _parse(body)
    except NotDav:
        return []
    return list(root) if root.tag == D + "error" else []


def _answers(response: Element, url: str) -> Iterator[Answer]:
    """Yield what a response says of each resource it names."""
    told = response.findtext(D + "status")
    props: dict[str, Element] = {}
    for propstat in response.findall(D + "propstat"):
        if _status(propstat.findtext(D + "status")) == 200:
            props |= {each.tag: each for prop in propstat.findall(D + "prop") for each in prop}
    for href in response.findall(D + "href"):
        yield Answer(path_of(href.text or "", url), _status(told) if told else 200, props)


def _status(text: str | None) -> int:
    found = _STATUS.match((text or "").strip())
    return int(found[1]) if found else 0
