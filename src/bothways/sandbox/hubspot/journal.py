"""The webhooks journal: what has happened in the accounts of an app, written down for three days for whoever asks.

What was subscribed to becomes events; those of a while stand together in a file, whose address is signed and ends. An
entry tells that address and its offset; the next one is asked for by that. There is a journal of all accounts of the
app, and one of each ("local"). It is kept in memory, and gone with the process.

Where HubSpot's documentation is silent: [K] what is answered to an offset that is not known, and how events name the
records of a merge and of an association; [C] that nothing new is a 204.
"""

import hashlib
import heapq
import hmac
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bothways.sandbox.hubspot.changes import OURS, Change
from bothways.sandbox.hubspot.faults import ENTRY, Faults
from bothways.sandbox.hubspot.hooks import Time
from bothways.sandbox.hubspot.limits import Window
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.sandbox.hubspot.schema import Kind, kind_of
from bothways.sandbox.hubspot.values import iso

KEPT = 3 * 86_400.0
"""Seconds for which an entry can be read."""

MOST_EVENTS = 10_000
"""[C] Events of one file."""

ADDRESS_LASTS = 900.0
"""[K] Seconds for which the address of a file is good."""

RATES = {"journal": (100, 1.0), "journal subscriptions": (50, 1.0)}
"""[C] Calls and seconds, of the app, apart from all other limits."""

OBJECT, ASSOCIATION, PRIVACY = "OBJECT", "ASSOCIATION", "GDPR_PRIVACY_DELETION"
ACTIONS = {
    OBJECT: frozenset({"CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"}),
    ASSOCIATION: frozenset({"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"}),
    PRIVACY: frozenset({"GDPR_DELETE"}),
}
"""The types of subscriptions that there are here, and what each can be to."""

_OF_EVENT = {
    "creation": "CREATE",
    "propertyChange": "UPDATE",
    "deletion": "DELETE",
    "merge": "MERGE",
    "restore": "RESTORE",
    "privacyDeletion": "GDPR_DELETE",
}

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription: of which account, to which actions on which type of records, and which properties count."""

    id: int
    type: str
    portal: int
    type_id: str
    actions: frozenset[str]
    properties: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    made_at: int = 0

    def covers(self, action: str, change: Change) -> bool:
        """Tell whether what has happened in our account is one of these."""
        there = (self.portal, self.type_id) == (PORTAL, change.kind.type_id) and action in self.actions
        if change.other is not None:
            return there and (not self.others or change.other.type_id in self.others)
        return there and change.facts.get("propertyName", "") in ("", *self.properties)

    def row(self, app: int) -> dict[str, Any]:
        """Return it as answers show it."""
        shown: dict[str, Any] = {"id": self.id, "appId": app, "subscriptionType": self.type, "portalId": self.portal}
        shown |= {"objectTypeId": self.type_id, "actions": sorted(self.actions), "deletedAt": None}
        shown |= {"properties": list(self.properties), "associatedObjectTypeIds": list(self.others), "objectIds": None}
        return shown | {"createdAt": iso(self.made_at), "updatedAt": iso(self.made_at)}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of events: its offset, and when it was published (seconds)."""

    offset: str
    at: float
    events: tuple[Event, ...]

    def of(self, portal: int | None) -> list[Event]:
        """Return the events of an account, None for all."""
        return [each for each in self.events if portal in (None, each["portalId"])]


@dataclass(order=True, slots=True)
class _Late:
    due: float
    number: int
    event: Event = field(compare=False)


