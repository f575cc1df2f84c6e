"""Plain text for people: aligned columns, counts, times. Nothing here prints."""

import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

LONGEST = 60
"""Cells a shown value may take; a longer one is cut."""

ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"} | {
    ord("\n"): "\\n",
    ord("\t"): "\\t",
}
ESCAPES |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)}
"""Characters that would steer a terminal or turn a line around, shown by their codes: apps' data is not ours."""


def clean(line: str) -> str:
    """Return one line in which nothing can steer the terminal."""
    return line.translate(ESCAPES)


def in_command(text: str) -> str:
    """Return a name or an id as it is typed in a command, which is printed to be pasted."""
    return shlex.quote(text)


def width(text: str) -> int:
    """Return the number of terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def pad(text: str, cells: int) -> str:
    """Return the text filled with blanks to so many cells."""
    return text + " " * (cells - width(text))


def cut(text: str, cells: int = LONGEST) -> str:
    """Return the text, ended by an ellipsis where it takes more than so many cells."""
    if width(text) <= cells:
        return text
    kept, used = "", 1
    for char in text:
        used += _cells(char)
        if used > cells:
            break
        kept += char
    return kept.rstrip() + "…"


def columns(
    rows: Iterable[Sequence[str]], *, indent: str = "", gap: str = "  ", right: Iterable[int] = ()
) -> list[str]:
    """Return the rows as aligned lines; ``right`` numbers the columns set to the right."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    count = max((len(row) for row in cleaned), default=0)
    widths = [max((width(row[n]) for row in cleaned if n < len(row)), default=0) for n in range(count)]
    to_right = frozenset(right)

    def line(row: Sequence[str]) -> str:
        cells = (
            " " * (widths[n] - width(cell)) + cell if n in to_right else pad(cell, widths[n])
            for n, cell in enumerate(row)
        )
        return (indent + gap.join(cells)).rstrip()

    return [line(row) for row in cleaned]


def number(count: int) -> str:
    """Return a count with its thousands set apart."""
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 record``, ``12,004 records``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(parts: Iterable[str], nothing: str = "") -> str:
    """Return the parts that are not empty, by commas."""
    return ", ".join(filter(None, parts)) or nothing


def duration(seconds: float) -> str:
    """Return a length of time: ``0.4 s``, ``42 s``, ``3 m 12 s``, ``2 h 5 m``, ``3 d 4 h``."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for size, name, smaller, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name} {rest} {part}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def moment(at: float | None, now: float) -> str:
    """Return a time (seconds since 1970) on this machine's clock; the date only where it is not today's."""
    if at is None:
        return ""
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    clock = f"{then:%H:%M}"
    if then.date() == today.date():
        return clock
    day = f"{then.day} {then:%b}"
    return f"{day} {clock}" if then.year == today.year else f"{day} {then.year} {clock}"


def ago(at: float | None, now: float) -> str:
    """Return how long ago a time was, in one unit: ``40 s ago``; ``never`` for None."""
    if at is None:
        return "never"
    seconds = max(0.0, now - at)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"
