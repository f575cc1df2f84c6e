"""What has changed: the full listing first, then searches by modification date.

A cursor is one of two positions. In the listing: the page reached. Between searches: the largest
modification date processed, and when it last grew; inside a search also the last id. Pages of a search go
by id, because thousands of rows of an import share one date, and each page is a search of its own.

Two clocks are met, both HubSpot's, never ours: the dates of its rows and the ``Date`` of its answers. They
may differ, so that a search begins at dates of rows alone; ``Date`` only ever makes it begin earlier, or
tells how long nothing has changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from bothways.connectors.base import Exists, Page, Seen
from bothways.connectors.http import Response, http_date
from bothways.connectors.hubspot.api import FOUND, Api, fits_in_query
from bothways.connectors.hubspot.associations import completed, properties_in
from bothways.connectors.hubspot.facts import LOOK_BACK, LOOK_BACK_EVERY, NOT_SET_UP, OVERLAP, SEARCH_PAGE
from bothways.connectors.hubspot.objects import Kind
from bothways.connectors.hubspot.reading import read
from bothways.connectors.hubspot.values import millis, modified_of, record_of
from bothways.errors import AppFailed, AppUnreachable, OurFault, PageIncomplete
from bothways.records import Ref

Row = Mapping[str, Any]

_OVERLAP, _LOOK_BACK, _LOOK_BACK_EVERY = (round(each * 1000) for each in (OVERLAP, LOOK_BACK, LOOK_BACK_EVERY))
SAME_PAGE = "the next page is the same page"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing stands. All times are milliseconds since 1970.

    ``listing``: in the full listing, before the page ``after``. ``top`` is the largest date of a row that
    was processed, ``grew`` the Date of the answer that brought it. ``looked`` and ``polled`` are the Dates of
    the last search that looked back far, and of the last one at all; in the listing, ``polled`` is when it
    began. Inside a poll, ``since`` is where it searches from, ``last`` the last id processed, ``began`` the
    Date of its first answer and ``met`` the largest date of its rows so far.
    """

    listing: bool = True
    after: str | None = None
    top: int = 0
    grew: int = 0
    looked: int = 0
    polled: int | None = None
    since: int | None = None
    last: str | None = None
    began: int | None = None
    met: int = 0

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
    api.forget_schema()
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
    kind, after = api.kind(object), None
    while True:
        _, body = api.page(object, after, (kind.modified,))
        yield [record_of(row, kind.modified, ()).ref for row in api.rows(body)]
        before, after = after, next_page(body)
        if after is None:
            return
        if after == before:
            raise PageIncomplete(app=api.app, reason=SAME_PAGE)


def count(api: Api, object: str) -> int | None:
    """Return the number of live records as the search knows it; None for an object that the account has not set up."""
    body = {"limit": 1, "properties": [], "filterGroups": []}
    response = api.ask(object, "search", body, call="count", pool="search", ok=FOUND | NOT_SET_UP)
    if response.status in NOT_SET_UP:
        return None
    total = api.body(response).get("total")
    return total if isinstance(total, int) else None


def next_page(body: Mapping[str, Any]) -> str | None:
    """Return where the next page begins, None after the last."""
    after = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


# --- the full listing ---------------------------------------------------------------------------------


def _listing(api: Api, kind: Kind, position: Position, fields: Sequence[str]) -> Iterator[Page]:
    values_in_list = fits_in_query(properties_in(fields))
    while True:
        response, body = api.page(kind.name, position.after, properties_in(fields) if values_in_list else ())
        rows = api.rows(body)
        if position.polled is None:
            position = replace(position, polled=_began(response, rows, kind))
        position = replace(position, top=max([position.top, *(_modified(row, kind) for row in rows)]))
        seen = _with_values(api, rows, kind, fields) if values_in_list else _read_values(api, kind, rows, fields)
        after = next_page(body)
        if after is None:
            yield Page(seen, cursor=_after_listing(position).text, last=True)
            return
        if after == position.after:
            raise PageIncomplete(app=api.app, reason=SAME_PAGE)
        position = replace(position, after=after)
        yield Page(seen, cursor=position.text)


