"""Actions as stored rows: the decisions, and what the records held when they were read."""

from collections.abc import Mapping
from typing import Any

from bothways.engine.field_state import FieldDecision, Merge
from bothways.engine.plan import Action
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger.due import DueMark
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.ledger.plans import ActionRow


def to_row(
    seq: int,
    action: Action,
    link: LinkRow | None,
    rows: Mapping[Side, Mapping[str, SeenRow]],
    marks: Mapping[Side, Mapping[str, DueMark]],
) -> ActionRow:
    """Return the stored form of an action."""
    ids = {side: action.ids[side] or (link.on(side) if link else None) for side in SIDES}
    data: dict[str, Any] = {
        "fields": [_decision(each) for each in action.fields],
        "marks": {side.value: marks[side][id].version for side, id in ids.items() if id and id in marks[side]},
        "read": {side.value: rows[side][id].read_at for side, id in ids.items() if id and id in rows[side]},
        "side": action.side,
        "kept": action.kept,
        "moves": moves(action, link),
        **({"carries": True} if action.carries else {}),
        "names": {side.value: name_of(rows[side].get(id)) for side, id in ids.items() if id},
    }
    if action.candidates:
        data["candidates"] = [[side.value, id] for side, id in action.candidates]
    writes = action.writes
    return ActionRow(
        seq,
        action.kind,
        action.rule,
        action.reason,
        ids[Side.LEFT],
        ids[Side.RIGHT],
        link.id if link else None,
        Side.LEFT in writes,
        Side.RIGHT in writes,
        "planned",
        data,
    )


LEAVES, ENTERS = "leaves", "enters"
_TAKING_PART = (ActionKind.UPDATE, ActionKind.NONE, ActionKind.HOLD)


def moves(action: Action, link: LinkRow | None) -> str:
    """Tell whether a linked pair leaves the sync by row R10, or takes part again; "" if neither."""
    if link is None:
        return ""
    if action.rule == "R10":
        return LEAVES if action.kind is ActionKind.UNLINK or not link.frozen else ""
    return ENTERS if link.frozen and action.kind in _TAKING_PART and action.rule != "R13" else ""


def marks_of(row: ActionRow) -> list[DueMark]:
    """Return the due marks that the action answers."""
    marks = row.data["marks"]
    return [DueMark(side, id, marks[side]) for side in SIDES if side in marks and (id := row.on(side))]


_NAME_PARTS = ("given name", "firstname", "first_name", "family name", "lastname", "last_name")
_NAMES = ("full name", "name", "email", "id")


def name_of(row: SeenRow | None) -> str:
    """Return what people call a record: its name, else its e-mail, else nothing."""
    if row is None or not row.values:
        return ""
    parts = [str(row.values[name]) for name in _NAME_PARTS if row.values.get(name)]
    if parts:
        return " ".join(parts)
    return next((str(row.values[name]) for name in _NAMES if row.values.get(name)), "")


def _decision(decision: FieldDecision) -> dict[str, Any]:
    seen = decision.seen or {}
    return {
        "map": decision.mapping.key,
        "rule": decision.rule,
        "reason": decision.reason,
        "write": decision.write,
        "value": decision.value,
        "before": decision.before,
        "conflict": decision.conflict,
        "hold": decision.hold,
        "lost": decision.lost,
        "seen": {side.value: known.value for side, known in seen.items()},
        **({"held": {side.value: value for side, value in decision.held.items()}} if decision.held else {}),
        **({"merge": _merge(decision.merge)} if decision.merge else {}),
    }


def _merge(merge: Merge) -> dict[str, Any]:
    return {"held": {side.value: value for side, value in merge.held.items()}, "base": merge.base, "again": merge.again}


def again(row: ActionRow) -> bool:
    """Tell whether a pair must be looked at again once this action is done: its other side is to be written, too."""
    return any(each["write"] and each.get("merge", {}).get("again") for each in row.data["fields"])
