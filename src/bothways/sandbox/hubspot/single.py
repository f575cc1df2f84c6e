"""Calls about one record, and the listing."""

from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask, some_properties
from bothways.sandbox.hubspot.associations import associate_sent, check_all
from bothways.sandbox.hubspot.batches import histories_of
from bothways.sandbox.hubspot.crm import BIN_KEEPS, found
from bothways.sandbox.hubspot.problems import PORTAL, Refused, not_found, not_numeric
from bothways.sandbox.hubspot.search import search
from bothways.sandbox.hubspot.store import Row
from bothways.sandbox.hubspot.values import is_whole
from bothways.sandbox.hubspot.worded import shown_with

PAGE, PAGE_WITH_HISTORY, DEFAULT_PAGE = 100, 50, 10


def list_page(ask: Ask) -> Answer:
    """Answer a page of the listing, from the primary store in the order of ids."""
    limit, after = ask.first("limit") or str(DEFAULT_PAGE), ask.first("after") or "0"
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE:
        raise Refused(400, f"limit must be between 1 and {PAGE}")
    if not is_whole(after):
        raise Refused(400, "after is not a place in this listing")
    if ask.listed("propertiesWithHistory") and int(limit) > PAGE_WITH_HISTORY:
        raise Refused(400, f"limit must be at most {PAGE_WITH_HISTORY} with history")
    since = ask.crm.now - BIN_KEEPS if ask.archived else None
    rows = ask.crm.store.page(ask.kind.name, int(after), int(limit) + 1, archived_since=since)
    step = -1 if "listed-backwards" in ask.crm.otherwise else 1
    body: dict[str, Any] = {"results": [_whole(ask, ask.crm.read(ask.kind, row)) for row in rows[: int(limit)][::step]]}
    if len(rows) > int(limit):
        next_id = str(rows[-1].id)
        body["paging"] = {"next": {"after": next_id, "link": ask.link(after=next_id)}}
    return 200, body


def read(ask: Ask) -> Answer:
    """Answer one record."""
    return 200, _whole(ask, _addressed(ask, archived=ask.archived))


def create(ask: Ask) -> Answer:
    """Make one record."""
    check_all(ask.crm, ask.kind, ask.body.get("associations"))
    row = ask.crm.create(ask.kind, some_properties(ask.body))
    associate_sent(ask.crm, ask.kind, row, ask.body.get("associations"))
    return 201, ask.show(row, list(row.props))


def update(ask: Ask) -> Answer:
    """Change one record."""
    there, sent = _addressed(ask), some_properties(ask.body)
    row = ask.crm.update(ask.kind, there, sent)
    return 200, ask.show(row, list(sent))


def archive(ask: Ask) -> Answer:
    """Put one record into the recycle bin; one that is not there is passed over."""
    row = ask.crm.one(ask.kind, ask.arg, ask.first("idProperty"))
    if row is not None:
        ask.crm.archive(ask.kind, row)
    return 204, None


def find(ask: Ask) -> Answer:
    """Answer a search."""
    found = search(ask.crm, ask.kind, ask.body, ask.raw, ask.cap)
    for row in found["results"]:
        row["properties"] = {name: row["properties"][name] for name in ask.seen(list(row["properties"]))}
    return 200, found


def merge(ask: Ask) -> Answer:
    """Merge two records into a new one."""
    body = ask.body
    ids = [str(body.get(name) or "") for name in ("primaryObjectId", "objectIdToMerge")]
    primary, other = (found(ask.crm.one(ask.kind, id)) for id in ids)
    row = ask.crm.merge(ask.kind, primary, other)
    return 200, ask.show(row, list(row.props))


def forget(ask: Ask) -> Answer:
    """Delete a record for good. An address that nobody has is as good as deleted: it is blocked, but not for programs.

    Sources: the reference of the call; knowledge base, "Perform a permanent delete in HubSpot".
    """
    id, by = str(ask.body.get("objectId") or ""), ask.body.get("idProperty")
    row = ask.crm.one(ask.kind, id, by, archived=None)
    if row is not None or by != "email":
        ask.crm.forget(ask.kind, found(row))
    return 204, None


def account(ask: Ask) -> Answer:
    """Answer who the token belongs to."""
    return 200, {
        "portalId": PORTAL,
        "accountType": "DEVELOPER_TEST",
        "timeZone": "UTC",
        "companyCurrency": "EUR",
        "additionalCurrencies": ["USD"],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }


def _whole(ask: Ask, row: Row) -> dict[str, Any]:
    """Return a record as the query wants it: with histories, and with the ids of what it is associated with."""
    body = {**ask.show(row, ask.names), **shown_with(ask, row, ask.listed("associations"))}
    asked = ask.listed("propertiesWithHistory")
    return {**body, "propertiesWithHistory": histories_of(ask, row, asked)} if asked else body


def _addressed(ask: Ask, *, archived: bool = False) -> Row:
    if not ask.first("idProperty") and not ask.arg.isdecimal():
        raise not_numeric(ask.arg)
    row = found(ask.crm.one(ask.kind, ask.arg, ask.first("idProperty"), archived=archived))
    if not ask.first("idProperty") and str(row.id) != ask.arg and "merged-alone-end" in ask.crm.otherwise:
        raise not_found()
    return row
