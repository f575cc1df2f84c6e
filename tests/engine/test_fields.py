"""The field table, row by row: what happens to one field of a linked pair."""

from dataclasses import replace

import pytest

from bothways.engine.field_state import Known
from bothways.engine.fights import FIGHT_WINDOW, REWRITING_LIMIT, UNRELATED_LIMIT
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, Only
from bothways.records import Field, FieldType, Option, Value
from tests.engine.support import (
    APPS,
    NAME,
    NOW,
    PLAIN,
    TO_LEFT,
    TO_RIGHT,
    WINDOW,
    L,
    R,
    carried_out,
    decide,
    known,
    result,
    spec,
    state,
    unknown,
)

FILLING, CREATING = FieldMap(NAME, NAME, only=Only.WHEN_EMPTY), FieldMap(NAME, NAME, only=Only.ON_CREATE)
CLEARING = FieldMap(NAME, NAME, clearing_follows=True)

# --- FN -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", ["ANN LEE", "ann lee", "Ann  Lee", "Ann-Lee", "annlee"])
def test_fn_rewriting_of_our_own_write_is_no_change(now: str) -> None:
    decision = decide(state((now, "Ann Lee"), (known("Ann Lee", NOW - 5), "Ann Lee")))
    assert result(decision) == ("FN", None, None)


def test_fn_says_who_rewrote_and_takes_the_new_value_as_known_and_not_ours() -> None:
    decision = decide(state(("Ann Lee", "ANN LEE"), ("Ann Lee", known("Ann Lee", NOW - 5))))
    assert decision.reason == "Bert rewrote what was written"
    assert decision.seen == {R: Known("ANN LEE", None)}


@pytest.mark.parametrize(("since", "rule"), [({}, "F3"), ({R: NOW - WINDOW}, "FN"), ({R: NOW}, "F3")])
def test_fn_holds_for_a_rewriting_that_was_seen_in_time_and_decided_late(since: dict[Side, float], rule: str) -> None:
    each = state(("Ann Lee", "ANN LEE"), ("Ann Lee", known("Ann Lee", NOW - 2 * WINDOW)))._replace(since=since)
    assert decide(each).rule == rule


def test_fn_is_granted_once() -> None:
    first = state(("Ann Lee", "ANN LEE"), ("Ann Lee", known("Ann Lee", NOW - 5)))
    after = carried_out(first, decide(first))
    again = state(("Ann Lee", "ann lee"), (after.shadow[L] or "", after.shadow[R] or ""))
    assert result(decide(again)) == ("F3", L, "ann lee")


@pytest.mark.parametrize(("age", "rule"), [(0.0, "FN"), (WINDOW, "FN"), (WINDOW + 0.001, "F3")])
def test_fn_ends_with_the_own_write_window(age: float, rule: str) -> None:
    assert decide(state(("Ann", "ANN"), ("Ann", known("Ann", NOW - age)))).rule == rule


def test_fn_is_only_about_our_own_writes() -> None:
    assert result(decide(state(("Ann", "ANN"), ("Ann", "Ann")))) == ("F3", L, "ANN")


def test_fn_window_is_that_of_the_written_side() -> None:
    seen = state(("ANN", "Ann"), (known("Ann", NOW - 50), "Ann"))
    for left, rule in ((60.0, "FN"), (40.0, "F3")):
        settings = spec(PLAIN)
        settings = type(settings)(settings.apps, settings.fields, own_write_window={L: left, R: 1000.0 - left})
        assert decide(seen, settings).rule == rule


def test_fn_cut_at_the_declared_length_is_a_rewriting_and_a_cut_elsewhere_is_an_edit() -> None:
    short = FieldMap(NAME, Field("name", max_length=5))
    cut = state(("Annabelle", "Annab"), ("Annabelle", known("Annabelle", NOW - 5)), short)
    assert decide(cut).rule == "FN"
    edit = state(("Annabelle", "Anna"), ("Annabelle", known("Annabelle", NOW - 5)), short)
    assert result(decide(edit)) == ("F3", L, "Anna")


