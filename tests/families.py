"""Two syncs of the same two apps in memory: people, and the kids that refer to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, feed_slots, reference_slots, sync_slots
from bothways.ledger import links
from bothways.ledger.models import Connection, Feed, Sync
from bothways.records import Field, FieldType, Value, ids_of
from bothways.sync.context import Context, Parents
from tests.memory_app import Traits
from tests.two_apps import TwoApps

NAME = Field("name", label="Name", meaning="name")
FOLKS = Field("folks", FieldType.REFERENCE, "Folks", multi_valued=True, refers_to="people")
FIRST = Field("folks", FieldType.REFERENCE, "Folks", multi_valued=True, refers_to="people", primary_first=True)
ONE = Field("folk_id", FieldType.REFERENCE, "Folk", refers_to="people")


class _Both:
    """One connector for both objects of an app."""

    def __init__(self, by_object: dict[str, Any]) -> None:
        self.by_object, self.capabilities = by_object, by_object["kids"].capabilities

    def __getattr__(self, name: str) -> Any:
        return lambda object, *rest: getattr(self.by_object[object], name)(object, *rest)


class Kids(TwoApps):
    """The sync of the kids, whose folks are associated through the sync of the people."""

    def __init__(self, people: TwoApps, left: Field = FOLKS, right: Field = FOLKS, **traits: Any) -> None:
        self.people = people
        maps = (FieldMap(NAME, NAME), FieldMap(left, right, through="people"))
        super().__init__(Traits(**traits), Traits(**traits), fields=(NAME, left, right), match=("name",), maps=maps)
        self.clock = people.clock
        for side, app in self.apps.items():
            app.clock = people.clock
            own, theirs = self.connectors[side], people.connectors[side]
            self.connectors[side] = _Both({"kids": own, "people": theirs})  # type: ignore[assignment]

    def _install(self, approved: bool) -> None:
        feeds = []
        for side, app in self.apps.items():
            app.object = "kids"
            slots = [*feed_slots(self.spec.match, side), *reference_slots(self.spec.fields, side)]
            connection = Connection.objects.get(name=app.name)
            feeds.append(
                Feed.objects.create(connection=connection, object="kids", fields=self._mapped(side), slots=slots)
            )
        pairs = sync_slots(self.spec.match)
        self.sync = Sync.objects.create(
            name="kids", state="on", left=feeds[0], right=feeds[1], slots=pairs, approved=approved
        )

    def context(self) -> Context:
        context = super().context()
        people = Sync.objects.select_related("left", "right").get(pk=self.people.sync.pk)
        context.parents = {"people": Parents(people)}
        return context

    # --- looking ------------------------------------------------------------------------------------------

    def folks(self, side: Side, id: str) -> tuple[str, ...]:
        """Return whom a kid belongs to."""
        mapping = self.spec.fields[1]
        value: Value = self.apps[side].items[id].values.get(mapping.on(side).name)
        return ids_of(value)

    def same_folks(self) -> bool:
        """Tell whether the folks of every linked kid are linked with each other, all of them."""
        partners = {
            str(link.left_id): link.right_id for link in links.page(self.people.sync, 0, 100_000, "state='active'")
        }
        return all(
            {partners.get(each) for each in self.folks(Side.LEFT, str(left))} == set(self.folks(Side.RIGHT, str(right)))
            for left, right in self.pairs()
        )

    def rest_together(self, *, order: Sequence[TwoApps] = (), most: int = 30) -> None:
        """Run both syncs in turn until neither writes anything or waits for anything."""
        quiet = 0
        for _ in range(most):
            before = self.written() + self.people.written()
            for sync in order or (self, self.people):
                sync.run()
            quiet = quiet + 1 if self.written() + self.people.written() == before else 0
            if quiet == 4:
                return
        raise AssertionError(f"not at rest: {[app.writes[-2:] for app in self.apps.values()]}")


__all__ = ["FIRST", "FOLKS", "NAME", "ONE", "SIDES", "Kids"]
