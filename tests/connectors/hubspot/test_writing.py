"""Every item has its result: refusals row by row, batches that fail as a whole, answers that never come."""

from typing import Any

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind
from bothways.connectors.hubspot.facts import MARKER, OTHER_EMAILS
from bothways.errors import AppUnreachable, CredentialsRefused, ObjectGone, PermissionMissing
from bothways.records import Ref
from tests.connectors.hubspot.account import Account, unlimited


def outcomes(results: Any) -> list[str]:
    return [result.outcome.value for result in results]


def contact(account: Account, id: str) -> dict[str, Any]:
    record = account.hubspot.get("contacts", id)
    assert record is not None
    return record["properties"]


# --- what is stored -----------------------------------------------------------------------------------


def test_answer_shows_what_is_stored(account: Account):
    (made,) = account.create({"email": " Ann@Example.COM", "loyalty_points": 12.0, "newsletter": True})
    assert made.outcome is Outcome.DONE
    assert made.record is not None
    assert made.record.values == {
        "email": "ann@example.com",
        "loyalty_points": "12",
        "newsletter": "true",
    }


def test_nothing_clears_a_property(account: Account):
    (id,) = account.people(1, phone="1")
    account.update({id: {"phone": None}})
    assert "phone" not in contact(account, id)


@pytest.mark.parametrize("value", [["books", "music"], "books;music", ";books;music", [None, "books", " ", "music"]])
def test_choices_replace_what_was_chosen(account: Account, value: Any):
    """A text that begins with ";" would add to what is there, and more so every time."""
    (id,) = account.people(1, interests="sport")
    assert outcomes(account.update({id: {"interests": value}})) == ["done"]
    assert contact(account, id)["interests"] == "books;music"


def test_results_come_in_the_order_of_the_items(account: Account):
    """HubSpot answers rows in an order of its own."""
    results = account.create(*({"lastname": f"N{number}"} for number in range(50)))
    assert [result.key for result in results] == [f"c{number}" for number in range(50)]
    assert [result.record.values["lastname"] for result in results if result.record] == [f"N{n}" for n in range(50)]


def test_archiving_puts_into_the_recycle_bin(account: Account):
    ids = account.people(3)
    items = [WriteItem(id, WriteKind.ARCHIVE, ref=Ref(id)) for id in ids[:2]]
    assert outcomes(account.connector.write("contacts", items)) == ["done", "done"]
    assert list(account.hubspot.records("contacts")) == [ids[2]]
    archived = account.hubspot.get("contacts", ids[0])
    assert archived is not None
    assert archived["archived"]


def test_nothing_to_write_is_no_call(account: Account):
    assert account.connector.write("contacts", []) == []
    assert account.bill() == {}


def test_marker_is_written_with_creates_alone():
    with unlimited() as hubspot:
        account = Account(hubspot, {"marker_property": MARKER})
        account.define(MARKER, unique=True)
        item = WriteItem("k", WriteKind.CREATE, {"lastname": "N"}, marker="m-1")
        (made,) = account.connector.write("contacts", [item])
        assert made.record is not None
        assert contact(account, made.record.id)[MARKER] == "m-1"
        assert account.connector.find("contacts", "", ["m-1", "m-2"]) == {"m-1": [made.record.id]}
        (again,) = account.connector.write("contacts", [item])
        assert again.outcome is Outcome.REFUSED


# --- refusals -----------------------------------------------------------------------------------------


def test_taken_address_tells_who_holds_it(account: Account):
    (id,) = account.people(1)
    results = account.create({"email": "P0@example.com"}, {"email": "free@example.com"})
    assert outcomes(results) == ["duplicate", "done"]
    assert (results[0].existing_id, results[0].fields) == (id, ("email",))


def test_further_address_of_a_contact_is_taken_too(account: Account):
    one, two = account.people(2)
    survivor = account.hubspot.merge("contacts", one, two)
    (result,) = account.create({"email": "p1@example.com"})
    assert (result.outcome, result.existing_id) == (Outcome.DUPLICATE, survivor)


