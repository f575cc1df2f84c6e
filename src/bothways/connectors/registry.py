"""Which connectors there are: ours and those of other packages, by the entry point ``bothways.connectors``."""

import difflib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, get_origin

from bothways.connectors.abilities import KeepsLists
from bothways.connectors.base import Connector
from bothways.connectors.deep import ChecksDeeply
from bothways.connectors.webhooks import ReceivesWebhooks, Subscribes
from bothways.errors import ConnectorUnusable, UnknownConnector

GROUP = "bothways.connectors"

DEMANDED = (
    *(name for name, kind in Connector.__annotations__.items() if get_origin(kind) is ClassVar),
    *(name for name, each in vars(Connector).items() if callable(each) and not name.startswith("_")),
)
"""What every connector class has."""

TOGETHER = tuple(
    tuple(name for name, each in vars(kind).items() if callable(each) and not name.startswith("_"))
    for kind in (ReceivesWebhooks, Subscribes, KeepsLists, ChecksDeeply)
)
"""What a connector class has all of, or nothing: of one that has a part, nobody would be told why it does not work."""


def connectors() -> dict[str, type[Connector]]:
    """Return every installed connector class by its name, in the order of names; raise ConnectorUnusable."""
    return {name: _load(point) for name, point in sorted(_points().items())}


def connector_class(name: str) -> type[Connector]:
    """Return the connector of this name; raise UnknownConnector with the nearest names, ConnectorUnusable."""
    points = _points()
    if name not in points:
        raise UnknownConnector(name=name, hint=_hint(name, sorted(points)))
    return _load(points[name])


def is_known(name: str) -> bool:
    """Tell whether a connector of this name is installed, whether or not it can be used."""
    return name in _points()


@cache
def _points() -> dict[str, EntryPoint]:
    """Return what is installed: reading that takes long, and nothing is added to a process that runs."""
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _load(point: EntryPoint) -> type[Connector]:
    """Load a class of another package at the door: what it lacks is said there, and not when it is needed."""
    try:
        found: type[Connector] = point.load()
    except Exception as problem:
        raise _unusable(point, f"{type(problem).__name__}: {problem}") from problem
    if missing := [name for name in DEMANDED if not hasattr(found, name)]:
        raise _unusable(point, f"it has no {' and no '.join(missing)}")
    for names in TOGETHER:
        there = [name for name in names if hasattr(found, name)]
        if there and (missing := [name for name in names if name not in there]):
            raise _unusable(point, f"it has {' and '.join(there)}, but no {' and no '.join(missing)}")
    return found


def _unusable(point: EntryPoint, reason: str) -> ConnectorUnusable:
    package = point.dist.name if point.dist else point.value.partition(".")[0]
    return ConnectorUnusable(name=point.name, package=package, reason=reason)


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known) or 'none'}."
