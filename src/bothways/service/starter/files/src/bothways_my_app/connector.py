"""The connector: people of My app over its REST API, by the contract of ``bothways.connectors.base``.

What it costs, in calls:

- first listing, sweep, and each poll: one for every 100 records that are listed; a poll without changes is one
- reading, creating, changing or deleting a record: one
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from bothways.connectors.base import (
    Account,
    Capabilities,
    Exists,
    ObjectType,
    Outcome,
    Page,
    Read,
    Seen,
    Setting,
    Setup,
    WriteItem,
    WriteKind,
    WriteResult,
)
from bothways.connectors.http import HttpClient, Manners, Response, plain_words
from bothways.errors import (
    AppFailed,
    OutcomeUnknown,
    PageIncomplete,
    ProtocolError,
    RateLimited,
    UnknownObject,
)
from bothways.records import Field, FieldType, Record, Ref

OBJECT = "people"

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("name", label="Name", meaning="name"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
)
"""What My app knows of a person. From fields of the same ``meaning`` the first mappings are made."""

PAGE = 100
"""Records that one call lists."""

START = "1970-01-01T00:00:00+00:00"
"""Before anything was changed."""

OVERLAP = timedelta(seconds=5)
"""How long a save may be on its way into the listing: each poll lists again what was changed so shortly before."""

FOUND = frozenset({200, 201, 204})
GONE = frozenset({404, 410})
REFUSED = frozenset({400, 409, 422})


def words_of(response: Response) -> str:
    """Return what My app itself says about an error."""
    try:
        return str(response.json()["message"])
    except (ProtocolError, TypeError, KeyError):
        return plain_words(response)


class MyAppConnector:
    """My app, by a token."""

    title: ClassVar[str] = "My app"
    category: ClassVar[str] = "CRM"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("url", "Address of the API", example="https://api.example.com/v1/"),
        Setting("token", "Access token", auth=True, secret=True),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = {"": (100, 10.0)}
    quota: ClassVar[int] = 0
    capabilities: Capabilities = Capabilities(
        clock_precision=0.001,
        changes_carry_values=True,
        baseline_carries_values=True,
        archives=False,
        list_page=PAGE,
    )

    def __init__(self, setup: Setup) -> None:
        self._app = setup.app
        token = {"Authorization": f"Bearer {setup.secrets.get('token').strip()}"}
        self._http = HttpClient(f"{setup.settings['url'].rstrip('/')}/", setup, token, manners=Manners(words_of))

    def check(self) -> Account:
        """Return who we are: the account that the token belongs to."""
        who = self._http.request("GET", "me", call="check", repeatable=True).json()
        return Account(str(self._part(who, "id")), str(self._part(who, "name")))

    def objects(self) -> Sequence[ObjectType]:
        """Return the kinds of record."""
        return [ObjectType(OBJECT, "People", meaning="Person")]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields of a person."""
        self._know(object)
        return FIELDS

    def count(self, object: str) -> int | None:
        """Return None: only listing all of them would tell."""
        return None

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield what was changed since the cursor, which is the moment of the last change that was listed."""
        self._know(object)
        newest, after = cursor or START, ""
        since = (datetime.fromisoformat(newest) - OVERLAP).isoformat()
        last = False
        while not last:
            rows = self._listed(since, after)
            last = len(rows) < PAGE
            seen = [Seen(self._record(row, fields), has_values=True) for row in rows]
            if rows:
                newest = str(self._part(rows[-1], "changed_at"))
                if (newest, seen[-1].record.id) == (since, after):
                    raise PageIncomplete(app=self._app, reason="it lists the same records again and again")
                since, after = newest, seen[-1].record.id
            yield Page(seen, cursor=newest, last=last)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield every person's id, out of a listing of all."""
        for page in self.changes(object, None, ()):
            yield [each.record.ref for each in page.seen]

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref, one call each."""
        self._know(object)
        return [self._read(ref, fields) for ref in refs]

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return {}: My app has no field that is surely unique."""
        return {}

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write the items: one at most, by ``capabilities.batch_write``."""
        self._know(object)
        return [self._written(item) for item in items]

    # --- calls ----------------------------------------------------------------------------------------

    def _listed(self, since: str, after: str) -> Sequence[Any]:
        """Ask for a page of records changed at a moment or later: of those at that very moment, with ids beyond."""
        query = {"changed_since": since, "limit": PAGE, **({"after": after} if after else {})}
        rows = self._part(self._http.request("GET", OBJECT, query=query, call="list", repeatable=True).json(), OBJECT)
        if not isinstance(rows, list):
            raise ProtocolError(app=self._app, reason="its records are no list")
        return rows

    def _read(self, ref: Ref, fields: Sequence[str]) -> Read:
        answer = self._http.request("GET", _path(ref), call="read", repeatable=True, ok=FOUND | GONE)
        if answer.status in GONE:
            return Read(ref.id, Exists.MISSING)
        return Read(ref.id, Exists.EXISTS, self._record(answer.json(), fields))

    def _written(self, item: WriteItem) -> WriteResult:
        """Write one record, once: what became of a call that broke off, Bothways finds out by reading."""
        try:
            answer = self._send(item)
            if answer.status in GONE and item.ref is not None:
                return WriteResult(item.key, Outcome.GONE)
            if answer.status not in FOUND:
                return WriteResult(item.key, Outcome.REFUSED, message=self._http.scrub(words_of(answer)))
            held = None if item.kind is WriteKind.ARCHIVE else self._record(answer.json(), list(item.values))
        except (OutcomeUnknown, ProtocolError) as error:
            return WriteResult(item.key, Outcome.UNKNOWN, message=error.message)
        except (AppFailed, RateLimited) as error:
            return WriteResult(item.key, Outcome.LATER, message=error.message)
        return WriteResult(item.key, Outcome.DONE, held)

    def _send(self, item: WriteItem) -> Response:
        ok = FOUND | GONE | REFUSED
        if item.ref is None:
            return self._http.request("POST", OBJECT, json=dict(item.values), call="create", repeatable=False, ok=ok)
        if item.kind is WriteKind.ARCHIVE:
            return self._http.request("DELETE", _path(item.ref), call="delete", repeatable=False, ok=ok)
        path, values = _path(item.ref), dict(item.values)
        return self._http.request("PATCH", path, json=values, call="update", repeatable=False, ok=ok)

    # --- answers --------------------------------------------------------------------------------------

    def _record(self, row: Any, fields: Sequence[str]) -> Record:
        """Return a record of an answer; a field that it does not name is a fault, and never taken for an empty one."""
        changed = str(self._part(row, "changed_at"))
        try:
            modified = datetime.fromisoformat(changed).timestamp()
        except ValueError:
            raise ProtocolError(app=self._app, reason=f'"{changed}" is no time') from None
        values = {name: self._part(row, name) for name in fields}
        return Record(str(self._part(row, "id")), values, modified=modified)

    def _part(self, answer: Any, name: str) -> Any:
        """Return a part of an answer that must be there."""
        if not isinstance(answer, dict) or name not in answer:
            raise ProtocolError(app=self._app, reason=f'an answer without "{name}"')
        return answer[name]

    def _know(self, object: str) -> None:
        """Raise UnknownObject for another kind of record."""
        if object != OBJECT:
            raise UnknownObject(app=self._app, name=object, hint=f"There are: {OBJECT}.")


def _path(ref: Ref) -> str:
    return f"{OBJECT}/{quote(ref.id, safe='')}"
