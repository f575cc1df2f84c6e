"""What a person has decided of a lead holds for the contact that its app turns it into."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Wins
from bothways.ledger import db, due, feeds, holds, left_out, links
from bothways.ledger.holds import HoldRow
from bothways.sync import decisions, held, turned
from tests.leads import Book, books, rest

L, R = SIDES
ORDERS = ("leads", "contacts", "contacts alone")
"""Which sync runs first once the lead is a contact; alone: that of the leads is off."""


def order_of(contacts: Book, leads: Book, which: str) -> tuple[Book, ...]:
    if which == "contacts alone":
        leads.turn("off")
        return (contacts,)
    return (leads, contacts) if which == "leads" else (contacts, leads)


def decide(deed: Callable[..., None], *args: object, **more: object) -> None:
    with db.transaction_():
        deed(*args, **more)


def unlink(book: Book, lead: str) -> None:
    [link] = links.live_by_record(book.sync, L, [lead]).values()
    decide(decisions.unlink, book.sync, link, book.clock())


def linked(**values: str) -> tuple[Book, Book, str, str]:
    """Return both syncs and a lead with its person."""
    contacts, leads = books()
    lead = leads.anna.add(email="ann@x.test", name="Ann", **values)
    rest(leads, contacts)
    return contacts, leads, lead, leads.partner(lead)


def waiting(leads_too: int = 2) -> tuple[Book, Book, str, str]:
    """Return both syncs, one of two leads of the same address, which wait for a person, and whom both match."""
    contacts, leads = books()
    contacts.anna.add(email="zoe@x.test", name="Zoe")
    lead, *_ = [leads.anna.add(email="ann@x.test", name=f"Ann {n}") for n in range(leads_too)]
    person = leads.bert.add(email="ann@x.test", name="Ann")
    rest(leads, contacts)
    assert lead not in [left for left, _ in leads.pairs()]
    return contacts, leads, lead, person


def hold_of(book: Book, side: Side, id: str) -> HoldRow:
    [hold] = holds.of_records(book.sync, side, [id])
    return hold


@pytest.mark.parametrize("which", ORDERS)
@pytest.mark.parametrize("email", ["ann@x.test", "other@y.test"])
def test_contact_is_not_linked_with_whom_its_lead_was_unlinked_from_and_nobody_is_made(which: str, email: str) -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    leads.run()
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna, email=email, name="Other")
    rest(*order)
    assert (leads.pairs(), contacts.pairs()) == ([], [])
    assert [each.id for each in contacts.bert.live()] == [person]
    assert contacts.bert.values(person)["name"] == "Ann"
    assert len(contacts.anna.live()) == 1
    assert hold_of(contacts, L, contact).reason == f"{links.UNLINKED}; say whom it belongs to, or that it is new"
    assert hold_of(contacts, R, person).reason == f"{links.UNLINKED}; say whom it belongs to, or that it is new"
    if leads in order:
        why = f'which Anna turned into the contact {contact}; whose it is, is asked there (sync "contacts")'
        assert leads.reasons() == {person: f"R17: you unlinked it from the lead {lead}, {why}"}
        assert leads.holds() == []


@pytest.mark.parametrize("which", ORDERS)
@pytest.mark.parametrize("known", [True, False])
def test_left_out_lead_that_gets_another_address_by_the_conversion_takes_no_part(which: str, known: bool) -> None:
    contacts, leads, lead, _ = waiting()
    decide(decisions.leave_out, leads.sync, hold_of(leads, L, lead), "Ana Ruiz", 7.0)
    if known:
        contacts.bert.add(email="other@y.test", name="Other")
    order = order_of(contacts, leads, which)
    people = len(contacts.bert.live())
    contact = leads.anna.convert(lead, contacts.anna, email="other@y.test")
    rest(*order)
    assert contact not in [left for left, _ in contacts.pairs()]
    assert len(contacts.bert.live()) == people


@pytest.mark.parametrize("which", ORDERS)
def test_contact_is_kept_apart_from_whom_its_lead_was(which: str) -> None:
    contacts, leads = books()
    for each in (contacts, leads):
        each.sending(left=False)
    lead = leads.anna.add(email="ann@y.test", name="Ann")
    person = leads.bert.add(email="ann@x.test", name="Ann")
    contacts.sending(left=False, right=False)
    leads.sending(left=False, right=False)
    rest(leads, contacts)
    decide(decisions.keep_two_apart, leads.sync, {L: lead, R: person})
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna, email="ann@x.test")
    rest(*order)
    assert contacts.pairs() == []
    assert links.apart(contacts.sync, L, [contact]) == {contact: {person}}
    decide(decisions.choose, contacts.sync, {L: contact, R: person}, 1.0)
    rest(*order)
    assert contacts.pairs() == [(contact, person)]


@pytest.mark.parametrize("which", ORDERS)
def test_contact_of_a_lead_that_was_left_out_takes_no_part_by_the_same_issue(which: str) -> None:
    contacts, leads, lead, person = waiting()
    issue = hold_of(leads, L, lead)
    decide(decisions.leave_out, leads.sync, issue, "Ana Ruiz", 7.0)
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(*order)
    assert [left for left, _ in contacts.pairs() if left == contact] == []
    assert contact not in [each.id for each in contacts.bert.live()]
    out = left_out.of_records(contacts.sync, L, [contact])
    assert out == {contact: left_out.LeftOut(7.0, "Ana Ruiz", issue.id)}
    sync_id, shown = left_out.by_hold(issue.id) or (0, issue)
    assert (sync_id, shown.record_id, shown.data["candidates"]) == (contacts.sync.pk, contact, [["right", person]])
    decide(decisions.withdraw, contacts.sync, L, contact)
    rest(*order)
    assert left_out.of_records(contacts.sync, L, [contact]) == {}
    assert contact in [left for left, _ in contacts.pairs()] or hold_of(contacts, L, contact).id == issue.id


@pytest.mark.parametrize("which", ORDERS)
def test_contact_of_a_lead_that_was_declared_new_is_made_anew_once(which: str) -> None:
    contacts, leads, lead, person = waiting()
    decide(decisions.make_new, leads.sync, L, lead)
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(*order)
    other = contacts.partner(contact)
    assert other != person
    assert len(contacts.bert.live()) == 3


def test_lead_that_was_declared_new_and_has_its_partner_hands_over_that_alone() -> None:
    contacts, leads, lead, _ = waiting()
    decide(decisions.make_new, leads.sync, L, lead)
    rest(leads, contacts)
    made = leads.partner(lead)
    contact = leads.anna.convert(lead, contacts.anna)
    contacts.run()
    rest(contacts, leads)
    assert contacts.partner(contact) == made


@pytest.mark.parametrize("which", ORDERS)
def test_partner_that_was_chosen_for_a_lead_becomes_that_of_its_contact(which: str) -> None:
    contacts, leads, lead, _ = waiting()
    chosen = leads.bert.add(email="office@x.test", name="Office")
    leads.run()
    decide(decisions.choose, leads.sync, {L: lead, R: chosen}, 1.0)
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(*order)
    assert contacts.partner(contact) == chosen
    assert holds.chosen(leads.sync, R, [chosen]) == {}


def test_what_was_said_of_the_contact_itself_stays() -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    contacts.sending(right=False)
    contact = contacts.anna.add(email="other@x.test", name="Other")
    rest(leads, contacts)
    decide(links.keep_apart, contacts.sync, [(contact, "")])
    leads.anna.convert(lead, contacts.anna, contact)
    rest(leads, contacts)
    assert links.apart(contacts.sync, L, [contact]) == {contact: {person, ""}}
    assert contacts.partner(contact) != person


@pytest.mark.parametrize("deed", ["unlinked", "left out"])
def test_partner_that_a_person_has_chosen_for_the_contact_is_its_own_whatever_was_said_of_the_lead(deed: str) -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    leads.run()
    if deed == "left out":
        decide(decisions.leave_out, leads.sync, hold_of(leads, L, lead), "Ana Ruiz", 7.0)
    contact = leads.anna.convert(lead, contacts.anna)
    decide(decisions.choose, contacts.sync, {L: contact, R: person}, 1.0)
    rest(contacts, leads)
    assert contacts.pairs() == [(contact, person)]


def test_contact_that_has_its_partner_takes_part_whatever_was_said_of_the_lead() -> None:
    contacts, leads, lead, person = waiting()
    contact, other = contacts.pairs()[0]
    decide(decisions.leave_out, leads.sync, hold_of(leads, L, lead), "Ana Ruiz", 7.0)
    decide(links.keep_apart, leads.sync, [(lead, str(other)), (lead, person)])
    leads.anna.convert(lead, contacts.anna, str(contact))
    rest(leads, contacts)
    assert (contact, other) in contacts.pairs()
    assert links.apart(contacts.sync, L, [str(contact)]) == {contact: {person}}


def test_nobody_is_made_of_the_contact_of_a_lead_whose_partner_was_deleted_and_it_is_linked_again_with_it() -> None:
    contacts, leads, lead, person = linked(phone="+41 1")
    leads.bert.add(email="bob@x.test", name="Bob")
    rest(leads, contacts)
    leads.bert.delete(person)
    rest(leads, contacts)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(contacts, leads)
    assert [item.values["name"] for item in contacts.bert.live()] == ["Bob"]
    assert contact not in [left for left, _ in contacts.pairs()]
    contacts.bert.restore(person)
    rest(contacts, leads)
    assert contacts.partner(contact) == person


@pytest.mark.parametrize("which", ORDERS)
def test_question_that_a_merge_has_left_is_asked_of_the_contact(which: str) -> None:
    contacts, leads, lead, person = linked()
    other = leads.anna.add(email="bob@x.test", name="Bob")
    rest(leads, contacts)
    survivor = leads.partner(other)
    leads.bert.merge(survivor, person)
    leads.run(full=True)
    assert hold_of(leads, L, lead).rule == "R0"
    order = order_of(contacts, leads, which)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(*order)
    assert [each.id for each in contacts.bert.live()] == [survivor]
    hold = hold_of(contacts, L, contact)
    assert (hold.rule, hold.kind, hold.data["candidates"]) == ("R0", "match", [["right", survivor]])
    decide(decisions.choose, contacts.sync, {L: contact, R: survivor}, 1.0)
    rest(*order)
    assert contacts.partner(contact) == survivor


def test_word_goes_to_whom_the_contact_was_merged_into_by_then() -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    contact = leads.anna.convert(lead, contacts.anna, email="ann@z.test")
    contacts.sending(left=False, right=False)
    survivor = contacts.anna.add(email="ann@y.test", name="Ann")
    contacts.anna.merge(survivor, contact)
    contacts.anna.edit(survivor, email="ann@x.test")
    leads.run()
    rest(contacts, leads)
    assert contacts.pairs() == []
    assert links.apart(contacts.sync, L, [survivor]) == {survivor: {person}}


def test_pair_that_was_paused_as_a_lead_is_paused_where_the_contact_has_the_partner_already() -> None:
    contacts, leads, lead, person = linked()
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    links.pause(link.id, paused=True)
    contact = leads.anna.convert(lead, contacts.anna)
    links.create(contacts.sync, [links.NewLink(contact, person, "active", "R6", "")], 1.0)
    rest(leads, contacts)
    contacts.anna.edit(contact, name="Anna")
    rest(leads, contacts)
    assert contacts.bert.values(person)["name"] == "Ann"


def test_pair_that_was_paused_as_a_lead_is_linked_by_nobody_while_the_sync_of_the_leads_is_off() -> None:
    contacts, leads, lead, person = linked()
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    links.pause(link.id, paused=True)
    leads.turn("off")
    contact = leads.anna.convert(lead, contacts.anna, name="Anna")
    for _ in range(4):
        contacts.run()
    assert (contacts.pairs(), len(contacts.bert.live())) == ([], 1)
    leads.turn("on")
    rest(leads, contacts)
    assert contacts.pairs() == [(contact, person)]
    assert contacts.bert.values(person)["name"] == "Ann"


@pytest.mark.parametrize("edited", [False, True])
def test_what_a_person_has_decided_about_a_field_is_carried_out_for_the_contact_if_it_is_what_they_saw(
    edited: bool,
) -> None:
    contacts, leads, lead, person = linked()
    leads.spec = replace(leads.spec, wins=Wins.ASK)
    leads.anna.edit(lead, name="Anna")
    leads.bert.edit(person, name="Annie")
    rest(leads, contacts)
    [hold] = leads.holds()
    values = {"left": "Anna", "right": "Annie"}
    decided = {"seen": values, "values": {"left": "Annie"}, "words": "you chose Bert's value"}
    decide(held.answer, leads.sync, hold, decided)
    contact = leads.anna.convert(lead, contacts.anna)
    if edited:
        contacts.anna.edit(contact, name="Anne")
    rest(leads, contacts)
    name = contacts.anna.values(contact)["name"]
    assert (name, contacts.bert.values(person)["name"]) == (("Anne",) * 2 if edited else ("Annie",) * 2)
    assert (leads.holds(), contacts.holds()) == ([], [])


def away(contacts: Book, *, never: bool = False) -> None:
    """Let the sync of the contacts be deleted, or ``never`` have been."""
    feed = contacts.sync.right if never else contacts.sync.left
    contacts.sync.__class__.objects.filter(pk=contacts.sync.pk).update(left=feed, deleted_at=1.0, state="off")


def there_again(contacts: Book) -> None:
    contacts.sync.__class__.objects.filter(pk=contacts.sync.pk).update(left=contacts.sync.left, deleted_at=0.0)
    contacts.turn("on")


def test_sync_of_contacts_that_was_deleted_knows_what_was_decided_when_it_is_restored() -> None:
    contacts, leads, lead, _ = linked()
    unlink(leads, lead)
    away(contacts)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads)
    there_again(contacts)
    rest(leads, contacts)
    assert contacts.pairs() == []
    assert hold_of(contacts, L, contact).reason.startswith(links.UNLINKED)


def test_sync_of_contacts_that_is_made_after_the_conversion_knows_what_was_decided() -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    away(contacts, never=True)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads)
    there_again(contacts)
    decide(turned.catch_up, contacts.context().sync, contacts.clock())
    rest(leads, contacts)
    assert contacts.pairs() == []
    assert [each.id for each in contacts.bert.live()] == [person]
    assert hold_of(contacts, L, contact).reason.startswith(links.UNLINKED)


def test_pair_that_was_paused_as_a_lead_is_paused_in_a_sync_of_contacts_that_is_made_after_the_conversion() -> None:
    contacts, leads, lead, person = linked()
    [link] = links.live_by_record(leads.sync, L, [lead]).values()
    links.pause(link.id, paused=True)
    away(contacts, never=True)
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads)
    there_again(contacts)
    decide(turned.catch_up, contacts.context().sync, contacts.clock())
    contacts.anna.edit(contact, name="Anna")
    rest(leads, contacts)
    assert contacts.pairs() == [(contact, person)]
    assert contacts.bert.values(person)["name"] == "Ann"
    [now] = links.live_by_record(contacts.sync, L, [contact]).values()
    decide(decisions.pause, contacts.sync, now, paused=False)
    rest(leads, contacts)
    assert contacts.bert.values(person)["name"] == "Anna"


def test_sync_of_contacts_that_is_off_knows_what_was_decided_when_it_is_turned_on() -> None:
    contacts, leads, lead, person = linked()
    unlink(leads, lead)
    contacts.turn("off")
    contact = leads.anna.convert(lead, contacts.anna)
    rest(leads)
    contacts.turn("on")
    rest(contacts, leads)
    assert contacts.pairs() == []
    assert [each.id for each in contacts.bert.live()] == [person]
    assert due.count(contacts.sync) == 0
    assert feeds.seen_by_id(contacts.sync.left_id, [contact])[contact].live
