"""Undo: back goes what nobody touched, all else stays and is told, and nothing is done again."""

from dataclasses import replace

import pytest

from bothways.connectors.base import WriteItem
from bothways.engine.deletes import Deletes, Removal
from bothways.engine.sides import SIDES, Side
from bothways.errors import AppUnreachable, OutcomeUnknown
from bothways.ledger import db, due, journal, links
from bothways.ledger.models import Run
from bothways.sync import decisions
from bothways.sync.undo import preview_undo
from tests.memory_app import Traits
from tests.sync.crashes import Crash, Moments, Snapshot
from tests.two_apps import TwoApps


def done(traits: Traits | None = None) -> tuple[TwoApps, list[str], int]:
    """Return two apps after a run that changed two records, one on each side, and made one on each."""
    world = TwoApps(traits, traits)
    people = world.crowd(4)
    made = [world.anna.add(email="a@new.test", name="A"), world.bert.add(email="b@new.test", name="B")]
    world.run()
    if traits and traits.lag:
        world.run()
    world.anna.edit(people[0], name="Ann Lee", phone="+41446681800")
    world.bert.edit(world.partner(people[1]), name="Ben Lee")
    report = world.run()
    assert report.written == {"create left": 1, "create right": 1, "update left": 1, "update right": 1}
    assert made
    return world, people, report.run_id


def part(world: TwoApps, left: str) -> None:
    """Let a person unlink a pair."""
    with db.transaction_():
        decisions.unlink(world.sync, links.live_by_record(world.sync, Side.LEFT, [left])[left], world.clock())


def join(world: TwoApps, left: str, right: str) -> None:
    """Let a person link two records."""
    with db.transaction_():
        decisions.choose(world.sync, {Side.LEFT: left, Side.RIGHT: right}, world.clock())


def names(world: TwoApps, id: str) -> tuple[object, object]:
    """Return the names that a pair holds, Anna's first."""
    return world.anna.values(id)["name"], world.bert.values(world.partner(id))["name"]


@pytest.mark.parametrize(
    "traits",
    [Traits(), Traits(conditional=True), Traits(lag=10.0, answers_writes=False), Traits(batch_write=1)],
    ids=["plain", "conditional", "indexed", "one by one"],
)
def test_undo_puts_both_sides_back_and_the_next_runs_leave_it_so(traits: Traits) -> None:
    world, people, run_id = done(traits)
    report = world.undo(run_id)
    assert (report.restored, report.removed, report.kept) == (2, 2, [])
    assert names(world, people[0]) == ("Ann Lee", "P0")
    assert "phone" not in world.bert.values(world.partner(people[0]))
    assert names(world, people[1]) == ("P1", "Ben Lee")
    assert (len(world.anna.live()), len(world.bert.live())) == (5, 5)
    before = world.written()
    world.rest()
    world.run(full=True)
    assert world.written() == before, "nothing that was undone is done again"


def test_undone_record_is_synced_again_when_a_person_changes_it() -> None:
    world, people, run_id = done()
    world.undo(run_id)
    world.rest()
    world.anna.edit(people[0], name="Ann Kay")
    world.rest()
    assert names(world, people[0]) == ("Ann Kay", "Ann Kay")


def test_preview_of_an_undo_says_what_it_will_do_and_writes_nothing() -> None:
    world, people, run_id = done()
    world.bert.edit(world.partner(people[0]), name="Ann Kay")
    before = world.written()
    world.clock.advance(1.0)
    shown = preview_undo(world.context(), Run.objects.get(pk=run_id))
    assert world.written() == before
    report = world.undo(run_id)
    assert (shown.restored, shown.removed, shown.kept) == (report.restored, report.removed, report.kept)
    assert report.kept == [("Bert", world.partner(people[0]), "Name was edited since")]
    assert "phone" not in world.bert.values(world.partner(people[0])), "its other field is put back"


