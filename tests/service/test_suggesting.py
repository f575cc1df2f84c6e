"""Suggestions: probably the same, said with their reasons; nothing is ever linked by them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from bothways.errors import CannotSuggest, LibraryForSuggestions, LinkedAlready
from bothways.records import Field
from bothways.service import issues as inbox
from bothways.service import splink, suggesting
from bothways.service.database import used
from bothways.service.records import list_records
from bothways.service.suggesting import suggest
from bothways.service.views import SuggestionsView, SuggestionView
from tests.likenesses import FIELDS, FIRMS, Book, colleagues, fake_people, firms
from tests.office import SYNC, Office

ALL = SYNC.replace("    guards:", "    require: []\n    guards:")
EVERYTHING = 100_000
needs_splink = pytest.mark.server("splink")

Truth = dict[str, str]
"""Who each record truly is."""


def filled(
    folder: Path, books: tuple[Book, Book], text: str = ALL, fields: Sequence[Field] = FIELDS
) -> tuple[Office, Truth]:
    """Return an office whose apps hold two books and were read once, and who its records truly are."""
    office = Office(folder, text, fields=fields)
    both = zip((office.anna, office.bert), books, strict=True)
    truth = {app.add(**held): who for app, book in both for who, held in book}
    office.plan()
    return office, truth


def asked(office: Office) -> SuggestionsView:
    """Return all that is suggested."""
    return suggest(office.open(), "people", size=EVERYTHING)


def ids(pair: SuggestionView) -> tuple[str, str]:
    """Return the ids of a pair, Anna's first."""
    return pair.ids["Anna"], pair.ids["Bert"]


def likely(view: SuggestionsView) -> list[tuple[str, str]]:
    """Return the ids of the likely pairs."""
    return [ids(pair) for pair in view.pairs if pair.likely]


def right(found: Iterable[tuple[str, str]], truth: Truth) -> int:
    """Return how many pairs are one person."""
    return sum(truth[left] == truth[other] for left, other in found)


def rows(office: Office) -> dict[str, list[str]]:
    """Return every row of the ledger, by table."""
    with used(office.open().database), connection.cursor() as cursor:
        held = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {table}")
            held[table] = sorted(map(repr, cursor.fetchall()))
    return held


@pytest.fixture
def crowd(folder: Path) -> tuple[Office, Truth]:
    """The people of fake_1000, dealt into two apps and read once."""
    return filled(folder, fake_people(0))


@needs_splink
def test_likely_pairs_are_one_person_and_the_reasons_are_told(crowd: tuple[Office, Truth]) -> None:
    office, truth = crowd
    view = asked(office)
    assert view.likely == len(likely(view)) > 250
    assert right(likely(view), truth) >= 0.99 * view.likely
    assert view.compared == {"Anna": len(office.anna.live()), "Bert": len(office.bert.live())}
    assert [pair.likely for pair in view.pairs] == sorted((pair.likely for pair in view.pairs), reverse=True)
    for pair in view.pairs:
        assert pair.likely is (pair.probability >= 0.95 and not pair.against)
        assert pair.probability >= 0.5
        for trait in pair.traits:
            left, other = trait.values["Anna"], trait.values["Bert"]
            assert (trait.how == "missing") is (left is None or other is None)
            assert (trait.how == "same") is (left == other and left is not None)
    assert {trait.how for pair in view.pairs for trait in pair.traits} == {"same", "similar", "different", "missing"}


@needs_splink
@pytest.mark.parametrize(("share", "floor", "least"), [(0.5, 0.97, 250), (0.05, 0.9, 20)])
def test_colleagues_and_namesakes_are_seldom_taken_for_one_person(
    folder: Path, share: float, floor: float, least: int
) -> None:
    office, truth = filled(folder, colleagues(2000, share, 0))
    found = likely(asked(office))
    assert len(found) >= least
    assert right(found, truth) >= floor * len(found)


