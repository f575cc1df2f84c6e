"""Which records belong together, written: as what was added and taken away, with the labels of it.

An association that HubSpot takes away takes all its labels with it, so one stays on which a label hangs that was not
to go. And whether labels that are sent are added to those that hang there, or replace them, is not documented: what
hangs there is sent as well. So that is read right before, wherever more is written than that something came.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.http import MAY_BE_DONE
from bothways.connectors.hubspot.api import FOUND, Api
from bothways.connectors.hubspot.associations import Held, held_by, wanted, with_held
from bothways.connectors.hubspot.facts import ASSOCIATIONS_ARCHIVED, ASSOCIATIONS_CREATED
from bothways.connectors.hubspot.objects import ASSOCIATED, Reference, Type
from bothways.errors import (
    AppError,
    AppUnreachable,
    CredentialsRefused,
    PermissionMissing,
    QuotaUsedUp,
    RateLimited,
)
from bothways.records import Record, Value, ids_of

REFUSALS = frozenset({400, 404, 409, 413, 422})

SURELY_NOT = (CredentialsRefused, PermissionMissing, RateLimited)
"""Failures of a call by which nothing of it was carried out, unless an earlier try may have been."""

RAISED = (AppUnreachable, CredentialsRefused, PermissionMissing, QuotaUsedUp)
"""Failures that are those of the app as a whole, where nothing was written."""

Row = Mapping[str, Any]


def inline(api: Api, object: str, item: WriteItem) -> list[dict[str, Any]]:
    """Return what a new record is associated with, as it stands in the input that creates it."""
    return [
        {"to": {"id": id}, "types": _rows(types)}
        for each in _references(api, object, item)
        for id, types in _change_of(each, item, {}).come.items()
    ]


def lacking(api: Api, object: str, item: WriteItem) -> Reference | None:
    """Return an association without which no record is made, and that a new record would not have; None if it has all.

    The label of one associates as well.
    """
    if item.kind is not WriteKind.CREATE:
        return None
    needed = (each for each in api.references(object) if each.required)
    return next((each for each in needed if not any(ids_of(item.values[name]) for name in _names(each, item))), None)


def write(api: Api, object: str, items: Sequence[WriteItem]) -> dict[str, WriteResult]:
    """Write the associations of records that exist, and return by key what became of those that have any to write.

    Only what differs from what was last read is added or taken away: what others did meanwhile stays. Afterwards
    all is read again, so that an association that HubSpot did not take is refused and all others count as done. [K] One
    is shown as soon as it was made.
    Raises AppError only where nothing was written.
    """
    changed = [item for item in items if _references(api, object, item)]
    if not changed:
        return {}
    made: list[str] = []
    try:
        calls = [call for each in _written(api, object, changed) for call in _calls(api, object, each, changed)]
        words = [said for call in calls for said in _do(api, object, call, made)]
        held = {each: held_by(api, object, each, _ids(changed)) for each in _written(api, object, changed)}
    except AppError as error:
        if not made and isinstance(error, RAISED):
            raise
        outcome = Outcome.UNKNOWN if made else Outcome.LATER
        return {item.key: WriteResult(item.key, outcome, message=error.message) for item in changed}
    return {
        item.key: _result(item, {each: rows[id] for each, rows in held.items()}, words)
        for item, id in zip(changed, _ids(changed), strict=True)
    }


def read_back(
    api: Api, object: str, items: Sequence[WriteItem], results: Mapping[str, WriteResult]
) -> dict[str, WriteResult]:
    """Return results of creates with the associations as HubSpot stored them; as sent, where it cannot be asked.

    [K] An account can be set to associate a new contact with the company of its domain by itself.
    """
    made = {
        item.key: (item, record)
        for item in items
        if _references(api, object, item) and (record := results[item.key].record) is not None
    }
    ids = [record.id for _, record in made.values()]
    try:
        held = {
            each: held_by(api, object, each, ids) for each in _written(api, object, [item for item, _ in made.values()])
        }
        records = [
            with_held(
                record, {each: held[each][record.id] for each in _references(api, object, item)}, list(item.values)
            )
            for item, record in made.values()
        ]
    except AppError:
        records = [replace(each, values={**each.values, **_sent(item)}) for item, each in made.values()]
    return {key: replace(results[key], record=record) for key, record in zip(made, records, strict=True)}


def _sent(item: WriteItem) -> dict[str, Value]:
    return {name: list(ids_of(value)) for name, value in item.values.items() if name.startswith(ASSOCIATED)}


def _ids(items: Sequence[WriteItem]) -> list[str]:
    return [item.ref.id if item.ref else "" for item in items]


def _names(reference: Reference, item: WriteItem) -> list[str]:
    return [name for name in item.values if reference.has(name)]


def _references(api: Api, object: str, item: WriteItem) -> list[Reference]:
    return _written(api, object, [item])


def _written(api: Api, object: str, items: Sequence[WriteItem]) -> list[Reference]:
    return wanted(api, object, [name for item in items for name in item.values])


# --- what is to change --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to change in the associations of one record.

    ``come``: the types that are set, by the other record's id; ``main`` is to become the primary one. ``go`` are taken
    away, and ``lose`` says which labels alone. ``stay`` were to go, but for the labels that hang on them, by the words.
    """

    come: Mapping[str, list[Type]]
    main: str | None
    go: Sequence[str]
    lose: Mapping[str, list[Type]]
    stay: Mapping[str, str] = field(default_factory=dict)


