"""Syncs of a settings file that was exported, here or elsewhere, brought into the settings file of this workspace.

Of that file only the syncs are taken: apps, alerts and all else stay as they are here. Nothing begins to write by it: a
new sync is a draft, whatever the file says, and one that is there already stays on or off.
"""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from bothways.engine.sides import SIDES
from bothways.errors import (
    AppOfAnotherKind,
    AppsNotThere,
    MissingKey,
    ReplacesRunning,
    SettingsMoved,
    SyncNameTaken,
    SyncsThere,
    UsageError,
)
from bothways.ledger import db
from bothways.ledger.models import Draft
from bothways.service import yaml_edit
from bothways.service.admission import check
from bothways.service.database import on_database
from bothways.service.diff import changes_of, in_words
from bothways.service.document import AppDocument, SyncDocument
from bothways.service.reading import NAME, is_name, syncs_of
from bothways.service.reading_apps import app_of
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of, connection_of, import_settings, latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.sync_settings import settings_of
from bothways.service.views import ImportedSync, ImportView
from bothways.service.workspace import Workspace, changing, reload
from bothways.service.yaml_file import Node, parse

Entry = dict[str, Any]

DRAFT, ON = "draft", "on"


class Wanted(NamedTuple):
    """A sync of the file: what it is to be called here, its settings with their places there, and its entry."""

    name: str
    document: SyncDocument
    entry: Entry


@on_database
@for_role(Role.EDITOR)
def import_syncs(
    workspace: Workspace,
    text: str,
    file: str,
    *,
    name: str | None = None,
    replacing: bool = False,
    confirmed: bool = False,
    only_planned: bool = False,
) -> ImportView:
    """Bring the syncs of a settings file in and return what that has changed; both apps are asked, as when one is
    turned on.

    ``file`` is what it is called in the places of what is wrong with it. ``name``: what its only sync is to be called
    here. ``replacing``: syncs that are there may be changed; ``confirmed``: though they are on. ``only_planned``: say
    what would be changed or refused, and save nothing.

    Raises AppsNotThere, AppOfAnotherKind, SyncsThere, ReplacesRunning, SyncNameTaken, and what a settings file is
    refused for, with the place in the file that is brought in. Then nothing was saved.
    """
    reload(workspace)
    root = parse(text, file)
    otherwise = _check_apps(workspace, root)
    wanted = wanted_of(root, workspace.document.apps, name)
    _check_names(workspace, wanted, replacing)
    edited = _edited(workspace, wanted)
    for each in wanted:
        check(edited, edited.sync(each.name))
    view = ImportView(tuple(_told(workspace, edited, each) for each in wanted), otherwise)
    changed = [each for each in view.syncs if each.new or each.changes]
    if only_planned:
        _try_out(edited)
        return view
    if running := [each.name for each in changed if each.state == ON and not confirmed]:
        raise ReplacesRunning(names=", ".join(running))
    with changing(workspace):
        _check_not_moved(workspace, wanted, view, replacing)
        for told in changed:
            put(workspace.file, told, next(each.entry for each in wanted if each.name == told.name))
    return view


def wanted_of(root: Node, apps: Mapping[str, AppDocument], name: str | None = None) -> list[Wanted]:
    """Return the syncs of a file as they would be between these apps; ``name``: what its only one is to be called."""
    found = syncs_of(root, apps)
    if not found:
        raise MissingKey(where=root.place, key="syncs", hint="There is nothing to bring in.")
    if name is not None and len(found) > 1:
        reason = f"--name is for one sync, and this file has {len(found)}"
        raise UsageError(reason=reason, hint="Leave it out, or take the other syncs out of the file.")
    if name is not None and not is_name(name):
        raise UsageError(reason=f'"{name}" cannot be the name of a sync', hint=f"It must be {NAME}.")
    syncs = root.node("syncs")
    return [
        Wanted(name or each, replace(document, name=name or each), json.loads(json.dumps(syncs.node(each).data)))
        for each, document in found.items()
    ]


def put(file: Path, told: ImportedSync, entry: Entry) -> None:
    """Write a sync into the settings file: a new one whole, of one that is there the parts that change."""
    if told.new:
        parts = {key: value for key, value in entry.items() if key != "state"}
        yaml_edit.add_entry(file, "syncs", told.name, {"state": DRAFT, **parts})
        return
    held = yaml_edit.entry(file, "syncs", told.name)
    for part in {change.part for change in told.changes}:
        changed = {change.key.partition(".")[0] for change in told.changes if change.part == part}
        before = held.pop(part, None)
        if part in entry:
            held[part] = _with_changed(before, entry[part], changed)
    yaml_edit.set_entry(file, "syncs", told.name, held)


