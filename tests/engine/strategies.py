"""Hypothesis strategies for correlated states of a field: few values, so that equal ones meet often."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hypothesis import strategies as st

from bothways.engine.field_state import FieldState, Known, Landed
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, Only, SyncSpec, Wins
from bothways.records import Choices, Field, FieldType, Option, Unpaired, Value
from tests.engine.support import NOW, WINDOW, spec

_COLOURS = (Option("r", "Red"), Option("g", "Green"))
_WORDS = ("Ann", "ANN", "ann ", "Annabelle", "Bob", "Red", "r")

KINDS: tuple[tuple[Field, Field, tuple[Value, ...]], ...] = (
    (Field("name"), Field("name"), _WORDS),
    (Field("name"), Field("title", max_length=4), _WORDS),
    (Field("mail", FieldType.EMAIL), Field("mail"), ("a@x.test", "A@x.test", "b@x.test", "Ann")),
    (Field("tel", FieldType.PHONE), Field("tel", FieldType.PHONE), ("+41446681800", "+41 44 668 18 00", "118")),
    (Field("score", FieldType.NUMBER, precision=0), Field("score", FieldType.NUMBER), ("5", "5.0", "-5", "5.4", "n/a")),
    (Field("colour", FieldType.CHOICE, options=_COLOURS), Field("colour"), ("r", "Red", "g", "Blue")),
    (Field("tags", FieldType.MULTI_CHOICE), Field("tags", FieldType.MULTI_CHOICE), ("a;b", ("b", "a"), ("a",), "c")),
    (Field("day", FieldType.DATE), Field("at", FieldType.DATETIME), ("2026-01-02", "2026-01-02T03:04:05Z", "x")),
    (Field("on", FieldType.BOOLEAN), Field("on", FieldType.CHOICE), (True, "true", "no", False)),
)
"""Pairs of fields with values that one or both of them can hold."""

_STAGE = Field("stage", FieldType.CHOICE, options=(Option("1", "Lead"), Option("2", "Client"), Option("3", "Lost")))
_LEVEL = Field("level", FieldType.CHOICE, options=(Option("3", "lead"), Option("1", "Client"), Option("9", "Else")))
_SAYING = Field("stage")
_BY_LABEL = (("1", "3"), ("2", "1"))


def _paired(left: Field, right: Field, pairs: Sequence[tuple[str, str]], other: Unpaired) -> tuple[Choices, Choices]:
    back = tuple((b, a) for a, b in pairs)
    return Choices(right, left, back, other, pairs[0][0]), Choices(left, right, tuple(pairs), other, pairs[0][1])


_PAIRED: list[tuple[Field, Field, tuple[Value, ...], tuple[Choices, Choices]]] = [
    (left, right, ("1", "2", "3", "9"), _paired(left, right, pairs, other))
    for left, right, pairs in (
        (_STAGE, _LEVEL, _BY_LABEL),
        (_SAYING, _LEVEL, (("Lead", "3"), ("1", "1"))),
        (_LEVEL, _SAYING, (("3", "2"), ("1", "1"))),
    )
    for other in Unpaired
]
"""Choices whose keys say something else on the other side, so that equal texts are no equal values."""

_CLEANED = (
    (Field("name"), Field("name"), ("ann lee", "Ann Lee", "ANN LEE", " bob "), ("trim", "title")),
    (Field("mail", FieldType.EMAIL), Field("mail"), ("a@x.test", "A@x.test", "b@x.test"), ("lower",)),
    (
        Field("tel", FieldType.PHONE, region="CH"),
        Field("tel"),
        ("044 668 18 00", "+41446681800", "118"),
        ("phone_e164",),
    ),
    (Field("name"), Field("code", max_length=3), ("straße", "STRASSE", "str", "x"), ("upper",)),
)

_OUT, _IN = Field("unsubscribed", FieldType.BOOLEAN), Field("subscribed", FieldType.BOOLEAN)
_CONSENT = (
    (_OUT, _OUT, (True, True)),
    (_IN, _IN, (False, False)),
    (_OUT, _IN, (True, False)),
    (_IN, _OUT, (False, True)),
    (_OUT, Field("out"), (True, True)),
)
_TRUTHS: tuple[Value, ...] = (True, False, "yes", "no", "Y")

_MODIFIED = ((), (100.0, 300.0), (300.0, 100.0), (100.0, 300.0), (300.0, 100.0), (300.0, 310.0), (None, 100.0))
"""When the records of both sides were changed last."""

_PAIRS: list[tuple[Field, Field, tuple[Value, ...], tuple[Choices, Choices] | None]] = [
    *((left, right, pool, None) for a, b, pool in KINDS for left, right in ((a, b), (b, a))),
    *_PAIRED,
]
_PATTERNS = ["".join(each) for each in product("abcA-", "abcA-", "abc-?", "abc-?")]
_PATTERNS += ["Abab", "bAba", "abcc", "ab??"] * 60
"""What the left and the right hold now, and were last seen to hold: three values, "A" for "a" in other
letters, "-" for blank, "?" for unknown. Drawn as one, so that no relation of the four is rare."""

_AGES = list(product((None, None, 0.0, WINDOW / 2, WINDOW, 2 * WINDOW), repeat=2))
_SENDS = (SIDES, SIDES, SIDES, SIDES[:1], SIDES[1:])
_ONLY = (None, None, None, None, *Only)
_WINNERS = (None, *SIDES, *Wins, *Wins, Wins.NEWEST)
_ROUNDS = (0, 0, 0, 2, 4, 5)


@dataclass(frozen=True)
class Case:
    """A field's state together with the settings it is decided by."""

    spec: SyncSpec
    state: FieldState


