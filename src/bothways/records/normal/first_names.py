"""Whether two first names may be one person's: nicknames, spellings that sound the same, and slips."""

import re
from collections import Counter
from functools import cache

from rapidfuzz.distance import OSA

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
"""Letters from which on names are compared by sound and with slips."""

_LONG = 7
_SLIPS = [(_LONG, 2), (5, 1)]
"""Letters from which on a name may have so many slips."""


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
    return _sound(one) == _sound(other) or _is_slip(one, other)


def _is_slip(one: str, other: str) -> bool:
    """Tell whether two names differ by a slip inside: the first letter and the last two are the same in both.

    Marian is not Marina: where a name ends tells more than how it is written. Short names with one letter more or
    less are others (Dan, Dean); two letters may be wrong only in long ones.
    """
    if one[0] != other[0] or one[-2:] != other[-2:]:
        return False
    length = min(len(one), len(other))
    allowed = next((slips for letters, slips in _SLIPS if length >= letters), 0)
    if len(one) == len(other) and length < _LONG:
        return Counter(one) == Counter(other) and OSA.distance(one, other) <= 1
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


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
