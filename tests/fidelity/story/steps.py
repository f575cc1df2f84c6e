"""What the story is told in.

A step names a call (``calls`` says what it is on the wire) and what goes into it. ``keep`` gives names to parts of the
answer; a text "$name" in a later step stands for that part. ``status`` is what the step ends with, ``sees`` what its
answer holds at some places.
"""

from typing import Any

Step = dict[str, Any]

NOON = 1_790_000_000
COMPANY, PRIMARY, DEAL_COMPANY, DEAL_CONTACT, LEAD_CONTACT = 279, 1, 341, 3, 578
"""Types of associations."""


def step(call: str, *, status: int = 200, keep: Any = None, sees: Any = None, **sent: Any) -> Step:
    """Return one step; ``sent`` are the parts of the path, "query" and "body"."""
    return {"call": call, "sent": sent, "status": status, "keep": keep or {}, "sees": sees or {}}


def pull(name: str, *, keep: Any = None, **arguments: Any) -> Step:
    """Return a step in which somebody pulls a string of the stand-in."""
    return step("sandbox", name=name, body=arguments, keep=keep)


def find(object: str, *filters: dict[str, Any], sees: Any = None, status: int = 200, **more: Any) -> Step:
    """Return a search whose filters must all be met."""
    groups = {"filterGroups": [{"filters": list(filters)}]} if filters else {}
    return step("records.search", object=object, body={**groups, **more}, sees=sees, status=status)


def where(name: str, operator: str, *values: Any) -> dict[str, Any]:
    """Return a filter: one value, two for BETWEEN, a list for IN."""
    names = ("values",) if values and isinstance(values[0], list) else ("value", "highValue")
    return {"propertyName": name, "operator": operator, **dict(zip(names, values, strict=False))}


def types(*ids: int, category: str = "HUBSPOT_DEFINED") -> list[dict[str, Any]]:
    """Return association types."""
    return [{"associationCategory": category, "associationTypeId": id} for id in ids]
