"""What the connector's OAuth asks of an account that lets us in."""

from collections.abc import Iterator

import pytest

from bothways.connectors.base import Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.hubspot.facts import OAUTH
from bothways.connectors.oauth import Client, TokenServer, address, new_word
from bothways.sandbox.hubspot import APP_SECRET, CLIENT_ID, HubSpotSandbox
from tests.connectors.hubspot.account import unlimited
from tests.connectors.support import Secrets
from tests.consenting import NEEDED, OPTIONAL, REDIRECT, answered, words


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with unlimited() as made:
        yield made


def server(hubspot: HubSpotSandbox, budget: MemoryBudget) -> TokenServer:
    setup = Setup(
        app="HubSpot",
        settings={"base_url": hubspot.url},
        secrets=Secrets(),
        budget=budget,
        allow_hosts=frozenset({"127.0.0.1"}),
        clock=hubspot.now,
        sleep=hubspot.advance,
    )
    return TokenServer(OAUTH, setup, Client(CLIENT_ID, APP_SECRET))


@pytest.mark.parametrize(("tells", "asked"), [(True, 0), (False, 1)])
def test_what_was_allowed_is_known_from_the_tokens_or_asked_for(hubspot: HubSpotSandbox, tells: bool, asked: int):
    hubspot.register([REDIRECT], NEEDED, OPTIONAL, tells=tells)
    budget = MemoryBudget({}, hubspot.now, hubspot.advance)
    tokens, verifier = server(hubspot, budget), new_word()
    link = address(
        OAUTH,
        f"{hubspot.url}/oauth/authorize",
        CLIENT_ID,
        redirect=REDIRECT,
        state="s",
        verifier=verifier,
        chosen=OPTIONAL,
    )
    given = tokens.exchange(words(answered(link, allow=OPTIONAL[:1]))["code"], verifier, REDIRECT)
    assert given.scopes == {*NEEDED, OPTIONAL[0]}
    assert tokens.refresh(given).scopes == given.scopes
    tokens.revoke(given)
    assert hubspot.refresh_tokens() == []
    assert budget.bill["introspect"] == asked
