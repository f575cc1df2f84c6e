"""What is refused when settings are new, though a sync that runs would only hold records for it."""

from collections.abc import Mapping

from bothways.connectors.base import Connector, KeepsLists
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.errors import ListsNotKnown, RequiredFieldNotMapped, SeveralValues, UnknownList
from bothways.records import Field, FieldType
from bothways.service.document import SyncDocument
from bothways.service.yaml_file import nearest
from bothways.sync.lists import lists_by_name

Schema = Mapping[Side, Mapping[str, Field]]


def check_required(document: SyncDocument, spec: SyncSpec, schema: Schema) -> None:
    """Refuse settings by which records would be created without a field that their app asks for."""
    for side in SIDES:
        if not spec.sends[side.other]:
            continue
        written = {each.on(side).name for each in spec.fields if spec.writes(each, side)}
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
            parts = [name for name in schema[side.other] if name.startswith(f"{source.name}.")]
            raise SeveralValues(
                where=_place(document, mapping),
                app=document.apps[side.other],
                field=source.name,
                target=target.name,
                other=document.apps[side],
                hint=nearest("", parts),
            )


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
