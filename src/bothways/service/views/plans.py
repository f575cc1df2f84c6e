"""Plans: what a run would do."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from bothways.records import Value
from bothways.service.views.common import Counted


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
class BrakeView:
    """A brake that would stop the run: its name in the settings, why, and what releases it."""

    name: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class AppForecast:
    """About how many calls one app would have, and their share of the calls of a day in percent.

    ``left``: how many are left for us today, ``day_ends``: when there are more. None where the app does not count them.
    """

    calls: int
    of_day: float | None
    left: int | None
    day_ends: float | None


@dataclass(frozen=True, slots=True)
class ForecastView:
    """About what the ``first`` run of a sync would cost, or to apply this plan; ``seconds``: how long it takes."""

    first: bool
    apps: Mapping[str, AppForecast]
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanView:
    """What a run would do, counted. ``changes``: records that would be written.

    ``compared``: pairs and single records known. ``unlinked``: links that would end. ``left_out_why``: the records
    left out by reason, the commonest; ``leaving``: linked pairs that leave the sync, by reason; ``entering``: those
    that take part again. ``advice``: what a person should think of before the first run. ``duplicates``: records
    that are several times in one app, told as long as nothing is linked. ``deleted``: records that would be archived
    or deleted. ``agreed``: pairs that differ and stay as they are, since only changes from now on are carried.
    ``conflicts``: records in which a changed value loses against the other app's; ``to_decide``: records with a
    difference that waits for a person. ``forecast``: what it would cost, None where nothing would be written.
    ``part``: record or sample, where only that was looked at: ``compared`` of ``known`` pairs and single records; else
    "".
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
    duplicates: tuple[DuplicatesView, ...] = ()
    deleted: Counted = made_by(default_factory=dict)
    agreed: int = 0
    to_decide: int = 0
    forecast: ForecastView | None = None
    part: str = ""
    known: int = 0


@dataclass(frozen=True, slots=True)
class MadePlan:
    """A plan that is kept: when it was made (seconds), and how many actions are listed under each name.

    ``outdated``: settings or run, what has happened since so that it no longer says what would happen; "" if nothing.
    ``first``: nobody has looked yet at what this sync writes.
    """

    view: PlanView
    made_at: float
    shows: Counted
    outdated: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a planned action. ``app`` is where it is written; ``hold`` says why it is not.

    ``between``: the values between which a person is to choose, by app. ``now``: what each app held when it was read.
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
    now: Mapping[str, Value] = made_by(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class ActionPage:
    """Some records of a plan; ``after``: from where to go on, None at the end.

    ``unfinished``: so far only ``looked`` actions were looked at, go on to find out whether there are more.
    """

    rows: tuple[ActionView, ...]
    after: int | None
    looked: int = 0
    unfinished: bool = False
