"""Who wins a difference: the newest, a person, an opting out; and never an empty field of the default app."""

import pytest

from bothways.engine.field_state import FieldState, Told
from bothways.engine.fields import NEWEST_SKEW
from bothways.engine.sides import Direction, Side
from bothways.engine.spec import FieldMap, SyncSpec, Wins
from bothways.records import Field, FieldType, Value
from tests.engine.support import NAME, NOW, WINDOW, L, R, decide, known, result, spec, state

NEWEST = FieldMap(NAME, NAME, winner=Wins.NEWEST)
ASK = FieldMap(NAME, NAME, winner=Wins.ASK)
OUT, IN = Field("out", FieldType.BOOLEAN), Field("in", FieldType.BOOLEAN)
CONSENT = FieldMap(OUT, OUT, consent=(True, True))
TURNED = FieldMap(OUT, IN, consent=(True, False))


def at(each: FieldState, left: float | None, right: float | None) -> FieldState:
    """Return a state of records that were changed last at these times."""
    times = {L: left, R: right}
    return each._replace(modified={side: time for side, time in times.items() if time is not None})


def test_no_field_value_in_the_default_app_no_data_is_changed_in_the_other() -> None:
    for mapping in (FieldMap(NAME, NAME), NEWEST, ASK):
        first = decide(state((None, "Bob"), None, mapping))
        assert (first.write, first.value) == (L, "Bob")
        for seen in (("Ann", "Bob"), ("Ann", "Ann"), (None, "Bob")):
            decision = decide(at(state((None, "Bob"), seen, mapping), 1000.0, 1.0))
            assert decision.write is not R


@pytest.mark.parametrize(("left", "right", "rule", "write"), [(900.0, 100.0, "FL", R), (100.0, 900.0, "FL", L)])
@pytest.mark.parametrize("seen", [("Al", "Al"), None])
def test_newest_wins(left: float, right: float, rule: str, write: Side, seen: tuple[Value, Value] | None) -> None:
    decision = decide(at(state(("Ann", "Bob"), seen, NEWEST), left, right))
    assert (decision.rule, decision.write, decision.conflict) == (rule, write, True)


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (None, 900.0, "Anna does not tell when it was changed; Anna, the default app, wins"),
        (None, None, "Anna and Bert does not tell when it was changed; Anna, the default app, wins"),
        (100.0, 99.0 + NEWEST_SKEW, "both changed within 60 seconds; Anna, the default app, wins"),
    ],
)
def test_default_app_wins_where_times_do_not_tell(left: float | None, right: float | None, reason: str) -> None:
    decision = decide(at(state(("Ann", "Bob"), ("Al", "Al"), NEWEST), left, right))
    assert (decision.rule, decision.write, decision.reason) == ("F4", R, reason)


@pytest.mark.parametrize("seen", [("Al", "Al"), None])
def test_history_of_the_field_goes_before_the_time_of_the_record(seen: tuple[Value, Value] | None) -> None:
    record_says_left = at(state(("Ann", "Bob"), seen, NEWEST), 900.0, 100.0)
    assert decide(record_says_left).asks
    assert result(decide(record_says_left._replace(told={L: Told(10.0)}))) == ("FL", L, "Bob")
    assert result(decide(record_says_left._replace(told={L: Told(10.0), R: Told(2000.0)}))) == ("FL", L, "Bob")
    assert result(decide(record_says_left._replace(told={R: Told(2000.0)}))) == ("FL", L, "Bob")
    near = decide(record_says_left._replace(told={L: Told(500.0), R: Told(499.0 + NEWEST_SKEW)}))
    assert (near.rule, near.write) == ("F4", R)
    known_alone = decide(state(("Ann", "Bob"), seen, NEWEST)._replace(told={L: Told(10.0), R: Told(900.0)}))
    assert result(known_alone) == ("FL", L, "Bob")


def test_only_a_difference_that_the_newest_wins_asks_for_histories() -> None:
    assert not decide(state(("Ann", "Bob"), ("Al", "Al"))).asks
    assert not decide(state(("Ann", "Bob"), ("Al", "Al"), ASK)).asks
    assert not decide(state(("Ann", "Al"), ("Al", "Al"), NEWEST)).asks
    assert not decide(state(("Ann", None), None, NEWEST)).asks


def test_program_that_fights_is_named_in_the_hold() -> None:
    fought = state(("Ann", "Bob"), ("Ann", "Ann"), landed=[(R, "Ann"), (L, "Bob")] * 4)
    plain = decide(fought)
    assert (plain.rule, plain.asks) == ("F5", True)
    named = decide(fought._replace(told={L: Told(1.0, "Robot"), R: Told(2.0)}))
    assert named.hold == f"{plain.hold}, by Robot"
    both = decide(fought._replace(told={L: Told(1.0, "Robot"), R: Told(2.0, "the workflow Tidy up")}))
    assert both.hold == f"{plain.hold}, by Robot and the workflow Tidy up"


