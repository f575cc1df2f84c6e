"""The life of a sync: pairs paused, itself off and on, deleted and had back, links brought along, settings changed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from bothways.engine.filters import condition
from bothways.engine.sides import SIDES, Side
from bothways.errors import AppError
from bothways.ledger import db, due, links, noted
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Plan, Sync
from bothways.records import Field
from bothways.service import deleting
from bothways.sync import link_import
from bothways.sync.link_import import GivenPair
from bothways.sync.poll import poll
from bothways.sync.run import preview, recorded, taken_over
from tests.sim.apps import MARK, Row
from tests.sim.lists import TO
from tests.sim.oracle import Broken, source_of
from tests.sim.world import World, Write

if TYPE_CHECKING:
    from tests.sim.schedule import Schedule

DAY = 86_400
Pair = dict[Side, str]


class Life:
    """What people do to the sync itself between its runs, and what must hold of it.

    Z2: every link that there was when the sync was deleted is there when it is had back.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(f"life {schedule.world.seed}")
        self.on = self.chance.random() < 0.3
        self.paused: dict[int, int] = {}
        self.together: dict[tuple[Side, str], str] = {}

    @property
    def world(self) -> World:
        return self.schedule.world

    # --- what people do -------------------------------------------------------------------------

    def act(self) -> None:
        """Do one of these between two runs."""
        if not self.on or self.chance.random() < 0.35:
            return
        deeds: tuple[Callable[[], None], ...] = (
            self._pause,
            self._pause,
            self._resume,
            self._switch_off,
            self._delete,
            self._bring_links,
            self._change_settings,
        )
        self.chance.choice(deeds)()

    def act_on_plan(self) -> bool:
        """Pause a pair between a plan and its being carried out; tell whether that was done."""
        before = len(self.paused)
        if self.on and self.chance.random() < 0.5:
            self._pause()
        return len(self.paused) > before

    def before_rest(self) -> None:
        """Let what is paused flow again, all of it or some."""
        share = self.chance.choice((0.5, 1.0))
        asked = bool(self.schedule.asking.winners)
        for link in self._paused():
            if asked or self.chance.random() < share:
                self._flow_again(link)

    def is_paused(self, left: Row, right: Row) -> bool:
        """Tell whether a person has paused this pair."""
        return any((link.left_id, link.right_id) == (left.id, right.id) for link in self._paused())

    def _paused(self) -> list[LinkRow]:
        """Return the links that are paused. One that has ended stays so: it may be taken up again."""
        return [link for link in links.by_id(self.paused).values() if link.state == "active"]

    def _pairs(self) -> dict[int, Pair]:
        """Return the active links whose records are both there."""
        sql = "SELECT id, left_id, right_id FROM link WHERE sync_id=%s AND state='active' ORDER BY id"
        found = {row[0]: dict(zip(SIDES, row[1:], strict=True)) for row in db.rows(sql, (self.schedule.sync.pk,))}
        return {id: pair for id, pair in found.items() if all(self._row(side, pair[side]).live for side in SIDES)}

    def _row(self, side: Side, id: str) -> Row:
        return self.schedule.apps[side].rows[id]

    def _pause(self) -> None:
        free = [id for id in self._pairs() if id not in self.paused]
        if free:
            link_id = self.chance.choice(free)
            self.paused[link_id] = self.world.now
            self.world.say(f"paused link {link_id}")
            with db.transaction_():
                links.pause(link_id, paused=True)

    def _resume(self) -> None:
        if paused := self._paused():
            self._flow_again(self.chance.choice(paused))

    def _flow_again(self, link: LinkRow) -> None:
        del self.paused[link.id]
        self.world.say(f"resumed link {link.id}")
        with db.transaction_():
            links.pause(link.id, paused=False)
            for side in SIDES:
                due.mark(self.schedule.sync, side, [str(link.on(side))])

    def _switch_off(self) -> None:
        """Turn the sync off for a while, and on again: catching up, or from now on alone."""
        self.world.say("the sync is off")
        Sync.objects.filter(pk=self.schedule.sync.pk).update(state="off")
        from_now = self.chance.random() < 0.4
        self._time_passes()
        if from_now and self.schedule.deleting.deletes.removals:
            self.schedule.deleting.delete()
        self._switch_on(from_now=from_now)

    def _switch_on(self, *, from_now: bool = False) -> None:
        sync = self.schedule.sync
        sync.refresh_from_db()
        if from_now:
            self.schedule.line.ask()
            self._drop_plans()
        elif sync.line > sync.line_drawn:
            noted.withdraw(sync)
            self.schedule.line.forget()
        Sync.objects.filter(pk=sync.pk).update(state="on")
        due.mark_everything(sync)
        self.world.say(f"the sync is on{' from now' if from_now else ''}")

    def _time_passes(self) -> None:
        """Let users act while the sync is off; a look at what it would do writes nothing."""
        world, before = self.world, len(self.world.writes)
        for _ in range(self.chance.randint(1, 4)):
            self.schedule.user_acts()
            world.now += self.chance.choice((1, 30, 400))
        if self.chance.random() < 0.3:
            try:
                preview(self.schedule.context(), everything=True)
            except AppError as error:
                world.say(f"no plan: {error}")
        if len(world.writes) != before:
            raise Broken("Z1", "the sync is off, and something was written")

    def _drop_plans(self) -> None:
        Plan.objects.filter(sync=self.schedule.sync, state="ready").delete()

    def _delete(self) -> None:
        """Delete the sync, and have it back within the days: restored, or its links taken by a new one."""
        schedule, world = self.schedule, self.world
        sync, name = schedule.sync, "things"
        sync.refresh_from_db()
        before = self._pairs()
        self._belong(before.values())
        world.say("the sync is deleted")
        deleting.put_away(sync, world.now)
        self._time_passes()
        world.now += self.chance.choice((0, 3600, 5 * DAY, 29 * DAY))
        deleting.purge(world.now)
        if self.chance.random() < 0.6:
            deleting.bring_back(sync, name)
            self.schedule.take(Sync.objects.get(pk=sync.pk))
        else:
            new = schedule.new_sync(name)
            if not links.known(sync):  # then the new one begins with nothing
                schedule.deciding.forget()
            due.mark_everything(new)
            deleting.settle_old_links(new, deleting.TAKE)
            self.schedule.take(new)
            self.schedule.line.forget()
        kept = {id for (id,) in db.rows("SELECT id FROM link WHERE sync_id=%s", (schedule.sync.pk,))}
        if lost := [pair for id, pair in before.items() if id not in kept]:
            raise Broken("Z2", f"{lost[0]} was linked when the sync was deleted, and its link is gone")
        self._time_passes()
        self._switch_on()

    def _belong(self, pairs: Iterable[Pair]) -> None:
        """Note that these belong together: nobody else is to be created for any of them."""
        self.together |= {(side, pair[side]): pair[side.other] for pair in pairs for side in SIDES}

    def _bring_links(self) -> None:
        """Bring one link along, between two records that have none."""
        schedule = self.schedule
        linked = {(side, pair[side]) for pair in self._linked() for side in SIDES}
        free = {
            side: [row for row in app.live() if (side, row.id) not in linked] for side, app in schedule.apps.items()
        }
        if not all(free.values()):
            return
        pairs = [GivenPair(1, *(self.chance.choice(free[side]).id for side in SIDES))]
        ctx = schedule.context()
        try:
            with taken_over(ctx):
                ctx.started_at = ctx.clock()
                poll(ctx, ctx.ends.values())
                with recorded(ctx, link_import.RULE), db.transaction_():
                    ctx.fence()
                    made = link_import.make(ctx, link_import.check(ctx, pairs))
        except AppError as error:
            self.world.say(f"no links: {error}")
            return
        self.world.say(f"brought along: {pairs[0]}, {made} made")
        if made:
            self._belong([{side: pairs[0].on(side) for side in SIDES}])
            schedule.deciding.brought(pairs[0].left, pairs[0].right)

    def _linked(self) -> list[Pair]:
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state='active' ORDER BY id"
        return [dict(zip(SIDES, row, strict=True)) for row in db.rows(sql, (self.schedule.sync.pk,))]

    def _change_settings(self) -> None:
        """Let another app be the default, turn a field round, or look at other marks."""
        schedule = self.schedule
        self.chance.choice((self._other_default, self._other_direction, self._other_filter))()
        sync = schedule.sync
        sync.refresh_from_db()
        sync.revision += 1
        sync.save(update_fields=["revision"])
        self._drop_plans()

    def _other_default(self) -> None:
        self.schedule.spec = replace(self.schedule.spec, default=self.schedule.spec.default.other)
        due.mark_held(self.schedule.sync)
        self.world.say("the other app is the default app")

    def _other_direction(self) -> None:
        schedule = self.schedule
        free = [name for name in ("a", "b") if name not in schedule.asking.winners and name not in schedule.narrowed]
        if not free:
            return
        name, to = self.chance.choice(free), self.chance.choice((None, *SIDES))
        schedule.oracle.turned.add(name)
        schedule.one_way.pop(name, None)
        schedule.one_way |= {name: to} if to else {}
        fields = tuple(
            replace(each, direction=TO[to]) if each.left.name == name else each for each in schedule.spec.fields
        )
        schedule.spec = replace(schedule.spec, fields=fields)
        due.mark_everything(schedule.sync)
        self.world.say(f"{name} flows {'to ' + to if to else 'both ways'}")

    def _other_filter(self) -> None:
        schedule = self.schedule
        for side in schedule.scope.filters:
            wanted = self.chance.random() < 0.5
            asked = ("is", "in") if wanted else ("is_not", "out")
            app = schedule.apps[side]
            app.fits = (lambda mark: mark == "in") if wanted else (lambda mark: mark != "out")
            filters = {**schedule.spec.scope.filters, side: condition(Field(MARK), *asked)}
            schedule.spec = replace(schedule.spec, scope=replace(schedule.spec.scope, filters=filters))
            for row in app.rows.values():
                app.notice(row)
            self.world.say(f"{app.name}: only records whose mark {asked}")
        due.mark_everything(schedule.sync)

    # --- what must hold -------------------------------------------------------------------------

    def on_write(self, write: Write) -> None:
        """Z3: nothing is written between two that are paused. Z4: nobody is created who has a partner already."""
        entry = db.one("SELECT link_id FROM journal WHERE id=%s", (int(write.key),))
        paused = self.paused.get(entry[0]) if entry else None
        if paused is not None and paused < write.run_at:
            raise Broken("Z3", f"{write.app} {write.record} was written, and is paused")
        if write.kind == "create":
            self._has_no_partner(write)

    def _has_no_partner(self, write: Write) -> None:
        side = self.schedule.side_of(write).other
        source = str(source_of(write))
        partner = self.together.get((side, source))
        ends = ((side, source), (side.other, partner))
        there = partner is not None and all(self._is_there(each, id) for each, id in ends if id)
        if there:
            raise Broken("Z4", f"{write.app} {write.record} was made of {source}, which {partner} belongs to")

    def _is_there(self, side: Side, id: str) -> bool:
        """Tell whether a record was there all the time, and is itself."""
        return self._row(side, id).live and (self.schedule.apps[side].name, id) not in self.world.restored
