"""The record table: what a run does with one record or linked pair.

``RECORD_TABLE`` is ordered; the first row whose situation fits wins. The guards R11 (brakes) and R12
(collapsing) are apart, since they look at a whole plan or page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bothways.engine.matching import NO_MATCH, Found, Match
from bothways.engine.sides import Side


class ActionKind(StrEnum):
    """What is done with one record."""

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    HOLD = "hold"
    LEAVE_OUT = "leave out"
    UNLINK = "unlink"
    WAIT = "wait"
    SKIP = "skip"
    NONE = "none"
    DELETE = "delete"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Facts:
    """The situation of one record, or of a linked pair, in the words of the table.

    ``gone`` are the sides confirmed gone by id. ``problem`` says why a record cannot be read.
    ``survivor``: its partner went away and it must not be created again. ``parted``: its link ended since it
    did not take part. ``returned``: it was linked before, went away, and is there again. ``allowed``: the other
    side takes new records. ``settled``: the create window is over and the other side was read since. ``blank``: it
    holds nothing that could be written. ``outside`` says why it, or the pair, does not take part; ``unlinks``: its
    link then ends. ``restored``: the deletion that ended its link was taken back. ``merged``: its partner was merged
    into a record that has a link, and nobody has decided yet. ``carries``: the deletion of its partner is to be
    carried over to it; ``waits``: the grace is not over; ``edited`` says by what it shows an edit;
    ``after_merge``: its link ended by a merge. ``before``: it was there before the line from which on changes are
    carried, and is unchanged since. ``tags`` are the sides whose records are tagged, since the pair leaves now.
    ``listed``: the lists that its filter, or that of its match, looks at were read since it came.
    ``misfit`` says why the record made of it in the other app would not take part.
    ``converted`` says into what the record of a link was turned. ``claimed`` says who of the neighbour sync has the
    record, or what it holds: a contact before a lead. ``unread``: that sync has not read its records yet.
    """

    linked: bool = False
    open_write: bool = False
    gone: frozenset[Side] = frozenset()
    problem: str = ""
    match: Match = NO_MATCH
    survivor: bool = False
    parted: bool = False
    returned: bool = False
    allowed: bool = True
    settled: bool = True
    listed: bool = True
    blank: bool = False
    outside: str = ""
    unlinks: bool = False
    misfit: str = ""
    restored: bool = False
    merged: bool = False
    carries: bool = False
    waits: bool = False
    edited: str = ""
    after_merge: bool = False
    before: bool = False
    converted: str = ""
    claimed: str = ""
    unread: str = ""
    tags: frozenset[Side] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its rule id, when it fits, and the kind of action that follows."""

    rule: str
    fits: Callable[[Facts], bool]
    action: ActionKind


_BOTH = frozenset(Side)

RECORD_TABLE: tuple[Row, ...] = (
    Row("R1", lambda f: f.open_write or f.match.found is Found.BUSY, ActionKind.SKIP),
    Row("R0c", lambda f: f.linked and bool(f.converted), ActionKind.UNLINK),
    Row("R5", lambda f: f.linked and f.gone == _BOTH, ActionKind.UNLINK),
    Row("R4", lambda f: f.linked and bool(f.gone), ActionKind.UNLINK),
    Row("R5", lambda f: bool(f.gone), ActionKind.NONE),
    Row("R13", lambda f: bool(f.problem), ActionKind.HOLD),
    Row("R17", lambda f: f.linked and bool(f.claimed), ActionKind.UNLINK),
    Row("R10", lambda f: f.linked and f.unlinks and bool(f.outside), ActionKind.UNLINK),
    Row("R10", lambda f: bool(f.outside), ActionKind.LEAVE_OUT),
    Row("F", lambda f: f.linked, ActionKind.UPDATE),
    Row("R10", lambda f: not f.listed, ActionKind.WAIT),
    Row("R17", lambda f: bool(f.unread), ActionKind.WAIT),
    Row("R17", lambda f: bool(f.claimed), ActionKind.LEAVE_OUT),
    Row("R9r", lambda f: f.restored, ActionKind.LINK),
    Row("R9", lambda f: (f.survivor or f.parted or f.returned) and f.match.found is Found.PARTNER, ActionKind.LINK),
    Row("R6", lambda f: f.match.found is Found.PARTNER, ActionKind.LINK),
    Row("R0", lambda f: f.merged, ActionKind.HOLD),
    Row("R16", lambda f: f.before and not (f.survivor and f.carries), ActionKind.LEAVE_OUT),
    Row("R7", lambda f: f.match.found is Found.SEVERAL, ActionKind.HOLD),
    Row("R0c", lambda f: f.survivor and bool(f.converted), ActionKind.LEAVE_OUT),
    Row("R4e", lambda f: f.survivor and f.carries and bool(f.edited), ActionKind.LEAVE_OUT),
    Row("R4w", lambda f: f.survivor and f.carries and f.waits, ActionKind.WAIT),
    Row("R4d", lambda f: f.survivor and f.carries, ActionKind.DELETE),
    Row("R4", lambda f: f.survivor, ActionKind.LEAVE_OUT),
    Row("R10", lambda f: f.parted, ActionKind.LEAVE_OUT),
    Row("F2'", lambda f: not f.allowed, ActionKind.LEAVE_OUT),
    Row("R13", lambda f: f.blank, ActionKind.LEAVE_OUT),
    Row("R10", lambda f: bool(f.misfit), ActionKind.LEAVE_OUT),
    Row("R8", lambda f: not f.settled, ActionKind.WAIT),
    Row("R8", lambda f: True, ActionKind.CREATE),
)


def decide_record(facts: Facts) -> Row:
    """Return the first row that fits; the last fits everything."""
    return next(row for row in RECORD_TABLE if row.fits(facts))
