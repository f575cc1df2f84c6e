"""In which language, and in which time zone, a page is shown: as the account has chosen, else as the browser says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from bothways.service.views import AccountView

ZONE = "bothways_zone"
"""The cookie by which a browser tells its time zone (``static/zone.js``)."""

_YEAR = 365 * 86_400


def language_of(request: HttpRequest, account: AccountView | None) -> str:
    """Return the language of a page."""
    chosen = account.language if account else ""
    spoken = dict(settings.LANGUAGES)
    return chosen if chosen in spoken else translation.get_language_from_request(request)


def zone_of(request: HttpRequest, account: AccountView | None) -> tzinfo:
    """Return the time zone of a page: UTC, where nobody has said any."""
    return (
        zone_called(account.time_zone if account else "") or zone_called(unquote(request.COOKIES.get(ZONE, ""))) or UTC
    )


def zone_called(name: str) -> tzinfo | None:
    """Return the time zone of a name, None if there is none."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@contextmanager
def spoken(request: HttpRequest, account: AccountView | None) -> Iterator[None]:
    """Let everything be said in the language and the time zone of a page."""
    with translation.override(language_of(request, account)), timezone.override(zone_of(request, account)):
        yield


def remember(response: HttpResponse, language: str) -> HttpResponse:
    """Let a browser keep a language, for pages that are shown to nobody in particular; "": none any more."""
    if language not in dict(settings.LANGUAGES):
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return response
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        _YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
