"""Writing in batches, with one result for every item whatever happens.

Every input carries a trace id, by which HubSpot reports rows one by one. Where it still refuses a batch as
a whole, nothing of it was written, and the batch is halved until the rows at fault stand alone.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.http import Response
from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.facts import FORWARD_ONLY, NOT_CARRIED_OUT
from bothways.connectors.hubspot.problems import Problem, problem_of, said_of
from bothways.connectors.hubspot.values import record_of, to_wire
from bothways.errors import AppError, ObjectGone, OutcomeUnknown, ProtocolError, RateLimited
from bothways.records import is_blank

REFUSALS = frozenset({400, 404, 409, 413, 422})
"""Statuses that refuse a call for what is in it: nothing of it was written."""

_ACTIONS = {
    WriteKind.CREATE: ("batch/create", "create"),
    WriteKind.UPDATE: ("batch/update", "update"),
    WriteKind.ARCHIVE: ("batch/archive", "archive"),
}
Wire = Callable[[WriteItem], Mapping[str, str]]
Results = dict[str, WriteResult]


def write(api: Api, object: str, items: Sequence[WriteItem], wire: Wire, marker: str | None) -> list[WriteResult]:
    """Write the items of one kind and return one result per item, in order.

    ``wire`` turns an item's values into what HubSpot is sent; ``marker`` is the property for the marks of
    creates, if there is one. Raises AppError only where nothing was written.
    """
    results = _write(api, object, items, lambda item: _input(item, wire, marker))
    return [results[item.key] for item in items]


def _write(api: Api, object: str, items: Sequence[WriteItem], build: Callable[[WriteItem], Any]) -> Results:
    """Write a batch, halving it while it is refused as a whole."""
    if not items:
        return {}
    action, call = _ACTIONS[items[0].kind]
    body = {"inputs": [build(item) for item in items]}
    try:
        response = api.do(object, action, body, call=call, ok=FOUND | REFUSALS | NOT_CARRIED_OUT)
        return _results(api, object, items, response) or _halves(api, object, items, build)
    except (OutcomeUnknown, ProtocolError) as error:
        return _all(items, Outcome.UNKNOWN, error.message)
    except RateLimited as error:
        return _all(items, Outcome.LATER, error.message)


def _halves(api: Api, object: str, items: Sequence[WriteItem], build: Callable[[WriteItem], Any]) -> Results:
    """Write both halves of a refused batch; once something was written, no error is raised any more."""
    middle = len(items) // 2
    first = _write(api, object, items[:middle], build)
    try:
        return first | _write(api, object, items[middle:], build)
    except AppError as error:
        if not any(result.outcome in (Outcome.DONE, Outcome.UNKNOWN) for result in first.values()):
            raise
        return first | _all(items[middle:], Outcome.LATER, error.message)


def _results(api: Api, object: str, items: Sequence[WriteItem], response: Response) -> Results | None:
    """Return the results that an answer tells; None if the batch was refused and must be halved."""
    if response.status in NOT_CARRIED_OUT:
        return _all(items, Outcome.LATER, f"HTTP {response.status}")
    if response.status == 404 and not (said_of(response).not_found and items[0].ref):
        raise ObjectGone(app=api.app, object=api.kind(object).label)
    if response.status in REFUSALS:
        problem = said_of(response)
        unique = api.kind(object).unique
        return {items[0].key: _refused(items[0], problem, unique)} if len(items) == 1 else None
    if items[0].kind is WriteKind.ARCHIVE:
        return _all(items, Outcome.DONE)
    return _rows(api, object, items, api.body(response))


def _rows(api: Api, object: str, items: Sequence[WriteItem], body: Mapping[str, Any]) -> Results:
    """Return a result per item from a multi-status answer; an item that it does not name is unknown."""
    kind = api.kind(object)
    modified = kind.modified
    problems = [problem_of(each) for each in body.get("errors") or ()]
    results = {item.key: _refused(item, each, kind.unique) for item in items for each in problems if _names(each, item)}
    open_items = {item.key: item for item in items if item.key not in results}
    unplaced = []
    for row in api.rows(body):
        item = _item_of(row, open_items)
        if item is None:
            unplaced.append(row)
        else:
            del open_items[item.key]
            results[item.key] = _done(item, row, modified)
    for row in unplaced:
        alike = [item for item in open_items.values() if _holds(row, item)]
        if len(alike) == 1:
            del open_items[alike[0].key]
            results[alike[0].key] = _done(alike[0], row, modified)
    return results | _all(list(open_items.values()), Outcome.UNKNOWN, "not named in the answer")


def _names(problem: Problem, item: WriteItem) -> bool:
    return item.key in problem.traces or (item.ref is not None and item.ref.id in problem.ids)


def _item_of(row: Mapping[str, Any], items: Mapping[str, WriteItem]) -> WriteItem | None:
    """Return the item that a row answers: by its trace id, else by its record id."""
    traced = items.get(str(row.get("objectWriteTraceId") or ""))
    if traced is not None:
        return traced
    return next((item for item in items.values() if item.ref is not None and item.ref.id == str(row["id"])), None)


def _holds(row: Mapping[str, Any], item: WriteItem) -> bool:
    """Tell whether a row shows what was sent for an item that is to be made, case and blanks apart."""
    shown = row.get("properties") or {}
    sent = {name: to_wire(value) for name, value in item.values.items() if not is_blank(value)}
    return (
        item.ref is None
        and bool(sent)
        and all(_folded(shown.get(name)) == _folded(value) for name, value in sent.items())
    )


def _folded(value: Any) -> str:
    return str(value or "").strip().casefold()


def _done(item: WriteItem, row: Mapping[str, Any], modified: str) -> WriteResult:
    """Return what was written; a stage that HubSpot has kept, the call's success notwithstanding, is named."""
    shown = [name for name in item.values if name in (row.get("properties") or {})]
    record = record_of(row, modified, shown)
    kept = FORWARD_ONLY in shown and record.values[FORWARD_ONLY] != (item.values[FORWARD_ONLY] or None)
    if not kept:
        return WriteResult(item.key, Outcome.DONE, record)
    message = (
        f'"{FORWARD_ONLY}" only moves forward, unless it is cleared first; it stays "{record.values[FORWARD_ONLY]}"'
    )
    return WriteResult(item.key, Outcome.DONE, record, fields=(FORWARD_ONLY,), message=message)


