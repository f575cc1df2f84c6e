"""Calls about which records belong together."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot import joining
from bothways.sandbox.hubspot.asks import Answer, Ask, batch_answer, inputs_of
from bothways.sandbox.hubspot.crm import Crm, found
from bothways.sandbox.hubspot.joining import End, join, labels_between, labels_on, names_of, pair_of, part, unlabel
from bothways.sandbox.hubspot.otherwise import LATE
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import Kind
from bothways.sandbox.hubspot.store import Row

MOST_READ, MOST_CREATED, MOST_ARCHIVED, MOST_LABELS_ARCHIVED, PAGE = 1000, 2000, 100, 2000, 500
DEFINED = "USER_DEFINED"


def read(ask: Ask) -> Answer:
    """Answer what records are associated with; of one with nothing an error row says so [K]."""
    other, results, errors = other_of(ask), [], []
    for each in inputs_of(ask.body, MOST_READ):
        id = str(each.get("id") or "")
        row = ask.crm.one(ask.kind, id)
        after = int(each.get("after") or 0)
        page = page_of(ask.crm, ask.kind, row, other, after) if row is not None else {"results": []}
        if not page["results"] and "silent-about-none" in ask.crm.otherwise:
            continue
        if not page["results"]:
            errors.append(nothing(ask.kind, id, other).row())
            continue
        paging = {"paging": page["paging"]} if "paging" in page else {}
        results.append({"from": {"id": id}, "to": page["results"], **paging})
    return batch_answer(ask, results, errors, 200)


def read_one(ask: Ask) -> Answer:
    """Answer what one record is associated with."""
    id, name = ask.arg.split("/")
    limit, after = ask.first("limit") or str(PAGE), ask.first("after") or "0"
    if not limit.isdecimal() or not 1 <= int(limit) <= PAGE or not after.isdecimal():
        raise Refused(400, f"limit must be between 1 and {PAGE}, and after a place in this listing")
    row, other = found(ask.crm.one(ask.kind, id)), kind_named(ask.crm, name)
    page = page_of(ask.crm, ask.kind, row, other, int(after), int(limit))
    if "paging" in page:
        page["paging"]["next"]["link"] = ask.link(after=page["paging"]["next"]["after"])
    return 200, page


def set_one(ask: Ask) -> Answer:
    """Associate two records by the types that are the whole body, and answer which labels they are [K: those sent]."""
    id, name, other_id = ask.arg.split("/")
    types = ask.list_body
    own, other = found(ask.crm.one(ask.kind, id)), kind_named(ask.crm, name)
    associate(ask.crm, ask.kind, own, other, other_id, types)
    return 201, _labelled(ask.crm, ask.kind, id, other, other_id, types)


def set_default(ask: Ask) -> Answer:
    """Associate two records by the plain type, and answer that in both directions [K]."""
    id, name, other_id = ask.arg.split("/")
    return batch_answer(ask, _default(ask, kind_named(ask.crm, name), id, other_id), [], 200)


def archive_one(ask: Ask) -> Answer:
    """Take the association of two records away, labels included; one that is not there is passed over."""
    id, name, other_id = ask.arg.split("/")
    other = kind_named(ask.crm, name)
    own, there = ask.crm.one(ask.kind, id), ask.crm.one(other, other_id)
    if own is not None and there is not None:
        part(ask.crm, (ask.kind, own), (other, there))
    return 204, None


def create(ask: Ask) -> Answer:
    """Associate records, by types; what does not exist is told row by row."""
    other, results, errors = other_of(ask), [], []
    for each in inputs_of(ask.body, MOST_CREATED):
        ids = [str((each.get(end) or {}).get("id") or "") for end in ("from", "to")]
        try:
            own = found(ask.crm.one(ask.kind, ids[0]))
            associate(ask.crm, ask.kind, own, other, ids[1], each.get("types") or [])
            results.append(_labelled(ask.crm, ask.kind, ids[0], other, ids[1], each.get("types") or []))
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"fromObjectId": [ids[0]], "toObjectId": [ids[1]]}})
    return batch_answer(ask, results, errors, 201)


def create_default(ask: Ask) -> Answer:
    """Associate records by the plain type; what does not exist is told row by row."""
    other, results, errors = other_of(ask), list[Any](), []
    for each in inputs_of(ask.body, MOST_CREATED):
        ids = [str((each.get(end) or {}).get("id") or "") for end in ("from", "to")]
        try:
            results += _default(ask, other, *ids)
        except Refused as refusal:
            errors.append({**refusal.row(), "context": {"fromObjectId": [ids[0]], "toObjectId": [ids[1]]}})
    return batch_answer(ask, results, errors, 200)


def archive(ask: Ask) -> Answer:
    """Take associations away, labels included; the answer says nothing about any of them."""
    for each in inputs_of(ask.body, MOST_ARCHIVED):
        for to in each.get("to") or []:
            ends = ends_of(ask, each, to)
            if ends is not None:
                part(ask.crm, *ends)
    return 204, None


def archive_labels(ask: Ask) -> Answer:
    """Take labels from associations; with the plain type, the whole association."""
    pair, place = pair_of(ask.crm, ask.kind, other_of(ask))
    for each in inputs_of(ask.body, MOST_LABELS_ARCHIVED):
        ends = ends_of(ask, each, each.get("to") or {})
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
    return 200, {"results": types_between(ask.crm, ask.kind, other_of(ask))}


def types_between(crm: Crm, kind: Kind, other: Kind) -> list[dict[str, Any]]:
    """Return the types of associations from one kind to another as answers show them; raise Refused."""
    pair, place = pair_of(crm, kind, other)
    own = [(pair.types[place], None), *([(pair.primary[place], pair.primary_label)] if pair.primary else [])]
    more = int(kind.name == "leads" and "lead-types-differ" in crm.otherwise)
    if kind.name == "contacts" and "types-differ" in crm.otherwise:
        own = [(id, label) for (id, _), (_, label) in zip(own, own[::-1], strict=True)]
    if pair.category == DEFINED and "custom-types-labelled" in crm.otherwise:
        own = [(id, "Belongs to") for id, _ in own]
    rows = [{"category": pair.category, "typeId": id + more, "label": label} for id, label in own]
    made = labels_between(crm, kind, other).values()
    return rows + [{"category": DEFINED, "typeId": id, "label": word} for id, word in made]


def add_label(ask: Ask) -> Answer:
    """Make a label, and answer its types: from the first kind to the other, and back."""
    body, other = ask.body, other_of(ask)
    label, name = (str(body.get(each) or "").strip() for each in ("label", "name"))
    if not label or not name:
        raise Refused(400, "A label needs a label and a name")
    place = pair_of(ask.crm, ask.kind, other)[1]
    if label in [word for _, word in labels_between(ask.crm, ask.kind, other).values()]:
        raise Refused(400, f'There is a label "{label}" already')  # [K]
    back = str(body.get("inverseLabel") or "").strip() or label
    ends = ((ask.kind.name, label), (other.name, back))
    (first, word), (second, inverse) = ends[::-1] if place else ends
    made = joining.add_label(ask.crm.store, first, second, (word, inverse))
    rows = zip(made.types[::-1] if place else made.types, (label, back), strict=True)
    return 200, {"results": [{"category": DEFINED, "typeId": id, "label": word} for id, word in rows]}


def rename_label(ask: Ask) -> Answer:
    """Change the words of a label; where none is given for the other side, it has the same word there [C]."""
    body, other = ask.body, other_of(ask)
    place, number = pair_of(ask.crm, ask.kind, other)[1], _label(ask, other, str(body.get("associationTypeId")))
    label = str(body.get("label") or "").strip()
    if not label:
        raise Refused(400, "A label needs a label")
    words = [label, str(body.get("inverseLabel") or "").strip() or label]
    joining.rename_label(ask.crm.store, number, *words[:: -1 if place else 1])
    return 204, None


def drop_label(ask: Ask) -> Answer:
    """Delete a label, which takes it from all associations as well."""
    name, _, id = ask.arg.partition("/")
    joining.drop_label(ask.crm.store, _label(ask, kind_named(ask.crm, name), id))
    return 204, None


def _label(ask: Ask, other: Kind, id: str) -> int:
    """Return the number of the label whose type this is; raise Refused."""
    for number, (type, _) in labels_between(ask.crm, ask.kind, other).items():
        if str(type) == id:
            return number
    raise Refused(404, f"There is no label of type {id}", "OBJECT_NOT_FOUND")


def _default(ask: Ask, other: Kind, id: str, other_id: str) -> list[dict[str, Any]]:
    pair, place = pair_of(ask.crm, ask.kind, other)
    plain = [{"associationCategory": pair.category, "associationTypeId": each} for each in pair.types]
    associate(ask.crm, ask.kind, found(ask.crm.one(ask.kind, id)), other, other_id, [plain[place]])
    ends = [{"id": id}, {"id": other_id}]
    return [
        {"from": ends[0], "to": ends[1], "associationSpec": plain[place]},
        {"from": ends[1], "to": ends[0], "associationSpec": plain[1 - place]},
    ]


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


def ends_of(ask: Ask, sent: Mapping[str, Any], to: Mapping[str, Any]) -> tuple[End, End] | None:
    """Return the two records that an input names, None if there is not each of them."""
    other = other_of(ask)
    own = ask.crm.one(ask.kind, str((sent.get("from") or {}).get("id") or ""))
    there = ask.crm.one(other, str(to.get("id") or ""))
    return None if own is None or there is None else ((ask.kind, own), (other, there))


def associate(crm: Crm, kind: Kind, row: Row, other: Kind, id: str, types: Sequence[Mapping[str, Any]]) -> None:
    """Associate a record with another one by the association types that were sent; raise Refused."""
    there = crm.one(other, id)
    if there is None:
        raise Refused(400, f"{other.label} {id} does not exist")
    pair, place = pair_of(crm, kind, other)
    own, hung = _sent(crm, kind, other, types)
    main = bool(pair.primary and pair.primary[place] in own)
    join(crm, (kind, row), (other, there), main=main, labels=hung)


def _sent(crm: Crm, kind: Kind, other: Kind, types: Sequence[Mapping[str, Any]]) -> tuple[set[int], set[int]]:
    """Return which of HubSpot's own types were sent, and which labels, by their numbers; raise Refused."""
    pair, place = pair_of(crm, kind, other)
    sent = _types(types)
    own = {(pair.category, id): id for id in (pair.types[place], *([pair.primary[place]] if pair.primary else []))}
    made = {(DEFINED, id): number for number, (id, _) in labels_between(crm, kind, other).items()}
    if not sent or sent - own.keys() - made.keys():
        raise Refused(400, f"Invalid association types {sorted(sent)} from {kind.name} to {other.name}")
    return {own[each] for each in sent if each in own}, {made[each] for each in sent if each in made}


