"""Signing in with an OpenID provider: off to it, and back from it. A browser comes back only to what it has begun:
that stands in a cookie, signed by us, so that visitors who never come back leave nothing behind.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from bothways.errors import BothwaysError, LedgerError, LinkUsed, ProviderFailed, SignInNotBegun
from bothways.service import accounts, openid, single_sign_on
from bothways.service.openid import Attempt
from bothways.web.pages.page import page, shown, went_well
from bothways.web.pages.people import begin_session

ATTEMPT = "bothways_attempt"
"""The cookie that holds what was begun."""

PATH = "/login/"
"""To which addresses the cookie is sent."""

BACK = "/login/back"
"""Where the provider sends browsers back to; its settings must name it."""


@page(get=None)
def begin(request: HttpRequest) -> HttpResponse:
    """Send a browser to the provider, with what only this browser can bring back; with a one-time link, to use it."""
    back, key = str(request.GET.get("next") or "/"), str(request.GET.get("key") or "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    try:
        if key:
            accounts.link_is_for(request.base, key)
        address, attempt = openid.begin(request.base, _redirect(request), back=back, key=key)
    except LedgerError:
        raise
    except BothwaysError as error:
        return _refused(request, error)
    response = HttpResponseRedirect(address, status=303)
    response.set_cookie(
        ATTEMPT,
        signing.dumps(attempt.plain, salt=ATTEMPT),
        max_age=int(openid.LASTS),
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@page(get=None)
def come_back(request: HttpRequest) -> HttpResponse:
    """Take the answer of the provider, once, and sign in whom it names if they are let in."""
    answer = {key: str(value) for key, value in request.GET.items()}
    try:
        attempt = _begun(request)
        person = openid.finish(request.base, attempt, answer)
        account = single_sign_on.let_in(request.base, person, attempt.key)
    except LedgerError:
        raise
    except BothwaysError as error:
        return _refused(request, error)
    begin_session(request, account)
    response = went_well(request, attempt.back)
    response.delete_cookie(ATTEMPT, path=PATH, samesite="Lax")
    return response


def _begun(request: HttpRequest) -> Attempt:
    """Return what this browser has begun; raise SignInNotBegun."""
    try:
        return Attempt(**signing.loads(request.COOKIES.get(ATTEMPT, ""), salt=ATTEMPT))
    except (signing.BadSignature, TypeError) as error:
        raise SignInNotBegun() from error


def _redirect(request: HttpRequest) -> str:
    own = request.base.document.public_url
    return f"{own}{BACK}" if own else str(request.build_absolute_uri(BACK))


def _refused(request: HttpRequest, error: BothwaysError) -> HttpResponse:
    status = 502 if isinstance(error, ProviderFailed) else 410 if isinstance(error, LinkUsed) else 422
    return shown(request, "people/refused.html", status, error=error)
