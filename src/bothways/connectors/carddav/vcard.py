"""vCards 3.0 and 4.0 (RFC 2426, RFC 6350) as lines that keep their very bytes.

A card is taken apart into content lines, each with the bytes it was made of: folds, line ends, order and
all. Only lines that are replaced or removed change; every other byte survives.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bothways.connectors.carddav.text import unescape

VERSIONS = ("3.0", "4.0")

WIDTH = 75
"""Octets of a line, its end not counted, before it is folded."""

_PHYSICAL = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_HEAD = re.compile(r'((?:"[^"]*"|[^":])*):', re.DOTALL)
_PART = re.compile(r'(?:"[^"]*"|[^";])+|"[^;]*')
_ITEM = re.compile(r'(?:"[^"]*"|[^",])+|"[^,]*')
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_PRINTABLE = re.compile(rb"[^:]*;\s*(?:ENCODING=)?QUOTED-PRINTABLE[;:]", re.IGNORECASE)
_CARET = {"^n": "\n", "^N": "\n", "^'": '"', "^^": "^"}
_UID = re.compile(rb"^(?:[A-Za-z0-9-]+\.)?UID(?:;[^:\r\n]*)?:((?:[^\r\n]|\r?\n[ \t])+)", re.IGNORECASE | re.MULTILINE)
_EMAIL = re.compile(rb"(?im)^(?:[\w-]+\.)?EMAIL\b[^:\r\n]*:\s*([^\s;,<>]+@[^\s;,<>]+)")
_LABELS = frozenset({"X-ABLABEL", "X-ABADR"})
"""Lines that say something about the other lines of their group (Apple)."""


class Malformed(ValueError):
    """A card that cannot be read; the message says why in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One content line. ``raw`` is what it was made of; ``value`` is unfolded and still escaped.

    ``head`` is what stands before the colon, ``name`` in upper case, ``group`` and the names of ``params``
    in lower case. A blank line has no name.
    """

    raw: bytes
    head: str = ""
    value: str = ""
    group: str = ""
    name: str = ""
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def end(self) -> bytes:
        """The line end it was written with."""
        return b"\n" if self.raw.endswith(b"\n") and not self.raw.endswith(b"\r\n") else b"\r\n"


@dataclass(frozen=True)
class Card:
    """A card: its lines, and what can be asked of them."""

    lines: tuple[Line, ...]

    @property
    def data(self) -> bytes:
        """The bytes of the card."""
        return b"".join(line.raw for line in self.lines)

    @cached_property
    def version(self) -> str:
        """The version of vCard it is written in."""
        return self.text("VERSION")

    @cached_property
    def uid(self) -> str:
        """What identifies the card; "" if it has nothing."""
        return self.text("UID")

    @cached_property
    def is_group(self) -> bool:
        """Whether it is a list of contacts and no contact."""
        return "group" in (self.text("KIND").lower(), self.text("X-ADDRESSBOOKSERVER-KIND").lower())

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.name, []).append(line)
        return found

    def named(self, name: str) -> Sequence[Line]:
        """Return the lines of a property, in their order."""
        return self._by_name.get(name, ())

    def text(self, name: str) -> str:
        """Return the trimmed text of the first line of a property, "" if there is none."""
        return next((unescape(line.value).strip() for line in self.named(name)), "")

    def group_of(self, line: Line) -> list[Line]:
        """Return the other lines of a line's group."""
        if not line.group:
            return []
        return [each for each in self.lines if each.group == line.group and each is not line]

    def replace(self, old: Line, new: Line) -> "Card":
        """Return the card with one line in place of another."""
        return Card(tuple(new if line is old else line for line in self.lines))

    def remove(self, line: Line) -> "Card":
        """Return the card without a line, and without the labels that then stand alone in its group."""
        rest = self.group_of(line)
        gone = {id(line), *(map(id, rest) if all(each.name in _LABELS for each in rest) else ())}
        return Card(tuple(each for each in self.lines if id(each) not in gone))

    def add(self, head: str, value: str) -> "Card":
        """Return the card with a new line: behind the last one of its property, else before the end."""
        line = make_line(head, value, self.lines[0].end)
        after = max((at for at, each in enumerate(self.lines) if each.name == line.name), default=None)
        end = max(at for at, each in enumerate(self.lines) if each.name == "END")
        at = end if after is None else after + 1
        return Card((*self.lines[:at], line, *self.lines[at:]))


