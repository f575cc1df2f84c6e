"""Fields that refer to records known by their name, for apps that have only a text for them: which a sync needs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from bothways.engine.cascade import ORGANIZATION, kind_of
from bothways.engine.sides import SIDES, Side
from bothways.errors import AppError, CannotBeMade, UnknownField, UnknownObject
from bothways.records import Field, FieldType, Recipe, named_field, recipe_of
from bothways.service.document import SyncDocument
from bothways.service.yaml_file import nearest

WORKS_FOR, NAME = "worksFor", "name"
"""The meaning of a field that says which company somebody works for, and of a company's name."""

NAMES = (FieldType.TEXT, FieldType.EMAIL)
"""The types of the fields by which records can be known."""

Schema = Mapping[Side, Mapping[str, Field]]
Fields = Callable[[Side, str], Mapping[str, Field]]
"""Returns the fields of any object of one side's app; raises UnknownObject."""


def with_names(document: SyncDocument, schema: Schema, fields: Fields) -> Schema:
    """Return the fields of both sides, with those by name that the settings speak of, or that go without saying.

    Raises CannotBeMade and UnknownField with the place.
    """
    added = {side: dict(_written(document, side, schema[side], fields)) for side in SIDES}
    if document.fields is None:
        added = {side: added[side] or dict(_usual(side, schema, fields)) for side in SIDES}
    return {side: {**schema[side], **added[side]} for side in SIDES}


def with_addresses(schema: Schema, fields: Fields) -> Schema:
    """Return the fields of both sides, with whom they refer to by the e-mail address, as a person may map them."""
    return {side: {**schema[side], **dict(_by_address(side, schema[side], fields))} for side in SIDES}


def _by_address(side: Side, known: Mapping[str, Field], fields: Fields) -> Iterator[tuple[str, Field]]:
    for reference in known.values():
        if reference.type is FieldType.REFERENCE and reference.refers_to is not None and not reference.multi_valued:
            with suppress(AppError, UnknownObject):
                for by in fields(side, reference.refers_to).values():
                    name = f"{reference.name} > {by.name}"
                    if by.type is FieldType.EMAIL and not by.multi_valued and name not in known:
                        yield name, named_field(name, reference, by, None)


def _written(
    document: SyncDocument, side: Side, known: Mapping[str, Field], fields: Fields
) -> Iterator[tuple[str, Field]]:
    for each in document.fields or ():
        name, recipe = each.names[side], recipe_of(each.names[side])
        if recipe is not None and recipe.named and name not in known:
            yield name, _named(document, side, name, recipe, known, fields, each.place)


def _named(
    document: SyncDocument,
    side: Side,
    name: str,
    recipe: Recipe,
    known: Mapping[str, Field],
    fields: Fields,
    place: str,
) -> Field:
    """Return a field by name as written; refuse one that cannot be made."""
    app, reference = document.apps[side], known.get(recipe.parts[0])
    if reference is None:
        hint, object = nearest(recipe.parts[0], known), document.objects[side]
        raise UnknownField(where=place, app=app, object=object, field=recipe.parts[0], hint=hint)

    def refused(reason: str) -> CannotBeMade:
        return CannotBeMade(where=place, app=app, field=name, reason=reason)

    if not _is_one(reference) or reference.refers_to is None:
        raise refused(f'"{reference.name}" does not refer to records of which one is the primary one')
    try:
        there = fields(side, reference.refers_to)
    except UnknownObject as problem:
        raise refused(f"{reference.refers_to} cannot be read") from problem
    by = there.get(recipe.named)
    if by is None:
        hint = nearest(recipe.named, there)
        raise UnknownField(where=place, app=app, object=reference.refers_to, field=recipe.named, hint=hint)
    if by.type not in NAMES or by.multi_valued:
        raise refused(f'"{by.name}" is {by.type}; only text or an e-mail address can be a name')
    return named_field(name, reference, by, WORKS_FOR if kind_of(there.values()) == ORGANIZATION else None)


def _usual(side: Side, schema: Schema, fields: Fields) -> Iterator[tuple[str, Field]]:
    """Yield the company by its name, where the other app has nothing but a text for it, and this one no such text."""
    own, others = schema[side].values(), list(schema[side.other].values())
    as_text = any(each.meaning == WORKS_FOR and each.type is FieldType.TEXT for each in others)
    if not as_text or any(each.meaning == WORKS_FOR for each in own) or any(map(_refers, others)):
        return
    found = []
    for reference in own:
        if _is_one(reference) and reference.refers_to is not None:
            try:
                there = fields(side, reference.refers_to)
            except UnknownObject:
                continue
            by = [each for each in there.values() if each.meaning == NAME and each.type is FieldType.TEXT]
            if kind_of(there.values()) == ORGANIZATION and len(by) == 1:
                found.append(named_field(f"{reference.name} > {by[0].name}", reference, by[0], WORKS_FOR))
    if len(found) == 1:
        yield found[0].name, found[0]


def _refers(field: Field) -> bool:
    return field.type is FieldType.REFERENCE and field.refers_to is not None


def _is_one(field: Field) -> bool:
    """Tell whether a field refers to one record, or to several of which the first is the primary one."""
    return _refers(field) and (not field.multi_valued or field.primary_first)