def test_fn_never_takes_another_meaning_for_a_rewriting() -> None:
    number = Field("score", FieldType.NUMBER)
    seen = state(("5", "-5"), ("5", known("5", NOW - 5)), FieldMap(number, number))
    assert result(decide(seen)) == ("F3", L, "-5")


def test_fn_on_one_side_and_an_edit_on_the_other_is_an_edit_there() -> None:
    seen = state(("ANN", "Bob"), (known("Ann", NOW - 5), "Ann"))
    decision = decide(seen)
    assert result(decision) == ("F3", L, "Bob")
    assert not decision.conflict, "what the app made of our own write is nobody's edit"


def test_fn_on_both_sides_names_both() -> None:
    seen = state(("ANN", "ann"), (known("Ann", NOW - 5), known("Ann", NOW - 5)))
    assert decide(seen).reason == "Anna and Bert rewrote what was written"


# --- F0, F1 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [("Ann", "Ann"), ("Ann", "Bob"), ("", "Bob"), (None, None)])
def test_f0_nothing_changed_even_if_they_differ(now: tuple[Value, Value]) -> None:
    decision = decide(state(now, now))
    assert result(decision) == ("F0", None, None)
    assert decision.seen is None


def test_f0_by_canonical_form() -> None:
    email = Field("email", FieldType.EMAIL)
    seen = state(("Ann@X.test ", "ann@x.test"), ("ann@x.test", "ANN@x.test"), FieldMap(email, email))
    assert decide(seen).rule == "F0"


def test_f0_records_what_a_merged_record_holds_if_it_is_what_both_agreed_on() -> None:
    decision = decide(unknown(state(("Ann", "Ann"), ("Ann", "Ann")), L))
    assert decision.rule == "F0"
    assert decision.seen == {L: Known("Ann")}


@pytest.mark.parametrize("seen", [None, ("Bob", "Ann"), ("Ann", "Bob"), ("Bob", "Zoe")])
def test_f1_both_hold_the_same_and_that_is_recorded(seen: tuple[Value, Value] | None) -> None:
    decision = decide(state(("Ann", "Ann"), seen))
    assert result(decision) == ("F1", None, None)
    assert decision.seen == {L: Known("Ann"), R: Known("Ann")}


def test_f1_both_cleared() -> None:
    decision = decide(state((None, " "), ("Ann", "Ann"), CLEARING))
    assert result(decision) == ("F1", None, None)
    assert decision.seen == {L: Known(None), R: Known(" ")}


def test_f1_comes_before_the_direction() -> None:
    assert decide(state(("Ann", "Ann"), ("Bob", "Bob"), TO_LEFT)).rule == "F1"


# --- F2, F2' ------------------------------------------------------------------------------------------


def test_f2_one_way_change_is_written() -> None:
    decision = decide(state(("Ann", "Bob"), ("Bob", "Bob"), TO_RIGHT))
    assert result(decision) == ("F2", R, "Ann")
    assert (decision.before, decision.conflict) == ("Bob", False)
    assert decision.reason == "Anna changed; only Anna sends"
    assert decision.seen == {L: Known("Ann"), R: Known("Bob")}


def test_f2_overwrites_what_the_target_changed_and_journals_it_as_the_loser() -> None:
    decision = decide(state(("Ann", "Zoe"), ("Bob", "Bob"), TO_RIGHT))
    assert result(decision) == ("F2", R, "Ann")
    assert (decision.before, decision.conflict) == ("Zoe", True)


def test_f2_over_a_target_merged_elsewhere_replaces_no_edit() -> None:
    decision = decide(unknown(state(("Ann", "Zoe"), ("Bob", "Bob"), TO_RIGHT), R))
    assert (result(decision), decision.conflict) == (("F2", R, "Ann"), False)


