"""When a sync works by itself, as the settings say: how often, on hints, not in quiet hours; and when it is proven."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

EVERY = 60.0
"""Seconds between two polls where the file does not say."""

BURST = 0.5
"""Seconds for which saves of records are gathered before they are read: one form is often saved field by field."""

DAY = 86_400.0
UTC, NEVER = "UTC", "never"

REPAIR = 10
"""Pairs that a proof has looked at again by itself, where the file does not say; of more, a person is asked."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, in a time zone (IANA); over midnight where it ends before it begins."""

    begins: time
    ends: time
    zone: str = UTC


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a sync works by itself. ``every``: seconds between two polls. ``webhooks``: hints hurry it.

    ``burst``: seconds for which hints are gathered before the records are read. ``quiet``: when it does nothing.
    """

    every: float = EVERY
    webhooks: bool = True
    burst: float = BURST
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class ProofSettings:
    """When both sides of a sync are compared by itself: every so many ``days`` (0: never), ``at`` a time of day.

    ``at`` None: somewhere in the quiet hours, else anywhere in the day. ``repair``: of how many pairs that differ.
    """

    days: int = 1
    at: time | None = None
    repair: int = REPAIR


@dataclass(frozen=True, slots=True)
class Timing:
    """The schedule of a sync, and of its proof."""

    schedule: Schedule = field(default_factory=Schedule)
    proof: ProofSettings = field(default_factory=ProofSettings)


def timing_settings(timing: Timing) -> dict[str, object]:
    """Return the keys of a sync in the words of the file; what is as usual only where it was always written."""
    schedule, proof = timing.schedule, timing.proof
    data: dict[str, object] = {"every": f"{written(schedule.every)}s"}
    if not schedule.webhooks:
        data["webhooks"] = False
    if schedule.burst != BURST:
        data["burst_window"] = f"{written(schedule.burst)}s"
    if schedule.quiet is not None:
        quiet = schedule.quiet
        data["quiet_hours"] = {"from": clock(quiet.begins), "to": clock(quiet.ends), "time_zone": quiet.zone}
    found: dict[str, object] = {"schedule": data}
    if proof != ProofSettings():
        found["proof"] = _proof(proof)
    return found


def _proof(proof: ProofSettings) -> Mapping[str, object]:
    every = f"{proof.days}d" if proof.days else NEVER
    at = {"at": clock(proof.at)} if proof.at is not None else {}
    return {"every": every, **at, "repair": proof.repair}


def quiet_words(quiet: QuietHours | None) -> str:
    """Return quiet hours in words, "" for none."""
    return f"{clock(quiet.begins)} to {clock(quiet.ends)}, {quiet.zone}" if quiet else ""


def clock(at: time) -> str:
    """Return a time of day as it is written."""
    return f"{at:%H:%M}"


def written(number: float) -> str:
    """Return a number with all its digits and without an exponent."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
