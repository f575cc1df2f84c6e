"""What a settings file would change: sync by sync, setting by setting, against what is in force. Nothing is saved."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction

from bothways.errors import UnknownSync
from bothways.ledger.models import Connection, Sync
from bothways.service.allowances import accounted
from bothways.service.database import on_database
from bothways.service.document import AppDocument, Document, refuse_ring
from bothways.service.lock import runner
from bothways.service.preview import Shown, Taken, show_plan
from bothways.service.revisions import author_of, connection_of, import_settings, settings_in_force
from bothways.service.sync_settings import settings_of
from bothways.service.views import ChangeView
from bothways.service.work import Report
from bothways.service.workspace import Workspace, load
from bothways.service.yaml_file import nearest

Settings = Mapping[str, Any]


@on_database
def diff(workspace: Workspace, name: str | None = None, file: Path | None = None) -> list[ChangeView]:
    """Return what a file would change, in all its syncs or one, and their apps; without one, the workspace's own.

    The workspace must have been opened without taking its file over.
    """
    document = load(file) if file else workspace.document
    if name is not None:
        _demand(document, name)
    chosen = [each for each in document.syncs.values() if name in (None, each.name)]
    rows = {row.name: row for row in Sync.objects.all()}
    found = [
        change
        for app in document.apps.values()
        if any(app.name in each.pair for each in chosen)
        for change in changes_of(_app_before(app), connection_of(app), app=app.name)
    ]
    for each in chosen:
        before = settings_in_force(rows[each.name]) if each.name in rows else {}
        found += changes_of(before, settings_of(each), sync=each.name)
    if name is None and file is None:
        gone = [row for key, row in rows.items() if key not in document.syncs and row.state != "off"]
        found += [ChangeView(row.name, "", "state", "", "", row.state, "off") for row in gone]
    return found


def plan_file(
    workspace: Workspace, file: Path, name: str, show: Shown, take: Taken, *, progress: Report | None = None
) -> None:
    """Plan a sync by the settings of a file that is not saved, and hand the plan over as ``show_plan`` does.

    Both apps are read again. What is noted for it in the database is taken back: neither the settings nor the plan
    are kept. Raises what saving the file would raise.
    """
    document = load(file)
    _demand(document, name)
    others = [each for each in workspace.document.syncs.values() if each.state == "on" and each.name != name]
    if document.syncs[name].state == "on":
        refuse_ring(document.syncs[name], others)
    edited = replace(
        workspace.document,
        revision=document.revision,
        apps={**workspace.document.apps, **document.apps},
        syncs={**workspace.document.syncs, name: document.syncs[name]},
    )
    _plan_edited(replace(workspace, document=edited, opened={}), name, show, take, progress)


@on_database
@accounted
def _plan_edited(workspace: Workspace, name: str, show: Shown, take: Taken, progress: Report | None) -> None:
    with runner(workspace), transaction.atomic():
        import_settings(workspace.document, workspace.clock(), author_of(workspace))
        show_plan(workspace, name, show, take, progress)
        transaction.set_rollback(True)


def _demand(document: Document, name: str) -> None:
    if name not in document.syncs:
        raise UnknownSync(name=name, hint=nearest(name, document.syncs))


def _app_before(app: AppDocument) -> Settings:
    row = Connection.objects.filter(name=app.name).first()
    return {"connector": row.connector, "settings": row.settings} if row else {}


def changes_of(before: Settings, after: Settings, *, sync: str = "", app: str = "") -> Iterator[ChangeView]:
    """Yield what differs; an item that only one of them has is one change."""
    old, new = _by_item(before), _by_item(after)
    for item in dict.fromkeys([*old, *new]):
        held, wanted = old.get(item, {}), new.get(item, {})
        if item[1] and not (held and wanted):
            yield ChangeView(sync, app, *item, "", _plain(held), _plain(wanted))
            continue
        for key in dict.fromkeys([*held, *wanted]):
            if held.get(key) != wanted.get(key):
                yield ChangeView(sync, app, *item, key, held.get(key), wanted.get(key))


def _plain(item: Mapping[str, Any]) -> Any:
    return dict(item) or None


def _by_item(settings: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    """Return settings by part and item: a mapping, a constant, a match rule is an item; all else has none."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part, value in settings.items():
        for item, held in _items(settings, part, value):
            found[part, item] = held
    return found


def _items(settings: Settings, part: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if part == "fields":
        seen: dict[str, int] = {}
        for each in value:
            names = " ⇄ ".join(str(each[app]) for app in settings["objects"])
            seen[names] = seen.get(names, 0) + 1
            yield names if seen[names] == 1 else f"{names} ({seen[names]})", each
    elif part == "set":
        for app, constants in value.items():
            for number, each in enumerate(constants, start=1):
                yield f"{app}: {each['field']} ({number})", each
    elif part == "match" and isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield f"rule {number}", each if isinstance(each, dict) else {"rule": each}
    else:
        yield "", dict(_flat(value))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield plain settings by their dotted key; lists and filters stay whole."""
    if isinstance(value, Mapping) and value and "filter" not in value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def in_words(change: ChangeView) -> str:
    """Return a change as one line for people."""
    where = " ".join(each for each in (change.part, change.item, change.key) if each)
    return f"{where}: {_said(change.before)} → {_said(change.after)}"


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
