"""The stand-in on a clock that moves only when told, without limits, and a client for it."""

from collections.abc import Iterator

import pytest

from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from tests.sandbox.hubspot.client import Client


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(rate=None, search_rate=None, clock=FrozenClock()) as hubspot:
        yield hubspot


@pytest.fixture
def client(hubspot: HubSpotSandbox) -> Client:
    return Client(hubspot)
