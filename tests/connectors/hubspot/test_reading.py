"""Reading by id tells apart what is there, archived, merged and gone; look-ups are strong."""

import pytest

from bothways.connectors.base import Exists
from bothways.connectors.hubspot.facts import OTHER_EMAILS
from bothways.errors import AppUnreachable, UnknownField
from tests.connectors.hubspot.account import Account


def test_read_is_fresh_where_search_is_stale(account: Account):
    (id,) = account.people(1)
    account.hubspot.edit("contacts", id, {"lastname": "Just now"})
    (answer,) = account.read(id)
    assert answer.record is not None
    assert answer.record.values["lastname"] == "Just now"
    assert answer.record.modified == account.hubspot.now()


def test_archived_forgotten_and_never_heard_of(account: Account):
    kept, archived, merged, other = account.people(4)
    account.hubspot.archive("contacts", archived)
    survivor = account.hubspot.merge("contacts", merged, other)
    answers = account.read(archived, "999999", kept, survivor)
    assert [answer.exists for answer in answers] == [
        Exists.ARCHIVED,
        Exists.MISSING,
        Exists.EXISTS,
        Exists.EXISTS,
    ]


def test_record_that_was_deleted_for_good_is_missing(account: Account):
    kept, forgotten = account.people(2)
    account.hubspot.forget("contacts", forgotten)
    assert [answer.exists for answer in account.read(forgotten, kept)] == [Exists.MISSING, Exists.EXISTS]
    account.hubspot.advance(120)
    assert [ref.id for page in account.connector.ids("contacts") for ref in page] == [kept]


def test_restored_record_is_there_again(account: Account):
    (id,) = account.people(1)
    account.hubspot.archive("contacts", id)
    account.hubspot.restore("contacts", id)
    assert account.read(id)[0].exists is Exists.EXISTS


def test_merged_ids_answer_with_the_survivor(account: Account):
    one, two, three = account.people(3)
    first = account.hubspot.merge("contacts", one, two)
    last = account.hubspot.merge("contacts", three, first)
    answers = account.read(one, two, three, first, last)
    assert [answer.asked for answer in answers] == [one, two, three, first, last]
    assert {answer.record.id for answer in answers if answer.record} == {last}
    assert all(answer.exists is Exists.EXISTS for answer in answers)


def test_survivor_may_keep_its_id(account: Account):
    """ "Primary ID Preservation", which an account may have."""
    account.hubspot.change(keeps_ids=True)
    one, two, three = account.people(3)
    account.hubspot.merge("contacts", two, three)
    assert account.hubspot.merge("contacts", one, two) == one
    answers = account.read(one, two, three)
    assert [(answer.asked, answer.exists, answer.record and answer.record.id) for answer in answers] == [
        (id, Exists.EXISTS, one) for id in (one, two, three)
    ]
    assert set(answers[0].absorbed) == {two, three}


def test_merged_id_that_the_survivor_does_not_name_is_asked_for_alone(account: Account):
    """[K] The list of absorbed ids may be cut or empty: silence about an id proves nothing."""
    one, two = account.people(2)
    survivor = account.hubspot.merge("contacts", one, two)
    account.hubspot.edit("contacts", survivor, {"hs_merged_object_ids": ""})
    account.bill()
    answers = account.read(one, two)
    assert [answer.record.id for answer in answers if answer.record] == [survivor, survivor]
    assert account.bill() == {"read": 1, "read one": 2}


def test_merged_ids_lead_to_the_survivor_though_a_batch_says_that_they_are_not_there(account: Account):
    """What was merged must never be taken for deleted: its partner would follow."""
    account.hubspot.change(otherwise=["merged-ids-end"])
    one, two, kept, archived = account.people(4)
    account.hubspot.archive("contacts", archived)
    survivor = account.hubspot.merge("contacts", one, two)
    answers = account.read(one, two, kept, archived, "999999")
    assert [(answer.exists, answer.record and answer.record.id) for answer in answers] == [
        (Exists.EXISTS, survivor),
        (Exists.EXISTS, survivor),
        (Exists.EXISTS, kept),
        (Exists.ARCHIVED, None),
        (Exists.MISSING, None),
    ]
    assert account.bill() == {"read": 1, "read archived": 1, "read one": 3}


def test_merged_ids_are_archived_once_their_survivor_is(account: Account):
    one, two = account.people(2)
    account.hubspot.archive("contacts", account.hubspot.merge("contacts", one, two))
    assert [answer.exists for answer in account.read(one, two)] == [Exists.ARCHIVED, Exists.ARCHIVED]


def test_ids_asked_twice_are_answered_twice(account: Account):
    one, two = account.people(2)
    assert [answer.asked for answer in account.read(one, two, one)] == [one, two, one]


