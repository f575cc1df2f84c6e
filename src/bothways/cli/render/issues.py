"""What is held, as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, cut, in_command, moment
from bothways.cli.values import value_text

if TYPE_CHECKING:
    from bothways.service.views import IssueView, PairHistory, PairView, RecordView


def issues(rows: Sequence["IssueView"], now: float) -> list[str]:
    """Return a list of issues."""
    if not rows:
        return ["Nothing is held."]
    table = [
        (row.id, row.sync, cut(row.name, 30), f"{row.app} {row.record}", moment(row.since, now), _reason(row))
        for row in rows
    ]
    return columns([("Issue", "Sync", "Name", "Record", "Since", "Reason"), *table])


def _reason(row: "IssueView") -> str:
    return f"decided: {row.decided}; the next run does it" if row.decided else row.reason


def issue(row: "IssueView", now: float) -> list[str]:
    """Return one issue with all who may be meant, and how it can be decided."""
    head = (row.id, row.sync, row.name, f"{row.app} {row.record}", f"since {moment(row.since, now)}")
    lines = ["   ".join(filter(None, head)), row.reason]
    lines += columns([(each.app, each.id, each.name) for each in row.candidates], indent="  ")
    lines += columns([(app, value_text(value)) for app, value in row.values.items()], indent="  ")
    for each in row.histories:
        lines += _history(each, now)
    if row.decided and row.kind == "left_out":
        return [*lines, f"Let it take part again: {_resolve(row)} --undo"]
    if row.decided:
        return [*lines, f"Decided: {row.decided}. The next run does it; take it back: {_resolve(row)} --undo"]
    if row.kind == "match":
        others = [each.id for each in row.candidates if each.app != row.app]
        first = others[0] if others else "ID"
        lines.append(f"Decide: {_resolve(row)} --link {first}   or --apart ID, --create or --leave-out")
    if row.kind == "conflict":
        first = next(iter(row.values), "APP")
        lines.append(
            f"Decide: {_resolve(row)} --use {first}   or --value VALUE; for the others like it too: --alike values"
        )
    return lines


def decided(rows: Sequence["IssueView"], now: float) -> list[str]:
    """Return an issue that was decided, and how many others with it."""
    more = [f"Decided so for {len(rows) - 1} more."] if len(rows) > 1 else []
    return [*issue(rows[0], now), *more]


def _history(pair: "PairHistory", now: float) -> list[str]:
    """Return one pair that a merge concerns, and what was written to it."""
    both = " ⇄ ".join(f"{app} {id}" for app, id in pair.ids.items())
    ended = f", ended {moment(pair.ended_at, now)}" if pair.ended_at else ""
    head = f"{both}   linked {moment(pair.linked_at, now)}: {pair.why}{ended}"
    return [head, *columns([(moment(at, now), app, what) for at, app, what in pair.written], indent="    ")]


def _resolve(row: "IssueView") -> str:
    return f"bothways issues resolve {row.id}"


def paused(sync: str, view: "RecordView", done: str) -> list[str]:
    """Return what was paused, or flows again."""
    ids = {app: id for app, id in view.ids.items() if id}
    both = " ⇄ ".join(f"{app} {id}" for app, id in ids.items())
    if done == "resume":
        return [f"{both} flow again, with what changed meanwhile: bothways run {in_command(sync)}"]
    first = in_command(":".join(next(iter(ids.items()), ("", ""))))
    return [f"{both} are paused. Let them flow again: bothways resume {in_command(sync)} {first}"]


def pair(view: "PairView", done: str) -> list[str]:
    """Return what was decided about two records."""
    both = " ⇄ ".join(f"{app} {id}" for app, id in view.ids.items())
    if done == "unlink-plan":
        return [f"{both} would no longer be linked. Both stay as they are, and nothing flows between them."]
    if done == "link":
        return [f"{both} will be linked by the next run: bothways run {in_command(view.sync)}"]
    ids = " ".join(in_command(f"{app}:{id}") for app, id in view.ids.items())
    if done == "apart":
        return [f"{both} are kept apart. If they are the same after all: bothways link {in_command(view.sync)} {ids}"]
    return [f"{both} are no longer linked. Link them again: bothways link {in_command(view.sync)} {ids}"]