@pytest.mark.parametrize("mapping", [TO_RIGHT, TO_LEFT])
def test_f2_prime_change_against_the_direction_is_not_written_but_known(mapping: FieldMap) -> None:
    target = R if mapping is TO_RIGHT else L
    now = ("Bob", "Ann") if target is R else ("Ann", "Bob")
    decision = decide(state(now, ("Bob", "Bob"), mapping))
    assert result(decision) == ("F2'", None, None)
    assert decision.reason == f"{APPS[target]} does not send this field"
    assert decision.seen == {L: Known(now[0]), R: Known(now[1])}


def test_f2_prime_nothing_flows_where_both_sides_are_read_only() -> None:
    fixed = Field("name", read_only=True)
    decision = decide(state(("Ann", "Bob"), ("Zoe", "Zoe"), FieldMap(fixed, fixed)))
    assert result(decision) == ("F2'", None, None)
    assert set(decision.seen or {}) == {L, R}


@pytest.mark.parametrize("default", SIDES)
@pytest.mark.parametrize("winner", [None, *SIDES])
@pytest.mark.parametrize("first", [True, False])
def test_direction_is_never_overruled_by_the_default_app_or_the_winner(
    default: Side, winner: Side | None, first: bool
) -> None:
    for mapping, target in ((TO_RIGHT, R), (TO_LEFT, L)):
        mapping = FieldMap(NAME, NAME, mapping.direction, winner, clearing_follows=True)
        for now in (("Ann", "Zoe"), ("Ann", None), (None, "Zoe"), ("Ann", "Bob"), ("Bob", "Zoe")):
            decision = decide(state(now, None if first else ("Bob", "Bob"), mapping), spec(mapping, default=default))
            assert decision.write in (None, target)


def test_side_that_sends_nothing_is_one_way_for_every_field() -> None:
    seen = state(("Ann", "Zoe"), ("Bob", "Bob"))
    assert result(decide(seen, spec(PLAIN, sends=[L], default=R))) == ("F2", R, "Ann")
    assert result(decide(seen, spec(PLAIN, sends=[R]))) == ("F2", L, "Zoe")
    assert result(decide(seen, spec(PLAIN, sends=[]))) == ("F2'", None, None)


def test_read_only_side_is_never_written() -> None:
    mapping = FieldMap(Field("name", read_only=True), NAME)
    assert decide(state(("Ann", "Bob"), ("Ann", "Ann"), mapping)).rule == "F2'"
    assert result(decide(state(("Bob", "Ann"), ("Ann", "Ann"), mapping))) == ("F2", R, "Bob")


# --- F3, F3b ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("default", SIDES)
def test_f3_change_on_one_side_is_written_to_the_other(default: Side) -> None:
    settings = spec(PLAIN, default=default)
    decision = decide(state(("Bob", "Ann"), ("Bob", "Bob")), settings)
    assert result(decision) == ("F3", L, "Ann")
    assert (decision.before, decision.conflict, decision.reason) == ("Bob", False, "Bert changed")
    assert decision.seen == {L: Known("Bob"), R: Known("Ann")}
    assert result(decide(state(("Ann", "Bob"), ("Bob", "Bob")), settings)) == ("F3", R, "Ann")


def test_f3_over_an_agreed_difference_writes_the_changed_side() -> None:
    assert result(decide(state(("Ann", "Zoe"), ("Ann", "Bob")))) == ("F3", L, "Zoe")


def test_f3_after_a_merge_writes_what_the_survivor_holds_if_that_was_not_agreed_on() -> None:
    assert result(decide(unknown(state(("Ann", "Bob"), ("", "Bob")), L))) == ("F3", R, "Ann")


@pytest.mark.parametrize("blank", [None, "", "  ", [], [""]])
@pytest.mark.parametrize("mapping", [PLAIN, TO_RIGHT])
def test_f3b_blank_never_overwrites(blank: Value, mapping: FieldMap) -> None:
    decision = decide(state((blank, "Ann"), ("Ann", "Ann"), mapping))
    assert result(decision) == ("F3b", None, None)
    assert decision.reason == "empty never replaces a value"


