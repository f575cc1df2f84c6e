"""The conformance kit against real Radicale, in pages of three cards."""

import pytest

from bothways.connectors.carddav import cards, listing, reading
from bothways.connectors.testing import ConnectorConformance


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cards, listing, reading):
        monkeypatch.setattr(module, "BATCH_READ", 3)


class TestCardDav(ConnectorConformance):
    """What "supported" means."""
