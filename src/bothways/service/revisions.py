"""Settings in the database: every change of a sync's settings is a revision with its author and time."""

import getpass
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bothways.engine.sides import SIDES, Side
from bothways.errors import SettingsError, StaleSettings, StartsTooLate
from bothways.ledger import db, due, links, noted, rests, turns
from bothways.ledger.models import Connection, Feed, Plan, Revision, Run, Sync, Workspace
from bothways.service.document import FROM_NOW, AppDocument, Document, SyncDocument
from bothways.service.rights import HasActor
from bothways.service.sync_settings import settings_of
from bothways.sync.turned import catch_up

ON, OFF = "on", "off"
CHANGED_IN = "changed_in"
"""Under which key a revision keeps that of the workspace in which anything but the state was changed last."""


def import_settings(document: Document, now: float, author: str) -> int:
    """Take over what differs from the database; return the workspace's revision.

    A file that was exported before the latest change is refused if it would change anything.
    """
    if not _differing(document):
        return workspace_revision()
    with db.transaction_():
        found = _differing(document)  # once more: another thread or process may have taken it over just now
        row, _ = Workspace.objects.get_or_create(defaults={"name": "workspace"})
        for app in found.apps:
            Connection.objects.update_or_create(name=app.name, defaults=connection_of(app))
            rests.wake(app.name)
        for sync in found.syncs:
            _save(sync, found.stored.get(sync.name), now, author, row.revision + 1)
        _look_soon([sync.name for sync in found.syncs], now)
        for gone in found.removed:
            Sync.objects.filter(pk=gone.pk).update(state=OFF)
        row.revision += bool(found.syncs or found.removed)
        row.save(update_fields=["revision"])
    return int(row.revision)


def is_in_force(document: Document) -> bool:
    """Tell whether there is nothing of a file to be taken over; raise StaleSettings as ``import_settings`` does."""
    return not _differing(document) and document.revision in (None, workspace_revision())


class _Differing(NamedTuple):
    """What of a file differs from the database: syncs, those it no longer has, apps; ``stored``: the database's."""

    stored: Mapping[str, Sync]
    syncs: Sequence[SyncDocument]
    removed: Sequence[Sync]
    apps: Sequence[AppDocument]
    is_new: bool

    def __bool__(self) -> bool:
        return bool(self.syncs or self.removed or self.apps or self.is_new)


def _differing(document: Document) -> _Differing:
    """Return what differs; raise StaleSettings if the file was exported before the latest change."""
    current = workspace_revision()
    stored = {sync.name: sync for sync in Sync.objects.select_related("left", "right")}
    latest = {name: settings_in_force(sync) for name, sync in stored.items()}
    changed = [
        sync
        for sync in document.syncs.values()
        if latest.get(sync.name) != settings_of(sync) or stored[sync.name].state != sync.state
    ]
    if changed and document.revision is not None and document.revision < current:
        stale = changed[0]
        differences = "; ".join(differences_of(latest.get(stale.name, {}), settings_of(stale)))
        raise StaleSettings(name=stale.name, file=document.revision, current=current, diff=differences or "nothing")
    removed = [sync for name, sync in stored.items() if name not in document.syncs and sync.state != OFF]
    apps = [app for app in document.apps.values() if _differs(app)]
    return _Differing(stored, changed, removed, apps, not Workspace.objects.exists())


def _look_soon(names: list[str], now: float) -> None:
    """Let workers look at syncs and their feeds at once, whose next turns were told by other settings."""
    rows = Sync.objects.filter(name__in=names)
    turns.ask(turns.SYNC, [row.pk for row in rows], now)
    turns.ask(turns.FEED, [feed for row in rows for feed in (row.left_id, row.right_id)], now)


def latest_revision(sync: Sync) -> Revision:
    """Return the revision in force."""
    return Revision.objects.filter(sync=sync).order_by("-number")[0]


def settings_in_force(sync: Sync) -> dict[str, Any]:
    """Return the settings of a sync as the database has them."""
    return dict(latest_revision(sync).document["settings"])


def changed_in(sync: Sync) -> int:
    """Return the revision of the workspace in which a sync was last changed but for its state; the latest one where
    that was not kept."""
    number: int = latest_revision(sync).document.get(CHANGED_IN, workspace_revision())
    return number


def add_revision(sync: Sync, document: Mapping[str, Any], author: str, now: float) -> None:
    """Save the next revision of a sync, in the caller's transaction."""
    sync.revision += 1
    Revision.objects.create(sync=sync, number=sync.revision, document=dict(document), author=author, at=now)
    sync.save(update_fields=["revision"])


