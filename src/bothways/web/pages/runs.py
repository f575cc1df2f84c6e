"""What is done with a sync now, live, and what a run has done, record by record."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from bothways.errors import AllPaused, StoppedByPerson, SyncHalted
from bothways.ledger.turns import SYNC
from bothways.service import halting, log, requests, running, syncs
from bothways.service.requests import ToRun
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import WorkView
from bothways.web.live import LIVE, ON, OVER
from bothways.web.pages.page import action, asks_for_part, page, shown, went_well
from bothways.web.pages.syncs import address, braked

PAGE = 50
QUARTERS = 4
PHASES = {
    "Waiting": later("Waiting for its turn"),
    "Reading": later("Reading"),
    "Matching": later("Comparing"),
    "Writing": later("Writing"),
    "Undoing": later("Putting back"),
    "Taking note": later("Taking note of what there is"),
}
"""What is being done, as people call it."""
HALTED = (StoppedByPerson, SyncHalted)
"""By what a request ends that somebody has paused or stopped: the page says so by itself."""
KINDS = {
    "plan": later("Preview"),
    "run": later("Run"),
    "sync": later("Run"),
    "apply": later("Writing a preview"),
    "undo": later("Undo"),
}
"""What it is a part of."""


@page()
def now(request: HttpRequest, name: str) -> HttpResponse:
    """Show what is done with a sync now; ``for``: as long as something of this kind is asked for."""
    kind = str(request.GET.get("for", ""))
    wanted = kind not in requests.KINDS or requests.is_awaited(request.workspace, name, kind)
    work = running.at_work(request.workspace, name) if wanted else None
    if asks_for_part(request):
        return _part(request, work)
    view = syncs.show_sync(request.workspace, name)
    look = running.first_look(request.workspace, name)
    last = requests.last_asked(request.workspace, name)
    failed = last.error if last is not None and work is None and not isinstance(last.error, HALTED) else None
    halt = halting.halted(request.workspace, name)
    live = f"{address(name)}/now"
    context = {**told(work), "sync": view, "look": look, "halt": halt, "failed": failed, "live": live}
    return shown(request, "runs/now.html", **context)


@page()
def run(request: HttpRequest, run: str) -> HttpResponse:
    """Show a run: how far it is, or what it did, record by record."""
    found = log.show_run(request.workspace, run)
    work = running.at_work(request.workspace, found.sync) if found.state == "running" else None
    work = work if work is not None and work.run == found.id else None
    if found.state == "running" and work is None:  # it may have ended between the two looks
        found = log.show_run(request.workspace, run)
    if asks_for_part(request) and not request.GET.get("after"):
        return _part(request, work)
    after = str(request.GET.get("after", ""))
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    look = running.first_look(request.workspace, found.sync)
    halt = halting.halted(request.workspace, found.sync)
    view = syncs.show_sync(request.workspace, found.sync)
    stopped = braked(view) if look is None and halt is None else None
    return shown(
        request,
        "runs/run.html",
        **told(work),
        sync=view,
        run=found,
        braked=stopped if stopped is not None and stopped.id == found.id else None,
        written=running.written(request.workspace, run, after=place, size=PAGE),
        look=look if look is not None and look.run == found.id else None,
        halt=halt if halt is not None and halt.run == found.id else None,
        live=f"/runs/{found.id}",
    )


@action(post=Role.EDITOR)
def go_on(request: HttpRequest, name: str) -> HttpResponse:
    """Let a new sync go on with what it has written first."""
    running.go_on(request.workspace, name)
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
    return went_well(request, f"{address(name)}/now")


@action(post=Role.OPERATOR)
def halt(request: HttpRequest, name: str) -> HttpResponse:
    """Pause a sync, or stop it to be looked at: what is at work ends between two batches."""
    (halting.stop if request.POST.get("do") == "stop" else halting.pause)(request.workspace, name)
    return went_well(request, f"{address(name)}/now")


@action(post=Role.OPERATOR)
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Let a sync go on that somebody has paused or stopped, and ask for a run of it: the page follows that."""
    halting.go_on(request.workspace, name)
    row = row_of(request.workspace, name)
    if row.state == "on":
        with suppress(AllPaused, SyncHalted):
            requests.ask(request.workspace, ToRun(name), once=True)
    request.trigger(SYNC, [row.pk])
    return went_well(request, f"{address(name)}/now")


def _part(request: HttpRequest, work: WorkView | None) -> HttpResponse:
    response = shown(request, "runs/_work.html", **told(work))
    response[LIVE] = OVER if work is None else ON
    return response


def told(work: WorkView | None) -> dict[str, Any]:
    """Return what is at work, and the words that are read out: they change with the phase and each quarter alone."""
    if work is None:
        return {"work": None, "said": _("Finished")}
    phase = PHASES.get(work.phase, work.phase)
    known = [bar for bar in work.bars if bar.total]
    total = sum(bar.total or 0 for bar in known)
    share = sum(bar.done for bar in known) * QUARTERS // total * (100 // QUARTERS) if total else 0
    words = {"phase": phase, "percent": share}
    said = _("%(phase)s, %(percent)s %%") % words if total else str(phase)
    return {"work": work, "phase": phase, "what": KINDS.get(work.what, KINDS["sync"]), "said": said}