def test_id_that_cannot_be_one_of_hubspots_is_not_sent(account: Account):
    (id,) = account.people(1)
    *none, there = account.read("not/an?id", "9" * 20, "0", id)
    assert {(each.exists, each.problem) for each in none} == {(Exists.UNKNOWN, "This is not an id of HubSpot.")}
    assert there.exists is Exists.EXISTS


def test_every_asked_field_is_in_the_answer(account: Account):
    (id,) = account.people(1)
    (answer,) = account.read(id, fields=["lastname", "phone", "interests"])
    assert answer.record is not None
    assert answer.record.values == {"lastname": "P0", "phone": None, "interests": None}


def test_deleted_property_is_not_taken_for_blank(account: Account):
    account.define("size")
    (id,) = account.people(1, size="XL")
    account.define("size", archived=True)
    with pytest.raises(UnknownField, match='no field "size" in contacts'):
        account.read(id, fields=["lastname", "size"])
    with pytest.raises(UnknownField):
        account.pages(fields=["size"])


@pytest.mark.parametrize("kinds", [("500", "timeout-before", "half-batch", "429"), ("423", "477", "502", "504")])
def test_faults_in_a_read_do_not_show(account: Account, kinds: tuple[str, ...]):
    ids = account.people(3)
    for kind in kinds:
        account.hubspot.fault(kind)
    assert [answer.exists for answer in account.read(*ids)] == [Exists.EXISTS] * 3


def test_read_gives_up_in_the_end(account: Account):
    (id,) = account.people(1)
    account.hubspot.fault("timeout-before", times=5)
    with pytest.raises(AppUnreachable):
        account.read(id)
    assert account.hubspot.faults_waiting() == 0


# --- looking up ---------------------------------------------------------------------------------------


def test_address_is_found_whatever_its_case(account: Account):
    (id,) = account.hubspot.seed("contacts", [{"email": "Ann@Example.com"}])
    found = account.connector.find("contacts", "email", [" ANN@example.COM", "ann@example.com", "", "bob@example.com"])
    assert found == {" ANN@example.COM": [id], "ann@example.com": [id]}


def test_look_up_sees_what_search_does_not_yet(account: Account):
    id = account.hubspot.create("contacts", {"email": "new@example.com"})
    assert account.connector.find("contacts", "email", ["new@example.com"]) == {"new@example.com": [id]}


def test_further_addresses_find_their_contact(account: Account):
    one, two, three = account.people(3)
    survivor = account.hubspot.merge("contacts", one, two)
    asked = ["P1@example.com", "p2@example.com", "p0@example.com", "nobody@example.com"]
    account.connector.fields("contacts")
    account.bill()
    found = account.connector.find("contacts", "email", asked)
    assert found == {"P1@example.com": [survivor], "p2@example.com": [three], "p0@example.com": [survivor]}
    assert account.bill() == {"find": 1}


def test_further_addresses_are_read_and_listed_one_by_one(account: Account):
    one, two, three = account.people(3)
    survivor = account.hubspot.merge("contacts", one, two)
    wanted = {survivor: ["p1@example.com"], three: None}
    read = account.read(survivor, three, fields=(OTHER_EMAILS,))
    assert {each.asked: each.record and each.record.values[OTHER_EMAILS] for each in read} == wanted
    listed = [each.record for page in account.pages(fields=(OTHER_EMAILS,)) for each in page.seen]
    assert {each.id: each.values[OTHER_EMAILS] for each in listed} == wanted


def test_row_that_does_not_show_why_it_was_found_is_asked_for_alone(account: Account):
    one, two, three = account.people(3)
    survivor = account.hubspot.merge("contacts", one, two)
    account.define("hs_additional_emails", archived=True)
    found = account.connector.find("contacts", "email", ["p1@example.com", "p2@example.com"])
    assert found == {"p1@example.com": [survivor], "p2@example.com": [three]}


def test_archived_contacts_hold_nothing(account: Account):
    (id,) = account.people(1)
    account.hubspot.archive("contacts", id)
    assert account.connector.find("contacts", "email", ["p0@example.com"]) == {}


def test_own_unique_property_is_looked_up_and_others_are_not(account: Account):
    account.define("customer_number", unique=True)
    one, two = account.hubspot.seed("contacts", [{"customer_number": "A1"}, {"customer_number": "A2"}])
    assert account.connector.find("contacts", "customer_number", ["A2", "A1", "A3"]) == {"A1": [one], "A2": [two]}
    assert account.connector.find("contacts", "lastname", ["P0"]) == {}
    assert account.connector.find("contacts", "", ["mark"]) == {}


def test_value_that_hubspot_refuses_is_found_nowhere(account: Account):
    """[K] A look-up may be refused for one malformed address; it must not hide the others."""
    ids = account.people(4)
    account.hubspot.fault("400", times=3, match="batch/read")
    values = [f"p{number}@example.com" for number in range(4)]
    found = account.connector.find("contacts", "email", values)
    assert found == {values[1]: [ids[1]], values[2]: [ids[2]], values[3]: [ids[3]]}
