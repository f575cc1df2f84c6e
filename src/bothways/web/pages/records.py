"""One record: what both apps hold and why, and what somebody can do about it alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import LinkedAlready, NotLinked, StillBeingWritten, UnknownRecord
from bothways.ledger.turns import SYNC
from bothways.service import issues, partners, requests, running, syncs, undo, winners
from bothways.service.requests import RequestView, ToUndo
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import Event, FieldStory, RecordView, SyncView, WhyView
from bothways.service.why import why
from bothways.web.pages.page import form, page, shown, went_well
from bothways.web.pages.runs import told
from bothways.web.pages.syncs import address

HISTORY = 50
"""Events shown of a record unless all are asked for."""

RECENT = 600.0
"""Seconds for which a page tells what came of an undo that left everything as it is."""


def key_of(record: RecordView) -> str:
    """Return by what a record is asked for: its app and its id there."""
    return next(f"{app}:{id}" for app, id in record.ids.items() if id)


def record_address(name: str, key: str) -> str:
    """Return the address of a record's page."""
    return f"{address(name)}/records/{quote(key, safe='')}"


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to a record at one time: the first event tells when and where, all of them to which fields."""

    first: Event
    events: Sequence[tuple[FieldStory, Event]]

    @property
    def reason(self) -> str:
        """The reason of all of it, "" where each has its own."""
        reasons = {event.reason for _story, event in self.events}
        return reasons.pop() if len(reasons) == 1 else ""


@page()
def record(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Show one record: the values of both sides, why one of them is as it is, and what happened."""
    since = request.base.clock() - RECENT
    view, wishes = syncs.show_sync(request.workspace, name), requests.asked_of_records(request.workspace, name, since)
    told_of = why(request.workspace, name, key)  # after what was asked for: what has ended by then is told of in here
    wanted = str(request.GET.get("field", ""))
    story = next((each for each in told_of.fields if each.key == wanted), None) or _latest(told_of)
    happened = _happened(told_of)
    whole = bool(request.GET.get("all"))
    context = {
        "sync": view,
        "told_of": told_of,
        "here": key_of(told_of.record),
        "story": story,
        "chosen": bool(wanted),
        **(_why(request, view, story) if story is not None else {}),
        "happened": happened if whole else happened[:HISTORY],
        "earlier": 0 if whole else max(len(happened) - HISTORY, 0),
        **_asked(request, view, told_of, wishes),
    }
    return shown(request, "records/record.html", **context)


def _latest(told_of: WhyView) -> FieldStory | None:
    """Return the story of the field that something has happened to last."""
    known = [each for each in told_of.fields if each.events]
    return max(known, key=lambda each: each.events[0].at, default=None)


def _why(request: HttpRequest, view: SyncView, story: FieldStory) -> dict[str, Any]:
    written = next((each for each in story.events if each.stands), None)
    other = next((app for app in view.apps if written is not None and app != written.app), "")
    held = [story.values[app] for app in view.apps if app in story.values]
    return {
        "written": written,
        "other": other,
        "alike": written is not None and len(held) > 1 and held[0] == held[1],
        "could_win": winners.could_win(request.workspace, view.name, story.key),
    }


def _happened(told_of: WhyView) -> list[Happened]:
    """Return what happened to all fields, latest first; what was written together stands together."""
    events = sorted(
        ((story, event) for story in told_of.fields for event in story.events),
        key=lambda each: (each[1].at, each[1].run, each[1].app, each[1].what),
        reverse=True,
    )
    groups = groupby(events, key=lambda each: (each[1].at, each[1].run, each[1].app, each[1].what))
    return [Happened(together[0][1], together) for _key, group in groups if (together := list(group))]


def _asked(request: HttpRequest, view: SyncView, told_of: WhyView, wishes: Sequence[RequestView]) -> dict[str, Any]:
    """Return what somebody has asked for of this record: how far it is, or why it came to nothing."""
    known = {f"{app}:{id}" for app, id in told_of.record.ids.items() if id}
    ours = [each for each in wishes if getattr(each.wish, "record", None) in known]
    if not ours:
        return {"work": None}
    asked = next((each for each in ours if each.is_open), ours[-1])
    if asked.is_open:
        kind = "undo" if isinstance(asked.wish, ToUndo) else "run"
        work = running.at_work(request.workspace, view.name)
        return {**told(work), "asked": asked, "live": f"{address(view.name)}/now?for={kind}"}
    return {"failed": asked.error, "kept": _kept(asked), "work": None}


