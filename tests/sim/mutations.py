"""Known mistakes, each switched on alone: the simulator must catch every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from bothways.engine import associations as engine_associations
from bothways.engine import decided, plan, scope, sets, table
from bothways.engine import fields as engine_fields
from bothways.engine import spec as engine_spec
from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES
from bothways.ledger import holds, journal, links
from bothways.records import CannotCoerce, Choices, LeftOut, same
from bothways.service import deleting
from bothways.sync import (
    absorb,
    apply,
    associations,
    checks,
    deletes,
    intents,
    line,
    planning,
    recover,
    results,
    settle,
    undo,
)
from tests.sim.apps import FakeConnector

Patches = list[Any]


def _raw_same(left: Any, left_field: Any, right: Any, right_field: Any = None) -> bool:
    return left == right


def one_shadow() -> Patches:
    """Both sides share one shadow: what was written, not what each side holds."""
    save = links.save_shadows

    def shared(workspace: int, data: Any) -> None:
        merged: dict[int, dict[str, Any]] = {}
        for link_id, _, shadow in data:
            merged.setdefault(link_id, {}).update(shadow)
        save(workspace, [(link_id, side, merged[link_id]) for link_id, side, _ in data])

    return [patch.object(links, "save_shadows", shared)]


def no_canonical_equality() -> Patches:
    """Values are compared as they come."""
    return [patch.object(engine_fields, "same", _raw_same), patch.object(engine_spec, "same", _raw_same)]


def no_fn() -> Patches:
    """An app's rewriting of our write counts as a change."""
    return [patch.object(engine_fields, "is_own_rewriting", lambda *args: False)]


def fn_for_ever() -> Patches:
    """An own write is never too old, and a rewriting is adopted again and again."""
    original = engine_fields.is_own_rewriting

    def always(spec: Any, state: Any, side: Any, now: float) -> bool:
        shadow = state.shadow[side]
        aged = None if shadow is None else shadow._replace(own_write_at=now)
        return original(spec, state._replace(shadow={**state.shadow, side: aged}), side, now)

    return [patch.object(engine_fields, "is_own_rewriting", always)]


def blank_wins() -> Patches:
    """A cleared field clears the other side."""
    return [patch.object(engine_fields, "_clears", lambda view, source: True)]


def clears_others() -> Patches:
    """Where clearing follows, it takes another value away than was cleared."""
    return [patch.object(engine_fields, "is_what_it_held", lambda state, source: True)]


def resurrect() -> Patches:
    """A record whose partner was deleted is created again."""
    rows = tuple(
        row for row in table.RECORD_TABLE if not (row.rule == "R4" and row.action is table.ActionKind.LEAVE_OUT)
    )
    return [patch.object(table, "RECORD_TABLE", rows)]


def no_intents() -> Patches:
    """Nothing is known of a write whose answer was lost."""

    def forget_all(ctx: Any) -> int:
        for entry in journal.open_entries(ctx.sync):
            recover._never_sent(ctx, entry)
        return 0

    return [patch("bothways.sync.run.recover", forget_all)]


def recovery_by_reading_only() -> Patches:
    """After a crash, whatever is read now is taken for what we wrote."""
    return [patch.object(recover, "_landed", lambda ctx, key, write, side, record: True)]


def plan_open_links() -> Patches:
    """A link with an open write is planned like any other."""
    facts, live = planning._facts_linked, links.live_by_record

    def settled(*args: Any) -> Any:
        return {id: link for id, link in live(*args).items() if link.state == "active"}

    return [
        patch.object(journal, "open_link_ids", lambda sync: set()),
        patch.object(links, "live_by_record", settled),
        patch.object(planning, "_facts_linked", lambda *args: replace(facts(*args), open_write=False)),
    ]


def read_back_trusted() -> Patches:
    """A read-back is believed for fields that were not sent."""
    settle_links = results.settle_links

    def trusting(ctx: Any, side: Any, landed: Any) -> None:
        settle_links(ctx, side, landed)
        for each in landed:
            known = links.shadows([each.entry.link_id])[each.entry.link_id]
            for mapping in ctx.spec.fields:
                name = mapping.on(side).name
                if name in each.record.values:
                    known[side][mapping.key] = Known(each.record.values[name])
            links.save_shadows(ctx.sync.workspace_id, [(each.entry.link_id, end, known[end]) for end in SIDES])

    return [patch.object(results, "settle_links", trusting), patch.object(settle, "due", _NoMarks(settle.due))]