def _refused(item: WriteItem, problem: Problem, unique: AbstractSet[str]) -> WriteResult:
    """Return what a refusal is for an item: only a create can be the duplicate of a record.

    ``unique`` are the properties that another record may hold the value of.
    """
    if problem.existing_id and item.kind is WriteKind.CREATE:
        return WriteResult(
            item.key, Outcome.DUPLICATE, existing_id=problem.existing_id, fields=problem.fields, message=problem.message
        )
    if problem.category == "RATE_LIMITS":
        return WriteResult(item.key, Outcome.LATER, message=problem.message)
    if problem.not_found and item.kind is not WriteKind.CREATE:
        return WriteResult(item.key, Outcome.GONE, message=problem.message)
    named = problem.fields or (sorted(unique) if problem.existing_id else ())
    fields = tuple(name for name in named if name in item.values)
    return WriteResult(item.key, Outcome.REFUSED, fields=fields, message=problem.message or problem.category)


def _all(items: Sequence[WriteItem], outcome: Outcome, message: str = "") -> Results:
    return {item.key: WriteResult(item.key, outcome, message=message) for item in items}


def _input(item: WriteItem, wire: Wire, marker: str | None) -> dict[str, Any]:
    """Return one input of a batch."""
    ref = {"id": item.ref.id} if item.ref else {}
    if item.kind is WriteKind.ARCHIVE:
        return ref
    properties = dict(wire(item))
    if marker and item.marker and item.kind is WriteKind.CREATE:
        properties[marker] = item.marker
    return {**ref, "properties": properties, "objectWriteTraceId": item.key}
