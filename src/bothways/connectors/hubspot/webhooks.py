"""HubSpot's webhooks: what proves that it has sent one, and the records that one names."""

import base64
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from bothways.connectors.base import TokenStore
from bothways.connectors.hubspot.objects import object_of
from bothways.connectors.hubspot.values import is_id
from bothways.connectors.webhooks import Delivery, Hint, as_bytes, flaw_of_stamp, moment_of, signed_by
from bothways.errors import SecretMissing, WebhookRefused

SECRET = "webhook_secret"
SIGNATURE, TIMESTAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"

_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""What HubSpot signs as the character itself; everything else in an address as it was sent."""

WORDS = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket", "0-7": "product", "0-8": "line_item"}
"""HubSpot's words in kinds of events, such as ``contact.creation``, by the types that have one. All others,
and these as well, are told of by ``object.creation`` with the type beside it."""

_TYPE_BY_WORD = {word: type_id for type_id, word in WORDS.items()}

Event = Mapping[str, Any]


def hints(app: str, secrets: TokenStore, delivery: Delivery) -> Sequence[Hint]:
    """Return the records that a delivery names, each with its latest time; raise WebhookRefused."""
    if flaw := _flaw(_secret(app, secrets), delivery):
        hint = f"If {app} has sent it, check that {SECRET} is the client secret of the app that sends them."
        raise WebhookRefused(app=app, reason=flaw, hint=hint)
    found: dict[tuple[str, str, str], float | None] = {}
    for event in _events(app, delivery.body):
        at, account = moment_in_millis(event.get("occurredAt")), number_of(event.get("portalId"))
        for object, id in _named(event):
            key = object, id, account
            found[key] = max((each for each in (found.get(key), at) if each is not None), default=None)
    return [Hint(object, id, at, account) for (object, id, account), at in found.items()]


def test_call(secrets: TokenStore, url: str, at: float) -> Delivery:
    """Return a delivery without events, signed as HubSpot signs; raise SecretMissing."""
    stamp, body = f"{at * 1000:.0f}", b"[]"
    message = as_bytes(f"POST{_signed(url)}") + body + as_bytes(stamp)
    signature = base64.b64encode(hmac.digest(as_bytes(secrets.get(SECRET).strip()), message, "sha256")).decode()
    headers = {"Content-Type": "application/json", SIGNATURE: signature, TIMESTAMP: stamp}
    return Delivery("POST", url, headers, body, at)


def _signed(url: str) -> str:
    """Return an address as HubSpot signs it."""
    return _DECODED.sub(lambda each: chr(int(each[1], 16)), url)


def _secret(app: str, secrets: TokenStore) -> str:
    """Return the client secret; raise WebhookRefused, since without one anybody could have sent anything."""
    try:
        if secret := secrets.get(SECRET).strip():
            return secret
        source = SECRET
    except SecretMissing as error:
        source = str(error.facts["what"])
    hint = f"Give the client secret of the app that sends them as {SECRET} under auth."
    raise WebhookRefused(app=app, reason=f"nothing proves who sent it, since {source} holds nothing", hint=hint)


def _flaw(secret: str, delivery: Delivery) -> str:
    """Return in words why HubSpot has not sent this delivery; "" if it has, within the last minutes.

    [K] Private apps, which sign by version 1, sign by version 3 as well.
    """
    signature, stamp = delivery.header(SIGNATURE), delivery.header(TIMESTAMP)
    at = moment_of(stamp)
    if not signature or at is None:
        return f"it has no {SIGNATURE}, or no {TIMESTAMP} with it"
    message = as_bytes(delivery.method.upper() + _signed(delivery.url)) + delivery.body + as_bytes(stamp.strip())
    if not signed_by(secret, message, signature.strip(), "base64"):
        return "its signature is wrong"
    return flaw_of_stamp(at / 1000, delivery.received_at)


def _events(app: str, body: bytes) -> Sequence[Event]:
    """Return the events of a body; raise WebhookRefused for one that HubSpot would not send."""
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        events = None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise WebhookRefused(app=app, reason="it is no list of events", hint="Let HubSpot alone call this address.")
    return events


def _named(event: Event) -> Iterator[tuple[str, str]]:
    """Yield object and id of every record that an event names, of the objects that we know.

    Both ends of an association, all records of a merge. What has happened does not matter: they are read again.
    """
    word = str(event.get("subscriptionType") or event.get("eventType") or "").partition(".")[0]
    object = object_of(_TYPE_BY_WORD.get(word) or event.get("objectTypeId"))
    merged = event.get("mergedObjectIds")
    ids = [event.get(name) for name in ("objectId", "primaryObjectId", "newObjectId")]
    named = [(object, id) for id in (*ids, *(merged if isinstance(merged, list) else ()))]
    words = str(event.get("associationType")).lower().split("_to_")
    for place, end in enumerate(("from", "to")):
        type_id = event.get(f"{end}ObjectTypeId") or _TYPE_BY_WORD.get(words[place] if len(words) == 2 else "")
        named.append((object_of(type_id), event.get(f"{end}ObjectId")))
    for known, id in named:
        if known is not None and (text := number_of(id)):
            yield known, text


def number_of(id: object) -> str:
    """Return an id, which comes as a number or as text; "" for what is none."""
    text = str(id) if isinstance(id, int | str) else ""
    return text if is_id(text) else ""


def moment_in_millis(at: object) -> float | None:
    """Return the time of an event in seconds."""
    millis = moment_of(str(at))
    return None if millis is None else millis / 1000