def _after_listing(position: Position) -> Position:
    """Return where the searches begin: at the newest row, unless it was saved while the listing went on.

    All rows came from the primary store, so that of what is older nothing can have been missed.
    """
    began = position.polled or 0
    quiet = position.top + _OVERLAP < began
    grew = began - _LOOK_BACK if quiet else began
    return Position(listing=False, top=min(position.top, began), grew=grew, looked=began, polled=began)


def _began(response: Response, rows: Sequence[Row], kind: Kind) -> int:
    """Return HubSpot's time of an answer: its Date, or the newest date in it."""
    told = http_date(response.headers.get("Date", ""))
    if told is not None:
        return round(told * 1000)
    return max((_modified(row, kind) for row in rows), default=0)


def _with_values(api: Api, rows: Sequence[Row], kind: Kind, fields: Sequence[str]) -> list[Seen]:
    names = properties_in(fields)
    api.require(kind.name, rows, names)
    records = completed(api, kind.name, [record_of(row, kind.modified, names) for row in rows], fields)
    return [Seen(record, has_values=True) for record in records]


def _read_values(api: Api, kind: Kind, rows: Sequence[Row], fields: Sequence[str]) -> list[Seen]:
    """Return the rows with values read by id; one that vanished meanwhile is no row."""
    answers = read(api, kind.name, [Ref(str(row["id"])) for row in rows], fields)
    found = [each.record for each in answers if each.exists is Exists.EXISTS and each.record is not None]
    return [Seen(record, has_values=True) for record in found]


# --- changes ------------------------------------------------------------------------------------------


def _search(api: Api, kind: Kind, position: Position) -> Iterator[Page]:
    """Yield the pages of one poll."""
    if position.since is None:
        position = _start(position)
    while True:
        response, body = _search_page(api, kind, position.since or 0, position.last)
        rows = api.rows(body)
        if position.began is None:
            position = replace(position, began=_began(response, rows, kind))
        last = _last_id(api, rows, position.last)
        met = max([position.met, *(_modified(row, kind) for row in rows)])
        position = replace(position, last=last, met=met)
        seen = [Seen(replace(record_of(row, kind.modified, ()), created=None)) for row in rows]
        if next_page(body) is None:
            yield Page(seen, cursor=_after_search(position).text, last=True)
            return
        if not rows:
            raise PageIncomplete(app=api.app, reason="a page of a search without rows is not the last one")
        yield Page(seen, cursor=position.text)


def _start(position: Position) -> Position:
    """Return the position with the date that a new poll searches from.

    The longer nothing has changed, the less can still be missing from the index. So most polls reach back
    a little and some far; and in the end none, so that the rows of an import are not shown for ever.
    """
    polled = position.polled or 0
    idle = polled - position.grew
    if idle < _LOOK_BACK and polled - position.looked >= _LOOK_BACK_EVERY:
        return replace(position, since=max(position.top - _LOOK_BACK, 0), looked=polled)
    if idle < _OVERLAP:
        return replace(position, since=max(position.top - _OVERLAP, 0))
    return replace(position, since=position.top + 1)


def _after_search(position: Position) -> Position:
    """Return the position after a poll: at the largest date processed, at most the start of this poll."""
    began = position.began or 0
    top = max(min(position.met, began), position.top)
    grew = began if top > position.top else position.grew
    return Position(listing=False, top=top, grew=grew, looked=position.looked, polled=began)


def _search_page(api: Api, kind: Kind, since: int, last: str | None) -> tuple[Response, Mapping[str, Any]]:
    """Return a page of what was modified since then, behind an id. [K] Ids are compared and sorted as numbers."""
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


def _modified(row: Row, kind: Kind) -> int:
    return millis(modified_of(row, kind.modified)) or 0
