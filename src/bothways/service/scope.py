"""The scope of a sync between its three forms: as written, as the engine works by it, as kept with a revision."""

from collections.abc import Callable, Mapping
from typing import Any

from bothways.engine.filters import Condition, Filter, Group, InList, condition, conditions, group, in_words
from bothways.engine.scope import Leaving, Scope
from bothways.engine.sides import SIDES, Side
from bothways.records import Field, FieldType, Option
from bothways.service.document import LIST, ConditionDocument, FilterDocument, GroupDocument, SyncDocument
from bothways.service.sync_settings import filter_data

FieldNamed = Callable[[str, str], Field]
"""Returns the field of a name; the second text is the place to name if there is none."""


def to_filter(document: FilterDocument, field: FieldNamed) -> Filter:
    """Return a filter as the engine works by it; refuse with its place what makes no sense for its fields."""
    if isinstance(document, GroupDocument):
        return group(document.kind, [to_filter(part, field) for part in document.parts], document.place)
    if document.operator == LIST:
        return InList(str(document.operand))
    known = field(document.field, document.place)
    return condition(known, document.operator, document.operand, document.place)


def scope_in_words(document: SyncDocument, applied: Mapping[str, Any]) -> dict[Side, str]:
    """Return per side which of its records take part: ``all``, ``none``, or the filter in words."""
    stored = scope_in_force(applied).filters if "scope" in applied else {}
    written = document.scope.filters
    return {
        side: in_words(stored.get(side) or _untyped(written[side]))
        if side in written
        else ("all" if document.sends[side] else "none")
        for side in SIDES
    }


def _untyped(document: FilterDocument) -> Filter:
    """Return a filter whose fields are not known, to be read out and for nothing else."""
    if isinstance(document, GroupDocument):
        return Group(document.kind, tuple(_untyped(part) for part in document.parts))
    if document.operator == LIST:
        return InList(str(document.operand))
    return Condition(Field(document.field), document.operator, document.operand, None)


# --- as kept with a revision --------------------------------------------------------------------------


def stored_scope(scope: Scope) -> dict[str, Any]:
    """Return a scope as plain data, with all of the fields that its filters look at."""
    return {
        "filters": {
            str(side): {
                "filter": filter_data(_document(filter)),
                "fields": {name: _kept(field) for name, field in sorted(_fields_of(filter).items())},
            }
            for side, filter in scope.filters.items()
        },
        "emails": {str(side): name for side, name in scope.emails.items()},
        "leaving": str(scope.leaving),
    }


def scope_in_force(applied: Mapping[str, Any]) -> Scope:
    """Return the scope of a revision, as it was brought in force."""
    data = applied["scope"]
    filters = {Side(side): _loaded(each["filter"], each["fields"]) for side, each in data["filters"].items()}
    return Scope(filters, {Side(side): name for side, name in data["emails"].items()}, Leaving(data["leaving"]))


def stored_fields(applied: Mapping[str, Any], side: Side) -> set[str]:
    """Return the names of the fields of one side that a scope kept with a revision looks at."""
    data = applied.get("scope") or {"filters": {}, "emails": {}}
    own = set(data["filters"].get(side, {"fields": {}})["fields"])
    return own | ({data["emails"][side]} if side in data["emails"] else set())


def _document(filter: Filter) -> FilterDocument:
    match filter:
        case Group(kind, parts):
            return GroupDocument(kind, tuple(_document(part) for part in parts))
        case Condition(field, operator, operand):
            return ConditionDocument(field.name, operator, operand)
        case InList(name):
            return ConditionDocument("", LIST, name)


def _fields_of(filter: Filter) -> dict[str, Field]:
    return {each.field.name: each.field for each in conditions(filter) if isinstance(each, Condition)}


def _kept(field: Field) -> list[Any]:
    options = [[option.key, option.label, option.hidden] for option in field.options]
    return [str(field.type), field.label, options, field.precision, field.region, field.multi_valued]


def _loaded(data: Mapping[str, Any], fields: Mapping[str, Any]) -> Filter:
    def field(name: str, place: str) -> Field:
        kind, label, options, precision, region, several = fields[name]
        choices = tuple(Option(*each) for each in options)
        return Field(
            name,
            FieldType(kind),
            label,
            multi_valued=several,
            options=choices,
            precision=precision,
            region=region,
        )

    return to_filter(_read(data), field)


def _read(data: Mapping[str, Any]) -> FilterDocument:
    """Return a filter from its plain data, as ``filter_data`` gives it."""
    if "field" in data:
        operator = next(key for key in data if key != "field")
        return ConditionDocument(data["field"], operator, data[operator])
    kind, parts = next(iter(data.items()))
    if kind == LIST:
        return ConditionDocument("", LIST, parts)
    return GroupDocument(kind, tuple(_read(part) for part in ([parts] if kind == "not" else parts)))
