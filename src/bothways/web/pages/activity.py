"""What was done: the runs and the changes of settings, latest first, as pages and as a file; and the undo of a run."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.ledger.turns import SYNC
from bothways.service import history, log, requests, undo
from bothways.service.activity_file import activity_file
from bothways.service.requests import ToUndo
from bothways.service.rights import Role
from bothways.service.setting_changes import setting_changes
from bothways.web.pages.drafts import told_changes
from bothways.web.pages.page import FileResponse, action, page, shown, went_well

PAGE = 50


@page()
def activity(request: HttpRequest) -> HttpResponse:
    """Show the runs of all syncs."""
    after = str(request.GET.get("after", "")) or None
    found = log.runs(request.workspace, after=after, size=PAGE)
    older = found[-1].id if len(found) == PAGE else ""
    gone_before = None if older else history.kept(request.workspace).gone_before
    return shown(request, "activity.html", runs=found, after=older, gone_before=gone_before)


@page()
def changes(request: HttpRequest) -> HttpResponse:
    """Show what was changed in the settings of all syncs, by whom and when."""
    after = str(request.GET.get("after", ""))
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
    found = setting_changes(request.workspace, after=place, size=PAGE + 1)
    rows = [(each, told_changes(each.changes)) for each in found[:PAGE]]
    return shown(request, "activity_settings.html", rows=rows, older=found[PAGE - 1].id if len(found) > PAGE else "")


@page()
def csv(request: HttpRequest) -> HttpResponse:
    """Give all runs and all changes of settings as a file for spreadsheets."""
    return FileResponse(activity_file(request.workspace), "activity.csv", "text/csv; charset=utf-8")


@page(get=Role.EDITOR)
def to_undo(request: HttpRequest, run: str) -> HttpResponse:
    """Show what an undo of a run would put back, and what it could not."""
    found = undo.preview_undo(request.workspace, run)
    records = found.restored + found.removed + found.remade + found.unlinked
    kept = found.kept if request.GET.get("all") else found.kept[:PAGE]
    return shown(request, "undo.html", run=run, undo=found, kept=kept, records=records)


@action(post=Role.EDITOR)
def undo_run(request: HttpRequest, run: str) -> HttpResponse:
    """Ask the service to put back what a run wrote."""
    asked = requests.ask(request.workspace, ToUndo(run), once=True)
    request.trigger(SYNC, [requests.sync_of(request.workspace, ToUndo(run)).pk])
    return went_well(
        request, "/activity", _("Asked for the undo of %(run)s in %(sync)s.") % {"run": run, "sync": asked.sync}
    )
