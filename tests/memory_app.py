"""A calm app held in memory, with the true connector contract: no chance, a clock set by hand.

What is asked of it is counted by name in ``calls``, what is written to it is kept in ``writes``, and a
fault can be laid in the way of any call. ``MemoryConnector`` is made from a ``Setup`` as every connector
is, and finds its app by the setup's name in ``APPS``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bothways.connectors.abilities import RecordList
from bothways.connectors.base import (
    Account,
    Became,
    Capabilities,
    Exists,
    Gone,
    ObjectType,
    Outcome,
    Page,
    Read,
    Seen,
    Setting,
    Setup,
    WriteItem,
    WriteKind,
    WriteResult,
)
from bothways.errors import UnknownObject
from bothways.records import Field, FieldType, Record, Ref, Value, goes_back

PEOPLE = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("name", label="Name", meaning="name"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
)

APPS: dict[str, MemoryApp] = {}
"""The apps that ``MemoryConnector`` finds, by the name of their connection."""


class Clock:
    """A clock that only moves when told to. Seconds."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


Refusing = Callable[[WriteItem], tuple[str, tuple[str, ...]] | None]
"""Returns the app's sentence and the fields it names, for an item it does not take."""


def as_it_is(name: str, value: Value) -> Value:
    """Keep a value as it was written."""
    return value


