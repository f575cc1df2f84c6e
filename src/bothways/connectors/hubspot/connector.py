"""The connector: HubSpot's contacts, companies and deals, by the contract of ``connectors.base``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from bothways.connectors.base import (
    Account,
    Capabilities,
    LastChange,
    ObjectType,
    Page,
    Read,
    RecordList,
    Setting,
    Setup,
    WriteItem,
    WriteResult,
    WriteSeen,
)
from bothways.connectors.hubspot import associations, listing, lists, reading, subscriptions, webhooks, writing
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.facts import BASE_URL, CAPABILITIES, LIMITS, MARKER, OAUTH, QUOTA
from bothways.connectors.hubspot.objects import KINDS
from bothways.connectors.hubspot.schema import field_of
from bothways.connectors.hubspot.subscriptions import Subscriptions
from bothways.connectors.hubspot.values import joined, listed, to_wire
from bothways.connectors.hubspot.writers import last_changes, writers
from bothways.connectors.permissions import OAuth
from bothways.connectors.webhooks import Delivery, Hint, Subscribed, Topic
from bothways.errors import PermissionMissing, SecretMissing, UnknownField
from bothways.records import Field, FieldType, Ref, Value


class HubSpot:
    """HubSpot CRM, API version 2026-09, with a service key, a private app's token, or by OAuth."""

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
        Setting("base_url", "Address", required=False, default=BASE_URL),
        Setting("marker_property", "Unique property for our own marks", required=False, example=MARKER),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = LIMITS
    quota: ClassVar[int] = QUOTA
    oauth: ClassVar[OAuth] = OAUTH

    def __init__(self, setup: Setup) -> None:
        self._marker = setup.settings.get("marker_property") or None
        self._own_app = setup.settings.get(subscriptions.APP_ID) or ""
        self.capabilities: Capabilities = replace(CAPABILITIES, marker=self._marker is not None)
        self._api = Api(setup)
        self._secrets, self._access = setup.secrets, setup.access
        self._subscriptions = Subscriptions(setup)
        self._schemas: dict[str, Mapping[str, Field]] = {}

    def check(self) -> Account:
        """Return the account that the token belongs to; raise UnknownField if our marks have no property."""
        details = self._api.account()
        id, kind = str(details.get("portalId", "")), str(details.get("accountType") or "").lower().replace("_", " ")
        notes = (f"A {kind} account.",) if kind else ()
        for object in KINDS if self._marker else ():
            with suppress(PermissionMissing):  # what may not be read is not synced
                self._check_marker(object, str(self._marker))
        return Account(id, f"HubSpot account {id}", notes)

    def time_zone(self) -> str:
        """Return the time zone of the account, "" if its details do not tell."""
        return str(self._api.account().get("timeZone") or "")

    def objects(self) -> Sequence[ObjectType]:
        """Return contacts, companies and deals, as far as they are allowed to us."""
        allowed = self._access.allowed() if self._access else None
        return [OAUTH.restricted(kind.type, allowed) for kind in KINDS.values()]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the properties of an object, its associations and the labels of these, as fields."""
        return [*self._read_properties(object).values(), *associations.fields_of(self._api, object)]

    def count(self, object: str) -> int | None:
        """Return the number of live records as HubSpot's search knows it; None where the token may not read them."""
        try:
            return listing.count(self._api, self._api.kind(object).name)
        except PermissionMissing:
            return None

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield the full listing with values, and from then on the ids of what has changed."""
        return listing.changes(self._api, self._api.kind(object).name, cursor, fields)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield the ids of all live records."""
        return listing.ids(self._api, self._api.kind(object).name)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref; a merged record answers with the id of the one it was merged into."""
        return reading.read(self._api, self._api.kind(object).name, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the ids that hold these values of a unique property; {} for any other property."""
        self._api.kind(object)
        if field:
            unique = self._field(object, field).unique
        else:
            unique, field = self._marker is not None, self._marker or ""
        return reading.find(self._api, object, field, values) if unique else {}

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Create, update or archive at most a hundred records."""
        kind = self._api.kind(object)

        def wire(item: WriteItem) -> Mapping[str, str]:
            return {name: self._to_wire(kind.name, name, value) for name, value in item.values.items()}

        return writing.write(self._api, kind.name, items, wire, self._marker)

    def writers(self, object: str, fields: Sequence[str]) -> Sequence[WriteSeen]:
        """Return which products wrote these properties of the records changed last."""
        return writers(self._api, self._api.kind(object), fields, self._own_app)

    def last_changes(
        self, object: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, LastChange]]:
        """Return when these properties of records got their values, and by which program."""
        own = [name for name in fields if name in self._properties(object)]
        return last_changes(self._api, self._api.kind(object), ids, own, self._own_app)

    def lists(self, object: str) -> Sequence[RecordList]:
        """Return the lists (segments) of an object's records."""
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

    def topics(self, object: str, fields: Sequence[str]) -> Sequence[Topic]:
        """Return the events to subscribe to, one for each property."""
        return subscriptions.topics(self._api.kind(object).name, fields)

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

    def _check_marker(self, object: str, name: str) -> None:
        found = self._read_properties(object).get(name)
        if found is None or not found.unique or found.read_only:
            hint = "Make it in HubSpot as a text property with unique values, or take marker_property out."
            raise UnknownField(app=self._api.app, object=object, field=name, hint=hint)

    def _to_wire(self, object: str, name: str, value: Value) -> str:
        """Return what is sent for a value: the choices of a multi-choice never with a ";" in front."""
        text = to_wire(value)
        if text.startswith(";") and self._field(object, name).type is FieldType.MULTI_CHOICE:
            return joined(listed(text))
        return text

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
