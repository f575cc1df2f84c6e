"""Apps that people let us into by OAuth: what is asked for, the way to the app, and the way back."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from bothways.errors import BothwaysError, LedgerError, NotAllowed, VisitOver
from bothways.service import apps, letting_in, visits
from bothways.service.document import CLIENT_SECRET
from bothways.service.rights import Role
from bothways.service.views import AppDetails, ConnectorView, VisitView
from bothways.web.pages import apps as by_secrets
from bothways.web.pages.apps import PREFIX, address, settings_in
from bothways.web.pages.page import action, asks_for_part, form, page, shown, went_well

BACK = "/oauth/callback"
"""Where apps send people back to: what they know of us."""

VISIT, LEAVING = "visit", "leaving"
"""Where a session keeps the visit that was begun last, and that its page sends the browser on to the app, once."""

THEN = "then"
"""Where a session keeps the page that somebody is to be on once they are back: the one that has sent them."""

ANSWER = ("code", "state", "error", "error_description")


@form(get=Role.EDITOR, post=Role.EDITOR)
def connect(request: HttpRequest, connector: str) -> HttpResponse:
    """Show what an app of a kind is asked to allow, and begin the way there; or ask for secrets, if that is wanted."""
    kind = apps.kind_called(connector)
    if not kind.by_oauth or request.GET.get("by") == "secrets":
        return by_secrets.connect(request, connector)
    name = str(request.POST.get("name", "")).strip()
    if request.method != "POST":
        return _waiting(request, "") or _form(request, kind, apps.free_name(request.workspace, connector), {})
    said = {**settings_in(request, kind.settings), **_of_client(request)}
    secret = {CLIENT_SECRET, *(each.name for each in kind.settings if each.secret)}
    typed = {each: said.pop(each) for each in list(said) if each in secret}
    try:
        visit = visits.begin(
            request.workspace, _session(request), _back(request), name, connector, said, typed, _chosen(request)
        )
    except (LedgerError, NotAllowed):
        raise
    except BothwaysError as error:
        return _form(request, kind, name, said, error)
    return _leave(request, visit)


@form(get=Role.EDITOR, post=Role.EDITOR)
def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """Begin the way to an app that is connected; or ask for other secrets, where it is let in by these.

    The page of the own field has further permissions asked for, and is shown again then.
    """
    found = apps.show_app(request.workspace, name)
    if not found.by_oauth:
        return by_secrets.sign_in(request, name)
    if request.method != "POST":
        waiting = None if _further(request) else _waiting(request, name)
        return waiting or _sign_in(request, found)
    typed = {each: word for each, word in _of_client(request).items() if each == CLIENT_SECRET}
    try:
        visit = visits.begin_again(request.workspace, _session(request), _back(request), name, typed, _chosen(request))
    except (LedgerError, NotAllowed):
        raise
    except BothwaysError as error:
        return _sign_in(request, found, error)
    request.session[THEN] = "/own-field" if _further(request) else ""
    return _leave(request, visit)


@page(Role.EDITOR)
def visit(request: HttpRequest, mark: str) -> HttpResponse:
    """Show that an app is waited for, or why it did not let us in; at first, send the browser on to the app."""
    found = visits.look(request.workspace, _session(request), mark)
    if found.done:
        return _gone(request, address(found.app))
    if asks_for_part(request):  # the page asks again and again whether there is an answer
        return _gone(request, request.path) if found.trouble else HttpResponse(status=204)
    response = shown(request, "apps/visit.html", visit=found)
    if request.session.get(VISIT) == mark and request.session.pop(LEAVING, False) and not found.trouble:
        response["Refresh"] = f"0; url={found.address}"
    return response


@action(post=Role.EDITOR)
def visit_again(request: HttpRequest, mark: str) -> HttpResponse:
    """Go the way to an app once more."""
    return _leave(request, visits.try_again(request.workspace, _session(request), mark))


@action(post=Role.EDITOR)
def visit_cancel(request: HttpRequest, mark: str) -> HttpResponse:
    """Wait for an app no longer."""
    found = visits.look(request.workspace, _session(request), mark)
    visits.cancel(request.workspace, _session(request), mark)
    request.session.pop(VISIT, None)
    if found.again:
        return went_well(request, address(found.app), _("Nothing was changed."))
    return went_well(request, "/apps", _("Nothing was connected."))


def come_back(request: HttpRequest) -> HttpResponse:
    """Take in what an app sends somebody back with. Who was signed out meanwhile is not expected any more: nobody is
    asked to sign in here, since the app's answer would go along in the address.
    """
    if request.account is None or not request.account.actor.role.includes(Role.EDITOR):
        raise VisitOver()
    answer = {name: str(request.GET[name]) for name in ANSWER if name in request.GET}
    found = visits.come_back(request.workspace, _session(request), answer)
    if not found.done:
        return HttpResponseRedirect(_page_of(found), status=303)
    words = _("%(name)s lets us in. What waited goes on.") if found.again else _("%(name)s is connected.")
    then = request.session.pop(THEN, "") if found.again else ""
    return went_well(request, f"{address(found.app)}{then}", words % {"name": found.app})


come_back.roles = {"GET": None}  # type: ignore[attr-defined]  # not HEAD: it does something


def _leave(request: HttpRequest, visit: VisitView) -> HttpResponse:
    request.session[VISIT], request.session[LEAVING] = visit.mark, True
    return HttpResponseRedirect(_page_of(visit), status=303)


def _waiting(request: HttpRequest, app: str) -> HttpResponse | None:
    """Send somebody to the page that waits for the app that they have gone to from here, as the browser's own button to
    go back leads here; None if none is waited for. ``app``: the one to sign in to again, "" for a new one.
    """
    try:
        found = visits.look(request.workspace, _session(request), str(request.session.get(VISIT, "")))
    except VisitOver:
        return None
    if found.done or found.trouble or (found.app if found.again else "") != app:
        return None
    return HttpResponseRedirect(_page_of(found), status=303)


def _page_of(visit: VisitView) -> str:
    return f"/visits/{visit.mark}"


def _gone(request: HttpRequest, where: str) -> HttpResponse:
    """Go to another page, with script and without."""
    if not asks_for_part(request):
        return HttpResponseRedirect(where, status=303)
    response = HttpResponse()
    response["HX-Redirect"] = where
    return response


def _session(request: HttpRequest) -> str:
    return str(request.session.session_key or "")


def _back(request: HttpRequest) -> str:
    """Return the address that an app sends people back to."""
    public = request.workspace.document.public_url
    return (public.rstrip("/") if public else f"{request.scheme}://{request.get_host()}") + BACK


def _of_client(request: HttpRequest) -> dict[str, str]:
    found = {
        name: str(request.POST.get(PREFIX + name, "")).strip() for name in ("client_id", CLIENT_SECRET, "authorize_url")
    }
    return {name: word for name, word in found.items() if word}


def _chosen(request: HttpRequest) -> list[str]:
    return [str(each) for each in request.POST.getlist("allow")]


def _further(request: HttpRequest) -> list[str]:
    given = request.POST if request.method == "POST" else request.GET
    return [str(each) for each in given.getlist("with")]


def _form(
    request: HttpRequest,
    kind: ConnectorView,
    name: str,
    said: Mapping[str, str],
    error: BothwaysError | None = None,
) -> HttpResponse:
    wrong = str(error.facts.get("key", "")) if error else ""
    more = [each for each in kind.settings if each.name != kind.instead_of]
    context = {
        "kind": kind,
        "name": name,
        "said": said,
        "more": [(each, said.get(each.name, each.default or ""), each.name == wrong) for each in more],
        "back": _back(request),
        "permissions": kind.permissions,
        "chosen": _chosen(request) if error else [each.scope for each in kind.permissions],
        "error": error,
        "wrong": wrong,
    }
    return shown(request, "apps/connect_there.html", 422 if error else 200, **context)


def _sign_in(request: HttpRequest, found: AppDetails, error: BothwaysError | None = None) -> HttpResponse:
    permissions = letting_in.asked_again(request.workspace, found.app.name, _further(request))
    context = {
        "found": found,
        "kind": apps.kind_called(found.app.connector),
        "back": _back(request),
        "permissions": permissions,
        "further": _further(request),
        "chosen": _chosen(request) if error else [each.scope for each in permissions],
        "error": error,
    }
    return shown(request, "apps/sign_in_there.html", 422 if error else 200, **context)
