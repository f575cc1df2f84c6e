"""Drafts: settings of syncs that somebody is working on, changed by versions, and saved."""

from typing import Annotated, Any

from django.http import HttpRequest
from pydantic import Field

from bothways import errors as e
from bothways.ledger.turns import SYNC
from bothways.service import drafts, headcount, requests, syncs
from bothways.service.requests import RequestView, ToPlan
from bothways.service.rights import Role
from bothways.service.views import ChangeView, DraftView, KnownView, ProblemView, SyncView
from bothways.web.api.calls import Body, Name, Number, delete, get, listed, patch, post
from bothways.web.api.syncs import ASKED_APPS

Pair = Annotated[tuple[Name, Name], Field(description="The first app wins a difference, unless the draft is changed.")]


class New(Body):
    """A new sync: its name, its two apps, and an object of each."""

    name: Name
    apps: Pair
    objects: Annotated[tuple[Name, Name], Field(description="One of each app, in the same order.")]


class Version(Body):
    """Which version of the draft is meant."""

    version: Number


class Previewed(Version):
    """Which version of a draft is planned, and of which records."""

    everything: Annotated[bool, Field(description="Look at all records, not only what the changes touch.")] = False


class Change(Version):
    """Parts of a draft as the settings file has them; null takes one out."""

    parts: dict[str, Any]


class NewName(Version):
    """Another name for a new sync."""

    name: Name


CHANGED = (e.UnknownDraft, e.DraftChanged)
"""What a change of a draft can fail for."""


@get("drafts", DraftView, page=True)
def list_drafts(request: HttpRequest) -> object:
    """List the drafts, those worked on last first."""
    return listed(request, drafts.drafts(request.workspace))


@post("drafts", DraftView, Role.EDITOR, status=201, refused=(e.UnknownApp, e.SyncNameTaken, e.UsageError))
def begin_draft(request: HttpRequest, new: New) -> DraftView:
    """Begin a new sync of two objects, of which all else is as usual."""
    return drafts.begin(request.workspace, new.name, new.apps, new.objects)


@post("syncs/{name}/draft", DraftView, Role.EDITOR, refused=(e.UnknownSync,))
def edit_sync(request: HttpRequest, name: str) -> DraftView:
    """Begin to edit a sync: answers its draft, a new one if there is none."""
    return drafts.edit(request.workspace, name)


@get("drafts/{id}", DraftView, refused=(e.UnknownDraft,))
def show_draft(request: HttpRequest, id: Number) -> DraftView:
    """Show a draft."""
    return drafts.draft(request.workspace, id)


@patch("drafts/{id}", DraftView, Role.EDITOR, refused=(*CHANGED, e.UnknownKey, e.UnknownApp, e.WrongType))
def change_draft(request: HttpRequest, id: Number, change: Change) -> DraftView:
    """Change parts of a draft; whether they fit is told by its problems."""
    return drafts.change(request.workspace, id, change.version, **change.parts)


@post("drafts/{id}/rename", DraftView, Role.EDITOR, refused=(*CHANGED, e.SyncNameTaken, e.UsageError))
def rename_draft(request: HttpRequest, id: Number, wanted: NewName) -> DraftView:
    """Give a new sync another name."""
    return drafts.rename(request.workspace, id, wanted.version, wanted.name)


@post("drafts/{id}/take-up", DraftView, Role.EDITOR, refused=CHANGED)
def take_up_draft(request: HttpRequest, id: Number, known: Version) -> DraftView:
    """Let a draft count as begun from the settings in force now, so that it can be saved over them."""
    return drafts.take_up(request.workspace, id, known.version)


@get("drafts/{id}/problems", ProblemView, page=True, refused=(e.UnknownDraft, *ASKED_APPS))
def list_problems(request: HttpRequest, id: Number) -> object:
    """List all that is wrong with a draft, part by part; both apps are asked for their fields."""
    return listed(request, drafts.problems(request.workspace, id))


@get("drafts/{id}/records", KnownView, page=True, refused=(e.UnknownDraft, *ASKED_APPS))
def count_records(request: HttpRequest, id: Number) -> object:
    """Tell how many records of each app take part by a draft, as far as that is known.

    What is ``counting`` is known later: ask again.
    """
    return listed(request, headcount.of_draft(request.workspace, id))


@get("drafts/{id}/differences", ChangeView, page=True, refused=(e.UnknownDraft, e.DraftRefused))
def list_differences(request: HttpRequest, id: Number) -> object:
    """List what a draft would change of what is in force."""
    return listed(request, drafts.differences(request.workspace, id))


@post(
    "drafts/{id}/preview",
    RequestView,
    Role.OPERATOR,
    status=202,
    refused=(*CHANGED, e.UsageError),
)
def preview_draft(request: HttpRequest, id: Number, how: Previewed) -> RequestView:
    """Ask the service what a draft would change; nothing of it is saved or written.

    The answer is a request; ask for it again to see what came of it.
    """
    known = drafts.draft(request.workspace, id)
    if known.version != how.version:
        raise e.DraftChanged(name=known.name, who=known.author)
    if known.new:
        raise e.UsageError(reason=f"{known.name} is not saved yet", hint="Save it: it is a draft then, and off.")
    wish = ToPlan(known.name, id, how.version, how.everything)
    asked = requests.ask(request.workspace, wish)
    request.trigger(SYNC, [requests.sync_of(request.workspace, wish).pk])
    return asked


@post(
    "drafts/{id}/save",
    SyncView,
    Role.EDITOR,
    refused=(*CHANGED, e.DraftRefused, e.DraftOutdated, e.SyncNameTaken, *ASKED_APPS),
)
def save_draft(request: HttpRequest, id: Number, known: Version) -> SyncView:
    """Save a draft in the settings file; a new sync is a draft there, to be turned on."""
    return syncs.show_sync(request.workspace, drafts.save(request.workspace, id, known.version))


@delete("drafts/{id}", Role.EDITOR, refused=(e.UnknownDraft,))
def discard_draft(request: HttpRequest, id: Number) -> None:
    """Forget a draft; what is in force stays."""
    drafts.discard(request.workspace, id)
