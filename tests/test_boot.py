"""Django is configured by us alone, for one database at a time, by one URL."""

import subprocess
import sys
from pathlib import Path

import pytest

from bothways.boot import CONNECTION, LOCK_TIMEOUT, database_settings
from bothways.errors import DatabaseUnreachable


def python(code: str) -> str:
    """Run code in a process of its own, since Django is configured once, and return what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- URLs ---------------------------------------------------------------------------------------------


def test_sqlite_url_names_a_file_or_memory() -> None:
    assert database_settings("sqlite:///var/lib/x%20y/ledger.db")["NAME"] == "/var/lib/x y/ledger.db"
    assert database_settings("sqlite:///:memory:")["NAME"] == ":memory:"


def test_sqlite_commits_are_durable_writers_wait_and_transactions_take_the_lock_at_once() -> None:
    options = database_settings("sqlite:///:memory:")["OPTIONS"]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        assert f"PRAGMA {pragma};" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == LOCK_TIMEOUT > 0


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_url_in_all_its_parts(scheme: str) -> None:
    found = database_settings(f"{scheme}://an%40n:p%2Fw@db.test:6543/my%20ledger")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "my ledger",
        "USER": "an@n",
        "PASSWORD": "p/w",
        "HOST": "db.test",
        "PORT": "6543",
        "CONN_MAX_AGE": None,
        "OPTIONS": CONNECTION,
    }


def test_postgresql_url_with_nothing_but_a_name() -> None:
    found = database_settings("postgresql:///ledger")
    assert [found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == ["ledger", "", "", "", ""]


@pytest.mark.parametrize("url", ["mysql://x:secret@db.test/ledger", "ledger.db", "", "/var/lib/ledger.db", "file:///x"])
def test_other_kinds_of_database_are_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="only sqlite:/// and postgresql:// are known") as caught:
        database_settings(url)
    assert "secret" not in str(caught.value)


# --- one process --------------------------------------------------------------------------------------


def test_process_that_configured_django_itself_is_refused() -> None:
    code = """
from django.conf import settings
settings.configure(DATABASES={})
from bothways import boot
from bothways.errors import OurFault
for each in (boot.prepare, lambda: boot.setup("sqlite:///:memory:")):
    try:
        each()
    except OurFault as error:
        print(error.code, "another program" in error.message, settings.DATABASES)
"""
    assert python(code) == "BW-900 True {}\nBW-900 True {}"


def test_preparing_lets_models_be_imported_and_touches_no_database() -> None:
    code = """
from bothways import boot
boot.prepare(); boot.prepare()
from bothways.ledger.models import Sync
from django.db import connection
from django.core.exceptions import ImproperlyConfigured
print(Sync._meta.db_table, connection.vendor)
try:
    Sync.objects.count()
except ImproperlyConfigured:
    print("no database yet")
"""
    assert python(code).splitlines() == ["sync unknown", "no database yet"]


def test_database_is_changed_by_naming_another_and_kept_by_naming_it_again(tmp_path: Path) -> None:
    code = f"""
from bothways import boot
boot.setup("sqlite://{tmp_path}/one.db")
from django.db import connection
connection.ensure_connection()
first = connection.connection
boot.setup("sqlite://{tmp_path}/one.db")
print(connection.connection is first)
boot.setup("sqlite://{tmp_path}/two.db")
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE here (x)")
    cursor.execute("PRAGMA database_list")
    print(cursor.fetchone()[2].endswith("two.db"))
    cursor.execute("PRAGMA synchronous")
    print(cursor.fetchone()[0])
try:
    first.execute("SELECT 1")
except Exception as error:
    print(error)
boot.setup("sqlite://{tmp_path}/one.db")
print(connection.introspection.table_names())
"""
    assert python(code).splitlines() == ["True", "True", "2", "Cannot operate on a closed database.", "[]"]


def test_thread_that_had_a_connection_to_another_database_leaves_it(tmp_path: Path) -> None:
    code = f"""
from concurrent.futures import ThreadPoolExecutor
from bothways import boot

def where(url):
    from django.db import connection
    boot.setup(url)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        return cursor.fetchone()[2][-6:]

boot.prepare()
with ThreadPoolExecutor(1) as other:
    print(other.submit(where, "sqlite://{tmp_path}/one.db").result())
    print(where("sqlite://{tmp_path}/two.db"))
    print(other.submit(where, "sqlite://{tmp_path}/two.db").result())
"""
    assert python(code).splitlines() == ["one.db", "two.db", "two.db"]


def test_url_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    code = f"""
from bothways import boot
from bothways.errors import DatabaseUnreachable
from django.conf import settings
boot.setup("sqlite://{tmp_path}/one.db")
try:
    boot.setup("mysql://db.test/x")
except DatabaseUnreachable:
    print(settings.BOTHWAYS_DATABASE.endswith("one.db"), settings.DATABASES["default"]["NAME"].endswith("one.db"))
"""
    assert python(code) == "True True"
