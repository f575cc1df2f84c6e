"""Connections that are cut, marks that settle what became of a create, and addresses that may not be called."""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from bothways.connectors.base import Exists, Outcome, Setup, WriteItem, WriteKind
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.sql import Sql
from bothways.connectors.sql.postgresql.server import Server
from bothways.errors import (
    AddressNotAllowed,
    AppError,
    AppUnreachable,
    CredentialsRefused,
    LibraryMissing,
    PageIncomplete,
    SecretUnusable,
    WrongType,
)
from bothways.records import Ref
from tests.connectors.sql.support import PASSWORD, Books, end_of, seen_in, until
from tests.connectors.support import Secrets
from tests.postgres import start_postgresql

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bothways'"
DIES = """\
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.name = 'Deadly' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$;
CREATE TRIGGER die BEFORE INSERT ON companies FOR EACH ROW EXECUTE FUNCTION die()"""


def cut_at_commit(monkeypatch: pytest.MonkeyPatch, *, before: bool = False) -> None:
    """Cut the next connection that commits, after the commit was carried out, or ``before`` it."""
    execute, cut = psycopg.Connection.execute, []

    def stand_in(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        if query != "COMMIT" or cut:
            return execute(self, query, *args, **options)
        cut.append(self)
        if not before:
            execute(self, query)
        self.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "execute", stand_in)


# --- cut connections ----------------------------------------------------------------------------------


def test_reading_goes_on_when_its_connection_was_cut(books: Books) -> None:
    id = books.add("There")
    cursor = books.cursor()
    books.sql(KILL)
    assert books.read(id)[0].exists is Exists.EXISTS
    books.sql(KILL)
    assert end_of(books.pages(cursor))


def test_writing_goes_on_when_its_connection_was_cut(books: Books) -> None:
    ref = books.ref(books.add("There"))
    books.sql(KILL)
    assert books.update({ref: {"name": "Ours"}})[0].outcome is Outcome.DONE
    books.sql(KILL)
    assert books.create({"name": "New"})[0].outcome is Outcome.DONE
    assert books.sql("SELECT count(*) FROM companies") == [(2,)]


