"""HubSpot's webhooks journal: entries read one after the other, the records that they name, and its subscriptions.

An app that people let in by OAuth reads it with a token of its own (client credentials), which is of no account; the
"local" journal is that of one account. An entry is the address of a file, which is fetched without the token, since it
is on another server. HubSpot's documentation says all of this (webhooks journal, 2026-03 and later).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from bothways.connectors.base import Access, Setup
from bothways.connectors.chronicle import PART, Told
from bothways.connectors.http import HttpClient, Response
from bothways.connectors.hubspot.api import OF_THE_APP, Api
from bothways.connectors.hubspot.facts import BASE_URL, JOURNAL, JOURNAL_SCOPES, JOURNAL_WANTED, OAUTH
from bothways.connectors.hubspot.objects import ASSOCIATED, CONTACTS, OWNERS, object_of, type_id_of
from bothways.connectors.hubspot.subscriptions import parts_of
from bothways.connectors.hubspot.webhooks import moment_in_millis, number_of
from bothways.connectors.webhooks import Hint, Subscribed, Subscription, Topic
from bothways.errors import ProtocolError

BEGINNING = "earliest"
"""The position before the first entry of a journal in which there was none yet."""

OBJECT, ASSOCIATION, PRIVACY = "OBJECT", "ASSOCIATION", "GDPR_PRIVACY_DELETION"

ACTIONS: Mapping[str, Sequence[str]] = {
    OBJECT: ("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"),
    ASSOCIATION: ("ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"),
    PRIVACY: ("GDPR_DELETE",),
}
"""The types of subscriptions that we make, and all that each can be to."""

UNKNOWN = frozenset({400, 404, 410})
"""[K] Statuses that say of an offset that it is not known, or no longer."""

GONE = frozenset({403, 404, 410})
"""Statuses that say of a file that its address has ended, or that it is there no longer."""

MOST = 1000
"""[K] How many subscriptions there may be: HubSpot names no number for the journal; this is that of its webhooks."""

Event = Mapping[str, Any]


class Journal:
    """The journal of the account that ``api`` speaks to, read with the ``access`` of the app itself."""

    def __init__(self, setup: Setup, access: Access, api: Api) -> None:
        self.app, self._setup, self._api, self._account = setup.app, setup, api, ""
        address = setup.settings.get("base_url") or BASE_URL
        self._http = HttpClient(address, setup, manners=OF_THE_APP, connections=1, access=access)

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, position: str) -> Told:
        """Return the entry after a position, with the records that it names."""
        if not position:
            return Told(position=self._latest() or BEGINNING)
        entry = self._entry(position)
        if entry is None:
            return Told(position=position)
        if isinstance(entry, str):
            latest = self._latest()  # which is surely known; where there is none, nothing has happened for long
            return Told(position=latest or BEGINNING, lost=entry if latest not in ("", position) else "")
        offset = self._offset(entry)
        held = self._file(entry)
        if held is None and isinstance(again := self._entry(position), dict):  # its address may just have ended
            offset, held = self._offset(again), self._file(again)
        if held is None:
            return Told(position=offset, more=True, lost="the file of an entry is no longer there")
        return Told(hints_in(held, self._portal()), offset, more=True)

    def _entry(self, position: str) -> Mapping[str, Any] | str | None:
        """Return the next entry, None if there is none yet, or in words why the position leads nowhere."""
        path = BEGINNING if position == BEGINNING else f"offset/{quote(position, safe='')}/next"
        response = self._ask("GET", path, ok=(200, 204, *UNKNOWN))
        if response.status in UNKNOWN:
            return "its position is older than what is kept, or not known there"
        return self._told(response)

    def _latest(self) -> str:
        """Return the position of the latest entry, "" if there is none."""
        entry = self._told(self._ask("GET", "latest", ok=(200, 204, 404)))
        return self._offset(entry) if entry is not None else ""

    def _ask(self, method: str, path: str, *, ok: Sequence[int]) -> Response:
        address, query = f"{self._api.path('journal')}/{path}", {"installPortalId": self._portal()}
        return self._http.request(method, address, query=query, pool=JOURNAL, call="journal", repeatable=True, ok=ok)

    def _told(self, response: Response) -> Mapping[str, Any] | None:
        """Return the entry that an answer tells of, None for none. [K] Nothing new is a 204, or has no address."""
        if response.status != 200 or not response.body.strip():
            return None
        body = _object(self.app, response)
        return body if body.get("url") else None

    def _offset(self, entry: Mapping[str, Any]) -> str:
        offset = entry.get("currentOffset")
        if not isinstance(offset, str) or not offset:
            raise ProtocolError(app=self.app, reason="an entry of the journal without an offset")
        return offset

    def _file(self, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what the file of an entry holds, None if it is gone. Nothing that proves who we are goes there."""
        url = str(entry["url"])
        parts = urlsplit(url)
        if parts.scheme != "https" and urlsplit(self._http.base_url).scheme == "https":
            raise ProtocolError(app=self.app, reason="a file of the journal without TLS")
        http = HttpClient(
            f"{parts.scheme}://{parts.netloc}", self._setup, manners=OF_THE_APP, connections=1, secrets=(parts.query,)
        )
        try:
            response = http.request("GET", url, pool=JOURNAL, call="journal file", repeatable=True, ok=(200, *GONE))
            return None if response.status in GONE else _object(self.app, response)
        finally:
            http.close()

    def _portal(self) -> str:
        """Return the number of the account, asked for once."""
        if not self._account:
            self._account = str(self._api.account()["portalId"])
        return self._account

    # --- subscriptions ------------------------------------------------------------------------------------

    def topics(self, object: str, fields: Sequence[str]) -> Sequence[Topic]:
        """Return the subscriptions to an object, and to its associations and their far ends, if any are among these."""
        if object == OWNERS:
            return ()
        type_id, names = type_id_of(object), sorted({part for field in fields for part in parts_of(field)})
        plain = [name for name in names if not name.startswith(ASSOCIATED)]
        found = {Topic(f"{OBJECT} {type_id}", ",".join(plain))}
        if object == CONTACTS.name:
            found.add(Topic(f"{PRIVACY} {type_id}"))
        for far in {name.removeprefix(ASSOCIATED).partition(".")[0] for name in names if name.startswith(ASSOCIATED)}:
            far_id = type_id_of(far)
            found |= {Topic(f"{ASSOCIATION} {type_id}", far_id), Topic(f"{ASSOCIATION} {far_id}", type_id)}
        return sorted(found)

    def subscribed(self) -> Subscribed:
        """Return the subscriptions of this account; those of others are left out."""
        rows = _object(self.app, self._manage("GET", "", call="journal subscriptions", ok=(200,))).get("results")
        if not isinstance(rows, list) or not all(isinstance(each, dict) and each.get("id") for each in rows):
            raise ProtocolError(app=self.app, reason="an answer without subscriptions")
        ours = [each for each in rows if str(each.get("portalId")) == self._portal() and not each.get("deletedAt")]
        return Subscribed("", [_subscription(each) for each in ours], MOST)

    def subscribe(self, topic: Topic) -> str:
        """Make a subscription and return its id."""
        type, _, type_id = topic.event.partition(" ")
        body: dict[str, Any] = {"subscriptionType": type, "portalId": int(self._portal()), "objectTypeId": type_id}
        body |= {"actions": list(ACTIONS[type])}
        named = [each for each in topic.field.split(",") if each]
        body |= {"properties": named} if type == OBJECT else {"associatedObjectTypeIds": named} if named else {}
        made = _object(self.app, self._manage("POST", "", json=body, call="journal subscribe", ok=(200, 201)))
        if not made.get("id"):
            raise ProtocolError(app=self.app, reason="a subscription without an id")
        return str(made["id"])

    def unsubscribe(self, id: str) -> None:
        """Delete a subscription; one that is gone already is no failure."""
        self._manage("DELETE", f"/{quote(id, safe='')}", call="journal unsubscribe", ok=(200, 204, 404))

    def _manage(self, method: str, path: str, *, call: str, ok: Sequence[int], json: Any = None) -> Response:
        address = f"{self._api.path('journal_wanted')}{path}"
        return self._http.request(
            method, address, json=json, pool=JOURNAL_WANTED, call=call, repeatable=method != "POST", ok=ok
        )


