"""Calls about which records belong together."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask
from bothways.sandbox.hubspot.crm import Crm, found
from bothways.sandbox.hubspot.joining import End, join, labels_between, labels_on, names_of, pair_of, part, unlabel
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import PAIRS, Kind, kind_of
from bothways.sandbox.hubspot.store import Row
from bothways.sandbox.hubspot.values import iso

MOST_READ, MOST_CREATED, MOST_ARCHIVED, MOST_LABELS_ARCHIVED, PAGE = 1000, 2000, 100, 2000, 500
OWN, DEFINED = "HUBSPOT_DEFINED", "USER_DEFINED"


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
            results.append(_labelled(ask.crm, ask.kind, ids[0], other, ids[1], each.get("types") or []))
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"fromObjectId": [ids[0]], "toObjectId": [ids[1]]}})
    return _answer(ask, results, errors, 201)


def archive(ask: Ask) -> Answer:
    """Take associations away, labels included; the answer says nothing about any of them."""
    for each in _inputs(ask, MOST_ARCHIVED):
        for to in each.get("to") or []:
            ends = _ends(ask, each, to)
            if ends is not None:
                part(ask.crm, *ends)
    return 204, None


def archive_labels(ask: Ask) -> Answer:
    """Take labels from associations; with the plain type, the whole association."""
    pair, place = pair_of(ask.kind, _other(ask))
    for each in _inputs(ask, MOST_LABELS_ARCHIVED):
        ends = _ends(ask, each, each.get("to") or {})
        if ends is None:
            continue
        own, hung = _sent(ask.crm, ask.kind, ends[1][0], each.get("types") or [])
        if pair.types[place] in own:
            part(ask.crm, *ends)
        else:
            unlabel(ask.crm, *ends, hung, main=bool(own))
    return 204, None


def labels(ask: Ask) -> Answer:
    """Answer which types of associations there are from one kind to another."""
    other = _other(ask)
    pair, place = pair_of(ask.kind, other)
    own = [(pair.types[place], None), *([(pair.primary[place], "Primary")] if pair.primary else [])]
    rows = [{"category": OWN, "typeId": id, "label": label} for id, label in own]
    made = labels_between(ask.crm, ask.kind, other)
    return 200, {"results": rows + [{"category": DEFINED, "typeId": id, "label": word} for id, word in made.values()]}


def _labelled(
    crm: Crm, kind: Kind, id: str, other: Kind, other_id: str, types: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what an answer says of two records that were associated."""
    words = dict(labels_between(crm, kind, other).values())
    return {
        "fromObjectTypeId": kind.type_id,
        "fromObjectId": id,
        "toObjectTypeId": other.type_id,
        "toObjectId": other_id,
        "labels": [words[id] for category, id in sorted(_types(types)) if category == DEFINED and id in words],
    }


def _ends(ask: Ask, sent: Mapping[str, Any], to: Mapping[str, Any]) -> tuple[End, End] | None:
    """Return the two records that an input names, None if there is not each of them."""
    other = _other(ask)
    own = ask.crm.one(ask.kind, str((sent.get("from") or {}).get("id") or ""))
    there = ask.crm.one(other, str(to.get("id") or ""))
    return None if own is None or there is None else ((ask.kind, own), (other, there))


def associate(crm: Crm, kind: Kind, row: Row, other: Kind, id: str, types: Sequence[Mapping[str, Any]]) -> None:
    """Associate a record with another one by the association types that were sent; raise Refused."""
    there = crm.one(other, id)
    if there is None:
        raise Refused(400, f"{other.label} {id} does not exist")
    pair, place = pair_of(kind, other)
    own, hung = _sent(crm, kind, other, types)
    main = bool(pair.primary and pair.primary[place] in own)
    join(crm, (kind, row), (other, there), main=main, labels=hung)


def _sent(crm: Crm, kind: Kind, other: Kind, types: Sequence[Mapping[str, Any]]) -> tuple[set[int], set[int]]:
    """Return which of HubSpot's own types were sent, and which labels, by their numbers; raise Refused."""
    pair, place = pair_of(kind, other)
    sent = _types(types)
    own = {(OWN, id): id for id in (pair.types[place], *([pair.primary[place]] if pair.primary else []))}
    made = {(DEFINED, id): number for number, (id, _) in labels_between(crm, kind, other).items()}
    if not sent or sent - own.keys() - made.keys():
        raise Refused(400, f"Invalid association types {sorted(sent)} from {kind.name} to {other.name}")
    return {own[each] for each in sent if each in own}, {made[each] for each in sent if each in made}


def _types(sent: Sequence[Mapping[str, Any]]) -> set[tuple[str, int]]:
    return {(str(each.get("associationCategory")), int(each.get("associationTypeId") or 0)) for each in sent}


def check_sent(crm: Crm, kind: Kind, sent: Mapping[str, Any]) -> tuple[Kind, str]:
    """Return the kind and id that a new record is to be associated with; raise Refused if that cannot be."""
    id = str((sent.get("to") or {}).get("id") or "")
    for other in (_kind(names[1 - names.index(kind.name)]) for names in PAIRS if kind.name in names):
        try:
            _sent(crm, kind, other, sent.get("types") or [])
        except Refused:
            continue
        if crm.one(other, id) is None:
            raise Refused(400, f"{other.label} {id} does not exist")
        return other, id
    raise Refused(400, f"Invalid association types {sorted(_types(sent.get('types') or []))} for {kind.name}")


def associate_sent(crm: Crm, kind: Kind, row: Row, sent: Any) -> None:
    """Associate a new record as its input says; raise Refused."""
    for each in sent or []:
        other, id = check_sent(crm, kind, each)
        associate(crm, kind, row, other, id, each["types"])


def _page(crm: Crm, kind: Kind, row: Row | None, other: Kind, after: int) -> dict[str, Any]:
    rows = [each for each in crm.store.associated(kind.name, row.id, other.name) if each[0] >= after] if row else []
    shown: dict[str, Any] = {"results": [_shown(crm, kind, row, other, *each) for each in rows[:PAGE]] if row else []}
    if len(rows) > PAGE:
        shown["paging"] = {"next": {"after": str(rows[PAGE][0])}}
    return shown


def _shown(crm: Crm, kind: Kind, row: Row, other: Kind, id: int, main: bool) -> dict[str, Any]:
    pair, place = pair_of(kind, other)
    types: list[dict[str, Any]] = [{"category": OWN, "typeId": pair.types[place], "label": None}]
    if main and pair.primary:
        types.insert(0, {"category": OWN, "typeId": pair.primary[place], "label": "Primary"})
    made = labels_between(crm, kind, other)
    hung = sorted(labels_on(crm.store, names_of(kind, row.id, other, id))) if made else []
    types += [{"category": DEFINED, "typeId": made[each][0], "label": made[each][1]} for each in hung]
    return {"toObjectId": str(id), "associationTypes": types}


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
