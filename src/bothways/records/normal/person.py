"""Names of people: a key of the full name, and whether two names may be one person's."""

import re
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import in_latin, words

_AFTER = frozenset(
    [
        "phd",
        "md",
        "mba",
        "msc",
        "bsc",
        "esq",
        "cpa",
        "dds",
        "dvm",
        "jd",
        "llm",
        "llb",
        "pmp",
        "cfa",
        "obe",
        "mbe",
        "cbe",
        "frcs",
    ]
)
_GENERATIONS = {"jr": "2", "junior": "2", "sr": "1", "senior": "1", "ii": "2", "iii": "3", "iv": "4"}
_SUFFIXES = _AFTER | _GENERATIONS.keys()
_COUPLES = frozenset(["and", "und", "et", "y"])
_COMMENT = re.compile(r"[(\[].*?[)\]]")
_DOUBLED = re.compile(r"(.)\1+")
_SHORTEST_SLIP = 4
"""Letters of the shortest first name in which two swapped or doubled letters are taken for a slip."""


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


@lru_cache(maxsize=65536)
def _parse(text: str) -> _Name | None:
    """Take a name apart; None where it names nobody."""
    if "@" in text:
        return None
    if "(" in text or "[" in text:
        text = _COMMENT.sub(" ", text)
    found, sex, generation = _in_order(text), "", ""
    titles = pairs("titles")
    while len(found) > 1 and found[0] in titles:
        sex = sex or titles[found[0]]
        found = found[1:]
    while len(found) > 1 and found[-1] in _SUFFIXES:
        generation = generation or _GENERATIONS.get(found[-1], "")
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
    first, *others = (words(part) for part in text.split(","))
    names = [word for part in others for word in part if word not in _SUFFIXES]
    suffixes = [word for part in others for word in part if word in _SUFFIXES]
    return [*names, *first, *suffixes]


def _given_agree(one: _Name, other: _Name) -> bool:
    if not one.family or not other.family:
        ours, theirs = (filter(None, (*name.given, name.family)) for name in (one, other))
        return any(_same_given(mine, yours) for mine, yours in product(ours, theirs))
    mine, yours = one.given[0], other.given[0]
    if _same_given(mine, yours) or "".join(one.given) == "".join(other.given):
        return True
    if any(_same_first(mine, name) for name in other.given) or any(_same_first(yours, name) for name in one.given):
        return True
    return _swapped(one, other) or _swapped(other, one)


def _swapped(one: _Name, other: _Name) -> bool:
    """Tell whether one name begins with the other's family name and ends with its first."""
    return one.given[0] == other.family and _same_given(one.family, other.given[0])


def _same_given(one: str, other: str) -> bool:
    """Tell whether two first names may be one person's, an initial for a name among them."""
    if 1 in (len(one), len(other)):
        return in_latin(one)[:1] == in_latin(other)[:1]
    return _same_first(one, other)


def _same_first(one: str, other: str) -> bool:
    """Tell whether two first names are one, a nickname of it, or a slip: letters swapped or doubled."""
    if one.isascii() != other.isascii():
        one, other = in_latin(one), in_latin(other)
    if one == other or not _formal(one).isdisjoint(_formal(other)):
        return True
    if min(len(one), len(other)) < _SHORTEST_SLIP:
        return False
    if len(one) == len(other):
        places = [at for at in range(len(one)) if one[at] != other[at]]
        return (
            len(places) == 2
            and places[1] == places[0] + 1
            and one[places[0]] == other[places[1]] != one[places[1]] == other[places[0]]
        )
    return _DOUBLED.sub(r"\1", one) == _DOUBLED.sub(r"\1", other)


def _is_couple(name: _Name) -> bool:
    return not _COUPLES.isdisjoint(name.given[1:])


def _formal(name: str) -> frozenset[str]:
    """Return the names that a first name can stand for, itself among them."""
    return _nicknames().get(name, frozenset()) | {name}


@cache
def _nicknames() -> dict[str, frozenset[str]]:
    stands_for: dict[str, set[str]] = {}
    for formal, nicknames in pairs("nicknames").items():
        for nickname in nicknames.split():
            stands_for.setdefault(nickname, set()).add(formal)
    return {nickname: frozenset(formals) for nickname, formals in stands_for.items()}
