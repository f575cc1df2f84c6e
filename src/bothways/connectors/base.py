"""The contract between Bothways and one app: what every connector has. What it may have besides is in ``abilities``.

A connector is plain synchronous Python: it knows how to ask one app for records and how to hand it
changes, and it never decides anything about a sync. It is handed its credentials and an HTTP client, and
keeps no memory of its own between calls: cursors, addresses and versions are given back to it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Protocol

from bothways.errors import QuotaUsedUp, sayable
from bothways.records import Field, Record, Ref, Value


class Exists(Enum):
    """Whether a record is there. Four answers, so it refuses to be used as a truth value."""

    UNKNOWN = "unknown"
    EXISTS = "exists"
    ARCHIVED = "archived"
    MISSING = "missing"

    def __bool__(self) -> bool:
        raise TypeError("Exists has four values; compare it with one of them")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an app can do, as data. Times are seconds.

    ``index_lag``: how long after a save the record may still be missing from ``changes`` (0 if changes
    reads the primary store). ``changes_carry_values``: the listing reads the app's primary store, so that
    its rows count as fresh reads; otherwise values come from ``read``. ``baseline_carries_values`` says
    the same of the first, full listing. ``conditional_writes``: ``version`` is compared by the app at the
    moment of writing. ``marker``: creates can carry our marker in a unique field and be found by it.
    ``reports_deletes``: ``changes`` tells of deleted records; otherwise only the sweep of ``ids`` does.
    ``reports_references``: ``changes`` tells of a record of which nothing but a reference has changed; otherwise the
    sweep reads the records again.
    ``answers_writes``: a write's answer shows what the app stored; otherwise the connector reads it back.
    ``unique_create``: the app refuses a second record with the same value of a unique field.
    ``finds_strongly``: ``find`` reads the primary store.
    ``archives``: deleted records can be restored (``archive`` is not a hard delete).
    ``per_write``: records that one call writes, of a batch (0: the whole batch).
    ``list_page``: rows per call of the first, full listing; 0: one call lists all, and reads them in batches.
    """

    batch_read: int = 1
    batch_write: int = 1
    concurrency: int = 1
    index_lag: float = 0.0
    clock_precision: float = 1.0
    changes_carry_values: bool = False
    baseline_carries_values: bool = False
    conditional_writes: bool = False
    marker: bool = False
    reports_deletes: bool = False
    reports_references: bool = True
    answers_writes: bool = True
    unique_create: bool = False
    finds_strongly: bool = False
    archives: bool = True
    per_write: int = 0
    list_page: int = 100


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record in an app, and whether this connection may read, write and delete it."""

    name: str
    label: str
    readable: bool = True
    writable: bool = True
    meaning: str | None = None
    deletable: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are in the app: shown to people, never a secret."""

    id: str
    label: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One row of a listing.

    ``record`` carries values only if the listing reads the primary store; else it is an id to be read.
    ``problem`` says in words why this one record cannot be read (a malformed card). Values that could be made
    out all the same tell whom it may match, so that nobody is created beside it; they are used for nothing else.
    """

    record: Record
    has_values: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The app itself says that this record is gone; never concluded from a listing it is missing from.

    Either ``id`` or ``address`` is set: an app may name only the place.
    """

    id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of ``changes``. ``cursor`` may be stored once the page is processed, to go on from there.

    ``last`` marks the end of the listing: its cursor is where the next poll begins. ``restarted``: the
    cursor was no longer of use and the listing began anew, so that what was deleted meanwhile is not told.
    """

    seen: Sequence[Seen] = ()
    gone: Sequence[Gone] = ()
    cursor: str | None = None
    last: bool = False
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Became:
    """A record of another object of the same app, into which a record was turned: a lead that became a contact."""

    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Read:
    """The answer for one asked id. ``record.id`` differs from ``asked`` when the app merged the two.

    ``absorbed`` are the ids of records that were ever merged into this one, if the app tells.
    ``became`` is told of a record that was turned into one of another object, however long ago, and never where
    it is still there as one of its own: ``exists`` is then ARCHIVED or MISSING, though an app may keep it to be looked
    at. ``changes`` says of it what it says of deleted records, and ``ids`` leaves it out: only a read tells.
    Apps that do so: Salesforce (a lead with ``IsConverted`` has ``ConvertedContactId``), Intercom (the id of a lead
    that was merged into a user answers 410 and names the user), Dynamics (a qualified lead), Zoho (a converted one).
    """

    asked: str
    exists: Exists
    record: Record | None = None
    problem: str | None = None
    absorbed: Sequence[str] = ()
    became: Became | None = None


class WriteKind(Enum):
    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class WriteItem:
    """One record to be written. ``key`` names the item in its batch and is unique in it.

    ``values`` are raw values in this app's own form, only the fields to be set; None clears a field.
    ``ref`` is None for a create. ``marker`` is our unique mark for a create, stored by apps that can.
    ``base`` holds, for an update, the values of the same fields as last read, so that one of several
    labelled values is found by its value and never by its place.
    """

    key: str
    kind: WriteKind
    values: Mapping[str, Value] = field(default_factory=dict)
    ref: Ref | None = None
    marker: str | None = None
    base: Mapping[str, Value] = field(default_factory=dict)


class Outcome(Enum):
    """What became of one item.

    DONE: written. CHANGED: refused because the record is no longer as we read it (conditional write).
    DUPLICATE: a create refused because ``existing_id`` holds the unique value: that of ``fields``, or whichever people
    are matched by where none is named. GONE: no such record.
    REFUSED: the app does not accept the record or field. LATER: not tried or refused for now (limit,
    busy); surely not written. UNKNOWN: may or may not be written.
    """

    DONE = "done"
    CHANGED = "changed"
    DUPLICATE = "duplicate"
    GONE = "gone"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


REJECTED = "rejected by rule"
"""How the message of a result begins that a rule has refused which somebody has set in the account."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one item: never raised, always returned, one per item.

    ``record`` is what the app holds now, from the write's own answer (or a read-back by the connector).
    ``fields`` names the fields an app refused, if it says which (of a duplicate those that must be unique), or of a
    record that it wrote those that it has left as they were; ``message`` is the app's own sentence, or begins with
    REJECTED.
    """

    key: str
    outcome: Outcome
    record: Record | None = None
    existing_id: str | None = None
    fields: tuple[str, ...] = ()
    message: str = ""

    def __post_init__(self) -> None:
        if self.message:
            object.__setattr__(self, "message", sayable(self.message))


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a connection needs to be told. ``auth`` ones stand under ``auth:`` in the YAML file.

    ``needs`` are the settings without which this one is of no use. ``reached``: nor is it without an address by which
    the app can reach us. ``choices`` are the values that it can have; () for any.
    """

    name: str
    label: str
    auth: bool = False
    secret: bool = False
    required: bool = True
    default: str | None = None
    example: str = ""
    needs: tuple[str, ...] = ()
    reached: bool = False
    choices: tuple[str, ...] = ()


