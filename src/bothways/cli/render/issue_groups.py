"""Issues by their causes, as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, counted, cut, in_command, moment, number

if TYPE_CHECKING:
    from bothways.service.views import GroupView, TriedView, TroubleIssue

NEEDS = {
    "fix": "you can fix this here",
    "decide": "needs a decision",
    "in_app": "fix in the app",
    "retrying": "retrying by itself",
    "ours": "our fault",
}


def causes(rows: Sequence["GroupView"], failing: Sequence["TroubleIssue"], now: float) -> list[str]:
    """Return a list of causes, the apps and syncs that fail as a whole first."""
    lines = []
    for each in failing:
        again = f"; next try {moment(each.next_try, now)}" if each.next_try else ""
        what = f"{each.name} ({NEEDS[each.need]}): {each.words} ({each.code}) {number(each.waiting)} wait{again}"
        lines.append(what)
    table = [
        (row.id, row.sync, number(row.count), NEEDS[row.need], moment(row.since, now), cut(row.title, 60))
        for row in rows
    ]
    return [*lines, *(columns([("Cause", "Sync", "Records", "Needs", "Since", "What"), *table]) if table else [])]


def none(*, ignored: bool, others: bool) -> str:
    """Say that there is no cause to list; ``others``: there are some that are ignored."""
    if ignored:
        return "Nothing is ignored."
    return "Nothing is held but what is ignored: bothways issues --by-cause --ignored" if others else "Nothing is held."


def cause(row: "GroupView", now: float) -> list[str]:
    """Return one cause with its values, and what can be done about it."""
    head = (row.id, row.sync, counted(row.count, "record"), NEEDS[row.need], f"since {moment(row.since, now)}")
    lines = ["   ".join(head), row.title, f"{row.app}: {row.said}", row.by_itself, row.to_do]
    likely = {each.key: each.label for each in row.choices}
    values = [
        (each.label, number(each.count), f"probably {likely[each.suggestion]}" if each.suggestion else "")
        for each in row.values
    ]
    lines += columns(values, indent="  ")
    if row.mend:
        lines.append(f"{row.mend.solved} of {row.mend.total} solved, {row.mend.waiting} tried by the next run.")
    if row.values:
        first = row.values[0]
        lines.append(f"Pair them: bothways issues resolve {row.id} --pair {in_command(f'{first.label}=CHOICE')}")
    if row.can_retry:
        lines.append(f"Try them again: bothways issues retry {row.id}")
    return [*lines, f"Leave them alone: bothways issues ignore {row.id}"]


def tried(done: "TriedView") -> list[str]:
    """Return what is tried again, and when."""
    name = in_command(done.sync)
    when = f"bothways run {name}" if done.is_on else f"when {done.sync} is on: bothways sync on {name}"
    return [f"{number(done.count)} tried again by the next run: {when}"]


def ignored(id: str, count: int, undo: bool) -> list[str]:
    """Return how many issues are ignored from now on, or no longer are."""
    if undo:
        return [f"{number(count)} asked about again."]
    return [f"{number(count)} ignored until edited again. Take that back: bothways issues ignore {id} --undo"]
