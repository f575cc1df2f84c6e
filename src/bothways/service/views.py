"""What the service layer answers: frozen dataclasses that every face shows in its own way.

Apps are named, never sides. Times are seconds since 1970 (UTC). Ids of plans and runs are the strings
people see and type: ``p_12``, ``r_19``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from dataclasses import field as made_by
from typing import Any

from bothways.connectors.base import Setting
from bothways.records import Value

Counted = Mapping[str, int]
"""A number per app, by its name."""


def plain(view: Any) -> Any:
    """Return a view as data that JSON can hold: dicts, lists, text, numbers."""
    if is_dataclass(view) and not isinstance(view, type):
        return {each.name: plain(getattr(view, each.name)) for each in fields(view)}
    if isinstance(view, Mapping):
        return {str(key): plain(value) for key, value in view.items()}
    if isinstance(view, str):
        return str(view)
    if isinstance(view, Sequence | set | frozenset):
        return [plain(each) for each in view]
    return view


# --- apps ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """A kind of app that can be connected, and what it needs to be told."""

    name: str
    title: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class AppView:
    """An app of the workspace and the syncs that use it."""

    name: str
    connector: str
    title: str
    syncs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObjectView:
    """A kind of record in an app; ``count`` None where the app cannot tell cheaply."""

    name: str
    label: str
    readable: bool
    writable: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class AppCheck:
    """An app that answered: who we are there and what it offers."""

    name: str
    title: str
    account_id: str
    account_label: str
    notes: tuple[str, ...]
    objects: tuple[ObjectView, ...]


# --- syncs --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeletedView:
    """A sync that was deleted, how many links it had, and until when it can be restored (seconds)."""

    sync: str
    links: int
    until: float


@dataclass(frozen=True, slots=True)
class MappingView:
    """Two fields kept equal. ``direction``: both, or to_<app>.

    ``winner``: an app, newest or ask; "" for what the sync says.
    ``consent``: by app, whether a yes means opt_out or opt_in.
    ``only``: "when empty" or "on create" where it is written then alone. ``clean``: how texts are cleaned.
    ``values``: paired options, the left one first; ``other``: what becomes of those paired with none,
    ``defaults`` what stands for them, by app.
    """

    fields: Mapping[str, str]
    labels: Mapping[str, str]
    direction: str
    winner: str
    when_empty: str
    enabled: bool
    only: str = ""
    clean: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    other: str = ""
    defaults: Mapping[str, str] = made_by(default_factory=dict)
    consent: Mapping[str, str] = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssociationView:
    """Fields of both apps that refer to what another sync keeps in step. ``why_off``: "" where it is in force."""

    fields: Mapping[str, str]
    labels: Mapping[str, str]
    direction: str
    sync: str
    why_off: str = ""


@dataclass(frozen=True, slots=True)
class MatchView:
    """One key by which records are recognised. Not ``links``: who shares it is held for a person."""

    fields: Mapping[str, str]
    compare: str
    links: bool = True


@dataclass(frozen=True, slots=True)
class SetView:
    """A value that the settings set in a field of an app. ``when``: created, or created_or_updated."""

    app: str
    field: str
    label: str
    value: Value
    when: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One setting that a file would change, of a sync or of an app. ``item``: the mapping, rule or constant, or "".

    ``key`` "": the whole item. ``before`` and ``after`` are as the file has them, None for not set.
    """

    sync: str
    app: str
    part: str
    item: str
    key: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records are in each state; a linked pair counts once.

    ``to_decide``: differences of fields that wait for a person.
    """

    in_sync: int = 0
    left_out: int = 0
    failing: int = 0
    held: int = 0
    waiting: int = 0
    to_decide: int = 0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a list. ``undoes`` is the run that it put back."""

    id: str
    sync: str
    kind: str
    state: str
    reason: str
    started_at: float
    ended_at: float | None
    created: Counted
    updated: Counted
    bill: Counted
    undoes: str | None


@dataclass(frozen=True, slots=True)
class SyncView:
    """A sync with its settings, its counts and its last run. ``apps``: the left one first.

    ``sends``: per app which of its records take part, ``all``, ``none`` or a filter in words. ``when_leaving``: what
    becomes of a linked pair that leaves. ``deletes``: per app keep, archive or delete, what becomes of its record when
    the partner was deleted, after the ``grace`` in seconds. ``requires``: per app the field of which one must
    hold a valid e-mail address.
    """

    name: str
    state: str
    state_word: str
    apps: tuple[str, str]
    objects: Mapping[str, str]
    direction: str
    default_app: str
    mappings: tuple[MappingView, ...]
    match: tuple[MatchView, ...]
    guards: Mapping[str, Any]
    every: float
    revision: int
    counts: Counts
    last_run: RunSummary | None
    sets: tuple[SetView, ...] = ()
    sends: Mapping[str, str] = made_by(default_factory=dict)
    when_leaving: str = ""
    requires: Mapping[str, str] = made_by(default_factory=dict)
    wins: str = ""
    deletes: Mapping[str, str] = made_by(default_factory=dict)
    grace: float = 0.0
    associations: tuple[AssociationView, ...] = ()


