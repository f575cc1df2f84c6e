"""History as text: how much there is, since when, and what of it can go."""

from typing import TYPE_CHECKING

from bothways.cli.text import counted, moment, number

if TYPE_CHECKING:
    from bothways.service.views import HistoryView, PrunedView

DAY = 86_400.0


def history(view: "HistoryView", now: float) -> list[str]:
    """Return what is kept for how long, and what is old."""
    keep = "for ever" if view.keep is None else f"for {number(round(view.keep / DAY))} days"
    since = f", since {moment(view.since, now)}" if view.since else ""
    there = f"{counted(view.runs, 'run')} and {counted(view.writes, 'write')}{since}"
    lines = [f"History is kept {keep}. There is: {there}."]
    if view.gone_before:
        gone = moment(view.gone_before, now)
        lines.append(f"What is older than {gone} is gone, but for the last write of each field.")
    if view.old_runs:
        old = f"{counted(view.old_runs, 'run')} with {counted(view.old_writes, 'write')}"
        lines.append(f"! Older than that, and can go: {old}. It goes by itself, or with: bothways history --prune")
    return lines


def pruned(view: "PrunedView") -> str:
    """Return how much was let go."""
    return f"Let go: {counted(view.runs, 'run')} and {counted(view.writes, 'write')}."
