"""How a sync stands: every record in exactly one state, counted as it is listed."""

import pytest

from bothways.engine.sides import SIDES
from bothways.ledger import due, feeds, holds, journal, links, looking, plans
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.journal import Entry
from bothways.ledger.links import NewLink
from bothways.ledger.models import Plan, Run, Sync
from bothways.ledger.plans import ActionRow

L, R = SIDES
STATES = ("failing", "held", "waiting", "in_sync", "left_out")


def hold(side: str, id: str, kind: str) -> HoldRow:
    return HoldRow(side, id, "R7", "why", kind)


@pytest.fixture
def people(sync: Sync) -> Sync:
    """Return a sync with pairs and lone records in every state; the number of an id says which pair it is in."""
    for feed, letter in ((sync.left, "l"), (sync.right, "r")):
        feeds.save_seen(
            feed, [*[SeenRow(f"{letter}{n}") for n in (*range(9), 10)], SeenRow(f"{letter}9", state="gone")]
        )
    links.create(sync, [NewLink(f"l{n}", f"r{n}", "active", "R6", "") for n in range(4)], 1.0)
    links.create(sync, [NewLink("l4", None, "pending", "R8", "")], 1.0)
    (ended,) = links.create(sync, [NewLink("l5", "r5", "active", "R6", "")], 1.0)
    links.end(ended, 2.0, "R4")
    (frozen,) = links.create(sync, [NewLink("l10", "r10", "active", "R6", "")], 1.0)
    links.freeze(
        [(frozen, "outside"), *((each.id, "outside") for each in links.page(sync, 0, 100) if each.left_id != "l0")]
    )
    for each in (hold("right", "r1", "refused"), hold("left", "l1", "match"), hold("left", "l2", "conflict")):
        holds.put(sync, each, 1.0)
    due.mark(sync, "right", ["r3", "r1"])
    for each in (hold("left", "l6", "unreadable"), hold("right", "r6", "match")):
        holds.put(sync, each, 1.0)
    due.mark(sync, "left", ["l7", "l6"])
    return sync


PAIRS = {"failing": ["l1"], "held": ["l2"], "waiting": ["l3", "l4"], "in_sync": ["l0"], "left_out": ["l10"]}
ALONE = {
    "failing": (["l6"], []),
    "held": ([], ["r6"]),
    "waiting": (["l7"], []),
    "in_sync": ([], []),
    "left_out": (["l5", "l8"], ["r4", "r5", "r7", "r8"]),
}


