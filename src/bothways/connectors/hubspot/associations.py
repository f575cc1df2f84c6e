"""Which records belong together: read in batches beside the properties, and written as what was added and taken away.

An association is a field of the record that belongs: ``associations.companies`` of a contact is the list of its
companies, the primary one first. Properties of HubSpot have no dot in their names.

Source: associations guide and descriptions of version 2026-03 of the API (those of 2026-09 omit multi-status answers).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.facts import ASSOCIATIONS_ARCHIVED, ASSOCIATIONS_CREATED, ASSOCIATIONS_READ
from bothways.connectors.hubspot.objects import ASSOCIATED, REFERENCES, Reference
from bothways.errors import AppError, AppFailed, OutcomeUnknown, ProtocolError, RateLimited
from bothways.records import Field, FieldType, Record, Value, ids_of

REFUSALS = frozenset({400, 404, 409, 413, 422})
Row = Mapping[str, Any]


def fields_of(object: str) -> list[Field]:
    """Return the associations of an object as fields."""
    return [
        Field(
            each.field,
            FieldType.REFERENCE,
            label=each.label,
            multi_valued=True,
            refers_to=each.to,
            primary_first=each.primary is not None,
        )
        for each in REFERENCES.get(object, ())
    ]


def properties_in(names: Sequence[str]) -> list[str]:
    """Return those of the field names that are properties."""
    return [name for name in names if not name.startswith(ASSOCIATED)]


def properties_of(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return those of the values that are of properties."""
    return {name: value for name, value in values.items() if not name.startswith(ASSOCIATED)}


# --- reading ------------------------------------------------------------------------------------------


def completed(api: Api, object: str, records: Sequence[Record], names: Sequence[str]) -> list[Record]:
    """Return records with what they are associated with, for those of the field names that are associations."""
    wanted = [each for each in REFERENCES.get(object, ()) if each.field in names]
    ids = [record.id for record in records]
    held = {each.field: _read(api, object, each, ids) for each in wanted} if ids else {}
    return [
        replace(record, values={**record.values, **{name: held[name].get(record.id, []) for name in held}})
        for record in records
    ]


def _read(api: Api, object: str, reference: Reference, ids: Sequence[str]) -> dict[str, list[Value]]:
    """Return per record the ids that it refers to, the primary one first, the others in their order."""
    rows: dict[str, list[Row]] = {id: [] for id in ids}
    inputs: list[dict[str, str]] = [{"id": id} for id in dict.fromkeys(ids)]
    while inputs:
        batch, inputs = inputs[:ASSOCIATIONS_READ], inputs[ASSOCIATIONS_READ:]
        body = api.body(api.associations(object, reference.to, "read", {"inputs": batch}, ok=FOUND))
        told = _told_empty(api, body)
        for each in api.rows(body, "from"):
            id = str((each["from"] or {}).get("id"))
            told.add(id)
            rows.setdefault(id, []).extend(each.get("to") or ())
            after = ((each.get("paging") or {}).get("next") or {}).get("after")
            inputs += [{"id": id, "after": str(after)}] if after else []
        for id in {each["id"] for each in batch} - told:
            rows[id] += _read_one(api, object, reference, id)
    return {id: list(_in_order(each, reference)) for id, each in rows.items()}


def _told_empty(api: Api, body: Row) -> set[str]:
    """Return the records that an answer says are associated with nothing; raise AppFailed for any other problem."""
    problems = api.problems(body)
    failed = next((each for each in problems if not each.not_found), None)
    if failed is not None:
        raise AppFailed(app=api.app, status=failed.status, reason=failed.message)
    return {id for each in problems for id in each.ids}


def _read_one(api: Api, object: str, reference: Reference, id: str) -> list[Row]:
    """Ask for one record that a batch has passed over in silence: silence proves nothing."""
    rows: list[Row] = []
    after: str | None = ""
    while after is not None:
        body = api.associated(object, id, reference.to, after)
        rows += api.rows(body, "toObjectId") if body is not None else []
        after = (((body or {}).get("paging") or {}).get("next") or {}).get("after")
    return rows


def _in_order(rows: Sequence[Row], reference: Reference) -> Iterator[str]:
    def place(row: Row) -> tuple[bool, int]:
        types = {each.get("typeId") for each in row.get("associationTypes") or ()}
        return reference.primary not in types, int(row["toObjectId"])

    yield from dict.fromkeys(str(row["toObjectId"]) for row in sorted(rows, key=place))


# --- writing ------------------------------------------------------------------------------------------


def inline(object: str, item: WriteItem) -> list[dict[str, Any]]:
    """Return what a new record is associated with, as it stands in the input that creates it."""
    return [
        {"to": {"id": id}, "types": _types(each, main=place == 0)}
        for each in REFERENCES.get(object, ())
        for place, id in enumerate(ids_of(item.values.get(each.field)))
    ]


