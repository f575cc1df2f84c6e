"""Reading by id and by unique value, from HubSpot's primary store."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.connectors.base import Exists, Read
from bothways.connectors.hubspot.api import FOUND, Api, fits_in_query
from bothways.connectors.hubspot.associations import completed, properties_in
from bothways.connectors.hubspot.facts import BATCH, MERGED_IDS, OTHER_EMAILS
from bothways.connectors.hubspot.values import email_key, is_id, listed, record_of
from bothways.errors import AppFailed
from bothways.records import Ref

Row = Mapping[str, Any]
Holders = dict[str, str]
"""Ids by the value that they were found by."""

NO_ID = "This is not an id of HubSpot."


def read(api: Api, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order. What is missing is asked for among the archived, and then by itself.

    Raises UnknownField for a property that no longer exists.
    """
    ids = list(dict.fromkeys(ref.id for ref in refs))
    answers = {id: Read(id, Exists.UNKNOWN, problem=NO_ID) for id in ids if not is_id(id)}
    ids = [id for id in ids if id not in answers]
    for start in range(0, len(ids), BATCH):
        answers |= _read_batch(api, object, ids[start : start + BATCH], fields)
    return [answers[ref.id] for ref in refs]


def _read_batch(api: Api, object: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Read]:
    kind = api.kind(object)
    rows, missing = _batch(api, object, ids, properties_in(fields))
    api.require(object, rows, properties_in(fields))
    answers: dict[str, Read] = {}
    asked = _by_asked(rows, ids)
    records = [record_of(row, kind.modified, properties_in(fields)) for row in asked.values()]
    for (id, row), record in zip(asked.items(), completed(api, object, records, fields), strict=True):
        answers[id] = Read(id, Exists.EXISTS, record, absorbed=_absorbed(row))
    absent = [id for id in ids if id in missing and id not in answers]
    if absent:
        archived, _ = _batch(api, object, absent, (), archived=True)
        answers |= {id: Read(id, Exists.ARCHIVED) for id in _by_asked(archived, absent)}
    for id in ids:
        if id not in answers:
            answers[id] = _read_one(api, object, id, fields, in_bin=id not in missing)
    return answers


def _batch(
    api: Api, object: str, ids: Sequence[str], fields: Sequence[str], *, archived: bool = False
) -> tuple[Sequence[Row], set[str]]:
    """Return the rows that an answer holds, and the ids that it says do not exist.

    [K] They show what was saved last: a batch reads what is stored, as a listing does, and no copy as search does.
    """
    body = {"properties": [*fields, MERGED_IDS], "inputs": [{"id": id} for id in ids]}
    action = "batch/read?archived=true" if archived else "batch/read"
    answer = api.body(api.ask(object, action, body, call="read archived" if archived else "read"))
    problems = api.problems(answer)
    return api.rows(answer), {id for each in problems if each.not_found for id in each.ids}


def _by_asked(rows: Sequence[Row], asked: Sequence[str]) -> dict[str, Row]:
    """Return the row that answers each asked id: its own, or that of the record it was merged into.

    [K] A batch answers an id that was merged with the record that is left. That a single read does is documented.
    """
    wanted = set(asked)
    found: dict[str, Row] = {}
    for row in rows:
        found |= {id: row for id in _absorbed(row) if id in wanted}
    return found | {str(row["id"]): row for row in rows if str(row["id"]) in wanted}


def _absorbed(row: Row) -> tuple[str, ...]:
    """Return the ids of the records that were merged into a row's."""
    return tuple(listed((row.get("properties") or {}).get(MERGED_IDS)))


def _read_one(api: Api, object: str, id: str, fields: Sequence[str], *, in_bin: bool) -> Read:
    """Ask for one id that a batch does not know, or has passed over in silence: that proves nothing of a merged one.

    ``in_bin``: it is still to be looked for among the archived.
    """
    names = properties_in(fields)
    row = api.one(object, id, names if fits_in_query(names) else ())
    if row is not None and not fits_in_query(names):
        rows, _ = _batch(api, object, [str(row["id"])], names)
        row = rows[0] if rows else None
    if row is not None:
        api.require(object, [row], names)
        record = record_of(row, api.kind(object).modified, names)
        return Read(id, Exists.EXISTS, completed(api, object, [record], fields)[0])
    gone = api.one(object, id, (), archived=True) if in_bin else None
    return Read(id, Exists.MISSING if gone is None else Exists.ARCHIVED)


# --- by unique value ----------------------------------------------------------------------------------


def find(api: Api, object: str, name: str, values: Sequence[str]) -> dict[str, list[str]]:
    """Return the id that holds each value of a unique property; values nobody holds are left out.

    A contact is found by its further addresses as well.
    """
    keys = {value: _key(name, value) for value in values}
    asked = list(dict.fromkeys(filter(None, keys.values())))
    held: Holders = {}
    for start in range(0, len(asked), BATCH):
        held |= _holders(api, object, name, asked[start : start + BATCH])
    return {value: [held[key]] for value, key in keys.items() if key in held}


def _key(name: str, value: str) -> str:
    return email_key(value) if name == "email" else value.strip()


def _holders(api: Api, object: str, name: str, asked: Sequence[str]) -> Holders:
    """Return who holds the values, in one call unless a row does not show by which value it was found."""
    rows = list(_lookup(api, object, name, asked))
    if len(asked) == 1:
        return {asked[0]: str(rows[0]["id"])} if rows else {}
    shown = {key: str(row["id"]) for row in rows for key in _held(row, name)}
    held = {key: shown[key] for key in asked if key in shown}
    if {str(row["id"]) for row in rows} - set(held.values()):
        for key in asked:
            held |= {} if key in held else _holders(api, object, name, [key])
    return held


def _held(row: Row, name: str) -> list[str]:
    """Return all values that a row can have been found by, as they are looked up."""
    values = row.get("properties") or {}
    others = listed(values.get(OTHER_EMAILS)) if name == "email" else []
    return [_key(name, each) for each in (str(values.get(name) or ""), *others)]


def _lookup(api: Api, object: str, name: str, asked: Sequence[str]) -> Iterator[Row]:
    """Yield the rows that hold the values; a value that makes HubSpot refuse the batch is found nowhere.

    [K] An address that is none makes it do so, by a 400, or is found nowhere.
    """
    properties = [name, OTHER_EMAILS] if name == "email" else [name]
    body = {"idProperty": name, "properties": properties, "inputs": [{"id": key} for key in asked]}
    response = api.ask(object, "batch/read", body, call="find", ok=FOUND | {400})
    if response.status != 400:
        answer = api.body(response)
        failed = next((each for each in api.problems(answer) if each.broken or each.later), None)
        if failed is not None:
            raise AppFailed(app=api.app, status=failed.status or response.status, reason=failed.message)
        yield from api.rows(answer)
        return
    problem = api.said(response)
    if problem.category not in ("", "VALIDATION_ERROR"):
        raise AppFailed(app=api.app, status=400, reason=problem.message)
    if len(asked) > 1:
        middle = len(asked) // 2
        yield from _lookup(api, object, name, asked[:middle])
        yield from _lookup(api, object, name, asked[middle:])
