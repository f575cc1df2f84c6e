"""Tags: what the settings have written, once, to a record whose pair leaves, or whose partner was deleted.

What a tag has replaced is kept as the shadow of the other side, which has no such field: where both shadows differ, the
record is tagged by us. When its pair takes part again, the tag is taken away, unless somebody has edited it since.
"""

from collections.abc import Collection, Iterator, Mapping

from bothways.engine.field_state import FieldDecision, Known
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Occasion, SyncSpec
from bothways.records import Record, Value, goes_back, same

BACK = "takes part again; the tag is taken away"
STAYS = "takes part again; the tag only moves forward, and stays"

Shadows = Mapping[Side, Mapping[str, Known]]


def tags_of(
    spec: SyncSpec, occasion: Occasion, records: Mapping[Side, Record | None], sides: Collection[Side], reason: str
) -> list[FieldDecision]:
    """Return the tags to be written to the records of these sides, but those that a record holds already."""
    return list(_tags_of(spec, occasion, records, sides, reason))


def _tags_of(
    spec: SyncSpec, occasion: Occasion, records: Mapping[Side, Record | None], sides: Collection[Side], reason: str
) -> Iterator[FieldDecision]:
    rule = "R10" if occasion is Occasion.LEAVING else "R4d"
    for side in SIDES:
        tag, record = spec.tag(side, occasion), records[side]
        if tag is None or record is None or side not in sides:
            continue
        held = record.values.get(tag.field.name)
        if not same(held, tag.field, tag.value) and not goes_back(held, tag.value, tag.field):
            seen = {side.other: Known(held)}
            yield FieldDecision(tag.mapping, rule, reason, side, tag.value, held, seen=seen)


def tags_taken_away(
    spec: SyncSpec, values: Mapping[Side, Mapping[str, Value]], shadows: Shadows
) -> list[FieldDecision]:
    """Return, for a pair that takes part, what takes its tags away: each record gets back what its tag replaced."""
    found = {}
    for each in spec.tags:
        side, field, mapping = each.constant.side, each.constant.field, each.constant.mapping
        written, replaced = (shadows[end].get(mapping.key) for end in (side, side.other))
        if written is None or replaced is None or same(written.value, field, replaced.value):
            continue
        held = values[side].get(field.name)
        if goes_back(held, replaced.value, field):
            found[mapping.key] = FieldDecision(mapping, "R10", STAYS, seen=dict.fromkeys(SIDES, Known(held)))
        elif same(held, field, written.value):
            seen = {side.other: replaced}
            found[mapping.key] = FieldDecision(mapping, "R10", BACK, side, replaced.value, held, seen=seen)
        else:
            found[mapping.key] = FieldDecision(
                mapping, "R10", "the tag was edited", seen=dict.fromkeys(SIDES, Known(held))
            )
    return list(found.values())
