"""The company of a person by its name: HubSpot knows it as a record, a table of the database only as text."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.errors import CannotBeMade, FieldMappedTwice, SettingsError, UnknownField
from bothways.jobs import now
from bothways.service import preview
from bothways.service.conflicts import choose_app, type_value
from bothways.service.issues import list_issues
from bothways.service.proof import compare
from bothways.service.syncs import turn_on
from tests.hubspot_sql import Between, hubspot_and_sql

TABLES = (
    """CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 80001) PRIMARY KEY, name text, email text, company text
    )""",
)
BY_NAME = '{hubspot: "associations.companies > name", erp: company}'
SYNC = f"""\
syncs:
  people:
    objects: {{hubspot: contacts, erp: people}}
    match: [{{hubspot: email, erp: email, compare: email}}]
    guards: {{first_run: 1000, max_change: 100%, max_emptied: 1000}}
    fields:
      - {{hubspot: email, erp: email}}
      - {{hubspot: lastname, erp: name}}
      - {BY_NAME}
"""


class Office:
    """A HubSpot account with companies, a table of people, and the workspace between them."""

    def __init__(self, between: Between) -> None:
        self.hubspot, self.erp, self.open = between.hubspot, between.erp, between.open
        self.told = between.told
        self.file = between.folder / "bothways.yaml"

    def write(self, old: str, new: str) -> None:
        assert old in self.file.read_text()
        self.file.write_text(self.file.read_text().replace(old, new))

    def on(self) -> None:
        turn_on(self.open(), "people")
        self.rest()

    def run(self, *, full: bool = False) -> dict[str, int]:
        """Run the sync a while later; return how many records were updated per app."""
        self.hubspot.advance(1200)
        return dict(now.run_sync(self.open(), "people", full=full, approved=True).updated)

    def rest(self, *, full: bool = False) -> None:
        for number in range(8):
            self.hubspot.advance(1200)
            view = now.run_sync(self.open(), "people", full=full and not number, approved=True)
            if number and not any((*view.created.values(), *view.updated.values())):
                return
        raise AssertionError("not at rest after 8 runs")

    # --- what people do -----------------------------------------------------------------------------------

    def firm(self, name: str) -> str:
        return self.hubspot.create("companies", {"name": name})

    def contact(self, name: str, *firms: str) -> str:
        id = self.hubspot.create("contacts", {"lastname": name, "email": f"{name.lower()}@x.test"})
        for place, firm in enumerate(firms):
            self.hubspot.associate("contacts", id, "companies", firm, primary=not place)
        return id

    def person(self, name: str, company: str | None = None) -> None:
        query = "INSERT INTO people (name, email, company) VALUES (%s, %s, %s)"
        self.erp.sql(query, name, f"{name.lower()}@x.test", company)

    def types(self, name: str, company: str | None) -> None:
        self.erp.sql("UPDATE people SET company = %s WHERE name = %s", company, name)

    # --- what the apps hold -------------------------------------------------------------------------------

    def firms_of(self, contact: str) -> list[str]:
        return self.hubspot.associated("contacts", contact, "companies")

    def company(self, name: str) -> str | None:
        ((held,),) = self.erp.sql("SELECT company FROM people WHERE name = %s", name)
        return held  # type: ignore[no-any-return]

    def contact_id(self, name: str) -> str:
        return next(id for id, each in self.hubspot.records("contacts").items() if each["lastname"] == name)


@pytest.fixture
def office(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with hubspot_and_sql(tmp_path, postgresql, monkeypatch, SYNC, TABLES) as between:
        yield Office(between)


def test_app_that_knows_the_company_only_as_text_gets_the_name_of_the_primary_one(office: Office) -> None:
    acme, blue = office.firm("ACME Inc."), office.firm("Blue")
    office.contact("Ann", acme, blue)
    office.contact("Bob")
    office.person("Bob", "Nobody knows it")
    office.on()
    assert office.company("Ann") == "ACME Inc."
    assert office.company("Bob") == "Nobody knows it", "empty never replaces a value"
    office.hubspot.associate("contacts", office.contact_id("Ann"), "companies", blue, primary=True)
    office.rest()
    assert office.company("Ann") == "Blue"
    assert office.firms_of(office.contact_id("Bob")) == []


def test_renamed_company_follows_and_an_edit_of_anything_else_of_it_wakes_nobody(office: Office) -> None:
    acme = office.firm("ACME Inc.")
    office.contact("Ann", acme)
    office.on()
    office.hubspot.edit("companies", acme, {"name": "Umbrella"})
    assert office.run() == {"hubspot": 0, "erp": 1}
    assert office.company("Ann") == "Umbrella"
    office.rest()
    assert office.firms_of(office.contact_id("Ann")) == [acme]


def test_text_that_stands_for_the_company_is_equal_to_it_and_never_rewritten_for_its_form(office: Office) -> None:
    ann = office.contact("Ann", office.firm("ACME Inc."))
    office.person("Ann", "Acme")
    turn_on(office.open(), "people")
    assert office.run() == {"hubspot": 0, "erp": 0}
    office.types("Ann", "acme incorporated")
    assert office.run() == {"hubspot": 0, "erp": 0}
    assert (office.company("Ann"), len(office.firms_of(ann))) == ("acme incorporated", 1)
    proof = compare(office.open(), "people")
    assert (proof.pairs, proof.equal) == (1, 1)


def test_company_that_a_person_typed_becomes_the_primary_one_and_takes_no_other_away(office: Office) -> None:
    acme, blue, red = (office.firm(name) for name in ("ACME Inc.", "Blue GmbH", "Red"))
    ann = office.contact("Ann", acme, red)
    office.on()
    office.types("Ann", "blue")
    assert office.run() == {"hubspot": 1, "erp": 0}
    assert office.firms_of(ann) == [blue, red]
    office.rest()
    assert office.company("Ann") == "blue"


def test_company_with_a_label_is_replaced_by_none_that_a_person_typed_and_somebody_is_told(office: Office) -> None:
    acme, blue = (office.firm(name) for name in ("ACME Inc.", "Blue GmbH"))
    ann = office.contact("Ann", acme)
    office.hubspot.add_label("contacts", "companies", "Buyer")
    office.hubspot.associate("contacts", ann, "companies", acme, labels=["Buyer"])
    office.on()
    office.types("Ann", "blue")
    office.rest()
    assert (office.firms_of(ann), office.company("Ann")) == ([acme], "blue")
    (issue,) = list_issues(office.open(), "people")
    assert 'the label "Buyer" hangs on that with' in str(issue)
    office.hubspot.unlabel("contacts", ann, "companies", acme, ["Buyer"])
    office.hubspot.advance(86_400)
    office.rest()
    assert office.firms_of(ann) == [blue]


def test_new_record_of_the_text_app_is_given_the_company_that_its_text_names(office: Office) -> None:
    acme = office.firm("ACME Inc.")
    office.person("Ann", "acme")
    office.person("Bob", "Unheard of")
    office.on()
    assert office.firms_of(office.contact_id("Ann")) == [acme]
    assert office.firms_of(office.contact_id("Bob")) == []
    assert list(office.hubspot.records("companies")) == [acme], "no company is made of a text"
    assert office.company("Bob") == "Unheard of"


def test_text_that_no_company_has_is_left_out_with_the_reason_and_one_of_several_is_held(office: Office) -> None:
    acme, _, _, limited = (office.firm(name) for name in ("ACME Inc.", "Twin", "Twin", "Twin Ltd"))
    ann = office.contact("Ann", acme)
    office.on()
    office.types("Ann", "Unheard of")
    assert office.told() == ['nothing among companies is called "Unheard of", and nothing is made for it']
    office.rest()
    assert (office.company("Ann"), office.firms_of(ann)) == ("Unheard of", [acme])
    (kept,) = compare(office.open(), "people").explained
    assert kept.why.endswith('nothing among companies is called "Unheard of", and nothing is made for it')
    office.types("Ann", "Twin")
    assert office.told() == ['hubspot does not take it: 3 of companies are called "Twin"']
    office.rest()
    assert (office.company("Ann"), office.firms_of(ann)) == ("Twin", [acme])
    assert [each.reason for each in list_issues(office.open(), "people")] == [
        'hubspot does not take it: 3 of companies are called "Twin"'
    ]
    office.types("Ann", "Twin Limited")
    office.rest()
    assert office.firms_of(ann) == [limited]
    assert list_issues(office.open(), "people") == []


def test_cleared_text_takes_the_company_away_only_where_clearing_follows(office: Office) -> None:
    acme, red = office.firm("ACME Inc."), office.firm("Red")
    ann = office.contact("Ann", acme)
    office.on()
    office.types("Ann", None)
    office.rest()
    assert (office.company("Ann"), office.firms_of(ann)) == (None, [acme])
    office.hubspot.associate("contacts", ann, "companies", red, primary=True)
    office.write(BY_NAME, BY_NAME.replace("}", ", when_empty: clear}"))
    office.rest()
    assert office.company("Ann") == "Red"
    office.types("Ann", None)
    office.rest()
    assert office.firms_of(ann) == [acme], "the others stay"


def test_undo_puts_back_the_very_company_and_the_next_run_leaves_it_so(office: Office) -> None:
    first, _ = office.firm("Twin"), office.firm("Twin Ltd")
    blue = office.firm("Blue")
    ann = office.contact("Ann", first)
    office.on()
    office.types("Ann", "Blue")
    office.hubspot.advance(1200)
    run = now.run_sync(office.open(), "people", approved=True)
    assert office.firms_of(ann) == [blue]
    now.undo_run(office.open(), run.id)
    assert office.firms_of(ann) == [first]
    office.rest()
    assert office.firms_of(ann) == [first]


def test_plan_tells_the_names_and_is_carried_out_as_it_says(office: Office) -> None:
    acme, blue = office.firm("ACME Inc."), office.firm("Blue")
    ann = office.contact("Ann", acme)
    office.on()
    office.types("Ann", "Blue")
    office.hubspot.advance(1200)
    plan = preview.plan(office.open(), "people")
    (change,) = [each for action in preview.plan_actions(office.open(), plan.id) for each in action.fields]
    assert (change.before["value"], change.after["value"]) == ("ACME Inc.", "Blue")
    office.hubspot.advance(1200)
    assert now.apply_plan(office.open(), plan.id, approved=True).updated == {"hubspot": 1, "erp": 0}
    assert office.firms_of(ann) == [blue]


def test_difference_is_asked_and_decided_by_the_name(office: Office) -> None:
    office.write(f"- {BY_NAME}", f"- {BY_NAME.replace('}', ', winner: ask}')}")
    acme, blue, red = (office.firm(name) for name in ("ACME Inc.", "Blue", "Red"))
    ann, bob = office.contact("Ann", acme), office.contact("Bob", acme)
    office.person("Ann", "Blue")
    office.person("Bob", "Blue")
    office.on()
    issues = list_issues(office.open(), "people")
    assert [each.kind for each in issues] == ["conflict", "conflict"]
    choose_app(office.open(), issues[0].id, "erp")
    type_value(office.open(), issues[1].id, "red")
    office.rest()
    assert sorted((office.firms_of(ann), office.firms_of(bob))) == sorted(([blue], [red]))
    assert sorted(map(str, (office.company("Ann"), office.company("Bob")))) == ["Blue", "red"]


def test_newest_is_told_by_the_records_since_no_history_tells_of_references(office: Office) -> None:
    office.write(f"- {BY_NAME}", f"- {BY_NAME.replace('}', ', winner: newest}')}")
    acme, _ = office.firm("ACME Inc."), office.firm("Blue")
    ann = office.contact("Ann", acme)
    office.person("Ann", "Blue")
    office.on()
    assert (office.company("Ann"), office.firms_of(ann)) == ("ACME Inc.", [acme])


def test_name_of_the_company_counts_as_a_match_key(office: Office) -> None:
    office.write("    match: [{hubspot: email, erp: email, compare: email}]\n", "    require: []\n")
    office.write(
        "{hubspot: lastname, erp: name}",
        "{hubspot: firstname, erp: first_name}\n      - {hubspot: lastname, erp: last_name}",
    )
    office.erp.sql("ALTER TABLE people DROP COLUMN name, ADD COLUMN first_name text, ADD COLUMN last_name text")
    ann = office.hubspot.create("contacts", {"firstname": "Ann", "lastname": "Li", "email": "ann@x.test"})
    office.hubspot.associate("contacts", ann, "companies", office.firm("ACME Inc."), primary=True)
    office.erp.sql("INSERT INTO people (first_name, last_name, company) VALUES ('Ann', 'Li', 'Acme')")
    office.on()
    (issue, *_) = list_issues(office.open(), "people")
    assert "full name and company" in issue.reason


def test_foreign_key_is_kept_in_step_with_a_text_of_the_other_app(office: Office) -> None:
    office.erp.sql("CREATE TABLE firms (id bigint PRIMARY KEY, name text, domain text)")
    office.erp.sql("ALTER TABLE people DROP COLUMN company, ADD COLUMN firm_id bigint REFERENCES firms")
    office.erp.sql("INSERT INTO firms VALUES (1, 'ACME Inc.', 'acme.test'), (2, 'Blue', 'blue.test')")
    office.write(BY_NAME, '{hubspot: company, erp: "firm_id > name"}')
    ann = office.hubspot.create("contacts", {"email": "ann@x.test", "lastname": "Ann", "company": "acme"})
    office.on()
    assert office.erp.sql("SELECT firm_id FROM people") == [(1,)]
    office.erp.sql("UPDATE people SET firm_id = 2")
    office.rest()
    assert office.hubspot.records("contacts")[ann]["company"] == "Blue"
    office.hubspot.edit("contacts", ann, {"company": "ACME"})
    office.rest()
    assert office.erp.sql("SELECT firm_id FROM people") == [(1,)]
    office.erp.sql("UPDATE firms SET name = 'Umbrella' WHERE id = 1")
    office.rest()
    assert office.hubspot.records("contacts")[ann]["company"] == "Umbrella"


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ('{hubspot: "associations.firms > name", erp: company}', UnknownField, "associations.companies"),
        ('{hubspot: "associations.companies > nam", erp: company}', UnknownField, "Did you mean name"),
        (
            '{hubspot: "associations.companies > createdate", erp: company}',
            CannotBeMade,
            "only text or an e-mail address can be a name",
        ),
        ('{hubspot: "lastname > name", erp: company}', CannotBeMade, "does not refer to records"),
        (f"{BY_NAME}\n    associations: [{{hubspot: associations.companies, erp: id}}]", FieldMappedTwice, "twice"),
        (BY_NAME.replace("}", ", clean: [upper]}"), SettingsError, "clean"),
    ],
)
def test_what_cannot_be_known_by_its_name_is_refused_with_its_place(
    office: Office, line: str, error: type[SettingsError], words: str
) -> None:
    office.write(f"- {BY_NAME}", f"- {line}")
    with pytest.raises(error, match=r"bothways\.yaml:\d+:\d+") as caught:
        turn_on(office.open(), "people")
    assert words in str(caught.value)
