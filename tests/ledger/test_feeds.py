"""What a feed last saw of every record, its keys, and who holds them."""

import pytest

from bothways.ledger import db, feeds
from bothways.ledger.feeds import SeenRow, key_hash
from bothways.ledger.models import Feed, Sync
from bothways.ledger.postgresql import COPY_FROM
from bothways.records import Record, Value

VALUES: dict[str, Value] = {
    "text": 'Zoë\t"\\\n 東京',
    "number": 1.25,
    "whole": 2**53 + 1,
    "yes": True,
    "nothing": None,
    "list": ["a", None, 1],
    "labelled": [{"value": "a@x.test", "label": "work"}],
}


def hashes(*keys: tuple[str, str]) -> set[tuple[str, str]]:
    return {(slot, key_hash(key)) for slot, key in keys}


# --- rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, COPY_FROM])
def test_row_comes_back_as_it_was_saved(sync: Sync, count: int) -> None:
    full = [
        SeenRow(
            f"id {n}", "/a/1", 'W/"1"', VALUES, 1.5, 2.25, 3.125, 4.0, 5.5, "gone", "no id", (), ("contacts", f"c{n}")
        )
        for n in range(count)
    ]
    bare = [SeenRow(f"bare {n}") for n in range(count)]
    with db.transaction_():
        feeds.save_seen(sync.left, [*full, *bare])
    found = feeds.seen_by_id(sync.left_id, [row.id for row in (*full, *bare)])
    assert found == {row.id: row for row in (*full, *bare)}


def test_saving_replaces_all_that_was_known_of_an_id(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("a", "/a", "1", VALUES, 1.0, problem="no id")])
    feeds.save_seen(sync.left, [SeenRow("a", values={})])
    assert feeds.seen_by_id(sync.left_id, ["a"]) == {"a": SeenRow("a", values={})}


def test_records_turned_into_others_are_found_by_what_they_became(sync: Sync) -> None:
    became = [("a", ("contacts", "1")), ("b", ("contacts", "1")), ("c", ("companies", "1")), ("d", None)]
    feeds.save_seen(sync.left, [SeenRow(id, state="converted", became=into) for id, into in became])
    assert feeds.turned_into(sync.left_id, "contacts", ["1", "2"]) == {"1": ["a", "b"]}
    assert feeds.turned_into(sync.right_id, "contacts", ["1"]) == {}
    assert feeds.turned_into(sync.left_id, "contacts", []) == {}


def test_what_was_merged_is_followed_to_the_record_that_it_is_by_now(sync: Sync) -> None:
    into = [("a", "b"), ("b", "c"), ("x", "y"), ("y", "x"), ("lost", None)]
    merged = [SeenRow(id, state="merged", became=("people", new) if new else None) for id, new in into]
    feeds.save_seen(sync.left, [*merged, SeenRow("c"), SeenRow("lead", state="converted", became=("contacts", "c"))])
    asked = (id for id in ["a", "b", "c", "lost", "lead", "unknown"])
    assert feeds.survivors(sync.left_id, asked) == {"a": "c", "b": "c"}
    assert feeds.survivors(sync.left_id, ["x"]) == {"x": "y"}, "a circle ends"
    assert feeds.survivors(sync.right_id, ["a"]) == {}


def test_only_what_was_merged_away_is_forgotten(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("a", state="merged"), SeenRow("b")])
    for id in ("a", "b"):
        feeds.forget_merged(sync.left_id, id)
    assert feeds.seen_by_id(sync.left_id, ["a", "b"]).keys() == {"b"}


def test_values_never_read_are_not_the_same_as_none_at_all(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("unread"), SeenRow("empty", values={})])
    found = feeds.seen_by_id(sync.left_id, ["unread", "empty"])
    assert (found["unread"].values, found["empty"].values) == (None, {})
    assert found["unread"].record.values == {}


def test_row_as_a_record() -> None:
    row = SeenRow("a", "/a", "1", {"x": 1}, 9.0)
    assert row.record == Record("a", {"x": 1}, "/a", "1", 9.0)
    assert (row.live, SeenRow("a", state="gone").live) == (True, False)


def test_feeds_do_not_see_each_other(sync: Sync) -> None:
    feeds.save_seen(sync.left, [SeenRow("a", "/a")])
    assert feeds.seen_by_id(sync.right_id, ["a"]) == {}
    assert feeds.seen_by_address(sync.right_id, ["/a"]) == {}
    assert feeds.seen_by_address(sync.left_id, ["/a", "/b"]) == {"/a": SeenRow("a", "/a")}