class _NoMarks:
    """The due module without new marks: what was read back is taken as known."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def mark(self, *args: Any) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def cursor_is_our_clock() -> Patches:
    """The cursor is set to our own time."""
    return [patch.object(FakeConnector, "next_cursor", lambda self, processed: self.world.now)]


def overlap_zero() -> Patches:
    """A poll looks back by nothing."""
    return [patch.object(FakeConnector, "overlap", lambda self: 0)]


def lagging_look_up() -> Patches:
    """The look-up before a create asks the lagging index."""

    def indexed(self: FakeConnector, key: str) -> Any:
        return [row for row in self.app.holders_of(key) if row.created + 60 <= self.world.now]

    return [patch.object(FakeConnector, "lookup", indexed)]


def no_settling() -> Patches:
    """A new record is created in the other app at once."""
    return [
        patch.object(planning, "settled", lambda ctx, side, *row: ctx.ends[side.other].feed.baseline_done),
        patch.object(checks, "_has_partner_now", lambda *args: set()),
    ]


def no_brake_on_oscillation() -> Patches:
    """The oscillation brake is off, together with canonical equality."""
    return [*no_canonical_equality(), patch.object(engine_fields, "oscillates", lambda *args: False)]


def move_without_journal() -> Patches:
    """What is replaced by the writes after a merge is not journaled."""
    moved: set[int] = set()
    move, add, close = links.move, journal.add, journal.close

    def noted(link_id: int, side: Any, record_id: str, held: Any) -> None:
        moved.add(link_id)
        move(link_id, side, record_id, held)

    def bare(entry: Any) -> Any:
        if entry.link_id not in moved:
            return entry
        writes = {key: write._replace(before=None, source=None, conflict=False) for key, write in entry.writes.items()}
        return entry._replace(writes=writes)

    return [
        patch.object(links, "move", noted),
        patch.object(journal, "add", lambda sync, run, new, now: add(sync, run, [bare(each) for each in new], now)),
        patch.object(journal, "close", lambda ended, *args: close([(bare(each), id) for each, id in ended], *args)),
    ]


def narrowing_ignored() -> Patches:
    """A field that is only filled, or given to new records alone, is written like any other."""
    rows = tuple(
        row for row in engine_fields.FIELD_TABLE if not row[0].__name__.startswith(("_fills_only", "_for_creat"))
    )
    return [patch.object(engine_fields, "FIELD_TABLE", rows)]


def filter_leak() -> Patches:
    """A linked pair flows though one of its records is outside the filter; only new records are kept out."""
    outside = planning.why_outside
    return [
        patch.object(
            planning, "why_outside", lambda *args, linked=False, **more: "" if linked else outside(*args, **more)
        ),
        patch.object(scope.Scope, "fits", lambda self, side, values, now, **more: True),
    ]


def filter_shut() -> Patches:
    """A pair that left the filter is never taken up again."""
    facts = planning._facts_linked

    def shut(ctx: Any, link: Any, *args: Any) -> Any:
        found = facts(ctx, link, *args)
        return replace(found, outside=found.outside or link.frozen)

    return [patch.object(planning, "_facts_linked", shut)]


def parted_made_again() -> Patches:
    """A record whose link ended by a filter is created again."""
    rows = tuple(row for row in table.RECORD_TABLE if not row.fits(table.Facts(parted=True)) or row.rule != "R10")
    return [patch.object(table, "RECORD_TABLE", rows)]


def consent_echo() -> Patches:
    """A field of consent is a field like any other: an opting out can be overwritten."""
    return [patch.object(engine_fields._View, "opted_out", lambda view: None)]


def ask_ignored() -> Patches:
    """The default app wins where a person is to be asked."""
    return [patch.object(engine_fields, "_TWO_SIDED", {})]


def decided_blindly() -> Patches:
    """What a person decided is carried out, whatever was typed since."""
    return [patch.object(decided, "_as_seen", lambda *args: True)]


def undo_opts_in() -> Patches:
    """An undo takes an opting out back like any other write."""
    return [patch.object(undo, "_opts_in", lambda *args: False)]


def delete_unconfirmed() -> Patches:
    """A deletion once noticed is carried over, whether or not the record is gone still."""
    fates = deletes.fates

    def unasked(ctx: Any, side: Any, rows: Any, ended: Any) -> Any:
        found = fates(ctx, side, rows, ended)
        return {
            id: replace(fate, restored=False, carries=True, waits=ctx.clock() < fate.link.carries_at)
            if fate.link and fate.link.carries_at is not None and fate.link.survivor == side
            else replace(fate, restored=False)
            for id, fate in found.items()
        }

    return [
        patch.object(planning, "fates", unasked),
        patch.object(apply, "still_deleted", lambda ctx, plan, actions, side: list(actions)),
    ]


def edited_deleted() -> Patches:
    """A deletion is carried over to a record that was edited since."""
    return [patch.object(deletes, "_edited", lambda *args: "")]


def merge_ignored() -> Patches:
    """A record that was merged into another counts as deleted."""
    from_read = absorb.from_read

    def gone(read: Any) -> Any:
        return [replace(each, merged_into=None, gone=True) if each.merged_into else each for each in from_read(read)]

    return [patch.object(absorb, "from_read", gone)]


def parent_missing() -> Patches:
    """A record whose parent has no partner yet is never looked at again when the parent arrives."""
    waking = (intents, settle, absorb, deletes)
    return [patch.object(module, "wake_children", lambda sync, linked: None) for module in waking]


def reference_untranslated() -> Patches:
    """What has no partner yet is referred to in the other app by its id in this one."""
    partners = associations.partners_in

    def as_they_are(parents: Any, side: Any, ids: Any) -> dict[str, str]:
        asked = set(ids)
        return {id: id for id in asked} | partners(parents, side, asked)

    return [patch.object(associations, "partners_in", as_they_are)]


def reference_forgotten() -> Patches:
    """What waits for its partner counts as known."""
    return [patch.object(engine_associations._View, "settled", lambda view, side: view.held[side])]


def merged_reference_new() -> Patches:
    """What a record was moved to by a merge of what it referred to counts as put there by a person."""
    return [patch.object(planning, "follow_merges", lambda ctx, pairs, partners: dict(pairs))]


def marks_unlooked_at() -> Patches:
    """A due mark that tells of what another worker has read meanwhile counts as looked at."""
    return [patch.object(planning, "_looked_at", lambda ctx, side, marks, rows: dict(marks))]


def late_answer_believed() -> Patches:
    """What was read before a write of ours and is told after it counts as news."""
    return [patch.object(absorb, "_written_since", lambda *args: set())]


def removal_wins() -> Patches:
    """Where one side took something away, what came on the other meanwhile goes, too."""
    wanted = engine_associations._wanted

    def harsh(view: Any, target: Any) -> Any:
        came = view.new(target) if view.gone(target.other) else ()
        return tuple(id for id in wanted(view, target) if id not in came)

    return [patch.object(engine_associations, "_wanted", harsh)]


def meanwhile_known() -> Patches:
    """What somebody else added to a record while it was written counts as known."""
    after = settle.after_write
    return [patch.object(settle, "after_write", lambda known, held, sent, stored: after(known, held, stored, stored))]


def lists_overwritten() -> Patches:
    """A list goes to the other side as a whole."""

    def whole(mapping: Any, now: Any, shadow: Any, target: Any) -> Any:
        value, field = now[target.other], mapping.on(target)
        return sets.Merge(value, int(not same(value, field, now[target])))

    return [patch.object(engine_fields, "merged", whole)]


def lists_joined() -> Patches:
    """What one list has alone goes to the other, whatever was taken out there."""
    merged = engine_fields.merged

    def joined(mapping: Any, now: Any, shadow: Any, target: Any) -> Any:
        return merged(mapping, now, dict.fromkeys(SIDES), target)

    return [patch.object(engine_fields, "merged", joined)]


def lists_known_too_soon() -> Patches:
    """After a write to one list all of it counts as known, though what it has anew is still to flow."""
    return [patch.object(settle, "shadow_after", lambda *args: args[4])]


def _unpaired(made: Callable[[Any], str]) -> Patches:
    choose = Choices.choose

    def chosen(choices: Choices, value: Any) -> str:
        try:
            return choose(choices, value)
        except LeftOut:
            return made(value)

    return [patch.object(Choices, "choose", chosen)]


def unpaired_clears() -> Patches:
    """An unpaired option counts as none: where clearing follows, it clears the other side."""
    return _unpaired(lambda value: "")


def unpaired_passes() -> Patches:
    """An unpaired option is written to the other side as it is."""
    return _unpaired(str)


def unpaired_holds() -> Patches:
    """An unpaired option is held for a person, though the settings leave it out."""

    def held(value: Any) -> str:
        raise CannotCoerce(f"{value} is paired with none")

    return _unpaired(held)


def constant_alone() -> Patches:
    """A constant that a record does not hold is written by itself."""
    update = plan._update

    def alone(spec: Any, pair: Any, ids: Any, now: float) -> Any:
        action = update(spec, pair, ids, now)
        if action.kind is not table.ActionKind.NONE:
            return action
        everywhere = [SimpleNamespace(write=side) for side in SIDES]
        more = plan._set_with(spec, plan._values(pair), everywhere)
        return replace(action, kind=table.ActionKind.UPDATE, fields=(*action.fields, *more)) if more else action

    return [patch.object(plan, "_update", alone)]


def constant_over_edits() -> Patches:
    """What is to be set in new records alone goes with every write."""

    def all_of(spec: Any, side: Any, *when: Any) -> Any:
        return [each for each in spec.constants if each.side is side]

    return [patch.object(engine_spec.SyncSpec, "set_on", all_of)]


def line_ignored() -> Patches:
    """What was there before the line counts like everything else."""
    return [patch.object(planning, "unchanged", lambda *args: False)]


def line_merges() -> Patches:
    """Two that were there before the line are merged when they are linked."""
    nothing = {side: dict[str, Any]() for side in SIDES}
    return [
        patch.object(planning, "shadows_of", lambda *args: nothing),
        patch.object(line, "shadows_of", lambda *args: nothing),
    ]


def line_before_the_gone() -> Patches:
    """A deletion made before the line is carried over."""
    return [patch.object(planning, "gone_before", lambda *args: set())]


def paused_written() -> Patches:
    """A paused pair flows like any other."""
    return [patch.object(links.LinkRow, "paused", False)]


def restored_without_links() -> Patches:
    """A deleted sync is had back with its settings alone."""
    put_away = deleting.put_away

    def without(row: Any, now: float) -> None:
        put_away(row, now)
        for each in links.page(row, 0, 1000, "state='active'"):
            links.forget(each.id)

    return [patch.object(deleting, "put_away", without)]


def word_lost_by_a_merge() -> Patches:
    """What a person has decided of a record is forgotten when it is merged."""
    return [patch.object(links, "hand_over_apart", _nothing), patch.object(links, "move_ended", _nothing)]


def new_for_ever() -> Patches:
    """Who was declared new once is made anew whenever its link ends."""
    return [patch.object(links, "forget_new", _nothing)]


def asked_of_the_linked() -> Patches:
    """A person may still decide whom a record belongs to that has its partner by now."""
    return [patch.object(holds, "close_matched", _nothing)]


def _nothing(*args: Any) -> None:
    return None


MUTATIONS: dict[str, Callable[[], Patches]] = {
    "one-shadow": one_shadow,
    "no-canonical-equality": no_canonical_equality,
    "no-fn": no_fn,
    "fn-for-ever": fn_for_ever,
    "blank-wins": blank_wins,
    "clears-others": clears_others,
    "resurrect": resurrect,
    "no-intents": no_intents,
    "recovery-by-reading-only": recovery_by_reading_only,
    "plan-open-links": plan_open_links,
    "read-back-trusted": read_back_trusted,
    "cursor-is-our-clock": cursor_is_our_clock,
    "overlap-zero": overlap_zero,
    "lagging-look-up": lagging_look_up,
    "no-settling": no_settling,
    "no-oscillation-brake": no_brake_on_oscillation,
    "move-without-journal": move_without_journal,
    "narrowing-ignored": narrowing_ignored,
    "filter-leak": filter_leak,
    "filter-shut": filter_shut,
    "parted-made-again": parted_made_again,
    "consent-echo": consent_echo,
    "ask-ignored": ask_ignored,
    "decided-blindly": decided_blindly,
    "undo-opts-in": undo_opts_in,
    "delete-unconfirmed": delete_unconfirmed,
    "edited-deleted": edited_deleted,
    "merge-ignored": merge_ignored,
    "parent-missing": parent_missing,
    "reference-untranslated": reference_untranslated,
    "reference-forgotten": reference_forgotten,
    "merged-reference-new": merged_reference_new,
    "marks-unlooked-at": marks_unlooked_at,
    "late-answer-believed": late_answer_believed,
    "removal-wins": removal_wins,
    "meanwhile-known": meanwhile_known,
    "lists-overwritten": lists_overwritten,
    "lists-joined": lists_joined,
    "lists-known-too-soon": lists_known_too_soon,
    "unpaired-clears": unpaired_clears,
    "unpaired-passes": unpaired_passes,
    "unpaired-holds": unpaired_holds,
    "constant-alone": constant_alone,
    "constant-over-edits": constant_over_edits,
    "line-ignored": line_ignored,
    "line-merges": line_merges,
    "line-before-the-gone": line_before_the_gone,
    "paused-written": paused_written,
    "restored-without-links": restored_without_links,
    "word-lost-by-a-merge": word_lost_by_a_merge,
    "new-for-ever": new_for_ever,
    "asked-of-the-linked": asked_of_the_linked,
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Switch one mutation on ("" for none)."""
    with ExitStack() as stack:
        for each in MUTATIONS[name]() if name else []:
            stack.enter_context(each)
        yield
