"""Apps: which are connected and how they stand, connecting one, signing in to it again, disconnecting it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.connectors.base import Setting
from bothways.errors import BothwaysError, LedgerError, NotAllowed
from bothways.service import apps, failing, hours, own_fields, syncs
from bothways.service.alerts import APP
from bothways.service.rights import Role
from bothways.service.same_account import accept_account
from bothways.service.views import ConnectorView
from bothways.web.pages import figures
from bothways.web.pages.page import action, asks_for_part, form, page, shown, went_well
from bothways.web.said import say

PREFIX = "set-"
"""What the fields of a form begin with that are settings of an app."""


def address(name: str) -> str:
    """Return the address of an app's page."""
    return f"/apps/{quote(name, safe='')}"


@page()
def listed(request: HttpRequest) -> HttpResponse:
    """Show the connected apps and how they stand, and the kinds of app that can be connected, by name and category."""
    return _listed(request, str(request.GET.get("q", "")).strip(), str(request.GET.get("category", "")))


def _listed(request: HttpRequest, text: str, category: str, status: int = 200, **more: Any) -> HttpResponse:
    stands = {each.app: each for each in syncs.status(request.workspace).apps}
    troubles = {each.name: each for each in failing.failing(request.workspace) if each.kind == APP}
    found = [
        (each, stands.get(each.name), troubles.get(each.name))
        for each in apps.fitting(apps.list_apps(request.workspace), text, category)
    ]
    kinds = apps.catalogue()
    context = {
        "apps": found,
        "catalogue": apps.fitting(kinds, text, category),
        "categories": sorted({each.category for each in kinds} | {category} - {""}),
        "q": text,
        "category": category,
        **more,
    }
    return shown(request, "apps/_found.html" if asks_for_part(request) else "apps/apps.html", status, **context)


@page()
def one(request: HttpRequest, name: str) -> HttpResponse:
    """Show one app: who uses it, its calls of today, its settings, and where its secrets are."""
    return _one(request, name)


def _one(request: HttpRequest, name: str, status: int = 200, **more: Any) -> HttpResponse:
    figure = figures.calls(hours.calls_of(request.workspace, name))
    return shown(request, "apps/app.html", status, found=apps.show_app(request.workspace, name), figure=figure, **more)


@action(post=Role.OPERATOR)
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Ask an app who we are there and what it offers; if it fails, say so where that was asked."""
    request.workspace.app(name)
    try:
        found = apps.check_app(request.workspace, name)
    except (LedgerError, NotAllowed):
        raise
    except BothwaysError as error:
        if request.POST.get("in") == "list":
            return _listed(request, "", "", 422, error=error, failed=name)
        return _one(request, name, 422, error=error)
    return shown(request, "apps/check.html", check=found)


@form(get=Role.EDITOR, post=Role.EDITOR)
def connect(request: HttpRequest, connector: str) -> HttpResponse:
    """Connect an app of a kind: it is asked whether it lets us in, and only then written into the settings."""
    kind = apps.kind_called(connector)
    name, given = str(request.POST.get("name", "")).strip(), settings_in(request, kind.settings)
    if request.method != "POST":
        return _form(request, kind, apps.free_name(request.workspace, connector), {})
    typed = {each.name: given.pop(each.name) for each in kind.settings if each.secret and each.name in given}
    try:
        made = apps.add_app(request.workspace, name, connector, given, {}, typed)
    except (LedgerError, NotAllowed):
        raise
    except BothwaysError as error:
        return _form(request, kind, name, given, error)
    words = _("%(name)s is connected, as %(account)s.") % {"name": name, "account": say(made.account_label)}
    return went_well(request, address(name), words)


@form(get=Role.EDITOR, post=Role.EDITOR)
def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """Take over other secrets of an app, if it lets us in with them."""
    found = apps.show_app(request.workspace, name)
    kind = apps.kind_called(found.app.connector)
    secrets = [each for each in kind.settings if each.secret]
    typed = settings_in(request, secrets)
    problem: BothwaysError | None = None
    if request.method == "POST" and typed:
        try:
            apps.sign_in_again(request.workspace, name, {}, typed)
        except (LedgerError, NotAllowed):
            raise
        except BothwaysError as error:
            problem = error
        else:
            return went_well(request, address(name), _("%(name)s lets us in. What waited goes on.") % {"name": name})
    context = {"found": found, "secrets": secrets, "error": problem, "nothing": request.method == "POST" and not typed}
    return shown(request, "apps/sign_in.html", 422 if request.method == "POST" else 200, **context)


@form(get=Role.EDITOR, post=Role.EDITOR)
def disconnect(request: HttpRequest, name: str) -> HttpResponse:
    """Ask whether an app is to be disconnected, and do it."""
    if request.method != "POST":
        return shown(request, "apps/disconnect.html", found=apps.show_app(request.workspace, name))
    told = apps.disconnect(request.workspace, name)
    words = _("%(name)s is disconnected. Its records stay as they are.") % {"name": name}
    if not told:
        more = _("It could not be told: take Bothways out of its list of connected apps there.")
        words = f"{words} {more}"
    return went_well(request, "/apps", words)


@form(get=Role.EDITOR, post=Role.EDITOR)
def own_field(request: HttpRequest, name: str) -> HttpResponse:
    """Show in which objects of an app the field for our marks would be made, and make it."""
    if request.method != "POST":
        return shown(request, "apps/own_field.html", view=own_fields.show(request.workspace, name))
    view = own_fields.make(request.workspace, name, confirmed=True)
    words = _("%(name)s keeps our marks in %(field)s from now on.") % {"name": name, "field": view.field}
    return went_well(request, address(name), words)


@action(post=Role.EDITOR)
def same(request: HttpRequest, name: str) -> HttpResponse:
    """Take somebody's word that an app is still the account that it was."""
    account = accept_account(request.workspace, name)
    words = _("%(account)s counts as the same account from now on.") % {"account": say(account.label)}
    return went_well(request, address(name), words)


def settings_in(request: HttpRequest, settings: Any) -> dict[str, str]:
    """Return what a form says of settings, without those that it leaves empty."""
    found = {each.name: str(request.POST.get(PREFIX + each.name, "")).strip() for each in settings}
    return {name: value for name, value in found.items() if value}


def _form(
    request: HttpRequest, kind: ConnectorView, name: str, given: Mapping[str, str], error: BothwaysError | None = None
) -> HttpResponse:
    wrong = str(error.facts.get("key", "")) if error else ""
    fields = [(each, given.get(each.name, each.default or ""), each.name == wrong) for each in kind.settings]
    context = {
        "kind": kind,
        "permissions": apps.permissions_of_secret(kind.name),
        "name": name,
        "needed": [each for each in fields if _is_asked(each[0])],
        "more": [each for each in fields if not _is_asked(each[0])],
        "error": error,
        "wrong": wrong,
    }
    return shown(request, "apps/connect.html", 422 if error else 200, **context)


def _is_asked(setting: Setting) -> bool:
    return setting.required and setting.default is None
