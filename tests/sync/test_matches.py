"""Partners by the whole cascade, on a real ledger: guards, several addresses, what is likely, what is shared."""

from collections.abc import Sequence
from typing import Any

import pytest

from bothways.engine.cascade import CASCADES, PERSON, cascade
from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, links
from bothways.records import Field, FieldType
from bothways.sync import decisions
from bothways.sync.matches import matches_now
from tests.memory_app import Traits
from tests.two_apps import TwoApps

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("other", FieldType.EMAIL, "Other e-mail"),
    Field("name", label="Name", meaning="name"),
    Field("company", label="Company", meaning="worksFor"),
)
RULES = cascade(CASCADES[PERSON], {side: {each.name: each for each in FIELDS} for side in SIDES})


def people(anna: Traits | None = None, bert: Traits | None = None) -> TwoApps:
    """Two apps that hold people, matched by the usual cascade."""
    return TwoApps(anna, bert, fields=FIELDS, match=RULES)


def reasons(world: TwoApps) -> dict[str, str]:
    return {hold.record_id: hold.reason for hold in world.holds()}


@pytest.mark.parametrize("traits", [Traits(), Traits(lag=10.0)], ids=["plain", "lag"])
def test_other_first_names_are_held_and_linked_when_one_is_put_right(traits: Traits) -> None:
    world = people(traits, traits)
    left = world.anna.add(email="kusha@x.test", name="Edward Kusha")
    right = world.bert.add(email="KUSHA@x.test", name="Mary Kusha")
    world.rest()
    assert reasons(world) == dict.fromkeys((left, right), "same e-mail, different first names")
    assert world.written() == 0
    world.bert.edit(right, name="Ed Kusha")
    world.rest()
    assert (world.pairs(), world.holds()) == ([(left, right)], [])


def test_misspelt_first_name_links_only_if_the_address_shows_the_right_one() -> None:
    world = people()
    left = world.anna.add(email="omoore@x.test", name="Oscar Moore")
    right = world.bert.add(email="omoore@x.test", name="Oscra Moore")
    shared = (
        world.anna.add(email="kusha@x.test", name="Oscar Kusha"),
        world.bert.add(email="kusha@x.test", name="Oscra Kusha"),
    )
    world.rest()
    assert world.pairs() == [(left, right)]
    assert reasons(world) == dict.fromkeys(shared, "same e-mail, different first names")


def test_an_edit_that_a_guard_looks_at_right_before_the_link_is_heeded() -> None:
    world = people(Traits(lag=10.0), Traits(lag=10.0))
    left = world.anna.add(email="kusha@x.test", name="Edward Kusha")
    right = world.bert.add(email="kusha@x.test", name="Ed Kusha")
    world.preview()
    world.bert.edit(right, name="Mary Kusha")
    world.rest()
    assert world.pairs() == []
    assert set(reasons(world)) == {left, right}


def test_any_address_of_one_may_be_any_of_the_other_and_the_primary_goes_first() -> None:
    world = people()
    ann = world.anna.add(email="a@x.test", other="b@x.test", name="Ann Lee")
    by_first = world.bert.add(other="a@x.test", name="Ann Lee")
    by_second = world.bert.add(email="b@x.test", name="Ann Lee")
    world.rest()
    assert world.pairs() == [(ann, by_first)]
    assert set(reasons(world)) == {by_second}
    assert len(world.anna.live()) == 1, "the partner of the second address is never created"


def test_stored_link_wins_whatever_the_addresses_become() -> None:
    world = people()
    left = world.anna.add(email="a@x.test", name="Ann Lee")
    right = world.bert.add(email="a@x.test", name="Ann Lee")
    world.rest()
    world.anna.edit(left, email="new@x.test")
    other = world.bert.add(email="new@x.test", name="Ann Lee")
    world.rest()
    assert (left, right) in world.pairs()
    assert set(reasons(world)) == {other}


def test_likely_one_is_held_until_its_likely_partner_belongs_to_somebody_else() -> None:
    world = people()
    first = world.anna.add(email="ann@x.test", name="Ann Lee", company="Acme Ltd")
    there = world.bert.add(name="Lee, Ann", company="ACME")
    world.rest()
    assert reasons(world)[first] == "same full name and company: likely, but not sure"
    assert world.written() == 0
    world.bert.edit(there, email="ann.lee@x.test")
    second = world.anna.add(email="ann.lee@x.test", name="Ann Lee")
    world.rest()
    assert (second, there) in world.pairs()
    assert world.bert.values(world.partner(first))["email"] == "ann@x.test"
    assert world.holds() == []


def test_address_of_many_is_no_key_and_an_app_that_refuses_it_is_asked_ever_less() -> None:
    world = people(bert=Traits(unique="email"))
    for number in range(5):
        world.anna.add(email="info@x.test", name=f"P{number} Lee")
    for _ in range(16):
        world.run()
    assert len(world.bert.live()) == 1
    assert {hold.kind for hold in world.holds()} == {"refused"}
    assert world.bert.calls["write create"] <= 6


def test_statements_do_not_grow_with_the_records_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    world = people()
    for number in range(200):
        for app in (world.anna, world.bert):
            app.add(email=f"p{number}@x.test", name=f"P{number} Lee", company="Acme")
    world.preview()
    ids = [item.id for item in world.anna.live()]
    asked: list[str] = []
    rows = db.rows

    def counting(sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return rows(sql, params)

    monkeypatch.setattr(db, "rows", counting)
    counts = []
    for size in (20, 200):
        asked.clear()
        found = matches_now(world.context(), Side.LEFT, ids[:size])
        assert all(each.partner for each in found.values())
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_record_that_came_back_is_not_linked_to_a_former_partner_that_a_person_has_left_out() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(8)
    partner = world.partner(ann)
    world.anna.delete(ann)
    world.rest()
    for _ in range(2):
        world.anna.add(email="p0@x.test", name="P0")
    world.rest()
    [hold] = [each for each in world.holds() if each.record_id == partner]
    with db.transaction_():
        decisions.leave_out(world.sync, hold, "dana", world.clock())
    world.rest()
    world.anna.restore(ann)
    world.rest()
    assert (ann, partner) not in world.pairs()
    assert len(world.bert.live()) == 8, "and nobody is made beside it"


def test_former_partner_that_is_left_out_is_none_to_be_linked_in_a_preview_either() -> None:
    world = TwoApps()
    ann, *_ = world.crowd(8)
    partner = world.partner(ann)
    with db.transaction_():
        decisions.unlink(world.sync, links.live_by_record(world.sync, Side.LEFT, [ann])[ann], world.clock())
    world.rest()
    world.bert.edit(partner, email="other@x.test")
    with db.transaction_():
        decisions.choose(world.sync, {Side.LEFT: ann, Side.RIGHT: partner}, world.clock())
        [hold] = [each for each in world.holds() if each.record_id == partner]
        decisions.leave_out(world.sync, hold, "dana", world.clock())
    plan, _ = world.preview()
    assert not any(plan.totals["updates"].values())
    world.rest()
    assert (ann, partner) not in world.pairs()
