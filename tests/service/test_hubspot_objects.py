"""HubSpot's leads and its account's own objects in step with tables of a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bothways.jobs import now
from bothways.sandbox.hubspot.schema import prop
from bothways.service.issues import list_issues
from bothways.service.syncs import turn_on
from tests.hubspot_sql import Between, hubspot_and_sql

TABLES = (
    """CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 80001) PRIMARY KEY, name text, email text
    )""",
    """CREATE TABLE leads (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 90001) PRIMARY KEY, title text, stage text,
        person_id bigint REFERENCES people ON DELETE SET NULL
    )""",
    """CREATE TABLE pets (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 70001) PRIMARY KEY, name text, chip text,
        person_id bigint REFERENCES people ON DELETE SET NULL
    )""",
)
GUARDS = "guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}"
SYNCS = f"""\
syncs:
  leads:
    objects: {{hubspot: leads, erp: leads}}
    match: [{{hubspot: hs_lead_name, erp: title, compare: text}}]
    {GUARDS}
    fields: [{{hubspot: hs_lead_name, erp: title}}, {{hubspot: hs_pipeline_stage, erp: stage}}]
  pets:
    objects: {{hubspot: 2-3400001, erp: pets}}
    match: [{{hubspot: chip, erp: chip, compare: exact}}]
    {GUARDS}
    fields: [{{hubspot: pet_name, erp: name}}, {{hubspot: chip, erp: chip}}]
  people:
    objects: {{hubspot: contacts, erp: people}}
    match: [{{hubspot: email, erp: email, compare: email}}]
    {GUARDS}
    fields: [{{hubspot: email, erp: email}}, {{hubspot: lastname, erp: name}}]
"""


@pytest.fixture
def office(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    with hubspot_and_sql(tmp_path, postgresql, monkeypatch, SYNCS, TABLES) as made:
        properties = [prop("pet_name", "Name", group="pet"), prop("chip", "Chip", unique=True, group="pet")]
        made.hubspot.make_object("pet", ("Pet", "Pets"), properties, associatedObjects=["CONTACT"])
        yield made


def run(office: Between, *names: str) -> None:
    for name in names:
        office.hubspot.advance(1200)
        now.run_sync(office.open(), name, approved=True)


def test_lead_waits_for_its_contact_and_is_made_with_it(office: Between) -> None:
    office.erp.sql("INSERT INTO people (name, email) VALUES ('Ann', 'ann@x.test')")
    office.erp.sql("INSERT INTO leads (title, person_id) VALUES ('Ann wants chairs', 80001), ('Of nobody', NULL)")
    for name in ("people", "leads"):
        turn_on(office.open(), name)
    run(office, "leads")
    assert office.hubspot.records("leads") == {}
    waits = {each.reason for each in list_issues(office.open(), "leads")}
    assert len(waits) == 2, waits
    run(office, "people", "leads")
    ((id, lead),) = office.hubspot.records("leads").items()
    (ann,) = office.hubspot.records("contacts")
    assert (lead["hs_lead_name"], office.hubspot.associated("leads", id, "contacts")) == ("Ann wants chairs", [ann])
    office.hubspot.edit("leads", id, {"hs_pipeline_stage": "qualified-stage-id"})
    run(office, "leads")
    assert ("Ann wants chairs", "qualified-stage-id") in office.erp.sql("SELECT title, stage FROM leads")


def test_objects_of_the_account_are_kept_in_step_with_whom_they_belong_to(office: Between) -> None:
    rex, ann = (
        office.hubspot.create("pet", {"pet_name": "Rex", "chip": "1"}),
        office.hubspot.create("contacts", {"lastname": "Ann", "email": "ann@x.test"}),
    )
    office.hubspot.associate("pet", rex, "contacts", ann)
    office.erp.sql("INSERT INTO people (name, email) VALUES ('Bob', 'bob@x.test')")
    office.erp.sql("INSERT INTO pets (name, chip, person_id) VALUES ('Tom', '2', 80001)")
    for name in ("people", "pets"):
        turn_on(office.open(), name)
    run(office, "people", "pets", "people", "pets")
    held = office.erp.sql("SELECT t.name, p.name FROM pets t JOIN people p ON p.id = t.person_id ORDER BY t.name")
    assert held == [("Rex", "Ann"), ("Tom", "Bob")]
    names = {each["pet_name"]: id for id, each in office.hubspot.records("pet").items()}
    (bob,) = office.hubspot.associated("pet", names["Tom"], "contacts")
    assert office.hubspot.records("contacts")[bob]["lastname"] == "Bob"
