"""Names of people: their key, and whether two names may be one person's."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import names_clash, person_name
from bothways.records.normal.first_names import rightly_spelt
from bothways.records.normal.tables import entries
from tests.records.strategies import texts

names = st.one_of(
    texts,
    st.lists(st.sampled_from(["Ann", "Dr.", "Lee", "jr", "J.", "and", ",", "O'", "Öz", "Иван", "王"])).map(" ".join),
)


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee",
        "Lee, Ann",
        "Lee Ann",
        "  ann   LEE ",
        "Dr. Ann Lee",
        "Ann Lee, PhD",
        "Ms Ann Lee",
        "Ann (Sales) Lee",
        "Lee, Dr. Ann, Jr.",
    ],
)
def test_one_key_for_all_spellings(text: str) -> None:
    assert person_name(text) == "ann lee"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("José Núñez", "jose nunez"),
        ("Łukasz Groß", "gross lukasz"),
        ("Ａｎｎ Ｌｅｅ", "ann lee"),
        ("Seán O\u2019Neill", "oneill sean"),
        ("Jean-Pierre Martin", "jean martin pierre"),
        ("Иван Петров", "иван петров"),
        ("Ann", None),
        ("Dr. Lee", None),
        ("Test Test", None),
        ("N/A N/A", None),
        ("ann.lee@example.com", None),
        ("12 34", None),
        ("", None),
        (None, None),
    ],
)
def test_key(text: str | None, wanted: str | None) -> None:
    assert person_name(text) == wanted


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Dave Ross", "David Ross"),
        ("Anna Smith", "Anna Jones"),
        ("Lee Ann", "Ann Lee"),
        ("Lee, Ann", "Ann Lee"),
        ("", "Xi Wu"),
        (None, "Xi Wu"),
        ("Test", "Xi Wu"),
        ("A Lee", "Ann Lee"),
        ("J. R. Lee", "John Lee"),
        ("Ann", "Ann Lee"),
        ("Lee", "Ann Lee"),
        ("Mary Ann Lee", "Maryann Lee"),
        ("Mary Ann Lee", "Ann Lee"),
        ("J Edgar Poole", "Edgar Poole"),
        ("Ross Dave", "David Ross"),
        ("Jonh Lee", "John Lee"),
        ("Phillip Lee", "Philip Lee"),
        ("Sara Lee", "Sarah Lee"),
        ("Lee,", "Bob Lee"),
        ("Lee,", "Bob"),
        ("Lee, A.", "Lee, Ann"),
        ("Elizabeth Lee", "Elazibeth Lee"),
        ("Olver Lee", "Oliver Lee"),
        ("Candace Lee", "Kandace Lee"),
        ("Kathryn Lee", "Katie Lee"),
        ("Bill Lee", "Will Lee"),
        ("Иван Петров", "Ivan Petrov"),
        ("Dr. Ann Lee", "Ann Lee"),
        ("John Lee Jr.", "John Lee"),
        ("Mrs Lee", "Ann Lee"),
    ],
)
def test_names_of_one_person_do_not_clash(left: str | None, right: str | None) -> None:
    assert not names_clash(left, right)
    assert not names_clash(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Edward Kusha", "Mary Kusha"),
        ("Paul Lee", "Paula Lee"),
        ("Erik Lee", "Erika Lee"),
        ("Anna Lee", "Hannah Lee"),
        ("Jan Lee", "Jon Lee"),
        ("Dan Lee", "Dean Lee"),
        ("Lara Lee", "Laura Lee"),
        ("Marian Lee", "Marina Lee"),
        ("Anna Lee", "Anne Lee"),
        ("Daniel Lee", "Daniela Lee"),
        ("Nicole Lee", "Nikolai Lee"),
        ("Christopher Lee", "Christine Lee"),
        ("John Lee Sr.", "John Lee Jr."),
        ("Mr Lee", "Mrs Lee"),
        ("John & Mary Lee", "Mary Lee"),
        ("B Lee", "Ann Lee"),
        ("J Lee", "Mary J Lee"),
        ("Bob", "Ann Lee"),
        ("Bob", "Ann"),
        ("Lee, Bob", "Lee, Ann"),
        (", Bob", "Lee, Ann"),
        ("Иван Петров", "Пётр Петров"),
    ],
)
def test_names_of_two_people_clash(left: str, right: str) -> None:
    assert names_clash(left, right)
    assert names_clash(right, left)


@given(names)
def test_the_key_of_a_key_is_itself_and_clashes_with_nothing_of_its_own(text: str) -> None:
    key = person_name(text)
    if key is not None:
        assert key == " ".join(sorted(key.split()))
        assert not names_clash(text, text)


@given(names, names)
def test_clashing_is_mutual(left: str, right: str) -> None:
    assert names_clash(left, right) == names_clash(right, left)


@pytest.mark.parametrize(
    ("left", "right", "address"),
    [
        ("Oscra Moore", "Oscar Moore", "omoore64@acme.test"),
        ("Hnry Day", "Henry Day", "henry.day@acme.test"),
        ("Freddei Taylor", "Freddie Taylor", "freddietaylor@acme.test"),
        ("Hecrny Day", "Henry Day", "day.henry+crm@acme.test"),
        ("Oscra Moore", "Oscar Mooore", "oscarm@acme.test"),
        (", Oscra", "Moore, Oscar", "oscar@acme.test"),
        ("Bailey Freddie", "Freddie Baiyel", "fbailey@acme.test"),
        ("Russell Sofia", "foSia Russell", "sofiarussell9@acme.test"),
    ],
)
def test_first_name_is_a_misspelt_one_where_the_address_is_made_of_the_right_one(
    left: str, right: str, address: str
) -> None:
    assert not names_clash(left, right, [address])
    assert not names_clash(right, left, ["x@acme.test", address])
    assert names_clash(left, right)
    assert names_clash(left, right, ["x@acme.test"])


@pytest.mark.parametrize(
    ("left", "right", "address"),
    [
        ("Edward Kusha", "Mary Kusha", "edward.kusha@acme.test"),
        ("Marian Lee", "Marina Lee", "marina.lee@acme.test"),
        ("Anna Miller", "Anne Miller", "anna.miller@acme.test"),
        ("Norma Harrison", "Norman Harrison", "norman.harrison@acme.test"),
        ("Harrison Norma", "Norman Harrison", "norman.harrison@acme.test"),
        ("Jan Lee", "Jon Lee", "jan.lee@acme.test"),
        ("John Lee Sr.", "Jhno Lee Jr.", "john.lee@acme.test"),
        ("Mr Henry Day", "Mrs Hnry Day", "henry.day@acme.test"),
        ("Henry & Mary Day", "Hnry Day", "henry.day@acme.test"),
        ("Oscar Moore", "Oscra Hall", "oscar.moore@acme.test"),
        ("Oscar Moore", "Oscra Moore", "moore@acme.test"),
        ("Oscar Moore", "Oscra Moore", "om@acme.test"),
        ("Oscar Moore", "Oscra Moore", "kmoore@acme.test"),
        ("Oscar Moore", "Oscra Moore", "oscra.moore@acme.test"),
        ("Oscar Moore", "Oscra Moore", "sales@oscar-moore.test"),
        ("Oscar Moore", "Oscor Moore", "oscar.moore@acme.test"),
        ("Henry Day", "Henr Day", "henry.day@acme.test"),
        ("Minjixx Kim", "Minjxix Kim", "minjixx.kim@acme.test"),
    ],
)
def test_first_names_clash_in_spite_of_the_address(left: str, right: str, address: str) -> None:
    """Two known names are two people; so are a letter put for another, another end, and what no address tells."""
    assert names_clash(left, right, [address])
    assert names_clash(right, left, [address])


given_names = st.sampled_from(
    ["Oscar", "Oscra", "Henry", "Hnry", "Sofia", "foSia", "Marian", "Marina", "O", "Xqzt", ""]
)
family_names = st.sampled_from(["Moore", "Mooer", "Day", "Henry", "O'Neill", ""])
full_names = st.one_of(
    names,
    st.builds("{1}, {0}".format, given_names, family_names),
    st.builds("{} {}".format, given_names, family_names),
)
locals_ = st.builds(
    lambda given, family, form: form.format(given, family, given[:1], family[:1]).lower() or "x",
    given_names,
    family_names,
    st.sampled_from(["{0}", "{1}", "{0}.{1}", "{2}{1}", "{1}{0}", "{0}_{3}", "{1}{2}7", "{2}{3}"]),
)
addresses = st.lists(locals_.map("{}@acme.test".format), max_size=3)


@given(full_names, full_names, addresses, st.randoms(use_true_random=False))
def test_clashing_is_mutual_and_asks_for_no_order_of_addresses(
    left: str, right: str, shared: list[str], chance: random.Random
) -> None:
    mixed = chance.sample(shared, len(shared))
    assert names_clash(left, right, shared) == names_clash(right, left, mixed)


@given(full_names, full_names, addresses)
def test_an_address_can_only_speak_for_one_person(left: str, right: str, shared: list[str]) -> None:
    assert names_clash(left, right) or not names_clash(left, right, shared)


KNOWN = sorted(entries("first_names"))


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_no_known_first_name_is_taken_for_another_one_misspelt(one: str, other: str) -> None:
    assert rightly_spelt(one, other) == ""
    near = next((name for name in KNOWN[: KNOWN.index(one)][::-1] if name[0] == one[0]), other)
    assert rightly_spelt(one, near) == rightly_spelt(near, one) == ""


@given(st.text("abcdeo", max_size=7), st.text("abcdeo", max_size=7))
def test_which_of_two_is_misspelt_does_not_depend_on_their_order(one: str, other: str) -> None:
    assert rightly_spelt(one, other) == rightly_spelt(other, one)
    assert rightly_spelt(one, other) in ("", one, other)
