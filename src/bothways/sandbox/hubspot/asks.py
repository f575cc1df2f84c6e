"""One call as the handlers see it, and what they answer."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from bothways.sandbox.hubspot.crm import Crm, shown
from bothways.sandbox.hubspot.hooks import Hooks
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import CONTACTS, Kind
from bothways.sandbox.hubspot.store import Row
from bothways.sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from bothways.sandbox.hubspot.journal import Journal
    from bothways.sandbox.hubspot.oauth import Desk

PLAIN = "non_sensitive"

Query = Mapping[str, Sequence[str]]
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""A status and what the body holds (None: there is none), and headers, if there are any."""


@dataclass(slots=True)
class Ask:
    """One call. ``arg`` is the id or name in the path, ``here`` the address that links go to.

    ``cap`` is where search ends; ``echo`` says whether rows repeat the trace ids of their inputs, ``by_row``
    whether refusals are reported by them. ``hooks`` sends the webhooks, ``desk`` lets apps in. ``now`` is in seconds.
    ``journal`` is written down, ``local``: it is asked about one account; ``scopes``: those of the token, None for all.
    """

    crm: Crm
    kind: Kind = CONTACTS
    arg: str = ""
    here: str = ""
    query: Query = field(default_factory=dict)
    raw: bytes = b""
    cap: int = 10_000
    echo: bool = True
    by_row: bool = True
    hooks: Hooks | None = None
    desk: "Desk | None" = None
    now: float = 0.0
    journal: "Journal | None" = None
    local: bool = False
    scopes: AbstractSet[str] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; raise Refused if it is none."""
        body = self._json(b"{}")
        if not isinstance(body, dict):
            raise Refused(400, "Invalid input JSON: it must be an object")
        return body

    @property
    def list_body(self) -> list[Any]:
        """The JSON list that was sent; raise Refused if it is none."""
        body = self._json(b"[]")
        if not isinstance(body, list):
            raise Refused(400, "Invalid input JSON: it must be a list")
        return body

    def _json(self, nothing: bytes) -> Any:
        try:
            return orjson.loads(self.raw or nothing)
        except orjson.JSONDecodeError as error:
            raise Refused(400, "Invalid input JSON") from error

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next(iter(self.query.get(name, ())), default)

    @property
    def archived(self) -> bool:
        """Whether the call is about the recycle bin."""
        return self.first("archived").lower() == "true"

    @property
    def names(self) -> list[str]:
        """The properties asked for in the query; the ones shown by default if there are none."""
        return self.listed("properties") or list(self.kind.shown)

    def listed(self, name: str) -> list[str]:
        """Return all values of a query parameter, be they repeated or divided by commas."""
        return [each for text in self.query.get(name, ()) for each in text.split(",") if each]

    def show(self, row: Row, names: Sequence[str]) -> dict[str, Any]:
        """Return a record as answers show it."""
        body = shown(self.kind, row, self.seen(names), self.crm.properties[self.kind.name])
        if "gone-properties-shown" in self.crm.otherwise:
            body["properties"] = {**dict.fromkeys(names), **body["properties"]}
        return body

    def seen(self, names: Sequence[str]) -> list[str]:
        """Return those of the properties whose values the token may see: of sensitive ones, by a scope of their own."""
        definitions = self.crm.properties[self.kind.name]
        kinds = ((name, definitions.get(name, {}).get("dataSensitivity", PLAIN)) for name in names)
        return [name for name, how in kinds if how == PLAIN or self.may(f"{how}.read")]

    def may(self, what: str) -> bool:
        """Tell whether the token has the scope that goes with the kind of record, such as "sensitive.read"."""
        return self.scopes is None or f"crm.objects.{self.kind.name}.{what}.v2" in self.scopes

    def link(self, **changed: str) -> str:
        """Return the address of this call with other query parameters."""
        return f"{self.here}?{urlencode({**self.query, **changed}, doseq=True)}"


def inputs_of(body: Mapping[str, Any], most: int) -> Sequence[Mapping[str, Any]]:
    """Return the inputs of a batch; raise Refused if they are no list of objects, or too many."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise Refused(400, "inputs must be a list of objects")
    if len(inputs) > most:
        raise Refused(400, f"The maximum batch size is {most}, but {len(inputs)} inputs were sent")
    return inputs


def batch_answer(ask: Ask, results: Sequence[Any], errors: Sequence[Any], status: int) -> Answer:
    """Return the answer to a batch, which has status 207 if there are error rows."""
    now = iso(ask.crm.now)
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return (207, {**body, "numErrors": len(errors), "errors": errors}) if errors else (status, body)


def sent_properties(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties in a body or in an input of a batch; raise Refused if they are no object."""
    sent = body.get("properties") or {}
    if not isinstance(sent, dict):
        raise Refused(400, "properties must be an object")
    return sent


def some_properties(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties in the body of a call about one record; raise Refused if there are none [C]."""
    sent = sent_properties(body)
    if not sent:
        message = "No properties found to update, please provide at least one."
        raise Refused(400, message, context={"properties": ["{}"]})
    return sent
