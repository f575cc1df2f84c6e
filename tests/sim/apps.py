"""A made-up app and its connector, which keeps the real connector contract, faults included."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bothways.connectors.base import (
    Capabilities,
    Exists,
    Gone,
    Outcome,
    Page,
    Read,
    Seen,
    WriteItem,
    WriteKind,
    WriteResult,
)
from bothways.errors import AppUnreachable, OutcomeUnknown, PageIncomplete
from bothways.records import Field, FieldType, Record, Ref, Value
from tests.sim.world import Edit, World, Write, loose

FIELDS = ("key", "a", "b")
MARK = "mark"
"""A field that is not mapped: users mark records with it, and filters look at it."""
CONSENT = "out"
"""A field of consent, which some worlds map: users opt people out and in."""
MANY, PICK, FIXED = "many", "pick", "fixed"
"""A list of labelled values, a choice, and a field that no mapping names: some worlds map, or set, them."""
MORE = (CONSENT, MANY, PICK, FIXED)
OVERLAP = 1.5


@dataclass
class Row:
    """One record in the app. ``index`` is what a lagging listing shows of it: from when on, and which stamp."""

    id: str
    values: dict[str, str | None]
    modified: int
    created: int
    index: list[tuple[int, int]] = field(default_factory=list)
    version: int = 1
    live: bool = True
    merged_into: str | None = None
    marker: str | None = None
    later: dict[str, tuple[int, str]] = field(default_factory=dict)
    typed: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)
    by_sync: bool = False
    outside_since: int | None = None

    @property
    def read_at(self) -> int:
        """When the sync read it last, 0 if it never did."""
        return self.reads[-1] if self.reads else 0

    def indexed(self, now: int) -> int | None:
        """Return the stamp that a lagging listing shows now: that of an older state, until it catches up."""
        return next((stamp for visible_at, stamp in reversed(self.index) if visible_at <= now), None)


@dataclass
class Traits:
    """How this app behaves, drawn from the seed."""

    skew: int
    grain: int
    lag: int
    primary: bool
    conditional: bool
    marker: bool
    unique: bool
    strong: bool
    reports_deletes: bool
    answers: bool
    rewrite_now: str
    rewrite_later: str
    later_after: int
    batch: int
    merge_redirects: bool
    refuses: bool
    robot: bool


def draw_traits(world: World) -> Traits:
    """Draw an app."""
    rng = world.rng
    primary = rng.random() < 0.4
    unique = rng.random() < 0.5
    return Traits(
        skew=rng.choice((-700, -30, 0, 0, 45, 900)),
        grain=rng.choice((1, 1, 2)),
        lag=0 if primary else rng.choice((5, 15, 30)),
        primary=primary,
        conditional=rng.random() < 0.5,
        marker=rng.random() < 0.35,
        unique=unique,
        strong=rng.random() < 0.4,
        reports_deletes=primary and rng.random() < 0.7,
        answers=rng.random() < 0.75,
        rewrite_now=rng.choice(("", "", "upper", "lower", "blanks")),
        rewrite_later=rng.choice(("", "", "", "upper", "blanks")),
        later_after=rng.choice((5, 20)),
        batch=rng.choice((1, 2, 3)),
        merge_redirects=rng.random() < 0.6,
        refuses=rng.random() < 0.25,
        robot=rng.random() < 0.25,
    )


def rewritten(kind: str, value: str | None) -> str | None:
    """Return what an app makes of a value."""
    if not value:
        return value
    return {"upper": value.upper(), "lower": value.lower(), "blanks": f" {value} "}.get(kind, value)


def given(name: str, value: str | None) -> Value:
    """Return a value as the connector gives it: a list of the app is a text of ``label:value``, parted by blanks."""
    if name != MANY or not value:
        return value
    return [{"label": label, "value": word} for label, _, word in (each.partition(":") for each in value.split())]


def taken(value: Value) -> str | None:
    """Return a value as the app keeps it."""
    if isinstance(value, list):
        return " ".join(f"{each['label']}:{each['value']}" for each in value)
    return None if value is None else str(value)


class FakeApp:
    """The app: its rows, its own clock, what users do in it."""

    def __init__(self, name: str, world: World, traits: Traits) -> None:
        self.name, self.world, self.traits = name, world, traits
        self.prefix = name[0]
        self.rows: dict[str, Row] = {}
        self.serial = 0
        self.gone_at: list[tuple[int, str]] = []
        self.blind = False
        self.put_back: dict[str, str] = {}
        self.fits: Callable[[str | None], bool] = lambda mark: True
        self.on_merge: Callable[[Row, Row, Row], None] = lambda survivor, winner, loser: None

    def clock(self) -> int:
        """Return the app's own time, coarse and skewed."""
        grain = self.traits.grain
        return (self.world.now + self.traits.skew) // grain * grain

    def live(self) -> list[Row]:
        return [row for row in self.rows.values() if row.live]

    def touch(self, row: Row, at: int | None = None) -> None:
        at = self.world.now if at is None else at
        row.modified = (at + self.traits.skew) // self.traits.grain * self.traits.grain
        row.version += 1
        lag = self.world.rng.randint(0, self.traits.lag) if self.traits.lag else 0
        row.index = [*row.index[-3:], (at + lag, row.modified)]

    def settle(self) -> None:
        """Let rewritings that are due happen."""
        for row in self.rows.values():
            for name, (at, value) in list(row.later.items()):
                if self.world.now >= at:
                    del row.later[name]
                    if row.live and row.values.get(name) is not None and row.values[name] != value:
                        row.values[name] = value
                        row.changed[name] = self.world.now
                        self.world.say(f"{self.name} rewrites {row.id}.{name} to {value!r}")
                        self.touch(row, at)

    def work_robot(self) -> None:
        """Let a workflow of the app put back what the sync has replaced: two systems that fight."""
        for id, value in self.put_back.items():
            row = self.rows[id]
            if row.live and row.values["b"] != value:
                self.user_edit(row, "b", value)
        self.put_back.clear()

    def holders_of(self, key: str) -> list[Row]:
        return [row for row in self.live() if (row.values.get("key") or "").strip().lower() == key.strip().lower()]

    def holder_of(self, key: str | None, but: str = "") -> Row | None:
        return next((row for row in self.holders_of(key) if row.id != but), None) if key else None

    def refuses(self, value: object) -> bool:
        """Tell whether the app takes no field of this value."""
        return self.traits.refuses and str(value).strip().lower().endswith("ze")

    def new_row(self, values: Mapping[str, str | None], marker: str | None = None) -> Row:
        self.serial += 1
        held = {name: values.get(name) for name in (*FIELDS, *MORE, MARK)}
        row = Row(f"{self.prefix}{self.serial:03d}", held, 0, self.world.now)
        self.notice(row)
        row.marker = marker
        self.rows[row.id] = row
        self.touch(row)
        return row

    def notice(self, row: Row) -> None:
        """Note since when a record is outside the filter of its app."""
        inside = self.fits(row.values[MARK])
        row.outside_since = None if inside else self.world.now if row.outside_since is None else row.outside_since

    # --- what users do --------------------------------------------------------------------------

    def user_create(self, values: dict[str, str | None]) -> Row:
        row = self.new_row(values)
        self.world.say(f"user makes {row.id} in {self.name}: {values}")
        for name, value in values.items():
            if value is not None:
                self._edit(row, name, value, None)
        return row

    def user_edit(self, row: Row, name: str, value: str | None) -> None:
        over = row.values.get(name)
        row.later.pop(name, None)
        row.values[name] = value
        self.touch(row)
        self.world.say(f"user edits {row.id}.{name} in {self.name}: {over!r} -> {value!r}")
        self._edit(row, name, value, over)

    def _edit(self, row: Row, name: str, value: str | None, over: str | None) -> None:
        row.typed[name] = row.changed[name] = self.world.now
        self.world.edits.append(Edit(len(self.world.edits), self.name, row.id, name, value, over, self.world.now))

    def user_mark(self, row: Row, mark: str | None) -> None:
        row.values[MARK] = mark
        self.touch(row)
        self.notice(row)
        self.world.say(f"user marks {row.id} in {self.name}: {mark}")

    def user_sets(self, row: Row, name: str, value: str | None) -> None:
        """Let a user set one of the fields that only some worlds map; what they type there is no word of its own."""
        over = row.values[name]
        row.later.pop(name, None)
        row.values[name] = value
        row.typed[name] = row.changed[name] = self.world.now
        self.touch(row)
        self.world.say(f"user sets {row.id}.{name} in {self.name}: {over!r} -> {value!r}")

    def user_delete(self, row: Row) -> None:
        self.world.say(f"user deletes {row.id} in {self.name}")
        row.live = False
        self.world.deleted[self.name, row.id] = self.world.now
        self.gone_at.append((self.world.now, row.id))

    def user_restore(self, row: Row) -> None:
        row.live = True
        self.touch(row)
        row.typed["key"] = self.world.now
        since = self.world.deleted.pop((self.name, row.id), self.world.now)
        self.world.away.setdefault((self.name, row.id), []).append((since, self.world.now))
        self.world.restored[self.name, row.id] = self.world.now
        self.world.say(f"user restores {row.id} in {self.name}")

    def user_merge(self, winner: Row, loser: Row) -> None:
        loser.live = False
        survivor = winner
        if not self.traits.merge_redirects:
            survivor = self.new_row(winner.values)
            survivor.typed = dict(winner.typed)
            winner.live, winner.merged_into = False, survivor.id
            self.world.merged[self.name, winner.id] = survivor.id
        for name in (*FIELDS, *MORE):
            if survivor.values[name] is None and loser.values[name] is not None:
                survivor.values[name] = loser.values[name]
                survivor.typed[name] = survivor.changed[name] = self.world.now
        self.on_merge(survivor, winner, loser)
        loser.merged_into = survivor.id
        self.world.merged[self.name, loser.id] = survivor.id
        self.world.merged_at[self.name, survivor.id] = self.world.now
        self.touch(survivor)
        self.world.say(f"user merges {loser.id} into {survivor.id} in {self.name}")


