"""The survey: who shares a key with whom, found for everybody at once, in the order of the keys and not of the records.

It is made of statements that read the keys of both feeds once per match rule, and kept in two tables that only this
connection sees. For every record that shares a key they hold the first rule by which it does, and with whom, if that
is one record of the other side and no other. What it says of a record holds as long as no new mark was made for that
record, nor for its partner: whatever changes a key, or who holds it, marks all that hold it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db
from bothways.ledger.links import LIVE
from bothways.ledger.models import Sync

Slots = Mapping[Side, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey of one sync: the versions of the due marks there were before, and records that it says nothing of."""

    sync_id: int
    versions: frozenset[int]
    void: set[tuple[Side, str]] = field(default_factory=set)

    def met(self, side: Side, ids: Iterable[str]) -> dict[str, tuple[int | None, str | None]]:
        """Return, per record of which it still holds, the rule by which that first shares a key, and with whom.

        No rule: nobody holds any of its keys. No partner: they are several, or more has a say: a link of the partner,
        records kept apart. Nothing is said of those that were marked anew since, or whose partner was.
        """
        there = side.other
        sql = (
            f"SELECT d.record_id, d.version, m.rule, m.partner, p.version, o.partner=d.record_id "
            f"AND NOT EXISTS (SELECT 1 FROM link l WHERE l.sync_id=d.sync_id AND l.{LIVE} AND l.{there}_id=m.partner) "
            f"AND NOT EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=d.sync_id AND a.{side}_id=d.record_id) "
            f"AND NOT EXISTS (SELECT 1 FROM apart a WHERE a.sync_id=d.sync_id AND a.{there}_id=m.partner) "
            f"FROM due d JOIN sync s ON s.id=d.sync_id AND s.state<>'off' "
            f"LEFT JOIN {_found(self.sync_id, side)} m ON m.record_id=d.record_id "
            f"LEFT JOIN {_found(self.sync_id, there)} o ON o.record_id=m.partner "
            "LEFT JOIN due p ON p.sync_id=d.sync_id AND p.side=%s AND p.record_id=m.partner "
            "WHERE d.sync_id=%s AND d.side=%s AND d.record_id IN {ids}"
        )
        return {
            id: (rule, partner if alone else None)
            for id, version, rule, partner, of_partner, alone in db.in_list(sql, (there, self.sync_id, side), ids)
            if version in self.versions
            and (of_partner is None or of_partner in self.versions)
            and (side, id) not in self.void
            and (there, partner) not in self.void
        }

    def close(self) -> None:
        """Forget what was found."""
        for side in SIDES:
            db.execute(f"DROP TABLE IF EXISTS {_found(self.sync_id, side)}")


def _found(sync_id: int, side: Side) -> str:
    """Return the name of the table of what was found of one side: another sync may be surveyed at the same time."""
    return f"survey_{sync_id}_{side}"


def take(sync: Sync, rules: Sequence[Slots]) -> Survey:
    """Make the survey by these rules, each given by the slots of its keys. Reads all keys of both feeds.

    The marks are read first: what changes while it is made is marked anew.
    """
    versions = frozenset(row[0] for row in db.rows("SELECT DISTINCT version FROM due WHERE sync_id=%s", (sync.pk,)))
    found = {side: _found(sync.pk, side) for side in SIDES}
    for table in found.values():
        db.temporary(table, "record_id TEXT PRIMARY KEY, partner TEXT, rule INTEGER NOT NULL")
    feeds = {Side.LEFT: sync.left_id, Side.RIGHT: sync.right_id}
    for place, slots in enumerate(rules):
        _ask(place, {side: _Keys(feeds[side], tuple(slots[side])) for side in SIDES}, found)
    for table in found.values():
        db.filled(table)
    return Survey(sync.pk, versions)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one side by one rule."""

    feed: int
    slots: tuple[str, ...]

    def of(self, table: str) -> str:
        """Return the condition that a row of the key table is one of them."""
        return f"{table}.feed_id=%s AND {table}.slot IN ({','.join(['%s'] * len(self.slots))})"

    @property
    def several(self) -> str:
        """Return the condition that rows of one key are of several records; one has it at most once per slot."""
        return "COUNT(*)>1" if len(self.slots) == 1 else "MIN(k.record_id)<>MAX(k.record_id)"

    @property
    def params(self) -> tuple[object, ...]:
        return (self.feed, *self.slots)


def _ask(place: int, keys: Mapping[Side, _Keys], found: Mapping[Side, str]) -> None:
    """Add to the tables ``found`` who shares a key of one rule, of those who share none of an earlier one."""
    left, right = (keys[side] for side in SIDES)
    db.temporary("survey_many", "hash TEXT PRIMARY KEY")
    db.temporary("survey_near", "left_id TEXT NOT NULL, right_id TEXT NOT NULL")
    for side in SIDES:
        db.execute(
            f"INSERT INTO survey_many SELECT k.hash FROM match_key k WHERE {keys[side].of('k')} "
            f"GROUP BY k.hash HAVING {keys[side].several} ON CONFLICT DO NOTHING",
            keys[side].params,
        )
    for side in SIDES:
        db.execute(
            f"INSERT INTO {found[side]} SELECT DISTINCT k.record_id, NULL, {place} FROM match_key k "
            f"WHERE {keys[side].of('k')} AND k.hash IN (SELECT hash FROM survey_many) ON CONFLICT DO NOTHING",
            keys[side].params,
        )
    db.execute(
        f"INSERT INTO survey_near SELECT l.record_id, r.record_id FROM match_key l "
        f"JOIN match_key r ON {right.of('r')} AND r.hash=l.hash "
        f"WHERE {left.of('l')} AND l.hash NOT IN (SELECT hash FROM survey_many) AND NOT EXISTS "
        f"(SELECT 1 FROM {found[Side.LEFT]} m WHERE m.record_id=l.record_id AND m.partner=r.record_id)",
        (*right.params, *left.params),
    )
    for side in SIDES:
        own, other = f"{side}_id", f"{side.other}_id"
        db.execute(
            f"INSERT INTO {found[side]} "
            f"SELECT {own}, CASE WHEN MIN({other})=MAX({other}) THEN MIN({other}) END, {place} "
            f"FROM survey_near WHERE true GROUP BY {own} ON CONFLICT DO NOTHING"
        )
    for name in ("many", "near"):
        db.execute(f"DROP TABLE survey_{name}")
