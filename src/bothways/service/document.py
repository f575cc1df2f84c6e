"""The settings document: what ``bothways.yaml`` says, checked as far as it can be without asking an app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bothways.engine.brakes import Guards
from bothways.engine.deletes import GRACE, Removal
from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Occasion, Only, When, Wins
from bothways.errors import SettingsError
from bothways.records import Unpaired
from bothways.service.schedule_document import Timing, written

STATES = ("on", "off", "draft")
KEEP, CLEAR = "keep", "clear"
ONLY_KEYS = {Only.WHEN_EMPTY: "only_when_empty", Only.ON_CREATE: "only_on_create"}
"""The key of a mapping for each policy of when it is written."""

CONSENT = {True: "opt_out", False: "opt_in"}
"""What a yes in a field of consent means, by whether it says opted out."""
ALL, FROM_NOW = "all", "changes_from_now"
"""What ``start`` may be."""

FOREVER = "forever"
KEEP_HISTORY = 730 * 86_400.0
"""Seconds for which history is kept where the file does not say."""

RESERVE = 5.0
"""Percent of an app's calls of a day that are left to others where the file does not say."""


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret is: the name of an environment variable, or the path of a file."""

    kind: str
    name: str

    @property
    def words(self) -> str:
        """The place in words."""
        return f"the environment variable {self.name}" if self.kind == "env" else f"the file {self.name}"


CLIENT_SECRET = "client_secret"
"""What the secret is called by which an app knows us, under ``auth: oauth:``."""


@dataclass(frozen=True, slots=True)
class OAuthDocument:
    """By what an app knows us that lets us in by OAuth. ``authorize``: where people allow it, "" for where all do."""

    client_id: str
    client_secret: SecretPlace
    authorize: str = ""

    @property
    def entry(self) -> dict[str, Any]:
        """What the file says of it."""
        secret = {CLIENT_SECRET: {self.client_secret.kind: self.client_secret.name}}
        return {"client_id": self.client_id, **secret, **({"authorize_url": self.authorize} if self.authorize else {})}


@dataclass(frozen=True, slots=True)
class AppDocument:
    """One app: its connector, its settings, and where its secrets are.

    ``country`` is the one that its phone numbers in national form belong to (ISO 3166). ``reserve`` is the share of the
    app's calls of a day, in percent, that is left to others. ``oauth``: where we are let in by that.
    """

    name: str
    connector: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    place: str = ""
    country: str | None = None
    reserve: float = RESERVE
    oauth: OAuthDocument | None = None

    @property
    def auth(self) -> dict[str, Any]:
        """What the file says of its secrets: where they are."""
        places: dict[str, Any] = {name: {place.kind: place.name} for name, place in self.secrets.items()}
        return places | ({"oauth": self.oauth.entry} if self.oauth else {})

    @property
    def all_secrets(self) -> Mapping[str, SecretPlace]:
        """Where all of its secrets are, the one for OAuth among them."""
        return {**self.secrets, **({CLIENT_SECRET: self.oauth.client_secret} if self.oauth else {})}

    @property
    def limits(self) -> dict[str, Any]:
        """What the file says of the app's limits, as an entry of it; nothing where it is the usual."""
        return {"limits": {"reserve": f"{written(self.reserve)}%"}} if self.reserve != RESERVE else {}


