"""Writes of unknown outcome: found out before anything is sent again (rows R2 and R3)."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteResult
from bothways.engine.sides import Side
from bothways.engine.spec import Constant
from bothways.errors import AppUnreachable, OutcomeUnknown
from bothways.ledger import db, journal
from bothways.records import Field, FieldType
from bothways.sync import decisions
from bothways.sync.run import run
from tests.memory_app import PEOPLE, MemoryApp, Traits
from tests.sync.crashes import Crash
from tests.two_apps import TwoApps

TIME_OUT = OutcomeUnknown(app="Bert", reason="time-out")
WHENS = ["before", "half", "after"]
FINDS = {
    "marker": Traits(marker=True),
    "unique": Traits(unique="email"),
    "scan": Traits(),
    "scan of an index": Traits(lag=10.0),
}


@pytest.mark.parametrize("when", WHENS)
def test_updates_of_unknown_outcome_are_read_and_never_sent_twice(when: str) -> None:
    world = TwoApps()
    people = world.crowd(4)
    for id in people:
        world.anna.edit(id, name=f"{id} changed")
    world.bert.fail("write update", TIME_OUT, when=when)
    report = world.run()
    assert (report.state, report.written) == ("done", {})
    assert len(journal.open_entries(world.sync)) == 4
    world.rest()
    assert len(world.bert.writes) == 4
    assert world.in_step()
    assert journal.open_entries(world.sync) == []


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("traits", FINDS.values(), ids=FINDS)
def test_creates_of_unknown_outcome_are_found_and_never_made_twice(traits: Traits, when: str) -> None:
    world = TwoApps(bert=traits)
    for number in range(4):
        world.anna.add(email=f"p{number}@x.test", name=f"P{number}")
    world.bert.fail("write create", TIME_OUT, when=when)
    world.rest()
    assert len(world.bert.writes) == len(world.bert.live()) == 4
    assert world.in_step()


@pytest.mark.parametrize("traits", [FINDS["marker"], FINDS["scan"]], ids=["marker", "scan"])
def test_created_record_without_a_key_is_found_by_marker_or_by_all_that_was_sent(traits: Traits) -> None:
    world = TwoApps(bert=traits)
    world.anna.add(name="No Mail", phone="+41446681800")
    world.bert.fail("write create", TIME_OUT, when="after")
    world.rest()
    assert len(world.bert.live()) == 1
    assert world.in_step()


def test_record_that_was_created_before_its_app_kept_our_marks_is_not_looked_for_by_its_mark() -> None:
    world = TwoApps(bert=FINDS["scan"])
    world.anna.add(name="No Mail", phone="+41446681800")
    world.bert.fail("write create", TIME_OUT, when="after")
    world.run()
    marked = world.connectors[Side.RIGHT]
    marked.capabilities = replace(marked.capabilities, marker=True)
    world.rest()
    assert (len(world.bert.live()), world.in_step()) == (1, True)


@pytest.mark.parametrize("decision", ["linked", "apart", "new"])
def test_record_of_which_a_person_has_decided_otherwise_is_not_taken_for_a_lost_create(decision: str) -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.bert.fail("write create", TIME_OUT)
    world.run()
    theirs, other = (
        world.bert.add(email="ann@x.test", name="Annabel"),
        world.anna.add(email="ann@x.test", name="Annabel"),
    )
    world.run()
    with db.transaction_():
        if decision == "linked":
            decisions.choose(world.sync, {Side.LEFT: other, Side.RIGHT: theirs}, world.clock())
        elif decision == "apart":
            decisions.keep_two_apart(world.sync, {Side.LEFT: ann, Side.RIGHT: theirs})
        else:
            decisions.make_new(world.sync, Side.RIGHT, theirs)
    world.rest()
    assert (ann, theirs) not in world.pairs()
    assert ((other, theirs) in world.pairs()) is (decision == "linked")
    assert world.anna.values(ann)["name"] == "Ann"


def test_nobody_is_asked_about_a_record_any_more_once_it_was_found_to_be_what_was_created() -> None:
    world = TwoApps()
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.bert.fail("write create", TIME_OUT)
    world.run()
    theirs = world.bert.add(email="ann@x.test", name="Annabel")
    world.anna.add(email="ann@x.test", name="Annabel")
    world.run()
    assert (Side.RIGHT, theirs) in {(hold.side, hold.record_id) for hold in world.holds()}
    world.anna.fail("changes", AppUnreachable(app="anna", reason="503"))
    with pytest.raises(AppUnreachable):
        world.run()
    assert (ann, theirs) in world.pairs(), "found, though the run went no further"
    assert (Side.RIGHT, theirs) not in {(hold.side, hold.record_id) for hold in world.holds()}


def test_what_was_created_on_a_persons_word_is_found() -> None:
    world = TwoApps()
    world.bert.add(email="ann@x.test", name="Annabel")
    world.bert.add(email="ann@x.test", name="Anne")
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.run()
    with db.transaction_():
        decisions.make_new(world.sync, Side.LEFT, ann)
    world.bert.fail("write create", TIME_OUT, when="after")
    world.rest()
    assert len(world.bert.writes) == 1
    assert len(world.bert.live()) == 3


def test_scan_waits_until_the_create_must_have_shown() -> None:
    world = TwoApps(bert=Traits(lag=200.0))
    world.anna.add(email="ann@x.test", name="Ann")
    world.bert.fail("write create", TIME_OUT, when="after")
    world.run()
    for _ in range(3):
        world.run()
        assert len(journal.open_entries(world.sync)) == 1, "too early to say that it did not land"
    world.rest()
    assert len(world.bert.live()) == len(world.bert.writes) == 1


def test_somebody_elses_record_is_not_taken_for_ours() -> None:
    world = TwoApps()
    ann = world.anna.add(name="Ann", phone="+41446681800")
    world.bert.fail("write create", TIME_OUT, when="before")
    world.run()
    other = world.bert.add(name="Ann", phone="+41446681899")
    world.rest()
    assert (ann, other) not in world.pairs()
    assert world.bert.values(other) == {"name": "Ann", "phone": "+41446681899"}


def test_constant_does_not_make_somebody_elses_record_ours() -> None:
    source = Field("source")
    world = TwoApps(fields=(*PEOPLE, source))
    world.spec = replace(world.spec, constants=(Constant(Side.RIGHT, source, "Anna"),))
    ann = world.anna.add(name="Ann", phone="+41446681800")
    world.bert.fail("write create", TIME_OUT, when="before")
    world.run()
    other = world.bert.add(name="Ann", phone="+41446681899", source="Anna")
    world.rest()
    assert (ann, other) not in world.pairs()
    assert [item.values["source"] for item in world.bert.live()] == ["Anna", "Anna"]


def test_edit_made_before_a_lost_create_is_found_flows_back() -> None:
    world = TwoApps(bert=Traits(marker=True))
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.bert.fail("write create", TIME_OUT, when="after")
    world.run()
    [made] = world.bert.live()
    world.bert.edit(made.id, phone="+41446681800")
    world.rest()
    assert world.pairs() == [(ann, made.id)]
    assert world.anna.values(ann)["phone"] == "+41446681800"
    assert world.in_step()


def test_edit_made_over_a_lost_update_is_kept_or_had_back() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    partner = world.partner(ann)
    world.anna.edit(ann, name="Ann Lee")
    world.bert.fail("write update", TIME_OUT, when="after")
    world.run()
    world.bert.edit(partner, name="Ann Kay")
    world.rest()
    assert world.in_step()
    kept = {write.before for entry in world.journal() for write in entry.writes.values() if write.conflict}
    assert "Ann Kay" in kept | {world.bert.values(partner)["name"]}


PHONES = Field("phones", FieldType.LABELLED)


def _phones(*numbers: str) -> list[dict[str, str]]:
    return [{"label": "home", "value": number} for number in numbers]


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("when", WHENS)
def test_lost_update_of_a_record_that_was_deleted_is_found_out_when_it_is_restored(when: str, ended: bool) -> None:
    world = TwoApps(default=Side.RIGHT)
    ann, bob, *_ = world.crowd(4)
    partners = [world.partner(ann), world.partner(bob)]
    for id in (ann, bob):
        world.anna.edit(id, name="Typed first")
    world.bert.fail("write update", TIME_OUT, when=when)
    world.run()
    for partner in partners:
        world.bert.delete(partner)
    if not ended:
        world.anna.fail("changes", AppUnreachable(app="Anna", reason="no route"))
    with nullcontext() if ended else pytest.raises(AppUnreachable):
        world.run(full=True, approved=True)
    for partner in partners:
        world.bert.restore(partner)
    for id in (ann, bob):
        world.anna.edit(id, name="Typed second")
    world.rest()
    assert [world.bert.values(partner)["name"] for partner in partners] == ["Typed second"] * 2
    assert [world.anna.values(id)["name"] for id in (ann, bob)] == ["Typed second"] * 2
    assert journal.open_entries(world.sync) == []


def test_what_a_lost_update_added_to_a_list_is_known_by_it_though_more_was_added_since() -> None:
    world = TwoApps(fields=(*PEOPLE, PHONES))
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    partner = world.partner(ann)
    world.anna.edit(ann, phones=_phones("1"))
    world.bert.fail("write update", TIME_OUT, when="after")
    world.run()
    world.bert.edit(partner, phones=_phones("1", "2"))
    world.anna.edit(ann, phones=None)
    world.rest()
    assert world.anna.values(ann)["phones"] == _phones("2"), "what was taken out stays out"
    assert world.bert.values(partner)["phones"] == _phones("1", "2")


def test_what_was_taken_out_of_a_list_that_a_lost_update_had_made_stays_out() -> None:
    world = TwoApps(fields=(*PEOPLE, PHONES))
    ann = world.anna.add(email="ann@x.test", name="Ann")
    world.rest()
    partner = world.partner(ann)
    world.anna.edit(ann, phones=_phones("1", "2"))
    world.bert.fail("write update", TIME_OUT, when="after")
    world.run()
    world.bert.edit(partner, phones=_phones("1", "3"))
    world.anna.edit(ann, phones=None)
    world.rest()
    assert world.anna.values(ann)["phones"] == _phones("3")
    assert world.bert.values(partner)["phones"] == _phones("1", "3")


def test_result_that_the_app_does_not_know_or_forgets_counts_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    world = TwoApps()
    people = world.crowd(3)
    for id in people:
        world.anna.edit(id, name=f"{id} changed")
    answers = [Outcome.UNKNOWN, None, Outcome.DONE]
    connector = world.connectors[next(side for side, app in world.apps.items() if app is world.bert)]
    write = connector.write

    def forgetful(object: str, items: list[WriteItem]) -> list[WriteResult]:
        results = zip(write(object, items), answers, strict=True)
        return [WriteResult(each.key, answer, each.record) for each, answer in results if answer]

    monkeypatch.setattr(connector, "write", forgetful)
    assert world.run().written == {"update right": 1}
    assert len(journal.open_entries(world.sync)) == 2
    monkeypatch.undo()
    world.rest()
    assert len(world.bert.writes) == 3
    assert world.in_step()


def test_link_with_an_open_write_is_left_alone_until_it_is_settled() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Ann Lee")
    world.bert.fail("write update", TIME_OUT, when="after")
    world.run()
    unreadable(world.bert, world.partner(ann))
    world.anna.edit(ann, name="Ann Kay")
    before = len(world.bert.writes)
    world.run()
    assert len(world.bert.writes) == before
    world.bert.spoil(world.partner(ann), "")
    world.rest()
    assert world.in_step()


def unreadable(app: MemoryApp, id: str) -> None:
    """Make a record unreadable for now."""
    app.spoil(id, "the card has no end")


def test_copy_of_a_create_not_yet_settled_waits_and_is_not_held() -> None:
    world = TwoApps()
    world.anna.add(email="p@x.test", name="Ann")
    world.bert.fail("write create", TIME_OUT, when="after")
    world.run()
    world.clock.advance(-50.0)
    world.run()
    assert len(world.open_intents()) == 1, "too early to say"
    assert world.holds() == []
    world.rest()
    assert len(world.pairs()) == 1
    assert world.written() == 1


@pytest.mark.parametrize("values", [{}, {"email": "new@x.test"}], ids=["no key", "key"])
@pytest.mark.parametrize("crash", [False, True])
def test_run_right_after_a_lost_create_does_not_copy_it_back(values: dict[str, str], crash: bool) -> None:
    """What that run meets as a new record may be what we made; until that is known, it waits."""
    world = TwoApps()
    world.crowd(4)
    world.anna.add(name="New", phone="+41446681833", **values)
    world.run()

    def stop() -> None:
        raise Crash

    if crash:
        world.bert.once("after", "write create", stop)
        with pytest.raises(Crash):
            world.run()
    else:
        world.bert.fail("write create", OutcomeUnknown(app="Bert", reason="time-out"), when="after")
        world.run()
    assert world.open_intents()
    world.clock.advance(1.0)
    run(world.context())
    world.rest()
    assert len(world.anna.live()) == len(world.bert.live()) == 5
    assert world.in_step()
