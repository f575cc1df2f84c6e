"""Batch calls: at most a hundred records each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bothways.sandbox.hubspot.asks import Answer, Ask, batch_answer, inputs_of, sent_properties
from bothways.sandbox.hubspot.associations import associate_sent, check_all
from bothways.sandbox.hubspot.crm import key_of
from bothways.sandbox.hubspot.histories import entry
from bothways.sandbox.hubspot.problems import Refused, rows_not_found
from bothways.sandbox.hubspot.store import Row

MOST, MOST_WITH_HISTORY = 100, 50

Input = Mapping[str, Any]
Shown = dict[str, Any]


def read(ask: Ask) -> Answer:
    """Answer records by id or unique value; a record asked for twice is shown once, in the order of ids."""
    body = ask.body
    asked = [str(each.get("id") or "") for each in inputs_of(body, MOST)]
    id_property = body.get("idProperty")
    found = {id: ask.crm.one(ask.kind, id, id_property, archived=ask.archived) for id in asked}
    if ask.archived and "bin-is-shut" in ask.crm.otherwise:
        found = dict.fromkeys(found)
    if not id_property and "merged-ids-end" in ask.crm.otherwise:
        found = {id: row if row is not None and str(row.id) == id else None for id, row in found.items()}
    names = body.get("properties") or ask.kind.shown
    rows = {row.id: ask.crm.read(ask.kind, row) for row in found.values() if row is not None}
    missing = [id for id, row in found.items() if row is None]
    errors = [rows_not_found(ask.kind.label, missing).row()] if missing else []
    asked_history = body.get("propertiesWithHistory") or []
    if asked_history and len(asked) > MOST_WITH_HISTORY:
        raise Refused(400, f"The maximum batch size with history is {MOST_WITH_HISTORY}, but {len(asked)} were sent")
    shown = [ask.show(rows[id], names) for id in sorted(rows)]
    for each in shown if asked_history else ():
        each["propertiesWithHistory"] = histories_of(ask, rows[int(each["id"])], asked_history)
    return batch_answer(ask, shown, errors, 200)


def histories_of(ask: Ask, row: Row, names: Sequence[str]) -> dict[str, list[Shown]]:
    """Return what properties of a record held before, as answers show it; one that there is none of is passed over."""
    known = [name for name in names if name in ask.crm.properties[ask.kind.name]]
    return {name: [entry(one) for one in ask.crm.histories.of(ask.kind, row, name)] for name in known}


def create(ask: Ask) -> Answer:
    """Make records: all or none of them, unless every input has a trace id."""

    def make(each: Input) -> Shown:
        check_all(ask.crm, ask.kind, each.get("associations"))
        row = ask.crm.create(ask.kind, sent_properties(each))
        associate_sent(ask.crm, ask.kind, row, each.get("associations"))
        return ask.show(row, list(row.props))

    inputs = inputs_of(ask.body, MOST)
    results, errors = _each(ask, inputs, make)
    return batch_answer(ask, results[::-1], errors, 201)


def update(ask: Ask) -> Answer:
    """Change records. Ids that do not exist are reported; a bad value refuses all, unless all are traced.

    An id that is no number is passed over in silence, and one that is traced told by its trace, as HubSpot has been
    seen to do [C].
    """
    inputs = [each for each in inputs_of(ask.body, MOST) if _refers(ask, each)]
    rows = [(each, ask.crm.one(ask.kind, str(each["id"]), each.get("idProperty"))) for each in inputs]
    if "twice-is-last" not in ask.crm.otherwise:
        _refuse_twice([str(row.id) for _, row in rows if row is not None])
    there = {id(each): row for each, row in rows if row is not None}

    def change(each: Input) -> Shown:
        sent = sent_properties(each)
        return ask.show(ask.crm.update(ask.kind, there[id(each)], sent), list(sent))

    results, errors = _each(ask, [each for each in inputs if id(each) in there], change)
    missing = [each for each, row in rows if row is None]
    traced = [each for each in missing if each.get("objectWriteTraceId")]
    errors += [
        rows_not_found(ask.kind.label, [str(each["id"])]).row(str(each["objectWriteTraceId"])) for each in traced
    ]
    others = [str(each["id"]) for each in missing if each not in traced]
    errors += [rows_not_found(ask.kind.label, others).row()] if others else []
    return batch_answer(ask, results, errors, 200)


def upsert(ask: Ask) -> Answer:
    """Make or change records by a unique property; one that is refused refuses all, unless all have trace ids [C]."""

    def save(each: Input) -> Shown:
        key, name = str(each.get("id") or ""), str(each.get("idProperty") or "")
        ask.crm.require_unique(ask.kind, name)
        row, sent = ask.crm.one(ask.kind, key, name), sent_properties(each)
        made = row is None
        if row is None:
            check_all(ask.crm, ask.kind, None)
            row = ask.crm.create(ask.kind, {name: key, **sent})
        else:
            row = ask.crm.update(ask.kind, row, sent)
        return {**ask.show(row, list(row.props)), "new": made}

    inputs = inputs_of(ask.body, MOST)
    if "twice-is-last" not in ask.crm.otherwise:
        keys = [(str(each.get("idProperty") or ""), str(each.get("id") or "")) for each in inputs]
        _refuse_twice([key_of(*each) for each in keys])
    if "upsert-by-row" in ask.crm.otherwise:
        inputs = [{**each, "objectWriteTraceId": each.get("id")} for each in inputs]
    return batch_answer(ask, *_each(ask, inputs, save), 200)


def archive(ask: Ask) -> Answer:
    """Put records into the recycle bin; the answer says nothing about any of them."""
    for each in inputs_of(ask.body, MOST):
        row = ask.crm.one(ask.kind, str(each.get("id") or ""))
        if row is not None:
            ask.crm.archive(ask.kind, row)
    return 204, None


def _refers(ask: Ask, each: Input) -> bool:
    """Tell whether an input names a record; raise Refused for a property that names none."""
    name = each.get("idProperty")
    if name in (None, "", "hs_object_id"):
        return str(each.get("id") or "").isdecimal()
    if name == "email" or not ask.crm.properties[ask.kind.name].get(str(name), {}).get("hasUniqueValue"):
        message = f"Unable to perform update/upsert by non-unique {ask.kind.type_id} property {name}"
        raise Refused(400, message)
    return "id" in each


def _refuse_twice(ids: Sequence[str]) -> None:
    twice = sorted({id for id in ids if ids.count(id) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refused(400, message, context={"ids": twice})


def _each(ask: Ask, inputs: Sequence[Input], do: Callable[[Input], Shown]) -> tuple[list[Shown], list[Shown]]:
    """Do something for every input; if all have trace ids, a refusal counts for its input alone."""
    traced = ask.by_row and all(each.get("objectWriteTraceId") for each in inputs)
    results, errors = [], []
    for each in inputs:
        trace = each.get("objectWriteTraceId")
        try:
            result = do(each)
        except Refused as refusal:
            if not traced:
                raise
            errors.append(refusal.row(str(trace)))
        else:
            results.append({**result, "objectWriteTraceId": str(trace)} if trace and ask.echo else result)
    return results, errors
