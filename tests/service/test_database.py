"""Uses of the database: one closes its connection, one that is kept open does not, whatever is done within it."""

from pathlib import Path

from django.db import connection

from bothways.service.database import kept_open, used


def test_use_closes_its_connection_when_it_ends(folder: Path) -> None:
    with used(f"sqlite://{folder}/some.db"):
        assert connection.connection is not None
    assert connection.connection is None


def test_use_within_one_that_is_kept_open_leaves_the_connection_to_that(folder: Path) -> None:
    url = f"sqlite://{folder}/some.db"
    with kept_open(url):
        with used(url):
            first = connection.connection
        with used(url):
            assert connection.connection is first
    assert connection.connection is first
    with used(url):
        pass
    assert connection.connection is None
