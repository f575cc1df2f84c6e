"""What histories of fields tell of other programs, and that it is never ourselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bothways.connectors.abilities import LastChange
from bothways.engine.field_state import FieldDecision, Told
from bothways.engine.plan import Action, ActionKind, Pair
from bothways.engine.sides import SIDES, Side
from bothways.ledger.journal import CLOCKS_APART
from bothways.ledger.models import Sync
from bothways.records import Record
from bothways.sync.histories import plan_with_histories
from tests.two_apps import TwoApps

LATER = 3600.0


class Telling:
    """An app that tells one last change of every field."""

    def __init__(self, change: LastChange) -> None:
        self.change = change

    def last_changes(
        self, object: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, LastChange]]:
        return {id: dict.fromkeys(fields, self.change) for id in ids}


def told(world: TwoApps, sync: Sync, partner: str, change: LastChange) -> Told:
    """Return what a sync is told of the name of a record of Bert."""
    ctx = world.context()
    connector: Any = Telling(change)
    ctx.sync, ctx.ends = sync, {side: replace(ctx.ends[side], connector=connector) for side in SIDES}
    (mapping,) = (each for each in ctx.spec.fields if each.left.name == "name")
    seen: list[Pair] = []

    def plan(_: int, pair: Pair) -> Action:
        seen.append(pair)
        asking = (FieldDecision(mapping, "F5", "they fight", asks=True),)
        return Action(ActionKind.HOLD, "F5", "they fight", {}, fields=asking)

    plan_with_histories(ctx, [Pair({Side.LEFT: None, Side.RIGHT: Record(partner)})], plan)
    return seen[-1].told[mapping.key][Side.RIGHT]


@pytest.mark.parametrize(
    ("at", "unsure", "by_other", "named"),
    [
        (CLOCKS_APART, True, True, False),
        (CLOCKS_APART, False, True, True),
        (CLOCKS_APART, True, False, True),
        (LATER, True, True, True),
    ],
)
def test_program_that_may_be_us_is_not_told_where_another_sync_of_ours_wrote_then(
    at: float, unsure: bool, by_other: bool, named: bool
) -> None:
    world = TwoApps()
    (id,) = world.crowd(1)
    world.anna.edit(id, name="Written")
    world.run()
    ends = world.context().ends
    feeds = {"left": ends[Side.LEFT].feed, "right": ends[Side.RIGHT].feed}
    other = Sync.objects.create(name="more", state="on", **feeds, slots=[]) if by_other else world.sync
    change = LastChange(world.clock() + at, "Program", may_be_us=unsure)
    assert told(world, other, world.partner(id), change).by == ("Program" if named else "")
