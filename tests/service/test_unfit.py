"""A field that an app takes away or changes: the sync goes on without its mapping, and says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways.errors import UnknownField
from bothways.records import Field, FieldType
from bothways.service import draft_fields, drafts
from bothways.service.connect import Schemas
from bothways.service.syncs import show_sync
from bothways.service.unfit import unfit_mappings
from tests.memory_app import PEOPLE
from tests.office import SYNC, Office

SHOE = Field("shoe", label="Shoe size")
MAPPED = (
    SYNC
    + """\
    match: [{Anna: email, Bert: email, compare: email}]
    conflicts: {per_field: {shoe: Anna}}
    fields:
      - {Anna: email, Bert: email}
      - {Anna: name, Bert: name}
      - {Anna: shoe, Bert: shoe}
"""
)


@pytest.fixture
def shod(folder: Path) -> Office:
    """Two apps that both have a field for the size of shoes."""
    return Office(folder, MAPPED, fields=(*PEOPLE, SHOE))


def problems(office: Office) -> list[str]:
    return [each.problem for each in show_sync(office.open(), "people").mappings if each.problem]


def test_sync_goes_on_without_the_mapping_whose_field_is_gone(shod: Office) -> None:
    left, right = shod.pair("Dana", shoe="38")
    shod.bert.fields = PEOPLE
    shod.anna.edit(left, name="Dora", shoe="39")
    shod.rest()
    assert (shod.bert.values(right)["name"], shod.bert.values(right)["shoe"]) == ("Dora", "38")
    assert problems(shod) == ['Bert has no field "shoe" in people. (BW-111)']
    (unfit,) = unfit_mappings(shod.open())
    assert (unfit.sync, unfit.fields, unfit.code) == ("people", {"Anna": "shoe", "Bert": "shoe"}, "BW-111")
    assert show_sync(shod.open(), "people").state_word == "Needs you"


def test_what_changed_meanwhile_flows_when_the_field_is_there_again(shod: Office) -> None:
    left, right = shod.pair("Dana", shoe="38")
    shod.bert.fields = PEOPLE
    shod.anna.edit(left, name="Dora", shoe="39")
    shod.rest()
    shod.bert.fields = (*PEOPLE, SHOE)
    shod.rest()
    assert shod.bert.values(right)["shoe"] == "39"
    assert (problems(shod), unfit_mappings(shod.open())) == ([], [])
    assert show_sync(shod.open(), "people").state_word == "Up to date"


def test_field_of_another_kind_that_cannot_hold_the_values_is_left_out(shod: Office) -> None:
    left, _ = shod.pair("Dana")
    shod.bert.fields = (*PEOPLE, Field("shoe", FieldType.BOOLEAN, "Shoe size", read_only=True))
    shod.anna.edit(left, shoe="39")
    assert not shod.rest().failing
    assert len(problems(shod)) == 1


def test_field_by_which_records_are_told_apart_stops_the_sync(shod: Office) -> None:
    shod.pair("Dana")
    shod.bert.fields = tuple(each for each in (*PEOPLE, SHOE) if each.name != "email")
    shod.anna.add(email="c@x.test", name="Cleo")
    with pytest.raises(UnknownField):
        shod.run()
    assert len(shod.bert.live()) == 1


def test_new_settings_with_a_field_that_is_not_there_are_refused(shod: Office) -> None:
    shod.pair("Dana", shoe="38")
    shod.change("{Anna: shoe, Bert: shoe}", "{Anna: shoe, Bert: shu}")
    with pytest.raises(UnknownField, match=r"no field .shu."):
        shod.run()


def test_edit_made_when_the_field_is_there_again_is_told_from_a_difference(shod: Office) -> None:
    left, right = shod.pair("Dana", shoe="38")
    shod.bert.fields = PEOPLE
    shod.anna.edit(left, name="Dora")
    shod.rest()
    shod.bert.fields = (*PEOPLE, SHOE)
    shod.bert.edit(right, shoe="40")
    shod.rest()
    assert [shod.anna.values(left)["shoe"], shod.bert.values(right)["shoe"]] == ["40", "40"], "Anna wins differences"


@pytest.mark.parametrize("says", ["meaning", "settings"])
def test_field_of_consent_that_is_gone_stops_the_sync(folder: Path, says: str) -> None:
    out = Field("out", FieldType.BOOLEAN, "Unsubscribed", meaning="optOut" if says == "meaning" else None)
    said = ", consent: opt_out" if says == "settings" else ""
    mapped = MAPPED.replace("Bert: shoe}", f"Bert: shoe}}\n      - {{Anna: out, Bert: out{said}}}")
    office = Office(folder, mapped, fields=(*PEOPLE, SHOE, out))
    office.pair("Dana", shoe="38")
    office.bert.fields = (*PEOPLE, SHOE)
    office.anna.add(email="eve@x.test", name="Eve", out=True)
    with pytest.raises(UnknownField):
        office.run()
    assert len(office.bert.items) == 1


def test_draft_that_is_begun_knows_of_the_field_that_is_gone_though_the_fields_were_asked_for_lately(
    shod: Office,
) -> None:
    shod.pair("Dana", shoe="38")
    kept: Schemas = {}
    draft = drafts.edit(replace(shod.open(), schemas=kept), "people")
    assert not any(each.problem for each in draft_fields.fields(replace(shod.open(), schemas=kept), draft.id).rows)
    shod.bert.fields = PEOPLE
    drafts.edit(replace(shod.open(), schemas=kept), "people")
    found = draft_fields.fields(replace(shod.open(), schemas=kept), draft.id)
    assert [each.gone for each in found.rows if each.problem] == [("Bert",)]
