"""From the settings and what both apps tell of their fields to what the engine works by: the one place."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bothways.connectors.base import Capabilities
from bothways.engine.cascade import roles_of
from bothways.engine.consent import OPTED_OUT
from bothways.engine.deletes import Deletes, Removal
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.errors import (
    AssociationAmongFields,
    CannotBeMade,
    CleaningDoesNotFit,
    ConsentDoesNotFit,
    FieldMappedTwice,
    ForwardOnlyCleared,
    MissingKey,
    ReadOnlyField,
    RemovalNotPossible,
    SettingsContradict,
    SettingsError,
    TextOneWay,
    TypesDoNotMatch,
    UnknownField,
)
from bothways.records import CLEANERS, READABLE, Field, FieldType, coercion_between, made_field, recipe_of
from bothways.service.associations import Association, associations_of
from bothways.service.constants import constants_of, tags_of
from bothways.service.document import CLEAR, ONLY_KEYS, FieldDocument, SyncDocument
from bothways.service.door import (
    Schema,
    check_parts,
    check_required,
    check_single,
    known_field,
    parts_of,
    several_values,
)
from bothways.service.labels import labels_of
from bothways.service.match_rules import match_rules
from bothways.service.pairing import check_choices, choices_of
from bothways.service.scope import to_filter
from bothways.service.yaml_file import nearest

NEVER_BY_DEFAULT = frozenset({"identifier", "dateCreated", "dateModified"})
"""Meanings that say something of the record in its own app: never mapped unless somebody says so."""

OPT_OUT = (True, True)
"""What fields are as consent in which a yes says that somebody is opted out."""

MADE = (FieldType.JOINED, FieldType.NAMED)
"""Types that no app has, made of other fields, that can be written."""

MARGIN = 60.0
"""Seconds added to every own-write window: for a slow poll, and for clocks that are a little apart."""

_TO = {Side.LEFT: Direction.TO_LEFT, Side.RIGHT: Direction.TO_RIGHT}


@dataclass(frozen=True, slots=True)
class Unfit:
    """A mapping that was in force, and is left out since an app no longer has its field as it was."""

    document: FieldDocument
    error: SettingsError


@dataclass(frozen=True, slots=True)
class Resolved:
    """A sync's settings made exact. ``switched_off`` are the mappings that are not enabled, ``unfit`` those left out.

    ``neighbour`` is what of the sync of the contacts, or of the leads, decides here too (see ``service.neighbours``).
    """

    document: SyncDocument
    spec: SyncSpec
    switched_off: tuple[FieldMap, ...] = ()
    associations: tuple[Association, ...] = ()
    unfit: tuple[Unfit, ...] = ()
    neighbour: Mapping[str, Any] | None = None


def resolve(
    document: SyncDocument,
    schema: Schema,
    can: Mapping[Side, Capabilities],
    *,
    others: Collection[SyncDocument] = (),
    at_door: bool = False,
    needed: Mapping[Side, Set[str]] | None = None,
) -> Resolved:
    """Return what the engine works by; refuse with line and column what does not fit the apps' fields.

    ``others`` are the syncs of the workspace, through which associations are translated.
    ``at_door``: the settings are new, so that what would only hold records later on is refused as well.
    ``needed``: they were in force before, so that a mapping whose fields an app has taken away or changed is left out;
    not one that has one of these fields, by which records are told apart, and none of consent.
    """
    written = document.fields
    pairs, unfit = (
        _mapped(document, written, schema, needed)
        if written is not None
        else ([(each, True) for each in default_maps(document, schema)], [])
    )
    if unfit and not any(enabled for _, enabled in pairs):
        raise unfit[0].error
    if not any(enabled for _, enabled in pairs):
        raise MissingKey(where=document.place, key="fields", hint="No fields of the two apps have the same meaning.")
    associations = associations_of(document, schema, others, _by_name(pairs))
    pairs += [(mapping, not each.why_off) for each in associations for mapping in each.maps]
    maps = _with_winners(
        document, [each for each, _ in pairs], {name for each in unfit for name in _names(each.document)}
    )
    enabled = tuple(each for each, (_, on) in zip(maps, pairs, strict=True) if on)
    match = match_rules(document, schema)
    fields = {each: known_field(document, schema, each.side, each.field, each.place) for each in document.constants}
    tagged = {each: known_field(document, schema, each.side, each.field, each.place) for each in document.tags}
    scope = _scope(document, schema)
    spec = SyncSpec(
        document.apps,
        enabled,
        match,
        document.default,
        document.sends,
        {side: own_write_window(document.every, can[side]) for side in SIDES},
        tuple(constants_of(document, fields, enabled, match, at_door=at_door)),
        scope,
        {side: roles_of(schema[side].values()) for side in SIDES},
        document.wins,
        _deletes(document, can),
        tuple(tags_of(document, tagged, enabled, match, scope, at_door=at_door)),
    )
    spec = replace(spec, labels={side: tuple(_labels(spec, schema, side)) for side in SIDES})
    if at_door:
        _check_at_door(document, maps)
        check_required(document, spec, schema)
        for each in enabled:
            if not each.through:
                check_single(document, spec, each, schema)
                check_parts(document, spec, each)
    off = (each for each, (_, on) in zip(maps, pairs, strict=True) if not (on or each.through))
    return Resolved(document, spec, tuple(off), tuple(associations), tuple(unfit))


def _mapped(
    document: SyncDocument,
    written: Iterable[FieldDocument],
    schema: Schema,
    needed: Mapping[Side, Set[str]] | None,
) -> tuple[list[tuple[FieldMap, bool]], list[Unfit]]:
    """Return the mappings as written, each with whether it is enabled, and those that are left out."""
    pairs: list[tuple[FieldMap, bool]] = []
    unfit: list[Unfit] = []
    for each in written:
        try:
            pairs.append((_map(document, each, schema), each.enabled))
        except SettingsError as error:
            by_it = needed is None or any(not needed[side].isdisjoint(_parts(each.names[side])) for side in SIDES)
            if by_it or _of_consent(each, schema):
                raise
            unfit.append(Unfit(each, error))
    return pairs, unfit


def _of_consent(each: FieldDocument, schema: Schema) -> bool:
    """Tell whether a mapping says who wants to hear from us: without it, records of those who do not could be made."""
    known = (schema[side].get(each.names[side]) for side in SIDES)
    return each.consent is not None or any(field is not None and field.meaning == OPTED_OUT for field in known)


def _names(each: FieldDocument) -> set[str]:
    return set(each.names.values())


def _parts(name: str) -> set[str]:
    """Return the fields that a field of this name would be made of, and itself."""
    recipe = recipe_of(name)
    return {name, *(recipe.parts if recipe is not None else ())}


def _labels(spec: SyncSpec, schema: Schema, side: Side) -> Iterator[Field]:
    """Yield the labels, paired or not, that can hang on the associations that are written to a side."""
    for each in spec.fields:
        if each.through and not each.is_label and spec.writes(each, side):
            yield from labels_of(each.on(side), schema[side]).values()


def _by_name(pairs: Sequence[tuple[FieldMap, bool]]) -> dict[Side, set[str]]:
    """Return the references of both sides that are mapped by the name of what they refer to."""
    maps = [each for each, enabled in pairs if enabled]
    return {side: {part.name for each in maps if side in each.named for part in each.on(side).parts} for side in SIDES}


def _deletes(document: SyncDocument, can: Mapping[Side, Capabilities]) -> Deletes:
    """Return what becomes of the partners of deleted records; refuse what an app cannot do."""
    for side, removal in document.deletes.removals.items():
        possible = Removal.ARCHIVE if can[side].archives else Removal.DELETE
        if removal not in (possible, Removal.TAG):
            where, app = document.deletes.places.get(side, document.place), document.apps[side]
            raise RemovalNotPossible(where=where, app=app, removal=str(removal), can=f"keep or {possible}")
    return Deletes(document.deletes.removals, document.deletes.grace)


def _scope(document: SyncDocument, schema: Schema) -> Scope:
    def field(side: Side, name: str, place: str) -> Field:
        return known_field(document, schema, side, name, place)

    filters = {side: to_filter(each, partial(field, side)) for side, each in document.scope.filters.items()}
    return Scope(filters, _required_emails(document, schema), document.scope.leaving)


def _required_emails(document: SyncDocument, schema: Schema) -> dict[Side, str]:
    """Return the address field of each side where an address is required: of people, unless settings say otherwise."""
    required = document.scope.require
    if required is None:
        required = ("email",) if all(is_person(schema[side]) for side in SIDES) else ()
    emails = {side: each.name for side in SIDES if (each := _email(schema[side])) is not None}
    if required and not emails:
        reason = "an e-mail address is required, but none of the two apps has a field for it"
        raise SettingsError(where=document.scope.require_place, reason=reason)
    return emails if required else {}


def is_person(fields: Mapping[str, Field]) -> bool:
    """Tell whether an object is contact-like: its records have the name of a person, and an e-mail address."""
    meanings = {field.meaning for field in fields.values()}
    return "email" in meanings and not meanings.isdisjoint(("givenName", "familyName"))


def _email(fields: Mapping[str, Field]) -> Field | None:
    kinds = [field for field in fields.values() if field.type is FieldType.EMAIL and not field.multi_valued]
    return next((field for field in kinds if field.meaning == "email"), next(iter(kinds), None))


def own_write_window(every: float, can: Capabilities) -> float:
    """Return the seconds after our write in which a rewriting by the app is expected: two polls and lags."""
    return 2 * (every + can.index_lag) + MARGIN


# --- mappings -----------------------------------------------------------------------------------------


def default_maps(document: SyncDocument, schema: Schema) -> list[FieldMap]:
    """Return a mapping for every pair of fields of the same meaning that can flow at least one way."""
    clear = document.when_empty == CLEAR
    found: list[FieldMap] = []
    for left, right in _same_meaning(schema):
        ways = [side for side in SIDES if _can_flow(document, left, right, side)]
        if ways:
            direction = Direction.BOTH if len(ways) == 2 else _TO[ways[0]]
            choices = choices_of(document, {Side.LEFT: left, Side.RIGHT: right}, None, ways)
            clears = clear and not any(field.forward_only for field in (left, right))
            consent = OPT_OUT if OPTED_OUT in (left.meaning, right.meaning) else None
            found.append(FieldMap(left, right, direction, clearing_follows=clears, choices=choices, consent=consent))
    return found


def _same_meaning(schema: Schema) -> Iterator[tuple[Field, Field]]:
    by_meaning: dict[str, list[Field]] = {}
    for field in schema[Side.RIGHT].values():
        if field.meaning and field.meaning not in NEVER_BY_DEFAULT:
            by_meaning.setdefault(field.meaning, []).append(field)
    for field in schema[Side.LEFT].values():
        waiting = by_meaning.get(field.meaning or "")
        if waiting:
            yield field, waiting.pop(0)


def _can_flow(document: SyncDocument, left: Field, right: Field, target: Side) -> bool:
    source, written = (left, right) if target is Side.RIGHT else (right, left)
    several = source.multi_valued and source.type is not FieldType.MULTI_CHOICE and not written.multi_valued
    possible = not (written.read_only or several) and coercion_between(source.type, written.type) is not None
    return possible and document.sends[target.other]


def _map(document: SyncDocument, each: FieldDocument, schema: Schema) -> FieldMap:
    """Return a mapping as written, every mistake in it refused with its place."""
    fields = _by_email({side: _known_or_made(document, schema, side, each) for side in SIDES})
    _once(document, each)
    _no_association(document, fields, each)
    written = _written(document, each)
    _check_made(document, fields, each, written)
    for target in written:
        _check_writable(document, fields, target, each)
        _check_several(document, fields, schema, each.place)
        _check_types(fields, target, each.place)
    _check_cleaning(document, fields, each)
    clears = (each.when_empty or document.when_empty) == CLEAR and each.only is None
    if any(fields[target].forward_only for target in written):
        _check_not_cleared(document, fields, each, written)
        clears = False
    direction = _TO[each.to] if each.to else Direction.BOTH
    return FieldMap(
        fields[Side.LEFT],
        fields[Side.RIGHT],
        direction,
        clearing_follows=clears,
        only=each.only,
        winner=each.winner,
        choices=choices_of(document, fields, each, written),
        clean=each.clean,
        consent=_consent(document, fields, each),
    )


def _by_email(fields: dict[Side, Field]) -> dict[Side, Field]:
    """Let records be known by their e-mail address wherever either side says that their name is one."""
    kinds = {field.items if field.type is FieldType.NAMED else field.type for field in fields.values()}
    if FieldType.EMAIL not in kinds:
        return fields
    return {
        side: replace(field, items=FieldType.EMAIL) if field.type is FieldType.NAMED else field
        for side, field in fields.items()
    }


def fitting(document: SyncDocument, each: FieldDocument, schema: Schema, beside: Iterable[FieldMap] = ()) -> FieldMap:
    """Return a mapping of a document made exact; raise what speaks against it in new settings, beside others too.

    How options are paired is not asked: that can be said for any two fields that have them.
    """
    mapping = _map(document, each, schema)
    spec = SyncSpec(document.apps, (*beside, mapping), sends=document.sends)
    check_single(document, spec, mapping, schema)
    check_parts(document, spec, mapping)
    return mapping


def _no_association(document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument) -> None:
    """Refuse ids among the fields: a list of them, or one for one. They mean nothing in the other app."""
    ids = {side: fields[side].type is FieldType.REFERENCE for side in SIDES}
    both = all(ids[side] and fields[side].refers_to for side in SIDES)
    for side in SIDES:
        if both or (ids[side] and fields[side].multi_valued):
            raise AssociationAmongFields(where=each.place, app=document.apps[side], field=fields[side].name)


def _check_not_cleared(
    document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument, written: Sequence[Side]
) -> None:
    """Refuse a field that only moves forward in a mapping that clears: cleared, it could go back."""
    target = next(side for side in written if fields[side].forward_only)
    if each.when_empty == CLEAR:
        app, other = document.apps[target], document.apps[target.other]
        where = each.places.get("when_empty", each.place)
        raise ForwardOnlyCleared(where=where, app=app, other=other, field=fields[target].name)


def _consent(document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument) -> tuple[bool, bool] | None:
    """Return what a yes means in both fields, if they are of consent: as written, else by their common meaning."""
    if each.consent is None:
        if OPTED_OUT not in (field.meaning for field in fields.values()):
            return None
        if each.only is not None:
            key = ONLY_KEYS[each.only]
            other = f"{fields[Side.LEFT].title}, which says who is opted out,"
            raise SettingsContradict(where=each.places.get(key, each.place), key=key, other=other)
        return OPT_OUT
    for side, field in fields.items():
        if field.type is not FieldType.BOOLEAN:
            where = each.places.get("consent", each.place)
            raise ConsentDoesNotFit(where=where, app=document.apps[side], field=field.name, type=str(field.type))
    return each.consent


def _check_cleaning(document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument) -> None:
    for name in each.clean:
        types = CLEANERS[name].types
        side = next((side for side in SIDES if fields[side].type not in types), None)
        if side is not None:
            field, allowed = fields[side], ", ".join(map(str, types))
            raise CleaningDoesNotFit(
                where=each.places.get("clean", each.place),
                app=document.apps[side],
                field=field.name,
                type=str(field.type),
                clean=name,
                allowed=allowed,
            )


def _written(document: SyncDocument, each: FieldDocument) -> list[Side]:
    """Return the sides that a mapping may be written to."""
    return [each.to] if each.to else [side for side in SIDES if document.sends[side.other]]


def _check_at_door(document: SyncDocument, maps: Sequence[FieldMap]) -> None:
    for each, mapping in zip(document.fields or (), maps, strict=False):
        if each.enabled:
            check_choices(document, each, mapping, _written(document, each))


def _known_or_made(document: SyncDocument, schema: Schema, side: Side, each: FieldDocument) -> Field:
    """Return a field of the app, or one that is made of several."""
    name = each.names[side]
    recipe = None if name in schema[side] else recipe_of(name)
    if recipe is None:
        return known_field(document, schema, side, name, each.place)
    kinds = READABLE if recipe.text else (FieldType.TEXT,)
    for part in recipe.parts:
        field = known_field(document, schema, side, part, each.place)
        if field.type not in kinds or field.multi_valued:
            reason = f'"{part}" is {field.type}; only {", ".join(map(str, kinds))} can be taken'
            raise CannotBeMade(where=each.place, app=document.apps[side], field=name, reason=reason)
    if len(set(recipe.parts)) == 1 and not recipe.text:
        raise CannotBeMade(where=each.place, app=document.apps[side], field=name, reason="it is the same field twice")
    return made_field(name, recipe, schema[side])


def _check_made(
    document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument, written: Sequence[Side]
) -> None:
    """Refuse a text that would be written, and a joined field whose parts another mapping has as well."""
    for side in written:
        field, app = fields[side], document.apps[side]
        if field.parts and field.type not in MADE:
            direction = f"to_{document.apps[side.other]}"
            raise TextOneWay(where=each.place, app=app, field=field.name, direction=direction)
        others = (other for other in document.fields or () if other.enabled and other is not each)
        for other in others if field.parts and each.enabled else ():
            recipe = recipe_of(other.names[side])
            held = recipe.parts if recipe is not None and not recipe.text else (other.names[side],)
            twice = next((part.name for part in field.parts if part.name in held), None)
            if twice and side in _written(document, other):
                raise FieldMappedTwice(where=each.place, app=app, field=twice)


def _once(document: SyncDocument, each: FieldDocument) -> None:
    for side in SIDES:
        earlier = next((other for other in document.fields or () if other.names[side] == each.names[side]), each)
        if earlier is not each:
            raise FieldMappedTwice(where=each.place, app=document.apps[side], field=each.names[side])


def _check_writable(document: SyncDocument, fields: Mapping[Side, Field], target: Side, each: FieldDocument) -> None:
    if not fields[target].read_only:
        return
    other = f"to_{document.apps[target.other]}"
    works = not fields[target.other].read_only and document.sends[target]
    direction = other if works else "none of the two; take this mapping out"
    raise ReadOnlyField(where=each.place, field=fields[target].name, app=document.apps[target], direction=direction)


def _check_several(document: SyncDocument, fields: Mapping[Side, Field], schema: Schema, place: str) -> None:
    """Refuse a list of labelled values beside a field of one, if the list's values have fields of their own."""
    for side in SIDES:
        several, single = fields[side], fields[side.other]
        lists = [each.type is FieldType.LABELLED for each in (several, single)]
        if lists == [True, False] and parts_of(schema[side], several):
            raise several_values(document, schema, side, several, single, place)


