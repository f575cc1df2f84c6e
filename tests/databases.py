"""A database file of its own for every test, beside the one in memory that other tests of this process use."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bothways import boot
from bothways.service.database import bring_up_to_date, used

MEMORY = "sqlite:///:memory:"


@cache
def _template() -> bytes:
    """Make the schema once, as what the file of every test begins with."""
    with tempfile.TemporaryDirectory(prefix="bothways-schema-") as folder:
        path = Path(folder) / "ledger.db"
        with used(f"sqlite://{path}"):
            bring_up_to_date()
        return path.read_bytes()


def lay_ledger(folder: Path) -> None:
    """Put an empty ledger where a workspace in ``folder`` looks for it, unless one is there."""
    home = folder / ".bothways"
    if not home.exists():
        home.mkdir()
        (home / "ledger.db").write_bytes(_template())


@contextmanager
def empty_ledger(folder: Path) -> Iterator[None]:
    """Put an empty ledger where a workspace in ``folder`` looks for it; afterwards use memory again."""
    lay_ledger(folder)
    try:
        yield
    finally:
        boot.setup(MEMORY)
