"""Turning a sync on and off, deleting it and having it back: each asks first, saying what follows."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import (
    AllPaused,
    AppError,
    BothwaysError,
    DeleteNotConfirmed,
    OldLinks,
    OthersWriteToo,
    SettingsError,
)
from bothways.ledger.turns import SYNC
from bothways.service import deleting, requests, syncs
from bothways.service.requests import ToRun
from bothways.service.resolution import row_of
from bothways.service.revisions import has_begun
from bothways.service.rights import Role
from bothways.web.pages.page import action, form, shown, went_well
from bothways.web.pages.syncs import address


@form(get=Role.EDITOR, post=Role.EDITOR)
def turn_on(request: HttpRequest, name: str) -> HttpResponse:
    """Turn a sync on: what changed meanwhile is caught up with, or is not carried, as is said."""
    if request.method != "POST":
        return _asked(request, name, "on")
    return started(request, name, saved=bool(request.POST.get("saved")))


def started(request: HttpRequest, name: str, *, saved: bool) -> HttpResponse:
    """Turn a sync on and ask for a run, or show what must be answered first; ``saved``: its settings were just now."""
    start, links = str(request.POST.get("start", "")), str(request.POST.get("old_links", ""))
    said = {"start": start, "old_links": links, "confirmed": bool(request.POST.get("confirmed")), "saved": saved}
    request.workspace.sync(name)
    try:
        syncs.turn_on(
            request.workspace,
            name,
            from_now=start == "now",
            old_links=links if links in (deleting.TAKE, deleting.LEAVE) else None,
            confirmed=bool(said["confirmed"]),
        )
    except (SettingsError, AppError) as error:
        kinds: dict[type[BothwaysError], str] = {OldLinks: "links", OthersWriteToo: "others"}
        return _asked(request, name, "on", 422, **said, **{kinds.get(type(error), "failed"): error})
    try:
        requests.ask(request.workspace, ToRun(name), once=True)
    except AllPaused:
        text = _("%(name)s is on. All syncs are paused, so it runs when they go on.")
        return went_well(request, address(name), text % {"name": name})
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
    return went_well(request, address(name), _("%(name)s is on. It runs in a moment.") % {"name": name})


@form(get=Role.EDITOR, post=Role.EDITOR)
def turn_off(request: HttpRequest, name: str) -> HttpResponse:
    """Turn a sync off."""
    if request.method != "POST":
        return _asked(request, name, "off")
    syncs.turn_off(request.workspace, name)
    said = _("%(name)s is off. Nothing flows, nothing is forgotten.") % {"name": name}
    return went_well(request, address(name), said)


@form(get=Role.EDITOR, post=Role.EDITOR)
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a sync whose name was typed."""
    if request.method != "POST":
        return _asked(request, name, "delete")
    typed = str(request.POST.get("typed", "")).strip()
    try:
        gone = deleting.delete(request.workspace, name, confirmed=typed == name, wait=False)
    except DeleteNotConfirmed:
        return _asked(request, name, "delete", 422, typed=typed, differs=True)
    said = _("%(name)s is deleted. The records in both apps are as they were.") % {"name": gone.sync}
    return went_well(request, "/", said)


@action(post=Role.EDITOR)
def restore(request: HttpRequest, name: str) -> HttpResponse:
    """Bring a deleted sync back; it is off then."""
    deleting.restore(request.workspace, name, wait=False)
    return went_well(request, address(name), _("%(name)s is back, and off.") % {"name": name})


def _asked(request: HttpRequest, name: str, what: str, status: int = 200, **context: Any) -> HttpResponse:
    """Show what is asked: as a page, or as a dialog for the page that a script is on."""
    view = syncs.show_sync(request.workspace, name)
    begun = has_begun(row_of(request.workspace, name))
    template = f"life/_{what}.html" if request.htmx else f"life/{what}.html"
    context = {"days": deleting.KEPT_DAYS, **context}
    return shown(request, template, status, sync=view, begun=begun, until=_until(request), **context)


def _until(request: HttpRequest) -> float:
    return request.base.clock() + deleting.KEPT_DAYS * deleting.DAY
