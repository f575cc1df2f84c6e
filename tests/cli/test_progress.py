"""Progress: nothing within a second, then a line per phase, or bars on a terminal."""

import io
import sys

from bothways.cli.progress import Bars, Lines, drawn, progress, title
from bothways.cli.terminal import Terminal


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Step:
    def __init__(self, phase, app, done, total=None, slowed=False):
        self.phase, self.app, self.done, self.total, self.slowed = phase, app, done, total, slowed


def test_short_phases_say_nothing(capsys):
    clock = Clock()
    with progress(Terminal(), clock) as report:
        for done in range(5):
            report(Step("Reading", "HubSpot", done))
            clock.now += 0.1
    assert capsys.readouterr().err == ""


def test_a_phase_that_lasts_says_so_once(capsys):
    clock = Clock()
    report = Lines(Terminal(), clock)
    for phase in ("Reading", "Writing"):
        for done in range(5):
            report(Step(phase, "HubSpot", done))
            clock.now += 0.6
    assert capsys.readouterr() == ("", "HubSpot: reading ...\nHubSpot: writing ...\n")


def test_phase_that_a_rate_limit_slows_says_so(capsys):
    clock = Clock()
    report = Lines(Terminal(), clock)
    report(Step("Writing", "HubSpot", 100, 200))
    clock.now = 1.5
    report(Step("Writing", "HubSpot", 100, 200, slowed=True))
    assert capsys.readouterr() == ("", "HubSpot: writing, slowed by rate limit ...\n")


def test_quiet_says_nothing(capsys):
    clock = Clock()
    with progress(Terminal(quiet=True), clock) as report:
        for done in range(5):
            report(Step("Reading", "HubSpot", done))
            clock.now += 0.6
    assert capsys.readouterr() == ("", "")


def test_title_without_an_app():
    assert title(Step("Matching", "", 0)) == "matching"


def test_bars_wait_a_second_then_count(monkeypatch):
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    clock = Clock()
    bars = Bars(Terminal(), clock)
    bars(Step("Reading", "HubSpot", 1, 10))
    assert bars.rich is None
    clock.now = 1.5
    bars(Step("Reading", "HubSpot", 4000, 12004))
    bars(Step("Reading", "[bold]odd", 7, slowed=True))
    counts = [(task.description, task.completed, task.total, task.fields["count"]) for task in bars.rich.tasks]
    bars.close()
    assert counts == [
        ("HubSpot: reading", 4000, 12004, "4,000/12,004"),
        ("[bold]odd: reading", 7, None, "7, slowed by rate limit"),
    ]


def test_bars_say_for_how_long_they_go_on_by_the_pace_since_they_were_begun(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    clock = Clock()
    bars = Bars(Terminal(), clock)
    bars(Step("Writing", "HubSpot", 400, 1000))
    said = []
    for at, done in ((9.0, 500), (60.0, 600), (600.0, 700), (601.0, 1000)):
        clock.now = at
        bars(Step("Writing", "HubSpot", done, 1000))
        said.append(bars.rich.tasks[0].fields["left"])
    bars(Step("Reading", "Ledger", 7))
    said.append(bars.rich.tasks[1].fields["left"])
    bars.close()
    assert said == ["", "about 2 min left", "about 10 min left", "", ""]


def test_bars_never_draw_on_stdout(capsys):
    bars = drawn(colour=False)
    assert bars.console.stderr


def test_bars_close_without_having_drawn():
    Bars(Terminal(), Clock()).close()
