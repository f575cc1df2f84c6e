"""Records are listed by their state, each with the reason, and found by what people know of them."""

import pytest

from bothways.errors import SeveralRecords, UnknownRecord
from bothways.service.database import used
from bothways.service.records import find, list_records
from bothways.service.syncs import show_sync
from bothways.service.views import LeftOutBy, Page, RecordView
from tests.memory_app import Traits
from tests.office import Office


def listed(office: Office, state: str | None = None, search: str | None = None, size: int = 50) -> list[RecordView]:
    """Return all records in a state, page by page."""
    workspace, found, after = office.open(), list[RecordView](), None
    while True:
        page = list_records(workspace, "people", state=state, search=search, after=after, size=size)
        assert len(page.rows) <= size
        found += page.rows
        after = page.after
        if after is None:
            return found


@pytest.fixture
def mixed(office: Office) -> Office:
    """One record or pair in every state."""
    office.pair("Sync")
    office.bert.traits = Traits(refuses=lambda item: ("too long", ()) if item.values.get("name") == "Bad" else None)
    office.anna.add(email="bad@x.test", name="Bad")
    office.anna.add(email="two@x.test", name="One")
    office.anna.add(email="two@x.test", name="Two")
    office.anna.add()
    office.run()
    office.run()
    office.anna.add(email="new@x.test", name="New")
    office.clock.advance(1)
    from bothways.jobs.now import run_sync

    run_sync(office.open(), "people")
    return office


def test_every_state_lists_its_records_with_the_reason(mixed: Office) -> None:
    by_state = {state: listed(mixed, state) for state in ("in_sync", "left_out", "failing", "held", "waiting")}
    assert {state: [row.name for row in rows] for state, rows in by_state.items()} == {
        "in_sync": ["Sync"],
        "left_out": [""],
        "failing": ["Bad"],
        "held": ["One", "Two"],
        "waiting": ["New"],
    }
    assert all(row.state == state for state, rows in by_state.items() for row in rows)
    assert by_state["failing"][0].reason == "Bert refused: too long"
    assert "same e-mail" in by_state["held"][0].reason
    assert by_state["left_out"][0].reason == "none of its mapped fields holds a value"
    assert by_state["left_out"][0].left_out_by is LeftOutBy.EMPTY
    assert {row.left_out_by for state in ("in_sync", "failing", "held", "waiting") for row in by_state[state]} == {None}
    assert by_state["in_sync"][0].ids == {"Anna": "a00001", "Bert": "b00001"}
    assert by_state["failing"][0].ids == {"Anna": "a00002", "Bert": None}
    assert by_state["failing"][0].since is not None


def test_the_counts_are_those_of_the_lists(mixed: Office) -> None:
    counts = show_sync(mixed.open(), "people").counts
    for state in ("in_sync", "left_out", "failing", "held", "waiting"):
        assert getattr(counts, state) == len(listed(mixed, state)), state
    assert len(listed(mixed)) == 6


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_pages_of_any_size_list_the_same(mixed: Office, size: int) -> None:
    assert listed(mixed, size=size) == listed(mixed)
    assert listed(mixed, "held", size=size) == listed(mixed, "held")


def test_records_are_searched_by_name_email_and_id(mixed: Office) -> None:
    assert [row.name for row in listed(mixed, search="sYn")] == ["Sync"]
    assert [row.name for row in listed(mixed, search="two@x")] == ["One", "Two"]
    assert [row.name for row in listed(mixed, search="b00001")] == ["Sync"]
    assert listed(mixed, search="email") == []
    assert listed(mixed, search="%") == []


def test_a_record_whose_partner_was_deleted_is_left_out_and_says_so(office: Office) -> None:
    office.pair("Stay")
    _, right = office.pair("Dana")
    office.bert.delete(right)
    office.run(approved=True)
    office.run()
    (row,) = listed(office, "left_out")
    assert (row.name, row.reason) == ("Dana", "its partner was deleted; it is not created again")
    assert row.left_out_by is LeftOutBy.PARTNER


def test_a_record_of_an_app_that_sends_nothing_is_left_out_and_says_so(office: Office) -> None:
    office.change("    guards:", "    send: {Bert: none}\n    guards:")
    office.bert.add(email="a@x.test", name="Ann")
    office.run()
    office.run()
    (row,) = listed(office, "left_out")
    assert (row.reason, row.left_out_by) == ("Bert sends nothing", LeftOutBy.ONE_WAY)


def found(office: Office, record: str) -> dict[str, str | None]:
    workspace = office.open()
    with used(workspace.database):
        return {str(side): id for side, id in find(workspace, "people", record)[1].ids.items()}


def test_a_record_is_found_by_id_of_either_app_address_and_name(office: Office) -> None:
    left, right = office.pair("Élodie Dupont", email="élodie@x.test")
    office.anna.edit(left, email="Elodie.Dupont@x.test")
    office.rest()
    office.pair("Other")
    pair = {"left": left, "right": right}
    for record in (
        left,
        right,
        f"Anna:{left}",
        f"Bert:{right}",
        "ELODIE.dupont@x.test",
        "élodie dupont",
        "Élodie Dupont ",
    ):
        assert found(office, record) == pair, record


