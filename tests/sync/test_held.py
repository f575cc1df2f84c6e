"""Refusals met again: not sent before their time, sent at once when what is sent has changed."""

from dataclasses import replace

import pytest

from bothways.connectors.base import WriteItem
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap, Wins
from bothways.errors import AppFailed
from bothways.ledger import db, links
from bothways.ledger.holds import HoldRow
from bothways.records import Field, FieldType, Value
from bothways.sync.held import forget_half_done
from tests.memory_app import PEOPLE, Refusing, Traits
from tests.two_apps import TwoApps


def no_jokes(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
    """Refuse a name that is a joke, and name the field."""
    return ("not a name", ("name",)) if str(item.values.get("name", "")).startswith("Joke") else None


def no_jokers(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
    """Refuse a record whose name is a joke, without saying why."""
    return ("no", ()) if no_jokes(item) else None


def sent(world: TwoApps, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Value]]:
    """Return a list that grows by what is sent to Bert."""
    found: list[dict[str, Value]] = []
    store = world.bert.store

    def listen(item: WriteItem) -> object:
        found.append(dict(item.values))
        return store(item)

    monkeypatch.setattr(world.bert, "store", listen)
    return found


def test_refused_field_is_sent_again_alone_and_at_its_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    world = TwoApps(bert=Traits(refuses=no_jokes))
    ann, *_ = world.crowd(3)
    tries = sent(world, monkeypatch)
    world.anna.edit(ann, name="Joke", phone="+41446681800")
    for _ in range(16):
        world.run()
    assert tries[:2] == [{"name": "Joke", "phone": "+41446681800"}, {"phone": "+41446681800"}]
    assert all(each == {"name": "Joke"} for each in tries[2:])
    assert 2 <= len(tries[2:]) <= 4, "after 1, 2, 4 and 8 minutes"


def test_edit_of_another_field_goes_out_beside_a_refused_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = TwoApps(bert=Traits(refuses=no_jokes))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Joke")
    for _ in range(4):
        world.run()
    tries = sent(world, monkeypatch)
    world.anna.edit(ann, phone="+41446681800")
    world.run()
    assert tries == [{"phone": "+41446681800"}]


@pytest.mark.parametrize("refusing", ["anna", "bert"])
def test_edit_goes_out_to_one_app_while_the_other_refuses_the_record(refusing: str) -> None:
    world = TwoApps(**{refusing: Traits(refuses=no_jokers)})
    ann, *_ = world.crowd(3)
    ids = {"anna": ann, "bert": world.partner(ann)}
    strict, takes = (world.anna, world.bert) if refusing == "anna" else (world.bert, world.anna)
    here, there = ids[refusing], ids["bert" if refusing == "anna" else "anna"]
    takes.edit(there, name="Joke")
    strict.edit(here, phone="+41446681800")
    for _ in range(24):
        world.run()
    assert takes.values(there)["phone"] == "+41446681800"
    assert [(hold.record_id, hold.rule) for hold in world.holds()] == [(here, "R13")]
    refused = strict.calls["write update"]
    assert 2 <= refused <= 6, "after 1, 2, 4 and 8 minutes"
    takes.edit(there, name="Ann Lee")
    world.rest()
    assert world.in_step()
    assert world.holds() == []


def test_record_that_both_apps_refuse_is_sent_to_each_at_its_time_only() -> None:
    def no_phones(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        return ("no", ()) if "phone" in item.values else None

    world = TwoApps(anna=Traits(refuses=no_phones), bert=Traits(refuses=no_jokers))
    ann, *_ = world.crowd(3)
    world.bert.edit(world.partner(ann), phone="+41446681800")
    world.run()
    world.anna.edit(ann, name="Joke")
    for _ in range(24):
        world.run()
    sent = {app.name: app.calls["write update"] for app in (world.anna, world.bert)}
    assert all(2 <= count <= 6 for count in sent.values()), f"after 1, 2, 4 and 8 minutes: {sent}"
    assert {hold.side for hold in world.holds()} == {"left", "right"}


def test_field_that_one_app_has_refused_is_sent_to_the_other_at_its_time_only_if_that_refuses_it_too() -> None:
    world = TwoApps(default=Side.RIGHT, anna=Traits(refuses=no_jokes), bert=Traits(refuses=no_jokes))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Joke")
    world.run()
    world.bert.edit(world.partner(ann), name="Joke again")
    for _ in range(24):
        world.run()
    sent = {app.name: app.calls["write update"] for app in (world.anna, world.bert)}
    assert sent["Bert"] == 1
    assert 2 <= sent["Anna"] <= 6, "after 1, 2, 4 and 8 minutes"
    world.bert.edit(world.partner(ann), name="Ann Lee")
    world.rest()
    assert world.in_step()
    assert world.holds() == []


def test_edit_goes_out_though_the_other_app_refuses_the_record_and_a_field_of_it() -> None:
    def refuses(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
        if "phone" in item.values:
            return "not a number", ("phone",)
        return no_jokers(item)

    world = TwoApps(anna=Traits(refuses=refuses))
    ann, *_ = world.crowd(3)
    partner = world.partner(ann)
    world.bert.edit(partner, phone="+41446681800")
    world.run()
    world.bert.edit(partner, name="Joke")
    world.anna.edit(ann, email="ann@new.test")
    for _ in range(6):
        world.run()
    assert world.bert.values(partner)["email"] == "ann@new.test"
    assert {hold.field for hold in world.holds()} == {"", "phone=phone"}


@pytest.mark.parametrize("refuses", [no_jokes, no_jokers])
def test_new_value_is_sent_at_once_and_ends_the_hold(refuses: Refusing) -> None:
    world = TwoApps(bert=Traits(refuses=refuses))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Joke")
    for _ in range(10):
        world.run()
    assert [hold.kind for hold in world.holds()] == ["refused"]
    world.anna.edit(ann, name="Ann Lee")
    assert world.run().written == {"update right": 1}
    assert world.holds() == []
    assert world.in_step()


def test_value_taken_back_ends_the_hold() -> None:
    world = TwoApps(bert=Traits(refuses=no_jokes))
    ann, *_ = world.crowd(3)
    world.anna.edit(ann, name="Joke")
    world.run()
    world.anna.edit(ann, name="P0")
    world.rest()
    assert world.holds() == []
    assert world.in_step()


@pytest.mark.parametrize("broken", ["\ud83d", "\0"], ids=["half a character", "null"])
def test_words_of_an_app_that_no_database_keeps_hold_one_record_and_end_no_run(broken: str) -> None:
    """An app that cuts what it quotes cuts through the middle of a character."""
    quoting = Traits(refuses=lambda item: (f'"Jo{broken}..." is no name', ()) if no_jokes(item) else None)
    world = TwoApps(bert=quoting)
    ann, ben, cy = world.crowd(3)
    world.anna.edit(ann, name="Joke")
    world.anna.edit(ben, name="Ben")
    world.anna.spoil(cy, f"cut at C{broken}")
    world.rest()
    assert world.bert.values(world.partner(ben))["name"] == "Ben"
    told = {hold.record_id: hold.reason for hold in world.holds()}
    assert told == {
        world.partner(ann): 'Bert refused: "Jo\ufffd..." is no name',
        cy: "cannot be read: cut at C\ufffd",
    }
    assert AppFailed(app="Bert", status=400, reason=f"C{broken}").facts["reason"] == "C\ufffd"


def test_refused_create_is_held_on_the_record_it_was_to_be_made_from() -> None:
    world = TwoApps(bert=Traits(refuses=no_jokers))
    joker = world.anna.add(email="j@x.test", name="Joke")
    world.run()
    [hold] = world.holds()
    assert (hold.side, hold.record_id, hold.link_id, hold.reason) == ("left", joker, None, "Bert refused: no")
    assert hold.next_try == world.clock() + 60.0


@pytest.mark.parametrize("refusing", ["anna", "bert"])
def test_field_refused_of_a_new_record_is_held_once_and_sent_again_at_its_time_only(refusing: str) -> None:
    world = TwoApps(**{refusing: Traits(refuses=no_jokes)})
    target, source = (world.anna, world.bert) if refusing == "anna" else (world.bert, world.anna)
    source.add(email="j@x.test", name="Joke")
    for _ in range(24):
        world.run()
    assert len(target.live()) == 1
    [hold] = world.holds()
    assert (hold.record_id, hold.field) == (target.live()[0].id, "name=name")
    assert 2 <= target.calls["write update"] <= 5, "after 1, 2, 4 and 8 minutes"


def test_record_deleted_while_it_is_held_is_held_no_more() -> None:
    world = TwoApps(bert=Traits(refuses=no_jokers))
    world.crowd(5)
    joker = world.anna.add(email="j@x.test", name="Joke")
    world.rest(40)
    world.anna.delete(joker)
    world.rest()
    assert world.holds() == []


def test_record_is_not_made_empty_when_its_only_value_does_not_fit() -> None:
    phone = PEOPLE[2]
    maps = [*(FieldMap(each, each) for each in PEOPLE[:2]), FieldMap(phone, replace(phone, max_length=20))]
    world = TwoApps(maps=maps)
    ann = world.anna.add(phone="+41 44 668 18 00 / +41 79 123 45 67")
    world.rest()
    assert world.bert.live() == []
    assert [(hold.record_id, hold.field, hold.rule) for hold in world.holds()] == [(ann, "phone=phone", "F6")]
    world.anna.edit(ann, phone="+41 44 668 18 00")
    world.rest()
    assert world.in_step()
    assert world.holds() == []


def test_record_is_not_made_empty_when_its_only_value_was_refused() -> None:
    world = TwoApps(bert=Traits(refuses=no_jokes))
    ann = world.anna.add(name="Joke")
    for _ in range(8):
        world.run()
    assert world.bert.live() == []
    assert {hold.record_id for hold in world.holds()} == {ann}


@pytest.mark.parametrize("mended", ["41", "42"])
def test_hold_of_a_field_ends_though_it_is_mended_together_with_another(mended: str) -> None:
    age = Field("age", FieldType.TEXT, "Age")
    maps = [*(FieldMap(each, each) for each in PEOPLE), FieldMap(age, replace(age, type=FieldType.NUMBER))]
    world = TwoApps(fields=(*PEOPLE, age), maps=maps)
    ann = world.anna.add(email="ann@x.test", name="Ann", age="41")
    world.bert.add(email="ann@x.test", name="Ann", age="41")
    world.rest()
    world.anna.edit(ann, age="unknown")
    world.run()
    assert [hold.field for hold in world.holds()] == ["age=age"]
    world.anna.edit(ann, age=mended, name="Anne")
    world.rest()
    assert world.holds() == []


def test_twin_that_cannot_be_found_is_a_refusal_and_not_sent_with_every_run() -> None:
    """The app refuses a second holder of an e-mail, and nothing says whose it is by the match rules."""
    world = TwoApps(bert=Traits(unique="email", strong=False), match=("name",))
    world.bert.add(email="e@x.test", name="Y")
    world.rest()
    nameless = world.anna.add(email="e@x.test")
    tries = []
    for _ in range(16):
        before = world.bert.calls["write create"]
        world.run()
        tries.append(world.bert.calls["write create"] - before)
    assert 2 <= sum(tries) <= 6, "after 1, 2, 4 and 8 minutes"
    assert [(hold.record_id, hold.rule) for hold in world.holds()] == [(nameless, "R13")]


def test_question_that_people_settled_is_asked_no_more_while_the_record_is_refused() -> None:
    world = TwoApps(bert=Traits(refuses=no_jokers))
    (ann,) = world.crowd(1)
    bob = world.partner(ann)
    fields = tuple(replace(each, winner=Wins.ASK) if each.left.name == "phone" else each for each in world.spec.fields)
    world.spec = replace(world.spec, fields=fields)
    world.anna.edit(ann, phone="+41446681801")
    world.bert.edit(bob, phone="+41446681802")
    world.run()
    world.anna.edit(ann, name="Joke")
    for _ in range(3):
        world.run()
    assert sorted(hold.kind for hold in world.holds()) == ["conflict", "refused"]
    world.anna.edit(ann, phone="+41446681803")
    world.bert.edit(bob, phone="+41446681803")
    world.run()
    assert [hold.kind for hold in world.holds()] == ["refused"]


def test_question_is_closed_of_a_pair_of_which_nothing_is_known_yet() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(1)
    ctx, (link,) = world.context(), links.page(world.sync, 0, 10, "state='active'")
    with db.transaction_():
        db.execute("DELETE FROM shadow WHERE link_id=%s", (link.id,))
        decided = {"seen": {"left": "A", "right": "B"}, "values": {"left": "C", "right": "C"}, "words": "C"}
        hold = HoldRow(Side.LEFT, ann, "F6", "ask", "conflict", "name=name", link.id, data={"decided": decided})
        forget_half_done(ctx, [hold], {ann: link.id})
    world.rest()
    assert world.in_step()