def test_undo_can_be_undone() -> None:
    world, people, run_id = done()
    undone = world.undo(run_id).run_id
    world.undo(undone)
    assert names(world, people[0]) == ("Ann Lee", "Ann Lee")
    assert names(world, people[1]) == ("Ben Lee", "Ben Lee")


def test_undo_is_a_run_of_its_own_with_every_write_in_the_journal() -> None:
    world, _, run_id = done()
    since = [len(app.writes) for app in (world.anna, world.bert)]
    undone = world.undo(run_id).run_id
    record = Run.objects.get(pk=undone)
    assert (record.kind, record.undoes, record.state) == ("undo", run_id, "done")
    entries = {entry.id: entry for entry in world.journal(undone)}
    writes = [each for app, start in zip((world.anna, world.bert), since, strict=True) for each in app.writes[start:]]
    assert len(entries) == len(writes) == 4
    assert {(entry.kind, entry.rule, entry.state) for entry in entries.values()} == {
        ("undo", "undo", "done"),
        ("archive", "undo", "done"),
    }
    restored = {
        (write.field, write.before, write.after) for entry in entries.values() for write in entry.writes.values()
    }
    assert restored == {("name", "Ann Lee", "P0"), ("phone", "+41446681800", None), ("name", "Ben Lee", "P1")}


