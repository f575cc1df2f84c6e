"""The measurements of matching count links and people as they say, and the product's rules are as right as told."""

from bench.matching import (
    BY_EMAIL,
    KEYS,
    SMALL_GROUPS,
    USUAL,
    Person,
    by_rules,
    company_pairs,
    contacts,
    fake_people,
    first_of_many,
    missing_sets,
    senzing,
    split,
)


def test_no_two_contacts_have_a_value_in_common():
    made = contacts(2000)
    for name, key in KEYS.items():
        assert len({key(one) for one in made}) == 2000, name


def test_links_and_people_are_counted():
    people = [Person("ann", "a@example.com", "Lee, Ann"), Person("ann", "a@example.com", "Lee, A")]
    tally = split([*people, Person("bob", None, "Ray, Bob")], by_rules(USUAL))
    assert 0 < tally.people == tally.reached == tally.links == tally.right < 50
    eve = [people[0], Person("eve", "a@example.com", "Fox, Eve")]
    strangers = split(eve, by_rules(BY_EMAIL))
    assert strangers.people == strangers.right == 0 < strangers.links
    assert split(eve, by_rules(USUAL)).links == 0


def test_usual_steps_are_right_where_the_first_of_many_is_not():
    assert missing_sets() == []
    people = senzing()
    usual, small = split(people, by_rules(USUAL)), split(people, by_rules(SMALL_GROUPS))
    assert (usual.precision, small.precision, usual.links) == (1.0, 1.0, 232)
    assert 0.15 <= usual.share_reached < small.share_reached
    assert split(people, first_of_many).precision < 0.8


def test_scrambled_names_clash_more_often_but_link_no_strangers():
    people = fake_people()
    strict, usual, small = (split(people, by_rules(rules)) for rules in (BY_EMAIL, USUAL, SMALL_GROUPS))
    assert strict.precision == usual.precision == small.precision == 1.0
    assert strict.share_reached >= 0.168
    assert usual.share_reached >= 0.151
    assert small.share_reached >= 0.498


def test_links_of_companies_by_name():
    precision, recall = company_pairs()
    assert precision >= 0.986
    assert recall >= 0.427
