"""Who is linked to whom: one record each, never a guess between several, never by a bare name."""

import pytest

from bothways.engine.spec import FieldMap, by_field
from bothways.records import Field, FieldType
from bothways.sync.run import run
from tests.memory_app import Traits
from tests.two_apps import TwoApps

COMPANIES = (
    Field("name", label="Company"),
    Field("domain", FieldType.URL, "Domain"),
    Field("email", FieldType.EMAIL, "E-mail"),
)
BY_DOMAIN_AND_EMAIL = ("domain", "email")


def test_b_create_and_update_notices_a_millisecond_apart_make_one_record_each() -> None:
    world = TwoApps()
    people = []
    for number in range(100):
        people.append(world.anna.add(email=f"p{number}@x.test", name="draft"))
        run(world.context())
        world.clock.advance(0.001)
        world.anna.edit(people[-1], name=f"Person {number}")
        run(world.context())
        world.clock.advance(1.0)
    world.rest()
    assert (len(world.anna.live()), len(world.bert.live())) == (100, 100)
    assert world.in_step()
    assert [world.bert.values(world.partner(id))["name"] for id in people] == [f"Person {n}" for n in range(100)]


@pytest.mark.parametrize("traits", [Traits(), Traits(unique="email"), Traits(lag=10.0)], ids=["plain", "unique", "lag"])
def test_b_update_a_millisecond_after_the_create_was_planned_makes_one_record_each(traits: Traits) -> None:
    world = TwoApps(traits, traits)
    people = [world.anna.add(email=f"p{number}@x.test", name="draft") for number in range(50)]

    def save_once_more() -> None:
        world.clock.advance(0.001)
        for number, id in enumerate(people):
            world.anna.edit(id, name=f"Person {number}")

    world.bert.once("before", "write create", save_once_more)
    world.rest()
    assert (len(world.anna.live()), len(world.bert.live())) == (50, 50)
    assert [world.bert.values(world.partner(id))["name"] for id in people] == [f"Person {n}" for n in range(50)]


@pytest.mark.parametrize("partners", [0, 1, 2])
def test_c_two_records_with_one_email_are_held_and_never_linked_to_the_first(partners: int) -> None:
    world = TwoApps()
    twins = [world.anna.add(email="info@x.test", name=name) for name in ("Ann", "Ben")]
    there = [world.bert.add(email="INFO@x.test", name=f"Somebody {number}") for number in range(partners)]
    world.rest()
    assert world.pairs() == []
    assert world.written() == 0
    held = {hold.record_id: (hold.rule, hold.kind) for hold in world.holds()}
    assert held == dict.fromkeys([*twins, *there], ("R7", "match"))
    assert all(hold.reason for hold in world.holds())


def test_c_the_hold_is_over_when_the_two_get_addresses_of_their_own() -> None:
    world = TwoApps()
    ann = world.anna.add(email="info@x.test", name="Ann")
    ben = world.anna.add(email="info@x.test", name="Ben")
    bert = world.bert.add(email="info@x.test", name="Ann")
    world.rest()
    world.anna.edit(ben, email="ben@x.test")
    world.rest()
    assert (ann, bert) in world.pairs()
    assert world.bert.values(world.partner(ben)) == {"email": "ben@x.test", "name": "Ben"}
    assert world.holds() == []


def test_c_a_twin_of_a_linked_record_is_held_and_not_created() -> None:
    world = TwoApps()
    ann = world.anna.add(email="info@x.test", name="Ann")
    world.rest()
    twin = world.anna.add(email="info@x.test", name="Ann again")
    world.rest()
    assert len(world.bert.live()) == 1
    assert [(hold.record_id, hold.kind) for hold in world.holds()] == [(twin, "match")]
    assert world.partner(ann)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"name": "Coca Cola"}, {"name": "Coca Cola Inc"}),
        ({"name": "Coca Cola"}, {"name": "Coca Cola"}),
        ({"name": "Coca Cola", "domain": "cola.test"}, {"name": "Coca Cola", "domain": "coca.test"}),
        ({"name": "Coca Cola", "domain": "cola.test"}, {"name": "Coca Cola"}),
        (
            {"name": "Coca Cola", "email": "info@cola.test"},
            {"name": "Coca Cola Inc", "email": "info@coca.test"},
        ),
    ],
    ids=["legal form", "bare name", "other domain", "one domain", "other e-mail"],
)
def test_p_companies_are_never_linked_by_their_bare_name(here: dict[str, str], there: dict[str, str]) -> None:
    world = TwoApps(fields=COMPANIES, match=BY_DOMAIN_AND_EMAIL)
    left, right = world.anna.add(**here), world.bert.add(**there)
    world.rest()
    assert (left, right) not in world.pairs()
    assert world.anna.values(left) == here
    assert world.bert.values(right) == there


def test_p_companies_of_one_domain_are_linked() -> None:
    world = TwoApps(fields=COMPANIES, match=BY_DOMAIN_AND_EMAIL)
    left = world.anna.add(name="Coca Cola", domain="cola.test")
    right = world.bert.add(name="Coca Cola Inc", domain="cola.test")
    world.rest()
    assert world.pairs() == [(left, right)]


def test_p_companies_of_one_name_with_different_domains_are_held() -> None:
    world = TwoApps(fields=COMPANIES, match=("domain", "name"))
    left = world.anna.add(name="Coca Cola", domain="cola.test")
    right = world.bert.add(name="Coca Cola", domain="coca.test")
    world.rest()
    assert world.pairs() == []
    assert world.written() == 0
    assert {hold.record_id: hold.kind for hold in world.holds()} == {left: "match", right: "match"}


def test_p_a_name_chosen_for_matching_compares_whole_names_only() -> None:
    world = TwoApps(fields=COMPANIES, match=("name",))
    left, right = world.anna.add(name="Coca Cola"), world.bert.add(name="Coca Cola Inc")
    world.rest()
    assert (left, right) not in world.pairs()


def test_records_that_hold_nothing_to_match_by_are_created_and_not_linked() -> None:
    world = TwoApps(maps=[FieldMap(each, each) for each in COMPANIES], fields=COMPANIES, match=("domain",))
    left = world.anna.add(name="Nameless")
    right = world.bert.add(name="Nameless")
    world.rest()
    assert (left, right) not in world.pairs()
    assert (len(world.anna.live()), len(world.bert.live())) == (2, 2)


def test_two_records_claim_one_partner_by_different_rules() -> None:
    world = TwoApps(match=("email", "phone"))
    alone = world.anna.add(name="Ann", phone="+41446681800")
    left = world.anna.add(name="Ben", email="ben@x.test")
    right = world.bert.add(name="Ben", email="ben@x.test", phone="+41446681800")
    world.rest()
    assert world.pairs() == [(left, right)]
    assert {hold.record_id: hold.kind for hold in world.holds()} == {alone: "match"}


def test_rules_that_compare_one_field_with_two_of_the_other_app_are_all_asked() -> None:
    world = TwoApps(match=(by_field("text", "name", "name"), by_field("text", "name", "phone")))
    first = world.anna.add(name="Ann"), world.bert.add(name="Ann")
    second = world.anna.add(name="Ben"), world.bert.add(phone="Ben")
    world.rest()
    assert world.pairs() == [first, second]