@needs_splink
def test_companies_are_suggested_by_names_numbers_and_places(folder: Path) -> None:
    office, truth = filled(folder, firms(400, 0), SYNC, FIRMS)
    view = asked(office)
    assert len(likely(view)) >= 80
    assert right(likely(view), truth) >= 0.97 * view.likely
    assert {trait.name for trait in view.pairs[0].traits} == {"name", "domain", "phone", "city"}


@needs_splink
def test_hardly_any_of_two_apps_full_of_strangers_are_likely_to_be_one_person(folder: Path) -> None:
    office, _ = filled(folder, colleagues(2000, 0.0, 0))
    assert len(likely(asked(office))) <= 5


@needs_splink
def test_suggesting_changes_nothing_and_the_same_data_give_the_same_answer(crowd: tuple[Office, Truth]) -> None:
    office, _ = crowd
    before = rows(office)
    first = asked(office)
    assert rows(office) == before
    assert office.writes == 0
    assert asked(office) == first
    assert suggest(office.open(), "people", size=3) == replace(first, pairs=first.pairs[:3])


@needs_splink
def test_pairs_that_are_linked_kept_apart_or_decided_are_not_suggested(crowd: tuple[Office, Truth]) -> None:
    office, _ = crowd
    one, other, *_ = (pair for pair in map(ids, asked(office).pairs))
    inbox.keep_two_apart(office.open(), "people", *one)
    inbox.link(office.open(), "people", *other)
    found = list(map(ids, asked(office).pairs))
    assert one not in found
    assert not any(set(other) & set(pair) for pair in found)
    office.run(approved=True)
    linked = {
        id
        for row in list_records(office.open(), "people", state="in_sync", size=EVERYTHING).rows
        for id in row.ids.values()
    }
    found = list(map(ids, asked(office).pairs))
    assert set(other) <= linked
    assert found
    assert not any(linked & set(pair) for pair in found)
    assert one not in found


@needs_splink
def test_pairs_that_the_next_run_links_by_itself_are_not_suggested(crowd: tuple[Office, Truth]) -> None:
    office, _ = crowd
    found = {id for pair in asked(office).pairs for id in ids(pair)}
    office.run(approved=True)
    matched = [
        row for row in list_records(office.open(), "people", size=EVERYTHING).rows if "same e-mail" in row.reason
    ]
    assert len(matched) > 20
    assert not found & {id for row in matched for id in row.ids.values() if row.state == "in_sync"}


@needs_splink
def test_what_the_next_run_links_by_itself_takes_no_room_among_the_pairs_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = filled(folder, colleagues(600, 0.5, 1))
    monkeypatch.setattr(suggesting, "MOST_PAIRS", 40)
    assert len(asked(office).pairs) == 40


@needs_splink
def test_kept_apart_is_taken_back_by_linking_and_refused_for_a_linked_pair(crowd: tuple[Office, Truth]) -> None:
    office, _ = crowd
    one = ids(asked(office).pairs[0])
    inbox.keep_two_apart(office.open(), "people", *one)
    inbox.link(office.open(), "people", *one)
    inbox.keep_two_apart(office.open(), "people", *one)
    inbox.link(office.open(), "people", *one)
    office.run(approved=True)
    with pytest.raises(LinkedAlready):
        inbox.keep_two_apart(office.open(), "people", *one)


@needs_splink
def test_what_linking_would_overwrite_is_what_the_next_run_writes(crowd: tuple[Office, Truth]) -> None:
    office, _ = crowd
    pair = next(pair for pair in asked(office).pairs if len(pair.overwrites) > 1)
    for each in pair.overwrites:
        app = {"Anna": office.anna, "Bert": office.bert}[each.app]
        assert app.values(pair.ids[each.app])[each.field] == each.before != each.after
    inbox.link(office.open(), "people", *ids(pair))
    office.run(approved=True)
    for each in pair.overwrites:
        app = {"Anna": office.anna, "Bert": office.bert}[each.app]
        assert app.values(pair.ids[each.app])[each.field] == each.after