# --- plans --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrakeView:
    """A brake that would stop the run: its name in the settings, why, and what releases it."""

    name: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """What a run would do, counted. ``changes``: records that would be written.

    ``compared``: pairs and single records known. ``unlinked``: links that would end. ``left_out_why``: the records
    left out by reason, the commonest; ``leaving``: linked pairs that leave the sync, by reason; ``entering``: those
    that take part again. ``advice``: what a person should think of before the first run. ``duplicates``: records
    that are several times in one app, told as long as nothing is linked. ``deleted``: records that would be archived
    or deleted. ``agreed``: pairs that differ and stay as they are, since only changes from now on are carried.
    ``conflicts``: records in which a changed value loses against the other app's; ``to_decide``: records with a
    difference that waits for a person.
    """

    id: str
    sync: str
    apps: tuple[str, str]
    compared: int
    created: Counted
    updated: Counted
    linked: int
    held: int
    left_out: int
    failing: int
    waiting: int
    conflicts: int
    emptied: Counted
    brakes: tuple[BrakeView, ...]
    changes: int
    revision: int
    unlinked: int = 0
    left_out_why: Counted = made_by(default_factory=dict)
    leaving: Counted = made_by(default_factory=dict)
    entering: int = 0
    advice: str = ""
    duplicates: tuple["DuplicatesView", ...] = ()
    deleted: Counted = made_by(default_factory=dict)
    agreed: int = 0
    to_decide: int = 0


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a planned action. ``app`` is where it is written; ``hold`` says why it is not.

    ``between``: the values between which a person is to choose, by app.
    """

    app: str
    field: str
    label: str
    before: Value
    after: Value
    rule: str
    reason: str
    conflict: bool = False
    lost: str = ""
    hold: str = ""
    between: Mapping[str, Value] = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionView:
    """One record of a plan. ``kind``: create, update, link, hold, leave out, unlink, delete, wait, skip, none."""

    seq: int
    kind: str
    rule: str
    reason: str
    name: str
    ids: Mapping[str, str | None]
    fields: tuple[FieldView, ...]


# --- runs ---------------------------------------------------------------------------------------------


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


# --- looking ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordView:
    """A pair, or a record without a partner. ``state``: in_sync, left_out, failing, held, waiting."""

    name: str
    ids: Mapping[str, str | None]
    state: str
    reason: str
    since: float | None


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A record that a held one may belong to, or that has the same key in its own app."""

    app: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PairHistory:
    """A pair that a merge concerns: its ids by app, when and why it was linked, when that ended, what was written.

    ``written`` has at most ten lines, the newest first: time, app, what was done and to which fields.
    """

    ids: Mapping[str, str | None]
    linked_at: float
    why: str
    ended_at: float | None
    written: tuple[tuple[float, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IssueView:
    """One thing that is held. ``kind``: match and conflict wait for a person, the others for the app or the record.

    ``field`` is the mapping concerned, empty for the whole record. ``decided`` says in words what a person has
    decided and the next run will do. ``values`` are those between which a person is to choose, by app.
    ``histories``: of pairs that became one by a merge, both.
    """

    id: str
    sync: str
    kind: str
    app: str
    record: str
    name: str
    field: str
    reason: str
    since: float
    candidates: tuple[CandidateView, ...] = ()
    decided: str = ""
    values: Mapping[str, Value] = made_by(default_factory=dict)
    histories: tuple[PairHistory, ...] = ()


@dataclass(frozen=True, slots=True)
class PairView:
    """Two records that a person has linked or unlinked: their ids by app."""

    sync: str
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DuplicatesView:
    """Records of one app that share a key by which partners are found.

    ``groups`` of them in all; ``examples`` are the ids of some groups.
    """

    app: str
    key: str
    groups: int
    records: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records; ``after`` None at the end."""

    rows: tuple[RecordView, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one field. ``what``: written, created, put back, refused, held, ..."""

    at: float
    app: str
    what: str
    before: Value
    after: Value
    run: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class FieldStory:
    """Why a field holds what it holds: the values now, one sentence, what happened (newest first)."""

    labels: Mapping[str, str]
    values: Mapping[str, Value]
    sentence: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class WhyView:
    """A record and the story of its fields."""

    record: RecordView
    fields: tuple[FieldStory, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two apps that do not hold the same: the values by app; ``field`` "" for the record as a whole."""

    name: str
    values: Mapping[str, Value]
    field: str
    why: str
    ids: Mapping[str, str | None] = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """Both apps read again and compared. ``equal``: pairs that hold the same in every field."""

    pairs: int
    equal: int
    explained: tuple[Difference, ...]
    different: tuple[Difference, ...]
    unlinked: Counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the doctor. ``level``: ok, warning, problem."""

    level: str
    what: str
    to_do: str = ""
    code: str = ""
