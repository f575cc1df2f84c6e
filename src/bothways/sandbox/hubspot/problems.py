"""Refusals: what HubSpot answers when it does not do what it is asked."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

PORTAL = 48_151_623


@dataclass(frozen=True, slots=True)
class BadValue:
    """One property value that is not accepted: its name, HubSpot's code, and a sentence."""

    name: str
    code: str
    message: str


@dataclass(slots=True)
class Refused(Exception):
    """A refusal with its HTTP status; ``context``, ``errors`` and ``sub`` are as HubSpot's error bodies have them."""

    status: int
    message: str
    category: str = "VALIDATION_ERROR"
    errors: Sequence[Mapping[str, Any]] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    sub: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.category}: {self.message}"

    def body(self) -> dict[str, Any]:
        """Return the body of an answer that refuses a whole call."""
        return {**self._common(), "correlationId": str(uuid.uuid4()), **self.more}

    def row(self, trace: str | None = None) -> dict[str, Any]:
        """Return the entry for one row in a multi-status answer: it always has errors, context and links."""
        body = {"errors": [], "context": {}, "links": {}, **self._common()}
        if trace is not None:
            body["context"] = {**self.context, "objectWriteTraceId": [trace]}
        return body

    def _common(self) -> dict[str, Any]:
        body: dict[str, Any] = {"status": "error", "message": self.message, "category": self.category}
        if self.sub:
            body["subCategory"] = self.sub
        if self.errors:
            body["errors"] = list(self.errors)
        if self.context:
            body["context"] = dict(self.context)
        return body


def invalid_values(problems: Sequence[BadValue], *, named: bool = True) -> Refused:
    """Return the refusal of values: HubSpot puts a list of JSON as text into the message.

    ``named``: whether it says of which properties they are.
    """
    if not named:
        return Refused(400, "Property values were not valid")
    inner = [
        {"isValid": False, "message": each.message, "error": each.code, "name": each.name, "portalId": PORTAL}
        for each in problems
    ]
    errors = [
        {"message": each.message, "code": each.code, "context": {"propertyName": [each.name]}} for each in problems
    ]
    return Refused(400, "Property values were not valid: " + orjson.dumps(inner).decode(), errors=errors)


def conflict(label: str, id: int) -> Refused:
    """Return the refusal of a record whose unique value another one holds, by its id; 0: that is not told."""
    return Refused(409, f"{label} already exists." + (f" Existing ID: {id}" if id else ""), "CONFLICT")


def not_found() -> Refused:
    """Return the refusal of a call for something that does not exist."""
    return Refused(404, "resource not found", "OBJECT_NOT_FOUND")


def not_numeric(id: str) -> Refused:
    """Return the refusal of a call for a record whose id is no number [C]."""
    message = "Object not found.  objectId are usually numeric."
    return Refused(404, message, "OBJECT_NOT_FOUND", context={"id": [id]})


def rows_not_found(label: str, ids: Sequence[str]) -> Refused:
    """Return the entry of a multi-status answer for ids that do not exist."""
    message = f"Could not get some {label.upper()} objects, they may be deleted or not exist. Check that ids are valid."
    return Refused(404, message, "OBJECT_NOT_FOUND", context={"ids": list(ids)})


def ordered(status: int) -> Refused:
    """Return the refusal of a status that was ordered as a fault."""
    category = {400: "VALIDATION_ERROR", 409: "CONFLICT"}.get(status, "INTERNAL_ERROR")
    return Refused(status, "refused by order" if status < 500 else "internal error", category)


def unauthorized() -> Refused:
    """Return the refusal of a call without a known token."""
    return Refused(401, "Authentication credentials not found or not valid.", "INVALID_AUTHENTICATION")


def expired(seconds: float) -> Refused:
    """Return the refusal of a call with an access token that has ended so long ago [C]."""
    message = f"The OAuth token used to make this call expired {int(seconds)} second(s) ago."
    return Refused(401, message, "EXPIRED_AUTHENTICATION")


def missing_scopes(scopes: Sequence[str]) -> Refused:
    """Return the refusal of a call that the token's scopes do not cover."""
    inner = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    return Refused(403, "This app has not been granted all scopes that this call requires.", "MISSING_SCOPES", [inner])


def rate_limited(policy: str) -> Refused:
    """Return the refusal of a call above a limit: TEN_SECONDLY_ROLLING, SECONDLY or DAILY."""
    more = {"errorType": "RATE_LIMIT", "policyName": policy}
    return Refused(429, f"You have reached your {policy.lower()} limit.", "RATE_LIMITS", more=more)
