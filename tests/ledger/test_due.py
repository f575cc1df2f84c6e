"""Due marks: none is cleared unseen, and the next page goes on where the last one ended."""

import pytest

from bothways.engine.sides import Side
from bothways.ledger import db, due, feeds, links
from bothways.ledger.due import DueMark
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import NewLink
from bothways.ledger.models import Sync

NOW = 100.0
START = ("", "")


def marks(sync: Sync, now: float = NOW) -> list[DueMark]:
    return due.page(sync, now, START, 1000)


def test_mark_is_there_once_however_often_it_is_made_in_one_call(sync: Sync) -> None:
    due.mark(sync, "left", ["b", "a", "a"])
    assert [(mark.side, mark.id) for mark in marks(sync)] == [("left", "a"), ("left", "b")]
    assert due.count(sync) == 2


def test_mark_made_again_while_a_run_works_outlives_that_run(sync: Sync) -> None:
    due.mark(sync, "left", ["a", "b"])
    read = marks(sync)
    due.mark(sync, "left", ["a"])
    due.clear(sync, read)
    assert [mark.id for mark in marks(sync)] == ["a"]
    due.clear(sync, marks(sync))
    assert due.count(sync) == 0


def test_mark_made_anew_after_clearing_is_seen(sync: Sync) -> None:
    due.mark(sync, "left", ["a"])
    read = marks(sync)
    due.clear(sync, read)
    due.mark(sync, "left", ["a"])
    assert [mark.id for mark in marks(sync)] == ["a"]
    due.clear(sync, read)
    assert due.count(sync) == 1, "it is another mark than the one that was read before"


def test_everything_is_all_that_is_there_and_what_is_gone_and_still_linked(sync: Sync) -> None:
    rows = [SeenRow(id, state=state) for id, state in (("a", "live"), ("b", "gone"), ("c", "gone"), ("d", "merged"))]
    feeds.save_seen(sync.left, rows)
    links.create(sync, [NewLink("a", "x", "active", "R6", ""), NewLink("b", "y", "active", "R6", "")], NOW)
    due.mark_everything(sync)
    assert [(mark.side, mark.id) for mark in marks(sync)] == [("left", "a"), ("left", "b")]


def test_postponed_mark_waits_unless_it_was_made_again(sync: Sync) -> None:
    due.mark(sync, "left", ["a", "b"])
    read = marks(sync)
    due.mark(sync, "left", ["b"])
    due.postpone(sync, read, NOW + 50)
    assert [mark.id for mark in marks(sync)] == ["b"]
    assert [mark.id for mark in marks(sync, NOW + 50)] == ["a", "b"]
    assert due.count(sync) == 2, "what waits is due all the same"
    assert due.ready(sync, NOW) == {Side.LEFT: 1, Side.RIGHT: 0}
    assert due.ready(sync, NOW + 50) == {Side.LEFT: 2, Side.RIGHT: 0}


def test_next_at_is_the_first_to_come(sync: Sync) -> None:
    assert due.next_at(sync) is None
    due.mark(sync, "left", ["a"], NOW + 20)
    due.mark(sync, "right", ["b"], NOW + 10)
    assert due.next_at(sync) == NOW + 10
    assert marks(sync) == []
    due.mark(sync, "left", ["a"])
    assert due.next_at(sync) == 0.0, "a new mark needs not wait for an old one"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_go_on_over_the_sides_and_miss_nobody(sync: Sync, size: int) -> None:
    due.mark(sync, "right", ["a", "b"])
    due.mark(sync, "left", ["b", "c", "Ä"])
    found: list[tuple[str, str]] = []
    after = START
    while page := due.page(sync, NOW, after, size):
        after = (page[-1].side, page[-1].id)
        found += [(mark.side, mark.id) for mark in page]
    assert sorted(found) == sorted([("left", "b"), ("left", "c"), ("left", "Ä"), ("right", "a"), ("right", "b")])


def test_marks_of_one_sync_are_no_other_s(sync: Sync) -> None:
    other = Sync.objects.create(name="others", left_id=sync.left_id, right_id=sync.right_id)
    due.mark(sync, "left", ["a"])
    due.mark(other, "left", ["a"])
    due.clear(other, marks(other))
    assert (due.count(sync), due.count(other)) == (1, 0)


def test_marked_returns_those_that_exist(sync: Sync) -> None:
    due.mark(sync, "left", ["a"])
    due.mark(sync, "right", ["b"])
    assert due.marked(sync, "left", ["a", "b", "c"]) == {"a": marks(sync)[0]}
    assert due.marked(sync, "left", []) == {}


def test_everything_live_of_both_sides_is_marked_at_once(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("a"), SeenRow("gone", state="gone"), SeenRow("merged", state="merged")])
    feeds.save_seen(sync.right, [SeenRow("b")])
    due.mark(sync, "left", ["a"], NOW + 1000)
    due.mark_everything(sync)
    assert [(mark.side, mark.id) for mark in marks(sync)] == [("left", "a"), ("right", "b")]
    assert db.value("SELECT COUNT(*) FROM due WHERE workspace_id<>1") == 0


def test_who_is_marked_within_a_block_is_noted(sync: Sync) -> None:
    due.mark(sync, "left", ["a1"])
    with due.noting() as noted:
        due.mark(sync, "left", [])
        assert noted == set()
        with due.noting() as inner:
            due.mark(sync, "left", ["a1"])
        assert (noted, inner) == (set(), {sync.pk})
        due.mark_everything(sync)
        assert noted == {sync.pk}


def test_sample_is_some_of_what_is_due_now_and_all_of_it_in_time(sync: Sync) -> None:
    due.mark(sync, "left", [f"a{number}" for number in range(20)])
    due.mark(sync, "right", ["b"])
    due.mark(sync, "right", ["later"], not_before=NOW + 1)
    every = set(marks(sync))
    samples = [due.sample(sync, NOW, 5) for _ in range(200)]
    assert all(len(set(sample)) == 5 and set(sample) < every for sample in samples)
    assert {mark for sample in samples for mark in sample} == every
    assert set(due.sample(sync, NOW, 1000)) == every
