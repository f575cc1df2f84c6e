"""Holds met again while planning: what an app refused is not sent again before its next try."""

from collections.abc import Iterable
from dataclasses import replace

from bothways.engine.plan import Action
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind
from bothways.ledger import holds
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import LinkRow
from bothways.records import same
from bothways.sync.context import Context


def of_links(ctx: Context, pairs: Iterable[LinkRow]) -> dict[int, list[HoldRow]]:
    """Return the refusals still waiting, per link."""
    by_record = {(side, link.on(side)): link.id for link in pairs for side in SIDES}
    found: dict[int, list[HoldRow]] = {}
    for side in SIDES:
        ids = [id for each, id in by_record if each is side and id]
        for hold in _waiting(ctx, side, ids):
            found.setdefault(by_record[side, hold.record_id], []).append(hold)
    return found


def of_records(ctx: Context, side: Side, ids: Iterable[str]) -> dict[str, list[HoldRow]]:
    """Return the refusals still waiting, per record of one side."""
    found: dict[str, list[HoldRow]] = {}
    for hold in _waiting(ctx, side, ids):
        found.setdefault(hold.record_id, []).append(hold)
    return found


def _waiting(ctx: Context, side: Side, ids: Iterable[str]) -> list[HoldRow]:
    now = ctx.clock()
    return [
        hold
        for hold in holds.of_records(ctx.sync, side, ids)
        if hold.kind == "refused" and hold.next_try is not None and hold.next_try > now
    ]


def keep_holding(ctx: Context, action: Action, kept: list[HoldRow]) -> Action:
    """Take out of an action what was refused before and has not changed since."""
    by_field = {hold.field: hold for hold in kept}
    whole = by_field.get("")
    if whole is not None and action.writes and whole.data.get("sent") == fingerprint(action):
        return replace(action, kind=ActionKind.HOLD, rule="R13", reason=whole.reason, side=None, fields=(), kept=True)
    if not by_field or not action.writes:
        return action
    fields = tuple(
        replace(decision, rule="F6", reason=hold.reason, write=None, seen=None)
        if (hold := by_field.get(decision.mapping.key))
        and decision.write
        and same(hold.data.get("value"), decision.mapping.on(decision.write), decision.value)
        else decision
        for decision in action.fields
    )
    kept_action = replace(action, fields=fields)
    if action.kind is ActionKind.UPDATE and not kept_action.writes:
        return replace(kept_action, kind=ActionKind.HOLD, rule="F6", reason=kept[0].reason, kept=True)
    return kept_action


def fingerprint(action: Action) -> dict[str, str]:
    """Return what an action would send, to recognise the same attempt later."""
    return {f"{each.write}:{each.mapping.key}": str(each.value) for each in action.fields if each.write}
