"""The connector passes the kit that every connector must pass, for all of its objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.facts import INDEX_LAG, MARKER
from bothways.connectors.testing import ConnectorConformance
from bothways.records import Value
from bothways.sandbox.hubspot import HubSpotSandbox
from bothways.sandbox.hubspot.schema import KINDS, prop
from tests.connectors.hubspot.account import Account, unlimited


@dataclass
class Person:
    """Somebody who works in the account; every save takes a second."""

    hubspot: HubSpotSandbox
    object: str
    field: str
    key: str
    many: int = 101

    def values(self, number: int) -> Mapping[str, Value]:
        if self.object == "contacts":
            return {"email": f"Ann.{number}@Example.com", "firstname": f"Ann {number}", "birthday": "1990-02-28"}
        if self.object == "deals":
            return {"dealname": f"Deal {number}", "dealstage": "qualifiedtobuy", "amount": "12.5"}
        if self.object == "leads":
            return {"hs_lead_name": f"Lead {number}", "hs_lead_label": "WARM", "associations.contacts": [self.contact]}
        if self.object == "tickets":
            return {"subject": f"Help {number}", "hs_pipeline_stage": "1", "hs_ticket_priority": "HIGH"}
        if self.object == "products":
            return {"name": f"Chair {number}", "hs_sku": f"C-{number}", "price": "12.5"}
        if self.object == "2-3400001":
            return {"pet_name": f"Rex {number}", "chip": f"chip-{number}", "born": "2020-02-29"}
        return {"name": f"Company {number}", "domain": f"c{number}.example.com", "numberofemployees": "12"}

    @property
    def contact(self) -> str:
        """The contact that all leads belong to."""
        return next(iter(self.hubspot.records("contacts")), "") or self.hubspot.create("contacts", {"lastname": "A"})

    def create(self, number: int) -> str:
        self.hubspot.advance(1)
        values = dict(self.values(number))
        contacts = values.pop("associations.contacts", None)
        id = self.hubspot.create(self.object, values)
        if contacts:
            self.hubspot.associate(self.object, id, "contacts", self.contact)
        return id

    def edit(self, id: str, value: str) -> None:
        self.hubspot.advance(1)
        self.hubspot.edit(self.object, id, {self.field: value})

    def delete(self, id: str) -> None:
        self.hubspot.archive(self.object, id)

    def settle(self) -> None:
        self.hubspot.advance(INDEX_LAG)

    def calls(self) -> int:
        return len(self.hubspot.log)


@pytest.fixture
def connector(account: Account) -> HubSpot:
    return account.connector


class TestContacts(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "contacts", "firstname", "email")


class TestCompanies(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "companies", "name", "")


class TestDeals(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "deals", "dealname", "")


class TestLeads(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "leads", "hs_lead_name", "")


class TestTickets(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "tickets", "subject", "")


class TestProducts(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "products", "name", "")


class TestObjectsOfTheAccount(ConnectorConformance):
    @pytest.fixture
    def user(self, account: Account) -> Person:
        properties = [
            prop("pet_name", "Name", group="pet"),
            prop("chip", "Chip", group="pet"),
            prop("born", "Born", "date", "date", group="pet"),
        ]
        type = account.hubspot.make_object("pet", ("Pet", "Pets"), properties, associatedObjects=["CONTACT"])
        return Person(account.hubspot, type, "pet_name", "")


class TestContactsWithAMarker(ConnectorConformance):
    """With a unique property of our own, creates can be found by their mark."""

    @pytest.fixture
    def account(self) -> Iterator[Account]:
        with unlimited() as hubspot:
            for kind in KINDS:
                hubspot.define(kind.name, prop(MARKER, "Bothways key", unique=True, custom=True))
            yield Account(hubspot, {"marker_property": MARKER})

    @pytest.fixture
    def user(self, account: Account) -> Person:
        return Person(account.hubspot, "contacts", "firstname", "email")
