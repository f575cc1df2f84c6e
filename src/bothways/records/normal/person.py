"""Names of people: a key of the full name, and whether two names may be one person's."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from bothways.records.normal.first_names import is_near, rightly_spelt, same_first, same_or_initial
from bothways.records.normal.tables import entries, pairs
from bothways.records.normal.text import words

_COUPLES = frozenset(["and", "und", "et"])
_COMMENT = re.compile(r"[(\[][^()\[\]]*[)\]]")
_NO_LETTERS = re.compile("[^a-z]+")


class _Name(NamedTuple):
    given: tuple[str, ...]
    family: tuple[str, ...]
    sex: str
    generation: str

    @property
    def whole(self) -> tuple[str, ...]:
        return (*self.given, *self.family)


def person_name(text: str | None) -> str | None:
    """Return the key of a full name, or None for a single word, for nothing, and for what only fills a field.

    Titles and generations are left off, Latin letters lose their marks; the order of the words does not count,
    so ``Lee, Ann`` and ``Ann Lee`` have one key.
    """
    name = _parse(text or "")
    return " ".join(sorted(name.whole)) if name is not None and len(name.whole) > 1 else None


def names_clash(left: str | None, right: str | None, shared: Collection[str] = ()) -> bool:
    """Tell whether two full names speak against one person: their first names cannot be the same.

    A nickname, an initial, swapped words, another surname or a missing name do not clash. Father and son
    (Sr, Jr), Mr and Mrs, and a couple beside one of them do. Where an app keeps the names apart, give
    ``"Lee, Ann"``: then ``"Lee,"`` is known to lack the first name. ``shared`` are normal addresses that both have:
    one made of Oscar Moore's name (``omoore@``) shows that Oscra Moore, who has it too, is misspelt.
    """
    if left == right:
        return False
    one, other = _parse(left or ""), _parse(right or "")
    if one is None or other is None:
        return False
    for mine, yours in ((one.sex, other.sex), (one.generation, other.generation)):
        if mine and yours and mine != yours:
            return True
    if sorted(one.whole) == sorted(other.whole):
        return False
    if _is_couple(one) != _is_couple(other):
        return True
    return not (_given_agree(one, other) or any(_is_misspelt(one, other, address) for address in shared))


@lru_cache(maxsize=4096)
def _parse(text: str) -> _Name | None:
    """Take a name apart; None where it names nobody."""
    if "@" in text:
        return None
    if "(" in text or "[" in text:
        text = _COMMENT.sub(" ", text)
    given, family, suffixes = _in_order(text)
    titles, sex = pairs("titles"), ""
    while given and given[0] in titles and len(given) + len(family) > 1:
        sex = sex or titles[given[0]]
        given = given[1:]
    if not family and len(given) > 1:
        given, family = given[:-1], given[-1:]
    whole = [*given, *family]
    if not any(word[0].isalpha() for word in whole) or " ".join(whole) in entries("nobody"):
        return None
    generation = next(filter(None, map(pairs("suffixes").get, suffixes)), "") if suffixes else ""
    return _Name(tuple(given), tuple(family), sex, generation)


def _in_order(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words of a name: given names, family name (before a comma; else among the given), suffixes."""
    known = pairs("suffixes")
    before, comma, after = text.partition(",")
    first, others = words(before), words(after) if comma else []
    given = [word for word in others if word not in known]
    suffixes = [word for word in others if word in known]
    while len(first) > 1 and first[-1] in known:
        suffixes.append(first.pop())
    return (given, first, suffixes) if given or (comma and not suffixes) else (first, [], suffixes)


def _given_agree(one: _Name, other: _Name) -> bool:
    """Tell whether first names may be the same; a single word may be either name, one before a comma is none."""
    if not one.given or not other.given:
        return True
    if not one.family or not other.family:
        return any(same_or_initial(mine, yours) for mine, yours in product(one.whole, other.whole))
    mine, yours = one.given[0], other.given[0]
    if same_or_initial(mine, yours) or "".join(one.given) == "".join(other.given):
        return True
    if _is_among(mine, other.given) or _is_among(yours, one.given):
        return True
    return _swapped(one, other) or _swapped(other, one)


def _is_among(first: str, given: tuple[str, ...]) -> bool:
    """Tell whether a first name is one of somebody's names; an initial is not enough here."""
    return len(first) > 1 and any(same_first(first, name) for name in given)


def _swapped(one: _Name, other: _Name) -> bool:
    """Tell whether one name begins with the other's family name and ends with its first."""
    return one.given[0] in other.family and any(same_or_initial(name, other.given[0]) for name in one.family)


def _is_misspelt(one: _Name, other: _Name, address: str) -> bool:
    """Tell whether one first name is the other misspelt, by an address made of the one that is right."""
    letters = _NO_LETTERS.sub("", address.rpartition("@")[0].partition("+")[0])
    for mine, yours, others in _readings(one, other):
        right = rightly_spelt(mine, yours)
        if right and letters in {right, *(made for name in others for made in _made_of(right, name))}:
            return True
    return False


def _readings(one: _Name, other: _Name) -> Iterator[tuple[str, str, set[str]]]:
    """Yield a word of each that may be the same first name, and what stands beside it; one name may be turned round."""
    (mine, kept), (yours, theirs) = (("".join(name.given), "".join(name.family)) for name in (one, other))
    if not kept or not theirs or is_near(kept, theirs):
        yield mine, yours, {kept, theirs} - {""}
    if mine == theirs:
        yield kept, yours, {mine}
    if kept == yours:
        yield mine, theirs, {kept}


def _made_of(one: str, other: str) -> Iterator[str]:
    """Yield what addresses are made of two names, either first: both, or one and the first letter of the other."""
    for first, last in ((one, other), (other, one)):
        yield first + last
        if len(first) > 1:
            yield from (first + last[0], last[0] + first)


def _is_couple(name: _Name) -> bool:
    return not _COUPLES.isdisjoint(name.given[1:])
