"""Lists (segments) of records and who is in them.

Source: HubSpot's reference of the lists API, "Search lists" and "Get list memberships": lists are searched by
name, at most 500 at a time; memberships come in pages of at most 250, in no relation to a record's changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.connectors.abilities import RecordList
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.listing import SAME_PAGE, next_page
from bothways.errors import ObjectGone, PageIncomplete, ProtocolError

SEARCHED, PAGE = 500, 250
UNDER_WAY = "PROCESSING"


def lists(api: Api, object: str) -> Sequence[RecordList]:
    """Return the lists of an object's records: those of others are left out, should they be answered as well."""
    found, offset, type_id = list[RecordList](), 0, api.kind(object).type_id
    body: Mapping[str, Any] = {"hasMore": True}
    while body.get("hasMore"):
        asked = {"objectTypeId": type_id, "query": "", "count": SEARCHED, "offset": offset}
        body = api.body(
            api.http.request("POST", api.path("lists", "search"), json=asked, call="lists", repeatable=True)
        )
        rows = body.get("lists")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("listId") for row in rows):
            raise ProtocolError(app=api.app, reason="an answer without lists")
        found += [_list(row) for row in rows if row.get("objectTypeId", type_id) == type_id]
        offset += len(rows)
        if body.get("hasMore") and not rows:
            raise PageIncomplete(app=api.app, reason="a page of lists without lists is not the last one")
    return found


def _list(row: Mapping[str, Any]) -> RecordList:
    """Return a list. [K] While HubSpot works out who is in it, by new rules say, its status is UNDER_WAY; its size,
    which is told unasked, is 0 once nobody is in it.
    """
    dynamic, whole = row.get("processingType") == "DYNAMIC", row.get("processingStatus") != UNDER_WAY
    size = str((row.get("additionalProperties") or {}).get("hs_list_size") or "")
    return RecordList(
        str(row["listId"]), str(row.get("name") or ""), dynamic, whole, int(size) if size.isdecimal() else None
    )


def members(api: Api, list: str) -> Iterator[Sequence[str]]:
    """Yield the ids of a list's records, a page at a time; raise ObjectGone.

    [K] A record that was merged is there by the id of what it became.
    """
    after = None
    while True:
        query = {"limit": str(PAGE)} | ({"after": after} if after else {})
        path = api.path("lists", list, "memberships")
        response = api.http.request("GET", path, query=query, call="list members", repeatable=True, ok=(200, 404))
        if response.status == 404:
            raise ObjectGone(app=api.app, object=f"The list {list}")
        body = api.body(response)
        yield [str(row["recordId"]) for row in api.rows(body, "recordId")]
        before, after = after, next_page(body)
        if after is None:
            return
        if after == before:
            raise PageIncomplete(app=api.app, reason=SAME_PAGE)
