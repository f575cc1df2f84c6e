"""Names of people: a key of the full name, and whether two names may be one person's."""

import re
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from bothways.records.normal.first_names import same_first, same_or_initial
from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import words

_COUPLES = frozenset(["and", "und", "et"])
_COMMENT = re.compile(r"[(\[].*?[)\]]")


class _Name(NamedTuple):
    given: tuple[str, ...]
    family: str
    """Empty where the name is one word, which may be either."""
    sex: str
    generation: str


def person_name(text: str | None) -> str | None:
    """Return the key of a full name, or None for a single word, for nothing, and for what only fills a field.

    Titles and generations are left off, Latin letters lose their marks; the order of the words does not count,
    so ``Lee, Ann`` and ``Ann Lee`` have one key.
    """
    name = _parse(text or "")
    if name is None or not name.family:
        return None
    return " ".join(sorted((*name.given, name.family)))


def names_clash(left: str | None, right: str | None) -> bool:
    """Tell whether two full names speak against one person: their first names cannot be the same.

    A nickname, an initial, swapped words, another surname or a missing name do not clash. Father and son
    (Sr, Jr), Mr and Mrs, and a couple beside one of them do.
    """
    one, other = _parse(left or ""), _parse(right or "")
    if one is None or other is None:
        return False
    for mine, yours in ((one.sex, other.sex), (one.generation, other.generation)):
        if mine and yours and mine != yours:
            return True
    if sorted((*one.given, one.family)) == sorted((*other.given, other.family)):
        return False
    if _is_couple(one) != _is_couple(other):
        return True
    return not _given_agree(one, other)


@lru_cache(maxsize=4096)
def _parse(text: str) -> _Name | None:
    """Take a name apart; None where it names nobody."""
    if "@" in text:
        return None
    if "(" in text or "[" in text:
        text = _COMMENT.sub(" ", text)
    found, sex, generation = _in_order(text), "", ""
    titles, suffixes = pairs("titles"), pairs("suffixes")
    while len(found) > 1 and found[0] in titles:
        sex = sex or titles[found[0]]
        found = found[1:]
    while len(found) > 1 and found[-1] in suffixes:
        generation = generation or suffixes[found[-1]]
        found = found[:-1]
    if not any(word[0].isalpha() for word in found) or " ".join(found) in entries("nobody"):
        return None
    if len(found) == 1:
        return _Name((found[0],), "", sex, generation)
    return _Name(tuple(found[:-1]), found[-1], sex, generation)


def _in_order(text: str) -> list[str]:
    """Return the words of a name, what stands before a comma (the family name) last but for suffixes."""
    if "," not in text:
        return words(text)
    known = pairs("suffixes")
    first, *others = (words(part) for part in text.split(","))
    names = [word for part in others for word in part if word not in known]
    suffixes = [word for part in others for word in part if word in known]
    return [*names, *first, *suffixes]


def _given_agree(one: _Name, other: _Name) -> bool:
    if not one.family or not other.family:
        ours, theirs = (filter(None, (*name.given, name.family)) for name in (one, other))
        return any(same_or_initial(mine, yours) for mine, yours in product(ours, theirs))
    mine, yours = one.given[0], other.given[0]
    if same_or_initial(mine, yours) or "".join(one.given) == "".join(other.given):
        return True
    if any(_is_among(first, name.given) for first, name in ((mine, other), (yours, one))):
        return True
    return _swapped(one, other) or _swapped(other, one)


def _is_among(first: str, given: tuple[str, ...]) -> bool:
    """Tell whether a first name is one of somebody's names; an initial is not enough here."""
    return len(first) > 1 and any(same_first(first, name) for name in given)


def _swapped(one: _Name, other: _Name) -> bool:
    """Tell whether one name begins with the other's family name and ends with its first."""
    return one.given[0] == other.family and same_or_initial(one.family, other.given[0])


def _is_couple(name: _Name) -> bool:
    return not _COUPLES.isdisjoint(name.given[1:])
