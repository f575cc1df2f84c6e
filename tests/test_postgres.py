"""The PostgreSQL that the tests start is a real one, and gone when they are done."""

import os
import pwd
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresqlMissing, start_postgresql


def has_server_user() -> bool:
    """Tell whether this machine has the user that Debian's package makes."""
    return any(user.pw_name == "postgres" for user in pwd.getpwall())


def test_answers_in_utf8_and_keeps_what_is_committed(postgresql: str) -> None:
    with psycopg.connect(postgresql) as connection:
        connection.execute("CREATE TEMPORARY TABLE people (name text)")
        connection.execute("INSERT INTO people VALUES (%s)", ["Zoë"])
        assert connection.execute("SELECT name FROM people").fetchone() == ("Zoë",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


@pytest.mark.server("postgresql")
def test_keeps_commits_where_that_is_asked_for_and_ends_with_its_block() -> None:
    with tempfile.TemporaryDirectory() as name:
        with start_postgresql(Path(name), fsync=True) as url, psycopg.connect(url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)


# Any other user starts the server as itself and has no second user to be refused as.
@pytest.mark.skipif(os.geteuid() != 0 or not has_server_user(), reason="only root needs another user for the server")
def test_says_so_when_its_user_cannot_reach_the_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = closed / "postgresql"
    folder.mkdir()
    with pytest.raises(PostgresqlMissing, match="cannot reach"), start_postgresql(folder):
        pass
