"""Apps: which are connected, how they stand, and what they offer."""

from django.http import HttpRequest, HttpResponse

from bothways.service import apps, syncs
from bothways.service.rights import Role
from bothways.web.pages.page import action, page, shown


@page()
def listed(request: HttpRequest) -> HttpResponse:
    """Show the connected apps, their calls of today, and the kinds of app that can be connected."""
    stands = {each.app: each for each in syncs.status(request.workspace).apps}
    found = [(each, stands.get(each.name)) for each in apps.list_apps(request.workspace)]
    return shown(request, "apps/apps.html", apps=found, catalogue=apps.catalogue())


@action(post=Role.OPERATOR)
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Ask an app who we are there and what it offers."""
    request.workspace.app(name)
    return shown(request, "apps/check.html", check=apps.check_app(request.workspace, name))
