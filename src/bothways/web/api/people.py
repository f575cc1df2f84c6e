"""Who can sign in, and what was done; for admins."""

from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.service import accounts, second_factor
from bothways.service.rights import Role
from bothways.service.views import AccountView, DeedView, OneTimeLinkView
from bothways.web.api.calls import Body, Limit, Name, Number, get, listed, one_more, post


class Invited(Body):
    """For whom a link is: a new account of a role, or a new password of the account of a name."""

    role: Role = Role.VIEWER
    name: Annotated[str, Field(max_length=100)] = ""


class NewRole(Body):
    """The role that somebody is to have."""

    role: Role


class Link(Body):
    """The word of a one-time link: the page /welcome takes it as ``key``. It is told once."""

    key: str
    path: str


@get("people", AccountView, role=Role.ADMIN, page=True)
def list_people(request: HttpRequest) -> object:
    """List who can sign in, and in which role."""
    return listed(request, accounts.list_accounts(request.workspace))


@get("deeds", DeedView, role=Role.ADMIN, page=True)
def list_deeds(request: HttpRequest, after: Number | None = None, limit: Limit = 50) -> object:
    """List what was done last to accounts, sessions and tokens, the newest first."""
    return one_more(request, accounts.deeds(request.workspace, limit + 1, after=after), limit)


@post("people/invite", Link, Role.ADMIN, status=201, refused=(e.UnknownPerson, e.SwitchedOff), secret=True)
def invite(request: HttpRequest, whom: Invited = Invited()) -> object:  # noqa: B008 - it is not changed
    """Make a one-time link for a new account, or for a new password."""
    word = accounts.make_link(request.workspace, whom.role, whom.name)
    return {"key": word, "path": f"/welcome?key={word}"}


@get("people/links", OneTimeLinkView, role=Role.ADMIN, page=True)
def list_links(request: HttpRequest) -> object:
    """List the one-time links that are good still, the newest first."""
    return listed(request, accounts.good_links(request.workspace))


@post("people/links/{name}/revoke", OneTimeLinkView, Role.ADMIN, refused=(e.UnknownLink,))
def revoke_link(request: HttpRequest, name: Name) -> OneTimeLinkView:
    """Let a one-time link be good no more. ``name``: its id, such as l_3."""
    return accounts.revoke_link(request.workspace, name)


@post("people/{name}/role", AccountView, Role.ADMIN, refused=(e.UnknownPerson, e.LastAdmin))
def set_role(request: HttpRequest, name: Name, wanted: NewRole) -> AccountView:
    """Give somebody another role."""
    return accounts.set_role(request.workspace, name, wanted.role)


@post("people/{name}/off", AccountView, Role.ADMIN, refused=(e.UnknownPerson, e.LastAdmin))
def switch_off(request: HttpRequest, name: Name) -> AccountView:
    """Let somebody sign in no more, and end their sessions and tokens."""
    return accounts.switch_off(request.workspace, name)


@post("people/{name}/reset", AccountView, Role.ADMIN, refused=(e.UnknownPerson, e.NoSecondFactor))
def reset_second_factor(request: HttpRequest, name: Name) -> AccountView:
    """Take the second factor from somebody who has lost it."""
    return second_factor.reset(request.workspace, name)
