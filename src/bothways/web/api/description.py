"""The description of the API (OpenAPI): addresses and parameters by django-ninja, answers and refusals from ours."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from bothways import errors as e
from bothways.errors import BothwaysError
from bothways.service.rights import Role
from bothways.web.api import PREFIX
from bothways.web.api.calls import CALLS, KEY, LONGEST_KEY, Body, Call, api
from bothways.web.api.problems import KIND, status_of, title_of
from bothways.web.api.shapes import PROBLEM, PROBLEM_SCHEMA, Schema, schema_of

ALWAYS = (e.TokenRefused, e.LedgerError, e.DatabaseLocked, e.OurFault)
"""What every call may be refused for."""

_KEY = {
    "in": "header",
    "name": KEY,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    "description": "The same key with the same call gives the same answer for a day, and does it once.",
}


@cache
def openapi() -> bytes:
    """Return the whole description."""
    found = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX.strip("/"))))
    schemas: dict[str, Schema] = {PROBLEM: PROBLEM_SCHEMA}
    for address in found["paths"].values():
        for operation in address.values():
            call = CALLS[operation["operationId"]]
            operation["responses"] = _responses(call, operation, schemas)
            operation["x-role"] = str(call.role)
            if call.method == "POST":
                operation["parameters"].append(_KEY)
    bodies = found["components"]["schemas"]
    if twice := schemas.keys() & bodies.keys():
        raise TypeError(f"two schemas are called {', '.join(twice)}")
    bodies.update(schemas)
    return json.dumps(found, ensure_ascii=False).encode()


def _responses(call: Call, operation: dict[str, Any], schemas: dict[str, Schema]) -> dict[str, Any]:
    right: dict[str, Any] = {"description": "Done." if call.method != "GET" else "Found."}
    if call.answer is not None:
        kind, schema = _answered(call, schemas)
        right["content"] = {kind: {"schema": schema}}
    by_status: dict[int, list[type[BothwaysError]]] = {}
    for refusal in dict.fromkeys(_refusals(call, operation)):
        by_status.setdefault(status_of(refusal), []).append(refusal)
    problems = {
        str(status): {
            "description": "; ".join(f"{title_of(each)} ({each.code})" for each in refusals) + ".",
            "content": {KIND: {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}},
        }
        for status, refusals in sorted(by_status.items())
    }
    return {str(call.status): right, **problems}


def _refusals(call: Call, operation: dict[str, Any]) -> Iterable[type[BothwaysError]]:
    yield from ALWAYS
    yield from call.refused
    if call.role is not Role.VIEWER:
        yield e.NotAllowed
    if operation["parameters"] or "requestBody" in operation or call.method == "POST":
        yield e.CallRefused
    if "requestBody" in operation:
        yield e.CallTooLong
    if call.method == "POST":
        yield e.KeyUsedOtherwise
        yield e.KeyTaken


def _answered(call: Call, schemas: dict[str, Schema]) -> tuple[str, Schema]:
    if isinstance(call.answer, str):
        return call.answer, {"type": "object"}
    if isinstance(call.answer, type) and issubclass(call.answer, Body):
        schemas[call.answer.__name__] = call.answer.model_json_schema()
        return "application/json", {"$ref": f"#/components/schemas/{call.answer.__name__}"}
    schema = schema_of(call.answer, schemas)
    if call.page:
        schema = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": schema},
                "next": {
                    "anyOf": [{"type": "string"}, {"type": "null"}],
                    "description": "The address of the next page, null if this is the last one.",
                },
            },
            "required": ["items", "next"],
        }
    return "application/json", schema
