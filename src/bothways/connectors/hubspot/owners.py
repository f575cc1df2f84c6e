"""Owners: the users of the account, to whom records belong. They are read, and made in HubSpot's settings alone.

Source: HubSpot's reference of the owners API. What changes of a user does not count as a change of the owner, so that
all are listed in every poll. An owner whose user is no more is archived, and still known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.connectors.base import Exists, ObjectType, Outcome, Page, Read, Seen, WriteItem, WriteResult
from bothways.connectors.hubspot.api import Api
from bothways.connectors.hubspot.listing import SAME_PAGE, next_page
from bothways.connectors.hubspot.objects import OWNERS
from bothways.connectors.hubspot.reading import NO_ID
from bothways.connectors.hubspot.values import is_id, stamp
from bothways.errors import PageIncomplete
from bothways.records import Field, FieldType, Record, Ref

TYPE = ObjectType(OWNERS, "Owners", writable=False, deletable=False)
ONE_BY_ONE = 2
"""So many owners are each asked for by id; of more, all are listed."""

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email", read_only=True),
    Field("firstName", label="First name", meaning="givenName", read_only=True),
    Field("lastName", label="Last name", meaning="familyName", read_only=True),
    Field("userId", label="User ID", read_only=True),
)

Row = Mapping[str, Any]


def changes(api: Api, names: Sequence[str]) -> Iterator[Page]:
    """Yield all owners, a page at a time; there is no telling which of them have changed."""
    for rows, last in _pages(api):
        yield Page([Seen(_record(row, names), has_values=True) for row in rows], cursor=OWNERS, last=last)


def ids(api: Api) -> Iterator[list[Ref]]:
    """Yield the ids of all owners whose user is there, a page at a time."""
    for rows, _ in _pages(api):
        yield [Ref(str(row["id"])) for row in rows]


def count(api: Api) -> int:
    """Return how many owners there are."""
    return sum(len(rows) for rows, _ in _pages(api))


def read(api: Api, refs: Sequence[Ref], names: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order; what is known of one that is archived is told as well."""
    wanted = list(dict.fromkeys(ref.id for ref in refs))
    answers = {id: Read(id, Exists.UNKNOWN, problem=NO_ID) for id in wanted if not is_id(id)}
    for archived, exists in ((False, Exists.EXISTS), (True, Exists.ARCHIVED)):
        asked = [id for id in wanted if id not in answers]
        rows = _found(api, asked, archived=archived)
        answers |= {id: Read(id, exists, _record(row, names)) for id, row in rows.items() if id in asked}
    return [answers.get(ref.id) or Read(ref.id, Exists.MISSING) for ref in refs]


def refused(items: Sequence[WriteItem]) -> list[WriteResult]:
    """Return what becomes of owners that are to be written."""
    message = "owners are made and changed in the settings of HubSpot alone"
    return [WriteResult(item.key, Outcome.REFUSED, message=message) for item in items]


def _found(api: Api, asked: Sequence[str], *, archived: bool) -> dict[str, Row]:
    """Return the owners of these ids, as far as they are there, and any others that came with them."""
    if len(asked) <= ONE_BY_ONE:
        rows = {id: api.owner(id, archived=archived) for id in asked}
        return {id: row for id, row in rows.items() if row is not None}
    found: dict[str, Row] = {}
    for page, _ in _pages(api, archived=archived):
        found |= {str(row["id"]): row for row in page}
        if found.keys() >= set(asked):
            break
    return found


def _pages(api: Api, *, archived: bool = False) -> Iterator[tuple[Sequence[Row], bool]]:
    """Yield the pages of the listing, each with whether it is the last; raise PageIncomplete."""
    after = None
    while True:
        body = api.owners(after, archived=archived)
        before, after = after, next_page(body)
        yield api.rows(body), after is None
        if after is None:
            return
        if after == before:
            raise PageIncomplete(app=api.app, reason=SAME_PAGE)


def _record(row: Row, names: Sequence[str]) -> Record:
    return Record(
        str(row["id"]),
        {name: _text(row.get(name)) for name in names},
        modified=stamp(row.get("updatedAt")),
        created=stamp(row.get("createdAt")),
    )


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)
