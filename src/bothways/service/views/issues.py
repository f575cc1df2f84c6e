"""What waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from bothways.records import Value


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A record that a held one may belong to, or that has the same key in its own app."""

    app: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class UnfitView:
    """A mapping that is left out, since an app no longer has a field of it as it was. ``fields``: by app."""

    sync: str
    fields: Mapping[str, str]
    reason: str
    code: str


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
    """One thing that is held. ``kind``: match and conflict wait for a person, left_out is a record that a person has
    left out since, the others wait for the app or the record.

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
class ValueView:
    """A value that the other app does not accept: as it is stored, as people see it, in how many records.

    ``suggestion``: the option that it probably means, "" for none.
    """

    value: str
    label: str
    count: int
    suggestion: str


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """An option that a value can be paired with. ``taken_by``: the value that has it for itself, "" if none has."""

    key: str
    label: str
    taken_by: str


@dataclass(frozen=True, slots=True)
class MendView:
    """What somebody did about the issues of one cause. ``how``: retry, or pairing.

    ``solved`` of ``total`` are no longer held; ``waiting`` are tried by the next run.
    """

    id: int
    sync: str
    title: str
    how: str
    author: str
    at: float
    total: int
    solved: int
    waiting: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """All issues of a sync with the same cause.

    ``need``: fix, decide, in_app, retrying or ours. ``said`` is what the app said, or the reason of one of them.
    ``app`` is the app that takes it or not, ``mapping`` the mapping concerned, "" for the whole record.
    ``values`` can be paired with ``choices``; ``more_values`` records hold others, which are not shown; ``revision``:
    of the settings then.
    ``issue`` is the only one, where there is one. ``is_on``: whether the sync is.
    """

    id: str
    sync: str
    cause: str
    need: str
    count: int
    title: str
    by_itself: str
    to_do: str
    said: str
    field: str
    app: str
    other: str
    mapping: str
    since: float
    next_try: float | None
    ignored: bool
    can_retry: bool
    is_on: bool
    values: tuple[ValueView, ...] = ()
    more_values: int = 0
    choices: tuple[ChoiceView, ...] = ()
    revision: int = 0
    issue: IssueView | None = None
    mend: MendView | None = None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A page of groups of issues; ``after`` None at the end."""

    rows: tuple[GroupView, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class TroubleIssue:
    """An app or a sync that fails as a whole. ``need`` as of a group; ``waiting``: records that wait for it.

    ``link``: where it can be mended: sign_in, app, settings, approve, or "" for nowhere.
    """

    id: str
    kind: str
    name: str
    need: str
    code: str
    words: str
    to_do: str
    since: float
    next_try: float | None
    waiting: int
    link: str


@dataclass(frozen=True, slots=True)
class IssueCounts:
    """How many issues need somebody, are tried by themselves, and are ignored."""

    need: int
    retrying: int
    ignored: int


@dataclass(frozen=True, slots=True)
class RuleView:
    """What a rule would mean: ``app`` wins ``field`` of ``sync`` from now on.

    ``waiting`` records differ in it and get the value of ``app``; ``decided`` were decided one by one, which stands.
    """

    sync: str
    issue: str
    field: str
    app: str
    other: str
    waiting: int
    decided: int
    revision: int


@dataclass(frozen=True, slots=True)
class TriedView:
    """What is tried again: how many issues, in which sync, and whether that is on."""

    sync: str
    count: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class IgnoredView:
    """How many issues are ignored from now on, or no longer are."""

    count: int
