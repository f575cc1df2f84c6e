"""Issues by their causes: what needs somebody, what is tried by itself, what is ignored, what is done."""

from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.ledger.turns import SYNC
from bothways.service import conflicts, failing, issue_groups, mending
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import (
    GroupView,
    IgnoredView,
    IssueCounts,
    IssueView,
    MendView,
    RuleView,
    TriedView,
    TroubleIssue,
)
from bothways.web.api.calls import Body, Limit, Name, Text, get, listed, one_more, post

CHANGED = (e.SettingsMoved, e.DraftInTheWay, e.MendRefused, e.SettingsError)
"""What keeps settings from being changed in place."""


class Pairs(Body):
    """For values that an app does not accept, the option that each becomes, by key or label; ``revision``: of the
    settings that were looked at."""

    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]
    choices: Annotated[dict[Text, Text], Field(min_length=1, max_length=100)]


class Winner(Body):
    """Which app is to win a field from now on; ``revision``: of the settings that were looked at, if that counts."""

    app: Name
    revision: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None


@get("issues/counts", IssueCounts)
def count_issues(request: HttpRequest) -> IssueCounts:
    """Count what needs somebody, what is tried by itself, and what is ignored."""
    return issue_groups.counts(request.workspace)


@get("issues/groups", GroupView, page=True, refused=(e.UnknownSync,))
def list_groups(
    request: HttpRequest,
    sync: Name | None = None,
    ignored: bool = False,
    after: Annotated[str | None, Field(max_length=40)] = None,
    limit: Limit = 50,
) -> object:
    """List the causes of issues; those that are ignored, if asked for."""
    found = issue_groups.groups(request.workspace, sync, ignored=ignored, after=after or None, size=limit)
    return listed(request, found.rows, found.after)


@get("issues/failing", TroubleIssue, page=True)
def list_failing(request: HttpRequest) -> object:
    """List the apps and syncs that fail as a whole, each with its next try."""
    return listed(request, failing.failing(request.workspace))


@get("issues/solved", MendView, page=True)
def list_solved(
    request: HttpRequest, after: Annotated[int | None, Field(ge=1, le=2**62)] = None, limit: Limit = 50
) -> object:
    """List what was mended or tried again of late, the newest first."""
    found = issue_groups.solved(request.workspace, before=after, size=limit + 1)
    return one_more(request, found, limit)


@get("issues/groups/{group}", GroupView, refused=(e.UnknownIssue,))
def show_group(request: HttpRequest, group: str) -> GroupView:
    """Show one cause of issues, by its id or that of one of them."""
    return issue_groups.show_group(request.workspace, group)


@get("issues/groups/{group}/issues", IssueView, page=True, refused=(e.UnknownIssue,))
def list_group_issues(
    request: HttpRequest, group: str, after: Annotated[str | None, Field(max_length=40)] = None, limit: Limit = 50
) -> object:
    """List the issues of a cause, the oldest first."""
    found = issue_groups.group_issues(request.workspace, group, after=after or None, size=limit + 1)
    return one_more(request, found, limit)


@post("issues/groups/{group}/retry", TriedView, Role.OPERATOR, refused=(e.UnknownIssue, e.NotForThat))
def retry_group(request: HttpRequest, group: str) -> TriedView:
    """Let all issues of a cause, or a single one, be tried at once."""
    return _hurried(request, mending.retry(request.workspace, group))


@post("issues/groups/{group}/ignore", IgnoredView, Role.OPERATOR, refused=(e.UnknownIssue,))
def ignore_group(request: HttpRequest, group: str) -> IgnoredView:
    """Leave all issues of a cause, or a single one, alone until a record is edited again."""
    return IgnoredView(mending.ignore(request.workspace, group))


@post("issues/groups/{group}/take-back", IgnoredView, Role.OPERATOR, refused=(e.UnknownIssue,))
def take_back_group(request: HttpRequest, group: str) -> IgnoredView:
    """Ask about ignored issues again."""
    return IgnoredView(mending.take_back(request.workspace, group))


@post(
    "issues/groups/{group}/pair",
    TriedView,
    Role.EDITOR,
    refused=(
        e.UnknownIssue,
        e.NotForThat,
        e.NothingChosen,
        e.UnknownChoice,
        e.PairingAmbiguous,
        *CHANGED,
        e.AppError,
        e.RateLimited,
    ),
)
def pair_group(request: HttpRequest, group: str, pairs: Pairs) -> TriedView:
    """Pair values that an app does not accept with its options, in the settings, and try their records again."""
    return _hurried(request, mending.pair_values(request.workspace, group, pairs.revision, pairs.choices))


@get("issues/{issue}/rule", RuleView, refused=(e.UnknownIssue, e.NoDifference, e.UnknownApp))
def preview_rule(request: HttpRequest, issue: str, app: Name) -> RuleView:
    """Say what it would mean to let one app win the field of a difference from now on."""
    return conflicts.preview_rule(request.workspace, issue, app)


@post(
    "issues/{issue}/rule",
    RuleView,
    Role.EDITOR,
    refused=(e.UnknownIssue, e.NoDifference, e.UnknownApp, *CHANGED),
)
def make_rule(request: HttpRequest, issue: str, winner: Winner) -> RuleView:
    """Let one app win the field of a difference from now on, in the settings; answers what that means."""
    found = conflicts.preview_rule(request.workspace, issue, winner.app)
    conflicts.make_rule(request.workspace, issue, winner.app, winner.revision)
    return found


def _hurried(request: HttpRequest, done: TriedView) -> TriedView:
    request.trigger(SYNC, [row_of(request.workspace, done.sync).pk])
    return done
