"""The journal: every write with what it replaced; intents first, results after."""

import pytest

from bothways.engine.field_state import Landed
from bothways.engine.sides import SIDES, Side
from bothways.ledger import journal
from bothways.ledger.journal import Entry, FieldWrite
from bothways.ledger.models import Run, Sync
from bothways.records import Value

L, R = SIDES
WRITE = FieldWrite("Bob", "Ann", "F3", "Anna changed", "Ann ", field="name")


def intent(link_id: int | None = 1, side: Side = R, record_id: str | None = "r1", **more: object) -> Entry:
    entry = Entry(0, 0, link_id, side, record_id, "update", "intent", "F3", "mark", {"name=name": WRITE})
    return entry._replace(**more)  # type: ignore[arg-type]


def add(sync: Sync, run: Run, *entries: Entry) -> list[Entry]:
    """Store entries and return them with their ids, as they are stored."""
    ids = journal.add(sync, run.pk, entries, 10.0)
    return [each._replace(id=id, run_id=run.pk, created_at=10.0) for each, id in zip(entries, ids, strict=True)]


def test_intent_holds_all_that_recovery_needs(sync: Sync, run: Run) -> None:
    (entry,) = add(sync, run, intent(more={"base": {"version": 'W/"1"'}}))
    assert journal.open_entries(sync) == [entry]
    assert entry.writes["name=name"].before == "Bob"
    assert journal.open_link_ids(sync) == {1}


def test_intent_is_open_until_its_result_is_recorded(sync: Sync, run: Run) -> None:
    (entry,) = add(sync, run, intent())
    journal.in_flight([entry.id])
    (flying,) = journal.open_entries(sync)
    assert flying == entry._replace(state="in_flight")
    landed = flying._replace(writes={"name=name": WRITE._replace(stored="ANN")})
    journal.close([(landed, None)], "done", 20.0)
    assert journal.open_entries(sync) == []
    assert journal.open_link_ids(sync) == set()
    assert journal.of_run(run.pk) == [landed._replace(state="done", done_at=20.0)]


@pytest.mark.parametrize("state", ["failed", "dropped"])
def test_closed_intent_says_why_and_frees_its_link(sync: Sync, run: Run, state: str) -> None:
    (entry,) = add(sync, run, intent())
    journal.close([(entry, None)], state, 20.0, "not a number we take")
    (closed,) = journal.of_link(1)
    assert (closed.state, closed.message, closed.done_at) == (state, "not a number we take", 20.0)
    assert journal.open_link_ids(sync) == set()
    assert journal.landed([1]) == {}


def test_create_learns_the_id_of_its_record_when_it_lands(sync: Sync, run: Run) -> None:
    (entry,) = add(sync, run, intent(record_id=None, kind="create"))
    journal.close([(entry, "r7")], "done", 20.0)
    assert [each.record_id for each in journal.of_run(run.pk)] == ["r7"]
    assert journal.of_record(sync, R, "r7") == journal.of_link(1)


def test_what_others_are_making_in_the_app_of_a_feed_is_known_until_it_is_made(sync: Sync, run: Run) -> None:
    feed = sync.right
    (made, *_) = add(
        sync,
        run,
        intent(1, record_id=None, kind="create"),
        intent(2, L, record_id=None, kind="create"),
        intent(3, record_id="r2"),
    )
    assert journal.being_made(feed, 0, 9.0) == [{"name": "Ann"}]
    assert journal.being_made(feed, sync.pk, 9.0) == [], "by others than this one"
    assert journal.being_made(feed, 0, 10.0) == [], "since then"
    journal.close([(made, "r7")], "done", 20.0)
    assert journal.being_made(feed, 0, 9.0) == []


def test_ids_come_back_in_the_order_of_the_entries(sync: Sync, run: Run) -> None:
    entries = add(sync, run, *[intent(n, R if n % 2 else L, f"r{n}" if n % 3 else None) for n in range(500)])
    assert [each.link_id for each in entries] == list(range(500))
    stored = {each.id: each for each in journal.of_run(run.pk, size=1000)}
    assert [stored[each.id] for each in entries] == entries


