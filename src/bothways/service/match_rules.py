"""From the settings to the rules by which records find their partners."""

from bothways.engine.cascade import AS_HUBSPOT, CASCADES, cascade, kind_of
from bothways.engine.keys import compare_for, part_of
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule
from bothways.errors import MissingKey, NoSmallGroups, SettingsError
from bothways.records import Field
from bothways.service.document import MatchDocument, SmallGroups, SyncDocument
from bothways.service.door import Schema, known_field


def match_rules(document: SyncDocument, schema: Schema) -> tuple[MatchRule, ...]:
    """Return the rules by which records find their partners, in their order; refuse such as could find none."""
    rules = _rules_in_order(document, schema)
    if document.small_groups is SmallGroups.LINK_ONE and not any(rule.small_groups for rule in rules):
        raise NoSmallGroups(where=document.small_groups_place)
    return rules


def _rules_in_order(document: SyncDocument, schema: Schema) -> tuple[MatchRule, ...]:
    if document.match is None:
        return _usual(document, schema)
    if isinstance(document.match, str):
        return _as_hubspot(document, schema)
    rules: list[MatchRule] = []
    for each in document.match:
        rules += [_match_rule(document, each, schema)] if each.names else _usual(document, schema, each.place)
    return tuple(rules)


def _match_rule(document: SyncDocument, each: MatchDocument, schema: Schema) -> MatchRule:
    """Return the rule that compares the fields as written."""
    fields = {
        side: [[known_field(document, schema, side, name, each.place) for name in part] for part in each.names[side]]
        for side in SIDES
    }
    forms = each.compare or [
        suits(*(fields[side][place][0] for side in SIDES)) for place in range(len(fields[Side.LEFT]))
    ]
    left, right = (tuple(part_of(form, part) for form, part in zip(forms, fields[side], strict=True)) for side in SIDES)
    return MatchRule((left,), (right,))


def suits(left: Field, right: Field) -> str:
    """Return the normal form that suits two fields: that of the one whose type says more."""
    found = {compare_for(left), compare_for(right)} - {"text"}
    return found.pop() if len(found) == 1 else "text"


def _usual(document: SyncDocument, schema: Schema, place: str = "") -> tuple[MatchRule, ...]:
    """Return the cascade for this kind of record; refuse one that could link nobody."""
    kind = _kind(schema)
    small = document.small_groups is SmallGroups.LINK_ONE
    rules = cascade(CASCADES[kind], schema, small_groups=small) if kind else ()
    if place and not rules:
        reason = "nothing is usual for these records: no field tells what kind they are; name the fields instead"
        raise SettingsError(where=place, reason=reason)
    if not place and not any(rule.finding is Finding.LINK for rule in rules):
        hint = (
            "Name the fields by which records are recognised: nothing that is usual for them is in both apps. "
            "Or say match: none, which links nothing and creates everything."
        )
        raise MissingKey(where=document.place, key="match", hint=hint)
    return rules


def _as_hubspot(document: SyncDocument, schema: Schema) -> tuple[MatchRule, ...]:
    kind = _kind(schema)
    rules = cascade(AS_HUBSPOT.get(kind, ()), schema) if kind else ()
    if not rules:
        reason = "HubSpot has no way to match these records by fields that both apps have; name the fields instead"
        raise SettingsError(where=document.match_place, reason=reason)
    return rules


def _kind(schema: Schema) -> str | None:
    return kind_of(field for side in SIDES for field in schema[side].values())
