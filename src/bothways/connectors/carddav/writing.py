"""Writing cards one by one, each only if it is still as it was read, and several at a time.

An update fetches the card's very bytes, changes the lines that are meant, and puts it back on the condition
that its version is the one that was read. A new card gets a UID made of the mark of its creation: to make
it again is refused by the server, and it can be found by it.
"""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.carddav import dav
from bothways.connectors.carddav.api import FOUND, MISSING, MULTISTATUS, Api
from bothways.connectors.carddav.cards import Got, etag, fetch, fetch_one, fetch_stored, got
from bothways.connectors.carddav.discovery import Book, may_write
from bothways.connectors.carddav.facts import CONCURRENCY
from bothways.connectors.carddav.fields import SLOTS
from bothways.connectors.carddav.patch import Refused, new_card, patch, stale_fields
from bothways.connectors.carddav.reading import Found, find, made, name_of
from bothways.connectors.http import Response
from bothways.errors import (
    AppError,
    AppFailed,
    BothwaysError,
    OutcomeUnknown,
    PermissionMissing,
    ProtocolError,
    RateLimited,
)
from bothways.records import Record, Ref, may_be_rewriting, same

MARKS = uuid.UUID("6d0f6f3c-3a52-4c0e-9f5e-2b1c7a8d4e10")
"""Where the UIDs come from that are made of marks."""

_NOT_NOW = frozenset({423, 425})
"""What passes by itself. No room (507) does not, and is not to be tried again and again (RFC 4918, 11.5)."""

_FORBIDDEN = ("", "need-privileges")
"""What a 403 says that is about rights (RFC 3744, 7.1.1), and not about what a card holds."""


def uid_of(marker: str | None, version: str) -> str:
    """Return the UID of a new card: always the same for one mark."""
    made = uuid.uuid5(MARKS, marker) if marker else uuid.uuid4()
    return f"urn:uuid:{made}" if version == "4.0" else str(made)


def write(api: Api, book: Callable[[], Book], items: Sequence[WriteItem]) -> list[WriteResult]:
    """Write the items and return one result for each, in order; raise BothwaysError only if nothing was written."""
    if not items:
        return []
    writer = _Writer(api, book(), _unplaced(api, book, items))
    if len(items) == 1:
        done = [writer.attempt(items[0])]
    else:
        with ThreadPoolExecutor(min(CONCURRENCY, len(items))) as pool:
            done = list(pool.map(writer.attempt, items))
    errors = [each for each in done if isinstance(each, BothwaysError)]
    results = [each for each in done if isinstance(each, WriteResult)]
    if errors and not any(each.outcome in (Outcome.DONE, Outcome.UNKNOWN) for each in results):
        raise errors[0]
    return [
        WriteResult(item.key, Outcome.LATER, message=each.message) if isinstance(each, BothwaysError) else each
        for item, each in zip(items, done, strict=True)
    ]


