"""The closed list of ways to clean a text before it is written to the other app.

Each is idempotent, alone and together: what was cleaned once is not changed by cleaning it again, so that a
value that comes back is the same. What cannot be cleaned stays as it is; nothing is guessed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bothways.records.normal import normal_phone
from bothways.records.parse import is_midnight
from bothways.records.record import Value
from bothways.records.types import FieldType

T = FieldType
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """One way to clean: from a text and the country of national phone numbers to a text; and of which types."""

    clean: Callable[[str, str | None], str]
    types: tuple[FieldType, ...]


def _title(text: str, region: str | None) -> str:
    """Begin each word with a capital: Anna-Lena, O'Brien, but It's."""
    return _WORD.sub(lambda word: _capital(word[0]), text)


def _capital(word: str) -> str:
    parts = re.split("(['\u2019])", word)
    whole = len(parts[0]) > 1
    return "".join(
        part.lower() if whole and place else part[:1].title() + part[1:].lower() for place, part in enumerate(parts)
    )


def _e164(text: str, region: str | None) -> str:
    """Return the number in international form; one with an extension, which that form has no room for, as it is."""
    number = normal_phone(text, region)
    return number if number is not None and ";" not in number else text


def _date(text: str, region: str | None) -> str:
    """Return a day as YYYY-MM-DD: from ISO 8601, 31.12.2026 and 2026/12/31; 1/2/2026 could be either and stays."""
    stripped = text.strip()
    dotted, slashed = _DOTTED.fullmatch(stripped), _SLASHED.fullmatch(stripped)
    try:
        if dotted:
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1])).isoformat()
        if slashed:
            return date(*map(int, slashed.groups())).isoformat()
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        return text
    return moment.date().isoformat() if is_midnight(moment) else text


CLEANERS: dict[str, Cleaner] = {
    "trim": Cleaner(lambda text, region: text.strip(), (T.TEXT, T.EMAIL, T.PHONE, T.URL)),
    "lower": Cleaner(lambda text, region: text.lower(), (T.TEXT, T.EMAIL)),
    "upper": Cleaner(lambda text, region: text.upper(), (T.TEXT,)),
    "title": Cleaner(_title, (T.TEXT,)),
    "phone_e164": Cleaner(_e164, (T.TEXT, T.PHONE)),
    "date": Cleaner(_date, (T.TEXT,)),
}
"""All of them by their name in the settings."""

CASES = ("lower", "upper", "title")
"""Of these a field can have one."""


def clean(value: Value, names: Sequence[str], region: str | None = None) -> Value:
    """Return a text cleaned in all these ways, in their order; any other value as it is.

    ``region`` is the ISO 3166 country that national phone numbers belong to.
    """
    if not names or not isinstance(value, str):
        return value

    def once(text: str) -> str:
        for name in names:
            text = CLEANERS[name].clean(text, region)
        return text

    cleaned = once(value)
    for _ in range(2):
        again = once(cleaned)
        if again == cleaned:
            return cleaned
        cleaned = again
    return value
