"""The associations of a draft: found, turned off and on, written out with the first change."""

from pathlib import Path

import pytest

from bothways.errors import DraftChanged, NotAllowed, UnknownMapping
from bothways.service import draft_associations, draft_fields
from bothways.service.rights import Role
from bothways.service.views import AssociationRow
from tests.drafting import EMAIL, Drafting

FIRM = {"HubSpot": "companies", "Ledger": "Firm", "sync": "firms"}


def rows(here: Drafting) -> tuple[AssociationRow, ...]:
    return draft_associations.associations(here.by(role=Role.VIEWER), here.id).rows


def switch(here: Drafting, number: int, on: bool) -> object:
    draft_associations.switch(here.by(), here.id, here.version, number, on)
    return here.draft.settings.get("associations")


def test_association_through_another_sync_is_found_and_says_what_it_waits_for(folder: Path) -> None:
    [row] = rows(Drafting(folder, [EMAIL], firms="draft"))
    assert (row.labels, row.sync, row.enabled) == ({"HubSpot": "Company", "Ledger": "Organisation"}, "firms", True)
    assert row.why_off == 'needs the sync "firms" to be on'


def test_association_through_a_sync_that_is_on_is_in_force(folder: Path) -> None:
    assert rows(Drafting(folder, [EMAIL], firms="on"))[0].why_off == ""


def test_without_another_sync_there_is_none(folder: Path) -> None:
    assert rows(Drafting(folder, [EMAIL])) == ()


def test_first_change_writes_it_out(folder: Path) -> None:
    here = Drafting(folder, [EMAIL], firms="on")
    assert switch(here, 1, False) == [{**FIRM, "enabled": False}]
    [row] = rows(here)
    assert (row.enabled, row.why_off, row.problem) == (False, "", "")
    assert switch(here, 1, True) == [FIRM]


def test_one_that_the_draft_does_not_name_is_off_and_is_named_when_it_is_turned_on(folder: Path) -> None:
    here = Drafting(folder, [EMAIL], firms="on")
    here.set(associations=[])
    assert [row.enabled for row in rows(here)] == [False]
    assert switch(here, 1, False) == []
    assert switch(here, 1, True) == [FIRM]


def test_what_is_written_keeps_all_that_is_said_of_it(folder: Path) -> None:
    here = Drafting(folder, [EMAIL], firms="on")
    here.set(associations=[{**FIRM, "direction": "to_Ledger"}])
    assert switch(here, 1, False) == [{**FIRM, "direction": "to_Ledger", "enabled": False}]


def test_wrong_one_says_why(folder: Path) -> None:
    here = Drafting(folder, [EMAIL])
    here.set(associations=[{"HubSpot": "companies", "Ledger": "Firm"}])
    [row] = rows(here)
    assert row.problem.endswith("Make a sync of these first, between the same two apps.")


def test_field_that_is_mapped_by_name_is_no_association_too(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, {"HubSpot": "companies > name", "Ledger": "Note"}], firms="on")
    assert rows(here) == ()
    assert [row.problem for row in draft_fields.fields(here.by(), here.id).rows] == ["", ""]


def test_older_versions_other_roles_and_other_rows_are_refused(folder: Path) -> None:
    here = Drafting(folder, [EMAIL], firms="on")
    with pytest.raises(DraftChanged):
        draft_associations.switch(here.by(), here.id, here.version - 1, 1, False)
    with pytest.raises(NotAllowed):
        draft_associations.switch(here.by(role=Role.OPERATOR), here.id, here.version, 1, False)
    with pytest.raises(UnknownMapping):
        switch(here, 2, False)
    assert "associations" not in here.draft.settings
