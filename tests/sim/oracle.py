"""The invariants, checked from what users typed and what the apps hold, without knowing the engine."""

from __future__ import annotations

import json
from collections.abc import Callable

from bothways.engine.scope import Leaving
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Only
from bothways.ledger import db, journal
from bothways.ledger.models import Sync
from tests.sim.apps import FIELDS, MANY, PICK, FakeApp, Row, rewritten
from tests.sim.world import Edit, World, Write, loose

FLOWS = {"key": (Side.LEFT, Side.RIGHT), "a": (Side.LEFT, Side.RIGHT), "b": (Side.LEFT, Side.RIGHT)}


class Broken(AssertionError):
    """An invariant does not hold: its id and what was seen."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


def source_of(write: Write) -> str | None:
    """Return the record of the other side that a write carries over, as the journal has it; None for an undo."""
    data = db.value("SELECT data FROM journal WHERE id=%s", (int(write.key),))
    return json.loads(data)["more"].get("source_id") if data else None


class Oracle:
    """Looks at one schedule's world and ledger."""

    def __init__(
        self,
        world: World,
        apps: dict[Side, FakeApp],
        sync: Sync,
        one_way: dict[str, Side],
        settle: int,
        interval: int,
        narrowed: dict[str, Only],
        leaving: Leaving = Leaving.FREEZE,
    ) -> None:
        self.leaving = leaving
        self.world, self.apps, self.sync, self.one_way = world, apps, sync, one_way
        self.narrowed = narrowed
        self.settle, self.interval = settle, interval
        self.window = {app.name: 240 + 2 * app.traits.lag for app in apps.values()}
        self.by_name = {app.name: app for app in apps.values()}
        self.origin = {}
        self.checked = 0
        self.turned: set[str] = set()
        self.clears: set[str] = set()
        self.decided: Callable[[Write, str], bool] = lambda write, name: False
        self.asked: Callable[[Write, str], bool] = lambda write, name: False
        self.half_done: Callable[[Row, Row, str], bool] = lambda left, right, name: False
        self.paused: Callable[[Row, Row], bool] = lambda left, right: False
        self.meant: Callable[[Write], bool] = lambda write: False
        self.is_nobodys: Callable[[Side, str], bool] = lambda side, id: False
        self.agreed: Callable[[Row, Row, str], bool] = lambda left, right, name: False

    # --- always ---------------------------------------------------------------------------------

    def after_run(self) -> None:
        """Check what must hold after every run, however it ended."""
        self.origin = {}
        for edit in self.world.edits:
            if edit.value:
                self.origin.setdefault((edit.field, loose(edit.value)), edit)
        linked_since = self._linked_since()
        for write in self.world.writes[self.checked :]:
            self._blank(write)
            self._needless(write)
            self._direction(write)
            self._only_then(write)
            self._echo(write, linked_since)
            self._resurrection(write, linked_since)
            self._duplicate(write)
            self._journaled(write)
        self.checked = len(self.world.writes)
        self._one_link_each()

    def scope(self, write: Write) -> None:
        """I9: nothing is written to a record outside its app's filter, nor anything of one, not even a copy.

        What left the filter only while the run was at work may not be known to it yet.
        """
        entry = db.one("SELECT side, data, kind FROM journal WHERE id=%s", (int(write.key),))
        source_id = json.loads(entry[1])["more"].get("source_id") if entry else None
        if entry is None or source_id is None or (self.leaving is Leaving.KEEP and write.kind == "update"):
            return
        side = Side(entry[0])
        ends = [(self.apps[side.other], source_id)]
        if write.kind != "create":
            ends.append((self.apps[side], write.record))
        for app, record in ends:
            row = app.rows[record]
            if row.live and row.outside_since is not None and row.outside_since < write.run_at:
                raise Broken("I9", f"{write.kind} in {write.app}, though {record} in {app.name} is outside its filter")

    def outside(self, left: Row, right: Row) -> bool:
        """Tell whether nothing may flow between the two."""
        if self.paused(left, right):
            return True
        return self.leaving is not Leaving.KEEP and any(row.outside_since is not None for row in (left, right))

    def _blank(self, write: Write) -> None:
        for name, value in write.values.items():
            emptied = not loose(value) and loose(write.held.get(name)) and write.kind == "update"
            if emptied and name not in (MANY, PICK) and not self._cleared_there(write, name):
                raise Broken("I8", f"{write.app} {write.record}.{name} was {write.held[name]!r}, now blank")

    def _cleared_there(self, write: Write, name: str) -> bool:
        """Tell whether a person cleared a field where clearing follows, over what is cleared by it now.

        Where it flows one way alone, what the source holds goes over whatever is there, and so does its clearing.
        """
        source, held = str(source_of(write)), loose(write.held[name])
        there = next(app.name for app in self.apps.values() if app.name != write.app)
        if name not in self.clears or not any(edit.value is None for edit in self._edits_of(there, source, name)):
            return False
        typed = any(loose(edit.value) == held for edit in self._edits_of(there, source, name))
        written = any(each.app == there and loose(each.values.get(name)) == held for each in self.world.writes)
        merged = any((app, id) in self.world.merged_at for app, id in ((there, source), (write.app, write.record)))
        return typed or written or merged or name in write.late or name in self.one_way

    def _needless(self, write: Write) -> None:
        """What is there already is not written: blanks, and the case of an address, are the app's doing."""
        for name, value in write.values.items():
            held = write.held.get(name)
            alike = loose(value) == loose(held) if name == "key" else (value or "").strip() == (held or "").strip()
            if write.kind == "update" and alike and name not in write.late:
                raise Broken("I6", f"{value!r} was written to {write.app} {write.record}.{name}, which held {held!r}")

    def _direction(self, write: Write) -> None:
        side = next(side for side, app in self.apps.items() if app.name == write.app)
        for name in write.values:
            if write.kind != "archive" and self.one_way.get(name, side) is not side:
                raise Broken("I9", f"{name} was written to {write.app}")

    def _only_then(self, write: Write) -> None:
        """A field that is only filled never replaces a value that was read; one of creates alone is never updated."""
        for name in write.values.keys() & self.narrowed.keys() if write.kind == "update" else ():
            if self.narrowed[name] is Only.ON_CREATE:
                raise Broken(
                    "I9", f"{name} of {write.app} {write.record} was updated, and is given to new records alone"
                )
            if loose(write.held.get(name)) and name not in write.late:
                raise Broken(
                    "I9", f"{name} of {write.app} {write.record} held {write.held[name]!r}, and is only filled"
                )

    def _echo(self, write: Write, linked_since: dict[tuple[str, str], int]) -> None:
        for name, value in write.values.items():
            edit = self.origin.get((name, loose(value)))
            since = linked_since.get((write.app, write.record), write.at)
            if self.decided(write, name) or self._typed_again(name, value) or self._seen_too_late(write, name, value):
                continue
            if edit and edit.app == write.app and edit.at > since and self.same(write.app, edit.record, write.record):
                raise Broken("I4", f"{value!r} was typed in {write.app} {edit.record}.{name} and written there again")

    def _seen_too_late(self, write: Write, name: str, value: str | None) -> bool:
        """A rewriting met only after the own-write window (nothing could be read before) counts as an edit."""
        ours = [
            w.at
            for w in self.world.writes
            if w.app != write.app and w.at < write.at and loose(w.values.get(name)) == loose(value)
        ]
        if not ours or value in self._exactly_typed(name):
            return False
        other = next(app for name, app in self.by_name.items() if name != write.app)
        source = other.rows.get(str(source_of(write)))
        read_at = max((at for at in source.reads if at <= write.at), default=0) if source else write.read_at
        return read_at - max(ours) > self.window[other.name]

    def _exactly_typed(self, name: str) -> set[str | None]:
        return {edit.value for edit in self.world.edits if edit.field == name}

    def _resurrection(self, write: Write, linked_since: dict[tuple[str, str], int]) -> None:
        """No value returns over an edit that a person made over it, on whichever side."""
        if write.kind != "update":
            return
        since = linked_since.get((write.app, write.record), write.at)
        for name, value in write.values.items():
            if not loose(value) or self.decided(write, name):
                continue
            if self._typed_again(name, value) or self._unsure(write, name, value):
                continue
            if self._seen_too_late(write, name, value):
                continue
            for edit in self._edits_of(write.app, write.record, name):
                known = edit.at <= write.read_at and since < edit.at < write.at  # at the same moment: before, or after?
                known = known and not self.merged_unread(write.app, write.record, edit.at)
                if not loose(edit.value) and self.asked(write, name):
                    continue
                if known and loose(edit.over) == loose(value) and self._held_is_from(write, name, edit):
                    raise Broken("I5", f"{value!r} came back over {edit.value!r} in {write.app} {write.record}.{name}")

    def _typed_again(self, name: str, value: str | None) -> bool:
        """Tell whether a person typed the same letters anew somewhere: then it is a new edit."""
        typed = [e for e in self.world.edits if e.field == name and loose(e.value) == loose(value)]
        origin = self.origin.get((name, loose(value)))
        decided = (w for w in self.world.writes if w.kind == "update" and loose(w.values.get(name)) == loose(value))
        return any(edit is not origin for edit in typed) or any(w.at < origin.at for w in decided if origin)

    def _unsure(self, write: Write, name: str, value: str | None) -> bool:
        """Tell whether the same value was sent before without an answer: an edit over it looks like a conflict."""
        for earlier in self.world.writes:
            same = earlier.app == write.app and name in earlier.values
            same = same and self.same(write.app, earlier.record, write.record)
            if same and earlier.at < write.at and loose(earlier.values[name]) == loose(value):
                data = db.value("SELECT data FROM journal WHERE id=%s AND state='done'", (int(earlier.key),))
                sent = json.loads(data)["writes"].get(f"{name}={name}") if data else None
                if sent is None or not sent["landed"]:
                    return True
        return False

    def _held_is_from(self, write: Write, name: str, edit: Edit) -> bool:
        return loose(write.held.get(name)) == loose(edit.value)

    def _duplicate(self, write: Write) -> None:
        if write.kind != "create" or self.meant(write):
            return
        key, app = loose(write.values.get("key")), self.by_name[write.app]
        noticed = max(write.at - self.settle, self._noticed_until(write, app))
        for row in app.live() if key else ():
            there = max(row.created, row.typed.get("key", 0)) < noticed
            if row.id != write.record and there and loose(row.values.get("key")) == key:
                raise Broken("I3", f"{write.app} {write.record} was created though {row.id} has {key}")

    def _noticed_until(self, write: Write, app: FakeApp) -> int:
        """Return until when a record must have been there to be noticed before this create.

        That is until an app that can was asked for the key. Any app is known up to one interval after the source
        was first seen, unless that was in the first listing.
        """
        entry = db.one("SELECT side, data FROM journal WHERE id=%s", (int(write.key),))
        if entry is None:
            return 0
        side, source_id = Side(entry[0]).other, json.loads(entry[1])["more"]["source_id"]
        source = self.apps[side].rows[source_id]
        feed_id = self.sync.left_id if side is Side.LEFT else self.sync.right_id
        first = db.value("SELECT first_seen_at FROM seen WHERE feed_id=%s AND record_id=%s", (feed_id, source_id))
        asked = self.world.asked.get((app.name, loose(write.values.get("key"))), 0)
        new = bool(first) and source.typed.get("key", 0) <= source.created
        return max(asked, source.created + self.interval - app.traits.grain if new else 0)

    def _journaled(self, write: Write) -> None:
        entry = db.one("SELECT kind, state, data FROM journal WHERE id=%s", (int(write.key),))
        if entry is None:
            raise Broken("I15", f"no journal entry for the write to {write.app} {write.record}")

    def _one_link_each(self) -> None:
        for side in SIDES:
            sql = f"SELECT {side}_id FROM link WHERE sync_id=%s AND state='active' GROUP BY {side}_id HAVING COUNT(*)>1"
            if found := db.rows(sql, (self.sync.pk,)):
                raise Broken("I10", f"{found} has two links")

    # --- at rest --------------------------------------------------------------------------------

    def at_rest(self) -> None:
        """Check what must hold when nothing moves any more."""
        self._converged()
        self._no_lost_edit()
        self._no_orphans()
        self._no_recreation()

    def held(self) -> set[tuple[str, str]]:
        """Return the records that wait for a person or an app, each with its side."""
        return set(db.rows("SELECT side, record_id FROM hold WHERE sync_id=%s", (self.sync.pk,)))

    def _converged(self) -> None:
        held = self.held()
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state='active'"
        for left_id, right_id in db.rows(sql, (self.sync.pk,)):
            left, right = self.apps[Side.LEFT].rows[left_id], self.apps[Side.RIGHT].rows[right_id]
            if not (left.live and right.live):
                raise Broken("I1", f"{left_id}-{right_id} is linked, but one of them is gone")
            for name in () if self.outside(left, right) else FIELDS:
                if (Side.LEFT, left_id) in held or (Side.RIGHT, right_id) in held or self.agreed(left, right, name):
                    continue
                self._equal(left, right, name)

    def _equal(self, left: Row, right: Row, name: str) -> None:
        here, there = left.values[name], right.values[name]
        if (here or "").strip() == (there or "").strip() or (name == "key" and loose(here) == loose(there)):
            return None
        if not loose(here) or not loose(there):
            return None if self.narrowed.get(name) is Only.ON_CREATE else self._explained_blank(left, right, name)
        if name in self.one_way or name in self.narrowed or name in self.turned:
            return None
        if loose(here) == loose(there) and not self._typed_last(left, right, name):
            return None
        if self.half_done(left, right, name):
            return None
        raise Broken("I1", f"{left.id}-{right.id} {name}: {here!r} and {there!r}")

    def _explained_blank(self, left: Row, right: Row, name: str) -> None:
        """A blank beside a value is explained by a person who cleared it, or by the direction."""
        blank, app = (left, self.apps[Side.LEFT]) if not loose(left.values[name]) else (right, self.apps[Side.RIGHT])
        cleared = any(edit.value is None for edit in self._edits_of(app.name, blank.id, name))
        if not cleared and name not in self.one_way and name not in self.turned:
            raise Broken("I1", f"{left.id}-{right.id} {name}: one side is blank, nobody cleared it")

    def _typed_last(self, left: Row, right: Row, name: str) -> bool:
        """Tell whether the last one to set a value that differs only in case was a person, not an app."""
        ends = ((left, right, self.apps[Side.LEFT]), (right, left, self.apps[Side.RIGHT]))
        last = {app.name: edits[-1] for row, _, app in ends if (edits := self._edits_of(app.name, row.id, name))}
        return any(
            app.name in last
            and last[app.name].at == max(edit.at for edit in last.values())
            and self._is_last(app, row, other, last[app.name])
            for row, other, app in ends
        )

    def _is_last(self, app: FakeApp, row: Row, other: Row, edit: Edit) -> bool:
        """Tell whether an edit of case alone stands, was sent nowhere since, and could have been noticed."""
        name, typed = edit.field, (edit.value or "").strip()
        there = next(each.name for each in self.apps.values() if each is not app)
        sent = [
            w for w in self.world.writes if w.app == there and name in w.values and self.same(there, w.record, other.id)
        ]
        if any(w.at > edit.at or (w.values[name] or "").strip() == typed for w in sent):
            return False
        written = [w.at for w in self.world.writes if w.app == app.name and w.record == row.id and name in w.values]
        if edit.value != row.values[name] or edit.at <= max(written, default=0) or loose(edit.over) != loose(typed):
            return False
        unsure = self._unsure(Write(app.name, row.id, "", {}, {}, self.world.now, 0, "", 0), name, edit.value)
        hidden = (
            self._soon_after_write(edit, row)
            or self._taken_for_ours(app, row, edit)
            or self.merged_unread(app.name, row.id, edit.at)
            or self._as_first_stored(app, row, edit)
            or self._typed_back(app, row, edit)
        )
        return not (unsure or hidden)

    def _taken_for_ours(self, app: FakeApp, row: Row, edit: Edit) -> bool:
        """A person typed just what a write of unknown outcome had sent: it counts as ours, and so does its case."""
        side = next(side for side, each in self.apps.items() if each is app)
        sql = "SELECT data, done_at FROM journal WHERE side=%s AND record_id=%s AND state='done' AND message=%s"
        for data, done_at in db.rows(sql, (str(side), row.id, "found out afterwards")):
            sent = json.loads(data)["writes"].get(f"{edit.field}={edit.field}")
            if sent and loose(sent["after"]) == loose(edit.value) and edit.at <= done_at + self.window[app.name]:
                return True
        return False

    def _as_first_stored(self, app: FakeApp, row: Row, edit: Edit) -> bool:
        """A person typed over a late rewriting just what the app had made of our write at once: it looks unchanged."""
        ours = [w for w in self.world.writes if w.app == app.name and w.record == row.id and edit.field in w.values]
        stored = rewritten(app.traits.rewrite_now, ours[-1].values[edit.field]) if ours else None
        return (stored or "").strip() == (edit.value or "").strip()

    def _typed_back(self, app: FakeApp, row: Row, edit: Edit) -> bool:
        """A person typed again what had stood there when the last whole run read it: it looks unchanged."""
        runs = zip(self.world.runs_begun, self.world.runs_done, strict=True)
        begun = max((at for at, done in runs if done < edit.at), default=0)
        since = [e for e in self._edits_of(app.name, row.id, edit.field) if begun <= e.at <= edit.at and e is not edit]
        return any(each.over == edit.value for each in since)

    def merged_unread(self, app: str, record: str, at: int) -> bool:
        """Until a merged record is read for the first time, a change of case cannot be told from a rewriting."""
        merged = self.world.merged_at.get((app, record))
        if merged is None:
            return False
        whole_runs = [done for done in self.world.runs_done if done > merged]
        return len(whole_runs) < 2 or at <= max(whole_runs[1], self._merge_found(app, record))

    def _merge_found(self, app: str, record: str) -> float:
        """Return when the feed found out that other records had been merged into this one."""
        losers = [old for (name, old) in self.world.merged if name == app and self.same(app, old, record)]
        sql = (
            "SELECT seen.read_at FROM seen JOIN feed ON feed.id=seen.feed_id JOIN connection ON"
            " connection.id=feed.connection_id WHERE connection.name=%s AND seen.record_id=%s AND seen.state='merged'"
        )
        return max((float(db.value(sql, (app, loser)) or 0) for loser in losers), default=0.0)

    def _soon_after_write(self, edit: Edit, row: Row) -> bool:
        """Within the own-write window, a change of case cannot be told from the app's rewriting (row FN).

        What was written to a record that was merged into this one since was written to this one.
        """
        return any(
            write.app == edit.app
            and self.same(edit.app, write.record, row.id)
            and loose(write.values.get(edit.field)) == loose(edit.value)
            and write.at <= edit.at <= write.at + self.window[edit.app]
            for write in self.world.writes
        )

    def _no_lost_edit(self) -> None:
        kept = self._visible() | self._journal_befores()
        superseded = {edit.over for edit in self.world.edits if edit.over}
        for edit in self.world.edits:
            if not edit.value or edit.value in superseded or loose(edit.value) in {loose(v) for v in superseded}:
                continue
            if loose(edit.value) in kept or self._excused(edit):
                continue
            raise Broken("I2", f"{edit.value!r}, typed in {edit.app} {edit.record}.{edit.field}, is nowhere")

    def _visible(self) -> set[str]:
        return {
            loose(value)
            for app in self.apps.values()
            for row in app.rows.values()
            if row.live
            for value in row.values.values()
        }

    def _journal_befores(self) -> set[str]:
        found: set[str] = set()
        for (run_id,) in db.rows("SELECT DISTINCT run_id FROM journal"):
            after = 0
            while page := journal.of_run(run_id, after):
                after = page[-1].id
                for entry in page:
                    for write in entry.writes.values():
                        found |= (
                            {loose(str(write.before or "")), loose(str(write.source or ""))}
                            if write.conflict
                            else {loose(str(write.before or ""))}
                        )
        return found

    def _excused(self, edit: Edit) -> bool:
        """Deleted or merged by a person, or overwritten within the stated window of an app that cannot compare."""
        app = self.by_name[edit.app]
        row = app.rows[edit.record]
        if not row.live:
            return True
        for write in self.world.writes:
            if write.app == edit.app and write.record == edit.record and edit.field in write.values:
                raced = write.read_at <= edit.at <= write.at and loose(write.held.get(edit.field)) == loose(edit.value)
                if raced and not app.traits.conditional:
                    return True
        return False

    def _no_orphans(self) -> None:
        for side, app in self.apps.items():
            known = {row[0] for row in db.rows(f"SELECT {side}_id FROM link WHERE sync_id=%s", (self.sync.pk,))}
            for row in app.live():
                absorbed = {old for (name, old), new in self.world.merged.items() if name == app.name and new == row.id}
                orphan = row.by_sync and row.id not in known and not absorbed & known and not row.typed
                orphan = orphan and not self.is_nobodys(side, row.id)
                if orphan and not self._source_was_merged(app, row) and not self._has_a_twin(app, row):
                    raise Broken("I3", f"{row.id} was created by the sync and is linked to nothing")

    def _source_was_merged(self, app: FakeApp, row: Row) -> bool:
        """Row R0: while its create was not settled, a person merged the source into a record that has a partner."""
        other = next(each for each in self.apps.values() if each is not app)
        keys = [w.key for w in self.world.writes if w.app == app.name and w.record == row.id and w.kind == "create"]
        data = db.value("SELECT data FROM journal WHERE id=%s", (int(keys[0]),)) if keys else None
        return bool(data) and (other.name, json.loads(data)["more"]["source_id"]) in self.world.merged

    def _has_a_twin(self, app: FakeApp, row: Row) -> bool:
        """A person made another with the same key while the run whose create got no answer was at work."""
        writes = [w for w in self.world.writes if w.app == app.name and w.record == row.id and w.kind == "create"]
        found = db.value("SELECT record_id FROM journal WHERE id=%s", (int(writes[0].key),)) if writes else None
        twin = app.rows.get(str(found))
        same = twin is not None and loose(twin.values["key"]) == loose(row.values["key"]) != ""
        return same and twin is not None and not twin.by_sync and twin.created >= writes[0].run_at

    def _no_recreation(self) -> None:
        """A record whose partner a person deleted is never created again, nor one whose link ended by a filter."""
        self._nobody_made_for_the_parted()
        where = "sync_id=%s AND state='ended' AND survivor IS NOT NULL"
        sql = f"SELECT id, left_id, right_id, survivor FROM link WHERE {where}"
        for ended, left_id, right_id, survivor in db.rows(sql, (self.sync.pk,)):
            side = Side(survivor)
            gone_id, own_id = (left_id, right_id) if side is Side.RIGHT else (right_id, left_id)
            deleted = self.world.deleted.get((self.apps[side.other].name, gone_id))
            sql = (
                f"SELECT {side.other}_id, created_at, rule, state FROM link WHERE sync_id=%s AND {side}_id=%s AND id>%s"
            )
            # somebody who was linked to another since belongs to that one
            for again, created, rule, state in db.rows(f"{sql} ORDER BY id LIMIT 1", (self.sync.pk, own_id, ended)):
                if (
                    state == "active"
                    and deleted
                    and created > deleted
                    and rule == "R8"
                    and self._created_for(side.other, again) == own_id
                ):
                    raise Broken("I5", f"{gone_id} was deleted, and {again} was created for it")

    def _nobody_made_for_the_parted(self) -> None:
        sql = "SELECT left_id, right_id, ended_at FROM link WHERE sync_id=%s AND ended_by LIKE %s"
        for *ids, ended in db.rows(sql, (self.sync.pk, "R10%")):
            for side, own_id in zip(SIDES, ids, strict=True):
                where = f"sync_id=%s AND {side}_id=%s AND created_at>%s ORDER BY id LIMIT 1"
                # who was linked again since, and parted from that one too, is somebody new
                for made, rule in db.rows(
                    f"SELECT {side.other}_id, rule FROM link WHERE {where}", (self.sync.pk, own_id, ended)
                ):
                    if made and rule == "R8" and self._created_for(side.other, made) == own_id:
                        raise Broken("I5", f"the link of {own_id} had ended by a filter, and {made} was created for it")

    def _created_for(self, side: Side, record: str) -> str | None:
        """Return whose copy a record was made as; a merge may have moved its link since."""
        sql = "SELECT data FROM journal WHERE sync_id=%s AND side=%s AND record_id=%s AND kind=%s AND state='done'"
        data = db.value(sql, (self.sync.pk, str(side), record, "create"))
        return json.loads(data)["more"]["source_id"] if data else None

    # --- helpers --------------------------------------------------------------------------------

    def is_copy_of(self, write: Write, sources: set[tuple[Side, str]]) -> bool:
        """Tell whether a write copied one of these records, or what it was merged into; each with the target's side."""
        entry = db.one("SELECT side, data FROM journal WHERE id=%s", (int(write.key),))
        assert entry is not None
        side, source = Side(entry[0]), json.loads(entry[1])["more"]["source_id"]
        app = self.apps[side.other].name
        return any(target is side and self.same(app, old, source) for target, old in sources)

    def _edits_of(self, app: str, record: str, name: str) -> list[Edit]:
        return [e for e in self.world.edits if e.app == app and e.field == name and self.same(app, e.record, record)]

    def same(self, app: str, old: str, now: str) -> bool:
        """Tell whether a record is another by now, by merges."""
        for _ in range(10):
            if old == now:
                return True
            if (app, old) not in self.world.merged:
                return False
            old = self.world.merged[app, old]
        return False

    def linked_since(self, write: Write) -> int:
        """Return since when the record of a write is linked as it is, and was compared."""
        return self._linked_since().get((write.app, write.record), write.at)

    def _linked_since(self) -> dict[tuple[str, str], int]:
        """Return since when the two sides of each record's link were compared: the first whole run after it was made,
        or after a merge, at which both of them were there."""
        found: dict[tuple[str, str], int] = {}
        sql = "SELECT left_id, right_id, created_at FROM link WHERE sync_id=%s ORDER BY id"
        for left_id, right_id, created in db.rows(sql, (self.sync.pk,)):
            ends = ((self.apps[Side.LEFT].name, left_id), (self.apps[Side.RIGHT].name, right_id))
            known = max(int(created), *(self.world.merged_at.get(end, 0) for end in ends))
            away = [span for end in ends for span in self.world.away.get(end, ())]
            met = (at for at in self.world.runs_done if at > known and not any(a <= at <= b for a, b in away))
            since = next(met, self.world.now + 1)
            found.update(dict.fromkeys(ends, since))
        return found
