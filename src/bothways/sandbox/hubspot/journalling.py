"""The API of the webhooks journal: its entries, their files, its subscriptions. It takes tokens of the app itself."""

from typing import Any
from urllib.parse import urlsplit

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.journal import Entry, Journal
from bothways.sandbox.hubspot.problems import Refused, missing_scopes, not_found

MOST = 100
"""Entries that are told of at once."""

GONE = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'


def first(ask: Ask) -> Answer:
    """Tell of the earliest entry."""
    return _one(ask, _journal(ask).entries(_portal(ask), 1))


def last(ask: Ask) -> Answer:
    """Tell of the latest entry."""
    return _one(ask, _journal(ask).entries(_portal(ask), 1, latest=True))


def following(ask: Ask) -> Answer:
    """Tell of the entry that comes after an offset."""
    return _one(ask, _after(ask, ask.arg, 1))


def first_batch(ask: Ask) -> Answer:
    """Tell of the earliest entries."""
    return _batch(ask, _journal(ask).entries(_portal(ask), _count(ask.arg)))


def last_batch(ask: Ask) -> Answer:
    """Tell of the latest entries, in their order."""
    return _batch(ask, _journal(ask).entries(_portal(ask), _count(ask.arg), latest=True))


def following_batch(ask: Ask) -> Answer:
    """Tell of the entries that come after an offset."""
    offset, _, count = ask.arg.partition("/next/")
    return _batch(ask, _after(ask, offset, _count(count)))


def read_batch(ask: Ask) -> Answer:
    """Tell of the entries of these offsets."""
    inputs = ask.body.get("inputs")
    if not isinstance(inputs, list) or len(inputs) > MOST:
        raise Refused(400, f"inputs must be a list of at most {MOST} offsets")
    return _batch(ask, _journal(ask).named([str(each) for each in inputs], _portal(ask)))


def file(ask: Ask) -> Answer:
    """Hand a file out to whoever has its address."""
    query = "&".join(f"{name}={values[0]}" for name, values in ask.query.items())
    held = _journal(ask).file(ask.arg, query)
    return (200, held) if held is not None else (403, GONE, {"Content-Type": "application/xml"})


def list_all(ask: Ask) -> Answer:
    """Return all subscriptions of the app, whichever account they are of."""
    return 200, {"results": [each.row(int(OURS.id or 0)) for each in _journal(ask).wanted()]}


def subscribe(ask: Ask) -> Answer:
    """Make a subscription, or change the one there is; the token needs the scope of what it is to."""
    kind = _journal(ask).kind_of(str(ask.body.get("objectTypeId") or ""))
    needed = (
        [f"crm.objects.{kind.scopes or kind.name}.read", *([kind.all_of_it] if kind.all_of_it else [])] if kind else []
    )
    if needed and ask.scopes is not None and ask.scopes.isdisjoint(needed):
        raise missing_scopes(needed[:1])
    try:
        return 200, _journal(ask).want(ask.body).row(int(OURS.id or 0))
    except ValueError as error:
        raise Refused(400, str(error)) from error


def unsubscribe(ask: Ask) -> Answer:
    """Delete a subscription."""
    if not _journal(ask).forget(id=int(ask.arg)):
        raise not_found()
    return 204, None


def leave(ask: Ask) -> Answer:
    """Delete all subscriptions of an account."""
    _journal(ask).forget(portal=int(ask.arg))
    return 204, None


def _journal(ask: Ask) -> Journal:
    if ask.journal is None:
        raise not_found()
    return ask.journal


def _portal(ask: Ask) -> int | None:
    """Return the account that is asked about, None for all; raise Refused for one that does not have the app."""
    asked = ask.first("installPortalId")
    if not ask.local or not asked:
        return None
    if not asked.isdecimal() or int(asked) not in _journal(ask).portals:
        raise Refused(403, f"The app is not installed in {asked}")
    return int(asked)


def _after(ask: Ask, offset: str, count: int) -> list[Entry]:
    try:
        return _journal(ask).entries(_portal(ask), count, after=offset)
    except KeyError as error:
        raise not_found() from error


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST:
        raise Refused(400, f"count must be from 1 to {MOST}")
    return count


def _one(ask: Ask, found: list[Entry]) -> Answer:
    return (200, _shown(ask, found[0])) if found else (204, None)


def _batch(ask: Ask, found: list[Entry]) -> Answer:
    return 200, {"status": "COMPLETE", "results": [_shown(ask, each) for each in found]}


def _shown(ask: Ask, entry: Entry) -> dict[str, Any]:
    parts = urlsplit(ask.here)
    return _journal(ask).shown(entry, _portal(ask), f"{parts.scheme}://{parts.netloc}")
