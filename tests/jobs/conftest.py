"""Every test gets a workspace of its own between two apps in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import empty_ledger
from tests.office import Office, plug_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an empty ledger; the connectors of the tests are plugged in."""
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        yield tmp_path


@pytest.fixture
def office(folder: Path) -> Office:
    """Anna, Bert and a sync of their people that is on."""
    return Office(folder)
