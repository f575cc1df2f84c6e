"""Changes from now on in the simulator: what was there before is neither created nor written until it is edited."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, journal, noted
from bothways.ledger.models import Sync
from tests.sim.apps import CONSENT, FIELDS, FIXED, MANY, PICK, FakeApp, Row
from tests.sim.housing import HOMES
from tests.sim.oracle import Broken, source_of
from tests.sim.world import Write, loose

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule


class Line:
    """The line of a world, if it has one: from when on changes count, and what was there before.

    It is drawn by the first run that ends after it was asked for. What is edited while it is drawn may count or not.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = chance = random.Random(f"line {schedule.world.seed}")
        self.from_the_start = chance.random() < 0.15
        self.asked = False
        self.began: int | None = None
        self.drawn: int | None = None
        self.until = 0
        self.held: dict[tuple[str, str], list[dict[str, str | None]]] = {}
        self.there: set[tuple[str, str]] = set()
        self.gone: dict[Side, set[str]] = {side: set() for side in SIDES}

    def ask(self) -> None:
        """Ask for changes from now on alone, as turning a sync on does; often somebody has deleted a record before."""
        app = self.schedule.apps[self.chance.choice(SIDES)]
        if self.schedule.deleting.deletes.removals and self.chance.random() < 0.5 and (rows := app.live()):
            app.user_delete(self.chance.choice(rows))
        self.forget()
        noted.ask(self.schedule.sync)
        self.asked = True

    def forget(self) -> None:
        """There is no line any more: the sync is another one. What was let agree stays so."""
        if self.began is not None and self.drawn is None:
            self.until = self.schedule.world.now
        self.asked, self.began, self.drawn = False, None, None
        self.gone = {side: set() for side in SIDES}

    def before_run(self) -> None:
        """Take note of who is there before the first run that may draw the line.

        Pairs in which nothing flows keep what waits in them, also those yet to be taken up again since a record was
        restored; a write of unknown outcome flows once it is settled.
        """
        if not self.asked or self.drawn is not None:
            return
        apps, sync = self.schedule.apps, self.schedule.sync
        live = self._hold()
        if self.began is not None:
            return
        self.began = self.schedule.world.now
        listed = [(app, row) for app, row in live if self._seen_since(app, row) + app.traits.lag < self.began]
        self.there = {(app.name, row.id) for app, row in listed if row.outside_since is None}
        busy = journal.open_link_ids(sync)
        sql = "SELECT id, left_id, right_id, frozen, state FROM link WHERE sync_id=%s"
        for id, left, right, frozen, state in db.rows(sql, (sync.pk,)):
            ends = list(zip(SIDES, (left, right), strict=True))
            gone = [(side, record) for side, record in ends if record and not apps[side].rows[record].live]
            if state == "active" and not frozen and id not in busy:
                for side, record in gone:
                    self.gone[side].add(record)
            elif state != "ended" or not gone:
                self.there -= {(apps[side].name, record) for side, record in ends}
        unsettled = {str(entry.id) for entry in journal.open_entries(sync)}
        self.there -= {(each.app, each.record) for each in self.schedule.world.writes if each.key in unsettled}

    def _hold(self) -> list[tuple[FakeApp, Row]]:
        """Take note of what everybody holds as the line is drawn, and return them: typed once more it is no edit."""
        live = [(app, row) for app in self.schedule.apps.values() for row in app.live()]
        for app, row in live:
            self.held.setdefault((app.name, row.id), []).append(dict(row.values))
        return live

    def after_run(self) -> None:
        """Take note of when the line was drawn."""
        if self.began is not None and self.drawn is None:
            row = Sync.objects.get(pk=self.schedule.sync.pk)
            self._without_paused()
            if row.line == row.line_drawn:
                self.drawn = self.until = self.schedule.world.now
                self._hold()

    def _without_paused(self) -> None:
        """A pair that is paused while the line is drawn, from one run to another, keeps what waits in it."""
        sync, apps = self.schedule.sync, self.schedule.apps
        for ends in db.rows("SELECT left_id, right_id FROM link WHERE sync_id=%s AND frozen<>''", (sync.pk,)):
            self.there -= {(apps[side].name, record) for side, record in zip(SIDES, ends, strict=True)}

    def on_write(self, write: Write) -> None:
        """N1: nobody is created who was there before and is unchanged. N2: of two such, only what was edited flows."""
        side = self.schedule.side_of(write)
        source = self.schedule.apps[side.other].rows.get(str(source_of(write)))
        if write.kind == "archive":
            self._deleted_since(write, side.other, str(source_of(write)))
        if self.began is None or source is None or not self._was_there(side.other, source):
            return
        if write.kind == "create" and not self._edited(source, self._mapped()):
            raise Broken(
                "N1", f"{write.app} {write.record} was made of {source.id}, which is as it was before the line"
            )
        if write.kind != "update" or not self._was_there(side, self.schedule.apps[side].rows[write.record]):
            return
        for name in write.values.keys() - {CONSENT, FIXED, HOMES}:
            if not self._edited(source, (name,)) and not self.schedule.oracle.decided(write, name):
                raise Broken(
                    "N2", f"{name} of {source.id} came to {write.app} {write.record}, unchanged since the line"
                )

    def _deleted_since(self, write: Write, side: Side, source: str) -> None:
        """N3: no deletion is carried over that was made before, and was not noticed by then."""
        came_back = self.schedule.world.restored.get((self.schedule.apps[side].name, source), 0)
        if source in self.gone[side] and came_back < (self.began or 0):
            raise Broken("N3", f"{write.app} {write.record} was deleted, as {source} was before the line")

    def agreed(self, left: Row, right: Row, name: str) -> bool:
        """Tell whether two records may differ in a field since they did so before the line, or as they did again."""
        rows = list(zip((app.name for app in self.schedule.apps.values()), (left, right), strict=True))
        again = [
            any(loose(row.values[name]) == loose(held[name]) for held in self.held.get((app, row.id), ()))
            for app, row in rows
        ]
        return all(again) or self.was_before(max(row.changed.get(name, 0) for _, row in rows), left, right)

    def was_before(self, at: int, *rows: Row) -> bool:
        """Tell whether something that happened to records may have done so before this line or an earlier one."""
        drawing = self.began is not None and self.drawn is None
        merged = {id for _, id in self.schedule.world.merged_at}  # what these hold may be older than they are
        return drawing or max(at, *(row.created for row in rows if row.id not in merged), 0) <= self.until

    def _was_there(self, side: Side, row: Row) -> bool:
        app = self.schedule.apps[side]
        return (app.name, row.id) in self.there and (self.began is None or self._seen_since(app, row) < self.began)

    def _seen_since(self, app: FakeApp, row: Row) -> int:
        """Return since when a record is what it is: made, restored, or become of several. Some apps list it later."""
        world, who = self.schedule.world, (app.name, row.id)
        return max(row.created, world.merged_at.get(who, 0), world.restored.get(who, 0))

    def _edited(self, row: Row, names: tuple[str, ...]) -> bool:
        return self.began is None or max(row.changed.get(name, 0) for name in names) >= self.began

    def _mapped(self) -> tuple[str, ...]:
        schedule = self.schedule
        more = {
            CONSENT: schedule.consent.on,
            MANY: schedule.lists.on,
            PICK: schedule.picks.on,
            HOMES: schedule.homes.on,
        }
        return (*FIELDS, *(name for name, mapped in more.items() if mapped))
