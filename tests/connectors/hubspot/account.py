"""A HubSpot account (the stand-in) on a clock that moves only when told, and connectors to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bothways.connectors.base import Page, Setup, WriteItem, WriteKind
from bothways.connectors.budget import MemoryBudget
from bothways.connectors.hubspot import HubSpot
from bothways.connectors.hubspot.facts import INDEX_LAG
from bothways.records import Ref, Value
from bothways.sandbox.hubspot import FrozenClock, HubSpotSandbox
from bothways.sandbox.hubspot.schema import prop
from tests.connectors.support import Secrets

FIELDS = ("email", "firstname", "lastname")


def unlimited(**options: Any) -> HubSpotSandbox:
    """Return an account without limits, whose search lags behind as we expect it to."""
    defaults: dict[str, Any] = {"rate": None, "search_rate": None, "index_lag": INDEX_LAG, "clock": FrozenClock()}
    return HubSpotSandbox(**defaults | options)


@dataclass
class Account:
    """An account and a connector to it, whose clock is ``skew`` seconds ahead. Waiting moves the account's clock.

    ``slept`` holds the seconds of every wait.
    """

    hubspot: HubSpotSandbox
    settings: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    skew: float = 0.0

    def __post_init__(self) -> None:
        self.slept: list[float] = []
        clock, limits = self.hubspot.now, HubSpot.limits
        self.budget = MemoryBudget(
            limits, clock, self.sleep, quota=HubSpot.quota, today=clock, apart=HubSpot.apart, app="HubSpot"
        )
        self.connector = HubSpot(
            Setup(
                app="HubSpot",
                settings={"base_url": self.hubspot.url, **self.settings},
                secrets=Secrets(token=self.token or self.hubspot.token),
                budget=self.budget,
                allow_hosts=frozenset({"127.0.0.1"}),
                clock=lambda: self.hubspot.now() + self.skew,
                sleep=self.sleep,
            )
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.hubspot.advance(seconds)

    def bill(self) -> dict[str, int]:
        """Return the calls by name since the last time, and begin anew."""
        calls = dict(self.budget.bill)
        self.budget.bill.clear()
        return calls

    # --- what tests do with the connector ---------------------------------------------------------------

    def pages(self, cursor: str | None = None, fields: Sequence[str] = FIELDS) -> list[Page]:
        """Return all pages of the changes of contacts."""
        return list(self.connector.changes("contacts", cursor, fields))

    def poll(self, cursor: str | None) -> tuple[set[str], str]:
        """Return the ids that a poll of contacts shows, and the next cursor."""
        pages = self.pages(cursor)
        assert pages[-1].cursor is not None
        return {seen.record.id for page in pages for seen in page.seen}, pages[-1].cursor

    def cursor(self) -> str:
        """Return the cursor after a first listing of contacts."""
        return self.poll(None)[1]

    def create(self, *records: Mapping[str, Value]):
        """Create contacts with the keys "c0", "c1", ..., and return the results."""
        items = [WriteItem(f"c{number}", WriteKind.CREATE, values) for number, values in enumerate(records)]
        return self.connector.write("contacts", items)

    def update(self, changes: Mapping[str, Mapping[str, Value]]):
        """Update contacts by id, with their ids as keys, and return the results."""
        items = [WriteItem(id, WriteKind.UPDATE, values, Ref(id)) for id, values in changes.items()]
        return self.connector.write("contacts", items)

    def read(self, *ids: str, fields: Sequence[str] = FIELDS):
        """Read contacts."""
        return self.connector.read("contacts", [Ref(id) for id in ids], fields)

    def people(self, count: int, first: int = 0, **more: str) -> list[str]:
        """Seed contacts with an address and a name each, and return their ids."""
        numbers = range(first, first + count)
        return self.hubspot.seed(
            "contacts", [{"email": f"p{n}@example.com", "lastname": f"P{n}", **more} for n in numbers]
        )

    def define(self, name: str, *, archived: bool = False, **more: Any) -> None:
        """Add a text property to contacts, or put it into the recycle bin."""
        self.hubspot.define("contacts", {**prop(name, name, custom=True, **more), "archived": archived})
