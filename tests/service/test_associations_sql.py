"""Companies, people and deals in step between HubSpot (the stand-in) and PostgreSQL, with what belongs to what."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.errors import AssociationAmongFields, NoAssociation, NoSyncOfParents
from bothways.jobs import now
from bothways.service import preview
from bothways.service.issues import list_issues
from bothways.service.proof import compare
from bothways.service.syncs import export, show_sync, turn_off, turn_on
from tests.hubspot_sql import Between, hubspot_and_sql

TABLES = (
    """CREATE TABLE companies (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 70001) PRIMARY KEY, name text, domain text
    )""",
    """CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 80001) PRIMARY KEY, name text, email text,
        company_id bigint REFERENCES companies ON DELETE SET NULL
    )""",
    """CREATE TABLE deals (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 90001) PRIMARY KEY, title text, amount numeric(12, 2),
        stage text, company_id bigint REFERENCES companies ON DELETE SET NULL,
        person_id bigint REFERENCES people ON DELETE SET NULL
    )""",
)
GUARDS = "guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}"
SYNCS = f"""\
syncs:
  deals:
    objects: {{hubspot: deals, erp: deals}}
    match: [{{hubspot: dealname, erp: title, compare: text}}]
    {GUARDS}
    fields:
      - {{hubspot: dealname, erp: title}}
      - {{hubspot: amount, erp: amount}}
      - {{hubspot: dealstage, erp: stage}}
  people:
    objects: {{erp: people, hubspot: contacts}}
    match: [{{hubspot: email, erp: email, compare: email}}]
    {GUARDS}
    fields:
      - {{hubspot: email, erp: email}}
      - {{hubspot: lastname, erp: name}}
  firms:
    objects: {{hubspot: companies, erp: companies}}
    match: [{{hubspot: domain, erp: domain, compare: text}}]
    {GUARDS}
    fields:
      - {{hubspot: name, erp: name}}
      - {{hubspot: domain, erp: domain}}
"""
STAGE = {"dealstage": "qualifiedtobuy", "pipeline": "default"}


class Office(Between):
    """A HubSpot account, a database with three tables, and the workspace between them."""

    def write(self, old: str, new: str) -> None:
        file = self.folder / "bothways.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def on(self, *names: str) -> None:
        for name in names:
            turn_on(self.open(), name)

    def rest(self, *names: str, full: bool = False) -> int:
        """Run these syncs in turn until nothing is written any more; return how many rounds that took."""
        for number in range(12):
            self.hubspot.advance(1200)
            runs = [now.run_sync(self.open(), name, full=full and number == 0, approved=True) for name in names]
            if number > 1 and not any(sum((*run.created.values(), *run.updated.values())) for run in runs):
                return number
        raise AssertionError("not at rest after 12 rounds")

    # --- HubSpot ------------------------------------------------------------------------------------------

    def ids(self, object: str, name: str) -> dict[str, str]:
        return {str(each[name]): id for id, each in self.hubspot.records(object).items()}

    def firm(self, name: str) -> str:
        return self.ids("companies", "name")[name]

    def person(self, name: str) -> str:
        return self.ids("contacts", "lastname")[name]

    def deal(self, name: str) -> str:
        return self.ids("deals", "dealname")[name]

    def firms_of(self, object: str, id: str) -> list[str]:
        """Return the names of the companies of a record, the primary one first."""
        names = {id: name for name, id in self.ids("companies", "name").items()}
        return [names[each] for each in self.hubspot.associated(object, id, "companies")]

    # --- the database -------------------------------------------------------------------------------------

    def employers(self) -> dict[str, str | None]:
        query = "SELECT p.name, c.name FROM people p LEFT JOIN companies c ON c.id = p.company_id"
        return dict(self.erp.sql(query))  # type: ignore[arg-type]

    def deals(self) -> dict[str, tuple[str | None, str | None]]:
        query = (
            "SELECT d.title, c.name, p.name FROM deals d LEFT JOIN companies c ON c.id = d.company_id "
            "LEFT JOIN people p ON p.id = d.person_id"
        )
        return {title: (firm, person) for title, firm, person in self.erp.sql(query)}

    def employ(self, person: str, firm: str | None) -> None:
        query = "UPDATE people SET company_id = (SELECT id FROM companies WHERE name = %s) WHERE name = %s"
        self.erp.sql(query, firm, person)


@pytest.fixture
def office(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A workspace with both apps and three drafts, the children written before their parents."""
    with hubspot_and_sql(tmp_path, postgresql, monkeypatch, SYNCS, TABLES) as made:
        yield Office(made.folder, made.hubspot, made.erp, made.added)


