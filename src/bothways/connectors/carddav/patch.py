"""Reading the fields of a card, changing them and nothing else, and making a new card."""

from collections.abc import Mapping, Sequence

from bothways.connectors.carddav.fields import FULL_NAME, NAME_PARTS, SLOTS
from bothways.connectors.carddav.names import follow, name_for
from bothways.connectors.carddav.text import Unwritable, escape
from bothways.connectors.carddav.vcard import Card, parse
from bothways.records import Value, is_blank, same
from bothways.records.parse import text_of

LABELLED = ("email", "phone", "url")
"""Fields that have the same field once more for each label."""

_ORDER = {name: number for number, name in enumerate(SLOTS)}


class Refused(Exception):
    """A change that a card cannot take; ``fields`` are those to blame, the message says why in words."""

    def __init__(self, fields: Sequence[str], reason: str) -> None:
        self.fields = tuple(fields)
        super().__init__(reason)


def values_of(card: Card, names: Sequence[str]) -> dict[str, Value]:
    """Return the values of these fields; what is empty, or no field of a contact, is None."""
    return {name: _read(card, name) for name in names}


def stale_fields(card: Card, base: Mapping[str, Value]) -> list[str]:
    """Return the fields of a card that no longer hold what ``base`` says was read."""
    return [name for name, value in base.items() if name in SLOTS and not _holds(card, name, value)]


def patch(card: Card, values: Mapping[str, Value], base: Mapping[str, Value]) -> Card:
    """Return the card with these values in place of the base's, every other line as it was.

    Raise Refused where a value cannot stand in a card, or two values claim the same place.
    """
    unknown = [name for name in values if name not in SLOTS or SLOTS[name].field.read_only]
    if unknown:
        raise Refused(unknown, f"an address book keeps nothing under {', '.join(unknown)}")
    if FULL_NAME in values and is_blank(values[FULL_NAME]):
        raise Refused([FULL_NAME], "a card must have a full name")
    after = card
    for name in _ordered(values):
        old = base[name] if name in base else _read(card, name)
        try:
            after = SLOTS[name].place.write(after, old, values[name])
        except Unwritable as error:
            raise Refused([name], f"{SLOTS[name].field.title}: {error}") from error
    if FULL_NAME not in values and any(name in NAME_PARTS for name in values):
        after = follow(card, after)
    lost = [name for name, value in values.items() if not is_blank(value) and not _holds(after, name, value)]
    if lost:
        raise Refused(lost, f"the card cannot hold this beside its other values: {', '.join(lost)}")
    return after


def new_card(values: Mapping[str, Value], uid: str, version: str) -> Card:
    """Return a new card with these values; raise Refused if it would have no name."""
    filled = {name: value for name, value in values.items() if not is_blank(value)}
    full = text_of(filled.get(FULL_NAME)) or name_for(filled)
    if not full:
        raise Refused([FULL_NAME], "a card must have a name")
    lines = ["BEGIN:VCARD", f"VERSION:{version}", f"UID:{escape(uid)}", "FN:", "N:;;;;", "END:VCARD", ""]
    empty = parse("\r\n".join(lines).encode())
    return patch(empty, {FULL_NAME: full, **filled}, {})


def _ordered(values: Mapping[str, Value]) -> list[str]:
    """Return the fields in the order in which they are written: their own, those to be emptied last.

    A value that is given with and without a label comes first with it: without one, it is then there already.
    """
    return sorted(values, key=lambda name: (is_blank(values[name]), not _is_twin(name, values), _ORDER[name]))


def _is_twin(name: str, values: Mapping[str, Value]) -> bool:
    """Tell whether a field with a label is given the value of the same field without one."""
    plain, _, label = name.partition(".")
    return plain in LABELLED and bool(label) and plain in values and text_of(values[plain]) == text_of(values[name])


def _read(card: Card, name: str) -> Value:
    return SLOTS[name].place.read(card) if name in SLOTS else None


def _holds(card: Card, name: str, value: Value) -> bool:
    slot = SLOTS[name]
    held = slot.place.all(card)
    if is_blank(value):
        return all(is_blank(each) for each in held)
    return any(same(each, slot.field, value) for each in held)
