"""Whether two first names may be one person's: nicknames, spellings that sound the same, and slips."""

import re
from functools import cache

from bothways.records.normal.tables import pairs
from bothways.records.normal.text import in_latin

_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        ("ph", "f"),
        ("ck|c|q", "k"),
        ("z", "s"),
        ("(?<!^)h", ""),
        ("(?<=.)(?:eigh|ee|ie|ey|y|i)$", "i"),
        ("y", "i"),
        (r"(.)\1+", r"\1"),
    ]
]
"""Spellings, and the letters that sound the same. Vowels stay what they are: they tell Erik from Erika."""

_SHORTEST = 4
"""Letters from which on names are compared by sound, and two swapped letters are taken for a slip."""


def same_or_initial(one: str, other: str) -> bool:
    """Tell whether two first names (folded) may be one person's, where one may be an initial."""
    if 1 in (len(one), len(other)):
        return in_latin(one)[:1] == in_latin(other)[:1]
    return same_first(one, other)


def same_first(one: str, other: str) -> bool:
    """Tell whether two first names (folded) are one, a nickname of it, another spelling, or a slip."""
    if one.isascii() != other.isascii():
        one, other = in_latin(one), in_latin(other)
    if one == other or not _formal(one).isdisjoint(_formal(other)):
        return True
    if min(len(one), len(other)) < _SHORTEST:
        return False
    return _sound(one) == _sound(other) or _swapped(one, other)


def _swapped(one: str, other: str) -> bool:
    """Tell whether two neighbouring letters changed places."""
    places = [at for at, letter in enumerate(one) if not other.startswith(letter, at)]
    if len(one) != len(other) or len(places) != 2:
        return False
    first, second = places
    return second == first + 1 and one[first] == other[second] and one[second] == other[first]


def _sound(name: str) -> str:
    for spelling, sound in _SOUNDS:
        name = spelling.sub(sound, name)
    return name


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
