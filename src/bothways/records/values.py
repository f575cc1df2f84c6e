"""When two values are the same: one canonical form per field type.

Raw values are what apps give and what is written back; canonical values exist only to be compared.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from bothways.records.named import name_form
from bothways.records.normal import normal_email, normal_phone
from bothways.records.parse import floor, items_of, parse_boolean, parse_date, parse_datetime, parse_number, text_of
from bothways.records.record import Value
from bothways.records.types import Field, FieldType, one_of

_PUNCTUATION_OF_PHONES = re.compile(r"[\s().\-/]")
_HALF = re.compile("[\ud800-\udfff]")
_LOOSE_TYPES = frozenset({FieldType.TEXT, FieldType.PHONE, FieldType.URL, FieldType.LABELLED})
"""Where case, blanks and punctuation may be the app's doing; elsewhere they change what the value means."""


def is_blank(value: Value) -> bool:
    """Tell whether a value holds nothing: None, blank text, or a list of nothing but that."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, Mapping):
        return is_blank(value["value"]) if "value" in value else not value
    if isinstance(value, Sequence):
        return all(is_blank(item) for item in value)
    return False


def ids_of(value: Value) -> tuple[str, ...]:
    """Return the ids that a reference holds, each once, in their order."""
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    return tuple(dict.fromkeys(text for item in items if (text := text_of(item))))


def can_be_kept(value: Value) -> bool:
    """Tell whether a value can be stored: half of a character pair, or a number beyond 64 bits, cannot."""
    if isinstance(value, str):
        return value.isascii() or _HALF.search(value) is None
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Mapping):
        return all(can_be_kept(item) for item in value.values())
    return not isinstance(value, Sequence) or all(can_be_kept(item) for item in value)


def canonical(value: Value, field: Field, precision: float | None = None) -> Hashable:
    """Return the form of a raw value in which equal values are equal; None for every blank.

    A value that is not of its field's type (an app can hold "n/a" in a number) is compared as text.
    ``precision`` (seconds) overrides the field's own for datetimes: pass the coarser of two sides.
    """
    if is_blank(value):
        return None
    if field.type is FieldType.LABELLED:
        return frozenset(elements(value, field))
    if field.type is FieldType.MULTI_CHOICE:
        return frozenset(filter(None, map(text_of, items_of(value)))) or None
    if field.type is FieldType.REFERENCE and field.multi_valued:
        ids = ids_of(value)
        return (ids[0], frozenset(ids)) if field.primary_first else frozenset(ids)
    if field.type is FieldType.NAMED:
        return name_form(value, email=field.items is FieldType.EMAIL)
    if field.type is FieldType.JOINED:
        return " ".join(filter(None, map(text_of, value if isinstance(value, list | tuple) else [value])))
    if not isinstance(value, str) and isinstance(value, Sequence):
        return tuple(canonical(item, field, precision) for item in value)
    text = text_of(value)
    form = _FORMS.get(field.type)
    return text if form is None else form(text, field, precision)


def elements(value: Value, field: Field) -> dict[Hashable, Value]:
    """Return the values in a list of labelled values by what each is known by, in their order, each once.

    That is its canonical form, case apart: labels and order say nothing of which value it is.
    """
    found: dict[Hashable, Value] = {}
    for item in items_of(value) if value is not None else ():
        if not is_blank(item):
            form = canonical(value_of(item), one_of(field))
            found.setdefault(form.casefold() if isinstance(form, str) else form, item)
    return found


def value_of(item: Value) -> Value:
    """Return the value of one of several labelled values, without its label."""
    return item.get("value") if isinstance(item, Mapping) else item


def same(left: Value, left_field: Field, right: Value, right_field: Field | None = None) -> bool:
    """Tell whether two raw values are equal in canonical form, at the coarser precision of the two."""
    right_field = right_field or left_field
    if left_field is right_field and isinstance(left, str) and left == right:
        return True
    grain = _coarser(left_field, right_field)
    return canonical(left, left_field, grain) == canonical(right, right_field, grain)


def may_be_rewriting(written: Value, seen: Value, field: Field) -> bool:
    """Tell whether ``seen`` is what an app may have made of ``written``.

    Apps change case, blanks and punctuation of text, and cut it at the declared length. Nothing else
    counts, and nothing of this counts where it changes the meaning: "-5" is no rewriting of "5".
    """
    if same(written, field, seen):
        return True
    if field.type not in _LOOSE_TYPES:
        return False
    kept = _loose(seen)
    return bool(kept) and any(kept == _loose(sent) for sent in (written, *_cuts(written, field.max_length)))


def _number(text: str, field: Field, precision: float | None) -> Hashable:
    number = parse_number(text)
    return ("text", text) if number is None else number


def _boolean(text: str, field: Field, precision: float | None) -> Hashable:
    truth = parse_boolean(text)
    return ("text", text) if truth is None else ("boolean", truth)


def _date(text: str, field: Field, precision: float | None) -> Hashable:
    return parse_date(text) or ("text", text)


def _datetime(text: str, field: Field, precision: float | None) -> Hashable:
    moment = parse_datetime(text)
    return ("text", text) if moment is None else floor(moment, precision or field.precision)


def _email(text: str, field: Field, precision: float | None) -> Hashable:
    return normal_email(text) or text.lower()


def _phone(text: str, field: Field, precision: float | None) -> Hashable:
    return normal_phone(text, field.region) or ("digits", _PUNCTUATION_OF_PHONES.sub("", text).lower())


def _url(text: str, field: Field, precision: float | None) -> Hashable:
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if not parts.netloc:
        return text
    user, at, host = parts.netloc.rpartition("@")
    path = "" if parts.path == "/" else parts.path
    return parts._replace(scheme=parts.scheme.lower(), netloc=user + at + host.lower(), path=path).geturl()


_FORMS: Mapping[FieldType, Callable[[str, Field, float | None], Hashable]] = {
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.URL: _url,
}
"""The canonical form of one trimmed text by type; types that are not here compare as text."""


def _coarser(left: Field, right: Field) -> float | None:
    if left.type is not FieldType.DATETIME and right.type is not FieldType.DATETIME:
        return None
    grains = [field.precision for field in (left, right) if field.type is FieldType.DATETIME and field.precision]
    return max(grains, default=None)


def _cuts(written: Value, limit: int | None) -> Iterator[str]:
    """Yield what is left of a text that is cut at ``limit``, counted in characters, UTF-16 units or bytes."""
    if limit is None or not isinstance(written, str):
        return
    yield written[:limit]
    for encoding, size in (("utf-16-le", 2), ("utf-8", 1)):
        yield written.encode(encoding, "ignore")[: limit * size].decode(encoding, "ignore")


def _loose(value: Value) -> str:
    if not isinstance(value, str):
        if isinstance(value, Mapping):
            return _loose(value.get("value"))
        if isinstance(value, Sequence):
            return "|".join(sorted(filter(None, map(_loose, value))))
    folded = unicodedata.normalize("NFKD", text_of(value)).casefold()
    return "".join(filter(str.isalnum, folded))
