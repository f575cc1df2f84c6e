"""Two apps in memory and a sync between them on a real ledger, as the tests of the sync need them.

Django must be set up before this module is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.engine.brakes import Brake, Guards
from bothways.engine.cascade import roles_of
from bothways.engine.keys import compare_for
from bothways.engine.scope import Scope
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, MatchRule, SyncSpec, by_field, feed_slots, sync_slots
from bothways.ledger import db, due, holds, journal, links
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry
from bothways.ledger.models import Connection, Feed, Plan, Run, Sync, Workspace
from bothways.records import Field
from bothways.sync.context import Context, End
from bothways.sync.run import Report, apply, preview, run
from bothways.sync.undo import undo
from bothways.sync.undo_steps import UndoReport
from tests.memory_app import PEOPLE, Clock, MemoryApp, MemoryConnector, Traits, Written

INTERVAL = 60.0
"""Seconds between two polls."""

WIDE = Guards(first_run=1_000_000, max_change=100.0, max_emptied=1_000_000)
"""Brakes that hold nothing up."""


class NoSecrets:
    def get(self, name: str) -> str:
        raise KeyError(name)


class TwoApps:
    """Anna and Bert: two apps, their connectors, and one sync that keeps their people in step.

    Anna is the left side and the default app. ``match`` names the fields that recognise a record,
    or holds whole match rules.
    """

    def __init__(
        self,
        anna: Traits | None = None,
        bert: Traits | None = None,
        *,
        fields: Sequence[Field] = PEOPLE,
        match: Sequence[str | MatchRule] = ("email",),
        maps: Sequence[FieldMap] = (),
        guards: Guards = WIDE,
        default: Side = Side.LEFT,
        approved: bool = True,
        side_by_side: bool = False,
        scope: Scope | None = None,
    ) -> None:
        self.clock, self.guards, self.side_by_side = Clock(), guards, side_by_side
        self.anna = MemoryApp("Anna", self.clock, anna or Traits(), fields)
        self.bert = MemoryApp("Bert", self.clock, bert or Traits(), fields)
        self.apps = {Side.LEFT: self.anna, Side.RIGHT: self.bert}
        self.budgets = {side: MemoryBudget(clock=self.clock) for side in SIDES}
        self.connectors = {
            side: MemoryConnector(Setup(app.name, {}, NoSecrets(), self.budgets[side], clock=self.clock))
            for side, app in self.apps.items()
        }
        by_name = {each.name: each for each in fields}
        rules = tuple(
            each if isinstance(each, MatchRule) else by_field(compare_for(by_name[each]), each, each) for each in match
        )
        self.spec = SyncSpec(
            {side: app.name for side, app in self.apps.items()},
            tuple(maps) or tuple(FieldMap(each, each) for each in fields),
            rules,
            default,
            own_write_window={side: 2 * INTERVAL + 2 * app.traits.lag for side, app in self.apps.items()},
            scope=scope or Scope(),
            roles={side: roles_of(fields) for side in SIDES},
        )
        self._install(approved)

    def _install(self, approved: bool) -> None:
        Workspace.objects.create(name="test")
        made = []
        for side, app in self.apps.items():
            connection = Connection.objects.create(name=app.name, connector="memory")
            names, slots = self._mapped(side), feed_slots(self.spec.match, side)
            made.append(Feed.objects.create(connection=connection, object=app.object, fields=names, slots=slots))
        pairs = sync_slots(self.spec.match)
        self.sync = Sync.objects.create(
            name="people", state="on", left=made[0], right=made[1], slots=pairs, approved=approved
        )

    def _mapped(self, side: Side) -> list[str]:
        names = [mapping.on(side).name for mapping in self.spec.fields]
        return names + sorted(self.spec.scope.fields(side) - set(names))

    def remap(self, maps: Sequence[FieldMap]) -> None:
        """Save the sync anew with these mappings: a new revision, and every record is looked at again."""
        self.spec = replace(self.spec, fields=tuple(maps))
        self._save_anew()

    def rescope(self, scope: Scope) -> None:
        """Save the sync anew with this scope."""
        self.spec = replace(self.spec, scope=scope)
        self._save_anew()

    def _save_anew(self) -> None:
        sync = Sync.objects.select_related("left", "right").get(pk=self.sync.pk)
        for side, feed in ((Side.LEFT, sync.left), (Side.RIGHT, sync.right)):
            feed.fields = self._mapped(side)
            feed.save()
        sync.revision += 1
        with db.transaction_():
            sync.save()
            due.mark_everything(sync)

    def crowd(self, size: int) -> list[str]:
        """Let so many people be known to both apps; return their ids in Anna."""
        people = [{"email": f"p{number}@x.test", "name": f"P{number}"} for number in range(size)]
        for each in people:
            self.bert.add(**each)
        ids = [self.anna.add(**each) for each in people]
        self.rest()
        return ids

    # --- doing ----------------------------------------------------------------------------------

    def context(self) -> Context:
        """Return what the next run works with, read from the ledger as a new process would."""
        sync = Sync.objects.select_related("left", "right").get(pk=self.sync.pk)
        feeds_ = {Side.LEFT: sync.left, Side.RIGHT: sync.right}
        ends = {side: End(side, self.apps[side].name, feeds_[side], self.connectors[side]) for side in SIDES}
        context = Context(sync, self.spec, self.guards, ends, INTERVAL, clock=self.clock, bill=self.bill)
        context.side_by_side = self.side_by_side
        return context

    def bill(self) -> dict[str, int]:
        """Return the calls made so far, as ``Anna changes`` and so on."""
        return {
            f"{self.apps[side].name} {call}": count
            for side, budget in self.budgets.items()
            for call, count in budget.bill.items()
        }

    def run(self, *, full: bool = False, approved: bool = False) -> Report:
        """Do one run, one interval after whatever happened last."""
        self.clock.advance(INTERVAL)
        return run(self.context(), full=full, approved=approved)

    def preview(self) -> tuple[Plan, list[Brake]]:
        """Plan, one interval later, and write nothing."""
        self.clock.advance(INTERVAL)
        plan, _, brakes = preview(self.context())
        return plan, brakes

    def apply(self, plan: Plan, *, limit: int | None = None, approved: bool = False) -> Report:
        """Carry out a saved plan, a little later."""
        self.clock.advance(1.0)
        return apply(self.context(), Plan.objects.get(pk=plan.pk), limit=limit, approved=approved)

    def undo(self, run_id: int) -> UndoReport:
        """Undo a run, a little later."""
        self.clock.advance(1.0)
        return undo(self.context(), Run.objects.get(pk=run_id))

    def rest(self, most: int = 12, *, calm: int = 2) -> int:
        """Run until ``calm`` runs in a row write nothing and nothing waits; return the number of runs."""
        quiet = 0
        for number in range(1, most + 1):
            before = self.written()
            self.run()
            waiting = due.count(self.sync) or journal.open_entries(self.sync)
            quiet = 0 if waiting or self.written() > before else quiet + 1
            if quiet == calm:
                return number
        raise AssertionError(f"not at rest after {most} runs: {self.writes[-3:]}")

    # --- looking --------------------------------------------------------------------------------

    @property
    def writes(self) -> list[Written]:
        """Everything written to both apps."""
        return self.anna.writes + self.bert.writes

    def written(self) -> int:
        """Return how many records were written in both apps so far."""
        return len(self.writes)

    def calls(self) -> dict[str, int]:
        """Return all calls that reached the two apps so far, by app and name."""
        return {f"{app.name} {call}": count for app in self.apps.values() for call, count in app.calls.items()}

    def pairs(self) -> list[tuple[str | None, str | None]]:
        """Return the linked pairs of ids."""
        return [(link.left_id, link.right_id) for link in links.page(self.sync, 0, 100_000, "state='active'")]

    def partner(self, id: str) -> str:
        """Return the id of the record linked to this one; ids of the two apps never coincide."""
        found = [pair for pair in self.pairs() if id in pair]
        assert len(found) == 1, f"{id} has {len(found)} links"
        return str(next(each for each in found[0] if each != id))

    def holds(self) -> list[HoldRow]:
        """Return everything that is held."""
        return holds.page(self.sync, size=100_000)

    def journal(self, run_id: int | None = None) -> list[Entry]:
        """Return the journal, in order: of one run, or all of it."""
        runs = [run_id] if run_id else [each for (each,) in db.rows("SELECT id FROM run ORDER BY id")]
        return [entry for each in runs for entry in journal.of_run(each, 0, 100_000)]

    def open_intents(self) -> list[Entry]:
        """Return every write whose result is not recorded."""
        return journal.open_entries(self.sync)

    def in_step(self) -> bool:
        """Tell whether every linked pair holds the same in every field, and every record has its partner."""
        pairs = self.pairs()
        alone = {item.id for app in self.apps.values() for item in app.live()} - {id for pair in pairs for id in pair}
        return not alone and all(self.anna.values(str(left)) == self.bert.values(str(right)) for left, right in pairs)
