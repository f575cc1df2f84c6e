"""vCards (RFC 2426): written as phones write them, and read as plainly as can be.

The reader is there to look at a server's cards without the product's own parser.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

FOLD = 75
"""Octets of a line; longer ones go on in the next, after a blank."""

_ESCAPES = {"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"}
_ESCAPED = re.compile(r"\\(.)")
_BETWEEN = re.compile(r"(?<!\\);")

Line = tuple[str, str]


def escaped(text: str) -> str:
    """Return a text as it stands inside a value."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def card(lines: Iterable[Line]) -> str:
    """Return a card made of these names (with their parameters) and values."""
    body = [("BEGIN", "VCARD"), ("VERSION", "3.0"), *lines, ("END", "VCARD")]
    return "".join(_folded(f"{name}:{value}") for name, value in body)


def cards_in(text: str) -> Iterator[Sequence[Line]]:
    """Yield the lines of each card in a text: upper-case names without group and parameters, raw values."""
    lines: list[Line] = []
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name, _, value = line.partition(":")
        name = name.partition(";")[0].rpartition(".")[2].upper()
        if name == "BEGIN":
            lines = []
        elif name == "END":
            yield lines
        elif name:
            lines.append((name, value))


def first(lines: Sequence[Line], name: str) -> str:
    """Return the first value of this name, "" if there is none."""
    return plain(next((value for each, value in lines if each == name), ""))


def parts(lines: Sequence[Line], name: str) -> Sequence[str]:
    """Return the parts of the first value of this name, as N and ADR have them."""
    raw = next((value for each, value in lines if each == name), "")
    return [plain(part) for part in _BETWEEN.split(raw)]


def plain(text: str) -> str:
    """Return a value without its escapes."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text).strip()


def name_of(lines: Sequence[Line]) -> Mapping[str, str]:
    """Return the given and the family name of a card."""
    family, given, *_ = [*parts(lines, "N"), "", ""]
    return {"given": given, "family": family}


def _folded(line: str) -> str:
    """Fold a line at ``FOLD`` octets, never inside a letter."""
    rows, row = [], ""
    for letter in line:
        if len((row + letter).encode()) > FOLD:
            rows.append(row)
            row = " "
        row += letter
    return "\r\n".join([*rows, row]) + "\r\n"
