"""The schedule of a sync, and of its proof, read from the file."""

import re
from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from bothways.errors import WrongType
from bothways.service.schedule_document import (
    BURST,
    DAY,
    EVERY,
    NEVER,
    REPAIR,
    UTC,
    ProofSettings,
    QuietHours,
    Schedule,
    Timing,
)
from bothways.service.yaml_file import Node, nearest, shown

SCHEDULE, QUIET, PROOF = (
    ("every", "webhooks", "burst_window", "quiet_hours"),
    ("from", "to", "time_zone"),
    ("every", "at", "repair"),
)
SHORTEST_INTERVAL, LONGEST_INTERVAL = 10.0, 31 * DAY
LONGEST_BURST = 60.0
"""Seconds."""

CLOCK = r"([01]?\d|2[0-3]):[0-5]\d"
"""A time of day."""

MOST_REPAIRED = 1000
_INTERVAL = "a time from 10s to 31d, such as 60s, 5m or 1h"
_BURST = "a time from 0s to 60s, such as 0.5s"
_DAYS = f"whole days from 1d to 31d, or {NEVER}"
_CLOCK = 'a time of day such as "22:00"'


def timing_of(node: Node) -> Timing:
    """Return when a sync works by itself, and when it is proven."""
    return Timing(_schedule(node.node("schedule")), _proof(node.node("proof")))


def _schedule(node: Node) -> Schedule:
    node.only(SCHEDULE)
    return Schedule(
        node.length("every", EVERY, SHORTEST_INTERVAL, LONGEST_INTERVAL, _INTERVAL),
        node.truth("webhooks", True),
        node.length("burst_window", BURST, 0.0, LONGEST_BURST, _BURST),
        _quiet(node.node("quiet_hours")) if node.data.get("quiet_hours") is not None else None,
    )


def _quiet(node: Node) -> QuietHours:
    node.only(QUIET)
    for key in ("from", "to"):
        node.need(key, "Such as: quiet_hours: {from: 22:00, to: 06:00, time_zone: Europe/Berlin}")
    hours = QuietHours(_time(node, "from"), _time(node, "to"), _zone(node))
    if hours.begins == hours.ends:
        expected = "another time than the one from which they are quiet; a sync that is to do nothing is turned off"
        raise WrongType(where=node.value_place("to"), key="to", expected=expected, got="the same")
    return hours


def _time(node: Node, key: str) -> time:
    value = node.data.get(key)
    if not isinstance(value, str) or not re.fullmatch(CLOCK, value.strip(), re.ASCII):
        raise WrongType(where=node.value_place(key), key=key, expected=_CLOCK, got=shown(value))
    hour, minute = value.strip().split(":")
    return time(int(hour), int(minute))


def _zone(node: Node) -> str:
    name = node.text("time_zone", UTC)
    if not _is_zone(name):
        hint = nearest(name, available_timezones())
        expected = (
            f"a time zone such as Europe/Berlin ({hint})" if "Did" in hint else "a time zone such as Europe/Berlin"
        )
        raise WrongType(where=node.value_place("time_zone"), key="time_zone", expected=expected, got=shown(name))
    return name


def _is_zone(name: str) -> bool:
    try:
        return ZoneInfo(name).key in available_timezones()
    except (KeyError, ValueError, OSError):
        return False


def _proof(node: Node) -> ProofSettings:
    node.only(PROOF)
    days = 0 if node.data.get("every") == NEVER else node.length("every", DAY, DAY, LONGEST_INTERVAL, _DAYS) / DAY
    if days != int(days):
        raise WrongType(where=node.value_place("every"), key="every", expected=_DAYS, got=shown(node.data["every"]))
    repair = node.whole("repair", REPAIR)
    if repair > MOST_REPAIRED:
        expected = f"a whole number from 0 to {MOST_REPAIRED}"
        raise WrongType(where=node.value_place("repair"), key="repair", expected=expected, got=shown(repair))
    return ProofSettings(int(days), _time(node, "at") if node.data.get("at") is not None else None, repair)