def test_f3b_blank_stays_until_the_other_side_changes() -> None:
    first = state((None, "Ann"), ("Ann", "Ann"))
    after = carried_out(first, decide(first))
    assert decide(after).rule == "F0"
    edited = state((None, "Ann Lee"), (after.shadow[L] or "", after.shadow[R] or ""))
    assert result(decide(edited)) == ("F3", L, "Ann Lee")


def test_f3b_keeps_what_is_known_of_the_other_side() -> None:
    assert decide(state((None, "Ann"), ("Ann", "Ann"))).seen == {L: Known(None)}
    assert decide(state(("Ann", None), ("Ann", "Ann"), TO_LEFT)).seen == {L: Known("Ann"), R: Known(None)}


@pytest.mark.parametrize("default", SIDES)
def test_other_form_of_a_value_does_not_bring_back_what_was_cleared_in_the_other_app(default: Side) -> None:
    settings = spec(PLAIN, default=default)
    first = state((" ANN ", None), ("Ann", "Ann"))
    decision = decide(first, settings)
    assert result(decision) == ("F3b", None, None)
    after = carried_out(first, decision)
    assert decide(after, settings).rule == "F0"
    edited = state((" ANN LEE ", None), (after.shadow[L] or "", after.shadow[R] or ""))
    assert result(decide(edited, settings)) == ("F3", R, " ANN LEE ")
    clearing = spec(CLEARING, default=default)
    assert result(decide(state((" ANN ", None), ("Ann", "Ann"), CLEARING), clearing)) == ("F3", L, None)


def test_clearing_follows_a_deliberate_clear_after_linking() -> None:
    decision = decide(state(("", "Ann"), ("Ann", "Ann"), CLEARING))
    assert result(decision) == ("F3", R, None)
    assert decision.before == "Ann"
    one_way = FieldMap(NAME, NAME, TO_RIGHT.direction, clearing_follows=True)
    assert result(decide(state((None, "Ann"), ("Ann", "Ann"), one_way))) == ("F2", R, None)
    assert decide(state(("Ann", None), ("Ann", "Ann"), one_way)).rule == "F2'"


def test_clearing_takes_no_other_value_away_than_was_cleared() -> None:
    """As where two that differ are left as they are: nobody who clears the one has seen the other."""
    decision = decide(state((None, "Zoe"), ("Ann", "Zoe"), CLEARING))
    assert result(decision) == ("F3b", None, None)
    assert decision.reason == "Bert has another value than was cleared, and keeps it"
    assert result(decide(carried_out(state((None, "Zoe"), ("Ann", "Zoe"), CLEARING), decision))) == ("F0", None, None)
    assert result(decide(state(("Eve", "Zoe"), ("Ann", "Zoe"), CLEARING))) == ("F3", R, "Eve")
    one_way = FieldMap(NAME, NAME, TO_RIGHT.direction, clearing_follows=True)
    assert result(decide(state((None, "Zoe"), ("Ann", "Zoe"), one_way))) == ("F2", R, None)


def test_clearing_follows_whatever_form_the_app_has_made_of_it() -> None:
    for form in ("ANN", " Ann. "):
        assert result(decide(state((None, form), ("Ann", form), CLEARING))) == ("F3", R, None)
        assert result(decide(state((form, None), (form, "Ann"), CLEARING))) == ("F3", L, None)
    stored = {L: Known("Deutschland"), R: Known("Germany", own_write_at=0.0)}
    ours = state((None, "Germany"), ("Deutschland", "Germany"), CLEARING)._replace(shadow=stored)
    assert result(decide(ours)) == ("F3", R, None)
    theirs = state(("Deutschland", None), ("Deutschland", "Germany"), CLEARING)._replace(shadow=stored)
    assert result(decide(theirs)) == ("F3", L, None)


