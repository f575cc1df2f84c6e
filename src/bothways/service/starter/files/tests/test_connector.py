"""What every connector of Bothways must pass, and what is of My app alone."""

from collections.abc import Iterator, Mapping

import pytest
from bothways_my_app.connector import OBJECT, PAGE, MyAppConnector
from stand_in import TOKEN, StandIn, serving

from bothways.connectors.base import Connector, Outcome, Setup, WriteItem, WriteKind
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.testing import ConnectorConformance, listing
from bothways.errors import CredentialsRefused, ProtocolError
from bothways.records import Value


class Secrets:
    """Hands out a token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get(self, name: str) -> str:
        return self.token


class Person:
    """Somebody who works in My app: the ``User`` of the conformance kit."""

    object, field, key, many = OBJECT, "name", "", PAGE + 20

    def __init__(self, app: StandIn) -> None:
        self.app = app

    def values(self, number: int) -> Mapping[str, Value]:
        return {"email": f"p{number}@example.org", "name": f"Person {number}", "phone": f"+1 555 01{number:02}"}

    def create(self, number: int) -> str:
        return str(self.app.create(self.values(number))["id"])

    def edit(self, id: str, value: str) -> None:
        self.app.save(id, {self.field: value})

    def delete(self, id: str) -> None:
        del self.app.records[id]

    def settle(self) -> None:
        """Return at once: what is saved can be listed."""

    def calls(self) -> int:
        return self.app.calls


@pytest.fixture
def app() -> Iterator[StandIn]:
    with serving() as app:
        yield app


@pytest.fixture
def user(app: StandIn) -> Person:
    return Person(app)


def connect(app: StandIn, token: str = TOKEN) -> Connector:
    """Return the connector, allowed to call this machine."""
    setup = Setup("here", {"url": app.url}, Secrets(token), MemoryBudget(), frozenset({"127.0.0.1"}))
    return MyAppConnector(setup)


@pytest.fixture
def connector(app: StandIn) -> Connector:
    return connect(app)


class TestConformance(ConnectorConformance):
    """The checks of the kit."""


def test_wrong_token_is_told(app: StandIn) -> None:
    with pytest.raises(CredentialsRefused):
        connect(app, "another token").check()


def test_refusal_is_told_in_the_words_of_the_app(connector: Connector) -> None:
    [result] = connector.write(OBJECT, [WriteItem("a", WriteKind.CREATE, {"shoe_size": 44})])
    assert (result.outcome, result.message) == (Outcome.REFUSED, "A person has no shoe_size")


def test_create_that_broke_off_may_have_been_done_and_is_not_sent_again(app: StandIn, connector: Connector) -> None:
    app.fail = 1
    [result] = connector.write(OBJECT, [WriteItem("a", WriteKind.CREATE, {"name": "Dana"})])
    assert (result.outcome, len(app.records)) == (Outcome.UNKNOWN, 1)


def test_people_saved_at_the_same_moment_are_all_listed(app: StandIn, user: Person, connector: Connector) -> None:
    made = {user.create(number) for number in range(2 * PAGE + 1)}
    for id in made:
        app.records[id]["changed_at"] = "2026-02-01T00:00:00+00:00"
    pages = listing(connector, user)
    assert [len(page.seen) for page in pages] == [PAGE, PAGE, 1]
    assert {each.record.id for page in pages for each in page.seen} == made


def test_field_that_an_answer_lacks_is_never_taken_for_empty(app: StandIn, user: Person, connector: Connector) -> None:
    del app.records[user.create(1)]["phone"]
    with pytest.raises(ProtocolError, match="phone"):
        listing(connector, user)
