"""What all names have in common: letters folded, blanks and punctuation gone, words told apart."""

import re
import unicodedata

from anyascii import anyascii

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_NAME_DOTS = re.compile(r"[^\W_]{1,2}(?:\.[^\W_]{1,2})+\.?(?![^\W_])")
_APOSTROPHES = re.compile(r"(?<=\w)['`\u2018\u2019\u02bc\u00b4](?=\w)")
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]+[^\W_]*)*")


class _LatinToAscii(dict[int, str]):
    """Latin letters by their plain ASCII spelling, looked up once each; all other characters as they are."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        latin = unicodedata.name(letter, "").startswith("LATIN ")
        self[code] = anyascii(letter) if latin else "" if "\u0300" <= letter <= "\u036f" else letter
        return self[code]


_FOLDED = _LatinToAscii()


def visible(text: str) -> str:
    """Return text without zero-width characters, and without blanks around it."""
    return text.strip() if text.isascii() else text.translate(_ZERO_WIDTH).strip()


def fold(text: str) -> str:
    """Return text in compatibility form and lower case, Latin letters without their marks.

    Other scripts stay what they are: spelt in Latin letters, different names of theirs become one.
    """
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text.translate(_ZERO_WIDTH))
    return unicodedata.normalize("NFKC", composed.translate(_FOLDED).casefold())


def in_latin(text: str) -> str:
    """Return text of any script in ASCII letters, for guesses at whether two names may be one."""
    return text if text.isascii() else anyascii(text).lower()


def words(text: str) -> list[str]:
    """Return the folded words of a name: ``S.p.A.`` and ``O'Neill`` are one word each, ``&`` is "and"."""
    text = fold(text)
    if "&" in text or "+" in text:
        text = text.replace("&", " and ").replace("+", " and ")
    if "." in text:
        text = _NAME_DOTS.sub(lambda dotted: dotted[0].replace(".", ""), text)
    if not text.isalnum():
        text = _APOSTROPHES.sub("", text)
    return _WORD.findall(text)
