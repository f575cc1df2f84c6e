"""Store what a plan has seen of fields that it does not write."""

from collections.abc import Sequence

from bothways.engine.fields import Known
from bothways.engine.sides import SIDES
from bothways.ledger import links
from bothways.ledger.plans import ActionRow
from bothways.sync.context import Context


def save_seen_shadows(ctx: Context, actions: Sequence[tuple[int, ActionRow]]) -> None:
    """Make what was seen the shadows of links (each given with its action), for the fields that are not written."""
    fresh = {
        link_id: [each for each in action.data["fields"] if not each["write"] and each["seen"]]
        for link_id, action in actions
    }
    fresh = {link_id: fields for link_id, fields in fresh.items() if fields}
    known = links.shadows(fresh)
    for link_id, fields in fresh.items():
        shadows = known.setdefault(link_id, {side: {} for side in SIDES})
        for each in fields:
            for side in SIDES:
                if side in each["seen"]:
                    shadows[side][each["map"]] = Known(each["seen"][side])
    links.save_shadows(
        ctx.sync.workspace_id, [(link_id, side, known[link_id][side]) for link_id in fresh for side in SIDES]
    )
