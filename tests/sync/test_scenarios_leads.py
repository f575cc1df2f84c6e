"""Leads and contacts of one app in two syncs with the people of another: conversions, and who goes before whom."""

import random

import pytest

from bothways.engine.deletes import Deletes, Removal
from bothways.engine.sides import SIDES
from bothways.errors import OutcomeUnknown
from bothways.ledger import db, due, holds, links
from bothways.sync import conversions, decisions, link_import
from bothways.sync.link_import import Checked, GivenPair
from bothways.sync.run import recorded, taken_over
from tests.leads import Book, books, rest
from tests.memory_app import Traits
from tests.sim import database

L, R = SIDES


@pytest.fixture
def both() -> tuple[Book, Book]:
    return books()


def one_way() -> tuple[Book, Book]:
    """Return both syncs with nothing sent by Bert."""
    contacts, leads = books()
    contacts.sending(right=False)
    leads.sending(right=False)
    return contacts, leads


# --- a lead that is converted -------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_converted_lead_hands_its_link_to_the_contact(both: tuple[Book, Book], first: str) -> None:
    contacts, leads = both
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    lead = leads.anna.add(email="ann@x.test", name="Ann", phone="+41 1")
    rest(*order)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(*order)
    assert (leads.pairs(), contacts.pairs()) == ([], [(contact, person)])
    [former] = links.ended_by_record(leads.sync, R, [person]).values()
    assert former.ended_by == f'R0c: Anna turned it into contacts {contact}; the link goes on in the sync "contacts"'
    [now] = links.live_by_record(contacts.sync, R, [person]).values()
    assert now.came_from == former.id
    assert [each.kind for each in contacts.bert.writes] == ["create"]
    assert contacts.anna.writes == []
    contacts.bert.edit(person, name="Anna")
    rest(*order)
    assert contacts.anna.values(contact)["name"] == "Anna"


