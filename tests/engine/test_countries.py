"""The country of national phone numbers: the record's own first, else that of its account, and none is guessed."""

from collections.abc import Mapping
from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.engine.countries import read_there
from bothways.engine.field_state import Known
from bothways.engine.keys import keys_of, own_country, part_of, slot_of
from bothways.engine.plan import Action, Pair, plan_linked, plan_unlinked
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Record, Value
from tests.engine.support import NOW, L, R, spec

PHONE = Field("phone", FieldType.PHONE, countries=("country",))
MAPPED = FieldMap(PHONE, PHONE)
CLEANED = replace(MAPPED, clean=("phone_e164",))

NUMBERS = ("+442079460018", "+14155552671", "+33612345678", "+390612345678", "+493012345678", "+41446681800")
COUNTRIES = st.sampled_from((None, "GB", "US", "FR", "IT", "DE", "CH"))
NAMES = st.sampled_from((None, "", "nowhere", "GB", "USA", "Frankreich", "Italia", "Deutschland", "ch"))
TEXTS = st.sampled_from(
    ("020 7946 0018", "(415) 555-2671", "06 12 34 56 78", "06 1234 5678", "030 12345678", *NUMBERS, "12", "n/a")
)
MANY = settings(max_examples=400)


def mapping(left: str | None, right: str | None, clean: bool = False) -> FieldMap:
    """Return the mapping of phone numbers between accounts of these countries."""
    return replace(CLEANED if clean else MAPPED, left=replace(PHONE, region=left), right=replace(PHONE, region=right))


def record(phone: Value, country: Value = None) -> Mapping[str, Value]:
    return {"phone": phone, "country": country}


def planned(each: FieldMap, left: Mapping[str, Value], right: Mapping[str, Value], *seen: Value) -> Action:
    """Plan a linked pair; ``seen`` are the numbers last seen, none at a first link."""
    shadows = {side: {each.key: Known(value)} for side, value in zip(SIDES, seen, strict=False)}
    pair = Pair({L: Record("l", left), R: Record("r", right)}, {side: shadows.get(side, {}) for side in SIDES})
    return plan_linked(spec(each), pair, Facts(linked=True), NOW)


def run(
    each: FieldMap, held: dict[Side, Mapping[str, Value]], seen: tuple[Value, ...]
) -> tuple[Action, tuple[Value, ...]]:
    """Plan a pair and carry that out in ``held``; return the action and what is known from then on."""
    action = planned(each, held[L], held[R], *seen)
    known = dict(zip(SIDES, seen, strict=False))
    for decision in action.fields:
        known |= {side: shadow.value for side, shadow in (decision.seen or {}).items()}
        if decision.write:
            held[decision.write] = {**held[decision.write], "phone": decision.value}
            known[decision.write] = decision.value
    return action, tuple(known[side] for side in SIDES)


# --- which country ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "country"),
    [
        ({"country": "Deutschland"}, "DE"),
        ({"country": "de", "work": "Germany"}, "DE"),
        ({"country": "", "work": "Germany"}, "DE"),
        ({"country": "nowhere", "work": "Germany"}, "DE"),
        ({"country": "Austria", "work": "Germany"}, None),
        ({"country": "nowhere"}, None),
        ({"country": None}, None),
        ({"country": ["DE"]}, None),
        ({"country": 49}, None),
        ({}, None),
    ],
)
def test_record_names_one_country_or_none(values: dict[str, Value], country: str | None) -> None:
    assert own_country(("country", "work"), values) == country


@pytest.mark.parametrize(
    ("account", "country", "keys"),
    [
        ("GB", None, ["+442079460018"]),
        (None, "United Kingdom", ["+442079460018"]),
        ("US", "United Kingdom", ["+442079460018"]),
        ("GB", "nowhere", ["+442079460018"]),
        ("GB", "USA", []),
        (None, None, []),
        (None, "nowhere", []),
    ],
)
def test_key_is_read_in_the_country_of_the_record_else_of_the_account_else_there_is_none(
    account: str | None, country: str | None, keys: list[str]
) -> None:
    part = part_of("phone", [replace(PHONE, region=account)])
    assert keys_of((part,), record("020 7946 0018", country)) == keys
    assert keys_of((part.plain(),), record("020 7946 0018", country)) == keys, "as it is kept in the database"


def test_number_in_international_form_needs_no_country_and_obeys_none() -> None:
    part = part_of("phone", [replace(PHONE, region="US")])
    assert keys_of((part,), record("+44 20 7946 0018", "Deutschland")) == ["+442079460018"]


