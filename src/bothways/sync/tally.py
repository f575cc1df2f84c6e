"""Count what a plan would do: for its summary and for the brakes."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from bothways.engine.brakes import Totals
from bothways.engine.deletes import DAY
from bothways.engine.plan import Action
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import ActionKind, Facts
from bothways.ledger import feeds, journal, links
from bothways.ledger.models import Plan
from bothways.ledger.plans import ActionRow
from bothways.records import is_blank
from bothways.sync.context import Context
from bothways.sync.payload import ENTERS, LEAVES
from bothways.sync.shows import TOUCHED, shown_under

REASONS = 20
"""Different reasons told of what is left out; the rest of them would be read by nobody."""


class Tally:
    """Running counts of a plan's actions."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.creates: Counter[Side] = Counter()
        self.deletes: Counter[Side] = Counter()
        self.updates: Counter[Side] = Counter()
        self.gone: Counter[Side] = Counter()
        self.changed: Counter[Side] = Counter()
        self.emptied: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.moves: dict[str, Counter[str]] = {LEAVES: Counter(), ENTERS: Counter()}
        self.conflicts = 0
        self.to_decide = 0
        self.linked_updates = 0
        self.parted = 0
        self.writes = 0
        self.agreed = 0
        self.shows: Counter[str] = Counter()

    def add(self, ctx: Context, action: Action, facts: Facts, moves: str = "") -> None:
        """Count one action; ``moves`` tells whether a linked pair leaves the sync or takes part again."""
        writes = action.writes
        self.kinds[action.kind] += 1
        if action.kind is ActionKind.LEAVE_OUT:
            self.left_out[_told(action)] += 1
        if moves:
            self.moves[moves][action.reason if moves == LEAVES else ""] += 1
        self.writes += bool(writes)
        if action.kind is ActionKind.CREATE and action.side:
            self.creates[action.side] += 1
        elif action.kind is ActionKind.DELETE and action.side:
            self.deletes[action.side] += 1
        else:
            for side in writes:
                self.updates[side] += 1
        self.parted += action.kind is ActionKind.UNLINK and action.rule == "R10"
        if action.kind is ActionKind.UNLINK:
            for side in facts.gone:
                self.gone[side] += 1
        self.linked_updates += action.kind is ActionKind.TAG
        if facts.linked and action.kind is ActionKind.UPDATE:
            self.linked_updates += 1
            for side in {decision.write.other for decision in action.fields if decision.write}:
                self.changed[side] += 1
        self.conflicts += any(decision.conflict for decision in action.fields)
        self.to_decide += any(decision.held for decision in action.fields)
        for decision in action.fields:
            if decision.write and is_blank(decision.value) and not is_blank(decision.before):
                self.emptied[f"{decision.mapping.on(decision.write).title} in {ctx.spec.apps[decision.write]}"] += 1

    def list(self, row: ActionRow) -> None:
        """Count where one action, as it is stored, is listed, and what does not stay as it is."""
        self.shows.update(shown_under(row))
        if row.kind != ActionKind.NONE:
            self.shows[TOUCHED] += 2 if row.link_id is None and row.left_id and row.right_id else 1

    def as_dict(self, ctx: Context) -> dict[str, Any]:
        """Return the counts as plain data, to be stored with the plan; ``totals_of`` reads the totals again."""
        return {
            "kinds": {str(kind): count for kind, count in self.kinds.items()},
            "creates": {str(side): self.creates[side] for side in SIDES},
            "updates": {str(side): self.updates[side] for side in SIDES},
            "deletes": {str(side): self.deletes[side] for side in SIDES},
            "conflicts": self.conflicts,
            "to_decide": self.to_decide,
            "left_out": dict(self.left_out.most_common(REASONS)),
            "leaving": dict(self.moves[LEAVES].most_common(REASONS)),
            "entering": self.moves[ENTERS].total(),
            "emptied": dict(self.emptied),
            "writes": self.writes,
            "agreed": self.agreed,
            "shows": dict(self.shows),
            "totals": asdict(self.totals(ctx)),
        }

    def totals(self, ctx: Context) -> Totals:
        """Return what the brakes look at."""
        live = {side: feeds.live_count(ctx.ends[side].feed.pk) for side in SIDES}
        return Totals(
            writes=self.writes,
            linked=links.counts(ctx.sync),
            updates=self.linked_updates,
            known={side: live[side] + self.gone[side] for side in SIDES},
            live=live,
            gone=dict(self.gone),
            changed=dict(self.changed),
            emptied=dict(self.emptied),
            parted=self.parted,
            deletes=self.deletes.total(),
            deleted=journal.deleted_since(ctx.sync, ctx.clock() - DAY),
        )


def _told(action: Action) -> str:
    """Return why a record is left out, without the name of the one that goes before it."""
    return action.reason.rpartition("; ")[2] if action.rule == "R17" else action.reason


def totals_of(plan: Plan) -> Totals:
    """Return the totals that a stored plan was made with."""
    return Totals(**plan.totals["totals"])
