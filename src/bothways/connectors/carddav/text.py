"""Text inside vCards: escaped, and structured by semicolons."""

import re

ESCAPED = {"n": "\n", "N": "\n", ",": ",", ";": ";", ":": ":", "\\": "\\"}
"""What may stand behind a backslash; before anything else it is a plain backslash. Some write ``\\:``."""

_ESCAPE = re.compile(r"\\([nN,;:\\])")
_COMPONENT = re.compile(r"((?:\\.|[^;\\]|\\\Z)*)(?:;|\Z)", re.DOTALL)
_ITEM = re.compile(r"((?:\\.|[^,\\]|\\\Z)*)(?:,|\Z)", re.DOTALL)
_FORBIDDEN = re.compile("[^\t\n\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot carry: a card with one of them could never be read again."""


class Unwritable(ValueError):
    """A value that a card cannot hold; the message says why in words."""


def unescape(value: str) -> str:
    """Return the text that an escaped value stands for."""
    return _ESCAPE.sub(lambda found: ESCAPED[found[1]], value) if "\\" in value else value


def escape(text: str) -> str:
    """Return a text as it stands in a card; raise Unwritable for characters that cannot."""
    text = line_ends(text)
    for plain, written in (("\\", "\\\\"), (",", "\\,"), (";", "\\;"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def line_ends(text: str) -> str:
    """Return a text with one kind of line end; raise Unwritable for characters that no card can carry."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _FORBIDDEN.search(text):
        raise Unwritable(f"it holds the control character U+{ord(found[0]):04X}")
    return text


def components(value: str) -> list[str]:
    """Return the parts between semicolons, still escaped."""
    return _split(_COMPONENT, value) if "\\" in value else value.split(";")


def items(value: str) -> list[str]:
    """Return the parts between commas, still escaped."""
    return _split(_ITEM, value) if "\\" in value else value.split(",")


def _split(pattern: re.Pattern[str], value: str) -> list[str]:
    found, at = [], 0
    while (match := pattern.match(value, at)) is not None:
        found.append(match[1])
        at = match.end()
        if at == len(match[1]) + match.start():
            break
    return found
