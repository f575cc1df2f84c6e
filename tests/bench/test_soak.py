"""The check at the end of a soak finds what must not be, and nothing else."""

import time
from collections import Counter
from pathlib import Path

import pytest
from bench.soak_books import OBJECTS, Books, Held, Sizes, first, number_of, stands
from bench.soak_check import AROUND, CARRIED_BY, Check, Findings
from bench.soak_figures import WARM_UP, Bill, bound_of, flatness, growth_of
from bench.soak_site import Sample
from bench.soak_story import Edit, Story

SIZES = Sizes(companies=10, contacts=20, deals=10)
PAIR, DEAL, UNLISTED = 1, 1, 7


class Ended:
    """A soak in which all went well, unless the test changes what a store holds or what people did."""

    def __init__(self, folder: Path) -> None:
        self.story = Story(SIZES, folder / "log")
        self.lost: set[str] = set()
        self.replaced = False
        self.hubspot, self.erp = Books(), Books()
        for side, books in (("hubspot", self.hubspot), ("erp", self.erp)):
            for object in OBJECTS:
                for number, life in self.story.lives[object].items():
                    if life.alone and (life.alone != side or not stands(number, side)):
                        continue
                    parents = {
                        name: None if life.start[name] is None else int(life.start[name] or 0)
                        for name in life.start.keys() - first(object, number).keys()
                    }
                    books.add(object, number, Held(f"{side} {number}", first(object, number), parents=parents))

    def holds(self, object: str, number: int, field: str, *values: str | None) -> None:
        for books, value in zip((self.hubspot, self.erp), values, strict=True):
            books.of(object, number)[0].values[field] = value

    def edits(self, number: int, *edits: tuple[float, str, str | None, str | None], object: str = "contacts") -> None:
        for edit in edits:
            self.story.of(object, number).edit("phone" if object == "contacts" else "amount", Edit(*edit))

    def deletes(self, number: int, side: str, at: float) -> None:
        life = self.story.of("contacts", number)
        life.gone[side] = at
        life.touched.append(at)
        (self.hubspot if side == "hubspot" else self.erp).held["contacts"].pop(number, None)

    def found(self) -> Findings:
        evidence, replaced = self.lost.__contains__, lambda *_: self.replaced
        return Check(self.story, self.hubspot, self.erp, evidence, replaced).all()

    def broken(self) -> list[str]:
        return [each.split(":")[0] for each in self.found().broken]


@pytest.fixture
def ended(tmp_path: Path) -> Ended:
    return Ended(tmp_path)


def test_nothing_is_broken_where_all_went_well(ended: Ended) -> None:
    assert ended.broken() == []
    assert ended.found().seen["pairs"] > 20


def test_keys_tell_their_numbers_whatever_they_are_renamed_to() -> None:
    assert number_of("contacts", "person12.7@example.com") == 12
    assert number_of("companies", "firm3-9.example") == number_of("deals", "Deal 3 (9)") == 3
    assert number_of("deals", "Deal of 3") is None


def test_sides_that_differ_are_told_and_an_empty_value_that_somebody_left_is_not(ended: Ended) -> None:
    ended.holds("contacts", PAIR, "phone", "1", None)
    assert ended.broken() == ["I1"]
    ended.edits(PAIR, (1.0, "hubspot", "1", "0"), (2.0, "erp", None, "1"))
    assert ended.broken() == []


def test_value_that_nobody_typed_and_an_edit_that_is_nowhere_are_told(ended: Ended) -> None:
    ended.holds("contacts", PAIR, "phone", "1", "1")
    assert ended.broken() == ["I2"]
    ended.edits(PAIR, (1.0, "hubspot", "1", "0"))
    assert ended.broken() == []
    ended.edits(PAIR, (2.0, "hubspot", "2", "1"))
    assert ended.broken() == ["I2"], "an older edit of the same side"


def test_later_edit_of_the_table_loses_against_hubspot_only_if_the_journal_has_it(ended: Ended) -> None:
    ended.edits(PAIR, (1.0, "hubspot", "1", "0"), (2.0, "erp", "2", "0"))
    ended.holds("contacts", PAIR, "phone", "1", "1")
    assert ended.broken() == ["I2"]
    ended.lost.add("2")
    assert ended.broken() == []


def test_of_what_both_sides_made_hubspot_s_stands_if_the_journal_has_the_other(ended: Ended) -> None:
    ended.edits(PAIR, (2.0, "erp", "2", first("contacts", PAIR)["phone"]))
    assert ended.broken() == ["I2"]
    ended.story.of("contacts", PAIR).made |= {"hubspot": 1.0, "erp": 1.0}
    assert ended.broken() == ["I2"]
    ended.lost.add("2")
    assert ended.broken() == []


def test_later_edit_of_hubspot_is_replaced_only_in_the_moment_of_writing(ended: Ended) -> None:
    ended.edits(PAIR, (1.0, "erp", "1", "0"), (2.0, "hubspot", "2", "0"))
    ended.holds("contacts", PAIR, "phone", "1", "1")
    assert ended.broken() == ["I2"]
    ended.replaced = True
    assert ended.broken() == []


