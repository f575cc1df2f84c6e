"""The webhooks that the account sends: what is sent, to whom and when.

As HubSpot does: lists of at most a hundred events, signed by version 3, and sent again for most of a day where they are
not answered well. Threads of its own send them, up to ten at a time, or as many as was set; when one is due is told by
the account's clock. What was not sent yet is lost when the account is closed.
"""

import base64
import hashlib
import heapq
import hmac
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson
import urllib3
from urllib3.exceptions import HTTPError, LocationValueError
from urllib3.util import parse_url

from bothways.sandbox.hubspot.changes import OURS, Change
from bothways.sandbox.hubspot.faults import DELIVERY, EVENT, HOOKS, Faults
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.sandbox.hubspot.schema import KINDS, Kind

CLIENT_SECRET, DEVELOPER_KEY = "client-secret-sandbox", "developer-key-sandbox"
MOST, MOST_SUBSCRIPTIONS = 100, 1000
GATHERED = 0.05
"""[K] Seconds that events are gathered before they are sent together."""

PATIENCE = 5.0
"""Seconds of the real time in which a delivery must be answered."""

AT_ONCE, MOST_AT_ONCE = 10, 100
"""Deliveries that are made at a time where nothing was set, and [K] at most."""

ATTEMPTS = 11
FIRST_WAIT = 60.0
"""[K] Seconds until the second attempt; every further wait is twice as long. Eleven attempts take 17 hours."""

EVENTS = ("creation", "deletion", "propertyChange", "merge", "restore", "associationChange")
SIGNED_AS_THEMSELVES = ":/?@!$'()*,;"
"""Characters that are signed as themselves where they are encoded in an address."""

Event = dict[str, Any]


class Time(Protocol):
    """What is needed of a clock."""

    def now(self) -> float: ...
    def until(self, moment: float) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """One kind of event of one type of records; ``word`` comes first in its name ("contact", "object")."""

    id: int
    word: str
    event: str
    type_id: str
    property: str
    active: bool = True

    def name(self) -> str:
        """Return its kind in HubSpot's words."""
        return f"{self.word}.{self.event}"

    def covers(self, change: Change) -> bool:
        """Tell whether a change is one of these."""
        names = ("", str(change.facts.get("propertyName", "")))
        happened = (change.event, change.kind.type_id) == (self.event, self.type_id)
        return self.active and happened and self.property in names


@dataclass(frozen=True, slots=True, order=True)
class Parcel:
    """Events that are sent together once it is ``due``; those of one moment go by their ``number``."""

    due: float
    number: int
    events: tuple[Event, ...]
    attempt: int = 0


