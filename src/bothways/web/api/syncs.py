"""Syncs, how they stand, their records; run, turned on and off, paused all together."""

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from pydantic import Field

from bothways import errors as e
from bothways.ledger.turns import SYNC
from bothways.service import halting, hours, importing, reasons, records, requests, settings_text, standing, syncs
from bothways.service.requests import RequestView, ToRun
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import (
    DayView,
    HaltView,
    ImportView,
    LeftOutBy,
    RecordView,
    StatusView,
    SyncView,
    TextView,
    WhyView,
)
from bothways.service.why import why
from bothways.web.api.calls import Body, Limit, Name, Text, get, listed, post

ASKED_APPS = (e.AppError, e.RateLimited, e.SettingsError)
"""What a call can fail for that asks the apps."""

State = Literal["in_sync", "left_out", "failing", "held", "waiting"]
YAML = "application/yaml"


class Start(Body):
    """How a sync is turned on."""

    from_now: Annotated[bool, Field(description="Carry only what changes from now on.")] = False
    old_links: Annotated[
        Literal["take", "leave"] | None, Field(description="What becomes of the links of a deleted sync like it.")
    ] = None
    confirmed: Annotated[bool, Field(description="It is meant, though others write the same fields.")] = False


class Run(Body):
    """How a sync is run."""

    full: Annotated[bool, Field(description="Look for deleted records, too.")] = False
    approved: Annotated[bool, Field(description="Release the brakes; it takes the role editor.")] = False
    record: Annotated[Name | None, Field(description="Read this one again, and look at it in any case.")] = None


class Edited(Body):
    """An exported sync, edited."""

    text: Text
    over: Annotated[
        int | None, Field(ge=0, le=2**53, description="It may overwrite what was changed up to this revision.")
    ] = None


class Import(Body):
    """Syncs that were exported, here or elsewhere."""

    text: Text
    name: Annotated[Name | None, Field(description="What the only sync in it is to be called here.")] = None
    replace: Annotated[bool, Field(description="Change syncs of that name that are here already.")] = False
    confirmed: Annotated[bool, Field(description="It is meant, though a sync that would be changed is on.")] = False
    only_planned: Annotated[bool, Field(description="Answer what would change, and save nothing.")] = False


class Paused(Body):
    """Since when all syncs are paused (seconds), null if they are not."""

    paused_at: float | None


@get("status", StatusView)
def status(request: HttpRequest) -> StatusView:
    """Show how the workspace stands.

    All syncs with their counts, what is left of the limits of the apps, and whether all is paused.
    """
    return syncs.status(request.workspace)


@get("syncs", SyncView, page=True)
def list_syncs(request: HttpRequest) -> object:
    """List the syncs."""
    return listed(request, syncs.list_syncs(request.workspace))


@get("syncs/{name}", SyncView, refused=(e.UnknownSync, *ASKED_APPS))
def show_sync(request: HttpRequest, name: str) -> SyncView:
    """Show a sync: its settings, its counts and why records are left out, its last run.

    Of many records that is counted aside: then ask again, as long as it says so.
    """
    return reasons.explained(request.workspace, syncs.show_sync(request.workspace, name))


@get("syncs/{name}/hours", DayView, refused=(e.UnknownSync,))
def show_hours(request: HttpRequest, name: str) -> DayView:
    """Show what a sync has written in the last 24 hours, hour by hour, and how late."""
    return hours.day_of(request.workspace, name)


@get("syncs/{name}/yaml", YAML, refused=(e.UnknownSync,))
def export_sync(request: HttpRequest, name: str) -> HttpResponse:
    """Export a sync and its apps as a settings file of its own."""
    return HttpResponse(syncs.export(request.workspace, name), content_type=YAML)


TEXT_REFUSED = (e.UnknownSync, e.StaleSettings, e.SettingsError)
"""What an edited text can be refused for."""


@post("syncs/{name}/yaml/compare", TextView, Role.EDITOR, refused=TEXT_REFUSED)
def compare_text(request: HttpRequest, name: str, edited: Edited) -> TextView:
    """Show what an edited export would change of a sync. Nothing is saved."""
    return settings_text.compare(request.workspace, name, edited.text, edited.over)


@post("syncs/{name}/yaml", TextView, Role.EDITOR, refused=(*TEXT_REFUSED, *ASKED_APPS))
def apply_text(request: HttpRequest, name: str, edited: Edited) -> TextView:
    """Take an edited export over, and answer what it has changed; the sync stays on or off."""
    changed = settings_text.apply(request.workspace, name, edited.text, edited.over)
    _wake(request, name)
    return changed