def _change_of(reference: Reference, item: WriteItem, held: Held) -> _Change:
    """Return what an item changes in associations of one kind, of a record that has those ``held`` by now.

    Nothing is taken away that is not held: the old id of a record that was merged meanwhile leads to what it became.
    [K] Labels that are sent are added to those that hang there: since that is not promised, these are sent as well.
    """
    after, before = (ids_of(values.get(reference.field)) for values in (item.values, item.base))
    main = after[0] if reference.primary and after and after[:1] != before[:1] else None
    come: dict[str, list[Type]] = {id: [] for id in after if id not in before or id == main}
    lose: dict[str, list[Type]] = {}
    for name, type in _labels(reference, item):
        new, old = ids_of(item.values[name]), ids_of(item.base.get(name))
        for id in (id for id in new if id not in old):
            come.setdefault(id, []).append(type)
        for id in (id for id in old if id not in new and type in held.get(id, ())):
            lose.setdefault(id, []).append(type)
    left = {
        id: {type: label for type, label in types.items() if type not in lose.get(id, ())} for id, types in held.items()
    }
    stay = {id: words for id in before if id not in after and (words := _words(reference, left.get(id, {})))}
    go = [id for id in before if id not in after and id in held and id not in stay]

    def types(id: str, labels: Sequence[Type]) -> list[Type]:
        first = [reference.main] if id == main and reference.main else []
        there = (type for type in left.get(id, {}) if main is None or type != reference.main)
        return list(dict.fromkeys([reference.plain, *first, *labels, *there]))

    return _Change(
        {id: types(id, labels) for id, labels in come.items()},
        main,
        go,
        {id: labels for id, labels in lose.items() if id not in go},
        stay,
    )


def _labels(reference: Reference, item: WriteItem) -> Iterator[tuple[str, Type]]:
    """Yield the labels that an item writes: their fields and types."""
    for name in item.values:
        type = reference.type_of(name)
        if type is not None:
            yield name, type


def _words(reference: Reference, types: Mapping[Type, str]) -> str:
    """Return the labels among types, in words."""
    return ", ".join(f'"{label}"' for type, label in types.items() if reference.is_label(type, label))


def _matters(reference: Reference, item: WriteItem) -> bool:
    """Tell whether it matters what HubSpot holds by now: whether more is written than that something is added."""
    after, before = (ids_of(values.get(reference.field)) for values in (item.values, item.base))
    moved = after[:1] != before[:1] and after[:1] and after[0] in before
    return bool(moved or set(before) - set(after)) or any(_labels(reference, item))


# --- the calls ----------------------------------------------------------------------------------------


Call = tuple[Reference, str, Sequence[Row]]
"""The kind of association, what is done, and the inputs."""