@pytest.mark.parametrize("default", SIDES)
def test_clearing_never_follows_a_blank_that_nobody_made(default: Side) -> None:
    settings = spec(CLEARING, default=default)
    assert result(decide(state((None, "Ann"), None, CLEARING), settings)) == ("F4", L, "Ann")
    merged = unknown(state((None, "Ann"), ("Ann", "Ann"), CLEARING), L)
    assert decide(merged, settings).write is None
    assert result(decide(state((None, "Zoe"), ("Ann", "Ann"), CLEARING), settings)) == ("F4", L, "Zoe")


def test_clearing_never_follows_a_name_that_is_not_known_any_more() -> None:
    """It refers to it still: its owner was removed for good, say."""
    owner = Field("owner > email", FieldType.NAMED, refers_to="owners", items=FieldType.EMAIL)
    mapping = FieldMap(owner, NAME, clearing_follows=True)
    known_as, unknown_now = ({"value": name, "ids": ["7"]} for name in ("olga@x.test", None))
    seen = (known_as, "olga@x.test")
    assert decide(state((unknown_now, "olga@x.test"), seen, mapping)).write is None
    assert result(decide(state((None, "olga@x.test"), seen, mapping))) == ("F3", R, None)


# --- F4 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("default", "target", "value"), [(L, R, "Ann"), (R, L, "Zoe")])
def test_f4_default_app_wins_a_difference_and_the_loser_is_kept(default: Side, target: Side, value: str) -> None:
    for seen in (("Bob", "Bob"), None):
        decision = decide(state(("Ann", "Zoe"), seen), spec(PLAIN, default=default))
        assert result(decision) == ("F4", target, value)
        assert decision.conflict
        assert decision.before == ("Zoe" if target is R else "Ann")
        what = "both changed" if seen else "they differ"
        assert decision.reason == f"{what}; {APPS[target.other]} wins"


def test_f4_winner_of_the_field_comes_before_the_default_app() -> None:
    mapping = FieldMap(NAME, NAME, winner=R)
    assert result(decide(state(("Ann", "Zoe"), ("Bob", "Bob"), mapping))) == ("F4", L, "Zoe")


@pytest.mark.parametrize("default", SIDES)
@pytest.mark.parametrize("seen", [None, ("Bob", "Bob")])
def test_f4_blank_never_wins(default: Side, seen: tuple[Value, Value] | None) -> None:
    for now, target in (((None, "Ann"), L), (("Ann", ""), R)):
        decision = decide(state(now, seen), spec(PLAIN, default=default))
        assert result(decision) == ("F4", target, "Ann")
        assert not decision.conflict
        assert decision.reason == f"{APPS[target]} was empty"


# --- the first link of a one-way field ----------------------------------------------------------------


def test_first_link_one_way_keeps_a_filled_target_of_the_default_app() -> None:
    decision = decide(state(("Ann", "Zoe"), None, TO_RIGHT), spec(TO_RIGHT, default=R))
    assert result(decision) == ("F2'", None, None)
    assert decision.reason == "Bert is the default app and keeps its value"
    assert decision.seen == {L: Known("Ann"), R: Known("Zoe")}


def test_first_link_one_way_overwrites_a_filled_target_of_the_other_app() -> None:
    decision = decide(state(("Ann", "Zoe"), None, TO_RIGHT))
    assert result(decision) == ("F2", R, "Ann")
    assert (decision.before, decision.conflict) == ("Zoe", True)


@pytest.mark.parametrize("default", SIDES)
def test_first_link_one_way_fills_an_empty_target_and_takes_no_blank(default: Side) -> None:
    settings = spec(TO_RIGHT, default=default)
    decision = decide(state(("Ann", None), None, TO_RIGHT), settings)
    assert (result(decision), decision.conflict) == (("F2", R, "Ann"), False)
    decision = decide(state((None, "Zoe"), None, TO_RIGHT), settings)
    assert result(decision) == ("F3b", None, None)
    assert set(decision.seen or {}) == {L, R}


# --- F5 -----------------------------------------------------------------------------------------------


def war(rounds: int, ours: Value = "ann", theirs: Value = "ANN") -> list[tuple[Side, Value]]:
    """Return what landed while Anna's app made ``ours`` of all, and Bert's ``theirs``."""
    return [(R, ours), (L, theirs)] * rounds


