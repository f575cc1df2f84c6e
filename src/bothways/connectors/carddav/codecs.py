"""How the value of one line is read, and written again in the form the line has.

A codec reads a line's escaped value, and writes a text as a value, with the params that no longer hold.
"""

import quopri
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import unquote

from bothways.connectors.carddav.text import escape, line_ends, unescape
from bothways.connectors.carddav.vcard import Line
from bothways.records import Field, FieldType, same

_NUMBER = Field("phone", FieldType.PHONE)

STALE = frozenset({"encoding", "charset", "sort-as", "label", "geo"})
"""Params that describe the old value: its encoding, how it is sorted, an address written out or located."""

NO_YEAR = "1604"
"""The year that Apple's programs write, in vCard 3.0, for a birthday without one."""

_FULL_DATE = re.compile(r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[T ].*)?")
_DATE_WITHOUT_YEAR = re.compile(r"--(\d\d)-?(\d\d)(?:T.*)?")
_PARTIAL_DATE = re.compile(r"\d{4}|\d{4}-(?:0[1-9]|1[0-2])|--(?:0[1-9]|1[0-2])|---(?:0[1-9]|[12]\d|3[01])")
"""A year, a year and a month, a month, or a day, as RFC 6350, 4.3.1 writes them; vCard 3.0 knows none of them."""

_EXTENSION = re.compile(r"(?:;ext=|ext\.?|x)\s*(\d+)\Z", re.IGNORECASE)
_TEL_URI = re.compile(r"\+?(?=[().\-]*[0-9])[0-9().\-]*(?:;ext=\d+)?")
"""Both take a time that grows with the text alone: anybody may have typed it, and any length of it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is to stand in a line: params to take out of its head, and params to put in."""

    value: str
    drop: frozenset[str] = frozenset()
    add: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """The form that a value is to be written in: that of the line it replaces, or of a new one."""

    version: str
    old: str = ""
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codec:
    """Both ways of one kind of value."""

    read: Callable[[Line], str]
    write: Callable[[str, Style], Written]


def raw_value(line: Line) -> str:
    """Return the escaped value of a line; of quoted-printable text, what it encodes."""
    if "QUOTED-PRINTABLE" not in (each.upper() for each in line.params.get("encoding", ())):
        return line.value
    charset = next(iter(line.params.get("charset", ())), "utf-8")
    try:
        text = quopri.decodestring(line.value.encode()).decode(charset)
    except (LookupError, ValueError):  # no charset of text, or none in which this could be written
        return line.value
    return text.replace("\r\n", "\n").replace("\n", "\\n")


# --- text ---------------------------------------------------------------------------------------------


def _read_text(line: Line) -> str:
    return unescape(raw_value(line))


def _write_text(text: str, style: Style) -> Written:
    return Written(escape(text), STALE)


# --- addresses of the web -----------------------------------------------------------------------------


def _read_url(line: Line) -> str:
    return unescape(raw_value(line)).replace("\\:", ":")


def _write_url(text: str, style: Style) -> Written:
    """Write a comma escaped: there are servers that take the rest behind a bare one for a second value."""
    return Written(line_ends(text).replace("\\", "\\\\").replace(",", "\\,").replace("\n", ""), STALE)


# --- telephone numbers --------------------------------------------------------------------------------


def _read_phone(line: Line) -> str:
    text = unescape(raw_value(line)).strip()
    if text[:4].lower() != "tel:":
        return text
    return _number_of(text[4:])


def _number_of(uri: str) -> str:
    """Return the number that stands behind the "tel:" of a URI (RFC 3966)."""
    return _with_extension(unquote(uri), " ext. ")


def _with_extension(text: str, before: str) -> str:
    """Return a number in which ``before`` stands before its extension, if it has one."""
    found = _EXTENSION.search(text)
    return f"{text[: found.start()].rstrip()}{before}{found[1]}" if found else text


def _write_phone(text: str, style: Style) -> Written:
    """Write a number as the URI that the line holds, if it is the same when read from there; else as text."""
    if style.old[:4].lower() == "tel:":
        number = re.sub(r"\s+", "-", _with_extension(text.strip(), ";ext="))
        if _TEL_URI.fullmatch(number) and same(_number_of(number), _NUMBER, text):
            return Written("tel:" + number, STALE)
        return Written(escape(text), STALE | {"value"})
    return Written(escape(text), STALE)


# --- birthdays ----------------------------------------------------------------------------------------


def _read_date(line: Line) -> str:
    """Return YYYY-MM-DD, --MM-DD where the year is not known, and anything else as it stands."""
    text = unescape(raw_value(line)).strip()
    if found := _FULL_DATE.fullmatch(text):
        year, _, month, day = found.groups()
        omitted = next(iter(line.params.get("x-apple-omit-year", ())), "")
        return f"--{month}-{day}" if year == omitted else f"{year}-{month}-{day}"
    if found := _DATE_WITHOUT_YEAR.fullmatch(text):
        return f"--{found[1]}-{found[2]}"
    return text


def _write_date(text: str, style: Style) -> Written:
    """Write a whole date, or one without its year, in the manner of the old one or of the version.

    Whatever else once stood there can be put back: dates of which more is left out, and text (RFC 6350, 6.2.5).
    """
    text = text.strip()
    drop = STALE | {"value", "x-apple-omit-year", "calscale"}
    without_year = _DATE_WITHOUT_YEAR.fullmatch(text)
    full = f"{NO_YEAR}-{without_year[1]}-{without_year[2]}" if without_year else text
    try:
        day = date.fromisoformat(full)
    except ValueError:
        if style.version == "4.0" and _PARTIAL_DATE.fullmatch(text):
            return Written(text, drop)
        return Written(escape(text), drop, "VALUE=text")
    old = _FULL_DATE.fullmatch(style.old.strip())
    dashed = bool(old[2]) if old else style.version == "3.0"
    if without_year and style.version == "4.0":
        return Written(f"--{day:%m%d}", drop)
    written = day.isoformat() if dashed else day.isoformat().replace("-", "")
    return Written(written, drop, f"X-APPLE-OMIT-YEAR={NO_YEAR}" if without_year else "")


TEXT = Codec(_read_text, _write_text)
URL = Codec(_read_url, _write_url)
PHONE = Codec(_read_phone, _write_phone)
DATE = Codec(_read_date, _write_date)