def write(api: Api, object: str, items: Sequence[WriteItem]) -> dict[str, WriteResult]:
    """Write the associations of records that exist, and return by key what became of those that have any to write.

    Only what differs from what was last read is added or taken away: what others did meanwhile stays. Afterwards
    all is read again, so that an association that HubSpot did not take is refused and all others count as done.
    """
    changed = [item for item in items if _references(object, item)]
    if not changed:
        return {}
    words: list[str] = []
    try:
        for each in REFERENCES[object]:
            words += _change(api, object, each, changed)
        records = [Record(item.ref.id, {}) for item in changed if item.ref]
        names = [each.field for each in REFERENCES[object] if any(each.field in item.values for item in changed)]
        held = completed(api, object, records, names)
    except (OutcomeUnknown, ProtocolError, AppFailed) as error:
        return {item.key: WriteResult(item.key, Outcome.UNKNOWN, message=error.message) for item in changed}
    except RateLimited as error:
        return {item.key: WriteResult(item.key, Outcome.LATER, message=error.message) for item in changed}
    return {item.key: _result(object, item, each, words) for item, each in zip(changed, held, strict=True)}


def read_back(
    api: Api, object: str, items: Sequence[WriteItem], results: Mapping[str, WriteResult]
) -> dict[str, WriteResult]:
    """Return results of creates with the associations as HubSpot stored them; as sent, where it cannot be asked."""
    made = {
        item.key: (item, record)
        for item in items
        if _references(object, item) and (record := results[item.key].record) is not None
    }
    names = sorted({name for item, _ in made.values() for name in item.values if name.startswith(ASSOCIATED)})
    records = [record for _, record in made.values()]
    try:
        records = completed(api, object, records, names)
    except AppError:
        records = [replace(each, values={**each.values, **_sent(item)}) for item, each in made.values()]
    return {key: replace(results[key], record=record) for key, record in zip(made, records, strict=True)}


def _sent(item: WriteItem) -> dict[str, Value]:
    return {name: list(ids_of(value)) for name, value in item.values.items() if name.startswith(ASSOCIATED)}


def _references(object: str, item: WriteItem) -> list[Reference]:
    return [each for each in REFERENCES.get(object, ()) if each.field in item.values]


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to change in the associations of one record: what comes, what becomes the primary one, what goes."""

    id: str
    come: tuple[str, ...]
    main: str | None
    go: tuple[str, ...]


def _change_of(reference: Reference, item: WriteItem) -> _Change:
    after, before = ids_of(item.values[reference.field]), ids_of(item.base.get(reference.field))
    main = after[0] if reference.primary and after and after[:1] != before[:1] else None
    come = tuple(id for id in after if id not in before and id != main)
    return _Change(item.ref.id if item.ref else "", come, main, tuple(id for id in before if id not in after))


def _change(api: Api, object: str, reference: Reference, items: Sequence[WriteItem]) -> list[str]:
    """Add and take away the associations of one kind; return what HubSpot said against any of them."""
    changes = [_change_of(reference, item) for item in items if reference.field in item.values]
    added = [_input(each.id, each.main, reference, main=True) for each in changes if each.main]
    added += [_input(each.id, id, reference, main=False) for each in changes for id in each.come]
    gone = [{"from": {"id": each.id}, "to": [{"id": id} for id in each.go]} for each in changes if each.go]
    words = []
    for inputs, action, most in ((added, "create", ASSOCIATIONS_CREATED), (gone, "archive", ASSOCIATIONS_ARCHIVED)):
        for start in range(0, len(inputs), most):
            words += _do(api, object, reference, action, inputs[start : start + most])
    return words


def _do(api: Api, object: str, reference: Reference, action: str, inputs: Sequence[Row]) -> list[str]:
    """Make one call; a batch that is refused as a whole is halved until what is at fault stands alone."""
    response = api.associations(object, reference.to, action, {"inputs": list(inputs)}, ok=FOUND | REFUSALS)
    if response.status not in REFUSALS:
        return [] if response.status == 204 else [each.message for each in api.problems(api.body(response))]
    if len(inputs) == 1:
        return [api.said(response).message]
    middle = len(inputs) // 2
    return _do(api, object, reference, action, inputs[:middle]) + _do(api, object, reference, action, inputs[middle:])


def _input(id: str, to: str | None, reference: Reference, *, main: bool) -> dict[str, Any]:
    return {"from": {"id": id}, "to": {"id": to}, "types": _types(reference, main=main)}


def _types(reference: Reference, *, main: bool) -> list[dict[str, Any]]:
    ids = [reference.type, *([reference.primary] if main and reference.primary else [])]
    return [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id} for id in ids]


def _result(object: str, item: WriteItem, record: Record, words: Sequence[str]) -> WriteResult:
    """Return what became of one item: refused are the associations that are not as they were to be."""
    refused = []
    for each in _references(object, item):
        change, held = _change_of(each, item), ids_of(record.values.get(each.field))
        lacks = [id for id in (*change.come, *([change.main] if change.main else [])) if id not in held]
        if lacks or any(id in held for id in change.go) or (change.main and held[:1] != (change.main,)):
            refused.append(each.field)
    if refused:
        message = "; ".join(filter(None, dict.fromkeys(words))) or "HubSpot did not take the association"
        return WriteResult(item.key, Outcome.REFUSED, fields=tuple(refused), message=message)
    return WriteResult(item.key, Outcome.DONE, record)
