"""Turning a sync on with the questions that this may raise, each with its answers; then a first run is asked for."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import AllPaused, AppError, BothwaysError, OldLinks, OthersWriteToo, SettingsError
from bothways.ledger.turns import SYNC
from bothways.service import requests, syncs
from bothways.service.deleting import LEAVE, TAKE
from bothways.service.requests import ToRun
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.web.pages.page import form, shown, went_well
from bothways.web.pages.syncs import address


@form(get=Role.EDITOR, post=Role.EDITOR)
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Turn a sync on and ask for a run."""
    if request.method != "POST":
        return shown(request, "drafts/start.html", sync=syncs.show_sync(request.workspace, name))
    return started(request, name)


def started(request: HttpRequest, name: str) -> HttpResponse:
    """Turn a sync on and ask for a run, or show what must be answered first."""
    confirmed = request.POST.get("confirmed") == "yes"
    old_links = str(request.POST.get("old_links", ""))
    answered = old_links if old_links in (TAKE, LEAVE) else None
    request.workspace.sync(name)
    try:
        syncs.turn_on(request.workspace, name, old_links=answered, confirmed=confirmed)
    except (SettingsError, AppError) as question:
        context = {"sync": syncs.show_sync(request.workspace, name), "question": question, "confirmed": confirmed}
        kinds: dict[type[BothwaysError], str] = {OldLinks: "old_links", OthersWriteToo: "others"}
        kind = kinds.get(type(question), "failed")
        return shown(request, "drafts/start.html", 422, **context, kind=kind, old_links=answered or "")
    try:
        requests.ask(request.workspace, ToRun(name))
    except AllPaused:
        text = _("%(name)s is saved and on. All syncs are paused, so it runs when they go on.")
        return went_well(request, address(name), text % {"name": name})
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
    return went_well(request, address(name), _("%(name)s is saved and on. It runs in a moment.") % {"name": name})
