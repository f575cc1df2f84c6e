"""The settings of a sync as a text of their own: compared with what is in force, and taken over.

The text is what ``syncs.export`` returns. It tells from which settings it was made, so that nothing which somebody else
has changed since is overwritten unseen, and of everything that it holds only the sync itself can be changed by it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bothways.errors import MissingKey, NotOfThisSync, StaleSettings
from bothways.ledger.models import Sync
from bothways.service import yaml_edit
from bothways.service.admission import check
from bothways.service.database import on_database
from bothways.service.diff import changes_of
from bothways.service.document import Document, SyncDocument
from bothways.service.reading import document_of
from bothways.service.reading_alerts import alerts_data
from bothways.service.resolution import row_of
from bothways.service.revisions import (
    changed_in,
    connection_of,
    differences_of,
    latest_revision,
    settings_in_force,
    workspace_revision,
)
from bothways.service.rights import Role, for_role
from bothways.service.sync_settings import settings_of
from bothways.service.views import TextView
from bothways.service.workspace import Workspace, changing, reload
from bothways.service.yaml_file import Node, parse

TEXT = "line"
"""What stands for the name of a file in the places of what is wrong with a text."""

REVISION_HINT = "It tells from which settings the text was made."


@on_database
@for_role(Role.EDITOR)
def compare(workspace: Workspace, name: str, text: str, over: int | None = None) -> TextView:
    """Return what a text would change of a sync; no app is asked, nothing is saved.

    ``over``: it may overwrite what was changed up to this revision. Raises UnknownSync, StaleSettings where the
    settings were changed since the text was made, NotOfThisSync, and whatever the settings file is refused for, with
    its place.
    """
    return _compared(workspace, name, _read(workspace, name, text), over)


@on_database
@for_role(Role.EDITOR)
def apply(workspace: Workspace, name: str, text: str, over: int | None = None) -> TextView:
    """Take a text over and return what it has changed; both apps are asked, as when a sync is turned on.

    Of the settings file only those parts are written that the text changes. Raises what ``compare`` and ``check`` do;
    then nothing was saved.
    """
    reload(workspace)
    root = _read(workspace, name, text)
    found = _compared(workspace, name, root, over)
    if not found.changes:
        return found
    wanted = _with_state(document_of(root).syncs[name], workspace.sync(name).state)
    edited = replace(workspace.document, syncs={**workspace.document.syncs, name: wanted})
    check(replace(workspace, document=edited), wanted)
    sent: dict[str, Any] = json.loads(json.dumps(root.node("syncs").node(name).data))
    with changing(workspace):
        _compared(workspace, name, root, over)  # once more: somebody may have changed it while the apps were asked
        entry = yaml_edit.entry(workspace.file, "syncs", name)
        for part in {change.part for change in found.changes}:
            entry.pop(part, None)
            if part in sent:
                entry[part] = sent[part]
        yaml_edit.set_entry(workspace.file, "syncs", name, entry)
    return found


def _read(workspace: Workspace, name: str, text: str) -> Node:
    """Return a text that can be read as settings of a sync and differs in nothing else."""
    workspace.sync(name)
    root = parse(text, TEXT)
    document = document_of(root)
    for key in _others_changed(workspace.document, document, name, root):
        raise NotOfThisSync(where=root.key_place(key) if key in root else root.place, name=name, key=key)
    return root


def _others_changed(before: Document, after: Document, name: str, root: Node) -> Iterator[str]:
    """Yield the keys of a text under which it says something else than the settings, apart from the sync."""
    if {each: connection_of(app) for each, app in after.apps.items()} != {
        each: connection_of(before.apps[each]) for each in before.syncs[name].pair
    }:
        yield "apps"
    if after.allow_hosts != before.allow_hosts:
        yield "allow_hosts"
    if alerts_data(after.alerts) not in ({}, alerts_data(before.alerts)):
        yield "alerts"
    if "history" in root and after.keep_history != before.keep_history:
        yield "history"
    yield from (key for key in ("database", "public_url") if key in root)
    if list(after.syncs) != [name]:
        yield "syncs"


def _compared(workspace: Workspace, name: str, root: Node, over: int | None) -> TextView:
    row, document = row_of(workspace, name), document_of(root)
    held, wanted = settings_in_force(row), settings_of(_with_state(document.syncs[name], row.state))
    changes = tuple(changes_of({**held, "state": row.state}, wanted, sync=name))
    if changes:
        _demand_latest(row, root, document.revision, over, differences_of(held, wanted))
    state = document.syncs[name].state
    return TextView(changes, state if state != row.state else "")


def _demand_latest(row: Sync, root: Node, made_from: int | None, over: int | None, differences: list[str]) -> None:
    """Refuse a text that was made from other settings than those in force."""
    known = made_from if over is None else max(over, made_from or 0)
    if known is None:
        raise MissingKey(where=root.place, key="revision", hint=REVISION_HINT)
    if known < changed_in(row):
        who, current, words = latest_revision(row).author, workspace_revision(), "; ".join(differences)
        raise StaleSettings(name=row.name, file=known, current=current, diff=words, who=who)


def _with_state(document: SyncDocument, state: str) -> SyncDocument:
    return replace(document, state=state)
