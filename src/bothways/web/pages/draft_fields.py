"""The fields of a draft: its mappings edited row by row, their values paired, its associations turned on and off.

What an edit changes is swapped: the row itself, and those others of which something else is wrong now.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any
from zlib import crc32

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bothways.engine.sides import SIDES
from bothways.errors import (
    AppError,
    BothwaysError,
    ConsentOfOne,
    DraftChanged,
    NothingForTheRest,
    PairingAmbiguous,
    UnknownChoice,
)
from bothways.records import CASES, Unpaired
from bothways.service import apps, draft_associations, draft_fields, draft_values, drafts
from bothways.service.draft_sight import row_at
from bothways.service.rights import Role
from bothways.service.views import DraftFields, DraftView, MappingRow, OptionView
from bothways.web.forms.plain import version_of
from bothways.web.pages import failures
from bothways.web.pages.drafts import Looked, around
from bothways.web.pages.page import action, asks_for_part, form, moved, page, shown, went_well

MANY = 900
"""Options of both fields, multiplied, beyond which partners are typed and not chosen from a list in each row."""

View = Callable[..., HttpResponse]


def careful(view: View) -> View:
    """Show a failure beside what somebody did, which stays on the page; where others were faster, a way to go on."""

    @wraps(view)
    def inside(request: HttpRequest, id: int, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, id, *args, **kwargs)
        except DraftChanged as error:
            return _told(request, error, 409, f"/drafts/{id}/fields")
        except BothwaysError as error:
            return _told(request, error, 422, "") if request.htmx else failures.known(request, error)

    return inside


def _told(request: HttpRequest, error: BothwaysError, status: int, newest: str) -> HttpResponse:
    template = "drafts/_trouble.html" if request.htmx else "drafts/trouble.html"
    response = shown(request, template, status, error=error, newest=newest)
    if request.htmx:
        response["HX-Retarget"], response["HX-Reswap"] = "#trouble", "innerHTML"
    return response


# --- the rows -----------------------------------------------------------------------------------------


@form(get=Role.VIEWER, post=Role.EDITOR)
@careful
def fields(request: HttpRequest, id: int) -> HttpResponse:
    """Show the mappings of a draft, or take direction and switch of every row at once, and go on to the review if so
    wished."""
    if request.method == "POST":
        _take_rows(request, id)
        if request.POST.get("go") == "review":
            return moved(request, f"/drafts/{id}/review")
        if not request.htmx:
            return went_well(request, f"/drafts/{id}/fields", _("The draft is updated."))
        context = _context(draft_fields.fields(request.workspace, id), str(request.POST.get("q", "")).strip())
        return shown(request, "drafts/_rows_answer.html", **context, updated=True)
    text = str(request.GET.get("q", "")).strip()
    if asks_for_part(request):
        return shown(request, "drafts/_rows.html", **_context(draft_fields.fields(request.workspace, id), text))
    looked = Looked(request, drafts.draft(request.workspace, id))
    context = _context(draft_fields.fields(request.workspace, id, looked.whole), text)
    show = "fields" if request.GET.get("show") == "fields" else "all"
    if show == "all":
        context["associations"] = draft_associations.associations(request.workspace, id, looked.whole)
    return shown(request, "drafts/fields.html", **{**around(looked, "fields"), **context, "show": show})


@form(get=Role.EDITOR, post=Role.EDITOR)
@careful
def row(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Show one mapping with all that can be said of it; take what is said."""
    if request.method != "POST":
        return _row_page(request, id, number)
    version = _version(request)
    if request.POST.get("options"):
        said = _options(request, drafts.draft(request.workspace, id))
        try:
            version = draft_fields.set_options(request.workspace, id, version, number, **said).version
        except ConsentOfOne as error:
            return _row_page(request, id, number, 422, error=error)
    draft_fields.set_mapping(request.workspace, id, version, number, **_said(request, id, number))
    if not request.htmx:
        return went_well(request, f"/drafts/{id}/fields#m-{number}")
    return _row_answer(request, id, number)


