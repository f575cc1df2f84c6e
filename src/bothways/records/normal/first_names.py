"""Whether two first names may be one person's: nicknames, spellings that sound the same, and slips."""

import re
from collections import Counter
from functools import cache

from rapidfuzz.distance import OSA

from bothways.records.normal.tables import entries, pairs
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

_NEAR = [(5, 2), (3, 1)]
"""The same, where something else tells that the slip is one."""


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
    if len(one) == len(other) < _LONG:
        return Counter(one) == Counter(other) and OSA.distance(one, other) <= 1
    return _within(_SLIPS, one, other)


def is_near(one: str, other: str) -> bool:
    """Tell whether two words differ by a slip or two; they may still be two names."""
    return one == other or _within(_NEAR, one, other)


def rightly_spelt(one: str, other: str) -> str:
    """Return which of two words (folded) is a first name that the other misspells, nothing where that is not sure.

    People of one family have names much alike (Anna, Anne; Norma, Norman), but each of them is a name: so a known first
    name is never taken for another one misspelt. A misspelt one has its letters out of order, or one too many or few
    inside; another letter or another end may make a brother's name, in a language of which few names are known.
    """
    known = [name for name in (one, other) if is_first_name(name)]
    return known[0] if len(known) == 1 and is_near(one, other) and _has_its_letters(one, other) else ""


def _has_its_letters(one: str, other: str) -> bool:
    """Tell whether two words have the same letters in some order, but for one that only the longer has inside it."""
    short, long = sorted((one, other), key=len)
    odd = Counter(long) - Counter(short)
    return odd.total() == len(long) - len(short) <= 1 and (not odd or (short[0], short[-1]) == (long[0], long[-1]))


def _within(slips: list[tuple[int, int]], one: str, other: str) -> bool:
    """Tell whether two names are no more slips apart than such short ones may be."""
    length = min(len(one), len(other))
    allowed = next((most for letters, most in slips if length >= letters), 0)
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


def is_first_name(name: str) -> bool:
    """Tell whether a word (folded) is known as a first name; many that are do not stand in the table."""
    return name in entries("first_names") or name in pairs("nicknames") or name in _nicknames()


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
