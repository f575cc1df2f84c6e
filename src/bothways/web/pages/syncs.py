"""Syncs: all of them, one with its health, its records and the story of each; asked to run."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.ledger.turns import SYNC
from bothways.service import (
    deleting,
    drafts,
    failing,
    halting,
    hours,
    log,
    reasons,
    records,
    requests,
    running,
    standing,
    syncs,
)
from bothways.service.alerts import APP
from bothways.service.requests import ToRun
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import LeftOutBy, RunSummary
from bothways.web.pages import figures
from bothways.web.pages.page import action, asks_for_part, page, shown, went_well

STATES = ("in_sync", "left_out", "failing", "held", "waiting")
PAGE = 50


def address(name: str) -> str:
    """Return the address of a sync's page."""
    return f"/syncs/{quote(name, safe='')}"


@page()
def home(request: HttpRequest) -> HttpResponse:
    """Show all syncs: state, counts, and what needs somebody; apps that do not answer before everything else."""
    found = syncs.status(request.workspace)
    on = sum(view.state == "on" for view in found.syncs)
    needing = sum(view.counts.failing + view.counts.held for view in found.syncs)
    context: dict[str, Any] = {
        "unfinished": sum(view.state == "draft" for view in found.syncs),
        "offline": [each for each in failing.failing(request.workspace) if each.kind == APP],
        "deleted": deleting.deleted(request.workspace),
        "drafts": drafts.drafts(request.workspace),
        "changed_at": max((view.changed_at for view in found.syncs if view.changed_at), default=None),
    }
    return shown(request, "syncs/home.html", stands=found, on=on, needing=needing, **context)


@page()
def overview(request: HttpRequest, name: str) -> HttpResponse:
    """Show one sync: its health, what it does now, its settings and its last runs."""
    view = reasons.explained(request.workspace, syncs.show_sync(request.workspace, name))
    if asks_for_part(request) and request.GET.get("part") == "left_out":
        return shown(request, "syncs/_left_out.html", sync=view)
    runs = log.runs(request.workspace, name, size=5)
    day = hours.day_of(request.workspace, name)
    look, halt = running.first_look(request.workspace, name), halting.halted(request.workspace, name)
    context: dict[str, Any] = {
        "sync": view,
        "runs": runs,
        "tab": "overview",
        "tiles": _tiles(view),
        "look": look,
        "halt": halt,
        "braked": braked(view) if look is None and halt is None else None,
        "figures": [figures.changes(day, view.apps), figures.delays(day)] if view.last_run else [],
    }
    return shown(request, "syncs/overview.html", **context)


def braked(view: syncs.SyncView) -> RunSummary | None:
    """Return the run of a sync that a safety limit has stopped, if it is the last one; not told from one that somebody
    has stopped, or that waits to be looked at."""
    last = view.last_run
    return last if view.state == "on" and last is not None and last.state == "stopped" else None


def _tiles(view: syncs.SyncView) -> list[tuple[str, str, int]]:
    titles = (_("In sync"), _("Left out"), _("Failing"), _("Held"), _("Waiting"))
    return [(state, title, getattr(view.counts, state)) for state, title in zip(STATES, titles, strict=True)]


@page()
def listed(request: HttpRequest, name: str) -> HttpResponse:
    """Show the records behind a number, by state and text."""
    view = syncs.show_sync(request.workspace, name)
    state, text = str(request.GET.get("state", "")), str(request.GET.get("q", "")).strip()
    state = state if state in STATES else ""
    reason = None
    if state == records.LEFT_OUT:
        view = reasons.explained(request.workspace, view)
        reason = next((each for each in LeftOutBy if each == request.GET.get("reason")), None)
    found = records.list_records(
        request.workspace,
        name,
        state=state or None,
        left_out_by=reason,
        search=text or None,
        after=str(request.GET.get("after", "")) or None,
        size=PAGE,
        bounded=True,
    )
    before = str(request.GET.get("looked", ""))
    looked = found.looked + (int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 0)
    context: dict[str, Any] = {
        "sync": view,
        "looked": looked,
        "found": found,
        "state": state,
        "reason": reason,
        "q": text,
        "tab": "records",
        "tiles": _tiles(view),
    }
    return shown(request, "syncs/_records.html" if asks_for_part(request) else "syncs/records.html", **context)


@page()
def fields(request: HttpRequest, name: str) -> HttpResponse:
    """Show which fields are kept equal, how records are recognised, and what else is set."""
    return shown(request, "syncs/fields.html", sync=syncs.show_sync(request.workspace, name), tab="fields")


@action(post=Role.OPERATOR)
def sync_now(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the service to run a sync, and to look at one record in any case."""
    record = str(request.POST.get("record", "")) or None
    requests.ask(request.workspace, ToRun(name, record=record), once=True)
    _wake(request, name)
    return went_well(request, f"{address(name)}/records/{quote(record, safe='')}" if record else f"{address(name)}/now")


@action(post=Role.EDITOR)
def pause(request: HttpRequest) -> HttpResponse:
    """Let nothing run from now on."""
    standing.pause_all(request.workspace)
    return went_well(request, "/", _("Everything is paused; what is at work ends first."))


@action(post=Role.EDITOR)
def resume(request: HttpRequest) -> HttpResponse:
    """Let everything go on."""
    standing.resume_all(request.workspace)
    return went_well(request, "/", _("Everything goes on, with what changed meanwhile."))


def _wake(request: HttpRequest, name: str) -> None:
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