def scopes_for(allowed: frozenset[str] | None) -> tuple[str, ...]:
    """Return what the app asks for itself: the journal, and to read the records that it may read in the account.

    [K] That the scopes by which records are read are the same ones here.
    """
    read = [each for each in OAUTH.permissions if set(each.reads) - {OWNERS} and ".schemas." not in each.scope]
    read = [each for each in read if each.scope != "oauth" and (each.scope in allowed if allowed else each.needed)]
    return (*JOURNAL_SCOPES, *(each.scope for each in read))


def hints_in(held: Mapping[str, Any], portal: str) -> Sequence[Hint]:
    """Return the records of an account that a file names, each with its latest time."""
    events = held.get("journalEvents")
    found: dict[tuple[str, str], float | None] = {}
    for event in events if isinstance(events, list) else ():
        if not isinstance(event, dict) or str(event.get("portalId")) != portal:
            continue
        at = _moment(event.get("occurredAt"))
        for key in _named(event):
            found[key] = max((each for each in (found.get(key), at) if each is not None), default=None)
    return [Hint(object, id, at) for (object, id), at in found.items()]


def _named(event: Event) -> Iterator[tuple[str, str]]:
    """Yield object and id of every record that an event names. [K] How it names those of a merge, and far ends."""
    merged = event.get("mergedObjectIds")
    own = [event.get(each) for each in ("objectId", "primaryObjectId", "newObjectId")]
    named = [(event.get("objectTypeId"), id) for id in (*own, *(merged if isinstance(merged, list) else ()))]
    named += [(event.get(f"{end}ObjectTypeId"), event.get(f"{end}ObjectId")) for end in ("associated", "from", "to")]
    for type_id, id in named:
        object = object_of(type_id)
        if object is not None and (text := number_of(id)):
            yield object, text


def _moment(at: Any) -> float | None:
    """Return a time in seconds, which is told as a text by ISO 8601, or in milliseconds."""
    if isinstance(at, str) and not at.isdecimal():
        try:
            return datetime.fromisoformat(at).timestamp()
        except (ValueError, OverflowError):
            return None
    return moment_in_millis(at)


def _subscription(row: Mapping[str, Any]) -> Subscription:
    """Return a subscription; one to other actions than all is to something else."""
    type, type_id = str(row.get("subscriptionType")), str(row.get("objectTypeId"))
    names = row.get("properties" if type == OBJECT else "associatedObjectTypeIds")
    field = ",".join(sorted(map(str, names))) if isinstance(names, list) else ""
    actions = row.get("actions")
    whole = isinstance(actions, list) and set(actions) >= set(ACTIONS.get(type, ("",))) and not row.get("objectIds")
    return Subscription(str(row["id"]), Topic(f"{'' if whole else PART}{type} {type_id}", field))


def _object(app: str, response: Response) -> Mapping[str, Any]:
    body = response.json()
    if not isinstance(body, dict):
        raise ProtocolError(app=app, reason="an answer that is no object")
    return body
