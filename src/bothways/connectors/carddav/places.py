"""Where a field stands in a card: which line, and which part of it.

Several lines of one property are told apart by their labels, and among those with the same label the
preferred one comes first. A value is replaced by finding the old value, never by counting lines.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bothways.connectors.carddav.codecs import STALE, TEXT, Codec, Style, raw_value
from bothways.connectors.carddav.text import Unwritable, components, escape, items, unescape
from bothways.connectors.carddav.vcard import Card, Line, with_value
from bothways.records import Field, Value, elements, is_blank
from bothways.records.parse import items_of, text_of
from bothways.records.values import value_of

NOT_PREFERRED = 101
"""The rank of a line that states no preference; vCard 4.0 counts from 1 to 100."""


class Place(Protocol):
    """One field's place in a card."""

    def read(self, card: Card) -> Value:
        """Return the value, None if there is none."""
        ...

    def all(self, card: Card) -> Sequence[Value]:
        """Return everything that counts as the value: with labels, what every line of the label holds."""
        ...

    def write(self, card: Card, old: Value, new: Value) -> Card:
        """Return the card with ``new`` for ``old``; raise Unwritable."""
        ...


@dataclass(frozen=True, slots=True)
class Label:
    """Which lines of a property are meant, and how a new one is labelled in vCard 3.0 and in 4.0.

    A line needs one of the types in ``has`` (if there are any) and none of those in ``hasnt``.
    """

    has: frozenset[str] = frozenset()
    hasnt: frozenset[str] = frozenset()
    new: Mapping[str, str] = field(default_factory=dict)

    def fits(self, types: frozenset[str]) -> bool:
        """Tell whether a line with these types is one of them."""
        return (not self.has or bool(self.has & types)) and not self.hasnt & types


ANY = Label()


def types_of(card: Card, line: Line) -> frozenset[str]:
    """Return the labels of a line in lower case: its types, and what its group is called (Apple)."""
    types = {each.lower() for each in line.params.get("type", ())}
    for other in card.group_of(line):
        if other.name == "X-ABLABEL":
            types.add(unescape(other.value).strip().removeprefix("_$!<").removesuffix(">!$_").lower())
    return frozenset(types)


