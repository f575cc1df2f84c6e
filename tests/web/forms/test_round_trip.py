"""What a form shows and nobody touches stays as it was, whatever the settings file can say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bothways.web  # noqa: F401 - prepares Django
from bothways.records import Field, FieldType, Option
from bothways.web.forms import conflicts, matching, scope
from bothways.web.forms.plain import sent
from bothways.web.forms.problems import Problems
from tests.service.documents import SYNCS

OPTIONS = (Option("NO", "Norway"), Option("on", "yes"), Option("=", "Same", hidden=True))
FIELDS = {
    each.name: each
    for each in (
        Field("email", FieldType.EMAIL),
        Field("name"),
        Field("a.b", FieldType.NUMBER),
        Field("NO", FieldType.CHOICE, options=OPTIONS),
        Field("on", FieldType.MULTI_CHOICE, options=OPTIONS),
        Field("off", FieldType.BOOLEAN),
        Field("yes", FieldType.DATE),
        Field("010", FieldType.DATETIME),
    )
}
BOTH = st.sampled_from(((FIELDS, FIELDS), (FIELDS, {}), ({}, {})))


@given(SYNCS, BOTH)
def test_step_records_changes_nothing_that_nobody_touched(entry: dict[str, Any], fields: Any) -> None:
    form = sent(scope.shown(entry, fields, Problems(), (("a list",), None)))
    assert scope.read(form, entry, fields, (("a list",), None)) == {}


@given(SYNCS, BOTH)
def test_step_matching_changes_nothing_that_nobody_touched(entry: dict[str, Any], fields: Any) -> None:
    form = sent(matching.shown(entry, fields, Problems()))
    assert matching.read(form, entry, fields) == {}


@given(SYNCS, BOTH)
def test_step_conflicts_changes_nothing_that_nobody_touched(entry: dict[str, Any], fields: Any) -> None:
    form = sent(conflicts.shown(entry, fields, Problems()))
    assert conflicts.read(form, entry, fields) == {}


@given(SYNCS, BOTH)
def test_what_a_form_does_not_have_stays_as_it_was(entry: dict[str, Any], fields: Any) -> None:
    assert scope.read({}, entry, fields) == {}
    assert matching.read({}, entry, fields) == {}
    assert conflicts.read({}, entry, fields) == {}


@pytest.mark.parametrize("number", [" 10", "10", "1.50 ", 1.5, "ten"])
@pytest.mark.parametrize("operator", ["is", "greater", "between", "in", "in_last_days"])
def test_numbers_that_are_text_or_have_blanks_around_them_stay(number: Any, operator: str) -> None:
    field = "yes" if operator == "in_last_days" else "a.b"
    operand = [number, number] if operator in ("between", "in") else number
    sends = {"Anna": {"filter": {"field": field, operator: operand}}}
    entry = {"objects": {"Anna": "contacts", "Bert": "contacts"}, "send": sends}
    shown = scope.shown(entry, (FIELDS, FIELDS), Problems())
    for form in (sent(shown), {}):
        assert scope.read(form, entry, (FIELDS, FIELDS)) == {}
