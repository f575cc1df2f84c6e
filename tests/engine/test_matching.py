"""Which records are the same thing: only what is unique on both sides, whatever the order of rows."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.engine.keys import NORMAL_FORMS, compare_for, keys_of
from bothways.engine.matching import (
    NO_MATCH,
    Candidate,
    Found,
    Group,
    Match,
    match,
    mutual,
)
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import by_field
from bothways.records import Field, FieldType, Value
from tests.engine.support import L, R

RULES = (by_field("email", "email", "mail"), by_field("phone", "phone", "tel"))
Keys = Mapping[str, tuple[str | None, str | None]]
"""Records by id ("l..." are left) with their e-mail and phone keys."""


def side_of(id: str) -> Side:
    return L if id.startswith("l") else R


def groups_of(id: str, keys: Keys, linked: frozenset[str] = frozenset()) -> list[Group]:
    """Return the groups a record is in, as the ledger yields them."""
    candidates = {
        each: Candidate(
            side_of(each), each, each in linked, frozenset((place, key) for place, key in enumerate(held) if key)
        )
        for each, held in keys.items()
    }
    return [
        Group(place, key, frozenset(candidates[each] for each, held in keys.items() if held[place] == key))
        for place, key in enumerate(keys[id])
        if key is not None
    ]


def matched(id: str, keys: Keys, linked: str = "", apart: str = "") -> Match:
    found = groups_of(id, keys, frozenset(linked.split()))
    return match(side_of(id), id, found, RULES, frozenset(apart.split()))


def test_key_unique_on_both_sides_links() -> None:
    keys = {"l1": ("a", None), "r1": ("a", None), "r2": ("b", None)}
    found = matched("l1", keys)
    assert (found.found, found.partner, found.reason) == (Found.PARTNER, "r1", "same email")
    assert matched("r1", keys).partner == "l1"
    assert matched("r1", keys).reason == "same mail", "a person reads the name of their own app's field"


def test_no_key_or_nobody_else_with_it_is_no_match() -> None:
    keys = {"l1": (None, None), "l2": ("a", "1"), "r1": (None, None)}
    assert matched("l1", keys) == NO_MATCH
    assert matched("l2", keys) == NO_MATCH


def test_several_on_the_other_side_are_held_and_named() -> None:
    keys = {"l1": ("a", None), "r2": ("a", None), "r1": ("a", None)}
    found = matched("l1", keys)
    assert (found.found, found.partner) == (Found.SEVERAL, None)
    assert [each.id for each in found.candidates] == ["r1", "r2"]
    assert found.reason == "2 possible matches by email"


def test_several_on_the_own_side_are_held_even_without_a_partner() -> None:
    keys = {"l1": ("a", None), "l2": ("a", None), "l3": ("a", None)}
    found = matched("l1", keys)
    assert found.found is Found.SEVERAL
    assert [each.id for each in found.candidates] == ["l2", "l3"]
    assert found.reason == "3 records of one app have the same email"
    assert matched("r1", {**keys, "r1": ("a", None)}).found is Found.SEVERAL


def test_only_match_that_is_linked_already_is_held() -> None:
    found = matched("l1", {"l1": ("a", None), "r1": ("a", None)}, linked="r1")
    assert (found.found, found.partner) == (Found.SEVERAL, None)
    assert found.reason == "the only match by email is linked to another record"
    assert [each.id for each in found.candidates] == ["r1"]


def test_linked_record_counts_among_several() -> None:
    keys = {"l1": ("a", None), "r1": ("a", None), "r2": ("a", None)}
    assert matched("l1", keys, linked="r1").found is Found.SEVERAL


def test_records_kept_apart_are_not_there_for_each_other() -> None:
    keys = {"l1": ("a", "1"), "r1": ("a", None), "r2": ("a", None)}
    assert matched("l1", keys, apart="r1").partner == "r2"
    assert matched("l1", keys, apart="r1 r2") == NO_MATCH
    assert matched("l1", {"l1": ("a", "1"), "r1": ("a", "1"), "r2": (None, "1")}, apart="r1").partner == "r2"


def test_first_rule_that_finds_anything_decides() -> None:
    keys = {"l1": ("a", "1"), "r1": ("a", None), "r2": (None, "1")}
    assert matched("l1", keys).partner == "r1"
    held = {**keys, "r3": ("a", None)}
    assert matched("l1", held).found is Found.SEVERAL, "a later rule does not decide what an earlier one leaves open"


def test_later_rule_links_where_an_earlier_one_finds_nobody() -> None:
    found = matched("l1", {"l1": ("a", "1"), "r1": (None, "1")})
    assert (found.partner, found.reason) == ("r1", "same phone")
    assert matched("l1", {"l1": (None, "1"), "r1": ("a", "1")}).partner == "r1"


def test_partner_with_another_key_of_an_earlier_rule_is_held() -> None:
    found = matched("l1", {"l1": ("a", "1"), "r1": ("b", "1")})
    assert (found.found, found.partner) == (Found.SEVERAL, None)
    assert found.reason == "same phone, but another email"
    assert [each.id for each in found.candidates] == ["r1"]


def test_group_without_the_record_itself_contradicts_nothing() -> None:
    """The key table can be behind the values: the record may not be listed under its own key."""
    group = Group(1, "1", frozenset({Candidate(R, "r1", keys=frozenset({(0, "b"), (1, "1")}))}))
    assert match(L, "l1", [group], RULES).partner == "r1"


# --- whatever the records are -------------------------------------------------------------------------

_keys = st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from(["1", "2", None]))
worlds = st.dictionaries(st.sampled_from(["l1", "l2", "l3", "r1", "r2", "r3"]), _keys, min_size=2)
ids = st.frozensets(st.sampled_from(["l1", "l2", "r1", "r2"]), max_size=2)


@settings(max_examples=100)
@given(worlds, ids, ids, st.randoms(use_true_random=False))
def test_order_of_groups_and_members_never_matters(
    keys: Keys, linked: frozenset[str], apart: frozenset[str], chance: object
) -> None:
    for id in keys:
        groups = groups_of(id, keys, linked)
        shuffled = [Group(g.rule, g.key, frozenset(_shuffled(g.members, chance))) for g in _shuffled(groups, chance)]
        away = frozenset(each for each in apart if side_of(each) is not side_of(id))
        assert match(side_of(id), id, groups, RULES, away) == match(side_of(id), id, shuffled, RULES, away)


def _shuffled(items: object, chance: object) -> list[object]:
    order = list(items)  # type: ignore[call-overload]
    chance.shuffle(order)  # type: ignore[attr-defined]
    return order


@settings(max_examples=100)
@given(worlds, ids)
def test_partner_is_free_unique_on_both_sides_and_contradicted_by_nothing(keys: Keys, linked: frozenset[str]) -> None:
    for id in keys:
        found = match(side_of(id), id, groups_of(id, keys, linked), RULES)
        if found.partner is None:
            assert found.found is not Found.PARTNER
            continue
        assert found.found is Found.PARTNER
        assert found.partner not in linked
        shared = [place for place in (0, 1) if keys[id][place] and keys[id][place] == keys[found.partner][place]]
        place = shared[0]
        assert [each for each in keys if keys[each][place] == keys[id][place]] in (
            [id, found.partner],
            [found.partner, id],
        )
        assert all(None in (keys[id][earlier], keys[found.partner][earlier]) for earlier in range(place))


@settings(max_examples=100)
@given(worlds)
def test_one_rule_finds_each_the_other(keys: Keys) -> None:
    one = {id: (key, None) for id, (key, _) in keys.items()}
    for id in one:
        partner = matched(id, one).partner
        assert partner is None or matched(partner, one).partner == id


# --- keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compare", "value", "key"),
    [
        ("email", '"Ann" <Ann@X.test>', "ann@x.test"),
        ("email", "not one", None),
        ("phone", "+41 44 668 18 00", "+41446681800"),
        ("phone", "044 668 18 00", None),
        ("exact", " Ab ", "Ab"),
        ("text", " Acme \t Ltd ", "acme ltd"),
        ("exact", 5, "5"),
        ("text", "Mo\u0308bel", "m\u00f6bel"),
        ("exact", "Mo\u0308bel", "M\u00f6bel"),
        *product(NORMAL_FORMS, (None, "", "  ", [], {"value": "a@x.test"}), [None]),
    ],
)
def test_key_of_a_value(compare: str, value: Value, key: str | None) -> None:
    assert keys_of([(compare, ("x",), None)], {"x": value}) == ([] if key is None else [key])


def test_form_that_suits_a_field() -> None:
    assert [compare_for(Field("x", kind)) for kind in (FieldType.EMAIL, FieldType.PHONE, FieldType.TEXT)] == [
        "email",
        "phone",
        "text",
    ]
    assert {compare_for(Field("x", kind)) for kind in FieldType} <= set(NORMAL_FORMS)


def test_sides_see_the_same_group() -> None:
    group = Group(0, "a", frozenset({Candidate(R, "r2"), Candidate(R, "r1"), Candidate(L, "l1")}))
    assert {side: [each.id for each in group.on(side)] for side in SIDES} == {L: ["l1"], R: ["r1", "r2"]}


# --- two records that want the same partner -----------------------------------------------------------


def agreed(id: str, keys: Keys) -> Match:
    """Return the match of a record that its partner answers in its turn."""
    found = matched(id, keys)
    return mutual(id, found, matched(found.partner, keys)) if found.partner else found


def test_partner_that_matches_another_record_better_is_held_for_the_worse_one() -> None:
    keys = {"l1": (None, "1"), "l2": ("a", None), "r1": ("a", "1")}
    assert matched("l1", keys).partner == "r1"
    found = agreed("l1", keys)
    assert (found.found, found.partner, found.reason) == (
        Found.SEVERAL,
        None,
        "the only match matches another record better",
    )
    assert agreed("l2", keys).partner == "r1"
    assert agreed("r1", keys).partner == "l2"


def test_what_is_no_partner_stays_what_it_is() -> None:
    several = Match(Found.SEVERAL, None, (), "2 possible matches by email")
    assert mutual("l1", several, NO_MATCH) is several
    assert mutual("l1", NO_MATCH, NO_MATCH) is NO_MATCH


@settings(max_examples=100)
@given(worlds)
def test_partners_agree_so_that_no_two_records_claim_one(keys: Keys) -> None:
    claims = {id: agreed(id, keys).partner for id in keys}
    claimed = [partner for partner in claims.values() if partner]
    assert len(claimed) == len(set(claimed))
    assert all(claims[partner] == id for id, partner in claims.items() if partner)
