"""The subscriptions of a public app of HubSpot: an API of the app's owner, with a developer's key and no account.

Private apps and apps made as projects have no such API: theirs are made by hand, in HubSpot or in the project's files.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bothways.connectors.base import Setup
from bothways.connectors.http import HttpClient, Response
from bothways.connectors.hubspot.api import OF_THE_APP
from bothways.connectors.hubspot.facts import AT_ONCE, BASE_URL, MOST_SUBSCRIPTIONS, WEBHOOKS_VERSION
from bothways.connectors.hubspot.objects import ASSOCIATED, CONTACTS, type_id_of
from bothways.connectors.hubspot.webhooks import WORDS
from bothways.connectors.webhooks import Subscribed, Subscription, Topic
from bothways.errors import CredentialsRefused, PermissionMissing, ProtocolError
from bothways.records import recipe_of

APP_ID, KEY = "webhook_app_id", "developer_key"

_ALWAYS = ("creation", "deletion", "merge", "restore")
_ASSOCIATED, _CHANGED, _FORGOTTEN = "associationChange", "propertyChange", "privacyDeletion"

_OBJECT = "object"
"""The word of what has none of its own: its type is told beside it, and in our topics stands behind it."""


def topics(object: str, fields: Sequence[str]) -> Sequence[Topic]:
    """Return what tells of every change of an object's records that matters for these fields.

    Records tell of their associations wherever one of both is asked about, so both ends are.
    """
    word = _word(type_id_of(object))
    found = {Topic(f"{word}.{event}") for event in (*_ALWAYS, *((_FORGOTTEN,) if object == CONTACTS.name else ()))}
    for name in {part for field in fields for part in parts_of(field)}:
        if name.startswith(ASSOCIATED):
            far = name.removeprefix(ASSOCIATED).partition(".")[0]
            found |= {Topic(f"{end}.{_ASSOCIATED}") for end in (word, _word(type_id_of(far)))}
        else:
            found.add(Topic(f"{word}.{_CHANGED}", name))
    return sorted(found, key=lambda topic: (bool(topic.field), topic))


def _word(type: str) -> str:
    """Return HubSpot's word for a type of records, or the general one with the type."""
    return WORDS.get(type) or f"{_OBJECT} {type}"


def parts_of(field: str) -> Sequence[str]:
    """Return the fields that a field is made of; itself, if the app has it."""
    recipe = recipe_of(field)
    return recipe.parts if recipe else (field,)


class Subscriptions:
    """The subscriptions of one app. Its calls are sent with the developer's key, and without the account's token."""

    def __init__(self, setup: Setup) -> None:
        self.app, self._setup = setup.app, setup
        self._app_id = setup.settings.get(APP_ID) or ""
        self._key = ""
        self._http: HttpClient | None = None

    @property
    def at_hand(self) -> bool:
        """Whether the settings name an app: then they have its key as well."""
        return bool(self._app_id)

    def all(self) -> Subscribed:
        """Return all that there is. An app without an address has no settings yet."""
        settings = self._request("GET", "settings", call="webhook settings", ok=(200, 404))
        address = "" if settings.status == 404 else str(self._body(settings).get("targetUrl") or "")
        rows = self._body(self._request("GET", "subscriptions", call="webhook subscriptions")).get("results")
        if not isinstance(rows, list) or not all(isinstance(each, dict) and each.get("id") for each in rows):
            raise ProtocolError(app=self.app, reason="an answer without subscriptions")
        return Subscribed(address, [_subscription(each) for each in rows], MOST_SUBSCRIPTIONS)

    def send_to(self, address: str) -> None:
        """Set the address; how many calls are made at once stays as it is set."""
        settings = self._request("GET", "settings", call="webhook settings", ok=(200, 404))
        known = None if settings.status == 404 else self._body(settings).get("throttling")
        body = {"targetUrl": address, "throttling": known or {"maxConcurrentRequests": AT_ONCE, "period": "SECONDLY"}}
        self._request("PUT", "settings", json=body, call="webhook settings set")

    def make(self, topic: Topic) -> str:
        """Make a subscription and return its id."""
        word, _, event = topic.event.partition(".")
        word, _, type = word.partition(" ")
        body: dict[str, Any] = {"eventType": f"{word}.{event}", "active": True}
        body |= ({"propertyName": topic.field} if topic.field else {}) | ({"objectTypeId": type} if type else {})
        made = self._body(self._request("POST", "subscriptions", json=body, call="webhook subscribe", repeatable=False))
        if not made.get("id"):
            raise ProtocolError(app=self.app, reason="a subscription without an id")
        return str(made["id"])

    def resume(self, id: str) -> None:
        """Activate a subscription that is paused."""
        self._request("PATCH", f"subscriptions/{quote(id, safe='')}", json={"active": True}, call="webhook resume")

    def delete(self, id: str) -> None:
        """Delete a subscription; one that is gone already is no failure."""
        path = f"subscriptions/{quote(id, safe='')}"
        self._request("DELETE", path, call="webhook unsubscribe", ok=(200, 204, 404))

    def _request(
        self,
        method: str,
        path: str,
        *,
        call: str,
        json: Mapping[str, Any] | None = None,
        repeatable: bool = True,
        ok: Sequence[int] = (200, 201, 204),
    ) -> Response:
        try:
            key = self._setup.secrets.get(KEY).strip()
            return self._client(key).request(
                method,
                f"/webhooks/{WEBHOOKS_VERSION}/{quote(self._app_id, safe='')}/{path}",
                query={"hapikey": key},
                json=json,
                pool="webhooks",
                call=call,
                repeatable=repeatable,
                ok=ok,
            )
        except CredentialsRefused:
            raise PermissionMissing(app=self.app, reason=f"{KEY} is not a key of the owner of this app") from None

    def _client(self, key: str) -> HttpClient:
        """Return the client; the key goes in the address, as HubSpot wants it, and never into a message."""
        if self._http is None or key != self._key:
            address = self._setup.settings.get("base_url") or BASE_URL
            self._http = HttpClient(address, self._setup, manners=OF_THE_APP, connections=1, secrets=(key,))
            self._key = key
        return self._http

    def _body(self, response: Response) -> Mapping[str, Any]:
        body = response.json()
        if not isinstance(body, dict):
            raise ProtocolError(app=self.app, reason="an answer that is no object")
        return body


def _subscription(row: Mapping[str, Any]) -> Subscription:
    """Return a subscription; ``object.creation`` of contacts is to the same as ``contact.creation``."""
    event = str(row.get("eventType") or "")
    word, _, rest = event.partition(".")
    if word == _OBJECT:
        type = str(row.get("objectTypeId") or "")
        event = f"{type if type in WORDS.values() else _word(type)}.{rest}"
    return Subscription(str(row["id"]), Topic(event, str(row.get("propertyName") or "")), row.get("active") is True)
