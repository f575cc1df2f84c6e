"""Mappings edited as plain data: what an edit does not speak of stays as it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bothways.service.draft_rows import consent_of, only_of, switched, with_direction, with_field, with_options
from tests.service.documents import SYNCS, TEXTS

APPS = ("Anna", "Bert")
ROWS = (
    SYNCS.map(lambda sync: [*sync.get("fields", ()), *sync.get("associations", ())])
    .filter(bool)
    .map(lambda all: all[0])
)
WAYS = st.sampled_from(("both", "to_Anna", "to_Bert"))


def without(row: Any, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


@given(ROWS, WAYS)
def test_another_direction_keeps_all_else(row: Any, way: str) -> None:
    changed = with_direction(row, way)
    assert changed.get("direction", "both") == way
    assert without(changed, "direction") == without(row, "direction")


@given(ROWS, st.booleans())
def test_a_switch_keeps_all_else(row: Any, on: bool) -> None:
    changed = switched(row, on)
    assert changed.get("enabled", True) is on
    assert without(changed, "enabled") == without(row, "enabled")


@given(ROWS, st.sampled_from(APPS), TEXTS | st.just(""))
def test_another_field_keeps_all_but_what_was_said_of_its_values(row: Any, app: str, name: str) -> None:
    changed = with_field(row, app, name)
    assert changed.get(app, "") == name
    if name == row[app]:
        assert changed == row
    else:
        assert without(changed, app) == without(row, app, "values", "other")


@given(ROWS)
def test_what_is_said_again_changes_nothing(row: Any) -> None:
    assert with_direction(row, row.get("direction", "both")) == row
    assert switched(row, row.get("enabled", True)) == row
    again = with_options(
        row,
        APPS,
        winner=row.get("winner", ""),
        only=only_of(row),
        when_empty=row.get("when_empty", ""),
        clean=row.get("clean", ()),
        consent=consent_of(row, APPS),
    )
    assert without(again, "clean", *without(row)) == {}
    assert {key: value for key, value in row.items() if value not in ([], False)} == {
        key: value for key, value in again.items() if value not in ([], False)
    }


@given(ROWS, ROWS)
def test_other_options_keep_fields_values_direction_and_switch(row: Any, other: Any) -> None:
    changed = with_options(
        row,
        APPS,
        winner=other.get("winner", ""),
        only=only_of(other),
        when_empty=other.get("when_empty", ""),
        clean=other.get("clean", ()),
        consent=consent_of(other, APPS),
    )
    options = ("winner", "only_when_empty", "only_on_create", "when_empty", "clean", "consent")
    assert without(changed, *options) == without(row, *options)
    assert changed.get("winner", "") == other.get("winner", "")
    assert (only_of(changed), consent_of(changed, APPS)) == (only_of(other), consent_of(other, APPS))
    assert list(changed.get("clean") or ()) == list(other.get("clean") or ())
    assert changed.get("when_empty", "") == other.get("when_empty", "")
