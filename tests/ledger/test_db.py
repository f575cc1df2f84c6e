"""Statements, bulk writes on both of their paths, and database failures in our own words."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection

from bothways import boot
from bothways.errors import DatabaseDamaged, DatabaseLocked, DatabaseUnreachable, DiskFull, LedgerError
from bothways.ledger import db, postgresql
from bothways.ledger.models import Connection, Sync, Workspace
from bothways.ledger.postgresql import COPY_FROM
from tests.postgres import free_port

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "backend", [pytest.param("postgresql", marks=pytest.mark.server("postgresql"))], indirect=True
)

COLUMNS = ("link_id", "side", "workspace_id", "data")
KEY = ("link_id", "side")
AWKWARD = [
    "",
    "\\",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "'quoted' \"twice\"",
    "100 %",
    "%s",
    "Zoë 東京 \U0001f600",
    "{}",
    ",;|",
]


def stored() -> dict[tuple[int, str], str]:
    return {(row[0], row[1]): row[2] for row in db.rows("SELECT link_id, side, data FROM shadow")}


# --- statements ---------------------------------------------------------------------------------------


def test_rows_one_and_value() -> None:
    db.upsert("shadow", COLUMNS, KEY, [(1, "left", 1, "a"), (1, "right", 1, "b")])
    assert db.rows("SELECT data FROM shadow ORDER BY side") == [("a",), ("b",)]
    assert db.one("SELECT data FROM shadow WHERE side=%s", ("right",)) == ("b",)
    assert db.one("SELECT data FROM shadow WHERE side='up'") is None
    assert db.value("SELECT COUNT(*) FROM shadow") == 2
    assert db.value("SELECT data FROM shadow WHERE side='up'") is None


def test_execute_tells_how_many_rows_it_touched() -> None:
    db.execute_many(
        "INSERT INTO shadow (link_id, side, workspace_id, data) VALUES (%s,%s,1,%s)",
        [(n, "left", "x") for n in (1, 2, 3)],
    )
    assert db.execute("UPDATE shadow SET data='y' WHERE link_id<%s", (3,)) == 2
    db.execute_many("DELETE FROM shadow WHERE link_id=%s", [])
    assert len(stored()) == 3


@pytest.mark.parametrize("count", [0, 1, db.CHUNK, 2 * db.CHUNK + 1])
def test_in_list_asks_any_number_of_ids_each_once(count: int) -> None:
    db.upsert("shadow", COLUMNS, KEY, [(0, "left", 1, "x"), (count - 1, "left", 1, "last"), (count, "left", 1, "out")])
    ids = [*range(count), *range(count)]
    found = db.in_list("SELECT link_id FROM shadow WHERE side=%s AND link_id IN {ids}", ("left",), ids)
    assert sorted(found) == [(each,) for each in sorted({0, count - 1}) if 0 <= each < count]
    db.in_list_execute("UPDATE shadow SET data=%s WHERE link_id IN {ids}", ("hit",), ids)
    assert {key[0] for key, data in stored().items() if data == "hit"} == {each[0] for each in found}


@pytest.mark.parametrize("count", [0, 1, 900])
def test_insert_returns_what_is_asked_of_each_row(count: int) -> None:
    data = [(f"name {number}",) for number in range(count)]
    made = db.insert("workspace", ("name", "revision"), [(*each, 0) for each in data], "id, name")
    assert sorted(name for _, name in made) == sorted(name for (name,) in data)
    assert {id for id, _ in made} == set(Workspace.objects.values_list("id", flat=True))


def test_chunks_and_pages_lose_nothing() -> None:
    assert [list(each) for each in db.chunks(range(5), 2)] == [[0, 1], [2, 3], [4]]
    assert list(db.paged(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(db.paged([], 2)) == []


# --- bulk writes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, COPY_FROM - 1, COPY_FROM, 3 * COPY_FROM])
def test_upsert_inserts_and_updates_on_both_paths(count: int) -> None:
    with db.transaction_():
        db.upsert("shadow", COLUMNS, KEY, [(n, "left", 1, "old") for n in range(count)])
        db.upsert("shadow", COLUMNS, KEY, [(n, "left", 1, f"new {n}") for n in range(1, count + 1)])
    expected = {(n, "left"): f"new {n}" for n in range(1, count + 1)} | {(0, "left"): "old"}
    assert stored() == expected


@pytest.mark.parametrize("copies", [1, COPY_FROM])
def test_upsert_keeps_every_text_as_it_is(copies: int) -> None:
    data = [(n, str(n), 1, text) for n, text in enumerate(AWKWARD * copies)]
    with db.transaction_():
        db.upsert("shadow", COLUMNS, KEY, data)
    assert stored() == {(n, side): text for n, side, _, text in data}


@pytest.mark.parametrize("count", [2, COPY_FROM])
def test_upsert_keeps_nulls_numbers_and_truth(sync: Sync, count: int) -> None:
    times_of_ours = ("stamp_seen_at", "read_at", "first_seen_at", "swept")
    columns = ("feed_id", "record_id", "workspace_id", "address", "data", "modified", "state", *times_of_ours)
    times = [1.5, 1_795_000_000.123456, None, 0.1 + 0.2]
    data = [(sync.left_id, str(n), 1, None, None, times[n % 4], "live", 0.1, 0.2, 0, 1) for n in range(count)]
    told = [(sync.left_id, "s", str(n), "r", 1, n % 2 == 0) for n in range(count)]
    with db.transaction_():
        db.upsert("seen", columns, ("feed_id", "record_id"), data)
        db.upsert(
            "match_key",
            ("feed_id", "slot", "hash", "record_id", "workspace_id", "told"),
            ("feed_id", "slot", "hash", "record_id"),
            told,
        )
    found = {row[0]: row[1:] for row in db.rows("SELECT record_id, address, data, modified FROM seen")}
    assert found == {str(n): (None, None, times[n % 4]) for n in range(count)}
    assert {row[0] for row in db.rows("SELECT hash FROM match_key WHERE told")} == {str(n) for n in range(0, count, 2)}


def test_upsert_twice_in_one_transaction_does_not_bring_back_the_first(sync: Sync) -> None:
    with db.transaction_():
        for offset in (0, COPY_FROM):
            db.upsert("shadow", COLUMNS, KEY, [(offset + n, "left", 1, str(offset)) for n in range(COPY_FROM)])
            db.execute("UPDATE shadow SET data='touched' WHERE link_id<%s", (COPY_FROM,))
    assert set(stored().values()) == {"touched", str(COPY_FROM)}
    assert len(stored()) == 2 * COPY_FROM


def test_upsert_of_nothing_is_nothing() -> None:
    db.upsert("shadow", COLUMNS, KEY, [])
    assert stored() == {}


# --- transactions -------------------------------------------------------------------------------------


class Broken(Exception):
    """What goes wrong in the middle of a block."""


def break_off() -> None:
    raise Broken


def together(*steps: Callable[[], object]) -> None:
    """Do some steps in one transaction."""
    with db.transaction_():
        for step in steps:
            step()


def test_transaction_is_all_or_nothing() -> None:
    with pytest.raises(Broken):
        together(lambda: db.upsert("shadow", COLUMNS, KEY, [(1, "left", 1, "x")]), break_off)
    assert stored() == {}


def test_hooks_run_after_the_outermost_commit_only() -> None:
    seen: list[tuple[bool, int]] = []
    db.after_commit.append(lambda: seen.append((connection.in_atomic_block, len(stored()))))
    with db.transaction_():
        with db.transaction_():
            db.upsert("shadow", COLUMNS, KEY, [(1, "left", 1, "x")])
        assert seen == []
    assert seen == [(False, 1)]


def test_hooks_do_not_run_after_a_rollback() -> None:
    seen: list[str] = []
    db.after_commit.append(lambda: seen.append("committed"))
    with pytest.raises(Broken), db.transaction_():
        raise Broken
    assert seen == []


# --- failures in our own words ------------------------------------------------------------------------


def test_refused_row_is_a_ledger_error_and_leaves_nothing(sync: Sync) -> None:
    with pytest.raises(LedgerError) as caught:
        together(
            lambda: db.upsert("shadow", COLUMNS, KEY, [(1, "left", 1, "x")]),
            lambda: db.upsert("shadow", COLUMNS, KEY, [(1, "right", 1, None)]),
        )
    assert type(caught.value) is LedgerError
    assert "null" in caught.value.message.lower()
    assert caught.value.__cause__ is not None
    assert stored() == {}


def test_statement_that_is_wrong_is_a_ledger_error() -> None:
    with pytest.raises(LedgerError, match="nowhere"), db.translated():
        db.rows("SELECT 1 FROM nowhere")


def test_other_exceptions_pass_untouched() -> None:
    with pytest.raises(Broken), db.translated():
        raise Broken


@on_sqlite
def test_sqlite_file_held_by_another_process_is_locked() -> None:
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout=0")
    other = sqlite3.connect(str(settings.DATABASES["default"]["NAME"]), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLocked), db.transaction_():
        db.execute("DELETE FROM shadow")
    other.execute("ROLLBACK")
    other.close()
    with db.transaction_():
        db.execute("DELETE FROM shadow")


@on_postgresql
def test_postgresql_table_held_by_another_process_is_locked() -> None:
    with other_connection() as other:
        other.execute("BEGIN; LOCK TABLE shadow IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseLocked), db.transaction_():
            db.execute("LOCK TABLE shadow NOWAIT")


@on_sqlite
def test_sqlite_disk_that_is_full_loses_that_transaction_only() -> None:
    with db.transaction_():
        db.upsert("shadow", COLUMNS, KEY, [(1, "left", 1, "kept")])
    pages = int(db.value("PRAGMA page_count"))
    connection.connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(DiskFull, match="full"), db.transaction_():
        db.upsert("shadow", COLUMNS, KEY, [(n, "right", 1, "x" * 1000) for n in range(1000)])
    assert stored() == {(1, "left"): "kept"}


@on_sqlite
def test_sqlite_file_that_is_read_only_is_told_as_the_disk() -> None:
    connection.ensure_connection()
    connection.connection.execute("PRAGMA query_only=1")
    with pytest.raises(DiskFull, match="readonly"), db.transaction_():
        db.execute("DELETE FROM shadow")


@on_postgresql
def test_postgresql_that_is_read_only_is_told_as_the_disk() -> None:
    with pytest.raises(DiskFull, match="read-only"):
        together(lambda: db.execute("SET TRANSACTION READ ONLY"), lambda: db.execute("DELETE FROM shadow"))


def test_database_that_is_not_there_is_unreachable(backend: str, tmp_path: Path) -> None:
    missing = {
        "sqlite": f"sqlite://{tmp_path / 'missing' / 'ledger.db'}",
        "postgresql": f"postgresql://postgres@127.0.0.1:{free_port()}/nothing",
    }
    boot.setup(missing[backend])
    with pytest.raises(DatabaseUnreachable) as caught, db.translated():
        db.value("SELECT 1")
    assert caught.value.retriable


@on_postgresql
def test_connection_that_breaks_in_a_transaction_is_unreachable() -> None:
    with pytest.raises(DatabaseUnreachable):
        together(lambda: end(my_session()), lambda: db.value("SELECT 1"))


@on_postgresql
def test_connection_that_breaks_while_many_rows_are_copied_is_unreachable() -> None:
    mine = my_session()

    class Rows(list[Sequence[object]]):
        def __iter__(self) -> Iterator[Sequence[object]]:
            end(mine)
            return super().__iter__()

    rows = Rows([(n, "left", 1, "x" * 1000) for n in range(COPY_FROM * 10)])
    with pytest.raises(DatabaseUnreachable), db.transaction_(), connection.cursor() as cursor:
        postgresql.upsert(cursor, "shadow", COLUMNS, KEY, rows)


@on_postgresql
@pytest.mark.parametrize(
    "words",
    [
        "consuming input failed: could not receive data from server: No route to host",
        "sending query failed: SSL SYSCALL error: EOF detected",
        "der Server ist fort",
    ],
)
def test_postgresql_that_did_not_answer_is_unreachable_in_whatever_words(words: str) -> None:
    import psycopg

    with pytest.raises(DatabaseUnreachable, match=words), db.translated():
        raise OperationalError(words) from psycopg.OperationalError(words)


@on_postgresql
@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("40001", DatabaseLocked),
        ("40P01", DatabaseLocked),
        ("55P03", DatabaseLocked),
        ("53100", DiskFull),
        ("25006", DiskFull),
        ("57P01", DatabaseUnreachable),
        ("57P02", DatabaseUnreachable),
        ("57P03", DatabaseUnreachable),
        ("25P03", DatabaseUnreachable),
        ("53300", DatabaseUnreachable),
        ("XX001", DatabaseDamaged),
        ("XX002", DatabaseDamaged),
        ("08006", DatabaseUnreachable),
        ("54001", LedgerError),
    ],
)
def test_postgresql_is_understood_by_its_codes_in_any_language(state: str, ours: type[LedgerError]) -> None:
    from psycopg import errors

    cause = errors.lookup(state)("nichts geht mehr")
    with pytest.raises(LedgerError) as caught, db.translated():
        raise DatabaseError("nichts geht mehr") from cause
    assert type(caught.value) is ours


@on_postgresql
def test_postgresql_does_not_put_commits_off() -> None:
    assert db.value("SHOW synchronous_commit") == "on"


def my_session() -> int:
    """Return by what PostgreSQL knows the connection of this thread."""
    return int(db.value("SELECT pg_backend_pid()"))


def end(session: int) -> None:
    """Let PostgreSQL break a connection, and wait until it has."""
    with other_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [session])


def other_connection() -> Any:
    """Return a connection of another process to the PostgreSQL database in use, each statement a commit."""
    import psycopg

    return psycopg.connect(settings.BOTHWAYS_DATABASE, autocommit=True)


def test_upsert_outside_a_transaction_writes_on_both_paths() -> None:
    db.upsert("shadow", COLUMNS, KEY, [(n, "left", 1, "x") for n in range(COPY_FROM)])
    assert len(stored()) == COPY_FROM


@pytest.mark.parametrize("count", [10, COPY_FROM])
def test_upsert_of_one_key_twice_keeps_the_last(count: int) -> None:
    with db.transaction_():
        db.upsert("shadow", COLUMNS, KEY, [(n % 5, "left", 1, str(n)) for n in range(count)])
    assert stored() == {(n % 5, "left"): str(n) for n in range(count - 5, count)}


def test_name_taken_already_is_no_lost_connection(sync: Sync) -> None:
    with pytest.raises(LedgerError) as caught, db.transaction_():
        Connection.objects.create(name="Anna", connector="memory")
    assert type(caught.value) is LedgerError


@pytest.mark.parametrize("backend", [pytest.param("postgresql", marks=pytest.mark.server("postgresql"))], indirect=True)
def test_lock_waited_for_too_long_is_locked(backend: str) -> None:
    """About PostgreSQL alone: SQLite has no lock of a table to wait for."""
    import psycopg

    with psycopg.connect(settings.BOTHWAYS_DATABASE) as other:
        other.execute("LOCK TABLE shadow IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseLocked):
            together(lambda: db.execute("SET LOCAL lock_timeout='10ms'"), lambda: db.execute("DELETE FROM shadow"))


@on_postgresql
def test_who_stores_what_is_to_be_made_waits_for_whoever_does_so_for_the_same_app(sync: Sync) -> None:
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (db._MAKING, 7))
        with pytest.raises(DatabaseLocked):
            together(lambda: db.execute("SET LOCAL lock_timeout='10ms'"), lambda: db.make_alone(7))
        together(lambda: db.execute("SET LOCAL lock_timeout='10ms'"), lambda: db.make_alone(8))


@on_postgresql
def test_session_that_stands_still_in_the_middle_of_what_it_sends_is_ended_and_its_locks_with_it(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    with closing(psycopg.connect(settings.BOTHWAYS_DATABASE, autocommit=True, **boot.CONNECTION)) as frozen:
        pid = frozen.info.backend_pid
        frozen.execute("BEGIN")
        frozen.pgconn.enter_pipeline_mode()
        frozen.pgconn.send_query_params(b"UPDATE sync SET name='locked'", None)
        frozen.pgconn.send_flush_request()
        frozen.pgconn.flush()

        def stands() -> bool:
            db.end_standstill()
            sql = "SELECT state, wait_event FROM pg_stat_activity WHERE pid=%s"
            return db.one(sql, (pid,)) == ("active", "ClientRead")

        assert within(10, stands)
        assert stands(), "it may only be slow"
        monkeypatch.setattr(boot, "STANDSTILL", 0.05)
        assert within(10, lambda: not stands())
    assert db.execute("UPDATE sync SET name='free'") == 1, "nothing is locked any more"


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Wait until something holds; tell whether it came to that in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
