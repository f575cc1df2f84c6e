"""One record, or a linked pair, and the action for it; and whole small worlds, planned and carried out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from bothways.engine.field_state import Known, Landed
from bothways.engine.matching import NO_MATCH, Candidate, Found, Group, Match, match
from bothways.engine.plan import Action, Pair, has_anything, plan_linked, plan_unlinked, without_lonely
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import Constant, FieldMap, SyncSpec, When, by_field
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Record, Value
from tests.engine.support import APPS, NAME, NOW, PLAIN, TO_RIGHT, L, R, spec

PHONE = FieldMap(Field("phone", label="Phone"), Field("tel", label="Phone"))
NOTE = FieldMap(Field("note"), Field("note"), Direction.TO_RIGHT)
SCORE = FieldMap(Field("score"), Field("score", FieldType.NUMBER, label="Score"))
LINKED = Facts(linked=True)


def pair(left: Mapping[str, Value] | None, right: Mapping[str, Value] | None, **shadow: tuple[Value, Value]) -> Pair:
    """Return a pair of records "l" and "r"; shadows by mapping, with dots for the equals sign."""
    shadows = {
        side: {f"{name}={name}": Known(values[place]) for name, values in shadow.items()}
        for place, side in enumerate(SIDES)
    }
    left_record = Record("l", left) if left is not None else None
    return Pair({L: left_record, R: Record("r", right) if right is not None else None}, shadows)


def linked(settings_: SyncSpec, each: Pair, facts: Facts = LINKED) -> Action:
    return plan_linked(settings_, each, facts, NOW)


def told(action: Action) -> tuple[ActionKind, str, str]:
    return action.kind, action.rule, action.reason


# --- constants ----------------------------------------------------------------------------------------

NEW = Constant(R, Field("source"), "Anna")
ALWAYS = Constant(R, Field("seen"), "yes", When.CREATED_OR_UPDATED)
SETTING = replace(spec(), constants=(NEW, ALWAYS))


def set_by(action: Action) -> dict[str, tuple[Side | None, Value]]:
    """Return the constants of an action: the side written to and the value, by the key that stands for each."""
    return {each.mapping.key: (each.write, each.value) for each in action.fields if each.rule == "FS"}


def made(settings_: SyncSpec, side: Side, **values: Value) -> Action:
    """Return what is planned for a record of ``side`` that nobody matches."""
    return plan_unlinked(settings_, side, Pair({side: Record("1", values), side.other: None}), Facts(), NOW)


def test_new_record_gets_every_constant_of_its_side_and_no_other() -> None:
    there = made(SETTING, L, name="Ann")
    assert (there.kind, set_by(there)) == (ActionKind.CREATE, {"=source": (R, "Anna"), "=seen": (R, "yes")})
    back = made(SETTING, R, name="Ann")
    assert (back.kind, set_by(back)) == (ActionKind.CREATE, {})


def test_constants_alone_make_no_record() -> None:
    score = FieldMap(NAME, Field("score", FieldType.NUMBER))
    action = made(replace(spec(score), constants=(NEW,)), L, name="many")
    assert (action.kind, set_by(action)) == (ActionKind.HOLD, {})


def test_mapped_field_is_set_only_where_it_gets_no_value_and_is_agreed_then() -> None:
    stage = FieldMap(Field("stage"), Field("source"))
    settings_ = replace(spec(PLAIN, stage), constants=(NEW,))
    assert set_by(made(settings_, L, name="Ann", stage="x")) == {}
    without = made(settings_, L, name="Ann")
    assert set_by(without) == {"stage=source": (R, "Anna")}
    assert without.fields[-1].seen == {L: Known(None)}
    shadows = {
        L: {"name=name": Known("Ann"), "stage=source": Known(None)},
        R: {"name=name": Known("Ann"), "stage=source": Known("Anna")},
    }
    after = Pair({L: Record("l", {"name": "Ann"}), R: Record("r", {"name": "Ann", "source": "Anna"})}, shadows)
    assert linked(settings_, after).kind is ActionKind.NONE


def test_linked_record_gets_a_constant_with_another_write_alone() -> None:
    quiet = pair({"name": "Ann"}, {"name": "Ann"}, name=("Ann", "Ann"))
    assert linked(SETTING, quiet).fields == linked(spec(), quiet).fields
    there = linked(SETTING, pair({"name": "Anna"}, {"name": "Ann", "seen": "no"}, name=("Ann", "Ann")))
    assert set_by(there) == {"=seen": (R, "yes")}
    assert (there.reason, there.fields[-1].before) == ("Anna changed", "no")
    held_already = linked(SETTING, pair({"name": "Anna"}, {"name": "Ann", "seen": "yes"}, name=("Ann", "Ann")))
    assert set_by(held_already) == {}
    back = linked(SETTING, pair({"name": "Ann"}, {"name": "Anna"}, name=("Ann", "Ann")))
    assert set_by(back) == {}


def test_constant_goes_where_what_it_was_to_go_with_is_taken_out() -> None:
    action = linked(SETTING, pair({"name": "Anna"}, {"name": "Ann"}, name=("Ann", "Ann")))
    assert without_lonely(action.fields) == action.fields
    taken_out = action.fields[0]._replace(write=None)
    assert without_lonely([taken_out, *action.fields[1:]]) == (taken_out,)


# --- linked pairs -------------------------------------------------------------------------------------


def test_quiet_pair_is_no_action() -> None:
    action = linked(spec(), pair({"name": "Ann"}, {"name": "Ann"}, name=("Ann", "Ann")))
    assert told(action) == (ActionKind.NONE, "F0", "nothing changed")
    assert (action.writes, action.ids) == ((), {L: "l", R: "r"})


def test_pair_with_nothing_mapped_is_no_action() -> None:
    action = linked(replace(spec(), fields=()), pair({}, {}))
    assert told(action) == (ActionKind.NONE, "F0", "nothing changed")


def test_update_speaks_with_its_first_write_and_keeps_a_decision_for_each_field() -> None:
    each = pair({"name": "Ann", "phone": "1"}, {"name": "Ann", "tel": "2"}, name=("Ann", "Ann"))
    action = linked(spec(PLAIN, PHONE), each)
    assert told(action) == (ActionKind.UPDATE, "F4", "they differ; Anna wins")
    assert [(decision.mapping.key, decision.rule) for decision in action.fields] == [
        ("name=name", "F0"),
        ("phone=tel", "F4"),
    ]
    assert action.writes == (R,)


def test_update_of_both_sides() -> None:
    each = pair({"name": "Ann", "note": "x"}, {"name": "Bob"}, name=("Ann", "Ann"), note=("", ""))
    action = linked(spec(PLAIN, NOTE), each)
    assert action.writes == (L, R)
    assert action.rule == "F3"


def test_field_that_cannot_be_written_is_held_and_the_others_are_written() -> None:
    each = pair({"name": "Ann", "score": "many"}, {"name": "Bob", "score": "1"}, name=("Bob", "Bob"), score=("1", "1"))
    action = linked(spec(PLAIN, SCORE), each)
    assert told(action)[:2] == (ActionKind.UPDATE, "F3")
    assert [decision.mapping.key for decision in action.holds] == ["score=score"]
    alone = linked(spec(SCORE), each)
    assert told(alone) == (ActionKind.HOLD, "F6", 'Bert does not take it: "many" is not a number')
    assert alone.writes == ()


def test_landed_writes_of_the_link_reach_the_oscillation_brake() -> None:
    each = pair({"name": "ann"}, {"name": "ANN"}, name=("ANN", "ANN"))
    warned = replace(each, landed={"name=name": [Landed(R, "ann"), Landed(L, "ANN")] * 2})
    assert told(linked(spec(), warned)) == (
        ActionKind.HOLD,
        "F5",
        "it is changed back again and again in Anna and Bert",
    )


def test_field_missing_from_a_record_counts_as_blank() -> None:
    action = linked(spec(), pair({}, {"name": "Ann"}))
    assert [(decision.write, decision.value) for decision in action.fields] == [(L, "Ann")]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(linked=True, open_write=True), (ActionKind.SKIP, "R1", "an earlier write is not settled yet")),
        (Facts(linked=True, gone=frozenset({R})), (ActionKind.UNLINK, "R4", "deleted in Bert")),
        (Facts(linked=True, gone=frozenset({L})), (ActionKind.UNLINK, "R4", "deleted in Anna")),
        (Facts(linked=True, gone=frozenset(SIDES)), (ActionKind.UNLINK, "R5", "deleted in both apps")),
        (Facts(linked=True, problem="no id"), (ActionKind.HOLD, "R13", "cannot be read: no id")),
    ],
)
def test_linked_pair_that_is_not_compared(facts: Facts, expected: tuple[ActionKind, str, str]) -> None:
    action = linked(spec(), pair({"name": "Ann"}, None), facts)
    assert told(action) == expected
    assert (action.fields, action.writes, action.ids) == ((), (), {L: "l", R: None})


# --- records without a link ---------------------------------------------------------------------------


def unlinked(settings_: SyncSpec, side: Side, each: Pair, **facts: object) -> Action:
    return plan_unlinked(settings_, side, each, Facts(**facts), NOW)  # type: ignore[arg-type]


def test_r8_create_takes_every_value_that_may_flow_and_is_not_blank() -> None:
    each = pair({"name": "Ann", "phone": "  ", "note": "x"}, None)
    action = unlinked(spec(PLAIN, PHONE, NOTE), L, each)
    assert told(action) == (ActionKind.CREATE, "R8", "no match in Bert")
    assert (action.side, action.writes, action.ids) == (R, (R,), {L: "l", R: None})
    assert [(each.mapping.key, each.write, each.value) for each in action.fields] == [
        ("name=name", R, "Ann"),
        ("note=note", R, "x"),
    ]
    assert [each.seen for each in action.fields] == [{L: Known("Ann")}, {L: Known("x")}]


def test_r8_create_leaves_out_what_does_not_flow_there() -> None:
    action = unlinked(spec(PLAIN, NOTE), R, pair(None, {"name": "Ann", "note": "x"}))
    assert (action.side, action.writes) == (L, (L,))
    assert [each.mapping.key for each in action.fields] == ["name=name"]


def test_r8_create_holds_what_the_other_side_cannot_hold_and_tells_what_is_cut() -> None:
    short = FieldMap(NAME, Field("name", max_length=5))
    action = unlinked(spec(short, SCORE), L, pair({"name": "Annabelle", "score": "many"}, None))
    assert action.kind is ActionKind.CREATE
    assert [(each.rule, each.value, each.lost) for each in action.fields] == [
        ("R8", "Annab", ("4 characters beyond 5",)),
        ("F6", None, ()),
    ]
    assert [each.mapping.key for each in action.holds] == ["score=score"]


@pytest.mark.parametrize("read_only", [True, False])
def test_r8_new_record_with_a_word_of_consent_that_cannot_be_read_is_reported(read_only: bool) -> None:
    out = Field("out", FieldType.BOOLEAN, read_only=read_only)
    action = unlinked(
        spec(PLAIN, FieldMap(Field("out"), out, consent=(True, True))), L, pair({"name": "A", "out": "Y"}, None)
    )
    assert [each.rule for each in action.fields] == ["R8", "F6"]
    assert [each.hold for each in action.holds] == [
        'Bert does not take it: "Y" is not yes or no, and may say opted out'
    ]


def test_r8_waits_until_the_create_window_is_over() -> None:
    action = unlinked(spec(), L, pair({"name": "Ann"}, None), settled=False)
    assert told(action) == (
        ActionKind.WAIT,
        "R8",
        "no match in Bert; new, so it is not created before the create window is over",
    )
    assert action.writes == ()


def test_r6_link_merges_the_fields_with_both_shadows_unknown() -> None:
    partner = Match(Found.PARTNER, "r", (), "same email")
    each = pair({"name": "Ann", "phone": None}, {"name": "Zoe", "tel": "1"})
    action = unlinked(spec(PLAIN, PHONE), L, each, match=partner)
    assert told(action) == (ActionKind.LINK, "R6", "linked: same email")
    assert [(each.rule, each.write, each.value) for each in action.fields] == [("F4", R, "Ann"), ("F4", L, "1")]
    assert action.writes == (L, R)
    back = unlinked(spec(PLAIN, PHONE), L, each, match=partner, returned=True)
    assert told(back) == (ActionKind.LINK, "R9", "linked: was there before; same email")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"match": Match(Found.SEVERAL, None, (), "2 possible matches by email")},
            (ActionKind.HOLD, "R7", "2 possible matches by email"),
        ),
        ({"survivor": True}, (ActionKind.LEAVE_OUT, "R4", "its partner was deleted; it is not created again")),
        ({"allowed": False}, (ActionKind.LEAVE_OUT, "F2'", "Anna sends nothing")),
        ({"blank": True}, (ActionKind.LEAVE_OUT, "R13", "none of its mapped fields holds a value")),
        ({"problem": "no id"}, (ActionKind.HOLD, "R13", "cannot be read: no id")),
        ({"open_write": True}, (ActionKind.SKIP, "R1", "an earlier write is not settled yet")),
    ],
)
def test_record_that_is_not_written(facts: dict[str, object], expected: tuple[ActionKind, str, str]) -> None:
    action = unlinked(spec(), L, pair({"name": "Ann"}, None), **facts)
    assert told(action) == expected
    assert action.writes == ()


def test_unlinked_record_that_is_gone_is_nothing_to_do() -> None:
    assert unlinked(spec(), L, pair({"name": "Ann"}, None), gone=frozenset({L})).kind is ActionKind.NONE


def test_has_anything_looks_at_what_may_flow() -> None:
    settings_ = spec(PLAIN, TO_RIGHT)
    assert has_anything(settings_, L, Record("l", {"name": "Ann"}))
    assert not has_anything(settings_, L, Record("l", {"name": " ", "other": "x"}))
    assert not has_anything(spec(TO_RIGHT), R, Record("r", {"name": "Ann"}))


# --- whole worlds -------------------------------------------------------------------------------------

KEY = by_field("email", "email", "email")
WORLD = spec(PLAIN, PHONE, NOTE, SCORE, match=[KEY])
"""The e-mail address only recognises; it is not synced, so that carrying a plan out makes no new matches."""


@dataclass
class World:
    """Two apps and what is known of them, without a ledger: records, links and shadows by id."""

    records: dict[Side, dict[str, dict[str, Value]]]
    links: dict[tuple[str, str], dict[Side, dict[str, Known]]] = field(default_factory=dict)

    def plan(self) -> list[Action]:
        actions = [plan_linked(WORLD, self.pair(*ids), LINKED, NOW) for ids in self.links]
        covered: set[str] = {id for ids in self.links for id in ids}
        for side in SIDES:
            for id in sorted(set(self.records[side]) - covered):
                found = self.match(side, id)
                ids = (id, found.partner) if side is L else (found.partner, id)
                facts = Facts(match=found, blank=not has_anything(WORLD, side, Record(id, self.records[side][id])))
                actions.append(plan_unlinked(WORLD, side, self.pair(*ids), facts, NOW))
                covered |= {found.partner} if found.partner else set()
        return actions

    def pair(self, left: str | None, right: str | None) -> Pair:
        records = {
            side: Record(id, self.records[side][id]) if id else None
            for side, id in zip(SIDES, (left, right), strict=True)
        }
        known = self.links.get((left or "", right or ""), {side: {} for side in SIDES})
        return Pair(records, known)

    def match(self, side: Side, id: str) -> Match:
        key = self.records[side][id].get("email")
        taken = {each for ids in self.links for each in ids}
        members = frozenset(
            Candidate(each, other, other in taken)
            for each in SIDES
            for other, held in self.records[each].items()
            if held.get("email") == key
        )
        return match(side, id, [Group(0, str(key), members)], WORLD.match) if key else NO_MATCH

    def carry_out(self, action: Action) -> None:
        if action.kind not in (ActionKind.CREATE, ActionKind.LINK, ActionKind.UPDATE, ActionKind.NONE, ActionKind.HOLD):
            return
        ids = {side: action.ids[side] or f"new-{action.ids[side.other]}" for side in SIDES}
        if action.kind is ActionKind.CREATE and action.side:
            self.records[action.side][ids[action.side]] = {}
        elif None in action.ids.values():
            return
        known = self.links.setdefault((ids[L], ids[R]), {side: {} for side in SIDES})
        if action.kind is ActionKind.CREATE and action.side:
            known[action.side].update({mapping.key: Known(None) for mapping in WORLD.fields})
        for decision in action.fields:
            for side, seen in (decision.seen or {}).items():
                known[side][decision.mapping.key] = seen
            if decision.write:
                self.records[decision.write][ids[decision.write]][decision.mapping.on(decision.write).name] = (
                    decision.value
                )
                known[decision.write][decision.mapping.key] = Known(decision.value, NOW)


_texts = st.sampled_from(["Ann", "Bob", "", "7"])
_people = st.fixed_dictionaries(
    {"email": st.sampled_from(["a", "b", "c", None]), "name": _texts, "note": _texts, "score": _texts}
)
_books = st.lists(_people, max_size=4)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw two books of people; the first few of both are linked, their shadows known in part."""
    books = {side: {f"{side}{number}": dict(each) for number, each in enumerate(draw(_books))} for side in SIDES}
    for side, name in ((L, "phone"), (R, "tel")):
        for held in books[side].values():
            held[name] = draw(_texts)
    pairs = list(zip(*books.values(), strict=False))[: draw(st.integers(0, 2))]
    shadows = st.dictionaries(st.sampled_from([each.key for each in WORLD.fields]), _texts.map(Known))
    return World(books, {pair: {side: draw(shadows) for side in SIDES} for pair in pairs})


