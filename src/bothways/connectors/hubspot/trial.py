"""The records that deep checks make: remembered before they are there, and archived at the end, however that comes.

Each is called "Bothways check" with a number of its own, and contacts have addresses at example.com, which belongs to
nobody (RFC 2606). A record is archived only if its name in HubSpot is still the one that we gave it, and it has no
address of anybody: else somebody has made it theirs, or merged one of theirs into it.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bothways.connectors.base import Setup
from bothways.connectors.deep import Keeper, Made
from bothways.connectors.http import Response
from bothways.connectors.hubspot.api import Api, list_query
from bothways.connectors.hubspot.facts import BATCH, INDEX_LAG, OTHER_EMAILS
from bothways.connectors.hubspot.objects import COMPANIES, CONTACTS
from bothways.connectors.hubspot.problems import Problem
from bothways.connectors.hubspot.subscriptions import APP_ID
from bothways.connectors.hubspot.values import email_key, listed
from bothways.connectors.hubspot.webhooks import number_of
from bothways.errors import AppError, CredentialsRefused, DiskFull, PermissionMissing, RateLimited, SignInNeeded

PREFIX, DOMAIN = "Bothways check", "example.com"

ADDRESS = "email"

NAMED_BY = {CONTACTS.name: "lastname", COMPANIES.name: "name"}
"""The property that holds the name of a record, by object."""

ANSWERED = frozenset({*range(200, 300), 400, 404, 405, 409, 413, 414, 415, 422})
"""Statuses that tell something; all others raise, so that what they hinder counts as not checked."""

SURELY_NOTHING = (CredentialsRefused, PermissionMissing, RateLimited, SignInNeeded)
"""Failures of a call by which nothing was made; after any other, something may have been."""

ODD = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of an answer of another form than we know: it hinders what looks at it, and nothing else."""

T = TypeVar("T")
Row = Mapping[str, Any]


class NotChecked(Exception):
    """Something cannot be checked in this account; its text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a batch: its status, its rows, and what it refuses, of rows or as a whole."""

    status: int
    rows: Sequence[Row]
    problems: Sequence[Problem]

    @property
    def words(self) -> str:
        """What was answered, in words."""
        said = "; ".join(each.message or each.category for each in self.problems[:2])
        return f"HTTP {self.status} with {len(self.rows)} rows" + (f" ({said})" if said else "")


