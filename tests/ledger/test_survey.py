"""The survey: who shares a key first, and with whom alone; what was marked anew since, it says nothing of."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bothways.engine.sides import SIDES, Side
from bothways.ledger import due, feeds, links, survey
from bothways.ledger.feeds import SeenRow
from bothways.ledger.links import NewLink
from bothways.ledger.models import Connection, Feed, Sync
from tests.ledger.conftest import empty_tables, new_sync

L, R = SIDES
EMAIL = {L: ("email:email", "email:other"), R: ("email:mail",)}
PHONE = {L: ("phone:phone",), R: ("phone:tel", "phone:mobile")}
RULES = (EMAIL, PHONE)
Who = tuple[Side, str]


def keep(sync: Sync, side: Side, id: str, *keys: tuple[str, str], state: str = "live") -> None:
    feed = sync.left if side is L else sync.right
    feeds.save_seen(feed, [SeenRow(id, state=state)])
    feeds.replace_keys(feed, {id: {(slot, feeds.key_hash(key)) for slot, key in keys}})
    due.mark(sync, side, [id])


def new_feed(app: str) -> Feed:
    return Feed.objects.create(connection=Connection.objects.get(name=app), object="others")


def pair(sync: Sync, name: str, key: str) -> None:
    keep(sync, L, name, ("email:email", key), ("email:other", key))
    keep(sync, R, name.upper(), ("email:mail", key))


def met(sync: Sync, taken: survey.Survey, ids: Sequence[str]) -> dict[str, tuple[int | None, str | None]]:
    """Return what a survey says of both sides; ids in small letters are of the left."""
    return taken.met(L, ids) | taken.met(R, ids)


def test_two_records_that_alone_share_a_key_have_each_other(sync: Sync) -> None:
    pair(sync, "a", "1")
    keep(sync, L, "b", ("email:email", "2"), ("phone:phone", "9"))
    keep(sync, R, "B", ("email:mail", "3"), ("phone:mobile", "9"))
    keep(sync, L, "c", ("email:email", "4"), ("phone:phone", "8"))
    taken = survey.take(sync, RULES)
    found = {"a": (0, "A"), "A": (0, "a"), "b": (1, "B"), "B": (1, "b"), "c": (None, None)}
    assert met(sync, taken, [*"aAbBcx"]) == found


@pytest.mark.parametrize("another", [(L, "email:other"), (R, "email:mail")])
def test_who_shares_it_too_leaves_none_of_them_a_partner(sync: Sync, another: tuple[Side, str]) -> None:
    pair(sync, "a", "1")
    keep(sync, another[0], "x", (another[1], "1"))
    taken = survey.take(sync, RULES)
    assert met(sync, taken, [*"aAx"]) == dict.fromkeys("aAx", (0, None))


def test_links_and_records_kept_apart_are_heeded_when_they_are_asked_for(sync: Sync) -> None:
    for name in "abcde":
        pair(sync, name, name)
    taken = survey.take(sync, RULES)
    links.create(sync, [NewLink("x", "A", "active", "R6", ""), NewLink("b", "X", "pending", "R6", "")], 0.0)
    links.keep_apart(sync, [("c", "z"), ("", "D")])
    found = met(sync, taken, [*"aAcCdDeE"])
    assert {id for id, (_, partner) in found.items() if partner} == {"A", "e", "E"}
    assert taken.met(R, ["B"]) == {"B": (0, None)}


def test_what_was_marked_anew_is_not_spoken_of_nor_what_the_caller_knows_better(sync: Sync) -> None:
    for name in "abc":
        pair(sync, name, name)
    taken = survey.take(sync, RULES)
    due.mark(sync, R, ["A"])
    taken.void.add((L, "b"))
    assert met(sync, taken, [*"aAbBcC"]) == {"c": (0, "C"), "C": (0, "c")}


def test_record_without_a_mark_is_not_spoken_of_but_may_be_a_partner(sync: Sync) -> None:
    pair(sync, "a", "1")
    due.clear(sync, list(due.marked(sync, R, ["A"]).values()))
    taken = survey.take(sync, RULES)
    assert met(sync, taken, ["a", "A"]) == {"a": (0, "A")}
    due.mark(sync, R, ["A"])
    assert met(sync, taken, ["a", "A"]) == {}


def test_sync_that_is_off_gets_no_marks_so_nothing_is_said(sync: Sync) -> None:
    pair(sync, "a", "1")
    taken = survey.take(sync, RULES)
    sync.state = "off"
    sync.save()
    assert met(sync, taken, ["a", "A"]) == {}


def test_another_survey_begins_anew_and_a_closed_one_leaves_nothing(sync: Sync) -> None:
    pair(sync, "a", "1")
    survey.take(sync, RULES)
    keep(sync, L, "x", ("email:email", "1"))
    taken = survey.take(sync, RULES)
    assert met(sync, taken, ["a", "x"]) == {"a": (0, None), "x": (0, None)}
    taken.close()
    survey.take(sync, RULES).close()


def test_surveys_of_two_syncs_say_nothing_of_each_other(sync: Sync) -> None:
    other = Sync.objects.create(name="other", state="on", left=new_feed("Anna"), right=new_feed("Bert"))
    pair(sync, "a", "1")
    pair(other, "b", "1")
    first, second = survey.take(sync, RULES), survey.take(other, RULES)
    assert met(sync, first, [*"aAb"]) == {"a": (0, "A"), "A": (0, "a")}
    second.close()
    assert met(sync, first, [*"aAb"]) == {"a": (0, "A"), "A": (0, "a")}
    first.close()


KEYS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from("123")), max_size=4)
BOOK = st.lists(KEYS, max_size=6)


@given(st.fixed_dictionaries({L: BOOK, R: BOOK}))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_survey_says_of_everybody_what_a_look_at_all_pairs_says(
    backend: str, books: Mapping[Side, Sequence[Sequence[tuple[int, int, str]]]]
) -> None:
    empty_tables()
    made = new_sync()
    held: dict[Who, list[set[str]]] = {}
    for side, book in books.items():
        for number, keys in enumerate(book):
            slots = [RULES[place][side] for place, _, _ in keys]
            named = [(slots[at][way % len(slots[at])], f"{keys[at][0]}{key}") for at, (_, way, key) in enumerate(keys)]
            keep(made, side, f"{number}", *named)
            held[side, f"{number}"] = [{key for at, _, key in keys if at == place} for place in (0, 1)]
    taken = survey.take(made, RULES)
    for side in SIDES:
        ids = [id for each, id in held if each is side]
        assert taken.met(side, ids) == {id: looked_up((side, id), held) for id in ids}


def looked_up(who: Who, held: Mapping[Who, Sequence[set[str]]]) -> tuple[int | None, str | None]:
    """Return the first rule by which a record shares a key, and its partner if both share with nobody else."""
    place, others = shared(who, held)
    if place is None:
        return None, None
    alone = len(others) == 1 and (other := others.pop())[0] is not who[0] and shared(other, held) == (place, {who})
    return place, other[1] if alone else None


def shared(who: Who, held: Mapping[Who, Sequence[set[str]]]) -> tuple[int | None, set[Who]]:
    for place in range(len(RULES)):
        others = {each for each, keys in held.items() if each != who and keys[place] & held[who][place]}
        if others:
            return place, others
    return None, set()
