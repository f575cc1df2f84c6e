"""A database of one's own on the real server, with and without the helper tables."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.connectors.sql.support import Books


@pytest.fixture(scope="session")
def database(postgresql: str) -> str:
    """Return the URL of a database that these tests have for themselves."""
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute("CREATE DATABASE books")
    return f"{postgresql.rpartition('/')[0]}/books"


@pytest.fixture
def make(database: str) -> Iterator[Callable[..., Books]]:
    """Return a function that makes the books anew."""
    made: list[Books] = []

    def make(**options: Any) -> Books:
        books = Books(database, **options)
        made.append(books)
        return books

    yield make
    for books in made:
        books.close()


@pytest.fixture(params=[False, True], ids=["plain", "watched"])
def books(make: Callable[..., Books], request: pytest.FixtureRequest) -> Books:
    """Return books with one table, once without and once with the helper tables."""
    return make(watched=request.param)


@pytest.fixture
def watched(make: Callable[..., Books]) -> Books:
    """Return books with the helper tables."""
    return make(watched=True)