ALL = ("deals", "people", "firms")


def test_companies_people_and_deals_are_kept_in_step_with_what_belongs_to_what(office: Office) -> None:
    hubspot, erp = office.hubspot, office.erp
    blue = hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    red = hubspot.create("companies", {"name": "Red", "domain": "red.test"})
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    hubspot.associate("contacts", ann, "companies", red, primary=True)
    sale = hubspot.create("deals", {"dealname": "Sale", "amount": "100", **STAGE})
    hubspot.associate("deals", sale, "companies", blue)
    hubspot.associate("deals", sale, "contacts", ann)
    erp.sql("INSERT INTO companies (name, domain) VALUES ('Green', 'green.test'), ('Red', 'red.test')")
    erp.sql("INSERT INTO people (name, email) VALUES ('Bob', 'bob@green.test')")
    office.employ("Bob", "Green")
    erp.sql(
        "INSERT INTO deals (title, amount, stage, company_id, person_id) "
        "SELECT 'Lease', 5, 'closedwon', c.id, p.id FROM companies c, people p WHERE c.name = 'Green'"
    )
    office.on("firms", "people", "deals")
    office.rest(*ALL)
    assert office.employers() == {"Ann": "Red", "Bob": "Green"}
    assert office.firms_of("contacts", office.person("Bob")) == ["Green"]
    assert office.firms_of("contacts", ann) == ["Red", "Blue"]
    assert office.deals() == {"Sale": ("Blue", "Ann"), "Lease": ("Green", "Bob")}
    assert office.firms_of("deals", office.deal("Lease")) == ["Green"]
    assert hubspot.associated("deals", office.deal("Lease"), "contacts") == [office.person("Bob")]
    for name in ALL:
        proof = compare(office.open(), name)
        assert (proof.different, proof.pairs) == ((), proof.equal), name

    # associations alone change, on either side
    hubspot.associate("contacts", office.person("Bob"), "companies", blue, primary=True)
    office.employ("Ann", "Green")
    erp.sql("UPDATE deals SET company_id = NULL WHERE title = 'Sale'")
    hubspot.dissociate("deals", office.deal("Lease"), "contacts", office.person("Bob"))
    office.rest(*ALL)
    assert office.employers() == {"Ann": "Green", "Bob": "Blue"}
    assert office.firms_of("contacts", ann) == ["Green", "Blue"], "Red was what the table held; Blue it never had"
    assert office.firms_of("contacts", office.person("Bob")) == ["Blue", "Green"]
    assert office.deals() == {"Sale": (None, "Ann"), "Lease": ("Green", None)}
    assert office.firms_of("deals", sale) == []


def test_child_is_linked_when_its_parent_comes_and_nothing_is_lost_if_it_never_does(office: Office) -> None:
    hubspot = office.hubspot
    blue = hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.on("people")
    assert show_sync(office.open(), "people").associations[0].why_off == 'needs the sync "firms" to be on'
    office.rest("people")
    assert office.employers() == {"Ann": None}
    assert office.firms_of("contacts", ann) == ["Blue"], "a parent that never comes is not taken away from its child"
    hubspot.edit("contacts", ann, {"lastname": "Anne"})
    office.on("firms")
    office.rest("people")
    assert (office.employers(), office.firms_of("contacts", ann)) == ({"Anne": None}, ["Blue"])
    office.rest("firms", "people")
    assert office.employers() == {"Anne": "Blue"}
    assert show_sync(office.open(), "people").associations[0].why_off == ""


