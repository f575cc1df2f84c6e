"""No change is missed: late commits, savepoints, deletes, triggers that come and go."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from bothways.connectors.base import Exists
from bothways.connectors.sql.postgresql import listing
from bothways.errors import ObjectGone, OurFault
from tests.connectors.sql.support import Books, end_of, gone_in, seen_in, until
from tests.postgres import start_standby


def test_a_transaction_that_commits_late_is_not_missed(books: Books) -> None:
    old = books.add("Old")
    cursor = books.cursor()
    with books.session() as late:
        late.execute("UPDATE companies SET name = 'Late' WHERE id = %s", (old,))
        late.execute("INSERT INTO companies (name) VALUES ('Late, new')")
        early = books.add("Early")
        pages = books.pages(cursor)
        assert set(seen_in(pages)) == {early}
        late.commit()
    pages = books.pages(end_of(pages))
    assert {"Late", "Late, new"} <= {record.values["name"] for record in seen_in(pages).values()}
    assert seen_in(books.pages(end_of(pages))) == {}


def test_what_was_written_in_a_savepoint_is_not_missed_either(books: Books) -> None:
    cursor = books.cursor()
    with books.session() as late:
        late.execute("SELECT pg_current_xact_id()")
        late.execute("SAVEPOINT one")
        late.execute("INSERT INTO companies (name) VALUES ('Nested')")
        late.execute("RELEASE one")
        books.add("Early")
        cursor = end_of(books.pages(cursor))
        late.commit()
    assert "Nested" in {record.values["name"] for record in seen_in(books.pages(cursor)).values()}


def test_a_transaction_that_was_open_during_the_first_listing_is_not_missed(books: Books) -> None:
    id = books.add("Before")
    with books.session() as late:
        late.execute("UPDATE companies SET name = 'After' WHERE id = %s", (id,))
        cursor = books.cursor()
        late.commit()
    assert seen_in(books.pages(cursor))[id].values["name"] == "After"


def test_a_transaction_that_stays_open_delays_and_repeats_nothing(watched: Books) -> None:
    cursor = watched.cursor()
    with watched.session() as other:
        other.execute("INSERT INTO companies (name) VALUES ('Open for hours')")
        for number in range(3):
            id = watched.add(f"Company {number}")
            pages = watched.pages(cursor)
            assert set(seen_in(pages)) == {id}
            cursor = end_of(pages)
        other.rollback()
    assert seen_in(watched.pages(cursor)) == {}


@pytest.mark.server("postgresql")
def test_a_transaction_that_commits_late_is_not_missed_on_a_standby(books: Books) -> None:
    """A snapshot taken there does not name the transactions that are still open."""
    old = books.add("Old")
    with TemporaryDirectory(prefix="bothways-postgresql-") as folder, start_standby(Path(folder), books.url) as url:
        copied(books, url)
        books.connector = books.connect(url=url.replace("postgres@", ""))
        cursor = books.cursor()
        with books.session() as late:
            late.execute("UPDATE companies SET name = 'Late' WHERE id = %s", (old,))
            early = books.add("Early")
            copied(books, url)
            pages = books.pages(cursor)
            assert set(seen_in(pages)) == {early}
            late.commit()
        copied(books, url)
        pages = books.pages(end_of(pages))
        assert seen_in(pages)[old].values == {"name": "Late"}
        assert seen_in(books.pages(end_of(pages))) == {}


def copied(books: Books, standby: str) -> None:
    """Return once a standby has all that was written so far."""
    ((end,),) = books.sql("SELECT pg_current_wal_lsn()")
    with psycopg.connect(standby, autocommit=True) as conn:
        until(lambda: conn.execute("SELECT 1 WHERE pg_last_wal_replay_lsn() >= %s", (end,)).fetchone())


def test_old_stamps_and_equal_stamps_play_no_part(books: Books) -> None:
    books.sql("ALTER TABLE companies ADD updated_at timestamptz DEFAULT now()")
    cursor = books.cursor()
    id = books.add("Restored", updated_at="2001-01-01")
    assert set(seen_in(books.pages(cursor))) == {id}


def test_change_that_was_taken_back_is_none(watched: Books) -> None:
    id = watched.add("Kept")
    cursor = watched.cursor()
    with watched.session() as other:
        other.execute("UPDATE companies SET name = 'Never' WHERE id = %s", (id,))
        other.rollback()
    assert seen_in(watched.pages(cursor)) == {}


def test_deleted_row_is_told_where_changes_are_noted(watched: Books) -> None:
    id, again = watched.add("Gone"), watched.add("Back again")
    cursor = watched.cursor()
    watched.sql("DELETE FROM companies")
    watched.sql("INSERT INTO companies (id, name) OVERRIDING SYSTEM VALUE VALUES (%s, 'Back')", again)
    pages = watched.pages(cursor)
    assert gone_in(pages) == {id}
    assert seen_in(pages)[again].values["name"] == "Back"


def test_deleted_row_is_seen_by_the_sweep_in_any_case(books: Books) -> None:
    kept, gone = books.add("Kept"), books.add("Gone")
    books.sql("DELETE FROM companies WHERE id = %s", gone)
    assert [ref.id for batch in books.connector.ids("companies") for ref in batch] == [kept]
    assert [read.exists for read in books.read(kept, gone)] == [Exists.EXISTS, Exists.MISSING]


def test_row_of_any_size_can_be_saved_where_changes_are_noted(watched: Books) -> None:
    """No column but the key is looked at by the trigger: jsonb holds no text longer than 256 MB."""
    id = watched.add("Small")
    cursor = watched.cursor()
    watched.sql("UPDATE companies SET name = repeat('x', 268435456)")
    watched.sql("UPDATE companies SET name = 'Small again'")
    assert seen_in(watched.pages(cursor))[id].values == {"name": "Small again"}


def test_table_whose_key_was_renamed_or_dropped_can_be_written_as_before(watched: Books) -> None:
    cursor = watched.cursor()
    watched.sql("ALTER TABLE companies RENAME id TO number")
    watched.sql("INSERT INTO companies (name) VALUES ('New')")
    watched.sql("UPDATE companies SET name = 'Newer'")
    watched.connector.fields("companies")
    pages = watched.pages(cursor)
    assert pages[0].restarted
    assert [record.values["name"] for record in seen_in(pages).values()] == ["Newer"]
    watched.sql("UPDATE companies SET name = 'Newest'")
    assert [each.values["name"] for each in seen_in(watched.pages(end_of(pages))).values()] == ["Newest"]
    watched.sql("ALTER TABLE companies DROP number")
    watched.sql("DELETE FROM companies")
    assert watched.sql("SELECT count(*) FROM companies") == [(0,)]


def test_row_that_got_another_key_is_gone_and_new(watched: Books) -> None:
    watched.sql("CREATE TABLE codes (code text PRIMARY KEY, title text)")
    watched.sql("SELECT bothways_watch('codes')")
    watched.sql("INSERT INTO codes VALUES ('a', 'A')")
    cursor = watched.cursor("codes")
    watched.sql("UPDATE codes SET code = 'b'")
    pages = watched.pages(cursor, ("title",), "codes")
    assert gone_in(pages) == {"a"}
    assert set(seen_in(pages)) == {"b"}


def test_sweep_shows_by_the_version_what_no_trigger_noted(watched: Books) -> None:
    id = watched.add("Before")
    before = watched.ref(id)
    cursor = watched.cursor()
    watched.sql("SET session_replication_role = replica")
    watched.sql("UPDATE companies SET name = 'Loaded past all triggers'")
    assert seen_in(watched.pages(cursor)) == {}
    refs = [ref for batch in watched.connector.ids("companies") for ref in batch]
    assert [ref.id for ref in refs] == [id]
    assert refs[0].version != before.version


@pytest.mark.parametrize(
    "meanwhile",
    [
        ("DROP TRIGGER bothways_note ON companies",),
        ("ALTER TABLE companies DISABLE TRIGGER bothways_note",),
        (
            "ALTER TABLE companies DISABLE TRIGGER bothways_note",
            "UPDATE companies SET name = 'Unnoted'",
            "ALTER TABLE companies ENABLE TRIGGER bothways_note",
        ),
        ("DROP TRIGGER bothways_note ON companies", "SELECT bothways_watch('companies')"),
        ("ALTER TABLE companies DROP CONSTRAINT companies_pkey", "ALTER TABLE companies ADD PRIMARY KEY (kind)"),
    ],
    ids=["dropped", "off", "off for a while", "made anew", "another key"],
)
def test_listing_begins_anew_where_changes_may_not_have_been_noted(watched: Books, meanwhile: tuple[str, ...]) -> None:
    watched.add("Before")
    cursor = watched.cursor()
    for statement in meanwhile:
        watched.sql(statement)
    watched.sql("UPDATE companies SET name = 'After'")
    pages = watched.pages(cursor)
    assert all(page.restarted for page in pages)
    assert [record.values["name"] for record in seen_in(pages).values()] == ["After"]
    cursor = end_of(pages)
    assert seen_in(watched.pages(cursor)) == {}
    watched.sql("UPDATE companies SET name = 'Later'")
    again = watched.pages(cursor)
    assert not any(page.restarted for page in again)
    assert [record.values["name"] for record in seen_in(again).values()] == ["Later"]


def test_listing_begins_anew_for_another_table_of_the_same_name(books: Books) -> None:
    cursor = books.cursor()
    books.sql("DROP TABLE companies")
    books.sql("CREATE TABLE companies (id int PRIMARY KEY, name text)")
    books.sql("INSERT INTO companies VALUES (1, 'New')")
    pages = books.pages(cursor)
    assert pages[0].restarted
    assert set(seen_in(pages)) == {"1"}


def test_rows_of_a_table_made_anew_meanwhile_are_not_missing(books: Books) -> None:
    id = books.add("There")
    assert books.read(id)[0].exists is Exists.EXISTS
    books.sql("DROP TABLE companies")
    books.sql("CREATE TABLE companies (id bigint PRIMARY KEY, name text)")
    with pytest.raises(ObjectGone):
        books.read(id)
    books.sql("INSERT INTO companies VALUES (%s, 'Loaded again')", id)
    assert books.read(id, "7")[0].exists is Exists.EXISTS


def test_first_listing_of_a_table_made_anew_meanwhile_is_of_the_new_one(books: Books) -> None:
    books.connector.fields("companies")
    books.sql("DROP TABLE companies")
    books.sql("CREATE TABLE companies (name text, id text PRIMARY KEY)")
    books.sql("INSERT INTO companies VALUES ('New', 'n')")
    pages = books.pages()
    assert set(seen_in(pages)) == {"n"}
    books.sql("UPDATE companies SET name = 'Newer'")
    assert seen_in(books.pages(end_of(pages)))["n"].values == {"name": "Newer"}


def test_listing_begins_anew_for_a_table_that_was_exchanged_for_it_by_renaming(books: Books) -> None:
    kept, left_out = books.add("Kept"), books.add("Left out")
    books.sql("CREATE TABLE loaded (LIKE companies INCLUDING ALL)")
    books.sql("INSERT INTO loaded (id, name) OVERRIDING SYSTEM VALUE VALUES (%s, 'Loaded')", kept)
    if books.watched:
        books.sql("SELECT bothways_watch('loaded')")
    cursor = books.cursor()
    books.sql("ALTER TABLE companies RENAME TO companies_before; ALTER TABLE loaded RENAME TO companies")
    with pytest.raises(ObjectGone):
        books.read(left_out)
    pages = books.pages(cursor)
    assert pages[0].restarted
    assert seen_in(pages)[kept].values == {"name": "Loaded"}
    books.sql("UPDATE companies SET name = 'Later'")
    assert seen_in(books.pages(end_of(pages)))[kept].values == {"name": "Later"}
    assert books.read(left_out)[0].exists is Exists.MISSING


def test_listing_begins_anew_on_a_server_that_went_back_in_time(books: Books) -> None:
    id = books.add("There")
    cursor = re.sub('"since":"[^"]*"', '"since":"999999:999999:"', books.cursor())
    pages = books.pages(cursor)
    assert pages[0].restarted
    assert set(seen_in(pages)) == {id}


def test_changes_in_many_pages_go_on_from_each(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIST", 2)
    cursor = books.cursor()
    ids = {books.add(f"Company {number}") for number in range(5)}
    pages = books.pages(cursor)
    assert len(pages) == 3
    assert set(seen_in(pages)) == ids
    assert set(seen_in(pages[:1])) | set(seen_in(books.pages(pages[0].cursor))) == ids


def test_what_changes_behind_the_reader_is_seen_by_the_next_poll(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIST", 2)
    cursor = books.cursor()
    ids = [books.add(f"Company {number}") for number in range(5)]
    pages = books.connector.changes("companies", cursor, ["name"])
    first = next(pages)
    behind = first.seen[0].record.id
    books.sql("UPDATE companies SET name = 'Behind' WHERE id = %s", behind)
    rest = [first, *pages]
    assert set(seen_in(rest)) == set(ids)
    assert seen_in(books.pages(end_of(rest)))[behind].values["name"] == "Behind"


def test_nothing_stays_open_between_two_pages(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIST", 1)
    books.add("One")
    books.add("Two")
    pages = books.connector.changes("companies", None, ["name"])
    next(pages)
    open_ = "SELECT state FROM pg_stat_activity WHERE application_name = 'bothways' AND state <> 'idle'"
    assert books.sql(open_) == []
    books.sql("ALTER TABLE companies ADD more text")
    assert len(list(pages)) == 2


def test_without_the_setting_the_helper_tables_are_left_alone(make: Callable[..., Books]) -> None:
    books = make(watched=True)
    books.connector = books.connect(helper_tables="no")
    cursor = books.cursor()
    id = books.add("New")
    books.sql("TRUNCATE bothways_changes")
    assert set(seen_in(books.pages(cursor))) == {id}
    books.create({"name": "Ours"})
    assert books.sql("SELECT * FROM bothways_marks") == []


@pytest.mark.parametrize("cursor", ["nonsense", "[]", '{"place": 1}'])
def test_cursor_that_is_not_ours_is_our_fault(books: Books, cursor: str) -> None:
    with pytest.raises(OurFault):
        books.pages(cursor)
