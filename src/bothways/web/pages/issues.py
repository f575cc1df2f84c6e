"""What somebody decides about a single issue, in place: who belongs together, which value is right, or a rule."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from bothways.errors import (
    BothwaysError,
    CandidatesMoved,
    DecisionDoesNotFit,
    DraftInTheWay,
    SettingsMoved,
    ValuesMoved,
)
from bothways.service import conflicts, issue_groups, issues
from bothways.service.conflicts import Alike
from bothways.service.rights import Role
from bothways.service.views import IssueView
from bothways.web.pages.page import action, asks_for_part, form, shown, went_well
from bothways.web.pages.records import record_address


@action(post=Role.OPERATOR)
def link(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is the same as one of the other app."""
    return _decided(request, issues.link_issue(request.workspace, issue, str(request.POST.get("record", ""))))


@action(post=Role.OPERATOR)
def create(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is new."""
    seen = [str(each) for each in request.POST.getlist("record")] if "seen" in request.POST else None
    try:
        return _decided(request, issues.create_issue(request.workspace, issue, seen))
    except CandidatesMoved as error:
        if not request.htmx:
            raise
        return _refused(request, issue, error)


@action(post=Role.OPERATOR)
def leave_out(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record takes no part."""
    return _decided(request, issues.leave_out(request.workspace, issue))


@action(post=Role.OPERATOR)
def apart(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide that a held record is none of its candidates."""
    records = [str(each) for each in request.POST.getlist("record")]
    return _decided(request, issues.keep_apart(request.workspace, issue, records))


@action(post=Role.OPERATOR)
def choose(request: HttpRequest, issue: str) -> HttpResponse:
    """Decide which app's value is right, or type one; for all of the same values if that is asked for."""
    alike = Alike.VALUES if request.POST.get("alike") else Alike.NONE
    app, seen, typed = request.POST.get("app"), str(request.POST.get("seen", "")), str(request.POST.get("value", ""))
    try:
        if app is not None:
            done = conflicts.choose_app(request.workspace, issue, str(app), alike, seen=seen)
        else:
            done = conflicts.type_value(request.workspace, issue, typed, alike, seen=seen)
    except (ValuesMoved, DecisionDoesNotFit) as error:
        if not request.htmx:
            raise
        return _refused(request, issue, error, typed)
    return _decided(request, done[0], len(done))


@action(post=Role.OPERATOR)
def withdraw(request: HttpRequest, issue: str) -> HttpResponse:
    """Take back what was decided; that a record is left out, on its own page, too."""
    view = issues.withdraw(request.workspace, issue)
    if request.POST.get("record"):
        here = record_address(view.sync, f"{view.app}:{view.record}")
        return went_well(request, here, _("It takes part again. The next run looks for its match."))
    return _decided(request, view)


@form(get=Role.VIEWER, post=Role.EDITOR)
def rule(request: HttpRequest, issue: str) -> HttpResponse:
    """Say what a rule for the field would mean for all that waits, and make it."""
    if request.method != "POST":
        return _rule(request, issue)
    app, revision = str(request.POST.get("app", "")), str(request.POST.get("revision", ""))
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    found = conflicts.preview_rule(request.workspace, issue, app)
    try:
        conflicts.make_rule(request.workspace, issue, app, number)
    except (SettingsMoved, DraftInTheWay) as error:
        return _rule(request, issue, 422, error=error)
    said = _("%(app)s wins %(field)s from now on. The next run writes what waits.")
    return went_well(request, "/issues/conflicts", said % {"app": app, "field": found.field})


def _rule(request: HttpRequest, issue: str, status: int = 200, **more: object) -> HttpResponse:
    held = issues.show_issue(request.workspace, issue)
    rules = [conflicts.preview_rule(request.workspace, issue, app) for app in held.values]
    template = "issues/_rule.html" if asks_for_part(request) else "issues/rule.html"
    return shown(request, template, status, issue=held, rules=rules, **more)


def _refused(request: HttpRequest, issue: str, error: BothwaysError, typed: str = "") -> HttpResponse:
    """Show an issue as it is now, with why nothing was decided, and what was typed."""
    held = issues.show_issue(request.workspace, issue)
    alike = issue_groups.alike(request.workspace, [held]) if held.kind == "conflict" else {}
    context = {"issue": held, "alike": alike, "refused": error, "typed_value": typed}
    return shown(request, "issues/_issue.html", 422, **context)


def _decided(request: HttpRequest, view: IssueView, count: int = 1) -> HttpResponse:
    """Show the issue as it is now, in its place where the page asks for that."""
    if request.htmx and count == 1:
        return shown(request, "issues/_issue.html", issue=view)
    answer = went_well(
        request, f"/issues/groups/{view.id}#{view.id}", _("Decided. The next run does it.") if view.decided else ""
    )
    return HttpResponseClientRefresh() if request.htmx else answer