def test_record_that_is_gone_or_refused_is_told_and_the_rest_is_put_back() -> None:
    def stubborn(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        return ("locked", ()) if item.values.get("name") == "P0" else None

    world = TwoApps(bert=Traits(refuses=stubborn))
    people = world.crowd(12)
    for id in people[:3]:
        world.anna.edit(id, name="changed")
    run_id = world.run().run_id
    partners = [world.partner(id) for id in people[:3]]
    world.bert.delete(partners[1])
    report = world.undo(run_id)
    assert report.restored == 1
    assert sorted(report.kept) == [("Bert", partners[0], "locked"), ("Bert", partners[1], "no longer there")]
    assert world.bert.values(partners[2])["name"] == "P2"


def test_created_record_that_has_taken_in_somebody_elses_stays() -> None:
    """Its mapped fields need not show it, and with it would go what was merged into it."""
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    run_id = world.run().run_id
    partner, own = world.partner(ann), world.bert.add(email="old@x.test", name="Ann")
    world.run()
    world.bert.merge(partner, own)
    world.run(full=True)
    report = world.undo(run_id)
    assert (report.removed, report.kept) == (0, [("Bert", partner, "created by the run, edited since")])
    assert [each.id for each in world.bert.live()] == [partner]


@pytest.mark.parametrize("again", [True, False])
def test_value_put_back_of_a_record_that_is_linked_anew_goes_no_further(again: bool) -> None:
    """A person has unlinked the two since, and linked them again, or one of them with another record."""
    world, people, run_id = done()
    ann, partner = people[0], world.partner(people[0])
    part(world, ann)
    other = ann if again else world.anna.add(email="p0@other.test", name="Ann Lee", phone="+41446681800")
    join(world, other, partner)
    world.rest()
    assert (other, partner) in world.pairs()
    assert world.undo(run_id).restored == 2
    with db.transaction_():
        due.mark_everything(world.context().sync)
    world.rest()
    assert (world.anna.values(other)["name"], world.bert.values(partner)["name"]) == ("Ann Lee", "P0")


def test_created_record_that_a_person_has_linked_to_another_stays() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    run_id = world.run().run_id
    partner = world.partner(ann)
    part(world, ann)
    world.rest()
    other = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    join(world, other, partner)
    world.rest()
    report = world.undo(run_id)
    assert (report.removed, report.kept) == (
        0,
        [("Bert", partner, "created by the run, linked to another record since")],
    )
    assert (other, partner) in world.pairs()


def test_removal_of_a_created_record_is_no_deletion_to_be_carried_over_though_it_was_linked_anew() -> None:
    world = TwoApps()
    world.crowd(3)
    world.spec = replace(world.spec, deletes=Deletes(dict.fromkeys(SIDES, Removal.ARCHIVE), grace=0.0))
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    run_id = world.run().run_id
    partner = world.partner(ann)
    part(world, ann)
    world.rest()
    join(world, ann, partner)
    world.rest()
    assert world.undo(run_id).removed == 1
    world.rest()
    assert (world.anna.items[ann].live, world.bert.items[partner].live) == (True, False)


def test_undo_of_a_run_that_only_linked_writes_nothing() -> None:
    world = TwoApps()
    world.anna.add(email="ann@x.test", name="Ann")
    world.bert.add(email="ann@x.test", name="Ann")
    report = world.undo(world.run().run_id)
    assert (report.restored, report.removed, world.written()) == (0, 0, 0)
    assert len(world.pairs()) == 1


def test_app_that_is_down_fails_the_undo_and_a_second_one_ends_it() -> None:
    world, people, run_id = done()
    world.bert.fail("write update", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        world.undo(run_id)
    assert Run.objects.latest("id").state == "failed"
    assert journal.open_entries(world.sync) == []
    world.undo(run_id)
    assert names(world, people[0]) == ("Ann Lee", "P0")
    assert names(world, people[1]) == ("P1", "Ben Lee")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["update", "archive"])
def test_undo_of_unknown_outcome_is_found_out_and_can_be_ended(kind: str, when: str) -> None:
    world, people, run_id = done()
    world.bert.fail(f"write {kind}", OutcomeUnknown(app="Bert", reason="time-out"), when=when)
    world.undo(run_id)
    world.run()
    assert journal.open_entries(world.sync) == []
    world.undo(run_id)
    world.rest()
    assert names(world, people[0]) == ("Ann Lee", "P0")
    assert names(world, people[1]) == ("P1", "Ben Lee")
    assert (len(world.anna.live()), len(world.bert.live())) == (5, 5)
    assert db.value("SELECT COUNT(*) FROM link WHERE state='active'") == 4


def test_crash_at_any_moment_of_an_undo_is_made_good_by_a_second_one() -> None:
    world, people, run_id = done()
    start = Snapshot(world)
    moments = Moments(world)
    world.undo(run_id)
    moments.over(world)
    assert "after write archive" in moments.passed
    for number, moment in moments.lasting():
        start.restore()
        crashing = Moments(world, number)
        with pytest.raises(Crash):
            world.undo(run_id)
        crashing.over(world)
        world.run()
        world.undo(run_id)
        world.rest()
        held = (names(world, people[0]), names(world, people[1]), len(world.anna.live()), len(world.bert.live()))
        assert held == (("Ann Lee", "P0"), ("P1", "Ben Lee"), 5, 5), f"crash at moment {number}, {moment}"
        assert journal.open_entries(world.sync) == []


@pytest.mark.parametrize("crash", [False, True])
def test_undo_that_broke_off_after_its_write_is_not_done_again_by_a_run(crash: bool) -> None:
    """The other side keeps its own value, and that is agreed, however the outcome is found out."""
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann")
    run_id = world.run().run_id

    def stop() -> None:
        raise Crash

    if crash:
        world.bert.once("after", "write update", stop)
        with pytest.raises(Crash):
            world.undo(run_id)
    else:
        world.bert.fail("write update", OutcomeUnknown(app="Bert", reason="time-out"), when="after")
        world.undo(run_id)
    before = world.written()
    world.rest()
    assert names(world, ann) == ("Ann", "P0")
    assert world.written() == before


def test_undo_first_finds_out_what_became_of_a_write_that_broke_off() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann")

    def stop() -> None:
        raise Crash

    world.bert.once("after", "write update", stop)
    with pytest.raises(Crash):
        world.run()
    run_id = Run.objects.latest("id").pk
    assert preview_undo(world.context(), Run.objects.get(pk=run_id)).restored == 1
    assert world.undo(run_id).restored == 1
    assert names(world, ann) == ("Ann", "P0")


def test_link_with_an_open_write_is_not_touched_and_told() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann")
    run_id = world.run().run_id
    world.anna.edit(ann, name="Anne")
    world.bert.fail("write update", OutcomeUnknown(app="Bert", reason="time-out"), when="after")
    world.run()
    world.bert.fail("read", AppUnreachable(app="Bert", reason="no route"))
    with pytest.raises(AppUnreachable):
        world.undo(run_id)
    assert len(world.open_intents()) == 1
    world.undo(run_id)
    assert names(world, ann) == ("Anne", "Anne"), "edited since, by the second run"


def test_rewriting_by_the_app_is_no_edit_that_an_undo_would_keep() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ben Lee")
    made = world.anna.add(email="new@x.test", name="Cy Day")
    world.run()
    run_id = world.run().run_id
    for id, name in ((ann, "BEN LEE"), (made, "CY DAY")):
        world.bert.edit(world.partner(id), name=name)
    world.run()
    runs = {entry.run_id for entry in world.journal() if entry.kind in ("update", "create")}
    reports = [world.undo(each) for each in sorted(runs)]
    assert run_id in runs
    assert (sum(each.restored for each in reports), sum(each.removed for each in reports)) == (1, 1)
    assert [each.kept for each in reports] == [[] for _ in reports]


def test_value_that_the_app_does_not_take_back_is_told_as_left_and_not_as_put_back() -> None:
    world = TwoApps(None, Traits(rewrite=lambda name, value: "Ann" if value == "P0" else value))
    ann, ben, _ = world.crowd(3)
    for id in (ann, ben):
        world.anna.edit(id, name="Ann", phone="+41446681800")
    run_id = world.run().run_id
    report = world.undo(run_id)
    assert report.restored == 2
    assert report.kept == [("Bert", world.partner(ann), "Name still shows what the run wrote")]
    assert names(world, ann) == ("Ann", "Ann")
    assert names(world, ben) == ("Ann", "P1")
    assert "phone" not in world.bert.values(world.partner(ann))
    before = world.written()
    world.rest()
    assert (world.written(), world.holds()) == (before, [])
    assert world.undo(run_id).kept == [("Bert", world.partner(ann), "Name still shows what the run wrote")]


def test_undo_of_an_undo_tells_what_was_removed_and_where_to_have_it_back() -> None:
    world, _, run_id = done()
    first = world.undo(run_id)
    second = world.undo(first.run_id)
    assert second.restored == 2
    assert sorted(reason for _, _, reason in second.kept) == [
        "was removed; restore it in Anna",
        "was removed; restore it in Bert",
    ]


def test_pair_that_a_person_has_paused_is_paused_when_what_an_undo_has_removed_is_restored() -> None:
    world = TwoApps()
    world.crowd(3)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    run_id = world.run().run_id
    partner = world.partner(ann)
    with db.transaction_():
        decisions.pause(world.sync, links.live_by_record(world.sync, Side.LEFT, [ann])[ann], paused=True)
    assert world.undo(run_id).removed == 1
    world.rest()
    world.bert.restore(partner)
    world.anna.edit(ann, name="Anna")
    world.rest()
    assert (ann, partner) in world.pairs()
    assert world.bert.values(partner)["name"] == "Ann"
    with db.transaction_():
        decisions.pause(world.sync, links.live_by_record(world.sync, Side.LEFT, [ann])[ann], paused=False)
    world.rest()
    assert world.bert.values(partner)["name"] == "Anna"


def test_record_that_an_undo_removed_after_its_source_was_deleted_is_not_made_again_when_that_is_restored() -> None:
    world = TwoApps()
    world.crowd(3)
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    run_id = world.run().run_id
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.run(full=True)
    world.rest()
    assert world.undo(run_id).removed == 1
    world.anna.restore(ann)
    world.rest()
    assert len(world.bert.live()) == 3
    world.bert.restore(partner)
    world.rest()
    assert (ann, partner) in world.pairs()
