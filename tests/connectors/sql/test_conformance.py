"""The conformance kit against real PostgreSQL, in pages of three rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
import pytest

from bothways.connectors.sql import Sql
from bothways.connectors.sql.postgresql import listing, reading
from bothways.connectors.testing import ConnectorConformance
from bothways.records import Value
from tests.connectors.sql.support import Books


@dataclass
class Clerk:
    """Somebody who works in the table by SQL."""

    books: Books
    object: str = "companies"
    field: str = "name"
    key: str = "domain"
    many: int = 8

    def values(self, number: int) -> Mapping[str, Value]:
        return {"name": f"Company {number}", "domain": f"C{number}.example.com", "employees": str(number)}

    def create(self, number: int) -> str:
        return self.books.add(**self.values(number))

    def edit(self, id: str, value: str) -> None:
        self.books.sql("UPDATE companies SET name = %s WHERE id = %s", value, id)

    def delete(self, id: str) -> None:
        self.books.sql("DELETE FROM companies WHERE id = %s", id)

    def settle(self) -> None:
        """What is committed is seen."""

    def calls(self) -> int:
        return self.books.budget.bill.total()


TEAMS = """\
CREATE TABLE teams (
    region text, number smallint, title text, PRIMARY KEY (region, number)
)"""


class TeamClerk(Clerk):
    """Works in a table whose key the application makes, of two columns."""

    def values(self, number: int) -> Mapping[str, Value]:
        return {"title": f"Team {number}", "region": ("No%rth", 'So"uth')[number % 2], "number": str(number)}

    def create(self, number: int) -> str:
        values = self.values(number)
        self.books.sql("INSERT INTO teams (title, region, number) VALUES (%s, %s, %s)", *values.values())
        return self._id(str(values["region"]), number)

    def edit(self, id: str, value: str) -> None:
        self.books.sql("UPDATE teams SET title = %s WHERE number = %s", value, self._number(id))

    def delete(self, id: str) -> None:
        self.books.sql("DELETE FROM teams WHERE number = %s", self._number(id))

    def _id(self, region: str, number: int) -> str:
        return orjson.dumps([region, str(number)]).decode()

    def _number(self, id: str) -> int:
        return int(id.rpartition(",")[2].strip('"]'))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIST", 3)
    monkeypatch.setattr(reading, "BATCH_READ", 3)


class TestTable(ConnectorConformance):
    """What "supported" means, without and with the helper tables."""

    @pytest.fixture
    def connector(self, books: Books) -> Sql:
        return books.connector

    @pytest.fixture
    def user(self, books: Books) -> Clerk:
        return Clerk(books)


class TestKeyOfTwoColumns(ConnectorConformance):
    """The same for a key that the application makes."""

    @pytest.fixture(params=[False, True], ids=["plain", "watched"])
    def books(self, make: Callable[..., Books], request: pytest.FixtureRequest) -> Books:
        return make(watched=request.param, tables=[TEAMS])

    @pytest.fixture
    def connector(self, books: Books) -> Sql:
        return books.connector

    @pytest.fixture
    def user(self, books: Books) -> Clerk:
        return TeamClerk(books, "teams", "title", "")
