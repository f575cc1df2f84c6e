"""Charts on pages: of what a sync wrote and how late, of calls to an app; each with a sentence and a table."""

import re

import pytest

from bothways.ledger.hours import HOUR
from bothways.service import hours, tokens
from bothways.service.rights import Role
from bothways.web.pages import figures
from tests.office import Office
from tests.web.browser import Browser
from tests.web.caller import Caller


@pytest.fixture
def here(office: Office) -> Browser:
    """Return a browser in which an admin is signed in, beside a sync that carried a change after 100 seconds."""
    ann, _ = office.pair("Ann")
    office.clock.advance(HOUR)
    office.anna.edit(ann, name="Anne")
    office.clock.advance(40)
    office.run()
    made = Browser(office.open())
    made.sign_up("Ana Ruiz")
    return made


def test_overview_draws_changes_and_delays_each_with_a_sentence_and_a_table(here: Browser) -> None:
    text = here.get("/syncs/people").text
    assert len(re.findall(r'<svg class="chart"[^>]* role="img" aria-labelledby="', text)) == 2
    assert "1 record was written in the last 24 hours." in text
    assert "Half of the changes arrived within 2 min, the last one after 2 min." in text
    assert text.count("<caption") == text.count("<table") == 3  # two of charts, one of runs
    assert text.count('<th scope="row"><time') == 2 * hours.SHOWN
    assert 'style="' not in text


def test_what_has_nothing_to_draw_says_so(office: Office) -> None:
    here = Browser(office.open())
    here.sign_up("Ana Ruiz")
    assert 'class="chart"' not in here.get("/syncs/people").text
    office.run()
    office.clock.advance(25 * HOUR)
    text = here.get("/syncs/people").text
    assert text.count("Nothing to draw yet.") == 2
    assert "No change of linked records was carried in the last 24 hours." in text


def test_app_page_draws_the_calls_against_what_the_app_allows(
    here: Browser, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hours.calls_of(office.open(), "Anna")
    most, total = max(each.calls for each in made.hours), sum(each.calls for each in made.hours)
    assert most > 0
    assert f"{total} calls in the last 24 hours." in here.get("/apps/Anna").text
    monkeypatch.setattr("tests.memory_app.MemoryConnector.limits", {"": (10, 3600.0)})
    office.open()
    text = here.get("/apps/Anna").text
    assert f"In the busiest hour {most}, {10 * most} % of the 10 that its limit lets through." in text


def test_every_number_of_a_chart_is_in_its_table(here: Browser, office: Office) -> None:
    day = hours.day_of(office.open(), "people")
    figure = figures.changes(day, ("Anna", "Bert"))
    assert [cells for _, cells in figure.rows if cells != ("0",) * 4] == [("0", "0", "0", "1")]
    assert [name for _, name in figure.head] == ["Anna", "Bert"] * 2
    assert [begins for begins, _ in figure.rows] == [each.begins for each in reversed(day.hours)]
    drawn = [column for column in figure.chart.columns if column.boxes]
    assert [column.words for column in drawn] == [f"{figures.hour_word(day.hours[-1].begins)}: 0 created, 1 updated"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (3.0, "3 s"), (48, "48 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_durations_are_told_in_the_unit_that_people_use(seconds: float, words: str) -> None:
    assert figures.duration(seconds) == words


def test_the_same_is_told_by_the_api(here: Browser, office: Office) -> None:
    workspace = office.open()
    _, word = tokens.make_token(workspace, "program", Role.VIEWER, person="Ana Ruiz")
    caller = Caller(workspace, word)
    day = caller.get("syncs/people/hours").json
    assert (day["sync"], day["worst"], len(day["hours"])) == ("people", 100, hours.SHOWN)
    assert day["hours"][-1]["changed"] == {"Anna": 0, "Bert": 1}
    calls = caller.get("apps/Anna/hours").json
    assert sum(each["calls"] for each in calls["hours"]) == sum(
        each.calls for each in hours.calls_of(workspace, "Anna").hours
    )
    assert caller.get("apps/nobody/hours").status == caller.get("syncs/nobody/hours").status == 404


def test_home_tells_when_a_record_was_changed_last(here: Browser, office: Office) -> None:
    office.clock.advance(180)
    text = here.get("/").text
    assert "last change" in text
    assert text.count("3 min ago</time>") == 2
