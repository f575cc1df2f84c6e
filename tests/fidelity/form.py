"""What a row of the table of forms is: one call of HubSpot's API, as it is sent and as it is answered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fidelity import shapes
from tests.fidelity.shapes import ANY, Schema

OURS = ("2026-03", "2026-09")
"""The versions by date that we may speak."""

DATE = r"(?P<version>20\d\d-(?:03|09)(?:-beta)?)"

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "account-info": (f"/account-info/{DATE}", "/account-info/v3"),
    "associations": (f"/crm/associations/{DATE}", "/crm/v4/associations"),
    "journal": (f"/webhooks-journal/journal(?:-local)?/{DATE}",),
    "journal files": ("/journal-files", "/file"),
    "journal subscriptions": (f"/webhooks-journal/subscriptions/{DATE}",),
    "limits": (f"/crm/limits/{DATE}", "/crm/v3/limits"),
    "lists": (f"/crm/lists/{DATE}", "/crm/v3/lists"),
    "oauth": (f"/oauth/{DATE}", "/oauth/v[13]"),
    "objects": (f"/crm/objects/{DATE}", "/crm/v3/objects"),
    "owners": (f"/crm/owners/{DATE}", "/crm/v3/owners"),
    "people": ("/oauth",),
    "pipelines": (f"/crm/pipelines/{DATE}", "/crm/v3/pipelines"),
    "properties": (f"/crm/properties/{DATE}", "/crm/v3/properties"),
    "property-validations": (f"/crm/property-validations/{DATE}", "/crm/v3/property-validations"),
    "record associations": (f"/crm/objects/{DATE}", "/crm/v4/objects"),
    "schemas": (f"/crm-object-schemas/{DATE}/schemas", "/crm-object-schemas/v3/schemas", "/crm/v3/schemas"),
    "worded associations": ("/crm/v3/associations",),
    "webhooks": (f"/webhooks/{DATE}", "/webhooks/v3"),
}
"""How paths begin, by the names that rows have for it: by a version that is a date, and by the ones before."""

PARTS: Mapping[str, str] = {
    **dict.fromkeys(("object", "to"), "[A-Za-z][A-Za-z0-9_]*|[0-9]+-[0-9]+"),
    **dict.fromkeys(("id", "name", "offset", "other", "stage"), "[^/]+"),
    "count": "[0-9]+",
    "type": "[0-9]+-[0-9]+",
    "list": "[0-9]+",
    "app": "[0-9]+",
    "property": "[^/]+",
}
"""What can stand in a path for the name in braces."""

TOKEN: Mapping[str, Schema] = {"authorization": {"const": "Bearer ***"}}
NO_TOKEN: Mapping[str, Schema] = {"authorization": {"not": ANY}}

NOT_YET = "not made yet"
"""For ``unsent`` of a row that is written before the call is: it may be made, and once it is, this is taken out."""

NOT_FOUND = {404: shapes.REFUSAL}
REFUSALS: Mapping[int, Schema] = {
    **dict.fromkeys((400, 401, 403, 405, 414, 415), shapes.REFUSAL),
    429: shapes.TOO_MANY,
}
"""What every call may be answered. 404 and 409 stand in the rows that can be answered so; the rest is ordered."""

ORDERED: Mapping[int, Schema] = {
    **dict.fromkeys((404, 409, 423, 477, 500, 502, 503, 504), shapes.REFUSAL),
}
"""What is answered only where a test has ordered it."""


Look = Callable[[Any, str], Iterator[str]]
"""Yields what is wrong with a body that no shape can tell, given as JSON and as it was sent."""


@dataclass(frozen=True, slots=True)
class Form:
    """One call.

    ``path`` follows the beginning of its family. ``query`` are the parameters that there can be, ``needed`` those that
    there must be; ``any_query``: there can be any. ``body`` None: there is none; ``is_form``: it is a form, not JSON.
    ``answers`` by status; None: no body; ANY: whatever it is. ``rate_told``: answers tell of the limits. ``unsent``
    says why we never make this call; "" for one that we make.
    """

    title: str
    method: str
    family: str
    path: str
    source: str
    answers: Mapping[int, Schema | None]
    query: Mapping[str, Schema] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    body: Schema | None = None
    look: Look | None = None
    parts: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=lambda: TOKEN)
    any_query: bool = False
    is_form: bool = False
    rate_told: bool = True
    unsent: str = ""
