"""The full name (FN), which every card must have, beside the parts of the name (N).

Rule: when parts of the name are changed and the full name itself is not, the full name is composed anew
only if it was the composition of the old parts, and then in the same manner. A full name that a person
worded otherwise (a nickname, a company) is left alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bothways.connectors.carddav.fields import FULL_NAME, NAME_PARTS, SLOTS
from bothways.connectors.carddav.vcard import Card
from bothways.records import Value
from bothways.records.parse import text_of

Compose = Callable[[Sequence[str]], str]


def _join(*order: int, by: str = " ") -> Compose:
    return lambda parts: by.join(filter(None, (parts[index] for index in order)))


FAMILY, GIVEN, ADDITIONAL, PREFIX, SUFFIX = range(5)

COMPOSITIONS: Sequence[Compose] = (
    _join(PREFIX, GIVEN, ADDITIONAL, FAMILY, SUFFIX),
    _join(GIVEN, ADDITIONAL, FAMILY),
    _join(GIVEN, FAMILY),
    _join(PREFIX, GIVEN, FAMILY),
    _join(GIVEN, FAMILY, SUFFIX),
    _join(FAMILY, GIVEN, by=", "),
    _join(FAMILY, GIVEN),
    _join(FAMILY, GIVEN, by=""),
)
"""How full names are made of their parts; the first that fits is kept to."""


def follow(before: Card, after: Card) -> Card:
    """Return ``after`` with the full name that its changed parts call for, by the rule above."""
    old, new = parts_of(before), parts_of(after)
    if old == new:
        return after
    held = text_of(SLOTS[FULL_NAME].place.read(after))
    compose = next((each for each in COMPOSITIONS if _folded(each(old)) == _folded(held)), None)
    text = compose(new) if compose is not None else held
    if not text or text == held:
        return after
    return SLOTS[FULL_NAME].place.write(after, held, text)


def parts_of(card: Card) -> list[str]:
    """Return the parts of the name in the order of N, trimmed."""
    return [text_of(SLOTS[name].place.read(card)) for name in NAME_PARTS]


def name_for(values: Mapping[str, Value]) -> str:
    """Return a full name for a new card that is given none: its name's parts, else the first text it has."""
    whole = COMPOSITIONS[0]([text_of(values.get(name)) for name in NAME_PARTS])
    return whole or next(_texts(values), "")


def _texts(values: Mapping[str, Value]) -> Iterator[str]:
    first = ("organisation", "nickname", "email", *values)
    return (text for name in first if isinstance(held := values.get(name), str) and (text := held.strip()))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
