"""What apps tell of how many records they have and who is in their lists, not asked again by every page that counts."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TypeVar

from bothways.connectors.abilities import KeepsLists
from bothways.errors import AppError, SettingsError
from bothways.service.allowances import accounted, into_the_reserve
from bothways.service.connect import Opened, open_app
from bothways.service.workspace import Workspace
from bothways.sync.lists import lists_by_name

T = TypeVar("T")

KEPT = 60.0
"""Seconds for which an app is not asked the same again."""

MOST = 5000
"""Members of a list; of longer ones nobody waits for all while a page is made."""

Place = tuple[str, str, str, str]
"""What was asked: of the app of a workspace, by its database; of an object; of which list, "" for the object itself."""

_totals: dict[Place, tuple[float, int | None]] = {}
_members: dict[Place, tuple[float, frozenset[str] | None]] = {}


def total(workspace: Workspace, app: str, object: str) -> int | None:
    """Return how many records of a kind an app has; None where it does not tell."""
    place = (workspace.database, app, object, "")
    return _told(workspace, place, _totals, lambda opened: opened.connector.count(object))


def members(workspace: Workspace, app: str, object: str, names: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return the ids of the records in lists of an app, by the names of the lists in small letters; those left out that
    are very long or that it does not tell of.
    """
    found = {}
    for name in names:
        place = (workspace.database, app, object, name)
        ids = _told(workspace, place, _members, partial(_read, object=object, name=name))
        if ids is not None:
            found[name] = ids
    return found


def _told(
    workspace: Workspace, place: Place, kept: dict[Place, tuple[float, T | None]], ask: Callable[[Opened], T | None]
) -> T | None:
    """Return what an app told of late, or tells now; None where it cannot be asked."""
    now = workspace.clock()
    for old, (at, _) in list(kept.items()):
        if old[0] == place[0] and not 0 <= now - at < KEPT:
            kept.pop(old, None)
    told = kept.get(place)
    if told is None:
        try:
            told = kept[place] = (now, _asked(workspace, place[1], ask))
        except (AppError, SettingsError):
            return None
    return told[1]


@accounted
def _asked(workspace: Workspace, app: str, ask: Callable[[Opened], T | None]) -> T | None:
    opened = open_app(workspace, app)
    with into_the_reserve(opened):
        return ask(opened)


def _read(opened: Opened, object: str, name: str) -> frozenset[str] | None:
    lists = lists_by_name(opened.connector, object).get(name, [])
    if len(lists) != 1 or not isinstance(opened.connector, KeepsLists):
        return None
    found = set[str]()
    for ids in opened.connector.members(object, lists[0].id):
        found.update(ids)
        if len(found) > MOST:
            return None
    return frozenset(found)
