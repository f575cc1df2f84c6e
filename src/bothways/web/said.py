"""Texts of the layers below, said in the language of the request.

Those layers speak English: failures are templates with facts (``errors.py``), and reasons are kept as they were filled.
The catalogue of a language holds the templates, with the context SAID. A failure is filled after its template was
translated; a text that was filled before is known again by the template that it fits. What fits none stays English.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from string import Formatter

from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language
from django.utils.translation.trans_real import translation

from bothways.errors import BothwaysError, filled

SAID = "said"
"""The context of templates of the layers below, in the catalogues."""

SPOKEN = frozenset(
    (
        *("DONE", "NAME", "REJECTED", "UNLINKED", "advice", "again", "against", "choices", "choices2", "claim"),
        *("deed", "did", "done", "done_here", "expected", "goes", "got", "held", "help", "hint", "how", "kind"),
        *("kinds", "kinds2", "occasion", "label", "last", "left_type", "limit", "match", "message", "more", "needed"),
        *("outside", "part", "problem", "reason", "reasons", "removal", "right_type", "role", "roles", "said"),
        *("secret_places", "sizes", "so", "text", "there", "title", "title2", "today", "told", "type", "type2"),
        *("unless", "unmarked", "wanted", "what", "why", "words"),
    )
)
"""Facts that are words of ours, not values of a record or names: they are translated in their turn."""

EMPTY = "(empty)"
"""How a layer below writes that there is no value, in the middle of a sentence."""

NUMBERS = frozenset(
    (
        *("added", "count", "deleted", "deletes", "differ", "first_run", "found", "gone", "known", "linked", "missing"),
        *("pairs", "parted", "partners", "peers", "removed", "share", "stop_after", "total", "updates", "used"),
        *("writes",),
    )
)
"""Facts that are numbers."""

CONDITIONS = frozenset(("direction", "grace", "in_words", "way"))
"""Facts that are conditions of a filter, lengths of time, or directions: their templates are little but facts."""

FIXED, FIXED_AFTER = 7, 4
"""Letters that must be fixed in a template, so that a text which fits it is surely made of it: one that begins with a
fact, and any other."""

AT_END = 10
"""Characters that count for a template of which the beginning is fixed, or the end."""

SHORTEST = 2
"""Letters of the shortest template."""

LONGEST, MOST_PARTS = 2_000, 12
"""A longer text, or one of more parts, is none of ours."""

_DEEPEST = 6
_NUMBER = re.compile(r"-?[\d.,]+")
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_OF_A_TEMPLATE = re.compile(r"(?<=[.!?}]) (?=[A-Z{])")
_CODE = re.compile(r" \(BW-\d+\)$")
_MOMENT = re.compile(r"\b([Ss]ince|after|from|at) (\d{4}-\d\d-\d\d) (\d\d:\d\d)( UTC)?\b")
_TODAY = re.compile(r"(?<= since )([01]\d|2[0-3]):([0-5]\d)(?= in )")
"""Times as the layers below write them, after the words that they are written after: values are left as they are."""


def say(text: object) -> str:
    """Return a text of a layer below in the language of the request, its times in the zone of the reader."""
    language, whole = _language(), in_zone(str(text))
    code = _CODE.search(whole)
    said = _translated(language, whole[: code.start()] if code else whole, 0) + (code[0] if code else "")
    return said.replace(EMPTY, _plain(language).get(EMPTY, EMPTY))


def say_condition(text: str) -> str:
    """Return a condition of a filter in the language of the request: its templates are little but fields and values."""
    return _translated(_language(), in_zone(text), 0, loosely=True)


def in_zone(text: str) -> str:
    """Return a text with the times in it as the reader's clocks show them. Those without a zone are of this machine."""
    zone = get_current_timezone()

    def full(found: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(f"{found[2]} {found[3]}")
        except ValueError:
            return found[0]
        there = (moment.replace(tzinfo=UTC) if found[4] else moment.astimezone()).astimezone(zone)
        return f"{found[1]} {there:%Y-%m-%d %H:%M} {there.tzname()}"

    def today(found: re.Match[str]) -> str:
        here = datetime.now().astimezone().replace(hour=int(found[1]), minute=int(found[2]))
        there = here.astimezone(zone)
        return f"{there:%H:%M} {there.tzname()}"

    return _TODAY.sub(today, _MOMENT.sub(full, text))


class Said:
    """A failure in the language of the request. It has what templates use of one."""

    def __init__(self, error: BothwaysError) -> None:
        self.error, self.code, self.facts = error, error.code, error.facts

    @cached_property
    def said(self) -> str:
        """What happened."""
        return self._filled(self.error.what)

    @cached_property
    def message(self) -> str:
        """What happened and where."""
        return f"{say(self.error.where)}: {self.said}" if self.error.where else self.said

    @cached_property
    def consequence(self) -> str:
        """What happens by itself."""
        return self._filled(self.error.by_itself)

    @cached_property
    def advice(self) -> str:
        """What the reader can do."""
        return self._filled(self.error.to_do).strip()

    def _filled(self, template: str) -> str:
        language = _language()
        facts = {name: _fact(language, name, fact) for name, fact in self.facts.items()}
        return filled(_catalogue(language).get(template, template), facts)


def _fact(language: str, name: str, fact: object) -> object:
    """Return a fact of a failure as it is filled in: words of ours in the language, times by the reader's clock."""
    if name == "again":
        return in_zone(f"at {fact}").removeprefix("at ")
    loosely = name in CONDITIONS
    return _translated(language, in_zone(str(fact)), 1, loosely) if loosely or name in SPOKEN else fact


def _language() -> str:
    return get_language() or "en"


@dataclass(frozen=True, slots=True)
class _Fact:
    """A place in a template that is filled: with words of ours, or with a number."""

    name: str
    is_ours: bool
    is_number: bool


@dataclass(frozen=True, slots=True)
class _Template:
    """A template: what is fixed before, between and after its facts, and the facts.

    ``length``: the letters that are fixed; ``rank``: how much speaks for it where several fit; ``is_several``: whether
    it is of several sentences.
    """

    pieces: tuple[str, ...]
    facts: tuple[_Fact, ...]
    length: int
    rank: int
    is_several: bool
    translated: str

    @property
    def is_sure(self) -> bool:
        """Whether a text that fits is surely made of it."""
        return self.length >= (FIXED_AFTER if self.pieces[0] else FIXED)

    def cut(self, text: str) -> list[str] | None:
        """Return what a text has in place of the facts, None if it does not fit. It takes no longer for any text."""
        first, *between, last = self.pieces
        place, end = len(first), len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last) and place <= end):
            return None
        found = []
        for piece in between:
            at = text.find(piece, place, end)
            if at < 0:
                return None
            found.append(text[place:at])
            place = at + len(piece)
        found.append(text[place:end])
        fits = all(_NUMBER.fullmatch(held) for fact, held in zip(self.facts, found, strict=True) if fact.is_number)
        return found if fits else None


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    """Return the templates that a catalogue translates, by their English."""
    before = f"{SAID}\x04"
    held = translation(language)._catalog.items()
    return {
        key.removeprefix(before): text for key, text in held if isinstance(key, str) and key.startswith(before) and text
    }