def test_f5_freezes_what_two_apps_keep_changing_back() -> None:
    seen = state(("ann", "ANN"), ("ANN", "ANN"), landed=war(REWRITING_LIMIT))
    decision = decide(seen)
    assert (decision.rule, decision.write, decision.before) == ("F5", None, "ANN")
    assert decision.hold == decision.reason == "it is changed back again and again in Anna and Bert"
    after = carried_out(seen, decision)
    assert decide(after).rule == "F0"


def test_f5_thaws_on_a_new_value() -> None:
    seen = state(("Ann Lee", "ANN"), ("ann", "ANN"), landed=war(REWRITING_LIMIT))
    assert result(decide(seen)) == ("F3", R, "Ann Lee")


def test_f5_needs_the_limit_of_landed_writes() -> None:
    assert decide(state(("ann", "ANN"), ("ANN", "ANN"), landed=war(REWRITING_LIMIT - 1))).rule == "F3"


def test_f5_starts_to_count_anew_after_a_third_value() -> None:
    for third in ([(R, "Zoe")], [(L, "Zoe")]):
        landed = [*war(REWRITING_LIMIT), *third]
        assert decide(state(("ann", "ANN"), ("ANN", "ANN"), landed=landed)).rule == "F3"


def test_f5_gives_people_who_change_their_minds_more_rope_than_rewritings() -> None:
    for rounds, rule in ((UNRELATED_LIMIT - 1, "F3"), (UNRELATED_LIMIT, "F5")):
        seen = state(("red", "blue"), ("blue", "blue"), landed=war(rounds, "red", "blue"))
        assert decide(seen).rule == rule


def test_f5_lets_people_change_their_minds_every_day() -> None:
    """A box is ticked here and unticked there, for weeks; a robot does that within minutes."""
    once = state((True, False), (False, False), landed=war(2 * UNRELATED_LIMIT, True, False))
    for apart, rule in ((60.0, "F5"), (FIGHT_WINDOW / UNRELATED_LIMIT, "F3")):
        times = [NOW - apart * (len(once.landed) - place) for place in range(len(once.landed))]
        landed = [write._replace(at=at) for write, at in zip(once.landed, times, strict=True)]
        assert decide(once._replace(landed=landed)).rule == rule


def test_f5_is_looked_at_before_writes_only() -> None:
    assert decide(state(("ann", "ann"), ("ANN", "ann"), landed=war(9))).rule == "F1"
    assert decide(state(("ann", "ANN"), ("ann", "ANN"), landed=war(9))).rule == "F0"


@pytest.mark.parametrize("mapping", [PLAIN, TO_RIGHT])
def test_f5_applies_to_every_writing_row(mapping: FieldMap) -> None:
    landed = [(R, "ann")] * REWRITING_LIMIT
    for now, seen in ((("ann", "ANN"), ("Zoe", "ann")), (("ann", "ANN"), None)):
        assert decide(state(now, seen, mapping, landed)).rule == "F5"


# --- F6 and what the other side can hold --------------------------------------------------------------

COLOURS = Field("colour", FieldType.CHOICE, label="Colour", options=(Option("r", "Red"), Option("g", "Green")))


def test_f6_value_the_other_side_cannot_hold_is_held_with_the_reason() -> None:
    seen = state(("Blue", "r"), ("Red", "r"), FieldMap(NAME, COLOURS))
    decision = decide(seen)
    assert (decision.rule, decision.write, decision.before) == ("F6", None, "r")
    assert decision.hold == decision.reason == 'Bert does not take it: "Blue" is not one of the choices of Colour'
    assert decision.seen is None, "the change is still to be written"
    assert decide(carried_out(seen, decision)).rule == "F6"


def test_f6_types_that_do_not_go_together_are_held_not_compared() -> None:
    day = Field("day", FieldType.DATE)
    assert decide(state((True, "2026-01-02"), None, FieldMap(Field("on", FieldType.BOOLEAN), day))).rule == "F6"


