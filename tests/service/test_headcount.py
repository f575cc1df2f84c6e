"""How many records fit a filter, counted among those that are known, and only where all of it is known."""

import pytest

from bothways.engine.filters import condition
from bothways.records import Field
from bothways.service import headcount
from bothways.service.headcount import known
from tests.memory_app import PEOPLE
from tests.office import Office

NAME = next(each for each in PEOPLE if each.name == "name")


def test_nothing_is_known_before_all_records_were_read(office: Office) -> None:
    office.anna.add(name="Dana")
    assert known(office.open(), "Anna", "people") is None


def test_records_that_fit_and_those_without_an_address_are_counted(office: Office) -> None:
    office.pair("Dana")
    office.pair("Eve")
    office.anna.add(name="Ed", email="no address")
    office.run()
    found = known(office.open(), "Anna", "people", condition(NAME, "starts_with", "e"), "email")
    assert found is not None
    assert (found.total, found.fitting, found.without_email) == (3, 2, 1)


def test_what_was_not_read_of_every_record_is_not_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.pair("Dana")
    found = known(office.open(), "Anna", "people", condition(Field("country"), "is", "DE"), "other")
    assert found is not None
    assert (found.total, found.fitting, found.without_email) == (1, None, None)
    filter = condition(NAME, "is", "Dana")
    office.anna.spoil(office.anna.add(name="Eve"), "a malformed card")
    office.run()
    found = known(office.open(), "Anna", "people", filter)
    assert found is not None
    assert found.fitting is None, "nobody knows what the unreadable one holds"
    monkeypatch.setattr(headcount, "MOST", 1)
    found = known(office.open(), "Anna", "people", filter)
    assert found is not None
    assert (found.total, found.fitting) == (2, None)
