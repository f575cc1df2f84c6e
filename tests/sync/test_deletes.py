"""Deletions that follow: after the grace, unless the partner was edited or the record restored, within the limit."""

from dataclasses import replace

import pytest

from bothways.connectors.base import Exists, Read, WriteItem
from bothways.engine.deletes import DAY, Deletes, Removal
from bothways.engine.filters import InList, condition
from bothways.engine.scope import Scope
from bothways.engine.sides import Side
from bothways.engine.spec import Direction
from bothways.errors import OutcomeUnknown, StoppedByBrake
from bothways.ledger import db, due
from bothways.ledger.holds import HoldRow
from bothways.ledger.models import Plan
from bothways.sync import decisions, link_import
from bothways.sync import run as running
from bothways.sync.apply import apply_quiet
from bothways.sync.context import Context, Progress
from bothways.sync.link_import import GivenPair
from bothways.sync.lists import LISTS_EVERY
from bothways.sync.poll import poll, sweep
from bothways.sync.run import recorded, taken_over
from tests.memory_app import PEOPLE, MemoryConnector, Traits
from tests.two_apps import WIDE, TwoApps

GRACE = 3 * DAY
BERT_FOLLOWS = Deletes({Side.RIGHT: Removal.ARCHIVE}, GRACE)


def world_with(
    deletes: Deletes = BERT_FOLLOWS, traits: Traits | None = None, size: int = 6
) -> tuple[TwoApps, list[str]]:
    """Return two apps with people in step, and the ids of those in Anna; Bert's follow what is deleted in Anna."""
    world = TwoApps(traits, traits, guards=replace(WIDE, max_deletes=1_000))
    people = world.crowd(size)
    world.spec = replace(world.spec, deletes=deletes)
    return world, people


def gone_in_anna(world: TwoApps, id: str) -> str:
    """Delete a record in Anna, let a run notice it, and return the id of its partner."""
    partner = world.partner(id)
    world.anna.delete(id)
    world.run(full=True)
    world.run()
    return partner


def after_the_grace(world: TwoApps) -> None:
    """Let the grace pass and a run be done."""
    world.clock.advance(GRACE)
    world.run()


def is_there(world: TwoApps, id: str) -> bool:
    return world.bert.items[id].live


TRAITS = [Traits(), Traits(conditional=True), Traits(lag=10.0, carries_values=False), Traits(reports_deletes=False)]


@pytest.mark.parametrize("traits", TRAITS, ids=["plain", "conditional", "indexed", "sweep"])
def test_partner_of_a_deleted_record_follows_after_the_grace_and_not_before(traits: Traits) -> None:
    world, people = world_with(traits=traits)
    partner = gone_in_anna(world, people[0])
    world.clock.advance(GRACE - 10 * 60)
    world.run()
    assert is_there(world, partner)
    after_the_grace(world)
    assert not is_there(world, partner)
    assert [(each.kind, each.id) for each in world.writes][-1:] == [("archive", partner)]
    world.rest()
    world.run(full=True)
    assert (len(world.anna.live()), len(world.bert.live()), len(world.pairs())) == (5, 5, 5)


def test_nothing_follows_where_the_settings_keep_it() -> None:
    world, people = world_with(Deletes())
    partner = gone_in_anna(world, people[0])
    after_the_grace(world)
    assert is_there(world, partner)
    assert len(world.anna.live()) == 5


def test_each_side_has_its_own_policy() -> None:
    world, people = world_with()
    partner = world.partner(people[0])
    world.bert.delete(partner)
    world.run()
    after_the_grace(world)
    assert world.anna.items[people[0]].live


def test_journal_keeps_the_whole_record_and_the_plan_shows_it_first() -> None:
    world, people = world_with()
    held = dict(world.bert.items[world.partner(people[0])].values)
    partner = gone_in_anna(world, people[0])
    world.clock.advance(GRACE)
    plan, _ = world.preview()
    (row,) = db.rows("SELECT kind, rule, reason FROM plan_action WHERE plan_id=%s AND kind='delete'", (plan.pk,))
    assert row == ("delete", "R4d", "deleted in Anna; archived here too")
    assert is_there(world, partner)
    world.run()
    (entry,) = [each for each in world.journal() if each.kind == "archive"]
    assert (entry.state, entry.rule, entry.record_id, dict(entry.more["record"])) == ("done", "R4d", partner, held)
    assert {write.field: write.before for write in entry.writes.values()} == {
        name: value for name, value in held.items() if value is not None
    }


