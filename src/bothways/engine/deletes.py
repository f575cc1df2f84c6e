"""Deletes: what becomes of the partner of a record that was deleted in the other app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bothways.engine.sides import Side
from bothways.records import Field, FieldType, Value, ids_of, same

DAY = 86_400.0
GRACE = 3 * DAY
"""Seconds between the end of a link and the deletion of its surviving record, where the settings do not say."""


class Removal(StrEnum):
    """What is done with the partner: KEEP leaves it, ARCHIVE removes it so that a person can restore it in the
    app, DELETE removes it for good, TAG leaves it and writes a tag to it."""

    KEEP = "keep"
    ARCHIVE = "archive"
    DELETE = "delete"
    TAG = "tag"


DONE = {Removal.ARCHIVE: "archived", Removal.DELETE: "deleted", Removal.TAG: "tagged"}


def done_here(removal: Removal) -> str:
    """Say what is done with the partner, where the deletion in the other app was told before."""
    return f"{DONE[removal]} here" if removal is Removal.TAG else f"{DONE[removal]} here too"


def unless(removal: Removal) -> str:
    """Say what keeps it from being done within the grace."""
    return "unless it is restored" if removal is Removal.TAG else "unless it is edited or restored"


@dataclass(frozen=True, slots=True)
class Deletes:
    """``removals``: per side, what becomes of its record when the partner was deleted; KEEP where it is not named.

    ``grace`` is in seconds.
    """

    removals: Mapping[Side, Removal] = field(default_factory=dict)
    grace: float = GRACE

    def of(self, side: Side) -> Removal:
        """Return what becomes of a record of one side."""
        return self.removals.get(side, Removal.KEEP)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The version and the time of modification that an app showed of a record; None where it shows none."""

    version: str | None = None
    modified: float | None = None


def why_edited(
    fields: Mapping[str, Field],
    values: Mapping[str, Value],
    known: Mapping[str, Value],
    now: Stamp,
    then: Stamp | None,
) -> str:
    """Return by what a record shows that it was edited since it was last in step, "" if by nothing.

    ``fields`` are the mapped ones by mapping, ``known`` what was last seen of them, ``then`` the stamp when the link
    ended. Whatever cannot be told counts as an edit.
    """
    if then is None or now != then:
        return "it was saved"
    changed = [
        each.title
        for key, each in fields.items()
        if key not in known or not same(_as_held(each, known[key]), each, values.get(each.name))
    ]
    return f"{changed[0]} was edited" if changed else ""


def _as_held(field: Field, known: Value) -> Value:
    """Return what a record with this shadow holds: a shadow of an association is a list, also where there is one id."""
    if field.type is FieldType.REFERENCE and not field.multi_valued:
        return next(iter(ids_of(known)), None)
    return known


def edited_since(fields: Mapping[str, Field], edited_at: Mapping[str, float], there_at: float) -> str:
    """Return by which field a record was edited when its partner may have been deleted already, "" if by none.

    ``edited_at``: by mapping, when note was taken of an edit that did not flow; one that did, the partner was there to
    take. ``there_at``: when the partner was last known to be there. Both in seconds.
    """
    late = [each.title for key, each in fields.items() if edited_at.get(key, 0.0) > there_at]
    return f"{late[0]} was edited" if late else ""


def saved_since(seen_at: float, there_at: float, written_at: float, window: float) -> bool:
    """Tell whether somebody saved a record when its partner may have been deleted already. All in seconds.

    ``seen_at``: when its last save was seen; ``there_at``: when the partner was last known to be there. What is seen
    within ``window`` after ``written_at``, our own last write to it, may be no more than that.
    """
    return seen_at > there_at and seen_at > written_at + window


def in_words(seconds: float) -> str:
    """Return a length of time as people say it."""
    for size, word in ((DAY, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {word}{'s' * (count != 1)}"
    return f"{seconds:g} seconds"