def test_projection_cuts_at_the_length_says_so_and_is_content_with_the_cut() -> None:
    short = FieldMap(NAME, Field("name", max_length=5))
    seen = state(("Annabelle", "Bob"), ("Bob", "Bob"), short)
    decision = decide(seen)
    assert result(decision) == ("F3", R, "Annab")
    assert decision.lost == ("4 characters beyond 5",)
    assert decide(carried_out(seen, decision)).rule == "F0"
    longer = state(("Annabella", "Annab"), ("Annabelle", "Annab"), short)
    assert decide(longer).rule == "F1", "a change beyond the cut changes nothing there"


SHORT = FieldMap(NAME, Field("name", max_length=5))


@pytest.mark.parametrize("default", [L, R])
def test_edit_of_a_text_that_was_cut_does_not_replace_the_whole_text(default: Side) -> None:
    """Who edits the beginning has never seen the rest."""
    cut = state(("Annabelle Lee", "Anne"), ("Annabelle Lee", "Annab"), SHORT)
    decision = decide(cut, spec(SHORT, default=default))
    told = "Anna does not take it: Bert has only its beginning, and the rest would be lost; edit it in Anna"
    assert (decision.rule, decision.write, decision.hold, decision.seen) == ("F6", None, told, None)
    edited = cut._replace(now={L: "Anne-Marie Lee", R: "Anne"})
    assert result(decide(edited, spec(SHORT, default=default))) == ("F4", R, "Anne-")


def test_text_that_was_cut_is_a_beginning_though_its_field_has_more_room_by_now() -> None:
    was, edited = ("Annabelle Lee", "Annab"), ("Annabelle Lee", "Anne")
    assert decide(state(edited, was, PLAIN, [(R, "Annab")])).rule == "F6"
    assert result(decide(state(("Annabelle Leer", "Annab"), was, PLAIN, [(R, "Annab")]))) == ("F3", R, "Annabelle Leer")
    assert result(decide(state(edited, was, PLAIN))) == ("F3", L, "Anne"), "we did not write it"
    assert result(decide(state(edited, was, PLAIN, [(R, "Annabelle Lee")]))) == ("F3", L, "Anne")


@pytest.mark.parametrize(
    ("now", "seen", "mapping", "wanted"),
    [
        (("Ann", "Bob"), ("Ann", "Ann"), SHORT, ("F3", L, "Bob")),
        (("Annabelle Lee", "Bob"), ("Annabelle Lee", "Eve"), SHORT, ("F3", L, "Bob")),
        (("Annabelle Lee", "Bob"), None, replace(SHORT, winner=R), ("F4", L, "Bob")),
        (
            ("Annabelle Lee", "Bob"),
            ("Annabelle Lee", "Annab"),
            replace(SHORT, direction=Direction.TO_LEFT),
            ("F2", L, "Bob"),
        ),
        (("Annabelle Lee", ""), ("Annabelle Lee", "Annab"), replace(SHORT, clearing_follows=True), ("F3", L, None)),
        (("Ann", "Bob"), ("Annabelle Lee", "Annab"), replace(SHORT, winner=R), ("F4", L, "Bob")),
    ],
    ids=["whole", "other", "first link", "one way", "cleared", "short by now"],
)
def test_edit_of_a_text_that_is_no_beginning_of_the_other_flows(
    now: tuple[Value, Value], seen: tuple[Value, Value] | None, mapping: FieldMap, wanted: object
) -> None:
    assert result(decide(state(now, seen, mapping))) == wanted


