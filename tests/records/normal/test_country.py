"""Countries: known by their codes and by their names in many languages, and by nothing that could be several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import country_codes, country_of
from bothways.records.normal.country import plain
from bothways.records.normal.tables import pairs


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("GB", "GB"),
        ("gb", "GB"),
        ("GBR", "GB"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("United Kingdom", "GB"),
        ("  united   KINGDOM ", "GB"),
        ("Scotland", "GB"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("ÖSTERREICH", "AT"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("Korea, Republic of", "KR"),
        ("Côte d’Ivoire", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("日本", "JP"),
        ("Россия", "RU"),
        ("مصر", "EG"),
        ("NO", "NO"),
        ("Norge", "NO"),
    ],
)
def test_a_country_is_known_by_its_codes_and_its_names(text: str, country: str) -> None:
    assert country_of(text) == country


@pytest.mark.parametrize(
    "text", ["", " ", "-", "XX", "EU", "Congo", "Kongo", "Korea", "Bavaria", "n/a", "DE/AT", "x" * 500]
)
def test_what_names_no_country_or_more_than_one_is_none(text: str) -> None:
    assert country_of(text) is None


def test_every_code_and_every_name_of_the_tables_is_found_as_it_is_looked_up() -> None:
    for table in ("countries", "countries_added"):
        for name, code in pairs(table).items():
            assert plain(name) == name
            assert not code or code in country_codes()
    assert all(country_of(code) == code for code in country_codes())


def test_what_we_think_otherwise_goes_before_what_the_source_says() -> None:
    added = pairs("countries_added")
    assert {name: country_of(name) for name in added} == {name: code or None for name, code in added.items()}


def test_codes_are_those_of_countries_and_not_those_reserved_for_unions() -> None:
    assert {"GB", "US", "NO", "XK"} < country_codes()
    assert country_codes().isdisjoint({"UK", "EU", "UN", "ZZ", "AC"})


@given(st.text())
def test_any_text_names_a_country_or_none(text: str) -> None:
    assert country_of(text) in {None, *country_codes()}