class FakeConnector:
    """The connector of a made-up app."""

    title, settings = "Fake", ()

    def __init__(self, app: FakeApp) -> None:
        self.app, self.world = app, app.world
        traits = app.traits
        self.capabilities = Capabilities(
            batch_read=3,
            batch_write=traits.batch,
            index_lag=float(traits.lag),
            clock_precision=float(traits.grain),
            changes_carry_values=traits.primary,
            baseline_carries_values=True,
            conditional_writes=traits.conditional,
            marker=traits.marker,
            reports_deletes=traits.reports_deletes,
            answers_writes=traits.answers,
            unique_create=traits.unique,
            finds_strongly=traits.strong,
        )

    def _call(self, what: str) -> None:
        self.world.calls[f"{self.app.name} {what}"] = self.world.calls.get(f"{self.app.name} {what}", 0) + 1
        self.world.step(f"{self.app.name} {what}")
        self.app.settle()
        if self.world.chance(0.01):
            self.world.say(f"{self.app.name} {what}: 503")
            raise AppUnreachable(app=self.app.name, reason="503")

    def fields(self, object: str) -> Sequence[Field]:
        return [Field("key", FieldType.EMAIL), Field("a"), Field("b")]

    def count(self, object: str) -> int | None:
        return len(self.app.live())

    def _record(self, row: Row, values: bool = True) -> Record:
        held = {name: given(name, value) for name, value in row.values.items()} if values else {}
        return Record(row.id, held, None, str(row.version), float(row.modified), float(row.created))

    # --- listing --------------------------------------------------------------------------------

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        state = json.loads(cursor) if cursor else {}
        if "since" not in state:
            yield from self._baseline(state)
            return
        yield from self._incremental(state)

    def _baseline(self, state: dict[str, object]) -> Iterator[Page]:
        started, after = state.get("started", self.app.clock()), str(state.get("after", ""))
        while True:
            self._call("list")
            rows = sorted((row for row in self.app.live() if row.id > after), key=lambda row: row.id)
            page, more = rows[:3], len(rows) > 3
            for row in page:
                row.reads.append(self.world.now)
            seen = [Seen(self._record(row), has_values=True) for row in page]
            if not more:
                yield Page(seen, cursor=self._cursor(int(str(started)), len(self.app.gone_at)), last=True)
                return
            after = page[-1].id
            yield Page(seen, cursor=json.dumps({"started": started, "after": after}))
            if self.world.chance(0.02):
                raise PageIncomplete(app=self.app.name, reason="half a page")

    def _incremental(self, state: dict[str, object]) -> Iterator[Page]:
        self.app.work_robot()
        self._call("changes")
        started = self.app.clock()
        since, gone_from = int(str(state["since"])), int(str(state["gone"]))
        overlap = self.overlap()
        stamps = {row.id: self._stamp(row) for row in self.app.live()}
        rows = [row for row in self.app.live() if (stamps[row.id] or 0) >= since - overlap]
        rows.sort(key=lambda row: row.id)
        processed = max((stamps[row.id] or 0 for row in rows), default=since)
        gone = self.app.gone_at[gone_from:] if self.app.traits.reports_deletes else []
        seen = []
        for row in rows:
            if self.app.traits.primary:
                row.reads.append(self.world.now)
            record = replace(self._record(row, self.app.traits.primary), modified=float(stamps[row.id] or 0))
            seen.append(Seen(record, has_values=self.app.traits.primary))
        seen += [each for each in seen if self.world.chance(0.02)]
        new = min(max(processed, since), started)
        yield Page(
            seen, [Gone(id) for _, id in gone], self._cursor(self.next_cursor(new), len(self.app.gone_at)), last=True
        )

    def _stamp(self, row: Row) -> int | None:
        return row.modified if self.app.traits.primary else row.indexed(self.world.now)

    def overlap(self) -> int:
        """Return by how much a poll looks back: more than the index lag, and the clock's own grain."""
        return int(OVERLAP * self.app.traits.lag) + self.app.traits.grain

    def next_cursor(self, processed: int) -> int:
        """Return where the next poll begins: the largest stamp processed, in the app's own clock."""
        return processed

    def _cursor(self, since: int, gone: int) -> str:
        return json.dumps({"since": since, "gone": gone})

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        self._call("ids")
        if self.app.blind:
            return
        yield [Ref(row.id) for row in sorted(self.app.live(), key=lambda row: row.id)]

    # --- reading --------------------------------------------------------------------------------

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        self._call("read")
        return [self._read(ref.id) for ref in refs]

    def _read(self, id: str) -> Read:
        row, hops = self.app.rows.get(id), 0
        while row is not None and row.merged_into and hops < 10:
            row, hops = self.app.rows.get(row.merged_into), hops + 1
        if row is None:
            return Read(id, Exists.MISSING)
        row.reads.append(self.world.now)
        if not row.live:
            return Read(id, Exists.ARCHIVED)
        return Read(id, Exists.EXISTS, self._record(row))

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        self._call("find")
        if field == "":
            found = {row.marker: [row.id] for row in self.app.live() if row.marker}
            return {value: found[value] for value in values if value in found}
        self.world.asked |= {(self.app.name, loose(value)): self.world.now for value in values}
        held = {value: [row.id for row in self.lookup(value)] for value in values}
        return {value: ids for value, ids in held.items() if ids}

    def lookup(self, key: str) -> list[Row]:
        """Return who holds a key, from the primary store."""
        return self.app.holders_of(key)

    # --- writing --------------------------------------------------------------------------------

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        self._call(f"write {items[0].kind.value}")
        fault = self.world.rng.random() if not self.world.calm else 1.0
        if fault < 0.02:
            self.world.say(f"{self.app.name}: time-out before")
            raise OutcomeUnknown(app=self.app.name, reason="time-out")
        if fault < 0.03:
            return [WriteResult(item.key, Outcome.LATER, message="429") for item in items]
        half = len(items) // 2 if fault < 0.05 else len(items)
        results = [self._write(item) for item in items[:half]]
        if fault < 0.05 or (fault > 0.97 and not self.world.calm):
            self.world.say(f"{self.app.name}: time-out after {half} of {len(items)}")
            raise OutcomeUnknown(app=self.app.name, reason="time-out")
        self.world.step(f"{self.app.name} written")
        return results

    def _write(self, item: WriteItem) -> WriteResult:
        bad = tuple(name for name, value in item.values.items() if self.app.refuses(taken(value)))
        if bad:
            return WriteResult(item.key, Outcome.REFUSED, fields=bad if len(item.values) > 1 else (), message="refused")
        if item.kind is WriteKind.CREATE:
            return self._create(item)
        row = self.app.rows.get(item.ref.id if item.ref else "")
        if row is None or not row.live:
            return WriteResult(item.key, Outcome.GONE)
        if self.app.traits.conditional and item.ref and item.ref.version != str(row.version):
            return WriteResult(item.key, Outcome.CHANGED)
        if item.kind is WriteKind.ARCHIVE:
            self._log(item, row)
            row.live = False
            return WriteResult(item.key, Outcome.DONE)
        new_key = item.values.get("key")
        if self.app.traits.unique and new_key and self.app.holder_of(str(new_key), row.id):
            return WriteResult(item.key, Outcome.REFUSED, fields=("key",), message="in use")
        return self._store(item, row)

    def _create(self, item: WriteItem) -> WriteResult:
        holder = self.app.holder_of(str(item.values.get("key") or "")) if self.app.traits.unique else None
        if holder is not None:
            return WriteResult(item.key, Outcome.DUPLICATE, existing_id=holder.id)
        row = self.app.new_row({}, item.marker if self.app.traits.marker else None)
        row.by_sync = True
        return self._store(item, row)

    def _log(self, item: WriteItem, row: Row, *, moves: bool = False) -> None:
        values = {name: taken(value) for name, value in item.values.items()}
        held = {name: row.values.get(name) for name in values}
        kind = item.kind.value
        self.world.say(f"sync {kind}s {row.id} in {self.app.name}: {held} -> {values}")
        late = frozenset(name for name in values if row.changed.get(name, 0) >= row.read_at)
        self.world.writes.append(
            Write(
                self.app.name,
                row.id,
                kind,
                values,
                held,
                self.world.now,
                self.world.run,
                item.key,
                row.read_at,
                late,
                self.world.run_at,
                moves,
            )
        )
        self.world.on_write(self.world.writes[-1])

    def _store(self, item: WriteItem, row: Row) -> WriteResult:
        self._log(item, row)
        traits = self.app.traits
        if traits.robot and item.values.get("b") and row.values["b"]:
            self.app.put_back[row.id] = row.values["b"]
        for name, value in item.values.items():
            kept = taken(value) if name == PICK else rewritten(traits.rewrite_now, taken(value))
            row.values[name] = kept
            row.changed[name] = self.world.now
            row.later.pop(name, None)
            later = kept if name == PICK else rewritten(traits.rewrite_later, kept)
            if later != kept and later:
                row.later[name] = (self.world.now + traits.later_after, later)
        self.app.touch(row)
        record = self._record(row)
        if self.world.rng.random() < 0.5:
            record = replace(record, values={name: record.values[name] for name in item.values})
        return WriteResult(item.key, Outcome.DONE, record)