@pytest.mark.parametrize("when", ["before it is noticed", "within the grace", "right before the write"])
def test_edit_of_the_partner_beats_the_deletion_for_good(when: str) -> None:
    world, people = world_with()
    partner = world.partner(people[0])
    if when == "before it is noticed":
        world.bert.edit(partner, name="Bea")
    gone_in_anna(world, people[0])
    if when == "within the grace":
        world.bert.edit(partner, name="Bea")
        world.run()
        world.bert.edit(partner, name="P0")
    if when == "right before the write":
        world.clock.advance(GRACE)
        plan, _ = world.preview()
        world.bert.edit(partner, name="Bea")
        assert world.apply(plan).written == {}
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)
    assert len(world.anna.live()) == 5
    assert not world.anna.items[people[0]].live


def test_edit_that_showed_when_the_deletion_was_noticed_counts_though_it_shows_no_more() -> None:
    world, people = world_with(traits=Traits(versions=False, precision=DAY))
    partner = world.partner(people[0])
    world.bert.edit(partner, name="Bea")
    world.anna.delete(people[0])
    world.run(full=True)
    world.bert.edit(partner, name="P0")
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)


@pytest.mark.parametrize("how", ["does not flow", "does not flow, and another is written", "is not mapped"])
@pytest.mark.parametrize("traits", [Traits(), Traits(reports_deletes=False)], ids=["plain", "sweep"])
def test_edit_that_does_not_flow_beats_it_though_it_was_read_before_the_deletion_was_noticed(
    traits: Traits, how: str
) -> None:
    world, people = world_with(traits=traits)
    ways = {"name": Direction.TO_LEFT, "phone": Direction.TO_RIGHT}
    maps = [replace(each, direction=ways.get(each.left.name, Direction.BOTH)) for each in world.spec.fields]
    world.remap([each for each in maps if how != "is not mapped" or each.left.name != "phone"])
    world.rest()
    partner = world.partner(people[0])
    world.clock.advance(DAY)
    world.run(full=True)

    def meanwhile(when: str, call: str) -> None:
        world.bert.hook = None
        world.clock.advance(1)
        world.anna.delete(people[0])
        world.bert.edit(partner, phone="1")

    world.anna.edit(people[0], **{"email" if "written" in how else "name": "ann@x.test"})
    world.bert.hook = meanwhile
    world.run()
    assert (people[0], partner) in world.pairs(), "the edit is known, the deletion is not"
    world.run(full=True)
    world.run()
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)


def test_what_we_wrote_to_the_partner_last_is_no_edit() -> None:
    world, people = world_with(traits=Traits(answers_writes=False, reports_deletes=False))
    world.anna.edit(people[0], name="Ann")
    world.run()
    partner = gone_in_anna(world, people[0])
    after_the_grace(world)
    assert world.bert.values(partner)["name"] == "Ann"
    assert not is_there(world, partner)


def test_edit_of_a_field_that_is_not_mapped_beats_it_too() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.bert._touch(world.bert.items[partner])
    world.clock.advance(5.0)
    after_the_grace(world)
    assert is_there(world, partner)


@pytest.mark.parametrize("deletes", [Deletes(), BERT_FOLLOWS], ids=["kept", "followed"])
def test_restored_record_takes_its_link_up_and_all_goes_on(deletes: Deletes) -> None:
    world, people = world_with(deletes)
    partner = gone_in_anna(world, people[0])
    world.bert.edit(partner, email="new@x.test", name="Bea")
    world.run()
    world.anna.restore(people[0])
    world.rest()
    assert world.partner(people[0]) == partner
    assert world.anna.values(people[0])["name"] == "Bea", "an edit made meanwhile is not lost"
    after_the_grace(world)
    assert world.in_step()
    assert len(world.bert.live()) == 6


def test_restored_record_takes_its_link_up_though_another_matches_its_partner_by_now() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.bert.edit(partner, email="new@x.test")
    world.anna.add(email="new@x.test", name="New")
    world.anna.restore(people[0])
    plan, _ = world.preview()
    assert plan.totals["kinds"].get("link") == 1, "nobody is previewed to be linked twice"
    world.rest()
    assert world.partner(people[0]) == partner


