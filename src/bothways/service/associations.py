"""Associations of a sync: found between fields that refer to what another sync keeps in step, or as written."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap
from bothways.errors import FieldMappedTwice, NoAssociation, NoSyncOfParents, ReadOnlyField
from bothways.records import Field, FieldType
from bothways.service.document import AssociationDocument, SyncDocument
from bothways.service.door import Schema
from bothways.service.labels import paired_labels
from bothways.service.yaml_file import nearest

SWITCHED_OFF = "switched off"
_TO = {Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}


@dataclass(frozen=True, slots=True)
class Association:
    """An association of a sync: ``why_off`` says why nothing flows, "" where it is in force.

    ``labels`` are its labels that are paired, and in force together with it.
    """

    mapping: FieldMap
    why_off: str = ""
    labels: tuple[FieldMap, ...] = ()

    @property
    def maps(self) -> tuple[FieldMap, ...]:
        """All that is kept in step of it."""
        return (self.mapping, *self.labels)


def associations_of(
    document: SyncDocument, schema: Schema, others: Collection[SyncDocument], by_name: Mapping[Side, Collection[str]]
) -> list[Association]:
    """Return the associations as written, or else all that are there without a doubt; refuse mistakes.

    ``by_name`` are the references that are mapped by the name of what they refer to: they cannot be associations, too.
    """
    if document.associations is None:
        found = _usual(document, schema, others)
        return [each for each in found if not any(each.mapping.on(side).name in by_name[side] for side in SIDES)]
    for each in document.associations:
        for side in SIDES:
            if each.enabled and each.names[side] in by_name[side]:
                raise FieldMappedTwice(where=each.place, app=document.apps[side], field=each.names[side])
    return [_written(document, each, schema, others) for each in document.associations]


def parent_sync(
    document: SyncDocument, fields: Mapping[Side, Field], others: Iterable[SyncDocument]
) -> list[SyncDocument]:
    """Return the syncs of the same two apps that keep in step what the two fields refer to."""
    wanted = {document.apps[side]: fields[side].refers_to for side in SIDES}
    found = [each for each in others if each.name != document.name]
    return [each for each in found if {each.apps[side]: each.objects[side] for side in SIDES} == wanted]


def may_have_any(document: SyncDocument, syncs: Mapping[str, SyncDocument]) -> bool:
    """Tell whether a sync may have associations: some are written, or another one is between the same two apps."""
    same_apps = (each for each in syncs.values() if each.name != document.name and set(each.pair) == set(document.pair))
    return bool(document.associations) if document.associations is not None else any(same_apps)


def needs(parents: SyncDocument) -> str:
    """Say what an association through a sync waits for; "" if it is on."""
    return "" if parents.state == "on" else f'needs the sync "{parents.name}" to be on'


def is_turned(document: SyncDocument, parents: SyncDocument) -> bool:
    """Tell whether the left app of a sync is the right one of another."""
    return document.apps[Side.LEFT] != parents.apps[Side.LEFT]


def stored_associations(found: Sequence[Association]) -> list[list[Any]]:
    """Return associations as plain rows: both fields, direction, the sync of what they refer to, why they are off.

    The fields of labels that are paired come last, and only where there are any.
    """
    rows: list[list[Any]] = []
    for each in found:
        own, labels = each.mapping, [[label.left.name, label.right.name] for label in each.labels]
        row = [own.left.name, own.right.name, str(own.direction), own.through, each.why_off]
        rows.append([*row, labels] if labels else row)
    return rows


# --- as found -----------------------------------------------------------------------------------------


def _usual(document: SyncDocument, schema: Schema, others: Collection[SyncDocument]) -> Iterator[Association]:
    """Yield an association where one field of each side, and no second, refers to what a sync keeps in step."""
    pairs = [(left, right) for left in _references(schema, Side.LEFT) for right in _references(schema, Side.RIGHT)]
    times = Counter((left.refers_to, right.refers_to) for left, right in pairs)
    for left, right in pairs:
        parents = parent_sync(document, {Side.LEFT: left, Side.RIGHT: right}, others)
        ways = [side for side in SIDES if document.sends[side.other] and not (left, right)[SIDES.index(side)].read_only]
        if len(parents) == 1 and ways and times[left.refers_to, right.refers_to] == 1:
            direction = Direction.BOTH if len(ways) == 2 else _TO[ways[0]]
            mapping = FieldMap(left, right, direction, through=parents[0].name)
            yield Association(mapping, needs(parents[0]), paired_labels(document, mapping, schema, None))


def _references(schema: Schema, side: Side) -> list[Field]:
    references = (field for field in schema[side].values() if field.type is FieldType.REFERENCE)
    return [field for field in references if field.refers_to and field.label_of is None]


# --- as written ---------------------------------------------------------------------------------------


def _written(
    document: SyncDocument, each: AssociationDocument, schema: Schema, others: Collection[SyncDocument]
) -> Association:
    fields = {side: _reference(document, each, schema, side) for side in SIDES}
    parents = [sync for sync in parent_sync(document, fields, others) if each.sync in (None, sync.name)]
    if len(parents) != 1:
        objects = {side: f"{document.apps[side]} {fields[side].refers_to}" for side in SIDES}
        raise NoSyncOfParents(
            where=each.place, left=objects[Side.LEFT], right=objects[Side.RIGHT], name=each.sync or "none is named"
        )
    for side in [each.to] if each.to else [side for side in SIDES if document.sends[side.other]]:
        if fields[side].read_only:
            way = f"to_{document.apps[side.other]}"
            raise ReadOnlyField(where=each.place, field=fields[side].name, app=document.apps[side], direction=way)
    direction = _TO[each.to] if each.to else Direction.BOTH
    mapping = FieldMap(fields[Side.LEFT], fields[Side.RIGHT], direction, through=parents[0].name)
    labels = paired_labels(document, mapping, schema, each)
    return Association(mapping, needs(parents[0]) if each.enabled else SWITCHED_OFF, labels)


def _reference(document: SyncDocument, each: AssociationDocument, schema: Schema, side: Side) -> Field:
    field = schema[side].get(each.names[side])
    if field is None or field not in _references(schema, side):
        hint = nearest(each.names[side], [field.name for field in _references(schema, side)])
        raise NoAssociation(where=each.place, app=document.apps[side], field=each.names[side], hint=hint)
    return field
