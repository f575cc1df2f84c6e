"""Store what a plan has seen of fields that it does not write."""

from collections.abc import Mapping, Sequence
from typing import Any

from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.ledger import links
from bothways.ledger.plans import ActionRow
from bothways.records import Value
from bothways.sync.context import Context


def _known_now(each: Mapping[str, Any], written: Side | None) -> Mapping[str, Value]:
    """Return what is known before anything is written: nothing of a written field, of an association the base."""
    if not each["write"]:
        return each["seen"] or {}
    base = each["merge"]["base"] if "merge" in each and each["write"] == written else None
    return {} if base is None else {each["write"]: base}


def save_seen_shadows(ctx: Context, actions: Sequence[tuple[int, ActionRow]], written: Side | None = None) -> None:
    """Make what was seen the shadows of links (each given with its action), for the fields that are not written.

    ``written``: the side that is about to be written to. The base of the other side is that of a write that was made
    already, or is yet to be.
    """
    fresh = {}
    for link_id, action in actions:
        if found := [(each["map"], seen) for each in action.data["fields"] if (seen := _known_now(each, written))]:
            fresh[link_id] = found
    known = links.shadows(fresh)
    for link_id, fields in fresh.items():
        shadows = known.setdefault(link_id, {side: {} for side in SIDES})
        for key, seen in fields:
            for side in SIDES:
                if side in seen:
                    shadows[side][key] = Known(seen[side])
    links.save_shadows(
        ctx.sync.workspace_id, [(link_id, side, known[link_id][side]) for link_id in fresh for side in SIDES]
    )