def _kept(asked: RequestView) -> list[str]:
    kept = getattr(asked.answer, "kept", ())
    return [each.reason for each in kept]


# --- what can be done ---------------------------------------------------------------------------------


@form(get=Role.OPERATOR, post=Role.OPERATOR)
def put_back(request: HttpRequest, name: str) -> HttpResponse:
    """Show what would be put back in one field, and ask the service to do it."""
    given = request.POST if request.method == "POST" else request.GET
    key, field, run = (str(given.get(each, "")) for each in ("record", "field", "run"))
    view = undo.preview_put_back(request.workspace, name, key, field, run)
    here = record_address(name, key)
    if request.method != "POST" or view.why_not:
        context: dict[str, Any] = {
            "sync": syncs.show_sync(request.workspace, name),
            "back": view,
            "key": key,
            "here": here,
        }
        return _question(request, "put_back", 422 if request.method == "POST" else 200, **context)
    requests.ask(request.workspace, ToUndo(run, key, view.key), once=True)
    _wake(request, name)
    return went_well(request, f"{here}?{urlencode({'field': view.key})}")


@form(get=Role.EDITOR, post=Role.EDITOR)
def winner(request: HttpRequest, name: str) -> HttpResponse:
    """Say what it would mean that one app wins a field, and let it."""
    given = request.POST if request.method == "POST" else request.GET
    key, field, app = (str(given.get(each, "")) for each in ("record", "field", "app"))
    here = record_address(name, key) if key else address(name)
    if request.method != "POST":
        view = winners.preview_winner(request.workspace, name, field, app)
        context: dict[str, Any] = {
            "sync": syncs.show_sync(request.workspace, name),
            "view": view,
            "key": key,
            "here": here,
        }
        return _question(request, "winner", **context)
    view = winners.set_winner(request.workspace, name, field, app)
    label = next(iter(view.labels.values()))
    said = _("%(app)s wins %(field)s from now on.") % {"app": app, "field": label}
    return went_well(request, f"{here}?{urlencode({'field': view.key})}" if key else here, said)


@form(get=Role.OPERATOR, post=Role.OPERATOR)
def unlink(request: HttpRequest, name: str) -> HttpResponse:
    """Say what follows where two records are linked no longer, and end their link."""
    key = str((request.POST if request.method == "POST" else request.GET).get("record", ""))
    here, error = record_address(name, key), None
    told_of = why(request.workspace, name, key)
    pair = [f"{app}:{id}" for app, id in told_of.record.ids.items() if id]
    if request.method == "POST":
        try:
            if len(pair) < 2:
                raise NotLinked(left=key, right="", name=name)
            issues.unlink(request.workspace, name, pair[0], pair[1])
            said = _("They are linked no longer. Both records stay as they are.")
            return went_well(request, here, said)
        except (NotLinked, StillBeingWritten) as refused:
            error = refused
    context = {"sync": syncs.show_sync(request.workspace, name), "told_of": told_of, "key": key, "here": here}
    return _question(request, "unlink", 422 if error else 200, error=error, **context)


@form(get=Role.OPERATOR, post=Role.OPERATOR)
def link(request: HttpRequest, name: str) -> HttpResponse:
    """Look for the partner of a record that has none, and link the two."""
    given = request.POST if request.method == "POST" else request.GET
    key, error = str(given.get("record", "")), None
    if request.method == "POST":
        try:
            issues.link(request.workspace, name, key, str(request.POST.get("partner", "")))
            said = _("They are the same from now on. The next run links them.")
            return went_well(request, record_address(name, key), said)
        except (LinkedAlready, UnknownRecord) as refused:
            error = refused
    text = str(given["q"]) if "q" in given else None
    found = partners.partners(request.workspace, name, key, text)
    context = {
        "sync": syncs.show_sync(request.workspace, name),
        "found": found,
        "key": key,
        "here": record_address(name, key),
        "error": error,
    }
    return shown(request, "records/link.html", 422 if error else 200, **context)


def _question(request: HttpRequest, what: str, status: int = 200, **context: Any) -> HttpResponse:
    """Show what is asked: as a page, or as a dialog for the page that a script is on."""
    return shown(request, f"records/{'_ask' if request.htmx else 'ask'}.html", status, what=what, **context)


def _wake(request: HttpRequest, name: str) -> None:
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
