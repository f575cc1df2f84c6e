"""Make a plan: every due record looked at, page by page, each with one action and its reason."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bothways.engine.brakes import Totals
from bothways.engine.field_state import Known
from bothways.engine.plan import Action, Pair, has_anything, misfit, plan_linked, plan_unlinked
from bothways.engine.scope import Leaving, why_outside
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import SyncSpec
from bothways.engine.table import ActionKind, Facts
from bothways.ledger import db, due, feeds, journal, left_out, links, plans
from bothways.ledger.due import DueMark
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import LinkRow
from bothways.ledger.models import Plan
from bothways.ledger.survey import Survey
from bothways.records import Record, Value
from bothways.sync import held
from bothways.sync.associations import Partners, follow_merges, lone_of, partners_of, read_before_merged
from bothways.sync.called import with_names
from bothways.sync.context import Context, Progress
from bothways.sync.conversions import (
    awaited,
    converted_side,
    former_partner_became,
    inherit,
    must_wait,
    why_converted,
)
from bothways.sync.deletes import NONE as NO_FATE
from bothways.sync.deletes import Fate, fates, may_carry
from bothways.sync.histories import plan_with_histories
from bothways.sync.line import differ, gone_before, held_before, shadows_of, to_be_drawn, unchanged
from bothways.sync.matches import find_matches, look_up_creates
from bothways.sync.merges import made_nobodys, merges_undecided
from bothways.sync.neighbours import NONE as NO_STANDING
from bothways.sync.neighbours import claimed_links, standings
from bothways.sync.payload import moves, to_row
from bothways.sync.poll import refresh
from bothways.sync.settling import listed, settled, unsettled_from
from bothways.sync.surveying import surveyed
from bothways.sync.tally import Tally, totals_of

PAGE = 400
"""Due records planned at a time."""

PART = "part"
"""Under which the totals of a plan keep that only some of what is due was looked at."""

Rows = dict[Side, dict[str, SeenRow]]


@dataclass(slots=True)
class Sheet:
    """One page of planning: what is known of every record that is due, and of its partners."""

    rows: Rows = field(default_factory=lambda: {side: {} for side in SIDES})
    marks: dict[Side, dict[str, DueMark]] = field(default_factory=lambda: {side: {} for side in SIDES})
    links: dict[Side, dict[str, LinkRow]] = field(default_factory=lambda: {side: {} for side in SIDES})

    def add(self, side: Side, rows: Mapping[str, SeenRow], marks: Mapping[str, DueMark]) -> None:
        """Take in more records; of those that stand here already something is decided by what stands here."""
        new = rows.keys() - self.rows[side].keys()
        self.rows[side] |= {id: rows[id] for id in new}
        self.marks[side] |= {id: mark for id, mark in marks.items() if id in new}


def make_plan(ctx: Context, only: Sequence[DueMark] | None = None) -> tuple[Plan, Totals]:
    """Look at everything due, or at ``only`` some of it; store the plan, and return it with its totals."""
    plan = Plan.objects.create(
        workspace_id=ctx.sync.workspace_id, sync=ctx.sync, revision=ctx.revision, created_at=ctx.clock()
    )
    tally, seq, total = Tally(), 0, due.count(ctx.sync) if only is None else len(only)
    now = ctx.clock()
    ready = due.ready(ctx.sync, now) if only is None else Counter(Side(mark.side) for mark in only)
    so_far = plans.SoFar((ready[Side.LEFT], ready[Side.RIGHT]))
    plans.tell(plan, so_far)
    with surveyed(ctx, total) as survey:
        so_far = replace(so_far, since=ctx.clock())
        for marks in _pages(ctx, now, only):
            actions = _plan_page(ctx, plan, marks, seq, tally, survey)
            so_far = so_far.and_then(actions)
            with db.transaction_():
                ctx.fence()
                plans.add(plan, actions)
                plans.tell(plan, so_far)
            seq += len(actions)
            ctx.report(Progress("Matching", ctx.sync.name, sum(so_far.done), sum(so_far.total)))
    plan.state, plan.totals = "ready", tally.as_dict(ctx) | ({} if only is None else {PART: True})
    with db.transaction_():
        ctx.fence()
        plan.save(update_fields=["state", "totals"])
    return plan, totals_of(plan)


def _pages(ctx: Context, now: float, only: Sequence[DueMark] | None) -> Iterator[list[DueMark]]:
    """Yield the marks of what is looked at, page by page."""
    if only is not None:
        marks = sorted(only)
        yield from (marks[start : start + PAGE] for start in range(0, len(marks), PAGE))
        return
    after = ("", "")
    while marks := due.page(ctx.sync, now, after, PAGE):
        after = (marks[-1].side, marks[-1].id)
        yield marks


def _plan_page(
    ctx: Context, plan: Plan, marks: list[DueMark], seq: int, tally: Tally, survey: Survey | None
) -> list[plans.ActionRow]:
    wanted: dict[Side, set[str]] = {}
    for side in SIDES:
        ids = {mark.id for mark in marks if mark.side == side}
        wanted[side] = ids - plans.planned_ids(plan, side, ids)
    sheet = _fill(ctx, wanted)
    actions: list[plans.ActionRow] = []
    for action, link, facts in [*_linked(ctx, sheet, wanted, tally), *_unlinked(ctx, sheet, wanted, tally, survey)]:
        tally.add(ctx, action, facts, moves(action, link))
        ctx.count(action.rule)
        for decision in action.fields:
            ctx.count(decision.rule)
        actions.append(to_row(seq + len(actions), action, link, sheet.rows, sheet.marks))
        tally.list(actions[-1])
    return actions


def _fill(ctx: Context, wanted: dict[Side, set[str]]) -> Sheet:
    """Read every wanted record and the partners of their links, until nothing new turns up (merges)."""
    sheet = Sheet()
    need = {side: set(ids) for side, ids in wanted.items()}
    for _ in range(4):
        for side in SIDES:
            sheet.rows[side] |= refresh(ctx, ctx.ends[side], need[side])
        more: dict[Side, set[str]] = {side: set() for side in SIDES}
        for side in SIDES:
            ids = wanted[side] | set(sheet.rows[side])
            sheet.links[side] = links.live_by_record(ctx.sync, side, ids)
        for side in SIDES:
            partners = {link.on(side) for link in sheet.links[side.other].values()}
            more[side] = {id for id in partners if id is not None and id not in need[side]}
        if not any(more.values()):
            break
        for side in SIDES:
            need[side] |= more[side]
    for side in SIDES:
        sheet.marks[side] = _looked_at(ctx, side, due.marked(ctx.sync, side, need[side]), sheet.rows[side])
    return sheet


def _looked_at(
    ctx: Context, side: Side, marks: Mapping[str, DueMark], rows: Mapping[str, SeenRow]
) -> dict[str, DueMark]:
    """Return these due marks, but of records of which more is known by now than these rows tell.

    Others read the feed, too: a mark that tells of what nobody here has looked at is left for the next run.
    """
    known = feeds.seen_by_id(ctx.ends[side].feed.pk, marks)
    return {id: mark for id, mark in marks.items() if feeds.tell_the_same(known.get(id), rows.get(id))}


Planned = tuple[Action, LinkRow | None, Facts]


def _linked(ctx: Context, sheet: Sheet, wanted: dict[Side, set[str]], tally: Tally) -> list[Planned]:
    """Plan the linked pairs that have a due record, each once."""
    found = {link.id: link for side in SIDES for id, link in sheet.links[side].items() if id in wanted[side]}
    pairs = [link for link in found.values() if link.state == "active"]
    shadows = links.shadows([link.id for link in pairs])
    landed = journal.landed([link.id for link in pairs])
    open_links = journal.open_link_ids(ctx.sync)
    kept = held.of_links(ctx, pairs)
    from_now = to_be_drawn(ctx)
    gone = {side: {id for id, row in sheet.rows[side].items() if row.state == "gone"} for side in SIDES}
    before = {side: gone_before(ctx, side, gone[side]) for side in SIDES}
    planned: list[Planned] = []
    looked_at: list[tuple[LinkRow, Pair, Facts]] = []
    rows_of = {link.id: {side: sheet.rows[side].get(link.on(side) or "") for side in SIDES} for link in found.values()}
    shadows |= inherit(ctx, [link for link in pairs if link.id not in shadows], rows_of)
    claimed = claimed_links(ctx, pairs)
    for link in sorted(found.values(), key=lambda link: link.id):
        rows = rows_of[link.id]
        facts = replace(_facts_linked(ctx, link, rows, open_links), claimed=claimed.get(link.id, ""))
        if any(link.on(side) in before[side] for side in facts.gone):
            facts = replace(facts, carries=False)
        records = {side: row.record if row and row.live else None for side, row in rows.items()}
        since = {side: row.stamp_seen_at for side, row in rows.items() if row and row.modified is not None}
        found_held = kept.get(link.id, [])
        known = shadows.get(link.id, {side: {} for side in SIDES})
        pair = Pair(records, known, landed.get(link.id, {}), since, held.decided(found_held))
        if from_now and not link.frozen:
            pair = replace(pair, shadows=_as_they_are(ctx, rows))
        looked_at.append((link, pair, facts))
    partners = partners_of(ctx, [pair for _, pair, _ in looked_at])
    late = read_before_merged(ctx, {link.id: (pair, _read_at(rows_of[link.id])) for link, pair, _ in looked_at})
    looked_at = [each for each in looked_at if each[0].id not in late]  # they stay due, and are read again
    followed = follow_merges(ctx, {link.id: pair for link, pair, _ in looked_at}, partners)
    lone = lone_of(ctx, followed.values(), partners)
    known_now = [replace(pair, partners=partners, lone=lone) for pair in followed.values()]
    spec = with_names(ctx, [pair for _, pair, _ in looked_at])
    actions = plan_with_histories(ctx, known_now, partial(_plan_pair, ctx, spec, [facts for *_, facts in looked_at]))
    for (link, pair, facts), action in zip(looked_at, actions, strict=True):
        tally.agreed += from_now and not link.frozen and _differ(ctx, pair.records, partners)
        action = held.keep_holding(ctx, action, held.refusals(kept.get(link.id, [])))
        planned.append((action, link, facts))
    return planned


def _read_at(rows: Mapping[Side, SeenRow | None]) -> dict[Side, float]:
    return {side: row.read_at for side, row in rows.items() if row is not None}


def _as_they_are(ctx: Context, rows: dict[Side, SeenRow | None]) -> dict[Side, dict[str, Known]]:
    """Return the shadows that a pair gets when the line is drawn now."""
    return shadows_of(ctx, {side: row.values if row and row.live else None for side, row in rows.items()})


def _differ(ctx: Context, records: Mapping[Side, Record | None], partners: Partners) -> bool:
    values = {side: record.values for side, record in records.items() if record is not None}
    return len(values) == len(SIDES) and differ(ctx, values, partners)


def _facts_linked(ctx: Context, link: LinkRow, rows: dict[Side, SeenRow | None], open_links: set[int]) -> Facts:
    gone = frozenset(side for side, row in rows.items() if row is not None and row.state == "gone")
    problem = next((row.problem for row in rows.values() if row is not None and row.problem), None)
    unknown = any(row is None for row in rows.values())
    converted = converted_side(rows)
    turned = rows[converted] if converted else None
    busy = link.state == "pending" or link.id in open_links or (unknown and not (gone or converted))
    held = {side: row.values if row is not None and row.live else None for side, row in rows.items()}
    inside = {side: row.lists for side, row in rows.items() if row is not None}
    outside = why_outside(ctx.spec.scope, ctx.spec.apps, held, ctx.clock(), lists=inside, linked=True)
    outside = link.frozen if link.paused else outside
    return Facts(
        linked=True,
        open_write=busy or (turned is not None and must_wait(ctx, link, rows)),
        converted=why_converted(ctx, converted, turned) if converted and turned else "",
        gone=gone,
        problem=problem or "",
        outside=outside,
        unlinks=ctx.spec.scope.leaving is Leaving.UNLINK and not link.paused,
        carries=may_carry(ctx, link, gone),
        tags=_tagged_by_leaving(ctx, rows) if outside and not link.frozen else frozenset(),
    )


def _tagged_by_leaving(ctx: Context, rows: Mapping[Side, SeenRow | None]) -> frozenset[Side]:
    """Return the sides whose record is tagged when the pair leaves: not one that its own filter keeps out."""
    scope, now = ctx.spec.scope, ctx.clock()
    return frozenset(
        side
        for side, row in rows.items()
        if row is not None and row.live and scope.fits(side, row.values or {}, now, lists=row.lists)
    )


def _unlinked(
    ctx: Context, sheet: Sheet, wanted: dict[Side, set[str]], tally: Tally, survey: Survey | None
) -> list[Planned]:
    """Plan the due records that have no link; a matched pair is planned once, from its first side.

    A match of a record that takes up its former link now is left for the next plan.
    """
    planned: list[Planned] = []
    covered: dict[Side, set[str]] = {side: set() for side in SIDES}
    out_of = {side: left_out.of_records(ctx.sync, side, _free(sheet, side, wanted[side])) for side in SIDES}
    inside = {side: _inside(ctx, sheet, side, wanted[side] - out_of[side].keys()) for side in SIDES}
    look_up_creates(ctx, sheet.rows, inside, survey)
    ended_of = {side: links.ended_by_record(ctx.sync, side, _free(sheet, side, wanted[side])) for side in SIDES}
    fates_of = {side: fates(ctx, side, sheet.rows[side], ended_of[side]) for side in SIDES}
    for side in SIDES:
        ended, fate_of = ended_of[side], fates_of[side]
        free = _free(sheet, side, wanted[side]) - covered[side]
        matches, partners, marks = find_matches(ctx, side, sheet.rows[side], free, survey)
        sheet.marks[side] |= _looked_at(ctx, side, marks, sheet.rows[side])
        theirs = due.marked(ctx.sync, side.other, partners)
        sheet.add(side.other, partners, _looked_at(ctx, side.other, theirs, partners))
        before = {
            each: held_before(ctx, each, rows) for each, rows in ((side, sheet.rows[side]), (side.other, partners))
        }
        kept = held.of_records(ctx, side, free)
        ours_from = unsettled_from(ctx, side)
        taken_up = {str(fate.link.on(side.other)) for fate in fate_of.values() if fate.restored and fate.link}
        merged, nobodys = merges_undecided(ctx.sync, side, ended), made_nobodys(ctx.sync, side, ended)
        pairs = {
            id: _matched(ctx, side, row, partners.get(matches[id].partner or ""), before)
            for id in free
            if (row := sheet.rows[side].get(id)) is not None
            and (fate_of.get(id, NO_FATE).restored or matches[id].partner not in taken_up)
        }
        across = partners_of(ctx, pairs.values())
        spec = with_names(ctx, pairs.values())
        stands = standings(ctx, side, sheet.rows[side], {id: matches[id] for id in free}, _settled(fate_of, merged))
        awaits = awaited(ctx, side, {id: matches[id].partner for id in free})
        looked_at: list[tuple[str, Pair, Facts]] = []
        for id in sorted(pairs):
            row = sheet.rows[side][id]
            match, record = matches[id], row.record
            partner = partners.get(match.partner) if match.partner else None
            fate = fate_of.get(id, NO_FATE)
            out = out_of[side].get(id)
            facts = Facts(
                open_write=fate.busy,
                restored=fate.restored,
                carries=fate.carries,
                waits=fate.waits,
                edited=fate.edited,
                merged=id in merged,
                gone=frozenset() if row.live else frozenset({side}),
                problem="" if out else row.problem or "",
                match=match,
                survivor=id in ended and ended[id].survivor == side and id not in nobodys,
                after_merge=id in ended and ended[id].by_merge,
                parted=id in ended and ended[id].parted,
                returned=id in ended and ended[id].survivor != side,
                allowed=ctx.spec.sends[side],
                settled=settled(ctx, side, row, ours_from),
                listed=listed(ctx, side, row) and (partner is None or listed(ctx, side.other, partner)),
                blank=not has_anything(ctx.spec, side, record),
                outside=out.why if out else _why_outside(ctx, {side: row, side.other: partner}) if row.live else "",
                misfit=misfit(ctx.spec, side, record, ctx.clock(), row.lists),
                before=unchanged(ctx, side, before[side].get(id), record.values),
                converted=former_partner_became(ended.get(id), side),
                claimed=stands.get(id, NO_STANDING).claimed,
                unread=awaits.get(id) or stands.get(id, NO_STANDING).unread,
            )
            looked_at.append((id, replace(pairs[id], partners=across), facts))
        plan_one = partial(_plan_free, ctx, spec, side, [facts for *_, facts in looked_at])
        actions = plan_with_histories(ctx, [pair for _, pair, _ in looked_at], plan_one)
        for (id, pair, facts), action in zip(looked_at, actions, strict=True):
            match, fate = matches[id], fate_of.get(id, NO_FATE)
            if action.rule == "R0":
                action = replace(action, kept=True, candidates=merged[id])
            if action.kind is ActionKind.LINK and action.rule != "R9r" and match.partner:
                covered[side.other].add(match.partner)
                tally.agreed += bool(pair.shadows[side]) and not action.writes and _differ(ctx, pair.records, across)
            link = fate.link if _concerns(action, side, fate) else None
            if action.rule == "R9r" and link is not None:
                covered[side.other].add(str(link.on(side.other)))
            action = held.keep_holding(ctx, action, kept.get(id, []))
            planned.append((action, link, facts))
    return planned


def _plan_free(ctx: Context, spec: SyncSpec, side: Side, facts: Sequence[Facts], place: int, pair: Pair) -> Action:
    return plan_unlinked(spec, side, pair, facts[place], ctx.clock())


def _plan_pair(ctx: Context, spec: SyncSpec, facts: Sequence[Facts], place: int, pair: Pair) -> Action:
    return plan_linked(spec, pair, facts[place], ctx.clock())


def _settled(fate_of: Mapping[str, Fate], merged: Collection[str]) -> set[str]:
    """Return the records of which is decided already what becomes of them."""
    return {id for id, fate in fate_of.items() if fate.restored} | set(merged)


def _matched(
    ctx: Context,
    side: Side,
    row: SeenRow,
    partner: SeenRow | None,
    before: Mapping[Side, Mapping[str, Mapping[str, Value]]],
) -> Pair:
    """Return a record without a link and its match as a pair, with the shadows that they get by the line."""
    records = {side: row.record, side.other: partner.record if partner else None}
    held = {side: before[side].get(row.id), side.other: before[side.other].get(partner.id if partner else "")}
    return Pair(records, shadows_of(ctx, held))


def _concerns(action: Action, side: Side, fate: Fate) -> bool:
    """Tell whether an action is about the link that has ended: it is taken up, or a deletion carried over, or not.

    What is looked at of the record that was deleted itself says nothing of the other one, which is to follow.
    """
    carried = fate.link is not None and fate.link.carries_at is not None and fate.link.survivor == side
    return action.rule in ("R4d", "R4e", "R4w", "R9r") or (carried and _ends_carrying(action))


def _ends_carrying(action: Action) -> bool:
    """Tell whether a deletion that was to be carried over never is, by this action."""
    return action.rule in ("R4", "R5") or (action.rule == "R17" and action.kind is ActionKind.LEAVE_OUT)


def _why_outside(ctx: Context, rows: Mapping[Side, SeenRow | None]) -> str:
    values = {side: row.record.values if row is not None else None for side, row in rows.items()}
    inside = {side: row.lists for side, row in rows.items() if row is not None}
    return why_outside(ctx.spec.scope, ctx.spec.apps, values, ctx.clock(), lists=inside)


def _inside(ctx: Context, sheet: Sheet, side: Side, ids: set[str]) -> set[str]:
    """Return those of the records without a link that may take part as far as they themselves tell."""
    rows = sheet.rows[side]
    return {id for id in _free(sheet, side, ids) if id in rows and not _why_outside(ctx, {side: rows[id]})}


def _free(sheet: Sheet, side: Side, ids: set[str]) -> set[str]:
    return {id for id in ids if id not in sheet.links[side]}
