"""Fields whose values are not of one kind: measured in what was read, refused where settings are new."""

from collections.abc import Collection, Mapping

from bothways.engine.consent import OPTED_OUT
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, project
from bothways.errors import ValuesDoNotFit
from bothways.ledger import looking
from bothways.ledger.models import Sync
from bothways.records import CannotCoerce, Field, FieldType, Value, is_blank, text_of
from bothways.service.document import FieldDocument, SyncDocument
from bothways.service.revisions import latest_revision

EXACT = frozenset({FieldType.NUMBER, FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME})
"""The types that not every text is one of."""

PAGE = 1000
NAMED = 5
"""Records that are named."""


def may_not_fit(fields: Mapping[Side, Field], written: Collection[Side]) -> bool:
    """Tell whether a value of one side may be none of what the other holds, choices apart."""
    of_consent = any(field.meaning == OPTED_OUT for field in fields.values())
    return of_consent or any(fields[side].type in EXACT for side in written)


def check_values(row: Sync, document: SyncDocument, spec: SyncSpec) -> None:
    """Refuse a mapping whose values, as far as they were read, do not all fit where they are to be written.

    What was never read is not known here and is held when a plan meets it. ``other: hold`` accepts that; so do
    mappings that nobody wrote, and settings in which the sync was on already. Words of consent must be known for
    what they say in any case.
    """
    if document.fields is None or (row.state != "draft" and latest_revision(row).document["settled"]):
        return
    accepted = {tuple(each.names.values()) for each in document.fields if each.other is not None}
    for side in SIDES:
        asked = [
            each
            for each in spec.fields
            if each.on(side.other).type in EXACT
            and (each.consent is not None or spec.writes(each, side.other))
            and (each.left.name, each.right.name) not in accepted
        ]
        if asked:
            _check_side(row, document, side, asked)


def _check_side(row: Sync, document: SyncDocument, side: Side, asked: Collection[FieldMap]) -> None:
    filled = dict.fromkeys((each.key for each in asked), 0)
    misfits: dict[str, list[str]] = {each.key: [] for each in asked}
    feed_id, after = row.left_id if side is Side.LEFT else row.right_id, ""
    while page := looking.live_page(feed_id, after, PAGE):
        after = page[-1].id
        for record in page:
            for each in asked:
                value = (record.values or {}).get(each.on(side).name)
                filled[each.key] += not is_blank(value)
                if not is_blank(value) and not _fits(each, value, side.other):
                    misfits[each.key].append(f'{record.id} ("{text_of(value)[:40]}")')
    for each in asked:
        if found := misfits[each.key]:
            raise ValuesDoNotFit(
                where=_place(document, each),
                count=len(found),
                total=filled[each.key],
                field=each.on(side).name,
                app=document.apps[side],
                target=each.on(side.other).name,
                other=document.apps[side.other],
                records=", ".join(found[:NAMED]) + (", ..." if len(found) > NAMED else ""),
            )


def _fits(mapping: FieldMap, value: Value, target: Side) -> bool:
    try:
        project(mapping, value, target)
    except CannotCoerce:
        return False
    return True


def _place(document: SyncDocument, mapping: FieldMap) -> str:
    written: Collection[FieldDocument] = document.fields or ()
    names = {Side.LEFT: mapping.left.name, Side.RIGHT: mapping.right.name}
    return next((each.place for each in written if each.names == names), document.place)
