"""Runs as text: what one did and how to go on, the list of them, an undo."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, counted, duration, listed, moment, number

if TYPE_CHECKING:
    from bothways.service.views import RunSummary, RunView, UndoView


def run(view: "RunView", now: float) -> list[str]:
    """Return what a run did, what waits, and the commands to go on with."""
    end = "Done" if view.state == "done" else "Stopped"
    lines = [f"{end} in {duration(view.seconds)}. {_result(view)}."]
    if view.state != "done" and view.reason:
        lines.append(f"Why it stopped: {view.reason}.")
    if view.waiting or view.remaining:
        lines.append(_waits(view, now))
    hints = list(_hints(view))
    return lines + ["   ".join(hints)] * bool(hints)


def _result(view: "RunView") -> str:
    created, updated = sum(view.created.values()), sum(view.updated.values())
    numbers = ((created, "created"), (updated, "updated"), (view.skipped, "skipped"))
    troubles = ((view.failing, "failing"), (view.held, "held"))
    return listed(f"{number(n)} {word}" for n, word in (*numbers, *troubles) if n) or "Nothing to change"


def _waits(view: "RunView", now: float) -> str:
    parts = []
    if view.remaining:
        parts.append(f"{counted(view.remaining, 'record')} not written yet.")
    if view.waiting:
        again = f", next try at {moment(view.next_at, now)}" if view.next_at else ""
        parts.append(f"{counted(view.waiting, 'record')} {'waits' if view.waiting == 1 else 'wait'}{again}.")
    return " ".join(parts)


def _hints(view: "RunView") -> Iterator[str]:
    if view.state != "done":
        yield f"Go on: bothways run {view.sync} --yes"
    if sum(view.created.values()) + sum(view.updated.values()):
        yield f"Undo all of it: bothways undo {view.id}"
    for state, count in (("failing", view.failing), ("held", view.held)):
        if count:
            yield f"{state.capitalize()}: bothways records {view.sync} --state {state}"


def watched(view: "RunView", now: float) -> list[str]:
    """Return one line of ``watch`` about a run, none if it changed nothing."""
    changed = by_app(view.created, "created") + by_app(view.updated, "updated")
    if not changed and view.state == "done":
        return []
    reason = f"stopped: {view.reason}" if view.state != "done" else ""
    return [f"{moment(now, now)}  {view.sync}  {listed([*changed, reason])}  {view.id}"]


def by_app(counts: Mapping[str, int], word: str) -> list[str]:
    """Return counts by app as words: ``2 updated in HubSpot``."""
    return [f"{number(count)} {word} in {app}" for app, count in counts.items() if count]


def log(views: Sequence["RunSummary"], now: float) -> list[str]:
    """Return the list of runs."""
    if not views:
        return ["No run yet."]
    rows = [
        (
            view.id,
            view.sync,
            moment(view.started_at, now),
            f"undo of {view.undoes}" if view.undoes else view.kind,
            view.state,
            number(_total(view.created)),
            number(_total(view.updated)),
            view.reason,
        )
        for view in views
    ]
    return columns([("Run", "Sync", "Began", "Kind", "State", "Created", "Updated", "Reason"), *rows], right=(5, 6))


def _total(count: int | Mapping[str, int]) -> int:
    return count if isinstance(count, int) else sum(count.values())


def undo(view: "UndoView", *, only_planned: bool) -> list[str]:
    """Return what an undo did or would do, and what it leaves alone with the reasons."""
    if only_planned:
        lines = [f"Would put back {counted(view.restored, 'record')} and remove {number(view.removed)} created by it."]
    elif view.restored + view.removed:
        lines = [f"Put back {counted(view.restored, 'record')}, removed {number(view.removed)} created by it."]
    else:
        lines = ["There is nothing to put back."]
    if view.kept:
        lines.append(f"{counted(len(view.kept), 'record')} left as {'it is' if len(view.kept) == 1 else 'they are'}:")
        lines += columns([(kept.app, kept.record, kept.reason) for kept in view.kept], indent="  ")
    if only_planned and view.restored + view.removed:
        lines.append(f"Do it: bothways undo {view.run}")
    elif not only_planned and view.restored + view.removed:
        lines.append(f"Undo the undo: bothways undo {view.id}")
    return lines
