"""What HubSpot says when it refuses something. Every part of its error bodies is optional."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bothways.connectors.base import REJECTED
from bothways.connectors.http import Response, Spent, plain_words
from bothways.connectors.hubspot.facts import NOT_CARRIED_OUT, PURPOSES
from bothways.errors import ProtocolError

NOT_FOUND = "OBJECT_NOT_FOUND"
RATE_LIMITS = frozenset({"RATE_LIMITS", "RATE_LIMIT"})

LONGEST_NUMBER = 12
"""Digits of a status, or of a limit."""

LONGEST_INTERVAL = 300_000
"""Milliseconds of a limit: who believed in a longer one would stand still."""

_BASED_ON = re.compile(r"\[([A-Za-z0-9_]+)\]")
_MAY_NOT_ASSOCIATE = "'Edit Associations'"

_POLICIES = {"DAILY": Spent.DAY, "TEN_SECONDLY_ROLLING": Spent.ALL}
_EXISTING = re.compile(r"Existing ID:\s*(\d+)", re.IGNORECASE)
_NESTED = re.compile(r"\[\s*\{.*\}\s*\]", re.DOTALL)

_TAKEN = "CONFLICTING_UNIQUE_VALUE"
"""[K] The code of a refused value that must be unique, and that another record has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: of a row if ``traces`` or ``ids`` name rows, else of the whole call.

    ``triggers``: properties with values for which a rule demands one of another property. ``taken``: a value that must
    be unique was refused, since another record has it.
    """

    category: str
    message: str
    fields: tuple[str, ...] = ()
    existing_id: str | None = None
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    status: int = 0
    triggers: tuple[str, ...] = ()
    taken: bool = False

    @property
    def not_found(self) -> bool:
        """The record does not exist, or no longer."""
        return self.category == NOT_FOUND

    @property
    def later(self) -> bool:
        """It was surely not carried out, and may be when asked again."""
        return self.category in RATE_LIMITS or self.status in NOT_CARRIED_OUT

    @property
    def broken(self) -> bool:
        """HubSpot failed at it, and does not say how far it came."""
        return self.status >= 500 or self.category == "INTERNAL_ERROR"


def problem_of(body: Any) -> Problem:
    """Return the problem that an error body, or an error row of a 207, tells of."""
    if not isinstance(body, dict):
        return Problem("", str(body))
    message = str(body.get("message") or "")
    context = _object(body.get("context"))
    nested = list(_nested(message))
    found = _EXISTING.search(message) or _EXISTING.search(str(body.get("errors") or ""))
    existing = found.group(1) if found else next(_texts(context.get("existingObjectId")), None)
    return Problem(
        str(body.get("category") or body.get("errorType") or "").upper(),
        "; ".join(dict.fromkeys(_rejections(body))) or _sentence(message, nested),
        tuple(dict.fromkeys(_fields(body, nested))),
        existing,
        tuple(_texts(context.get("objectWriteTraceId"))),
        tuple(_texts(context.get("ids") or context.get("id") or context.get("fromObjectId"))),
        _number(body.get("status")) or 0,
        tuple(
            dict.fromkeys(found[1] for each in _errors(body) if (found := _BASED_ON.search(str(each.get("message")))))
        ),
        _TAKEN in (*(each.get("error") for each in nested), *(each.get("code") for each in _errors(body))),
    )


def said_of(response: Response) -> Problem:
    """Return the problem that a refused call tells of; one without words if its body has none."""
    return problem_of(_body(response))


def words_of(response: Response) -> str:
    """Return HubSpot's own sentence about a refused call; for missing permissions, their names and what each is for.

    It names all that a call may need, and not which of them are there.
    """
    body = _body(response)
    scopes = [f"{each} ({PURPOSES[each]})" if each in PURPOSES else each for each in sorted(set(_scopes(body)))]
    if scopes:
        which = "one or more of the scopes" if len(scopes) > 1 else "the scope"
        return f"the token lacks {which} {', '.join(scopes)}"
    return problem_of(body).message or plain_words(response)


def limit_of(headers: Mapping[str, str]) -> tuple[int, float, int | None] | None:
    """Return calls, seconds and remaining calls of the limit that an answer's headers tell of."""
    most, millis, left = (
        _number(headers.get(f"X-HubSpot-RateLimit-{name}")) for name in ("Max", "Interval-Milliseconds", "Remaining")
    )
    return None if most is None or millis is None or millis > LONGEST_INTERVAL else (most, millis / 1000, left)


def day_of(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the calls a day that an answer's headers tell of, and those that remain."""
    most, left = (_number(headers.get(f"X-HubSpot-RateLimit-{name}")) for name in ("Daily", "Daily-Remaining"))
    return None if not most or left is None else (most, left)


def spent(response: Response) -> Spent:
    """Return which of HubSpot's limits a 429 speaks of."""
    policy = str(_body(response).get("policyName") or "").upper()
    return _POLICIES.get(policy, Spent.POOL)


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ProtocolError:
        return {}
    return body if isinstance(body, dict) else {}


def _number(value: Any) -> int | None:
    """Return the number that a text is; None for what is none, or for more than anything can be."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sentence(message: str, nested: list[Mapping[str, Any]]) -> str:
    """Return the message for people: of a list of JSON inside it, only the sentences."""
    inner = [str(each["message"]) for each in nested if each.get("message")]
    return "; ".join(inner) if inner else message


def _errors(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = body.get("errors")
    yield from map(_object, errors if isinstance(errors, list) else ())


def _rejections(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words what rules of whole records refuse, which administrators set (version 2026-09 of the API).

    Source: changelog "CRM API write validation enforcement".
    """
    for error in _errors(body):
        code, message = error.get("code"), str(error.get("message") or "")
        what = " and ".join(f'"{name}"' for name in _texts(_object(error.get("context")).get("propertyName")))
        if code == "MISSING_CONDITIONAL_REQUIRED_PROPERTY" and what:
            trigger = _BASED_ON.search(message)
            occasion = f'with this value of "{trigger[1]}"' if trigger else "in this case"
            yield f'{REJECTED} "conditionally required property": {what} must have a value {occasion}'
        elif code == "MISSING_REQUIRED_PROPERTY" and what:
            yield f'{REJECTED} "required to create a record": {what} must have a value'
    if _MAY_NOT_ASSOCIATE in str(body.get("message")):
        yield f'{REJECTED} "Edit Associations": whoever signed in may not change in HubSpot what belongs to what'


def _fields(body: Mapping[str, Any], nested: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the properties that a refusal names. [K] That of a wrong value (400) does, in one of these places."""
    yield from _texts(_object(body.get("context")).get("propertyName"))
    for error in _errors(body):
        yield from _texts(_object(error.get("context")).get("propertyName"))
        yield from _texts(error.get("in"))
        yield from (str(each["name"]) for each in _nested(str(error.get("message") or "")) if each.get("name"))
    yield from (str(each["name"]) for each in nested if each.get("name"))


def _nested(message: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON array that stands as text inside a message."""
    found = _NESTED.search(message)
    if not found:
        return
    try:
        parsed = orjson.loads(found.group())
    except orjson.JSONDecodeError:
        return
    yield from (each for each in parsed if isinstance(each, dict))


def _scopes(value: Any) -> Iterator[str]:
    """Yield all scopes named anywhere in an error body."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("requiredGranularScopes", "requiredScopes"):
                yield from _texts(inner)
            else:
                yield from _scopes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scopes(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (str(each) for each in value)
    elif value not in (None, ""):
        yield str(value)
