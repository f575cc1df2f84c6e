"""Every test here runs twice: on an SQLite file and on a PostgreSQL server, each time on empty tables.

A process has one database at a time, by ``boot.setup``. So each test points it at its own backend, whose
tables are made once per session, empties them, and afterwards gives back what was used before: tests of
other folders keep a ledger in memory, and put its schema back themselves (tests.sim.database).
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command

from bothways import boot

boot.prepare()

from django.db import connection, transaction  # noqa: E402

from bothways.ledger import db  # noqa: E402
from bothways.ledger.models import Connection, Feed, Run, Sync, Workspace  # noqa: E402

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server("postgresql"))]


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an SQLite file with the tables made by the migrations."""
    return migrated(f"sqlite://{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")


@pytest.fixture(scope="session")
def postgresql_database(postgresql: str) -> str:
    """Return the URL of a PostgreSQL database with the tables made by the migrations."""
    return migrated(new_database(postgresql, "ledger_tests"))


def new_database(server: str, name: str) -> str:
    """Make an empty database on a PostgreSQL server and return its URL."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


def migrated(url: str) -> str:
    """Make the tables in an empty database, return its URL."""
    boot.setup(url)
    call_command("migrate", verbosity=0, interactive=False)
    return url


def empty_tables() -> None:
    """Delete every row of ours; references are checked at the end, so the order is all the same."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if not name.startswith("django_"):
                cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(params=BACKENDS, autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Use one backend, with empty tables; yield its name."""
    before = settings.BOTHWAYS_DATABASE
    boot.setup(request.getfixturevalue(f"{request.param}_database"))
    empty_tables()
    try:
        yield request.param
    finally:
        db.after_commit.clear()
        connection.close()
        if before:
            boot.setup(before)


@pytest.fixture
def sync(backend: str) -> Sync:
    """Return a sync that is on, between two feeds."""
    return new_sync()


def new_sync() -> Sync:
    """Make a sync that is on, between two feeds, in empty tables."""
    Workspace.objects.create(name="test")
    feeds = [
        Feed.objects.create(connection=Connection.objects.create(name=name, connector="memory"), object="people")
        for name in ("Anna", "Bert")
    ]
    return Sync.objects.create(name="people", state="on", left=feeds[0], right=feeds[1])


@pytest.fixture
def run(sync: Sync) -> Run:
    """Return a run of the sync."""
    return Run.objects.create(sync=sync, kind="run", started_at=1.0)
