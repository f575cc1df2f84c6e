"""Values as people read them."""

import pytest

from bothways.cli.values import value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(empty)"),
        ("  ", "(empty)"),
        ([], "(empty)"),
        ("Dave", "Dave"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (["a", "", "b"], "a, b"),
        ({"value": "+1 555", "label": "work"}, "+1 555 (work)"),
        (
            [{"value": "a@b.example", "label": ""}, {"value": "c@d.example", "label": "home"}],
            "a@b.example, c@d.example (home)",
        ),
        ({"street": "Main St", "city": "Ulm"}, "street: Main St, city: Ulm"),
        ("line\nbreak", "line\\nbreak"),
    ],
)
def test_value_text(value, text):
    assert value_text(value) == text


def test_long_values_are_cut():
    assert len(value_text("word " * 100)) <= 60