def accept(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
    """Refuse nothing."""
    return None


@dataclass(frozen=True)
class Traits:
    """How an app behaves.

    ``unique`` names the field that must be unique among live records ("" for none); ``strong``: it can be
    looked up in the primary store. ``refuses`` returns the app's sentence and the fields it names for an
    item it does not take. ``rewrite`` returns what the app keeps of a value. ``lag``: seconds until the
    listing shows a save; it then carries no values. ``precision``: the grain of its clock, in seconds.
    ``versions``: its records show which version they are.
    """

    unique: str = ""
    strong: bool = True
    lag: float = 0.0
    carries_values: bool = True
    answers_writes: bool = True
    conditional: bool = False
    marker: bool = False
    versions: bool = True
    reports_deletes: bool = True
    precision: float = 1.0
    batch_read: int = 100
    batch_write: int = 100
    page: int = 100
    rewrite: Callable[[str, Value], Value] = as_it_is
    refuses: Refusing = accept


@dataclass
class Item:
    """One record of the app. ``problem`` says why it cannot be read; its e-mail can be made out all the same.

    ``became``: the record of another object that it was turned into.
    """

    id: str
    values: dict[str, Value]
    created: float
    modified: float
    version: int = 1
    live: bool = True
    merged_into: str | None = None
    marker: str | None = None
    problem: str | None = None
    became: Became | None = None


@dataclass(frozen=True)
class Written:
    """What was written to one record, and what it replaced. ``key`` is the item's: the journal's id."""

    key: str
    kind: str
    id: str
    values: dict[str, Value]
    held: dict[str, Value]


@dataclass
class Fault:
    """An exception laid in the way of ``times`` calls, from the ``nth`` from now, whose name begins with ``call``.

    ``when``: before anything is done, after everything is done, or half-way through a batch of writes.
    """

    call: str
    error: BaseException
    nth: int
    when: str
    times: int = 1

    def strikes(self, call: str) -> bool:
        """Count a call and tell whether it is one of those."""
        self.nth -= call.startswith(self.call)
        return -self.times < self.nth <= 0 and call.startswith(self.call)

    @property
    def is_over(self) -> bool:
        """Whether it strikes no more."""
        return self.nth <= 1 - self.times


@dataclass
class MemoryApp:
    """The app itself: its records and what people do in it.

    ``hook`` is called with "before" or "after" and the name of each call that reaches the app; it may
    raise, or let a person act. ``listed`` False makes every listing come out empty. ``lists`` are the ids of
    the records in each list, by its name. ``meaning`` says what kind of record it holds.
    """

    name: str
    clock: Callable[[], float]
    traits: Traits = field(default_factory=Traits)
    fields: Sequence[Field] = PEOPLE
    object: str = "people"
    items: dict[str, Item] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    writes: list[Written] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hook: Callable[[str, str], None] | None = None
    listed: bool = True
    serial: int = 0
    lists: dict[str, list[str]] = field(default_factory=dict)
    meaning: str | None = None

    def __post_init__(self) -> None:
        APPS[self.name] = self

    # --- what people do -------------------------------------------------------------------------

    def add(self, **values: Value) -> str:
        """Make a record and return its id: a letter of the app and a number."""
        return self._new(values).id

    def edit(self, id: str, **values: Value) -> None:
        """Change fields of a record."""
        item = self.items[id]
        item.values.update(values)
        self._touch(item)

    def delete(self, id: str) -> None:
        """Delete a record; it can be restored."""
        self.items[id].live = False
        self.gone.append(id)

    def restore(self, id: str) -> None:
        """Bring a deleted record back."""
        self.items[id].live = True
        self._touch(self.items[id])

    def merge(self, winner: str, loser: str) -> None:
        """Merge one record into another: reading the loser answers the winner from now on."""
        self.items[loser].live, self.items[loser].merged_into = False, winner
        for name, value in self.items[loser].values.items():
            if not self.items[winner].values.get(name):
                self.items[winner].values[name] = value
        self._touch(self.items[winner])

    def convert(self, id: str, into: MemoryApp, to: str | None = None, **values: Value) -> str:
        """Turn a record into one of another object, a new one or ``to``, and return its id.

        What it holds goes along, but for ``values``, and where the other holds something already.
        """
        item = self.items[id]
        known = {each.name for each in into.fields}
        held = {name: value for name, value in item.values.items() if name in known} | values
        if to is None:
            to = into.add(**held)
        else:
            into.edit(to, **{name: value for name, value in held.items() if not into.items[to].values.get(name)})
        item.live, item.became = False, Became(into.object, to)
        self.gone.append(id)
        return to

    def spoil(self, id: str, problem: str) -> None:
        """Make a record unreadable; "" mends it."""
        self.items[id].problem = problem or None
        self._touch(self.items[id])

    def live(self) -> list[Item]:
        """Return the records that are there, by id."""
        return sorted((item for item in self.items.values() if item.live), key=lambda item: item.id)

    def values(self, id: str) -> dict[str, Value]:
        """Return what a record holds, without its blanks."""
        return {name: value for name, value in self.items[id].values.items() if value not in (None, "")}

    def holding(self, name: str, value: Value) -> list[str]:
        """Return the ids of live records that hold a value, whatever its case."""
        return [item.id for item in self.live() if _folded(item.values.get(name)) == _folded(value)]

    # --- faults ---------------------------------------------------------------------------------

    def fail(self, call: str, error: BaseException, *, nth: int = 1, when: str = "before", times: int = 1) -> None:
        """Let ``times`` calls, from the ``nth`` from now, whose name begins with ``call``, end in an exception."""
        self.faults.append(Fault(call, error, nth, when, times))

    def once(self, when: str, call: str, deed: Callable[[], Any]) -> None:
        """Let something happen before or after the next call of this name, once."""

        def watch(now: str, reached: str) -> None:
            if (now, reached) == (when, call):
                self.hook = None
                deed()

        self.hook = watch

    def begin(self, call: str) -> Fault | None:
        """Count a call; return the fault that is to strike later in it."""
        self.calls[call] += 1
        self._hook("before", call)
        struck = next((fault for fault in list(self.faults) if fault.strikes(call)), None)
        if struck is not None:
            if struck.is_over:
                self.faults.remove(struck)
            if struck.when == "before":
                raise struck.error
        return struck

    def end(self, call: str, fault: Fault | None = None) -> None:
        """End a call: the answer is on its way."""
        if fault is not None:
            raise fault.error
        self._hook("after", call)

    def _hook(self, when: str, call: str) -> None:
        if self.hook is not None:
            self.hook(when, call)

    # --- the store ------------------------------------------------------------------------------

    def _new(self, values: Mapping[str, Value], marker: str | None = None) -> Item:
        self.serial += 1
        held = {each.name: values.get(each.name) for each in self.fields}
        item = Item(f"{self.name[0].lower()}{self.serial:05d}", held, self._stamp(), self._stamp(), marker=marker)
        self.items[item.id] = item
        return item

    def _touch(self, item: Item) -> None:
        item.modified = self._stamp()
        item.version += 1

    def _stamp(self) -> float:
        grain = self.traits.precision
        return self.clock() // grain * grain

    def store(self, item: WriteItem) -> WriteResult:
        """Take one item of a batch, or say why not."""
        refusal = self.traits.refuses(item)
        if refusal is not None:
            message, names = refusal
            return WriteResult(item.key, Outcome.REFUSED, fields=names, message=message)
        holder = self._holder(item)
        if item.kind is WriteKind.CREATE:
            if holder:
                fields = (self.traits.unique,)
                return WriteResult(item.key, Outcome.DUPLICATE, existing_id=holder, fields=fields, message="is in use")
            return self._keep(item, self._new({}, item.marker if self.traits.marker else None))
        row = self.items.get(item.ref.id) if item.ref else None
        if row is None or not row.live:
            return WriteResult(item.key, Outcome.GONE)
        if self.traits.conditional and item.ref and item.ref.version != str(row.version):
            return WriteResult(item.key, Outcome.CHANGED)
        if holder and item.kind is WriteKind.UPDATE:
            return WriteResult(item.key, Outcome.REFUSED, fields=(self.traits.unique,), message="in use")
        return self._keep(item, row)

    def _holder(self, item: WriteItem) -> str | None:
        """Return who else holds the unique value of an item."""
        value = item.values.get(self.traits.unique)
        own = item.ref.id if item.ref else ""
        if not value:
            return None
        return next((id for id in self.holding(self.traits.unique, value) if id != own), None)

    def _keep(self, item: WriteItem, row: Item) -> WriteResult:
        held = {name: row.values.get(name) for name in item.values}
        self.writes.append(Written(item.key, item.kind.value, row.id, dict(item.values), held))
        if item.kind is WriteKind.ARCHIVE:
            self.delete(row.id)
            return WriteResult(item.key, Outcome.DONE)
        own = {each.name: each for each in self.fields}
        kept = tuple(name for name, value in item.values.items() if goes_back(held[name], value, own[name]))
        for name in item.values.keys() - set(kept):
            row.values[name] = self.traits.rewrite(name, item.values[name])
        self._touch(row)
        return WriteResult(item.key, Outcome.DONE, self.record(row), fields=kept)

    def record(self, item: Item, *, values: bool = True) -> Record:
        """Return a record as the app answers it."""
        held = dict(item.values) if values else {}
        return Record(item.id, held, None, self.version(item), item.modified, item.created)

    def version(self, item: Item) -> str | None:
        """Return which version of a record this is, if the app shows it."""
        return str(item.version) if self.traits.versions else None


def _folded(value: Value) -> str:
    return str(value or "").strip().lower()


class MemoryConnector:
    """The connector of an app in memory."""

    title: ClassVar[str] = "Memory"
    category: ClassVar[str] = "In memory"
    settings: ClassVar[tuple[Setting, ...]] = ()
    limits: ClassVar[Mapping[str, tuple[int, float]]] = {}
    quota: ClassVar[int] = 0

    def __init__(self, setup: Setup) -> None:
        self.app, self._budget = APPS[setup.app], setup.budget
        traits = self.app.traits
        self.capabilities = Capabilities(
            batch_read=traits.batch_read,
            batch_write=traits.batch_write,
            index_lag=traits.lag,
            clock_precision=traits.precision,
            changes_carry_values=traits.carries_values and not traits.lag,
            baseline_carries_values=True,
            conditional_writes=traits.conditional,
            marker=traits.marker,
            reports_deletes=traits.reports_deletes,
            answers_writes=traits.answers_writes,
            unique_create=bool(traits.unique),
            finds_strongly=bool(traits.unique) and traits.strong,
        )

    def _begin(self, call: str) -> Fault | None:
        self._budget.spend("", call)
        return self.app.begin(call)

    def check(self) -> Account:
        """Return who we are."""
        self._begin("check")
        return Account(self.app.name, self.app.name)

    def objects(self) -> Sequence[ObjectType]:
        """Return the one kind of record."""
        return [ObjectType(self.app.object, self.app.object.title(), meaning=self.app.meaning)]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields; raise UnknownObject."""
        if object != self.app.object:
            raise UnknownObject(app=self.app.name, name=object, hint=f"There is: {self.app.object}.")
        return self.app.fields

    def count(self, object: str) -> int | None:
        """Return the number of live records."""
        return len(self.app.live())

    def lists(self, object: str) -> Sequence[RecordList]:
        """Return the lists."""
        self._begin("lists")
        return [RecordList(f"list {name}", name) for name in self.app.lists]

    def members(self, object: str, list: str) -> Iterator[Sequence[str]]:
        """Yield the ids of a list's live records, two at a time."""
        ids = [id for id in self.app.lists[list.removeprefix("list ")] if self.app.items[id].live]
        for start in range(0, len(ids), 2):
            self._begin("members")
            yield ids[start : start + 2]

    # --- listing --------------------------------------------------------------------------------

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield everything, or what changed since the cursor, oldest first."""
        state = json.loads(cursor) if cursor else {}
        if "since" not in state:
            started = state.get("started", self.app.clock())
            yield from self._baseline(started, state.get("after", ""), len(self.app.gone))
            return
        yield from self._since(float(state["since"]), int(state["gone"]))

    def _baseline(self, started: float, after: str, gone: int) -> Iterator[Page]:
        rows = [item for item in self._listed() if item.id > after]
        for page, last in _pages(rows, self.app.traits.page):
            fault = self._begin("changes")
            seen = [self._seen(item, values=True) for item in page]
            self.app.end("changes", fault)
            state = {"since": started, "gone": gone} if last else {"started": started, "after": page[-1].id}
            yield Page(seen, cursor=json.dumps(state), last=last)

    def _since(self, since: float, gone_from: int) -> Iterator[Page]:
        traits, now = self.app.traits, self.app.clock()
        overlap = 1.5 * traits.lag + traits.precision
        rows = [each for each in self._listed() if each.modified >= since - overlap]
        rows = [each for each in rows if each.modified + traits.lag <= now]
        rows.sort(key=lambda item: (item.modified, item.id))
        gone = self.app.gone[gone_from:] if traits.reports_deletes else []
        newest = min(max((item.modified for item in rows), default=since), now)
        for page, last in _pages(rows, traits.page):
            fault = self._begin("changes")
            seen = [self._seen(item, values=self.capabilities.changes_carry_values) for item in page]
            self.app.end("changes", fault)
            state = {"since": max(newest, since), "gone": gone_from + len(gone)}
            yield Page(
                seen,
                [Gone(id) for id in gone] if last else (),
                json.dumps(state) if last else None,
                last=last,
            )

    def _listed(self) -> list[Item]:
        return self.app.live() if self.app.listed else []

    def _seen(self, item: Item, *, values: bool) -> Seen:
        if item.problem is not None:
            return Seen(self._rest_of(item), problem=item.problem)
        return Seen(self.app.record(item, values=values), has_values=values)

    def _rest_of(self, item: Item) -> Record:
        """Return what can be made out of a record that cannot be read."""
        rest = {"email": item.values["email"]} if item.values.get("email") else {}
        return Record(item.id, rest, None, self.app.version(item), item.modified)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield every live record's id."""
        for page, _ in _pages(self._listed(), self.app.traits.page):
            self.app.end("ids", self._begin("ids"))
            yield [Ref(item.id) for item in page]

    # --- reading --------------------------------------------------------------------------------

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref."""
        fault = self._begin("read")
        answers = [self._read(ref.id) for ref in refs]
        self.app.end("read", fault)
        return answers

    def _read(self, id: str) -> Read:
        item = self.app.items.get(id)
        while item is not None and item.merged_into:
            item = self.app.items.get(item.merged_into)
        if item is None:
            return Read(id, Exists.MISSING)
        if not item.live:
            return Read(id, Exists.ARCHIVED, became=item.became)
        if item.problem is not None:
            return Read(id, Exists.EXISTS, self._rest_of(item), item.problem)
        return Read(id, Exists.EXISTS, self.app.record(item))

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return who holds the values of the unique field, or the markers where ``field`` is empty."""
        if field == "":
            fault = self._begin("find marker")
            marked = {item.marker: [item.id] for item in self.app.live() if item.marker}
            self.app.end("find marker", fault)
            return {value: marked[value] for value in values if value in marked}
        if field != self.app.traits.unique or not self.app.traits.strong:
            return {}
        fault = self._begin("find")
        held: dict[str, list[str]] = {}
        for item in self.app.live():
            held.setdefault(_folded(item.values.get(field)), []).append(item.id)
        self.app.end("find", fault)
        return {value: held[_folded(value)] for value in values if _folded(value) in held}

    # --- writing --------------------------------------------------------------------------------

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write a batch of one kind."""
        call = f"write {items[0].kind.value}"
        fault = self._begin(call)
        half = fault is not None and fault.when == "half"
        results = [self.app.store(item) for item in items[: len(items) // 2 if half else len(items)]]
        self.app.end(call, fault)
        return results if self.app.traits.answers_writes else self._read_back(results)

    def _read_back(self, results: Sequence[WriteResult]) -> Sequence[WriteResult]:
        """Ask for what was written, where the answer of a write does not show it: others may have been there."""
        self.app.end("read back", self._begin("read back"))
        return [
            replace(result, record=self.app.record(self.app.items[result.record.id])) if result.record else result
            for result in results
        ]


class ManyObjects:
    """The connector of an app with several objects, each held by a ``MemoryApp`` that is called ``app object``."""

    title: ClassVar[str] = "Memory"
    category: ClassVar[str] = "In memory"
    settings: ClassVar[tuple[Setting, ...]] = ()
    limits: ClassVar[Mapping[str, tuple[int, float]]] = {}
    quota: ClassVar[int] = 0

    def __init__(self, setup: Setup) -> None:
        names = [name for name in APPS if name.startswith(f"{setup.app} ")]
        each = [MemoryConnector(replace(setup, app=name)) for name in names]
        self.by_object = {connector.app.object: connector for connector in each}
        self.capabilities = each[0].capabilities

    def check(self) -> Account:
        """Return who we are."""
        return next(iter(self.by_object.values())).check()

    def objects(self) -> Sequence[ObjectType]:
        """Return all kinds of record."""
        return [kind for each in self.by_object.values() for kind in each.objects()]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields; raise UnknownObject."""
        if object not in self.by_object:
            raise UnknownObject(app="it", name=object, hint=f"There are: {', '.join(self.by_object)}.")
        return self.by_object[object].fields(object)

    def count(self, object: str) -> int | None:
        """Return the number of live records."""
        return self.by_object[object].count(object)

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield everything, or what changed."""
        return self.by_object[object].changes(object, cursor, fields)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield every live record's id."""
        return self.by_object[object].ids(object)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref."""
        return self.by_object[object].read(object, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return who holds the values."""
        return self.by_object[object].find(object, field, values)

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Write a batch of one kind."""
        return self.by_object[object].write(object, items)


def _pages(rows: Sequence[Item], size: int) -> Iterable[tuple[Sequence[Item], bool]]:
    """Yield pages, each with whether it is the last; an empty listing is one empty page."""
    for start in range(0, max(len(rows), 1), size):
        yield rows[start : start + size], start + size >= len(rows)
