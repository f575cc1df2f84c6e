"""Every test of the pages gets a workspace of its own between two apps in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import empty_ledger
from tests.office import Office, plug_in


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Anna, Bert and a sync of their people that is on, on an empty ledger."""
    plug_in(monkeypatch)
    with empty_ledger(tmp_path):
        yield Office(tmp_path)
