"""What apps will support no longer: told half a year before, and after, wherever somebody looks and by an alert."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from bothways.connectors.ends import WARNED, End
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.facts import ENDS
from bothways.connectors.hubspot.paths import CURRENT, VERSIONS
from bothways.ledger import alerts, troubles
from bothways.service import apps, ends
from bothways.service.alerts import settle
from bothways.service.database import used
from bothways.service.doctor import doctor
from bothways.service.failing import failing
from tests.memory_app import MemoryConnector
from tests.office import Office

AT = 2_000_000_000.0
END = End("version 1 of its API", AT, "2033-05", "Speak version 2")


@pytest.fixture
def dated(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Two apps of which it is known when what they work by ends, unless a setting says otherwise."""

    def told(settings: Mapping[str, str]) -> list[End]:
        return [] if settings.get("label") == "new" else [END]

    monkeypatch.setattr(MemoryConnector, "ends", staticmethod(told), raising=False)
    office.clock.now = AT - WARNED - 1
    return office


def told_of(office: Office) -> list[dict[str, Any]]:
    """Return what was told by mail of Anna so far, after a look."""
    ends.look(office.open(), office.clock.now)
    settle(["mail"], office.clock.now)
    said = [orjson.loads(each.document) for each in sorted(alerts.latest(1000))]
    return [each for each in said if each["name"] == "Anna"]


def test_an_end_is_told_half_a_year_before_and_when_it_is_there_and_each_once(dated: Office) -> None:
    with used(dated.open().database):
        assert told_of(dated) == []
        dated.clock.advance(1)
        for _ in range(3):
            (soon,) = told_of(dated)
            dated.clock.advance(60)
        dated.clock.now = AT
        for _ in range(3):
            over = told_of(dated)[-1]
            dated.clock.advance(60)
    assert (soon["kind"], soon["code"], soon["subject"]) == (
        "ending",
        "BW-583",
        "Anna works by what ends soon (BW-583)",
    )
    assert (
        soon["text"]
        == "Anna works by version 1 of its API, which is supported until 2033-05. (BW-583)\nSpeak version 2."
    )
    assert (over["code"], over["subject"]) == ("BW-584", "Anna works by what has ended (BW-584)")
    assert "supported no longer since 2033-05" in over["text"]


def test_it_is_an_issue_that_somebody_has_to_mend_and_none_of_what_fails(dated: Office) -> None:
    dated.clock.now = AT
    with used(dated.open().database):
        ends.look(dated.open(), AT)
    found = {each.name: each for each in failing(dated.open())}
    assert set(found) == {"Anna", "Bert"}
    assert (found["Anna"].need, found["Anna"].link, found["Anna"].waiting) == ("fix", "app", 0)


def test_it_is_forgotten_once_nothing_ends_or_no_sync_that_is_on_uses_the_app(dated: Office) -> None:
    dated.clock.now = AT
    with used(dated.open().database):
        ends.look(dated.open(), AT)
        dated.change("state: on", "state: off")
        ends.look(dated.open(), AT)
        assert troubles.known() == []


def test_a_check_the_page_and_the_doctor_tell_it(dated: Office) -> None:
    checked = apps.check_app(dated.open(), "Anna")
    shown = apps.show_app(dated.open(), "Anna")
    assert (checked.warnings, shown.ending) == ((), ())
    dated.clock.advance(1)
    words = "Anna works by version 1 of its API, which is supported until 2033-05. Speak version 2."
    assert apps.check_app(dated.open(), "Anna").warnings == (f"{words} (BW-583)",)
    assert apps.show_app(dated.open(), "Anna").ending == (words,)


def test_the_doctor_tells_what_has_ended_and_still_looks_at_the_syncs(
    dated: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryConnector, "ends", staticmethod(lambda settings: [PAST]), raising=False)
    found = doctor(dated.folder)
    assert [(each.level, each.code) for each in found if each.level != "ok"] == [("warning", "BW-584")] * 2
    assert any("Sync people" in each.what for each in found)


PAST = End("version 0 of its API", 1.0, "1970-01", "Speak version 2")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_hubspot_has_its_end(version: str) -> None:
    told = HubSpot.ends({"api_version": version})
    assert [each.at for each in told] == [ENDS[name][0] for name in (("v3", "v4") if version == "v3" else (version,))]
    assert all(("api_version" in each.hint) is (version != CURRENT) for each in told)


def test_a_connection_that_says_no_version_speaks_the_current_one() -> None:
    assert HubSpot.ends({}) == HubSpot.ends({"api_version": CURRENT})
