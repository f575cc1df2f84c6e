"""The workspace as text: the state of every sync, the findings of the doctor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.render.alerts import unsent
from bothways.cli.render.records import proven
from bothways.cli.render.syncs import reasons
from bothways.cli.text import ago, columns, duration, in_command, moment, number

if TYPE_CHECKING:
    from bothways.service.views import AllowanceView, Finding, NextView, StatusView, SyncView

LEVELS = {"ok": "✓", "warning": "!", "problem": "×"}


BROKE_OFF = ("failed", "stopped")
"""States of runs that a person has to look at."""

NEXT = {
    "off": "",
    "paused": "paused",
    "halted": "paused",
    "stopped": "stopped",
    "no service": "when you run it",
    "at work": "at work",
    "resting": "rests",
    "failed": "again",
}
"""Short words for what stands against looking at a sync."""


def status(view: "StatusView", now: float) -> list[str]:
    """Return every sync with its counts and when it is looked at next, what needs a person, proofs, limits."""
    if not view.syncs:
        return [*_paused(view, now), "No sync yet. Add one under syncs: in bothways.yaml."]
    rows = [
        (
            each.name,
            each.direction,
            each.state_word,
            number(each.counts.in_sync),
            number(each.counts.left_out),
            number(each.counts.failing),
            number(each.counts.held),
            ago(each.last_run.ended_at or each.last_run.started_at, now) if each.last_run else "never",
            _next(each.next, now),
        )
        for each in view.syncs
    ]
    head = ("Sync", "Direction", "State", "In sync", "Left out", "Failing", "Held", "Last run", "Next look")
    hints = [hint for each in view.syncs for hint in (*needs(each), *_waits(each, now), *_broke_off(each))]
    hints += [f"· {each.name}: left out: {reasons(each.left_out)}" for each in view.syncs if each.left_out]
    found = [proven(each.proof, each.name, now) for each in view.syncs if each.proof is not None]
    table = columns([head, *rows], right=(3, 4, 5, 6))
    return [*table, *_paused(view, now), *hints, *found, *unsent(view.failing_channels), *limits(view.apps, now)]


def _paused(view: "StatusView", now: float) -> list[str]:
    if view.paused_at is None:
        return []
    return [f"! All syncs are paused since {moment(view.paused_at, now)}. Let them go on: bothways resume"]


def _next(view: "NextView", now: float) -> str:
    word = NEXT.get(view.why, view.why)
    if view.at is None:
        return word
    when = f"in {duration(view.at - now)}" if view.at - now >= 1 else "now"
    return f"{word} {when}".lstrip()


def _waits(view: "SyncView", now: float) -> list[str]:
    """Return why a sync that is on is not looked at sooner."""
    at = moment(view.next.at, now)
    if view.next.why in ("halted", "stopped"):
        word = NEXT[view.next.why]
        go_on = f"bothways resume {in_command(view.name)}"
        return [f"! {view.name} was {word} by {view.next.trouble}. Let it go on: {go_on}"]
    if view.next.why == "resting":
        return [f"! {view.name}: {view.next.app} is left alone until {at}, since it failed: {view.next.trouble}"]
    if view.next.why == "failed":
        return [f"! {view.name}: tried again at {at}. It stopped: {view.next.trouble}"]
    return []


def _broke_off(view: "SyncView") -> list[str]:
    """Return why the last run of a sync that is on has not come to its end, where nothing else says so."""
    run = view.last_run
    if view.state != "on" or view.next.why not in ("", "no service") or run is None or run.state not in BROKE_OFF:
        return []
    what = f"! {view.name}: run {run.id} {run.state}: {run.reason}"
    if run.state == "failed":
        return [what]
    return [f"{what}. Go on: bothways run {in_command(view.name)} --yes   Undo it: bothways undo {run.id}"]


def limits(apps: Sequence["AllowanceView"], now: float) -> list[str]:
    """Return what the apps have left of their calls of today, and which of them are left alone until when."""
    rows = [
        (app.app, f"{number(app.calls)} of {number(app.quota)}", number(app.left), moment(app.day_ends, now))
        for app in apps
        if app.day_ends is not None
    ]
    lines = columns([("App", "Calls today", "Left", "New day"), *rows], right=(2,)) if rows else []
    return lines + [
        f"· {app.app} is asked again at {moment(app.waits_until, now)}: {app.why}"
        for app in apps
        if app.waits_until is not None
    ]


def needs(view: "SyncView") -> list[str]:
    """Return what a person can do about a sync's failing and held records."""
    return [
        f"! {view.name}: {number(count)} {state}. See: bothways records {in_command(view.name)} --state {state}"
        for state, count in (("failing", view.counts.failing), ("held", view.counts.held))
        if count
    ]


def findings(views: Sequence["Finding"]) -> list[str]:
    """Return the doctor's findings, each with what to do."""
    lines = []
    for view in views:
        code = f" ({view.code})" if view.code and view.level != "ok" else ""
        lines.append(f"{LEVELS.get(view.level, '·')} {view.what}{code}")
        if view.to_do and view.level != "ok":
            lines.append(f"    {view.to_do}")
    bad = sum(view.level == "problem" for view in views)
    return [*lines, f"{bad} to fix." if bad else "Nothing to fix."]
