"""Associations with types in words, as records show them and as version 3 has calls for them.

[K] The words: "contact_to_company" is the primary one where there is one, and the plain one then "..._unlabeled"; a
label is written in lower case.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask, batch_answer, inputs_of
from bothways.sandbox.hubspot.associations import (
    DEFINED,
    MOST_ARCHIVED,
    MOST_CREATED,
    MOST_READ,
    associate,
    ends_of,
    kind_named,
    nothing,
    other_of,
    page_of,
    types_between,
)
from bothways.sandbox.hubspot.crm import Crm, found
from bothways.sandbox.hubspot.joining import labels_between, pair_of, part, unlabel
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.store import Row

Type = Mapping[str, Any]


def shown_with(ask: Ask, row: Row, names: Sequence[str]) -> dict[str, Any]:
    """Return the ids that a record is associated with, as answers about records show them; raise Refused.

    A kind that is not associated is passed over, and so is one with nothing in it [K].
    """
    shown = {}
    for other in [kind_named(ask.crm, each) for each in names]:
        try:
            page = _page(ask, row, other)
        except Refused:
            continue
        if page["results"]:
            shown[other.name] = page
    return {"associations": shown} if shown else {}


def types(ask: Ask) -> Answer:
    """Answer the types between two kinds, by their numbers and words."""
    words = _words(ask.crm, ask.kind, other_of(ask))
    return 200, {"results": [{"id": str(type["typeId"]), "name": word} for word, type in words.items()]}


def read(ask: Ask) -> Answer:
    """Answer what records are associated with; of one with nothing an error row says so [K]."""
    other, results, errors = other_of(ask), [], []
    for each in inputs_of(ask.body, MOST_READ):
        id = str(each.get("id") or "")
        row = ask.crm.one(ask.kind, id)
        page = _page(ask, row, other) if row is not None else {"results": []}
        if page["results"]:
            paging = {"paging": page["paging"]} if "paging" in page else {}
            results.append({"from": {"id": id}, "to": page["results"], **paging})
        else:
            errors.append(nothing(ask.kind, id, other).row())
    return batch_answer(ask, results, errors, 200)


def create(ask: Ask) -> Answer:
    """Associate records, each pair by one type; what does not exist is told row by row."""
    other, results, errors = other_of(ask), [], []
    for each in inputs_of(ask.body, MOST_CREATED):
        ids = [str((each.get(end) or {}).get("id") or "") for end in ("from", "to")]
        try:
            type = _type(ask, other, each)
            own = found(ask.crm.one(ask.kind, ids[0]))
            sent = {"associationCategory": type["category"], "associationTypeId": type["typeId"]}
            associate(ask.crm, ask.kind, own, other, ids[1], [sent])
            results.append({"from": {"id": ids[0]}, "to": {"id": ids[1]}, "type": each["type"]})
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"fromObjectId": [ids[0]], "toObjectId": [ids[1]]}})
    return batch_answer(ask, results, errors, 201)


def archive(ask: Ask) -> Answer:
    """Take types from associations; with the plain type, the whole association."""
    other = other_of(ask)
    pair, place = pair_of(ask.crm, ask.kind, other)
    numbers = {id: number for number, (id, _) in labels_between(ask.crm, ask.kind, other).items()}
    for each in inputs_of(ask.body, MOST_ARCHIVED):
        type, ends = _type(ask, other, each), ends_of(ask, each, each.get("to") or {})
        if ends is None:
            continue
        if _is_label(type):
            unlabel(ask.crm, *ends, {numbers[type["typeId"]]})
        elif type["typeId"] == pair.types[place]:
            part(ask.crm, *ends)
        else:
            unlabel(ask.crm, *ends, set(), main=True)
    return 204, None


def _page(ask: Ask, row: Row, other: Kind) -> dict[str, Any]:
    """Return the first page of what a record is associated with; how it goes on is told as by the numbers."""
    words = {(each["category"], each["typeId"]): word for word, each in _words(ask.crm, ask.kind, other).items()}
    page = page_of(ask.crm, ask.kind, row, other, 0)
    rows = [
        {"id": str(each["toObjectId"]), "type": words[type["category"], type["typeId"]]}
        for each in page["results"]
        for type in each["associationTypes"]
    ]
    return {**page, "results": rows}


def _type(ask: Ask, other: Kind, sent: Mapping[str, Any]) -> Type:
    """Return the type that an input names; raise Refused."""
    words = _words(ask.crm, ask.kind, other)
    if sent.get("type") not in words:
        raise Refused(400, f"{sent.get('type')} is no type of association from {ask.kind.name} to {other.name}")
    return words[sent["type"]]


def _words(crm: Crm, kind: Kind, other: Kind) -> dict[str, Type]:
    """Return the types from one kind to another by their words; raise Refused."""
    pair = pair_of(crm, kind, other)[0]
    main = f"{kind.label}_to_{other.label}".lower().replace(" ", "_")
    plain = f"{main}_unlabeled" if pair.primary else main
    rows = types_between(crm, kind, other)
    return {
        str(each["label"]).lower().replace(" ", "_") if _is_label(each) else main if each["label"] else plain: each
        for each in rows
    }


def _is_label(type: Type) -> bool:
    return type["category"] == DEFINED and bool(type["label"])