def carried_out(world: World, actions: Sequence[Action]) -> World:
    after = World(
        {side: {id: dict(held) for id, held in book.items()} for side, book in world.records.items()},
        {ids: {side: dict(known) for side, known in each.items()} for ids, each in world.links.items()},
    )
    for action in actions:
        after.carry_out(action)
    return after


@settings(max_examples=60)
@given(worlds(), st.integers(0, 1000))
def test_plan_carried_out_in_any_order_leaves_the_same_world_and_nothing_to_write(world: World, order: int) -> None:
    actions = world.plan()
    shuffled = Random(order).sample(actions, len(actions))
    after = carried_out(world, actions)
    assert carried_out(world, shuffled) == after
    again = after.plan()
    assert [action for action in again if action.writes] == []
    quiet = carried_out(after, again)
    assert carried_out(quiet, quiet.plan()) == quiet, "nothing more is learnt"


@settings(max_examples=60)
@given(worlds())
def test_no_record_is_in_two_actions_and_no_key_is_made_twice(world: World) -> None:
    actions = world.plan()
    for side in SIDES:
        ids = [action.ids[side] for action in actions if action.ids[side]]
        assert len(ids) == len(set(ids))
    for action in actions:
        if action.kind is ActionKind.CREATE and action.side:
            key = world.records[action.side.other][str(action.ids[action.side.other])]["email"]
            assert key is None or key not in [held["email"] for held in world.records[action.side].values()]


def test_reasons_name_apps_never_sides() -> None:
    world = World({L: {"l1": {"email": "a", "name": "Ann"}}, R: {"r1": {"email": "b", "name": "Bob"}}})
    reasons = [action.reason for action in world.plan()]
    assert reasons == [f"no match in {APPS[R]}", f"no match in {APPS[L]}"]


def test_worlds_meet_every_kind_of_action() -> None:
    """The floor under the two properties above."""
    kinds: Counter[str] = Counter()

    @seed(1)
    @settings(max_examples=100, database=None, phases=[Phase.generate])
    @given(worlds())
    def draw(world: World) -> None:
        kinds.update({action.kind for action in world.plan()})

    draw()
    never = {ActionKind.WAIT, ActionKind.SKIP, ActionKind.UNLINK, ActionKind.DELETE, ActionKind.TAG}
    assert set(kinds) == set(ActionKind) - never
