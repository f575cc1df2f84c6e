"""Filters: what every operator asks of every type, groups, and what is refused at the door."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.filters import (
    OPERATORS,
    Filter,
    InList,
    condition,
    depends_on_time,
    fields_of,
    group,
    in_words,
    matches,
)
from bothways.errors import OperandDoesNotFit, OperatorDoesNotFit, SettingsError
from bothways.records import Field, FieldType, Option, Value

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
TEXT = Field("country", label="Country")
NUMBER = Field("score", FieldType.NUMBER, label="Score")
TRUTH = Field("vip", FieldType.BOOLEAN)
DAY = Field("born", FieldType.DATE)
MOMENT = Field("seen", FieldType.DATETIME)
STAGE = Field("stage", FieldType.CHOICE, options=(Option("lead", "New lead"), Option("customer", "Customer")))
TAGS = Field("tags", FieldType.MULTI_CHOICE, options=(Option("a", "Alpha"), Option("b", "Beta")))
EMAIL = Field("email", FieldType.EMAIL)
PHONE = Field("phone", FieldType.PHONE, region="DE")
LABELLED = Field("mails", FieldType.LABELLED)
SEVERAL = Field("names", multi_valued=True)
EVERY = (TEXT, NUMBER, TRUTH, DAY, MOMENT, STAGE, TAGS, EMAIL, PHONE, LABELLED)


def fits(field: Field, operator: str, operand: Any, value: Value) -> bool:
    return matches(condition(field, operator, operand), {field.name: value}, (), NOW)


@pytest.mark.parametrize(
    ("field", "operator", "operand", "inside", "outside"),
    [
        (TEXT, "is", "de", [" DE ", "De"], ["DEU", "", None]),
        (TEXT, "is_not", "DE", ["FR", "", None], ["de", " DE"]),
        (TEXT, "in", ["DE", "FR"], ["fr", "DE"], ["NO", None]),
        (TEXT, "contains", "gmbh", ["Muster GmbH & Co"], ["Muster AG", None]),
        (TEXT, "starts_with", "Mü", ["MÜNCHEN"], ["Ulm", "Neu-Münster", None]),
        (TEXT, "starts_with", "Mu\u0308", ["München"], ["Munchen"]),
        (TEXT, "known", True, ["x"], ["", "  ", None]),
        (TEXT, "unknown", True, ["", "  ", None], ["x"]),
        (SEVERAL, "is", "b", [["a", "B"]], [["a"], []]),
        (NUMBER, "is", 5, ["5.0", 5], ["5.1", "n/a", None]),
        (NUMBER, "in", [1, 2.5], ["2.50"], ["2"]),
        (NUMBER, "greater", 5, [6, "5.01"], [5, "n/a", None, -6]),
        (NUMBER, "less", 0, [-1], [0, "n/a", None]),
        (NUMBER, "between", [1, 2], [1, "2", 1.5], [0.99, 2.01, "n/a"]),
        (TRUTH, "is", True, [True, "yes", "1"], [False, None]),
        (TRUTH, "is_not", True, [False, None], [True]),
        (DAY, "is", "2026-01-31", ["2026-01-31"], ["2026-02-01", None]),
        (DAY, "in", ["2026-01-31", "2026-03-01"], ["2026-03-01"], ["2026-03-02"]),
        (DAY, "before", "2026-01-31", ["2026-01-30"], ["2026-01-31", "n/a", None]),
        (DAY, "after", "2026-01-31", ["2026-02-01"], ["2026-01-31", None]),
        (DAY, "between", ["2026-01-01", "2026-01-31"], ["2026-01-01", "2026-01-31"], ["2026-02-01", "2025-12-31"]),
        (DAY, "in_last_days", 30, ["2026-03-01", "2026-03-31"], ["2026-02-28", "2026-04-01", "n/a", None]),
        (MOMENT, "is", "2026-01-31", ["2026-01-31T23:59:59Z"], ["2026-02-01T00:00:00Z"]),
        (MOMENT, "before", "2026-01-31", ["2026-01-30T23:59:59Z"], ["2026-01-31T00:00:00Z"]),
        (MOMENT, "after", "2026-01-31", ["2026-02-01T00:00:00Z"], ["2026-01-31T23:59:59Z"]),
        (MOMENT, "after", "2026-01-31T09:00:00Z", ["2026-01-31T10:00:01+01:00"], ["2026-01-31T10:00:00+01:00"]),
        (MOMENT, "between", ["2026-01-01", "2026-01-31"], ["2026-01-31T23:00:00Z"], ["2026-02-01T00:00:00Z"]),
        (MOMENT, "in_last_days", 1, ["2026-03-30T12:00:00Z"], ["2026-03-30T11:59:59Z", "2026-03-31T12:00:01Z"]),
        (STAGE, "is", "new LEAD", ["lead"], ["customer", None]),
        (STAGE, "in", ["lead", "Customer"], ["customer"], ["other"]),
        (TAGS, "is", "Alpha", ["a;b", ["a"]], ["b", None]),
        (TAGS, "in", ["a", "b"], ["b"], ["c", None]),
        (EMAIL, "is", "A@X.example", ["mailto:a@x.example"], ["b@x.example"]),
        (EMAIL, "contains", "@x.", ["A@X.EXAMPLE"], ["a@y.example"]),
        (PHONE, "is", "030 901820", ["+4930901820"], ["+4930901821"]),
        (PHONE, "starts_with", "+49 (30)", ["030 901820"], ["040 428280"]),
        (LABELLED, "contains", "x.", [[{"label": "work", "value": "a@X.example"}]], [[], None]),
    ],
)
def test_every_operator_asks_what_it_says(
    field: Field, operator: str, operand: Any, inside: list[Value], outside: list[Value]
) -> None:
    assert [value for value in inside if not fits(field, operator, operand, value)] == []
    assert [value for value in outside if fits(field, operator, operand, value)] == []


def test_groups_are_taken_together_as_they_say() -> None:
    de, rich = condition(TEXT, "is", "DE"), condition(NUMBER, "greater", 5)

    def of(filter: Filter) -> list[bool]:
        records = [{"country": country, "score": score} for country in ("DE", "FR") for score in (9, 1)]
        return [matches(filter, record, (), NOW) for record in records]

    assert of(group("all", [de, rich])) == [True, False, False, False]
    assert of(group("any", [de, rich])) == [True, True, True, False]
    assert of(group("not", [de])) == [False, False, True, True]
    assert of(group("all", [group("not", [de]), rich])) == [False, False, True, False]


def test_a_list_is_known_by_its_name_in_whatever_case() -> None:
    assert matches(InList("Newsletter"), {}, {"NEWSLETTER"}, NOW)
    assert not matches(InList("Newsletter"), {}, (), NOW)


@pytest.mark.parametrize(
    ("field", "operator", "allowed"),
    [
        (TEXT, "greater", "is, is_not, in, contains, starts_with, known, unknown"),
        (TRUTH, "contains", "is, is_not, known, unknown"),
        (NUMBER, "before", "is, is_not, in, known, unknown, greater, less, between"),
        (TEXT, "sounds_like", "is, is_not"),
    ],
)
def test_an_operator_that_does_not_fit_the_type_is_refused_with_those_that_do(
    field: Field, operator: str, allowed: str
) -> None:
    with pytest.raises(OperatorDoesNotFit, match=allowed) as refused:
        condition(field, operator, "x", "file:3:4")
    assert refused.value.where == "file:3:4"


@pytest.mark.parametrize(
    ("field", "operator", "operand", "said"),
    [
        (TEXT, "is", 1067, 'Put it in quotes: "1067"'),
        (TEXT, "is", "", "must be text"),
        (TEXT, "is", True, "must be text, but is true"),
        (TEXT, "in", "DE", "must be a list"),
        (TEXT, "in", [], "must be a list"),
        (TEXT, "known", False, "must be true, but is false"),
        (NUMBER, "greater", "5", "must be a number"),
        (NUMBER, "greater", True, "must be a number"),
        (NUMBER, "between", [2, 1], "the smaller one first"),
        (NUMBER, "between", [1], "a list of two values"),
        (TRUTH, "is", "yes", "must be true or false"),
        (DAY, "before", "31.01.2026", "a date such as"),
        (DAY, "before", "2026-01-31T10:00:00Z", "a date such as"),
        (DAY, "in_last_days", 0, "a whole number of days"),
        (DAY, "in_last_days", 2.5, "a whole number of days"),
        (MOMENT, "after", "1234567890", "a time such as"),
        (STAGE, "is", "prospect", "There are: New lead, Customer"),
        (STAGE, "in", ["lead", "prospect"], 'but is the text "prospect"'),
        (LABELLED, "is", "a;b", "must be one value"),
        (PHONE, "contains", "-", "digits"),
    ],
)
def test_an_operand_that_does_not_fit_is_refused_with_what_would(
    field: Field, operator: str, operand: Any, said: str
) -> None:
    with pytest.raises(OperandDoesNotFit) as refused:
        condition(field, operator, operand)
    assert said in str(refused.value)


@pytest.mark.parametrize(("kind", "count"), [("all", 0), ("not", 0), ("not", 2), ("none", 1)])
def test_a_group_that_says_nothing_is_refused(kind: str, count: int) -> None:
    with pytest.raises(SettingsError, match="BW-100"):
        group(kind, [condition(TEXT, "is", "DE")] * count)


def test_a_filter_reads_like_a_sentence() -> None:
    filter = group(
        "all",
        [
            condition(TEXT, "in", ["DE", "FR"]),
            group("any", [condition(NUMBER, "between", [1, 5]), condition(STAGE, "is_not", "lead")]),
            group("not", [condition(DAY, "in_last_days", 30)]),
            condition(TRUTH, "is", True),
        ],
    )
    assert in_words(filter) == (
        "Country is DE or FR, and (Score is between 1 and 5, or stage is not New lead), "
        "and not (born is in the last 30 days), and vip is yes"
    )
    assert fields_of(filter) == {"country", "score", "stage", "born", "vip"}


def test_only_what_counts_back_from_now_depends_on_time() -> None:
    assert depends_on_time(group("not", [condition(DAY, "in_last_days", 30)]))
    assert not depends_on_time(InList("x"))
    assert not depends_on_time(condition(DAY, "before", "2026-01-31"))


OPERANDS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-01-31", "9999-12-31"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-01-31", "n/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"label": st.text(), "value": inner}),
    max_leaves=4,
)


@given(st.sampled_from(EVERY), st.sampled_from(sorted(OPERATORS)), OPERANDS, VALUES)
def test_whatever_is_asked_of_whatever_value_is_answered_or_refused(
    field: Field, operator: str, operand: Any, value: Value
) -> None:
    try:
        asked = condition(field, operator, operand)
    except (OperatorDoesNotFit, OperandDoesNotFit):
        return
    answer = matches(asked, {field.name: value}, (), NOW)
    assert matches(group("not", [asked]), {field.name: value}, (), NOW) is not answer
    assert field.title in in_words(asked)


@given(st.sampled_from(EVERY), VALUES)
def test_known_and_unknown_are_opposites(field: Field, value: Value) -> None:
    assert fits(field, "known", True, value) is not fits(field, "unknown", True, value)


@given(st.text(min_size=1), st.text())
def test_is_and_is_not_are_opposites_and_case_counts_for_nothing(wanted: str, value: str) -> None:
    if not wanted.strip():
        return
    assert fits(TEXT, "is", wanted, value) is not fits(TEXT, "is_not", wanted, value)
    if wanted.upper().casefold() == wanted.casefold():
        assert fits(TEXT, "is", wanted, f" {wanted.upper()} ")
