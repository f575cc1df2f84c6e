"""Runs, undos and files of links: what was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from bothways.service.views.common import Counted
from bothways.service.views.plans import FieldView


@dataclass(frozen=True, slots=True)
class SkippedView:
    """A record of a plan that was not written because it changed since."""

    name: str
    ids: Mapping[str, str | None]
    reason: str


@dataclass(frozen=True, slots=True)
class RunView:
    """What a run did. ``failing``, ``held`` and ``waiting`` are how the sync stands after it.

    ``unlinked``: links that ended, since a record was deleted or takes no part any more. ``remaining``: planned
    records that a limit left unwritten. ``next_at``: when the next waiting record becomes due. ``skipped_records``
    lists at most a hundred of the ``skipped``. ``advice``: what to think of before going on with a first run.
    """

    id: str
    sync: str
    state: str
    reason: str
    created: Counted
    updated: Counted
    failing: int
    held: int
    waiting: int
    skipped: int
    remaining: int
    next_at: float | None
    bill: Counted
    seconds: float
    exit_code: int
    skipped_records: tuple[SkippedView, ...] = ()
    unlinked: int = 0
    advice: str = ""
    deleted: Counted = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptView:
    """A record that an undo leaves as it is; ``record`` is its name, or its id where it has none."""

    app: str
    record: str
    reason: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class UndoView:
    """What an undo did, or would do (then ``id`` is ""). ``remade``: deleted records made again as new ones."""

    id: str
    run: str
    restored: int
    removed: int
    kept: tuple[KeptView, ...]
    remade: int = 0
    unlinked: int = 0


@dataclass(frozen=True, slots=True)
class LinkView:
    """Two linked records: the link's own number, and the ids by app, the left app's first."""

    number: int
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file of links that cannot be linked, and why."""

    line: int
    ids: Mapping[str, str]
    problem: str


@dataclass(frozen=True, slots=True)
class LinkImportView:
    """A file of links, checked. ``new``: pairs that were linked, or would be if not ``done``; ``there``: that are.

    ``id`` is the run that made them, "" if none did.
    """

    sync: str
    id: str
    rows: int
    new: int
    there: int
    bad: tuple[BadRow, ...]
    done: bool = False


@dataclass(frozen=True, slots=True)
class BarView:
    """How far something is in one app, or in all ("" for ``app``): ``total`` None where it is not known.

    ``left``: for how many seconds it goes on, by its pace so far, None where that cannot be said.
    """

    app: str
    done: int
    total: int | None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class WorkView:
    """What is done with a sync now, or waits for the service. ``what``: plan, run, apply, undo, or another kind of run.

    ``phase``: Waiting, or one of ``Progress``; ``run``: the run's id, "" where there is none. ``slowed``: the app whose
    rate limit is waited for, "" if none is. ``begun_at``: when it began (seconds), None as long as it waits.
    ``held`` and ``failing``: what waits for a person, or for an app, so far. ``ends``: who has paused or stopped it, so
    that it ends after this batch, "" for nobody.
    """

    sync: str
    what: str
    phase: str
    bars: tuple[BarView, ...] = ()
    run: str = ""
    slowed: str = ""
    asked_by: str = ""
    begun_at: float | None = None
    created: Counted = made_by(default_factory=dict)
    updated: Counted = made_by(default_factory=dict)
    held: int = 0
    failing: int = 0
    ends: str = ""
    deleted: Counted = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HaltView:
    """A sync that somebody has paused or ``stopped``, ``at`` (seconds), until it is let go on.

    ``run``: the run that this ends or has ended, "" where none was at work; ``left``: the records that it had planned
    to write and has not, None where that is not known.
    """

    sync: str
    stopped: bool
    by: str
    at: float
    run: str = ""
    left: int | None = None


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a new sync has written so far, to be looked at before it goes on: how many records, by which run last.

    ``remaining``: how many were planned beyond them, None where that is not known. ``put_back``: how many of them
    were undone since.
    """

    written: int
    run: str
    remaining: int | None
    put_back: int = 0


@dataclass(frozen=True, slots=True)
class WrittenView:
    """A record as a run wrote it. ``kind``: create, update, archive, undo; ``number``: its place in the journal."""

    number: int
    kind: str
    app: str
    id: str
    name: str
    at: float
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """Some of what a run wrote, in order; ``after``: from where to go on, None at the end."""

    rows: tuple[WrittenView, ...]
    after: int | None