def _calls(api: Api, object: str, reference: Reference, changed: Sequence[WriteItem]) -> Iterator[Call]:
    """Yield the calls that add and take away the associations of one kind; what is there by now is read before.

    Nothing is changed of a record of which a label keeps one that was to go.
    """
    items = [item for item in changed if _names(reference, item)]
    asked = _ids([item for item in items if _matters(reference, item)])
    held = held_by(api, object, reference, asked)
    each_of = zip(_ids(items), items, strict=True)
    changes = {id: each for id, item in each_of if not (each := _change_of(reference, item, held.get(id, {}))).stay}
    come = [_input(id, to, types) for id, each in changes.items() for to, types in each.come.items()]
    lose = [_input(id, to, types) for id, each in changes.items() for to, types in each.lose.items()]
    gone = [{"from": {"id": id}, "to": [{"id": to} for to in each.go]} for id, each in changes.items() if each.go]
    actions = (
        (come, "create", ASSOCIATIONS_CREATED),
        (lose, "labels/archive", ASSOCIATIONS_ARCHIVED),
        (gone, "archive", ASSOCIATIONS_ARCHIVED),
    )
    for inputs, action, most in actions:
        for start in range(0, len(inputs), most):
            yield reference, action, inputs[start : start + most]


def _do(api: Api, object: str, call: Call, made: list[str]) -> list[str]:
    """Make one call and return what HubSpot said against any of it; ``made`` grows if it was carried out, or may be.

    A batch that is refused as a whole is halved until what is at fault stands alone.
    """
    reference, action, inputs = call
    try:
        response = api.associations(object, reference.to, action, {"inputs": list(inputs)}, ok=FOUND | REFUSALS)
    except AppError as error:
        made += [] if isinstance(error, SURELY_NOT) and not error.facts.get(MAY_BE_DONE) else [action]
        raise
    if response.status not in REFUSALS:
        made.append(action)
        return [] if response.status == 204 else [each.message for each in api.problems(api.body(response))]
    if len(inputs) == 1:
        return [api.said(response).message]
    middle = len(inputs) // 2
    halves = ((reference, action, inputs[:middle]), (reference, action, inputs[middle:]))
    return [said for each in halves for said in _do(api, object, each, made)]


def _input(id: str, to: str, types: Sequence[Type]) -> dict[str, Any]:
    return {"from": {"id": id}, "to": {"id": to}, "types": _rows(types)}


def _rows(types: Sequence[Type]) -> list[dict[str, Any]]:
    return [{"associationCategory": each.category, "associationTypeId": each.id} for each in types]


def _result(item: WriteItem, held: Mapping[Reference, Held], words: Sequence[str]) -> WriteResult:
    """Return what became of one item: refused are the associations and labels that are not as they were to be.

    Where others of them are, it is unknown: what is refused counts as not written at all.
    """
    record, refused, stay, moved = Record(item.ref.id if item.ref else "", {}), [], list[str](), False
    for reference in (each for each in held if _names(each, item)):
        names = _names(reference, item)
        record = with_held(record, {reference: held[reference]}, names)
        change = _change_of(reference, item, held[reference])
        stay += [f"the label {labels} hangs on that with {to}" for to, labels in change.stay.items()]
        for name in names:
            now, after, before = (ids_of(each.get(name)) for each in (record.values, item.values, item.base))
            come, go = set(after) - set(before), set(before) - set(after)
            wrong = come - set(now) or go & set(now)
            moved = moved or bool(come & set(now) or go - set(now))
            if wrong or (name == reference.field and change.main and now[:1] != (change.main,)):
                refused.append(name)
    if refused:
        kept = [f"an association stays, since {each}: take it away there, or pair it with another" for each in stay]
        message = "; ".join(filter(None, dict.fromkeys([*kept, *words]))) or "HubSpot did not take the association"
        outcome = Outcome.UNKNOWN if moved else Outcome.REFUSED
        return WriteResult(item.key, outcome, fields=tuple(refused), message=message)
    return WriteResult(item.key, Outcome.DONE, record)