def test_update_to_a_taken_address_names_the_field(account: Account):
    one, two = account.people(2)
    (result,) = account.update({two: {"email": "p0@example.com", "lastname": "N"}})
    assert (result.outcome, result.fields, result.existing_id) == (Outcome.REFUSED, ("email",), None)
    assert one in result.message
    assert contact(account, two)["lastname"] == "P1"


def test_update_to_a_further_address_of_another_contact_names_the_field(account: Account):
    one, two, three = account.people(3)
    survivor = account.hubspot.merge("contacts", one, two)
    (result,) = account.update({three: {"email": "P1@example.com", "lastname": "N"}})
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("email",))
    assert survivor in result.message
    assert contact(account, three)["email"] == "p2@example.com"


def test_further_address_of_a_contact_can_become_its_main_one(account: Account):
    survivor = account.hubspot.merge("contacts", *account.people(2))
    (result,) = account.update({survivor: {"email": "p1@example.com"}})
    assert result.outcome is Outcome.DONE
    (read,) = account.read(survivor, fields=("email", OTHER_EMAILS))
    assert read.record is not None
    assert read.record.values == {"email": "p1@example.com", OTHER_EMAILS: None}
    assert account.connector.find("contacts", "email", ["p1@example.com"]) == {"p1@example.com": [survivor]}


def test_further_addresses_are_written_where_the_account_lets_them_be(account: Account):
    account.define(OTHER_EMAILS)
    (id,) = account.people(1)
    (result,) = account.update({id: {OTHER_EMAILS: ["a@example.com", "b@example.com"]}})
    assert result.record is not None
    assert result.record.values == {OTHER_EMAILS: ["a@example.com", "b@example.com"]}
    assert contact(account, id)[OTHER_EMAILS] == "a@example.com;b@example.com"
    account.update({id: {OTHER_EMAILS: None}})
    assert not contact(account, id).get(OTHER_EMAILS)


def test_new_record_is_not_made_without_a_unique_value_that_another_one_has(account: Account):
    """Whoever has it is perhaps the same: without it, a second record would be made."""
    account.define("customer", unique=True)
    one, two = account.people(2)
    account.update({one: {"customer": "A"}})
    made, other = account.create({"lastname": "N", "customer": "A"}, {"lastname": "M", "customer": "B"})
    assert (made.outcome, made.fields, other.outcome) == (Outcome.REFUSED, (), Outcome.DONE)
    assert made.message == f'"customer" must be unique: {one} already has that value.'
    (changed,) = account.update({two: {"customer": "A", "phone": "1"}})
    assert (changed.outcome, changed.fields) == (Outcome.REFUSED, ("customer",))


def test_new_record_is_not_made_without_a_unique_value_that_is_refused_for_another_reason(account: Account):
    account.define("customer", unique=True)
    account.hubspot.set_rule("contacts", "customer", "MAX_LENGTH", ["3"])
    bad = {"lastname": "N", "customer": "ABCD", "loyalty_points": "x"}
    unique, plain = account.create(bad, {**bad, "customer": "A"})
    assert (unique.outcome, unique.fields) == (Outcome.REFUSED, ())
    assert (plain.outcome, plain.fields) == (Outcome.REFUSED, ("loyalty_points",))


def test_refused_values_name_their_fields_in_words(account: Account):
    ids = account.people(3)
    results = account.update(
        {
            ids[0]: {"loyalty_points": "many", "birthday": "soon", "lastname": "N"},
            ids[1]: {"lastname": "N"},
            ids[2]: {"hs_lead_status": "NO SUCH", "email": "no address"},
        }
    )
    assert outcomes(results) == ["refused", "done", "refused"]
    assert results[0].fields == ("loyalty_points", "birthday")
    assert results[0].message.startswith("many was not a valid number.; soon was not a valid date")
    assert set(results[2].fields) == {"hs_lead_status", "email"}
    assert "{" not in results[2].message


