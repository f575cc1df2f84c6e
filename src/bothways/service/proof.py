"""The proof: both apps read again and every linked pair compared, field by field. Nothing is written to any app."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from bothways.connectors.base import Exists, Read
from bothways.engine.associations import in_step
from bothways.engine.countries import read_there
from bothways.engine.field_state import FieldDecision, FieldState, Known, Landed
from bothways.engine.plan import decide
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec, equal_across, project
from bothways.ledger import db, due, feeds, holds, journal, links, looking, proofs, turns
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Sync
from bothways.records import CannotCoerce, Ref, Value, ids_of
from bothways.service.allowances import accounted
from bothways.service.answers import Answer, Answers
from bothways.service.connect import Opened
from bothways.service.database import on_database
from bothways.service.resolution import Resolution, resolution, row_of
from bothways.service.same_account import ensure_same_account
from bothways.service.views import Difference, Proof
from bothways.service.work import Report, feeds_called, parents_of
from bothways.service.workspace import Workspace
from bothways.sync.associations import Partners, partners_in
from bothways.sync.called import as_known
from bothways.sync.context import Parents, Progress
from bothways.sync.lists import read_lists
from bothways.sync.payload import name_of

PAGE = 400


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair, its differences that a rule keeps, and those that are open: no rule keeps them."""

    link: LinkRow
    kept: Sequence[Difference]
    open: Sequence[Difference]


@on_database
@accounted
def compare(workspace: Workspace, name: str, *, repair: bool = False, progress: Report | None = None) -> Proof:
    """Read both apps whole, compare every linked pair, and explain each difference by the rule that keeps it.

    ``different`` are those that no rule keeps: what the next run would write, and records that are gone.
    ``repair``: their pairs are marked as due, so that the next run looks at them; nothing else is stored.
    """
    judge = judge_of(workspace, name, progress)
    pairs = equal = 0
    explained: list[Difference] = []
    different: list[Difference] = []
    apart: list[LinkRow] = []
    for each in judge.whole():
        explained += each.kept
        different += each.open
        apart += [each.link] if each.open else []
        pairs, equal = pairs + 1, equal + (not each.kept and not each.open)
    if repair and apart:
        with db.transaction_():
            mark_pairs(judge.sync, apart)
            proofs.remember(judge.sync, [link.id for link in apart])
        turns.ask(turns.SYNC, [judge.sync.pk], workspace.clock())
    return Proof(pairs, equal, tuple(explained), tuple(different), judge.unlinked)


def judge_of(workspace: Workspace, name: str, progress: Report | None = None) -> "Judge":
    """Return who compares the pairs of a sync; raise what its settings or its apps are refused for."""
    sync, found = row_of(workspace, name), resolution(workspace, name)
    for app in found.apps.values():
        ensure_same_account(workspace, app)
    parents = parents_of(workspace, found.resolved)
    return Judge(sync, found, parents, workspace.clock(), progress or (lambda _: None))


def mark_pairs(sync: Sync, pairs: Collection[LinkRow]) -> None:
    """Mark both records of pairs as due, in the caller's transaction: the next run reads and decides them anew."""
    for side in SIDES:
        due.mark(sync, side, [id for link in pairs if (id := link.on(side)) is not None])


