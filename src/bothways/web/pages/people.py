"""Signing in and out, and the one-time link by which an account is made."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from bothways.errors import LinkUsed, PeopleError, SignInExpired
from bothways.ledger.sessions import ACCOUNT, AGENT, MADE_AT
from bothways.service import accounts, second_factor
from bothways.service.rights import Role, role_called
from bothways.service.views import AccountView
from bothways.web.languages import remember
from bothways.web.pages.page import action, form, page, shown, went_well
from bothways.web.said import say

LONGEST_AGENT = 200
HALF, HALF_AT = "half", "half_at"
"""Where a session keeps whose password was right and whose code is still to come, and since when."""

HALF_LASTS = 600.0
"""Seconds in which the code must come after the password."""


@form(get=None, post=None)
def welcome(request: HttpRequest) -> HttpResponse:
    """Make an account by a one-time link, or give one a new password."""
    word = str(request.POST.get("key") or request.GET.get("key") or "")
    try:
        role, name = accounts.link_is_for(request.base, word)
    except LinkUsed as error:
        return shown(request, "people/welcome.html", 410, used=error)
    context: dict[str, Any] = {"key": word, "role": role, "name": name, "fixed": bool(name)}
    if request.method != "POST":
        return shown(request, "people/welcome.html", **context)
    given, password = str(request.POST.get("name", "")), str(request.POST.get("password", ""))
    try:
        account = accounts.use_link(request.base, word, given, password)
    except LinkUsed as error:
        return shown(request, "people/welcome.html", 410, used=error)
    except PeopleError as error:
        return shown(request, "people/welcome.html", 422, **{**context, "name": name or given, "error": error})
    if account.second_factor:
        return _ask_for_code(request, account, "/")
    begin_session(request, account)
    return went_well(request, "/", _("Welcome, %(name)s.") % {"name": account.name})


@form(get=None, post=None)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a name and a password."""
    back = str(request.POST.get("next") or request.GET.get("next") or "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    if request.account is not None and request.method != "POST":
        return went_well(request, back)
    if request.method != "POST" and "language" in request.GET:
        here = "/login" if back == "/" else f"/login?{urlencode({'next': back})}"
        return remember(went_well(request, here), str(request.GET["language"]))
    if request.method != "POST":
        return shown(request, "people/login.html", back=back, is_new=accounts.is_new(request.base))
    name = str(request.POST.get("name", ""))
    try:
        account = accounts.sign_in(request.base, name, str(request.POST.get("password", "")))
    except PeopleError as error:
        return shown(request, "people/login.html", 422, back=back, name=name, error=error)
    if account.second_factor:
        return _ask_for_code(request, account, back)
    begin_session(request, account)
    return went_well(request, back)


@form(get=None, post=None)
def code(request: HttpRequest) -> HttpResponse:
    """Take the code of a second factor, after the password."""
    back = str(request.POST.get("next") or request.GET.get("next") or "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    half = request.session.get(HALF)
    if half is None or request.session[HALF_AT] + HALF_LASTS < request.base.clock():
        return shown(request, "people/login.html", 422, back=back, error=SignInExpired())
    if request.method != "POST":
        return shown(request, "people/code.html", back=back)
    try:
        account = second_factor.finish_sign_in(request.base, half, str(request.POST.get("code", "")))
    except SignInExpired as error:
        request.session.flush()
        return shown(request, "people/login.html", 422, back=back, error=error)
    except PeopleError as error:
        return shown(request, "people/code.html", 422, back=back, error=error)
    begin_session(request, account)
    return went_well(request, back)


@action(post=None)
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    request.session.flush()
    return went_well(request, "/login")


@page(get=Role.ADMIN)
def people(request: HttpRequest) -> HttpResponse:
    """Show who can sign in, and what was done."""
    return shown(
        request,
        "people/people.html",
        people=accounts.list_accounts(request.workspace),
        deeds=accounts.deeds(request.workspace),
        roles=list(Role),
        links=accounts.good_links(request.workspace),
        link=request.session.pop("link", None),
    )


@action(post=Role.ADMIN)
def invite(request: HttpRequest) -> HttpResponse:
    """Make a one-time link, and show it once: for a new password of who is named, else for a new account."""
    if name := str(request.POST.get("name", "")):
        word = accounts.make_link(request.workspace, name=name)
    else:
        word = accounts.make_link(request.workspace, role_called(str(request.POST.get("role", ""))))
    own, path = request.base.document.public_url, f"/welcome?key={word}"
    request.session["link"] = f"{own}{path}" if own else request.build_absolute_uri(path)  # a proxy calls without TLS
    return went_well(request, "/settings/people")


@action(post=Role.ADMIN)
def revoke(request: HttpRequest) -> HttpResponse:
    """Let a one-time link be good no more."""
    accounts.revoke_link(request.workspace, str(request.POST.get("id", "")))
    return went_well(request, "/settings/people", _("The link is revoked. Nobody can use it any more."))


@action(post=Role.ADMIN)
def set_role(request: HttpRequest) -> HttpResponse:
    """Give somebody another role."""
    changed = accounts.set_role(
        request.workspace, str(request.POST.get("name", "")), role_called(str(request.POST.get("role", "")))
    )
    said = _("%(name)s is %(role)s now.") % {"name": changed.name, "role": say(changed.role)}
    return went_well(request, "/settings/people", said)


@action(post=Role.ADMIN)
def switch_off(request: HttpRequest) -> HttpResponse:
    """Let somebody sign in no more."""
    gone = accounts.switch_off(request.workspace, str(request.POST.get("name", "")))
    return went_well(request, "/settings/people", _("%(name)s can sign in no more.") % {"name": gone.name})


@action(post=Role.ADMIN)
def reset(request: HttpRequest) -> HttpResponse:
    """Take the second factor from somebody who has lost it."""
    gone = second_factor.reset(request.workspace, str(request.POST.get("name", "")))
    said = _("%(name)s signs in with the password alone now.") % {"name": gone.name}
    return went_well(request, "/settings/people", said)


def _ask_for_code(request: HttpRequest, account: AccountView, back: str) -> HttpResponse:
    request.session.flush()
    request.session[HALF], request.session[HALF_AT] = account.id, request.base.clock()
    return went_well(request, "/login/code" if back == "/" else f"/login/code?{urlencode({'next': back})}")


def begin_session(request: HttpRequest, account: AccountView) -> None:
    """Sign somebody in, in a session of another key than that which the browser had; those that are over go."""
    request.session.flush()
    request.session.clear_expired()
    request.session[ACCOUNT] = account.id
    request.session[MADE_AT] = request.base.clock()
    request.session[AGENT] = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
