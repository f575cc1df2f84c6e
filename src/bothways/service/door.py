"""What is refused when settings are new, though a sync that runs would only hold records for it."""

from collections.abc import Mapping

from bothways.connectors.abilities import KeepsLists
from bothways.connectors.base import Connector
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.errors import (
    ListAndPartMapped,
    ListsNotKnown,
    RequiredFieldNotMapped,
    SeveralValues,
    UnknownField,
    UnknownList,
)
from bothways.records import Field, FieldType
from bothways.service.document import SyncDocument
from bothways.service.yaml_file import nearest
from bothways.sync.lists import lists_by_name

Schema = Mapping[Side, Mapping[str, Field]]
"""The fields of the two objects, by name."""


def known_field(document: SyncDocument, schema: Schema, side: Side, name: str, place: str) -> Field:
    """Return a field of the object of a side; raise UnknownField, with the nearest name, where it has none."""
    if name in schema[side]:
        return schema[side][name]
    app, object = document.apps[side], document.objects[side]
    raise UnknownField(where=place, app=app, object=object, field=name, hint=nearest(name, schema[side]))


def check_required(document: SyncDocument, spec: SyncSpec, schema: Schema) -> None:
    """Refuse settings by which records would be created without a field that their app asks for."""
    for side in SIDES:
        if not spec.sends[side.other]:
            continue
        written = {each.on(side).name for each in spec.fields if spec.writes(each, side)}
        written |= {part.name for each in spec.fields if spec.writes(each, side) for part in each.on(side).parts}
        written |= {each.field.name for each in spec.constants if each.side is side}
        for field in schema[side].values():
            if field.required and not field.read_only and field.name not in written:
                setting = f"send: {{{document.apps[side.other]}: none}}"
                app = document.apps[side]
                raise RequiredFieldNotMapped(where=document.place, app=app, field=field.name, setting=setting)


def check_single(document: SyncDocument, spec: SyncSpec, mapping: FieldMap, schema: Schema) -> None:
    """Refuse a field of several values where the field that it is written to holds one."""
    for side in SIDES:
        source, target = mapping.on(side.other), mapping.on(side)
        joined = source.type is FieldType.MULTI_CHOICE
        if source.multi_valued and not joined and not target.multi_valued and spec.writes(mapping, side):
            raise several_values(document, schema, side.other, source, target, _place(document, mapping))


def several_values(
    document: SyncDocument, schema: Schema, side: Side, several: Field, single: Field, place: str
) -> SeveralValues:
    """Return the refusal of a field of ``side`` that holds several values, mapped to one that holds a single one."""
    return SeveralValues(
        where=place,
        app=document.apps[side],
        field=several.name,
        target=single.name,
        other=document.apps[side.other],
        hint=nearest("", parts_of(schema[side], several)),
    )


def parts_of(fields: Mapping[str, Field], several: Field) -> list[str]:
    """Return the fields that are one value of a list, by label and by position."""
    return [each.name for each in fields.values() if each.part_of == several.name] or [
        name for name in fields if name.startswith(f"{several.name}.")
    ]


def check_parts(document: SyncDocument, spec: SyncSpec, mapping: FieldMap) -> None:
    """Refuse one value of a list beside the list itself, where one of the two writes to it: both would."""
    for side in SIDES:
        part = mapping.on(side)
        for whole in spec.fields:
            written = spec.writes(mapping, side) or spec.writes(whole, side)
            if part.part_of is not None and whole.on(side).name == part.part_of and written:
                where, app = _place(document, mapping), document.apps[side]
                raise ListAndPartMapped(where=where, app=app, part=part.name, field=part.part_of)


def check_lists(document: SyncDocument, scope: Scope, side: Side, connector: Connector) -> None:
    """Refuse a filter by a list that the app does not have, or by lists where it tells of none."""
    wanted = scope.lists(side)
    if not wanted:
        return
    app, object, where = document.apps[side], document.objects[side], document.scope.filters[side].place
    if not isinstance(connector, KeepsLists):
        raise ListsNotKnown(where=where, app=app)
    known = lists_by_name(connector, object)
    for name in sorted(wanted):
        if len(known.get(name, ())) != 1:
            several = "more than one" if name in known else "no"
            hint = nearest(name, [each.name for lists in known.values() for each in lists])
            raise UnknownList(where=where, app=app, object=object, list=name, several=several, hint=hint)


def _place(document: SyncDocument, mapping: FieldMap) -> str:
    names = {side: mapping.on(side).name for side in SIDES}
    return next((each.place for each in document.fields or () if each.names == names), document.place)