class Judge:
    """Compares pairs, with what the ledger knows of them at hand.

    ``unlinked``: after all pairs were compared, how many records of each app were met besides.
    """

    def __init__(
        self, sync: Sync, found: Resolution, parents: Mapping[str, Parents], now: float, report: Report
    ) -> None:
        self.sync, self.now, self.report = sync, now, report
        self.unlinked: Mapping[str, int] = {}
        self.met = Counter[Side]()
        self.spec: SyncSpec = found.resolved.spec
        self.apps: Mapping[Side, Opened] = found.apps
        self.objects = found.resolved.document.objects
        self.names = {
            side: sorted(
                {each.on(side).name for each in self.spec.fields}
                | {name for each in self.spec.fields for name in each.on(side).countries}
                | self.spec.match_fields(side)
                | self.spec.scope.fields(side)
            )
            for side in SIDES
        }
        self.lists: dict[Side, Mapping[str, Collection[str]]] = {}
        self.shadows: dict[int, links.Shadows] = {}
        self.landed: dict[int, dict[str, list[Landed]]] = {}
        self.held: dict[tuple[str, str, str], str] = {}
        self.parents = parents
        self.called = feeds_called(sync, self.spec)
        self.partners: Partners = {}

    def whole(self) -> Iterator[Judged]:
        """Read both apps whole, and compare every linked pair."""
        with closing(Answers()) as left, closing(Answers()) as right:
            told = {Side.LEFT: left, Side.RIGHT: right}
            for side in SIDES:
                self._listed(side, told[side])
            after = compared = 0
            while page := links.page(self.sync, after, PAGE, "state='active'"):
                after, compared = page[-1].id, compared + len(page)
                answers = {side: told[side].take([str(link.on(side)) for link in page]) for side in SIDES}
                yield from self._judged(page, answers)
                self.report(Progress("Comparing", self.sync.name, compared))
            self.unlinked = {self.apps[side].name: len(told[side]) for side in SIDES}

    def again(self, page: list[LinkRow]) -> list[Judged]:
        """Read these pairs by id and compare them, by what the ledger knows of them now."""
        return list(self._judged(page, {side: {} for side in SIDES}))

    def bill(self) -> Counter[str]:
        """Return the calls that were made to both apps so far, by their names."""
        return Counter(self.apps[Side.LEFT].bill() | self.apps[Side.RIGHT].bill())

    def _judged(self, page: list[LinkRow], answers: Mapping[Side, dict[str, Answer]]) -> Iterator[Judged]:
        self.turn_to(page, answers)
        for link in page:
            pair = {side: answers[side].pop(str(link.on(side)), Answer(problem="is not there")) for side in SIDES}
            yield Judged(link, *self.differences(link, pair))

    # --- reading ------------------------------------------------------------------------------------------

    def _listed(self, side: Side, told: Answers) -> None:
        """Keep what a full listing tells of every record of one side; what it does not carry is read by id."""
        app, most = self.apps[side], self.apps[side].connector.capabilities.batch_read
        bare: list[Ref] = []
        for page in app.connector.changes(self.objects[side], None, self.names[side]):
            answers: dict[str, Answer] = {}
            for seen in page.seen:
                if seen.problem is not None:
                    answers[seen.record.id] = Answer(problem=f"cannot be read: {seen.problem}")
                elif seen.has_values:
                    answers[seen.record.id] = self._answer(side, seen.record.values)
                else:
                    bare.append(seen.record.ref)
            told.keep(answers)
            self.met[side] += len(page.seen)
            self.report(Progress("Reading", app.name, self.met[side]))
            whole = len(bare) // most * most
            told.keep(self._read(side, bare[:whole]))
            bare = bare[whole:]
        told.keep(self._read(side, bare))

    def _lists(self, side: Side) -> Mapping[str, Collection[str]]:
        """Return the records in the lists that decide, as the app tells now; asked once."""
        if side not in self.lists:
            app, names = self.apps[side], self.spec.scope.lists(side)
            self.lists[side] = read_lists(app.name, app.connector, self.objects[side], names)
        return self.lists[side]

    def _answer(self, side: Side, values: Mapping[str, Value]) -> Answer:
        return Answer({name: values.get(name) for name in self.names[side]})

    def _read(self, side: Side, refs: list[Ref]) -> dict[str, Answer]:
        app = self.apps[side]
        answers: dict[str, Answer] = {}
        for batch in db.chunks(refs, app.connector.capabilities.batch_read):
            for read in app.connector.read(self.objects[side], batch, self.names[side]):
                answers[read.asked] = self._of_read(side, read)
            self.report(Progress("Reading", app.name, self.met[side]))
        return answers

    def _of_read(self, side: Side, read: Read) -> Answer:
        if read.problem is not None:
            return Answer(problem=f"cannot be read: {read.problem}")
        if read.exists is Exists.EXISTS and read.record is not None:
            merged = read.record.id != read.asked
            return (
                Answer(problem="was merged into another record") if merged else self._answer(side, read.record.values)
            )
        return Answer(problem="could not be read" if read.exists is Exists.UNKNOWN else "is no longer there")

    def turn_to(self, page: list[LinkRow], answers: Mapping[Side, dict[str, Answer]]) -> None:
        """Learn what the ledger knows of these links; ask by id for what a listing did not show."""
        ids = [link.id for link in page]
        self.shadows, self.landed = links.shadows(ids), journal.landed(ids)
        self.held = {}
        for side in SIDES:
            records = [str(link.on(side)) for link in page]
            for hold in holds.of_records(self.sync, side, records):
                self.held[side, hold.record_id, hold.field] = hold.reason
            missing = [id for id in records if id not in answers[side]]
            known = feeds.seen_by_id(looking.feed_id(self.sync, side), missing)
            answers[side].update(self._read(side, [known.get(id, SeenRow(id)).record.ref for id in missing]))
        self._look_up(page, answers)
        self.partners = {each.key: self._partners(each, page, answers) for each in self.spec.fields if each.through}

    def _look_up(self, page: list[LinkRow], answers: Mapping[Side, dict[str, Answer]]) -> None:
        """Learn of which records the texts of these pairs are the names, as far as they were read."""
        if self.called:
            values = [{side: answers[side][str(link.on(side))].values for side in SIDES} for link in page]
            self.spec = as_known(self.spec, self.called, values)

    def _partners(
        self, mapping: FieldMap, page: list[LinkRow], answers: Mapping[Side, dict[str, Answer]]
    ) -> dict[Side, dict[str, str]]:
        """Return the partners of all records that these pairs refer to by an association."""
        found, parents = {}, self.parents[mapping.through]
        for side in SIDES:
            name = mapping.on(side).name
            held = (answers[side][str(link.on(side))].values.get(name) for link in page)
            found[side] = partners_in(parents, side, {id for value in held for id in ids_of(value)})
        return found

    # --- comparing ----------------------------------------------------------------------------------------

    def differences(self, link: LinkRow, pair: Mapping[Side, Answer]) -> tuple[list[Difference], list[Difference]]:
        """Return the explained and the open differences of a pair."""
        names = (name_of(SeenRow("", values=answer.values)) for answer in pair.values())
        name = next(filter(None, names), "")
        ids = {self.apps[side].name: link.on(side) for side in SIDES}
        problems = [f"it {pair[side].problem} in {self.apps[side].name}" for side in SIDES if pair[side].problem]
        if problems:
            return [], [Difference(name, dict.fromkeys(ids), "", " and ".join(problems), ids)]
        values_of = {side: answer.values for side, answer in pair.items()}
        lists = {side: self._lists(side).get(str(link.on(side)), ()) for side in SIDES}
        outside = why_outside(self.spec.scope, self.spec.apps, values_of, self.now, lists=lists, linked=True)
        outside = link.frozen if link.paused else outside
        kept: list[Difference] = []
        open_: list[Difference] = []
        for mapping in (read_there(each, values_of) for each in self.spec.fields):
            now = {side: pair[side].values.get(mapping.on(side).name) for side in SIDES}
            if self._equal(mapping, now):
                continue
            why, is_kept = (outside, True) if outside else self._why(link, mapping, now)
            values = {self.apps[side].name: now[side] for side in SIDES}
            (kept if is_kept else open_).append(Difference(name, values, mapping.left.title, why, ids))
        return kept, open_

    def _equal(self, mapping: FieldMap, now: Mapping[Side, Value]) -> bool:
        if mapping.through:
            return in_step(mapping, now, self.partners.get(mapping.key, {}))
        return equal_across(mapping, now[Side.LEFT], now[Side.RIGHT])

    def _why(self, link: LinkRow, mapping: FieldMap, now: Mapping[Side, Value]) -> tuple[str, bool]:
        """Ask the engine what a run would do with a difference; one that it leaves alone is explained by its rule."""
        shadows: Mapping[Side, Mapping[str, Known]] = self.shadows.get(link.id, {side: {} for side in SIDES})
        shadow = {side: shadows[side].get(mapping.key) for side in SIDES}
        landed, partners = self.landed.get(link.id, {}).get(mapping.key, ()), self.partners.get(mapping.key, {})
        state = FieldState(mapping, now, shadow, landed, partners=partners)
        decision = decide(self.spec, state, self.now)
        held = self._held(link, mapping)
        if held:
            return held, True
        if decision.hold:
            return decision.hold, True
        if decision.write is None:
            return _kept_by(decision) + _unknown_name(mapping, now), True
        return f"{decision.reason}; the next run writes it to {self.apps[decision.write].name}", False

    def _held(self, link: LinkRow, mapping: FieldMap) -> str:
        for side in SIDES:
            for name in (mapping.key, ""):
                reason = self.held.get((side, str(link.on(side)), name))
                if reason is not None:
                    return reason
        return ""


def _unknown_name(mapping: FieldMap, now: Mapping[Side, Value]) -> str:
    """Say why a text stands for no record, where the other app knows it only as text."""
    for side in mapping.named:
        try:
            project(mapping, now[side.other], side)
        except CannotCoerce as problem:
            return f"; {problem}"
    return ""


def _kept_by(decision: FieldDecision) -> str:
    return "agreed: neither side changed since" if decision.rule == "F0" else decision.reason