def test_counts_and_sweeps_look_at_live_records_only(sync: Sync) -> None:
    rows = [SeenRow(f"{n:02}", swept=float(n), first_seen_at=float(n)) for n in range(10)]
    feeds.save_seen(sync.left, [*rows, SeenRow("gone", state="gone"), SeenRow("merged", state="merged")])
    feed = sync.left_id
    assert feeds.live_count(feed) == 10
    assert feeds.unswept(feed, 4.0) == 4
    pages, after = [], ""
    while page := feeds.unswept_page(feed, 4.0, after, size=3):
        pages.append([row.id for row in page])
        after = page[-1].id
    assert pages == [["00", "01", "02"], ["03"]]
    assert sorted(row.id for row in feeds.seen_since(feed, 8.0)) == ["08", "09"]


# --- keys ---------------------------------------------------------------------------------------------


def test_replace_keys_tells_what_came_and_what_went(sync: Sync) -> None:
    feed = sync.left
    assert feeds.replace_keys(feed, {"a": hashes(("mail", "x"), ("tel", "1"))}) == hashes(("mail", "x"), ("tel", "1"))
    assert feeds.replace_keys(feed, {"a": hashes(("mail", "y"), ("tel", "1"))}) == hashes(("mail", "x"), ("mail", "y"))
    assert feeds.replace_keys(feed, {"a": hashes(("mail", "y"), ("tel", "1"))}) == set()
    assert feeds.keys_of(feed.pk, ["a", "b"]) == {"a": hashes(("mail", "y"), ("tel", "1"))}
    assert feeds.replace_keys(feed, {"a": set()}) == hashes(("mail", "y"), ("tel", "1"))
    assert feeds.keys_of(feed.pk, ["a"]) == {}


def test_replacing_the_keys_of_one_record_leaves_the_others_alone(sync: Sync) -> None:
    feeds.replace_keys(sync.left, {"a": hashes(("mail", "x")), "b": hashes(("mail", "x"))})
    feeds.replace_keys(sync.left, {"a": set()})
    assert feeds.keys_of(sync.left_id, ["a", "b"]) == {"b": hashes(("mail", "x"))}


def test_keys_of_a_slot_that_was_not_known_when_they_were_computed_stay(sync: Sync) -> None:
    feeds.replace_keys(sync.left, {"a": hashes(("mail", "x"), ("tel", "1"))})
    assert feeds.replace_keys(sync.left, {"a": hashes(("mail", "y"))}, ["mail"]) == hashes(("mail", "x"), ("mail", "y"))
    assert feeds.keys_of(sync.left_id, ["a"]) == {"a": hashes(("mail", "y"), ("tel", "1"))}


def test_holders_are_the_live_records_with_a_key(sync: Sync) -> None:
    rows = [SeenRow("a"), SeenRow("b"), SeenRow("c", state="gone"), SeenRow("d")]
    feeds.save_seen(sync.left, rows)
    feeds.replace_keys(
        sync.left, {row.id: hashes(("mail", "x")) for row in rows} | {"never seen": hashes(("mail", "x"))}
    )
    feeds.replace_keys(sync.left, {"d": hashes(("mail", "y"), ("tel", "x"))})
    (x,), (y,), (tel,) = hashes(("mail", "x")), hashes(("mail", "y")), hashes(("tel", "x"))
    assert feeds.holders(sync.left_id, [x, y, tel]) == {x: {"a", "b"}, y: {"d"}, tel: {"d"}}
    assert feeds.holders(sync.right_id, [x]) == {}
    assert feeds.holders(sync.left_id, []) == {}


def test_told_key_counts_until_the_record_is_edited_and_no_recomputing_takes_it_away(sync: Sync) -> None:
    feed = sync.left
    feeds.save_seen(feed, [SeenRow("a")])
    feeds.tell_key(feed, "mail", "old@x.test", "a")
    feeds.replace_keys(feed, {"a": hashes(("mail", "new@x.test"))})
    (old,) = hashes(("mail", "old@x.test"))
    assert feeds.holders(feed.pk, [old]) == {old: {"a"}}
    assert feeds.keys_of(feed.pk, ["a"]) == {"a": hashes(("mail", "new@x.test"))}
    assert feeds.all_keys_of(feed.pk, ["a"]) == {"a": hashes(("mail", "old@x.test"), ("mail", "new@x.test"))}
    assert feeds.drop_told_keys(feed, ["a"]) == {old}
    assert feeds.drop_told_keys(feed, ["a"]) == set()
    assert feeds.all_keys_of(feed.pk, ["a"]) == {"a": hashes(("mail", "new@x.test"))}


