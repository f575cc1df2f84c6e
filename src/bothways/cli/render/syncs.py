"""Syncs as text: the list, and one with its settings."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, counted, in_command, listed, moment, number
from bothways.cli.values import value_text

if TYPE_CHECKING:
    from bothways.service.views import (
        AssociationView,
        DeletedView,
        ImportedSync,
        ImportView,
        LeftOutView,
        MappingView,
        MatchView,
        RunSummary,
        SetView,
        SyncView,
        WinnerView,
    )


WINS = {"newest": "the newest wins, else {app}", "ask": "a person is asked"}
WINNER = {"newest": "the newest wins", "ask": "a person is asked"}
CONSENT = {"opt_out": "opted out", "opt_in": "opted in"}

WHEN_SET = {
    "created": "in new records",
    "created_or_updated": "in new records and with every write",
    "leaving": "when a pair leaves",
    "deleted": "after the partner was deleted",
}
LEFT_OUT = {
    "email": "no e-mail address",
    "filter": "outside a filter",
    "one_way": "their app sends nothing",
    "partner": "partner gone",
    "unlinked": "link ended",
    "from_now": "unchanged since the sync began",
    "other_sync": "left to another sync",
    "person": "left out by a person",
    "empty": "nothing to send",
    "deletion": "deletion to follow",
    "gone": "no longer there",
}
LEAVING = {
    "freeze": "nothing flows until the record fits again",
    "keep": "a linked record is kept in step",
    "unlink": "the link ends",
    "tag": "nothing flows until the record fits again, and a tag is written",
}


def syncs(views: Sequence["SyncView"]) -> list[str]:
    """Return the list of syncs."""
    if not views:
        return ["No sync yet. Add one under syncs: in bothways.yaml."]
    rows = [(view.name, view.direction, view.state_word, " ⇄ ".join(_ends(view)), every(view)) for view in views]
    return columns([("Sync", "Direction", "State", "Keeps in step", "Looks"), *rows])


def _ends(view: "SyncView") -> list[str]:
    return [f"{app} {view.objects[app]}" for app in view.apps]


def every(view: "SyncView") -> str:
    """Return how often a sync looks for changes, in seconds as in bothways.yaml."""
    return f"every {view.every:g} s"


def sync(view: "SyncView", now: float) -> list[str]:
    """Return one sync with its settings, its counts and its last run."""
    counts = view.counts
    numbers = (
        ("In sync", counts.in_sync),
        ("Left out", counts.left_out),
        ("Failing", counts.failing),
        ("Held", counts.held),
        ("Waiting", counts.waiting),
        *([("To decide", counts.to_decide)] if counts.to_decide else []),
    )
    settings = [
        *((f"{app} sends", words) for app, words in view.sends.items()),
        *([("Required", "a valid e-mail address in one of the two")] if view.requires else []),
        *([("Leaving", LEAVING[view.when_leaving])] if view.when_leaving else []),
        *([("Leads", view.leads)] if view.leads else []),
        *([("Deletes", deletes(view))] if any(word != "keep" for word in view.deletes.values()) else []),
        ("Matched by", listed((_match(each, view.apps) for each in view.match), "nothing: no record is linked")),
        ("Both changed", WINS.get(view.wins, "{app} wins").format(app=view.default_app)),
        ("Brakes", guards(view.guards)),
        *([("Quiet", f"from {view.quiet}")] if view.quiet else []),
        ("Last run", last_run(view.last_run, now)),
    ]
    return [
        f"{view.name}  {' ⇄ '.join(_ends(view))}   {view.direction}, {every(view)}, revision {view.revision}",
        f"{view.state_word}.  " + "   ".join(f"{title} {number(count)}" for title, count in numbers),
        *([f"Left out: {reasons(view.left_out)}"] if view.left_out else []),
        *columns(settings),
        "Fields",
        *columns([_mapping(each, view.apps) for each in view.mappings], indent="  "),
        *(["Associations"] if view.associations else []),
        *columns([_association(each, view.apps) for each in view.associations], indent="  "),
        *(["Set"] if view.sets else []),
        *columns([_set(each) for each in view.sets], indent="  "),
    ]


def reasons(view: "LeftOutView") -> str:
    """Return why records are left out, and how many for each reason."""
    return listed(f"{LEFT_OUT.get(by, by)} {number(count)}" for by, count in view.by.items())


def deletes(view: "SyncView") -> str:
    """Return what becomes of records whose partners were deleted."""
    days = f"{view.grace / 86_400:g} days"
    return listed(f"{app}: {word}{'' if word == 'keep' else f' after {days}'}" for app, word in view.deletes.items())


def _match(view: "MatchView", apps: Sequence[str]) -> str:
    pair = f"{' = '.join(view.fields[app] for app in apps)} ({view.compare})"
    return pair if view.links else f"{pair}, held for you"


def _mapping(view: "MappingView", apps: Sequence[str]) -> tuple[str, ...]:
    left, right = apps
    arrow = {f"to_{right}": "→", f"to_{left}": "←"}
    notes = [
        "" if view.enabled else "off",
        WINNER.get(view.winner, f"{view.winner} wins") if view.winner else "",
        listed(f"yes in {app}: {CONSENT[word]}" for app, word in view.consent.items()),
        "emptying follows" if view.when_empty == "clear" else "",
        f"only {view.only}" if view.only else "",
        f"cleaned by {listed(view.clean)}" if view.clean else "",
        listed(f"{one} = {other}" for one, other in view.values),
        _other(view),
    ]
    return view.fields[left], arrow.get(view.direction, "⇄"), view.fields[right], listed(notes)


def _association(view: "AssociationView", apps: Sequence[str]) -> tuple[str, ...]:
    left, right = apps
    arrow = {f"to_{right}": "→", f"to_{left}": "←"}.get(view.direction, "⇄")
    note = f"off: {view.why_off}" if view.why_off else f"through {view.sync}"
    labels = (f'label "{pair[left]}" {arrow} "{pair[right]}"' for pair in view.paired)
    return view.fields[left], arrow, view.fields[right], listed([note, *labels])


def _set(view: "SetView") -> tuple[str, ...]:
    return f"{view.app} {view.field}", "=", value_text(view.value), WHEN_SET[view.when]


def _other(view: "MappingView") -> str:
    """Say what becomes of options that are paired with none."""
    if view.defaults:
        return listed(f"others become {option} in {app}" for app, option in view.defaults.items())
    return {"hold": "others are held", "leave_out": "others are left out"}.get(view.other, "")


def guards(view: Mapping[str, object]) -> str:
    """Return the brakes of a sync as they are written in bothways.yaml."""
    return listed(f"{name}: {value}" for name, value in view.items())


def last_run(view: "RunSummary | None", now: float) -> str:
    """Return the last run in words."""
    if view is None:
        return "never"
    return f"{view.id} at {moment(view.started_at, now)}: {listed([view.state, view.reason])}"


def deleted(view: "DeletedView") -> list[str]:
    """Return what was deleted, what stays, and until when it can be had back."""
    day = time.strftime("%Y-%m-%d", time.localtime(view.until))
    kept = f"Its {counted(view.links, 'link')} and its history are kept until {day}"
    return [
        f"{view.sync} is deleted. The records in both apps stay as they are.",
        f"{kept}. Have it back: bothways sync restore {in_command(view.sync)}",
    ]


def imported(view: "ImportView", *, only_planned: bool) -> list[str]:
    """Return what bringing syncs in would change, or has changed."""
    from bothways.service.diff import in_words

    lines = []
    for each in view.syncs:
        ends = " ⇄ ".join(f"{app} {object}" for app, object in each.objects.items())
        lines.append(f"{_brought_in(each, only_planned)}   {ends}")
        if not each.new:
            lines += [f"      {in_words(change)}" for change in each.changes]
        if each.said:
            lines.append(f"      The file says that it is {each.said}: that is not taken over.")
    told = (f"! {app} is described otherwise in the file. It stays as it is here." for app in view.apps)
    return [*lines, *told]


def _brought_in(view: "ImportedSync", only_planned: bool) -> str:
    if view.new:
        return f"+ {view.name} {'would be' if only_planned else 'is'} a new draft: nothing flows until it is turned on."
    if not view.changes:
        return f"· {view.name} says in the file what it says here."
    return f"~ {view.name} {'would be' if only_planned else 'is'} changed, and stays {view.state}."


def winner(view: "WinnerView", *, only_planned: bool) -> list[str]:
    """Return who wins a field from now on, who did before, and what of it waits."""
    before = WINNER.get(view.before, f"{view.before} wins")
    label = next(iter(view.labels.values()))
    line = (
        f"{view.app} {'would win' if only_planned else 'wins'} {label} of {view.sync} from now on; until now {before}."
    )
    waits = f"{counted(view.waiting, 'difference')} of it that wait for a person are decided so by the next run."
    return [line, *([waits] if view.waiting else [])]
