"""What our connections to SQLite are: a committed intent survives a power cut, a reader waits for nobody."""

import pytest

from bothways.ledger import db
from bothways.ledger.sqlite import upsert_statement

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("pragma", "expected"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("temp_store", 2)]
)
def test_connection_has_the_pragmas_that_keep_commits(pragma: str, expected: object) -> None:
    assert db.value(f"PRAGMA {pragma}") == expected


def test_statement_updates_all_columns_but_the_key() -> None:
    assert upsert_statement("t", ("a", "b", "c"), ("a",), "%s,%s,%s") == (
        "INSERT INTO t (a,b,c) VALUES (%s,%s,%s) ON CONFLICT (a) DO UPDATE SET b=excluded.b, c=excluded.c"
    )
    assert upsert_statement("t", ("a",), ("a",), "%s").endswith("ON CONFLICT (a) DO NOTHING")