@dataclass(frozen=True)
class _Choice:
    direction: Direction
    winner: Side | Wins | None
    clearing: bool
    default: Side
    sends: Sequence[Side]
    only: Only | None


_CHOICES = [
    _Choice(*each) for each in product((Direction.BOTH, *Direction), _WINNERS, (False, True), SIDES, _SENDS, _ONLY)
]


def cases(two_way: bool = False, clearing: bool | None = None, only: Only | None = None) -> st.SearchStrategy[Case]:
    """Return settings and states: values now, shadows known or not, ours or not, and what landed before."""
    choices = [
        each
        for each in _CHOICES
        if clearing in (None, each.clearing)
        and only in (None, each.only)
        and (not two_way or (each.direction is Direction.BOTH and each.sends == SIDES))
    ]
    return _cases(st.sampled_from(choices))


@st.composite
def _cases(draw: st.DrawFn, choices: st.SearchStrategy[_Choice]) -> Case:
    choice = draw(choices)
    if draw(st.integers(0, 7)) == 0:
        left, right, pool, cleaned = draw(st.sampled_from(_CLEANED))
        if draw(st.booleans()):
            left, right = right, left
        mapping = FieldMap(left, right, choice.direction, choice.winner, choice.clearing, choice.only, None, cleaned)
        return Case(spec(mapping, default=choice.default, sends=choice.sends), draw(_states(mapping, pool)))
    if choice.only is None and draw(st.integers(0, 7)) == 0:
        left, right, consent = draw(st.sampled_from(_CONSENT))
        mapping = FieldMap(left, right, choice.direction, choice.winner, choice.clearing, consent=consent)
        return Case(spec(mapping, default=choice.default, sends=choice.sends), draw(_states(mapping, _TRUTHS)))
    left, right, pool, paired = draw(st.sampled_from(_PAIRS))
    mapping = FieldMap(left, right, choice.direction, choice.winner, choice.clearing, choice.only, paired)
    return Case(spec(mapping, default=choice.default, sends=choice.sends), draw(_states(mapping, pool)))


@st.composite
def _states(draw: st.DrawFn, mapping: FieldMap, pool: tuple[Value, ...]) -> FieldState:
    a, b, c = draw(st.permutations(pool))[:3]
    values = {"a": a, "b": b, "c": c, "A": _in_other_letters(a), "-": draw(st.sampled_from([None, "  "]))}
    pattern, ages = draw(st.sampled_from(_PATTERNS)), draw(st.sampled_from(_AGES))
    now = {side: values[letter] for side, letter in zip(SIDES, pattern[:2], strict=True)}
    shadow = {
        side: None if letter == "?" else Known(values[letter], None if age is None else NOW - age)
        for side, letter, age in zip(SIDES, pattern[2:], ages, strict=True)
    }
    times = zip(SIDES, draw(st.sampled_from(_MODIFIED)), strict=False)
    modified = {side: at for side, at in times if at is not None}
    return FieldState(mapping, now, shadow, draw(_histories(now, b)), modified=modified)


def _in_other_letters(value: Value) -> Value:
    return value.swapcase() if isinstance(value, str) else value


@st.composite
def _histories(draw: st.DrawFn, now: dict[Side, Value], third: Value) -> list[Landed]:
    """Draw what landed before: the apps changing what they hold back and forth, and perhaps a third value."""
    war = [Landed(side.other, now[side]) for side in SIDES] * draw(st.sampled_from(_ROUNDS))
    if draw(st.integers(0, 4)) == 0:
        war.insert(draw(st.sampled_from([0, len(war)])), Landed(draw(st.sampled_from(SIDES)), third))
    return war
