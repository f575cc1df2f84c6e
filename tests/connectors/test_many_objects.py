"""The app in memory keeps the connector contract, whose optional abilities are shown by it: leads become contacts."""

from collections.abc import Mapping

import pytest

from bothways.connectors.base import Became, Setup
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.testing import ConnectorConformance
from bothways.records import Value
from tests.memory_app import Clock, ManyObjects, MemoryApp


class _NoSecrets:
    def get(self, name: str) -> str:
        raise KeyError(name)


class Person:
    """A person who works with the leads of an app."""

    object, field, key, many = "leads", "name", "", 250

    def __init__(self) -> None:
        self.clock = Clock()
        self.leads = MemoryApp("Anna leads", self.clock, object="leads")
        self.contacts = MemoryApp("Anna contacts", self.clock, object="contacts", serial=500)

    def values(self, number: int) -> Mapping[str, Value]:
        return {"email": f"p{number}@x.test", "name": f"P{number}"}

    def create(self, number: int) -> str:
        return self.leads.add(**self.values(number))

    def edit(self, id: str, value: str) -> None:
        self.clock.advance(2)
        self.leads.edit(id, name=value)

    def delete(self, id: str) -> None:
        self.leads.delete(id)

    def convert(self, id: str) -> Became:
        return Became("contacts", self.leads.convert(id, self.contacts))

    def settle(self) -> None:
        self.clock.advance(2)

    def calls(self) -> int:
        return self.leads.calls.total()


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr("tests.memory_app.APPS", {})
    return Person()


@pytest.fixture
def connector(user: Person) -> ManyObjects:
    return ManyObjects(Setup("Anna", {}, _NoSecrets(), MemoryBudget(clock=user.clock), clock=user.clock))


class TestLeadsInMemory(ConnectorConformance):
    """The whole kit, on an app with two objects."""
