"""The measurements of matching count links and people as they say."""

from bench.matching import (
    KEYS,
    Person,
    company_pairs,
    contacts,
    fake_people,
    first_of_many,
    missing_sets,
    senzing,
    split,
    unique,
    unique_and_names_agree,
)


def test_no_two_contacts_have_a_value_in_common():
    made = contacts(2000)
    for name, key in KEYS.items():
        assert len({key(one) for one in made}) == 2000, name


def test_links_and_people_are_counted():
    people = [Person("ann", "a@example.com", "Lee, Ann"), Person("ann", "a@example.com", "Lee, A")]
    tally = split([*people, Person("bob", None, "Ray, Bob")], unique)
    assert 0 < tally.people == tally.reached == tally.links == tally.right < 50
    strangers = split([people[0], Person("eve", "a@example.com", "Fox, Eve")], unique)
    assert strangers.people == strangers.right == 0 < strangers.links
    assert split([people[0], Person("eve", "a@example.com", "Fox, Eve")], unique_and_names_agree).links == 0


def test_a_key_unique_on_both_sides_is_right_where_the_first_of_many_is_not():
    assert missing_sets() == []
    people = senzing()
    strict = split(people, unique)
    assert (strict.precision, strict.links) == (1.0, 232)
    assert strict.share_reached >= 0.15
    assert split(people, first_of_many).precision < 0.8
    assert split(people, unique_and_names_agree).share_reached >= 0.15


def test_scrambled_names_clash_more_often_but_link_no_strangers():
    people = fake_people()
    strict, agreeing = split(people, unique), split(people, unique_and_names_agree)
    assert strict.precision == agreeing.precision == 1.0
    assert strict.share_reached >= 0.168
    assert agreeing.share_reached >= 0.14


def test_equal_keys_of_companies():
    precision, recall = company_pairs()
    assert precision >= 0.986
    assert recall >= 0.427
