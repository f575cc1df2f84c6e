"""What a run works with: the sync, its two ends, its settings, the clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Protocol

from bothways.connectors.base import Capabilities, Connector, WriteItem, WriteResult
from bothways.connectors.budget import still_up
from bothways.engine.brakes import Guards
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.errors import RunSuperseded
from bothways.ledger import db
from bothways.ledger.models import Feed, Sync

FRESH = 15.0
"""Seconds for which a read counts as fresh when a record is about to be written."""

JUST_READ = 5.0
"""Seconds for which what others have read counts as read by a run that begins: they have read it for that run."""


@dataclass(frozen=True, slots=True)
class End:
    """One side of a running sync: its feed and the connector that reads and writes it."""

    side: Side
    app: str
    feed: Feed
    connector: Connector

    @property
    def can(self) -> Capabilities:
        return self.connector.capabilities

    @property
    def object(self) -> str:
        return self.feed.object


@dataclass(frozen=True, slots=True)
class Parents:
    """The sync of the records that an association refers to; ``turned``: its left app is our right one."""

    sync: Sync
    turned: bool = False

    def side(self, side: Side) -> Side:
        """Return its side for one of ours."""
        return side.other if self.turned else side


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The sync of the contacts, where ours is one of leads, or the other way round (``leads``: it keeps leads).

    Both are of the same two apps, and the records of ``shared``, our side, are of one object. ``turned``: its left
    app is our right one. ``on``: it runs. ``fields`` are the names of its mapped fields, left and right;
    ``slots`` those of the keys by which it links, left and right, per rule. ``scope`` and ``sends`` are by its own
    sides.
    """

    sync: Sync
    shared: Side
    leads: bool
    turned: bool = False
    on: bool = True
    fields: Sequence[tuple[str, str]] = ()
    slots: Sequence[tuple[Sequence[str], Sequence[str]]] = ()
    scope: Scope = field(default_factory=Scope)
    sends: Mapping[Side, bool] = field(default_factory=lambda: dict.fromkeys(SIDES, True))

    def side(self, side: Side) -> Side:
        """Return its side for one of ours."""
        return side.other if self.turned else side

    @property
    def feed(self) -> Feed:
        """The feed of the records that it has and ours has not: its leads, or its contacts."""
        found: Feed = self.sync.left if self.side(self.shared) is Side.RIGHT else self.sync.right
        return found

    @property
    def what(self) -> str:
        """What these records are called."""
        return "lead" if self.leads else "contact"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase of a run is: ``total`` None where it is not known. ``slowed``: a rate limit is waited for."""

    phase: str
    app: str
    done: int
    total: int | None = None
    slowed: bool = False


def _silent(progress: Progress) -> None:
    """Show nothing."""


def _no_bill() -> Mapping[str, int]:
    """Count nothing."""
    return {}


def _always() -> bool:
    """Nobody else can take the turn."""
    return True


def _nothing() -> None:
    """Do nothing."""


class Reader(Protocol):
    """What reading a feed works with: a sync at work, or a worker that reads for all syncs that use the feed."""

    @property
    def name(self) -> str:
        """Who reads, to be named in messages."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """Gives seconds."""
        ...

    @property
    def report(self) -> Callable[[Progress], None]:
        """Is told how far it is."""
        ...

    @property
    def side_by_side(self) -> bool:
        """Whether several feeds are read at the same time."""
        ...

    def count(self, rule: str, times: int = 1) -> None:
        """Count that a rule was applied."""
        ...

    def fence(self) -> None:
        """Stop if somebody else is at it by now: called inside every transaction."""
        ...


@dataclass(slots=True)
class FeedReader:
    """A worker that reads one feed for all syncs that use it, as long as ``fenced_by`` raises nothing."""

    name: str
    clock: Callable[[], float] = time
    fenced_by: Callable[[], None] = _nothing
    report: Callable[[Progress], None] = _silent
    side_by_side: bool = False

    def count(self, rule: str, times: int = 1) -> None:
        """Rules are counted by runs."""

    def fence(self) -> None:
        """Stop if another worker reads the feed by now."""
        self.fenced_by()


@dataclass(slots=True)
class Context:
    """A sync at work. ``interval`` is the time between two polls, in seconds; the clock gives seconds.

    ``side_by_side``: the two apps are read, and written to, at the same time, each in a thread of its own.
    ``retired`` are mappings of earlier settings, which the journal still speaks of.
    ``parents`` are, by name, the syncs through which associations are translated.
    ``neighbour`` is the sync of the contacts for one of leads, and the other way round, if there is one.
    ``called`` are, by mapping and side, where the records are read that the other app knows only by their names.
    ``from_now``: only for a look: as if the line before which nothing is carried were drawn now.
    ``bill`` tells the calls made to both apps so far, by their names; a run keeps what it added to it. ``settle`` keeps
    what was spent of the apps' limits.
    ``worker``: who has taken the sync's turn, "" where none are taken; nothing begins if another one has it by then.
    ``has_turn`` tells whether it surely has that still; nothing is sent by who may have lost it.
    ``ended``: it is at work no more.
    ``revision``: of the settings that it works by; they may have been changed since.
    ``read_within``: feeds that others read by and by are not read again if that was done so many seconds ago.
    """

    sync: Sync
    spec: SyncSpec
    guards: Guards
    ends: Mapping[Side, End]
    interval: float = 60.0
    clock: Callable[[], float] = time
    report: Callable[[Progress], None] = _silent
    bill: Callable[[], Mapping[str, int]] = _no_bill
    settle: Callable[[], None] = _nothing
    side_by_side: bool = False
    retired: Sequence[FieldMap] = ()
    from_now: bool = False
    parents: Mapping[str, Parents] = field(default_factory=dict)
    neighbour: Neighbour | None = None
    called: Mapping[tuple[str, Side], End] = field(default_factory=dict)
    read_within: float = 0.0
    worker: str = ""
    has_turn: Callable[[], bool] = _always
    run_id: int = 0
    epoch: int = 0
    revision: int = 0
    ended: bool = False
    started_at: float = 0.0
    rules: dict[str, int] = field(default_factory=dict)
    _mappings: dict[str, FieldMap] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The name of the sync."""
        return str(self.sync.name)

    def count(self, rule: str, times: int = 1) -> None:
        """Count that a rule was applied."""
        self.rules[rule] = self.rules.get(rule, 0) + times

    def mapping(self, key: str) -> FieldMap:
        """Return a mapping of the sync by its key, one of earlier settings included."""
        if not self._mappings:
            one_sided = self.spec.one_sided
            self._mappings = {each.key: each for each in (*reversed(self.retired), *one_sided, *self.spec.fields)}
        return self._mappings[key]

    def in_force(self, key: str) -> bool:
        """Tell whether a mapping, a constant or a tag, is one of the settings as they are now."""
        return any(mapping.key == key for mapping in (*self.spec.fields, *self.spec.one_sided))

    def field_name(self, key: str, side: Side) -> str:
        """Return the name of a mapping's field on one side."""
        return self.mapping(key).on(side).name

    def write(self, side: Side, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Have an app write, as its connector does; nothing is sent by who may have lost the turn, or has ended.

        A call may wait for a limit while all else breaks off.
        """
        end, before = self.ends[side], still_up.set(lambda: not self.ended and self.has_turn())
        try:
            return end.connector.write(end.object, items)
        finally:
            still_up.reset(before)

    def fence(self) -> None:
        """Stop if another process took this sync over: called inside every transaction of a run.

        Nobody can take it over before that transaction has ended.
        """
        if self.epoch:
            db.pass_gate(self.sync.pk)
            if db.value("SELECT epoch FROM sync WHERE id=%s", (self.sync.pk,)) != self.epoch:
                raise RunSuperseded()

    def read_in_this_run(self, read_at: float) -> bool:
        """Tell whether a read of that time is good enough to plan from; right before a write it must be FRESH."""
        return read_at >= self.started_at - (JUST_READ if self.read_within else 0.0)
