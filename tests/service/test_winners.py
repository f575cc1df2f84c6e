"""Who wins the differences of one field, set in the file: where that can be, and where nobody can win anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways import errors
from bothways.engine.spec import key_of
from bothways.records import Field
from bothways.service import winners
from bothways.service.conflicts import make_rule
from bothways.service.issues import list_issues
from bothways.service.rights import Role
from tests.databases import empty_ledger
from tests.memory_app import PEOPLE
from tests.office import Office, plug_in

FIELDS = """\
    fields:
      - {Anna: email, Bert: email}
      - {Anna: name, Bert: name}   # the name
      - {Anna: city, Bert: job, direction: to_Bert}
      - {Anna: job, Bert: city}
    objects:"""


TWICE = "2 mappings have it"


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A sync with one field that flows one way, and names that are in two mappings."""
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        office = Office(tmp_path, fields=(*PEOPLE, Field("job"), Field("city")))
        office.change("    objects:", FIELDS)
        office.pair("Dana")
        yield office


def test_winner_stands_in_the_file_and_all_else_stays_as_it_was(settled: Office) -> None:
    before = [" ".join(line.split()) for line in settled.file.read_text().splitlines()]
    view = winners.set_winner(settled.open(), "people", "Name", "Bert")
    assert (view.key, view.app, view.before, view.waiting) == ("name=name", "Bert", "Anna", 0)
    after = [" ".join(line.split()) for line in settled.file.read_text().splitlines()]
    assert [line for line in before if line not in after] == []
    assert [line for line in after if line not in before] == ["conflicts:", "per_field:", "name: Bert"]
    assert winners.preview_winner(settled.open(), "people", "name", "Anna").before == "Bert"
    winners.set_winner(settled.open(), "people", "name", "Anna")
    assert winners.could_win(settled.open(), "people", "name") == ["Bert"]


def test_looking_changes_nothing(settled: Office) -> None:
    before = settled.file.read_text()
    winners.preview_winner(settled.open(), "people", "name", "Bert")
    assert settled.file.read_text() == before


@pytest.mark.parametrize(
    ("field", "reason"),
    [("city=job", "flows one way"), ("city", TWICE), ("job", TWICE)],
)
def test_where_nobody_can_win_anything_it_is_refused_with_the_reason(settled: Office, field: str, reason: str) -> None:
    before = settled.file.read_text()
    with pytest.raises(errors.NoOwnWinner, match=reason):
        winners.set_winner(settled.open(), "people", field, "Bert")
    assert settled.file.read_text() == before
    assert winners.could_win(settled.open(), "people", field) == []


def test_nobody_can_win_a_made_text_whatever_letters_it_has(settled: Office) -> None:
    made = "https://anna.test/?name={name}&in={city}"
    settled.change("{Anna: name, Bert: name}", f'{{Anna: "{made}", Bert: name, direction: to_Bert}}')
    settled.rest()
    assert winners.could_win(settled.open(), "people", "name") == []
    with pytest.raises(errors.NoOwnWinner, match="flows one way"):
        winners.preview_winner(settled.open(), "people", key_of(made, "name"), "Bert")


def test_field_whose_names_both_are_in_other_mappings_gets_its_winner_at_itself(settled: Office) -> None:
    winners.set_winner(settled.open(), "people", "job=city", "Bert")
    assert "{Anna: job, Bert: city, winner: Bert}" in settled.file.read_text()
    assert winners.preview_winner(settled.open(), "people", "job=city", "Anna").before == "Bert"


def test_unknown_field_and_app_are_refused(settled: Office) -> None:
    with pytest.raises(errors.UnknownField):
        winners.set_winner(settled.open(), "people", "fax", "Bert")
    with pytest.raises(errors.UnknownApp):
        winners.set_winner(settled.open(), "people", "name", "Cleo")
    assert winners.set_winner.for_role is Role.EDITOR  # type: ignore[attr-defined]


def test_difference_that_waits_is_counted_and_decided_by_the_next_run(settled: Office) -> None:
    settled.change("    guards:", "    conflicts: {default: ask}\n    guards:")
    left, right = settled.pair("Eve")
    settled.anna.edit(left, name="Eva")
    settled.bert.edit(right, name="Evi")
    settled.run()
    assert winners.preview_winner(settled.open(), "people", "name", "Bert").waiting == 1
    (issue,) = list_issues(settled.open())
    assert make_rule(settled.open(), issue.id, "Bert") == "name"
    settled.rest()
    assert settled.anna.items[left].values["name"] == "Evi"
