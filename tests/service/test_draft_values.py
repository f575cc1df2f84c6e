"""The values of two choice fields of a draft paired with each other."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bothways.errors import (
    DraftChanged,
    NotAllowed,
    NothingForTheRest,
    NothingToPair,
    PairingAmbiguous,
    UnknownChoice,
    WrongType,
)
from bothways.records import Field, FieldType, Option
from bothways.service import draft_fields, draft_values, drafts
from bothways.service.rights import Role
from bothways.service.views import ValuesView
from tests.drafting import EMAIL, LEDGER, STAGE, Drafting
from tests.lands import ANNAS, BERTS, SETTINGS
from tests.memory_app import PEOPLE
from tests.office import Office

ONE_WAY = {**STAGE, "direction": "to_Ledger"}


def look(here: Drafting, number: int = 1) -> ValuesView:
    return draft_values.values(here.by(role=Role.VIEWER), here.id, number)


def pairs(here: Drafting) -> list[tuple[str, ...]]:
    return [tuple(each.keys.values()) for each in look(here).pairs]


def pair(here: Drafting, *wanted: tuple[str, str], **more: Any) -> None:
    draft_values.set_values(here.by(), here.id, here.version, 1, wanted, **more)


def test_without_a_word_values_are_paired_by_their_labels(folder: Path) -> None:
    here = Drafting(folder, [ONE_WAY, EMAIL])
    found = look(here)
    assert (found.fixed, found.other, found.written, found.unpaired) == ("HubSpot", "", ("Ledger",), 2)
    assert pairs(here) == [("lead", "L"), ("mql", ""), ("customer", "")]
    assert found.pairs[0].labels == {"HubSpot": "Lead", "Ledger": "Lead"}
    assert found.options["Ledger"] == (("L", "Lead"), ("C", "Client"), ("X", "Lost"))


def test_records_that_hold_a_value_without_a_partner_are_counted_as_far_as_they_are_known(
    office: Office, tmp_path: Path
) -> None:
    here = Office(tmp_path, SETTINGS, fields=(*PEOPLE, ANNAS), bert_fields=(*PEOPLE, BERTS))
    draft = drafts.edit(here.open(), "people")
    found = draft_values.values(here.open(), draft.id, 3)
    assert (found.fixed, found.unpaired) == ("Anna", 2)
    assert draft_values.touched(here.open(), found) is None, "nothing was read yet"
    for name, country in (("Una", "uk"), ("Uri", "uk"), ("Hans", "holland"), ("Fee", "fr"), ("Nan", "")):
        here.anna.add(email=f"{name}@x.test", name=name, land=country)
    here.run()
    held = draft_values.touched(here.open(), found)
    assert held is not None
    assert (held.fitting, held.total) == (3, 5)
    draft_values.set_values(here.open(), draft.id, draft.version, 3, [("uk", "gb"), ("holland", "nl"), ("fr", "fr")])
    assert draft_values.touched(here.open(), draft_values.values(here.open(), draft.id, 3)) is None, "all have one"


def test_pairs_are_written_by_keys_and_those_that_stood_there_stay_as_they_are(folder: Path) -> None:
    row = {**ONE_WAY, "values": {"Lead": "L"}, "winner": "Ledger"}
    here = Drafting(folder, [row, EMAIL])
    assert pairs(here)[0] == ("lead", "L")
    pair(here, ("lead", "L"), ("mql", ""), ("customer", "Client"), other="leave_out")
    assert here.rows == [{**row, "values": {"Lead": "L", "customer": "C"}, "other": "leave_out"}, EMAIL]
    assert draft_fields.fields(here.by(), here.id).rows[0].problem == ""
    assert draft_fields.fields(here.by(), here.id).rows[0].paired == (2, 3)


def test_what_goes_without_saying_is_not_said(folder: Path) -> None:
    here = Drafting(folder, [ONE_WAY])
    pair(here, ("lead", "L"), other="hold")
    assert here.rows == [{**ONE_WAY, "other": "hold"}]
    pair(here, ("lead", "L"))
    assert here.rows == [ONE_WAY]


def test_the_rest_gets_a_default(folder: Path) -> None:
    here = Drafting(folder, [ONE_WAY])
    pair(here, ("lead", "L"), other="default", defaults={"Ledger": "Lost", "HubSpot": ""})
    assert here.rows == [{**ONE_WAY, "other": {"default": {"Ledger": "X"}}}]
    found = look(here)
    assert (found.other, found.defaults) == ("default", {"Ledger": "X"})
    with pytest.raises(NothingForTheRest):
        pair(here, ("lead", "L"), other="default", defaults={"Ledger": " "})
    with pytest.raises(UnknownChoice):
        pair(here, ("lead", "L"), other="default", defaults={"Ledger": "Gone"})


def test_text_beside_a_choice_is_paired_by_what_is_typed(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "firstname", "Ledger": "Stage", "values": {"warm": "L", "hot": "L"}}])
    assert look(here).fixed == "Ledger"
    assert pairs(here) == [("warm", "L"), ("hot", "L"), ("", "C"), ("", "X")]
    pair(here, ("warm", "L"), ("hot", "L"), (" cold ", "X"), ("", "C"), other="hold")
    assert here.rows is not None
    assert here.rows[0]["values"] == {"warm": "L", "hot": "L", "cold": "X"}
    with pytest.raises(PairingAmbiguous):
        pair(here, ("warm", "L"), ("warm", "C"))


def test_option_that_is_gone_may_stay_where_it_stands_and_comes_nowhere_else(folder: Path) -> None:
    here = Drafting(folder, [{**ONE_WAY, "values": {"lead": "L", "old": "C"}}])
    assert pairs(here)[-1] == ("old", "C")
    pair(here, ("lead", "L"), ("old", "C"), ("mql", "X"))
    with pytest.raises(UnknownChoice, match="Gone"):
        pair(here, ("lead", "Gone"))
    assert here.rows is not None
    assert here.rows[0]["values"] == {"lead": "L", "old": "C", "mql": "X"}


def test_options_of_the_same_label_are_told_apart_by_their_keys(folder: Path) -> None:
    twice = Field(
        "Stage",
        FieldType.CHOICE,
        "Stage",
        options=(Option("1", "Lost"), Option("2", "lost"), Option("3", "Lead"), Option("4")),
    )
    here = Drafting(folder, [{**ONE_WAY, "values": {"lead": "2"}}], ledger=(*LEDGER[:4], twice))
    assert look(here).options["Ledger"] == (("1", "1"), ("2", "2"), ("3", "Lead"), ("4", "4"))
    assert look(here).pairs[0].labels == {"HubSpot": "Lead", "Ledger": "2"}
    pair(here, ("lead", "2"), ("customer", "Lead"))
    assert here.rows == [{**ONE_WAY, "values": {"lead": "2", "customer": "3"}}]


def test_fields_without_options_have_nothing_to_pair(folder: Path) -> None:
    here = Drafting(folder, [EMAIL])
    with pytest.raises(NothingToPair):
        look(here)
    with pytest.raises(NothingToPair):
        pair(here)


def test_older_versions_unknown_words_and_other_roles_change_nothing(folder: Path) -> None:
    here = Drafting(folder, [ONE_WAY])
    with pytest.raises(DraftChanged):
        draft_values.set_values(here.by(), here.id, here.version - 1, 1, [])
    with pytest.raises(NotAllowed):
        draft_values.set_values(here.by(role=Role.OPERATOR), here.id, here.version, 1, [])
    with pytest.raises(WrongType):
        pair(here, other="guess")
    assert here.rows == [ONE_WAY]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(("lead", "Lead", "customer", "old")), st.sampled_from(("L", "Client", "X")), max_size=3
    ),
    st.sampled_from((None, "hold", "leave_out", {"default": {"Ledger": "X"}})),
)
def test_what_the_page_shows_and_sends_back_changes_nothing(folder: Path, values: dict[str, str], other: Any) -> None:
    row = {**ONE_WAY, "winner": "ask", "values": values, **({"other": other} if other else {})}
    if {"lead", "Lead"} <= values.keys():
        return  # both name one option
    here = Drafting(folder, [row, EMAIL])
    found = look(here)
    pair(here, *(tuple(each.keys.values()) for each in found.pairs), other=found.other, defaults=found.defaults)  # type: ignore[arg-type]
    assert here.rows == [row, EMAIL]
