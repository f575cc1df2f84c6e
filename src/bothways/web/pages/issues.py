"""The inbox: what is held, and what somebody decides about it, in place."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from bothways.service import conflicts, issues
from bothways.service.conflicts import Alike
from bothways.service.rights import Role
from bothways.service.unfit import unfit_mappings
from bothways.service.views import IssueView
from bothways.web.pages.page import action, page, shown, went_well

PAGE = 50


@page()
def inbox(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person, or for an app."""
    found = issues.list_issues(request.workspace, size=PAGE + 1)
    unfit = unfit_mappings(request.workspace)
    return shown(request, "issues/inbox.html", issues=found[:PAGE], more=len(found) > PAGE, unfit=unfit)


@action(post=Role.OPERATOR)
def link(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is the same as one of the other app."""
    return _decided(request, issues.link_issue(request.workspace, issue, str(request.POST.get("record", ""))))


@action(post=Role.OPERATOR)
def create(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is new."""
    return _decided(request, issues.create_issue(request.workspace, issue))


@action(post=Role.OPERATOR)
def apart(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is none of its candidates."""
    records = [str(each) for each in request.POST.getlist("record")]
    return _decided(request, issues.keep_apart(request.workspace, issue, records))


@action(post=Role.OPERATOR)
def choose(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide which app's value is right, or type one; for all of the same values if that is asked for."""
    alike = Alike.VALUES if request.POST.get("alike") else Alike.NONE
    app = request.POST.get("app")
    if app is not None:
        done = conflicts.choose_app(request.workspace, issue, str(app), alike)
    else:
        done = conflicts.type_value(request.workspace, issue, str(request.POST.get("value", "")), alike)
    return _decided(request, done[0], len(done))


@action(post=Role.OPERATOR)
def withdraw(request: HttpRequest, issue: str) -> HttpResponse:
    """Take back what was decided."""
    return _decided(request, issues.withdraw(request.workspace, issue))


def _decided(request: HttpRequest, view: IssueView, count: int = 1) -> HttpResponse:
    """Show the issue as it is now, in its place where the page asks for that."""
    if request.htmx and count == 1:
        return shown(request, "issues/_issue.html", issue=view)
    answer = went_well(request, f"/issues#{view.id}", _("Decided. The next run does it.") if view.decided else "")
    return HttpResponseClientRefresh() if request.htmx else answer
