"""Suggestions: records without a partner that may be the same, for a person to look at. They never link anything.

They are made from what the ledger holds, and are not kept. Whoever agrees links the pair, who does not keeps it apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bothways.engine.field_state import FieldDecision
from bothways.engine.guards import Held, objection
from bothways.engine.learning import Columns, expected_share, lessons, meeting
from bothways.engine.likeness import Trait, blocks_of, shared_by, traits_of
from bothways.engine.matching import ALONE
from bothways.engine.plan import Pair, plan_linked
from bothways.engine.scope import why_outside
from bothways.engine.sides import SIDES, Side
from bothways.engine.table import Facts
from bothways.errors import CannotSuggest
from bothways.ledger import db, feeds, holds, links, looking
from bothways.ledger.feeds import SeenRow
from bothways.records import is_blank
from bothways.service.database import on_database
from bothways.service.splink import MORE_RECORDS, Books, Model, ScoredPair, check_installed, scored_pairs
from bothways.service.views import FieldView, SuggestionsView, SuggestionView, TraitView
from bothways.service.work import Report, context_to_look, feeds_called
from bothways.service.workspace import Workspace
from bothways.sync.associations import partners_of
from bothways.sync.called import as_known
from bothways.sync.context import Context, Progress
from bothways.sync.histories import plan_with_histories
from bothways.sync.matches import matches_now
from bothways.sync.payload import name_of

LIKELY, POSSIBLE = 0.95, 0.5
"""From which probability on a pair is called so; below it is not shown."""

LEAST_RECORDS = 50
"""Records without a partner that each app must have, for a model to be learnt from them."""

MOST_RECORDS = 100_000
"""Records of each app that are compared; beyond them, by id, they are only counted."""

MOST_PAIRS = 100_000
"""Pairs that are looked at after the model has scored them, the most probable ones."""

GUARDS = ("first name", "related names", "legal form", "country")
"""What speaks against a pair however probable it is: those guards of the match rules that look at the two alone."""

PAGE = 2000


@on_database
def suggest(workspace: Workspace, name: str, *, size: int = 50, progress: Report | None = None) -> SuggestionsView:
    """Return pairs of records without a partner that are probably the same: at most ``size``, the likeliest first.

    Left out are pairs that are kept apart, of which one takes no part, or which the next run links by itself.
    Nothing is changed. Raises UnknownSync, LibraryForSuggestions, CannotSuggest.
    """
    check_installed()
    ctx = context_to_look(workspace, name)
    ctx.report = progress or ctx.report
    return suggestions(ctx, size)


def suggestions(ctx: Context, size: int) -> SuggestionsView:
    """Return what is suggested for a sync that is at hand: at most ``size`` pairs. Raises CannotSuggest."""
    name = ctx.sync.name
    mapped = traits_of(ctx.spec.fields)
    free = {side: _free(ctx, side, mapped) for side in SIDES}
    traits = [trait for trait in mapped if all(any(free[side].columns[trait.name]) for side in SIDES)]
    found = _suggested(ctx, _scored(ctx, traits, free))
    rows = _rows(ctx, [each.pair for each in found[:size]])
    shown = [(each, {side: rows[side][each.pair.ids[side]] for side in SIDES}) for each in found[:size]]
    overwrites = _overwrites(ctx, [both for _, both in shown])
    likely = sum(each.likely for each in found)
    return SuggestionsView(
        name,
        {ctx.spec.apps[side]: len(free[side].ids) for side in SIDES},
        {ctx.spec.apps[side]: free[side].beyond for side in SIDES},
        likely,
        len(found) - likely,
        tuple(_view(ctx, traits, each, both, lost) for (each, both), lost in zip(shown, overwrites, strict=True)),
    )


@dataclass(slots=True)
class _Free:
    """The records of one side without a partner: their ids, what they share by name, and how many were too many."""

    ids: list[str] = field(default_factory=list)
    columns: dict[str, list[str | None]] = field(default_factory=dict)
    beyond: int = 0


def _free(ctx: Context, side: Side, traits: Sequence[Trait]) -> _Free:
    """Return the records of one side that have no partner, and for which none was chosen."""
    found = _Free(columns={name: [] for trait in traits for name, _ in shared_by(trait.kind, "x")})
    for row in _pages(ctx, side):
        if len(found.ids) >= MOST_RECORDS:
            found.beyond += 1
            continue
        shared = dict(_shared(traits, side, row))
        found.ids.append(row.id)
        for name, column in found.columns.items():
            column.append(shared.get(name))
        if not len(found.ids) % PAGE:
            ctx.report(Progress("Reading", ctx.spec.apps[side], len(found.ids)))
    return found


def _shared(traits: Sequence[Trait], side: Side, row: SeenRow) -> Iterator[tuple[str, str]]:
    for trait in traits:
        text = trait.text(side, row.values or {})
        if text is not None:
            yield from shared_by(trait.kind, text)


def _pages(ctx: Context, side: Side) -> Iterator[SeenRow]:
    after, now = "", ctx.clock()
    while rows := looking.alone(ctx.sync, side, None, after, PAGE):
        after = rows[-1].id
        ids = [row.id for row in rows]
        decided = holds.chosen(ctx.sync, side, ids)
        nobodys = {id for id, others in links.apart(ctx.sync, side, ids).items() if ALONE in others}
        for row in rows:
            takes_part = row.values and ctx.spec.scope.fits(side, row.values, now, lists=row.lists)
            if takes_part and row.id not in decided and row.id not in nobodys:
                yield row


def _scored(ctx: Context, traits: Sequence[Trait], free: Mapping[Side, _Free]) -> list[ScoredPair]:
    if any(len(free[side].ids) < LEAST_RECORDS for side in SIDES):
        there = " and ".join(f"{len(free[side].ids)} in {ctx.spec.apps[side]}" for side in SIDES)
        reason = f"it takes {LEAST_RECORDS} records without a partner in each app, and there are {there}"
        raise CannotSuggest(reason=reason, hint=MORE_RECORDS)
    if len(traits) < 2:
        reason = f"what {ctx.sync.name} maps and both apps hold does not tell people or companies apart"
        raise CannotSuggest(reason=reason, hint="Map names, e-mail addresses, phone numbers or places.")
    both: Mapping[Side, Columns] = {side: free[side].columns for side in SIDES}
    blocks = blocks_of(traits)
    learnt_from = lessons(traits, blocks, both)
    if not learnt_from:
        reason = "hardly any two records, one of each app, share a name, an e-mail address or a number"
        raise CannotSuggest(reason=reason, hint=MORE_RECORDS)
    ctx.report(Progress("Comparing", ctx.sync.name, 0))
    waiting = _without_settled(ctx, free)
    met = [meeting(waiting, block) for block in blocks]
    names = [trait.name for trait in traits]
    books = {
        side: Books(free[side].ids, {name: both[side][name] for name in names}, [each[side] for each in met])
        for side in SIDES
    }
    likeness = {trait.name: trait.kind.likeness for trait in traits}
    return scored_pairs(Model(likeness, learnt_from, expected_share(traits, both)), books, POSSIBLE, MOST_PAIRS)


def _without_settled(ctx: Context, free: Mapping[Side, _Free]) -> dict[Side, Columns]:
    """Return the columns without the texts of records that the next run links by itself.

    The model learns from them, but they are in no pair.
    """
    settled: dict[Side, set[str]] = {side: set() for side in SIDES}
    for page in db.chunks(free[Side.LEFT].ids, PAGE):
        for id, match in matches_now(ctx, Side.LEFT, page).items():
            if match.partner is not None:
                settled[Side.LEFT].add(id)
                settled[Side.RIGHT].add(match.partner)
        ctx.report(Progress("Matching", ctx.sync.name, len(settled[Side.LEFT])))
    waits = {side: [id not in settled[side] for id in free[side].ids] for side in SIDES}
    return {
        side: {
            name: [text if open_ else None for text, open_ in zip(column, waits[side], strict=True)]
            for name, column in free[side].columns.items()
        }
        for side in SIDES
    }


@dataclass(frozen=True, slots=True)
class _Suggested:
    pair: ScoredPair
    against: str

    @property
    def likely(self) -> bool:
        return self.pair.probability >= LIKELY and not self.against


Rows = Mapping[Side, Mapping[str, SeenRow]]


def _rows(ctx: Context, pairs: Sequence[ScoredPair]) -> Rows:
    return {side: feeds.seen_by_id(ctx.ends[side].feed.pk, [pair.ids[side] for pair in pairs]) for side in SIDES}


def _suggested(ctx: Context, pairs: Sequence[ScoredPair]) -> list[_Suggested]:
    """Return the pairs that a person is to see, the likely ones first, with what speaks against each."""
    found = [each for page in db.chunks(pairs, PAGE) for each in _of_page(ctx, page)]
    return sorted(found, key=lambda each: (not each.likely, -each.pair.probability, *map(each.pair.ids.get, SIDES)))


def _of_page(ctx: Context, pairs: Sequence[ScoredPair]) -> Iterator[_Suggested]:
    rows, now = _rows(ctx, pairs), ctx.clock()
    apart = links.apart(ctx.sync, Side.LEFT, {pair.ids[Side.LEFT] for pair in pairs})
    settled = matches_now(ctx, Side.RIGHT, {pair.ids[Side.RIGHT] for pair in pairs})
    for pair in pairs:
        left, right = (pair.ids[side] for side in SIDES)
        if right in apart.get(left, ()) or settled[right].partner is not None:
            continue
        both = {side: rows[side][pair.ids[side]] for side in SIDES}
        values = {side: row.values for side, row in both.items()}
        lists = {side: row.lists for side, row in both.items()}
        if not why_outside(ctx.spec.scope, ctx.spec.apps, values, now, lists=lists):
            held = [Held(ctx.spec.roles[side], both[side].values or {}) for side in SIDES]
            yield _Suggested(pair, objection(GUARDS, *held))


def _view(
    ctx: Context,
    traits: Sequence[Trait],
    found: _Suggested,
    rows: Mapping[Side, SeenRow],
    overwrites: tuple[FieldView, ...],
) -> SuggestionView:
    apps, pair = ctx.spec.apps, found.pair
    return SuggestionView(
        {apps[side]: pair.ids[side] for side in SIDES},
        {apps[side]: name_of(rows[side]) for side in SIDES},
        pair.probability,
        found.likely,
        found.against,
        tuple(
            TraitView(
                trait.name,
                str(pair.agreements[trait.name]),
                {apps[side]: trait.text(side, rows[side].values or {}) for side in SIDES},
            )
            for trait in traits
        ),
        overwrites,
    )


def _overwrites(ctx: Context, found: Sequence[Mapping[Side, SeenRow]]) -> list[tuple[FieldView, ...]]:
    """Return, for each pair of records, what the run that links them would write over, by the rules of the sync."""
    pairs = [
        Pair(
            {side: row.record for side, row in rows.items()},
            since={side: row.stamp_seen_at for side, row in rows.items() if row.modified is not None},
        )
        for rows in found
    ]
    partners = partners_of(ctx, pairs)
    known = [replace(pair, partners=partners) for pair in pairs]
    values = [{side: row.record.values for side, row in rows.items()} for rows in found]
    spec, now = as_known(ctx.spec, feeds_called(ctx.sync, ctx.spec), values), ctx.clock()
    actions = plan_with_histories(ctx, known, lambda _, pair: plan_linked(spec, pair, Facts(linked=True), now))
    return [tuple(_over(ctx, each) for each in action.fields if _is_over(each)) for action in actions]


def _is_over(decision: FieldDecision) -> bool:
    return decision.write is not None and not is_blank(decision.before)


def _over(ctx: Context, decision: FieldDecision) -> FieldView:
    side = Side(str(decision.write))
    written = decision.mapping.on(side)
    return FieldView(
        ctx.spec.apps[side],
        written.name,
        written.title,
        decision.before,
        decision.value,
        decision.rule,
        decision.reason,
        decision.conflict,
        "; ".join(decision.lost),
        decision.hold,
    )
