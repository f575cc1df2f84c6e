"""Reading by id and by unique value, from HubSpot's primary store."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bothways.connectors.base import Exists, Read
from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.facts import BATCH, MERGED_IDS, OTHER_EMAILS
from bothways.connectors.hubspot.problems import problem_of, said_of
from bothways.connectors.hubspot.values import listed, record_of
from bothways.errors import AppFailed
from bothways.records import Ref

Row = Mapping[str, Any]


def read(api: Api, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> list[Read]:
    """Return one answer per ref, in order. What is missing is asked for once more among the archived."""
    answers: dict[str, Read] = {}
    ids = list(dict.fromkeys(ref.id for ref in refs))
    for start in range(0, len(ids), BATCH):
        answers |= _read_batch(api, object, ids[start : start + BATCH], fields)
    return [answers[ref.id] for ref in refs]


def _read_batch(api: Api, object: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Read]:
    kind = api.kind(object)
    rows, missing = _batch(api, object, ids, fields)
    answers: dict[str, Read] = {}
    for id, row in _by_asked(rows, ids).items():
        answers[id] = Read(id, Exists.EXISTS, record_of(row, kind.modified, fields))
    absent = [id for id in ids if id in missing and id not in answers]
    if absent:
        archived, _ = _batch(api, object, absent, (), archived=True)
        there = {str(row["id"]) for row in archived}
        answers |= {id: Read(id, Exists.ARCHIVED if id in there else Exists.MISSING) for id in absent}
    for id in ids:
        if id not in answers:
            answers[id] = _read_one(api, object, id, fields)
    return answers


def _batch(
    api: Api, object: str, ids: Sequence[str], fields: Sequence[str], *, archived: bool = False
) -> tuple[Sequence[Row], set[str]]:
    """Return the rows that an answer holds, and the ids that it says do not exist."""
    body = {"properties": [*fields, MERGED_IDS], "inputs": [{"id": id} for id in ids]}
    action = "batch/read?archived=true" if archived else "batch/read"
    answer = api.ask(object, action, body, call="read archived" if archived else "read").json()
    problems = [problem_of(each) for each in answer.get("errors") or ()]
    return api.rows(answer), {id for each in problems if each.not_found for id in each.ids}


def _by_asked(rows: Sequence[Row], asked: Sequence[str]) -> dict[str, Row]:
    """Return the row that answers each asked id: its own, or that of the record it was merged into."""
    wanted = set(asked)
    found: dict[str, Row] = {}
    for row in rows:
        absorbed = listed((row.get("properties") or {}).get(MERGED_IDS))
        found |= {id: row for id in absorbed if id in wanted}
    return found | {str(row["id"]): row for row in rows if str(row["id"]) in wanted}


def _read_one(api: Api, object: str, id: str, fields: Sequence[str]) -> Read:
    """Ask for one id that a batch has passed over in silence: silence proves nothing."""
    row = api.one(object, id, fields)
    if row is not None:
        return Read(id, Exists.EXISTS, record_of(row, api.kind(object).modified, fields))
    gone = api.one(object, id, (), archived=True)
    return Read(id, Exists.MISSING if gone is None else Exists.ARCHIVED)


# --- by unique value ----------------------------------------------------------------------------------


def find(api: Api, object: str, name: str, values: Sequence[str]) -> dict[str, list[str]]:
    """Return the id that holds each value of a unique property; values nobody holds are left out."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(values), BATCH):
        found |= _find_batch(api, object, name, values[start : start + BATCH])
    return found


def _find_batch(api: Api, object: str, name: str, values: Sequence[str]) -> dict[str, list[str]]:
    rows = list(_lookup(api, object, name, values))
    if len(values) == 1:
        return {values[0]: [str(rows[0]["id"])]} if rows else {}
    held = {value.lower(): str(row["id"]) for row in rows for value in _held(row, name)}
    found = {value: [held[value.lower()]] for value in values if value.lower() in held}
    told = {ids[0] for ids in found.values()}
    if any(str(row["id"]) not in told for row in rows):
        for value in values:
            if value not in found:
                found |= _find_batch(api, object, name, [value])
    return found


def _held(row: Row, name: str) -> list[str]:
    """Return all values that a row can have been found by."""
    values = row.get("properties") or {}
    others = listed(values.get(OTHER_EMAILS)) if name == "email" else []
    return [str(values.get(name) or "").strip(), *others]


def _lookup(api: Api, object: str, name: str, values: Sequence[str]) -> Iterator[Row]:
    """Yield the rows that hold the values; a value that makes HubSpot refuse the batch is found nowhere."""
    properties = [name, OTHER_EMAILS] if name == "email" else [name]
    body = {"idProperty": name, "properties": properties, "inputs": [{"id": value} for value in values]}
    response = api.ask(object, "batch/read", body, call="find", ok=FOUND | {400})
    if response.status != 400:
        yield from api.rows(response.json())
        return
    problem = said_of(response)
    if problem.category not in ("", "VALIDATION_ERROR"):
        raise AppFailed(app=api.app, status=400, reason=problem.message)
    if len(values) > 1:
        middle = len(values) // 2
        yield from _lookup(api, object, name, values[:middle])
        yield from _lookup(api, object, name, values[middle:])
