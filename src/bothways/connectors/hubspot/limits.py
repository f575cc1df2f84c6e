"""How much is used of what an account may hold.

Source: guide "Limits tracking". Of each object the answer has how many records there are and can be, and the same of
custom properties; custom objects share one limit.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bothways.connectors.hubspot.api import Api
from bothways.errors import AppFailed, PermissionMissing

NEAR = 0.95
"""The share of a limit from which on it is told."""


def near(api: Api) -> Iterator[str]:
    """Yield in words what is nearly used up, or is; nothing of what the token may not see.

    [K] Once it is used up, a create is refused with status 400.
    """
    records = _asked(api, "records")
    for row in _rows(records.get("hubspotDefinedObjectTypes")):
        yield from _told(row, "limit", "usage", str(row.get("pluralLabel") or row.get("objectTypeId")).lower())
    custom = records.get("customObjectTypes")
    if isinstance(custom, dict):
        yield from _told(custom, "overallLimit", "overallUsage", "records of custom objects")
    properties = _asked(api, "custom-properties")
    for row in _rows(properties.get("byObjectType")):
        label = str(row.get("pluralLabel") or row.get("objectTypeId")).lower()
        yield from _told(row, "limit", "usage", f"custom properties of {label}")
    yield from _told(properties, "overallLimit", "overallUsage", "custom properties")


def _asked(api: Api, what: str) -> Mapping[str, Any]:
    try:
        return api.used(what)
    except (PermissionMissing, AppFailed):
        return {}


def _rows(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _told(row: Mapping[str, Any], most: str, used: str, what: str) -> Iterator[str]:
    limit, usage = row.get(most), row.get(used)
    if not isinstance(limit, int) or not isinstance(usage, int) or limit <= 0 or usage < NEAR * limit:
        return
    if usage < limit:
        yield f"It holds {usage:,} of at most {limit:,} {what}: once it is full, it refuses more."
    else:
        yield f"It is full: it holds {usage:,} of at most {limit:,} {what}, and refuses more."