def parse(data: bytes) -> Card:
    """Take a card apart; raise Malformed if it is not one whole vCard 3.0 or 4.0."""
    lines = tuple(_line(physical) for physical in _logical(data))
    named = [line for line in lines if line.name]
    marks = [(line.name, line.value.strip().upper()) for line in named if line.name in ("BEGIN", "END")]
    if not named or named[0].name != "BEGIN" or named[-1].name != "END":
        raise Malformed("it does not begin with BEGIN:VCARD and end with END:VCARD")
    if marks != [("BEGIN", "VCARD"), ("END", "VCARD")]:
        raise Malformed("it holds more than one card")
    card = Card(lines)
    if card.version not in VERSIONS:
        raise Malformed(f"it is of vCard version {card.version or '(none)'}, and only 3.0 and 4.0 are understood")
    return card


def rough_uid(data: bytes) -> str:
    """Return the UID of a card that may be malformed, "" if none is to be seen."""
    found = _UID.search(data)
    return unescape(re.sub(rb"\r?\n[ \t]", b"", found[1]).decode("utf-8", "replace")).strip() if found else ""


def rough_email(data: bytes) -> str:
    """Return the first mail address of a card that may be malformed, "" if none is to be seen."""
    found = _EMAIL.search(data)
    return found[1].decode("utf-8", "replace") if found else ""


def make_line(head: str, value: str, end: bytes) -> Line:
    """Return a new content line, folded."""
    return _line(_PHYSICAL.findall(fold(f"{head}:{value}", end)))


def with_value(line: Line, value: str, drop: Iterable[str] = (), add: str = "") -> Line:
    """Return a line with another value; its head stays, without the params in ``drop`` and with ``add``."""
    unwanted = set(drop)
    head, *params = _PART.findall(line.head)
    kept = [param for param in params if _param_name(param) not in unwanted]
    return make_line(";".join([head, *kept, *([add] if add else [])]), value, line.end)


def fold(text: str, end: bytes) -> bytes:
    """Return a line in octets, folded where it is longer than 75, never inside a character."""
    data, pieces, width = text.encode(), [], WIDTH
    while len(data) > width:
        cut = width
        while data[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(data[:cut])
        data, width = data[cut:], WIDTH - 1
    return (end + b" ").join([*pieces, data]) + end


def _logical(data: bytes) -> Iterable[list[bytes]]:
    """Yield the physical lines of each content line."""
    whole: list[bytes] = []
    for physical in _PHYSICAL.findall(data):
        if whole and (physical[:1] in (b" ", b"\t") or _goes_on(whole)):
            whole.append(physical)
            continue
        if whole:
            yield whole
        whole = [physical]
    if whole:
        yield whole


def _goes_on(whole: Sequence[bytes]) -> bool:
    """Tell whether a line of quoted-printable text is continued on the next one (RFC 2045, 6.7: a soft line break)."""
    return whole[-1].rstrip(b"\r\n").endswith(b"=") and _QUOTED_PRINTABLE.match(whole[0]) is not None


def _line(physical: Sequence[bytes]) -> Line:
    """Return one content line; raise Malformed if it is none."""
    raw = b"".join(physical)
    try:
        text = _unfolded(physical).decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("it is not in UTF-8") from error
    if not text.strip():
        return Line(raw)
    found = _HEAD.match(text)
    head, colon, value = (found[1], ":", text[found.end() :]) if found else text.partition(":")
    parts = _PART.findall(head)
    group, _, name = (parts[0] if parts else "").strip().rpartition(".")
    if not colon or not _NAME.fullmatch(name):
        raise Malformed("one of its lines names no property")
    return Line(raw, head, value, group.lower(), name.upper(), _params(parts[1:]))


def _unfolded(physical: Sequence[bytes]) -> bytes:
    """Return a content line without its folds. Behind a soft line break, a blank belongs to the text."""
    pieces: list[bytes] = []
    soft = False
    for line in physical:
        content = line.removesuffix(b"\n").removesuffix(b"\r")
        if soft:
            pieces[-1] = pieces[-1].removesuffix(b"=")
        elif pieces:
            content = content[1:]
        pieces.append(content)
        soft = _goes_on((physical[0], line))
    return b"".join(pieces)


def _params(parts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the params by name; one without a name is a TYPE or an ENCODING, as in vCard 2.1."""
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        name, (_, equals, value) = _param_name(part), part.partition("=")
        items = [_plain(item) for item in _ITEM.findall(value if equals else part)]
        if name == "type":
            items = [word.strip() for item in items for word in item.split(",")]
        found[name] = (*found.get(name, ()), *items)
    return found


def _param_name(part: str) -> str:
    name, equals, _ = part.partition("=")
    name = name.strip().lower()
    return name if equals else "encoding" if name in ("quoted-printable", "base64") else "type"


def _plain(item: str) -> str:
    """Return a param's value without its quotes and carets (RFC 6868)."""
    return re.sub(r"\^[nN'^]", lambda found: _CARET[found[0]], item.strip().strip('"'))
