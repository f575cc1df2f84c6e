"""The settings of a sync as YAML: looked at, taken along as a file, edited, compared with what is in force, applied.

What is applied was compared before: a text that was edited since is compared once more instead.
"""

import re
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from bothways.errors import AppError, BothwaysError, SettingsError, StaleSettings
from bothways.ledger.turns import SYNC
from bothways.service import settings_text, syncs
from bothways.service.accounts import admins
from bothways.service.resolution import row_of
from bothways.service.rights import Role
from bothways.service.settings_text import TEXT
from bothways.web.pages.drafts import told_changes
from bothways.web.pages.page import asks_for_part, form, moved, page, shown
from bothways.web.pages.syncs import address

_PLACE = re.compile(rf"{TEXT}:(\d+):(\d+)")


@form(get=Role.VIEWER, post=Role.EDITOR)
def yaml(request: HttpRequest, name: str) -> HttpResponse:
    """Show a sync as a settings file of its own; compare what is made of that, and apply it."""
    if request.method != "POST":
        return _page(request, name)
    text = str(request.POST.get("text", "")).replace("\r\n", "\n")
    over = str(request.POST.get("over", ""))
    seen = int(over) if over.isdecimal() and over.isascii() and len(over) < 10 else None
    wishes, known = request.POST.get("do") == "apply", request.POST.get("compared") == _mark(text)
    try:
        if not (wishes and known):
            found = settings_text.compare(request.workspace, name, text, seen)
            return _page(request, name, text=text, found=found, edited=wishes, over=over)
        found = settings_text.apply(request.workspace, name, text, seen)
    except StaleSettings as error:
        return _page(request, name, 422, text=text, stale=error)
    except (SettingsError, AppError) as error:
        return _page(request, name, 422, text=text, error=error, over=over)
    request.trigger(SYNC, [row_of(request.workspace, name).pk])
    count = len(found.changes)
    words = ngettext("%(count)d change of %(name)s is in force.", "%(count)d changes of %(name)s are in force.", count)
    return moved(request, f"{address(name)}/yaml", words % {"count": count, "name": name})


@page()
def file(request: HttpRequest, name: str) -> HttpResponse:
    """Return the settings of a sync as a file."""
    response = HttpResponse(syncs.export(request.workspace, name), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}.yaml"
    return response


def _page(request: HttpRequest, name: str, status: int = 200, *, text: str | None = None, **more: Any) -> HttpResponse:
    view, held = syncs.show_sync(request.workspace, name), syncs.export(request.workspace, name)
    typed, error, found = held if text is None else text, more.get("error"), more.get("found")
    may_edit = request.account.role.includes(Role.EDITOR)
    context: dict[str, Any] = {
        "sync": view,
        "tab": "yaml",
        "held": held,
        "text": typed,
        "may_edit": may_edit,
        "who_can": [] if may_edit else admins(request.base),
        "changes": told_changes(found.changes) if found else [],
        "compared": _mark(typed) if found and found.changes else "",
        **_place_of(error, typed),
        **more,
    }
    return shown(request, "syncs/_yaml.html" if asks_for_part(request) else "syncs/yaml.html", status, **context)


def _place_of(error: BothwaysError | None, text: str) -> dict[str, Any]:
    """Return where in a text something is wrong, as far as that is known."""
    place = _PLACE.fullmatch(error.where) if error else None
    if place is None:
        return {}
    line, column = int(place[1]), int(place[2])
    lines = text.split("\n")
    return {"line": line, "column": column, "excerpt": lines[line - 1] if line <= len(lines) else ""}


def _mark(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
