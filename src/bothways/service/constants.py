"""The constants of a sync, and its tags: values that the settings set in the fields of one app."""

from collections.abc import Iterator, Mapping, Sequence

from bothways.engine.consent import OPTED_OUT
from bothways.engine.scope import Scope
from bothways.engine.spec import Constant, FieldMap, MatchRule, Tag, When
from bothways.errors import CannotSet, CannotTag, SetFieldMapped
from bothways.records import CannotCoerce, Field, Value, coerce, parse_boolean, text_of
from bothways.service.document import SetDocument, SyncDocument, TagDocument

_TEXT = Field("")

CONSENT = "it says who is opted out"
"""Why a field is none to be set: each write, or taking a tag away, would opt people in."""


def constants_of(
    document: SyncDocument,
    fields: Mapping[SetDocument, Field],
    maps: Sequence[FieldMap],
    match: Sequence[MatchRule],
    *,
    at_door: bool,
) -> Iterator[Constant]:
    """Yield the constants; refuse those that cannot be written, or would fight with a mapping.

    An option that an app has no more is refused ``at_door`` alone: later, the app refuses it and the field is held.
    """
    names = [(each.side, each.field) for each in document.constants]
    for each, field in fields.items():
        reasons = {
            "it is read-only": field.read_only,
            "it is set twice": names.count((each.side, each.field)) > 1,
            "it is part of a mapping": any(part.name == each.field for one in maps for part in one.on(each.side).parts),
            "records are recognised by it": any(rule.by_alone(each.side, field.name) for rule in match),
            CONSENT: _opts_in(each, field),
        }
        for reason, true in reasons.items():
            if true:
                raise _refused(document, each, reason)
        if each.when is When.CREATED_OR_UPDATED and any(one.on(each.side).name == field.name for one in maps):
            app, other = document.apps[each.side], document.apps[each.side.other]
            raise SetFieldMapped(where=each.place, field=field.name, app=app, other=other)
        yield Constant(each.side, field, _value(document, each, field, at_door), each.when)


def tags_of(
    document: SyncDocument,
    fields: Mapping[TagDocument, Field],
    maps: Sequence[FieldMap],
    match: Sequence[MatchRule],
    scope: Scope,
    *,
    at_door: bool,
) -> Iterator[Tag]:
    """Yield the tags; refuse those that cannot be written, or in a field that something else looks after."""
    for each, field in fields.items():
        parts = {part.name for one in maps for part in (one.on(each.side), *one.on(each.side).parts)}
        other = document.apps[each.side.other]
        reasons = {
            f"{other} sends nothing, so nothing is written": not document.sends[each.side.other],
            "it is read-only": field.read_only,
            "it is mapped": each.field in parts,
            "the settings set it": any((one.side, one.field) == (each.side, each.field) for one in document.constants),
            "records are recognised by it": any(each.field in rule.fields(each.side) for rule in match),
            "a filter looks at it": each.field in scope.fields(each.side),
            CONSENT: field.meaning == OPTED_OUT,
        }
        for reason, true in reasons.items():
            if true:
                raise _refused(document, each, reason)
        yield Tag(Constant(each.side, field, _value(document, each, field, at_door)), each.occasion)


def _opts_in(each: SetDocument, field: Field) -> bool:
    """Tell whether a constant would opt people in with every write."""
    always = each.when is When.CREATED_OR_UPDATED
    return always and field.meaning == OPTED_OUT and parse_boolean(text_of(each.value)) is not True


def _value(document: SyncDocument, each: SetDocument | TagDocument, field: Field, at_door: bool) -> Value:
    """Return the value as the field can hold it."""
    text = text_of(each.value)
    try:
        coerced = coerce(text, _TEXT, field)
    except CannotCoerce as problem:
        if at_door:
            raise _refused(document, each, str(problem)) from problem
        return text
    if coerced.lost and at_door:
        raise _refused(document, each, f"it would lose {', '.join(coerced.lost)}")
    return coerced.value


def _refused(document: SyncDocument, each: SetDocument | TagDocument, reason: str) -> CannotSet | CannotTag:
    app, kind = document.apps[each.side], CannotTag if isinstance(each, TagDocument) else CannotSet
    return kind(where=each.place, field=each.field, app=app, value=text_of(each.value), reason=reason)