@cache
def _plain(language: str) -> Mapping[str, str]:
    """Return what a catalogue says in place of texts without facts, by their English."""
    held = _catalogue(language).items()
    return {text.format(): said.format() for text, said in held if not _names(text)}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for _fixed, name, _spec, _conversion in Formatter().parse(text) if name)


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    """Return the templates with facts, those first of which more is fixed, above all where they begin and end."""
    made = (_made(text, translated) for text, translated in _catalogue(language).items() if _names(text))
    return tuple(sorted((each for each in made if each is not None), key=lambda each: -each.rank))


def _made(text: str, translated: str) -> _Template | None:
    pieces, facts = [""], []
    for fixed, name, _spec, _conversion in Formatter().parse(text):
        pieces[-1] += fixed
        if name:
            is_ours = name in SPOKEN and not pieces[-1].endswith('"')
            facts.append(_Fact(name, is_ours, name.rstrip("0123456789") in NUMBERS))
            pieces.append("")
    length = sum(map(len, re.findall(r"\w+", " ".join(pieces))))
    rank = sum(map(len, pieces)) + AT_END * (bool(pieces[0]) + bool(pieces[-1]))
    if length < SHORTEST:
        return None
    is_several = bool(_OF_A_TEMPLATE.search(text))
    return _Template(tuple(pieces), tuple(facts), length, rank, is_several, translated)


