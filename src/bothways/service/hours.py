"""The last 24 hours: what a sync has written and how late, what an app was asked."""

from bothways.connectors import registry
from bothways.connectors.budget import MAIN
from bothways.engine.sides import SIDES
from bothways.ledger import hours
from bothways.ledger.hours import HOUR
from bothways.ledger.models import Sync
from bothways.service.counting import MANY
from bothways.service.database import on_database
from bothways.service.log import written_in
from bothways.service.resolution import row_of
from bothways.service.rights import Role, for_role
from bothways.service.views import CallsOfHour, CallsView, DayView, HourView
from bothways.service.workspace import Workspace

SHOWN = 24
"""Hours that are shown, the one that has just begun among them."""

SETTLED = 300.0
"""Seconds after an hour by which everything that was written in it is committed."""

_kept: dict[tuple[str, int, int], dict[tuple[str, str], int]] = {}
"""What was written in hours that are over and in which that was very much: by database, sync and hour."""


@on_database
@for_role(Role.VIEWER)
def day_of(workspace: Workspace, name: str) -> DayView:
    """Return what a sync has written in the last 24 hours, and how late; raise UnknownSync."""
    sync, apps, last = row_of(workspace, name), workspace.sync(name).apps, hours.hour_of(workspace.clock())
    first = last - SHOWN + 1
    late = hours.late(sync, first)
    found = []
    for hour in range(first, last + 1):
        written = _written(workspace, sync, hour)
        created, updated, deleted = written_in({side: apps[side] for side in SIDES}, written)
        changed = {app: updated[app] + deleted[app] for app in updated}
        known = late.get(hour)
        of_hour = (known.median, known.worst) if known is not None else (None, None)
        found.append(HourView(hour * HOUR, created, changed, *of_hour))
    both = hours.together(late.values())
    return DayView(name, tuple(found), *((both.median, both.worst) if both is not None else (None, None)))


@on_database
@for_role(Role.VIEWER)
def calls_of(workspace: Workspace, name: str) -> CallsView:
    """Return the calls that we made to an app in the last 24 hours; it is not asked. Raises UnknownApp."""
    document, last = workspace.app(name), hours.hour_of(workspace.clock())
    first = last - SHOWN + 1
    made = hours.calls(name, first)
    limit, seconds = registry.connector_class(document.connector).limits.get(MAIN, (0, 0.0))
    return CallsView(
        name,
        tuple(CallsOfHour(hour * HOUR, made.get(hour, 0)) for hour in range(first, last + 1)),
        int(limit * HOUR / seconds) if limit and seconds else None,
    )


def _written(workspace: Workspace, sync: Sync, hour: int) -> dict[tuple[str, str], int]:
    place = (workspace.database, sync.pk, hour)
    if place in _kept:
        return _kept[place]
    found = hours.written(sync, hour)
    if sum(found.values()) >= MANY and workspace.clock() > (hour + 1) * HOUR + SETTLED:
        for old in [each for each in _kept if each[2] <= hour - SHOWN]:
            _kept.pop(old, None)
        _kept[place] = found
    return found
