"""Drafts: settings of a sync that somebody is working on, kept apart until they are saved in the file.

There is one draft of each sync, and any number of new syncs. Every change tells which version of the draft it was made
from, so that of two editors neither overwrites the other unseen. A draft may be wrong: all that is wrong with it is
told, each with its place, and it is only saved when nothing is.
"""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

from django.db import connection
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bothways.errors import (
    BothwaysError,
    DraftChanged,
    DraftOutdated,
    DraftRefused,
    MissingKey,
    RequiredFieldNotMapped,
    SettingsError,
    StartsTooLate,
    SyncNameTaken,
    UnknownDraft,
    UsageError,
)
from bothways.ledger import db
from bothways.ledger.models import Draft, Revision, Sync
from bothways.service import yaml_edit
from bothways.service.admission import check
from bothways.service.connect import ask_anew
from bothways.service.database import on_database
from bothways.service.diff import changes_of
from bothways.service.document import FROM_NOW
from bothways.service.draft_shape import PARTS, refuse_unformed
from bothways.service.reading import NAME, document_of, is_name
from bothways.service.resolution import Resolution, resolution, row_of
from bothways.service.revisions import author_of, differences_of, has_begun, settings_in_force
from bothways.service.rights import Role, for_role
from bothways.service.sync_settings import settings_of
from bothways.service.syncs import file_of
from bothways.service.views import ChangeView, DraftView, ProblemView
from bothways.service.workspace import Workspace, changing
from bothways.service.yaml_file import Node, node_of

FILE = "draft"
"""What stands for the name of the file in the places of what is wrong with a draft."""

FIXED = ("objects", "send")
"""Parts without which nothing else can be checked."""

DEEP = ("send", "conflicts", "deletes", "guards", "schedule", "proof", "set")
"""Parts of which each key stands for itself: what is wrong with one of them is taken out alone."""

LISTED = (("set", None), ("conflicts", "per_field"))
"""Of these, the keys under which several stand, each of which is taken out alone; None: all keys."""

Entry = dict[str, Any]
"""A sync as it stands in the settings file, as plain data."""


# --- beginning and ending -----------------------------------------------------------------------------


@on_database
@for_role(Role.EDITOR)
def begin(workspace: Workspace, name: str, apps: tuple[str, str], objects: tuple[str, str]) -> DraftView:
    """Begin a new sync of two objects, both ways, of which all else is as usual; the first app wins a difference.

    Raises UnknownApp, SyncNameTaken, UsageError for a name that the file cannot hold or an app that is named twice.
    """
    for app in apps:
        workspace.app(app)
    if apps[0] == apps[1]:
        raise UsageError(reason=f"{apps[0]} cannot be kept in step with itself", hint="Choose two apps.")
    _check_name(workspace, name)
    entry: Entry = {
        "state": "draft",
        "objects": dict(zip(apps, objects, strict=True)),
        "send": dict.fromkeys(apps, "all"),
        "conflicts": {"default_app": apps[0]},
    }
    row = Draft.objects.create(
        name=name, author=author_of(workspace), saved_at=workspace.clock(), settings=json.dumps(entry)
    )
    return _view(row)


@on_database
@for_role(Role.EDITOR)
def edit(workspace: Workspace, name: str) -> DraftView:
    """Return the draft of a sync; if there is none, one that says what the file says now. Raises UnknownSync.

    Both apps are asked for their fields anew, since what they told lately may be why somebody edits it.
    """
    sync = row_of(workspace, name)
    ask_anew(workspace, workspace.sync(name).pair)
    fresh = {
        "name": name,
        "base": sync.revision,
        "author": author_of(workspace),
        "saved_at": workspace.clock(),
        "settings": json.dumps(_entry_in_file(workspace, name)),
    }
    return _view(Draft.objects.get_or_create(sync=sync, defaults=fresh)[0])


@on_database
@for_role(Role.EDITOR)
def discard(workspace: Workspace, id: int) -> None:
    """Forget a draft; what is in force stays. Raises UnknownDraft."""
    _row(id).delete()


