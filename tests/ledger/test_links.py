"""Links and their shadows: one live link per record, tombstones kept, every value as it was."""

import pytest

from bothways.engine.field_state import Known
from bothways.engine.sides import SIDES, Side
from bothways.errors import LedgerError
from bothways.ledger import db, links
from bothways.ledger.links import LinkRow, NewLink
from bothways.ledger.models import Sync
from bothways.ledger.postgresql import COPY_FROM
from bothways.records import Value

L, R = SIDES
VALUES: list[Value] = [
    None,
    "",
    "Zoë\t\\N\n'\"",
    0,
    -1.5,
    2**53 + 1,
    True,
    False,
    [],
    ["a", None],
    {"value": "x", "label": None},
    [{"value": "x", "preferred": True}],
]


def new(left: str | None, right: str | None, state: str = "active") -> NewLink:
    return NewLink(left, right, state, "R6", "same email")


def make(sync: Sync, *pairs: tuple[str | None, str | None], state: str = "active") -> list[int]:
    return links.create(sync, [new(*pair, state) for pair in pairs], 5.0)


def live(sync: Sync) -> list[tuple[str | None, str | None]]:
    return [(link.left_id, link.right_id) for link in links.page(sync, 0, 100)]


# --- coming and going ---------------------------------------------------------------------------------


def test_links_are_made_in_order_and_found_from_both_sides(sync: Sync) -> None:
    first, second = make(sync, ("l1", "r1"), ("l2", "r2"))
    expected = LinkRow(first, "l1", "r1", "active", "R6", "same email", None, 5.0)
    assert links.live_by_record(sync, L, ["l1", "lx"]) == {"l1": expected}
    assert links.live_by_record(sync, R, ["r1"]) == {"r1": expected}
    assert links.live_by_record(sync, R, ["l1"]) == {}
    assert links.by_id([second]) == {second: LinkRow(second, "l2", "r2", "active", "R6", "same email", None, 5.0)}
    assert (expected.on(L), expected.on(R)) == ("l1", "r1")
    assert expected.at(L, "x").left_id == "x"
    assert expected.at(R, None).right_id is None


@pytest.mark.parametrize("pair", [("l1", "r2"), ("l2", "r1"), ("l1", "r1"), ("l1", None), (None, "r1")])
@pytest.mark.parametrize("state", ["active", "pending"])
def test_record_has_at_most_one_live_link(sync: Sync, pair: tuple[str | None, str | None], state: str) -> None:
    make(sync, ("l1", "r1"), state=state)
    with pytest.raises(LedgerError), db.transaction_():
        make(sync, ("l9", "r9"), pair, state="pending")
    assert live(sync) == [("l1", "r1")], "nothing of the refused ones stays"


def test_many_pending_links_wait_for_records_to_be_created(sync: Sync) -> None:
    ids = make(sync, ("l1", None), ("l2", None), (None, "r9"), state="pending")
    assert len(set(ids)) == 3
    links.activate(R, [(ids[0], "r1"), (ids[1], "r2")])
    assert [links.by_id(ids)[id].state for id in ids] == ["active", "active", "pending"]
    assert live(sync) == [("l1", "r1"), ("l2", "r2"), (None, "r9")]
    assert links.counts(sync) == 2


def test_link_that_ended_while_its_record_was_created_stays_ended_and_knows_the_record(sync: Sync) -> None:
    [id] = make(sync, ("l1", None), state="pending")
    links.end(id, 5.0, "R0: Anna merged it", L)
    links.activate(R, [(id, "r1")])
    link = links.by_id([id])[id]
    assert (link.state, link.on(R), live(sync)) == ("ended", "r1", [])


def test_links_of_another_sync_are_not_in_the_way(sync: Sync) -> None:
    other = Sync.objects.create(name="others", left_id=sync.left_id, right_id=sync.right_id)
    make(sync, ("l1", "r1"))
    make(other, ("l1", "r2"))
    assert live(other) == [("l1", "r2")]


def test_ended_link_is_kept_as_a_tombstone_and_frees_its_records(sync: Sync) -> None:
    (first,) = make(sync, ("l1", "r1"))
    links.end(first, 9.0, "R4: deleted in Anna", R)
    assert live(sync) == []
    ended = links.ended_by_record(sync, R, ["r1"])["r1"]
    assert (ended.state, ended.survivor, ended.ended_at, ended.ended_by) == (
        "ended",
        "right",
        9.0,
        "R4: deleted in Anna",
    )
    make(sync, ("l1", "r1"))
    assert live(sync) == [("l1", "r1")]


def test_latest_ended_link_speaks_for_a_record(sync: Sync) -> None:
    for survivor in (R, None):
        (id,) = make(sync, ("l1", "r1"))
        links.end(id, 9.0, "R5", survivor)
    assert links.ended_by_record(sync, L, ["l1"])["l1"].survivor is None