def test_record_made_twice_or_by_nobody_is_told(ended: Ended) -> None:
    twice = Held("again", first("contacts", PAIR))
    ended.erp.add("contacts", PAIR, twice)
    assert ended.broken() == ["I3"]
    ended.story.of("contacts", PAIR).twins.add("again")
    assert ended.broken() == []
    ended.hubspot.add("contacts", 999, Held("of nobody", first("contacts", 999)))
    assert ended.broken() == ["I3"]


def test_record_that_nobody_deleted_stays_and_the_partner_of_a_deleted_one_follows(ended: Ended) -> None:
    ended.erp.held["contacts"].pop(PAIR)
    assert ended.broken() == ["deleted"]
    ended.deletes(PAIR, "erp", 1000.0)
    assert ended.broken() == ["delete"]
    ended.story.of("contacts", PAIR).touched.append(1000.0 + AROUND - 1)
    assert ended.broken() == [], "touched meanwhile, it may stay"
    ended.hubspot.held["contacts"].pop(PAIR)
    assert ended.broken() == []


def test_edit_after_a_deletion_stays_and_what_was_deleted_does_not_come_back(ended: Ended) -> None:
    ended.deletes(PAIR, "erp", 1000.0)
    ended.edits(PAIR, (1001.0, "hubspot", "1", "0"))
    ended.hubspot.of("contacts", PAIR)[0].values["phone"] = "1"
    assert ended.broken() == []
    ended.erp.add("contacts", PAIR, Held("back", first("contacts", PAIR)))
    assert ended.broken() == ["I5"]
    ended.erp.held["contacts"].pop(PAIR)
    ended.hubspot.held["contacts"].pop(PAIR)
    assert ended.broken() == ["I2"]


def test_merged_record_is_nowhere_any_more(ended: Ended) -> None:
    ended.story.of("contacts", PAIR).absorbed = True
    assert ended.broken() == ["merge", "merge"]


def test_what_belongs_to_another_record_on_one_side_is_told(ended: Ended) -> None:
    ended.hubspot.of("contacts", PAIR)[0].parents["company"] = 3
    assert ended.broken() == ["I1"]


def test_nothing_flows_outside_the_list(ended: Ended) -> None:
    ended.edits(UNLISTED, (1.0, "hubspot", "5", "1"), object="deals")
    ended.holds("deals", UNLISTED, "amount", "5", "1007")
    assert ended.broken() == []
    ended.holds("deals", UNLISTED, "amount", "5", "5")
    assert ended.broken() == ["I9"], "carried"
    life = ended.story.of("deals", UNLISTED)
    life.listed[:] = [(0.0, True), (1.0 - CARRIED_BY / 2, False)]
    assert ended.broken() == [], "it had left only just"


def test_note_that_is_not_mapped_stays_on_its_side(ended: Ended) -> None:
    ended.story.of("contacts", PAIR).notes["erp"] = "ours"
    ended.erp.of("contacts", PAIR)[0].note = ended.hubspot.of("contacts", PAIR)[0].note = "ours"
    assert ended.broken() == ["I9"]


def test_memory_is_judged_by_the_longest_life_once_it_is_warm() -> None:
    began = time.time()
    short = [Sample(began + at, 1, 10**9) for at in range(0, 60, 5)]
    grown = [Sample(began + at, 2, 100 + max(0, at - int(WARM_UP))) for at in range(0, 1000, 5)]
    found = flatness([*short, *grown])
    assert found.most == 10**9
    assert found.ratio > 2
    assert found.per_hour > 1
    flat = flatness([Sample(began + at, 2, 100) for at in range(0, 1000, 5)])
    assert (flat.ratio, flat.per_hour, flat.is_long_enough) == (1.0, 0.0, True)


def test_calls_are_held_against_the_deeds_and_those_that_a_limit_refused_are_told_from_the_ordered_ones() -> None:
    bill = Bill(
        Counter({"search": 30, "batch/read": 5}), turned_away=Counter({"/a": 2, "/b": 1}), ordered=2, seconds=86_400 / 2
    )
    assert (bill.total, bill.refused) == (35, 1)
    assert bill.share_of_day == 70 / 250_000
    quiet = bound_of(bill, Counter(), Counter(), 0, 0)
    busy = bound_of(bill, Counter({"hubspot edit": 10, "erp edit": 20}), Counter({"500": 1}), 0, 0)
    assert (quiet["batch/read"], quiet["batch/update"]) == (0, 0)
    assert (busy["batch/read"], busy["batch/update"]) == (2 * 30 + 2, 20 + 2)
    assert bill.over({"search": 60, "batch/read": 4}) == 5 / 4
    assert bill.over({"search": 60}) == float("inf"), "calls that nothing allows"
    assert busy["search"] > quiet["search"] >= 3 * 86_400 / 2 / 60


def test_growth_beside_history_is_told_per_deed(ended: Ended) -> None:
    ended.story.tell("edit", "hubspot", "contacts", PAIR)
    ended.story.tell("killed", "fault", "")
    growth = growth_of({"link": (1, 10), "journal": (0, 0)}, {"link": (3, 30), "journal": (50, 500)})
    assert growth.per(ended.story) == 2.0
    assert growth.bytes["journal"] == 500
