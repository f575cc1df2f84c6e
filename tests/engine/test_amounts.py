"""An amount waits for its currency: alone, it would be as much of another one."""

from collections.abc import Mapping

from bothways.engine.decided import Decided
from bothways.engine.field_state import Known
from bothways.engine.plan import Action, Pair, plan_linked, plan_unlinked
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Option, Record, Value
from tests.engine.support import NAME, NOW, PLAIN, L, R, spec

AMOUNT = Field("amount", FieldType.NUMBER, "Amount", meaning="price")
UNIT = Field("unit", label="Unit", meaning="priceCurrency")
EUROS = Field("currency", FieldType.CHOICE, "Currency", meaning="priceCurrency", options=(Option("EUR", "EUR"),))
SETTINGS = spec(PLAIN, FieldMap(AMOUNT, AMOUNT), FieldMap(UNIT, EUROS))

HELD = "Bert does not take it: it waits for Currency"


def linked(left: Mapping[str, Value], right: Mapping[str, Value], was: Mapping[str, Value]) -> Action:
    """Return the action for a pair that held the same before."""
    shadows = {
        side: {each.key: Known(was.get(each.left.name)) for each in SETTINGS.fields if each.left.name in was}
        for side in SIDES
    }
    return plan_linked(SETTINGS, Pair({L: Record("l", left), R: Record("r", right)}, shadows), Facts(linked=True), NOW)


def told(action: Action) -> dict[str, tuple[Side | None, Value, str]]:
    return {each.mapping.left.name: (each.write, each.value, each.hold) for each in action.fields}


def test_new_record_gets_no_amount_in_a_currency_that_the_other_app_has_not() -> None:
    record = Record("1", {"name": "Chairs", "amount": "1000", "unit": "USD"})
    action = plan_unlinked(SETTINGS, L, Pair({L: record, R: None}), Facts(), NOW)
    found = told(action)
    assert (action.kind, found["name"], found["amount"]) == (
        ActionKind.CREATE,
        (R, "Chairs", ""),
        (None, None, HELD),
    )
    assert found["unit"][2]


def test_amount_of_a_currency_that_is_held_waits_with_it_and_all_else_is_written() -> None:
    before = {"name": "Chairs", "amount": "5", "unit": "EUR"}
    there = {"name": "Chairs", "amount": "5", "currency": "EUR"}
    found = told(linked({"name": "Tables", "amount": "7", "unit": "USD"}, there, before))
    assert (found["name"], found["amount"]) == ((R, "Tables", ""), (None, None, HELD))


def test_amount_goes_with_a_currency_that_is_written_or_the_same() -> None:
    before = {"name": "Chairs", "amount": "5", "unit": "EUR"}
    there = {"name": "Chairs", "amount": "5", "currency": "EUR"}
    assert told(linked({**before, "amount": "7"}, there, before))["amount"] == (R, "7", "")
    new = plan_unlinked(SETTINGS, L, Pair({L: Record("1", before), R: None}), Facts(), NOW)
    assert (told(new)["amount"], told(new)["unit"]) == ((R, "5", ""), (R, "EUR", ""))


def test_amount_that_a_person_has_decided_is_written() -> None:
    records = {
        L: Record("l", {"name": "Chairs", "amount": "7", "unit": "USD"}),
        R: Record("r", {"name": "Chairs", "amount": "5", "currency": "EUR"}),
    }
    decided = {"amount=amount": Decided({L: "7", R: "5"}, {R: "7"}, "take Anna's")}
    action = plan_linked(SETTINGS, Pair(records, decided=decided), Facts(linked=True), NOW)
    assert told(action)["amount"] == (R, "7", "")


def test_what_is_no_amount_waits_for_no_currency() -> None:
    assert NAME.meaning is None
    before = {"name": "Chairs", "unit": "EUR"}
    there = {"name": "Chairs", "currency": "EUR"}
    assert told(linked({"name": "Tables", "unit": "USD"}, there, before))["name"] == (R, "Tables", "")