def test_link_that_ended_last_speaks_for_a_record_though_it_was_made_first(sync: Sync) -> None:
    first, second = make(sync, ("l1", "r1"), ("l2", "r2"))
    db.execute("UPDATE link SET left_id='l1', state='ended', ended_at=6.0 WHERE id=%s", (second,))
    links.end(first, 9.0, links.UNLINKED)
    assert links.ended_by_record(sync, L, ["l1"])["l1"].id == first


def test_only_a_pending_link_can_be_dropped(sync: Sync) -> None:
    (active,) = make(sync, ("l1", "r1"))
    (pending,) = make(sync, ("l2", None), state="pending")
    for id in (active, pending):
        links.drop(id)
    assert live(sync) == [("l1", "r1")]


def test_moved_link_knows_of_its_record_only_what_that_holds_as_before(sync: Sync) -> None:
    (id,) = make(sync, ("l1", "r1"))
    known = {"name=name": Known("Ann", 5.0), "city=town": Known("Bern"), "=state": Known("mine"), "note=": Known(None)}
    links.save_shadows(1, [(id, side, known) for side in SIDES])
    links.move(id, L, "l2", {"name": "Ann", "city": "Basel"})
    assert live(sync) == [("l2", "r1")]
    assert links.shadows([id]) == {id: {L: {"name=name": Known("Ann", 5.0), "=state": Known("mine")}, R: known}}


def test_records_kept_apart_are_known_from_both_sides(sync: Sync) -> None:
    for left, right in (("l1", "r1"), ("l1", "r2"), ("l2", "r1")):
        db.execute("INSERT INTO apart (sync_id, left_id, right_id) VALUES (%s,%s,%s)", (sync.pk, left, right))
    assert links.apart(sync, L, ["l1", "l3"]) == {"l1": {"r1", "r2"}}
    assert links.apart(sync, R, ["r1"]) == {"r1": {"l1", "l2"}}


@pytest.mark.parametrize("size", [1, 2, 10])
def test_pages_are_in_order_of_id(sync: Sync, size: int) -> None:
    ids = make(sync, *[(f"l{n}", f"r{n}") for n in range(5)])
    found, after = [], 0
    while page := links.page(sync, after, size):
        after = page[-1].id
        found += [link.id for link in page]
    assert found == ids
    assert [link.id for link in links.page(sync, 0, 10, "left_id=%s", ("l3",))] == [ids[3]]


# --- shadows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [1, COPY_FROM])
def test_shadows_come_back_as_they_were_with_the_time_of_our_own_write(copies: int) -> None:
    shadow = {f"f{n}=f{n}": Known(value, 1_795_000_000.25 if n % 2 else None) for n, value in enumerate(VALUES)}
    with db.transaction_():
        links.save_shadows(1, [(id, side, shadow) for id in range(copies) for side in SIDES])
    found = links.shadows(range(copies))
    assert found == {id: dict.fromkeys(SIDES, shadow) for id in range(copies)}
    kinds = [type(known.value) for known in found[0][L].values()]
    assert kinds == [type(value) for value in VALUES], "1 is not true and true is not 1"


def test_side_without_a_shadow_is_unknown_not_blank() -> None:
    links.save_shadows(1, [(1, L, {"name=name": Known(None)})])
    assert links.shadows([1, 2]) == {1: {L: {"name=name": Known(None)}, R: {}}}


def test_saving_a_shadow_replaces_the_whole_of_that_side() -> None:
    links.save_shadows(1, [(1, side, {"a=a": Known(1)}) for side in SIDES])
    links.save_shadows(1, [(1, Side.LEFT, {"b=b": Known(2, 3.0)})])
    assert links.shadows([1]) == {1: {L: {"b=b": Known(2, 3.0)}, R: {"a=a": Known(1)}}}


def test_kept_apart_twice_is_kept_apart_once_and_can_be_forgotten(sync: Sync) -> None:
    for _ in range(2):
        with db.transaction_():
            links.keep_apart(sync, [("l1", "r1"), ("l1", ""), ("", "r2")])
    assert links.apart(sync, L, ["l1"]) == {"l1": {"r1", ""}}
    assert links.apart(sync, R, ["r1", "r2"]) == {"r1": {"l1"}, "r2": {""}}
    links.forget_apart(sync, L, "l1", ["r1"])
    assert links.apart(sync, L, ["l1"]) == {"l1": {""}}
    links.forget_apart(sync, R, "r2")
    links.forget_apart(sync, L, "l1")
    assert links.apart(sync, L, ["l1"]) == links.apart(sync, R, ["r2"]) == {}