class Trial:
    """One series of checks on one account. Methods raise NotChecked and what ``HttpClient`` raises."""

    def __init__(self, api: Api, setup: Setup, keeper: Keeper) -> None:
        self.api, self.clock, self.sleep = api, setup.clock, setup.sleep
        self.by_oauth, self.app_id = setup.access is not None, setup.settings.get(APP_ID) or ""
        self._keeper = keeper
        self._token = secrets.token_hex(4)
        self._count = 0
        self._known: dict[str, Any] = {}

    def once(self, what: Callable[["Trial"], T]) -> T:
        """Return what a function returns, which is called once in a trial: several checks look at the same thing."""
        name = what.__name__
        if name not in self._known:
            try:
                self._known[name] = what(self)
            except (NotChecked, AppError, *ODD) as error:
                self._known[name] = error
        found: T | Exception = self._known[name]
        if isinstance(found, Exception):
            raise found
        return found

    # --- calls ------------------------------------------------------------------------------------------

    def answer(self, response: Response) -> Answer:
        """Return an answer to a batch in parts."""
        if response.status >= 400:
            return Answer(response.status, (), (self.api.said(response),))
        if response.status == 204:
            return Answer(204, (), ())
        body = self.api.body(response)
        rows = body.get("results")
        return Answer(response.status, rows if isinstance(rows, list) else (), self.api.problems(body))

    def ask(self, object: str, action: str, body: Any) -> Answer:
        """Ask a question about records in a batch."""
        pool = "search" if action == "search" else ""
        return self.answer(self.api.ask(object, action, body, call="check", pool=pool, ok=ANSWERED))

    def listing(self, names: Sequence[str] = (), *, limit: int = BATCH, after: str | None = None) -> Response:
        """List contacts, from an id on, with the values of these properties."""
        query = {**list_query(after, names), "limit": str(limit)}
        path = self.api.path("objects", CONTACTS.name)
        return self.api.http.request("GET", path, query=query, call="check", repeatable=True, ok=ANSWERED)

    def do(self, object: str, action: str, inputs: Sequence[Row]) -> Answer:
        """Change records that were made here, in a batch."""
        return self.answer(self.api.do(object, action, {"inputs": list(inputs)}, call="check write", ok=ANSWERED))

    def update(self, id: str, values: Mapping[str, str]) -> Answer:
        """Change a contact that was made here, as syncs do."""
        input = {"id": id, "properties": dict(values), "objectWriteTraceId": f"check-{id}"}
        return self.do(CONTACTS.name, "batch/update", [input])

    def values(self, id: str, *names: str) -> Mapping[str, str | None]:
        """Return what a contact that was made here holds; raise NotChecked if it is not found."""
        row = self.api.one(CONTACTS.name, id, names)
        if row is None:
            raise NotChecked(f"contact {id}, which was made for it, is not found")
        return {name: (row.get("properties") or {}).get(name) for name in (*names, CONTACTS.modified)}

    # --- records ----------------------------------------------------------------------------------------

    def contact(self, **more: str) -> dict[str, str]:
        """Return properties of a further contact, with a name and an address of its own."""
        self._count += 1
        address = f"bothways-check-{self._token}-{self._count}@{DOMAIN}"
        return {"firstname": "Delete me", "lastname": self._name(), "email": address, **more}

    def company(self) -> dict[str, str]:
        """Return properties of a further company, which has no domain: nobody is associated with it by that."""
        self._count += 1
        return {"name": self._name()}

    def _name(self) -> str:
        return f"{PREFIX} {self._token}-{self._count}"

    def make(self, object: str, *wanted: Mapping[str, str]) -> Answer:
        """Have records made by one call, as syncs do; each has its name as its trace id."""
        inputs = [{"properties": dict(each), "objectWriteTraceId": each[NAMED_BY[object]]} for each in wanted]
        return self._making(object, wanted, lambda: self.do(object, "batch/create", inputs))

    def upsert(self, object: str, unique: str, *wanted: Mapping[str, str]) -> Answer:
        """Have records made by a call that would change those that hold a unique value already: nobody does."""
        inputs = [{"id": each[unique], "idProperty": unique, "properties": dict(each)} for each in wanted]
        return self._making(object, wanted, lambda: self.do(object, "batch/upsert", inputs), whole=False)

    def one(self, object: str, wanted: Mapping[str, str]) -> str:
        """Have one record made, and return its id; raise NotChecked if it is not taken."""
        answer = self.make(object, wanted)
        if len(answer.rows) != 1:
            raise NotChecked(f"HubSpot does not take a record that is made for it: {answer.words}")
        return self.ours(object, answer.rows[0])

    def ours(self, object: str, row: Row) -> str:
        """Return the id that a row of an answer tells; raise NotChecked unless it is of a record that was made here."""
        id, name = number_of(row.get("id")), _name_in(object, row)
        if id and not name:
            name = _name_in(object, self.api.one(object, id, (NAMED_BY[object],)) or {})
        if not id or name not in self._names():
            raise NotChecked("HubSpot does not tell the id of a record that is made for it")
        return id

    def _names(self) -> set[str]:
        return {each.name for each in self._keeper.all()}

    def _making(
        self, object: str, wanted: Sequence[Mapping[str, str]], call: Callable[[], Answer], *, whole: bool = True
    ) -> Answer:
        """Remember records before they are made, and afterwards those that were made or may have been.

        ``whole``: where the call is refused, none of them was.
        """
        of_name = NAMED_BY[object]
        begun = [Made(object, each[of_name], "", _address(each.get("email", "")), self.clock()) for each in wanted]
        self._keeper.keep([*self._keeper.all(), *begun])
        try:
            answer = call()
        except SURELY_NOTHING:
            self._keeper.keep([each for each in self._keeper.all() if each not in begun])
            raise
        ids = {(row.get("properties") or {}).get(of_name): number_of(row.get("id")) for row in answer.rows}
        refused = {trace for each in answer.problems if not (each.later or each.broken) for trace in each.traces}
        none = whole and answer.status >= 400
        came = [replace(each, id=ids.get(each.name, ""), at=0.0 if each.email else each.at) for each in begun]
        there = [each for each in came if not none and each.name not in refused]
        self._keeper.keep([*(each for each in self._keeper.all() if each not in begun), *there])
        return answer

    def merged(self, ids: Sequence[str], survivor: str) -> None:
        """Remember what two records that were made here have been merged into."""
        made = self._keeper.all()
        kept = next((each for each in made if each.id == ids[0]), None)
        if kept is not None:
            self._keeper.keep([*(each for each in made if each.id not in ids), replace(kept, id=survivor)])

    # --- the end ----------------------------------------------------------------------------------------

    def archive(self, *ids: str) -> None:
        """Archive contacts that were made here."""
        self.do(CONTACTS.name, "batch/archive", [{"id": id} for id in ids])

    def clean_up(self) -> None:
        """Archive all that was made; what cannot be archived now is remembered. Raises nothing that an app says,
        and nothing of a full disk: then what is archived by now stays remembered, too.
        """
        for each in self._keeper.all():
            with suppress(AppError, DiskFull, *ODD):
                if self._end(each):
                    self._keeper.keep([other for other in self._keeper.all() if other != each])

    def _end(self, made: Made) -> bool:
        """Archive a record if it is there, and is one that was made; tell whether it is none any more."""
        found, names = list(self._found(made)), self._names()  # two may have been merged
        ours = [row for row in found if _name_in(made.object, row) in names and not _is_somebody(row)]
        if ours:
            answer = self.do(made.object, "batch/archive", [{"id": str(row["id"])} for row in ours])
            return answer.status < 300
        if made.id:
            return not found  # somebody has made it theirs
        return self.clock() - made.at > INDEX_LAG  # until then it may still be made, and is not found yet

    def _found(self, made: Made) -> Iterator[Row]:
        """Yield the live records that this may be: by id; else by its address, or by name where search shows it."""
        names = (NAMED_BY[made.object], *((ADDRESS, OTHER_EMAILS) if made.object == CONTACTS.name else ()))
        if made.id:
            row = self.api.one(made.object, made.id, names)
            yield from [row] if row is not None else []
            return
        if made.email:
            inputs = [{"id": made.email}]
            yield from self.ask(
                made.object, "batch/read", {"idProperty": "email", "properties": [*names], "inputs": inputs}
            ).rows
            return
        filters = [{"propertyName": names[0], "operator": "EQ", "value": made.name}]
        body = {"filterGroups": [{"filters": filters}], "properties": [*names], "limit": 10}
        yield from self.ask(made.object, "search", body).rows


def _name_in(object: str, row: Row) -> str:
    return str((row.get("properties") or {}).get(NAMED_BY[object]) or "")


def _is_somebody(row: Row) -> bool:
    """Tell whether a record has an address that we have not given it."""
    held = row.get("properties") or {}
    addresses = [email_key(each) for each in (str(held.get(ADDRESS) or ""), *listed(held.get(OTHER_EMAILS)))]
    return any("@" in each and not each.endswith(f"@{DOMAIN}") for each in addresses)


def _address(email: str) -> str:
    """Return an address by which a record can be found, "" for what is none."""
    return email_key(email) if email_key(email).endswith(f"@{DOMAIN}") else ""
