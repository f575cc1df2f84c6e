"""A plan as text: its records, what to look out for, and its totals last."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import clean, columns, counted, cut, in_command, listed, moment, number, pad
from bothways.cli.values import value_text

if TYPE_CHECKING:
    from bothways.service.views import ActionView, AppForecast, FieldView, PlanView

MARKS = {"create": "+", "update": "~", "link": "~", "hold": "?", "unlink": "×", "delete": "×", "tag": "~"}
WORDS = {"leave out": "left out", "wait": "waits", "skip": "skipped", "none": "in sync"}
NAME = 16
"""Cells kept for a record's name; a longer one pushes the rest to the right."""


def head(view: "PlanView") -> list[str]:
    """Return the line above the records."""
    told = f"{counted(view.compared, 'record')} compared"
    if view.part == "record":
        told = "this record and its partner compared"
    elif view.part:
        told = f"{number(view.compared)} of {counted(view.known, 'record')} compared, chosen at random"
    return [f"{view.sync}  {' ⇄ '.join(view.apps)}   {told}, nothing written"]


def action(row: "ActionView", apps: Sequence[str]) -> list[str]:
    """Return one record of a plan, with a line for each field that would be written or is held."""
    name = pad(cut(clean(row.name or "(no name)"), 30), NAME)
    lines = [f"  {MARKS.get(row.kind, '·')} {name}  {_summary(row, apps)}"]
    if row.kind not in ("create", "hold") or any(field.between for field in row.fields):
        lines += columns([_field(field) for field in row.fields], indent="      ")
    return lines


def _summary(row: "ActionView", apps: Sequence[str]) -> str:
    pair = " ⇄ ".join(f"{app} {row.ids[app]}" for app in apps if row.ids.get(app))
    match row.kind:
        case "create":
            to = next((field.app for field in row.fields), "") or next(
                (app for app in apps if not row.ids.get(app)), ""
            )
            return f"→ {to}, {counted(len(row.fields), 'field')}"
        case "hold":
            return f"held: {row.reason}"
        case "update":
            return pair
        case "link":
            return f"{pair}   {row.reason}"
        case "delete" | "tag":
            return f"{pair}   {row.reason}"
        case "unlink":
            return f"{pair}   unlinked: {row.reason}"
        case _:
            return f"{WORDS.get(row.kind, row.kind)}: {row.reason}"


def _field(field: "FieldView") -> tuple[str, str, str, str]:
    if field.between:
        values = " ≠ ".join(f"{app} {value_text(value)}" for app, value in field.between.items())
        return field.label or field.field, "", values, f"to decide: {field.hold}"
    why = f"held: {field.hold}" if field.hold else field.reason
    if field.lost:
        why = f"{why}; loses {field.lost}"
    return field.label or field.field, field.app, f"{value_text(field.before)} → {value_text(field.after)}", why


def foot(view: "PlanView", *, more: int) -> list[str]:
    """Return what follows the records: how many more there are, warnings, the totals by app."""
    lines = [f"    … {number(more)} more. See all: bothways plan {in_command(view.sync)} --show all"] if more else []
    lines += [*scope(view), *warnings(view)]
    if not (view.changes or view.linked or view.unlinked or view.held):
        return [*lines, f"Nothing would change. ({view.id})" if view.id else "Nothing would change."]
    title = f"Plan {view.id}" if view.id else "Plan by settings that are not saved"
    table = columns([(title, *view.apps), *_totals(view)], gap="   ", right=(1, 2))
    if view.id and (view.changes or view.linked):
        table[0] += f"          Apply exactly this plan: bothways apply {view.id}"
    return [*lines, *table, *cost(view)]


def cost(view: "PlanView") -> list[str]:
    """Return what the plan would cost, and which app does not allow so much today."""
    if view.forecast is None:
        return []
    now, found = time.time(), view.forecast
    apps = [f"{counted(rounded(each.calls), 'call')} of {name}{_of_day(each)}" for name, each in found.apps.items()]
    what = "A first run" if found.first else "Applying it"
    lines = [f"{what} takes about {' and '.join(apps)}, and about {lasting(found.seconds)}."]
    return lines + [
        f"! {name} leaves us {counted(each.left, 'call')} today; what is over waits until {moment(each.day_ends, now)}."
        for name, each in found.apps.items()
        if each.left is not None and each.calls > each.left
    ]


def _of_day(each: "AppForecast") -> str:
    if each.of_day is None:
        return ""
    share = f"{each.of_day:.0f} %" if each.of_day >= 1 else "less than 1 %"
    return f" ({share} of today's quota)"


def rounded(count: float) -> int:
    """Return a number as it is said with "about": its first two digits."""
    digits = max(len(str(int(count))) - 2, 0)
    return int(round(count, -digits))


def lasting(seconds: float) -> str:
    """Return a length of time in the largest unit that it has two of."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{rounded(seconds / size)} {unit}"
    return f"{max(rounded(seconds), 1)} s"


def scope(view: "PlanView") -> list[str]:
    """Return who enters and who leaves the sync, and why records are left out."""
    take = "takes" if view.entering == 1 else "take"
    lines = [f"· {counted(view.entering, 'pair')} {take} part again"] if view.entering else []
    if view.agreed:
        differ = "differs and stays as it is" if view.agreed == 1 else "differ and stay as they are"
        lines.append(f"· {counted(view.agreed, 'pair')} {differ}: only changes from now on are carried")
    lines += [f"· {counted(n, 'pair')} {'leaves' if n == 1 else 'leave'}: {why}" for why, n in view.leaving.items()]
    return lines + [f"· {counted(n, 'record')} left out: {why}" for why, n in view.left_out_why.items()]


def warnings(view: "PlanView") -> list[str]:
    """Return what a person should see before applying: fields that would be emptied, brakes that would stop a run."""
    lines = [
        f"! {title} would be emptied in {counted(count, 'record')}. Stop that: when_empty: keep"
        for title, count in view.emptied.items()
    ]
    lines += [f"! {view.advice}"] if view.advice else []
    lines += [
        f"! {counted(each.records, 'record')} in {each.app} share their {each.key} with another one there, such as "
        f"{listed([' and '.join(ids) for ids in each.examples])}. Merge them there if they are the same."
        for each in view.duplicates
    ]
    return lines + [f"! {brake.reason[:1].upper()}{brake.reason[1:]}. {brake.hint}".rstrip() for brake in view.brakes]


def _totals(view: "PlanView") -> Iterator[tuple[str, ...]]:
    for title, by_app in (("+ create", view.created), ("~ update", view.updated), ("× delete", view.deleted)):
        if any(by_app.values()):
            yield title, *(number(by_app.get(app, 0)) for app in view.apps)
    singles = (
        ("~ link", view.linked),
        ("× unlink", view.unlinked),
        ("? held", view.held),
        ("× failing", view.failing),
        ("· left out", view.left_out),
        ("· waiting", view.waiting),
    )
    for title, count in singles:
        if count:
            yield title, number(count)
    if view.conflicts:
        yield "! conflicts", number(view.conflicts)
    if view.to_decide:
        yield "? to decide", number(view.to_decide)