def test_told_key_that_the_values_show_too_is_a_computed_one_from_then_on(sync: Sync) -> None:
    feed = sync.left
    feeds.tell_key(feed, "mail", "x", "a")
    feeds.replace_keys(feed, {"a": hashes(("mail", "x"))})
    assert feeds.drop_told_keys(feed, ["a"]) == set()
    assert feeds.keys_of(feed.pk, ["a"]) == {"a": hashes(("mail", "x"))}


def test_keys_of_what_is_gone_are_forgotten_told_ones_too(sync: Sync) -> None:
    feed = sync.left
    feeds.replace_keys(feed, {"a": hashes(("mail", "x")), "b": hashes(("mail", "x"))})
    feeds.tell_key(feed, "tel", "1", "a")
    assert feeds.drop_keys(feed, ["a"]) == hashes(("mail", "x"), ("tel", "1"))
    assert feeds.all_keys_of(feed.pk, ["a", "b"]) == {"b": hashes(("mail", "x"))}


def test_keys_are_stored_hashed() -> None:
    assert "ann" not in key_hash("ann@x.test")
    assert key_hash("a") != key_hash("b")
    assert len(key_hash("x" * 1000)) == len(key_hash("Zoë")) == 24


# --- position -----------------------------------------------------------------------------------------


def test_position_is_saved_and_settings_changed_meanwhile_stay(sync: Sync) -> None:
    mine = Feed.objects.get(pk=sync.left_id)
    Feed.objects.filter(pk=mine.pk).update(fields=["name", "new"])
    mine.cursor, mine.baseline_done, mine.polled_at, mine.complete_to = "7", True, 8.5, 9.25
    feeds.save_position(mine)
    saved = Feed.objects.get(pk=mine.pk)
    assert (saved.cursor, saved.baseline_done, saved.polled_at, saved.complete_to) == ("7", True, 8.5, 9.25)
    assert saved.fields == ["name", "new"]


def test_syncs_of_a_feed_are_those_that_are_on_each_with_its_side(sync: Sync) -> None:
    turned = Sync.objects.create(name="turned", state="on", left=sync.right, right=sync.left)
    Sync.objects.create(name="off", state="off", left=sync.left, right=sync.right)
    found = [(each.name, side) for each, side in feeds.sides_of(sync.left)]
    assert found == [("people", "left"), ("turned", "right")]
    assert [each.pk for each, _ in feeds.sides_of(sync.right)] == [sync.pk, turned.pk]


def test_not_live_names_those_known_to_be_gone_or_merged(sync: Sync) -> None:
    rows = [SeenRow("a"), SeenRow("gone", state="gone"), SeenRow("merged", state="merged")]
    feeds.save_seen(sync.left, rows)
    assert sorted(feeds.not_live(sync.left.pk, ["a", "gone", "merged", "unknown"])) == ["gone", "merged"]


def test_duplicates_are_the_keys_of_several_live_records_in_any_of_the_slots(sync: Sync) -> None:
    rows = [SeenRow(id) for id in ("a1", "a2", "a3", "b1", "b2", "alone")] + [SeenRow("gone", state="gone")]
    with db.transaction_():
        feeds.save_seen(sync.left, rows)
        keys = {"a1": ("s", "a"), "a2": ("s", "a"), "a3": ("t", "a"), "b1": ("s", "b"), "b2": ("s", "b")}
        keys |= {"alone": ("s", "c"), "gone": ("s", "c")}
        feeds.replace_keys(sync.left, {id: hashes(key) for id, key in keys.items()})
    found = feeds.duplicates(sync.left_id, ["s", "t"])
    assert (found.groups, found.records, found.examples) == (2, 5, [["a1", "a2", "a3"], ["b1", "b2"]])
    assert feeds.duplicates(sync.left_id, ["s"], examples=1).records == 4
    assert feeds.duplicates(sync.right_id, ["s"]) == (0, 0, [])