@pytest.mark.parametrize("most", [1, looking.MOST_NOTED])
@pytest.mark.parametrize("state", STATES)
def test_pairs_and_lone_records_by_their_state(
    people: Sync, state: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_NOTED", most)
    assert [link.left_id for link in looking.pairs(people, state, 0, 100)] == PAIRS[state]
    found = tuple([row.id for row in looking.alone(people, side, state, "", 100)] for side in SIDES)
    assert found == ALONE[state]


def test_counts_are_those_of_the_lists_and_everybody_is_in_one(people: Sync) -> None:
    counted = looking.counts(people)
    assert counted == {state: len(PAIRS[state]) + sum(map(len, ALONE[state])) for state in STATES}
    pairs = looking.pairs(people, None, 0, 100)
    lone = [row for side in SIDES for row in looking.alone(people, side, None, "", 100)]
    assert sum(counted.values()) == len(pairs) + len(lone)


@pytest.mark.parametrize("state", [*STATES, None])
@pytest.mark.parametrize("size", [1, 2])
def test_lone_records_in_one_state_are_paged_up_to_an_edge(people: Sync, state: str | None, size: int) -> None:
    every = [row.id for row in looking.alone(people, R, state, "", 100)]
    found: list[str] = []
    while rows := looking.alone(people, R, state, found[-1] if found else "", size, until="r6"):
        found += [row.id for row in rows]
    assert found == [id for id in every if id <= "r6"]


def test_edges_are_as_many_places_behind(people: Sync) -> None:
    ids = [link.id for link in looking.pairs(people, None, 0, 100)]
    assert looking.pairs_edge(people, 0, 1) == ids[0]
    assert looking.pairs_edge(people, ids[0], 5) == ids[5]
    assert looking.pairs_edge(people, ids[0], 6) is None
    assert looking.seen_edge(people.left_id, "l1", 2) == "l2"  # behind l10
    assert looking.seen_edge(people.left_id, "l8", 2) is None


@pytest.mark.parametrize(
    ("word", "ids"), [("ANN", ["l0", "l2"]), ("r1", ["l1"]), ("x_y", ["l3"]), ("100%", []), ("zz", [])]
)
def test_pairs_that_hold_a_word_in_either_record(people: Sync, word: str, ids: list[str]) -> None:
    feeds.save_seen(people.left, [SeenRow("l0", values={"name": "Ann"}), SeenRow("l3", values={"name": "X_Y"})])
    feeds.save_seen(people.right, [SeenRow("r2", values={"name": "Joann"}), SeenRow("r1", values={"name": "x-y"})])
    where, asked = looking.pair_holds(people, word)
    found = [link.left_id for link in looking.pairs(people, None, 0, 100, where, asked)]
    assert [id for id in found if id != "l10" or "l10" in ids] == ids


@pytest.mark.parametrize("size", [1, 2, 100])
def test_lists_are_paged(people: Sync, size: int) -> None:
    pairs: list[int] = []
    while page := looking.pairs(people, None, pairs[-1] if pairs else 0, size):
        pairs += [link.id for link in page]
    assert len(pairs) == 6
    lone: list[str] = []
    while rows := looking.alone(people, R, None, lone[-1] if lone else "", size):
        lone += [row.id for row in rows]
    assert lone == ["r4", "r5", "r6", "r7", "r8"]
    live: list[str] = []
    while rows := looking.live_page(people.left_id, live[-1] if live else "", size):
        live += [row.id for row in rows]
    assert live == sorted(f"l{n}" for n in (*range(9), 10))


@pytest.mark.parametrize(
    ("text", "ids"), [("ann", ["a", "b"]), ("ANN L", ["a"]), ("%", ["c"]), ("_", ["d"]), ("nn%", []), ("zz", [])]
)
def test_search_takes_the_text_as_it_is_whatever_its_case(sync: Sync, text: str, ids: list[str]) -> None:
    names = {"a": "Ann Lee", "b": "Joann", "c": "100 %", "d": "x_y", "gone": "Ann"}
    rows = [SeenRow(id, values={"name": name}, state="gone" if id == "gone" else "live") for id, name in names.items()]
    feeds.save_seen(sync.left, rows)
    assert [row.id for row in looking.holding(sync.left_id, text, 10)] == ids


def test_due_records_and_when_the_next_one_comes(sync: Sync) -> None:
    due.mark(sync, "left", ["a"], 100.0)
    due.mark(sync, "left", ["b"], 50.0)
    due.mark(sync, "right", ["a"])
    assert looking.due_ids(sync, L, ["a", "b", "c"]) == {"a", "b"}
    assert looking.next_waiting(sync, 0.0) == 50.0
    assert looking.next_waiting(sync, 50.0) == 100.0
    assert looking.next_waiting(sync, 100.0) is None


def test_writes_of_runs_by_kind_and_side(sync: Sync, run: Run) -> None:
    entry = Entry(0, 0, 1, L, "l1", "update", "intent", "F3", "")
    entries = [
        *[entry._replace(link_id=n) for n in range(3)],
        entry._replace(link_id=9, side=R, kind="create"),
        entry._replace(link_id=10, kind="unlink"),
        entry._replace(link_id=11),
    ]
    ids = journal.add(sync, run.pk, entries, 1.0)
    stored = [each._replace(id=id) for each, id in zip(entries, ids, strict=True)]
    journal.close([(each, None) for each in stored[:-1]], "done", 2.0)
    assert looking.written([run.pk, run.pk + 1]) == {run.pk: {("update", "left"): 3, ("create", "right"): 1}}
    assert looking.written([]) == {}


def test_writing_actions_of_a_plan_by_state_with_the_skipped_ones(sync: Sync) -> None:
    plan = Plan.objects.create(sync=sync, revision=0, created_at=1.0)
    action = ActionRow(0, "update", "F3", "why", "l", "r", None, True, False, "planned", {})
    skipped = action._replace(seq=1, state="skipped")
    plans.add(plan, [action, skipped, action._replace(seq=2, writes_left=False, state="skipped")])
    assert looking.planned_writes(plan.pk) == ({"planned": 1, "skipped": 1}, (skipped,))


@pytest.mark.parametrize("text", ["zoë", "ZOË", "Zoë"])
def test_search_finds_letters_with_accents_whatever_their_case(sync: Sync, text: str) -> None:
    feeds.save_seen(sync.left, [SeenRow("a", values={"name": "Zoë"}), SeenRow("b", values={"name": "ZOË"})])
    assert [row.id for row in looking.holding(sync.left_id, text, 10)] == ["a", "b"]


def test_search_finds_quotes(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("a", values={"name": 'Ann "Annie" Lee'})])
    assert [row.id for row in looking.holding(sync.left_id, '"Annie"', 10)] == ["a"]