def _types(sent: Sequence[Mapping[str, Any]]) -> set[tuple[str, int]]:
    return {(str(each.get("associationCategory")), int(each.get("associationTypeId") or 0)) for each in sent}


def check_sent(crm: Crm, kind: Kind, sent: Mapping[str, Any]) -> tuple[Kind, str]:
    """Return the kind and id that a new record is to be associated with; raise Refused if that cannot be."""
    id = str((sent.get("to") or {}).get("id") or "")
    for other in (crm.kinds[names[1 - names.index(kind.name)]] for names in crm.pairs if kind.name in names):
        try:
            _sent(crm, kind, other, sent.get("types") or [])
        except Refused:
            continue
        if crm.one(other, id) is None:
            raise Refused(400, f"{other.label} {id} does not exist")
        return other, id
    raise Refused(400, f"Invalid association types {sorted(_types(sent.get('types') or []))} for {kind.name}")


def check_all(crm: Crm, kind: Kind, sent: Any) -> None:
    """Raise Refused if a new record cannot be associated as its input says, or with what it must be."""
    others = [check_sent(crm, kind, each)[0].name for each in sent or []]
    if kind.belongs and kind.belongs not in others:
        message = f"A new {kind.label} must be associated with one of the {kind.belongs}"  # [K] the words
        raise Refused(400, message)