def test_slot_says_by_which_countries_its_keys_are_made() -> None:
    both = part_of("phone", [replace(PHONE, region="GB")])
    assert slot_of((both,)) == "phone:phone@(country)@GB"
    assert slot_of((part_of("phone", [PHONE]),)) == "phone:phone@(country)"
    assert slot_of((part_of("text", [replace(PHONE, region="GB")]),)) == "text:phone"
    assert part_of("phone", [Field("phone")]).plain() == ["phone", ["phone"], None]


def test_mapping_without_any_country_in_play_is_left_as_it_is() -> None:
    plain = FieldMap(Field("phone", FieldType.PHONE, region="GB"), Field("phone", FieldType.PHONE))
    assert read_there(plain, {L: record("1", "DE"), R: record("1", "FR")}) is plain
    assert read_there(MAPPED, {L: record("1"), R: None}) is MAPPED
    there = read_there(mapping("GB", "US"), {L: record("1", "Deutschland"), R: record("1", "USA")})
    assert (there.left.region, there.right.region, there.key) == ("DE", "US", "phone=phone")


# --- values -------------------------------------------------------------------------------------------


def test_number_that_is_written_cleaned_is_in_the_country_of_its_record() -> None:
    new = record("030 12345678", "Deutschland")
    for account in (None, "US", "DE"):
        settings_ = SyncSpec({L: "Anna", R: "Bert"}, (mapping(account, "GB", clean=True),))
        pair = Pair({L: Record("l", new), R: None})
        action = plan_unlinked(settings_, L, pair, Facts(), NOW)
        assert [(each.write, each.value) for each in action.fields] == [(R, "+493012345678")]
        action = planned(mapping(account, "GB", clean=True), new, record(None), None, None)
        assert [(each.write, each.value) for each in action.fields] == [(R, "+493012345678")]


def test_national_and_international_form_of_one_number_are_no_difference() -> None:
    left, right = record("030 12345678", "Deutschland"), record("+49 30 12345678", "Schweiz")
    for clean in (False, True):
        assert planned(mapping(None, "US", clean), left, right).kind is ActionKind.NONE
        assert planned(mapping(None, "US", clean), left, right).fields[0].rule == "F1"
    assert planned(mapping(None, None), record("030 12345678"), right).writes == (R,), "no country is known"


def test_another_country_of_the_record_alone_changes_no_number() -> None:
    each = mapping(None, None, clean=True)
    held: dict[Side, Mapping[str, Value]] = {L: record("030 12345678", "DE"), R: record(None)}
    _, seen = run(each, held, (None, None))
    assert held[R]["phone"] == "+493012345678"
    held[L] = {**held[L], "country": "FR"}
    action, _ = run(each, held, seen)
    assert (action.kind, action.fields[0].rule) == (ActionKind.NONE, "F0")


def national(number: str, country: str | None) -> str:
    """Return a number as it is written in a country: its own in national form, others in international form."""
    parsed = phonenumbers.parse(number, None)
    home = phonenumbers.region_code_for_number(parsed) == country
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


@MANY
@given(st.sampled_from(NUMBERS), COUNTRIES, COUNTRIES, COUNTRIES, COUNTRIES, st.booleans())
def test_one_number_written_as_each_side_writes_it_is_never_a_write(
    number: str, left: str | None, right: str | None, own: str | None, there: str | None, clean: bool
) -> None:
    one, other = record(national(number, own or left), own), record(national(number, there or right), there)
    assert not planned(mapping(left, right, clean), one, other).writes


@MANY
@given(TEXTS, TEXTS, NAMES, NAMES, COUNTRIES, COUNTRIES, st.booleans())
def test_after_one_write_nothing_is_written_again_whatever_the_countries(
    left: str, right: str, own: str | None, there: str | None, at_left: str | None, at_right: str | None, clean: bool
) -> None:
    each = mapping(at_left, at_right, clean)
    held: dict[Side, Mapping[str, Value]] = {L: record(left, own), R: record(right, there)}
    _, seen = run(each, held, ())
    for _ in range(3):
        action, seen = run(each, held, seen)
        assert not action.writes
    assert not planned(each, held[L], held[R]).writes, "nor when nothing is known of them any more"


@MANY
@given(TEXTS, TEXTS, NAMES, NAMES, COUNTRIES, COUNTRIES, st.booleans())
def test_new_country_of_an_account_or_a_record_writes_nothing_by_itself(
    left: str, right: str, before: str | None, after: str | None, was: str | None, now: str | None, clean: bool
) -> None:
    held: dict[Side, Mapping[str, Value]] = {L: record(left, before), R: record(right)}
    _, seen = run(mapping(was, None, clean), held, ())
    held[L] = {**held[L], "country": after}
    assert not planned(mapping(now, None, clean), held[L], held[R], *seen).writes
