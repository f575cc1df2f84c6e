"""What a run would do, record by record, before anything is written; and having just that written."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import BothwaysError, PlanOutdated, StoppedByBrake, SyncHalted, SyncOff
from bothways.ledger.turns import SYNC
from bothways.service import drafts, requests, running, syncs
from bothways.service import preview as plans
from bothways.service.export import csv_file
from bothways.service.requests import ToPlan
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.views import ActionPage, DraftView, MadePlan
from bothways.web.pages.page import FileResponse, action, asks_for_part, form, page, shown, went_well
from bothways.web.pages.runs import told
from bothways.web.pages.syncs import address

PAGE = 50
SHOWS = ("all", "create", "update", "emptied", "conflicts", "held", "left_out")


@form(get=Role.VIEWER, post=Role.OPERATOR)
def preview(request: HttpRequest, name: str) -> HttpResponse:
    """Show what a run would do, as it was found out last; or have it found out now."""
    if request.method != "POST":
        return _shown(request, name)
    _ask(request, ToPlan(name))
    return went_well(request, f"{address(name)}/preview")


@form(get=Role.VIEWER, post=Role.OPERATOR)
def of_draft(request: HttpRequest, id: int) -> HttpResponse:
    """Show what the settings of a draft would change, as it was found out last; or have it found out now."""
    draft = drafts.draft(request.workspace, id)
    if draft.new:
        return went_well(request, f"/drafts/{id}/review")
    if request.method != "POST":
        return _shown(request, draft.name, draft=draft)
    _ask(request, ToPlan(draft.name, draft.id, draft.version, bool(request.POST.get("everything"))))
    return went_well(request, f"/drafts/{id}/preview")


def _ask(request: HttpRequest, wish: ToPlan) -> None:
    """Ask for a preview, unless the same one is asked for already."""
    asked = requests.last_preview(request.workspace, wish.sync, wish.draft)
    if asked is None or not asked.is_open or asked.wish != wish:
        requests.ask(request.workspace, wish, once=True)
        _wake(request, wish.sync)


@action(post=Role.EDITOR)
def write(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the service to write a plan that was looked at, all of it or some records."""
    limit = str(request.POST.get("limit", ""))
    try:
        requests.ask_to_apply(
            request.workspace,
            str(request.POST.get("plan", "")),
            limit=int(limit) if limit.isascii() and limit.isdigit() and 0 < len(limit) < 10 else None,
            though_braked=bool(request.POST.get("anyway")),
        )
    except (PlanOutdated, StoppedByBrake, SyncHalted, SyncOff) as error:
        return _shown(request, name, error)
    _wake(request, name)
    return went_well(request, f"{address(name)}/now")


@page()
def csv(request: HttpRequest, name: str) -> HttpResponse:
    """Give a plan as a file for spreadsheets."""
    made = plans.made_plan(request.workspace, str(request.GET.get("plan", "")))
    actions = plans.each_action(request.workspace, made.view.id)
    return FileResponse(csv_file(made.view, actions), f"{name} {made.view.id}.csv", "text/csv; charset=utf-8")


def _shown(
    request: HttpRequest, name: str, error: BothwaysError | None = None, draft: DraftView | None = None
) -> HttpResponse:
    view = syncs.show_sync(request.workspace, name)
    asked = requests.last_preview(request.workspace, name, draft.id if draft is not None else None)
    if draft is None:
        made = plans.latest_plan(request.workspace, name)
    else:
        made = plans.latest_of_draft(request.workspace, draft.id)
    show, text = str(request.GET.get("show", "")), str(request.GET.get("q", "")).strip()
    show = show if show in SHOWS else "all"
    making = asked is not None and asked.is_open
    work = running.at_work(request.workspace, name) if making else None
    context = {
        **told(work),
        "live": f"{address(name)}/now?for=plan",
        "sync": view,
        "tab": "preview" if draft is None else "",
        "draft": draft,
        "base": f"{address(name)}/preview" if draft is None else f"/drafts/{draft.id}/preview",
        "everything": asked is not None and isinstance(asked.wish, ToPlan) and asked.wish.everything,
        "made": made,
        "making": making,
        "failed": asked.error if asked is not None and (made is None or asked.asked_at > made.made_at) else None,
        "error": error,
        "only": _is_number(str(request.GET.get("only", ""))),
        "show": show,
        "q": text,
        "found": _found(request, made, show, text) if made is not None else None,
        "chips": _chips(made) if made is not None else [],
        "tiles": _tiles(made) if made is not None else [],
        "waits": view.counts.held + view.counts.failing,
    }
    template = "syncs/_plan.html" if asks_for_part(request) and error is None else "syncs/preview.html"
    return shown(request, template, 422 if error else 200, **context)


def _found(request: HttpRequest, made: MadePlan, show: str, text: str) -> ActionPage:
    only, after = str(request.GET.get("only", "")), str(request.GET.get("after", ""))
    if _is_number(only):
        return plans.plan_page(request.workspace, made.view.id, show="everything", after=int(only) - 1, size=1)
    place = int(after) if _is_number(after) else -1
    return plans.plan_page(request.workspace, made.view.id, show=show, search=text, after=place, size=PAGE)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _chips(made: MadePlan) -> list[tuple[str, str, int]]:
    titles = (
        _("All"),
        _("Create"),
        _("Update"),
        _("Emptied"),
        _("Conflicts"),
        _("Need a decision"),
        _("Left out"),
    )
    return [(show, title, made.shows.get(show, 0)) for show, title in zip(SHOWS, titles, strict=True)]


def _tiles(made: MadePlan) -> list[tuple[str, str, str, int]]:
    """Return the sums of a plan: a kind, a title, the app that it is about, a number."""
    view = made.view
    found = [("create", _("Create in"), app, view.created.get(app, 0)) for app in view.apps]
    found += [("update", _("Update in"), app, view.updated.get(app, 0)) for app in view.apps]
    found += [("delete", _("Delete in"), app, count) for app, count in view.deleted.items() if count]
    same = max(view.compared - made.shows.get("touched", 0), 0)
    found += [("same", _("No change"), "", same), ("held", _("Need a decision"), "", made.shows.get("held", 0))]
    return found + [
        (kind, title, "", count)
        for kind, title, count in (
            ("left_out", _("Left out"), view.left_out),
            ("failing", _("Failing"), view.failing),
            ("waiting", _("Waiting"), view.waiting),
        )
        if count
    ]


def _wake(request: HttpRequest, name: str) -> None:
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
