"""Apps and what they offer."""

from dataclasses import dataclass

from bothways.connectors.base import Setting
from bothways.connectors.permissions import Permission
from bothways.errors import BothwaysError


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """A kind of app that can be connected, and what it needs to be told.

    ``by_oauth``: people can let us in on a page of the app, with ``permissions``; we ``never`` do there what that says;
    the secret ``instead_of`` is then not needed.
    """

    name: str
    title: str
    category: str
    settings: tuple[Setting, ...]
    by_oauth: bool = False
    permissions: tuple[Permission, ...] = ()
    never: tuple[str, ...] = ()
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class AppView:
    """An app of the workspace and the syncs that use it."""

    name: str
    connector: str
    title: str
    category: str
    syncs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllowanceView:
    """How many calls of today an app has had from everybody, of how many (0: no such limit), and what is left of them.

    ``reserved``: how many of them are for others. ``day_ends``: when the app begins to count anew. ``waits_until``:
    nothing is asked of it until then, None where it is asked; ``why``.
    """

    app: str
    calls: int
    quota: int
    left: int
    reserved: int
    day_ends: float | None
    waits_until: float | None
    why: str


@dataclass(frozen=True, slots=True)
class PermissionView:
    """What we may do in an app, in words, and whether it was allowed; which objects are not read or written without."""

    label: str
    allowed: bool
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppDetails:
    """All that is known of an app without asking it. ``settings``: label and value of each that is no secret.

    ``secrets``: name, label, and in words where it is. ``account``: who we are there, "" while that is not known.
    ``rests_until``: it is in trouble and asked again then (seconds), as ``trouble`` says; None, "".
    ``is_another``: the trouble is that it has become another account. ``by_oauth``: people let us in on a page of the
    app, last at ``signed_in_at`` (seconds, None: never), with ``permissions``. ``ending``: what it works by that ends.
    ``own_field``: whether a field of our own is to be offered for it. ``journal_read_at``: changes come by what the app
    itself writes down, which was last read then (seconds); None where they do not.
    """

    app: AppView
    settings: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, str, str], ...]
    account: str
    rests_until: float | None
    trouble: str
    is_another: bool
    allowance: AllowanceView | None
    by_oauth: bool = False
    permissions: tuple[PermissionView, ...] = ()
    signed_in_at: float | None = None
    ending: tuple[str, ...] = ()
    own_field: bool = False
    journal_read_at: float | None = None

    @property
    def missing(self) -> tuple[PermissionView, ...]:
        """What was not allowed."""
        return tuple(each for each in self.permissions if not each.allowed)


@dataclass(frozen=True, slots=True)
class ObjectView:
    """A kind of record in an app; ``count`` None where the app cannot tell cheaply."""

    name: str
    label: str
    readable: bool
    writable: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class KnownView:
    """What is known of the records of an object, as last read ``at`` (seconds), or, None, as its app tells now.

    ``fitting``: how many fit a filter; ``without_email``: how many hold no valid e-mail address; ``taking_part``: how
    many do what is asked of these two; each None where that is not asked, or not known of all of them.
    ``counting``: it is being counted. ``sends``: whether the app sends any. ``at_most``: the other app has a filter, by
    which fewer of them may take part.
    """

    app: str
    object: str
    total: int
    fitting: int | None
    without_email: int | None
    taking_part: int | None
    at: float | None
    counting: bool = False
    sends: bool = True
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class AppCheck:
    """An app that answered: who we are there and what it offers. ``warnings``: what somebody should heed."""

    name: str
    title: str
    account_id: str
    account_label: str
    notes: tuple[str, ...]
    objects: tuple[ObjectView, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnFieldRow:
    """How the field of our own stands in one object: it is ``there``, it is to be made, or ``problem`` says why not.

    ``lacks``: the permission that must be asked for before it can be made.
    """

    object: str
    label: str
    there: bool
    problem: str
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class OwnFieldView:
    """The field of our own in an app: its name, whether it is used, and how it stands in each object."""

    app: str
    field: str
    in_use: bool
    objects: tuple[OwnFieldRow, ...]

    @property
    def missing(self) -> tuple[OwnFieldRow, ...]:
        """Where it would be made."""
        return tuple(each for each in self.objects if not each.there and not each.problem)

    @property
    def blocked(self) -> bool:
        """Whether it cannot be made everywhere, so that it is of no use."""
        return any(each.problem for each in self.objects)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The permissions that must be asked for first."""
        return tuple(dict.fromkeys(each.lacks for each in self.objects if each.lacks))


@dataclass(frozen=True, slots=True)
class DeepFindingView:
    """What a deep check found: ``verdict`` is as_thought, otherwise or unchecked, ``seen`` what was seen, or why not.

    ``says`` is what we take for true, ``means`` what it means where it is not so, ``where`` the place in our code that
    goes by it.
    """

    id: str
    says: str
    verdict: str
    seen: str
    means: str
    where: str


@dataclass(frozen=True, slots=True)
class LeftRecordView:
    """A record that a deep check has made and could not archive; ``id`` is "" if it is not known to be there."""

    object: str
    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class DeepCheckView:
    """What all deep checks of an account found, and which records they have left there."""

    app: str
    title: str
    account: str
    read_only: bool
    findings: tuple[DeepFindingView, ...]
    left: tuple[LeftRecordView, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class VisitView:
    """Somebody on the way to an app, to let us in. ``mark`` is in the address of its page, ``address`` is to be opened.

    ``redirect`` is where the app sends them back to, ``trouble`` why it did not let us in; None while it is waited for,
    and when it is ``done``.
    """

    mark: str
    app: str
    title: str
    again: bool
    address: str
    redirect: str
    done: bool
    trouble: BothwaysError | None
