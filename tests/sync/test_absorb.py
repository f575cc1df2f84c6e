"""Merges, deletes and returns: what a link does when a record goes somewhere else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bothways.connectors.base import Read, WriteItem, WriteResult
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.errors import OutcomeUnknown
from bothways.ledger import db, feeds, journal, links
from bothways.ledger.journal import Entry
from bothways.ledger.models import Sync
from bothways.records import Field, FieldType, Record, Ref, parse_boolean
from bothways.sync import decisions
from bothways.sync.absorb import News, absorb
from bothways.sync.context import FeedReader
from bothways.sync.reading import read_feed
from bothways.sync.run import run
from tests.memory_app import PEOPLE, MemoryConnector, Traits
from tests.two_apps import INTERVAL, TwoApps


class Terse(MemoryConnector):
    """Answers a write with the fields that were sent, and no others."""

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        sent = {item.key: item.values for item in items}
        return [
            replace(each, record=replace(each.record, values=dict(sent[each.key]))) if each.record else each
            for each in super().write(object, items)
        ]


class Telling(MemoryConnector):
    """Names with every record it reads the ids of those that were merged into it."""

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        merged = [item for item in self.app.items.values() if item.merged_into]
        return [
            replace(each, absorbed=[item.id for item in merged if each.record and item.merged_into == each.record.id])
            for each in super().read(object, refs, fields)
        ]


def run_soon(world: TwoApps) -> None:
    """Run once more with what was read a moment ago."""
    soon = world.context()
    soon.read_within = 2 * INTERVAL
    run(soon)


@pytest.mark.parametrize("answers", [True, False], ids=["answered", "read back"])
def test_what_was_read_before_a_write_of_ours_and_is_told_after_it_is_no_edit(answers: bool) -> None:
    """Another worker reads the feed while the run is at work: its answer is of before the write, and comes after it."""
    world = TwoApps(bert=Traits(answers_writes=answers))
    ann, *_ = world.crowd(3)
    bert = world.partner(ann)
    told: list[tuple[float, Record]] = []

    def ask() -> None:
        world.clock.advance(0.5)
        told.append((world.clock(), world.bert.record(world.bert.items[bert])))
        world.clock.advance(0.5)

    world.anna.edit(ann, name="Anne")
    world.bert.edit(bert, phone="+41446681800")
    world.bert.once("before", "write update", ask)
    world.run()
    [(asked_at, record)] = told
    with db.transaction_():
        absorb(world.context().ends[Side.RIGHT].feed, [News(bert, record)], world.clock(), asked_at)
    run_soon(world)
    assert world.anna.values(ann) == world.bert.values(bert)
    assert (world.anna.values(ann)["name"], world.anna.values(ann)["phone"]) == ("Anne", "+41446681800")


def test_edit_beside_a_write_of_ours_that_was_read_before_it_is_not_missed() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    bert = world.partner(ann)
    told: list[tuple[float, Record]] = []

    def edit() -> None:
        world.clock.advance(0.5)
        world.bert.edit(bert, phone="+41446681800")
        told.append((world.clock(), world.bert.record(world.bert.items[bert])))
        world.clock.advance(0.5)

    world.connectors[Side.RIGHT].__class__ = Terse
    world.anna.edit(ann, name="Anne")
    world.bert.once("before", "write update", edit)
    world.run()
    [(asked_at, record)] = told
    with db.transaction_():
        absorb(world.context().ends[Side.RIGHT].feed, [News(bert, record)], world.clock(), asked_at)
    run_soon(world)
    assert world.anna.values(ann) == {"email": "p0@x.test", "name": "Anne", "phone": "+41446681800"}
    assert world.in_step()


def test_edit_over_our_write_that_was_read_before_its_answer_came_is_not_hidden_by_that() -> None:
    world = TwoApps()
    ann, bob, _ = world.crowd(3)
    bert = world.partner(ann)

    def edit_and_read() -> None:
        world.clock.advance(0.5)
        world.bert.edit(bert, name="Annabel")
        world.clock.advance(3.0)
        world.bert.edit(world.partner(bob), phone="+41446681800")  # from here on the listing goes on
        read_feed(FeedReader("Bert", world.clock), world.context().ends[Side.RIGHT])
        world.clock.advance(0.5)

    world.anna.edit(ann, name="Anne")
    world.bert.once("after", "write update", edit_and_read)
    world.run()
    run_soon(world)
    world.rest()
    assert world.anna.values(ann)["name"] == world.bert.values(bert)["name"] == "Annabel"


def test_edit_is_read_though_the_clock_was_set_back_since_we_wrote() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Anne")
    world.run()
    world.clock.advance(-3600)
    bert = world.partner(ann)
    record = replace(world.bert.record(world.bert.items[bert]), values={"email": "p0@x.test", "name": "Annie"})
    feed = world.context().ends[Side.RIGHT].feed
    with db.transaction_():
        absorb(feed, [News(bert, record)], world.clock(), world.clock())
    assert feeds.seen_by_id(feed.pk, [bert])[bert].values == record.values


def test_merge_that_the_survivor_tells_of_needs_no_sweep() -> None:
    world = TwoApps(anna=Traits(carries_values=False, reports_deletes=False))
    world.connectors[Side.LEFT].__class__ = Telling
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    winner = world.anna.add(email="ann@other.test", name="Ann Lee")
    world.anna.merge(winner, ann)
    world.anna.edit(winner, name="Ann Lee-Ray")
    world.run()
    world.rest()
    assert (winner, partner) in world.pairs()
    assert world.bert.values(partner)["name"] == "Ann Lee-Ray"
    assert len(world.bert.live()) == 5


@pytest.mark.parametrize("full", [False, True], ids=["read", "swept"])
def test_link_follows_a_merge_and_the_partner_stays(full: bool) -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    winner = world.anna.add(email="ann@other.test", name="Ann Lee")
    world.anna.merge(winner, ann)
    if not full:
        world.bert.edit(partner, phone="+41446681800")
    world.run(full=full)
    world.rest()
    assert (winner, partner) in world.pairs()
    assert len(world.anna.live()) == len(world.bert.live()) == 5
    assert world.in_step()


def test_difference_that_an_undo_has_left_outlives_a_merge() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    partner = world.partner(ann)
    world.bert.edit(partner, name="Ann Lee")
    world.undo(world.run().run_id)
    world.bert.edit(partner, phone="+41446681800")
    winner = world.anna.add(email="p0@x.test", name="P0")
    world.anna.merge(winner, ann)
    world.run(full=True)
    world.rest()
    assert world.partner(winner) == partner
    assert (world.anna.values(winner)["name"], world.bert.values(partner)["name"]) == ("P0", "Ann Lee")
    assert world.anna.values(winner)["phone"] == "+41446681800"


@pytest.mark.parametrize("linked", [2, 1], ids=["both linked", "one linked"])
def test_opting_in_that_a_merge_brought_is_no_persons(linked: int) -> None:
    out = Field("out", FieldType.BOOLEAN, "Opted out")
    maps = [*(FieldMap(each, each) for each in PEOPLE), FieldMap(out, out, consent=(True, True))]
    world = TwoApps(bert=Traits(carries_values=False, reports_deletes=False), fields=(*PEOPLE, out), maps=maps)
    world.connectors[Side.RIGHT].__class__ = Telling
    ann = world.anna.add(email="ann@x.test", name="Ann", out="true")
    world.rest()
    world.clock.advance(3600)
    loser = world.bert.add(email="bob@x.test", out="false")
    for _ in range(linked):
        world.run()
    assert len(world.pairs()) == linked
    world.bert.edit(world.partner(ann), out=None)
    world.bert.merge(world.partner(ann), loser)
    assert world.bert.values(world.partner(ann))["out"] == "false"
    world.rest()
    assert world.anna.values(ann)["out"] == "true"


def test_opting_in_of_the_survivor_is_no_persons_where_the_merged_one_was_being_copied() -> None:
    out = Field("out", FieldType.BOOLEAN, "Opted out")
    maps = [*(FieldMap(each, each) for each in PEOPLE), FieldMap(out, out, consent=(True, True))]
    world = TwoApps(anna=Traits(reports_deletes=False), fields=(*PEOPLE, out), maps=maps)
    world.connectors[Side.LEFT].__class__ = Telling
    ann = world.anna.add(email="ann@x.test", name="Ann", out="true")
    world.bert.fail("write create", OutcomeUnknown(app="Bert", reason="time-out"), when="after")
    world.run()
    assert [parse_boolean(each.values["out"]) for each in world.bert.live()] == [True]
    survivor = world.anna.add(name="Ann", out="false")
    world.anna.merge(survivor, ann)
    world.clock.advance(3600)
    world.rest()
    (copy,) = world.bert.live()
    assert (survivor, copy.id) in world.pairs()
    assert parse_boolean(copy.values["out"]) is True


@pytest.mark.parametrize("linked", [2, 1], ids=["both linked", "one linked"])
def test_change_of_case_after_a_merge_is_a_persons(linked: int) -> None:
    world = TwoApps(bert=Traits(carries_values=False, reports_deletes=False))
    world.connectors[Side.RIGHT].__class__ = Telling
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    world.clock.advance(3600)
    loser = world.bert.add(email="bob@x.test")
    for _ in range(linked):
        world.run()
    partner = world.partner(ann)
    world.bert.merge(partner, loser)
    world.bert.edit(partner, phone="1")
    world.run()
    world.bert.edit(partner, name="ANN")
    world.rest()
    assert world.anna.values(ann)["name"] == "ANN"


@pytest.mark.parametrize("state", ["on", "off"])
def test_what_waited_at_a_record_that_was_merged_away_waits_no_longer(state: str) -> None:
    refuses = Traits(refuses=lambda item: ("too long", ("name",)) if item.values.get("name") == "Bad" else None)
    world = TwoApps(bert=refuses)
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    world.anna.edit(ann, name="Bad")
    world.run()
    assert [hold.record_id for hold in world.holds()] == [partner]
    winner = world.bert.add(email="ann@other.test", name="Ann Lee")
    world.bert.merge(winner, partner)
    Sync.objects.filter(pk=world.sync.pk).update(state=state)
    world.preview()
    assert (ann, winner) in world.pairs()
    assert partner not in {hold.record_id for hold in world.holds()}


@pytest.mark.parametrize("state", ["done", "dropped"])
def test_difference_that_a_write_has_left_is_agreed_only_if_it_was_carried_out(state: str) -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    link = links.live_by_record(world.sync, Side.RIGHT, [partner])[partner]
    shadow = links.shadows([link.id])[link.id][Side.RIGHT]
    differs = {key: each._replace(value="Pete") if key == "name=name" else each for key, each in shadow.items()}
    links.save_shadows(world.sync.workspace_id, [(link.id, Side.RIGHT, differs)])
    world.bert.items[partner].values["name"] = "Pete"
    sent = Entry(0, 1, link.id, Side.RIGHT, partner, "update", state, "R6", "", {})
    journal.add(world.sync, 1, [sent], world.clock())
    winner = world.bert.add(**world.bert.values(partner))
    world.bert.merge(winner, partner)
    world.run(full=True)
    world.rest()
    assert (ann, winner) in world.pairs()
    same = world.anna.values(ann)["name"] == world.bert.values(winner)["name"]
    assert same == (state == "dropped")


def test_what_a_merge_replaces_is_in_the_journal() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    winner = world.anna.add(email="ann@other.test", name="Ann Lee")
    world.anna.merge(winner, ann)
    world.run(full=True)
    world.rest()
    replaced = {
        (write.field, write.before, write.after)
        for entry in journal.of_record(world.sync, Side.RIGHT, partner)
        for write in entry.writes.values()
    }
    assert replaced == {("email", "p0@x.test", "ann@other.test"), ("name", "P0", "Ann Lee")}


def test_merge_of_two_linked_records_ends_one_link_and_leaves_its_partner_alone() -> None:
    world = TwoApps()
    winner, loser, *_ = world.crowd(5)
    left_alone, kept = world.partner(loser), world.partner(winner)
    world.anna.merge(winner, loser)
    before = world.written()
    world.run(full=True)
    world.rest()
    assert (winner, kept) in world.pairs()
    assert loser not in {left for left, _ in world.pairs()}
    assert world.bert.items[left_alone].live
    assert len(world.anna.live()) == 4, "the partner is not made again in Anna"
    assert world.written() == before
    [ended] = db.rows("SELECT ended_by, survivor FROM link WHERE state='ended'")
    assert ended == ("R0: Anna merged it", "right")
    [hold] = world.holds()
    assert (hold.side, hold.record_id, hold.rule, hold.kind) == ("right", left_alone, "R0", "match")
    assert hold.reason == f"these two pairs became one record in Anna: {loser} was merged into {winner}"
    assert hold.data["candidates"] == [["left", winner], ["right", kept]]


@pytest.mark.parametrize("primary", [0, 1])
def test_of_two_pairs_that_become_one_that_goes_on_whose_values_are_kept(primary: int) -> None:
    world = TwoApps()
    ids = world.crowd(15)[:2]
    partners = [world.partner(id) for id in ids]
    survivor = world.anna.add(**world.anna.values(ids[primary]))
    for id in ids:
        world.anna.merge(survivor, id)
    before = world.written()
    world.run(full=True)
    world.rest()
    assert (survivor, partners[primary]) in world.pairs()
    assert [hold.record_id for hold in world.holds()] == [partners[1 - primary]]
    assert world.written() == before, "nobody is made the other"


@pytest.mark.parametrize("new_id", [True, False])
def test_who_is_left_over_by_a_merge_is_not_made_again_though_merged_itself(new_id: bool) -> None:
    world = TwoApps()
    winner, loser, *_ = world.crowd(8)
    left_over, kept = world.partner(loser), world.partner(winner)
    world.anna.merge(winner, loser)
    world.run(full=True)
    survivor = world.bert.add(email="p1@x.test", name="P1") if new_id else left_over
    if new_id:
        world.bert.merge(survivor, left_over)
    latest = world.anna.add(email="p0@x.test", name="P0")
    world.anna.merge(latest, winner)
    world.run(full=True)
    world.rest()
    assert len(world.anna.live()) == 7, "nobody is made for it"
    [hold] = world.holds()
    assert (hold.record_id, hold.data["candidates"]) == (survivor, [["left", latest], ["right", kept]])


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_partner_that_a_person_has_chosen_is_that_of_what_the_record_was_merged_into(side: Side) -> None:
    world = TwoApps()
    world.crowd(6)
    ids = {each: world.apps[each].add(email=f"{each}@x.test", name="Ann") for each in Side}
    with db.transaction_():
        decisions.choose(world.sync, ids, world.clock())
    app = world.apps[side]
    survivor = app.add(email="ann@y.test", name="Ann")
    app.merge(survivor, ids[side])
    world.run(full=True)
    world.rest()
    assert tuple({**ids, side: survivor}.values()) in world.pairs()
    assert world.holds() == []


def test_choice_does_not_stand_where_the_other_record_of_a_merge_is_left_out() -> None:
    world = TwoApps()
    world.crowd(8)
    one, two = (world.anna.add(email="ann@x.test", name="Ann") for _ in range(2))
    there = world.bert.add(email="ann@x.test", name="Ann Lee")
    world.rest()
    holds = {hold.record_id: hold for hold in world.holds()}
    with db.transaction_():
        decisions.choose(world.sync, {Side.LEFT: one, Side.RIGHT: there}, world.clock())
        decisions.leave_out(world.sync, holds[two], "dana", world.clock())
    survivor = world.anna.add(email="ann@x.test", name="Ann")
    for each in (one, two):
        world.anna.merge(survivor, each)
    before = world.written()
    world.run(full=True, approved=True)
    world.rest()
    assert world.written() == before
    assert [(hold.record_id, hold.data.get("chosen")) for hold in world.holds()] == [(there, None)]


def test_archived_partner_ends_the_link_and_is_not_made_again() -> None:
    world = TwoApps(Traits(reports_deletes=False))
    ann, *_ = world.crowd(10)
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.rest()
    assert (ann, partner) in world.pairs(), "a listing it is missing from proves nothing"
    world.run(full=True)
    world.rest()
    assert (ann, partner) not in world.pairs()
    assert not world.anna.holding("email", "p0@x.test")
    assert world.bert.items[partner].live


def test_archived_partner_is_not_made_again_when_the_other_one_is_merged() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    world.bert.delete(partner)
    world.run(full=True)
    winner = world.anna.add(email="ann@other.test", name="Ann Lee")
    world.anna.merge(winner, ann)
    world.run(full=True)
    world.rest()
    assert len(world.bert.live()) == 4
    world.bert.restore(partner)
    world.run(full=True)
    assert (winner, partner) in world.pairs(), "it takes its former partner back"


def test_archived_partner_found_out_by_a_write_ends_the_link() -> None:
    world = TwoApps(bert=Traits(reports_deletes=False, conditional=True))
    ann, *_ = world.crowd(10)
    partner = world.partner(ann)
    world.bert.delete(partner)
    world.anna.edit(ann, name="Ann Lee")
    world.rest()
    assert ann not in {left for left, _ in world.pairs()}
    assert len(world.bert.live()) == 9
    assert world.anna.values(ann)["name"] == "Ann Lee"


def test_restored_record_takes_its_former_partner_back() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(10)
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.rest()
    world.anna.restore(ann)
    world.rest()
    assert (ann, partner) in world.pairs()
    assert len(world.anna.live()) == len(world.bert.live()) == 10


def test_record_made_anew_by_a_person_is_linked_to_the_survivor() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(10)
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.rest()
    again = world.anna.add(email="p0@x.test", name="P0 again")
    world.rest()
    assert (again, partner) in world.pairs()
    assert world.in_step()


def test_gone_on_both_sides_closes_the_link() -> None:
    world = TwoApps()
    ann, *others = world.crowd(10)
    world.bert.delete(world.partner(ann))
    world.anna.delete(ann)
    world.rest()
    assert [left for left, _ in world.pairs()] == others
    assert db.value("SELECT ended_by FROM link WHERE state='ended'").startswith("R5")


def test_half_a_character_holds_one_record_and_no_other() -> None:
    """Some app has cut a text in the middle: that record waits until it is mended, all others are synced."""
    world = TwoApps()
    ann, *rest = world.crowd(5)
    world.anna.edit(ann, name="Ann \ud83d")
    world.anna.edit(rest[0], name="Ben")
    world.run()
    world.rest()
    assert world.bert.values(world.partner(rest[0]))["name"] == "Ben"
    assert world.bert.values(world.partner(ann))["name"] == "P0"
    (hold,) = world.holds()
    assert (hold.record_id, hold.rule) == (ann, "R13")
    assert "name holds half a character" in hold.reason
    world.anna.edit(ann, name="Ann")
    world.rest()
    assert world.in_step()
    assert world.holds() == []


def test_record_that_a_listing_says_is_gone_and_is_there_keeps_its_link() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    partner = world.partner(ann)
    world.bert.gone.append(partner)
    world.run()
    assert (ann, partner) in world.pairs()
    world.anna.edit(ann, name="Ann")
    world.rest()
    assert world.bert.values(partner)["name"] == "Ann"


def test_hold_of_a_record_that_is_gone_is_closed() -> None:
    world = TwoApps()
    world.crowd(5)
    twin = world.anna.add(email="p0@x.test", name="Twin")
    world.rest()
    assert [hold.record_id for hold in world.holds()] == [twin]
    world.anna.delete(twin)
    world.rest()
    assert world.holds() == []


def test_number_that_is_too_long_holds_one_record_and_no_other() -> None:
    world = TwoApps(fields=(*PEOPLE, Field("age", FieldType.NUMBER, "Age")))
    ann, ben, *_ = world.crowd(5)
    world.anna.edit(ann, age=2**70)
    world.anna.edit(ben, age=7)
    world.rest()
    assert world.bert.values(world.partner(ben))["age"] == "7"
    assert [(hold.record_id, hold.rule) for hold in world.holds()] == [(ann, "R13")]


def test_twin_that_is_held_is_looked_at_again_when_our_own_write_changes_the_key_it_shares() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(5)
    twin = world.anna.add(email="p0@x.test", name="Twin")
    world.rest()
    assert [hold.record_id for hold in world.holds()] == [twin]
    world.bert.edit(world.partner(ann), email="other@x.test")
    world.rest()
    assert world.holds() == []
    assert world.in_step()


def test_where_an_app_stamps_nothing_another_version_or_value_tells_of_a_save() -> None:
    world = TwoApps()
    feed = world.context().ends[Side.LEFT].feed
    record = Record("a1", {"name": "Ann"}, version="1")

    def seen_at(now: float, news: Record) -> float:
        absorb(feed, [News("a1", news)], now, now)
        return feeds.seen_by_id(feed.pk, ["a1"])["a1"].stamp_seen_at

    assert seen_at(1.0, record) == 1.0
    assert seen_at(2.0, record) == 1.0
    assert seen_at(3.0, replace(record, version="2")) == 3.0
    assert seen_at(4.0, replace(record, version="2", values={"name": "Bea"})) == 4.0


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("deed", ["unlinked", "partner deleted"])
def test_for_whom_nobody_is_made_nobody_is_made_though_the_link_of_the_other_one_of_a_merge_ended_later(
    deed: str, own: bool
) -> None:
    """Of the two records one was unlinked, or its partner was deleted, and the other one's link ended so that it could
    be made anew; whichever of them is left."""
    world = TwoApps()
    ann, *_ = world.crowd(6)
    partner = world.partner(ann)
    other = world.anna.add(email="other@x.test", name="Other")
    gone = world.bert.add(email="other@x.test", name="Other")
    world.rest()
    if deed == "unlinked":
        with db.transaction_():
            decisions.unlink(world.sync, links.live_by_record(world.sync, Side.LEFT, [ann])[ann], world.clock())
    else:
        world.bert.delete(partner)
    world.run()
    [link] = links.live_by_record(world.sync, Side.LEFT, [other]).values()
    links.end(link.id, world.clock() + 10.0, "R5: both are gone")
    world.bert.delete(gone)
    world.anna.edit(other, email="none@x.test")
    world.anna.merge(*((ann, other) if own else (other, ann)))
    world.anna.edit(ann if own else other, email="none@x.test")
    before = world.written()
    world.run(full=True, approved=True)
    world.rest()
    assert world.written() == before


def test_word_that_one_is_new_makes_nobody_for_whom_it_was_merged_into_and_whose_partner_was_deleted() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(6)
    partner = world.partner(ann)
    other = world.anna.add(email="other@x.test", name="Other")
    world.bert.add(email="other@x.test", name="Other")
    world.rest()
    with db.transaction_():
        decisions.unlink(world.sync, links.live_by_record(world.sync, Side.LEFT, [other])[other], world.clock())
    world.bert.delete(partner)
    world.run()
    world.anna.merge(other, ann)
    with db.transaction_():
        decisions.make_new(world.sync, Side.LEFT, other)
    before = world.written()
    world.run(full=True, approved=True)
    world.rest()
    assert world.written() == before
