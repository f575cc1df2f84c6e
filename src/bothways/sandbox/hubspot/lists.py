"""Lists of records: the calls of the lists API.

Whose records rules choose (DYNAMIC and SNAPSHOT lists) can be looked at, but not made over the API here: a person
makes them by ``set_list``, and says who is on them.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bothways.sandbox.hubspot import memberships
from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.memberships import KEPT, Listing, Member
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.values import iso

PAGE, SEARCHED, DEFAULT_SEARCHED, MOST_CLEARED = 250, 500, 20, 100_000
MANUAL, SORTED = "MANUAL", "HS_LIST_ID"
_PLACE = re.compile(r"\d+(?:-\d+)?", re.ASCII)


def search(ask: Ask) -> Answer:
    """Answer the lists whose names hold the words: of one kind of record, of some ways or ids, if any are named."""
    body = ask.body
    count = DEFAULT_SEARCHED if body.get("count") is None else int(body["count"])
    offset = int(body.get("offset") or 0)
    if not 1 <= count <= SEARCHED:
        raise Refused(400, f"count must be between 1 and {SEARCHED}")
    if body.get("sort") not in (None, "", SORTED):
        raise Refused(400, f"lists are sorted by {SORTED} alone here")
    words, wanted = str(body.get("query") or "").casefold(), body.get("objectTypeId")
    ids, types = [str(each) for each in body.get("listIds") or ()], body.get("processingTypes") or ()
    rows = [
        {**_head(ask, each), "additionalProperties": _more(ask, each)}
        for each in memberships.all_lists(ask.crm.store)
        if words in each.name.casefold()
        and (not wanted or _kind(ask, each.object).type_id == wanted)
        and (not ids or str(each.id) in ids)
        and (not types or each.type in types)
    ]
    page = rows[offset : offset + count]
    end = offset + len(page)
    return 200, {"lists": page, "total": len(rows), "offset": end, "hasMore": end < len(rows)}


def create(ask: Ask) -> Answer:
    """Make a list of records that are chosen one by one; names are the lists' own, whatever their case."""
    body = ask.body
    name, type = str(body.get("name") or "").strip(), body.get("processingType")
    kind = ask.crm.kind_of(str(body.get("objectTypeId") or ""))
    if not name or kind is None or type not in (MANUAL, "SNAPSHOT", "DYNAMIC"):
        raise Refused(400, "A list needs a name, an objectTypeId and a processingType")
    if type != MANUAL:
        raise Refused(400, f"{type} lists are made in the app here, not over the API")
    _refuse_name(ask, kind, name)
    return 200, {"list": _shown(ask, memberships.make(ask.crm.store, kind.name, name, MANUAL, ask.crm.now))}


def read_some(ask: Ask) -> Answer:
    """Answer lists by their ids; those that are not there are left out."""
    ids = [int(each) for each in ask.listed("listIds") if each.isdecimal()]
    found = [memberships.of_id(ask.crm.store, each) for each in ids]
    return 200, {"lists": [_shown(ask, each) for each in found if each is not None and each.deleted is None]}


def read(ask: Ask) -> Answer:
    """Answer one list."""
    return 200, {"list": _shown(ask, _asked(ask))}


def read_named(ask: Ask) -> Answer:
    """Answer one list by the kind of its records and its name, whatever its case."""
    type, _, name = ask.arg.partition("/name/")
    kind = ask.crm.kind_of(type)
    found = memberships.named(ask.crm.store, kind.name, name) if kind else None
    if found is None:
        raise not_found()
    return 200, {"list": _shown(ask, found)}


def rename(ask: Ask) -> Answer:
    """Give a list another name."""
    found, name = _asked(ask), ask.first("listName").strip()
    if not name:
        raise Refused(400, "listName is needed")
    if name.casefold() != found.name.casefold():
        _refuse_name(ask, _kind(ask, found.object), name)
    changed = memberships.save(ask.crm.store, found._replace(name=name, updated=ask.crm.now))
    return 200, {"updatedList": _shown(ask, changed)}


def delete(ask: Ask) -> Answer:
    """Delete a list; its records stay, and it can be restored."""
    memberships.save(ask.crm.store, _asked(ask)._replace(deleted=ask.crm.now))
    return 204, None


def restore(ask: Ask) -> Answer:
    """Restore a list that was deleted not too long ago."""
    found = memberships.of_id(ask.crm.store, int(ask.arg)) if ask.arg.isdecimal() else None
    if found is None or (found.deleted is not None and found.deleted < ask.crm.now - KEPT):
        raise not_found()
    if found.deleted is not None:
        _refuse_name(ask, _kind(ask, found.object), found.name)
        memberships.save(ask.crm.store, found._replace(deleted=None, updated=ask.crm.now))
    return 204, None


# --- who is on them -----------------------------------------------------------------------------------


def members(ask: Ask) -> Answer:
    """Answer a page of a list's records, in the order of their ids."""
    return _page(ask, [((each.id,), each) for each in memberships.members(ask.crm.store, _asked(ask).id)])


def members_by_time(ask: Ask) -> Answer:
    """Answer a page of a list's records, in the order in which they came onto it."""
    found = memberships.members(ask.crm.store, _asked(ask).id)
    return _page(ask, sorted(((each.added, each.id), each) for each in found))


