"""Records, why they hold what they hold, and the proof that both apps are equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from enum import StrEnum

from bothways.records import Value
from bothways.service.views.common import Counted


class LeftOutBy(StrEnum):
    """By what a record is left out, in the order in which it is told.

    EMAIL: it has no valid address. FILTER: it, or its match, is outside a filter. ONE_WAY: its app sends nothing.
    PARTNER: that was deleted, merged or turned into something else. UNLINKED: its link ended since it took no part.
    FROM_NOW: it is as it was when the sync began to carry changes alone. OTHER_SYNC: it is left to another sync.
    PERSON: somebody said so. EMPTY: it holds nothing to be sent. DELETION: it is to be deleted as its partner was.
    GONE: it is no longer there.
    """

    EMAIL = "email"
    FILTER = "filter"
    ONE_WAY = "one_way"
    PARTNER = "partner"
    UNLINKED = "unlinked"
    FROM_NOW = "from_now"
    OTHER_SYNC = "other_sync"
    PERSON = "person"
    EMPTY = "empty"
    DELETION = "deletion"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class RecordView:
    """A pair, or a record without a partner. ``state``: in_sync, left_out, failing, held, waiting.

    ``left_out_by``: the kind of its reason, None for who takes part.
    """

    name: str
    ids: Mapping[str, str | None]
    state: str
    reason: str
    since: float | None
    left_out_by: LeftOutBy | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records; ``after`` None at the end.

    ``looked``: how many records were passed in search of those wanted; ``unfinished``: these are not all there are
    up to here, go on to find out.
    """

    rows: tuple[RecordView, ...]
    after: str | None
    looked: int = 0
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one field. ``what``: written, created, put back, refused, held, ...

    ``stands``: the app still holds what was written then. ``undoable``: as far as is known, it can be put back.
    ``gone``: the run is no longer kept, this alone is.
    """

    at: float
    app: str
    what: str
    before: Value
    after: Value
    run: str
    rule: str
    reason: str
    stands: bool = False
    undoable: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class FieldStory:
    """Why a field holds what it holds: the values now, one sentence, what happened (newest first).

    ``key`` names the mapping, where a name or a label may be that of several.
    """

    labels: Mapping[str, str]
    values: Mapping[str, Value]
    sentence: str
    events: tuple[Event, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class WhyView:
    """A record and the story of its fields; by what and when it was linked, "" and None without a partner.

    ``gone_before``: before when its history may be gone, None where it is whole.
    ``left_out``: the issue by which a person has left it out and by which that is taken back, "" if nobody has.
    """

    record: RecordView
    fields: tuple[FieldStory, ...]
    linked_by: str = ""
    linked_at: float | None = None
    gone_before: float | None = None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class PutBackView:
    """A value that is to be put back: the field of the app that holds it ``now``, and what it gets in its place.

    ``why_not``: why it cannot be. ``looked``: the record was read anew for this; not where a run is at work.
    """

    sync: str
    record: RecordView
    key: str
    label: str
    app: str
    run: str
    now: Value
    after: Value
    why_not: str
    looked: bool


@dataclass(frozen=True, slots=True)
class PartnersView:
    """Who could be the partner of a record: those of ``app`` found by ``text``; ``more``: there are others."""

    record: RecordView
    app: str
    text: str
    found: tuple[RecordView, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class WinnerView:
    """Who is to win the differences of one field, and who did ``before``. ``waiting``: differences of it that are
    held, and decided so by the next run."""

    sync: str
    key: str
    labels: Mapping[str, str]
    app: str
    before: str
    waiting: int


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
class LastProof:
    """The last comparison of both apps that was made by itself, ``at`` which time (seconds).

    Of its pairs, ``differ`` are not equal and nothing explains it: the next run looks at the ``marked``, the
    ``lasting`` were looked at already, the ``held`` are too many and wait for a person. ``waiting``: those that a run
    was about to look at. ``calls`` to the apps, by their names; ``differences``: the first of them, without values.
    """

    at: float
    seconds: float
    pairs: int
    differ: int
    explained: int
    waiting: int
    marked: int
    lasting: int
    held: int
    calls: Counted
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the doctor. ``level``: ok, warning, problem."""

    level: str
    what: str
    to_do: str = ""
    code: str = ""
