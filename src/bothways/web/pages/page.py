"""A page: who may see it and who may act on it; and how actions answer, with script and without."""

from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import content_disposition_header

from bothways.errors import BothwaysError
from bothways.service.rights import Role
from bothways.web.said import Said

View = TypeVar("View", bound=Callable[..., HttpResponse])
NOTICE = "notice"
"""Where a session keeps the sentence that the next page begins with."""


class FileResponse(HttpResponse):
    """Answers with a file to be saved, which is sent piece by piece and closed then: it may be longer than memory."""

    def __init__(self, file: IO[bytes], name: str, kind: str) -> None:
        super().__init__(content_type=kind)
        self.file = file
        self["Content-Disposition"] = content_disposition_header(True, name) or "attachment"


def page(get: Role | None = Role.VIEWER) -> Callable[[View], View]:
    """Mark a view that is only looked at, by those with a role; None: by everybody."""
    return _marked({"GET": get, "HEAD": get})


def action(post: Role | None) -> Callable[[View], View]:
    """Mark a view that does something, for those with a role."""
    return _marked({"POST": post})


def form(get: Role | None, post: Role | None) -> Callable[[View], View]:
    """Mark a view that shows a form and takes it."""
    return _marked({"GET": get, "HEAD": get, "POST": post})


def _marked(roles: Mapping[str, Role | None]) -> Callable[[View], View]:
    def around(view: View) -> View:
        view.roles = roles  # type: ignore[attr-defined]
        return view

    return around


def roles_of(view: Callable[..., HttpResponse]) -> Mapping[str, Role | None]:
    """Return by method which role a view takes, None where it takes none."""
    roles: Mapping[str, Role | None] = view.roles  # type: ignore[attr-defined]
    return roles


def shown(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page made from a template; failures in it are said in the language of the request."""
    spoken = {name: Said(each) if isinstance(each, BothwaysError) else each for name, each in context.items()}
    return render(request, template, spoken, status=status)


def asks_for_part(request: HttpRequest) -> bool:
    """Tell whether a page asks for a part of itself; after going back it asks for all of it."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def went_well(request: HttpRequest, address: str, notice: str = "") -> HttpResponse:
    """Answer an action: go to a page, which begins with ``notice``."""
    if notice:
        request.session[NOTICE] = notice
    return HttpResponseRedirect(address, status=303)


def moved(request: HttpRequest, address: str, notice: str = "") -> HttpResponse:
    """Answer an action as ``went_well`` does, where a script must be told that it is another page."""
    response = went_well(request, address, notice)
    if not request.htmx:
        return response
    there = HttpResponse()
    there["HX-Redirect"] = address
    return there