@needs_splink
def test_other_first_names_speak_against_a_pair_however_probable_it_is(folder: Path) -> None:
    left, other = colleagues(300, 0.5, 0)
    shared = {"email": "front@firm1.test", "phone": "+1 415 201 0000", "company": "Firm 1 Tools", "city": "salem"}
    left.append(("mark", {**shared, "first": "Mark", "last": "Tanez"}))
    other.append(("mary", {**shared, "first": "Mary", "last": "Tanez"}))
    office, truth = filled(folder, (left, other))
    found = next(pair for pair in asked(office).pairs if [truth[id] for id in ids(pair)] == ["mark", "mary"])
    assert (found.likely, found.against) == (False, "different first names")
    assert found.probability > 0.95


@needs_splink
def test_records_that_take_no_part_are_not_suggested(folder: Path) -> None:
    office, _ = filled(
        folder,
        colleagues(300, 0.5, 0),
        SYNC.replace("    guards:", "    send: {Anna: {filter: {field: city, is_not: salem}}, Bert: all}\n    guards:"),
    )
    found = asked(office).pairs
    assert found
    for pair in found:
        held = office.anna.values(pair.ids["Anna"]), office.bert.values(pair.ids["Bert"])
        assert held[0]["city"] != "salem"
        assert held[0].get("email") or held[1].get("email")


@needs_splink
def test_records_beyond_the_bound_are_counted_and_not_compared(
    crowd: tuple[Office, Truth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, _ = crowd
    monkeypatch.setattr(suggesting, "MOST_RECORDS", 300)
    view = asked(office)
    assert view.compared == {"Anna": 300, "Bert": 300}
    assert view.beyond == {"Anna": len(office.anna.live()) - 300, "Bert": len(office.bert.live()) - 300}


@needs_splink
def test_too_little_to_learn_from_is_refused_in_words(folder: Path) -> None:
    few = tuple(book[:49] for book in fake_people(0))
    office, _ = filled(folder, few)  # type: ignore[arg-type]
    with pytest.raises(CannotSuggest, match="there are 49 in Anna and 49 in Bert"):
        asked(office)


@needs_splink
def test_strangers_and_fields_that_say_too_little_are_refused_in_words(folder: Path) -> None:
    strangers = [[(f"{app}{n}", {"first": f"{app}{n}", "last": f"{app}{n}"}) for n in range(60)] for app in "ab"]
    office, _ = filled(folder, (strangers[0], strangers[1]))
    with pytest.raises(CannotSuggest, match="hardly any two records"):
        asked(office)
    office.change("    require: []", "    require: []\n    fields: [{Anna: email, Bert: email}]")
    with pytest.raises(CannotSuggest, match="does not tell people or companies apart"):
        asked(office)


def test_without_the_extra_the_command_to_install_it_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(LibraryForSuggestions, match=r'pip install "bothways\[suggest\]"'):
        asked(office)


def test_nothing_else_needs_the_extra() -> None:
    code = "import sys, bothways.cli.suggestions, bothways.service, bothways.boot; bothways.boot.setup('sqlite:///:memory:')\n"
    code += "import bothways.service.suggesting; sys.exit(bool({'splink', 'duckdb', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_splink
def test_no_file_is_left_and_nothing_is_said_or_logged(
    crowd: tuple[Office, Truth],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    office, _ = crowd
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    with caplog.at_level(0):
        asked(office)
    assert list(elsewhere.iterdir()) == []
    assert [record for record in caplog.records if record.name.startswith("splink")] == []
    assert capfd.readouterr() == ("", "")


@needs_splink
def test_the_database_of_the_model_reads_no_file_and_loads_nothing(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "file").write_text("secret")
    (tmp_path / "spill").mkdir()
    with splink.in_memory(str(tmp_path / "spill")) as database:
        for statement in (
            f"SELECT * FROM read_text('{tmp_path / 'file'}')",
            "INSTALL httpfs",
            f"ATTACH '{tmp_path}/x.db'",
        ):
            with pytest.raises(duckdb.PermissionException):
                database.execute(statement)