class Journal:
    """What is written down for the one app there is, of all ``kinds`` of record. Safe for several threads.

    The faults "journal-late" (by ``seconds``), "journal-twice" and "journal-dropped" meet single events, by their
    action and type id ("DELETE 0-1").
    """

    def __init__(self, clock: Time, faults: Faults, secret: str, kinds: Callable[[str], Kind | None] = kind_of) -> None:
        self._clock, self._faults, self._secret, self.kind_of = clock, faults, secret, kinds
        self._lock = threading.RLock()
        self._rates = {name: Window(*rate) for name, rate in RATES.items()}
        self._wanted: list[Wanted] = []
        self._made = 0
        self._open: list[Event] = []
        self._late: list[_Late] = []
        self._entries: list[Entry] = []
        self.portals = {PORTAL}

    def is_full(self, pool: str) -> bool:
        """Count a call in its own limit; tell whether it is one too many."""
        with self._lock:
            return not self._rates[pool].take(self._clock.now())

    # --- what is wanted -----------------------------------------------------------------------------------

    def wanted(self) -> Sequence[Wanted]:
        """Return all subscriptions."""
        with self._lock:
            return list(self._wanted)

    def want(self, body: Mapping[str, Any]) -> Wanted:
        """Make a subscription, or put it in the place of one to the same; raise ValueError. [K] what is the same."""
        type, portal, type_id = body.get("subscriptionType"), body.get("portalId"), body.get("objectTypeId")
        names = ("actions", "properties", "associatedObjectTypeIds")
        actions, properties, others = (_texts(name, body.get(name)) for name in names)
        if not isinstance(type, str) or type not in ACTIONS:
            raise ValueError(f"Invalid subscription type: {type}")
        if not isinstance(portal, int) or portal not in self.portals:
            raise ValueError(f"The app is not installed in {portal}")
        kind = self.kind_of(str(type_id))
        if kind is None or kind.type_id != type_id:
            raise ValueError(f"Invalid object type id: {type_id}")
        if not actions or set(actions) - ACTIONS[type]:
            raise ValueError(f"Invalid actions for {type}: {actions}")
        with self._lock:
            same = [each for each in self._wanted if (each.type, each.portal, each.type_id) == (type, portal, type_id)]
            self._made += 0 if same else 1
            id, now = same[0].id if same else self._made, round(self._clock.now() * 1000)
            made = Wanted(id, type, portal, str(type_id), frozenset(actions), properties, others, now)
            self._wanted = [each for each in self._wanted if each not in same] + [made]
            return made

    def forget(self, *, id: int | None = None, portal: int | None = None) -> bool:
        """Delete a subscription, or all of an account; tell whether there was one."""
        with self._lock:
            left = [each for each in self._wanted if each.id != id and each.portal != portal]
            found, self._wanted = len(left) < len(self._wanted), left
            return found

    # --- what happens -------------------------------------------------------------------------------------

    def take(self, changes: Iterable[Change]) -> None:
        """Write down what has happened, as far as it was subscribed to: what changed in a record is one event."""
        events: dict[tuple[Any, ...], Event] = {}
        with self._lock:
            changes = list(changes)
            made = {_whose(change) for change in changes if change.event == "creation"}
            for change in changes:
                action = _action(change, made)
                if any(each.covers(action, change) for each in self._wanted):
                    found = events.setdefault(_key(action, change), _event(action, change))
                    if name := change.facts.get("propertyName"):
                        found["propertyChanges"][name] = change.facts.get("propertyValue")
            for event in events.values():
                self._write(event)

    def told(self, portal: int, kind: Kind, id: int) -> None:
        """Write down that a record of an account has changed."""
        with self._lock:
            self.portals.add(portal)
            change = Change("propertyChange", kind, round(self._clock.now() * 1000), OURS, {"objectId": id})
            self._open.append({**_event("UPDATE", change), "portalId": portal})

    def _write(self, event: Event) -> None:
        fault = self._faults.meet(ENTRY, f"{event['action']} {event['objectTypeId']}")
        kind = fault.kind if fault else ""
        if fault and kind == "journal-late":
            due = self._clock.now() + fault.options.get("seconds", 60.0)
            heapq.heappush(self._late, _Late(due, len(self._late), event))
        elif kind != "journal-dropped":
            self._open.append(event)
        if kind == "journal-twice":
            self._publish()
            self._open.append(event)

    def _publish(self) -> None:
        """Close the file of what has happened since somebody asked last, and forget those that are too old."""
        now = self._clock.now()
        while self._late and self._late[0].due <= now:
            self._open.append(heapq.heappop(self._late).event)
        events, self._open = self._open, []
        for start in range(0, len(events), MOST_EVENTS):
            self._entries.append(Entry(str(uuid.uuid4()), now, tuple(events[start : start + MOST_EVENTS])))
        self._entries = [each for each in self._entries if each.at > now - KEPT]

    # --- what is asked ------------------------------------------------------------------------------------

    def entries(self, portal: int | None, count: int, *, after: str | None = None, latest: bool = False) -> list[Entry]:
        """Return the first entries with events of an account (None: of any), or those after an offset, or the last.

        Raises KeyError for an offset that is not known, or no longer.
        """
        with self._lock:
            self._publish()
            start = 0
            if after is not None:
                start = [each.offset for each in self._entries].index(after) + 1 if self._knows(after) else -1
                if start < 0:
                    raise KeyError(after)
            found = [each for each in self._entries[start:] if each.of(portal)]
            return found[-count:] if latest else found[:count]

    def named(self, offsets: Sequence[str], portal: int | None) -> list[Entry]:
        """Return the entries of these offsets, as far as there are such."""
        with self._lock:
            self._publish()
            return [each for each in self._entries if each.offset in offsets and each.of(portal)]

    def _knows(self, offset: str) -> bool:
        return any(each.offset == offset for each in self._entries)

    def shown(self, entry: Entry, portal: int | None, host: str) -> dict[str, Any]:
        """Return an entry as answers show it: where its file is, for how long, and its offset."""
        until = self._clock.now() + ADDRESS_LASTS
        query = f"portal={portal or ''}&until={until:.0f}"
        address = f"{host}/journal-files/{entry.offset}?{query}&signature={self._signed(entry.offset, query)}"
        return {"url": address, "expiresAt": iso(round(until * 1000)), "currentOffset": entry.offset}

    def file(self, offset: str, query: str) -> dict[str, Any] | None:
        """Return what a file holds; None for an address that is not signed by us, or is good no longer."""
        said, _, signature = query.rpartition("&signature=")
        words = dict(part.partition("=")[::2] for part in said.split("&"))
        if not hmac.compare_digest(signature, self._signed(offset, said)):
            return None
        if self._clock.now() >= float(words["until"]):
            return None
        with self._lock:
            entry = next((each for each in self._entries if each.offset == offset), None)
        portal = int(words["portal"]) if words["portal"] else None
        if entry is None:
            return None
        return {"offset": offset, "journalEvents": entry.of(portal), "publishedAt": iso(round(entry.at * 1000))}

    def _signed(self, offset: str, query: str) -> str:
        return hmac.new(self._secret.encode(), f"{offset}?{query}".encode(), hashlib.sha256).hexdigest()