def test_deletion_of_a_child_in_hubspot_is_carried_to_its_row_though_that_has_a_parent(office: Office) -> None:
    hubspot = office.hubspot
    blue = hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.write("    match: [{hubspot: email", "    deletes: {erp: delete, grace: 0s}\n    match: [{hubspot: email")
    office.on("firms", "people")
    office.rest("firms", "people")
    assert office.employers() == {"Ann": "Blue"}
    hubspot.archive("contacts", ann)
    office.rest("firms", "people", full=True)
    assert office.employers() == {}


def test_association_that_went_since_its_company_was_deleted_takes_nothing_away(office: Office) -> None:
    hubspot = office.hubspot
    blue = hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.on("firms", "people")
    office.rest("firms", "people")
    assert office.employers() == {"Ann": "Blue"}
    hubspot.archive("companies", blue)
    hubspot.edit("contacts", ann, {"lastname": "Anne"})
    office.rest("people")
    office.rest("firms", "people", full=True)
    assert office.employers() == {"Anne": "Blue"}


def test_change_of_nothing_but_an_association_is_found_by_the_sweep_where_no_date_tells(office: Office) -> None:
    hubspot = office.hubspot
    hubspot.change(touches=False)
    blue, red = (hubspot.create("companies", {"name": n, "domain": f"{n.lower()}.test"}) for n in ("Blue", "Red"))
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.on("firms", "people")
    office.rest("firms", "people")
    hubspot.associate("contacts", ann, "companies", red, primary=True)
    office.rest("people", full=True)
    assert office.employers() == {"Ann": "Red"}


def test_merged_companies_take_their_people_along(office: Office) -> None:
    hubspot = office.hubspot
    blue, red = (hubspot.create("companies", {"name": n, "domain": f"{n.lower()}.test"}) for n in ("Blue", "Red"))
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.on("firms", "people")
    office.rest("firms", "people")
    office.erp.sql("DELETE FROM companies WHERE name = 'Red'")
    office.rest("firms", full=True)
    merged = hubspot.merge("companies", blue, red)
    hubspot.edit("contacts", ann, {"lastname": "Anne"})
    office.rest("people", "firms", full=True)
    assert hubspot.associated("contacts", ann, "companies") == [merged]
    assert office.employers() == {"Anne": "Blue"}


def test_undo_puts_an_association_back_and_the_next_run_leaves_it_so(office: Office) -> None:
    hubspot = office.hubspot
    blue, red = (hubspot.create("companies", {"name": n, "domain": f"{n.lower()}.test"}) for n in ("Blue", "Red"))
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    hubspot.associate("contacts", ann, "companies", blue)
    office.on("firms", "people")
    office.rest("firms", "people")
    office.employ("Ann", "Red")
    office.hubspot.advance(1200)
    run = now.run_sync(office.open(), "people", approved=True)
    assert office.firms_of("contacts", ann) == ["Red"]
    assert run.updated["hubspot"] == 1
    now.undo_run(office.open(), run.id)
    assert office.firms_of("contacts", ann) == ["Blue"]
    office.rest("people")
    assert office.firms_of("contacts", ann) == ["Blue"]
    assert red