def test_rows_are_refused_alone_and_nothing_is_written_again(account: Account):
    ids = account.people(100)
    account.hubspot.archive("contacts", ids[7])
    results = account.update({id: {"loyalty_points": "x" if id == ids[3] else "5"} for id in ids})
    assert outcomes(results) == ["gone" if n == 7 else "refused" if n == 3 else "done" for n in range(100)]
    assert account.bill() == {"update": 1, "rules": 1}


def test_update_of_a_merged_record_reaches_the_survivor(account: Account):
    one, two = account.people(2)
    survivor = account.hubspot.merge("contacts", one, two)
    (result,) = account.update({one: {"phone": "1"}})
    assert result.outcome is Outcome.DONE
    assert result.record is not None
    assert result.record.id == survivor


def test_two_ids_of_one_merged_record_in_a_batch(account: Account):
    """HubSpot refuses such a batch as a whole; halved, both are written."""
    one, two, other = account.people(3)
    account.hubspot.merge("contacts", one, two)
    results = account.update({one: {"phone": "1"}, other: {"phone": "2"}, two: {"fax": "3"}})
    assert outcomes(results) == ["done"] * 3


def test_lifecycle_stage_that_would_go_back_is_named(account: Account):
    customer, lead = account.hubspot.seed(
        "contacts", [{"lastname": "A", "lifecyclestage": "customer"}, {"lastname": "B", "lifecyclestage": "lead"}]
    )
    back, on = account.update(
        {
            customer: {"lifecyclestage": "lead", "lastname": "C"},
            lead: {"lifecyclestage": "customer"},
        }
    )
    assert (back.outcome, back.fields) == (Outcome.DONE, ("lifecyclestage",))
    assert "only moves forward" in back.message
    assert back.record is not None
    assert back.record.values == {"lifecyclestage": "customer", "lastname": "C"}
    assert (on.fields, on.message) == ((), "")


def test_lifecycle_stage_goes_back_after_it_was_cleared(account: Account):
    (id,) = account.people(1, lifecyclestage="customer")
    for value in (None, "lead"):
        (result,) = account.update({id: {"lifecyclestage": value}})
        assert (result.outcome, result.fields) == (Outcome.DONE, ())
    assert contact(account, id)["lifecyclestage"] == "lead"


# --- batches that fail as a whole -----------------------------------------------------------------------


def test_batch_refused_as_a_whole_is_halved(account: Account):
    """Of 8 rows, the batch, its first half and the first quarter are refused whatever is in them."""
    account.hubspot.fault("400", times=3, match="batch/create")
    results = account.create(*({"lastname": f"N{number}"} for number in range(8)))
    assert outcomes(results) == ["done"] * 8
    assert account.bill() == {"create": 7}


def test_one_conflict_that_refuses_a_whole_batch_is_found(account: Account):
    """Where traces do not help, log2 n halvings find the row, and every other row is written once."""
    (id,) = account.people(1)
    account.hubspot.change(report_rows=False)
    results = account.create(*({"email": f"p{number}@example.com"} for number in range(64)))
    assert outcomes(results) == ["duplicate"] + ["done"] * 63
    assert results[0].existing_id == id
    assert account.bill() == {"create": 13}
    assert len(account.hubspot.records("contacts")) == 64


def test_missing_object_stops_the_sync(account: Account):
    account.hubspot.fault("404")
    with pytest.raises(ObjectGone):
        account.create({"lastname": "N"})


@pytest.mark.parametrize(("kind", "error"), [("401", CredentialsRefused), ("403", PermissionMissing)])
def test_refused_access_is_raised_while_nothing_is_written(account: Account, kind: str, error: type[Exception]):
    account.hubspot.fault(kind)
    with pytest.raises(error):
        account.create({"lastname": "N"})