def test_a_record_without_a_partner_is_found(mixed: Office) -> None:
    assert found(mixed, "Bad") == {"left": "a00002", "right": None}


@pytest.mark.parametrize("record", ["", " ", "nobody", "Bert:a00001", "x@y.test", "Sy", "%", "email"])
def test_what_is_not_there_is_not_found(mixed: Office, record: str) -> None:
    with pytest.raises(UnknownRecord) as caught:
        found(mixed, record)
    assert caught.value.exit_code == 64


def test_several_of_one_name_are_listed_by_their_ids(mixed: Office) -> None:
    with pytest.raises(SeveralRecords) as caught:
        found(mixed, "two@x.test")
    assert "Anna:a00003, Anna:a00004" in str(caught.value)
    assert caught.value.exit_code == 64


def test_an_id_that_both_apps_use_for_different_records_needs_its_app(office: Office) -> None:
    office.bert.name, office.bert.serial = "Anton", 0
    office.anna.add(email="one@x.test", name="One")
    office.bert.add(email="other@x.test", name="Other")
    office.rest()
    with pytest.raises(SeveralRecords):
        found(office, "a00001")
    assert found(office, "Anna:a00001")["left"] == "a00001"
    assert found(office, "Bert:a00001")["right"] == "a00001"


# --- some of very many at a time -----------------------------------------------------------------------


@pytest.fixture
def many(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Thirty pairs and ten records without a partner, where four are many."""
    monkeypatch.setattr("bothways.service.records.WINDOW", 4)
    office.change("    guards:", "    send: {Bert: none}\n    guards:")
    for number in range(30):
        for app in (office.anna, office.bert):
            app.add(email=f"p{number:02}@x.test", name=f"Person {number:02}")
    for number in range(10):
        office.bert.add(email=f"lone{number}@x.test", name=f"Lone {number}")
    office.rest()
    return office


def steps(office: Office, state: str | None = None, search: str | None = None, size: int = 50) -> list[Page]:
    """Return all pages of a bounded list."""
    pages, after = list[Page](), None
    while True:
        pages.append(
            list_records(office.open(), "people", state=state, search=search, after=after, size=size, bounded=True)
        )
        after = pages[-1].after
        if after is None:
            return pages
        assert len(pages) < 100


def names(pages: list[Page]) -> list[str]:
    return [row.name for page in pages for row in page.rows]


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("search", ["erson", "lone", "x.test", "PERSON 2", "a0000", "b00033", "nobody", "7@x"])
def test_a_bounded_search_finds_the_same_bit_by_bit(many: Office, search: str, size: int) -> None:
    assert sorted(names(steps(many, search=search, size=size))) == sorted(
        row.name for row in listed(many, search=search)
    )


def test_a_bounded_search_looks_at_no_more_than_a_window_at_once(many: Office) -> None:
    pages = steps(many, search="lone 3")
    assert [len(page.rows) for page in pages].count(0) == len(pages) - 1
    assert all(page.unfinished == (page.after is not None) for page in pages)
    assert {page.looked for page in pages[:7]} == {4}


@pytest.mark.parametrize("state", ["in_sync", "left_out", "failing", "held", "waiting", None])
@pytest.mark.parametrize("size", [2, 50])
def test_bounded_lists_are_the_same_in_the_same_order(many: Office, state: str | None, size: int) -> None:
    assert names(steps(many, state, size=size)) == [row.name for row in listed(many, state)]


def test_a_list_of_one_state_goes_on_where_its_moment_is_over(many: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bothways.service.records.EFFORT", 250)
    pages = steps(many, "left_out")
    assert names(pages) == [f"Lone {number}" for number in range(10)]
    assert any(page.unfinished for page in pages)


@pytest.mark.parametrize("search", ["a00029", "P28@x.test", " b00030 "])
def test_who_is_called_exactly_so_comes_at_once_and_once(many: Office, search: str) -> None:
    pages = steps(many, search=search)
    assert len(pages[0].rows) == 1
    assert len(names(pages)) == 1


def test_who_is_called_exactly_so_is_not_listed_in_another_state(many: Office) -> None:
    assert names(steps(many, "held", search="a00029")) == []
    assert len(names(steps(many, "in_sync", search="a00029"))) == 1


@pytest.mark.parametrize(
    "search", ["strasse", "STRASSE", "Straße", "élodie", "ÉLODIE", "élodie straße", "odie s", "日本"]
)
def test_letters_that_the_database_does_not_know_are_found(office: Office, search: str) -> None:
    office.anna.add(email="elodie@x.test", name="Élodie Straße 日本")
    office.rest()
    assert [row.name for row in listed(office, search=search)] == ["Élodie Straße 日本"]


@pytest.mark.parametrize("search", ["%", "_", "\\", '"', "'"])
def test_signs_of_the_database_are_taken_as_they_are(office: Office, search: str) -> None:
    office.anna.add(email="ann@x.test", name="Ann")
    office.anna.add(email="bob@x.test", name=f"Bob {search}")
    office.rest()
    assert [row.name for row in listed(office, search=search)] == [f"Bob {search}"]
