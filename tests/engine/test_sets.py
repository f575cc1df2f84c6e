"""Lists of labelled values: what is new flows, each value alone; what the other side never had is never lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.field_state import FieldDecision, FieldState, Known
from bothways.engine.fields import decide_field
from bothways.engine.sets import arrived, shadow_after
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.records import Field, FieldType, Value, elements
from tests.engine.support import NOW, L, R, mirrored, mirrored_spec, spec, state

MAILS = FieldMap(
    Field("emails", FieldType.LABELLED, items=FieldType.EMAIL),
    Field("mails", FieldType.LABELLED, items=FieldType.EMAIL),
)
CLEARS = replace(MAILS, clearing_follows=True)
TO_RIGHT = replace(MAILS, direction=Direction.TO_RIGHT)
SHORT = replace(MAILS, right=replace(MAILS.right, max_length=8))


def mails(names: str, label: str = "") -> Value:
    """Return a list of addresses, one for each letter."""
    return [{"value": f"{name}@x.test", "label": label} for name in names] or None


def names(value: Value) -> str:
    """Return the letters of a list of addresses, in their order."""
    return "".join(str(key)[0] for key in elements(value, MAILS.left))


def seen(left: str, right: str) -> tuple[Value, Value]:
    return mails(left), mails(right)


def carry_out(each: FieldState, decision: FieldDecision) -> FieldState:
    """Return the state once a decision was carried out by an app that keeps what it is sent."""
    shadow = {**each.shadow, **(decision.seen or {})}
    held = dict(each.now)
    if target := decision.write:
        known = {side: shadow.value if shadow else None for side, shadow in each.shadow.items()}
        held[target] = decision.value
        after = shadow_after(
            each.mapping,
            target,
            each.now[target],
            decision.value,
            decision.value,
            known[target],
            each.now[target.other],
            known[target.other],
        )
        shadow[target] = Known(after, NOW - 1e6)
    return FieldState(each.mapping, held, shadow)


def run(each: FieldState, settings: SyncSpec | None = None, rounds: int = 4) -> tuple[FieldState, int]:
    """Return the state after some runs, and how many of them wrote."""
    writes = 0
    for _ in range(rounds):
        decision = decide_field(settings or spec(each.mapping), each, NOW)
        writes += decision.write is not None
        each = carry_out(each, decision)
    return each, writes


def held(each: FieldState) -> tuple[str, str]:
    left, right = (names(each.now[side]) for side in SIDES)
    return left, right


def test_at_a_first_link_each_side_gets_what_the_other_has_more() -> None:
    assert held(run(state(seen("ab", "bc"), mapping=MAILS))[0]) == ("abc", "bca")


def test_added_value_flows_and_the_others_stay_as_they_are() -> None:
    now = ([{"value": "A@x.test", "label": "home"}, {"value": "n@x.test", "label": "work"}], mails("a", "other"))
    decision = decide_field(spec(MAILS), state(now, seen("a", "a"), MAILS), NOW)
    assert (decision.rule, decision.write, decision.reason) == ("FM", R, "Anna has 1 more")
    assert decision.value == [{"value": "a@x.test", "label": "other"}, {"value": "n@x.test", "label": "work"}]


def test_additions_on_both_sides_flow_both_ways_in_two_writes() -> None:
    after, writes = run(state(seen("ab", "ac"), seen("a", "a"), MAILS))
    assert (*map(sorted, held(after)), writes) == (list("abc"), list("abc"), 2)


def test_value_that_was_taken_out_stays_in_the_other_app_and_does_not_come_back() -> None:
    assert held(run(state(seen("a", "ab"), seen("ab", "ab"), MAILS))[0]) == ("a", "ab")


def test_value_that_was_taken_out_goes_where_clearing_follows() -> None:
    assert held(run(state(seen("a", "ab"), seen("ab", "ab"), CLEARS))[0]) == ("a", "a")
    assert held(run(state((None, mails("ab")), seen("ab", "ab"), CLEARS))[0]) == ("", "")


def test_taken_out_on_one_side_and_added_on_the_other_both_happen() -> None:
    assert held(run(state(seen("a", "abc"), seen("ab", "ab"), CLEARS))[0]) == ("ac", "ac")
    assert held(run(state(seen("abc", "a"), seen("ab", "ab"), CLEARS))[0]) == ("ac", "ac")


def test_difference_that_was_left_stays_when_something_else_changes() -> None:
    assert held(run(state(seen("a", "abn"), seen("a", "ab"), MAILS))[0]) == ("an", "abn")


def test_value_added_on_one_side_while_the_other_took_it_out_stays() -> None:
    each = state(seen("ab", ""), seen("", "a"), CLEARS)
    assert held(run(each)[0]) == ("ab", "b")


def test_another_label_or_order_is_no_change() -> None:
    now = (mails("ab", "home"), mails("ba", "work"))
    assert run(state(now, seen("ab", "ab"), MAILS))[1] == 0


def test_one_way_adds_and_takes_nothing_away() -> None:
    assert held(run(state(seen("a", "b"), mapping=TO_RIGHT))[0]) == ("a", "ba")
    assert held(run(state(seen("a", "ab"), seen("a", "a"), TO_RIGHT))[0]) == ("a", "ab")


def test_what_the_other_side_cannot_hold_is_kept_where_it_is_and_told() -> None:
    now = ([*mails("a"), {"value": "longer@x.test"}], None)  # type: ignore[misc]
    first = decide_field(spec(SHORT), state(now, mapping=SHORT), NOW)
    assert first.value == mails("a")
    assert "is longer than the 8 characters" in first.lost[0]
    after, writes = run(state(now, mapping=SHORT))
    assert (len(after.now[L]), held(after)[1], writes) == (2, "a", 1)  # type: ignore[arg-type]


def test_nothing_is_taken_out_while_the_other_side_holds_what_cannot_be_read() -> None:
    clears = replace(SHORT, clearing_follows=True)
    now = ([{"value": "anders@x.test"}], mails("a"))
    assert held(run(state(now, seen("a", "a"), clears))[0])[1] == "a"


def test_what_was_not_written_yet_is_still_new_after_the_other_half_was() -> None:
    begun = state(seen("ab", "ac"), seen("a", "a"), MAILS)
    first = decide_field(spec(MAILS), begun, NOW)
    half = carry_out(begun, first)
    assert first.write is R
    assert {side: names(half.shadow[side].value) for side in SIDES} == {L: "ab", R: "ab"}  # type: ignore[union-attr]
    assert decide_field(spec(MAILS), half, NOW).write is L


def test_value_that_the_app_rewrites_is_not_sent_back_as_a_new_one() -> None:
    known = shadow_after(MAILS, R, None, mails("a"), mails("z"), None, mails("a"), None)
    assert names(known) == "z"


def test_value_that_somebody_else_added_meanwhile_is_still_new() -> None:
    known = shadow_after(MAILS, R, None, mails("a"), mails("az"), None, mails("a"), None)
    assert names(known) == "a"


def test_value_that_somebody_else_changed_meanwhile_is_new_and_no_rewriting() -> None:
    known = shadow_after(MAILS, R, mails("b"), mails("ba"), mails("za"), mails("b"), mails("ba"), mails("ba"))
    assert names(known) == "a"


def test_value_taken_out_while_the_other_record_was_merged_does_not_come_back_after_a_write() -> None:
    begun = FieldState(MAILS, dict(zip(SIDES, seen("ab", "ac"), strict=True)), {L: None, R: Known(mails("ab"))})
    first = decide_field(spec(MAILS), begun, NOW)
    assert first.write is L
    assert decide_field(spec(MAILS), carry_out(begun, first), NOW).write is None


@pytest.mark.parametrize(
    ("before", "sent", "now", "there"),
    [
        ("", "a", "a", "a"),
        ("", "a", "ab", "a"),
        ("", "a", "b", None),
        ("", "ab", "a", "a"),
        ("", "ab", "c", None),
        ("abc", "ab", "abz", "ab"),
        ("abc", "ab", "abc", None),
        ("ab", "ab", "ab", None),
    ],
)
def test_what_became_of_a_list_without_an_answer_is_told_by_what_the_write_was_to_change(
    before, sent, now, there
) -> None:
    found = arrived(MAILS.right, mails(before), mails(sent), mails(now))
    assert (None if found is None else names(found)) == there


# --- properties ---------------------------------------------------------------------------------------

lists = st.lists(st.sampled_from("abcd"), unique=True, max_size=4).map("".join)
known_lists = st.one_of(st.none(), lists)
maps = st.sampled_from([MAILS, CLEARS, TO_RIGHT, replace(CLEARS, direction=Direction.TO_LEFT)])
defaults = st.sampled_from(SIDES)


@st.composite
def states(draw: st.DrawFn) -> FieldState:
    """Return a state of two lists; shadows are known of both sides, of one, or of none."""
    now = seen(draw(lists), draw(lists))
    shadows = {side: None if (each := draw(known_lists)) is None else Known(mails(each)) for side in SIDES}
    return FieldState(draw(maps), dict(zip(SIDES, now, strict=True)), shadows)


@given(states(), defaults)
def test_two_writes_are_enough_and_then_nothing_is_written(each: FieldState, default: Side) -> None:
    settings = spec(each.mapping, default=default)
    after, writes = run(each, settings, 3)
    assert writes <= 2
    assert run(after, settings, 1)[1] == 0


@given(states(), defaults)
def test_nothing_goes_unless_clearing_follows_and_it_was_known(each: FieldState, default: Side) -> None:
    after, _ = run(each, spec(each.mapping, default=default))
    for side in SIDES:
        gone = set(names(each.now[side])) - set(names(after.now[side]))
        if not each.mapping.clearing_follows or not any(each.shadow.values()):
            assert not gone
        for known in filter(None, each.shadow.values()):
            assert gone <= set(names(known.value))
        assert not gone & set(names(each.now[side.other]))


@given(states(), defaults)
def test_nothing_comes_that_the_other_side_does_not_hold(each: FieldState, default: Side) -> None:
    after, _ = run(each, spec(each.mapping, default=default))
    for side in SIDES:
        new = set(names(after.now[side])) - set(names(each.now[side]))
        assert new <= set(names(each.now[side.other]))
        assert not new or each.mapping.direction.writes(side)


@given(states(), defaults)
def test_what_is_new_on_one_side_comes_to_the_other(each: FieldState, default: Side) -> None:
    after, _ = run(each, spec(each.mapping, default=default))
    known = set().union(*(names(shadow.value) for shadow in each.shadow.values() if shadow))
    for side in SIDES:
        if each.mapping.direction.writes(side.other):
            assert set(names(each.now[side])) - known <= set(names(after.now[side.other]))


@given(states(), defaults)
def test_swapping_the_sides_mirrors_the_decision(each: FieldState, default: Side) -> None:
    settings = spec(each.mapping, default=default)
    decision = decide_field(settings, each, NOW)
    turned = decide_field(mirrored_spec(settings), mirrored(each), NOW)
    assert (turned.rule, turned.value) == (decision.rule, decision.value)
    assert turned.write is (decision.write.other if decision.write else None)


# --- phone numbers, which may be national on either side ----------------------------------------------

NUMBERS = ("020 7946 0018", "+44 20 7946 0018", "(415) 555-2671", "+14155552671", "06 12 34 56 78", "06 1234 5678")


def phones(left: str | None, right: str | None, *, clears: bool = False) -> FieldMap:
    """Return a mapping of lists of phone numbers between accounts, or records, of these countries."""
    one = Field("phones", FieldType.LABELLED, items=FieldType.PHONE, region=left)
    return FieldMap(one, replace(one, name="tels", region=right), clearing_follows=clears)


def test_one_number_in_national_and_in_international_form_is_one_value() -> None:
    now: tuple[Value, Value] = (["020 7946 0018", "+14155552671"], ["(415) 555-2671", "+442079460018"])
    assert run(state(now, mapping=phones("GB", "US")))[1] == 0
    assert run(state((now[1], now[0]), mapping=phones("US", "GB")))[1] == 0
    assert run(state(now, mapping=phones(None, "US")))[1] > 0, "a country that is not known is not guessed"


def test_number_in_national_form_is_added_once_and_taken_out_once() -> None:
    there: Value = ["+442079460018", "(415) 555-2671"]
    each = phones("GB", "US", clears=True)
    after, writes = run(state((["020 7946 0018"], there), mapping=each))
    assert (after.now[L], after.now[R], writes) == (["020 7946 0018", "(415) 555-2671"], there, 1)
    out = after._replace(now={**after.now, R: ["(415) 555-2671"]})
    after, writes = run(out)
    assert (after.now[L], after.now[R], writes) == (["(415) 555-2671"], ["(415) 555-2671"], 1)


@given(
    st.lists(st.sampled_from(NUMBERS), max_size=3),
    st.lists(st.sampled_from(NUMBERS), max_size=3),
    st.sampled_from((None, "GB", "US", "FR", "IT")),
    st.sampled_from((None, "GB", "US", "FR", "IT")),
    st.booleans(),
)
def test_lists_of_numbers_come_to_rest_and_hold_nothing_twice(
    left: list[str], right: list[str], at_left: str | None, at_right: str | None, clears: bool
) -> None:
    each = state((list(left), list(right)), mapping=phones(at_left, at_right, clears=clears))
    after, writes = run(each, rounds=3)
    assert writes <= 2
    assert run(after, rounds=2)[1] == 0
    for side in SIDES:
        if (now := after.now[side]) != each.now[side]:
            assert isinstance(now, list)
            assert len(elements(now, after.mapping.on(side))) == len(now)
