"""Store what a plan has seen of fields that it does not write."""

from collections.abc import Sequence

from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES
from bothways.ledger import links
from bothways.ledger.plans import ActionRow
from bothways.sync.context import Context


def save_seen_shadows(ctx: Context, actions: Sequence[tuple[int, ActionRow]]) -> None:
    """Make what was seen the shadows of links (each given with its action), for the fields that are not written."""
    fresh = {}
    for link_id, action in actions:
        if found := [
            (each["map"], each["rule"], each["seen"])
            for each in action.data["fields"]
            if each["seen"] and not each["write"]
        ]:
            fresh[link_id] = found
    known = links.shadows(fresh)
    for link_id, fields in fresh.items():
        shadows = known.setdefault(link_id, {side: {} for side in SIDES})
        for key, rule, seen in fields:
            for side in SIDES:
                if side in seen:
                    before = shadows[side].get(key)
                    edited = before is not None and before.value != seen[side] and rule != "FN"
                    edited_at = ctx.clock() if edited else before and before.edited_at
                    shadows[side][key] = Known(seen[side], edited_at=edited_at)
    links.save_shadows(
        ctx.sync.workspace_id, [(link_id, side, known[link_id][side]) for link_id in fresh for side in SIDES]
    )
