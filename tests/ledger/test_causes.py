"""Holds by their causes: one group for what is the same, ignored until edited, tried again exactly."""

import time

import pytest

from bothways.ledger import causes, db, due, feeds, holds, links
from bothways.ledger.feeds import SeenRow
from bothways.ledger.holds import HoldRow
from bothways.ledger.links import NewLink
from bothways.ledger.models import Sync

PAIRED = 'Bert does not take it: "{}" is paired with none of the choices of Country'


def unpaired(id: str, value: str) -> HoldRow:
    return HoldRow("left", id, "F6", PAIRED.format(value), "value", "land=country")


def refused(id: str, reason: str, value: str = "", field: str = "") -> HoldRow:
    data = {"value": value} if field else {}
    return HoldRow("left", id, "R13", f"Bert refused: {reason}", "refused", field, data=data)


def put(sync: Sync, *rows: HoldRow, now: float = 10.0) -> None:
    for row in rows:
        holds.put(sync, row, now)


def shown(sync: Sync, **more: bool) -> list[tuple[str, str, int]]:
    return [(each.cause.kind, each.cause.field, each.size) for each in causes.groups(sync, **more)]


def test_one_group_for_each_cause_with_its_number_of_records(sync: Sync) -> None:
    put(sync, *(unpaired(f"a{n}", "UK" if n else "Holland") for n in range(3)))
    put(sync, HoldRow("left", "b", "R7", "the same e-mail as two", "match"))
    put(sync, HoldRow("right", "c", "R7", "the same phone as three", "match"))
    put(sync, HoldRow("left", "d", "FK", "they differ", "conflict", "job=job"))
    assert shown(sync) == [("value", "land=country", 3), ("match", "", 2), ("conflict", "job=job", 1)]
    found = causes.groups(sync)[0]
    assert causes.reasons(sync, found.cause, 10) == [(PAIRED.format("UK"), 2), (PAIRED.format("Holland"), 1)]
    assert causes.group(sync, found.digest) == found
    assert causes.cause_of(sync, found.first) == found.cause


@pytest.mark.parametrize(
    ("one", "other", "groups"),
    [
        (refused("a", "contact 1234567 is locked"), refused("b", "contact 7654321 is locked"), 1),
        (refused("a", "ana@x.test is no address"), refused("b", "bo@y.test is no address"), 1),
        (refused("a", "period 2022 is closed"), refused("b", "period 2023 is closed"), 2),
        (refused("a", "error 4031"), refused("b", "error 4032"), 2),
        (refused("a", "UK is not allowed", "UK", "c=c"), refused("b", "Holland is not allowed", "Holland", "c=c"), 1),
        (refused("a", "UK is not allowed", "UK", "c=c"), refused("b", "UK is not allowed", "UK", "d=d"), 2),
        (refused("a", 'it\'s 50% "x"', "UK", "c=c"), refused("b", 'it\'s 50% "y"', "NL", "c=c"), 1),
    ],
)
def test_what_a_reason_quotes_of_a_record_makes_no_other_cause(
    sync: Sync, one: HoldRow, other: HoldRow, groups: int
) -> None:
    put(sync, one, other)
    found = causes.groups(sync)
    assert len(found) == groups
    assert [causes.page(sync, each.cause, 0, 10)[0].id for each in found] == [each.first for each in found]


def test_groups_and_their_holds_are_listed_page_by_page(sync: Sync) -> None:
    put(sync, *(refused(f"a{n}", f"reason {chr(97 + n)}") for n in range(5)))
    first = causes.groups(sync, size=3)
    rest = causes.groups(sync, after=first[-1].first, size=3)
    assert [each.reason[-1] for each in (*first, *rest)] == [*"abcde"]
    put(sync, *(unpaired(f"b{n}", "UK") for n in range(4)))
    cause = causes.groups(sync)[-1].cause
    one = causes.page(sync, cause, 0, 3)
    assert [each.record_id for each in (*one, *causes.page(sync, cause, one[-1].id, 3))] == ["b0", "b1", "b2", "b3"]


