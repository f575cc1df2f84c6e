"""What is told of, when, and in which words: each state once, a blip never, nothing of a record."""

from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import orjson
import pytest

from bothways import errors
from bothways.errors import AppFailed, AppUnreachable, BothwaysError, CredentialsRefused, StoppedByBrake
from bothways.ledger import alerts, troubles
from bothways.service.alerts import (
    APP,
    CALM,
    FAILING,
    HARMLESS,
    HELD,
    LASTING,
    RECORDS_LASTING,
    SYNC,
    fails,
    ran,
    settle,
    works,
)
from bothways.service.database import used
from bothways.service.views import RunView
from tests.office import Office
from tests.test_errors import CATALOGUE

NOW = 1_790_000_000.0
AWAY = AppUnreachable(app="Anna", reason="no route to host")
REFUSED = CredentialsRefused(app="Anna")
BRAKE = StoppedByBrake(name="people", reason="Anna looks empty, but had 4 records", hint="bothways run people --yes")


class Watch:
    """What happens to Anna and to the sync, and what was told by mail so far. ``taken``: whether the mail is."""

    def __init__(self, office: Office) -> None:
        self.office, self.now, self.channels, self.taken = office, NOW, ["mail"], True

    def fails(self, error: BothwaysError = AWAY, kind: str = APP, name: str = "Anna", pause: float = 5.0) -> None:
        fails(kind, name, error, self.now, self.now + pause)

    def works(self, kind: str = APP, name: str = "Anna") -> None:
        works(kind, [name], self.now)

    def ran(self, failing: int = 0, held: int = 0, state: str = "done") -> None:
        view = RunView("r_1", "people", state, "", {}, {}, failing, held, 0, 0, 0, None, {}, 1.0, 0)
        ran(view, ("Anna", "Bert"), self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, with a look every so often as a worker has."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 30, end)
            self.look()

    def look(self) -> None:
        settle(self.channels, self.now)
        while self.taken and (alert := alerts.take("mail", self.now)):
            alerts.sent(alert, "250 OK", self.now)

    def said(self) -> list[dict[str, Any]]:
        """Return what was told, in its order."""
        self.look()
        return [orjson.loads(each.document) for each in sorted(alerts.latest(1000))]

    def told(self) -> list[str]:
        return [each["subject"] for each in self.said()]


@pytest.fixture
def watch(office: Office) -> Iterator[Watch]:
    with used(office.open().database):
        yield Watch(office)


def test_refused_credentials_are_told_at_once_and_once_however_often_they_are_refused(watch: Watch) -> None:
    for _ in range(50):
        watch.fails(REFUSED)
        watch.wait(60)
    assert watch.told() == ["Anna fails (BW-202)"]


def test_what_may_pass_is_told_when_it_has_lasted(watch: Watch) -> None:
    watch.fails()
    watch.wait(LASTING - 1)
    assert watch.told() == []
    watch.wait(1)
    assert watch.told() == ["Anna fails (BW-201)"]


def test_blip_is_never_told(watch: Watch) -> None:
    watch.fails()
    watch.wait(60)
    watch.works()
    watch.wait(2 * LASTING)
    assert watch.told() == []
    assert troubles.known() == []


def test_it_works_again_when_what_failed_was_tried_again_and_stayed_calm(watch: Watch) -> None:
    watch.fails(REFUSED, pause=600)
    watch.wait(60)
    watch.works()
    watch.wait(540 + CALM - 1)
    assert watch.told() == ["Anna fails (BW-202)"], "what failed was not tried for so long yet"
    watch.wait(1)
    assert watch.told() == ["Anna fails (BW-202)", "Anna works again"]


def test_app_of_which_one_object_works_and_another_does_not_is_told_of_once(watch: Watch) -> None:
    for _ in range(100):
        watch.fails(errors.PermissionMissing(app="Anna", reason="deals"))
        watch.wait(30)
        watch.works()
        watch.wait(30)
    assert watch.told() == ["Anna fails (BW-203)"]


def test_app_that_fails_again_and_again_for_long_is_told_of_though_it_works_in_between(watch: Watch) -> None:
    for _ in range(20):
        watch.fails()
        watch.wait(60)
        watch.works()
        watch.wait(30)
    assert watch.told() == ["Anna fails (BW-201)"]


def test_state_that_comes_again_is_told_again(watch: Watch) -> None:
    for _ in range(2):
        watch.fails(REFUSED)
        watch.wait(60)
        watch.works()
        watch.wait(CALM)
    assert watch.told() == ["Anna fails (BW-202)", "Anna works again"] * 2


def test_trouble_that_turns_into_one_for_a_person_is_told_again_and_no_other(watch: Watch) -> None:
    watch.fails()
    watch.wait(LASTING)
    watch.fails(AppFailed(app="Anna", status=503, reason="down"))
    watch.wait(LASTING)
    assert watch.told() == ["Anna fails (BW-201)"]
    for _ in range(3):
        watch.fails(REFUSED)
        watch.wait(60)
        watch.fails()
        watch.wait(60)
    assert watch.told() == ["Anna fails (BW-201)", "Anna fails (BW-202)"]


def test_trouble_not_told_yet_is_told_at_once_when_it_turns_into_one_for_a_person(watch: Watch) -> None:
    watch.fails()
    watch.wait(60)
    watch.fails(REFUSED)
    assert watch.told() == ["Anna fails (BW-202)"]


def test_brake_is_told_with_its_reason_and_the_command_that_releases_it(watch: Watch) -> None:
    watch.fails(BRAKE, SYNC, "people")
    [said] = watch.said()
    assert (said["event"], said["kind"], said["name"], said["code"]) == ("trouble", "sync", "people", "BW-400")
    assert said["subject"] == "people has stopped (BW-400)"
    assert "Anna looks empty, but had 4 records" in said["text"]
    assert "bothways run people --yes" in said["text"]
    assert "Since 2026-09-21 14:13 UTC" in said["text"]


def test_sync_that_a_person_released_runs_again_and_that_is_told(watch: Watch) -> None:
    watch.fails(BRAKE, SYNC, "people")
    watch.wait(60)
    watch.ran(state="stopped")
    watch.wait(CALM)
    assert watch.told() == ["people has stopped (BW-400)"], "its app answered, but it stopped again"
    watch.ran()
    watch.wait(CALM)
    first, second = watch.said()
    assert (second["event"], second["subject"]) == ("over", "people runs again")
    assert first["trouble"] == second["trouble"]
    assert first["id"] != second["id"]


@pytest.mark.parametrize(("kind", "counts"), [(FAILING, {"failing": 3}), (HELD, {"held": 3})])
def test_records_are_told_of_once_when_there_have_been_some_for_an_hour(
    watch: Watch, kind: str, counts: dict[str, int]
) -> None:
    watch.ran(**{next(iter(counts)): 1})
    watch.wait(RECORDS_LASTING / 2)
    watch.ran(**counts)
    watch.wait(RECORDS_LASTING / 2 - 1)
    assert watch.told() == []
    watch.wait(10 * RECORDS_LASTING)
    [said] = watch.said()
    assert (said["subject"], said["text"][:19]) == (f"people has {kind} records", "3 records of people")
    watch.ran()
    watch.wait(CALM)
    assert len(watch.told()) == 1, "whoever decided on them knows"
    watch.ran(**counts)
    watch.wait(RECORDS_LASTING)
    assert len(watch.told()) == 2


def test_records_that_fail_for_a_while_alone_are_never_told(watch: Watch) -> None:
    watch.ran(failing=4)
    watch.wait(RECORDS_LASTING - 60)
    watch.ran()
    watch.wait(RECORDS_LASTING)
    assert watch.told() == []


@pytest.mark.parametrize("error", [errors.DatabaseLocked(), errors.RunSuperseded()])
def test_database_that_fails_is_no_trouble_of_a_sync(watch: Watch, error: BothwaysError) -> None:
    watch.fails(error, SYNC, "people")
    assert troubles.known() == []


def test_sync_that_was_turned_off_is_told_to_be_no_longer_run(watch: Watch) -> None:
    watch.fails(BRAKE, SYNC, "people")
    watch.fails()
    watch.look()
    watch.office.change("state: on", "state: off")
    watch.office.open()
    with used(watch.office.open().database):
        assert watch.told() == ["people has stopped (BW-400)", "people is no longer run, since it is off"]
        assert troubles.known() == [], "what nobody was told of is forgotten in silence"


def test_trouble_that_is_over_before_its_alert_could_be_sent_is_told_as_over_alone(watch: Watch) -> None:
    watch.taken = False
    watch.fails(REFUSED)
    watch.wait(60)
    watch.works()
    watch.wait(CALM)
    [left] = alerts.latest(10)
    said = orjson.loads(left.document)
    assert said["event"] == "over"
    assert "failed since 2026-09-21 14:13 UTC (BW-202)" in said["text"]


def test_troubles_wait_to_be_told_until_there_is_somebody_to_tell(watch: Watch) -> None:
    watch.channels = []
    watch.fails(REFUSED)
    watch.wait(60)
    assert alerts.latest(10) == []
    watch.channels = ["mail", "webhook"]
    watch.look()
    first, second = alerts.latest(10)
    assert {first.channel, second.channel} == {"mail", "webhook"}
    assert first.document == second.document


def test_clock_that_was_wrong_and_is_set_back_keeps_no_alert(watch: Watch) -> None:
    watch.now = NOW + 400 * 86_400
    watch.fails(REFUSED)
    watch.now = NOW
    assert watch.told() == ["Anna fails (BW-202)"]


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)
def test_alert_holds_no_fact_of_a_failure_but_names_codes_and_commands(watch: Watch, kind: type[BothwaysError]) -> None:
    named = {name for text in (kind.what, kind.to_do) for _, name, _, _ in Formatter().parse(text) if name}
    facts = {name: name.upper() if name in HARMLESS else "eve@x.test" for name in named}
    watch.fails(kind(**facts), SYNC, "people")
    watch.wait(LASTING)
    said = " ".join(each["text"] + each["subject"] for each in watch.said())
    assert issubclass(kind, errors.LedgerError) or kind.code in said
    assert kind is StoppedByBrake or "eve@x.test" not in said
    assert " not known)" not in said
    assert "{" not in said


def test_settings_that_cannot_be_used_are_told_with_their_place(tmp_path: Path, watch: Watch) -> None:
    watch.fails(errors.UnknownField(where="bothways.yaml:7:3", app="Anna", object="people", field="nme", hint="Hm?"))
    [said] = watch.said()
    assert said["text"].splitlines()[0] == 'bothways.yaml:7:3: Anna has no field "nme" in people. (BW-111)'
    assert said["text"].splitlines()[2] == "Hm?"
    assert str(tmp_path) not in said["text"]
