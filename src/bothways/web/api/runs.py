"""What was done, and its undo; what people asked for, and what came of it."""

from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.ledger.turns import SYNC
from bothways.service import log, requests, undo
from bothways.service.requests import RequestView, ToUndo
from bothways.service.rights import Role
from bothways.service.setting_changes import setting_changes
from bothways.service.views import RunSummary, SettingChange, UndoView
from bothways.web.api.calls import Body, Limit, Name, Number, get, one_more, post
from bothways.web.api.syncs import ASKED_APPS


class Part(Body):
    """Which part of a run: what it wrote to one record, or to one field. Without both, all of it."""

    record: Name | None = None
    field: Name | None = None


NAMED = (e.UnknownRun, e.UnknownSync, e.UnknownRecord, e.SeveralRecords, e.UnknownField)
"""What the undo of a part of a run can fail for."""


@get("runs", RunSummary, page=True, refused=(e.UnknownSync, e.UnknownRun))
def list_runs(
    request: HttpRequest,
    sync: Name | None = None,
    after: Annotated[str | None, Field(max_length=40)] = None,
    limit: Limit = 50,
) -> object:
    """List the runs, latest first."""
    return one_more(request, log.runs(request.workspace, sync, after=after or None, size=limit + 1), limit)


@get("changes", SettingChange, page=True, refused=(e.UnknownSync,))
def list_changes(
    request: HttpRequest, sync: Name | None = None, after: Number | None = None, limit: Limit = 50
) -> object:
    """List what was changed in the settings of syncs, latest first."""
    return one_more(request, setting_changes(request.workspace, sync, after=after, size=limit + 1), limit)


@get("runs/{run}/undo", UndoView, role=Role.EDITOR, refused=(*NAMED, e.SecondRunner, *ASKED_APPS))
def preview_undo(request: HttpRequest, run: str, record: Name | None = None, field: Name | None = None) -> UndoView:
    """Show what an undo of a run would put back, and what it could not; nothing is written."""
    return undo.preview_undo(request.workspace, run, record=record, field=field)


@post("runs/{run}/undo", RequestView, Role.OPERATOR, status=202, refused=(e.UnknownRun, e.UnknownSync, e.AllPaused))
def undo_run(request: HttpRequest, run: str, part: Part = Part()) -> RequestView:  # noqa: B008 - it is not changed
    """Ask the service to put back what a run wrote.

    An operator can ask for that of one record; the whole of a run takes the role editor. The answer is a request.
    """
    wish = ToUndo(run, part.record, part.field)
    asked = requests.ask(request.workspace, wish)
    request.trigger(SYNC, [requests.sync_of(request.workspace, wish).pk])
    return asked


@get("requests", RequestView, page=True)
def list_requests(request: HttpRequest, after: Number | None = None, limit: Limit = 50) -> object:
    """List what people asked for, latest first."""
    return one_more(request, requests.list_requests(request.workspace, after=after, size=limit + 1), limit)


@get("requests/{id}", RequestView, refused=(e.UnknownRequest,))
def show_request(request: HttpRequest, id: Number) -> RequestView:
    """Show how a request stands: how far it is, or what came of it."""
    return requests.show_request(request.workspace, id)
