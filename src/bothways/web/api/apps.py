"""Apps: which are connected and can be, and what they offer."""

from django.http import HttpRequest

from bothways import errors as e
from bothways.service import apps, hours, own_fields
from bothways.service.rights import Role
from bothways.service.views import AppCheck, AppDetails, AppView, CallsView, ConnectorView, OwnFieldView
from bothways.web.api.calls import get, listed, post
from bothways.web.api.syncs import ASKED_APPS


@get("apps", AppView, page=True)
def list_apps(request: HttpRequest) -> object:
    """List the connected apps and the syncs that use them."""
    return listed(request, apps.list_apps(request.workspace))


@get("apps/{name}", AppDetails, refused=(e.UnknownApp,))
def show_app(request: HttpRequest, name: str) -> AppDetails:
    """Look at an app: its account, what it allows, and what it is in trouble with. It is not asked."""
    return apps.show_app(request.workspace, name)


@get("apps/{name}/hours", CallsView, refused=(e.UnknownApp,))
def show_calls(request: HttpRequest, name: str) -> CallsView:
    """Show how many calls we made to an app in the last 24 hours, hour by hour, and how many it allows."""
    return hours.calls_of(request.workspace, name)


@post("apps/{name}/check", AppCheck, Role.OPERATOR, refused=(e.UnknownApp, *ASKED_APPS))
def check_app(request: HttpRequest, name: str) -> AppCheck:
    """Ask an app who we are there and what it offers."""
    return apps.check_app(request.workspace, name)


@get("apps/{name}/own-field", OwnFieldView, role=Role.EDITOR, refused=(e.UnknownApp, *ASKED_APPS))
def show_own_field(request: HttpRequest, name: str) -> OwnFieldView:
    """Show in which objects of an app the field for our marks is, and in which it would be made."""
    return own_fields.show(request.workspace, name)


@post("apps/{name}/own-field", OwnFieldView, Role.EDITOR, refused=(e.UnknownApp, *ASKED_APPS))
def make_own_field(request: HttpRequest, name: str) -> OwnFieldView:
    """Make the field for our marks in an app wherever it is missing, and use it from then on."""
    return own_fields.make(request.workspace, name, confirmed=True)


@get("connectors", ConnectorView, page=True)
def list_connectors(request: HttpRequest) -> object:
    """List the kinds of app that can be connected."""
    return listed(request, apps.catalogue())
