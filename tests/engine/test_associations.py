"""Row FA: associations merged as sets against their own shadows, translated by the links of another sync."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.associations import after_write, all_moved, carried_over, decide_association, in_step
from bothways.engine.field_state import FieldDecision, FieldState, Known, Landed
from bothways.engine.plan import Pair, plan_linked, plan_unlinked
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, Wins
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Record, Value, ids_of
from tests.engine.support import NOW, L, R, spec

SEVERAL = Field("groups", FieldType.REFERENCE, multi_valued=True, refers_to="groups")
MAIN_FIRST = replace(SEVERAL, name="firms", refers_to="firms", primary_first=True)
ONE = Field("firm_id", FieldType.REFERENCE, refers_to="firms")
SETS = FieldMap(SEVERAL, SEVERAL, through="groups")
MAINS = FieldMap(MAIN_FIRST, MAIN_FIRST, through="firms")
TO_ONE = FieldMap(MAIN_FIRST, ONE, through="firms")
EVERYBODY = "abcdef"
ALL = {L: {id: id.upper() for id in EVERYBODY}, R: {id.upper(): id for id in EVERYBODY}}


def decided(mapping, left, right, seen=None, linked=EVERYBODY, landed=(), default=L, sends=SIDES) -> FieldDecision:
    """Decide for ids that are small letters on the left, and the same letters, large, on the right.

    ``seen``: both shadows, None for the first link; of the records only those in ``linked`` have a partner.
    """
    partners = {L: {id: id.upper() for id in linked}, R: {id.upper(): id for id in linked}}
    shadows = dict.fromkeys(SIDES) if seen is None else {L: Known(seen[0]), R: Known(seen[1])}
    state = FieldState(mapping, {L: left, R: right}, shadows, landed, partners=partners)
    return decide_association(spec(mapping, default=default, sends=sends), state, NOW)


def played(held, shadows, **also) -> dict[Side, Value]:
    """Let run after run decide and write until nothing is left to do, and return the shadows then."""
    for _ in range(5):
        decision = decided(MAINS, held[L], held[R], shadows and (shadows[L], shadows[R]), **also)
        shadows = dict(shadows or {L: [], R: []})
        shadows |= {side: known.value for side, known in (decision.seen or {}).items()}
        if decision.write is None:
            return shadows
        side, before = decision.write, held[decision.write]
        held[side] = list(ids_of(decision.value))
        shadows[side] = after_write(decision.merge.base or shadows[side], before, decision.value, held[side])
    raise AssertionError("still writing")


def written(decision: FieldDecision) -> tuple[object, Value]:
    return decision.write, decision.value


# --- several on both sides ----------------------------------------------------------------------------


def test_first_link_makes_one_set_of_both() -> None:
    decision = decided(SETS, ["a"], ["B"])
    assert written(decision) == (L, ["a", "b"])
    assert decision.merge is not None
    assert decision.merge.again, "the right side is still to be given what the left one has"
    assert written(
        decided(SETS, ["a", "b"], ["B"], (["a", "b"], after_write(decision.merge.base, ["B"], ["B"], ["B"])))
    ) != (
        L,
        ["b"],
    )


def test_what_others_changed_while_a_side_was_written_still_counts_as_a_change() -> None:
    assert after_write(["A"], ["A", "W"], ["A", "W", "B"], ["A", "W", "B", "N"]) == ["A", "B"]
    assert after_write(["A"], ["A"], ["A", "B"], ["B"]) == ["B", "A"]
    assert after_write(["A", "B"], ["A", "B"], ["A"], ["A"]) == ["A"]


@pytest.mark.parametrize(
    ("before", "sent", "now", "told"),
    [
        ("A", "AB", "AB", True),
        ("A", "AB", "ABC", True),
        ("A", "AB", "BC", True),
        ("A", "ABC", "AB", False),
        ("AB", "A", "AC", True),
        ("AB", "AC", "ABC", False),
        ("AB", "BA", "BA", False),
    ],
)
def test_write_without_an_answer_was_done_where_all_that_it_was_to_change_shows(before, sent, now, told) -> None:
    assert all_moved(list(before), list(sent), list(now)) is told


def test_record_that_the_app_shows_instead_of_a_merged_one_is_no_change() -> None:
    assert after_write([], [], ["A"], ["M"]) == ["M"]
    assert after_write(["B"], ["B"], ["B", "A"], ["B", "M"]) == ["B", "M"]


def test_what_came_on_one_side_is_added_on_the_other() -> None:
    decision = decided(SETS, ["a", "b"], ["A"], (["a"], ["A"]))
    assert written(decision) == (R, ["A", "B"])
    assert decision.rule == "FA"


def test_what_was_seen_and_is_gone_on_the_side_that_changed_is_taken_away_on_the_other() -> None:
    assert written(decided(SETS, ["a"], ["A", "B"], (["a", "b"], ["A", "B"]))) == (R, ["A"])


def test_what_was_never_seen_together_is_not_taken_away() -> None:
    assert decided(SETS, ["a"], ["A", "B"], (["a"], ["A", "B"])).write is None


def test_what_a_merged_record_lacks_comes_back_to_it_since_nobody_can_tell_who_took_it_away() -> None:
    state = FieldState(SETS, {L: ["a", "b"], R: ["B"]}, {L: Known(["a", "b"]), R: None}, partners=ALL)
    decision = decide_association(spec(SETS), state, NOW)
    assert written(decision) == (R, ["B", "A"])


def test_what_a_merged_record_has_more_goes_over_and_what_it_lacks_still_comes_back() -> None:
    held = {L: ["a"], R: ["B"]}
    first = decide_association(spec(SETS), FieldState(SETS, held, {L: Known(["a"]), R: None}, partners=ALL), NOW)
    assert written(first) == (L, ["a", "b"])
    assert first.merge is not None
    assert first.seen is not None
    shadows = {L: Known(after_write(first.merge.base, ["a"], first.value, first.value)), R: first.seen[R]}
    second = FieldState(SETS, {L: ["a", "b"], R: ["B"]}, shadows, partners=ALL)
    assert written(decide_association(spec(SETS), second, NOW)) == (R, ["B", "A"])


def test_added_on_one_side_beats_taken_away_on_the_other() -> None:
    assert written(decided(SETS, ["a"], ["A", "B"], (["a", "b"], ["A"]))) == (L, ["a", "b"])


def test_what_has_no_partner_waits_and_still_counts_as_new_when_it_has_one() -> None:
    waits = decided(SETS, ["a", "z"], ["A"], (["a"], ["A"]))
    assert (waits.write, waits.rule) == (None, "FA")
    assert waits.seen is not None
    assert waits.seen[L].value == ["a"]
    assert written(decided(SETS, ["a", "z"], ["A"], (["a"], ["A"]), linked="az")) == (R, ["A", "Z"])


def test_what_went_away_with_its_record_is_not_taken_away_on_the_other_side() -> None:
    assert decided(SETS, ["a"], ["A", "B"], (["a", "b"], ["A", "B"]), linked="a").write is None


def test_nothing_flows_against_the_direction() -> None:
    one_way = FieldMap(SEVERAL, SEVERAL, Direction.TO_RIGHT, through="groups")
    assert decided(one_way, ["a"], ["A", "B"], (["a"], ["A"])).write is None
    assert written(decided(one_way, ["a", "c"], ["A", "B"], (["a"], ["A"]))) == (R, ["A", "B", "C"])
    assert decided(SETS, [], ["A"], ([], []), sends=[L]).write is None


def test_primary_one_follows_the_side_that_changed_it() -> None:
    assert written(decided(MAINS, ["b", "a"], ["A", "B"], (["a", "b"], ["A", "B"]))) == (R, ["B", "A"])
    assert written(decided(MAINS, ["a", "b"], ["B", "A"], (["a", "b"], ["A", "B"]))) == (L, ["b", "a"])


@pytest.mark.parametrize(("default", "expected"), [(L, (R, ["B", "C", "A"])), (R, (L, ["c", "a", "b"]))])
def test_primary_one_changed_on_both_sides_is_that_of_the_default_app(default, expected) -> None:
    seen = ["a", "b", "c"], ["A", "B", "C"]
    side, value = written(decided(MAINS, ["b", "a", "c"], ["C", "A", "B"], seen, default=default))
    assert side == expected[0]
    assert ids_of(value)[0] == expected[1][0]
    assert set(ids_of(value)) == set(expected[1])


# --- one on a side ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [([], []), (["c"], ["C"]), None], ids=["waited", "moved", "first link"])
@pytest.mark.parametrize(("left", "right"), [("a", "B"), ("a", "BA"), ("ab", "B"), ("ac", "B")])
@pytest.mark.parametrize(("default", "first"), [(L, "a"), (R, "b")])
def test_primary_one_comes_out_though_both_sides_must_be_written(seen, left, right, default, first) -> None:
    held = {L: list(left), R: list(right)}
    played(held, None if seen is None else dict(zip(SIDES, seen, strict=True)), default=default)
    assert held[L][0] == first
    assert held[R][0] == first.upper()
    assert set(held[R]) == {id.upper() for id in held[L]}


@pytest.mark.parametrize("stored", ["ba", "ab"])
def test_primary_one_agrees_where_somebody_puts_one_back_while_another_is_written(stored: str) -> None:
    held = {L: [], R: ["A", "B"]}
    decision = decided(MAINS, held[L], held[R], (["a"], ["A"]))
    assert written(decision) == (L, ["b"])
    held[L] = list(stored)
    shadows = {side: known.value for side, known in decision.seen.items()}
    played(held, shadows | {L: after_write(decision.merge.base, [], ["b"], held[L])})
    assert held == {L: list(stored), R: list(stored.upper())}


@pytest.mark.parametrize("rest", ["ba", "ab", "b"])
def test_primary_one_agrees_again_after_one_without_a_partner_was_it_and_went(rest: str) -> None:
    held = {L: ["z", "b"], R: ["A", "B"]}
    shadows = played(held, {L: ["b"], R: ["B"]})
    assert held[L][0] == "z", "a person's primary one stays, though nobody over there has it"
    held[L] = list(rest)
    played(held, shadows)
    assert held == {L: list(rest), R: list(rest.upper())}


def test_primary_one_is_what_a_single_reference_is_given() -> None:
    assert written(decided(TO_ONE, ["b", "a"], None, ([], None))) == (R, "B")


def test_single_reference_becomes_the_primary_one_and_takes_no_other_away() -> None:
    assert written(decided(TO_ONE, ["a", "c"], "B", (["a", "c"], "A"))) == (L, ["b", "c"])


def test_single_reference_that_was_emptied_takes_away_what_it_held_alone() -> None:
    assert written(decided(TO_ONE, ["a", "c"], None, (["a", "c"], "A"))) == (L, ["c"])


def test_others_that_came_or_went_are_nothing_to_a_single_reference() -> None:
    assert decided(TO_ONE, ["a", "b"], "A", (["a"], "A")).write is None
    assert decided(TO_ONE, ["a"], "A", (["a", "b"], "A")).write is None


def test_primary_one_without_a_partner_changes_nothing_until_it_has_one() -> None:
    waits = decided(TO_ONE, ["z", "a"], "A", (["a"], "A"))
    assert (waits.write, waits.seen) == (None, None)
    assert written(decided(TO_ONE, ["z", "a"], "A", (["a"], "A"), linked="az")) == (R, "Z")


@pytest.mark.parametrize(("default", "expected"), [(L, (R, "B")), (R, (L, ["c", "b"]))])
def test_both_changed_is_decided_by_the_default_app(default, expected) -> None:
    decision = decided(TO_ONE, ["b"], "C", (["a"], "A"), default=default)
    assert written(decision) == expected
    assert decision.conflict


def test_side_that_holds_nothing_never_empties_the_other_at_the_first_link() -> None:
    assert written(decided(TO_ONE, [], "A")) == (L, ["a"])
    assert written(decided(TO_ONE, ["a"], None, default=R)) == (R, "A")


@pytest.mark.parametrize(
    ("left", "right", "unknown", "expected"),
    [(["a"], None, R, (R, "A")), ([], "A", L, (L, ["a"])), (["b"], "A", L, (R, "B")), ([], None, L, (None, None))],
)
def test_what_a_merged_record_lacks_comes_back_to_a_single_reference_too(left, right, unknown, expected) -> None:
    shadows = {L: Known(["a"]), R: Known(["A"]), unknown: None}
    found = decide_association(spec(TO_ONE), FieldState(TO_ONE, {L: left, R: right}, shadows, partners=ALL), NOW)
    assert written(found) == expected


def test_several_without_a_primary_one_agree_with_a_single_one_among_them() -> None:
    loose = FieldMap(replace(SEVERAL, refers_to="firms"), ONE, through="firms")
    assert decided(loose, ["a", "b"], "B").write is None
    assert written(decided(loose, ["a", "b"], "C", (["a", "b"], "B"))) == (L, ["c", "a"])


@pytest.mark.parametrize("wins", list(Wins))
def test_newest_and_ask_leave_the_primary_one_to_the_default_app(wins: Wins) -> None:
    mapping = replace(MAINS, winner=wins)
    found = decided(mapping, ["b", "a"], ["C", "A"], (["a"], ["A"]))
    assert written(found) == (L, ["b", "a", "c"])
    assert written(decided(mapping, ["b", "a"], ["C", "A"], (["a"], ["A"]), default=R)) == (L, ["c", "b", "a"])


def test_the_same_written_again_and_again_is_frozen() -> None:
    landed = [Landed(R, ["A", "B"], NOW - 60)] * 4
    frozen = decided(SETS, ["a", "b"], ["A"], (["a"], ["A"]), landed=landed)
    assert (frozen.rule, frozen.reason) == ("F5", "it is changed back again and again in Bert")
    assert decided(SETS, ["a", "b"], ["A"], (["a"], ["A"]), landed=landed[1:]).rule == "FA"


# --- rules --------------------------------------------------------------------------------------------

SOME = st.lists(st.sampled_from("abcdz"), unique=True, max_size=4)


@given(left=SOME, right=SOME, seen=st.none() | st.tuples(SOME, SOME), linked=st.sets(st.sampled_from("abcdz")))
@pytest.mark.parametrize("mapping", [SETS, MAINS])
def test_after_its_writes_both_sides_refer_to_the_same_and_nothing_more_is_written(
    mapping, left, right, seen, linked
) -> None:
    now = {L: left, R: [id.upper() for id in right]}
    known = None if seen is None else [seen[0], [id.upper() for id in seen[1]]]
    was = {side: set(each) for side, each in now.items()}
    for _ in range(4):
        decision = decided(mapping, now[L], now[R], known, linked="".join(linked))
        known = known or [None, None]
        shadow = {L: known[0], R: known[1]}
        for side, each in (decision.seen or {}).items():
            shadow[side] = each.value
        if decision.write is None:
            known = [shadow[L] or [], shadow[R] or []]
            break
        assert decision.merge is not None
        target = decision.write
        shadow[target] = after_write(decision.merge.base, now[target], decision.value, decision.value)
        now[target] = decision.value
        known = [shadow[L] or [], shadow[R] or []]
    else:
        raise AssertionError("not at rest")
    assert decided(mapping, now[L], now[R], tuple(known), linked="".join(linked)).write is None
    if seen is None:
        assert all(was[side] <= set(now[side]) for side in SIDES), "a first link takes nothing away"
    for id in linked & set(now[L]) - set((seen or ([], []))[0]):
        assert id.upper() in now[R], "what is new and has a partner is on both sides"
    for id in set("abcdz") - linked:
        assert (id in now[L], id.upper() in now[R]) == (id in left, id in right), "nothing is guessed"


@given(ids=SOME, linked=st.sets(st.sampled_from("abcdz")), several=st.booleans(), main=st.booleans())
def test_new_record_is_given_partners_alone(ids, linked, several, main) -> None:
    across = {id: id.upper() for id in linked}
    found = carried_over(several, tuple(ids), across, primary_first=main)
    assert set(found) <= {across[id] for id in ids if id in linked}
    assert several or len(found) <= 1
    if main and not several and found:
        assert found == (ids[0].upper(),)


def test_in_step_is_the_same_set_or_the_one_that_counts() -> None:
    partners = {L: {"a": "A", "b": "B"}, R: {"A": "a", "B": "b"}}
    assert in_step(SETS, {L: ["a", "b"], R: ["B", "A"]}, partners)
    assert not in_step(SETS, {L: ["a", "z"], R: ["A"]}, partners)
    assert in_step(TO_ONE, {L: ["a", "b"], R: "A"}, partners)
    assert not in_step(TO_ONE, {L: ["a", "b"], R: "B"}, partners)
    assert not in_step(TO_ONE, {L: [], R: "B"}, partners)


# --- whole records ------------------------------------------------------------------------------------

NAME = FieldMap(Field("name"), Field("name"))
REQUIRED = FieldMap(MAIN_FIRST, replace(ONE, required=True), through="firms")


def test_new_record_goes_without_what_is_not_linked_yet() -> None:
    pair = Pair({L: Record("1", {"name": "Ann", "firms": ["z"]}), R: None}, partners={TO_ONE.key: {L: {"a": "A"}}})
    action = plan_unlinked(spec(NAME, TO_ONE), L, pair, Facts(), NOW)
    assert action.kind is ActionKind.CREATE
    assert [each.mapping.key for each in action.fields] == [NAME.key]


def test_new_record_that_cannot_be_without_it_is_held_until_it_is_linked() -> None:
    pair = Pair({L: Record("1", {"name": "Ann", "firms": ["z"]}), R: None})
    held = plan_unlinked(spec(NAME, REQUIRED), L, pair, Facts(), NOW)
    assert (held.kind, held.rule) == (ActionKind.HOLD, "FA")
    linked = replace(pair, partners={REQUIRED.key: {L: {"z": "Z"}}})
    action = plan_unlinked(spec(NAME, REQUIRED), L, linked, Facts(), NOW)
    assert {each.mapping.key: each.value for each in action.fields} == {NAME.key: "Ann", REQUIRED.key: "Z"}


def test_change_of_an_association_alone_is_an_update() -> None:
    records = {L: Record("1", {"name": "Ann", "firms": ["b"]}), R: Record("2", {"name": "Ann", "firm_id": "A"})}
    shadows = {
        L: {NAME.key: Known("Ann"), TO_ONE.key: Known(["a"])},
        R: {NAME.key: Known("Ann"), TO_ONE.key: Known("A")},
    }
    partners = {TO_ONE.key: {L: {"a": "A", "b": "B"}, R: {"A": "a", "B": "b"}}}
    action = plan_linked(spec(NAME, TO_ONE), Pair(records, shadows, partners=partners), Facts(linked=True), NOW)
    assert (action.kind, action.rule, action.writes) == (ActionKind.UPDATE, "FA", (R,))


def test_record_that_holds_nothing_but_an_association_is_not_created() -> None:
    from bothways.engine.plan import has_anything

    assert not has_anything(spec(NAME, TO_ONE), L, Record("1", {"firms": ["a"]}))
