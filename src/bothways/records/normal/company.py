"""Company names: a key for the name itself, the legal form beside it, and whether two names may be one company's."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import in_latin, words

_WRITTEN = {
    "spa": re.compile(r"\b(?:S\.? ?[Pp]\.? ?A|s\.p\.a)\b"),
    "ev": re.compile(r"\be\.? ?V\b"),
    "eg": re.compile(r"\be\.? ?G\b"),
    "ek": re.compile(r"\be\.? ?K\b"),
    "pc": re.compile(r"\bP\. ?C\b"),
}
"""Legal forms that are words too (a spa, an EV, a PC), and how the forms are written."""

_BEFORE = frozenset(
    ["ooo", "oao", "zao", "pao", "jsc", "ojsc", "cjsc", "pjsc", "llc", "srl", "sarl", "eurl", "uab", "sia"]
)
"""Legal forms in Latin letters that are also written before the name, and begin no names."""

_WORDS_OF_A_PHRASE = 3
"""Words from which on a legal form is too long to be the beginning of a name."""

_LETTERS_GLUED = 4
"""Letters from which on a Chinese, Japanese or Korean form is looked for without a blank."""

_TELLING_LETTERS = 5
"""Letters from which on one wrong letter is taken for a slip."""

_SMALL = frozenset(["and", "of", "the", "for", "in", "de", "la", "du", "der", "die", "das", "und", "et", "y", "e"])


class CompanyName(NamedTuple):
    """The name of a company, taken apart."""

    key: str
    """What compares: folded words without the legal form."""
    legal_form: str
    """The legal forms found, as words; empty where there is none, or none that says much ("Co")."""


@lru_cache(maxsize=4096)
def company_name(text: str | None) -> CompanyName | None:
    """Return the key and the legal form of a company's name; None for nothing, and for what only fills a field.

    ``&`` counts as "and", a leading "the" and legal forms at the end are left off ("GmbH & Co. KG", "株式会社"), some
    at the beginning too ("ООО", "JSC"). Something always stays. Names of countries, and words such as Group and Bank,
    belong to the name.
    """
    found = words(text or "")
    if not found or " ".join(found) in entries("no_companies"):
        return None
    forms: list[str] = []
    while (rest := _joined(_without_form(_without_the(found), forms, text or ""))) != found:
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
    return _kinds(one.legal_form).isdisjoint(_kinds(other.legal_form))


def _kinds(legal_form: str) -> set[str]:
    """Return the forms that a form may be, itself among them, by whatever words."""
    abroad = pairs("forms_abroad")
    return {kind for form in legal_form.split() for kind in (form, *abroad.get(form, "").split())}


def _without_the(found: list[str]) -> list[str]:
    return found[1:] if found[0] == "the" and len(found) > 1 else found


def _without_form(found: list[str], forms: list[str], text: str) -> list[str]:
    """Take one legal form off and note what it stands for; the longest that fits, unless nothing would stay."""
    table, shapes, most = pairs("legal_forms"), _shapes(), len(found) - 1
    if most and found[-1] == "and":
        return found[:-1]
    for length in range(min(shapes.ending.get(found[-1], 0), most), 0, -1):
        form = " ".join(found[-length:])
        if form in table and (form not in _WRITTEN or _WRITTEN[form].search(text)):
            forms.append(table[form])
            return found[:-length]
    for length in range(min(shapes.beginning.get(found[0], 0), most), 0, -1):
        if (form := " ".join(found[:length])) in table and _may_begin(form):
            forms.append(table[form])
            return found[length:]
    if found[0].isascii() and found[-1].isascii():
        return found
    for form in shapes.glued:
        if found[-1] != form and found[-1].endswith(form):
            forms.append(table[form])
            return [*found[:-1], found[-1].removesuffix(form)]
        if found[0] != form and found[0].startswith(form):
            forms.append(table[form])
            return [found[0].removeprefix(form), *found[1:]]
    return found


def _may_begin(form: str) -> bool:
    return not form.isascii() or form in _BEFORE or form.count(" ") >= _WORDS_OF_A_PHRASE - 1


class _Shapes(NamedTuple):
    """Where legal forms can stand, so that most names need no look at the table."""

    ending: dict[str, int]
    """Words of the longest form, by its last word."""
    beginning: dict[str, int]
    """Words of the longest form that may stand before a name, by its first word."""
    glued: list[str]
    """Forms written without a blank to the name, the longest first."""


@cache
def _shapes() -> _Shapes:
    shapes = _Shapes({}, {}, [])
    for form in sorted(pairs("legal_forms"), key=len, reverse=True):
        parts = form.split()
        shapes.ending[parts[-1]] = max(shapes.ending.get(parts[-1], 0), len(parts))
        if _may_begin(form):
            shapes.beginning[parts[0]] = max(shapes.beginning.get(parts[0], 0), len(parts))
        if len(form) >= _LETTERS_GLUED and all("\u3400" <= sign <= "\ud7a3" for sign in form):
            shapes.glued.append(form)
    return shapes


def _joined(found: list[str]) -> list[str]:
    """Join single letters that follow each other: J P Morgan is JP Morgan."""
    if min(map(len, found)) > 1:
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
