"""Plain pairs: found from both sides alike, and none where anything else has a say."""

from bothways.engine.sides import SIDES
from bothways.ledger import feeds, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import NewLink
from bothways.ledger.models import Sync
from bothways.ledger.plain import plain_pairs

L, R = SIDES
SLOTS = {L: ("email:email", "email:other"), R: ("email:mail",)}


def keep(sync: Sync, id: str, *keys: tuple[str, str], state: str = "live") -> None:
    feed = sync.left if id.startswith("l") else sync.right
    feeds.save_seen(feed, [SeenRow(id, state=state)])
    feeds.replace_keys(feed, {id: {(slot, feeds.key_hash(key)) for slot, key in keys}})


def found(sync: Sync) -> dict[str, str]:
    ids = {L: sync.left_id, R: sync.right_id}
    everybody = {side: [f"{side[0]}{number}" for number in range(20)] for side in SIDES}
    from_left = plain_pairs(sync, L, ids, SLOTS, everybody[L])
    assert {right: left for left, right in from_left.items()} == plain_pairs(sync, R, ids, SLOTS, everybody[R])
    return from_left


def pair(sync: Sync, number: int, key: str) -> None:
    keep(sync, f"l{number}", ("email:email", key), ("email:other", key), ("phone:phone", "1"))
    keep(sync, f"r{number}", ("email:mail", key), ("phone:tel", "1"))


def test_two_free_records_that_alone_hold_one_key_are_a_pair(sync: Sync) -> None:
    pair(sync, 1, "a")
    pair(sync, 2, "b")
    keep(sync, "l3", ("email:email", "c"))
    keep(sync, "r4", ("email:mail", "d"))
    assert found(sync) == {"l1": "r1", "l2": "r2"}


def test_whatever_else_is_known_of_either_makes_it_no_plain_pair(sync: Sync) -> None:
    for number, key in enumerate("abcdefghi", 1):
        pair(sync, number, key)
    keep(sync, "l11", ("email:other", "a"))
    keep(sync, "r12", ("email:mail", "b"))
    keep(sync, "l3", ("email:email", "c"), ("email:other", "x"))
    keep(sync, "r4", ("email:mail", "d"), ("email:mail", "y"))
    links.create(sync, [NewLink("l5", "r15", "active", "R6", ""), NewLink("l16", "r6", "pending", "R6", "")], 0.0)
    links.keep_apart(sync, [("l7", "r17"), ("", "r8")])
    keep(sync, "r9", ("email:mail", "i"), state="gone")
    assert found(sync) == {}
