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
