"""Who a record belongs to, by the e-mail address: HubSpot's owners, and a text or the users of a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.jobs import now
from bothways.service.conflicts import choose_app, type_value
from bothways.service.issues import list_issues
from bothways.service.proof import compare
from bothways.service.syncs import turn_on
from tests.hubspot_sql import Between, hubspot_and_sql

TABLES = (
    "CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY (START WITH 501) PRIMARY KEY, email text, name text)",
    """CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 80001) PRIMARY KEY, name text, email text, owner text,
        owner_id bigint REFERENCES users
    )""",
)
TEXT, USER = "owner", '"owner_id > email"'
SYNC = """\
syncs:
  people:
    objects: {hubspot: contacts, erp: people}
    match: [{hubspot: email, erp: email, compare: email}]
    guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}
    fields:
      - {hubspot: email, erp: email}
      - {hubspot: lastname, erp: name}
      - {hubspot: "hubspot_owner_id > email", erp: owner}
"""


class Office:
    """A HubSpot account with owners, a table of people with users, and the workspace between them."""

    def __init__(self, between: Between) -> None:
        self.hubspot, self.erp, self.open = between.hubspot, between.erp, between.open
        self.told = between.told
        self.file = between.folder / "bothways.yaml"

    def write(self, old: str, new: str) -> None:
        assert old in self.file.read_text()
        self.file.write_text(self.file.read_text().replace(old, new))

    def rest(self) -> None:
        for number in range(8):
            self.hubspot.advance(1200)
            view = now.run_sync(self.open(), "people", approved=True)
            if number and not any((*view.created.values(), *view.updated.values())):
                return
        raise AssertionError("not at rest after 8 runs")

    def on(self) -> None:
        turn_on(self.open(), "people")
        self.rest()

    def owner(self, email: str) -> str:
        return self.hubspot.make_owner(email, email.partition("@")[0].title())

    def user(self, email: str) -> int:
        ((id,),) = self.erp.sql("INSERT INTO users (email) VALUES (%s) RETURNING id", email)
        return int(id)

    def contact(self, name: str, owner: str = "") -> str:
        values = {"lastname": name, "email": f"{name.lower()}@x.test", "hubspot_owner_id": owner}
        return self.hubspot.create("contacts", values)

    def owner_of(self, contact: str) -> str | None:
        return self.hubspot.records("contacts")[contact].get("hubspot_owner_id")

    def held(self, column: str, name: str) -> object:
        ((held,),) = self.erp.sql(f"SELECT {column} FROM people WHERE name = %s", name)  # type: ignore[arg-type]
        return held


@pytest.fixture
def office(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with hubspot_and_sql(tmp_path, postgresql, monkeypatch, SYNC, TABLES) as between:
        yield Office(between)


def test_text_of_the_other_app_is_the_address_of_the_owner_both_ways(office: Office) -> None:
    olga, omar = office.owner("Olga@x.test"), office.owner("omar@x.test")
    ann, bob = office.contact("Ann", olga), office.contact("Bob")
    office.on()
    assert (office.held("owner", "Ann"), office.held("owner", "Bob")) == ("Olga@x.test", None)
    office.erp.sql("UPDATE people SET owner = 'OMAR@X.test' WHERE name = 'Ann'")
    office.erp.sql("UPDATE people SET owner = 'olga@x.test' WHERE name = 'Bob'")
    office.rest()
    assert (office.owner_of(ann), office.owner_of(bob)) == (omar, olga)
    assert office.held("owner", "Ann") == "OMAR@X.test", "an address is never rewritten for its case"
    office.hubspot.edit("contacts", ann, {"hubspot_owner_id": olga})
    office.rest()
    assert office.held("owner", "Ann") == "Olga@x.test"
    proof = compare(office.open(), "people")
    assert (proof.pairs, proof.equal) == (2, 2)


def test_unknown_address_is_left_out_and_one_of_two_owners_is_held(office: Office) -> None:
    olga = office.owner("olga@x.test")
    office.owner("twin@x.test")
    office.owner("Twin@x.test")
    ann = office.contact("Ann", olga)
    office.on()
    office.erp.sql("UPDATE people SET owner = 'nobody@x.test'")
    assert office.told() == ['nothing among owners is called "nobody@x.test", and nothing is made for it']
    office.rest()
    assert (office.owner_of(ann), office.held("owner", "Ann")) == (olga, "nobody@x.test")
    office.erp.sql("UPDATE people SET owner = 'TWIN@x.test'")
    assert office.told() == ['hubspot does not take it: 2 of owners are called "TWIN@x.test"']
    office.rest()
    assert office.owner_of(ann) == olga
    assert [each.reason for each in list_issues(office.open(), "people")] == [
        'hubspot does not take it: 2 of owners are called "TWIN@x.test"'
    ]
    office.erp.sql("UPDATE people SET owner = 'olga@x.test'")
    office.rest()
    assert list_issues(office.open(), "people") == []


def test_addresses_that_would_be_one_name_are_two(office: Office) -> None:
    dot, dash = office.owner("olga.ruiz@x.test"), office.owner("olga-ruiz@x.test")
    ann = office.contact("Ann", dot)
    office.on()
    office.erp.sql("UPDATE people SET owner = 'olga-ruiz@x.test'")
    office.rest()
    assert office.owner_of(ann) == dash


def test_owner_who_has_left_is_told_and_nothing_is_given_to_one(office: Office) -> None:
    olga, omar = office.owner("olga@x.test"), office.owner("omar@x.test")
    ann, bob = office.contact("Ann", olga), office.contact("Bob", omar)
    office.on()
    office.hubspot.change_owner(olga, archived=True)
    office.hubspot.edit("contacts", ann, {"lastname": "Anna"})
    office.erp.sql("UPDATE people SET owner = 'olga@x.test' WHERE name = 'Bob'")
    office.rest()
    assert (office.held("owner", "Anna"), office.owner_of(ann)) == ("olga@x.test", olga)
    assert (office.held("owner", "Bob"), office.owner_of(bob)) == ("olga@x.test", omar)


def test_new_address_of_an_owner_follows(office: Office) -> None:
    olga = office.owner("olga@x.test")
    office.contact("Ann", olga)
    office.on()
    office.hubspot.change_owner(olga, email="olga@new.test")
    office.rest()
    assert office.held("owner", "Ann") == "olga@new.test"


def test_owners_of_both_apps_are_the_same_by_their_addresses(office: Office) -> None:
    office.write("erp: owner}", f"erp: {USER}}}")
    olga, omar = office.owner("olga@x.test"), office.owner("omar@x.test")
    users = {email: office.user(email) for email in ("OLGA@x.test", "omar@x.test")}
    ann, bob, cid = office.contact("Ann", olga), office.contact("Bob"), office.contact("Cid")
    office.on()
    assert office.held("owner_id", "Ann") == users["OLGA@x.test"]
    office.erp.sql("UPDATE people SET owner_id = %s WHERE name = 'Bob'", users["omar@x.test"])
    office.rest()
    assert (office.owner_of(ann), office.owner_of(bob), office.owner_of(cid)) == (olga, omar, None)
    office.hubspot.edit("contacts", ann, {"hubspot_owner_id": omar})
    office.rest()
    assert office.held("owner_id", "Ann") == users["omar@x.test"]
    assert compare(office.open(), "people").equal == 3
    only_here = office.user("only@erp.test")
    office.erp.sql("UPDATE people SET owner_id = %s WHERE name = 'Cid'", only_here)
    assert office.told() == ['nothing among owners is called "only@erp.test", and nothing is made for it']
    office.hubspot.edit("contacts", bob, {"hubspot_owner_id": office.owner("only@hubspot.test")})
    office.rest()
    assert (office.owner_of(cid), office.held("owner_id", "Bob")) == (None, users["omar@x.test"])


def test_difference_of_owners_is_decided_by_an_app_or_by_an_address(office: Office) -> None:
    office.write("erp: owner}", f"erp: {USER}, winner: ask}}")
    olga, omar = office.owner("olga@x.test"), office.owner("omar@x.test")
    users = {email: office.user(email) for email in ("olga@x.test", "omar@x.test")}
    ann, bob = office.contact("Ann", olga), office.contact("Bob", olga)
    for name in ("Ann", "Bob"):
        query = "INSERT INTO people (name, email, owner_id) VALUES (%s, %s, %s)"
        office.erp.sql(query, name, f"{name.lower()}@x.test", users["omar@x.test"])
    office.on()
    issues = list_issues(office.open(), "people")
    assert [each.kind for each in issues] == ["conflict", "conflict"]
    choose_app(office.open(), issues[0].id, "erp")
    type_value(office.open(), issues[1].id, "Olga@x.test")
    office.rest()
    assert {office.owner_of(ann), office.owner_of(bob)} == {olga, omar}
    assert {office.held("owner_id", "Ann"), office.held("owner_id", "Bob")} == set(users.values())
    assert list_issues(office.open(), "people") == []


def test_undo_puts_back_the_very_owner_and_user(office: Office) -> None:
    office.write("erp: owner}", f"erp: {USER}}}")
    olga, omar = office.owner("olga@x.test"), office.owner("omar@x.test")
    users = {email: office.user(email) for email in ("olga@x.test", "omar@x.test")}
    ann = office.contact("Ann", olga)
    office.on()
    office.erp.sql("UPDATE people SET owner_id = %s", users["omar@x.test"])
    office.hubspot.advance(1200)
    run = now.run_sync(office.open(), "people", approved=True)
    assert office.owner_of(ann) == omar
    now.undo_run(office.open(), run.id)
    assert office.owner_of(ann) == olga