class KeepsJournal:
    """The strings of an account that have to do with its journal."""

    _journal: Journal

    def wanted_of_journal(self) -> list[dict[str, Any]]:
        """Return the subscriptions that the journal is kept by."""
        return [each.row(int(OURS.id or 0)) for each in self._journal.wanted()]

    def happened_elsewhere(self, portal: int, object: str, id: str) -> None:
        """Let the journal tell of a record of another account, which has the same app; raise ValueError."""
        kind = self._journal.kind_of(object)
        if kind is None:
            raise ValueError(f"there are no {object} here")
        self._journal.told(portal, kind, int(id))


def _action(change: Change, made: set[Any]) -> str:
    """Return what has happened; what a new record holds belongs to its creation [K]."""
    if change.event == "associationChange":
        return "ASSOCIATION_REMOVED" if change.facts.get("associationRemoved") else "ASSOCIATION_ADDED"
    is_new = change.event == "propertyChange" and _whose(change) in made
    return "CREATE" if is_new else _OF_EVENT[change.event]


def _whose(change: Change) -> tuple[str, Any]:
    return change.kind.type_id, change.facts.get("objectId")


def _key(action: str, change: Change) -> tuple[Any, ...]:
    facts = change.facts
    return action, change.kind.type_id, facts.get("objectId"), facts.get("fromObjectId"), facts.get("toObjectId")


def _event(action: str, change: Change) -> Event:
    """Return an event as a file has it."""
    facts = change.facts
    type = ASSOCIATION if change.other is not None else PRIVACY if action == "GDPR_DELETE" else OBJECT
    event: Event = {"type": type, "portalId": PORTAL, "occurredAt": iso(change.at), "action": action}
    event |= {"objectTypeId": change.kind.type_id}
    if change.other is not None:
        more = {"associatedObjectTypeId": change.other.type_id, "associatedObjectId": facts["toObjectId"]}
        return event | {"objectId": facts["fromObjectId"]} | more
    merged = {name: facts[name] for name in ("primaryObjectId", "mergedObjectIds", "newObjectId") if name in facts}
    return event | {"objectId": facts["objectId"], "propertyChanges": {}} | merged


def _texts(name: str, sent: Any) -> tuple[str, ...]:
    """Return a list of texts that was sent, or nothing; raise ValueError."""
    if not isinstance(sent, list | None) or not all(isinstance(each, str) for each in sent or ()):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(sent or ())
