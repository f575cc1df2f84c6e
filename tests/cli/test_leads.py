"""Leads and contacts as people meet them: the settings file, the commands, and what they say."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bothways.cli.main import main
from bothways.service import workspace as opening
from tests.databases import empty_ledger
from tests.memory_app import MemoryApp
from tests.office import Office, plug_in

GUARDS = "guards: {first_run: 1000, max_change: 100%, max_emptied: 1000}"
SETTINGS = f"""\
version: 1
apps:
  Anna: {{connector: many}}
  Bert: {{connector: memory}}
syncs:
  leads:
    state: on
    objects: {{Anna: leads, Bert: people}}
    {GUARDS}
  contacts:
    state: on
    objects: {{Bert: people, Anna: contacts}}
    {GUARDS}
"""


class Desk(Office):
    """Anna with leads and contacts, Bert with people, and a sync for each, that of the contacts turned."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SETTINGS)
        self.leads = MemoryApp("Anna leads", self.clock, object="leads", meaning="Lead", serial=500)
        self.contacts = MemoryApp("Anna contacts", self.clock, object="contacts", meaning="Person")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch) -> Iterator[Desk]:
    plug_in(monkeypatch)
    open_workspace = opening.open_workspace
    with empty_ledger(tmp_path):
        desk = Desk(tmp_path)

        def by_the_clock(folder, **options):
            workspace = open_workspace(folder, **options)
            workspace.clock = desk.clock
            return workspace

        monkeypatch.setattr(opening, "open_workspace", by_the_clock)
        yield desk


@pytest.fixture
def bothways(desk, capsys):
    """Call a command a minute later; answer its exit code, stdout, stderr."""

    def call(line):
        desk.clock.advance(60)
        code = main(["-C", str(desk.folder), *line.split()])
        return SimpleNamespace(code=code, **dict(zip(("out", "err"), capsys.readouterr(), strict=True)))

    return call


def rest(bothways):
    for _ in range(4):
        for name in ("leads", "contacts"):
            done = bothways(f"run {name}")
            assert done.code in (0, 4), (done.out, done.err)


def test_lead_becomes_a_contact_with_all_that_was_written(desk, bothways):
    lead = desk.leads.add(email="ann@x.test", name="Ann")
    rest(bothways)
    [person] = desk.bert.live()
    contact = desk.leads.convert(lead, desk.contacts, name="Anna")
    planned = bothways("plan leads --show everything").out
    assert f'Anna turned it into contacts {contact}; the link goes on in the sync "contacts"' in planned
    rest(bothways)
    assert desk.bert.values(person.id)["name"] == "Anna"
    told = bothways(f"why contacts {person.id} name").out
    assert re.search(r"Bert +Ann → Anna +written +run r_\d+ +Anna changed", told), told
    assert re.search(r"Bert +\(empty\) → Ann +created +run r_\d+ +no match in Bert \(as a lead\)", told), told
    assert re.search(r"Bert +Ann → Ann +became a contact +run r_\d+ +Anna turned it into contacts", told), told
    former = bothways(f"why leads {lead}").out
    assert f"turned into contacts {contact} in Anna" in former


def test_lead_with_a_contact_is_noted_wherever_people_look(desk, bothways):
    contact = desk.contacts.add(email="ann@x.test", name="Ann")
    lead = desk.leads.add(email="ann@x.test", name="Ann L.")
    bothways("run contacts")
    assert '1 record left out: a contact goes before a lead (sync "contacts")' in bothways("plan leads").out
    rest(bothways)
    why = f'the contact {contact} in Anna has the same e-mail address; a contact goes before a lead (sync "contacts")'
    assert why in bothways(f"why leads {lead}").out
    assert why in bothways("records leads --state left_out").out
    assert (
        'Leads         left out where there is a contact; handed over to the sync "contacts" when they become one'
        in bothways("sync show leads").out
    )
    assert 'Leads         kept by the sync "leads"; a contact goes before a lead' in bothways("sync show contacts").out


def test_both_syncs_are_turned_on_without_a_warning_of_each_other(desk, bothways):
    rest(bothways)
    assert bothways("sync off contacts").code == 0
    done = bothways("sync on contacts")
    assert done.code == 0
    assert "writes" not in done.err


def test_contacts_turned_off_let_new_leads_go_on_and_are_named(desk, bothways):
    rest(bothways)
    assert bothways("sync off contacts").code == 0
    desk.contacts.add(email="ann@x.test", name="Ann")
    lead = desk.leads.add(email="ann@x.test", name="Ann")
    bothways("run leads")
    bothways("run leads")
    assert bothways("records leads --state in_sync").out.count(lead) == 1
    assert 'handed over to the sync "contacts" (which is not on)' in bothways("sync show leads").out
    assert bothways("sync on contacts").code == 0
    rest(bothways)
    assert lead not in bothways("records leads --state in_sync").out


def test_contact_that_another_pair_has_is_decided_in_the_inbox(desk, bothways):
    contact = desk.contacts.add(email="ann@y.test", name="Ann")
    lead = desk.leads.add(email="ann@x.test", name="Ann")
    rest(bothways)
    person = next(item.id for item in desk.bert.live() if item.values["email"] == "ann@x.test")
    desk.leads.convert(lead, desk.contacts, contact)
    rest(bothways)
    listed = bothways("issues contacts").out
    [issue] = re.findall(r"h_\d+", listed)
    shown = bothways(f"issues show {issue}").out
    assert "these two pairs became one record: Anna turned it into contacts" in shown
    assert bothways(f"issues resolve {issue} --link {contact}").code == 0
    rest(bothways)
    assert "ann@x.test" in bothways(f"why contacts {person}").out
    assert bothways("issues contacts").out.count("h_") == 0


@pytest.mark.parametrize("made", ["before", "after"])
def test_person_that_was_unlinked_from_a_lead_is_not_linked_to_its_contact(desk, bothways, made):
    text = desk.file.read_text()
    if made == "after":
        desk.write(text.partition("  contacts:")[0])
    lead = desk.leads.add(email="ann@x.test", name="Ann")
    for name in ("leads", *(["contacts"] if made == "before" else [])) * 4:
        bothways(f"run {name}")
    [person] = desk.bert.live()
    assert bothways(f"unlink leads {lead} {person.id}").code == 0
    contact = desk.leads.convert(lead, desk.contacts, name="Anna")
    if made == "after":
        bothways("run leads")
        desk.write(text)
    rest(bothways)
    assert desk.bert.values(person.id)["name"] == "Ann"
    assert [item.id for item in desk.bert.live()] == [person.id]
    asked = f"you unlinked it from the lead {lead}, which Anna turned into the contact {contact}; whose it is, is asked"
    assert asked in bothways("records leads --state left_out").out
    told = bothways(f"why contacts {contact}").out
    assert "you unlinked them; say whom it belongs to, or that it is new" in told
    assert bothways(f"link contacts {contact} {person.id}").code == 0
    rest(bothways)
    assert desk.contacts.values(contact)["name"] == desk.bert.values(person.id)["name"]
    assert bothways("issues contacts").out.count("h_") == bothways("issues leads").out.count("h_") == 0
