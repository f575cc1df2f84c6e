"""Each test gets an address book of its own on one Radicale."""

import itertools

import pytest

from bothways.connectors.carddav import CardDav
from tests.connectors.carddav.support import Bill, Person, make_connector
from tests.servers import Radicale

_NAMES = (f"book-{number}" for number in itertools.count())


@pytest.fixture
def budget() -> Bill:
    return Bill()


@pytest.fixture
def user(radicale_server: Radicale, budget: Bill) -> Person:
    return Person(radicale_server, radicale_server.make_book(next(_NAMES)), budget)


@pytest.fixture
def connector(user: Person, budget: Bill) -> CardDav:
    return make_connector(user.book, budget=budget)