@action(post=Role.EDITOR)
@careful
def add(request: HttpRequest, id: int) -> HttpResponse:
    """Add a mapping whose fields are to be chosen."""
    draft = draft_fields.add(request.workspace, id, _take_rows(request, id))
    number = len(draft.settings["fields"])
    if not request.htmx:
        return went_well(request, f"/drafts/{id}/fields/{number}?side=left")
    return _row_answer(request, id, number, new=True)


@action(post=Role.EDITOR)
@careful
def suggest(request: HttpRequest, id: int) -> HttpResponse:
    """Add all mappings that are suggested."""
    draft_fields.add_suggested(request.workspace, id, _take_rows(request, id))
    return went_well(request, f"/drafts/{id}/fields")


@action(post=Role.EDITOR)
@careful
def remove(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Take a mapping out; the focus goes to the one that comes next."""
    draft_fields.remove(request.workspace, id, _take_rows(request, id), number)
    if not request.htmx:
        return went_well(request, f"/drafts/{id}/fields#m-{number}")
    found = draft_fields.fields(request.workspace, id)
    context = _context(found, str(request.POST.get("q", "")).strip())
    after = [each.number for each in context["rows"] if each.number >= number] or [
        each.number for each in context["rows"][-1:]
    ]
    return shown(request, "drafts/_rows_answer.html", focus=after[0] if after else 0, **context)


@page()
@careful
def options(request: HttpRequest, id: int) -> HttpResponse:
    """Show the fields that a row can have, for the list of its picker."""
    asked = request.GET
    side, number = str(asked.get("side", "")), str(asked.get("row", ""))
    app = _app_of(drafts.draft(request.workspace, id), side)
    found = draft_fields.options(
        request.workspace, id, int(number) if number.isdigit() else 0, app, str(asked.get("q", ""))
    )
    return shown(request, "drafts/_options.html", found=found, list=f"f-{number}-{side}")


def _row_page(
    request: HttpRequest, id: int, number: int, status: int = 200, error: BothwaysError | None = None
) -> HttpResponse:
    """Show the page of one row; ``side`` in the address says of which app all fields are offered."""
    found = draft_fields.fields(request.workspace, id)
    if found.trouble is not None:
        raise found.trouble
    each = row_at(found.rows, number)
    side = str(request.GET.get("side", ""))
    context = _context(found, "")
    if side in SIDES:
        app = _app_of(found.draft, side)
        choices = list(draft_fields.options(request.workspace, id, number, app, most=None).options)
        own = each.fields[app]
        if own and own not in [option.name for option in choices]:
            choices.insert(0, OptionView(own, each.labels[app], each.kinds[app]))
        context |= {"side": side, "choices": choices}
    if error is not None:
        each = replace(each, **_options(request, found.draft))
    cases = [(name, name) for name in each.cleaners if name in CASES]
    return shown(
        request,
        "drafts/row.html",
        status,
        each=each,
        error=error,
        cleaners=[(name, _cleaner(name)) for name in each.cleaners if name not in CASES],
        cases=[(name, _cleaner(name)) for name, _case in cases],
        case=next((name for name in each.clean if name in CASES), ""),
        rules=_rules(request, found.draft, each),
        **context,
    )


def _rules(request: HttpRequest, draft: DraftView, row: MappingRow) -> dict[str, str]:
    """Return what rules of each app demand of its field of a row; nothing of an app that cannot be asked."""
    found = {}
    for app in draft.apps:
        with suppress(AppError):
            known = apps.field_rules(request.workspace, app, str(draft.settings["objects"][app]))
            found[app] = known.get(row.fields[app], "")
    return found


def _cleaner(name: str) -> str:
    words = {
        "trim": _("Take blanks at both ends away"),
        "lower": _("all small letters"),
        "upper": _("ALL CAPITALS"),
        "title": _("Each Word With A Capital"),
        "phone_e164": _("Phone numbers as +47 22 86 44 00 is stored: +4722864400"),
        "date": _("Days as 2026-12-31"),
    }
    return words.get(name, name)


def _version(request: HttpRequest) -> int:
    return version_of(str(request.POST.get("version", "")))


def _take_rows(request: HttpRequest, id: int) -> int:
    """Take direction and switch of every row that a form of a page without script holds; return the version then."""
    version = _version(request)
    numbers = [key.removeprefix("direction-") for key in request.POST if key.startswith("direction-")]
    for number in [int(each) for each in numbers if each.isdigit()]:
        said = _said(request, id, number)
        version = draft_fields.set_mapping(request.workspace, id, version, number, **said).version
    return version


def _app_of(draft: DraftView, side: str) -> str:
    return dict(zip(SIDES, draft.apps, strict=True)).get(side, side)  # type: ignore[call-overload]


def _said(request: HttpRequest, id: int, number: int) -> dict[str, Any]:
    """Return what a form says of a row: direction, switch and fields, as far as it speaks of them."""
    said: dict[str, Any] = {}
    if f"direction-{number}" in request.POST:
        said = {"direction": str(request.POST[f"direction-{number}"]), "on": f"on-{number}" in request.POST}
    chosen = {side: str(request.POST[f"field-{side}"]) for side in SIDES if f"field-{side}" in request.POST}
    if chosen:
        draft = drafts.draft(request.workspace, id)
        said["fields"] = {_app_of(draft, side): name for side, name in chosen.items()}
    return said


def _options(request: HttpRequest, draft: DraftView) -> dict[str, Any]:
    sent = request.POST
    clean = [str(each) for each in sent.getlist("clean")] + [str(each) for each in sent.getlist("case") if each]
    return {
        "winner": str(sent.get("winner", "")),
        "only": str(sent.get("only", "")),
        "when_empty": str(sent.get("when_empty", "")),
        "clean": clean,
        "consent": {app: str(sent.get(f"consent-{side}", "")) for side, app in zip(SIDES, draft.apps, strict=True)},
    }


def _context(found: DraftFields, text: str) -> dict[str, Any]:
    """Return what the templates of the rows need; ``text`` narrows them to those with it in a label or a name."""
    folded = text.casefold()
    rows = [
        each
        for each in found.rows
        if any(folded in words.casefold() for words in (*each.labels.values(), *each.fields.values()))
    ]
    return {
        "found": found,
        "draft": found.draft,
        "rows": rows,
        "q": text,
        "ways": ways(found.draft.apps),
        "told": " ".join(f"{each.number}:{_mark(each)}" for each in found.rows if each.problem),
    }


def ways(apps: tuple[str, str]) -> list[tuple[str, SafeString, str]]:
    """Return the directions: as the file writes them, in words, and their icons."""
    first, second = apps

    def to(one: str, other: str) -> SafeString:
        return format_html(_("<bdi>{}</bdi> to <bdi>{}</bdi>"), one, other)

    return [
        (f"to_{second}", to(first, second), "i-on"),
        ("both", SafeString(_("Two-way")), "i-both"),
        (f"to_{first}", to(second, first), "i-back"),
    ]


def _mark(each: MappingRow) -> str:
    return f"{crc32(each.problem.encode()):x}"


def _row_answer(request: HttpRequest, id: int, number: int, *, new: bool = False) -> HttpResponse:
    """Show a row as it is now, and every other one of which the page says something else than what is wrong now."""
    found = draft_fields.fields(request.workspace, id)
    context = _context(found, "")
    before = dict(pair.split(":") for pair in str(request.POST.get("told", "")).split() if pair.count(":") == 1)
    after = {str(each.number): _mark(each) for each in found.rows if each.problem}
    others = [
        each
        for each in found.rows
        if each.number != number and before.get(str(each.number)) != after.get(str(each.number))
    ]
    each = row_at(found.rows, number)
    context |= {"others": others, "new": new, "renamed": any(f"field-{side}" in request.POST for side in SIDES)}
    return shown(request, "drafts/_row_answer.html", each=each, **context)


# --- values -------------------------------------------------------------------------------------------


@form(get=Role.EDITOR, post=Role.EDITOR)
@careful
def values(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Show how the values of a mapping are paired; take other pairs."""
    if request.method != "POST":
        return _values_page(request, id, number)
    sent = request.POST
    pairs = list(
        zip((str(each) for each in sent.getlist("left")), (str(each) for each in sent.getlist("right")), strict=False)
    )
    found = draft_values.values(request.workspace, id, number)
    defaults = {app: str(sent.get(f"default-{side}", "")) for side, app in zip(SIDES, found.draft.apps, strict=True)}
    other = str(sent.get("other", ""))
    try:
        draft_values.set_values(request.workspace, id, _version(request), number, pairs, other=other, defaults=defaults)
    except (UnknownChoice, PairingAmbiguous, NothingForTheRest) as error:
        typed = {"pairs": pairs, "other": other, "defaults": defaults}
        return _values_page(request, id, number, 422, error=error, typed=typed)
    return went_well(request, f"/drafts/{id}/values/{number}", _("The pairs are in the draft."))


def _values_page(
    request: HttpRequest,
    id: int,
    number: int,
    status: int = 200,
    error: BothwaysError | None = None,
    typed: Mapping[str, Any] | None = None,
) -> HttpResponse:
    found = draft_values.values(request.workspace, id, number)
    first, second = found.draft.apps
    partner = second if found.fixed == first else first
    lines = [
        (pair.labels[found.fixed], pair.keys[found.fixed], pair.keys[partner], pair.labels[partner])
        for pair in found.pairs
    ]
    wrong = str(error.facts.get("choice", "")) if isinstance(error, UnknownChoice | PairingAmbiguous) else None
    if typed is not None:
        place = 1 if partner == second else 0
        sent = [
            (label, key, pair[place], pair[place])
            for (label, key, *_), pair in zip(lines, typed["pairs"], strict=False)
        ]
        lines = [*sent, *lines[len(sent) :]]
    return shown(
        request,
        "drafts/values.html",
        status,
        found=found,
        draft=found.draft,
        touched=draft_values.touched(request.workspace, found),
        partner=partner,
        left_is_fixed=found.fixed == first,
        lines=lines,
        choices=found.options[partner],
        typing=not found.options[partner] or len(found.options[partner]) * len(lines) > MANY,
        other=typed["other"] if typed else found.other,
        rests=[
            ("", _("Say nothing: every option that can come must have a partner")),
            (str(Unpaired.HOLD), _("Hold the record until a person decides")),
            (str(Unpaired.LEAVE_OUT), _("Leave the value out: nothing is written")),
            (str(Unpaired.DEFAULT), _("Write a default in its place")),
        ],
        defaults=[
            (side, app, (typed["defaults"] if typed else found.defaults).get(app, ""), found.options[app])
            for side, app in zip(SIDES, found.draft.apps, strict=True)
            if app in found.written
        ],
        ways=ways(found.draft.apps),
        error=error,
        wrong=wrong,
    )


# --- associations -------------------------------------------------------------------------------------


@page()
@careful
def associations(request: HttpRequest, id: int) -> HttpResponse:
    """Show the associations of a draft."""
    found = draft_associations.associations(request.workspace, id)
    context = {"associations": found, "ways": ways(found.draft.apps), "show": "associations"}
    frame = around(Looked(request, found.draft), "fields")
    return shown(request, "drafts/associations.html", **{**frame, **context})


@action(post=Role.EDITOR)
@careful
def switch_association(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Turn an association on or off."""
    draft_associations.switch(request.workspace, id, _version(request), number, request.POST.get("on") == "1")
    found = draft_associations.associations(request.workspace, id)
    if not request.htmx:
        return went_well(request, f"/drafts/{id}/associations")
    return shown(
        request,
        "drafts/_associations.html",
        associations=found,
        draft=found.draft,
        ways=ways(found.draft.apps),
        answer=True,
    )
