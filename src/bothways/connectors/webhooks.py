"""Webhooks: an app calls us when a record has changed, so that nobody waits for the next poll.

A webhook is a hint and no more: the records that it names are read again, and nothing else in it is believed. One
that is late, sent twice or lost does no harm, since polling goes on under it. So a connector only tells which records
it names, and refuses what its app has not sent. What the ways to prove that have in common stands here; all of them
compare in constant time, and an empty secret proves nothing.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

TOLERANCE = 300.0
"""Seconds that a delivery may be old, so that nobody can use one again later, or ahead of our clock."""

_LONGEST_STAMP = 15
"""Digits of a time, in seconds or milliseconds."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call of an app. ``url`` is the whole public address as the app called it, as raw as it came.

    ``received_at`` is in seconds by our clock. Neither ``headers`` nor ``body`` are shown when it is printed: they may
    hold passwords, and what records hold.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: float

    def header(self, name: str) -> str:
        """Return a header by its name in any case; "" where there is none."""
        return next((value for each, value in self.headers.items() if each.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that an app says has changed, been created or deleted; ``at`` is when, in seconds, if it says so.

    ``account``: whose record it is, where the app may send those of several accounts to one address, else "".
    """

    object: str
    id: str
    at: float | None = None
    account: str = field(default="", compare=False)


@runtime_checkable
class ReceivesWebhooks(Protocol):
    """What a connector has besides, if its app sends webhooks."""

    def awaits_webhooks(self) -> bool:
        """Whether the settings say by what deliveries are proven, so that any can be believed."""
        ...

    def test_call(self, url: str, at: float) -> Delivery:
        """Return a delivery to this address that names no record, proven as the app would; raise SecretMissing."""
        ...

    def hints(self, delivery: Delivery) -> Sequence[Hint]:
        """Return the records that a delivery names, each once; raise WebhookRefused for one that the app did not send.

        Records of objects that the connector does not know are left out. Calls no app.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class Topic:
    """What an app can be asked to tell of, in its own words: an event, and of a change of a field, which one."""

    event: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an app was asked to tell of, by its id there. One that is not ``active`` is paused."""

    id: str
    topic: Topic
    active: bool = True


@dataclass(frozen=True, slots=True)
class Subscribed:
    """All subscriptions of an app, whoever made them. ``address``: where all is sent, "" for nowhere.

    ``most``: how many there may be.
    """

    address: str
    subscriptions: Sequence[Subscription]
    most: int


@runtime_checkable
class Subscribes(Protocol):
    """What a connector has besides, if its app tells of what was subscribed to, and of nothing else.

    Methods raise as those of ``Connector``; the three that write raise OutcomeUnknown as well.
    """

    def topics(self, object: str, fields: Sequence[str]) -> Sequence[Topic]:
        """Return what must be subscribed to for the records of an object and these fields of them; calls no app."""
        ...

    def can_subscribe(self) -> bool:
        """Whether the settings give access to the subscriptions; else people make them by hand."""
        ...

    def subscribed(self) -> Subscribed:
        """Return what there is."""
        ...

    def send_to(self, address: str) -> None:
        """Have all deliveries sent to an address."""
        ...

    def subscribe(self, topic: Topic) -> str:
        """Make a subscription and return its id."""
        ...

    def resume(self, id: str) -> None:
        """Have a subscription told of that was paused."""
        ...

    def unsubscribe(self, id: str) -> None:
        """Delete a subscription; one that is gone already is no failure."""
        ...


def signed_by(secret: str, message: bytes, signature: str, encoding: Literal["base64", "hex"]) -> bool:
    """Tell whether a signature is the HMAC-SHA256 of a message with this secret."""
    digest = hmac.digest(as_bytes(secret), message, "sha256")
    if encoding == "base64":
        return bool(secret) and _same(base64.b64encode(digest).decode(), signature)
    return bool(secret) and _same(digest.hex(), signature.lower())


def flaw_of_stamp(at: float, now: float) -> str:
    """Return in words why a delivery of this time is not taken; "" if it is."""
    if now - at > TOLERANCE:
        return "it is older than five minutes"
    return "its time has not come yet: is the clock of this machine right?" if at - now > TOLERANCE else ""


def moment_of(stamp: str) -> int | None:
    """Return the number that a time in a header is, None if it is none."""
    text = stamp.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_STAMP else None


def flaw_of_stamped(secret: str, body: bytes, header: str, now: float) -> str:
    """Return in words why a header ``t=...,v1=...,v1=...`` does not sign a body; "" if it does.

    ``t`` is a time in seconds, ``v1`` the HMAC-SHA256 of the time, a point and the body, in hex; while a secret is
    being changed there is one for each secret. So signs Stripe.
    """
    parts = [part.strip().partition("=")[::2] for part in header.split(",")]
    times, signatures = ([value for name, value in parts if name == wanted] for wanted in ("t", "v1"))
    at = moment_of(times[0]) if len(times) == 1 else None
    if at is None or not signatures:
        return "it has no signature"
    message = b"%s.%s" % (as_bytes(times[0]), body)
    if not any(signed_by(secret, message, each, "hex") for each in signatures):
        return "its signature is wrong"
    return flaw_of_stamp(at, now)


def is_user(user: str, password: str, header: str) -> bool:
    """Tell whether an Authorization header has this name and password, by basic authentication (RFC 7617)."""
    scheme, _, credentials = header.strip().partition(" ")
    expected = base64.b64encode(as_bytes(f"{user}:{password}")).decode()
    return bool(password) and _same(expected, credentials.strip()) and scheme.lower() == "basic"


def as_bytes(text: str) -> bytes:
    """Return what is signed of a text: anything that came over the wire can be told in bytes."""
    return text.encode("utf-8", "backslashreplace")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(as_bytes(expected), as_bytes(given))
