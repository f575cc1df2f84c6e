"""How long history is kept: read, given back as it was, and refused where a sync would forget what it goes by."""

from typing import Any

import pytest

from bothways import errors
from bothways.engine.deletes import DAY as ENGINE_DAY
from bothways.engine.fights import FIGHT_WINDOW
from bothways.service.document import KEEP_HISTORY
from bothways.service.reading import document_of
from bothways.service.reading_deletes import LONGEST_GRACE
from bothways.service.reading_history import LEAST_KEPT, history_data
from bothways.service.reading_schedule import LONGEST_INTERVAL
from bothways.service.yaml_file import parse

DAY = 86_400.0


def read(text: str) -> float | None:
    return document_of(parse("version: 1\n" + text, "bothways.yaml")).keep_history


@pytest.mark.parametrize("text", ["", "history:\n", "history: {}\n", "history: {keep: 730d}\n"])
def test_history_is_kept_for_two_years_where_the_file_does_not_say(text: str) -> None:
    assert read(text) == KEEP_HISTORY == 730 * DAY
    assert history_data(read(text)) == {}


@pytest.mark.parametrize(
    ("given", "keep", "back"),
    [
        ("forever", None, "forever"),
        ("90d", 90 * DAY, "90d"),
        ("2160h", 90 * DAY, "90d"),
        ("90.5d", 90.5 * DAY, "7819200s"),
        ("8000000", 8_000_000.0, "8000000s"),
        ("36500d", 36_500 * DAY, "36500d"),
    ],
)
def test_it_is_given_back_as_it_was_meant(given: str, keep: float | None, back: str) -> None:
    assert read(f"history: {{keep: {given}}}\n") == keep
    assert history_data(keep) == {"keep": back}
    assert read(f"history: {{keep: {back}}}\n") == keep


@pytest.mark.parametrize("value", ["89d", "0", "36501d", "always", "-90d", "true", "[90d]", "null"])
def test_less_than_a_sync_goes_by_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(errors.WrongType, match="90d or more") as refused:
        read(f"history: {{keep: {value}}}\n")
    assert "2:17" in refused.value.where


def test_unknown_key_is_refused() -> None:
    with pytest.raises(errors.UnknownKey):
        read("history: {days: 90}\n")


def test_nothing_that_a_sync_looks_back_at_is_older_than_the_least_that_may_be_kept() -> None:
    looks_back: tuple[Any, ...] = (LONGEST_GRACE, LONGEST_INTERVAL, FIGHT_WINDOW, ENGINE_DAY)
    assert max(looks_back) <= LEAST_KEPT
