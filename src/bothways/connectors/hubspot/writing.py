"""Writing in batches, with one result for every item whatever happens.

Every input carries a trace id, by which HubSpot reports rows one by one. Where it still refuses a batch as
a whole, nothing of it was written, and the batch is halved until the rows at fault stand alone.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.http import Response
from bothways.connectors.hubspot import associating, associations
from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.associating import lacking
from bothways.connectors.hubspot.facts import FORWARD_ONLY, NOT_CARRIED_OUT
from bothways.connectors.hubspot.objects import Reference
from bothways.connectors.hubspot.problems import NOT_FOUND, Problem
from bothways.connectors.hubspot.values import record_of, to_wire
from bothways.errors import AppError, ObjectGone, OutcomeUnknown, ProtocolError, QuotaUsedUp, RateLimited

REFUSALS = frozenset({400, 404, 409, 413, 422})
"""Statuses that refuse a call for what is in it: nothing of it was written."""

_ACTIONS = {
    WriteKind.CREATE: ("batch/create", "create"),
    WriteKind.UPDATE: ("batch/update", "update"),
    WriteKind.ARCHIVE: ("batch/archive", "archive"),
}
"""The calls. No upsert is among them: [K] one row that conflicts makes it fail as a whole."""
Wire = Callable[[WriteItem], Mapping[str, str]]
Results = dict[str, WriteResult]
Row = Mapping[str, Any]


def write(api: Api, object: str, items: Sequence[WriteItem], wire: Wire, marker: str | None) -> list[WriteResult]:
    """Write the items of one kind and return one result per item, in order.

    ``wire`` turns an item's values into what HubSpot is sent; ``marker`` is the property for the marks of
    creates, if there is one. Raises AppError only where nothing was written.
    """
    plain = {item.key: replace(item, values=associations.properties_of(item.values)) for item in items}
    if not items or items[0].kind is not WriteKind.UPDATE:
        refused = {item.key: _incomplete(item, each) for item in items if (each := lacking(api, object, item))}
        more = {item.key: associating.inline(api, object, item) for item in items}
        sent = [each for key, each in plain.items() if key not in refused]
        results = _write(api, object, sent, lambda item: _input(item, wire, marker, more[item.key])) | refused
        results |= associating.read_back(api, object, items, results)
        return [results[item.key] for item in items]
    done = associating.write(api, object, items)
    rest = [plain[item.key] for item in items if plain[item.key].values and _may_go_on(done.get(item.key))]
    try:
        results = _write(api, object, rest, lambda item: _input(item, wire, marker, ()))
    except AppError as error:
        if not done:
            raise
        results = _all(rest, Outcome.LATER, error.message)
    return [_together(done.get(item.key), results.get(item.key)) for item in items]


def _incomplete(item: WriteItem, lacking: Reference) -> WriteResult:
    """Return the refusal of a new record that is associated with nothing of what it must be associated with."""
    message = f"HubSpot makes no such record without one of {lacking.label} that it belongs to, and it has none"
    return WriteResult(item.key, Outcome.REFUSED, fields=(lacking.field,), message=message)


def _may_go_on(done: WriteResult | None) -> bool:
    return done is None or done.outcome is Outcome.DONE


def _together(associated: WriteResult | None, written: WriteResult | None) -> WriteResult:
    """Return the result of an item whose associations were written first, and then its properties.

    It is unknown if the properties were not, since what is refused or left for later counts as not written at all.
    """
    if associated is not None and written is not None and written.outcome in (Outcome.REFUSED, Outcome.LATER):
        return replace(written, outcome=Outcome.UNKNOWN)
    if written is None or associated is None or associated.record is None or written.record is None:
        return written or associated or WriteResult("", Outcome.UNKNOWN)
    return replace(
        written, record=replace(written.record, values={**written.record.values, **associated.record.values})
    )


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
    except QuotaUsedUp:
        raise  # nothing of it was sent, and nothing will be today
    except RateLimited as error:
        return _all(items, Outcome.LATER, error.message)


def _halves(api: Api, object: str, items: Sequence[WriteItem], build: Callable[[WriteItem], Any]) -> Results:
    """Write both halves of a refused batch; once something was written, no error is raised any more.

    [K] A batch that names a record twice is one of those that are refused as a whole.
    """
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
    if response.status == 404 and not (items[0].ref and api.said(response).category in ("", NOT_FOUND)):
        raise ObjectGone(app=api.app, object=api.kind(object).label)
    if response.status in REFUSALS:
        if len(items) > 1:
            return None
        problem = api.said(response)
        if response.status == 404:
            problem = replace(problem, category=NOT_FOUND)
        return {items[0].key: _refused(items[0], problem, api.kind(object).unique)}
    if items[0].kind is WriteKind.ARCHIVE:
        refused = _refusals(items, api.problems(api.body(response)), frozenset()) if response.status != 204 else {}
        return _all(items, Outcome.DONE) | refused
    return _rows(api, object, items, api.body(response))


def _rows(api: Api, object: str, items: Sequence[WriteItem], body: Mapping[str, Any]) -> Results:
    """Return a result per item from a multi-status answer; an item that it does not name is unknown."""
    kind = api.kind(object)
    modified = kind.modified
    problems = api.problems(body)
    results = _refusals(items, problems, kind.unique)
    open_items = {item.key: item for item in items if item.key not in results}
    unplaced = []
    for row in api.rows(body):
        item = _item_of(row, open_items)
        if item is None:
            unplaced.append(row)
        else:
            del open_items[item.key]
            results[item.key] = _done(item, row, modified)
    creates = [item for item in open_items.values() if item.ref is None]
    sent = sorted({name for item in creates for name in item.values})
    for names in (sorted(kind.unique & set(sent)), sent):
        for item, row in _alike(creates, unplaced, names):
            if item.key in open_items:
                del open_items[item.key]
                unplaced.remove(row)
                results[item.key] = _done(item, row, modified)
    return results | _all(list(open_items.values()), Outcome.UNKNOWN, "not named in the answer")


def _refusals(items: Sequence[WriteItem], problems: Sequence[Problem], unique: AbstractSet[str]) -> Results:
    """Return the results of the items that error rows name."""
    return {item.key: _refused(item, each, unique) for item in items for each in problems if _names(each, item)}


def _names(problem: Problem, item: WriteItem) -> bool:
    if problem.traces:
        return item.key in problem.traces
    return item.ref is not None and item.ref.id in problem.ids


def _alike(items: Sequence[WriteItem], rows: Sequence[Row], names: Sequence[str]) -> list[tuple[WriteItem, Row]]:
    """Return the items and rows that hold the same in these properties, case and blanks apart.

    Only where each is like no other: what is taken for the answer to a create will be linked.
    """
    items_of, rows_of = defaultdict(list), defaultdict(list)
    for item in items:
        items_of[tuple(_folded(to_wire(item.values.get(name))) for name in names)].append(item)
    for row in rows:
        shown = row.get("properties") or {}
        rows_of[tuple(_folded(shown.get(name)) for name in names)].append(row)
    return [
        (alike[0], rows_of[held][0])
        for held, alike in items_of.items()
        if any(held) and len(alike) == 1 and len(rows_of[held]) == 1
    ]


def _item_of(row: Row, items: Mapping[str, WriteItem]) -> WriteItem | None:
    """Return the item that a row answers: by its trace id, which [K] rows repeat, else by its record id."""
    traced = items.get(str(row.get("objectWriteTraceId") or ""))
    if traced is not None:
        return traced
    return next((item for item in items.values() if item.ref is not None and item.ref.id == str(row["id"])), None)


def _folded(value: Any) -> str:
    return str(value or "").strip().casefold()


def _done(item: WriteItem, row: Row, modified: str) -> WriteResult:
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

    ``unique`` are the properties that another record may hold the value of. [K] A record in the recycling bin holds
    none any more, so that a live record is named.
    """
    named = problem.fields or (tuple(sorted(unique)) if problem.existing_id else ())
    if problem.existing_id and named and item.kind is WriteKind.CREATE:
        return WriteResult(
            item.key, Outcome.DUPLICATE, existing_id=problem.existing_id, fields=named, message=problem.message
        )
    if problem.later:
        return WriteResult(item.key, Outcome.LATER, message=problem.message)
    if problem.broken:
        return WriteResult(item.key, Outcome.UNKNOWN, message=problem.message)
    if problem.not_found and item.kind is not WriteKind.CREATE:
        return WriteResult(item.key, Outcome.GONE, message=problem.message)
    fields = tuple(name for name in named if name in item.values)
    if not fields and item.kind is WriteKind.UPDATE:  # the rest of a record that is there can do without that value
        fields = tuple(name for name in problem.triggers if name in item.values)
    return WriteResult(item.key, Outcome.REFUSED, fields=fields, message=problem.message or problem.category)


def _all(items: Sequence[WriteItem], outcome: Outcome, message: str = "") -> Results:
    return {item.key: WriteResult(item.key, outcome, message=message) for item in items}


def _input(item: WriteItem, wire: Wire, marker: str | None, associated: Sequence[Row]) -> dict[str, Any]:
    """Return one input of a batch; ``associated`` is what a new record is associated with."""
    ref = {"id": item.ref.id} if item.ref else {}
    if item.kind is WriteKind.ARCHIVE:
        return ref
    properties = dict(wire(item))
    if marker and item.marker and item.kind is WriteKind.CREATE:
        properties[marker] = item.marker
    more = {"associations": list(associated)} if associated else {}
    return {**ref, "properties": properties, **more, "objectWriteTraceId": item.key}
