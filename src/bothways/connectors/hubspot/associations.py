"""Which records belong together: as fields, and read in batches beside the properties.

An association is a field of the record that belongs: ``associations.companies`` of a contact is the list of its
companies, the primary one first. Each label that associations can have is one as well: the list of the companies that
it hangs on, such as ``associations.companies.user_defined.37``. Properties of HubSpot have no dot in their names.

Source: associations guide and descriptions of version 2026-03 of the API (those of 2026-09 omit multi-status answers).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.facts import ASSOCIATIONS_READ
from bothways.connectors.hubspot.objects import ASSOCIATED, Reference, Type
from bothways.errors import AppFailed, PermissionMissing, UnknownField
from bothways.records import Field, FieldType, Record, Value

Row = Mapping[str, Any]
Held = Mapping[str, Mapping[Type, str]]
"""What a record is associated with, the primary one first: the types of each association, with their labels or ""."""


def fields_of(api: Api, object: str) -> list[Field]:
    """Return the associations of an object, and the labels that they can have, as fields."""
    found = []
    for each in api.references(object):
        own = Field(
            each.field, FieldType.REFERENCE, each.label, required=each.required, multi_valued=True, refers_to=each.to
        )
        found.append(replace(own, primary_first=each.primary is not None))
        labels = _labels(api, object, each).items()
        label_of = replace(own, label_of=own.name, required=False)
        found += [replace(label_of, name=each.name_of(type), label=label) for type, label in labels]
    return found


def _labels(api: Api, object: str, reference: Reference) -> dict[Type, str]:
    """Return the labels that associations can have, by type; none where the token may not read them."""
    try:
        rows = api.labels(object, reference.to)
    except PermissionMissing:
        return {}
    found = {type_of(row): str(row.get("label") or "") for row in rows}
    return {type: label for type, label in found.items() if reference.is_label(type, label)}


def type_of(row: Row) -> Type:
    """Return the type that a row of an answer names."""
    return Type(str(row.get("category")), int(row.get("typeId") or 0))


def properties_in(names: Sequence[str]) -> list[str]:
    """Return those of the field names that are properties."""
    return [name for name in names if not name.startswith(ASSOCIATED)]


def properties_of(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return those of the values that are of properties."""
    return {name: value for name, value in values.items() if not name.startswith(ASSOCIATED)}


# --- reading ------------------------------------------------------------------------------------------


def completed(api: Api, object: str, records: Sequence[Record], names: Sequence[str]) -> list[Record]:
    """Return records with what they are associated with, for those of the field names that are associations.

    Raises UnknownField for an association or a label that there is no longer, or that may not be read any more: it must
    not be taken for one with nobody.
    """
    held = {each: held_by(api, object, each, [record.id for record in records]) for each in wanted(api, object, names)}
    for reference, rows in held.items():
        _require(api, object, reference, rows, names)
    return [with_held(record, {each: rows[record.id] for each, rows in held.items()}, names) for record in records]


def with_held(record: Record, held: Mapping[Reference, Held], names: Sequence[str]) -> Record:
    """Return a record with the values of those of the field names that are associations."""
    values: dict[str, Value] = {}
    for reference, others in held.items():
        for name in names:
            type = reference.type_of(name)
            if name == reference.field:
                values[name] = list(others)
            elif type is not None:
                values[name] = [id for id, types in others.items() if type in types]
    return replace(record, values={**record.values, **values})


def wanted(api: Api, object: str, names: Sequence[str]) -> list[Reference]:
    """Return the associations that field names are of; raise UnknownField for one that is of none."""
    asked = [name for name in names if name.startswith(ASSOCIATED)]
    if _lost(api, object, asked):
        api.renew_kind(object)
    for name in _lost(api, object, asked):
        hint = "HubSpot has it no more, or the token lacks the scopes of both objects: give it these, or take it out."
        raise UnknownField(app=api.app, object=object, field=name, hint=hint)
    return [each for each in api.references(object) if any(each.has(name) for name in asked)] if asked else []


def _lost(api: Api, object: str, names: Sequence[str]) -> list[str]:
    known = api.references(object) if names else ()
    return [name for name in names if not any(each.has(name) for each in known)]


def _require(api: Api, object: str, reference: Reference, held: Mapping[str, Held], names: Sequence[str]) -> None:
    """Raise UnknownField if a label that was asked for hangs on nothing, and HubSpot does not know it."""
    shown = {type for others in held.values() for types in others.values() for type in types}
    missing = [name for name in names if (type := reference.type_of(name)) is not None and type not in shown]
    if held and missing and not api.is_real(object, missing):
        api.believe(object, [reference.name_of(type) for type in _labels(api, object, reference)])
        for name in missing:
            if not api.is_real(object, [name]):
                hint = "It is a label that was deleted in HubSpot. If the settings pair it, take it out."
                raise UnknownField(app=api.app, object=object, field=name, hint=hint)


def held_by(api: Api, object: str, reference: Reference, ids: Sequence[str]) -> dict[str, Held]:
    """Return per record what it is associated with."""
    rows: dict[str, list[Row]] = {id: [] for id in ids}
    inputs: list[dict[str, str]] = [{"id": id} for id in dict.fromkeys(ids)]
    while inputs:
        batch, inputs = inputs[:ASSOCIATIONS_READ], inputs[ASSOCIATIONS_READ:]
        body = api.body(api.associations(object, reference.to, "read", {"inputs": batch}, ok=FOUND))
        told = _told_empty(api, body)
        for each in api.rows(body, "from"):
            id = str((each["from"] or {}).get("id"))
            told.add(id)
            rows.setdefault(id, []).extend(api.rows({"results": each.get("to") or []}, "toObjectId"))
            after = ((each.get("paging") or {}).get("next") or {}).get("after")
            inputs += [{"id": id, "after": str(after)}] if after else []
        for id in {each["id"] for each in batch} - told:
            rows[id] += _read_one(api, object, reference, id)
    return {id: _in_order(each, reference) for id, each in rows.items()}


def _told_empty(api: Api, body: Row) -> set[str]:
    """Return the records that an answer says are associated with nothing; raise AppFailed for any other problem.

    [K] An error row names each of them.
    """
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


def _in_order(rows: Sequence[Row], reference: Reference) -> Held:
    found: dict[str, dict[Type, str]] = {}
    for row in sorted(rows, key=lambda row: int(row["toObjectId"])):
        types = {type_of(each): str(each.get("label") or "") for each in row.get("associationTypes") or ()}
        found.setdefault(str(row["toObjectId"]), {}).update(types)
    return dict(sorted(found.items(), key=lambda each: reference.main not in each[1]))
