"""Rules that administrators set: shown with the fields, and told in words when a write is refused by one."""

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.connectors.hubspot import rules
from bothways.connectors.hubspot.problems import problem_of
from bothways.records import Ref, Value
from tests.connectors.hubspot.account import Account

TRIGGERED = 'rejected by rule "conditionally required property": "city" must have a value with this value of "industry"'


def fields(account: Account, object: str = "contacts"):
    return {each.name: each for each in account.connector.fields(object)}


def update(account: Account, id: str, **values: Value) -> WriteResult:
    (result,) = account.update({id: values})
    return result


def test_rules_are_told_with_the_fields_in_words(account: Account):
    account.hubspot.set_rule("contacts", "jobtitle", "MAX_LENGTH", ["40"])
    account.hubspot.set_rule("contacts", "jobtitle", "WHITESPACE", ["TRIM"])
    assert fields(account)["jobtitle"].max_length == 65536, "nothing is cut for a rule"
    account.bill()
    for _ in range(2):
        assert account.connector.rules("contacts") == {"jobtitle": "at most 40 characters, no blanks at the ends"}
    assert account.bill() == {}
    assert Account(account.hubspot).connector.rules("contacts").keys() == {"jobtitle"}


def test_rules_that_may_not_be_read_are_none(account: Account):
    account.hubspot.fault("403", match="property-validations")
    account.hubspot.set_rule("contacts", "jobtitle", "MAX_LENGTH", ["40"])
    assert fields(account)["jobtitle"].read_only is False
    assert account.connector.rules("contacts") == {}


def test_a_value_that_a_rule_refuses_is_told_with_the_rule(account: Account):
    account.hubspot.set_rule("contacts", "zip", "ALPHANUMERIC", ["NUMERIC_ONLY"])
    account.hubspot.set_rule("contacts", "zip", "MAX_LENGTH", ["5"])
    (id,) = account.people(1)
    fields(account)
    account.bill()
    result = update(account, id, zip="1000 Bern")
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("zip",))
    assert result.message == 'rejected by rule ("zip": only digits, at most 5 characters): Enter only letters'
    assert account.bill() == {"update": 1}


def test_a_rule_that_was_made_since_or_never_read_is_told_as_well(account: Account):
    (id,) = account.people(1)
    fields(account)
    account.hubspot.set_rule("contacts", "zip", "MAX_LENGTH", ["5"])
    account.bill()
    for connected in (account, Account(account.hubspot)):
        connected.hubspot.advance(rules.KEPT)
        for _ in range(2):
            (result,) = connected.update({id: {"zip": "1000 Bern"}})
            assert result.message.startswith('rejected by rule ("zip": at most 5 characters): ')
        bill = connected.bill()
        assert (bill["update"], bill["rules"]) == (2, 1)


def test_a_refused_address_is_not_told_with_its_rules(account: Account):
    """Whoever has it already is what is told."""
    account.hubspot.set_rule("contacts", "email", "MAX_LENGTH", ["40"])
    _, two = account.people(2)
    (result,) = Account(account.hubspot).update({two: {"email": "p0@example.com"}})
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("email",))
    assert "rule" not in result.message


def test_a_value_that_no_rule_refuses_is_told_without_one(account: Account):
    account.hubspot.set_rule("contacts", "zip", "MAX_LENGTH", ["5"])
    (id,) = account.people(1)
    fields(account)
    result = update(account, id, birthday="never")
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("birthday",))
    assert "rule" not in result.message


def test_a_change_that_demands_another_value_is_refused_alone(account: Account):
    account.hubspot.require("contacts", "city", when="industry", holds="Wine")
    (id,) = account.people(1)
    result = update(account, id, industry="Wine", firstname="Ana")
    assert (result.outcome, result.fields, result.message) == (Outcome.REFUSED, ("industry",), TRIGGERED)
    assert update(account, id, firstname="Ana").outcome is Outcome.DONE


def test_taking_away_the_value_that_is_demanded_is_what_is_refused(account: Account):
    account.hubspot.require("contacts", "city", when="industry", holds="Wine")
    (id,) = account.people(1, city="Bern", industry="Wine")
    assert update(account, id, city=None).fields == ("city",)


def test_a_new_record_that_lacks_a_value_is_refused_as_a_whole(account: Account):
    account.hubspot.require("contacts", "city", when="industry", holds="Wine")
    account.hubspot.require("contacts", "jobtitle")
    one, two = account.create(
        {"lastname": "A", "industry": "Wine", "jobtitle": "Buyer"}, {"lastname": "B", "industry": "Beer"}
    )
    assert (one.outcome, one.fields, one.message) == (Outcome.REFUSED, (), TRIGGERED)
    assert (two.outcome, two.fields) == (Outcome.REFUSED, ())
    assert two.message == 'rejected by rule "required to create a record": "jobtitle" must have a value'


@pytest.mark.parametrize("traced", [True, False])
def test_one_record_that_a_rule_refuses_stops_no_other(account: Account, traced: bool):
    account.hubspot.change(report_rows=traced)
    account.hubspot.require("contacts", "city", when="industry", holds="Wine")
    records = [{"lastname": f"N{n}", "industry": "Wine" if n == 3 else "Beer"} for n in range(8)]
    results = account.create(*records)
    assert [each.outcome for each in results] == [Outcome.REFUSED if n == 3 else Outcome.DONE for n in range(8)]
    assert results[3].message == TRIGGERED
    assert len(account.hubspot.records("contacts")) == 7


def test_who_may_not_edit_associations_is_told_so():
    body = {"status": "error", "category": "VALIDATION_ERROR", "message": "Missing 'Edit Associations' permission."}
    assert problem_of(body).message.startswith('rejected by rule "Edit Associations": ')


def test_a_full_account_is_a_plain_refusal(account: Account):
    account.hubspot.set_most("contacts", 1)
    one, two = account.create({"lastname": "A"}, {"lastname": "B"})
    assert (one.outcome, two.outcome) == (Outcome.DONE, Outcome.REFUSED)
    assert two.message == "You have reached the limit of 1 contacts"


def test_a_deal_that_is_lost_without_a_reason_waits_with_its_stage_alone(account: Account):
    account.hubspot.require("deals", "description", when="dealstage", holds="closedlost")
    deal = account.hubspot.create("deals", {"dealname": "D", "dealstage": "contractsent"})
    item = WriteItem("d", WriteKind.UPDATE, {"dealstage": "closedlost", "amount": "5"}, Ref(deal))
    (result,) = account.connector.write("deals", [item])
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("dealstage",))


WORDS = [
    ("MAX_LENGTH", ["5"], "at most 5 characters"),
    ("EMAIL_ALLOWED_DOMAINS", ["a.test", "b.test"], "an e-mail address of a.test / b.test"),
    ("REGEX", ["^x", "Must begin with x"], 'in its own words "Must begin with x"'),
    ("REGEX", ["^x"], 'the pattern "^x"'),
    ("WHITESPACE", [], "no blanks"),
    ("MIN_NUMBER", ["-5"], "at least -5"),
    ("END_DATE", ["2026-12-31"], "not after 2026-12-31"),
    ("WHITESPACE", ["TRIM"], "no blanks at the ends"),
    ("FORMAT", ["UPPER"], "capitals"),
    ("DAYS_OF_WEEK", ["MONDAY"], 'the rule "DAYS_OF_WEEK MONDAY"'),
]


@pytest.mark.parametrize(("type", "arguments", "words"), WORDS)
def test_rules_are_told_in_words(type: str, arguments: list[str], words: str):
    assert rules.words({"a": {type: arguments}}, "a") == words
