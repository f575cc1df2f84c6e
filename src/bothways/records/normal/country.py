"""Countries: by their codes, and by their names in the languages that are official somewhere."""

from functools import cache, lru_cache

from bothways.records.normal.tables import pairs
from bothways.records.normal.text import fold, words

_LONGEST = 100


@lru_cache(maxsize=8192)
def country_of(text: str) -> str | None:
    """Return the two-letter code (ISO 3166) of a country; None for what names none, or more than one."""
    return _countries().get(plain(text)) or None if len(text) <= _LONGEST else None


@cache
def country_codes() -> frozenset[str]:
    """Return the two-letter codes of all countries, in capitals."""
    return frozenset(pairs("countries").values())


def plain(name: str) -> str:
    """Return a name as it is looked up: folded; in Latin letters, without punctuation."""
    folded = fold(name)
    in_latin = "".join(filter(str.isalnum, folded)).isascii()
    return " ".join(words(name) if in_latin else folded.split())


@cache
def _countries() -> dict[str, str]:
    return pairs("countries") | pairs("countries_added")
