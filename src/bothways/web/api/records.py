"""What is done about one record, or one field: linked by hand, put back, won by an app."""

from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.service import issues, partners, undo, winners
from bothways.service.rights import Role
from bothways.service.views import PairView, PartnersView, PutBackView, WinnerView
from bothways.web.api.calls import Body, Limit, Name, get, post
from bothways.web.api.syncs import ASKED_APPS

NAMED = (e.UnknownSync, e.UnknownRecord, e.SeveralRecords)
"""What a call that names a record can fail for."""


class Two(Body):
    """Two records, one of each app, each named by an id, app:id, an e-mail address or a name."""

    left: Name
    right: Name


class Winning(Body):
    """Which app is to win which field, by its name or label in either app."""

    field: Name
    app: Name


@get("syncs/{name}/partners", PartnersView, refused=(*NAMED, e.LinkedAlready))
def list_partners(
    request: HttpRequest,
    name: str,
    record: Name,
    search: Annotated[str | None, Field(max_length=200, description="Without it: what the record is called.")] = None,
    limit: Limit = 20,
) -> PartnersView:
    """List who could be the partner of a record that has none."""
    return partners.partners(request.workspace, name, record, search, size=limit)


@post("syncs/{name}/link", PairView, Role.OPERATOR, refused=(*NAMED, e.LinkedAlready))
def link_records(request: HttpRequest, name: str, two: Two) -> PairView:
    """Decide that two records are the same; the next run links them."""
    return issues.link(request.workspace, name, two.left, two.right)


@post("syncs/{name}/unlink", PairView, Role.OPERATOR, refused=(*NAMED, e.NotLinked, e.StillBeingWritten))
def unlink_records(request: HttpRequest, name: str, two: Two) -> PairView:
    """End the link of two records; both stay as they are, and wait for a person."""
    return issues.unlink(request.workspace, name, two.left, two.right)


@get(
    "syncs/{name}/put-back",
    PutBackView,
    role=Role.OPERATOR,
    refused=(*NAMED, e.UnknownField, e.UnknownRun, e.SecondRunner, *ASKED_APPS),
)
def preview_put_back(request: HttpRequest, name: str, record: Name, field: Name, run: Name) -> PutBackView:
    """Show what one field would get if what a run wrote to it were put back; it is, by the undo of that part."""
    return undo.preview_put_back(request.workspace, name, record, field, run)


@get(
    "syncs/{name}/winner",
    WinnerView,
    role=Role.EDITOR,
    refused=(e.UnknownSync, e.UnknownField, e.UnknownApp, e.NoOwnWinner),
)
def preview_winner(request: HttpRequest, name: str, field: Name, app: Name) -> WinnerView:
    """Show what it would mean that one app wins a field."""
    return winners.preview_winner(request.workspace, name, field, app)


@post(
    "syncs/{name}/winner",
    WinnerView,
    Role.EDITOR,
    refused=(e.UnknownSync, e.UnknownField, e.UnknownApp, e.NoOwnWinner, *ASKED_APPS),
)
def set_winner(request: HttpRequest, name: str, how: Winning) -> WinnerView:
    """Let one app win every difference of a field from now on, in the settings file."""
    return winners.set_winner(request.workspace, name, how.field, how.app)
