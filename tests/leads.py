"""Two syncs with one object of Bert in common: the contacts of Anna, and her leads, with his people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.engine.deletes import Deletes
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import feed_slots, sync_slots
from bothways.ledger import db, due, journal
from bothways.ledger.models import Connection, Feed, Sync
from bothways.sync.context import Context, Neighbour
from tests.memory_app import APPS, PEOPLE, ManyObjects, MemoryApp
from tests.two_apps import TwoApps

L, R = SIDES


class _NoSecrets:
    def get(self, name: str) -> str:
        raise KeyError(name)


class Book(TwoApps):
    """One of the two syncs. Anna is on the left; ``anna`` are her contacts, or her leads."""

    def __init__(self, kind: str, other: Book | None = None, **more: Any) -> None:
        self.kind, self.other = kind, other
        super().__init__(**more)
        if other is None:
            return
        other.other = self
        self.clock, self.bert = other.clock, other.bert
        self.apps[R], self.connectors[R] = other.bert, other.connectors[R]
        for app in self.apps.values():
            app.clock = other.clock
        APPS.update({f"Anna {each.kind}": each.anna for each in (self, other)})
        both = ManyObjects(Setup("Anna", {}, _NoSecrets(), MemoryBudget(clock=self.clock), clock=self.clock))
        self.connectors[L] = other.connectors[L] = both  # type: ignore[assignment]

    def _install(self, approved: bool) -> None:
        self.anna.object, self.anna.serial = self.kind, 0 if self.kind == "contacts" else 500
        if self.other is None:
            super()._install(approved)
            Sync.objects.filter(pk=self.sync.pk).update(name=self.kind)
            return
        connection = Connection.objects.get(name="Anna")
        names, slots = self._mapped(L), feed_slots(self.spec.match, L)
        feed = Feed.objects.create(connection=connection, object=self.kind, fields=names, slots=slots)
        bert = self.other.sync.right
        names = sorted({*bert.fields, *self._mapped(R)})
        slots = [*bert.slots, *(each for each in feed_slots(self.spec.match, R) if each not in bert.slots)]
        Feed.objects.filter(pk=bert.pk).update(fields=names, slots=slots)
        pairs = sync_slots(self.spec.match)
        self.sync = Sync.objects.create(
            name=self.kind, state="on", left=feed, right=Feed.objects.get(pk=bert.pk), slots=pairs, approved=approved
        )

    def context(self) -> Context:
        context = super().context()
        other = self.other
        if other is not None and (sync := Sync.objects.select_related("left", "right").get(pk=other.sync.pk)):
            if sync.deleted_at:
                return context
            context.neighbour = Neighbour(
                sync,
                R,
                other.kind == "leads",
                on=sync.state == "on",
                fields=[(each.left.name, each.right.name) for each in other.spec.fields],
                slots=[(rule.slots(L), rule.slots(R)) for rule in other.spec.match],
                scope=other.spec.scope,
                sends=other.spec.sends,
            )
        return context

    def turn(self, state: str) -> None:
        """Turn this sync on or off."""
        Sync.objects.filter(pk=self.sync.pk).update(state=state)
        if state == "on":
            with db.transaction_():
                for each in (self, self.other):
                    if each is not None:
                        due.mark_everything(Sync.objects.get(pk=each.sync.pk))

    def sending(self, left: bool = True, right: bool = True) -> None:
        """Let these sides send."""
        self.spec = replace(self.spec, sends={L: left, R: right})

    def deleting(self, deletes: Deletes) -> None:
        """Let deletions be carried over."""
        self.spec = replace(self.spec, deletes=deletes)

    def reasons(self) -> dict[str, str]:
        """Return why records are left out or wait, by their ids, as a plan of everything says it."""
        from bothways.sync.run import preview

        self.clock.advance(60)
        plan, _, _ = preview(self.context(), everything=True)
        sql = (
            "SELECT left_id, right_id, rule, reason FROM plan_action WHERE plan_id=%s AND kind IN ('leave out','wait')"
        )
        return {str(left or right): f"{rule}: {reason}" for left, right, rule, reason in db.rows(sql, (plan.pk,))}


def books(**more: Any) -> tuple[Book, Book]:
    """Return the sync of the contacts and that of the leads."""
    contacts = Book("contacts", **more)
    return contacts, Book("leads", contacts, **more)


def rest(*order: Book, most: int = 30) -> None:
    """Run syncs in turn until nothing is written and nothing waits."""
    quiet = 0
    for _ in range(most):
        before = sum(each.written() for each in order)
        for each in order:
            if Sync.objects.get(pk=each.sync.pk).state == "on":
                each.run()
        waiting = sum(due.count(each.sync) + len(journal.open_entries(each.sync)) for each in order)
        quiet = 0 if waiting or sum(each.written() for each in order) > before else quiet + 1
        if quiet == 3:
            return
    raise AssertionError("not at rest")


__all__ = ["PEOPLE", "Book", "MemoryApp", "Sequence", "Side", "books", "rest"]
