"""Records as text: lists, the story of a value, the proof that both apps hold the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, counted, cut, duration, in_command, listed, moment, number
from bothways.cli.values import value_text
from bothways.records import is_blank

if TYPE_CHECKING:
    from bothways.service.views import Difference, Event, FieldStory, LastProof, Proof, RecordView, WhyView

STATES = {
    "in_sync": "In sync",
    "left_out": "Left out",
    "failing": "Failing",
    "held": "Held",
    "waiting": "Waiting",
}
SHOWN = 20
"""Differences listed before the rest is only counted."""


def records(rows: Sequence["RecordView"], now: float) -> list[str]:
    """Return a list of records."""
    if not rows:
        return ["No such records."]
    apps = tuple(rows[0].ids)
    table = [
        (cut(row.name, 30), *(row.ids.get(app) or "" for app in apps), state(row), moment(row.since, now), row.reason)
        for row in rows
    ]
    return columns([("Name", *apps, "State", "Since", "Reason"), *table])


def state(row: "RecordView") -> str:
    """Return the word for a record's state."""
    return STATES.get(row.state, row.state)


def why(view: "WhyView", now: float) -> list[str]:
    """Return the story of each value; fields that are empty in both apps and always were are only counted."""
    row = view.record
    pair = " ⇄ ".join(f"{app} {id_}" for app, id_ in row.ids.items() if id_)
    reason = f": {row.reason}" if row.reason else ""
    lines = [f"{row.name}   {pair}   {state(row)}{reason}"]
    if view.left_out:
        lines.append(f"Let it take part again: bothways issues resolve {view.left_out} --undo")
    told = [story for story in view.fields if len(view.fields) == 1 or _has_story(story)]
    for story in told:
        lines += ["", *_story(story, now)]
    silent = len(view.fields) - len(told)
    return [*lines, "", f"{counted(silent, 'more field')} never held anything."] if silent else lines


def _has_story(story: "FieldStory") -> bool:
    return bool(story.events) or not all(is_blank(value) for value in story.values.values())


def _story(story: "FieldStory", now: float) -> list[str]:
    labels = " / ".join(dict.fromkeys(story.labels.values()))
    values = "   ".join(f"{app}: {value_text(value)}" for app, value in story.values.items())
    lines = [f"{labels}   {values}"]
    lines += [f"  {story.sentence}"] if story.sentence else []
    return lines + columns([_event(event, now) for event in story.events], indent="    ")


def _event(event: "Event", now: float) -> tuple[str, ...]:
    change = f"{value_text(event.before)} → {value_text(event.after)}"
    run = f"run {event.run}{', no longer kept' if event.gone else ''}" if event.run else ""
    return moment(event.at, now), event.app, change, event.what, run, event.reason


def proof(view: "Proof", sync: str) -> list[str]:
    """Return how both apps compare, every difference with its reason, the verdict last."""
    lines = _differences("× not equal, and no rule says why", view.different)
    lines += _differences("~ not equal, with a reason", view.explained)
    lines += [f"· {counted(count, 'record')} only in {app}" for app, count in view.unlinked.items() if count]
    lines.append(
        f"{sync}: {counted(view.pairs, 'pair')} read again in both apps, {number(view.equal)} equal in every field."
    )
    if view.different:
        why = f"bothways why {in_command(sync)} RECORD"
        return [*lines, f"! {counted(len(view.different), 'difference')} without a reason. See: {why}"]
    return [*lines, "✓ Everything that should be equal is equal."]


def last_proof(view: "LastProof", sync: str, now: float) -> list[str]:
    """Return what the last comparison by itself found: what differs with its reason, then the verdict."""
    shown = view.differences[:SHOWN]
    lines = columns([(each.name, each.field, each.why) for each in shown], indent="  ")
    rest = view.differ - len({tuple(each.ids.values()) for each in shown})
    if rest > 0:
        lines.append(f"  … {counted(rest, 'more pair')}")
    took = f"It took {duration(view.seconds)}; {counted(view.explained, 'pair')} differ with a reason"
    return [*lines, proven(view, sync, now), f"{took}, {number(view.waiting)} waited for their run."]


def proven(view: "LastProof", sync: str, now: float) -> str:
    """Return the verdict of the last comparison by itself in one line."""
    calls = counted(sum(view.calls.values()), "call")
    told = f"{sync}: {number(view.differ)} of {counted(view.pairs, 'pair')} differ, {moment(view.at, now)}, {calls}"
    if not view.differ:
        return f"✓ {told}"
    fates = [
        f"{number(view.marked)} looked at by the next run" if view.marked else "",
        f"{number(view.lasting)} looked at and still different" if view.lasting else "",
        f"{number(view.held)} waiting for you. See: bothways compare {in_command(sync)} --last" if view.held else "",
    ]
    return f"! {told}: {listed(fates)}"


def _differences(title: str, found: Sequence["Difference"]) -> list[str]:
    if not found:
        return []
    rows = [
        (
            each.name,
            each.field,
            "   ".join(f"{app}: {value_text(value)}" for app, value in each.values.items()),
            each.why,
        )
        for each in found[:SHOWN]
    ]
    rest = [f"  … {number(len(found) - SHOWN)} more. See all with --json"] if len(found) > SHOWN else []
    return [f"{title}: {number(len(found))}", *columns(rows, indent="  "), *rest]
