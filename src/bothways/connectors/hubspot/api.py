"""The calls that are made to HubSpot, by name."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from bothways.connectors.base import Setup
from bothways.connectors.http import HttpClient, Manners, Response
from bothways.connectors.hubspot.customs import Customs
from bothways.connectors.hubspot.facts import BASE_URL, CONCURRENCY, LONGEST_QUERY, SENSITIVE
from bothways.connectors.hubspot.objects import KINDS, REFERENCES, Kind, Reference, is_custom
from bothways.connectors.hubspot.paths import CURRENT, path
from bothways.connectors.hubspot.problems import Problem, day_of, limit_of, problem_of, said_of, spent, words_of
from bothways.connectors.hubspot.values import is_id
from bothways.errors import ObjectGone, PermissionMissing, ProtocolError, UnknownField, UnknownObject

MANNERS = Manners(words_of, limit_of, spent, day_of)

OF_THE_APP = Manners(words_of, limit_of)
"""Of calls that count for the app or its owner: limits, and a day, that their answers tell of are not the account's."""

FOUND = frozenset({200, 201, 204, 207})


class Api:
    """HubSpot over HTTP: paths, limits and errors. All methods raise what ``HttpClient`` raises."""

    def __init__(self, setup: Setup) -> None:
        self.app = setup.app
        self.version = setup.settings.get("api_version") or CURRENT
        self._real: set[tuple[str, str]] = set()
        self._customs = Customs(self, setup.clock)
        by_token = {} if setup.access else {"Authorization": f"Bearer {setup.secrets.get('token').strip()}"}
        self.http = HttpClient(
            setup.settings.get("base_url") or BASE_URL,
            setup,
            by_token,
            manners=MANNERS,
            connections=CONCURRENCY,
            access=setup.access,
        )

    def path(self, family: str, *parts: str) -> str:
        """Return the path of a family of calls (``paths``), in the version that this connection speaks."""
        return path(self.version, family, *parts)

    def kind(self, object: str) -> Kind:
        """Return the kind of record of this name; raise UnknownObject."""
        found = KINDS.get(object) or (self._customs.one(object) if is_custom(object) else None)
        if found is None:
            raise UnknownObject(app=self.app, name=object, hint=f"There are: {', '.join(KINDS)}.")
        return found

    def customs(self) -> Sequence[Kind]:
        """Return the kinds of record that the account has made."""
        return self._customs.all()

    def references(self, object: str) -> Sequence[Reference]:
        """Return the associations that the records of an object are read with."""
        return self._customs.references(object) if is_custom(object) else REFERENCES.get(object, ())

    def renew_kind(self, object: str) -> None:
        """Ask anew for a kind that the account has made."""
        self._customs.renew(object)

    def schemas(self) -> Sequence[Mapping[str, Any]]:
        """Return the schemas of the kinds that the account has made."""
        response = self.http.request("GET", self.path("schemas"), call="schemas", repeatable=True)
        return self.rows(self.body(response), "objectTypeId")

    def owners(self, after: str | None, *, archived: bool = False) -> Mapping[str, Any]:
        """Return a page of the owners: [K] 500 of them at most."""
        query = {"limit": "500", "archived": str(archived).lower(), **({"after": after} if after else {})}
        return self.body(self.http.request("GET", self.path("owners"), query=query, call="owners", repeatable=True))

    def owner(self, id: str, *, archived: bool = False) -> Mapping[str, Any] | None:
        """Return an owner, None if there is none of this id."""
        query = {"archived": str(archived).lower()}
        path, ok = self.path("owners", id), (200, 404)
        response = self.http.request("GET", path, query=query, call="owner", repeatable=True, ok=ok)
        return None if response.status == 404 else self.body(response)

    def pipelines(self, object: str) -> Sequence[Mapping[str, Any]]:
        """Return the pipelines of an object, with their stages; none where the token may not read them."""
        try:
            path = self.path("pipelines", object)
            return self.rows(self.body(self.http.request("GET", path, call="pipelines", repeatable=True)))
        except PermissionMissing:
            return ()

    def account(self) -> Mapping[str, Any]:
        """Return the details of the account that the token belongs to, which have its number; raise ProtocolError."""
        details = self.body(self.http.request("GET", self.path("account"), call="account", repeatable=True))
        if not is_id(str(details.get("portalId"))):
            raise ProtocolError(app=self.app, reason="an account without a number")
        return details

    def used(self, what: str) -> Mapping[str, Any]:
        """Return how much is used of a limit of the account: of "records", or of "custom-properties"."""
        return self.body(self.http.request("GET", self.path("limits", what), call="limits", repeatable=True))

    def properties(self, object: str) -> Sequence[Mapping[str, Any]]:
        """Return the properties of an object; raise ObjectGone. [K] Those with sensitive data are not among them."""
        response = self._listed(object, self.path("properties", object), {}, "properties")
        return self.rows(self.body(response), "name")

    def make_property(self, object: str, definition: Mapping[str, Any]) -> Response:
        """Make a property of an object; raise PermissionMissing. That it is refused is an answer as well."""
        path = self.path("properties", object)
        return self.http.request(
            "POST", path, json=definition, call="make property", repeatable=False, ok=(200, 201, 400, 409)
        )

    def sensitive(self, object: str) -> Sequence[Mapping[str, Any]]:
        """Return the properties of an object that are marked as sensitive."""
        query = {"dataSensitivity": SENSITIVE}
        response = self._listed(object, self.path("properties", object), query, "sensitive")
        rows = self.rows(self.body(response), "name")
        return [row for row in rows if row.get("dataSensitivity", SENSITIVE) == SENSITIVE]

    def shows(self, object: str, names: Sequence[str]) -> frozenset[str]:
        """Return those of the properties whose values the token may see, as a record tells; none if there is none."""
        found = set[str]()
        for part in _fitting(names):
            query = {**list_query(None, part), "limit": "1"}
            rows = self.rows(self.body(self._listed(object, self.path("objects", object), query, "sensitive")))
            found |= {name for row in rows for name in row.get("properties") or () if name in part}
        return frozenset(found)

    def rules(self, object: str) -> Sequence[Mapping[str, Any]]:
        """Return the properties of an object that have rules, with these."""
        path = self.path("validations", self.kind(object).type_id)
        return self.rows(self.body(self.http.request("GET", path, call="rules", repeatable=True)), "propertyName")

    def require(self, object: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
        """Raise UnknownField if a property that was asked for is missing from all rows and from the schema.

        [K] HubSpot passes over a property that was deleted; its values must not be taken for blank.
        """
        shown = {name for row in rows for name in row.get("properties") or ()}
        missing = [name for name in names if rows and name not in shown and (object, name) not in self._real]
        if not missing:
            return
        self.believe(object, (str(each["name"]) for each in self.properties(object)))
        for name in missing:
            if not self.is_real(object, [name]):
                hint = f'Restore it in HubSpot, or take "{name}" out of the mappings.'
                raise UnknownField(app=self.app, object=object, field=name, hint=hint)

    def believe(self, object: str, names: Iterable[str]) -> None:
        """Take note of fields that exist, until ``forget_schema``."""
        self._real |= {(object, name) for name in names}

    def is_real(self, object: str, names: Iterable[str]) -> bool:
        """Tell whether all of these fields are known to exist."""
        return self._real.issuperset((object, name) for name in names)

    def forget_schema(self) -> None:
        """Believe no longer that the properties met so far exist: called when a poll begins."""
        self._real.clear()

    def page(self, object: str, after: str | None, names: Sequence[str]) -> tuple[Response, Mapping[str, Any]]:
        """Return a page of the listing, with the values of these properties, and its answer's headers.

        [K] Rows come in the order of ids, so that none is passed over that is there all the time.
        """
        query = list_query(after, names)
        response = self._listed(object, self.path("objects", object), query, "list")
        return response, self.body(response)

    def one(self, object: str, id: str, names: Sequence[str], *, archived: bool = False) -> Mapping[str, Any] | None:
        """Return the record that an id leads to, None if there is none."""
        query = {"archived": str(archived).lower()} | ({"properties": ",".join(names)} if names else {})
        response = self.http.request(
            "GET",
            self.path("objects", object, id),
            query=query,
            call="read one",
            repeatable=True,
            ok=(200, 404),
        )
        return None if response.status == 404 else self.body(response)

    def ask(
        self, object: str, action: str, body: Any, *, call: str, pool: str = "", ok: Container[int] = FOUND
    ) -> Response:
        """Ask a question that HubSpot wants posted; asking twice does no harm."""
        path = f"{self.path('objects', object)}/{action}"
        return self.http.request("POST", path, json=body, pool=pool, call=call, repeatable=True, ok=ok)

    def do(self, object: str, action: str, body: Any, *, call: str, ok: Container[int]) -> Response:
        """Have HubSpot write something; it is sent once."""
        path = f"{self.path('objects', object)}/{action}"
        return self.http.request("POST", path, json=body, call=call, repeatable=False, ok=ok)

    def associations(self, object: str, to: str, action: str, body: Any, *, ok: Container[int]) -> Response:
        """Read, create or archive associations in a batch. Doing any of these twice does no harm."""
        path = f"{self.path('associations', object, to)}/batch/{action}"
        call, pool = f"associations {action.replace('/', ' ')}", "associations"
        return self.http.request("POST", path, json=body, pool=pool, call=call, repeatable=True, ok=ok)

    def labels(self, object: str, to: str) -> Sequence[Mapping[str, Any]]:
        """Return the types that associations can have."""
        path = self.path("associations", object, to, "labels")
        response = self.http.request("GET", path, pool="associations", call="associations labels", repeatable=True)
        return self.rows(self.body(response), "typeId")

    def associated(self, object: str, id: str, to: str, after: str) -> Mapping[str, Any] | None:
        """Return a page of what one record is associated with, None if there is no such record."""
        query = {"limit": "500", **({"after": after} if after else {})}
        path, call = self.path("associated", object, id, "associations", to), "associations read one"
        response = self.http.request(
            "GET", path, query=query, pool="associations", call=call, repeatable=True, ok=(200, 404)
        )
        return None if response.status == 404 else self.body(response)

    def rows(self, body: Mapping[str, Any], key: str = "id") -> Sequence[Mapping[str, Any]]:
        """Return the results of an answer, each with its ``key``; raise ProtocolError where it has none."""
        results = body.get("results")
        if not isinstance(results, list):
            raise ProtocolError(app=self.app, reason="an answer without results")
        if not all(isinstance(each, dict) and each.get(key) for each in results):
            raise ProtocolError(app=self.app, reason=f"a result without {key}")
        return results

    def body(self, response: Response) -> Mapping[str, Any]:
        """Return the JSON object that an answer holds; raise ProtocolError."""
        body = response.json()
        if not isinstance(body, dict):
            raise ProtocolError(app=self.app, reason="an answer that is no object")
        return body

    def said(self, response: Response) -> Problem:
        """Return the problem that a refused call tells of; one without words if its body has none."""
        return self._scrubbed(said_of(response))

    def problems(self, body: Mapping[str, Any]) -> list[Problem]:
        """Return what a multi-status answer tells of single rows."""
        errors = body.get("errors")
        return [self._scrubbed(problem_of(each)) for each in (errors if isinstance(errors, list) else ())]

    def _scrubbed(self, problem: Problem) -> Problem:
        return replace(problem, message=self.http.scrub(problem.message))

    def _listed(self, object: str, path: str, query: Mapping[str, str], call: str) -> Response:
        response = self.http.request("GET", path, query=query, call=call, repeatable=True, ok=(200, 404))
        if response.status == 404:
            raise ObjectGone(app=self.app, object=self.kind(object).label)
        return response


def list_query(after: str | None, names: Sequence[str]) -> dict[str, str]:
    """Return the query of a page of the listing."""
    query = {"limit": "100", "archived": "false"}
    if names:
        query["properties"] = ",".join(names)
    if after:
        query["after"] = after
    return query


def fits_in_query(names: Sequence[str]) -> bool:
    """Tell whether the listing can be asked for the values of so many properties at once."""
    return len(urlencode(list_query("0" * 20, names))) <= LONGEST_QUERY


def _fitting(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the names in parts of which each can be asked for at once."""
    part: list[str] = []
    for name in names:
        if part and not fits_in_query([*part, name]):
            yield part
            part = []
        part.append(name)
    if part:
        yield part
