from collections.abc import Iterator

import pytest

from tests.connectors.hubspot.account import Account, unlimited


@pytest.fixture
def account() -> Iterator[Account]:
    with unlimited() as hubspot:
        yield Account(hubspot)