def test_partner_that_is_merged_away_as_the_link_is_taken_up_is_found_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    world, people = world_with(Deletes(), Traits(reports_deletes=False))
    partner, winner = gone_in_anna(world, people[0]), world.partner(people[1])
    world.anna.restore(people[0])

    def carry_out(ctx: Context, plan: Plan) -> None:
        if world.bert.items[partner].live:
            world.bert.merge(winner, partner)
            another = world.context()
            sweep(another, another.ends[Side.RIGHT])
        apply_quiet(ctx, plan)

    monkeypatch.setattr(running, "apply_quiet", carry_out)
    world.run()
    world.rest()
    assert (people[0], partner) not in world.pairs()
    assert (people[1], winner) in world.pairs()
    assert [hold.record_id for hold in world.holds()] == [people[0]], "its history stands there with the other's"


def link_by_hand(world: TwoApps, left: str, right: str) -> int:
    """Bring a link along between two records, as they are now; return how many links were made."""
    ctx = world.context()
    with taken_over(ctx), recorded(ctx, link_import.RULE):
        poll(ctx, ctx.ends.values())
        with db.transaction_():
            return link_import.make(ctx, link_import.check(ctx, [GivenPair(1, left, right)]))


def test_former_partner_of_a_restored_record_that_a_person_linked_to_another_does_not_follow_it() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    other = world.bert.add(email="", name="Other")
    world.anna.restore(people[0])
    world.anna.edit(people[0], email="other@x.test")
    assert link_by_hand(world, people[0], other) == 1
    world.run()
    assert gone_in_anna(world, people[0]) == other
    after_the_grace(world)
    assert is_there(world, partner)
    assert not is_there(world, other), "its partner by now follows"


def test_restored_right_before_the_write_nothing_is_deleted() -> None:
    world, people = world_with(traits=Traits(reports_deletes=False))
    partner = gone_in_anna(world, people[0])
    world.clock.advance(GRACE)
    plan, _ = world.preview()
    world.anna.items[people[0]].live = True
    world.apply(plan)
    assert is_there(world, partner)


class Silent(MemoryConnector):
    """Cannot say whether a record is there."""

    def read(self, object, refs, fields):  # type: ignore[no-untyped-def]
        return [
            Read(each.asked, Exists.UNKNOWN) if each.exists is not Exists.EXISTS else each
            for each in super().read(object, refs, fields)
        ]


def test_deletion_that_is_not_confirmed_any_more_is_not_carried_over() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.connectors[Side.LEFT].__class__ = Silent
    after_the_grace(world)
    assert is_there(world, partner)
    world.connectors[Side.LEFT].__class__ = MemoryConnector
    world.run()
    assert not is_there(world, partner)


def test_more_than_the_days_limit_waits_for_a_person() -> None:
    world, people = world_with(size=20)
    world.guards = replace(WIDE, max_deletes=2)
    partners = [world.partner(id) for id in people[:3]]
    for id in people[:3]:
        world.anna.delete(id)
    world.run()
    world.clock.advance(GRACE)
    with pytest.raises(StoppedByBrake, match="3 records would be deleted, more than 2 a day"):
        world.run()
    assert all(is_there(world, id) for id in partners)
    world.run(approved=True)
    assert not any(is_there(world, id) for id in partners)


def test_what_was_deleted_today_counts() -> None:
    world, people = world_with(size=20)
    world.guards = replace(WIDE, max_deletes=1)
    gone_in_anna(world, people[0])
    world.clock.advance(600.0)
    gone_in_anna(world, people[1])
    world.clock.advance(GRACE - 500.0)
    world.run()
    world.clock.advance(600.0)
    with pytest.raises(StoppedByBrake, match="1 records would be deleted, after 1 in the last 24 hours"):
        world.run()
    world.clock.advance(DAY)
    assert world.run().written == {"archive right": 1}


def test_side_that_sends_nothing_sends_no_deletions() -> None:
    world, people = world_with()
    world.spec = replace(world.spec, sends={Side.LEFT: False, Side.RIGHT: True})
    partner = gone_in_anna(world, people[0])
    after_the_grace(world)
    assert is_there(world, partner)