@on_database
@for_role(Role.EDITOR)
def free_name(workspace: Workspace, wish: str) -> str:
    """Return a name that a new sync can have, as near to what is wished for as can be."""
    letters = "".join(each for each in wish.lower() if each.isalnum() or each in " .-_").strip(" .-_")[:50]
    name = letters if is_name(letters) else "records"
    taken = {*workspace.document.syncs, *Draft.objects.filter(sync=None).values_list("name", flat=True)}
    tries = (name, *(f"{name} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in tries if each not in taken)


def _check_name(workspace: Workspace, name: str) -> None:
    if not is_name(name):
        raise UsageError(reason=f'"{name}" cannot be the name of a sync', hint=f"It must be {NAME}.")
    if name in workspace.document.syncs or Draft.objects.filter(sync=None, name=name).exists():
        raise SyncNameTaken(name=name)


def _entry_in_file(workspace: Workspace, name: str) -> Entry:
    return yaml_edit.entry(workspace.file, "syncs", name)


# --- looking ------------------------------------------------------------------------------------------


@on_database
@for_role(Role.VIEWER)
def drafts(workspace: Workspace) -> list[DraftView]:
    """Return all drafts, those worked on last first."""
    return [_view(row) for row in Draft.objects.select_related("sync").order_by("-saved_at", "-pk")]


@on_database
@for_role(Role.VIEWER)
def draft(workspace: Workspace, id: int) -> DraftView:
    """Return a draft; raise UnknownDraft. No app is asked."""
    return _view(_row(id))


@on_database
@for_role(Role.VIEWER)
def problems(workspace: Workspace, id: int) -> list[ProblemView]:
    """Return all that is wrong with a draft, part by part; both apps are asked for their fields.

    Raises UnknownDraft, and whatever keeps an app from being asked.
    """
    return _found(workspace, _row(id))[0]


@on_database
@for_role(Role.VIEWER)
def sound_part(workspace: Workspace, id: int) -> tuple[Resolution | None, list[ProblemView]]:
    """Return a draft made exact without what is wrong with it, None where nothing can be said then; and the problems.

    Both apps are asked for their fields. Raises UnknownDraft, and whatever keeps an app from being asked.
    """
    found, exact = _found(workspace, _row(id))
    return exact, found


@on_database
@for_role(Role.VIEWER)
def differences(workspace: Workspace, id: int) -> list[ChangeView]:
    """Return what a draft would change of what is in force; raise UnknownDraft, DraftRefused if it cannot be read."""
    row = _row(id)
    before = settings_in_force(row.sync) if row.sync else {}
    try:
        after = settings_of(edited(workspace, row.name, _entry(row)).sync(row.name))
    except SettingsError as error:
        raise _refused(row.name, error, 1) from error
    return list(changes_of(before, {**after, "state": before.get("state", after["state"])}, sync=row.name))


# --- changing and saving ------------------------------------------------------------------------------


@on_database
@for_role(Role.EDITOR)
def change(workspace: Workspace, id: int, version: int, /, **parts: object) -> DraftView:
    """Set parts of a draft, as the settings file has them, or take them out where they are None.

    ``version`` is that of the draft which was changed; raises DraftChanged if somebody has changed it since, and
    UnknownDraft, and what ``refuse_unformed`` does. Whether the new value fits is not asked: see ``problems``.
    """
    refuse_unformed(workspace, parts, FILE)
    with db.transaction_():
        row = _row(id, version)
        entry = _entry(row)
        for part, value in parts.items():
            if value is None:
                entry.pop(part, None)
            else:
                entry[part] = value
        return _view(_store(workspace, row, entry))


@on_database
@for_role(Role.EDITOR)
def rename(workspace: Workspace, id: int, version: int, name: str) -> DraftView:
    """Give a new sync another name. Raises what ``begin`` and ``change`` do; a sync that is there keeps its name."""
    with db.transaction_():
        row = _row(id, version)
        if name == row.name:
            return _view(row)
        if row.sync is not None:
            raise UsageError(reason=f"{row.name} keeps its name", hint="Make a new sync.")
        _check_name(workspace, name)
        row.name = name
        return _view(_store(workspace, row, _entry(row)))


@on_database
@for_role(Role.EDITOR)
def take_up(workspace: Workspace, id: int, version: int) -> DraftView:
    """Let a draft count as begun from the settings that are in force now, so that it can be saved over them."""
    with db.transaction_():
        row = _row(id, version)
        if row.sync is not None:
            row.base = row.sync.revision
        return _view(_store(workspace, row, _entry(row)))


@on_database
@for_role(Role.EDITOR)
def save(workspace: Workspace, id: int, version: int) -> str:
    """Save a draft in the settings file and return the name of its sync; a new one is a draft there, one that is there
    stays on or off. Both apps are asked, as they are when a sync is turned on.

    Raises DraftRefused for what is wrong with it, DraftOutdated where the settings were changed since it was begun, and
    what ``change`` does. Then the draft stays as it is.
    """
    row = _row(id, version)
    name, entry = row.name, _entry(row)
    found, _ = _found(workspace, row)
    if found:
        raise DraftRefused(name=name, count=len(found), problem=found[0].message)
    changed = edited(workspace, name, entry)
    try:
        check(changed, changed.sync(name))
    except SettingsError as error:
        raise _refused(name, error, 1) from error
    with changing(workspace):
        row = _row(id, version)  # once more: somebody may have changed it while the apps were asked
        if row.sync is None:
            _check_not_there(workspace, name)
            yaml_edit.add_entry(workspace.file, "syncs", name, entry)
        else:
            _check_not_outdated(row)
            entry["state"] = _entry_in_file(workspace, name)["state"]
            yaml_edit.set_entry(workspace.file, "syncs", name, entry)
        row.delete()
    return str(name)


def _check_not_there(workspace: Workspace, name: str) -> None:
    if name in workspace.document.syncs:
        raise SyncNameTaken(name=name)


def _check_not_outdated(row: Draft) -> None:
    """Refuse to overwrite what was changed meanwhile; that it was turned on or off meanwhile is no such change."""
    sync = Sync.objects.get(pk=row.sync_id)
    if sync.revision == row.base:
        return
    begun = Revision.objects.get(sync=sync, number=row.base)
    latest = Revision.objects.filter(sync=sync).order_by("-number")[0]
    without_state = [{**each.document["settings"], "state": ""} for each in (begun, latest)]
    if without_state[0] != without_state[1]:
        raise DraftOutdated(name=row.name, who=latest.author, changed="; ".join(differences_of(*without_state)))


def _store(workspace: Workspace, row: Draft, entry: Entry) -> Draft:
    row.settings, row.version = json.dumps(entry), row.version + 1
    row.author, row.saved_at = author_of(workspace), workspace.clock()
    row.save()
    return row


def _row(id: int, version: int | None = None) -> Draft:
    """Return a draft, that of a version alone; within a transaction nobody changes it then before that has ended."""
    rows = Draft.objects.select_related("sync").filter(pk=id)
    if version is not None and connection.in_atomic_block:
        rows = rows.select_for_update(of=("self",))
    found: Draft | None = rows.first()
    if found is None:
        raise UnknownDraft(id=id)
    if version is not None and found.version != version:
        raise DraftChanged(name=found.name, who=found.author)
    return found


def _entry(row: Draft) -> Entry:
    return dict(json.loads(row.settings))


def _view(row: Draft) -> DraftView:
    entry = _entry(row)
    apps = tuple(entry["objects"])
    return DraftView(
        row.pk, row.name, row.sync_id is None, row.version, row.author, row.saved_at, (apps[0], apps[1]), entry
    )


# --- what is wrong ------------------------------------------------------------------------------------


def _found(workspace: Workspace, row: Draft) -> tuple[list[ProblemView], Resolution | None]:
    """Return all that is wrong with a draft, and it made exact without that."""
    found, exact = checked(workspace, row.name, _entry(row))
    return found + _too_late(row), exact


def _too_late(row: Draft) -> list[ProblemView]:
    """Return that a sync which has run cannot begin with changes alone any more, if it is to."""
    wanted = _entry(row).get("start") == FROM_NOW
    if (
        not wanted
        or row.sync is None
        or not has_begun(row.sync)
        or settings_in_force(row.sync).get("start") == FROM_NOW
    ):
        return []
    error = StartsTooLate(name=row.name)
    return [_problem("start", None, error)]


def checked(workspace: Workspace, name: str, entry: Entry) -> tuple[list[ProblemView], Resolution | None]:
    """Return all that is wrong with an entry of the settings file, and it made exact without that.

    What is wrong is taken out and the rest is read again, until nothing is. What is missing cannot be taken out: it
    ends that, and is told only if it is all there is, since what it misses may have been taken out.
    """
    trial, found = deepcopy(entry), list[ProblemView]()
    numbers = dict[tuple[str, str], list[int]]()
    while True:
        try:
            return found, resolution(edited(workspace, name, trial), name, at_door=True)
        except SettingsError as error:
            if not error.where.startswith(f"{FILE}:"):
                raise
            part, key, item = place = _place(workspace, name, trial, error)
            if not part or (part in FIXED and not key):
                part = part or _missed(error)
                return found or [_problem(part, None, error)], None
            if item is not None:
                number = numbers.setdefault((part, key), list(range(len(_holder(trial, place)))))
                found.append(_problem(part, number.pop(item), error, key))
            else:
                found.append(_problem(part, None, error, key))
            _take_out(trial, place)


def _problem(part: str, item: int | None, error: BothwaysError, key: str = "") -> ProblemView:
    return ProblemView(part, item, _without_place(error), error.code, key, error.facts)


def edited(workspace: Workspace, name: str, entry: Entry) -> Workspace:
    """Return the workspace with an entry in place of a sync, or as one more; raise what the file refuses of it."""
    document = document_of(_parsed(workspace, name, entry)).syncs[name]
    return replace(workspace, document=replace(workspace.document, syncs={**workspace.document.syncs, name: document}))


def _parsed(workspace: Workspace, name: str, entry: Entry) -> Node:
    apps = [app for app in entry["objects"] if app in workspace.document.apps]
    return node_of(file_of(workspace.document, apps, {name: entry}), FILE)


class _Place(NamedTuple):
    """Where in an entry something is: in which part, under which key of that, in which of several, from 0."""

    part: str = ""
    key: str = ""
    item: int | None = None


def _place(workspace: Workspace, name: str, entry: Entry, error: BothwaysError) -> _Place:
    """Return where in an entry the place of an error is; no part for the whole."""
    line, column = (int(each) - 1 for each in error.where.split(":")[1:3])
    data = _parsed(workspace, name, entry).node("syncs").node(name).data
    part = _last_key(data, (line, column))
    items = data.get(part)
    if isinstance(items, CommentedSeq):
        return _Place(part, "", _last_item(items, (line, column)))
    if part not in DEEP or not isinstance(items, CommentedMap):
        return _Place(part)
    key = _last_key(items, (line, column))
    several = items.get(key) if (part, None) in LISTED or (part, key) in LISTED else None
    if isinstance(several, CommentedSeq):
        return _Place(part, key, _last_item(several, (line, column)))
    if isinstance(several, CommentedMap) and (named := _last_key(several, (line, column))):
        return _Place(part, key, list(several).index(named))
    return _Place(part, key)


def _last_key(data: CommentedMap, at: tuple[int, int]) -> str:
    """Return the key of a mapping under which a place of the file is, "" for none."""
    return next((str(key) for key in reversed(list(data)) if data.lc.key(key) <= at), "")


def _last_item(items: CommentedSeq, at: tuple[int, int]) -> int | None:
    return next((item for item in reversed(range(len(items))) if items.lc.item(item) <= at), None)


def _holder(entry: Entry, place: _Place) -> Any:
    return entry[place.part][place.key] if place.key else entry[place.part]


def _take_out(entry: Entry, place: _Place) -> None:
    if place.item is not None:
        holder = _holder(entry, place)
        del holder[list(holder)[place.item] if isinstance(holder, dict) else place.item]
    elif place.key:
        del entry[place.part][place.key]
    else:
        del entry[place.part]


def _missed(error: BothwaysError) -> str:
    """Return the part of which an error says that it is missing, or lacks something; "" for none."""
    if isinstance(error, RequiredFieldNotMapped):
        return "fields"
    return str(error.facts["key"]) if isinstance(error, MissingKey) and error.facts["key"] in PARTS else ""


def _without_place(error: BothwaysError) -> str:
    """Return what is wrong and what to do about it, without the line in a file that nobody sees."""
    return f"{error.said} {error.advice}".strip()


def _refused(name: str, error: BothwaysError, count: int) -> DraftRefused:
    return DraftRefused(name=name, count=count, problem=_without_place(error))
