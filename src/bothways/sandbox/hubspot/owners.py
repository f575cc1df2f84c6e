"""Calls about owners: they only read."""

from collections.abc import Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.problems import Refused, not_found
from bothways.sandbox.hubspot.users import Owner, owners
from bothways.sandbox.hubspot.values import is_whole, iso

PAGE, DEFAULT_PAGE = 500, 100


def list_page(ask: Ask) -> Answer:
    """Answer a page of the owners, of the one with an address if one is asked for."""
    limit, after = ask.first("limit") or str(DEFAULT_PAGE), ask.first("after") or "0"
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE or not is_whole(after):
        raise Refused(400, f"limit must be between 1 and {PAGE}, and after a place in this listing")
    found: Sequence[Owner] = owners(ask.crm.store, int(after), archived=ask.archived)
    if email := ask.first("email"):
        found = [each for each in found if each.email.lower() == email.lower()]
    body: dict[str, Any] = {"results": [_shown(each) for each in found[: int(limit)]]}
    if len(found) > int(limit):
        place = str(found[int(limit)].number)
        body["paging"] = {"next": {"after": place, "link": ask.link(after=place)}}
    return 200, body


def read(ask: Ask) -> Answer:
    """Answer one owner, by its id or by that of its user."""
    by = ask.first("idProperty", "id")
    if by not in ("id", "userId"):
        raise Refused(400, "idProperty must be id or userId")
    for each in owners(ask.crm.store, archived=ask.archived):
        if ask.arg == (each.id if by == "id" else str(each.user)):
            return 200, _shown(each)
    raise not_found()


def _shown(each: Owner) -> dict[str, Any]:
    body: dict[str, Any] = {"id": each.id, "email": each.email, "type": "PERSON"}
    body |= {"firstName": each.first, "lastName": each.last}
    body |= {"userIdIncludingInactive": each.user, "createdAt": iso(each.created), "updatedAt": iso(each.updated)}
    return {**body, "archived": bool(each.archived)} | ({} if each.archived else {"userId": each.user, "teams": []})
