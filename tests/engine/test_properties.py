"""What holds for every field whatever it held, whatever is known, and whatever the settings say."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bothways.engine.consent import is_opted_out, opted_out_side, opts_in
from bothways.engine.edits import has_changed
from bothways.engine.field_state import FieldDecision
from bothways.engine.fields import FIELD_TABLE, decide_field
from bothways.engine.sides import SIDES
from bothways.engine.spec import Only, blank_across, equal_across, project
from bothways.records import FieldType, Value, clean, is_blank, may_be_rewriting, same
from tests.engine.strategies import Case, cases
from tests.engine.support import NOW, WINDOW, carried_out, mirrored, mirrored_spec

MANY = settings(max_examples=100)
FIELD_RULES = {"FN", "F0", "F1", "F2", "F2'", "F3", "F3b", "F4", "F5", "F6", "FO", "FE", "FV", "FL", "FK", "FC"}
LATER = (0.0, WINDOW / 2, WINDOW, 3 * WINDOW)


def decided(case: Case) -> FieldDecision:
    return decide_field(case.spec, case.state, NOW)


@MANY
@given(cases())
def test_second_plan_after_the_first_is_carried_out_writes_nothing(case: Case) -> None:
    after = carried_out(case.state, decided(case))
    for wait in LATER:
        again = decide_field(case.spec, after, NOW + wait)
        assert again.write is None
        settled = carried_out(after, again, NOW + wait)
        frozen = ("F5",) if case.state.mapping.consent else ()
        assert decide_field(case.spec, settled, NOW + wait).rule in ("F0", "F6", "FK", "FC", *frozen)


@MANY
@given(cases(), st.sampled_from([str.upper, str.lower, str.title]))
def test_app_that_rewrites_at_once_or_soon_after_is_not_written_again(case: Case, rewrite: object) -> None:
    def stores(value: Value) -> Value:
        return rewrite(value) if isinstance(value, str) else value  # type: ignore[operator, no-any-return]

    decision = decided(case)
    at_once = carried_out(case.state, decision, stores=stores)
    assert decide_field(case.spec, at_once, NOW + 1).write is None
    if decision.write is None or case.state.mapping.on(decision.write).type is not FieldType.TEXT:
        return
    soon = carried_out(case.state, decision)
    soon.now[decision.write] = stores(decision.value)  # type: ignore[index]
    again = decide_field(case.spec, soon, NOW + WINDOW)
    assert again.write is None
    assert decide_field(case.spec, carried_out(soon, again), NOW + 3 * WINDOW).write is None


@MANY
@given(cases())
def test_swapping_the_sides_mirrors_the_decision(case: Case) -> None:
    decision = decided(case)
    other = decide_field(mirrored_spec(case.spec), mirrored(case.state), NOW)
    assert other.rule == decision.rule
    assert other.write is (decision.write.other if decision.write else None)
    assert (other.value, other.before, other.conflict, other.lost) == (
        decision.value,
        decision.before,
        decision.conflict,
        decision.lost,
    )
    assert bool(other.hold) == bool(decision.hold)
    assert other.seen == (decision.seen and {side.other: known for side, known in decision.seen.items()})


@settings(max_examples=100)
@given(cases())
def test_same_state_gives_the_same_decision(case: Case) -> None:
    assert decided(case) == decided(case)


@MANY
@given(cases(clearing=False))
def test_blank_never_replaces_a_value(case: Case) -> None:
    decision = decided(case)
    if decision.write is not None:
        assert not is_blank(decision.value)


@MANY
@given(cases(clearing=True))
def test_blank_replaces_a_value_only_after_somebody_cleared_the_other(case: Case) -> None:
    decision = decided(case)
    if decision.write is not None and is_blank(decision.value):
        shadow = case.state.shadow[decision.write.other]
        assert shadow is not None
        assert not is_blank(shadow.value)


@MANY
@given(cases(only=Only.WHEN_EMPTY))
def test_field_that_is_only_filled_never_loses_a_value(case: Case) -> None:
    decision = decided(case)
    if decision.write is not None:
        assert is_blank(case.state.now[decision.write])


@MANY
@given(cases(only=Only.ON_CREATE))
def test_field_of_creates_alone_is_never_written_to_a_linked_record(case: Case) -> None:
    assert decided(case).write is None


@MANY
@given(cases())
def test_direction_is_respected(case: Case) -> None:
    write = decided(case).write
    assert write is None or case.spec.writes(case.state.mapping, write)


@MANY
@given(cases())
def test_value_written_is_what_the_other_side_holds_as_this_side_can_hold_it(case: Case) -> None:
    decision, state = decided(case), case.state
    if decision.write is None:
        assert decision.value is None
        return
    target, source = decision.write, decision.write.other
    assert decision.value == project(state.mapping, state.now[source], target).value
    assert decision.before == state.now[target]
    assert not same(decision.value, state.mapping.on(target), decision.before), "nothing is written for nothing"


@MANY
@given(cases())
def test_nothing_typed_since_is_overwritten_unless_it_lost_and_is_kept(case: Case) -> None:
    """I2, I4: what a person put on the written side is either known already, or journaled as a conflict."""
    decision, state = decided(case), case.state
    if decision.write is None:
        return
    shadow, held = state.shadow[decision.write], state.now[decision.write]
    field = state.mapping.on(decision.write)
    agreed = shadow is not None and may_be_rewriting(shadow.value, held, field)
    merged = shadow is None and state.shadow[decision.write.other] is not None
    assert agreed or merged or is_blank(held) or decision.conflict


@MANY
@given(cases())
def test_values_that_are_the_same_once_cleaned_are_left_as_each_side_wrote_them(case: Case) -> None:
    """I4: cleaning is for what is carried over; nobody's own value is rewritten for it."""
    mapping, now = case.state.mapping, case.state.now
    left, right = (clean(now[side], mapping.clean, "CH") for side in SIDES)
    if mapping.clean and left == right:
        assert decided(case).write is None


