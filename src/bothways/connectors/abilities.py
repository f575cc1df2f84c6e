"""What a connector may have besides what every one has (``base``): abilities, for what its app tells or keeps.

Larger ones have modules of their own: ``webhooks``, ``chronicle``, ``deep``. Methods raise as those of ``base`` do.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bothways.errors import BothwaysError


@dataclass(frozen=True, slots=True)
class WriteSeen:
    """A write by a product, ours among them, as the app tells of it: the product's id there and its name.

    ``at`` is in seconds, by the app's clock.
    """

    source: str
    name: str
    record_id: str
    at: float


@runtime_checkable
class TellsWriters(Protocol):
    """What a connector has besides, if its app tells which product wrote a field."""

    def writers(self, object: str, fields: Sequence[str]) -> Sequence[WriteSeen]:
        """Return the latest writes of these fields by products, in a sample of the records changed last."""
        ...


@dataclass(frozen=True, slots=True)
class LastChange:
    """When a field came to hold what it holds (seconds, by the app's clock), as the app's history of the field tells.

    ``by`` is the program that wrote it over what another program had written; "" where it was none, or is not told.
    ``may_be_us``: that program may be our own app, since nothing here tells who we are.
    """

    at: float
    by: str = ""
    may_be_us: bool = False


@runtime_checkable
class TellsHistory(Protocol):
    """What a connector has besides, if its app keeps the history of each field. Raises as ``read`` does."""

    def last_changes(
        self, object: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, LastChange]]:
        """Return the last change per record and field; what the app does not tell is left out."""
        ...


@runtime_checkable
class TellsTimeZone(Protocol):
    """What a connector has besides, if its app counts the calls of a day by the midnight of the account."""

    def time_zone(self) -> str:
        """Return the name of the account's time zone, such as Europe/Berlin; raise as ``check`` does."""
        ...


@dataclass(frozen=True, slots=True)
class RecordList:
    """A list of records that people keep in an app, or that the app keeps by a rule (``dynamic``).

    Of one that is not ``whole`` the app has not worked out yet who is in it. ``size`` is how many the app says that
    there are, None if it does not.
    """

    id: str
    name: str
    dynamic: bool = False
    whole: bool = True
    size: int | None = None


@runtime_checkable
class KeepsLists(Protocol):
    """What a connector has besides, if its app has lists of records. Methods raise as those of ``Connector``."""

    def lists(self, object: str) -> Sequence[RecordList]:
        """Return the lists of an object's records."""
        ...

    def members(self, object: str, list: str) -> Iterator[Sequence[str]]:
        """Yield the ids of the records in a list, by the list's id, in batches; raise ObjectGone if it is no more."""
        ...


@dataclass(frozen=True, slots=True)
class OwnField:
    """A unique field of our own for the marks of creates, in one object: ``there``, or to be made.

    ``label`` is that of the object, ``problem``: why it can neither be used nor made. ``lacks``: the permission by
    OAuth without which it cannot be made, "" where we have it or do not know.
    """

    name: str
    object: str
    label: str
    there: bool = False
    problem: BothwaysError | None = None
    lacks: str = ""


@runtime_checkable
class MakesOwnField(Protocol):
    """What a connector has besides, if it can make the field in its app by which lost creates are surely found again.

    It is used once a connection has the setting ``OWN_FIELD``: from then on no record is created in an object that
    lacks the field.
    """

    def own_fields(self) -> Sequence[OwnField]:
        """Return how it stands in each object that may be written; raise as ``check`` does."""
        ...

    def make_own_field(self, object: str) -> None:
        """Make it where it is missing; raise OwnFieldRefused, PermissionMissing, OwnFieldUnfit."""
        ...


OWN_FIELD = "marker_property"
"""The setting that names it."""


@runtime_checkable
class TellsRules(Protocol):
    """What a connector has besides, if people can set rules in its app for what fields may hold."""

    def rules(self, object: str) -> Mapping[str, str]:
        """Return what rules demand of fields, in words, by the field's name; none where they cannot be read."""
        ...


@runtime_checkable
class TellsWarnings(Protocol):
    """What a connector has besides, if its app tells how much is left of what an account may hold."""

    def warnings(self, objects: Collection[str] = ()) -> Sequence[str]:
        """Return what somebody should heed of the account, in words; raise as ``check`` does.

        ``objects``: those that syncs are about, if there are any yet; what the others lack is not told then.
        """
        ...