@pytest.mark.parametrize("edited", ["left", "right", None])
def test_what_is_ignored_comes_back_when_one_of_its_records_is_edited(sync: Sync, edited: str | None) -> None:
    links.create(sync, [NewLink("a", "A", "active", "R6", "")], 1.0)
    for feed, id in ((sync.left, "a"), (sync.right, "A")):
        feeds.save_seen(feed, [SeenRow(id, stamp_seen_at=5.0)])
    put(sync, unpaired("a", "UK"), unpaired("b", "UK"))
    cause = causes.groups(sync)[0].cause
    assert causes.ignore(sync, cause, "Ana", 20.0) == 2
    assert (shown(sync), causes.count(sync), causes.count(sync, ignored=True)) == ([], 0, 2)
    if edited:
        feed = sync.left if edited == "left" else sync.right
        feeds.save_seen(feed, [SeenRow("a" if edited == "left" else "A", stamp_seen_at=30.0)])
    back = 1 if edited else 0
    assert causes.count(sync) == back
    assert shown(sync, ignored=True) == [("value", "land=country", 2 - back)]
    assert causes.take_back(sync, cause) == 2 - back
    assert causes.count(sync) == 2


def test_retry_makes_exactly_the_records_of_the_cause_due(sync: Sync) -> None:
    put(sync, refused("a", "closed"), refused("b", "closed"), refused("c", "locked"), unpaired("d", "UK"))
    (group,) = [each for each in causes.groups(sync) if "closed" in each.reason]
    mend, total = causes.try_again(sync, group, "retry", "Ana", 50.0)
    assert total == 2
    assert [each.id for each in due.page(sync, 50.0, ("", ""), 10)] == ["a", "b"]
    assert {each.record_id for each in holds.ready(sync, 50.0)} == {"a", "b"}
    (told,) = causes.mends([sync.pk], None, 10)
    assert (told.id, told.total, told.left, told.tried) == (mend, 2, 2, 0)
    put(sync, refused("b", "closed"), now=60.0)
    db.execute("DELETE FROM hold WHERE record_id='a'")
    (told,) = causes.last_mends(sync, [group.digest]).values()
    assert (told.total, told.left, told.tried) == (2, 1, 1)
    db.execute("DELETE FROM hold WHERE record_id='b'")
    assert causes.last_mends(sync, [group.digest]) == {}


def test_only_some_reasons_of_a_cause_are_tried_again(sync: Sync) -> None:
    put(sync, unpaired("a", "UK"), unpaired("b", "Holland"))
    (group,) = causes.groups(sync)
    assert causes.try_again(sync, group, "pairing", "Ana", 50.0, only=[PAIRED.format("UK")])[1] == 1
    assert [each.id for each in due.page(sync, 50.0, ("", ""), 10)] == ["a"]


def test_how_many_differences_are_between_the_same_values(sync: Sync) -> None:
    def differs(id: str, left: str, right: str, field: str = "job=job") -> HoldRow:
        return HoldRow(
            "left", id, "FK", "they differ", "conflict", field, data={"values": {"left": left, "right": right}}
        )

    put(sync, differs("a", "x", "y"), differs("b", "x", "y"), differs("c", "x", "z"), differs("d", "x", "y", "n=n"))
    ids = {each.record_id: each.id for each in holds.page(sync)}
    found = causes.alike(sync, ids.values())
    assert {name: found[id] for name, id in ids.items()} == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_value_with_a_nul_is_counted_like_any_other(sync: Sync) -> None:
    differs = HoldRow("left", "b", "FK", "they differ", "conflict", "c=c", data={"values": {"left": "a\0b"}})
    put(sync, refused("a", "no", "a\0b", "c=c"), differs)
    assert shown(sync) == [("refused", "c=c", 1), ("conflict", "c=c", 1)]
    found = causes.groups(sync)
    assert len(causes.page(sync, found[0].cause, 0, 10)) == 1
    assert causes.alike(sync, [found[1].first]) == {found[1].first: 0}


def test_what_is_over_is_forgotten(sync: Sync) -> None:
    put(sync, unpaired("a", "UK"), unpaired("b", "UK"))
    (group,) = causes.groups(sync)
    causes.try_again(sync, group, "retry", "Ana", 50.0)
    causes.ignore(sync, group.cause, "Ana", 50.0)
    db.execute("DELETE FROM hold WHERE record_id='a'")
    causes.tidy(0.0)
    assert (db.value("SELECT COUNT(*) FROM mended"), db.value("SELECT COUNT(*) FROM ignored")) == (1, 1)
    causes.tidy(60.0)
    assert (db.value("SELECT COUNT(*) FROM mended"), db.value("SELECT COUNT(*) FROM mend")) == (0, 0)


def test_cause_of_a_very_long_reason_is_found_in_a_time_that_grows_with_its_length_alone(sync: Sync) -> None:
    put(sync, refused("a", f"{'z' * 40_000} is no address"), refused("b", "ana@x.test is no address"))
    begun = time.process_time()
    assert len(causes.groups(sync)) == 2
    assert time.process_time() - begun < 2, "of this process alone"
