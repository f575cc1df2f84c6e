"""Texts of controls as values of fields, and back."""

import pytest

import bothways.web  # noqa: F401 - prepares Django
from bothways.records import Field, FieldType, Option
from bothways.web.forms.plain import Control, same_data, sent, text_of, value_control, value_of

CHOICE = Field("stage", FieldType.CHOICE, options=(Option("lead", "Lead"), Option("old", "Old", hidden=True)))


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        (FieldType.TEXT, "5", "5"),
        (FieldType.NUMBER, " 5", 5),
        (FieldType.NUMBER, "2.50", 2.5),
        (FieldType.NUMBER, "lots", "lots"),
        (FieldType.NUMBER, "nan", "nan"),
        (FieldType.NUMBER, "1_000", "1_000"),
        (FieldType.NUMBER, "9" * 5000, "9" * 5000),
        (FieldType.BOOLEAN, "true", True),
        (FieldType.BOOLEAN, "false", False),
        (FieldType.BOOLEAN, "", ""),
        (FieldType.DATE, "2026-01-31", "2026-01-31"),
    ],
)
def test_text_is_read_as_a_value_of_its_field(type: FieldType, text: str, value: object) -> None:
    read = value_of(Field("x", type), text)
    assert same_data(read, value)


def test_what_one_line_cannot_show_has_no_text() -> None:
    assert [text_of(each) for each in ("a", 5, 2.5, True, "a\nb", ["a"], None)] == [
        "a",
        "5",
        "2.5",
        "true",
        *[None] * 3,
    ]


def test_control_for_a_value_suits_its_field() -> None:
    def kind(field: Field, value: object) -> str:
        control = value_control(field, "x", "X", value)
        return control.kind if control else ""

    assert kind(CHOICE, "lead") == "select"
    assert kind(Field("x", FieldType.BOOLEAN), True) == "select"
    assert kind(Field("x", FieldType.DATE), "2026-01-31") == "date"
    assert kind(Field("x", FieldType.DATE), "2026-99-99") == "text", "a control for days would empty it"
    assert kind(Field("x", FieldType.DATETIME), "2026-01-31T09:00:00Z") == "text"
    assert kind(Field("x"), "a\nb") == ""


def test_choice_that_is_held_is_offered_though_it_is_hidden_or_unknown() -> None:
    for held in ("old", "gone"):
        control = value_control(CHOICE, "x", "X", held)
        assert control is not None
        assert control.value == held
        assert held in dict(control.choices)


def test_label_of_a_choice_is_shown_as_the_choice() -> None:
    control = value_control(CHOICE, "x", "X", "LEAD")
    assert control is not None
    assert control.value == "lead"


def test_browser_sends_only_what_can_be_chosen() -> None:
    choices = (("a", "A"), ("b", "B"))
    assert sent(Control("x", "X", "select", ("z",), choices)) == {"x": ["a"]}
    assert sent(Control("x", "X", "radios", ("z",), choices)) == {}
    assert sent(Control("x", "X", "checks", ("b", "a"), choices)) == {"x": ["", "a", "b"]}
    assert sent(Control("x", "X", "switch", ("true",))) == {"x": ["false", "true"]}


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ("1", 1), ({"a": 1}, {"a": True}), ([1], [1, 2])])
def test_data_of_another_kind_is_not_the_same(one: object, other: object) -> None:
    assert not same_data(one, other)
