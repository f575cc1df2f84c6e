"""Runs as text: what one did and how to go on, the list of them, an undo."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, counted, cut, duration, in_command, listed, moment, number

if TYPE_CHECKING:
    from bothways.service.views import HaltView, RunSummary, RunView, UndoView


def run(view: "RunView", now: float) -> list[str]:
    """Return what a run did, what waits, and the commands to go on with."""
    end = "Done" if view.state == "done" else "Stopped"
    lines = [f"{end} in {duration(view.seconds)}. {_result(view)}."]
    if view.state != "done" and view.reason:
        lines.append(f"Why it stopped: {view.reason}.")
    lines += _skipped(view)
    lines += [f"! {view.advice}"] if view.advice else []
    if view.waiting or view.remaining:
        lines.append(_waits(view, now))
    hints = list(_hints(view))
    return lines + ["   ".join(hints)] * bool(hints)


def halt(view: "HaltView") -> list[str]:
    """Return that a sync was paused or stopped, and how it goes on."""
    word = "stopped" if view.stopped else "paused"
    go_on = f"bothways resume {in_command(view.sync)}"
    lines = [f"{view.sync} is {word}; what is being written ends first. Let it go on: {go_on}"]
    return lines + ([f"What it wrote can be undone: bothways undo {view.run}"] if view.run else [])


def _result(view: "RunView") -> str:
    created, updated = sum(view.created.values()), sum(view.updated.values())
    numbers = (
        (created, "created"),
        (updated, "updated"),
        (sum(view.deleted.values()), "deleted"),
        (view.unlinked, "unlinked"),
        (view.skipped, "skipped"),
    )
    troubles = ((view.failing, "failing"), (view.held, "held"))
    return listed(f"{number(n)} {word}" for n, word in (*numbers, *troubles) if n) or "Nothing to change"


def _skipped(view: "RunView") -> list[str]:
    if not view.skipped_records:
        return []
    rows = [
        (cut(each.name, 30), " ⇄ ".join(f"{app} {id_}" for app, id_ in each.ids.items() if id_), each.reason)
        for each in view.skipped_records
    ]
    rest = view.skipped - len(rows)
    more = [f"  … {number(rest)} more"] if rest > 0 else []
    return ["Skipped, not overwritten:", *columns(rows, indent="  "), *more]


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
        yield f"Go on: bothways run {in_command(view.sync)} --yes"
    if sum(view.created.values()) + sum(view.updated.values()) + sum(view.deleted.values()):
        yield f"Undo all of it: bothways undo {view.id}"
    for state, count in (("failing", view.failing), ("held", view.held)):
        if count:
            yield f"{state.capitalize()}: bothways records {in_command(view.sync)} --state {state}"


def watched(view: "RunView", now: float) -> list[str]:
    """Return one line of ``watch`` about a run, none if it changed nothing."""
    changed = _written(view)
    if not changed and view.state == "done":
        return []
    reason = f"stopped: {view.reason}" if view.state != "done" else ""
    return [f"{moment(now, now)}  {view.sync or 'bothways.yaml'}  {listed([*changed, reason])}  {view.id}".rstrip()]


def _written(view: "RunView | RunSummary") -> list[str]:
    return by_app(view.created, "created") + by_app(view.updated, "updated") + by_app(view.deleted, "deleted")


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
            number(sum(view.created.values())),
            number(sum(view.updated.values())),
            number(sum(view.deleted.values())),
            view.reason,
        )
        for view in views
    ]
    titles = ("Run", "Sync", "Began", "Kind", "State", "Created", "Updated", "Deleted", "Reason")
    return columns([titles, *rows], right=(5, 6, 7))


def logged(view: "RunSummary", now: float) -> str:
    """Return one line of ``log --follow`` about a run that has ended."""
    kind = f"undo of {view.undoes}" if view.undoes else view.kind
    told = [*_written(view), view.reason]
    parts = (moment(view.ended_at or view.started_at, now), view.id, view.sync, f"{kind} {view.state}", listed(told))
    return "  ".join(filter(None, parts))


def undo(view: "UndoView", *, only_planned: bool) -> list[str]:
    """Return what an undo did or would do, and what it leaves alone with the reasons."""
    if view.unlinked:
        done = "would be taken back" if only_planned else "taken back"
        lines = [f"{counted(view.unlinked, 'link')} {done}.", *_kept(view)]
        return [*lines, f"Do it: bothways undo {view.run}"] if only_planned else lines
    touched = view.restored + view.removed + view.remade
    if not touched:
        first = "There is nothing to put back."
    elif only_planned:
        first = f"Would put back {counted(view.restored, 'record')} and remove {number(view.removed)} created by it."
    else:
        first = f"Put back {counted(view.restored, 'record')}, removed {number(view.removed)} created by it."
    lines = [first, *_remade(view, only_planned=only_planned), *_kept(view)]
    if touched:
        lines.append(f"Do it: bothways undo {view.run}" if only_planned else f"Undo the undo: bothways undo {view.id}")
    return lines


def _remade(view: "UndoView", *, only_planned: bool) -> list[str]:
    """Say what is lost of records that are made again; restoring them in their app loses nothing."""
    if not view.remade:
        return []
    would = "Would make" if only_planned else "Made"
    lines = [
        f"{would} {counted(view.remade, 'deleted record')} again, with another id and the synced fields alone: "
        "history, associations and all other fields are lost."
    ]
    return lines + ["Where the app has a recycle bin, restore them there instead: nothing is lost."] * only_planned


def _kept(view: "UndoView") -> list[str]:
    if not view.kept:
        return []
    rows = [(kept.app, kept.record, kept.reason) for kept in view.kept]
    verb = "it is" if len(rows) == 1 else "they are"
    return [f"{counted(len(rows), 'record')} left as {verb}:", *columns(rows, indent="  ")]
