"""What has changed: the full listing first, then searches by modification date.

A cursor is one of two positions. In the listing: the page reached, and HubSpot's time when the listing
began. Between searches: the largest modification date processed; inside a search also the last id. Pages
of a search go by id, because thousands of rows of an import share one date, and each page is a search of
its own. All times are HubSpot's: the ``Date`` of its answers and the dates of its rows, never ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from bothways.connectors.base import Exists, Page, Seen
from bothways.connectors.http import Response, http_date
from bothways.connectors.hubspot.api import Api, fits_in_query
from bothways.connectors.hubspot.facts import INDEX_STALL, OVERLAP, SEARCH_PAGE
from bothways.connectors.hubspot.objects import Kind
from bothways.connectors.hubspot.reading import read
from bothways.connectors.hubspot.values import millis, record_of
from bothways.errors import AppFailed, AppUnreachable, OurFault, PageIncomplete
from bothways.records import Ref

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing stands. Times are milliseconds since 1970 by HubSpot's clock.

    ``listing``: in the full listing, before the page ``after``; ``since`` is when it began. Otherwise
    changes are searched from ``since``; inside a poll, ``last`` is the last id processed, ``began`` when
    the poll began and ``top`` the largest date processed.
    """

    listing: bool = True
    since: int | None = None
    after: str | None = None
    last: str | None = None
    began: int | None = None
    top: int = 0

    @property
    def text(self) -> str:
        """The cursor."""
        return orjson.dumps(asdict(self)).decode()


def position_of(cursor: str | None) -> Position:
    """Return the position that a cursor stands for; raise OurFault if it is not one of ours."""
    try:
        return Position(**orjson.loads(cursor)) if cursor else Position()
    except (orjson.JSONDecodeError, TypeError) as error:
        raise OurFault(reason="a cursor of HubSpot cannot be read", incident="hubspot-cursor") from error


def changes(api: Api, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
    """Yield the pages of everything changed since the cursor; raise PageIncomplete if they break off."""
    position, kind = position_of(cursor), api.kind(object)
    pages = _listing(api, kind, position, fields) if position.listing else _search(api, kind, position)
    begun = False
    while True:
        try:
            page = next(pages, None)
        except (AppUnreachable, AppFailed) as error:
            if not begun:
                raise
            raise PageIncomplete(app=api.app, reason=str(error.facts.get("reason", ""))) from error
        if page is None:
            return
        begun = True
        yield page


def ids(api: Api, object: str) -> Iterator[list[Ref]]:
    """Yield the ids of all live records, a page at a time."""
    after: str | None = None
    while True:
        _, body = api.page(object, after, ())
        yield [Ref(str(row["id"])) for row in api.rows(body)]
        after = next_page(body)
        if after is None:
            return


def count(api: Api, object: str) -> int | None:
    """Return the number of live records as the search knows it."""
    body = {"limit": 1, "properties": [], "filterGroups": []}
    total = api.body(api.ask(object, "search", body, call="count", pool="search")).get("total")
    return total if isinstance(total, int) else None


def next_page(body: Mapping[str, Any]) -> str | None:
    """Return where the next page begins, None after the last."""
    after = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


# --- the full listing ---------------------------------------------------------------------------------


def _listing(api: Api, kind: Kind, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    values_in_list = fits_in_query(fields)
    while True:
        response, body = api.page(kind.name, position.after, fields if values_in_list else ())
        rows = api.rows(body)
        if position.since is None:
            position = replace(position, since=_began(response, rows, kind))
        seen = _with_values(api, rows, kind, fields) if values_in_list else _read_values(api, kind, rows, fields)
        after = next_page(body)
        if after is None:
            yield Page(seen, cursor=Position(listing=False, since=position.since).text, last=True)
            return
        if after == position.after:
            raise PageIncomplete(app=api.app, reason="the next page is the same page")
        position = replace(position, after=after)
        yield Page(seen, cursor=position.text)


def _began(response: Response, rows: Sequence[Row], kind: Kind) -> int:
    """Return HubSpot's time of an answer: its Date, or the newest date in its first page."""
    told = http_date(response.headers.get("Date", ""))
    if told is not None:
        return round(told * 1000)
    return max((_modified(row, kind) for row in rows), default=0)


def _with_values(api: Api, rows: Sequence[Row], kind: Kind, fields: Sequence[str]) -> list[Seen]:
    api.require(kind.name, rows, fields)
    return [Seen(record_of(row, kind.modified, fields), has_values=True) for row in rows]


def _read_values(api: Api, kind: Kind, rows: Sequence[Row], fields: Sequence[str]) -> list[Seen]:
    """Return the rows with values read by id; one that vanished meanwhile is no row."""
    answers = read(api, kind.name, [Ref(str(row["id"])) for row in rows], fields)
    found = [each.record for each in answers if each.exists is Exists.EXISTS and each.record is not None]
    return [Seen(record, has_values=True) for record in found]


# --- changes ------------------------------------------------------------------------------------------


def _search(api: Api, kind: Kind, position: Position) -> Iterator[Page]:
    """Yield the pages of one poll. The cursor follows the largest date processed, never beyond its start."""
    while True:
        since = max((position.since or 0) - round(OVERLAP * 1000), 0)
        response, body = _search_page(api, kind, since, position.last)
        rows = api.rows(body)
        if position.began is None:
            position = replace(position, began=_began(response, rows, kind))
        top = max([position.top, *(_modified(row, kind) for row in rows)])
        last = _last_id(api, rows, position.last)
        seen = [Seen(replace(record_of(row, kind.modified, ()), created=None)) for row in rows]
        if next_page(body) is None:
            yield Page(seen, cursor=Position(listing=False, since=_next_since(position, top)).text, last=True)
            return
        position = replace(position, last=last, top=top)
        yield Page(seen, cursor=position.text)


def _search_page(api: Api, kind: Kind, since: int, last: str | None) -> tuple[Response, Mapping[str, Any]]:
    filters = [{"propertyName": kind.modified, "operator": "GTE", "value": str(since)}]
    if last is not None:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": last})
    body = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [kind.modified],
        "limit": SEARCH_PAGE,
    }
    response = api.ask(kind.name, "search", body, call="search", pool="search")
    return response, api.body(response)


def _last_id(api: Api, rows: Sequence[Row], last: str | None) -> str | None:
    """Return the id to go on from; raise PageIncomplete if the rows are not in the order of ids."""
    order = [int(row["id"]) for row in rows]
    if order != sorted(order) or (last is not None and order and order[0] <= int(last)):
        raise PageIncomplete(app=api.app, reason="search results are not in the order of ids")
    return str(order[-1]) if order else last


def _next_since(position: Position, top: int) -> int:
    """Return where the next poll begins.

    That is the largest date processed, at most the start of this poll. After a long silence it follows
    HubSpot's clock at a distance, so that the rows of the last import are not shown again for ever.
    """
    began, since = position.began or 0, position.since or 0
    processed = min(max(top, since), max(began, since))
    return max(processed, began - round(INDEX_STALL * 1000))


def _modified(row: Row, kind: Kind) -> int:
    told = (row.get("properties") or {}).get(kind.modified) or row.get("updatedAt")
    return millis(told) or 0