def lists_of(ask: Ask) -> Answer:
    """Answer the lists that a record is on."""
    type, _, id = ask.arg.partition("/")
    kind = ask.crm.kind_of(type)
    row = ask.crm.one(kind, id) if kind else None
    found = memberships.lists_of(ask.crm.store, kind.name, row.id) if kind and row else []
    results = [
        {
            "listId": str(each.id),
            "listVersion": each.version,
            "firstAddedTimestamp": iso(added),
            "lastAddedTimestamp": iso(added),
        }
        for each, added in found
    ]
    return 200, {"results": results, "total": len(results)}


def add(ask: Ask) -> Answer:
    """Put records onto a list."""
    return _changed(ask, ask.list_body, ())


def remove(ask: Ask) -> Answer:
    """Take records off a list."""
    return _changed(ask, (), ask.list_body)


def add_and_remove(ask: Ask) -> Answer:
    """Put records onto a list and take others off it."""
    body = ask.body
    return _changed(ask, body.get("recordIdsToAdd") or (), body.get("recordIdsToRemove") or ())


def add_from(ask: Ask) -> Answer:
    """Put the records of another list onto a list."""
    own, _, source = ask.arg.partition("/")
    found, other = _writable(ask, own), _list(ask, source)
    ids = [each.id for each in memberships.members(ask.crm.store, other.id)]
    if len(ids) >= MOST_CLEARED or other.object != found.object:
        raise Refused(400, f"The records of list {other.id} cannot be added")
    memberships.add(ask.crm.store, found.id, ids, ask.crm.now)
    return 204, None


def clear(ask: Ask) -> Answer:
    """Take all records off a list, unless there are very many."""
    found = _writable(ask, ask.arg)
    if len(memberships.members(ask.crm.store, found.id)) >= MOST_CLEARED:
        raise Refused(400, f"Only a list of fewer than {MOST_CLEARED} records can be emptied")
    memberships.clear(ask.crm.store, found.id)
    return 204, None


def _changed(ask: Ask, add: Iterable[Any], remove: Iterable[Any]) -> Answer:
    """Change who is on a list, and answer by the ids that were sent which came, which went, and which are nobody's."""
    found = _writable(ask, ask.arg)
    kind, on = _kind(ask, found.object), {each.id for each in memberships.members(ask.crm.store, found.id)}
    coming, going = (list(dict.fromkeys(map(str, ids))) for ids in (add, remove))
    rows = {id: ask.crm.one(kind, id) for id in (*coming, *going)}
    there = {id: row.id for id, row in rows.items() if row is not None}
    added = [id for id in coming if id in there and there[id] not in on]
    removed = [id for id in going if there.get(id) in on]
    memberships.add(ask.crm.store, found.id, [there[id] for id in added], ask.crm.now)
    memberships.remove(ask.crm.store, found.id, [there[id] for id in removed])
    missing = [id for id, row in rows.items() if row is None]
    return 200, {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}


def _page(ask: Ask, found: Sequence[tuple[tuple[int, ...], Member]]) -> Answer:
    """Answer a page of members, each with its place in the order; a page begins at the place that ``after`` tells."""
    limit, after = ask.first("limit") or "100", ask.first("after") or "0"
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE or not _PLACE.fullmatch(after):
        raise Refused(400, f"limit must be between 1 and {PAGE}, and after a place in this listing")
    if ask.first("before"):
        raise Refused(400, "the stand-in pages forwards alone: by after, not by before")
    begin = tuple(map(int, after.split("-")))
    rest = [each for each in found if each[0] >= begin]
    results = [{"recordId": str(each.id), "membershipTimestamp": iso(each.added)} for _, each in rest[: int(limit)]]
    body: dict[str, Any] = {"results": results, "total": len(found)}
    if len(rest) > int(limit):
        place = "-".join(map(str, rest[int(limit)][0]))
        body["paging"] = {"next": {"after": place, "link": ask.link(after=place)}}
    return 200, body


def _list(ask: Ask, id: str) -> Listing:
    found = memberships.of_id(ask.crm.store, int(id)) if id.isdecimal() else None
    if found is None or found.deleted is not None:
        raise not_found()
    return found


def _asked(ask: Ask) -> Listing:
    return _list(ask, ask.arg)


def _writable(ask: Ask, id: str) -> Listing:
    found = _list(ask, id)
    if found.type == "DYNAMIC":
        raise Refused(400, f"List {found.id} is DYNAMIC: rules say who is on it")
    return found


def _refuse_name(ask: Ask, kind: Kind, name: str) -> None:
    if memberships.named(ask.crm.store, kind.name, name):
        raise Refused(400, f'There is a list named "{name}" already', sub="ILS.DUPLICATE_LIST_NAMES")  # [K]


def _kind(ask: Ask, name: str) -> Kind:
    kind = ask.crm.kind_of(name)
    if kind is None:
        raise not_found()
    return kind


def _head(ask: Ask, found: Listing) -> dict[str, Any]:
    return {
        "listId": str(found.id),
        "listVersion": found.version,
        "name": found.name,
        "objectTypeId": _kind(ask, found.object).type_id,
        "processingType": found.type,
        "processingStatus": "COMPLETE",
        "createdAt": iso(found.created),
        "updatedAt": iso(found.updated),
    }


def _shown(ask: Ask, found: Listing) -> dict[str, Any]:
    return {**_head(ask, found), "size": len(memberships.members(ask.crm.store, found.id))}


def _more(ask: Ask, found: Listing) -> dict[str, str]:
    """Return what a search tells of a list besides: its size, whether that is asked for or not (its reference)."""
    size = len(memberships.members(ask.crm.store, found.id))
    return {"hs_list_size": str(max(size, 1) if "list-sizes-stay" in ask.crm.otherwise else size)}
