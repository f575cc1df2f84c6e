"""Keys: what records are recognised by. A key is made of parts, each the normal form of one or several fields."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from bothways.records import Field, FieldType, Value, ids_in, is_blank, name_of, text_of
from bothways.records.normal import (
    company_domain,
    company_name,
    country_of,
    email_alias,
    is_free_mail,
    is_role_address,
    normal_email,
    normal_phone,
    person_name,
    sku,
)
from bothways.records.parse import parse_number


class Part(NamedTuple):
    """One comparable part of a key: the normal form, and the fields whose values, joined, are brought into it.

    ``region`` is the ISO 3166 country that national phone numbers belong to, unless one of ``countries``, fields of the
    same record, names its own.
    """

    compare: str
    fields: tuple[str, ...]
    region: str | None = None
    countries: tuple[str, ...] = ()

    def plain(self) -> list[Any]:
        """Return it as plain data, as ``keys_of`` takes it."""
        told = [self.compare, list(self.fields), self.region]
        return [*told, list(self.countries)] if self.countries else told


def part_of(compare: str, fields: Sequence[Field]) -> Part:
    """Return the part that compares these fields, with what they know of the country of their phone numbers."""
    names = tuple(field.name for field in fields)
    return Part(compare, names, fields[0].region, fields[0].countries) if compare == "phone" else Part(compare, names)


Key = tuple[Part, ...]
"""One way to make a key of a record. Of a field with many values, each gives a key."""

NormalForm = Callable[[str, str | None], str | None]


def _mailbox(text: str, region: str | None) -> str | None:
    """Return an alias form, of the providers of free mailboxes alone."""
    email = normal_email(text)
    return email_alias(text) if email and is_free_mail(email) else None


def _company_email(text: str, region: str | None) -> str | None:
    """Return an address that speaks for one company: no free mailbox, no info@."""
    email = normal_email(text)
    return email if email and not is_free_mail(email) and not is_role_address(email) else None


def _company(text: str, region: str | None) -> str | None:
    found = company_name(text)
    return found.key if found else None


def _consonants(text: str, region: str | None) -> str | None:
    """Return the bones of a company's name, which most slips of the pen leave as they are."""
    bones: list[str] = []
    for letter in _company(text, None) or "":
        if letter.isalnum() and letter not in "aeiouy" and letter not in bones[-1:]:
            bones.append(letter)
    return "".join(bones) if len(bones) > 3 else None


def _amount(text: str, region: str | None) -> str | None:
    try:
        return repr(float(text))
    except ValueError:
        return None


def _number(text: str, region: str | None) -> str | None:
    """Return a number without the zeros that change nothing: apps and databases keep other ones of them."""
    number = parse_number(text)
    if number is None:
        return None
    digits = format(number, "f")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) if number else "0"


NORMAL_FORMS: Mapping[str, NormalForm] = {
    "email": lambda text, region: normal_email(text),
    "phone": normal_phone,
    "exact": lambda text, region: text.strip() or None,
    "text": lambda text, region: " ".join(text.casefold().split()) or None,
    "name": lambda text, region: person_name(text),
    "company": _company,
    "domain": lambda text, region: company_domain(text),
    "sku": lambda text, region: sku(text),
    "number": _number,
}
"""How the values of a match field are made comparable, by the name used in the settings."""

_FORMS: Mapping[str, NormalForm] = {
    **NORMAL_FORMS,
    "mailbox": _mailbox,
    "company email": _company_email,
    "consonants": _consonants,
    "amount": _amount,
}

REFERRED = "referred"
"""What makes keys not of the name but of the ids of what a field refers to by its name."""

COMPARE_BY_TYPE = {FieldType.EMAIL: "email", FieldType.PHONE: "phone", FieldType.NUMBER: "number"}


def compare_for(field: Field) -> str:
    """Return the normal form that suits a field."""
    return COMPARE_BY_TYPE.get(field.type, "text")


def slot_of(key: Key) -> str:
    """Return the name under which the keys made this way are kept in the key table."""
    return "+".join(f"{part.compare}:{','.join(part.fields)}{_country_in_words(part)}" for part in key)


def _country_in_words(part: Part) -> str:
    own = f"@({','.join(part.countries)})" if part.countries else ""
    return f"{own}@{part.region}" if part.region else own


def keys_of(key: Iterable[Sequence[Any]], values: Mapping[str, Value]) -> list[str]:
    """Return the comparable keys of a record, in the order of its values; none where a part is missing.

    The parts may come as they are kept in a database, as plain lists.
    """
    found = [list(_of_part(part, values)) for part in key]
    return found[0] if len(found) == 1 else ["\n".join(each) for each in product(*found)]


def _of_part(part: Sequence[Any], values: Mapping[str, Value]) -> Iterator[str]:
    compare, fields, region = part[0], part[1], part[2]
    if compare == REFERRED:
        yield from ids_in(values.get(fields[0]))
        return
    form = _FORMS[compare]
    if len(part) > 3 and part[3]:
        region = own_country(part[3], values) or region
    for text in texts_of(fields, values):
        key = form(text, region)
        if key is not None:
            yield key


def own_country(countries: Sequence[str], values: Mapping[str, Value]) -> str | None:
    """Return the country that a record names in these fields; None where it names none, or several."""
    texts = (value for name in countries if isinstance(value := values.get(name), str))
    found = {country for text in texts if (country := country_of(text))}
    return found.pop() if len(found) == 1 else None


def texts_of(fields: Sequence[str], values: Mapping[str, Value]) -> list[str]:
    """Return the values of a field as texts, one for each of many; several fields are joined to one text."""
    if len(fields) > 1:
        joined = " ".join(text_of(value) for name in fields if _is_plain(value := values.get(name)))
        return [joined] if joined else []
    value = values.get(fields[0])
    if ids_in(value):
        value = name_of(value)
    if isinstance(value, str):
        return [text] if (text := text_of(value)) else []
    if isinstance(value, Sequence):
        return [text_of(each) for each in value if _is_plain(each)]
    return [text_of(value)] if _is_plain(value) else []


def _is_plain(value: Value) -> bool:
    return not is_blank(value) and (isinstance(value, str) or not isinstance(value, Sequence | Mapping))
