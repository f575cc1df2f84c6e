"""Who changes the account, and what webhooks tell of it. [K] marks what HubSpot's documentation does not promise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bothways.sandbox.hubspot.schema import Kind


class Author(NamedTuple):
    """Who writes: what the entries of histories say of them."""

    type: str
    id: str | None = None
    label: str | None = None


PERSON = Author("CRM_UI")
OURS = Author("INTEGRATION", "4711", "Private app")
"""Who writes over the API: the one app that has tokens."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has happened to a record, at a time in milliseconds since 1970.

    ``event`` is the last word of HubSpot's name of it ("creation", "propertyChange"), ``facts`` what an event says of
    it besides. ``other`` is the kind at the far end of an association.
    """

    event: str
    kind: Kind
    at: int
    by: Author
    facts: Mapping[str, Any] = field(default_factory=dict)
    other: Kind | None = None
