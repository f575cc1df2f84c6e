"""The options of two choice fields paired, as the settings say or as their labels suggest; mistakes refused."""

from collections.abc import Collection, Mapping

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.errors import ChoicesNotPaired, NothingToPair, PairingAmbiguous, UnknownChoice
from bothways.records import Choices, Field, FieldType, Unpaired, option_named, suggest
from bothways.service.document import FieldDocument, SyncDocument
from bothways.service.misfits import may_not_fit
from bothways.service.yaml_file import nearest

PAIRABLE = frozenset({FieldType.CHOICE, FieldType.TEXT})
"""The types whose values can be paired, one with another."""

Pairs = tuple[tuple[str, str], ...]


def choices_of(
    document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument | None, written: Collection[Side]
) -> tuple[Choices, Choices] | None:
    """Return what the values become on each side; None where they are carried over as they are.

    ``each`` is None for a mapping that nobody wrote. ``written`` are the sides that it may be written to.
    """
    given = each is not None and (each.values is not None or each.other is not None)
    if each is not None and each.values is None and each.other is Unpaired.HOLD and may_not_fit(fields, written):
        return None
    left, right = (fields[side] for side in SIDES)
    if given and each is not None:
        _check_types(each, left, right)
        pairs = suggest(left, right) if each.values is None else _named(fields, each.values)
        defaults = {side: _key(fields[side], name) for side, name in each.defaults.items()}
        _check_clear(document, fields, each, pairs, written)
        rule = each.other or Unpaired.HOLD
    else:
        pairs, defaults, rule = suggest(left, right), {}, Unpaired.HOLD
        if not pairs or {left.type, right.type} != {FieldType.CHOICE}:
            return None
    other = {side: rule if side in written else Unpaired.HOLD for side in SIDES}
    return (
        Choices(right, left, _turned(pairs), other[Side.LEFT], defaults.get(Side.LEFT)),
        Choices(left, right, pairs, other[Side.RIGHT], defaults.get(Side.RIGHT)),
    )


def are_pairable(left: Field, right: Field) -> bool:
    """Tell whether the values of two fields can be paired: a choice with another, or with a text."""
    kinds = {left.type, right.type}
    return kinds <= PAIRABLE and FieldType.CHOICE in kinds


def _check_types(each: FieldDocument, left: Field, right: Field) -> None:
    if are_pairable(left, right):
        return
    where = each.places.get("values") or each.places.get("other") or each.place
    raise NothingToPair(
        where=where, left=left.name, left_type=str(left.type), right=right.name, right_type=str(right.type)
    )


def _named(fields: Mapping[Side, Field], values: Pairs) -> Pairs:
    """Return the pairs by stored keys."""
    return tuple((_key(fields[Side.LEFT], left), _key(fields[Side.RIGHT], right)) for left, right in values)


def _key(field: Field, name: str) -> str:
    """Return the stored key of an option named by key or label; what is no option stays as it is."""
    found = option_named(name, field.options)
    return found.key if found else name.strip()


def _label(field: Field, key: str) -> str:
    return next((option.label for option in field.options if option.key == key and option.label), key)


def _check_clear(
    document: SyncDocument, fields: Mapping[Side, Field], each: FieldDocument, pairs: Pairs, written: Collection[Side]
) -> None:
    """Refuse a pairing in which an option would become one of several where it is written."""
    for target in SIDES:
        shared = _shared(pairs if target is Side.RIGHT else _all_turned(pairs))
        if target in written and shared:
            choice, several = next(iter(shared.items()))
            names = " and ".join(f'"{_label(fields[target], name)}"' for name in several)
            other_way = _shared(_all_turned(pairs) if target is Side.RIGHT else pairs)
            works = f"to_{document.apps[target.other]}" if not other_way else "none of the two; keep single pairs"
            raise PairingAmbiguous(
                where=each.places.get("values", each.place),
                choice=_label(fields[target.other], choice),
                app=document.apps[target.other],
                several=names,
                other=document.apps[target],
                direction=works,
            )


def _shared(pairs: Pairs) -> dict[str, list[str]]:
    """Return what has several partners."""
    found: dict[str, list[str]] = {}
    for source, target in dict.fromkeys(pairs):
        found.setdefault(source, []).append(target)
    return {source: targets for source, targets in found.items() if len(targets) > 1}


def _all_turned(pairs: Pairs) -> Pairs:
    return tuple((right, left) for left, right in pairs)


def _turned(pairs: Pairs) -> Pairs:
    """Return the pairs the other way round, without those that are not clear there."""
    turned = _all_turned(pairs)
    unclear = _shared(turned)
    return tuple(pair for pair in turned if pair[0] not in unclear)


# --- at the door --------------------------------------------------------------------------------------


def check_choices(document: SyncDocument, each: FieldDocument, mapping: FieldMap, written: Collection[Side]) -> None:
    """Refuse options that the apps do not have, and options of which nothing is said what becomes of them.

    Only when settings are new: an option that comes or goes later holds the records that have it, not the sync.
    """
    for side in SIDES:
        paired = [pair[SIDES.index(side)] for pair in each.values or ()]
        _known(document, each, mapping.on(side), side, paired, "values")
        _known(document, each, mapping.on(side), side, [each.defaults[side]] if side in each.defaults else [], "other")
    if mapping.choices is None or each.other is not None:
        return
    for target in written:
        way = mapping.choices[SIDES.index(target)]
        known = {key for key, _ in way.pairs}
        alone = [some.label or some.key for some in way.source.options if not some.hidden and some.key not in known]
        if alone:
            raise ChoicesNotPaired(
                where=each.places.get("values", each.place),
                app=document.apps[target.other],
                field=way.source.name,
                other=document.apps[target],
                choices=", ".join(alone[:12]) + (", ..." if len(alone) > 12 else ""),
            )


def _known(
    document: SyncDocument, each: FieldDocument, field: Field, side: Side, names: Collection[str], key: str
) -> None:
    words = {word for option in field.options for word in (option.key, option.label) if word}
    for name in names:
        if field.options and option_named(name, field.options) is None:
            where, app = each.places.get(key, each.place), document.apps[side]
            raise UnknownChoice(where=where, app=app, field=field.name, choice=name, hint=nearest(name, words))
