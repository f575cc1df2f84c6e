"""Reading raw values: what an app gave, as text, items, number, truth, date or moment.

Every function is total: what cannot be read gives None, never an exception.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from bothways.records.record import Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_LARGEST_EXPONENT = 400
"""Numbers of apps are doubles (1e308) or decimals of some dozen digits; beyond that it is no number."""
_ISO = re.compile(r"[\dW-]{7,10}(?:[Tt ].*)?", re.ASCII | re.DOTALL)
"""A day, and what may follow it behind a T or a blank: Python takes any sign there, as in 2024-01-01/02."""
_MILLISECONDS = re.compile(r"-?\d{9,14}", re.ASCII)


def text_of(value: Value) -> str:
    """Return a raw value as text: NFC, one kind of line end, trimmed; "" for None."""
    if isinstance(value, str):
        text = value if value.isascii() else unicodedata.normalize("NFC", value)
    elif isinstance(value, bool):
        return "true" if value else "false"
    else:
        text = "" if value is None else str(value)
    return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).strip()


def items_of(value: Value) -> Sequence[Value]:
    """Return the items of a list, or of text with items between semicolons; one value is its only item."""
    if isinstance(value, str):
        return value.split(";")
    return value if isinstance(value, Sequence) else (value,)


def parse_number(value: Value) -> Decimal | None:
    """Return the exact decimal a raw value stands for, None if it is no finite number of a sane size."""
    text = text_of(value)
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else None


def parse_boolean(value: Value) -> bool | None:
    """Return True or False for the words apps use for them, else None."""
    text = text_of(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def parse_datetime(value: Value, milliseconds: bool = True, own_zone: bool = False) -> datetime | None:
    """Return an aware datetime from ISO 8601 text or epoch milliseconds; None if it is neither.

    It is in UTC, or with ``own_zone`` in that of the text. Text without an offset is taken as UTC.
    ``milliseconds=False`` reads ISO 8601 alone: in a free text, ten digits are rather a phone number.
    """
    text = text_of(value)
    try:
        if _MILLISECONDS.fullmatch(text):
            return EPOCH + timedelta(milliseconds=int(text)) if milliseconds else None
        if not _ISO.fullmatch(text):
            return None
        moment = datetime.fromisoformat(text)
        if not moment.tzinfo:
            return moment.replace(tzinfo=UTC)
        return moment if own_zone else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_date(value: Value) -> date | None:
    """Return the date that a date, or a datetime at midnight UTC, stands for; None for anything else."""
    text = text_of(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = parse_datetime(text)
        return moment.date() if moment is not None and is_midnight(moment) else None


def is_midnight(moment: datetime) -> bool:
    """Tell whether a datetime is the very start of a day in its own zone."""
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def floor(moment: datetime, grain: float | None) -> datetime:
    """Return the moment at the start of its grain (seconds; None for a millisecond)."""
    step = timedelta(seconds=grain or 0.001) or timedelta.resolution
    return EPOCH + (moment - EPOCH) // step * step
