"""The whole way between HubSpot (the stand-in) and a table of PostgreSQL: from adding both to the proof."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bothways.connectors.sql.postgresql.helpers import script
from bothways.errors import AccountChanged, WrongType
from bothways.jobs import now
from bothways.service import apps, preview
from bothways.service.log import runs
from bothways.service.proof import compare
from bothways.service.syncs import show_sync, turn_on
from bothways.service.views import RunView
from tests.connectors.sql.support import COMPANIES, PASSWORD
from tests.hubspot_sql import Between, hubspot_and_sql

SYNC = """\
syncs:
  firms:
    objects: {hubspot: companies, erp: companies}
    match: [{hubspot: domain, erp: domain, compare: text}]
    conflicts: {default_app: hubspot}
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
    fields:
      - {hubspot: name, erp: name}
      - {hubspot: domain, erp: domain}
      - {hubspot: numberofemployees, erp: employees}
"""
FIELDS = {"name": "name", "domain": "domain", "numberofemployees": "employees"}


class Firms(Between):
    """A HubSpot account and a table of companies, and the workspace between them."""

    def run(self, *, full: bool = False) -> RunView:
        """Run a good while later."""
        self.hubspot.advance(1200)
        return now.run_sync(self.open(), "firms", full=full, approved=True)

    def rest(self) -> None:
        """Run until nothing is written any more."""
        for _ in range(8):
            run = self.run()
            if not any((*run.created.values(), *run.updated.values())):
                return
        raise AssertionError("not at rest after 8 runs")

    def in_hubspot(self) -> list[tuple[Any, ...]]:
        found = self.hubspot.records("companies").values()
        return sorted(tuple(each.get(name) or "" for name in FIELDS) for each in found)

    def in_erp(self) -> list[tuple[Any, ...]]:
        rows = self.erp.sql("SELECT name, domain, employees::text FROM companies")
        return sorted(tuple(value or "" for value in row) for row in rows)


@pytest.fixture(params=["no", "yes"], ids=["plain", "watched"])
def firms(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Firms]:
    """A workspace with both apps and one draft, with helper tables in the database and without."""
    watched = request.param == "yes"
    settings = {"helper_tables": request.param}
    with hubspot_and_sql(
        tmp_path, postgresql, monkeypatch, SYNC, [COMPANIES], watched=watched, settings=settings
    ) as made:
        assert [(each.name, each.count) for each in made.added.objects] == [("companies", 0)]
        assert PASSWORD not in (made.folder / "bothways.yaml").read_text()
        yield Firms(made.folder, made.hubspot, made.erp, made.added)


def test_companies_are_kept_in_step_both_ways_and_it_is_proved(firms: Firms) -> None:
    hubspot, erp = firms.hubspot, firms.erp
    for number in range(6):
        hubspot.create(
            "companies", {"name": f"C{number}", "domain": f"c{number}.test", "numberofemployees": str(number)}
        )
    for number in range(4, 9):
        erp.add(f"C{number}", domain=f"C{number}.test".lower(), employees=number)
    turn_on(firms.open(), "firms")
    plan = preview.plan(firms.open(), "firms")
    assert plan.linked == 2
    firms.rest()
    assert firms.in_hubspot() == firms.in_erp() == [(f"C{n}", f"c{n}.test", str(n)) for n in range(9)]
    proof = compare(firms.open(), "firms")
    assert (proof.pairs, proof.equal, proof.different) == (9, 9, ())
    assert show_sync(firms.open(), "firms").counts.in_sync == 9

    ids = {each["domain"]: id for id, each in hubspot.records("companies").items()}
    hubspot.edit("companies", ids["c7.test"], {"numberofemployees": "70"})
    erp.sql("UPDATE companies SET name = 'Renamed' WHERE domain = 'c0.test'")
    erp.add("New here", domain="n.test")
    hubspot.create("companies", {"name": "New there", "domain": "m.test"})
    firms.rest()
    assert firms.in_hubspot() == firms.in_erp()
    assert ("Renamed", "c0.test", "0") in firms.in_hubspot()
    assert ("C7", "c7.test", "70") in firms.in_erp()
    assert {("New here", "n.test", ""), ("New there", "m.test", "")} <= set(firms.in_erp())
    assert compare(firms.open(), "firms").equal == 11


def test_deleted_on_either_side_ends_the_link_and_comes_back_on_neither(firms: Firms) -> None:
    hubspot, erp = firms.hubspot, firms.erp
    kept = hubspot.create("companies", {"name": "Kept", "domain": "kept.test"})
    gone = hubspot.create("companies", {"name": "Gone in HubSpot", "domain": "a.test"})
    erp.add("Gone in the table", domain="b.test")
    turn_on(firms.open(), "firms")
    firms.rest()
    hubspot.archive("companies", gone)
    erp.sql("DELETE FROM companies WHERE domain = 'b.test'")
    firms.run(full=True)
    firms.rest()
    assert [name for name, *_ in firms.in_hubspot()] == ["Gone in the table", "Kept"]
    assert [name for name, *_ in firms.in_erp()] == ["Gone in HubSpot", "Kept"]
    proof = compare(firms.open(), "firms")
    assert (proof.pairs, proof.equal) == (1, 1)
    hubspot.edit("companies", kept, {"name": "Still kept"})
    firms.rest()
    assert "Still kept" in [name for name, *_ in firms.in_erp()]


def test_what_both_refuse_to_lose_is_decided_by_the_default_app_and_told(firms: Firms) -> None:
    id = firms.hubspot.create("companies", {"name": "Old", "domain": "x.test"})
    turn_on(firms.open(), "firms")
    firms.rest()
    firms.hubspot.edit("companies", id, {"name": "HubSpot's"})
    firms.erp.sql("UPDATE companies SET name = 'The table''s'")
    firms.rest()
    assert firms.in_erp() == firms.in_hubspot() == [("HubSpot's", "x.test", "")]


def test_value_that_the_table_refuses_is_held_alone_and_told(firms: Firms) -> None:
    for name, employees in (("Good", "3"), ("Bad", "-3"), ("Better", "4")):
        firms.hubspot.create(
            "companies", {"name": name, "domain": f"{name.lower()}.test", "numberofemployees": employees}
        )
    turn_on(firms.open(), "firms")
    firms.rest()
    assert firms.in_erp() == [("Bad", "bad.test", ""), ("Better", "better.test", "4"), ("Good", "good.test", "3")]
    assert show_sync(firms.open(), "firms").counts.failing == 1


def test_another_schema_of_the_same_database_is_another_account(firms: Firms) -> None:
    """Its rows have the same keys, and are others: each would be taken for an edit of the one that was linked."""
    firms.hubspot.create("companies", {"name": "Ours", "domain": "ours.test"})
    turn_on(firms.open(), "firms")
    firms.rest()
    firms.erp.sql("CREATE SCHEMA trial")
    try:
        firms.erp.sql("CREATE TABLE trial.companies (LIKE public.companies INCLUDING ALL)")
        firms.erp.sql("INSERT INTO trial.companies (name, domain) VALUES ('A stranger', 'other.test')")
        firms.erp.sql(script("trial", "postgres"))
        file = firms.folder / "bothways.yaml"
        file.write_text(file.read_text().replace("connector: sql", "connector: sql\n    schema: trial"))
        with pytest.raises(AccountChanged, match="trial"):
            firms.run()
    finally:
        firms.erp.sql("DROP SCHEMA trial CASCADE")
    assert firms.in_hubspot() == firms.in_erp() == [("Ours", "ours.test", "")]


def test_undo_puts_rows_back_and_takes_away_what_a_run_made(firms: Firms) -> None:
    firms.erp.add("Old", domain="x.test", employees=1)
    firms.hubspot.create("companies", {"name": "Old", "domain": "x.test", "numberofemployees": "1"})
    turn_on(firms.open(), "firms")
    firms.rest()
    id = next(iter(firms.hubspot.records("companies")))
    firms.hubspot.edit("companies", id, {"name": "Edited"})
    firms.hubspot.create("companies", {"name": "Made", "domain": "y.test"})
    firms.hubspot.advance(1200)
    run = now.run_sync(firms.open(), "firms", approved=True)
    firms.rest()
    assert [name for name, *_ in firms.in_erp()] == ["Edited", "Made"]
    made = next(each for each in runs(firms.open()) if sum(each.created.values()))
    for each in {made.id, run.id}:
        now.undo_run(firms.open(), each)
    assert [name for name, *_ in firms.in_erp()] == ["Old"]


@pytest.mark.parametrize("said", ["no", "yes"])
def test_setting_is_read_from_the_file_as_people_write_it(firms: Firms, said: str) -> None:
    if not firms.erp.watched:
        firms.erp.help()
    file = firms.folder / "bothways.yaml"
    file.write_text(re.sub("helper_tables: .*", f"helper_tables: {said}", file.read_text()))
    assert apps.check_app(firms.open(), "erp").title
    file.write_text(re.sub("helper_tables: .*", "helper_tables: maybe", file.read_text()))
    with pytest.raises(WrongType, match="helper_tables"):
        apps.check_app(firms.open(), "erp")


def test_a_run_without_change_costs_one_statement(firms: Firms) -> None:
    firms.erp.add("There", domain="x.test")
    turn_on(firms.open(), "firms")
    firms.rest()
    firms.rest()
    bill = firms.run().bill
    assert {call: count for call, count in bill.items() if call.startswith("erp")} == {"erp changes": 1}
