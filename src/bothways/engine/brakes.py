"""The brakes: what stops a plan before its first write. They look at counts of the whole plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import SyncSpec

PERCENT_FLOOR = 50
"""Below so many changed records the percentage brake does not look: small books change in full."""

GONE_PERCENT = 20.0
MASS_CHANGE_PERCENT = 50.0


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of a sync. ``max_change`` is a percentage of the records in sync, ``max_deletes`` is per day."""

    first_run: int = 25
    max_change: float = 10.0
    max_emptied: int = 50
    max_deletes: int = 10


@dataclass(frozen=True, slots=True)
class Totals:
    """What a plan would do, counted.

    ``writes``: records that would be written. ``known``: records of each side before this run's reading;
    ``live``: after it. ``linked``: active links; ``changed``: linked records found changed, per side.
    ``emptied``: per field title, the records in which it would be emptied. ``parted``: links that would end
    since their records no longer take part. ``deletes``: records that would be archived or deleted, after
    ``deleted`` in the last day.
    """

    writes: int = 0
    linked: int = 0
    updates: int = 0
    known: Mapping[Side, int] = field(default_factory=dict)
    live: Mapping[Side, int] = field(default_factory=dict)
    gone: Mapping[Side, int] = field(default_factory=dict)
    changed: Mapping[Side, int] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)
    parted: int = 0
    deletes: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Brake:
    """A brake that holds: its name in the settings, why in words, and whether approving may release it."""

    name: str
    reason: str


def stopped_by(spec: SyncSpec, guards: Guards, totals: Totals) -> list[Brake]:
    """Return every brake that stops a plan of these totals (the first-run limit is not one of them)."""
    brakes: list[Brake] = []
    for side in SIDES:
        brakes += _emptiness(spec.apps[side], totals, side)
        share = _percent(totals.changed.get(side, 0), totals.linked)
        if totals.changed.get(side, 0) > PERCENT_FLOOR and share > MASS_CHANGE_PERCENT:
            brakes.append(Brake("mass_change", f"{share:.0f} % of the linked records changed in {spec.apps[side]}"))
    share = _percent(totals.updates, totals.linked)
    if totals.updates > PERCENT_FLOOR and share > guards.max_change:
        limit = f"more than {guards.max_change:g} %"
        brakes.append(Brake("max_change", f"{totals.updates} linked records would change, {limit}"))
    if totals.parted > PERCENT_FLOOR and _percent(totals.parted, totals.linked) > guards.max_change:
        limit = f"more than {guards.max_change:g} %"
        brakes.append(Brake("max_change", f"{totals.parted} links would end by the filters, {limit}"))
    if totals.deletes and totals.deletes + totals.deleted > guards.max_deletes:
        today = f", after {totals.deleted} in the last 24 hours" if totals.deleted else ""
        limit = f"more than {guards.max_deletes} a day"
        brakes.append(Brake("max_deletes", f"{totals.deletes} records would be deleted{today}, {limit}"))
    for title, count in sorted(totals.emptied.items()):
        if count > guards.max_emptied:
            brakes.append(Brake("max_emptied", f"{title} would be emptied in {count} records"))
    return brakes


def _emptiness(app: str, totals: Totals, side: Side) -> list[Brake]:
    """Row R11: a side that suddenly looks empty or much smaller is a broken listing until a person says no."""
    known, live, gone = (each.get(side, 0) for each in (totals.known, totals.live, totals.gone))
    if known and not live:
        return [Brake("empty_source", f"{app} looks empty, but had {known} records")]
    if gone > 1 and _percent(gone, known) > GONE_PERCENT:
        return [Brake("empty_source", f"{gone} of {known} records are gone from {app}")]
    return []


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0
