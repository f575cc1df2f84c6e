"""What is taken of a delivery: the records of the account that the connection is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bothways.connectors.webhooks import Delivery
from bothways.ledger import webhooks
from bothways.sandbox.hubspot import CLIENT_SECRET
from bothways.sandbox.hubspot.hooks import signature
from bothways.sandbox.hubspot.problems import PORTAL
from bothways.service.database import used
from bothways.service.receiving import Received, receive
from tests.hooked_accounts import Owned, owned_accounts

PUBLIC = "https://sync.example.com"


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owned]:
    with owned_accounts(tmp_path, monkeypatch, PUBLIC) as accounts:
        yield accounts


def delivered(accounts: Owned, *events: dict[str, Any]) -> Received:
    """Have an app send these events of contacts, and return what was taken of them."""
    url, body = f"{PUBLIC}/hooks/east", orjson.dumps([{"subscriptionType": "contact.creation", **e} for e in events])
    now = accounts.workspace.clock()
    stamp = f"{now * 1000:.0f}"
    signed = {"X-HubSpot-Signature-v3": signature(CLIENT_SECRET, url, body, stamp)}
    delivery = Delivery("POST", url, {**signed, "X-HubSpot-Request-Timestamp": stamp}, body, now)
    with used(accounts.workspace.database):
        return receive(accounts.workspace, "east", delivery)


def test_events_of_other_accounts_that_have_the_same_app_are_left_out(accounts: Owned) -> None:
    theirs = {"objectId": 7, "portalId": PORTAL + 1}
    assert delivered(accounts, theirs) == Received()
    with used(accounts.workspace.database):
        assert webhooks.known("east").came_at == 0
    mixed = delivered(accounts, theirs, {"objectId": 8, "portalId": PORTAL}, {**theirs, "portalId": str(PORTAL)})
    assert mixed.records == ("contacts 7", "contacts 8")
    with used(accounts.workspace.database):
        assert webhooks.known("east").came_at > 0
    assert delivered(accounts, {"objectId": 9}).records == ("contacts 9",)
