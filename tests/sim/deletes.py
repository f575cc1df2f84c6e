"""Deletions that follow: worlds in which they do, users who delete, restore and edit meanwhile, and what must hold."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from bothways.engine.deletes import Deletes, Removal
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from bothways.ledger.models import Sync
from tests.sim.world import Write, loose

if TYPE_CHECKING:
    from tests.sim.apps import FakeApp, Row
    from tests.sim.world import World

GRACES = (0.0, 90.0, 300.0)


def draw_deletes(seed: int) -> Deletes:
    """Return what becomes of the partners of deleted records in the world of a seed, by a chance of its own."""
    chance = random.Random(f"deletes {seed}")
    if chance.random() >= 0.35:
        return Deletes()
    removals = {side: Removal.ARCHIVE for side in SIDES if chance.random() < 0.7}
    return Deletes(removals, chance.choice(GRACES))


class Deleting:
    """Users who delete linked records, restore them within the grace, and edit what is left over."""

    def __init__(self, world: World, apps: dict[Side, FakeApp], sync: Sync, deletes: Deletes) -> None:
        self.world, self.apps, self.sync, self.deletes = world, apps, sync, deletes
        self.chance = random.Random(f"deleting {world.seed}")

    def act(self) -> bool:
        """Let a user do one of these now and then; tell whether anything was done."""
        if not self.deletes.removals or self.chance.random() >= 0.3:
            return False
        deed = self.chance.choice((self.delete, self.delete, self._restore, self._edit))
        return deed()

    def sweeps(self) -> bool:
        """Tell whether the next run is to look for what is gone."""
        return bool(self.deletes.removals) and self.chance.random() < 0.4

    def _links(self, state: str) -> list[tuple[str, str]]:
        sql = "SELECT left_id, right_id FROM link WHERE sync_id=%s AND state=%s ORDER BY id"
        return [(left, right) for left, right in db.rows(sql, (self.sync.pk, state)) if left and right]

    def _pairs(self, state: str, *, live: tuple[int, ...]) -> list[dict[Side, Row]]:
        found = []
        for ids in self._links(state):
            rows = {side: self.apps[side].rows[id] for side, id in zip(SIDES, ids, strict=True)}
            merged = any(row.merged_into for row in rows.values())
            if not merged and sum(row.live for row in rows.values()) in live:
                found.append(rows)
        return found

    def delete(self) -> bool:
        """Let a user delete one record of a pair; tell whether there was one."""
        pairs = self._pairs("active", live=(2,))
        if not pairs:
            return False
        side = self.chance.choice(SIDES)
        self.apps[side].user_delete(self.chance.choice(pairs)[side])
        return True

    def _restore(self) -> bool:
        pairs = [rows for state in ("active", "ended") for rows in self._pairs(state, live=(1,))]
        if not pairs:
            return False
        side, row = next((side, row) for side, row in self.chance.choice(pairs).items() if not row.live)
        if self.apps[side].holder_of(row.values["key"]) is not None:
            return False
        self.apps[side].user_restore(row)
        if self.chance.random() < 0.5:  # no key tells any more whom it belongs to
            self.apps[side].user_edit(row, "key", f"{self.world.word()}@x.test")
        return True

    def _edit(self) -> bool:
        pairs = [rows for state in ("active", "ended") for rows in self._pairs(state, live=(1,))]
        if not pairs:
            return False
        side, row = next((side, row) for side, row in self.chance.choice(pairs).items() if row.live)
        self.apps[side].user_edit(row, "a", self.world.word())
        return True


class DeleteOracle:
    """What must hold of every deletion that the sync has carried over, checked at the moment of the write."""

    def __init__(self, world: World, apps: dict[Side, FakeApp], deletes: Deletes) -> None:
        self.world, self.apps, self.deletes = world, apps, deletes
        self.carried = 0

    def check(self, write: Write) -> str:
        """Return what is wrong with a write, "" if nothing or if it is no deletion."""
        entry = db.one("SELECT side, rule, data FROM journal WHERE id=%s", (int(write.key),))
        if write.kind != "archive" or entry is None:
            return ""
        side, data = Side(entry[0]), json.loads(entry[2])
        self.carried += 1
        if self.deletes.of(side) is Removal.KEEP:
            return f"{write.record} was deleted in {write.app}, where records are kept"
        source = self.apps[side.other].rows[data["more"]["source_id"]]
        return self._not_deleted(side.other, source) or self._edited(write, side, source) or self._kept(write, data)

    def _not_deleted(self, side: Side, source: Row) -> str:
        app = self.apps[side].name
        survivor = source
        while survivor.merged_into:
            survivor = self.apps[side].rows[survivor.merged_into]
        if survivor is not source:  # deleted afterwards, it is gone in every form
            return f"{source.id} was merged in {app}, and its partner was deleted" if survivor.live else ""
        if source.live and self.world.restored.get((app, source.id), 0) < source.read_at:
            return f"{source.id} is there in {app}, and its partner was deleted"
        return ""

    def _in_step(self, record: str, name: str, value: str) -> str:
        """Return what a record held before edits that were never carried over, the last of which made it ``value``."""
        for edit in reversed(self.world.edits):
            carried = any(loose(write.values.get(name)) == value for write in self.world.writes)
            if not carried and (edit.record, edit.field, loose(edit.value)) == (record, name, value):
                value = loose(edit.over)
        return value

    def _edited(self, write: Write, side: Side, source: Row) -> str:
        """Tell of an edit made since a person deleted the partner, if it could have been read.

        Who puts back what was there before, or when both were in step, has edited nothing.
        """
        deleted = self.world.deleted.get((self.apps[side.other].name, source.id))
        row, unseen = self.apps[side].rows[write.record], self._replaced_unseen(side, write.record)
        before: dict[str, set[str]] = {}
        for edit in self.world.edits:
            since = deleted is not None and edit.app == write.app and edit.record == write.record and edit.at > deleted
            if since:
                over = loose(edit.over)
                before.setdefault(edit.field, {over, self._in_step(write.record, edit.field, over)})
            shown = loose(row.values[edit.field])
            shows = since and shown == loose(edit.value) and shown not in before[edit.field]
            if shows and edit.at < write.read_at and (edit.field, loose(edit.value)) not in unseen:
                return f"{write.record} was edited in {write.app} ({edit.value!r}), and was deleted all the same"
        return ""

    def _replaced_unseen(self, side: Side, record: str) -> set[tuple[str, str]]:
        """Return what writes without an answer replaced, if it was not there to be read afterwards.

        Somebody who types it back leaves the record as the sync knew it last.
        """
        sql = "SELECT data FROM journal WHERE side=%s AND record_id=%s AND kind='update'"
        writes = [write for (data,) in db.rows(sql, (side, record)) for write in json.loads(data)["writes"].values()]
        return {(write["field"], loose(str(write["before"] or ""))) for write in writes if not write["landed"]}

    def _kept(self, write: Write, data: dict[str, dict[str, dict[str, object]]]) -> str:
        """Tell of a value that the journal does not keep, though it was there when the record was last read."""
        row, kept = self.apps[self._side(write)].rows[write.record], data["more"]["record"]
        for name in ("key", "a", "b"):
            known = row.changed.get(name, 0) < write.read_at
            if known and loose(row.values[name]) and loose(str(kept.get(name) or "")) != loose(row.values[name]):
                return f"{write.record}.{name} of {write.app} was deleted and is not in the journal"
        return ""

    def _side(self, write: Write) -> Side:
        return next(side for side, app in self.apps.items() if app.name == write.app)