def subscriptions(word: str, properties: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return the subscriptions to all that can happen to a "contact", "company" or the like, and to these properties.

    ``word`` can be the type id of a kind, such as "0-136": these are generic subscriptions.
    """
    more = {"objectType": word} if word[:1].isdigit() else {}
    word = "object" if more else word
    plain = [{"subscriptionType": f"{word}.{event}", **more} for event in EVENTS if event != "propertyChange"]
    changes = {"subscriptionType": f"{word}.propertyChange", **more}
    return plain + [{**changes, "propertyName": name} for name in properties]


def signature(secret: str, url: str, body: bytes, stamp: str) -> str:
    """Return the signature, version 3, of what is posted."""
    for each in SIGNED_AS_THEMSELVES:
        url = url.replace(f"%{ord(each):02X}", each)
    digest = hmac.new(secret.encode(), f"POST{url}".encode() + body + stamp.encode(), hashlib.sha256)
    return base64.b64encode(digest.digest()).decode()


class Hooks:
    """Sends what its subscriptions cover to one address. ``patience`` is how long an answer may take.

    ``kinds`` returns the kinds of record that there are.

    The faults "hook-late", "hook-twice" and "hook-dropped" meet single events, by their type; "hook-shuffled" (sent in
    reverse order) and "hook-forged" (a wrong signature) meet deliveries, by the types of all their events.
    """

    def __init__(
        self,
        clock: Time,
        faults: Faults,
        secret: str,
        patience: float = PATIENCE,
        kinds: Callable[[], Iterable[Kind]] = lambda: KINDS,
    ) -> None:
        self._clock, self._faults, self._secret, self._kinds = clock, faults, secret, kinds
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=patience), maxsize=AT_ONCE)
        self._senders = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="hubspot-hook")
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._url, self._subscriptions = "", tuple[Subscription, ...]()
        self._throttling: Mapping[str, Any] = {"maxConcurrentRequests": 10, "period": "SECONDLY"}
        self._made = 100
        self._numbers = 0
        self._gathered: list[Event] = []
        self._gathered_due = 0.0
        self._waiting: list[Parcel] = []
        self._sending, self._closed = 0, False

    def subscribe(self, url: str, wanted: Iterable[Mapping[str, str]]) -> None:
        """Tell of these kinds of event, and of no others, at this address from now on; raise ValueError."""
        known = tuple(_subscription(100 + place, each, self._kinds()) for place, each in enumerate(wanted))
        if len(known) > MOST_SUBSCRIPTIONS:
            raise ValueError(f"an app has {MOST_SUBSCRIPTIONS} subscriptions at most")
        self.send_to(url)
        with self._changed:
            self._subscriptions, self._made = known, 100 + len(known)

    # --- what the owner of the app does over the API ---------------------------------------------------

    @property
    def url(self) -> str:
        """Where all is sent, "" before that was set."""
        return self._url

    @property
    def throttling(self) -> Mapping[str, Any]:
        """How many deliveries are made at a time, as it was set."""
        return self._throttling

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """All that there are."""
        return self._subscriptions

    def send_to(self, url: str, throttling: Mapping[str, Any] | None = None) -> None:
        """Send all to this address from now on; raise ValueError."""
        try:
            parts = parse_url(url)
        except LocationValueError as error:
            raise ValueError(f"{url} is no address") from error
        if parts.scheme not in ("http", "https") or not parts.host:
            raise ValueError(f"{url} is no address")
        with self._changed:
            self._url, self._throttling = parts.url, throttling or self._throttling
            if not self._thread.ident:
                self._thread.start()

    def send_nowhere(self) -> None:
        """Send nothing from now on, until there is an address again."""
        with self._changed:
            self._url = ""

    def add(self, wanted: Mapping[str, str], *, active: bool) -> Subscription:
        """Make a subscription; raise ValueError for one that is no kind of event, or too many."""
        with self._changed:
            made = replace(_subscription(self._made, wanted, self._kinds()), active=active)
            if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
                raise ValueError(f"an app has {MOST_SUBSCRIPTIONS} subscriptions at most")
            if any(replace(each, id=made.id, active=active) == made for each in self._subscriptions):
                raise ValueError("there is such a subscription already")
            self._subscriptions, self._made = (*self._subscriptions, made), self._made + 1
            return made

    def set_active(self, id: int, active: bool) -> Subscription | None:
        """Pause a subscription, or let it go on; return it as it is then, None if there is none."""
        with self._changed:
            changed = [replace(each, active=active) if each.id == id else each for each in self._subscriptions]
            self._subscriptions = tuple(changed)
            return next((each for each in changed if each.id == id), None)

    def remove(self, id: int) -> bool:
        """Delete a subscription and tell whether there was one."""
        with self._changed:
            left = tuple(each for each in self._subscriptions if each.id != id)
            found, self._subscriptions = len(left) < len(self._subscriptions), left
            return found

    # --- what happens -----------------------------------------------------------------------------------

    def take(self, changes: Iterable[Change]) -> None:
        """Send word of what has happened, as far as somebody wants to know."""
        with self._changed:
            for change in changes:
                for each in self._subscriptions:
                    if self._url and each.covers(change):
                        self._numbers += 1
                        self._gather(_event(each, change, self._numbers))
            self._changed.notify_all()

    def wake(self) -> None:
        """Look again at what is due: the clock was moved."""
        with self._changed:
            self._changed.notify_all()

    def deliver(self) -> None:
        """Send at once what is being gathered, and return when nothing that is due by now is without an answer.

        What comes late or is sent again is due at its own time.
        """
        with self._changed:
            self._gathered_due = self._clock.now()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or not (self._sending or self._gathered or self._is_due()))

    def close(self) -> None:
        """Send nothing more; return when no delivery is on its way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.ident:
            self._thread.join()
        self._senders.shutdown(wait=True)
        self._pool.clear()

    # --- what is sent when ----------------------------------------------------------------------------

    def _gather(self, event: Event) -> None:
        now, fault = self._clock.now(), self._faults.meet(EVENT, event["subscriptionType"])
        kind = fault.kind if fault else ""
        if fault and kind == "hook-late":
            self._put([event], now + fault.options.get("seconds", 60.0))
        elif kind != "hook-dropped":
            if not self._gathered:
                self._gathered_due = now + GATHERED
            self._gathered.append(event)
        if kind == "hook-twice":
            self._put([event], now)

    def _put(self, events: Sequence[Event], due: float, attempt: int = 0) -> None:
        self._numbers += 1
        heapq.heappush(self._waiting, Parcel(due, self._numbers, tuple(events), attempt))

    def _pack(self) -> None:
        """Make parcels of what was gathered."""
        events, self._gathered = self._gathered, []
        for start in range(0, len(events), MOST):
            some = events[start : start + MOST]
            shuffled = len(some) > 1 and self._faults.meet(HOOKS, _types(some))
            self._put(some[::-1] if shuffled else some, self._gathered_due)

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0].due <= self._clock.now()

    def _next(self) -> Parcel | None:
        """Wait until a parcel is due and return it; None when the account is closed."""
        with self._changed:
            while not self._closed:
                if self._gathered and self._gathered_due <= self._clock.now():
                    self._pack()
                full = self._sending >= self._at_once
                if self._is_due() and not full:
                    self._sending += 1
                    return heapq.heappop(self._waiting)
                self._changed.notify_all()
                if full:
                    self._changed.wait()
                    continue
                moments = [each.due for each in self._waiting[:1]] + ([self._gathered_due] if self._gathered else [])
                self._changed.wait(self._clock.until(min(moments)) if moments else None)
        return None

    # --- sending --------------------------------------------------------------------------------------

    @property
    def _at_once(self) -> int:
        """How many deliveries may be made at a time."""
        most = self._throttling.get("maxConcurrentRequests")
        return min(most, MOST_AT_ONCE) if isinstance(most, int) and most > 0 else AT_ONCE

    def _work(self) -> None:
        try:
            while (parcel := self._next()) is not None:
                self._senders.submit(self._hand_over, parcel)
        finally:
            with self._changed:  # nobody waits for a thread that is no more
                self._closed = True
                self._changed.notify_all()

    def _hand_over(self, parcel: Parcel) -> None:
        answered = True
        try:
            answered = self._send(parcel)
        finally:
            with self._changed:
                self._sending -= 1
                if not answered and parcel.attempt + 1 < ATTEMPTS:
                    due = self._clock.now() + FIRST_WAIT * 2**parcel.attempt
                    self._put(parcel.events, due, parcel.attempt + 1)
                self._changed.notify_all()

    def _send(self, parcel: Parcel) -> bool:
        """Send a parcel and tell whether it was answered well."""
        body = orjson.dumps([{**event, "attemptNumber": parcel.attempt} for event in parcel.events])
        url, stamp = self._url, f"{self._clock.now() * 1000:.0f}"
        forged = self._faults.meet(DELIVERY, _types(parcel.events))
        secret = f"not {self._secret}" if forged else self._secret
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Request-Timestamp": stamp,
            "X-HubSpot-Signature-v3": signature(secret, url, body, stamp),
        }
        try:
            return self._pool.request("POST", url, body=body, headers=headers, redirect=False).status < 400
        except HTTPError:
            return False


