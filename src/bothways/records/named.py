"""Records known by their name: what an app that refers to a record has of it for one that knows it only as text.

The value of such a field keeps the name and the ids that the app holds, the primary one first. Only the name of the
primary one counts: two values are the same if they name the same company, however its name is written. People who use
an app are known by their e-mail address, which is compared as addresses are.
"""

from collections.abc import Hashable, Mapping, Sequence

from bothways.records.normal import company_name, forms_conflict, normal_email
from bothways.records.parse import text_of
from bothways.records.record import Value


def named(name: Value, ids: Sequence[str]) -> Value:
    """Return the value of a field that refers to ``ids``, the first of which has this name; None if to nothing."""
    return {"value": name, "ids": list(ids)} if ids else None


def name_of(value: Value) -> str:
    """Return the name in a value, or a text as it is."""
    return text_of(value.get("value") if isinstance(value, Mapping) else value)


def ids_in(value: Value) -> tuple[str, ...]:
    """Return the ids in the value of such a field, the primary one first."""
    found = value.get("ids") if isinstance(value, Mapping) else None
    return tuple(map(text_of, found)) if isinstance(found, Sequence) else ()


def name_form(value: Value, *, email: bool = False) -> Hashable:
    """Return the form in which equal names are equal: of addresses, or of companies, else the text but for case."""
    text = name_of(value)
    return (normal_email(text) if email else company_name(text)) or text.casefold()


def same_name(one: Value, other: Value, *, email: bool = False) -> bool:
    """Tell whether two names are one company's, or one address; of two legal forms that differ they are not."""
    if email:
        return name_form(one, email=True) == name_form(other, email=True)
    left, right = name_of(one), name_of(other)
    mine, theirs = company_name(left), company_name(right)
    if mine is None or theirs is None:
        return left.casefold() == right.casefold()
    return mine.key == theirs.key and not forms_conflict(left, right)