def test_policy_that_is_taken_back_within_the_grace_is_taken_back_for_good() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.spec = replace(world.spec, deletes=Deletes())
    after_the_grace(world)
    world.spec = replace(world.spec, deletes=BERT_FOLLOWS)
    world._save_anew()
    world.run()
    after_the_grace(world)
    assert is_there(world, partner)


def test_policy_does_not_reach_back_to_links_that_ended_before() -> None:
    world, people = world_with(Deletes())
    partner = gone_in_anna(world, people[0])
    world.spec = replace(world.spec, deletes=BERT_FOLLOWS)
    world._save_anew()
    world.run()
    after_the_grace(world)
    assert is_there(world, partner)


def test_record_that_a_person_made_again_keeps_its_partner() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    again = world.anna.add(email="p0@x.test", name="P0")
    world.rest()
    assert world.partner(again) == partner
    after_the_grace(world)
    assert is_there(world, partner)


def test_partner_that_was_restored_after_it_followed_is_left_alone() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    after_the_grace(world)
    world.bert.restore(partner)
    world.rest()
    after_the_grace(world)
    assert is_there(world, partner)
    assert len(world.anna.live()) == 5


@pytest.mark.parametrize("when", ["before", "after"])
def test_outcome_that_is_not_known_is_found_out(when: str) -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.clock.advance(GRACE)
    world.bert.fail("write", OutcomeUnknown(app="Bert", reason="time-out"), when=when)
    world.run()
    world.run()
    world.rest()
    assert not is_there(world, partner)
    assert [each.kind for each in world.bert.writes].count("archive") == 1
    assert not world.open_intents()


def test_refused_deletion_is_held_and_tried_again() -> None:
    refusing = True

    def refuses(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        return ("it has invoices", ()) if refusing and item.kind.value == "archive" else None

    world, people = world_with(traits=Traits(refuses=refuses))
    partner = gone_in_anna(world, people[0])
    after_the_grace(world)
    (hold,) = world.holds()
    assert (hold.record_id, hold.kind, hold.reason) == (partner, "refused", "Bert refused: it has invoices")
    world.clock.advance(3600.0)
    world.run()
    assert [each.tries for each in world.holds()] == [2]
    refusing = False
    world.clock.advance(3600.0)
    world.run()
    assert not is_there(world, partner)
    assert not world.holds()


def deleted(world: TwoApps, id: str) -> tuple[str, int]:
    """Let the partner of a record follow its deletion; return the partner and the run that deleted it."""
    partner = gone_in_anna(world, id)
    world.clock.advance(GRACE)
    return partner, world.run().run_id


def test_undo_makes_the_record_again_and_it_is_left_alone_from_then_on() -> None:
    world, people = world_with()
    partner, run_id = deleted(world, people[0])
    report = world.undo(run_id)
    assert (report.remade, report.restored, report.removed, report.kept) == (1, 0, 0, [])
    [again] = world.bert.holding("email", "p0@x.test")
    assert again != partner
    assert world.bert.values(again) == {"email": "p0@x.test", "name": "P0"}
    world.rest()
    after_the_grace(world)
    after_the_grace(world)
    world.run(full=True)
    assert is_there(world, again)
    assert len(world.anna.live()) == 5, "nobody is made again for it"
    world.anna.restore(people[0])
    world.rest()
    assert world.partner(people[0]) == again
    assert world.in_step()


def test_undo_after_the_other_record_was_restored_links_the_two() -> None:
    world, people = world_with()
    _, run_id = deleted(world, people[0])
    world.anna.restore(people[0])
    world.undo(run_id)
    world.rest()
    assert world.in_step()
    assert len(world.bert.live()) == 6


@pytest.mark.parametrize("deed", ["left out", "linked to another"])
def test_undo_makes_nobody_again_for_whom_a_person_has_decided_otherwise_since(deed: str) -> None:
    world, people = world_with()
    partner, run_id = deleted(world, people[0])
    world.anna.restore(people[0])
    world.run()
    hold = HoldRow(Side.LEFT, people[0], "R7", "", "match")
    other = world.bert.add(email="office@x.test", name="Office")
    if deed == "left out":
        decisions.leave_out(world.sync, hold, "Ana Ruiz", 1.0)
        why = "was deleted; of its partner, Ana Ruiz left it out since"
    else:
        decisions.choose(world.sync, {Side.LEFT: people[0], Side.RIGHT: other}, 1.0)
        why = "was deleted; a person has chosen another one for its partner since"
    report = world.undo(run_id)
    assert (report.remade, report.kept) == (0, [("Bert", partner, why)])
    world.rest()
    assert ((people[0], other) in world.pairs()) is (deed != "left out")


def test_link_is_not_taken_up_of_two_that_a_person_keeps_apart_while_that_is_planned() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.anna.restore(people[0])
    context = world.context()

    def report(progress: Progress) -> None:
        if progress.phase == "Matching":
            decisions.keep_two_apart(world.sync, {Side.LEFT: people[0], Side.RIGHT: partner})

    context.report = report
    running.run(context)
    world.rest()
    assert (people[0], partner) not in world.pairs()


def test_second_undo_makes_nobody_twice() -> None:
    world, people = world_with()
    _, run_id = deleted(world, people[0])
    world.undo(run_id)
    report = world.undo(run_id)
    assert report.remade == 0
    assert [reason for _, _, reason in report.kept] == ["was deleted; its partner has been linked again since"]
    assert len(world.bert.holding("email", "p0@x.test")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_undo_without_an_answer_is_found_out(when: str) -> None:
    world, people = world_with(traits=Traits(marker=True))
    _, run_id = deleted(world, people[0])
    world.bert.fail("write", OutcomeUnknown(app="Bert", reason="time-out"), when=when)
    world.undo(run_id)
    world.rest()
    after_the_grace(world)
    assert len(world.bert.holding("email", "p0@x.test")) == (when == "after")
    assert not world.open_intents()


def test_deletion_in_a_frozen_pair_is_not_carried_over() -> None:
    world, people = world_with()
    partner = world.partner(people[0])
    world.rescope(Scope({Side.LEFT: condition(PEOPLE[1], "is_not", "out")}))
    world.anna.edit(people[0], name="out")
    world.rest()
    world.anna.delete(people[0])
    world.run()
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)


def test_partner_outside_its_filter_is_not_deleted() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.rescope(Scope({Side.RIGHT: condition(PEOPLE[1], "is_not", "P0")}))
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)