def test_company_by_a_label_stays_among_others_when_the_table_names_another_one_or_none(office: Office) -> None:
    for name in ("Acme", "Beta"):
        office.hubspot.create("companies", {"name": name, "domain": f"{name}.example"})
    ann = office.hubspot.create("contacts", {"email": "ann@x.test", "lastname": "Ann"})
    office.hubspot.add_label("contacts", "companies", "Buyer")
    office.hubspot.associate("contacts", ann, "companies", office.firm("Acme"), labels=["Buyer"])
    office.on("firms", "people")
    office.rest("firms", "people")
    assert office.employers() == {"Ann": "Acme"}
    office.erp.sql("UPDATE people SET company_id = (SELECT id FROM companies WHERE name = 'Beta')")
    office.rest("firms", "people")
    assert office.firms_of("contacts", ann) == ["Beta", "Acme"]
    assert office.hubspot.labelled("contacts", ann, "companies")[office.firm("Acme")] == ["Buyer"]
    assert list_issues(office.open(), "people") == []
    office.hubspot.associate("contacts", ann, "companies", office.firm("Beta"), labels=["Buyer"])
    office.erp.sql("UPDATE people SET company_id = NULL")
    office.rest("firms", "people")
    assert office.firms_of("contacts", ann) == ["Beta", "Acme"]
    assert [each.app for each in list_issues(office.open(), "people")], "somebody is told"


def test_plan_tells_of_associations_and_is_carried_out_as_it_says(office: Office) -> None:
    hubspot = office.hubspot
    blue = hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    ann = hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    office.on("firms", "people")
    office.rest("firms", "people")
    hubspot.associate("contacts", ann, "companies", blue)
    hubspot.advance(1200)
    plan = preview.plan(office.open(), "people")
    assert plan.updated == {"hubspot": 0, "erp": 1}
    hubspot.advance(1200)
    run = now.apply_plan(office.open(), plan.id, approved=True)
    assert (run.updated, run.skipped) == ({"hubspot": 0, "erp": 1}, 0)
    assert office.employers() == {"Ann": "Blue"}


def test_associations_are_listed_switched_off_and_written_back_as_they_were_read(office: Office) -> None:
    names = {name: show_sync(office.open(), name).associations for name in ALL if office.on(name) is None}
    assert [tuple(each.fields.values()) for each in names["deals"]] == [
        ("associations.companies", "company_id"),
        ("associations.contacts", "person_id"),
    ]
    office.write(
        "match: [{hubspot: email, erp: email, compare: email}]",
        "match: [{hubspot: email, erp: email, compare: email}]\n"
        "    associations: [{hubspot: associations.companies, erp: company_id, sync: firms, enabled: false}]",
    )
    blue = office.hubspot.create("companies", {"name": "Blue", "domain": "blue.test"})
    ann = office.hubspot.create("contacts", {"lastname": "Ann", "email": "ann@blue.test"})
    office.hubspot.associate("contacts", ann, "companies", blue)
    office.rest("firms", "people")
    assert office.employers() == {"Ann": None}
    assert show_sync(office.open(), "people").associations[0].why_off == "switched off"
    assert "enabled: false" in export(office.open(), "people")
    office.write("sync: firms, enabled: false", "sync: firms, direction: to_erp")
    office.rest("people")
    assert office.employers() == {"Ann": "Blue"}
    office.employ("Ann", None)
    office.rest("people")
    assert office.firms_of("contacts", ann) == ["Blue"], "it flows to the database alone"
    turn_off(office.open(), "firms")
    assert show_sync(office.open(), "people").associations[0].why_off == 'needs the sync "firms" to be on'


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{hubspot: lastname, erp: company_id}", NoAssociation),
        ("{hubspot: associations.companies, erp: name}", NoAssociation),
        ("{hubspot: associations.companies, erp: company_id, sync: deals}", NoSyncOfParents),
        ("{hubspot: associations.companies, erp: company_id, sync: nothing}", NoSyncOfParents),
    ],
)
def test_association_that_cannot_be_is_refused_with_its_place(office: Office, line: str, error: type) -> None:
    old = "    fields:\n      - {hubspot: email"
    office.write(old, f"    associations: [{line}]\n{old}")
    with pytest.raises(error, match=r"bothways\.yaml:\d+:\d+"):
        turn_on(office.open(), "people")


def test_association_among_the_fields_is_refused(office: Office) -> None:
    office.write("- {hubspot: lastname, erp: name}", "- {hubspot: associations.companies, erp: name}")
    with pytest.raises(AssociationAmongFields, match=r"associations\.companies"):
        turn_on(office.open(), "people")
