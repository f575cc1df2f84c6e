"""Lists of records: the calls of the lists API that tell of them."""

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import Refused, not_found

PAGE, SEARCHED = 250, 500


def search(ask: Ask) -> Answer:
    """Answer the lists whose names hold the words, of one kind of record if one is named."""
    body = ask.body
    count, offset = int(body.get("count") or 20), int(body.get("offset") or 0)
    if not 1 <= count <= SEARCHED:
        raise Refused(400, f"count must be between 1 and {SEARCHED}")
    types = {kind.name: kind.type_id for kind in ask.crm.kinds.values()}
    words, wanted = str(body.get("query") or "").casefold(), body.get("objectTypeId")
    rows = [
        {"listId": str(id), "name": name, "objectTypeId": types[object], "processingType": kind, "listVersion": 1}
        for id, object, name, kind in ask.crm.store.lists()
        if words in name.casefold() and (not wanted or types[object] == wanted)
    ]
    page = rows[offset : offset + count]
    end = offset + len(page)
    return 200, {"lists": page, "total": len(rows), "offset": end, "hasMore": end < len(rows)}


def members(ask: Ask) -> Answer:
    """Answer a page of a list's records, in the order of their ids."""
    limit, after = int(ask.first("limit") or "100"), ask.first("after") or "0"
    if not 1 <= limit <= PAGE or not after.isdecimal():
        raise Refused(400, f"limit must be between 1 and {PAGE}, and after a place in this listing")
    if not ask.arg.isdecimal() or not ask.crm.store.has_list(int(ask.arg)):
        raise not_found()
    ids = ask.crm.store.members(int(ask.arg), int(after), limit + 1)
    results = [{"recordId": str(id), "membershipTimestamp": "2026-01-01T00:00:00Z"} for id in ids[:limit]]
    body = {"results": results, "total": ask.crm.store.size(int(ask.arg))}
    if len(ids) > limit:
        next_id = str(ids[limit])
        body["paging"] = {"next": {"after": next_id, "link": ask.link(after=next_id)}}
    return 200, body
