"""Fields that no app has: two names joined to one, texts with fields in them, and what is referred to by its name.

``first + last`` stands for both names as one; it can be written if a full name can be split surely. A text such as
``{first} {last}, {city}`` can only be read. ``company > name`` is the name of what a reference refers to first. All of
them are written as the name of a field and say all that is needed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bothways.records.normal.company import company_name
from bothways.records.normal.first_names import is_first_name
from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import fold
from bothways.records.parse import text_of
from bothways.records.record import Value
from bothways.records.types import Field, FieldType
from bothways.records.values import is_blank

READABLE = (
    FieldType.TEXT,
    FieldType.EMAIL,
    FieldType.PHONE,
    FieldType.URL,
    FieldType.NUMBER,
    FieldType.DATE,
    FieldType.CHOICE,
)
"""The types of fields that may stand in a text."""

_JOINED = re.compile(r"(\S(?:.*?\S)?) \+ (\S.*)", re.DOTALL)
_NAMED = re.compile(r"(\S(?:.*?\S)?) > (\S.*)", re.DOTALL)
_PLACE = re.compile(r"\{([^{}]+)\}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_FAMILY_FIRST = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a made field is made of: its parts in their order, and the text they stand in ("" if they are joined).

    ``named``: the field of the records that the only part refers to by which it is known; "" for all other kinds.
    """

    parts: tuple[str, ...]
    text: str = ""
    named: str = ""

    def make(self, values: Mapping[str, Value]) -> Value:
        """Return the value: the two names as a list, or the text without double blanks; None if all parts are empty."""
        parts = [values.get(name) for name in self.parts]
        if all(map(is_blank, parts)):
            return None
        if not self.text:
            return parts
        return " ".join(_PLACE.sub(lambda place: text_of(values.get(place[1])), self.text).split())

    def take_apart(self, value: Value) -> dict[str, Value]:
        """Return the values of the parts of a joined field."""
        parts = value if isinstance(value, Sequence) and not isinstance(value, str) else [None] * len(self.parts)
        return dict(zip(self.parts, parts, strict=True))


def recipe_of(name: str) -> Recipe | None:
    """Return how a field of this name is made, None if it is none that is made."""
    places = tuple(dict.fromkeys(_PLACE.findall(name)))
    if places:
        return None if {"{", "}"} & set(_PLACE.sub("", name)) else Recipe(places, name)
    reference = _NAMED.fullmatch(name)
    if reference and name.count(" > ") == 1:
        return Recipe((reference[1],), named=reference[2])
    joined = _JOINED.fullmatch(name)
    return Recipe((joined[1], joined[2])) if joined and name.count(" + ") == 1 else None


def made_field(name: str, recipe: Recipe, fields: Mapping[str, Field]) -> Field:
    """Return the field that is made of these."""
    parts = tuple(fields[part] for part in recipe.parts)
    if recipe.text:
        return Field(name, read_only=True, parts=parts)
    label = " + ".join(part.title for part in parts)
    return Field(name, FieldType.JOINED, label, read_only=any(part.read_only for part in parts), parts=parts)


def named_field(name: str, reference: Field, by: Field, meaning: str | None) -> Field:
    """Return the field that is the name, held in the field ``by``, of what a reference refers to first."""
    return Field(
        name,
        FieldType.NAMED,
        f"{reference.title} > {by.title}",
        meaning=meaning,
        read_only=reference.read_only,
        refers_to=reference.refers_to,
        items=FieldType.EMAIL if by.type is FieldType.EMAIL else None,
        parts=(reference,),
    )


def joined(value: Value) -> str:
    """Return the names of a joined field as one text."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(filter(None, map(text_of, value)))
    return text_of(value)


def split_name(text: str) -> tuple[str, str] | None:
    """Return the given and the family name, None where that is not sure.

    It is sure of two words, none of them a title, an addition, the beginning of a family name or the legal form of a
    company, in a script in which the given name comes first. More words can belong to either. A comma puts the family
    name first, if what follows it is known as a first name: after a comma may stand much else (``Acme, Inc``).
    """
    words = re.split(" +", text.strip(" "))
    if len(words) == 2 and words[0].endswith(",") and is_first_name(fold(words[1])):
        words = [words[1], words[0][:-1]]
    if len(words) != 2 or not all(map(_WORD.fullmatch, words)) or _FAMILY_FIRST.search(text):
        return None
    doubtful = entries("particles") | pairs("titles").keys() | pairs("suffixes").keys()
    given, family = words
    company = company_name(f"{given} {family}")
    if company is not None and company.legal_form and not (len(family) == 2 and is_first_name(fold(given))):
        return None  # but of Maria Sá
    return None if {given.casefold(), family.casefold()} & doubtful else (given, family)
