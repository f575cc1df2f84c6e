"""What happens to values: nothing a person typed is lost, nothing old comes back, nothing is erased."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bothways.engine.sides import Direction, Side
from bothways.engine.spec import FieldMap
from bothways.records import Value
from bothways.sync.run import run
from tests.memory_app import PEOPLE, MemoryApp, Traits
from tests.two_apps import TwoApps

EMAIL, NAME, PHONE = PEOPLE

PLAIN = Traits()
UNIQUE = Traits(unique="email")
INDEXED = Traits(lag=10.0)


def shouting(name: str, value: Value) -> Value:
    """Keep names in capitals, as some apps do."""
    return value.upper() if name == "name" and isinstance(value, str) else value


@pytest.mark.parametrize("traits", [PLAIN, UNIQUE, INDEXED], ids=["plain", "unique", "indexed"])
def test_a_changed_email_of_a_linked_pair_makes_no_new_record(traits: Traits) -> None:
    world = TwoApps(traits, traits)
    ann = world.anna.add(email="ann@old.test", name="Ann")
    world.rest()
    world.anna.edit(ann, email="ann@new.test")
    world.rest()
    assert len(world.anna.live()) == len(world.bert.live()) == 1
    assert world.bert.values(world.partner(ann))["email"] == "ann@new.test"


def test_a_email_changed_on_both_sides_to_two_addresses_makes_no_new_record() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@old.test", name="Ann")
    world.rest()
    world.anna.edit(ann, email="ann@home.test")
    world.bert.edit(world.partner(ann), email="ann@work.test")
    world.rest()
    assert len(world.anna.live()) == len(world.bert.live()) == 1
    assert world.in_step()
    assert lost_values(world) == ["ann@work.test"]


def test_f_deleted_on_one_side_and_edited_on_the_other_keeps_the_edit() -> None:
    world = TwoApps()
    ann, *others = world.crowd(10)
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.bert.edit(partner, name="Ann Lee")
    before = world.written()
    world.rest()
    assert world.written() == before
    assert world.bert.values(partner)["name"] == "Ann Lee"
    assert [item.id for item in world.anna.live()] == others
    world.bert.edit(partner, name="Ann Lee-Kay")
    world.rest()
    assert world.written() == before, "the later edits of the survivor are not pushed"


@pytest.mark.parametrize("reported", [True, False], ids=["told", "swept"])
def test_f_edit_made_before_the_delete_is_had_back_from_the_journal(reported: bool) -> None:
    world = TwoApps(Traits(reports_deletes=reported))
    ann, *others = world.crowd(10)
    partner = world.partner(ann)
    world.anna.edit(ann, name="Ann Lee")
    world.run()
    world.anna.delete(ann)
    world.run(full=True)
    unlinked = [entry for entry in world.journal() if entry.kind == "unlink"]
    seen = {entry.record_id: entry.writes["name=name"].before for entry in unlinked}
    assert seen == {ann: "Ann Lee", partner: "Ann Lee"}
    assert [left for left, _ in world.pairs()] == others


@pytest.mark.parametrize(
    ("anna", "bert"),
    [(PLAIN, PLAIN), (Traits(conditional=True), UNIQUE), (PLAIN, Traits(rewrite=shouting)), (INDEXED, PLAIN)],
    ids=["plain", "conditional", "rewriting", "indexed"],
)
def test_h_flip_flop_edits_end_equal_and_no_older_value_comes_back(anna: Traits, bert: Traits) -> None:
    world = TwoApps(anna, bert)
    ann = world.anna.add(email="ann@x.test", name="v0")
    world.rest()
    partner = world.partner(ann)
    for number, (app, id) in enumerate([(world.anna, ann), (world.bert, partner)] * 2 + [(world.anna, ann)], 1):
        world.clock.advance(1.0)
        app.edit(id, name=f"v{number}")
        world.clock.advance(1.0)
        run(world.context())
    world.rest()
    held = {str(app.values(id)["name"]).lower() for app, id in ((world.anna, ann), (world.bert, partner))}
    assert held == {"v5"}
    for app in (world.anna, world.bert):
        assert versions(app) == sorted(versions(app)), "an older value was written over a newer one"


def test_h_one_person_flipping_between_two_values_ends_with_the_last() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Lee")
    world.rest()
    for number in range(5):
        world.anna.edit(ann, name=("Kay", "Lee")[number % 2])
        world.clock.advance(2.0)
        run(world.context())
    world.rest()
    assert world.bert.values(world.partner(ann))["name"] == world.anna.values(ann)["name"] == "Kay"
    assert world.holds() == []


@pytest.mark.parametrize("direction", [Direction.BOTH, Direction.TO_RIGHT])
@pytest.mark.parametrize("clearing", [False, True], ids=["kept", "clearing follows"])
def test_i_empty_winner_at_first_link_erases_nothing(direction: Direction, clearing: bool) -> None:
    maps = [FieldMap(EMAIL, EMAIL)]
    maps += [FieldMap(each, each, direction, clearing_follows=clearing) for each in (NAME, PHONE)]
    world = TwoApps(maps=maps, default=Side.LEFT)
    ann = world.anna.add(email="ann@x.test", name="", phone=None)
    bea = world.bert.add(email="ann@x.test", name="Ann Lee", phone="+41446681800")
    world.rest()
    assert world.pairs() == [(ann, bea)]
    assert world.bert.values(bea) == {"email": "ann@x.test", "name": "Ann Lee", "phone": "+41446681800"}
    if direction is Direction.BOTH:
        assert world.in_step(), "the blanks of the winner are filled instead"


def test_m_undo_leaves_edits_made_after_the_run() -> None:
    world = TwoApps()
    people = [world.anna.add(email=f"{name}@x.test", name=name) for name in ("ann", "ben", "cem")]
    world.rest()
    for id in people:
        world.anna.edit(id, name="changed")
    run_id = world.run().run_id
    ben = world.partner(people[1])
    world.bert.edit(ben, name="Benedict")
    report = world.undo(run_id)
    assert (report.restored, report.removed) == (2, 0)
    assert report.kept == [("Bert", ben, "Name was edited since")]
    names = [world.bert.values(world.partner(id))["name"] for id in people]
    assert names == ["ann", "Benedict", "cem"]
    wrote = len(world.bert.writes)
    world.rest()
    assert len(world.bert.writes) == wrote, "an undone write is not made again"
    assert world.anna.values(people[1])["name"] == "Benedict", "the edit after the run flows on"


def test_m_undo_of_creates_keeps_the_record_that_was_edited_since() -> None:
    world = TwoApps()
    people = [world.anna.add(email=f"{name}@x.test", name=name) for name in ("ann", "ben", "cem")]
    run_id = world.run().run_id
    touched = world.partner(people[0])
    world.bert.edit(touched, phone="+41446681800")
    report = world.undo(run_id)
    assert (report.removed, [kept[:2] for kept in report.kept]) == (2, [("Bert", touched)])
    world.rest()
    assert [item.id for item in world.bert.live()] == [touched]
    assert len(world.anna.live()) == 3, "the records that they were made from stay"


def test_n_burst_of_saves_is_written_once_with_its_last_value() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="A")
    world.rest()
    wrote = world.written()
    for end in range(1, len("Annabel Lee") + 1):
        world.anna.edit(ann, name="Annabel Lee"[:end])
        world.clock.advance(0.05)
    world.rest()
    assert [each.values for each in world.writes[wrote:]] == [{"name": "Annabel Lee"}]


def test_n_save_between_planning_and_writing_never_ends_with_half_a_word() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="A")
    world.rest()
    world.anna.edit(ann, name="Anna")

    def go_on_typing() -> None:
        world.clock.advance(0.05)
        world.anna.edit(ann, name="Annabel")

    world.bert.once("before", "write update", go_on_typing)
    world.rest()
    assert world.bert.values(world.partner(ann))["name"] == "Annabel"
    assert world.anna.values(ann)["name"] == "Annabel"


def lost_values(world: TwoApps) -> list[Value]:
    """Return the edits that lost a conflict, as the journal keeps them."""
    return [write.before for entry in world.journal() for write in entry.writes.values() if write.conflict]


def versions(app: MemoryApp) -> Sequence[str]:
    """Return the names written to an app, in order."""
    return [str(each.values["name"]).lower() for each in app.writes if "name" in each.values]


def test_edit_of_a_text_that_was_cut_waits_and_takes_nothing_away() -> None:
    short = FieldMap(NAME, replace(NAME, max_length=5))
    world = TwoApps(maps=[FieldMap(EMAIL, EMAIL), short, FieldMap(PHONE, PHONE)])
    ann = world.anna.add(email="ann@x.test", name="Annabelle Lee")
    world.rest()
    partner = world.partner(ann)
    assert world.bert.values(partner)["name"] == "Annab"
    world.bert.edit(partner, name="Anne", phone="+41446681800")
    world.rest()
    assert (world.anna.values(ann)["name"], world.anna.values(ann)["phone"]) == ("Annabelle Lee", "+41446681800")
    (hold,) = world.holds()
    assert "the rest would be lost" in hold.reason
    world.anna.edit(ann, name="Anne Lee")
    world.rest()
    assert (world.anna.values(ann)["name"], world.bert.values(partner)["name"]) == ("Anne Lee", "Anne")
    assert world.holds() == []
