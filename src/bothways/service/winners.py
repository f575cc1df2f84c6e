"""Who wins the differences of one field: an app, by the settings file, from now on."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import key_of, names_of
from bothways.errors import NoOwnWinner, UnknownApp, UnknownField
from bothways.ledger import holds
from bothways.service import yaml_edit
from bothways.service.database import on_database
from bothways.service.document import SyncDocument
from bothways.service.resolution import row_of
from bothways.service.revisions import latest_revision
from bothways.service.rights import Role, for_role
from bothways.service.settings_change import Entry, draft_beside, refuse_if_moved, take_along
from bothways.service.sync_settings import winner_word
from bothways.service.views import WinnerView
from bothways.service.why import keys_called
from bothways.service.workspace import Workspace, changing, reload
from bothways.service.yaml_file import nearest


@on_database
@for_role(Role.EDITOR)
def preview_winner(workspace: Workspace, name: str, field: str, app: str) -> WinnerView:
    """Say what it would mean that one app wins the differences of a field; nothing is changed.

    ``field`` is named as for ``why``. Raises UnknownSync, UnknownField, UnknownApp, and NoOwnWinner for a field in
    which nobody can win anything.
    """
    return _view(workspace, name, field, app)


@on_database
@for_role(Role.EDITOR)
def set_winner(workspace: Workspace, name: str, field: str, app: str, revision: int | None = None) -> WinnerView:
    """Let one app win every difference of a field from now on, in the settings file; return what that means.

    What waits of it is decided so by the next run. The file stays as it was where that cannot take effect.
    ``revision``: of the settings looked at. Raises what ``preview_winner`` does, SettingsMoved, DraftInTheWay.
    """
    with changing(workspace):
        if revision is not None:
            refuse_if_moved(workspace, name, revision, f"{app} wins {names_of(field)[Side.LEFT]}")
        view, sync, document = _view(workspace, name, field, app), row_of(workspace, name), workspace.sync(name)
        names = names_of(view.key)
        place = _place(document, latest_revision(sync).document["applied"], view.key)
        draft = draft_beside(workspace, sync, lambda entry: _winners_in(entry, document, names))
        yaml_edit.set_value(workspace.file, place, app)
        reload(workspace)
        take_along(workspace, draft, sync.revision, lambda entry: _with_winner(entry, document, names, place, app))
    return view


@on_database
@for_role(Role.VIEWER)
def could_win(workspace: Workspace, name: str, field: str) -> list[str]:
    """Return the apps that do not win the differences of a field, and could; none where nobody can win anything."""
    document = workspace.sync(name)
    try:
        before = _view(workspace, name, field, document.pair[0]).before
    except (NoOwnWinner, UnknownField):
        return []
    return [app for app in document.pair if app != before]


def _view(workspace: Workspace, name: str, field: str, app: str) -> WinnerView:
    sync, document = row_of(workspace, name), workspace.sync(name)
    if app not in document.pair:
        raise UnknownApp(where=document.place, name=app, hint=nearest(app, document.pair))
    keys = sorted(keys_called(workspace, name, field))
    if len(keys) > 1:
        reason = f"{len(keys)} mappings have it: {', '.join(keys)}"
        raise NoOwnWinner(field=field, name=name, reason=reason)
    stored = latest_revision(sync).document
    labels = stored.get("labels") or {}
    names = names_of(keys[0])
    before = _before(document, stored["applied"] or {}, keys[0], field)
    words = {document.apps[side]: labels.get(side, {}).get(names[side], names[side]) for side in SIDES}
    return WinnerView(name, keys[0], words, app, before, len(holds.conflicts(sync, keys[0])))


def _before(document: SyncDocument, applied: Mapping[str, Any], key: str, field: str) -> str:
    """Return who wins the field by the file; raise NoOwnWinner where nobody can, by the settings in force."""

    def refused(reason: str) -> NoOwnWinner:
        return NoOwnWinner(field=field, name=document.name, reason=reason)

    if not all(names_of(key).values()):
        raise refused("it is set, and taken from no app")
    found = next((row for row in applied.get("fields", ()) if key_of(*row[:2]) == key), None)
    if found is None:
        raise refused("it is not synced any more")
    left, right, direction, _, _, *more = found
    if more and "through" in more[0]:
        raise refused("what belongs to what is merged, and nobody wins it")
    if any(each[0] == key for each in applied.get("consent", ())):
        raise refused("of consent, opted out always wins")
    if direction != "both" or not all(document.sends.values()):
        raise refused("it flows one way, so the app that sends it always wins")
    own = [each.winner for each in document.fields or () if key == key_of(*(each.names[side] for side in SIDES))]
    own += [document.winners[name].who for name in (left, right) if name in document.winners]
    who = next((each for each in own if each is not None), None)
    return winner_word(document, who or document.wins or document.default)


def _place(document: SyncDocument, applied: Mapping[str, Any], key: str) -> list[str | int]:
    """Return where in the file the winner of a mapping stands, or is to stand: by a name that no other mapping has."""
    top, names, fields = ["syncs", document.name], list(names_of(key).values()), document.fields or ()
    places = {key_of(*(each.names[side] for side in SIDES)): number for number, each in enumerate(fields)}
    if key in places and fields[places[key]].winner is not None:
        return [*top, "fields", places[key], "winner"]
    used = [name for row in applied["fields"] for name in {*row[:2]}]
    free = [name for name in names if name in document.winners] or [name for name in names if used.count(name) == 1]
    if not free and key in places:
        return [*top, "fields", places[key], "winner"]
    return [*top, "conflicts", "per_field", (free or names)[0]]


def _winners_in(entry: Entry, document: SyncDocument, names: Mapping[Side, str]) -> list[object]:
    """Return what an entry of the settings says of the winner of a mapping, in each of its places."""
    said = (entry.get("conflicts") or {}).get("per_field") or {}
    row = _row_in(entry, document, names)
    return [row.get("winner") if row else None, *(said.get(name) for name in names.values())]


def _with_winner(
    entry: Entry, document: SyncDocument, names: Mapping[Side, str], place: Sequence[str | int], app: str
) -> Entry:
    """Return an entry in which an app wins a mapping, said where the file says it."""
    if place[2] == "fields":
        row, rows = _row_in(entry, document, names), list(entry.get("fields") or ())
        return {**entry, "fields": [{**each, **({"winner": app} if each is row else {})} for each in rows]}
    conflicts: Entry = entry.get("conflicts") or {}
    winners: Entry = conflicts.get("per_field") or {}
    return {**entry, "conflicts": {**conflicts, "per_field": {**winners, str(place[-1]): app}}}


def _row_in(entry: Entry, document: SyncDocument, names: Mapping[Side, str]) -> Entry | None:
    rows = entry.get("fields") or []
    return next((row for row in rows if all(row.get(document.apps[side]) == names[side] for side in SIDES)), None)