def test_access_lost_half_way_leaves_the_rest_for_later(account: Account):
    account.hubspot.fault("400", match="batch/create")
    account.hubspot.fault("slow", seconds=0, match="batch/create")
    account.hubspot.fault("401", match="batch/create")
    results = account.create(*({"lastname": f"N{number}"} for number in range(4)))
    assert outcomes(results) == ["done", "done", "later", "later"]
    assert len(account.hubspot.records("contacts")) == 2


def test_access_lost_before_anything_was_written_is_raised(account: Account):
    account.hubspot.fault("400", times=2, match="batch/create")
    account.hubspot.fault("401", match="batch/create")
    with pytest.raises(CredentialsRefused):
        account.create({"lastname": "N"}, {"lastname": "M"})


# --- answers that never come ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "landed"),
    [
        ("timeout-before", {}, 0),
        ("timeout-after-commit", {}, 6),
        ("half-batch", {}, 3),
        ("500", {}, 0),
        ("502", {"commit": True}, 6),
        ("garbage", {}, 0),
    ],
)
def test_batch_without_an_answer_is_unknown_and_not_sent_again(
    account: Account, kind: str, options: dict[str, Any], landed: int
):
    account.hubspot.fault(kind, **options)
    results = account.create(*({"email": f"n{number}@example.com"} for number in range(6)))
    assert outcomes(results) == ["unknown"] * 6
    assert account.bill() == {"create": 1}
    assert len(account.hubspot.records("contacts")) == landed


def test_unknown_creates_are_found_by_their_address_at_once(account: Account):
    account.hubspot.fault("half-batch")
    values = [f"n{number}@example.com" for number in range(6)]
    account.create(*({"email": value} for value in values))
    assert set(account.connector.find("contacts", "email", values)) == set(values[:3])


@pytest.mark.parametrize("kind", ["423", "477"])
def test_locked_account_is_left_for_later(account: Account, kind: str):
    account.hubspot.fault(kind)
    assert outcomes(account.create({"lastname": "N"})) == ["later"]
    assert account.hubspot.records("contacts") == {}


def test_storm_of_refusals_leaves_writes_for_later(account: Account):
    account.hubspot.fault("429", times=100)
    assert outcomes(account.create({"lastname": "N"}, {"lastname": "M"})) == ["later", "later"]
    assert account.hubspot.records("contacts") == {}


def test_short_storm_is_waited_out(account: Account):
    account.hubspot.fault("429", times=3, retry_after=7)
    began = account.hubspot.now()
    assert outcomes(account.create({"lastname": "N"})) == ["done"]
    assert account.hubspot.now() - began >= 21


def test_no_connection_is_raised(account: Account):
    account.hubspot.close()
    with pytest.raises(AppUnreachable):
        account.create({"lastname": "N"})


# --- rows without traces -----------------------------------------------------------------------------------


def test_creates_are_told_apart_by_their_values_if_rows_have_no_traces():
    with unlimited(echo_traces=False) as hubspot:
        account = Account(hubspot)
        results = account.create(*({"email": f"N{n}@Example.com", "newsletter": True} for n in range(10)))
        assert outcomes(results) == ["done"] * 10
        shown = [result.record.values["email"] for result in results if result.record]
        assert shown == [f"n{n}@example.com" for n in range(10)]


def test_creates_that_look_alike_are_unknown_without_traces():
    with unlimited(echo_traces=False) as hubspot:
        account = Account(hubspot)
        results = account.create({"lastname": "Same"}, {"lastname": "Same"}, {"lastname": "Other"})
        assert outcomes(results) == ["unknown", "unknown", "done"]


def test_updates_are_told_apart_by_their_ids_without_traces():
    with unlimited(echo_traces=False) as hubspot:
        account = Account(hubspot)
        ids = account.people(5)
        results = account.update({id: {"lastname": f"N{id}"} for id in ids})
        assert [result.record.id for result in results if result.record] == ids
