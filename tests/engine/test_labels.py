"""Labels of associations: merged like any association, and none is lost with the association that it hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bothways.engine.associations import after_write
from bothways.engine.field_state import Known
from bothways.engine.plan import Action, Pair, plan_linked
from bothways.engine.sides import SIDES, Direction, Side
from bothways.engine.spec import FieldMap, SyncSpec
from bothways.engine.table import ActionKind, Facts
from bothways.records import Field, FieldType, Record, ids_of
from tests.engine.support import NOW, L, R, spec

FIRMS = Field("firms", FieldType.REFERENCE, multi_valued=True, refers_to="firms", primary_first=True)
FIRM = Field("firm", FieldType.REFERENCE, refers_to="firms")


def label(name: str, title: str) -> Field:
    return Field(name, FieldType.REFERENCE, title, multi_valued=True, refers_to="firms", label_of="firms")


BUYER, BUYS, LEFT_ONLY, RIGHT_ONLY = (
    label("firms.1", "Buyer"),
    label("firms.7", "Buys"),
    label("firms.2", "Left only"),
    label("firms.1", "Right only"),
)
PLAIN = FieldMap(FIRMS, FIRMS, through="firms")
PAIRED = FieldMap(BUYER, BUYS, through="firms")
LABELS = {L: (BUYER, LEFT_ONLY), R: (BUYS, RIGHT_ONLY)}
IDS = "abc"
PARTNERS = {L: {id: id.upper() for id in IDS}, R: {id.upper(): id for id in IDS}}


def settings(*maps: FieldMap, sends: Sequence[Side] = SIDES) -> SyncSpec:
    return replace(spec(*(maps or (PLAIN, PAIRED)), sends=sends), labels=LABELS)


@dataclass
class Couple:
    """A linked pair, as two apps hold it in which a label makes an association and goes with it.

    ``held``: per side and id of the other record, the labels by which both belong together.
    """

    held: dict[Side, dict[str, set[str]]] = field(default_factory=lambda: {side: {} for side in SIDES})
    shadows: dict[Side, dict[str, Known]] = field(default_factory=lambda: {side: {} for side in SIDES})
    spec: SyncSpec = field(default_factory=settings)

    def value(self, side: Side, name: str) -> list[str]:
        return [id for id, labels in self.held[side].items() if name in ("firms", *labels)]

    def plan(self) -> Action:
        names = {side: ["firms", *(each.name for each in LABELS[side])] for side in SIDES}
        records = {side: Record("r", {name: self.value(side, name) for name in names[side]}) for side in SIDES}
        partners = {each.key: PARTNERS for each in self.spec.fields}
        return plan_linked(self.spec, Pair(records, self.shadows, partners=partners), Facts(linked=True), NOW)

    def run(self) -> Action:
        """Carry out what is planned, one side after the other, as the sync does."""
        action = self.plan()
        for each in action.fields:
            if each.write is None and each.seen:
                for side, known in each.seen.items():
                    self.shadows[side][each.mapping.key] = known
        for target in SIDES:
            writes = [each for each in action.fields if each.write is target]
            for each in writes:
                self.write(target, each.mapping.on(target).name, ids_of(each.before), ids_of(each.value))
            for name, id in [(each.mapping.on(target).name, id) for each in writes for id in ids_of(each.before)]:
                gone = id not in next(ids_of(e.value) for e in writes if e.mapping.on(target).name == name)
                if name == "firms" and gone:
                    assert not self.held[target].pop(id, set()), "no label is taken away with its association"
            for each in writes:
                name, merge = each.mapping.on(target).name, each.merge
                assert merge is not None
                stored = self.value(target, name)
                known = after_write(merge.base, each.before, each.value, stored)
                self.shadows[target][each.mapping.key] = Known(known)
                for side, seen in (each.seen or {}).items():
                    self.shadows[side][each.mapping.key] = seen
        return action

    def write(self, side: Side, name: str, before: Sequence[str], after: Sequence[str]) -> None:
        """Add what came, and take away labels that went; associations go last, when their labels have gone."""
        for id in after:
            if id not in before:
                self.held[side].setdefault(id, set()).update({name} - {"firms"})
        for id in before:
            if id not in after and name != "firms":
                self.held[side].get(id, set()).discard(name)

    def rest(self) -> Action:
        for _ in range(5):
            action = self.run()
        return action

    def labels(self, id: str) -> tuple[set[str] | None, set[str] | None]:
        return self.held[L].get(id), self.held[R].get(id.upper())


def test_label_that_came_on_one_side_comes_on_the_other_with_the_association() -> None:
    couple = Couple({L: {"a": {"firms.1"}}, R: {}})
    couple.rest()
    assert couple.labels("a") == ({"firms.1"}, {"firms.7"})


def test_label_that_went_is_taken_away_and_the_association_stays() -> None:
    couple = Couple({L: {"a": {"firms.1"}}, R: {}})
    couple.rest()
    couple.held[R]["A"].clear()
    couple.rest()
    assert couple.labels("a") == (set(), set())


def test_association_goes_with_its_paired_labels() -> None:
    couple = Couple({L: {"a": {"firms.1"}, "b": set()}, R: {}})
    couple.rest()
    del couple.held[L]["a"]
    couple.run()
    assert couple.labels("a") == (None, None)


def test_label_that_is_paired_with_none_keeps_its_association_until_it_is_taken_away() -> None:
    couple = Couple({L: {"a": set(), "b": set()}, R: {}})
    couple.rest()
    couple.held[R]["A"].add("firms.1")
    couple.rest()
    del couple.held[L]["a"]
    action = couple.rest()
    assert couple.labels("a") == (None, {"firms.1"})
    assert action.kind is ActionKind.HOLD
    assert '"Right only" still hangs on it in Bert' in action.reason
    couple.held[R]["A"].clear()
    couple.rest()
    assert couple.labels("a") == (None, None)


def test_what_else_changed_is_written_while_an_association_is_kept() -> None:
    couple = Couple({L: {"a": set(), "b": set()}, R: {"A": {"firms.1"}}})
    couple.rest()
    couple.held[L] = {"b": set(), "c": {"firms.1"}}
    action = couple.rest()
    assert (couple.labels("a"), couple.labels("c")) == ((None, {"firms.1"}), ({"firms.1"}, {"firms.7"}))
    assert action.kind is ActionKind.HOLD


def test_association_that_comes_back_ends_the_hold() -> None:
    couple = Couple({L: {"a": set(), "b": set()}, R: {"A": {"firms.1"}}})
    couple.rest()
    del couple.held[L]["a"]
    couple.rest()
    couple.held[L]["a"] = set()
    assert couple.rest().kind is ActionKind.NONE
    del couple.held[R]["A"]
    couple.rest()
    assert couple.labels("a") == (None, None)


def test_label_given_while_the_association_is_taken_away_brings_it_back() -> None:
    couple = Couple({L: {"a": set()}, R: {"A": set()}})
    couple.rest()
    del couple.held[L]["a"]
    couple.held[R]["A"].add("firms.7")
    couple.rest()
    assert couple.labels("a") == ({"firms.1"}, {"firms.7"})


def test_label_that_flows_one_way_alone_keeps_what_it_was_given_on_the_written_side() -> None:
    ways = [replace(each, direction=Direction.TO_RIGHT) for each in (PLAIN, PAIRED)]
    couple = Couple({L: {"a": set()}, R: {"A": {"firms.7"}}}, spec=settings(*ways))
    couple.rest()
    del couple.held[L]["a"]
    action = couple.rest()
    assert couple.labels("a") == (None, {"firms.7"})
    assert '"Buys"' in action.reason


def one_firm(now: str | None, was: str | None, labels: set[str]) -> Action:
    """Plan where the left side holds one firm, and the right one ``A`` by some labels."""
    maps = FieldMap(FIRM, FIRMS, through="firms")
    records = {
        L: Record("r", {"firm": now}),
        R: Record("r", {"firms": ["A"], **{each.name: ["A"] * (each.name in labels) for each in LABELS[R]}}),
    }
    shadows = {L: {maps.key: Known([was] if was else [])}, R: {maps.key: Known(["A"])}}
    pair = Pair(records, shadows, partners={maps.key: PARTNERS})
    return plan_linked(replace(spec(maps), labels={L: (), R: LABELS[R]}), pair, Facts(linked=True), NOW)


def test_single_reference_takes_no_association_away_on_which_a_label_hangs() -> None:
    assert one_firm("b", "a", set()).fields[0].value == ["B"]
    assert one_firm("b", "a", {"firms.1"}).fields[0].value == ["B", "A"]
    assert one_firm(None, "a", set()).fields[0].value == []
    held = one_firm(None, "a", {"firms.1"})
    assert (held.kind, held.fields[0].write) == (ActionKind.HOLD, None)


NAMES = {L: ("firms.1", "firms.2"), R: ("firms.7", "firms.1")}
UNPAIRED = {L: "firms.2", R: "firms.1"}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(SIDES),
        st.sampled_from(IDS),
        st.sampled_from(("join", "part", "hang paired", "hang other", "take paired", "take other", "run", "run")),
    ),
    max_size=25,
)


@given(EDITS)
def test_whatever_people_do_paired_labels_agree_and_no_other_is_touched(edits) -> None:
    couple = Couple()
    given_: dict[tuple[Side, str], bool] = {}
    for side, small, what in edits:
        id = small if side is L else small.upper()
        held = couple.held[side]
        name = NAMES[side][what.endswith("other")]
        if what == "run":
            couple.run()
        elif what == "join":
            held.setdefault(id, set())
        elif what == "part":
            held.pop(id, None)
            given_[side, id] = False
        elif what.startswith("hang"):
            held.setdefault(id, set()).add(name)
        else:
            held.get(id, set()).discard(name)
        if what.endswith("other"):
            given_[side, id] = UNPAIRED[side] in held.get(id, ())
    couple.rest()
    for side in SIDES:
        for id in PARTNERS[side]:
            other = [UNPAIRED[side] in couple.held[side].get(id, ()), given_.get((side, id), False)]
            assert other[0] == other[1], "what is paired with none is as people left it"
    for id in IDS:
        left, right = couple.labels(id)
        assert ("firms.1" in (left or ())) == ("firms.7" in (right or ()))
        if (left is None) != (right is None):
            assert UNPAIRED[L] in (left or ()) or UNPAIRED[R] in (right or ()), "only such a label keeps an association"
    before = {side: {id: set(labels) for id, labels in couple.held[side].items()} for side in SIDES}
    couple.rest()
    assert couple.held == before, "it is at rest"
