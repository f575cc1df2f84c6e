"""Failures as pages: what happened, what happens by itself, what can be done, and the code in the end."""

import logging
import secrets
from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_htmx.http import reselect, reswap, retarget

from bothways.errors import (
    BothwaysError,
    LedgerError,
    NotAllowed,
    SettingsError,
    UnknownApp,
    UnknownConnector,
    UnknownDraft,
    UnknownIssue,
    UnknownMapping,
    UnknownRecord,
    UnknownRun,
    UnknownSync,
)
from bothways.service.accounts import admins
from bothways.web.pages.page import shown

NOT_THERE = (
    UnknownApp,
    UnknownConnector,
    UnknownDraft,
    UnknownIssue,
    UnknownMapping,
    UnknownRecord,
    UnknownRun,
    UnknownSync,
)


def known(request: HttpRequest, error: BothwaysError) -> HttpResponse:
    """Show a failure of the catalogue."""
    status = 404 if isinstance(error, NOT_THERE) else 403 if isinstance(error, NotAllowed) else 422
    if isinstance(error, LedgerError) and not isinstance(error, SettingsError):
        status = 503
    who = admins(request.base) if isinstance(error, NotAllowed) else []
    return _instead(request, "failure.html", status, error=error, admins=who)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Show that there is no such page."""
    return _instead(request, "notice.html", 404, title=_("There is no such page"), text=_("Nothing was changed."))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show that a form was not one of ours, or too old."""
    text = _(
        "The page was open for too long, or it was not ours. Nothing was changed. Open it again and try once more."
    )
    return _instead(request, "notice.html", 403, title=_("This could not be taken"), text=text)


def no_such_method(request: HttpRequest, methods: Sequence[str]) -> HttpResponse:
    """Show that an address is not called so."""
    text = _("This address is for something else. Nothing was changed.")
    response = _instead(request, "notice.html", 405, title=_("This could not be taken"), text=text)
    response["Allow"] = ", ".join(methods)
    return response


def ours(request: HttpRequest) -> HttpResponse:
    """Show that something broke that should not, with an id that stands in the log too."""
    incident = f"i_{secrets.token_hex(4)}"
    logging.getLogger("bothways.web").error("a page failed", extra={"incident": incident}, exc_info=True)
    text = _(
        "Something broke that should not. Nothing was written to your apps by it, and syncs go on. Try it once more; "
        "if it happens again, tell this id to whoever looks after Bothways."
    )
    return _instead(request, "notice.html", 500, title=_("Our fault"), text=text, code=incident)


def _instead(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    """Show a failure in place of the page, whatever part of the page was asked for; without what frames a page where
    the database does not tell that."""
    try:
        response = shown(request, template, status, **context)
    except (DatabaseError, LedgerError):
        request.account, request.session = None, {}
        response = shown(request, template, status, **context)
    if getattr(request, "htmx", False):
        reswap(retarget(reselect(response, "#main"), "#main"), "outerHTML")
    return response