def test_conversion_is_no_deletion_whatever_the_policy(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    for each in both:
        each.deleting(Deletes({R: Removal.ARCHIVE}, 60.0))
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    leads.anna.convert(lead, contacts.anna)
    rest(leads, contacts)
    contacts.clock.advance(10 * 86_400)
    rest(leads, contacts)
    assert [each.kind for each in contacts.bert.writes] == ["create"]


def test_edits_made_before_and_after_the_conversion_flow_and_agreed_differences_stay(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann", phone="+41 1")
    rest(leads, contacts)
    person = leads.partner(lead)
    shadow = links.shadows([link.id for link in links.live_by_record(leads.sync, L, [lead]).values()])
    [(link_id, known)] = shadow.items()
    contacts.bert.edit(person, phone="+41 2")
    links.save_shadows(1, [(link_id, R, {**known[R], "phone=phone": known[R]["phone=phone"]._replace(value="+41 2")})])
    contacts.bert.edit(person, name="Anna")
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads, contacts)
    assert contacts.anna.values(contact) == {"email": "ann@x.test", "name": "Anna", "phone": "+41 1"}
    assert contacts.bert.values(person) == {"email": "ann@x.test", "name": "Anna", "phone": "+41 2"}


def test_what_the_conversion_left_out_is_filled_from_the_partner_and_empties_nothing(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann", phone="+41 1")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna, phone=None)
    rest(leads, contacts)
    assert contacts.anna.values(contact)["phone"] == contacts.bert.values(person)["phone"] == "+41 1"


def test_conversion_is_found_by_the_sweep_alone() -> None:
    contacts, leads = books(anna=Traits(reports_deletes=False))
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna, email="other@x.test")
    leads.run()
    assert leads.pairs() == [(lead, person)]
    leads.run(full=True)
    rest(leads, contacts)
    assert contacts.pairs() == [(contact, person)]
    assert [each.kind for each in contacts.bert.writes] == ["create", "update"]


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_contact_that_was_merged_away_before_the_conversion_was_noticed_is_followed(first: str) -> None:
    contacts, leads = books()
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    if first == "contacts":
        contacts.run()
    survivor = contacts.anna.add(email="ann@y.test", name="Ann")
    contacts.anna.merge(survivor, contact)
    if first == "contacts":
        contacts.run(full=True)
    rest(leads, contacts)
    assert contacts.pairs() == [(survivor, person)]


def test_contact_that_was_deleted_before_the_conversion_was_noticed_ends_the_link_as_a_deletion() -> None:
    contacts, leads = books()
    contacts.anna.add(email="bob@x.test", name="Bob")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    contacts.run()
    contacts.anna.delete(contact)
    contacts.run(full=True)
    rest(leads, contacts)
    assert (leads.pairs(), len(contacts.pairs())) == ([], 1)
    assert len(contacts.anna.live()) == 1
    assert contacts.bert.items[person].live


def test_contact_that_was_deleted_before_it_was_ever_seen_keeps_nobody_waiting(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contacts.anna.add(email="bob@x.test", name="Bob")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    contacts.anna.delete(contact)
    rest(leads, contacts)
    assert person not in [right for _, right in contacts.pairs()]
    contacts.anna.restore(contact)
    rest(leads, contacts)
    assert (contact, person) in contacts.pairs()


def test_conversion_told_twice_changes_nothing_more(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads, contacts)
    leads.anna.gone.append(lead)
    rest(leads, contacts)
    assert [left for left, _ in contacts.pairs()] == [contact]
    assert leads.run(full=True).written == {}
    assert contacts.run(full=True).written == {}


def test_contact_linked_to_the_partner_already_stays_so_and_gets_the_history(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    leads.turn("off")
    contacts.turn("off")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    leads.turn("on")
    rest(leads)
    person = leads.partner(lead)
    leads.turn("off")
    contact = leads.anna.convert(lead, contacts.anna)
    contacts.turn("on")
    rest(contacts)
    assert contacts.pairs() == [(contact, person)]
    leads.turn("on")
    rest(leads, contacts)
    [link] = links.live_by_record(contacts.sync, L, [contact]).values()
    assert link.came_from is not None
    assert (leads.pairs(), contacts.holds()) == ([], [])


def test_contact_linked_to_another_record_is_held_with_both_pairs(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contact = contacts.anna.add(email="ann@y.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person, other = leads.partner(lead), contacts.partner(contact)
    leads.anna.convert(lead, contacts.anna, contact)
    rest(leads, contacts)
    [hold] = contacts.holds()
    assert (hold.side, hold.record_id, hold.rule, hold.kind) == ("right", person, "R0", "match")
    assert hold.data["candidates"] == [["left", contact], ["right", other]]
    assert len(links.by_id(hold.data["links"])) == 2
    assert (leads.pairs(), contacts.pairs()) == ([], [(contact, other)])
    assert [each.kind for each in contacts.bert.writes] == ["create", "create"]


def test_partner_linked_to_another_contact_holds_the_new_one(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contacts.turn("off")
    first = contacts.anna.add(email="ann@y.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads)
    person = leads.partner(lead)
    leads.turn("off")
    contacts.bert.edit(person, email="ann@y.test")
    contacts.turn("on")
    rest(contacts)
    assert contacts.pairs() == [(first, person)]
    contact = leads.anna.convert(lead, contacts.anna)
    leads.turn("on")
    rest(leads, contacts)
    [hold] = contacts.holds()
    assert (hold.side, hold.record_id, hold.rule) == ("left", contact, "R0")
    assert (leads.pairs(), contacts.pairs()) == ([], [(first, person)])
    assert contacts.bert.live()[-1].id == person


def test_without_a_sync_of_contacts_the_link_ends_and_both_are_left_out() -> None:
    contacts, leads = books()
    contacts.turn("off")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads)
    person = leads.partner(lead)
    contacts.sync.__class__.objects.filter(pk=contacts.sync.pk).update(deleted_at=1.0)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads)
    assert leads.pairs() == []
    told = f"R0c: Anna turned it into contacts {contact}, which no sync keeps in step with Bert"
    assert leads.reasons() == {person: told}
    assert [each.kind for each in contacts.bert.writes] == ["create"]


def test_sync_of_contacts_that_is_off_has_the_link_when_it_is_turned_on(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contacts.turn("off")
    contact = leads.anna.convert(lead, contacts.anna, name="Anna")
    rest(leads)
    assert (leads.pairs(), contacts.pairs()) == ([], [(contact, person)])
    assert contacts.bert.values(person)["name"] == "Ann"
    contacts.turn("on")
    rest(contacts, leads)
    assert contacts.bert.values(person)["name"] == "Anna"


def test_contact_that_cannot_be_read_yet_is_waited_for(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna, name="Anna")
    late = contacts.anna.items.pop(contact)
    for _ in range(3):
        leads.run()
        contacts.run()
    assert contacts.pairs() == [(contact, person)]
    assert due.count(contacts.sync) == 2
    contacts.anna.items[contact] = late
    rest(contacts, leads)
    assert contacts.bert.values(person)["name"] == "Anna"
    assert [each.kind for each in contacts.bert.writes] == ["create", "update"]


def test_crash_while_the_link_is_handed_over_leaves_it_with_the_lead(
    both: tuple[Book, Book], monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        broken.setattr("bothways.sync.conversions.wake_children", fail)
        with pytest.raises(KeyboardInterrupt):
            leads.run()
    assert (leads.pairs(), contacts.pairs()) == ([(lead, person)], [])
    contacts.run()
    assert contacts.pairs() == []
    rest(contacts, leads)
    assert contacts.pairs() == [(contact, person)]
    assert [link.came_from is not None for link in links.live_by_record(contacts.sync, L, [contact]).values()] == [True]


def test_write_that_is_not_settled_is_settled_before_the_link_goes_on(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    leads.run()
    contacts.run()
    leads.bert.fail("write create", OutcomeUnknown(app="Bert", reason="cut"), when="after")
    leads.run()
    leads.run()
    contact = leads.anna.convert(lead, contacts.anna)
    rest(contacts, leads)
    assert len(contacts.bert.live()) == 1
    assert contacts.pairs() == [(contact, contacts.bert.live()[0].id)]


def test_paused_pair_stays_paused_as_a_contact(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    links.pause(link.id, paused=True)
    contact = leads.anna.convert(lead, contacts.anna, name="Anna")
    rest(leads, contacts)
    assert contacts.bert.values(person)["name"] == "Ann"
    assert contacts.pairs() == [(contact, person)]


def test_undo_of_what_was_written_for_the_lead_is_refused_once_there_is_a_contact(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    leads.anna.edit(lead, name="Anna")
    edited = leads.run()
    assert edited.written == {"update right": 1}
    leads.anna.convert(lead, contacts.anna)
    rest(leads, contacts)
    report = leads.undo(edited.run_id)
    assert (report.restored, report.removed) == (0, 0)
    reason = "was a lead's then, and is kept in step with a contact since; change it by hand"
    assert report.kept == [("Bert", person, reason)]
    assert contacts.bert.values(person)["name"] == "Anna"


def test_link_goes_on_only_when_the_contact_is_not_just_being_created(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    leads.turn("off")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    leads.turn("on")
    contacts.turn("off")
    rest(leads)
    person = leads.partner(lead)
    leads.turn("off")
    contact = leads.anna.convert(lead, contacts.anna, email="ann@y.test")
    contacts.turn("on")
    contacts.bert.fail("write create", OutcomeUnknown(app="Bert", reason="cut"))
    contacts.run()
    assert len(contacts.open_intents()) == 1
    leads.turn("on")
    leads.run()
    assert (leads.pairs(), due.count(leads.sync)) == ([(lead, person)], 2)
    rest(contacts, leads)
    assert leads.pairs() == []
    assert [left for left, _ in contacts.pairs()] == [contact]


# --- a lead and a contact of one app, who are one person ----------------------------------------------


@pytest.mark.parametrize("first", ["leads", "contacts"])
@pytest.mark.parametrize("known", [True, False])
def test_contact_is_linked_and_the_lead_noted_whichever_sync_runs_first(first: str, known: bool) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann L.")
    if known:
        contacts.bert.add(email="ann@x.test", name="Ann")
    rest(*order)
    [person] = contacts.bert.live()
    assert (contacts.pairs(), leads.pairs()) == ([(contact, person.id)], [])
    assert person.values["name"] == "Ann"
    noted = leads.reasons()
    assert noted[lead] == (
        f"R17: the contact {contact} in Anna has the same e-mail address; a contact goes before a lead "
        '(sync "contacts")'
    )
    assert noted[person.id].startswith(f"R17: the contact {contact} in Anna is linked to it")
    assert (len(leads.anna.live()), len(contacts.anna.live())) == (1, 1)


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_contact_that_comes_later_takes_the_partner_over(first: str) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(*order)
    person = leads.partner(lead)
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    rest(*order)
    assert (contacts.pairs(), leads.pairs()) == ([(contact, person)], [])
    assert len(contacts.bert.live()) == 1


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_person_of_a_lead_is_not_made_a_contact(first: str) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    person = contacts.bert.add(email="ann@x.test", name="Ann")
    rest(*order)
    assert (leads.pairs(), contacts.pairs()) == ([(lead, person)], [])
    assert contacts.anna.live() == []
    assert contacts.reasons()[person] == (
        f'R17: the lead {lead} in Anna is linked to it; it becomes a contact when the lead does (sync "leads")'
    )


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_new_person_becomes_a_contact_and_never_a_lead_as_well(first: str) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    person = contacts.bert.add(email="ann@x.test", name="Ann")
    rest(*order)
    [contact] = contacts.anna.live()
    assert (contacts.pairs(), leads.pairs(), leads.anna.live()) == ([(contact.id, person)], [], [])


def test_lead_is_looked_at_again_when_the_contact_is_gone_or_has_another_address() -> None:
    contacts, leads = one_way()
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann L.")
    rest(leads, contacts)
    [person] = contacts.bert.live()
    contacts.anna.edit(contact, email="ann@y.test")
    rest(leads, contacts)
    assert contacts.pairs() == [(contact, person.id)]
    assert len(leads.pairs()) == 1
    other = leads.partner(lead)
    assert contacts.bert.values(other)["email"] == "ann@x.test"
    leads.anna.edit(lead, email="ann@y.test")
    rest(leads, contacts)
    assert leads.pairs() == [(lead, other)]


@pytest.mark.parametrize("deed", ["edited", "deleted"])
def test_lead_of_a_contact_without_a_link_is_looked_at_again_when_that_changes(deed: str) -> None:
    contacts, leads = books()
    contacts.sending(left=False)
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    contacts.anna.add(email="bob@x.test", name="Bob")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    assert (contacts.pairs(), leads.pairs()) == ([], [])
    if deed == "edited":
        contacts.anna.edit(contact, email="ann@y.test")
    else:
        contacts.anna.delete(contact)
    rest(leads, contacts)
    assert [left for left, _ in leads.pairs()] == [lead]


def test_person_left_to_a_lead_is_looked_at_again_when_the_lead_has_another_address(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    twins = [leads.anna.add(email="ann@x.test", name=name) for name in ("Ann", "Anna")]
    person = contacts.bert.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    assert (contacts.pairs(), leads.pairs()) == ([], [])
    for number, lead in enumerate(twins):
        leads.anna.edit(lead, email=f"ann@y{number}.test")
    rest(leads, contacts)
    assert [right for _, right in contacts.pairs()] == [person]


@pytest.mark.parametrize("first", ["leads", "contacts"])
def test_deleted_contact_leaves_its_partner_to_the_lead_and_nothing_is_deleted(first: str) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    contacts.deleting(Deletes({R: Removal.ARCHIVE}, 60.0))
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    contacts.anna.add(email="bob@x.test", name="Bob")
    rest(*order)
    person = contacts.partner(contact)
    contacts.anna.delete(contact)
    rest(*order)
    contacts.clock.advance(86_400)
    rest(*order)
    assert leads.pairs() == [(lead, person)]
    assert len(contacts.pairs()) == 1
    assert [each.kind for each in contacts.bert.writes if each.kind == "archive"] == []


def test_deletion_of_a_contact_is_over_once_a_lead_has_its_partner_though_the_lead_goes_too() -> None:
    contacts, leads = books()
    contacts.deleting(Deletes({R: Removal.ARCHIVE}, 60.0))
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    for name in ("bob", "cat", "dan"):
        contacts.anna.add(email=f"{name}@x.test", name=name)
        leads.anna.add(email=f"{name}@y.test", name=name)
    rest(leads, contacts)
    person = contacts.partner(contact)
    contacts.anna.delete(contact)
    rest(leads, contacts)
    assert (lead, person) in leads.pairs()
    leads.anna.delete(lead)
    rest(leads, contacts)
    contacts.clock.advance(86_400)
    rest(leads, contacts)
    assert contacts.bert.items[person].live


def test_nobody_is_created_before_the_other_sync_has_read_its_records_since(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    leads.bert.add(email="bob@x.test", name="Bob")
    rest(leads, contacts)
    people = len(contacts.bert.live())
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    for _ in range(4):
        leads.run()
    assert len(contacts.bert.live()) == people
    rest(leads, contacts)
    assert [left for left, _ in leads.pairs()] == [lead]


def test_contact_with_another_address_is_not_made_anew_beside_the_partner_of_its_lead(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna, email="ann@y.test")
    for _ in range(4):
        contacts.run()
    assert [item.id for item in contacts.bert.live()] == [person]
    rest(contacts, leads)
    assert contacts.pairs() == [(contact, person)]
    assert contacts.bert.values(person)["email"] == "ann@y.test"


def test_sync_that_is_off_keeps_whom_it_has_linked_and_claims_nobody_new(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(contacts, leads)
    person = contacts.partner(contact)
    contacts.turn("off")
    contacts.anna.add(email="bob@x.test", name="Bob")
    other = leads.anna.add(email="bob@x.test", name="Bob")
    leads.turn("on")
    rest(leads)
    assert [left for left, _ in leads.pairs()] == [other]
    assert leads.reasons()[lead] == (
        f"R17: its match {person} is taken: the contact {contact} in Anna is linked to it; "
        'a contact goes before a lead (sync "contacts")'
    )
    assert person not in [right for _, right in leads.pairs()]


def test_person_of_a_lead_is_made_no_contact_while_the_sync_of_leads_is_off(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    leads.turn("off")
    contacts.turn("on")
    contacts.bert.edit(leads.partner(lead), name="Anna")
    rest(contacts)
    assert contacts.anna.live() == []


def test_nothing_is_decided_about_leads_before_the_contacts_were_read(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    person = contacts.bert.add(email="ann@x.test", name="Ann")
    leads.run()
    assert leads.pairs() == []
    assert leads.reasons()[lead] == ('R17: the contacts of Anna have not been read yet; the sync "contacts" does that')
    rest(leads, contacts)
    assert leads.pairs() == [(lead, person)]


def test_partner_that_a_person_chose_for_a_lead_is_its_own_unless_a_contact_has_it(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contacts.anna.add(email="office@x.test", name="Ann")
    lead = leads.anna.add(email="office@x.test", name="Bob")
    person = contacts.bert.add(email="bob@x.test", name="Bob")
    contacts.sending(right=False)
    leads.sending(right=False)
    rest(contacts, leads)
    assert leads.pairs() == []
    holds.choose(leads.sync, {L: lead, R: person}, 1.0)
    due.mark(leads.sync, L, [lead])
    due.mark(leads.sync, R, [person])
    rest(contacts, leads)
    assert leads.pairs() == [(lead, person)]


@pytest.mark.parametrize("first", ["leads", "contacts"])
@pytest.mark.parametrize("on", [True, False])
def test_person_whose_lead_was_deleted_is_made_no_contact(first: str, on: bool) -> None:
    contacts, leads = books()
    order = (leads, contacts) if first == "leads" else (contacts, leads)
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    leads.anna.add(email="bob@x.test", name="Bob")
    rest(*order)
    person = leads.partner(lead)
    leads.anna.delete(lead)
    if not on:
        leads.run()
        leads.turn("off")
        order = (contacts,)
    rest(*order)
    contacts.bert.edit(person, name="Anna")
    rest(*order)
    assert (contacts.anna.live(), contacts.pairs()) == ([], [])
    why = f'its link with the lead {lead} in Anna ended when that was deleted; nobody is made for it (sync "leads")'
    assert contacts.reasons()[person] == f"R17: {why}"


def test_person_whose_contact_was_deleted_is_made_no_lead(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    contacts.anna.add(email="bob@x.test", name="Bob")
    rest(contacts, leads)
    contacts.anna.delete(contact)
    rest(contacts, leads)
    contacts.turn("off")
    leads.turn("on")
    rest(leads)
    assert leads.anna.live() == []


@pytest.mark.parametrize("deed", ["unlinked", "left out"])
def test_nobody_is_made_in_one_sync_for_whom_a_person_has_unlinked_or_left_out_in_the_other(deed: str) -> None:
    contacts, leads = books()
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    decisions.unlink(leads.sync, link, leads.clock())
    rest(leads, contacts)
    if deed == "left out":
        [hold] = holds.of_records(leads.sync, R, [person])
        decisions.leave_out(leads.sync, hold, "Ana Ruiz", leads.clock())
        rest(leads, contacts)
    assert contacts.anna.live() == []
    if deed == "left out":
        decisions.withdraw(leads.sync, R, person)
        rest(leads, contacts)
        assert contacts.anna.live() == []
    decisions.make_new(leads.sync, R, person)
    rest(leads, contacts)
    assert [right for _, right in contacts.pairs()] == [person]
    assert len(leads.anna.live()) == 1


def test_paused_pair_of_a_lead_waits_for_the_contact_that_has_its_person_and_is_paused_when_that_is_gone(
    both: tuple[Book, Book],
) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@y.test", name="Ann")
    contacts.anna.add(email="zoe@x.test", name="Zoe")
    rest(leads, contacts)
    person = leads.partner(lead)
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    links.pause(link.id, paused=True)
    leads.anna.add(email="ann@y.test", name="Ann")
    leads.bert.edit(person, email="ann@x.test")
    contact = contacts.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    assert ((contact, person) in contacts.pairs(), leads.pairs()) == (True, [])
    contacts.anna.delete(contact)
    leads.anna.edit(lead, name="Anna")
    rest(leads, contacts)
    assert leads.pairs() == [(lead, person)]
    assert leads.bert.values(person)["name"] == "Ann"


def test_what_was_written_for_a_lead_is_left_by_an_undo_once_its_person_is_linked_to_a_contact(
    both: tuple[Book, Book],
) -> None:
    contacts, leads = both
    lead = leads.anna.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    person = leads.partner(lead)
    leads.anna.edit(lead, name="Anna")
    edited = leads.run()
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    decisions.unlink(leads.sync, link, leads.clock())
    contact = contacts.anna.add(email="ann@x.test", name="Anna")
    rest(leads, contacts)
    assert contacts.pairs() == [(contact, person)]
    assert leads.undo(edited.run_id).kept == [("Bert", person, conversions.OF_A_CONTACT)]
    rest(leads, contacts)
    assert contacts.anna.values(contact)["name"] == "Anna"


def brought(leads: Book, lead: str, person: str) -> int:
    """Bring a link of a lead along, and return the run."""
    ctx = leads.context()
    with taken_over(ctx), recorded(ctx, link_import.RULE) as run, db.transaction_():
        link_import.make(ctx, [[Checked(GivenPair(1, lead, person))]])
    return int(run.pk)


def test_person_is_looked_at_again_as_a_contact_when_the_link_with_a_lead_is_taken_back(
    both: tuple[Book, Book],
) -> None:
    contacts, leads = both
    leads.sending(left=False, right=False)
    contacts.sending(left=False, right=False)
    lead, person = leads.anna.add(email="ann@x.test", name="Ann"), leads.bert.add(email="bob@x.test", name="Ann")
    rest(leads, contacts)
    run = brought(leads, lead, person)
    rest(contacts, leads)
    contacts.sending(left=False)
    assert leads.undo(run).unlinked == 1
    rest(contacts, leads)
    assert [right for _, right in contacts.pairs()] == [person]


def test_link_that_was_brought_along_for_a_lead_is_not_taken_back_from_its_contact(both: tuple[Book, Book]) -> None:
    contacts, leads = both
    leads.sending(left=False, right=False)
    contacts.sending(left=False, right=False)
    lead, person = leads.anna.add(email="ann@x.test", name="Ann"), leads.bert.add(email="ann@x.test", name="Ann")
    run = brought(leads, lead, person)
    rest(contacts, leads)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(contacts, leads)
    report = leads.undo(run)
    assert (report.unlinked, report.kept) == (0, [("Anna", lead, conversions.OF_A_CONTACT)])
    assert contacts.pairs() == [(contact, person)]


@pytest.mark.parametrize("seed", range(40))
def test_which_sync_runs_first_makes_no_difference(seed: int) -> None:
    def outcome(first: str) -> tuple[object, ...]:
        database.fresh()
        chance = random.Random(seed)
        contacts, leads = books()
        order = (leads, contacts) if first == "leads" else (contacts, leads)
        sides = (contacts.anna, leads.anna, contacts.bert)
        for _ in range(8):
            word = chance.choice("abcde")
            chance.choice(sides).add(email=f"{word}@x.test", name=word.upper())
        rest(*order)
        first_pairs = _by_address(contacts, leads)
        for _ in range(3):
            app, word = chance.choice(sides), chance.choice("abcdefg")
            deed = chance.choice(("add", "edit"))
            live = app.live()
            if deed == "add" or not live:
                app.add(email=f"{word}@x.test", name=word.upper())
            else:
                app.edit(live[chance.randrange(len(live))].id, email=f"{word}@x.test")
            rest(*order)
        assert not {right for _, right in contacts.pairs()} & {right for _, right in leads.pairs()}
        return first_pairs

    assert outcome("leads") == outcome("contacts")


def _by_address(contacts: Book, leads: Book) -> tuple[object, ...]:
    """Return both syncs' pairs, and all records, by their addresses."""

    def of(book: Book) -> list[tuple[object, object]]:
        addresses = [app.items for app in (book.anna, book.bert)]
        pairs = [
            tuple(each[str(id)].values["email"] for each, id in zip(addresses, pair, strict=True))
            for pair in book.pairs()
        ]
        return sorted(pairs)  # type: ignore[type-var,return-value]

    records = [
        sorted(str(item.values["email"]) for item in app.live()) for app in (contacts.anna, leads.anna, contacts.bert)
    ]
    return of(contacts), of(leads), records