def _rank(line: Line) -> int:
    told = next(iter(line.params.get("pref", ())), "")
    if told.isdecimal() and len(told) <= len(str(NOT_PREFERRED)):
        return int(told)
    return 1 if "pref" in {each.lower() for each in line.params.get("type", ())} else NOT_PREFERRED


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a line, or one part (``part`` of ``parts``) of a line whose value has several.

    ``kept``: the line stays when all its parts are empty. ``position``: of all lines with this label only the first,
    second and so on, the preferred ones first; None for the preferred line, or any that holds the value.
    """

    name: str
    codec: Codec = TEXT
    label: Label = ANY
    part: int | None = None
    parts: int = 1
    kept: bool = False
    position: int | None = None

    def read(self, card: Card) -> Value:
        """Return the value of the preferred line."""
        return next(iter(self.all(card)), None)

    def all(self, card: Card) -> Sequence[Value]:
        """Return the values of the lines with this label; of parts, only what the preferred line has."""
        texts = [self._text(line) for line in self._asked(self.filled(card))]
        return [text for text in texts if not is_blank(text)]

    def write(self, card: Card, old: Value, new: Value) -> Card:
        """Replace the old value in its line, which goes if it is left with nothing; else add a line."""
        text, filled = "" if is_blank(new) else text_of(new), self.filled(card)
        if _alike(text, old):
            return card
        asked = self._asked(filled)
        if not asked:
            if text and self.position is not None and self.position > len(filled) + 1:
                raise Unwritable(f"the card has no {self.position - 1} before it")
            return self.first(card, text) if text else card
        line = next((each for each in asked if _alike(self._text(each), old)), None)
        if line is not None:
            return self._put(card, line, text)
        if not _alike(self._text(asked[0]), text):
            raise Unwritable("another field of the card is kept at the same place")
        return card

    def _lines(self, card: Card) -> list[Line]:
        lines = [line for line in card.named(self.name) if self.label.fits(types_of(card, line))]
        return sorted(lines, key=_rank)

    def _asked(self, filled: list[Line]) -> list[Line]:
        """Return those of the filled lines that the field is about."""
        if self.position is not None:
            return filled[self.position - 1 : self.position]
        return filled if self.part is None else filled[:1]

    def filled(self, card: Card) -> list[Line]:
        """Return the lines with this label that hold anything, the preferred ones first."""
        return [line for line in self._lines(card) if any(part.strip() for part in self._parts(line))]

    def _parts(self, line: Line) -> list[str]:
        return [line.value] if self.part is None else components(raw_value(line))

    def _text(self, line: Line) -> str:
        if self.part is None:
            return self.codec.read(line)
        parts = self._parts(line)
        return unescape(parts[self.part]) if self.part < len(parts) else ""

    def first(self, card: Card, text: str) -> Card:
        """Return the card with one more value here: in an empty line of this label, or in a new one."""
        empty = next((line for line in self._lines(card) if line not in self.filled(card)), None)
        if empty is not None:
            return self._put(card, empty, text)
        style = Style(card.version)
        value = self.codec.write(text, style)
        types = self.label.new.get(card.version, "")
        head = ";".join(filter(None, (self.name, f"TYPE={types}" if types else "", value.add)))
        return card.add(head, value.value if self.part is None else self._structured([], text))

    def _put(self, card: Card, line: Line, text: str) -> Card:
        if self.part is not None:
            value = self._structured(self._parts(line), text)
            empty = not value.strip(";") and not self.kept
            return card.remove(line) if empty else card.replace(line, with_value(line, value, STALE))
        if not text:
            return card.remove(line)
        written = self.codec.write(text, Style(card.version, line.value, line.params))
        return card.replace(line, with_value(line, written.value, written.drop, written.add))

    def _structured(self, parts: list[str], text: str) -> str:
        filled = parts + [""] * (self.parts - len(parts))
        filled[self.part or 0] = escape(text)
        return ";".join(filled)


@dataclass(frozen=True, slots=True)
class Entries:
    """The values of all lines of a property as one list, each with the word for its label; "" for any other.

    Only lines of values that went are taken out, and lines of new values put in; all others stay as they are.
    """

    field: Field
    name: str
    codec: Codec
    labels: Mapping[str, Label]

    def read(self, card: Card) -> Value:
        """Return the values, the preferred ones first."""
        return [{"value": self.codec.read(line), "label": self._word(card, line)} for line in self._lines(card)] or None

    def all(self, card: Card) -> Sequence[Value]:
        """Return the one list there is."""
        return [self.read(card)]

    def write(self, card: Card, old: Value, new: Value) -> Card:
        """Take out what is in the old list alone, and put in what the card lacks of the new one."""
        was, wanted = elements(old, self.field), elements(new, self.field)
        for line in self._lines(card):
            if self._key(line) in was.keys() - wanted.keys():
                card = card.remove(line)
        held = set(map(self._key, self._lines(card)))
        for key, item in wanted.items():
            if key not in held:
                word = item.get("label") if isinstance(item, Mapping) else ""
                label = self.labels.get(text_of(word).lower(), self.labels[""])
                card = Entry(self.name, self.codec, label).first(card, text_of(value_of(item)))
        return card

    def _lines(self, card: Card) -> list[Line]:
        return Entry(self.name, self.codec).filled(card)

    def _key(self, line: Line) -> Hashable:
        return next(iter(elements([self.codec.read(line)], self.field)), None)

    def _word(self, card: Card, line: Line) -> str:
        types = types_of(card, line)
        return next((word for word, label in self.labels.items() if word and label.fits(types)), "")


@dataclass(frozen=True, slots=True)
class Words:
    """A set of words in lines of commas (CATEGORIES)."""

    name: str

    def read(self, card: Card) -> Value:
        """Return the words of all lines, each once."""
        words = [word for line in card.named(self.name) for word in _words(line)]
        return list(dict.fromkeys(words)) or None

    def all(self, card: Card) -> Sequence[Value]:
        """Return the one value there is."""
        return [self.read(card)]

    def write(self, card: Card, old: Value, new: Value) -> Card:
        """Take out the words that went and put the new ones into the first line; the others stay put."""
        wanted = list(dict.fromkeys(filter(None, map(text_of, items_of(new) if new is not None else ()))))
        held = set(map(text_of, items_of(self.read(card) or ())))
        added = [escape(word) for word in wanted if word not in held]
        for line in card.named(self.name):
            kept = [item for item in items(raw_value(line)) if text_of(unescape(item)) in wanted]
            if not added and len(kept) == len(_words(line)):
                continue
            value = ",".join(kept + added)
            card = card.replace(line, with_value(line, value, STALE)) if value else card.remove(line)
            added = []
        return card.add(self.name, ",".join(added)) if added else card


def _words(line: Line) -> list[str]:
    return [word for item in items(raw_value(line)) if (word := unescape(item).strip())]


def _alike(held: str, value: Value) -> bool:
    return text_of(held) == ("" if is_blank(value) else text_of(value))
