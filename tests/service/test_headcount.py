"""How many records take part, counted among those that are known, and only where all of it is known."""

import pytest

from bothways.engine.filters import InList, condition, group
from bothways.records import Field
from bothways.service import drafts, headcount
from bothways.service.headcount import known, of_draft
from bothways.service.views import KnownView
from tests.aside import Aside, put_aside
from tests.memory_app import PEOPLE
from tests.office import Office

NAME = next(each for each in PEOPLE if each.name == "name")
WITH_E = condition(NAME, "starts_with", "e")
IN_SMALL = group("all", [InList("Small")])


def counted(found: KnownView | None) -> tuple[int | None, ...]:
    """Return all of them, those that fit, those without an address, those that take part."""
    assert found is not None
    return found.total, found.fitting, found.without_email, found.taking_part


def test_nothing_is_known_before_all_records_were_read(office: Office) -> None:
    office.anna.add(name="Dana")
    assert known(office.open(), "Anna", "people") is None


def test_records_that_fit_and_those_without_an_address_are_counted(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    office.anna.add(name="Ed", email="no address")
    office.run()
    here = office.open()
    assert counted(known(here, "Anna", "people", WITH_E, "email")) == (3, 2, 1, 1)
    assert counted(known(here, "Anna", "people", WITH_E)) == (3, 2, None, 2)
    assert counted(known(here, "Anna", "people", None, "email")) == (3, None, 1, 2)
    assert counted(known(here, "Anna", "people")) == (3, None, None, 3)


def test_what_was_not_read_of_every_record_is_not_told(office: Office) -> None:
    office.pair("Dana")
    found = known(office.open(), "Anna", "people", condition(Field("country"), "is", "DE"), "other")
    assert counted(found) == (1, None, None, None)
    found = known(office.open(), "Anna", "people", condition(Field("country"), "is", "DE"), "email")
    assert counted(found) == (1, None, 0, None)
    office.anna.spoil(office.anna.add(name="Eve"), "a malformed card")
    office.run()
    found = known(office.open(), "Anna", "people", condition(NAME, "is", "Dana"))
    assert counted(found) == (2, None, None, None), "nobody knows what the unreadable one holds"


# --- lists of the app ---------------------------------------------------------------------------------


def test_app_is_asked_for_what_nobody_has_read_once_in_a_while(office: Office) -> None:
    ids = [office.anna.add(name=name) for name in ("Dana", "Eve", "Fay")]
    office.anna.lists = {"Small": ids[:2]}
    here = office.open()
    assert counted(known(here, "Anna", "people", IN_SMALL, ask=True)) == (3, 2, None, 2)
    assert counted(known(here, "Anna", "people", group("not", [InList("Small")]), ask=True)) == (3, 1, None, 1)
    assert counted(known(here, "Anna", "people", IN_SMALL, "email", ask=True)) == (3, 2, None, None)
    assert counted(known(here, "Anna", "people", WITH_E, ask=True)) == (3, None, None, None)
    assert office.anna.calls["members"] == 1
    office.anna.lists["Small"].append(ids[2])
    assert counted(known(here, "Anna", "people", IN_SMALL, ask=True)) == (3, 2, None, 2)
    office.clock.advance(60)
    assert counted(known(here, "Anna", "people", IN_SMALL, ask=True)) == (3, 3, None, 3)


def test_list_that_no_run_has_read_decides_with_what_was_read(office: Office) -> None:
    first, second = office.pair("Dana")[0], office.pair("Eve")[0]
    office.anna.lists = {"Small": [first, second]}
    both = group("all", [InList("Small"), WITH_E])
    assert counted(known(office.open(), "Anna", "people", both, "email", ask=True)) == (2, 1, 0, 1)
    office.anna.lists = {}
    office.clock.advance(60)
    assert counted(known(office.open(), "Anna", "people", both, "email", ask=True)) == (2, None, 0, None)


# --- very many ----------------------------------------------------------------------------------------


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> Aside:
    """Let few records count as very many, and what is done aside wait."""
    made = put_aside(monkeypatch, headcount)
    monkeypatch.setattr(headcount, "MOST", 1)
    return made


def test_very_many_are_counted_aside_and_shown_for_a_while(office: Office, aside: Aside) -> None:
    office.pair("Dana")
    office.pair("Eve")
    here = office.open()
    found = known(here, "Anna", "people", WITH_E, "email")
    assert (counted(found), found and found.counting) == ((2, None, None, None), True)
    known(here, "Anna", "people", WITH_E, "email")
    assert aside.work() == 1, "it is counted once, whoever asks meanwhile"
    found = known(here, "Anna", "people", WITH_E, "email")
    assert (counted(found), found and found.counting) == ((2, 1, 0, 1), False)
    assert aside.work() == 0
    office.anna.add(name="Ed", email="ed@x.test")
    office.run()
    assert counted(known(here, "Anna", "people", WITH_E, "email")) == (3, 1, 0, 1), "as it was counted of late"
    assert aside.work() == 1
    assert counted(known(here, "Anna", "people", WITH_E, "email")) == (3, 2, 0, 2)


# --- of a draft ---------------------------------------------------------------------------------------


def test_numbers_of_a_draft_are_those_of_what_is_right_with_it(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    here = office.open()
    made = drafts.edit(here, "people")
    send = {"Anna": {"filter": {"field": "name", "starts_with": "E"}}, "Bert": "none"}
    drafts.change(here, made.id, made.version, send=send, guards={"first_run": "many"})
    found = of_draft(here, made.id)
    assert [(each.app, each.taking_part, each.total, each.sends, each.at_most) for each in found] == [
        ("Anna", 1, 2, True, False),
        ("Bert", 2, 2, False, True),
    ]