class TokenStore(Protocol):
    """Hands out the secrets of one connection; never printed, never logged."""

    def get(self, name: str) -> str:
        """Return the secret; raise SecretMissing."""
        ...


class Access(Protocol):
    """What an app has given us by OAuth: tokens that end, never printed, never logged."""

    def token(self) -> str:
        """Return an access token that is good for now; raise SignInNeeded, or what asking for another one raises."""
        ...

    def refused(self, token: str) -> None:
        """Take the app's word that a token is not good any more, so that another one comes next."""
        ...

    def allowed(self) -> frozenset[str] | None:
        """Return the scopes that the app lets us use, None while that is not known; raise as ``token`` does."""
        ...


class Budget(Protocol):
    """The allowance of calls of one connection, shared by everything that uses it, and its bill.

    ``pool`` names one of the app's limits ("", "search", ...); times are seconds.
    """

    def spend(self, pool: str, call: str) -> None:
        """Wait until one more call is allowed, then count it in the bill under ``call``."""
        ...

    def learn(self, pool: str, limit: int, interval: float, remaining: int | None = None) -> None:
        """Take over the limit that the app itself has told in its headers."""
        ...

    def back_off(self, pool: str, seconds: float) -> None:
        """Let no call through for so long: the app has asked for it (429, Retry-After)."""
        ...

    def learn_day(self, quota: int, remaining: int) -> None:
        """Take over how many calls the app allows a day, and how many it says are left."""
        ...

    def day_is_spent(self) -> QuotaUsedUp:
        """Take the app's word that nothing is left of its day; return what is to be raised."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What a connector is made from. ``app`` is the connection's name, used in every message.

    ``allow_hosts`` are private or loopback hosts that an administrator allows as addresses. ``access``: what the app
    has given us, where we are let in by OAuth; ``own_access`` then hands out what it gives to our registration itself,
    which is of no account, for the scopes that are told when it is asked.
    """

    app: str
    settings: Mapping[str, str]
    secrets: TokenStore
    budget: Budget
    allow_hosts: frozenset[str] = frozenset()
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    access: Access | None = None
    own_access: Callable[[Callable[[], Sequence[str]]], Access] | None = None


class Connector(Protocol):
    """What every connector has. Methods raise the AppError classes of the catalogue, nothing else.

    A connector class is named by an entry point ``bothways.connectors`` and made with one ``Setup``.
    ``category``: what kind of app it is, in a word or two, such as those of others where one fits.
    ``limits`` are the app's limits by pool, as calls and seconds: what the budget is made from. ``quota``: calls a
    day by the account's own midnight, those of the smallest account until the app tells of more; 0 for no such limit.
    A class whose app lets people in by OAuth has ``oauth`` besides (``permissions.oauth_of``).
    """

    title: ClassVar[str]
    category: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]]
    limits: ClassVar[Mapping[str, tuple[int, float]]]
    quota: ClassVar[int]
    capabilities: Capabilities

    def __init__(self, setup: Setup) -> None: ...

    def check(self) -> Account:
        """Return who we are; raise CredentialsRefused, PermissionMissing or AppUnreachable."""
        ...

    def objects(self) -> Sequence[ObjectType]:
        """Return the kinds of record this connection offers."""
        ...

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields of an object; raise UnknownObject."""
        ...

    def count(self, object: str) -> int | None:
        """Return the number of live records, None where the app cannot tell cheaply; raise as ``check`` does."""
        ...

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield pages of everything changed since ``cursor`` (None: everything there is).

        The caller stores a page's cursor after processing it and may stop at any page. Every row is
        yielded at least once; the last page has ``last`` set. Raise PageIncomplete if a listing breaks.
        """
        ...

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield every live record's id from the primary store, in batches: the sweep."""
        ...

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref, in order, from the primary store."""
        ...

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return ids per value by a strong look-up; values that nobody holds are left out.

        Returns {} where ``finds_strongly`` is False or the field is not ``unique``: that says nothing.
        For creates of unknown outcome it is also asked with ``field`` = "" and markers as values.
        """
        ...

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write the items of one kind, at most ``capabilities.batch_write``; one result per item.

        Raises only before anything can have been written (CredentialsRefused, PermissionMissing,
        ObjectGone, AppUnreachable when no connection was made); all else is a result.
        """
        ...


def by_key(results: Iterable[WriteResult]) -> dict[str, WriteResult]:
    """Return the results of a batch by the key of their item."""
    return {result.key: result for result in results}
