"""Which sync is that of the contacts for one of leads, and what of it decides there."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways.service import in_force
from bothways.service.document import Document
from bothways.service.neighbours import LEAD, PERSON, neighbour_of
from bothways.service.reading import document_of
from bothways.service.yaml_file import parse
from tests.office import plug_in

FILE = """\
version: 1
apps:
  Anna: {connector: many}
  Bert: {connector: memory}
  Cleo: {connector: memory}
syncs:
  leads: {objects: {Anna: leads, Bert: people}}
  contacts: {objects: {Bert: people, Anna: contacts}}
  clients: {objects: {Anna: contacts, Bert: clients}}
  others: {objects: {Cleo: people, Anna: contacts}}
"""
MEANINGS = {("Anna", "leads"): LEAD, ("Anna", "contacts"): PERSON, ("Bert", "people"): PERSON}


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    plug_in(monkeypatch)
    return document_of(parse(FILE, "f.yaml"))


def found(document: Document, name: str) -> str | None:
    syncs = document.syncs
    neighbour = neighbour_of(syncs[name], syncs.values(), lambda app, object: MEANINGS.get((app, object)))
    return neighbour.name if neighbour else None


def test_contacts_and_leads_of_the_same_two_apps_with_one_object_in_common_are_neighbours(document: Document) -> None:
    assert [found(document, name) for name in document.syncs] == ["contacts", "leads", None, None]


def test_objects_of_which_nothing_is_known_have_none(document: Document) -> None:
    syncs = document.syncs
    assert neighbour_of(syncs["leads"], syncs.values(), lambda app, object: None) is None
    assert neighbour_of(syncs["leads"], syncs.values(), lambda app, object: PERSON) is None


def test_the_one_that_is_on_goes_before_the_others(document: Document) -> None:
    syncs = dict(document.syncs)
    syncs["again"] = replace(syncs["contacts"], name="again", state="on")
    assert found(replace(document, syncs=syncs), "leads") == "again"


def test_a_neighbour_that_comes_or_changes_lets_everything_be_looked_at_again() -> None:
    before = {"neighbour": {"sync": "contacts", "on": False}}
    after = {"neighbour": {"sync": "contacts", "on": True}}
    assert in_force.touched(before, after) is in_force.Touched.EVERYTHING
