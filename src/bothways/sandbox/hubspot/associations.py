"""Calls about which records belong together."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.crm import Crm, found
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import PAIRS, Kind, Pair, kind_of
from bothways.sandbox.hubspot.store import Row
from bothways.sandbox.hubspot.values import iso

MOST_READ, MOST_CREATED, MOST_ARCHIVED, PAGE = 1000, 2000, 100, 500


def read(ask: Ask) -> Answer:
    """Answer what records are associated with; of one with nothing an error row says so [K]."""
    other, results, errors = _other(ask), [], []
    for each in _inputs(ask, MOST_READ):
        id = str(each.get("id") or "")
        row = ask.crm.one(ask.kind, id)
        page = _page(ask.crm, ask.kind, row, other, int(each.get("after") or 0)) if row is not None else {"results": []}
        if not page["results"]:
            errors.append(_nothing(ask.kind, id, other).row())
            continue
        paging = {"paging": page["paging"]} if "paging" in page else {}
        results.append({"from": {"id": id}, "to": page["results"], **paging})
    return _answer(ask, results, errors, 200)


def read_one(ask: Ask) -> Answer:
    """Answer what one record is associated with."""
    id, _, name = ask.arg.partition("/associations/")
    row = found(ask.crm.one(ask.kind, id))
    return 200, _page(ask.crm, ask.kind, row, _kind(name), int(ask.first("after") or 0))


def create(ask: Ask) -> Answer:
    """Associate records, by types; what does not exist is told row by row."""
    other, results, errors = _other(ask), [], []
    for each in _inputs(ask, MOST_CREATED):
        ids = [str((each.get(end) or {}).get("id") or "") for end in ("from", "to")]
        try:
            own = found(ask.crm.one(ask.kind, ids[0]))
            associate(ask.crm, ask.kind, own, other, ids[1], each.get("types") or [])
            results.append({"from": {"id": ids[0]}, "to": {"id": ids[1]}})
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"fromObjectId": [ids[0]], "toObjectId": [ids[1]]}})
    return _answer(ask, results, errors, 201)


def archive(ask: Ask) -> Answer:
    """Take associations away, labels included; the answer says nothing about any of them."""
    other = _other(ask)
    for each in _inputs(ask, MOST_ARCHIVED):
        own = ask.crm.one(ask.kind, str((each.get("from") or {}).get("id") or ""))
        for to in each.get("to") or []:
            there = ask.crm.one(other, str(to.get("id") or ""))
            if own is not None and there is not None:
                ask.crm.part(ask.kind, own, other, there)
    return 204, None


def associate(crm: Crm, kind: Kind, row: Row, other: Kind, id: str, types: Sequence[Mapping[str, Any]]) -> None:
    """Associate a record with another one by the association types that were sent; raise Refused."""
    there = crm.one(other, id)
    if there is None:
        raise Refused(400, f"{other.label} {id} does not exist")
    sent = {int(each.get("associationTypeId") or 0) for each in types}
    pair, place = pair_of(kind, other)
    allowed = {pair.types[place], *([pair.primary[place]] if pair.primary else [])}
    if not sent or sent - allowed:
        raise Refused(400, f"Invalid association types {sorted(sent)} from {kind.name} to {other.name}")
    crm.join(kind, row, other, there, main=bool(pair.primary and pair.primary[place] in sent))


def check_sent(crm: Crm, kind: Kind, sent: Mapping[str, Any]) -> tuple[Kind, str]:
    """Return the kind and id that a new record is to be associated with; raise Refused if that cannot be."""
    wanted = {int(each.get("associationTypeId") or 0) for each in sent.get("types") or []}
    id = str((sent.get("to") or {}).get("id") or "")
    for names, pair in PAIRS.items():
        for place in (0, 1):
            known = {pair.types[place], *([pair.primary[place]] if pair.primary else [])}
            if names[place] == kind.name and wanted and wanted <= known:
                other = _kind(names[1 - place])
                if crm.one(other, id) is None:
                    raise Refused(400, f"{other.label} {id} does not exist")
                return other, id
    raise Refused(400, f"Invalid association types {sorted(wanted)} for {kind.name}")


def associate_sent(crm: Crm, kind: Kind, row: Row, sent: Any) -> None:
    """Associate a new record as its input says; raise Refused."""
    for each in sent or []:
        other, id = check_sent(crm, kind, each)
        associate(crm, kind, row, other, id, each["types"])


def pair_of(kind: Kind, other: Kind) -> tuple[Pair, int]:
    """Return how two kinds are associated, and which of the two is asked about; raise Refused."""
    for place, names in enumerate(((kind.name, other.name), (other.name, kind.name))):
        if names in PAIRS:
            return PAIRS[names], place
    raise Refused(400, f"{kind.name} cannot be associated with {other.name}")


def _page(crm: Crm, kind: Kind, row: Row | None, other: Kind, after: int) -> dict[str, Any]:
    pair, place = pair_of(kind, other)
    rows = [each for each in crm.store.associated(kind.name, row.id, other.name) if each[0] >= after] if row else []
    shown: dict[str, Any] = {"results": [_shown(pair, place, *each) for each in rows[:PAGE]]}
    if len(rows) > PAGE:
        shown["paging"] = {"next": {"after": str(rows[PAGE][0])}}
    return shown


def _shown(pair: Pair, place: int, id: int, main: bool) -> dict[str, Any]:
    types: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": pair.types[place], "label": None}]
    if main and pair.primary:
        types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": pair.primary[place], "label": "Primary"})
    return {"toObjectId": id, "associationTypes": types}


def _nothing(kind: Kind, id: str, other: Kind) -> Refused:
    message = f"No {other.name} is associated with {kind.name} {id}."
    context = {"fromObjectId": [id], "toObjectType": [other.name]}
    return Refused(404, message, "OBJECT_NOT_FOUND", context=context)


def _answer(ask: Ask, results: list[Any], errors: list[Any], status: int) -> Answer:
    now = iso(ask.crm.now)
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return (207, {**body, "numErrors": len(errors), "errors": errors}) if errors else (status, body)


def _inputs(ask: Ask, most: int) -> Sequence[Mapping[str, Any]]:
    inputs = ask.body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise Refused(400, "inputs must be a list of objects")
    if len(inputs) > most:
        raise Refused(400, f"The maximum batch size is {most}, but {len(inputs)} inputs were sent")
    return inputs


def _other(ask: Ask) -> Kind:
    return _kind(ask.arg)


def _kind(name: str) -> Kind:
    kind = kind_of(name)
    if kind is None:
        raise Refused(400, f"Unable to infer object type from: {name}")
    return kind
