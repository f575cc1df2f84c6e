"""Holds met again while planning: what an app refused is not sent again before its next try, and then alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bothways.engine.decided import Decided, half_done
from bothways.engine.field_state import FieldDecision
from bothways.engine.plan import SET, Action, without_lonely
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger import due, holds, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.records import Value, same
from bothways.sync.context import Context


def of_links(ctx: Context, pairs: Iterable[LinkRow]) -> dict[int, list[HoldRow]]:
    """Return all holds, per link."""
    by_record = {(side, link.on(side)): link.id for link in pairs for side in SIDES}
    found: dict[int, list[HoldRow]] = {}
    for side in SIDES:
        ids = [id for each, id in by_record if each is side and id]
        for hold in holds.of_records(ctx.sync, side, ids):
            found.setdefault(by_record[side, hold.record_id], []).append(hold)
    return found


def decided(found: Iterable[HoldRow]) -> dict[str, Decided]:
    """Return what a person has decided about the held fields of one pair, by mapping."""
    return {hold.field: decided_of(hold.data["decided"]) for hold in found if hold.data.get("decided")}


def decided_of(data: Mapping[str, Any]) -> Decided:
    """Return a decision from its stored form."""
    seen, values = ({Side(side): value for side, value in data[key].items()} for key in ("seen", "values"))
    return Decided(seen, values, data["words"])


def answer(sync: Sync, hold: HoldRow, decided: Mapping[str, Any] | None) -> None:
    """Remember what a person has decided about a field that is held, None to forget it, and look at the record again.

    What was decided before for both apps may be done in one of them by now: that is no state the two agreed on.
    """
    if len((hold.data.get("decided") or {}).get("values", ())) > 1:
        for link in links.live_by_record(sync, Side(hold.side), [hold.record_id]).values():
            links.forget_shadows(sync.workspace_id, link.id, [hold.field])
    holds.decide(hold, decided)
    due.mark(sync, Side(hold.side), [hold.record_id])


def still_decided(ctx: Context, link: LinkRow, side: Side, key: str, value: Value) -> bool:
    """Tell whether a person's decision that a side is to hold this still stands: they may have taken it back since."""
    found = (hold for each in SIDES if (id := link.on(each)) for hold in holds.of_records(ctx.sync, each, [id]))
    decisions = (hold.data.get("decided") or {} for hold in found if hold.field == key)
    return any(each.get("values", {}).get(str(side)) == value for each in decisions)


def forget_half_done(ctx: Context, closed: Iterable[HoldRow], linked: Mapping[str, int]) -> None:
    """Of questions that were closed (``linked``: record -> link), forget what was seen where an answer is half done.

    What was decided stands in one app and not in the other: no state that the two agreed on, so it is asked anew.
    """
    for hold in closed:
        link_id = linked.get(hold.record_id)
        if link_id is not None and hold.data.get("decided"):
            known = links.shadows([link_id]).get(link_id, {})
            seen = {side: each.value if (each := known.get(side, {}).get(hold.field)) else None for side in SIDES}
            if half_done(ctx.mapping(hold.field), seen, decided_of(hold.data["decided"])):
                links.forget_shadows(ctx.sync.workspace_id, link_id, [hold.field])


def of_records(ctx: Context, side: Side, ids: Iterable[str]) -> dict[str, list[HoldRow]]:
    """Return the refusals, per record of one side."""
    found: dict[str, list[HoldRow]] = {}
    for hold in _refused(ctx, side, ids):
        found.setdefault(hold.record_id, []).append(hold)
    return found


def _refused(ctx: Context, side: Side, ids: Iterable[str]) -> list[HoldRow]:
    return refusals(holds.of_records(ctx.sync, side, ids))


def refusals(found: Iterable[HoldRow]) -> list[HoldRow]:
    """Return those that wait for an app to take them."""
    return [hold for hold in found if hold.kind == "refused"]


def _waits(ctx: Context, hold: HoldRow) -> bool:
    return hold.next_try is not None and hold.next_try > ctx.clock()


def keep_holding(ctx: Context, action: Action, kept: list[HoldRow]) -> Action:
    """Take out of an action what was refused before and has not changed since: fields, then all that goes to a side."""
    fields = [hold for hold in kept if hold.field]
    if fields and action.writes:
        action = _without_refused_fields(ctx, action, fields, kept[0].reason)
    for whole in (hold for hold in kept if not hold.field):
        if action.writes and _waits(ctx, whole):
            action = _without_refused_side(action, whole)
    return action


def _without_refused_fields(ctx: Context, action: Action, kept: Sequence[HoldRow], reason: str) -> Action:
    refused = {d.mapping.key: hold for d in action.fields if (hold := _refusal_of(d, kept))}
    alone = refused.keys() == {
        decision.mapping.key for decision in action.fields if decision.write and decision.rule != SET
    }
    fields = without_lonely(
        [
            decision._replace(rule="F6", reason=hold.reason, write=None, seen=None)
            if (hold := refused.get(decision.mapping.key)) and (not alone or decision.rule == SET or _waits(ctx, hold))
            else decision
            for decision in action.fields
        ]
    )
    if action.kind in (ActionKind.UPDATE, ActionKind.CREATE, ActionKind.TAG) and not any(
        decision.write for decision in fields
    ):
        return replace(action, kind=ActionKind.HOLD, rule="F6", reason=reason, side=None, fields=fields, kept=True)
    return replace(action, fields=fields)


def _without_refused_side(action: Action, whole: HoldRow) -> Action:
    """Take out of an action what goes to the side whose app has refused just that; what goes to the other goes out."""
    refused = next((side for side in SIDES if fingerprint(action, side) == whole.data.get("sent") != {}), None)
    if refused is None:
        return action
    rest = without_lonely(
        [
            each._replace(rule="R13", reason=whole.reason, write=None, seen=None) if each.write is refused else each
            for each in action.fields
        ]
    )
    if any(decision.write for decision in rest):
        return replace(action, fields=rest)
    rest = tuple(decision for decision in action.fields if decision.write is None)
    return replace(action, kind=ActionKind.HOLD, rule="R13", reason=whole.reason, side=None, fields=rest, kept=True)


def _refusal_of(decision: FieldDecision, kept: Iterable[HoldRow]) -> HoldRow | None:
    """Return the refusal of the very value that a decision would send, that of the same app first."""
    if decision.write is None:
        return None
    field = decision.mapping.on(decision.write)
    found = [
        hold
        for hold in kept
        if hold.field == decision.mapping.key and same(hold.data.get("value"), field, decision.value)
    ]
    return max(found, key=lambda hold: hold.side == decision.write, default=None)


def fingerprint(action: Action, side: Side) -> dict[str, str]:
    """Return what an action would send to one side, to recognise the same attempt later."""
    return {f"{each.write}:{each.mapping.key}": str(each.value) for each in action.fields if each.write is side}