def keep_plans(sync: Sync) -> None:
    """Let plans of the revision before stay good: nothing that they rest on has changed."""
    Plan.objects.filter(sync=sync, state="ready", revision=sync.revision - 1).update(revision=sync.revision)


def author_of(workspace: HasActor) -> str:
    """Return who is acting; at the command line, as the operating system knows them."""
    if workspace.actor is not None:
        return workspace.actor.name
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def differences_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between two settings of a sync."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return [
        f"{key}: {old.get(key, 'not set')} → {new.get(key, 'not set')}"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _flat(data: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list):
        for number, value in enumerate(data, start=1):
            yield from _flat(value, f"{path} {number}")
    else:
        yield path, data


def connection_of(app: AppDocument) -> dict[str, Any]:
    """Return an app's settings as the database keeps them; of its secrets only where they are."""
    country = {"country": app.country} if app.country else {}
    return {"connector": app.connector, "settings": {**app.settings, **country, **app.limits, "auth": app.auth}}


def _differs(app: AppDocument) -> bool:
    row = Connection.objects.filter(name=app.name).first()
    return row is None or {"connector": row.connector, "settings": row.settings} != connection_of(app)


def _save(document: SyncDocument, row: Sync | None, now: float, author: str, number: int) -> None:
    """Save a sync; ``number`` is the revision of the workspace that begins with it."""
    feeds = {side: _feed(document, side) for side in SIDES}
    settings = settings_of(document)
    if row is None:
        row = Sync(name=document.name, left=feeds[Side.LEFT], right=feeds[Side.RIGHT], state=document.state)
        row.save()
        if document.scope.from_now:
            noted.ask(row)
        fresh = {"settings": settings, "applied": None, "settled": False, "admitted": False, CHANGED_IN: number}
        add_revision(row, fresh, author, now)
        due.mark_everything(row)
        catch_up(row, now)
        return
    before = latest_revision(row).document
    old = before["settings"]
    if (row.left_id, row.right_id) != (feeds[Side.LEFT].pk, feeds[Side.RIGHT].pk):
        _move(document, row, feeds)
    _start(document, row, old)
    gets_on, came_on = row.state != ON and document.state == ON, row.state == OFF and document.state != OFF
    row.state = document.state
    row.save(update_fields=["state", "left", "right"])
    only_state = {**old, "state": ""} == {**settings, "state": ""}
    after = {**before, "settings": settings}
    if not only_state:
        after |= {"settled": False, "admitted": False, CHANGED_IN: number}
    if gets_on:
        after |= {"admitted": False, "others": []}
    add_revision(row, after, author, now)
    if only_state:
        keep_plans(row)
    if came_on:
        due.mark_everything(row)


def _start(document: SyncDocument, row: Sync, old: Mapping[str, Any]) -> None:
    """Let a changed ``start`` take effect: all counts again, or, before its first run, changes alone."""
    was = old.get("start") == FROM_NOW
    if document.scope.from_now == was:
        return
    if was:
        noted.forget(row)
        due.mark_everything(row)
    elif has_begun(row):
        raise StartsTooLate(where=document.scope.start_place, name=row.name)
    else:
        noted.ask(row)


def has_begun(sync: Sync) -> bool:
    """Tell whether a sync was ever run, or a plan of it applied."""
    return Run.objects.filter(sync=sync, kind__in=("sync", "apply")).exists()


def _feed(document: SyncDocument, side: Side) -> Feed:
    connection = Connection.objects.get(name=document.apps[side])
    return Feed.objects.get_or_create(connection=connection, object=document.objects[side])[0]


def _move(document: SyncDocument, row: Sync, feeds: Mapping[Side, Feed]) -> None:
    if links.known(row):
        reason = f"{document.name} links records already, so its apps and objects cannot change; make a new sync"
        raise SettingsError(where=document.object_places[Side.LEFT], reason=reason)
    row.left, row.right = feeds[Side.LEFT], feeds[Side.RIGHT]
    if row.line:
        noted.forget(row)
        noted.ask(row)
    for table in ("due", "hold", "apart"):  # of records of other objects, whose ids may be the same
        db.execute(f"DELETE FROM {table} WHERE sync_id=%s", (row.pk,))
    due.mark_everything(row)


def one_sided_fields(applied: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the fields that settings in force write to one side alone, as constants or tags: side and name."""
    return [(side, name) for side, name, *_ in (*applied.get("set", ()), *applied.get("tags", ()))]


def workspace_revision() -> int:
    """Return the revision that the workspace is at."""
    row = Workspace.objects.order_by("pk").first()
    return int(row.revision) if row else 0
