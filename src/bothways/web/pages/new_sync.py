"""A new sync: its two apps, an object of each, a name; with these a draft is begun."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bothways.errors import BothwaysError, SyncNameTaken, UsageError
from bothways.service import apps, drafts
from bothways.service.rights import Role
from bothways.service.views import ObjectView
from bothways.web.pages.page import asks_for_part, form, shown, went_well
from bothways.web.said import Said


@form(get=Role.EDITOR, post=Role.EDITOR)
def new(request: HttpRequest) -> HttpResponse:
    """Choose apps and objects; what is chosen stands in the address until the draft is begun."""
    given = request.POST if request.method == "POST" else request.GET
    connected = apps.list_apps(request.workspace)
    chosen = [str(given.get(f"app-{place}", "")) for place in (0, 1)]
    context: dict[str, Any] = {"connected": connected, "chosen": chosen}
    known = [each.name for each in connected]
    if not given.get("app-0") or not set(chosen) <= set(known):
        return shown(request, "drafts/apps.html", **{**context, "chosen": _two_of(known, chosen)})
    if chosen[0] == chosen[1]:
        wrong = _("Choose two different apps.")
        return shown(request, "drafts/apps.html", 422, **context, wrong=wrong)
    try:
        offered = [apps.app_objects(request.workspace, name) for name in chosen]
    except BothwaysError as error:
        return shown(request, "drafts/apps.html", 422, **context, error=error)
    readable = [[each for each in objects if each.readable] for objects in offered]
    picked = _picked(readable, [str(given.get(f"object-{place}", "")) for place in (0, 1)])
    name = _name(request, given, picked)
    objects: dict[str, Any] = {
        "objects": readable,
        "picked": picked,
        "name": name,
        "suggested": _suggested(request, picked),
    }
    if request.method != "POST":
        return shown(
            request, "drafts/_object.html" if asks_for_part(request) else "drafts/object.html", **context, **objects
        )
    try:
        begun = drafts.begin(request.workspace, name, (chosen[0], chosen[1]), (picked[0], picked[1]))
    except (SyncNameTaken, UsageError) as error:
        return shown(request, "drafts/object.html", 422, **context, **objects, wrong=Said(error).message)
    return went_well(request, f"/drafts/{begun.id}/records")


def _two_of(known: list[str], wished: list[str]) -> list[str]:
    """Return two apps to begin with: those wished for as far as they are there, else the first ones."""
    first = wished[0] if wished[0] in known else next(iter(known), "")
    second = wished[1] if wished[1] in known else next((name for name in known if name != first), "")
    return [first, second]


def _picked(offered: list[list[ObjectView]], wished: list[str]) -> list[str]:
    """Return an object of each app: as wished for; else two that are called alike, or the first ones."""
    names = [[each.name for each in objects] for objects in offered]
    alike = [
        (one.name, other.name)
        for one in offered[0]
        for other in offered[1]
        if one.label.casefold() == other.label.casefold() or one.name.casefold() == other.name.casefold()
    ]
    usual = alike[0] if alike else tuple(each[0] if each else "" for each in names)
    return [wished[place] if wished[place] in names[place] else usual[place] for place in (0, 1)]


def _suggested(request: HttpRequest, picked: list[str]) -> str:
    return drafts.free_name(request.workspace, picked[0])


def _name(request: HttpRequest, given: Any, picked: list[str]) -> str:
    """Return the name as typed; as suggested, where nobody typed one."""
    typed = str(given.get("name", "")).strip()
    return typed if typed and typed != str(given.get("suggested", "")) else _suggested(request, picked)
