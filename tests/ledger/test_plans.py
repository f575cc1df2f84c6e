"""Plans as stored rows: read in pages, in order, and never as one object in memory."""

import tracemalloc
from collections.abc import Iterator

import pytest

from bothways.engine.sides import SIDES
from bothways.ledger import db, plans
from bothways.ledger.models import Plan, Sync
from bothways.ledger.plans import ActionRow
from bothways.ledger.postgresql import COPY_FROM

L, R = SIDES


def action(seq: int, **more: object) -> ActionRow:
    row = {
        "kind": "update",
        "rule": "F3",
        "reason": "Anna changed",
        "left_id": f"l{seq}",
        "right_id": f"r{seq}",
        "link_id": seq,
        "writes_left": False,
        "writes_right": True,
        "state": "planned",
        "data": {"fields": [{"value": "Zoë\t\\N", "before": None}], "marks": {"left": 1}},
    }
    return ActionRow(seq=seq, **{**row, **more})  # type: ignore[arg-type]


@pytest.fixture
def plan(sync: Sync) -> Plan:
    return Plan.objects.create(sync=sync, revision=0, created_at=1.0)


def store(plan: Plan, *actions: ActionRow) -> None:
    with db.transaction_():
        plans.add(plan, actions)


@pytest.mark.parametrize("count", [1, COPY_FROM])
def test_actions_come_back_as_they_were_stored(plan: Plan, count: int) -> None:
    stored = [action(n) for n in range(count)]
    bare = action(count, left_id=None, link_id=None, writes_left=True, writes_right=False, data={})
    store(plan, *stored, bare)
    assert plans.every(plan, size=count + 1) == [*stored, bare]
    assert (bare.ids, bare.on(L), bare.on(R)) == ((None, f"r{count}"), None, f"r{count}")
    assert (bare.writes(L), bare.writes(R)) == (True, False)


def test_pages_are_in_order_and_end_where_the_plan_does(plan: Plan) -> None:
    store(plan, *[action(n) for n in (3, 1, 4, 0, 2)])
    assert [[each.seq for each in page] for page in plans.pages(plan, size=2)] == [[0, 1], [2, 3], [4]]
    assert list(plans.pages(Plan(pk=plan.pk + 1))) == []


def test_pages_yield_what_is_still_planned_though_states_change_between_pages(plan: Plan) -> None:
    store(plan, *[action(n, state="skipped" if n == 1 else "planned") for n in range(6)])
    met: list[int] = []
    for page in plans.pages(plan, size=2):
        met += [each.seq for each in page]
        plans.set_state(plan.pk, [each.seq for each in page], "done")
    assert met == [0, 2, 3, 4, 5]
    assert list(plans.pages(plan)) == []
    assert [each.state for each in plans.every(plan)] == ["done", "skipped", "done", "done", "done", "done"]


def test_pages_may_be_narrowed(plan: Plan) -> None:
    store(plan, action(0), action(1, kind="create"), action(2, writes_left=True, writes_right=False))
    assert [each.seq for page in plans.pages(plan, "kind='create'") for each in page] == [1]
    assert [each.seq for page in plans.pages(plan, "writes_left") for each in page] == [2]
    assert [each.seq for each in plans.every(plan, after=0, where="kind='update'")] == [2]


def test_planned_ids_are_those_an_action_covers_on_that_side(plan: Plan) -> None:
    store(plan, action(1), action(2, right_id=None))
    assert plans.planned_ids(plan, L, ["l1", "l2", "l3", "r1"]) == {"l1", "l2"}
    assert plans.planned_ids(plan, R, ["r1", "r2"]) == {"r1"}


def test_links_made_on_the_way_are_remembered(plan: Plan) -> None:
    store(plan, action(0, link_id=None), action(1, link_id=None))
    plans.set_links(plan.pk, {1: 77})
    assert [each.link_id for each in plans.every(plan)] == [None, 77]


def test_dropped_plan_is_gone_with_its_rows_and_no_other(plan: Plan, sync: Sync) -> None:
    other = Plan.objects.create(sync=sync, revision=0, created_at=2.0)
    store(plan, action(0))
    store(other, action(0))
    plans.drop(plan.pk)
    assert not Plan.objects.filter(pk=plan.pk).exists()
    assert plans.every(plan) == []
    assert len(plans.every(other)) == 1


def test_big_plan_is_never_in_memory_as_a_whole(plan: Plan) -> None:
    heavy = "x" * 2000
    for start in range(0, 4000, 400):
        store(plan, *[action(n, data={"fields": heavy}) for n in range(start, start + 400)])
    count, peak = measured(plans.pages(plan, size=100))
    assert count == 4000
    assert peak < 4_000_000, f"{peak} bytes at once for a plan of 8 MB"


def measured(pages: Iterator[list[ActionRow]]) -> tuple[int, int]:
    """Return how many actions went by, and the most bytes that were held meanwhile."""
    tracemalloc.start()
    try:
        count = sum(len(page) for page in pages)
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
