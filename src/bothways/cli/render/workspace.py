"""The workspace as text: the state of every sync, the findings of the doctor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import ago, columns, moment, number

if TYPE_CHECKING:
    from bothways.service.views import AllowanceView, Finding, SyncView

LEVELS = {"ok": "✓", "warning": "!", "problem": "×"}


def status(views: Sequence["SyncView"], now: float) -> list[str]:
    """Return every sync with its counts, then what needs a person."""
    if not views:
        return ["No sync yet. Add one under syncs: in bothways.yaml."]
    rows = [
        (
            view.name,
            view.direction,
            view.state_word,
            number(view.counts.in_sync),
            number(view.counts.left_out),
            number(view.counts.failing),
            number(view.counts.held),
            ago(view.last_run.ended_at or view.last_run.started_at, now) if view.last_run else "never",
        )
        for view in views
    ]
    head = ("Sync", "Direction", "State", "In sync", "Left out", "Failing", "Held", "Last run")
    return columns([head, *rows], right=(3, 4, 5, 6)) + [hint for view in views for hint in needs(view)]


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
        f"! {view.name}: {number(count)} {state}. See: bothways records {view.name} --state {state}"
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
