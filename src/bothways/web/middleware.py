"""What every page has in common: headers that keep browsers from harm, and who is signed in."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language

from bothways.errors import BothwaysError, LedgerError, NotAllowed
from bothways.ledger import db
from bothways.ledger.sessions import ACCOUNT
from bothways.service.accounts import account_of
from bothways.service.connect import Schemas
from bothways.service.rights import require
from bothways.service.sessions import touch
from bothways.service.workspace import own_of
from bothways.web.languages import spoken
from bothways.web.pages import failures
from bothways.web.pages.page import roles_of

Answer = Callable[[HttpRequest], HttpResponse]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load: only what is served here, and no code or style that stands in it."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def secured(answer: Answer) -> Answer:
    """Give every answer the headers that keep browsers from harm."""

    def inside(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.SESSION_COOKIE_SECURE:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response

    return inside


class SignedIn:
    """Let only those see a page who may, and act in their names; others are asked to sign in, or told who can.

    A failure that our catalogue knows becomes a page with its words.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._schemas: Schemas = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request in the name of who is signed in."""
        try:
            with db.translated():
                id = request.session.get(ACCOUNT)
            request.account = account_of(request.base, id) if id is not None else None
            actor = request.account.actor if request.account else None
            if actor is not None:
                touch(request.base, request.session.session_key)
        except LedgerError as error:
            with spoken(request, None):
                return failures.known(request, error)
        request.workspace = own_of(request.base, {}, actor=actor, schemas=self._schemas)
        before = request.base.document
        with spoken(request, request.account):
            response = self._answer(request)
            response.headers.setdefault("Content-Language", get_language() or "en")
        if request.workspace.document is not before:  # what was changed here counts for the next page at once
            request.base.document, request.base.stamp = request.workspace.document, request.workspace.stamp
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: Sequence[str], _kwargs: Mapping[str, str]
    ) -> HttpResponse | None:
        """Refuse a page to who may not see it."""
        roles = roles_of(view)
        if request.method not in roles:
            return failures.no_such_method(request, list(roles))
        role = roles[request.method]
        if role is None:
            return None
        if request.account is None:
            return _to_sign_in(request)
        try:
            require(request.workspace, role)
        except NotAllowed as error:
            return failures.known(request, error)
        return None

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Tell of a failure that we have words for."""
        return failures.known(request, problem) if isinstance(problem, BothwaysError) else None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else _page_of(request)
    address = "/login" if back == "/" else f"/login?{urlencode({'next': back})}"
    if request.htmx:
        response = HttpResponse()
        response["HX-Redirect"] = address
        return response
    return HttpResponseRedirect(address, status=303)


def _page_of(request: HttpRequest) -> str:
    """Return on which page something was done, as far as its script told."""
    return (request.htmx.current_url_abs_path if request.htmx else None) or "/"