def test_program_that_may_be_ourselves_is_not_named_where_our_own_write_stands() -> None:
    landed = [(L, "Bob"), (R, "Ann")] * 4
    told = {L: Told(1.0, "Robot", may_be_us=True), R: Told(2.0, "Tidy", may_be_us=True)}
    for held, names in (("Ann", ", by Robot and Tidy"), ("Bob", ", by Tidy"), ("bob", ", by Tidy")):
        fought = state((held, "Cy"), landed=[*landed, (L, "Bob"), *[(R, held)] * 4])
        assert decide(fought._replace(told=told)).hold.partition("Bert")[2] == names
    sure = state(("Bob", "Cy"), landed=[(L, "Bob"), *[(R, "Bob")] * 4])
    assert decide(sure._replace(told={L: Told(1.0, "Robot")})).hold.endswith(", by Robot")


def test_difference_is_asked_of_a_person_at_first_link_too_and_a_one_sided_change_flows() -> None:
    for seen in (("Al", "Al"), None):
        decision = decide(state(("Ann", "Bob"), seen, ASK))
        assert (decision.rule, decision.write, decision.held) == ("FK", None, {L: "Ann", R: "Bob"})
    assert result(decide(state(("Ann", "Al"), ("Al", "Al"), ASK))) == ("F3", R, "Ann")
    assert result(decide(state(("Ann", ""), None, ASK))) == ("F4", R, "Ann")


def test_whole_sync_asks_but_for_fields_with_a_winner_of_their_own() -> None:
    settings = SyncSpec({L: "Anna", R: "Bert"}, (FieldMap(NAME, NAME),), wins=Wins.ASK)
    assert decide(state(("Ann", "Bob"), None), settings).rule == "FK"
    assert decide(state(("Ann", "Bob"), None, FieldMap(NAME, NAME, winner=R)), settings).write is L


# --- consent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("default", [L, R])
@pytest.mark.parametrize("seen", [None, (True, True), (False, False), (True, False), (None, False)])
def test_opted_out_wins_over_the_default_app_and_the_first_merge(
    default: Side, seen: tuple[Value, Value] | None
) -> None:
    decision = decide(state((True, False), seen, CONSENT), spec(CONSENT, default=default))
    if seen == (True, True):
        assert result(decision) == ("F3", L, False), "opted in again by a person"
        return
    assert result(decision) == ("FC", R, True)


def test_opted_out_is_said_in_the_words_of_the_other_side() -> None:
    assert result(decide(state((True, True), None, TURNED))) == ("FC", R, False)
    assert result(decide(state((False, False), None, TURNED))) == ("FC", L, True)
    assert result(decide(state((True, False), None, TURNED)))[0] == "F1"


def test_cleared_is_no_opting_in_even_where_clearing_follows() -> None:
    mapping = FieldMap(OUT, OUT, consent=(True, True), clearing_follows=True)
    assert result(decide(state((None, True), (True, True), mapping))) == ("FC", L, True)


@pytest.mark.parametrize("default", [L, R])
@pytest.mark.parametrize("seen", [None, (True, "Y"), (True, "N"), (False, "N"), (False, "Y")])
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("left", [True, False, None])
def test_word_that_is_neither_yes_nor_no_may_say_opted_out_and_is_held_and_not_written_over(
    default: Side, seen: tuple[Value, Value] | None, direction: Direction, left: Value
) -> None:
    mapping = FieldMap(OUT, Field("out"), direction, consent=(True, True))
    decision = decide(state((left, "Y"), seen, mapping), spec(mapping, default=default))
    told = 'Anna does not take it: "Y" is not yes or no, and may say opted out'
    assert (decision.rule, decision.write, decision.hold) == ("F6", None, told)
    assert decision.seen is None, "no difference that was agreed"


def test_echo_soon_after_our_own_write_opts_nobody_in() -> None:
    seen = (known(True), known(True, NOW - WINDOW))
    assert result(decide(state((True, False), seen, CONSENT))) == ("FC", R, True)
    later = (known(True), known(True, NOW - WINDOW - 1))
    assert result(decide(state((True, False), later, CONSENT))) == ("F3", L, False)


def test_opted_out_against_the_direction_is_reported_and_not_overwritten() -> None:
    mapping = FieldMap(OUT, OUT, Direction.TO_RIGHT, consent=(True, True))
    for seen in (None, (False, False), (False, True)):
        decision = decide(state((False, True), seen, mapping))
        assert (decision.rule, decision.write) == ("FC", None)
        assert decision.hold == "Bert says opted out; the direction does not let that through to Anna"
    assert result(decide(state((True, False), (True, True), mapping))) == ("FC", R, True)
    assert result(decide(state((False, True), (True, True), mapping))) == ("F2", R, False)
