"""Apps with homes that their things belong to, and connectors that read and write both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.engine.sides import Side
from bothways.records import Record, Value, ids_of
from tests.sim.apps import FakeApp, FakeConnector, Row
from tests.sim.world import World

if TYPE_CHECKING:
    from tests.sim.homes import Homes

HOMES = "homes"
"""The object of the homes, and the field of a thing that says which it belongs to."""


def housed(row: Row) -> tuple[str, ...]:
    """Return the homes that a thing belongs to."""
    return tuple((row.values.get(HOMES) or "").split())


class Beside:
    """A world beside a world: of one clock, one chance and one calm, with logs of its own."""

    def __init__(self, world: World) -> None:
        own = World(world.seed)
        self.world = world
        self.edits, self.writes, self.calls, self.asked = own.edits, own.writes, own.calls, own.asked
        self.deleted, self.restored, self.away = own.deleted, own.restored, own.away
        self.runs_begun, self.runs_done = own.runs_begun, own.runs_done
        self.merged, self.merged_at, self.on_write = own.merged, own.merged_at, own.on_write
        self.run = self.run_at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)


@dataclass
class Manner:
    """How an app treats what things belong to.

    ``drops``: a deleted home goes out of all things. ``checks``: no thing is put in a home that is not there.
    ``silent``: a change of nothing but the homes is no change of the thing that any listing tells of.
    """

    drops: bool
    checks: bool
    silent: bool


class HomeApp(FakeApp):
    """The homes of an app; what becomes of one there is seen in its things."""

    def __init__(
        self, things: FakeApp, beside: Beside, serial: str, rehouse: Callable[[str, str | None], None]
    ) -> None:
        super().__init__(things.name, beside, replace(things.traits, refuses=False, robot=False))  # type: ignore[arg-type]
        self.prefix, self.rehouse = serial, rehouse

    def user_delete(self, row: Row) -> None:
        super().user_delete(row)
        self.rehouse(row.id, None)

    def user_merge(self, winner: Row, loser: Row) -> None:
        super().user_merge(winner, loser)
        for row in (loser, winner):
            if row.merged_into:
                self.rehouse(row.id, row.merged_into)


class Housing(FakeConnector):
    """The connector of an app whose things belong to homes; it reads and writes both."""

    def __init__(self, homes: Homes, side: Side) -> None:
        super().__init__(homes.schedule.apps[side])
        self.homes, self.side, self.field = homes, side, homes.fields[side]
        self.capabilities = replace(self.capabilities, reports_references=not homes.manners[side].silent)

    def _record(self, row: Row, values: bool = True) -> Record:
        record = super()._record(row, values)
        return replace(record, values={**record.values, HOMES: self._told(row.values.get(HOMES))}) if values else record

    def _told(self, held: str | None) -> Value:
        ids = (held or "").split()
        return ids if self.field.multi_valued else next(iter(ids), None)

    def _write(self, item: WriteItem) -> WriteResult:
        if HOMES not in item.values:
            return super()._write(item)
        row = self.app.rows.get(item.ref.id) if item.ref else None
        if row is not None and row.live and self.field.multi_valued:
            self.homes.act_late(self.side, row)
        ids = self._changed(row, ids_of(item.values[HOMES]), ids_of(item.base.get(HOMES)))
        there = self.homes.apps[self.side].rows
        ids = list(dict.fromkeys(self._now(there, id) for id in ids))
        if self.homes.manners[self.side].checks and not all(id in there and there[id].live for id in ids):
            named = (HOMES,) if len(item.values) > 1 else ()
            return WriteResult(item.key, Outcome.REFUSED, fields=named, message="no such home")
        return super()._write(replace(item, values={**item.values, HOMES: " ".join(ids) or None}))

    def _now(self, there: dict[str, Row], id: str) -> str:
        """Return the home that one was merged into, as the app knows it by both ids."""
        while id in there and (into := there[id].merged_into):
            id = into
        return id

    def _changed(self, row: Row | None, ids: Sequence[str], base: Sequence[str]) -> Sequence[str]:
        """Return what a thing holds once that was added and taken away in which the write differs from its base."""
        if row is None or not self.field.multi_valued:
            return ids
        out = {id for id in base if id not in ids}
        rest = [id for id in dict.fromkeys((*ids, *housed(row))) if id not in out]
        if self.field.primary_first and ids[:1] != base[:1]:
            return rest
        came = [id for id in ids if id not in base]
        return [id for id in dict.fromkeys((*housed(row), *came)) if id not in out]

    def _log(self, item: WriteItem, row: Row, *, moves: bool = False) -> None:
        rest = {name: value for name, value in item.values.items() if name != HOMES}
        super()._log(replace(item, values=rest), row, moves=moves or HOMES in item.values)
        if HOMES in item.values:
            held, ids = housed(row), tuple(str(item.values[HOMES] or "").split())
            self.world.say(f"sync moves {row.id} in {self.app.name}: {held} -> {ids}")
            self.homes.oracle.wrote(self.side, row, self.world.writes[-1], ids)

    def _store(self, item: WriteItem, row: Row) -> WriteResult:
        result = super()._store(item, row)
        if HOMES not in item.values:
            return result
        row.values[HOMES] = (row.values[HOMES] or "").strip() or None
        row.later.pop(HOMES, None)
        self.homes.oracle.remember(self.side, row)
        told = {**result.record.values, HOMES: self._told(row.values[HOMES])} if result.record else {}
        return replace(result, record=replace(result.record, values=told)) if result.record else result


class Both:
    """One connector for both objects of an app."""

    def __init__(self, things: Housing, homes: FakeConnector) -> None:
        self.by_object, self.capabilities = {"things": things, HOMES: homes}, things.capabilities

    def __getattr__(self, name: str) -> Any:
        if not hasattr(FakeConnector, name):
            raise AttributeError(name)
        return lambda object, *rest: getattr(self.by_object[object], name)(object, *rest)