def associate_sent(crm: Crm, kind: Kind, row: Row, sent: Any) -> None:
    """Associate a new record as its input says; raise Refused."""
    for each in sent or []:
        other, id = check_sent(crm, kind, each)
        associate(crm, kind, row, other, id, each["types"])


def page_of(crm: Crm, kind: Kind, row: Row | None, other: Kind, after: int, limit: int = PAGE) -> dict[str, Any]:
    """Return a page of what a record is associated with, from an id on; raise Refused."""
    pair_of(crm, kind, other)
    rows = [each for each in crm.store.associated(kind.name, row.id, other.name) if each[0] >= after] if row else []
    if row and "associations-late" in crm.otherwise:
        joined = {each: crm.joined.get(names_of(crm, kind, row.id, other, each[0]), 0) for each in rows}
        rows = [each for each in rows if joined[each] <= crm.now - LATE]
    shown: dict[str, Any] = {"results": [_shown(crm, kind, row, other, *each) for each in rows[:limit]] if row else []}
    if len(rows) > limit:
        shown["paging"] = {"next": {"after": str(rows[limit][0])}}
    return shown


def _shown(crm: Crm, kind: Kind, row: Row, other: Kind, id: int, main: bool) -> dict[str, Any]:
    pair, place = pair_of(crm, kind, other)
    types: list[dict[str, Any]] = [{"category": pair.category, "typeId": pair.types[place], "label": None}]
    if main and pair.primary:
        types.insert(0, {"category": pair.category, "typeId": pair.primary[place], "label": pair.primary_label})
    made = labels_between(crm, kind, other)
    hung = sorted(labels_on(crm.store, names_of(crm, kind, row.id, other, id))) if made else []
    types += [{"category": DEFINED, "typeId": made[each][0], "label": made[each][1]} for each in hung]
    return {"toObjectId": id, "associationTypes": types}


def nothing(kind: Kind, id: str, other: Kind) -> Refused:
    """Return the entry of a multi-status answer for a record that is associated with nothing [C]."""
    own, far = kind.label.lower(), other.label.lower()
    message, sub = f"No {far} is associated with {own} {id}.", "crm.associations.NO_ASSOCIATIONS_FOUND"
    context = {"fromObjectId": [id], "fromObjectType": [own], "toObjectType": [far]}
    return Refused(404, message, "OBJECT_NOT_FOUND", context=context, sub=sub)


def other_of(ask: Ask) -> Kind:
    return kind_named(ask.crm, ask.arg)


def kind_named(crm: Crm, name: str) -> Kind:
    """Return the kind of record of this name; raise Refused if there is none."""
    kind = crm.kind_of(name)
    if kind is None:
        raise Refused(400, f"Unable to infer object type from: {name}")
    return kind