@MANY
@given(cases(two_way=True))
def test_two_ways_leave_equal_values_or_an_explained_difference(case: Case) -> None:
    """I1: after the plan both sides hold the same, or the rule says why they do not."""
    decision = decided(case)
    after = carried_out(case.state, decision)
    equal = equal_across(after.mapping, *(after.now[side] for side in SIDES))
    assert equal or decision.rule in ("FN", "F0", "F3b", "F5", "F6", "FO", "FE", "FV", "FK")


@MANY
@given(cases())
def test_opting_out_is_never_lost(case: Case) -> None:
    """Nobody is opted in by a run unless a person did so on the other side, over an opting out that both knew of."""
    mapping, decision, state = case.state.mapping, decided(case), case.state
    if mapping.consent is None or decision.write is None:
        return
    if opts_in(mapping, decision.write, decision.before, decision.value):
        source, was = decision.write.other, state.shadow[decision.write.other]
        assert was is not None
        assert is_opted_out(mapping, source, was.value)
        assert is_opted_out(mapping, source, state.now[source]) is False
        assert not has_changed(state, decision.write)
    assert is_blank(decision.before) or is_opted_out(mapping, decision.write, decision.before) is not None, (
        "what cannot be read may say opted out"
    )


@MANY
@given(cases())
def test_opting_out_on_one_side_is_carried_over_or_reported(case: Case) -> None:
    decision = decided(case)
    side = opted_out_side(case.state.mapping, case.state.now)
    if side is None or decision.hold:
        return
    if decision.write is side:
        was = case.state.shadow[side.other]
        assert was is not None, "opted in again by a person"
        return
    after = carried_out(case.state, decision)
    assert decision.write is side.other
    assert opted_out_side(case.state.mapping, after.now) is None


@MANY
@given(cases(two_way=True))
def test_what_is_asked_is_written_nowhere_and_asked_again(case: Case) -> None:
    decision = decided(case)
    if decision.rule == "FK":
        assert (decision.write, decision.seen, bool(decision.hold)) == (None, None, True)
        assert decide_field(case.spec, carried_out(case.state, decision), NOW).rule == "FK"
        assert not any(blank_across(case.state.mapping, case.state.now[side], side) for side in SIDES)


def test_strategy_reaches_every_rule_and_every_row_of_the_field_table() -> None:
    """The floor under the properties above: no rule so rare that they never met it."""
    rules: Counter[str] = Counter()
    rows: Counter[int] = Counter()

    @seed(1)
    @settings(max_examples=2_500, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases())
    def draw(case: Case) -> None:
        rules[decided(case).rule] += 1
        rows[row_of(case)] += 1

    draw()
    assert {rule for rule, count in rules.items() if count >= 3} == FIELD_RULES, rules
    places = {place for place, (fits, _) in enumerate(FIELD_TABLE) if fits.__name__ != "_of_several"}
    assert set(rows) == places, rows  # lists of values have properties of their own, in test_sets


def row_of(case: Case) -> int:
    """Return the place of the row of the field table that fits first."""
    fitting: list[int] = []
    table = [(fits, place) for place, (fits, _) in enumerate(FIELD_TABLE)]
    with pytest.MonkeyPatch.context() as patch:
        spying = tuple(
            (_spy(fits, place, fitting), decide) for (fits, place), (_, decide) in zip(table, FIELD_TABLE, strict=True)
        )
        patch.setattr("bothways.engine.fields.FIELD_TABLE", spying)
        decided(case)
    return fitting[0]


def _spy(fits: object, place: int, fitting: list[int]) -> object:
    def ask(view: object) -> bool:
        answer = bool(fits(view))  # type: ignore[operator]
        if answer:
            fitting.append(place)
        return answer

    return ask
