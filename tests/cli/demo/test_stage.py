"""What the demo reads out of commands, and what it does with a check that fails."""

import pytest

from bothways.cli.demo.command import play
from bothways.cli.demo.people import snapshot
from bothways.cli.demo.stage import Stage, id_in, number_in, stage
from bothways.cli.demo.story import two_books
from bothways.cli.terminal import Terminal


@pytest.fixture
def empty(tmp_path) -> Stage:
    """A stage on which no server is running."""
    return Stage(Terminal(), tmp_path, hubspot=None, book=None)


def test_numbers_and_ids_are_found_in_what_a_command_said():
    said = "Done. 1,234 created.\n? held   30\nUndo all of it: bothways undo r_7"
    assert number_in(r"([\d,]+) created", said) == 1234
    assert number_in(r"^\? held +(\d+)$", said) == 30
    assert number_in(r"(\d+) failing", said) is None
    assert id_in("r", said) == "r_7"
    assert id_in("p", said) == ""


def test_a_failed_check_is_told_and_stops_the_story(empty, capsys, monkeypatch):
    empty.check("water is wet", True)
    empty.check("water is dry", False, "It is wet.")
    monkeypatch.setattr("bothways.cli.demo.command.STEPS", ())
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert play(empty, keep=False) == 1
    said = capsys.readouterr().out
    assert "✓ water is wet" in said
    assert "! Not so: water is dry. It is wet." in said
    assert "1 of 2 checks held." in said


def test_a_command_that_fails_is_a_failed_check(empty, capfd, monkeypatch):
    monkeypatch.setattr(Stage, "environment", {"PATH": ""})
    empty.bothways("nonsense")
    assert empty.failed == ['"bothways nonsense" succeeds']


@pytest.mark.server("radicale")
def test_the_stage_has_two_servers_that_hold_what_the_demo_tells(capsys):
    with stage(Terminal()) as here:
        two_books(here)
        assert here.checks
        assert not here.failed
        key = next(iter(here.look().contacts))
        here.hubspot.edit("contacts", key, {"lastname": "Elsewhere"})
        assert snapshot(here.hubspot, here.book).contacts[key].family == "Elsewhere"
        folder = here.folder
    assert not folder.exists()
