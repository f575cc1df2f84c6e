"""The labels of an association of two apps paired with each other, as the settings say or by their words."""

from collections.abc import Mapping

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.errors import LabelPairedTwice, NoLabels, UnknownLabel
from bothways.records import Field, Option, option_named, same_labels
from bothways.service.document import AssociationDocument, SyncDocument
from bothways.service.door import Schema
from bothways.service.yaml_file import nearest


def labels_of(field: Field, fields: Mapping[str, Field]) -> dict[str, Field]:
    """Return the labels that the associations in a field can have, by the names of their own fields."""
    return {each.name: each for each in fields.values() if each.label_of == field.name}


def paired_labels(
    document: SyncDocument, mapping: FieldMap, schema: Schema, each: AssociationDocument | None
) -> tuple[FieldMap, ...]:
    """Return the labels of an association that are kept in step, each as an association of its own.

    ``each`` is None for an association that nobody wrote. Refuses labels that are not there, and those paired twice.
    """
    labels = {side: labels_of(mapping.on(side), schema[side]) for side in SIDES}
    options = {side: [Option(name, label.title) for name, label in labels[side].items()] for side in SIDES}
    if each is None or each.labels is None:
        pairs = same_labels(options[Side.LEFT], options[Side.RIGHT])
    else:
        pairs = tuple(
            (
                _named(document, mapping, each, options, Side.LEFT, left),
                _named(document, mapping, each, options, Side.RIGHT, right),
            )
            for left, right in each.labels
        )
        _check_once(document, each, pairs)
    return tuple(
        FieldMap(labels[Side.LEFT][left], labels[Side.RIGHT][right], mapping.direction, through=mapping.through)
        for left, right in pairs
    )


def _named(
    document: SyncDocument,
    mapping: FieldMap,
    each: AssociationDocument,
    options: Mapping[Side, list[Option]],
    side: Side,
    name: str,
) -> str:
    """Return the field of a label that is named by its word, or by its field where several have the same."""
    app, field = document.apps[side], mapping.on(side).name
    if not options[side]:
        raise NoLabels(where=each.labels_place, app=app, field=field)
    found = option_named(name, options[side])
    if found is None:
        hint = nearest(name, [option.label for option in options[side]])
        raise UnknownLabel(where=each.labels_place, app=app, field=field, label=name, hint=hint)
    return found.key


def _check_once(document: SyncDocument, each: AssociationDocument, pairs: tuple[tuple[str, str], ...]) -> None:
    for place, side in enumerate(SIDES):
        keys = [pair[place] for pair in pairs]
        twice = next((number for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            label = (each.labels or ())[twice][place]
            raise LabelPairedTwice(where=each.labels_place, app=document.apps[side], label=label)
