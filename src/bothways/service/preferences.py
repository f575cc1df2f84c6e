"""In which language and by which clock somebody wants to see the pages; kept with their account."""

from dataclasses import replace
from zoneinfo import ZoneInfo, available_timezones

from bothways.errors import LanguageUnknown, TimeZoneUnknown
from bothways.ledger.models import Account
from bothways.service.accounts import own, view_of
from bothways.service.database import on_database
from bothways.service.rights import Role, for_role
from bothways.service.views import AccountView
from bothways.service.workspace import Workspace

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages that pages are in, each as those call it who speak it."""

_NOT_OFFERED = ("Etc/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/", "SystemV/")
"""Beginnings of zones that others say better."""


def time_zones() -> list[str]:
    """Return the time zones to choose from, by name."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NOT_OFFERED))]


@on_database
@for_role(Role.VIEWER)
def choose(workspace: Workspace, language: str, time_zone: str) -> AccountView:
    """Keep one's own language and time zone; "" where the browser is to say it.

    Raises LanguageUnknown, TimeZoneUnknown.
    """
    account = own(workspace)
    if language and language not in LANGUAGES:
        raise LanguageUnknown(name=language, languages=", ".join(LANGUAGES))
    if time_zone and not _is_zone(time_zone):
        raise TimeZoneUnknown(name=time_zone)
    Account.objects.filter(pk=account.pk).update(language=language, time_zone=time_zone)
    return replace(view_of(account), language=language, time_zone=time_zone)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
