"""Values: what is accepted for each type of property, and the text it is stored as."""

import re
from collections.abc import Mapping, Set
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bothways.sandbox.hubspot.problems import BadValue

LONGEST_TEXT, SHORT_TEXT = 65_536, 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Invalid(ValueError):
    """A value that is not accepted: HubSpot's code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def normal(definition: Mapping[str, Any], sent: Any, held: str | None, otherwise: Set[str] = frozenset()) -> str | None:
    """Return what is stored for a value that was sent, None if it clears the property; raise Invalid.

    ``held`` is what the property holds now: a text of choices that begins with ";" is added to it. ``otherwise``: the
    switches that are set (``otherwise.OTHERWISE``).
    """
    text = _text(sent)
    if not text.strip():
        return None
    if definition["name"] == "email":
        email = _email(text)
        return text.strip() if "keeps-case" in otherwise else email
    if "short-texts" in otherwise and len(text) > SHORT_TEXT:
        raise Invalid("PROPERTY_VALUE_TOO_LONG", f"a value of more than {SHORT_TEXT} characters")
    return _FORMS[definition["type"]](definition, text, None if "semicolon-replaces" in otherwise else held)


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number from 0 on that is not too large to be kept."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def bad_value(name: str, error: Invalid) -> BadValue:
    """Return a refusal of one property's value."""
    return BadValue(name, error.code, str(error))


@lru_cache(maxsize=4096)
def iso(millis: int) -> str:
    """Return milliseconds since 1970 as HubSpot writes times."""
    return (EPOCH + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis_of(text: str) -> int:
    """Return the milliseconds since 1970 of a time in ISO 8601 or in epoch milliseconds; raise ValueError."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def day_of(text: str) -> str:
    """Return the date that a text stands for: itself, or epoch milliseconds at midnight; raise ValueError."""
    if _DATE.fullmatch(text):
        return date.fromisoformat(text).isoformat()
    millis = int(text) if _WHOLE.fullmatch(text) else None
    if millis is None or millis % DAY_MS:
        raise ValueError(text)
    return (EPOCH + timedelta(milliseconds=millis)).date().isoformat()


def _text(sent: Any) -> str:
    if isinstance(sent, bool):
        return "true" if sent else "false"
    if isinstance(sent, dict | list):
        raise Invalid("INVALID_STRING", "a value must be one text")
    return str(sent)


def _email(text: str) -> str:
    email = text.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email) or ".." in email:
        raise Invalid("INVALID_EMAIL", f"Email address {text} is invalid")
    return email


def _string(definition: Mapping[str, Any], text: str, held: str | None) -> str:
    if len(text) > LONGEST_TEXT:
        raise Invalid("PROPERTY_VALUE_TOO_LONG", f"a value of more than {LONGEST_TEXT} characters")
    return text


def _number(definition: Mapping[str, Any], text: str, held: str | None) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise Invalid("INVALID_NUMBER", f"{text} was not a valid number.")
    number = Decimal(text.strip())
    return format(number.normalize() if number else Decimal(0), "f")


def _date(definition: Mapping[str, Any], text: str, held: str | None) -> str:
    try:
        return day_of(text.strip())
    except (ValueError, OverflowError) as error:
        raise Invalid("INVALID_DATE", f"{text} was not a valid date: neither YYYY-MM-DD nor midnight UTC.") from error


def _datetime(definition: Mapping[str, Any], text: str, held: str | None) -> str:
    try:
        return iso(millis_of(text.strip()))
    except (ValueError, OverflowError) as error:
        raise Invalid("INVALID_DATE", f"{text} was not a valid long or time in ISO 8601.") from error


def _bool(definition: Mapping[str, Any], text: str, held: str | None) -> str:
    truth = text.strip().lower()
    if truth not in ("true", "false"):
        raise Invalid("INVALID_BOOLEAN", f"{text} was not one of: true, false.")
    return truth


def _choice(definition: Mapping[str, Any], text: str, held: str | None) -> str | None:
    if definition["fieldType"] == "booleancheckbox":
        return _bool(definition, text, held)
    if definition["externalOptions"] or definition["modificationMetadata"]["readOnlyValue"]:
        return text
    several = definition["fieldType"] == "checkbox"
    chosen = [each.strip() for each in text.split(";")] if several else [text]
    allowed = {option["value"] for option in definition["options"]}
    wrong = [each for each in chosen if each and each not in allowed]
    if wrong:
        raise Invalid("INVALID_OPTION", f"{', '.join(wrong)} was not one of the allowed options.")
    before = (held or "").split(";") if several and text.startswith(";") else []
    return ";".join(dict.fromkeys(each for each in (*before, *chosen) if each)) or None


_FORMS = {
    "string": _string,
    "phone_number": _string,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "enumeration": _choice,
}