def test_server_that_stands_still_is_not_waited_for_for_ever(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    books = make()
    id = books.add("There")
    books.read(id)
    ((still,),) = books.sql(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'bothways' AND datname = 'books'"
    )
    monkeypatch.setattr("bothways.connectors.sql.postgresql.server.HANGS_AFTER", 0.2)
    os.kill(still, signal.SIGSTOP)
    try:
        assert books.read(id)[0].exists is Exists.EXISTS
    finally:
        os.kill(still, signal.SIGCONT)


def test_connection_that_is_cut_in_the_middle_of_a_write_leaves_nothing_written(books: Books) -> None:
    books.sql(DIES)
    results = books.create({"name": "Before"}, {"name": "Deadly"})
    assert [result.outcome for result in results] == [Outcome.LATER] * 2
    assert books.sql("SELECT count(*) FROM companies") == [(0,)]
    assert books.create({"name": "After"})[0].outcome is Outcome.DONE


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
def test_commit_that_is_not_answered_leaves_the_outcome_unknown(
    books: Books, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    cut_at_commit(monkeypatch, before=before)
    results = books.create({"name": "One"}, {"name": "Two"})
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2
    assert books.sql("SELECT count(*) FROM companies") == [(0 if before else 2,)]


@pytest.mark.parametrize("code", ["08007", "40003"])
def test_commit_that_a_pooler_cannot_answer_for_is_not_repeated(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    books, execute = make(), psycopg.Connection.execute

    def stand_in(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        done = execute(self, query, *args, **options)
        if query == "COMMIT":
            raise psycopg.errors.lookup(code)("whether it was committed is not known")
        return done

    monkeypatch.setattr(psycopg.Connection, "execute", stand_in)
    assert books.create({"name": "One"})[0].outcome is Outcome.UNKNOWN
    assert books.sql("SELECT count(*) FROM companies") == [(1,)]


def test_server_that_was_started_again_is_used_again(monkeypatch: pytest.MonkeyPatch, watched: Books) -> None:
    monkeypatch.setattr(Server, "_connect", refuse := Refusing(Server._connect))
    id = watched.add("There")
    cursor = watched.cursor()
    refuse.now = True
    watched.sql(KILL)
    with pytest.raises(AppUnreachable):
        watched.pages(cursor)
    with pytest.raises(AppUnreachable):
        watched.create({"name": "New"})
    refuse.now = False
    watched.sql("UPDATE companies SET name = 'Meanwhile'")
    assert seen_in(watched.pages(cursor))[id].values == {"name": "Meanwhile"}


class Refusing:
    """A server that takes connections or not."""

    def __init__(self, connect: Callable[..., Any]) -> None:
        self.connect, self.now = connect, False

    def __get__(self, server: Any, kind: type) -> Callable[[], Any]:
        def connect() -> Any:
            if self.now:
                raise AppUnreachable(app=server.app, reason="connection refused")
            return self.connect(server)

        return connect


def test_table_that_is_locked_for_a_while_is_asked_later(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bothways.connectors.sql.postgresql import listing, server

    monkeypatch.setitem(server._SESSION, "lock_timeout", "20ms")
    monkeypatch.setattr(listing, "LIST", 1)
    books = make()
    ids = [books.add(name) for name in ("One", "Two")]
    pages = books.connector.changes("companies", None, ["name"])
    next(pages)
    with books.session() as person:
        person.execute("LOCK TABLE companies IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PageIncomplete, match="lock"):
            next(pages)
        with pytest.raises(AppUnreachable, match="lock"):
            books.read(*ids)
    assert len(books.read(*ids)) == 2


def test_secret_of_bytes_that_are_no_text_is_told_as_that(
    make: Callable[..., Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.connectors.sql.support.PASSWORD", "p\udcffss")
    with pytest.raises(SecretUnusable):
        make().connector.check()


def test_listing_that_breaks_off_says_so(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    from bothways.connectors.sql.postgresql import listing

    monkeypatch.setattr(listing, "LIST", 1)
    monkeypatch.setattr(Server, "_connect", refuse := Refusing(Server._connect))
    for name in ("One", "Two"):
        books.add(name)
    pages, sweep = books.connector.changes("companies", None, ["name"]), books.connector.ids("companies")
    next(pages)
    next(iter(sweep))
    refuse.now = True
    books.sql(KILL)
    with pytest.raises(PageIncomplete):
        next(pages)
    with pytest.raises(PageIncomplete):
        next(iter(sweep))


@pytest.mark.server("postgresql")
def test_another_server_at_the_same_address_is_read_from_the_start(watched: Books) -> None:
    watched.add("Here")
    cursor = watched.cursor()
    with TemporaryDirectory(prefix="bothways-postgresql-") as folder, start_postgresql(Path(folder)) as url:
        other = Books(url)
        other.add("There")
        pages = other.pages(cursor)
        other.close()
    assert pages[0].restarted
    assert {record.values["name"] for record in seen_in(pages).values()} == {"There"}


def test_several_threads_use_one_connector_at_once(books: Books) -> None:
    refs = [books.ref(books.add(f"Company {number}")) for number in range(8)]

    def work(ref: Ref) -> tuple[Outcome, Exists]:
        return books.update({ref: {"name": f"By {ref.id}"}})[0].outcome, books.read(ref.id)[0].exists

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(work, refs)) == {(Outcome.DONE, Exists.EXISTS)}
    assert {record.values["name"] for record in seen_in(books.pages()).values()} == {f"By {ref.id}" for ref in refs}


def test_commit_that_the_server_answers_with_a_rollback_is_none(books: Books) -> None:
    def swallow(conn: Any) -> None:
        with contextlib.suppress(psycopg.Error):
            conn.execute("SELECT 1 / 0")

    with pytest.raises(psycopg.InternalError, match="not committed"):
        books.connector._database.server.transaction(swallow, call="show")


# --- marks --------------------------------------------------------------------------------------------


def test_create_whose_commit_was_not_answered_is_found_by_its_mark(
    watched: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_at_commit(monkeypatch)
    watched.create({"name": "One"})
    ((id,),) = watched.sql("SELECT id FROM companies")
    assert watched.connector.find("companies", "", ["mark-0", "mark-1"]) == {"mark-0": [str(id)]}


def test_mark_that_is_not_found_can_never_land_any_more(watched: Books) -> None:
    assert watched.connector.find("companies", "", ["mark-0"]) == {}
    results = watched.create({"name": "Comes late"}, {"name": "Not asked for"})
    assert [result.outcome for result in results] == [Outcome.UNKNOWN, Outcome.DONE]
    assert watched.sql("SELECT name FROM companies") == [("Not asked for",)]
    assert watched.connector.find("companies", "", ["mark-0"]) == {}


def test_asking_for_a_mark_waits_for_a_transaction_that_is_under_way_with_it(
    watched: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bothways.connectors.sql.postgresql import server

    monkeypatch.setitem(server._SESSION, "lock_timeout", "20ms")
    watched.connector = watched.connect()
    with watched.session() as stuck:
        stuck.execute("INSERT INTO bothways_marks (marker, relid, key) VALUES ('m', 'companies'::regclass, '{7}')")
        with pytest.raises(AppError):
            watched.connector.find("companies", "", ["m"])
        stuck.commit()
    assert watched.connector.find("companies", "", ["m"]) == {"m": ["7"]}


def test_mark_and_row_stand_and_fall_together(watched: Books) -> None:
    watched.create({"name": "Bad", "employees": "-1"}, {"name": "Good"})
    assert watched.sql("SELECT marker FROM bothways_marks") == [("mark-1",)]


# --- who may be called, and how -----------------------------------------------------------------------


def setup_with(url: str, allow: tuple[str, ...] = ("127.0.0.1",), **settings: str) -> Setup:
    plain = {"url": url, "username": "postgres"} | settings
    return Setup("Books", plain, Secrets(password=PASSWORD), MemoryBudget(), frozenset(allow))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://ana:geheim@127.0.0.1/books", "belong under auth"),
        ("postgresql://127.0.0.1/books?sslmode=disable", "options"),
        ("mysql://127.0.0.1/books", "only postgresql"),
        ("127.0.0.1", "only postgresql"),
        ("postgresql://127.0.0.1", "one database"),
        ("postgresql:///books", "one host"),
        ("postgresql://a,b/books", "one host"),
        ("postgresql://%2Ftmp/books", "one host"),
        ("postgresql://127.0.0.1:port/books", "not an address"),
    ],
)
def test_address_that_cannot_be_used_is_refused(url: str, reason: str) -> None:
    with pytest.raises(AddressNotAllowed, match=reason) as caught:
        Sql(setup_with(url))
    assert "geheim" not in str(caught.value)


def test_private_and_link_local_addresses_are_not_called() -> None:
    with pytest.raises(AddressNotAllowed, match="loopback"):
        Sql(setup_with("postgresql://127.0.0.1/books", allow=())).check()
    with pytest.raises(AddressNotAllowed, match="link-local"):
        Sql(setup_with("postgresql://169.254.169.254/books", allow=("169.254.169.254",))).check()


def test_host_that_is_not_named_by_an_administrator_must_prove_who_it_is() -> None:
    assert Server(setup_with("postgresql://db.example.org/books"))._tls()["sslmode"] == "verify-full"
    private = Server(setup_with("postgresql://127.0.0.1/books", ca_file="/etc/ca.pem"))
    assert private._tls() == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}


def test_server_that_is_not_there_is_told_without_the_password(database: str) -> None:
    host = database.partition("@")[2].rpartition("/")[0]
    with pytest.raises(AppUnreachable, match="nothing_here") as caught:
        Sql(setup_with(f"postgresql://{host}/nothing_here")).check()
    assert PASSWORD not in str(caught.value)
    with pytest.raises(CredentialsRefused):
        Sql(setup_with(f"postgresql://{host}/books", username="nobody")).check()
    with pytest.raises(AppUnreachable):
        Sql(setup_with("postgresql://127.0.0.1:1/books")).check()


def test_missing_library_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LibraryMissing, match="psycopg") as caught:
        Sql(setup_with("postgresql://127.0.0.1/books"))
    assert 'pip install "bothways[postgres]"' in caught.value.advice


def test_setting_that_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(WrongType, match="helper_tables"):
        Sql(setup_with("postgresql://127.0.0.1/books", helper_tables="maybe"))


def test_session_waits_for_nothing_for_ever_and_keeps_what_it_commits(books: Books) -> None:
    books.sql("ALTER DATABASE books SET synchronous_commit = off")
    try:
        database = books.connect()._database
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
        told = database.server.transaction(
            lambda conn: [conn.execute(f"SHOW {name}".encode()).fetchall()[0][0] for name in names], call="show"
        )
    finally:
        books.sql("ALTER DATABASE books RESET synchronous_commit")
    assert told == ["2min", "5s", "1min", "on"]


def test_sessions_end_with_the_connector(books: Books) -> None:
    server = books.connector._database.server
    pid = server.transaction(lambda conn: conn.info.backend_pid, call="show")
    is_there = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    assert books.sql(is_there, pid)
    del server
    books.connector = None  # type: ignore[assignment]
    gc.collect()
    until(lambda: not books.sql(is_there, pid))


def test_write_item_of_an_unread_row_makes_no_connection(books: Books) -> None:
    item = WriteItem("k", WriteKind.ARCHIVE)
    assert books.connector.write("companies", [item])[0].outcome is Outcome.GONE