@post(
    "syncs/{name}/on",
    SyncView,
    Role.EDITOR,
    refused=(e.UnknownSync, e.OnAlready, e.OthersWriteToo, e.OldLinks, *ASKED_APPS),
)
def turn_on(request: HttpRequest, name: str, how: Start = Start()) -> SyncView:  # noqa: B008 - it is not changed
    """Turn a sync on, after everything it needs has been checked."""
    syncs.turn_on(request.workspace, name, from_now=how.from_now, old_links=how.old_links, confirmed=how.confirmed)
    _wake(request, name)
    return syncs.show_sync(request.workspace, name)


@post("syncs/{name}/off", SyncView, Role.EDITOR, refused=(e.UnknownSync, *ASKED_APPS))
def turn_off(request: HttpRequest, name: str) -> SyncView:
    """Turn a sync off: nothing flows, nothing is forgotten."""
    syncs.turn_off(request.workspace, name)
    return syncs.show_sync(request.workspace, name)


@post(
    "syncs/{name}/run",
    RequestView,
    Role.OPERATOR,
    status=202,
    refused=(e.UnknownSync, e.AllPaused, e.SyncHalted, e.UnknownRecord, e.SeveralRecords),
)
def run_sync(request: HttpRequest, name: str, how: Run = Run()) -> RequestView:  # noqa: B008 - it is not changed
    """Ask the service to run a sync.

    The answer is a request; ask for it again to see what came of it.
    """
    asked = requests.ask(request.workspace, ToRun(name, how.full, how.approved, how.record))
    _wake(request, name)
    return asked


@post("syncs/{name}/pause", HaltView, Role.OPERATOR, refused=(e.UnknownSync,))
def pause_sync(request: HttpRequest, name: str) -> HaltView:
    """Let a sync rest: a run that is at work ends between two batches, and none begins."""
    return halting.pause(request.workspace, name)


@post("syncs/{name}/stop", HaltView, Role.OPERATOR, refused=(e.UnknownSync,))
def stop_sync(request: HttpRequest, name: str) -> HaltView:
    """End a run that is at work between two batches, to be looked at; none begins until the sync is let go on."""
    return halting.stop(request.workspace, name)


@post("syncs/{name}/resume", SyncView, Role.OPERATOR, refused=(e.UnknownSync, *ASKED_APPS))
def resume_sync(request: HttpRequest, name: str) -> SyncView:
    """Let a sync go on that was paused or stopped."""
    halting.go_on(request.workspace, name)
    _wake(request, name)
    return syncs.show_sync(request.workspace, name)


@get("syncs/{name}/records", RecordView, page=True, refused=(e.UnknownSync,))
def list_records(
    request: HttpRequest,
    name: str,
    state: State | None = None,
    reason: Annotated[LeftOutBy | None, Field(description="Only those that are left out for this.")] = None,
    search: Annotated[str | None, Field(max_length=200, description="Part of a name or e-mail, or an id.")] = None,
    after: Annotated[str | None, Field(max_length=1000)] = None,
    limit: Limit = 50,
) -> object:
    """List the records of a sync: pairs first, then those without a partner.

    Of very many records only some are looked at in one call: there may be fewer than asked for, or none, though there
    are more. Go on as long as there is a next page.
    """
    found = records.list_records(
        request.workspace,
        name,
        state=state,
        left_out_by=reason,
        search=search or None,
        after=after or None,
        size=limit,
        bounded=True,
    )
    return listed(request, found.rows, found.after)


@get(
    "syncs/{name}/records/{path:record}",
    WhyView,
    refused=(e.UnknownSync, e.UnknownRecord, e.SeveralRecords, e.UnknownField),
)
def show_record(request: HttpRequest, name: str, record: str, field: Name | None = None) -> WhyView:
    """Show a record, and why each of its fields holds what it holds.

    It is named by an id, app:id, an e-mail address or a name; a field by its name or label in either app.
    """
    return why(request.workspace, name, record, field)


@post("import", ImportView, Role.EDITOR, refused=(e.SyncsThere, e.ReplacesRunning, e.SettingsError, *ASKED_APPS))
def import_syncs(request: HttpRequest, brought: Import) -> ImportView:
    """Bring syncs of an exported settings file in: new ones as drafts, those that are here stay on or off."""
    view = importing.import_syncs(
        request.workspace,
        brought.text,
        settings_text.TEXT,
        name=brought.name,
        replacing=brought.replace,
        confirmed=brought.confirmed,
        only_planned=brought.only_planned,
    )
    if not brought.only_planned:
        for each in view.syncs:
            _wake(request, each.name)
    return view


@post("pause", Paused, Role.EDITOR)
def pause(request: HttpRequest) -> object:
    """Let nothing run from now on; what is at work ends first."""
    return {"paused_at": standing.pause_all(request.workspace)}


@post("resume", Paused, Role.EDITOR)
def resume(request: HttpRequest) -> object:
    """Let everything go on, with what changed meanwhile."""
    standing.resume_all(request.workspace)
    return {"paused_at": None}


def _wake(request: HttpRequest, name: str) -> None:
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
