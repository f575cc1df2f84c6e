"""Syncs and their settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any

from bothways.records import Value
from bothways.service.views.alerts import TroubleView
from bothways.service.views.apps import AllowanceView
from bothways.service.views.common import Counted
from bothways.service.views.records import LastProof


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
    ``problem``: why it is left out, though it is on: an app no longer has its field as it was.
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
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AssociationView:
    """Fields of both apps that refer to what another sync keeps in step. ``why_off``: "" where it is in force.

    ``paired`` are its labels that are kept in step, in the words of both apps.
    """

    fields: Mapping[str, str]
    labels: Mapping[str, str]
    direction: str
    sync: str
    why_off: str = ""
    paired: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MatchView:
    """One key by which records are recognised. Not ``links``: who shares it is held for a person."""

    fields: Mapping[str, str]
    compare: str
    links: bool = True


@dataclass(frozen=True, slots=True)
class SetView:
    """A value that the settings set in a field of an app. ``when``: created, created_or_updated; leaving, deleted."""

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
class SettingChange:
    """A revision of the settings of a sync: who saved it and when, and what it changed.

    ``is_first``: there is none before it. Without ``changes``, what an app has told of its fields has changed.
    """

    id: int
    sync: str
    revision: int
    author: str
    at: float
    is_first: bool
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """What a text of settings would change, or has changed, of a sync.

    ``state``: the text has another one, which is not taken over: a sync is turned on and off by itself; else "".
    """

    changes: tuple[ChangeView, ...]
    state: str = ""


@dataclass(frozen=True, slots=True)
class ImportedSync:
    """A sync that was brought in. ``new``: there was none of that name, and it is a draft; else it is as it was, on or
    off. ``said``: the state that the file gives it, if that is another one; else "". ``objects`` are named by app.
    """

    name: str
    new: bool
    state: str
    said: str
    objects: Mapping[str, str]
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class ImportView:
    """What bringing syncs in would change, or has changed. ``apps``: those that the file describes otherwise than they
    are here; they stay as they are.
    """

    syncs: tuple[ImportedSync, ...]
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftView:
    """Settings of a sync that somebody is working on. ``new``: there is no such sync yet.

    ``version`` counts its changes, the last of which is by ``author``. ``apps``: left first. ``settings``: its parts as
    they stand in the settings file.
    """

    id: int
    name: str
    new: bool
    version: int
    author: str
    saved_at: float
    apps: tuple[str, str]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProblemView:
    """What is wrong with a draft: in which ``part`` of its settings, "" for the whole; which item of that, from 0.

    ``key``: under which key of the part, and then of what stands there, "" where the part has none.
    ``message`` is in the words of the settings file; ``code`` and ``facts`` are what it is made of.
    """

    part: str
    item: int | None
    message: str
    code: str
    key: str = ""
    facts: Mapping[str, object] = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records are in each state; a linked pair counts once.

    ``to_decide``: differences of fields that wait for a person. ``counted_at``: when all this was counted (seconds),
    None: just now.
    """

    in_sync: int = 0
    left_out: int = 0
    failing: int = 0
    held: int = 0
    waiting: int = 0
    to_decide: int = 0
    counted_at: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOutView:
    """Why records of a sync are left out: how many by what, in the order of ``LeftOutBy``.

    ``counted_at``: when that was counted (seconds), None: just now. ``counting``: it is being counted, ask again.
    """

    by: Counted
    counted_at: float | None = None
    counting: bool = False


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a list. ``undoes`` is the run that it put back.

    ``compared``: how many pairs and single records it looked at, None where it did not get to that, as an undo.
    """

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
    compared: int | None = None
    deleted: Counted = made_by(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NextView:
    """When a sync is looked at next by itself (seconds), and what stands against it: ``why`` is "" or one of these.

    off; paused: all syncs are; halted, stopped: this one is, by whom ``trouble`` names; no service: none runs that
    would; at work: now; resting: ``app`` failed as a whole, with this ``trouble``; failed: the sync did, so that it is
    tried again later.
    """

    at: float | None = None
    why: str = ""
    app: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StatusView:
    """How the workspace stands: since when a person has paused everything (seconds, None if nobody has), its syncs,
    the channels by which alerts cannot be sent, and what is left of the apps' limits."""

    paused_at: float | None
    syncs: tuple["SyncView", ...]
    failing_channels: tuple[TroubleView, ...] = ()
    apps: tuple[AllowanceView, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncView:
    """A sync with its settings, its counts and its last run. ``apps``: the left one first.

    ``sends``: per app which of its records take part, ``all``, ``none`` or a filter in words. ``when_leaving``: what
    becomes of a linked pair that leaves. ``deletes``: per app keep, archive, delete or tag, what becomes of its record
    when the partner was deleted, after the ``grace`` in seconds. ``requires``: per app the field of which one must
    hold a valid e-mail address. ``leads`` says what becomes of leads, where another sync keeps them, or their contacts.
    ``quiet``: its quiet hours; ``proof``: the last one; ``changed_at``: when a record was written last (seconds).
    ``left_out``: why records are, None where nobody is, or it was not asked for.
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
    leads: str = ""
    next: NextView = NextView()
    quiet: str = ""
    proof: LastProof | None = None
    changed_at: float | None = None
    left_out: LeftOutView | None = None
