"""A record: one item of an object in one app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# A value is JSON-able, as the app gave it: text, number, boolean, nothing, or a list of these.
Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class Ref:
    """How to ask an app for one record.

    ``address`` is where the app keeps it when that is not the id (a CardDAV href); ``version`` is another one after
    every save; a conditional write must present it (an ETag). Both are opaque to everything but the connector.
    """

    id: str
    address: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What an app held for one id when it was read.

    ``values`` maps field names to raw values; a field that was asked for and is empty is present with
    None. ``modified`` and ``created`` are seconds since 1970 (UTC) by the app's own clock, if it tells.
    """

    id: str
    values: Mapping[str, Value] = field(default_factory=dict)
    address: str | None = None
    version: str | None = None
    modified: float | None = None
    created: float | None = None

    @property
    def ref(self) -> Ref:
        """Where this record is to be read and written."""
        return Ref(self.id, self.address, self.version)
