"""Syncs as text: the list, and one with its settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import columns, duration, listed, moment, number

if TYPE_CHECKING:
    from bothways.service.views import MappingView, RunSummary, SyncView


def syncs(views: Sequence["SyncView"]) -> list[str]:
    """Return the list of syncs."""
    if not views:
        return ["No sync yet. Add one under syncs: in bothways.yaml."]
    rows = [(view.name, view.direction, view.state_word, " ⇄ ".join(_ends(view)), every(view)) for view in views]
    return columns([("Sync", "Direction", "State", "Keeps in step", "Looks"), *rows])


def _ends(view: "SyncView") -> list[str]:
    return [f"{app} {view.objects[app]}" for app in view.apps]


def every(view: "SyncView") -> str:
    """Return how often a sync looks for changes."""
    return f"every {duration(view.every) if view.every != int(view.every) else whole(int(view.every))}"


def whole(seconds: int) -> str:
    """Return whole seconds as a length of time."""
    return duration(seconds) if seconds >= 10 else f"{seconds} s"


def sync(view: "SyncView", now: float) -> list[str]:
    """Return one sync with its settings, its counts and its last run."""
    counts = view.counts
    numbers = (
        ("In sync", counts.in_sync),
        ("Left out", counts.left_out),
        ("Failing", counts.failing),
        ("Held", counts.held),
        ("Waiting", counts.waiting),
    )
    settings = [
        ("Matched by", listed((_match(each, view.apps) for each in view.match), "nothing: no record is linked")),
        ("Both changed", f"{view.default_app} wins"),
        ("Brakes", guards(view.guards)),
        ("Last run", last_run(view.last_run, now)),
    ]
    return [
        f"{view.name}  {' ⇄ '.join(_ends(view))}   {view.direction}, {every(view)}, revision {view.revision}",
        f"{view.state_word}.  " + "   ".join(f"{title} {number(count)}" for title, count in numbers),
        *columns(settings),
        "Fields",
        *columns([_mapping(each, view.apps) for each in view.mappings], indent="  "),
    ]


def _match(match: object, apps: Sequence[str]) -> str:
    names = [match.fields[app] for app in apps]  # type: ignore[attr-defined]
    return f"{' = '.join(names)} ({match.compare})"  # type: ignore[attr-defined]


def _mapping(view: "MappingView", apps: Sequence[str]) -> tuple[str, ...]:
    left, right = apps
    arrow = {f"to_{right}": "→", f"{left} to {right}": "→", f"to_{left}": "←", f"{right} to {left}": "←"}
    notes = [
        "" if view.enabled else "off",
        f"{view.winner} wins" if view.winner else "",
        "emptying follows" if view.when_empty == "clear" else "",
    ]
    return view.fields[left], arrow.get(view.direction, "⇄"), view.fields[right], listed(notes)


def guards(view: object) -> str:
    """Return the brakes of a sync in words."""
    pairs = view.items() if isinstance(view, dict) else vars(view).items()
    return listed(f"{name} {value}" for name, value in pairs)


def last_run(view: "RunSummary | None", now: float) -> str:
    """Return the last run in words."""
    if view is None:
        return "never"
    return f"{view.id} at {moment(view.started_at, now)}: {listed([view.state, view.reason])}"
