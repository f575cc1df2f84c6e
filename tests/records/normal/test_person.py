"""Names of people: their key, and whether two names may be one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import names_clash, person_name
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
