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
    for name in sorted(values, key=lambda name: is_blank(values[name])):
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
    return patch(empty, {FULL_NAME: full, **_without_twins(filled)}, {})


def _without_twins(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values in the order of fields, and a value that is given with and without a label once.

    The labelled one then comes first, so that it is the one that counts without a label, too.
    """
    ordered = {name: values[name] for name in SLOTS if name in values}
    unknown = {name: value for name, value in values.items() if name not in SLOTS}
    for name in LABELLED:
        of_label = [full for full in ordered if full.startswith(name + ".")]
        twin = next((full for full in of_label if text_of(ordered[full]) == text_of(ordered.get(name))), None)
        if twin is not None:
            ordered = {twin: ordered[twin], **ordered}
            del ordered[name]
    return ordered | unknown


def _read(card: Card, name: str) -> Value:
    return SLOTS[name].place.read(card) if name in SLOTS else None


def _holds(card: Card, name: str, value: Value) -> bool:
    slot = SLOTS[name]
    held = slot.place.all(card)
    if is_blank(value):
        return all(is_blank(each) for each in held)
    return any(same(each, slot.field, value) for each in held)