def _unplaced(api: Api, book: Callable[[], Book], items: Sequence[WriteItem]) -> Found:
    """Return the cards whose place is not known, looked up together."""
    refs = [item.ref for item in items if item.ref is not None and item.ref.address is None]
    return find(api, lambda: book().path, refs)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes single items into one book. ``looked_up`` are the cards whose place was not known."""

    api: Api
    book: Book
    looked_up: Found

    def attempt(self, item: WriteItem) -> WriteResult | BothwaysError:
        """Write one item; return an error instead of a result where it concerns more than this item."""
        try:
            return self._write(item)
        except Refused as refusal:
            return WriteResult(item.key, Outcome.REFUSED, fields=refusal.fields, message=str(refusal))
        except (OutcomeUnknown, ProtocolError) as error:
            return WriteResult(item.key, Outcome.UNKNOWN, message=error.message)
        except RateLimited as error:
            return WriteResult(item.key, Outcome.LATER, message=error.message)
        except AppFailed as error:
            return WriteResult(item.key, _outcome_of(error), message=error.message)
        except BothwaysError as error:
            return error

    def _write(self, item: WriteItem) -> WriteResult:
        if item.ref is None:
            return self._create(item)
        path = item.ref.address
        if path is None:
            found = self.looked_up.cards.get(item.ref.id)
            if found is None:
                return _nowhere(item, self.looked_up)
            path = found.path
        if item.kind is WriteKind.ARCHIVE:
            return self._archive(item, item.ref, path)
        return self._update(item, item.ref, path)

    # --- the three kinds ------------------------------------------------------------------------------

    def _create(self, item: WriteItem) -> WriteResult:
        uid = uid_of(item.marker, self.book.version)
        card = new_card(item.values, uid, self.book.version)
        path = self.book.path + name_of(uid)
        response = self.api.put(path, card.data, ("If-None-Match", "*"))
        if response.status in FOUND:
            return self._stored(item, got(_location(response, path), _etag(response), card.data))
        if response.status == 412 or dav.precondition(response.body) == "no-uid-conflict":
            return self._existing(item, uid)
        if response.status in (404, 409, 410):
            self._check_book()
        return self._refused(item, response)

    def _update(self, item: WriteItem, ref: Ref, path: str) -> WriteResult:
        fetching = fetch_stored if self.book.converts else fetch_one
        found = self._fetched(path, fetching)
        if not _is_it(found, ref):
            return WriteResult(item.key, Outcome.GONE)
        if found.card is None or found.problem:
            return _unreadable(item, found)
        if not _alike(found.version, ref.version) or stale_fields(found.card, item.base):
            return WriteResult(item.key, Outcome.CHANGED)
        after = patch(found.card, item.values, item.base)
        version = ref.version or found.version
        if after.data == found.card.data:
            return WriteResult(item.key, Outcome.DONE, replace(found, version=version).record(list(item.values)))
        response = self.api.put(path, after.data, ("If-Match", version or "*"))
        if response.status in FOUND:
            return self._stored(item, got(path, _etag(response), after.data))
        if response.status == 412 and self._is_unchanged(found, fetching):
            return _own_tag(item)
        return self._refused(item, response)

    def _archive(self, item: WriteItem, ref: Ref, path: str) -> WriteResult:
        version = ref.version
        if version is None:
            found = self._fetched(path, fetch_one)
            if not _is_it(found, ref):
                return WriteResult(item.key, Outcome.GONE)
            if found.nameless:
                return _unreadable(item, found)
            version = found.version
        response = self.api.delete(path, version or "*")
        if response.status in FOUND:
            return WriteResult(item.key, Outcome.DONE)
        if response.status == 412 and self._is_unchanged(Got(path, version), fetch_one):
            return _own_tag(item)
        return self._refused(item, response)

    def _is_unchanged(self, before: Got, fetching: Callable[[Api, str], Got]) -> bool:
        """Tell whether a card is of the very version still that the server has refused as another one."""
        now = self._fetched(before.path, fetching)
        same_data = before.data is None or before.data == now.data
        return now.version is not None and now.version == before.version and same_data

    def _fetched(self, path: str, fetching: Callable[[Api, str], Got]) -> Got:
        """Return the card at a path; one that may not be read is told as that, if the book may be."""
        try:
            return fetching(self.api, path)
        except PermissionMissing as error:
            self._check_book()
            return Got(path, problem=error.message)

    # --- what became of it ----------------------------------------------------------------------------

    def _stored(self, item: WriteItem, sent: Got) -> WriteResult:
        """Return the result of a card that was taken: as sent if the server gives it a tag, else as read back.

        It was written, whatever becomes of the reading.
        """
        names = list(item.values)
        record = sent.record(names)
        now = self._read_back(sent) if sent.version is None else None
        if now is not None and now.missing:
            return WriteResult(item.key, Outcome.UNKNOWN, message="the server took the card, and does not have it")
        if now is not None and now.card is not None and now.card.uid and (now.id == sent.id or item.ref is None):
            held = now.record(names)
            record = replace(held, values={name: held.values[name] for name in names if _ours(item, name, held)})
        return WriteResult(item.key, Outcome.DONE, record)

    def _read_back(self, sent: Got) -> Got | None:
        """Return what is now at the place of a card that was just written; None if that cannot be read."""
        try:
            return fetch(self.api, self.book.path, [sent.path])[sent.path]
        except AppError:
            return None

    def _existing(self, item: WriteItem, uid: str) -> WriteResult:
        """Return the result of a create whose UID is there already: ours, if it holds what was to be made."""
        try:
            looked_up = made(self.api, lambda: self.book.path, [uid])
        except AppError as error:
            return WriteResult(item.key, Outcome.UNKNOWN, message=error.message)
        found = looked_up.cards.get(uid)
        if looked_up.unread and (found is None or found.unread):
            return WriteResult(item.key, Outcome.UNKNOWN, message="it may have been made before, and cannot be read")
        if found is None or found.card is None or stale_fields(found.card, item.values):
            return WriteResult(item.key, Outcome.REFUSED, message="another card has the UID that was made for it")
        return WriteResult(item.key, Outcome.DUPLICATE, existing_id=found.id, message="it was made before")

    def _refused(self, item: WriteItem, response: Response) -> WriteResult:
        status, words = response.status, self.api.words(response)
        if status == 412:
            return WriteResult(item.key, Outcome.CHANGED)
        if status in MISSING and item.ref is not None:
            return WriteResult(item.key, Outcome.GONE)
        if status in _NOT_NOW:
            return WriteResult(item.key, Outcome.LATER, message=words)
        if status == 403 and dav.precondition(response.body) in _FORBIDDEN:
            self._check_book()
        return WriteResult(item.key, Outcome.REFUSED, message=words)

    def _check_book(self) -> None:
        """Raise ObjectGone or PermissionMissing if it is the book itself that is gone, or may not be written."""
        status, found = self.api.look(self.book.path, [dav.TYPE, dav.RIGHTS], call="discover")
        if status in MISSING:
            raise self.api.gone()
        if status == 403 or (status == MULTISTATUS and not all(map(may_write, found.answers))):
            raise PermissionMissing(app=self.api.app, reason="the address book may not be written")


def _outcome_of(error: AppFailed) -> Outcome:
    """Return what an answer that no RFC gives to a write says of it."""
    status = error.facts.get("status")
    if not isinstance(status, int) or status in _NOT_NOW or not (status < 300 or 400 <= status < 500):
        return Outcome.LATER
    return Outcome.UNKNOWN if status < 300 else Outcome.REFUSED


def _own_tag(item: WriteItem) -> WriteResult:
    return WriteResult(item.key, Outcome.REFUSED, message="the server does not accept its own tag of the card")


def _is_it(found: Got, ref: Ref) -> bool:
    """Tell whether a card is the one that is meant, or may be: its UID cannot be read."""
    return found.id == ref.id or found.nameless


def _unreadable(item: WriteItem, found: Got) -> WriteResult:
    return WriteResult(item.key, Outcome.REFUSED, message=f"the card cannot be read: {found.problem}")


def _nowhere(item: WriteItem, looked_up: Found) -> WriteResult:
    """Return the result of a card that is not found: gone, unless it may be one that was not handed out."""
    if looked_up.unread:
        return WriteResult(item.key, Outcome.LATER, message="it was not found, and not every card can be read")
    return WriteResult(item.key, Outcome.GONE)


def _ours(item: WriteItem, name: str, held: Record) -> bool:
    """Tell whether a value that is read back is what was sent or a rewriting of it, or was not taken.

    Any other value may be a person's, saved between our write and the reading, and is left to the next poll.
    """
    field, value = SLOTS[name].field, held.values[name]
    return may_be_rewriting(item.values[name], value, field) or same(item.base.get(name), field, value)


def _etag(response: Response) -> str | None:
    """Return the tag of what was put. Only a strong one says that it is stored as sent (RFC 6352, 6.3.2.3)."""
    told = response.headers.get("ETag", "").strip()
    return None if told.startswith("W/") else etag(told)


def _location(response: Response, path: str) -> str:
    """Return where a new card was put: a server may choose another place than the one asked for."""
    told = response.headers.get("Location", "")
    try:
        return dav.path_of(told, response.url) if told else path
    except dav.NotDav:
        return path


def _alike(found: str | None, wanted: str | None) -> bool:
    """Tell whether two tags may be of one version; of a card without a tag nothing is known."""
    return found is None or wanted is None or _bare(found) == _bare(wanted)


def _bare(tag: str) -> str:
    return tag.strip('"').removesuffix("-gzip").removesuffix("--gzip")
