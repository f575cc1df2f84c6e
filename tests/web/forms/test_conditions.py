"""The builder of a filter: what it reads of each question, and what it leaves as it was."""

from typing import Any

import pytest

import bothways.web  # noqa: F401 - prepares Django
from bothways.records import Field, FieldType, Option
from bothways.web.forms.conditions import added, empty, read, removed, shown
from bothways.web.forms.plain import sent

FIELDS = {
    each.name: each
    for each in (
        Field("name"),
        Field("score", FieldType.NUMBER),
        Field("on", FieldType.BOOLEAN),
        Field("stage", FieldType.CHOICE, options=(Option("lead", "Lead"), Option("new", "New"))),
        Field("born", FieldType.DATE),
    )
}


def after(filter: dict[str, Any], **changed: str | list[str]) -> dict[str, Any]:
    """Return a filter after some controls of it were changed; ``__`` stands for a dash in their names."""
    form = sent(shown("f", filter, FIELDS, ("Small",)))
    for name, text in changed.items():
        form[name.replace("__", "-")] = [text] if isinstance(text, str) else text
    return read(form, "f", filter, FIELDS, ("Small",))


@pytest.mark.parametrize(
    ("condition", "changed", "expected"),
    [
        ({"field": "name", "is": "a"}, {"f__0__value": "b"}, {"field": "name", "is": "b"}),
        ({"field": "name", "is": "a"}, {"f__0__operator": "in"}, {"field": "name", "in": ["a"]}),
        ({"field": "name", "in": ["a", "b"]}, {"f__0__operator": "is"}, {"field": "name", "is": "a"}),
        ({"field": "name", "in": ["a"]}, {"f__0__value": "a\r\n\r\n b "}, {"field": "name", "in": ["a", " b "]}),
        ({"field": "name", "known": True}, {"f__0__operator": "is"}, {"field": "name", "is": ""}),
        ({"field": "name", "is": "a"}, {"f__0__operator": "unknown"}, {"field": "name", "unknown": True}),
        ({"field": "score", "is": 5}, {"f__0__operator": "between"}, {"field": "score", "between": [5, ""]}),
        ({"field": "score", "between": [1, 2]}, {"f__0__to": "2.5"}, {"field": "score", "between": [1, 2.5]}),
        ({"field": "score", "between": [1, 2]}, {"f__0__value": ""}, {"field": "score", "between": ["", 2]}),
        ({"field": "on", "is": True}, {"f__0__value": "false"}, {"field": "on", "is": False}),
        (
            {"field": "stage", "in": ["lead"]},
            {"f__0__value": ["", "lead", "new"]},
            {"field": "stage", "in": ["lead", "new"]},
        ),
        ({"field": "born", "in_last_days": 7}, {"f__0__value": "30"}, {"field": "born", "in_last_days": 30}),
        ({"list": "Big"}, {"f__0__value": "Small"}, {"list": "Small"}),
    ],
)
def test_changed_condition_is_read_as_its_question_asks(
    condition: dict[str, Any], changed: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert after({"all": [condition]}, **changed) == {"all": [expected]}
    assert after(condition, **changed) == expected, "a filter of one condition stays one"


def test_what_says_the_same_stays_letter_by_letter() -> None:
    odd = {"any": [{"field": "score", "is": "5"}, {"field": "stage", "is": "LEAD"}, {"field": "name", "is": 5}]}
    assert after(odd) == odd
    changed = after(odd, f__0__value="6")["any"]
    assert changed == [{"field": "score", "is": 6}, *odd["any"][1:]]


def test_deeper_group_is_text_and_stays() -> None:
    deep = {"all": [{"any": [{"field": "name", "is": "a"}]}, {"field": "name", "is": "b"}]}
    rows = shown("f", deep, FIELDS).rows
    assert [bool(row.text) for row in rows] == [True, False]
    assert after(deep, f__kind="any", f__1__value="c") == {"any": [deep["all"][0], {"field": "name", "is": "c"}]}


def test_condition_is_added_and_removed() -> None:
    one = added({"f-add": ["field:name"]}, "f", empty(), FIELDS)
    assert one == {"all": [{"field": "name", "known": True}]}
    two = added({"f-add": ["list:"]}, "f", one, FIELDS)
    assert two == {"all": [{"field": "name", "known": True}, {"list": ""}]}
    assert added({"f-add": [""]}, "f", two, FIELDS) == two
    assert removed(two, 0) == {"all": [{"list": ""}]}
    assert added({"f-add": ["field:name"]}, "f", {"field": "score", "is": 1}, FIELDS) == {
        "all": [{"field": "score", "is": 1}, {"field": "name", "known": True}]
    }


def test_field_that_is_gone_is_told_and_kept() -> None:
    gone = {"all": [{"field": "shoe", "is": "a"}]}
    (row,) = shown("f", gone, FIELDS).rows
    assert row.problem == "There is no such field."
    assert after(gone) == gone


@pytest.mark.parametrize("condition", [{"is": "501"}, {"in": ["501"]}])
def test_it_is_said_that_a_record_is_named_by_its_id(condition: dict[str, Any]) -> None:
    fields = {"owner": Field("owner", FieldType.REFERENCE), "name": Field("name")}
    for name, told in (("owner", True), ("name", False)):
        (row,) = shown("f", {"all": [{"field": name, **condition}]}, fields).rows
        assert ("named by its id in the app" in row.values[0].help) == told
