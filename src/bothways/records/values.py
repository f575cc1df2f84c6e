"""When two values are the same: one canonical form per field type.

Raw values are what apps give and what is written back; canonical values exist only to be compared.
"""

import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from bothways.records.normal import normal_email, normal_phone
from bothways.records.record import Value
from bothways.records.types import Field, FieldType

_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no"}


def is_blank(value: Value) -> bool:
    """Tell whether a value holds nothing: None, blank text, or a list of nothing but that."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return is_blank(value.get("value"))
    if isinstance(value, Sequence):
        return all(is_blank(item) for item in value)
    return False


def canonical(value: Value, field: Field, precision: float | None = None) -> Hashable:
    """Return the form of a raw value in which equal values are equal; None for every blank.

    A value that is not of its field's type (an app can hold "n/a" in a number) is compared as text.
    ``precision`` (seconds) overrides the field's own for datetimes: pass the coarser of two sides.
    """
    if is_blank(value):
        return None
    if field.type is FieldType.LABELLED:
        return frozenset(_element(item, field) for item in _items(value) if not is_blank(item))
    if field.type is FieldType.MULTI_CHOICE:
        return frozenset(part for part in (_text(item) for item in _items(value)) if part)
    return _scalar(value, field, precision)


def same(left: Value, left_field: Field, right: Value, right_field: Field | None = None) -> bool:
    """Tell whether two raw values are equal in canonical form, at the coarser precision of the two."""
    right_field = right_field or left_field
    grain = _coarser(left_field, right_field)
    return canonical(left, left_field, grain) == canonical(right, right_field, grain)


def may_be_rewriting(written: Value, seen: Value, field: Field) -> bool:
    """Tell whether ``seen`` is what an app may have made of ``written``.

    Apps change case, blanks and punctuation, and cut at the declared length. Nothing else counts.
    """
    if same(written, field, seen):
        return True
    sent, kept = _loose(written), _loose(seen)
    if not sent or not kept:
        return False
    if sent == kept:
        return True
    cut = isinstance(seen, str) and field.max_length is not None and len(seen) <= field.max_length
    return cut and isinstance(written, str) and len(written) > len(str(seen)) and sent.startswith(kept)


def parse_datetime(value: Value) -> datetime | None:
    """Return an aware UTC datetime from ISO 8601 text or epoch milliseconds; None if it is neither.

    Text without an offset is taken as UTC.
    """
    text = _text(value)
    if re.fullmatch(r"-?\d{9,14}", text):
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_number(value: Value) -> Decimal | None:
    """Return the exact decimal a raw value stands for, None if it is no finite number."""
    try:
        number = Decimal(_text(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def parse_boolean(value: Value) -> bool | None:
    """Return True or False for the words apps use for them, else None."""
    text = _text(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def parse_date(value: Value) -> str | None:
    """Return ``YYYY-MM-DD`` from a date or midnight-UTC datetime; None where it is not a whole date."""
    text = _text(value)
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        moment = parse_datetime(value)
        return moment.date().isoformat() if moment else None


def _scalar(value: Value, field: Field, precision: float | None) -> Hashable:
    text = _text(value)
    match field.type:
        case FieldType.NUMBER:
            number = parse_number(value)
            return number.normalize() if number is not None else ("text", text)
        case FieldType.BOOLEAN:
            truth = parse_boolean(value)
            return ("boolean", truth) if truth is not None else ("text", text)
        case FieldType.DATE:
            return parse_date(value) or ("text", text)
        case FieldType.DATETIME:
            moment = parse_datetime(value)
            return _floor(moment, precision or field.precision) if moment else ("text", text)
        case FieldType.EMAIL:
            return normal_email(text) or text.lower()
        case FieldType.PHONE:
            return normal_phone(text, field.region) or ("digits", re.sub(r"[\s().\-/]", "", text).lower())
        case FieldType.URL:
            return _canonical_url(text)
        case _:
            return text


def _element(item: Value, field: Field) -> Hashable:
    value = item.get("value") if isinstance(item, Mapping) else item
    return _text(value).casefold()


def _items(value: Value) -> Sequence[Value]:
    if isinstance(value, str):
        return value.split(";")
    return value if isinstance(value, Sequence) else (value,)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").strip()


def _coarser(left: Field, right: Field) -> float | None:
    grains = [field.precision for field in (left, right) if field.type is FieldType.DATETIME and field.precision]
    return max(grains, default=None)


def _floor(moment: datetime, precision: float | None) -> datetime:
    grain = timedelta(seconds=precision or 0.001)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (moment - start) // grain * grain


def _canonical_url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if not parts.netloc:
        return text
    path = "" if parts.path == "/" else parts.path
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=path).geturl()


def _loose(value: Value) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "|".join(sorted(_loose(item) for item in value))
    folded = unicodedata.normalize("NFKD", _text(value)).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
