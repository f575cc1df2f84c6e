"""Which connectors there are: ours and those of other packages, by the entry point ``bothways.connectors``."""

import difflib
from importlib.metadata import EntryPoint, entry_points

from bothways.connectors.base import Connector
from bothways.errors import UnknownConnector

GROUP = "bothways.connectors"


def connectors() -> dict[str, type[Connector]]:
    """Return every installed connector class by its name, in the order of names."""
    return {name: _load(point) for name, point in sorted(_points().items())}


def connector_class(name: str) -> type[Connector]:
    """Return the connector of this name; raise UnknownConnector with the nearest names."""
    points = _points()
    if name not in points:
        raise UnknownConnector(name=name, hint=_hint(name, sorted(points)))
    return _load(points[name])


def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> type[Connector]:
    found: type[Connector] = point.load()
    return found


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known) or 'none'}."
