"""What is held, and what somebody decides about it."""

from typing import Annotated, Any

from django.http import HttpRequest
from pydantic import Field, model_validator

from bothways import errors as e
from bothways.service import conflicts, issues
from bothways.service.conflicts import Alike
from bothways.service.rights import Role
from bothways.service.views import IssueView
from bothways.web.api.calls import Body, Limit, Name, Text, get, listed, one_more, post

MATCH = (e.UnknownIssue, e.NotForDeciding, e.UnknownRecord, e.LinkedAlready, e.StillBeingWritten)
"""What a decision about who belongs together can fail for."""


class Partner(Body):
    """The record of the other app that a held one is the same as, by its id there."""

    record: Name


class Strangers(Body):
    """The records of the other app that a held one is not, by their ids there."""

    records: Annotated[list[Name], Field(min_length=1, max_length=100)]


class Choice(Body):
    """Which value is right: that of an app, or one that is typed; for which others it is decided so, too."""

    app: Name | None = None
    value: Text | None = None
    alike: Alike = Alike.NONE
    seen: dict[str, Any] | None = None
    """The values that were looked at, by app; it is decided only if they still are those."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "Choice":
        if (self.app is None) == (self.value is None):
            raise ValueError("say either app or value")
        return self


@get("issues", IssueView, page=True, refused=(e.UnknownSync, e.UnknownIssue))
def list_issues(
    request: HttpRequest,
    sync: Name | None = None,
    after: Annotated[str | None, Field(max_length=40)] = None,
    limit: Limit = 50,
) -> object:
    """List what waits for a person, or for an app; oldest first of each sync."""
    found = issues.list_issues(request.workspace, sync, after=after or None, size=limit + 1)
    return one_more(request, found, limit)


@get("issues/{issue}", IssueView, refused=(e.UnknownIssue,))
def show_issue(request: HttpRequest, issue: str) -> IssueView:
    """Show one issue, with what was written of the records."""
    return issues.show_issue(request.workspace, issue)


@post("issues/{issue}/link", IssueView, Role.OPERATOR, refused=MATCH)
def link_issue(request: HttpRequest, issue: str, partner: Partner) -> IssueView:
    """Decide that a held record is the same as one of the other app; the next run links them."""
    return issues.link_issue(request.workspace, issue, partner.record)


@post("issues/{issue}/create", IssueView, Role.OPERATOR, refused=MATCH)
def create_issue(request: HttpRequest, issue: str) -> IssueView:
    """Decide that a held record is new; the next run creates it in the other app."""
    return issues.create_issue(request.workspace, issue)


@post("issues/{issue}/leave-out", IssueView, Role.OPERATOR, refused=MATCH)
def leave_out(request: HttpRequest, issue: str) -> IssueView:
    """Decide that a held record takes no part: it is matched with nobody, and nobody is made for it."""
    return issues.leave_out(request.workspace, issue)


@post("issues/{issue}/apart", IssueView, Role.OPERATOR, refused=MATCH)
def keep_apart(request: HttpRequest, issue: str, strangers: Strangers) -> IssueView:
    """Decide that a held record is none of these of the other app."""
    return issues.keep_apart(request.workspace, issue, strangers.records)


@post(
    "issues/{issue}/choose",
    IssueView,
    Role.OPERATOR,
    page=True,
    refused=(
        e.UnknownIssue,
        e.NoDifference,
        e.UnknownApp,
        e.ValuesMoved,
        e.DecisionDoesNotFit,
        e.AppError,
        e.RateLimited,
    ),
)
def choose(request: HttpRequest, issue: str, choice: Choice) -> object:
    """Decide which value is right, of an app or typed; answers all issues that were decided so."""
    seen = conflicts.mark_of(choice.seen) if choice.seen is not None else ""
    if choice.app is not None:
        done = conflicts.choose_app(request.workspace, issue, choice.app, choice.alike, seen=seen)
    else:
        done = conflicts.type_value(request.workspace, issue, choice.value or "", choice.alike, seen=seen)
    return listed(request, done)


@post("issues/{issue}/withdraw", IssueView, Role.OPERATOR, refused=MATCH)
def withdraw(request: HttpRequest, issue: str) -> IssueView:
    """Take back what was decided; the issue waits again. A record that is left out takes part again by its issue."""
    return issues.withdraw(request.workspace, issue)
