"""Company names: a key for the name itself, the legal form beside it, and whether two names may be one company's."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import in_latin, words

_BATH = re.compile(r"\b[Ss]pa[\s.]*$")
"""The word for a bath, not a "società per azioni" (SpA, SPA, S.p.A.)."""

_MOST_WORDS = 4
"""Words of the longest legal form looked for at the beginning of a name."""

_TELLING_LETTERS = 5
"""Letters from which on one wrong letter is taken for a slip."""

_SMALL = frozenset(["and", "of", "the", "for", "in", "de", "la", "du", "der", "die", "das", "und", "et", "y", "e"])


class CompanyName(NamedTuple):
    """The name of a company, taken apart."""

    key: str
    """What compares: folded words without the legal form."""
    legal_form: str
    """The legal forms found, as words; empty where there is none, or none that says much ("Co")."""


@lru_cache(maxsize=65536)
def company_name(text: str | None) -> CompanyName | None:
    """Return the key and the legal form of a company's name; None for nothing, and for what only fills a field.

    ``&`` counts as "and", a leading "the" and legal forms at the end are left off ("GmbH & Co. KG", "株式会社"),
    of other scripts than Latin also at the beginning ("ООО"). Something always stays. Names of countries, and
    words such as Group and Bank, belong to the name.
    """
    found = words(text or "")
    if not found or " ".join(found) in entries("no_companies"):
        return None
    if found[-1] == "spa" and _BATH.search(text or ""):
        return CompanyName(" ".join(_joined(_without_the(found))), "")
    forms: list[str] = []
    while (rest := _joined(_without_form(_without_the(found), forms))) != found:
        found = rest
    key = " ".join(found)
    return None if key in entries("no_companies") else CompanyName(key, " ".join(sorted(set(filter(None, forms)))))


def names_related(left: str | None, right: str | None) -> bool:
    """Tell whether two names may be one company's: a word in common, an acronym, or nearly the same letters.

    A missing name speaks against nothing. Words that many companies have (Bank, Group, International) do not count
    unless the names have nothing else.
    """
    one, other = company_name(left), company_name(right)
    if one is None or other is None or one.key == other.key:
        return True
    ours, theirs = in_latin(one.key).split(), in_latin(other.key).split()
    if _is_acronym(ours, theirs, right) or _is_acronym(theirs, ours, left) or _alike("".join(ours), "".join(theirs)):
        return True
    return any(_alike(mine, yours) for mine in _telling(ours) for yours in _telling(theirs))


def forms_conflict(left: str | None, right: str | None) -> bool:
    """Tell whether two names have legal forms that differ: Rio Tinto plc and Rio Tinto Ltd are two companies."""
    one, other = company_name(left), company_name(right)
    if one is None or other is None or not one.legal_form or not other.legal_form:
        return False
    return set(one.legal_form.split()).isdisjoint(other.legal_form.split())


def _without_the(found: list[str]) -> list[str]:
    return found[1:] if found[0] == "the" and len(found) > 1 else found


def _without_form(found: list[str], forms: list[str]) -> list[str]:
    """Take one legal form off and note what it stands for; the longest that fits, unless nothing would stay."""
    table, (longest, glued) = pairs("legal_forms"), _shapes()
    if len(found) > 1 and found[-1] == "and":
        return found[:-1]
    for length in range(min(longest.get(found[-1], 0), len(found) - 1), 0, -1):
        form = table.get(" ".join(found[-length:]))
        if form is not None:
            forms.append(form)
            return found[:-length]
    if found[0].isascii() and found[-1].isascii():
        return found
    for length in range(min(_MOST_WORDS, len(found) - 1), 0, -1):
        form = table.get(" ".join(found[:length]))
        if form is not None and not found[0].isascii():
            forms.append(form)
            return found[length:]
    for sign in glued:
        for place, off in ((-1, str.removesuffix), (0, str.removeprefix)):
            bare = off(found[place], sign)
            if bare and bare != found[place]:
                forms.append(table[sign])
                return [*found[:-1], bare] if place else [bare, *found[1:]]
    return found


@cache
def _shapes() -> tuple[dict[str, int], list[str]]:
    """Return the words of the longest form by its last word, and the forms written without a blank to the name."""
    longest: dict[str, int] = {}
    for form in pairs("legal_forms"):
        parts = form.split()
        longest[parts[-1]] = max(longest.get(parts[-1], 0), len(parts))
    glued = [form for form in longest if len(form) >= 4 and all("\u3400" <= sign <= "\ud7a3" for sign in form)]
    return longest, sorted(glued, key=len, reverse=True)


def _joined(found: list[str]) -> list[str]:
    """Join single letters that follow each other: J P Morgan is JP Morgan."""
    if not any(len(word) == 1 for word in found):
        return found
    joined: list[str] = []
    open_run = False
    for word in found:
        single = len(word) == 1 and word.isalpha()
        if single and open_run:
            joined[-1] += word
        else:
            joined.append(word)
        open_run = single
    return joined


def _is_acronym(short: list[str], long: list[str], long_text: str | None) -> bool:
    """Tell whether a name is made of the first letters of another's words, small words and legal forms in or out."""
    if len(short) != 1 or len(long) < 2:
        return False
    whole = words(in_latin(long_text or ""))
    spelt = (part for each in (long, whole) for part in (each, [word for word in each if word not in _SMALL]))
    return any(short[0] == "".join(word[0] for word in part) for part in spelt)


def _telling(found: list[str]) -> list[str]:
    return [word for word in found if word not in entries("common_words")] or found


def _alike(one: str, other: str) -> bool:
    """Tell whether two words are the same but for one letter of five or more, or begin alike."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _TELLING_LETTERS:
        return False
    return longer.startswith(shorter) or OSA.distance(one, other, score_cutoff=1) <= 1
