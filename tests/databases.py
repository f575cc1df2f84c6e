"""A database file of its own for every test, beside the one in memory that other tests of this process use."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bothways import boot
from bothways.service.database import bring_up_to_date, used

MEMORY = "sqlite:///:memory:"


@cache
def _template() -> Path:
    """Make the schema once, in a file to be copied."""
    path = Path(tempfile.mkdtemp(prefix="bothways-schema-")) / "ledger.db"
    with used(f"sqlite://{path}"):
        bring_up_to_date()
    return path


@contextmanager
def empty_ledger(folder: Path) -> Iterator[None]:
    """Put an empty ledger where a workspace in ``folder`` looks for it; afterwards use memory again."""
    home = folder / ".bothways"
    home.mkdir()
    shutil.copy(_template(), home / "ledger.db")
    try:
        yield
    finally:
        boot.setup(MEMORY)