def test_merge_is_no_deletion() -> None:
    world, people = world_with()
    left_over = world.partner(people[0])
    world.anna.merge(people[1], people[0])
    world.run(full=True)
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, left_over)


def test_deleted_record_that_leaves_its_list_within_the_grace_is_followed_all_the_same() -> None:
    world = TwoApps(scope=Scope({Side.LEFT: InList("VIP")}))
    world.spec = replace(world.spec, deletes=BERT_FOLLOWS)
    people = [world.anna.add(email=f"p{number}@x.test", name=f"P{number}") for number in range(6)]
    world.anna.lists["vip"] = people
    world.rest()
    partner = gone_in_anna(world, people[0])
    world.anna.lists["vip"] = people[1:]
    world.clock.advance(LISTS_EVERY)
    world.run()
    assert world.context().ends[Side.LEFT].feed.lists, "the list was read again"
    after_the_grace(world)
    assert not is_there(world, partner)


@pytest.mark.parametrize("times", [1, 2])
def test_deletion_that_is_told_of_again_within_the_grace_is_carried_over_all_the_same(times: int) -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    for _ in range(times):
        due.mark(world.sync, Side.LEFT, [people[0]])
        world.run()
    after_the_grace(world)
    assert not is_there(world, partner)


@pytest.mark.parametrize("anew", [False, True], ids=["into one that was there", "into a new one"])
def test_partner_that_is_merged_within_the_grace_is_not_deleted(anew: bool) -> None:
    world, people = world_with()
    one = "" if anew else world.bert.add(name="P0")
    world.run()
    partner = gone_in_anna(world, people[0])
    one = one or world.bert.add(**world.bert.values(partner))
    world.bert.merge(one, partner)
    world.run(full=True)
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, one)


def test_partner_that_was_deleted_and_restored_within_the_grace_is_not_deleted() -> None:
    world, people = world_with()
    partner = gone_in_anna(world, people[0])
    world.bert.delete(partner)
    world.run(full=True)
    world.bert.items[partner].live = True
    world.run(full=True)
    after_the_grace(world)
    after_the_grace(world)
    assert is_there(world, partner)
