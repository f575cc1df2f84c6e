"""One field of a linked pair: what is known of it, and what is decided about it."""

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.records import Value


class Known(NamedTuple):
    """What a side was last seen to hold. ``own_write_at``: we wrote it then (seconds); None if we did not.

    Where the app merged another record into it, that counts as written by us: what is made of it then, no person does.
    ``edited_at``: when (seconds) note was taken of an edit there that did not flow; None without one, or if it flowed.
    """

    value: Value
    own_write_at: float | None = None
    edited_at: float | None = None


class Landed(NamedTuple):
    """One earlier write of this field that landed: on which side, the value, and when (seconds)."""

    side: Side
    value: Value
    at: float = math.inf


class Told(NamedTuple):
    """What an app's history of a field tells: when a side came to hold what it holds (seconds, by the app's clock).

    ``by`` is the program that wrote it over what another one had written; "" if none did, or it is not told.
    ``may_be_us``: nothing tells that it is not our own app.
    """

    at: float
    by: str = ""
    may_be_us: bool = False


class FieldState(NamedTuple):
    """Everything the table looks at for one field: values now, shadows (None: unknown), landed writes.

    ``since`` says since when (seconds) a side is known to hold what it holds, where that is known.
    ``modified`` says when (seconds, by the app's own clock) the record of a side was changed last, if the app tells.
    ``partners`` are, for an association, the records of the other side that the ids of each side are linked with.
    ``tied`` are, per side, those ids of an association that stay (see ``labels.tied_by_labels``).
    ``lone`` are, per side, ids that went away from it, whose records are there still and have no partner now.
    ``told`` is what the history of the field tells, of the sides whose app has been asked for it.
    """

    mapping: FieldMap
    now: Mapping[Side, Value]
    shadow: Mapping[Side, Known | None]
    landed: Sequence[Landed] = ()
    since: Mapping[Side, float] = MappingProxyType({})
    modified: Mapping[Side, float] = MappingProxyType({})
    partners: Mapping[Side, Mapping[str, str]] = MappingProxyType({})
    told: Mapping[Side, Told] = MappingProxyType({})
    tied: Mapping[Side, Mapping[str, str]] = MappingProxyType({})
    lone: Mapping[Side, Collection[str]] = MappingProxyType({})


class Merge(NamedTuple):
    """What goes with the decision of an association: what both sides held, in full.

    ``base``: what becomes the shadow of the written side before the write lands; None leaves it as it is. ``again``:
    the pair is looked at once more when this write has landed, since the other side is to be written as well, or
    since only then it shows what is known.
    """

    held: Mapping[Side, Value]
    base: Value = None
    again: bool = False


class FieldDecision(NamedTuple):
    """What to do with one field.

    ``write`` names the side that gets ``value``; ``before`` is what it holds. ``conflict`` marks that
    ``before`` was itself a new edit that lost. ``hold`` says why nothing can be written. ``seen`` are the
    values to become the shadows: at once if nothing is written, else when the write has landed (the
    written side then takes what the app stored). ``held`` are the values between which a person is to choose.
    ``asks``: what the history of the field tells has a say in it.
    """

    mapping: FieldMap
    rule: str
    reason: str
    write: Side | None = None
    value: Value = None
    before: Value = None
    conflict: bool = False
    hold: str = ""
    lost: tuple[str, ...] = ()
    seen: Mapping[Side, Known] | None = None
    held: Mapping[Side, Value] | None = None
    merge: Merge | None = None
    asks: bool = False