@pytest.mark.parametrize("value", [None, "", "Zoë\t\\N\n'\"", 0, 1.5, True, [], ["a", None], [{"value": "x"}]])
def test_values_are_journaled_as_they_were(sync: Sync, run: Run, value: Value) -> None:
    write = FieldWrite(value, value, "F4", "100 %", value, value, conflict=True, field="x", landed=False)
    add(sync, run, intent(writes={"x=x": write}))
    (entry,) = journal.open_entries(sync)
    assert entry.writes == {"x=x": write}
    assert type(entry.writes["x=x"].before) is type(value)


def test_open_entries_are_those_of_the_sync_oldest_first(sync: Sync, run: Run) -> None:
    other = Sync.objects.create(name="others", left_id=sync.left_id, right_id=sync.right_id)
    first, second = add(sync, run, intent(1), intent(2))
    add(other, run, intent(3))
    journal.close([(first, None)], "done", 20.0)
    assert [each.id for each in journal.open_entries(sync)] == [second.id]
    assert journal.open_link_ids(other) == {3}


def test_in_flight_of_many_and_of_none(sync: Sync, run: Run) -> None:
    entries = add(sync, run, *[intent(n) for n in range(900)])
    journal.in_flight([])
    journal.in_flight([each.id for each in entries[1:]])
    assert [each.state for each in journal.open_entries(sync)] == ["intent"] + ["in_flight"] * 899


# --- pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pages_of_a_run_lose_nothing(sync: Sync, run: Run, size: int) -> None:
    entries = add(sync, run, *[intent(n) for n in range(5)])
    found: list[int] = []
    while page := journal.of_run(run.pk, found[-1] if found else 0, size):
        assert len(page) <= size
        found += [each.id for each in page]
    assert found == [each.id for each in entries]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_a_run_did_is_paged_backwards_for_undo(sync: Sync, run: Run, size: int) -> None:
    kinds = ["update", "create", "undo", "unlink", "update"]
    entries = add(sync, run, *[intent(n, kind=kind) for n, kind in enumerate(kinds)])
    journal.close([(each, None) for each in entries[:4]], "done", 20.0)
    journal.close([(entries[4], None)], "failed", 20.0)
    found: list[int] = []
    while page := journal.done_before(run.pk, found[-1] if found else 2**62, size):
        found += [each.id for each in page]
    assert found == [each.id for each in reversed(entries[:3])], "only writes that landed, newest first"


def test_runs_do_not_see_each_other(sync: Sync, run: Run) -> None:
    other = Run.objects.create(sync=sync, kind="run", started_at=2.0)
    (mine,) = add(sync, run, intent(1))
    (others,) = add(sync, other, intent(2))
    assert journal.of_run(run.pk) == [mine]
    assert journal.of_run(other.pk) == [others]


# --- what landed --------------------------------------------------------------------------------------


def test_landed_writes_of_a_link_by_field_oldest_first(sync: Sync, run: Run) -> None:
    lost = WRITE._replace(landed=False)
    writes = [
        (R, {"name=name": WRITE, "tel=tel": WRITE._replace(after="1")}),
        (L, {"name=name": WRITE._replace(after="Bob"), "tel=tel": lost}),
        (R, {"name=name": WRITE}),
    ]
    for side, each in writes:
        (entry,) = add(sync, run, intent(1, side, writes=each))
        journal.close([(entry, None)], "done", 20.0)
    add(sync, run, intent(1), intent(2))
    assert journal.landed([1, 2]) == {
        1: {
            "name=name": [Landed(R, "Ann", 20.0), Landed(L, "Bob", 20.0), Landed(R, "Ann", 20.0)],
            "tel=tel": [Landed(R, "1", 20.0)],
        }
    }


def test_undo_is_no_round_of_an_oscillation(sync: Sync, run: Run) -> None:
    (entry,) = add(sync, run, intent(kind="undo"))
    journal.close([(entry, None)], "done", 20.0)
    assert journal.landed([1]) == {}


def test_history_of_one_record_and_of_one_link(sync: Sync, run: Run) -> None:
    first, left, moved = add(sync, run, intent(1, R, "r1"), intent(1, L, "r1"), intent(1, R, "r2"))
    assert journal.of_record(sync, R, "r1") == [first]
    assert journal.of_link(1) == [first, left, moved]