DAY = FieldMap(Field("day", FieldType.DATE), Field("at", FieldType.DATETIME))


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("2026-01-02T14:30:15.250Z", "2026-01-05T14:30:15.250Z"),
        ("2026-01-02T23:30:00+02:00", "2026-01-05T21:30:00.000Z"),
        ("n/a", "2026-01-05T00:00:00.000Z"),
        (None, "2026-01-05T00:00:00.000Z"),
    ],
)
def test_another_day_replaces_the_day_of_a_moment_and_not_its_time(held: Value, wanted: str) -> None:
    edited = state(("2026-01-05", held), ("2026-01-02", held), DAY)
    assert result(decide(edited)) == ("F3", R, wanted)
    assert decide(carried_out(edited, decide(edited))).rule == "F0"
    assert decide(state(("2026-01-02", "2026-01-02T14:30:00Z"), None, DAY)).rule == "F1"
    with_time = state(("2026-01-02T03:04:05Z", "2026-01-02"), ("2026-01-02", "2026-01-02"), DAY)
    assert result(decide(with_time)) == ("F3", R, "2026-01-02T03:04:05.000Z")


def test_projection_writes_the_key_of_a_choice_and_its_key_back() -> None:
    mapping = FieldMap(NAME, COLOURS)
    assert result(decide(state(("green", "r"), ("r", "r"), mapping))) == ("F3", R, "g")
    assert result(decide(state(("r", "g"), ("r", "r"), mapping))) == ("F3", L, "g")


def test_case_is_a_change_of_text_and_none_of_an_address() -> None:
    assert result(decide(state(("ANN", "Ann"), ("Ann", "Ann")))) == ("F3", R, "ANN")
    email = Field("email", FieldType.EMAIL)
    assert (
        decide(state(("ANN@x.test", "ann@x.test"), ("ann@x.test", "ann@x.test"), FieldMap(email, email))).rule == "F0"
    )


@pytest.mark.parametrize("target", [FieldType.MULTI_CHOICE, FieldType.TEXT])
@pytest.mark.parametrize("seen", [None, (["red"], ["red"])])
def test_f3b_list_of_nothing_but_separators_is_blank(target: FieldType, seen: tuple[Value, Value] | None) -> None:
    tags = Field("tags", FieldType.MULTI_CHOICE)
    mapping = FieldMap(tags, Field("tags", target))
    decision = decide(state((";", "red"), seen and (seen[0], "red"), mapping))
    assert decision.write is not R, "empty never replaces a value"


# --- FO, FE -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [None, ("Ann", "Ann"), ("Bob", "Bob"), ("Ann", "Bob")])
def test_fo_linked_records_are_never_written_by_a_field_of_creates_alone(seen: tuple[Value, Value] | None) -> None:
    decision = decide(state(("Ann", "Bob"), seen, CREATING))
    assert decision.write is None
    assert decision.rule == ("F0" if seen == ("Ann", "Bob") else "FO")
    assert decide(state(("Ann", None), seen, CREATING)).write is None


def test_fo_difference_is_told_and_agreed() -> None:
    seen = state(("Ann", "Bob"), ("Bob", "Bob"), CREATING)
    decision = decide(seen)
    assert decision.reason == "this field is written only when a record is created"
    assert decide(carried_out(seen, decision)).rule == "F0"


@pytest.mark.parametrize("seen", [None, ("Bob", "Bob"), ("Ann", "Ann"), ("Cy", "Cy")])
def test_fe_value_is_never_replaced_by_a_field_that_only_fills(seen: tuple[Value, Value] | None) -> None:
    each = state(("Ann", "Bob"), seen, FILLING)
    decision = decide(each)
    assert (decision.rule, decision.write, decision.conflict) == ("FE", None, False)
    assert decide(carried_out(each, decision)).rule == "F0"


def test_fe_empty_field_is_filled_from_either_side() -> None:
    assert result(decide(state(("Ann", None), None, FILLING))) == ("F4", R, "Ann")
    assert result(decide(state((" ", "Bob"), None, FILLING))) == ("F4", L, "Bob")
    assert result(decide(state(("Ann", None), (None, None), FILLING))) == ("F3", R, "Ann")


def test_fe_clearing_never_follows_where_a_field_is_only_filled() -> None:
    both = FieldMap(NAME, NAME, clearing_follows=True, only=Only.WHEN_EMPTY)
    assert decide(state((None, "Ann"), ("Ann", "Ann"), both)).write is None