@lru_cache(8192)
def _translated(language: str, text: str, depth: int, loosely: bool = False) -> str:
    held = _plain(language)
    if not held or not 0 < len(text) <= LONGEST or depth > _DEEPEST:
        return text
    return next(_readings(language, held, text, depth, loosely), text)


def _readings(language: str, held: Mapping[str, str], text: str, depth: int, loosely: bool) -> Iterator[str]:
    """Yield translations of a text: of the whole, by its template, of its parts.

    Those come first that leave nothing as it is. Only ``loosely`` are templates taken of which hardly anything is
    fixed: too much would fit them.
    """
    if text in held:
        yield held[text]
    sentences = list(_by_sentence(language, held, text, depth))
    said = " ".join(after for _before, after in sentences)
    if all(before != after for before, after in sentences):
        yield said
    if loosely:
        yield from _joined(language, held, text, depth, (", and ", ", or "), loosely=True)
    partly = ""
    for each in _templates(language):
        if (loosely or each.is_sure) and (found := each.cut(text)) is not None:
            reading, is_whole = _filled(language, each, found, depth)
            if is_whole and (not partly or any(fact.is_ours for fact in each.facts)):
                yield reading
            partly = partly or reading
    if partly:
        yield partly
    yield from _joined(language, held, text, depth, ("; ", ", "), loosely=loosely)
    if text.endswith(".") and (said_body := _translated(language, text[:-1], depth + 1)) != text[:-1]:
        yield f"{said_body}."
    where, colon, rest = text.partition(": ")
    if colon and (said_rest := _translated(language, rest, depth + 1)) != rest:
        yield f"{_translated(language, where, depth + 1)}: {said_rest}"
    if said != text:
        yield said


def _filled(language: str, template: _Template, found: list[str], depth: int) -> tuple[str, bool]:
    """Return a template with the facts of a text, translated, and whether all were translated that are words."""
    told = [
        (fact, held, _said_fact(language, fact, held, depth)) for fact, held in zip(template.facts, found, strict=True)
    ]
    reading = template.translated.format_map({fact.name: after for fact, _before, after in told})
    return reading, all(before != after for fact, before, after in told if fact.is_ours)


def _by_sentence(language: str, held: Mapping[str, str], text: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a text with their translations: together those that one template is made of."""
    sentences = _SENTENCES.split(text, MOST_PARTS)
    if len(sentences) == 1:
        yield text, text
        return
    while sentences:
        runs = ((count, " ".join(sentences[:count])) for count in range(len(sentences), 1, -1))
        together = ((count, run, _as_one(language, held, run, depth)) for count, run in runs)
        first = sentences[0]
        alone = (1, first, "")
        count, run, said = next((each for each in together if each[2]), alone)
        yield run, said or _translated(language, first, depth + 1)
        sentences = sentences[count:]


def _as_one(language: str, held: Mapping[str, str], text: str, depth: int) -> str:
    """Return what one template of several sentences makes of a text, "" if none does."""
    if text in held:
        return held[text]
    for each in _templates(language):
        if each.is_several and each.is_sure and (found := each.cut(text)) is not None:
            names = (
                fact
                for fact, part in zip(each.facts, found, strict=True)
                if not fact.is_ours and _SENTENCES.search(part)
            )
            reading, is_whole = _filled(language, each, found, depth)
            if is_whole and not any(names):
                return reading
    return ""


def _apart(text: str, between: str) -> list[str]:
    """Return the parts of a text between which something stands, but not in brackets or quotation marks."""
    parts: list[str] = []
    for part in text.split(between):
        if parts and (parts[-1].count("(") != parts[-1].count(")") or parts[-1].count('"') % 2):
            parts[-1] += between + part
        else:
            parts.append(part)
    return parts


def _joined(
    language: str, held: Mapping[str, str], text: str, depth: int, betweens: tuple[str, ...], *, loosely: bool
) -> Iterator[str]:
    """Yield a text put together from its translated parts, if all of them are translated."""
    for between in betweens:
        parts = _apart(text, between)
        if 1 < len(parts) <= MOST_PARTS:
            said = [_translated(language, part, depth + 1, loosely) for part in parts]
            if all(one != other for one, other in zip(parts, said, strict=True)):
                yield held.get(between, between).join(said)


def _said_fact(language: str, fact: _Fact, held: str, depth: int) -> str:
    loosely = fact.name in CONDITIONS
    return _translated(language, held, depth + 1, loosely) if loosely or fact.is_ours else held
