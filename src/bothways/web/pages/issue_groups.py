"""Issues by their causes: what needs somebody, what is tried by itself, what is ignored and what was mended."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bothways.errors import (
    DraftInTheWay,
    MendRefused,
    NothingChosen,
    PairingAmbiguous,
    SettingsMoved,
    UnknownChoice,
    UnknownIssue,
)
from bothways.ledger.turns import SYNC
from bothways.service import failing, issue_groups, mending
from bothways.service import issue_words as words
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.unfit import unfit_mappings
from bothways.service.views import GroupView, IssueView, TriedView
from bothways.web.pages.page import action, asks_for_part, page, shown, went_well

PAGE = 50
INLINE = 3
"""Issues of a cause that are decided right where it is listed; more of them on a page of their own."""

MANY = 900
"""Options, multiplied with the values, beyond which a partner is typed and not chosen from a list in each row."""

TABS = ("need", "retrying", "ignored", "solved")
AT_THE_CHOICE = (UnknownChoice, PairingAmbiguous, NothingChosen)


@page()
def listed(request: HttpRequest) -> HttpResponse:
    """Show the causes of issues in one of the tabs."""
    asked = request.GET
    tab = str(asked.get("tab", "")) if asked.get("tab") in TABS else "need"
    name, after = str(asked.get("sync", "")) or None, str(asked.get("after", "")) or None
    context: dict[str, Any] = {"tab": tab, "sync": name or "", "counts": issue_groups.counts(request.workspace)}
    if tab in ("need", "ignored"):
        found = issue_groups.groups(request.workspace, name, ignored=tab == "ignored", after=after, size=PAGE)
        context |= {"groups": [_shown(request, each) for each in found.rows], "after": found.after}
    if tab in ("need", "retrying") and after is None:
        troubles = failing.failing(request.workspace)
        context["troubles"] = [each for each in troubles if (each.need == words.RETRYING) == (tab == "retrying")]
    if tab == "need" and after is None:
        context["unfit"] = [each for each in unfit_mappings(request.workspace) if name in (None, each.sync)]
    if tab == "solved":
        before = int(after) if after and after.isascii() and after.isdigit() and len(after) < 19 else None
        mends = issue_groups.solved(request.workspace, before=before, size=PAGE + 1)
        context |= {"mends": mends[:PAGE], "after": mends[PAGE - 1].id if len(mends) > PAGE else None}
    return shown(request, "issues/_found.html" if asks_for_part(request) else "issues/inbox.html", **context)


@page()
def one(request: HttpRequest, group: str) -> HttpResponse:
    """Show all issues of a cause; a page that asks for the part that changes gets its card."""
    if asks_for_part(request):
        return _card(request, group)
    return _page(request, group)


@page()
def conflicts(request: HttpRequest) -> HttpResponse:
    """Show the differences of fields that wait for a person, one field at a time."""
    found = issue_groups.conflict_groups(request.workspace)
    asked = str(request.GET.get("group", ""))
    chosen = next((each for each in found if each.id == asked), found[0] if found else None)
    context: dict[str, Any] = {"groups": found, "chosen": chosen}
    if chosen is not None:
        context |= _issues(request, chosen.id, None)
    return shown(request, "issues/conflicts.html", **context)


# --- what is done about them --------------------------------------------------------------------------


@action(post=Role.OPERATOR)
def retry(request: HttpRequest, group: str) -> HttpResponse:
    """Let all issues of a cause, or a single one, be tried at once."""
    return _tried(request, group, mending.retry(request.workspace, group))


@action(post=Role.OPERATOR)
def ignore(request: HttpRequest, group: str) -> HttpResponse:
    """Leave all issues of a cause, or a single one, alone."""
    count = mending.ignore(request.workspace, group)
    said = ngettext(
        "%(count)d issue is ignored until its record is edited again.",
        "%(count)d issues are ignored until their records are edited again.",
        count,
    ) % {"count": count}
    if request.htmx:
        return shown(request, "issues/_gone.html", id=group, said=said, back=True)
    return went_well(request, "/issues", said)


@action(post=Role.OPERATOR)
def take_back(request: HttpRequest, group: str) -> HttpResponse:
    """Ask about ignored issues again."""
    count = mending.take_back(request.workspace, group)
    said = ngettext("%(count)d issue is back.", "%(count)d issues are back.", count) % {"count": count}
    if request.htmx:
        return shown(request, "issues/_gone.html", id=group, said=said, back=False)
    return went_well(request, f"/issues#{group}", said)


@action(post=Role.EDITOR)
def pair(request: HttpRequest, group: str) -> HttpResponse:
    """Pair values that an app does not accept with its options, save that, and try their records again."""
    sent = request.POST
    choices = dict(zip(map(str, sent.getlist("value")), map(str, sent.getlist("option")), strict=False))
    revision = str(sent.get("revision", ""))
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    try:
        return _tried(request, group, mending.pair_values(request.workspace, group, number, choices))
    except (*AT_THE_CHOICE, SettingsMoved, DraftInTheWay, MendRefused) as error:
        more = {"error": error, "typed": choices, "wrong": error.facts.get("choice", "")}
        if request.htmx:
            return _card(request, group, 422, **more)
        return _page(request, group, 422, **more)


def _tried(request: HttpRequest, group: str, done: TriedView) -> HttpResponse:
    said = ngettext("%(count)d record is tried again.", "%(count)d records are tried again.", done.count)
    if not done.is_on:
        said = ngettext(
            "%(count)d record is tried again when %(sync)s is on.",
            "%(count)d records are tried again when %(sync)s is on.",
            done.count,
        )
    request.trigger(SYNC, [row_of(request.workspace, done.sync).pk])
    said = said % {"count": done.count, "sync": done.sync}
    if not request.htmx:
        return went_well(request, f"/issues#{group}", said)
    if group.startswith("h_"):
        return shown(request, "issues/_gone.html", id=group, said=said, back=False)
    return _card(request, group, focus=True)


# --- how they are shown -------------------------------------------------------------------------------


def _page(request: HttpRequest, group: str, status: int = 200, **more: Any) -> HttpResponse:
    ignored = bool(request.GET.get("ignored")) or None
    found = issue_groups.show_group(request.workspace, group, ignored=ignored)
    context = {**_shown(request, found, alone=True, **more), **_issues(request, group, ignored)}
    return shown(request, "issues/group.html", status, **context)


def _issues(request: HttpRequest, group: str, ignored: bool | None) -> dict[str, Any]:
    after = str(request.GET.get("after", "")) or None
    found = issue_groups.group_issues(request.workspace, group, after=after, size=PAGE + 1, ignored=ignored)
    issues = found[:PAGE]
    return {
        "issues": issues,
        "alike": _alike(request, issues),
        "after": issues[-1].id if len(found) > PAGE else None,
    }


def _alike(request: HttpRequest, issues: list[IssueView]) -> dict[str, int]:
    return issue_groups.alike(request.workspace, [each for each in issues if each.kind == "conflict"])


def _card(request: HttpRequest, group: str, status: int = 200, **more: Any) -> HttpResponse:
    """Show a group as it is now, or that it is gone and what was done about it."""
    try:
        found = issue_groups.show_group(request.workspace, group)
    except UnknownIssue:
        mend = issue_groups.last_mend(request.workspace, group)
        if mend is None:
            raise
        said = _("%(title)s: %(solved)d of %(total)d solved.") % {
            "title": mend.title,
            "solved": mend.solved,
            "total": mend.total,
        }
        return shown(request, "issues/_gone.html", id=group, said=said, back=False)
    return shown(request, "issues/_group.html", status, **_shown(request, found, **more))


def _shown(request: HttpRequest, group: GroupView, *, alone: bool = False, **more: Any) -> dict[str, Any]:
    """Return what the card of a group needs; ``alone``: on a page where its issues are listed below."""
    context: dict[str, Any] = {"group": group, "alone": alone, "lines": _lines(group, more.get("typed") or {}), **more}
    if not alone and group.need == words.DECIDE and group.count <= INLINE:
        issues = issue_groups.group_issues(request.workspace, group.id, ignored=group.ignored or None, size=INLINE)
        context |= {"issues": issues, "alike": _alike(request, issues)}
    context["typing"] = len(group.choices) * len(group.values) > MANY
    context["list"] = _address(group)
    return context


def _lines(group: GroupView, typed: dict[str, str]) -> list[dict[str, Any]]:
    """Return the values of a group with what is chosen for each: what was typed, else what is suggested."""
    labels = {each.key: each.label for each in group.choices}
    lines = []
    for each in group.values:
        chosen = typed.get(each.value, each.suggestion) if typed else each.suggestion
        lines.append({"of": each, "chosen": chosen, "words": labels.get(chosen, chosen)})
    return lines


def _address(group: GroupView) -> str:
    """Return where the issues of a group are listed."""
    if group.cause == words.CONFLICT and not group.ignored:
        return f"/issues/conflicts?group={quote(group.id)}"
    return f"/issues/groups/{quote(group.id)}{'?ignored=1' if group.ignored else ''}"
