"""The connector: the records of HubSpot, and their owners, by the contract of ``connectors.base``."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from shlex import quote
from typing import ClassVar

from bothways.connectors.abilities import LastChange, OwnField, RecordList, WriteSeen
from bothways.connectors.base import (
    REJECTED,
    Account,
    Capabilities,
    ObjectType,
    Outcome,
    Page,
    Read,
    Setting,
    Setup,
    WriteItem,
    WriteKind,
    WriteResult,
)
from bothways.connectors.deep import Finding, Keeper
from bothways.connectors.ends import End
from bothways.connectors.hubspot import (
    associations,
    deep,
    limits,
    listing,
    lists,
    marking,
    owners,
    pipelines,
    reading,
    rules,
    subscriptions,
    webhooks,
    writing,
)
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.facts import (
    APART,
    BASE_URL,
    CAPABILITIES,
    ENDS,
    LIMITS,
    MARKER,
    OAUTH,
    QUOTA,
    SENSITIVE_READ,
)
from bothways.connectors.hubspot.journal import Journal, scopes_for
from bothways.connectors.hubspot.objects import CUSTOM, KINDS, OWNERS, Kind
from bothways.connectors.hubspot.paths import CURRENT, NUMBERED, VERSIONS
from bothways.connectors.hubspot.rules import Rules
from bothways.connectors.hubspot.schema import field_of
from bothways.connectors.hubspot.subscriptions import Subscriptions
from bothways.connectors.hubspot.values import joined, listed, to_wire
from bothways.connectors.hubspot.writers import last_changes, writers
from bothways.connectors.permissions import OAuth
from bothways.connectors.webhooks import Delivery, Hint, Subscribed, Topic
from bothways.errors import AppError, AppFailed, PermissionMissing, SecretMissing, UnknownField
from bothways.records import Field, FieldType, Ref, Value

TOKEN = "Its token is a service key, or one of an app of this account: they look alike."

MAY_CHANGE = "What its token may change shows when something is written."

NEWER = "Install the newest Bothways, which speaks a later one"


class HubSpot:
    """HubSpot CRM, with a service key, an app's token, or by OAuth."""

    title: ClassVar[str] = "HubSpot"
    category: ClassVar[str] = "CRM"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("token", "Service key or access token", auth=True, secret=True, example="pat-eu1-..."),
        Setting(webhooks.SECRET, "Client secret of the app with the webhooks", auth=True, secret=True, required=False),
        Setting(
            subscriptions.KEY,
            "Developer key, to keep the subscriptions of a public app",
            auth=True,
            secret=True,
            required=False,
            needs=(subscriptions.APP_ID,),
        ),
        Setting(
            subscriptions.APP_ID,
            "Number of the public app whose subscriptions are kept",
            required=False,
            example="1234567",
            needs=(subscriptions.KEY, webhooks.SECRET),
            reached=True,
        ),
        Setting("base_url", "Address of its API", required=False, default=BASE_URL),
        Setting("api_version", "Version of the API", required=False, example=CURRENT, choices=VERSIONS),
        Setting("marker_property", "Unique property for our own marks", required=False, example=MARKER),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = LIMITS
    quota: ClassVar[int] = QUOTA
    apart: ClassVar[frozenset[str]] = APART
    oauth: ClassVar[OAuth] = OAUTH

    def __init__(self, setup: Setup) -> None:
        self._marker = setup.settings.get("marker_property") or None
        self._own_app = setup.settings.get(subscriptions.APP_ID) or ""
        self.capabilities: Capabilities = replace(CAPABILITIES, marker=self._marker is not None)
        self._api = Api(setup)
        self._setup, self._secrets, self._access, self._clock = setup, setup.secrets, setup.access, setup.clock
        self._journal: Journal | None = None
        self._subscriptions = Subscriptions(setup)
        self._schemas: dict[str, Mapping[str, Field]] = {}
        self._rules: dict[str, tuple[float, Rules]] = {}

    @classmethod
    def ends(cls, settings: Mapping[str, str]) -> Sequence[End]:
        """Return when the version ends that a connection speaks."""
        version = settings.get("api_version") or CURRENT
        hint = NEWER if version == CURRENT else f"Take api_version out of its settings, or set api_version: {CURRENT}"
        parts = {"v3": "objects (v3)", "v4": "associations (v4)"} if version == NUMBERED else {version: version}
        return [End(f"the version {words} of its API", *ENDS[name], hint) for name, words in parts.items()]

    def check(self) -> Account:
        """Return the account that the token belongs to."""
        details = self._api.account()
        id, kind = str(details["portalId"]), str(details.get("accountType") or "").lower().replace("_", " ")
        unknown = () if self._access else (MAY_CHANGE,)
        notes = (*((f"A {kind} account.",) if kind else ()), *self._token_notes(), *unknown)
        return Account(id, f"HubSpot account {id}", notes)

    def warnings(self, objects: Collection[str] = ()) -> Sequence[str]:
        """Return what is nearly used up, where our marks have no property, and that the token may end soon."""
        found = list(limits.near(self._api))
        used = [each for each in self.objects() if not objects or each.name in objects] if self._marker else []
        standing = marking.standing(self._api, used, self._marker or "")
        if lacking := [each.label.lower() for each in standing if not each.there]:
            found.append(f"No {', '.join(lacking)} can be created in it: {self._unmarked()}")
        at, date = ENDS["private apps"]
        if self._token_notes() and End("", at, date, "").is_near(self._clock()):
            found.append(
                f"HubSpot supports tokens of private apps until {date}. If its token is one, use a service key."
            )
        return found

    def _token_notes(self) -> tuple[str, ...]:
        """Return what the form of the token tells: [K] that of service keys and of all apps of the account is one."""
        by_token = self._access is None and self._secrets.get("token").strip().startswith("pat-")
        return (TOKEN,) if by_token else ()

    def time_zone(self) -> str:
        """Return the time zone of the account, "" if its details do not tell."""
        return str(self._api.account().get("timeZone") or "")

    def objects(self) -> Sequence[ObjectType]:
        """Return the kinds of record that there are, and owners, as far as they are allowed to us."""
        allowed = self._access.allowed() if self._access else None
        return [
            *(OAUTH.restricted(kind.type, allowed) for kind in KINDS.values()),
            *(_restricted_custom(kind.type, allowed) for kind in self._api.customs()),
            OAUTH.restricted(owners.TYPE, allowed),
        ]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the properties of an object but that of our own, its associations and their labels, as fields."""
        if object == OWNERS:
            return owners.FIELDS
        self._api.renew_kind(object)
        kind, own = self._api.kind(object), self._read_properties(object)
        self._read_rules(object)
        offered = [each for name, each in own.items() if name not in (MARKER, self._marker)]
        properties = pipelines.with_stages(self._api, kind, offered)
        return [*properties, *self._sensitive(object), *associations.fields_of(self._api, object)]

    def rules(self, object: str) -> Mapping[str, str]:
        """Return what the account's rules demand of fields, in words, as they were last read."""
        if object == OWNERS:
            return {}
        object = self._api.kind(object).name
        known = self._rules[object][1] if object in self._rules else self._read_rules(object)
        return {name: rules.words(known, name) for name in known}

    def count(self, object: str) -> int | None:
        """Return the number of live records as HubSpot's search knows it."""
        return owners.count(self._api) if object == OWNERS else listing.count(self._api, self._api.kind(object).name)

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield the full listing with values, and from then on the ids of what has changed; of owners always all."""
        if object == OWNERS:
            return owners.changes(self._api, fields)
        return listing.changes(self._api, self._api.kind(object).name, cursor, fields)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield the ids of all live records."""
        if object == OWNERS:
            return owners.ids(self._api)
        return listing.ids(self._api, self._api.kind(object).name)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref; a merged record answers with the id of the one it was merged into."""
        if object == OWNERS:
            return owners.read(self._api, refs, fields)
        return reading.read(self._api, self._api.kind(object).name, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the ids that hold these values of a unique property; {} for any other property.

        Raises UnknownField where nobody holds a mark of ours, and there is no property for them any more: that a record
        was not created is told by it alone.
        """
        if object == OWNERS:
            return {}
        self._api.kind(object)
        if field:
            return reading.find(self._api, object, field, values) if self._field(object, field).unique else {}
        if self._marker is None:
            return {}
        found = reading.find(self._api, object, self._marker, values)
        if len(found) < len(set(values)):
            self._schemas.pop(object, None)
            if not self._holds_marks(object):
                hint = "Restore it in HubSpot, or take marker_property out."
                raise UnknownField(app=self._api.app, object=object, field=self._marker, hint=hint)
        return found

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Create, update or archive at most a hundred records."""
        if object == OWNERS:
            return owners.refused(items)
        kind = self._api.kind(object)

        def wire(item: WriteItem) -> Mapping[str, str]:
            return {name: self._to_wire(kind.name, name, value) for name, value in item.values.items()}

        if self._marker and any(each.marker for each in items) and not self._holds_marks(kind.name):
            return [WriteResult(each.key, Outcome.REFUSED, message=self._unmarked()) for each in items]
        results = pipelines.explained(
            self._api, kind, items, writing.write(self._api, kind.name, items, wire, self._marker)
        )
        creating = bool(items) and items[0].kind is WriteKind.CREATE
        told = [self._by_rule(kind.name, self._whole(kind, each) if creating else each) for each in results]
        return [_with_amount(kind, item, each) for item, each in zip(items, told, strict=True)]

    def own_fields(self) -> Sequence[OwnField]:
        """Return how the property for our marks stands: that which the settings name, or the one that we propose."""
        allowed = self._access.allowed() if self._access else None
        return [
            each if each.there else replace(each, lacks=OAUTH.to_make(_named(each.object), allowed))
            for each in marking.standing(self._api, self.objects(), self._marker or MARKER)
        ]

    def make_own_field(self, object: str) -> None:
        """Make the property for our own marks, where it is missing."""
        marking.make(self._api, self._api.kind(object).name, self._marker or MARKER)

    def writers(self, object: str, fields: Sequence[str]) -> Sequence[WriteSeen]:
        """Return which products wrote these properties of the records changed last."""
        if object == OWNERS:
            return ()
        return writers(self._api, self._api.kind(object), fields, self._own_app)

    def last_changes(
        self, object: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, LastChange]]:
        """Return when these properties of records got their values, and by which program."""
        if object == OWNERS:
            return {}
        own = [name for name in fields if name in self._properties(object)]
        return last_changes(self._api, self._api.kind(object), ids, own, self._own_app)

    def lists(self, object: str) -> Sequence[RecordList]:
        """Return the lists (segments) of an object's records."""
        if object == OWNERS:
            return ()
        return lists.lists(self._api, self._api.kind(object).name)

    def members(self, object: str, list: str) -> Iterator[Sequence[str]]:
        """Yield the ids of the records in a list, a page at a time; raise ObjectGone."""
        return lists.members(self._api, list)

    def hints(self, delivery: Delivery) -> Sequence[Hint]:
        """Return the records that a webhook names; raise WebhookRefused for one that HubSpot did not send."""
        return webhooks.hints(self._api.app, self._secrets, delivery)

    def awaits_webhooks(self) -> bool:
        """Whether there is a client secret."""
        with suppress(SecretMissing):
            return bool(self._secrets.get(webhooks.SECRET).strip())
        return False

    def test_call(self, url: str, at: float) -> Delivery:
        """Return a delivery without events, signed as HubSpot signs; raise SecretMissing."""
        return webhooks.test_call(self._secrets, url, at)

    def chronicle(self) -> Journal | None:
        """Return the webhooks journal, which an app has that people let in by OAuth."""
        if self._journal is None and self._access is not None and self._setup.own_access is not None:
            access = self._access
            own = self._setup.own_access(lambda: scopes_for(access.allowed()))
            self._journal = Journal(self._setup, own, self._api)
        return self._journal

    def topics(self, object: str, fields: Sequence[str]) -> Sequence[Topic]:
        """Return the events to subscribe to, one for each property; nothing tells of owners."""
        return () if object == OWNERS else subscriptions.topics(object, fields)

    def can_subscribe(self) -> bool:
        """Whether a public app is named, with its owner's key."""
        return self._subscriptions.at_hand

    def subscribed(self) -> Subscribed:
        """Return the subscriptions of the app; raise PermissionMissing where the key is not its owner's."""
        return self._subscriptions.all()

    def send_to(self, address: str) -> None:
        """Set the address of the app's webhooks."""
        self._subscriptions.send_to(address)

    def subscribe(self, topic: Topic) -> str:
        """Make a subscription and return its id."""
        return self._subscriptions.make(topic)

    def resume(self, id: str) -> None:
        """Activate a subscription that is paused."""
        self._subscriptions.resume(id)

    def unsubscribe(self, id: str) -> None:
        """Delete a subscription."""
        self._subscriptions.delete(id)

    def deep_makes(self) -> str:
        """Return what records the deep checks make."""
        return deep.MAKES

    def deep_checks(self, keeper: Keeper, *, read_only: bool) -> Generator[Finding, None, None]:
        """Yield what each deep check found."""
        return deep.deep_checks(self._api, self._setup, keeper, read_only=read_only)

    def _holds_marks(self, object: str) -> bool:
        """Tell whether an object has the property for our marks: asked for again as long as it has not."""
        found = (read(object).get(str(self._marker)) for read in (self._properties, self._read_properties))
        return any(
            each.type is FieldType.TEXT and each.unique and not each.read_only for each in found if each is not None
        )

    def _unmarked(self) -> str:
        """Return what to do about a property for our marks that is not there, or that cannot hold them."""
        return (
            f'there is no text property "{self._marker}" with unique values for our marks. Take marker_property out, '
            f"or make it with: bothways app own-field {quote(self._api.app)}"
        )

    def _whole(self, kind: Kind, result: WriteResult) -> WriteResult:
        """Return the result of a create; refused as a whole if a value was that tells the record apart from others.

        An address that is none is left out instead.
        """
        named = set(result.fields) - kind.unique - {kind.stage, kind.pipeline}
        if result.outcome is not Outcome.REFUSED or not named:
            return result
        with suppress(AppError):  # while it is not known, each counts as one
            if not any(self._field(kind.name, name).unique for name in named):
                return result
        return replace(result, fields=())

    def _by_rule(self, object: str, result: WriteResult) -> WriteResult:
        """Return a result that tells the rules of the fields that were refused, read within the last minutes."""
        if result.outcome is not Outcome.REFUSED or result.message.startswith(REJECTED) or not result.fields:
            return result
        at, known = self._rules.get(object, (0.0, {}))
        if not 0 <= self._clock() - at < rules.KEPT:
            known = self._read_rules(object)
        with suppress(AppError):  # it is refused all the same, in HubSpot's own words
            known = {
                name: known[name] for name in result.fields if name in known and not self._field(object, name).unique
            }
        words = "; ".join(f'"{name}": {said}' for name in result.fields if (said := rules.words(known, name)))
        return replace(result, message=f"{REJECTED} ({words}): {result.message}") if words else result

    def _read_rules(self, object: str) -> Rules:
        found = rules.read(self._api, object)
        self._rules[object] = (self._clock(), found)
        return found

    def _to_wire(self, object: str, name: str, value: Value) -> str:
        """Return what is sent for a value: the choices of a multi-choice never with a ";" in front."""
        text = to_wire(value)
        if text.startswith(";") and self._field(object, name).type is FieldType.MULTI_CHOICE:
            return joined(listed(text))
        return text

    def _sensitive(self, object: str) -> list[Field]:
        """Return the properties marked as sensitive that the token may read; they are never written."""
        kind, allowed = self._api.kind(object), self._access.allowed() if self._access else None
        scope = SENSITIVE_READ.format(_named(object))
        if allowed is not None and scope not in allowed:
            return []
        try:
            found = {str(prop["name"]): field_of(kind, prop) for prop in self._api.sensitive(object)}
            seen = self._api.shows(object, list(found)) if found and allowed is None else found.keys()
        except PermissionMissing:
            return []
        except AppFailed as error:
            if int(str(error.facts["status"])) >= 500:
                raise  # they would be taken for gone
            return []
        return [
            replace(each, label=f"{each.label} (sensitive)", read_only=True)
            for name, each in found.items()
            if name in seen
        ]

    def _field(self, object: str, name: str) -> Field:
        """Return a field, from the schema as first read; one that is not known is plain text."""
        return self._properties(object).get(name) or Field(name)

    def _properties(self, object: str) -> Mapping[str, Field]:
        return self._schemas[object] if object in self._schemas else self._read_properties(object)

    def _read_properties(self, object: str) -> Mapping[str, Field]:
        kind = self._api.kind(object)
        self._schemas[object] = {
            each.name: each for each in (field_of(kind, prop) for prop in self._api.properties(object))
        }
        return self._schemas[object]


def _restricted_custom(type: ObjectType, allowed: frozenset[str] | None) -> ObjectType:
    """Return a kind that the account has made as these scopes let us read and write it."""
    return replace(OAUTH.restricted(replace(type, name=_named(type.name)), allowed), name=type.name)


def _with_amount(kind: Kind, item: WriteItem, result: WriteResult) -> WriteResult:
    """Return a result in which an amount is refused with its currency: alone, it is one in that of the account.

    Source: guide of the currencies API (the company's currency is that of new deals).
    """
    meant = [kind.meanings.get(name) for name in result.fields]
    if result.outcome is not Outcome.REFUSED or "priceCurrency" not in meant or "price" in meant:
        return result
    amounts = [name for name in item.values if kind.meanings.get(name) == "price"]
    return replace(result, fields=(*result.fields, *amounts))


def _named(object: str) -> str:
    """Return the name that scopes have for an object: one for all that the account has made."""
    return object if object in KINDS else CUSTOM
