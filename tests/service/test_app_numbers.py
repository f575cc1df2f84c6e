"""What apps tell of how many records they have and who is in their lists."""

import pytest

from bothways.errors import AppUnreachable
from bothways.service import app_numbers
from bothways.service.app_numbers import members, total
from tests.memory_app import MemoryConnector
from tests.office import Office


def test_total_is_asked_for_once_a_minute(office: Office) -> None:
    here = office.open()
    assert total(here, "Anna", "people") == 0
    office.anna.add(name="Dana")
    assert total(here, "Anna", "people") == 0
    office.clock.advance(60)
    assert total(here, "Anna", "people") == 1


def test_app_that_fails_tells_nothing_and_is_asked_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: MemoryConnector, object: str) -> int:
        raise AppUnreachable(app=self.app.name, reason="no route to it")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryConnector, "count", gone)
        assert total(office.open(), "Anna", "people") is None
    assert total(office.open(), "Anna", "people") == 0


def test_members_of_lists_are_told_but_of_one_that_is_very_long_or_not_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [office.anna.add(name=name) for name in ("Dana", "Eve", "Fay")]
    office.anna.lists = {"All": ids, "Small": ids[:1]}
    monkeypatch.setattr(app_numbers, "MOST", 2)
    assert members(office.open(), "Anna", "people", ["all", "small", "gone"]) == {"small": frozenset(ids[:1])}
