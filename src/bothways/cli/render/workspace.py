"""The workspace as text: the state of every sync, the findings of the doctor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.render.records import proven
from bothways.cli.text import ago, columns, number

if TYPE_CHECKING:
    from bothways.service.views import Finding, SyncView

LEVELS = {"ok": "✓", "warning": "!", "problem": "×"}


def status(views: Sequence["SyncView"], now: float) -> list[str]:
    """Return every sync with its counts, then what needs a person, and what the last proofs found."""
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
    lines = columns([head, *rows], right=(3, 4, 5, 6)) + [hint for view in views for hint in needs(view)]
    return lines + [proven(view.proof, view.name, now) for view in views if view.proof is not None]


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
