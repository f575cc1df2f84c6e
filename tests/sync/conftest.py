"""Every test of the sync gets an empty ledger in memory."""

from collections.abc import Iterator

import pytest

from bothways import boot

MEMORY = "sqlite:///:memory:"

boot.setup(MEMORY)


@pytest.fixture(scope="session")
def schema() -> None:
    """Make the tables once."""
    from tests.sim import database

    database.start()


@pytest.fixture(autouse=True)
def ledger(schema: None) -> Iterator[None]:
    """Give a test its own empty ledger."""
    from bothways.ledger import db
    from tests.sim import database

    boot.setup(MEMORY)
    database.fresh()
    yield
    db.after_commit.clear()
