"""Stock keeping units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import sku


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" ab-01 ", "ab-01"),
        ("AB-01", "ab-01"),
        ("\ufeffAB-01", "ab-01"),
        ("007", "007"),
        ("A 1", "a 1"),
        (" ", None),
        ("", None),
        (None, None),
    ],
)
def test_sku(text: str | None, wanted: str | None) -> None:
    assert sku(text) == wanted


@given(st.text())
def test_the_sku_of_a_sku_is_itself(text: str) -> None:
    unit = sku(text)
    if unit is not None:
        assert sku(unit) == sku(f" {unit} ") == unit
