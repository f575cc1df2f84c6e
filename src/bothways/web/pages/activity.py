"""What was done: the runs, latest first, and the undo of one."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.ledger.turns import SYNC
from bothways.service import history, log, requests, undo
from bothways.service.requests import ToUndo
from bothways.service.rights import Role
from bothways.web.pages.page import action, page, shown, went_well

PAGE = 50


@page()
def activity(request: HttpRequest) -> HttpResponse:
    """Show the runs of all syncs."""
    after = str(request.GET.get("after", "")) or None
    found = log.runs(request.workspace, after=after, size=PAGE)
    older = found[-1].id if len(found) == PAGE else ""
    gone_before = None if older else history.kept(request.workspace).gone_before
    return shown(request, "activity.html", runs=found, after=older, gone_before=gone_before)


@page(get=Role.EDITOR)
def to_undo(request: HttpRequest, run: str) -> HttpResponse:
    """Show what an undo of a run would put back, and what it could not."""
    return shown(request, "undo.html", run=run, undo=undo.preview_undo(request.workspace, run))


@action(post=Role.EDITOR)
def undo_run(request: HttpRequest, run: str) -> HttpResponse:
    """Ask the service to put back what a run wrote."""
    asked = requests.ask(request.workspace, ToUndo(run))
    request.trigger(SYNC, [requests.sync_of(request.workspace, ToUndo(run)).pk])
    return went_well(
        request, "/activity", _("Asked for the undo of %(run)s in %(sync)s.") % {"run": run, "sync": asked.sync}
    )