def _check_types(fields: Mapping[Side, Field], target: Side, place: str) -> None:
    source, written = fields[target.other], fields[target]
    if coercion_between(source.type, written.type) is None:
        allowed = ", ".join(str(kind) for kind in FieldType if kind not in MADE and coercion_between(source.type, kind))
        raise TypesDoNotMatch(
            where=place,
            left=fields[Side.LEFT].name,
            left_type=str(fields[Side.LEFT].type),
            right=fields[Side.RIGHT].name,
            right_type=str(fields[Side.RIGHT].type),
            allowed=f"{source.type} into {allowed}",
        )


def _with_winners(document: SyncDocument, maps: Sequence[FieldMap], unfit: Collection[str] = ()) -> list[FieldMap]:
    """Give mappings their own winner; ``per_field`` names the field of either app. ``unfit``: of mappings left out."""
    winners = {each.key: each.winner for each in maps if each.winner is not None}
    for name, winner in document.winners.items():
        hits = [each.key for each in maps if name in (each.left.name, each.right.name)]
        if not hits and name in unfit:
            continue
        if not hits:
            known = {each.on(side).name for each in maps for side in SIDES}
            pair = " and ".join(document.pair)
            raise UnknownField(
                where=winner.place, app=pair, object="the mappings", field=name, hint=nearest(name, known)
            )
        if len(hits) > 1:
            raise SettingsError(where=winner.place, reason=f'"{name}" is a field of two mappings; name the other field')
        if hits[0] in winners:
            raise SettingsContradict(where=winner.place, key=name, other="winner")
        winners[hits[0]] = winner.who
    return [replace(each, winner=winners.get(each.key)) for each in maps]
