"""The field of our own in an app, by which a create of unknown outcome is surely found again: shown, and made if asked.

Without it such a create is looked for by the app's unique keys, or among what came since.
"""

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from bothways.connectors.abilities import OWN_FIELD, MakesOwnField, OwnField
from bothways.errors import OwnFieldNotAllowed, OwnFieldNotConfirmed, UsageError
from bothways.service import yaml_edit
from bothways.service.allowances import accounted, into_the_reserve
from bothways.service.connect import Opened, open_app
from bothways.service.database import on_database
from bothways.service.entries import checked, used_objects
from bothways.service.rights import Role, for_role
from bothways.service.same_account import ensure_same_account
from bothways.service.views import OwnFieldRow, OwnFieldView
from bothways.service.workspace import Workspace, changing


@on_database
@for_role(Role.EDITOR)
@accounted
def show(workspace: Workspace, name: str) -> OwnFieldView:
    """Return in which objects of an app the field is, and in which it would be made; raise UsageError, AppError.

    Those that syncs are about alone, once there are any.
    """
    app = open_app(workspace, name)
    with into_the_reserve(app):
        ensure_same_account(workspace, app)
        return _view(app, _standing(workspace, app))


@on_database
@for_role(Role.EDITOR)
@accounted
def make(workspace: Workspace, name: str, *, confirmed: bool = False) -> OwnFieldView:
    """Make the field where it would be made, and have the app used with it from then on; nothing is made twice.

    Raises OwnFieldNotConfirmed where something is to be made and nobody has agreed, OwnFieldUnfit, NoRoomForOwnField,
    OwnFieldNotAllowed where a permission is to be asked for first, and what the app refuses before anything is written
    into the file.
    """
    app = open_app(workspace, name)
    with into_the_reserve(app):
        ensure_same_account(workspace, app)
        standing = _standing(workspace, app)
        if problem := next((each.problem for each in standing if each.problem is not None), None):
            raise problem
        missing = [each for each in standing if not each.there]
        if lacking := list(dict.fromkeys(each.lacks for each in missing if each.lacks)):
            command = " ".join(["bothways app login", quote(name), *(f"--with {scope}" for scope in lacking)])
            raise OwnFieldNotAllowed(app=name, field=missing[0].name, scopes=", ".join(lacking), command=command)
        if missing and not confirmed:
            objects = ", ".join(each.label for each in missing)
            raise OwnFieldNotConfirmed(app=name, field=missing[0].name, objects=objects)
        for each in missing:
            _maker(app).make_own_field(each.object)
        view = _view(app, _standing(workspace, app) if missing else standing)
    if view.field and not view.in_use:
        with changing(workspace):
            entry = yaml_edit.entry(workspace.file, "apps", name) | {OWN_FIELD: view.field}
            checked(name, entry)
            yaml_edit.set_entry(workspace.file, "apps", name, entry)
    return replace(view, in_use=bool(view.field))


def _standing(workspace: Workspace, app: Opened) -> Sequence[OwnField]:
    """Return how the field stands in the objects that syncs of the app are about; in all, where there are none yet."""
    used = used_objects(workspace, app.name)
    standing = _maker(app).own_fields()
    return [each for each in standing if each.object in used] or standing


def _maker(app: Opened) -> MakesOwnField:
    if not isinstance(app.connector, MakesOwnField):
        hint = "What is created there is found again without one."
        raise UsageError(reason=f"{app.title} has no field of our own", hint=hint)
    return app.connector


def _view(app: Opened, standing: Sequence[OwnField]) -> OwnFieldView:
    rows = (
        OwnFieldRow(
            each.object,
            each.label,
            each.there,
            f"{each.problem.message} {each.problem.advice}" if each.problem else "",
            each.lacks,
        )
        for each in standing
    )
    in_use = bool(app.document.settings.get(OWN_FIELD))
    return OwnFieldView(app.name, standing[0].name if standing else "", in_use, tuple(rows))
