"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_bidi

from bothways.service.issue_groups import counts
from bothways.web.pages.page import NOTICE

SECTIONS = {
    **dict.fromkeys(("apps", "connect", "visits", "oauth"), "apps"),
    "issues": "issues",
    **dict.fromkeys(("activity", "runs"), "activity"),
    "settings": "settings",
}
"""To which part of the pages an address belongs, by its first word; to the syncs, any other."""


def _notice(request: HttpRequest) -> str:
    """Return the sentence for the next whole page, once: a part of a page, or a stream of it, leaves it there."""
    return str(request.session.pop(NOTICE, ""))


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Return who is signed in, how many issues there are, and the sentence that the page begins with."""
    account = getattr(request, "account", None)
    return {
        "account": account,
        "issue_count": counts(request.workspace).need if account else 0,
        "apps_in_order": list(request.base.document.apps),
        "now": request.base.clock(),
        "notice": "" if request.headers.get("HX-Request") or not hasattr(request, "session") else _notice(request),
        "section": "me"
        if request.path.startswith("/settings/me")
        else SECTIONS.get(request.path.split("/")[1], "syncs"),
        "look": account.look if account else "",
        "provider": sign_in.name if (sign_in := request.base.document.sign_in) else "",
        "language": get_language(),
        "languages": settings.LANGUAGES,
        "direction": "rtl" if get_language_bidi() else "ltr",
    }