@dataclass(frozen=True, slots=True)
class FieldDocument:
    """One mapping as written. ``to``: the only side it may be written to, None for both.

    ``values`` pairs options, the left one first; ``other`` says what becomes of those that are paired with none,
    ``defaults`` what stands for them on each side. ``consent``: whether a yes means opted out, on the left and on the
    right. ``places`` says where the keys of the mapping stand.
    """

    names: Mapping[Side, str]
    to: Side | None = None
    when_empty: str | None = None
    enabled: bool = True
    place: str = ""
    only: Only | None = None
    values: tuple[tuple[str, str], ...] | None = None
    other: Unpaired | None = None
    defaults: Mapping[Side, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    clean: tuple[str, ...] = ()
    winner: Side | Wins | None = None
    consent: tuple[bool, bool] | None = None


@dataclass(frozen=True, slots=True)
class AssociationDocument:
    """An association as written: a field of each side, the sync of what they refer to; None: the only one there is.

    ``labels`` are those paired, the first app's first; None: as their words suggest.
    """

    names: Mapping[Side, str]
    sync: str | None = None
    to: Side | None = None
    enabled: bool = True
    place: str = ""
    labels: tuple[tuple[str, str], ...] | None = None
    labels_place: str = ""


@dataclass(frozen=True, slots=True)
class TagDocument:
    """A tag as written: what is written to a field of one side, on which occasion."""

    side: Side
    field: str
    value: str | int | float | bool
    occasion: Occasion
    place: str = ""


@dataclass(frozen=True, slots=True)
class SetDocument:
    """A constant as written: text, a number or a truth for a field of one side."""

    side: Side
    field: str
    value: str | int | float | bool
    when: When = When.CREATED
    place: str = ""


Parts = tuple[tuple[str, ...], ...]

NONE, AS_HUBSPOT, USUAL = "none", "as_hubspot", "usual"
"""What ``match`` may be instead of a list of rules; and what, in a list, stands for the usual rules."""


class SmallGroups(StrEnum):
    """What becomes of a few copies of one record in either app: a person decides, or one pair is linked."""

    HOLD = "hold"
    LINK_ONE = "link_one"


@dataclass(frozen=True, slots=True)
class MatchDocument:
    """One match rule as written: per side the parts of its key, each of one or several fields.

    ``compare`` has the normal form of each part; None: what suits the fields. No names at all: the usual rules
    for this kind of record stand here.
    """

    names: Mapping[Side, Parts]
    compare: tuple[str, ...] | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Winner:
    """Who wins a difference of a field, where the sync's own word does not hold."""

    who: Side | Wins
    place: str = ""


LIST = "list"


@dataclass(frozen=True, slots=True)
class ConditionDocument:
    """One condition of a filter as written; ``operand`` is plain data, dates as ISO 8601 text.

    Where the operator is ``list``, no field is asked but whether the record is in the app's list of that name.
    """

    field: str
    operator: str
    operand: Any
    place: str = ""


@dataclass(frozen=True, slots=True)
class GroupDocument:
    """Conditions and groups taken together: all of them, any of them, or not the only one."""

    kind: str
    parts: "tuple[FilterDocument, ...]"
    place: str = ""


FilterDocument = ConditionDocument | GroupDocument


@dataclass(frozen=True, slots=True)
class ScopeDocument:
    """Which records take part. ``filters`` per app's side that has one.

    ``from_now``: what was there before is not carried, only changes are.
    ``require``: what a record must have; None: an e-mail address where both objects are people.
    """

    filters: Mapping[Side, FilterDocument] = field(default_factory=dict)
    leaving: Leaving = Leaving.FREEZE
    require: tuple[str, ...] | None = None
    require_place: str = ""
    from_now: bool = False
    start_place: str = ""
    tags: tuple[TagDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletesDocument:
    """What becomes of the partner of a deleted record, per side where it is not kept; ``grace`` in seconds.

    ``places`` says where the word of each side stands.
    """

    removals: Mapping[Side, Removal] = field(default_factory=dict)
    grace: float = GRACE
    places: Mapping[Side, str] = field(default_factory=dict)
    tags: tuple[TagDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncDocument:
    """One sync. ``fields`` and ``match`` None: made from the common meanings of the apps' fields.

    ``associations`` None: what both apps refer to without a doubt, and another sync keeps in step.
    ``match`` is ``as_hubspot``, or the rules in order; none at all links no record. ``small_groups``: of a few
    copies, one pair is linked; its place is told even where it says no. ``wins`` None: the default app wins a
    difference.
    """

    name: str
    state: str
    apps: Mapping[Side, str]
    objects: Mapping[Side, str]
    object_places: Mapping[Side, str]
    sends: Mapping[Side, bool]
    match: tuple[MatchDocument, ...] | str | None
    default: Side
    when_empty: str
    winners: Mapping[str, Winner]
    fields: tuple[FieldDocument, ...] | None
    guards: Guards
    timing: Timing
    place: str = ""
    constants: tuple[SetDocument, ...] = ()
    scope: ScopeDocument = field(default_factory=ScopeDocument)
    match_place: str = ""
    small_groups: SmallGroups = SmallGroups.HOLD
    small_groups_place: str = ""
    wins: Wins | None = None
    deletes: DeletesDocument = field(default_factory=DeletesDocument)
    associations: tuple[AssociationDocument, ...] | None = None

    @property
    def every(self) -> float:
        """Seconds between two polls."""
        return self.timing.schedule.every

    @property
    def tags(self) -> tuple[TagDocument, ...]:
        """All tags, of pairs that leave and of records whose partners were deleted."""
        return (*self.scope.tags, *self.deletes.tags)

    @property
    def pair(self) -> tuple[str, str]:
        """The names of the two apps, left first."""
        return self.apps[Side.LEFT], self.apps[Side.RIGHT]

    @property
    def ends(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The app and the object of both sides, left first."""
        left, right = ((self.apps[side], self.objects[side]) for side in SIDES)
        return left, right


@dataclass(frozen=True, slots=True)
class MailDocument:
    """Alerts by mail: to whom, from which address, over which server. ``security``: starttls, tls or none."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: str
    user: str = ""
    password: SecretPlace | None = None


@dataclass(frozen=True, slots=True)
class WebhookDocument:
    """Alerts by webhook: its address, or where that is if it is a secret itself; with which secret they are signed."""

    url: str | SecretPlace
    secret: SecretPlace | None = None


MAIL, WEBHOOK = CHANNELS = ("mail", "webhook")
"""By which alerts are sent."""


@dataclass(frozen=True, slots=True)
class AlertsDocument:
    """Who is alerted when something is in trouble, by which channels."""

    mail: MailDocument | None = None
    webhook: WebhookDocument | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels in use."""
        return tuple(name for name in CHANNELS if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class SignInDocument:
    """With whom people sign in besides: an OpenID provider. ``issuer``: as it calls itself, to the letter.

    ``roles``: which value of the ``claim`` lets in whom it is said of, and in which role; without any, only those come
    in who were invited. ``scopes``: what is asked for besides who somebody is.
    """

    name: str
    issuer: str
    client_id: str
    secret: SecretPlace
    scopes: tuple[str, ...]
    claim: str
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """The whole file. ``database``: its URL, or where that is; None for the one in the workspace's folder.

    ``public_url``: the address by which apps reach us, to call us by webhooks; "" if they cannot. ``keep_history``: for
    how many seconds the history of the syncs is kept, None for ever.
    """

    revision: int | None
    database: str | SecretPlace | None
    public_url: str
    allow_hosts: frozenset[str]
    apps: Mapping[str, AppDocument]
    syncs: Mapping[str, SyncDocument]
    alerts: AlertsDocument = field(default_factory=AlertsDocument)
    sign_in: SignInDocument | None = None
    keep_history: float | None = KEEP_HISTORY

    @property
    def secret_places(self) -> frozenset[SecretPlace]:
        """Where all secrets are that the file names."""
        found: list[object] = [each for app in self.apps.values() for each in app.all_secrets.values()]
        found += [self.database, self.sign_in and self.sign_in.secret, self.alerts.mail and self.alerts.mail.password]
        found += [self.alerts.webhook.url, self.alerts.webhook.secret] if self.alerts.webhook else []
        return frozenset(each for each in found if isinstance(each, SecretPlace))


def refuse_ring(sync: SyncDocument, others: Sequence[SyncDocument]) -> None:
    """Refuse a sync whose values would come back to where they began by others, or that has the ends of another.

    What counts is which app sends to which: two ways that both lead from one app to another are no ring.
    """
    ring = [each.name for each in others if set(each.ends) == set(sync.ends)]
    for way in _ways(sync):
        ring = ring or _way_back(way, others)
    if ring:
        names = ", ".join(ring)
        reason = f"with syncs which are on ({names}) it would form a ring, in which values go round; turn one off"
        raise SettingsError(where=sync.place, reason=reason)


_Way = tuple[tuple[str, str], tuple[str, str]]
"""From an object of an app, by the names of both, to another."""


def _ways(sync: SyncDocument) -> list[_Way]:
    """Return from which end to which a sync sends."""
    left, right = sync.ends
    ways = {Side.LEFT: (left, right), Side.RIGHT: (right, left)}
    return [ways[side] for side in SIDES if sync.sends[side]]


def _way_back(way: _Way, others: Sequence[SyncDocument]) -> list[str]:
    """Return the names of the fewest syncs by which what came this way gets back to where it began, in their order."""
    start, goal = way
    reached, newest = {goal: list[str]()}, [goal]
    while newest and start not in reached:
        found = {end: [*reached[at], each.name] for each in others for at, end in _ways(each) if at in newest}
        newest = [end for end in found if end not in reached]
        reached = found | reached
    return reached.get(start, [])
