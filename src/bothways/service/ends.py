"""What apps will support no longer: told from half a year before, wherever somebody looks, and by an alert."""

from collections.abc import Iterator

from bothways.connectors import registry
from bothways.connectors.ends import ends_of
from bothways.errors import EndsSoon, HasEnded
from bothways.service import alerts
from bothways.service.document import AppDocument
from bothways.service.workspace import Workspace


def ending(app: AppDocument, now: float) -> Iterator[EndsSoon | HasEnded]:
    """Yield what an app works by that ends soon, or has; it is not asked."""
    kind = registry.connector_class(app.connector)
    for end in ends_of(kind, app.settings):
        if end.is_near(now):
            told = EndsSoon if now < end.at else HasEnded
            yield told(app=app.name, part=end.part, date=end.date, hint=end.hint)


def look(workspace: Workspace, now: float) -> None:
    """Take note, in the caller's use of the database, of what ends that syncs which are on work by."""
    used = {app for sync in workspace.document.syncs.values() if sync.state == "on" for app in sync.pair}
    near = {app: found for app in used if (found := list(ending(workspace.app(app), now)))}
    alerts.ends({app: min(found, key=lambda each: str(each.facts["date"])) for app, found in near.items()}, now)