def _with_changed(before: Any, after: Any, changed: Collection[str]) -> Any:
    """Return a part as it is to be, without keys that are as usual and were not written out before."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)) or "" in changed:
        return after
    return {key: value for key, value in after.items() if key in before or key in changed}


def _check_apps(workspace: Workspace, root: Node) -> tuple[str, ...]:
    """Return the apps that the file describes otherwise than they are here; refuse those that are others, or lack."""
    here, theirs = workspace.document.apps, root.node("apps")
    named = dict(_named(root))
    if missing := [app for app in named if app not in here]:
        hint = "; ".join(f"bothways app add {shlex.quote(app)} {_kind(theirs, app) or 'CONNECTOR'}" for app in missing)
        raise AppsNotThere(where=named[missing[0]], apps=", ".join(missing), hint=hint)
    told = [app for app in named if app in theirs]
    for app in told:
        kind = _kind(theirs, app)
        if kind is not None and kind != here[app].connector:
            where = theirs.node(app).value_place("connector")
            raise AppOfAnotherKind(where=where, app=app, theirs=kind, ours=here[app].connector)
    return tuple(app for app in told if connection_of(app_of(theirs, app)) != connection_of(here[app]))


def _named(root: Node) -> Iterator[tuple[str, str]]:
    """Yield the apps that the syncs of a file are between, each with its first place, as far as that can be read."""
    syncs, seen = root.node("syncs"), set[str]()
    for name in syncs:
        sync = syncs.data[name]
        objects = sync.get("objects") if isinstance(sync, Mapping) else None
        if isinstance(objects, Mapping):
            node = syncs.node(name).node("objects")
            for app in node:
                if isinstance(app, str) and app not in seen:
                    seen.add(app)
                    yield app, node.key_place(app)


def _kind(apps: Node, app: str) -> str | None:
    """Return of what kind an app is by the file, if it says so."""
    told = apps.data.get(app)
    kind = told.get("connector") if isinstance(told, Mapping) else None
    return kind if isinstance(kind, str) else None


def _check_names(workspace: Workspace, wanted: Sequence[Wanted], replacing: bool) -> None:
    there = [each.name for each in wanted if each.name in workspace.document.syncs]
    if there and not replacing:
        raise SyncsThere(names=", ".join(there))
    new = [each.name for each in wanted if each.name not in there]
    if taken := Draft.objects.filter(sync=None, name__in=new).first():
        raise SyncNameTaken(name=taken.name)


def _check_not_moved(workspace: Workspace, wanted: Sequence[Wanted], view: ImportView, replacing: bool) -> None:
    """Refuse to change what somebody else has changed while the apps were asked."""
    _check_names(workspace, wanted, replacing)
    edited = _edited(workspace, wanted)
    for each, told in zip(wanted, view.syncs, strict=True):
        now = _told(workspace, edited, each)
        if now != told:
            changed = "; ".join(in_words(change) for change in now.changes if change not in told.changes)
            who = latest_revision(row_of(workspace, each.name)).author if not now.new else "somebody"
            yours = f"to bring {each.name} in from a file"
            raise SettingsMoved(name=each.name, who=who, changed=changed or now.state, yours=yours)


def _edited(workspace: Workspace, wanted: Sequence[Wanted]) -> Workspace:
    """Return the workspace with the syncs of the file in it: new ones as drafts, those that are there on or off."""
    before = workspace.document.syncs
    states = {each.name: before[each.name].state if each.name in before else DRAFT for each in wanted}
    syncs = {**before, **{each.name: replace(each.document, state=states[each.name]) for each in wanted}}
    return replace(workspace, document=replace(workspace.document, syncs=syncs))


def _told(workspace: Workspace, edited: Workspace, wanted: Wanted) -> ImportedSync:
    before, after = workspace.document.syncs.get(wanted.name), edited.sync(wanted.name)
    changes = changes_of(settings_of(before) if before else {}, settings_of(after), sync=wanted.name)
    said = wanted.document.state if "state" in wanted.entry and wanted.document.state != after.state else ""
    objects = {after.apps[side]: after.objects[side] for side in SIDES}
    return ImportedSync(wanted.name, before is None, after.state, said, objects, tuple(changes))


def _try_out(edited: Workspace) -> None:
    """Take the syncs over and take that back, so that what would be refused then is refused now."""
    with transaction.atomic():
        db.keep_settings()
        import_settings(edited.document, edited.clock(), author_of(edited))
        transaction.set_rollback(True)