def _subscription(id: int, wanted: Mapping[str, str], known: Iterable[Kind]) -> Subscription:
    """Return a subscription from HubSpot's words for it; raise ValueError."""
    type, property = wanted.get("subscriptionType", ""), wanted.get("propertyName", "")
    word, _, event = type.partition(".")
    object = wanted.get("objectType", "") if word == "object" else word
    if word == "object":
        kinds = [kind for kind in known if object and object in (kind.word, kind.name, kind.type_id)]
    else:
        kinds = [kind for kind in known if word and word == kind.word]
    if not kinds or (event not in EVENTS and type != "contact.privacyDeletion"):
        raise ValueError(f"no events are called {type} {object if word == 'object' else ''}".rstrip())
    if (event == "propertyChange") != bool(property):
        raise ValueError(f"a subscription to {type} names {'one property' if not property else 'no property'}")
    return Subscription(id, word, event, kinds[0].type_id, property)


def _event(subscription: Subscription, change: Change, number: int) -> Event:
    """Return an event as it is sent."""
    event: Event = {
        "eventId": number,
        "subscriptionId": subscription.id,
        "portalId": PORTAL,
        "appId": int(OURS.id or 0),
        "occurredAt": change.at,
        "subscriptionType": subscription.name(),
        "attemptNumber": 0,
        **change.facts,
        "changeSource": change.by.type,
        "sourceId": change.by.id or "userId:1",
    }
    if subscription.word == "object" and change.other is None:
        event["objectTypeId"] = change.kind.type_id
    elif subscription.word == "object" and change.other is not None:
        del event["associationType"]
        event |= {"fromObjectTypeId": change.kind.type_id, "toObjectTypeId": change.other.type_id}
    return event


def _types(events: Iterable[Event]) -> str:
    return " ".join(each["subscriptionType"] for each in events)
