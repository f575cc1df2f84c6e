"""Which records take part: filters entered and left, and what is never written meanwhile (row R10)."""

from datetime import UTC, datetime

import pytest

from bothways.engine.filters import Filter, condition, group
from bothways.engine.scope import Leaving, Scope
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.ledger import db, due, links, looking
from bothways.records import Field, FieldType
from bothways.sync import decisions
from tests.two_apps import TwoApps

L, R = Side.LEFT, Side.RIGHT
EMAIL, NAME, LAND = Field("email", FieldType.EMAIL), Field("name"), Field("land", label="Country")
BORN, PHONE = Field("born", FieldType.DATE), Field("phone", FieldType.PHONE, region="DE")
FIELDS = (EMAIL, NAME, LAND, BORN, PHONE)
GERMAN = condition(LAND, "is", "DE")
DAY = 86_400.0


def two_apps(scope: Scope, *mapped: Field, match: tuple[str, ...] = ("email",)) -> TwoApps:
    maps = [FieldMap(each, each) for each in mapped or (EMAIL, NAME)]
    return TwoApps(fields=FIELDS, maps=maps, scope=scope, match=match)


def of_anna(filter: Filter, leaving: Leaving = Leaving.FREEZE) -> Scope:
    return Scope({L: filter}, {}, leaving)


def frozen(world: TwoApps) -> list[str]:
    return [link.frozen for link in links.page(world.sync, 0, 1000, "state='active'")]


def test_records_outside_their_app_s_filter_are_left_out_with_the_reason() -> None:
    world = two_apps(of_anna(GERMAN))
    world.anna.add(email="fritz@x.test", land="de")
    world.anna.add(email="odile@x.test", land="FR")
    plan, _ = world.preview()
    assert plan.totals["left_out"] == {"outside the filter of Anna (Country is DE)": 1}
    world.rest()
    assert [world.bert.values(each.id)["email"] for each in world.bert.live()] == ["fritz@x.test"]
    assert due.count(world.sync) == 0


def test_a_field_that_is_not_mapped_can_decide_and_is_read_for_it() -> None:
    world = two_apps(of_anna(GERMAN), EMAIL)
    id = world.anna.add(email="odile@x.test", land="FR")
    world.rest()
    assert world.written() == 0
    world.anna.edit(id, land="DE")
    world.rest()
    assert len(world.bert.live()) == 1


def test_nothing_flows_either_way_while_a_pair_is_outside_and_nothing_is_lost_when_it_returns() -> None:
    world = two_apps(of_anna(GERMAN), EMAIL, NAME, LAND)
    here = world.anna.add(email="fritz@x.test", name="Fritz", land="DE")
    world.rest()
    there = world.partner(here)
    world.anna.edit(here, land="FR")
    world.rest()
    before = world.written()
    assert frozen(world) == ["outside the filter of Anna (Country is DE)"]
    world.anna.edit(here, name="Frederic")
    world.rest()
    world.bert.edit(there, email="frederic@x.test")
    world.rest()
    assert world.written() == before
    assert world.bert.values(there)["land"] == "DE"
    world.anna.edit(here, land="DE")
    world.rest()
    assert frozen(world) == [""]
    assert world.anna.values(here) == world.bert.values(there)
    assert world.anna.values(here)["email"] == "frederic@x.test"
    assert world.bert.values(there)["name"] == "Frederic"


def test_what_an_app_made_of_our_write_is_no_edit_when_a_frozen_pair_returns() -> None:
    world = two_apps(of_anna(GERMAN))
    world.spec = world.spec.__class__(
        world.spec.apps,
        world.spec.fields,
        world.spec.match,
        R,
        own_write_window={L: 1e4, R: 1e4},
        scope=world.spec.scope,
    )
    here = world.anna.add(email="fritz@x.test", name="Fritz", land="DE")
    world.rest()
    there = world.partner(here)
    world.bert.edit(there, name="FRITZ")
    world.anna.edit(here, name="Fred", land="FR")
    world.rest()
    world.clock.advance(10 * DAY)
    world.anna.edit(here, land="DE")
    world.rest()
    assert (world.anna.values(here)["name"], world.bert.values(there)["name"]) == ("Fred", "Fred")


def test_keep_keeps_a_linked_pair_in_step_and_links_nobody_new() -> None:
    world = two_apps(of_anna(GERMAN, Leaving.KEEP))
    here = world.anna.add(email="fritz@x.test", name="Fritz", land="DE")
    world.rest()
    world.anna.edit(here, name="Frederic", land="FR")
    world.anna.add(email="odile@x.test", land="FR")
    world.rest()
    assert world.bert.values(world.partner(here))["name"] == "Frederic"
    assert frozen(world) == [""]
    assert len(world.bert.live()) == 1


def test_unlink_ends_the_link_and_nobody_is_created_again() -> None:
    world = two_apps(of_anna(GERMAN, Leaving.UNLINK))
    here = world.anna.add(email="fritz@x.test", name="Fritz", land="DE")
    world.rest()
    there = world.partner(here)
    before = world.written()
    world.anna.edit(here, land="FR")
    world.rest()
    assert world.pairs() == []
    world.bert.edit(there, email="fred@x.test", name="Fred")
    world.rest()
    world.anna.edit(here, land="DE")
    world.rest()
    assert (world.written(), world.pairs()) == (before, [])
    world.bert.edit(there, email="fritz@x.test")
    world.rest()
    assert world.pairs() == [(here, there)]
    assert (len(world.anna.live()), len(world.bert.live())) == (1, 1)


def test_a_match_outside_its_own_filter_is_neither_linked_nor_made_a_second_time() -> None:
    world = two_apps(Scope({R: GERMAN}))
    world.anna.add(email="fritz@x.test", name="Fritz")
    there = world.bert.add(email="fritz@x.test", name="F.", land="FR")
    world.rest()
    assert (world.pairs(), world.written()) == ([], 0)
    world.bert.edit(there, land="DE")
    world.rest()
    assert len(world.pairs()) == 1
    assert world.bert.values(there)["name"] == "Fritz"


def test_nothing_is_created_that_would_be_outside_the_other_app_s_filter() -> None:
    world = two_apps(Scope({R: GERMAN}), EMAIL, LAND)
    odile = world.anna.add(email="odile@x.test", land="FR")
    world.anna.add(email="fritz@x.test", land="DE")
    plan, _ = world.preview()
    assert plan.totals["left_out"] == {"a new record would be outside the filter of Bert (Country is DE)": 1}
    world.rest()
    assert [world.bert.values(each.id)["email"] for each in world.bert.live()] == ["fritz@x.test"]
    world.anna.edit(odile, land="DE")
    world.rest()
    assert len(world.bert.live()) == 2


def test_without_a_valid_email_on_either_side_a_record_is_left_out() -> None:
    world = two_apps(Scope({}, {L: "email", R: "email"}), EMAIL, NAME, PHONE, match=("email", "phone"))
    world.anna.add(email="no address", name="Nobody")
    world.anna.add(name="Silent", phone="+4930901820")
    world.anna.add(email="ann@x.test", name="Ann", phone="+4930901821")
    world.bert.add(name="Ann", phone="+4930901821")
    plan, _ = world.preview()
    assert plan.totals["left_out"] == {"no valid e-mail address": 2}
    world.rest()
    assert len(world.pairs()) == 1
    assert [world.bert.values(each.id)["email"] for each in world.bert.live()] == ["ann@x.test"]


def test_where_no_email_is_required_matching_falls_to_the_next_key() -> None:
    world = two_apps(Scope(), EMAIL, NAME, PHONE, match=("email", "phone"))
    here = world.anna.add(name="Silent", phone="+4930901820")
    there = world.bert.add(name="Silent", phone="+49 30 901820")
    world.rest()
    assert world.pairs() == [(here, there)]


def test_filters_that_depend_on_the_time_are_looked_at_again_every_day() -> None:
    lately = condition(BORN, "in_last_days", 30)
    world = two_apps(of_anna(lately))
    today = datetime.fromtimestamp(world.clock(), UTC).date().isoformat()
    here = world.anna.add(email="new@x.test", name="New", born=today)
    world.anna.add(email="old@x.test", born="1969-01-01")
    world.rest()
    assert len(world.bert.live()) == 1
    world.clock.advance(32 * DAY)
    calls = world.calls()
    world.run()
    assert frozen(world) == ["outside the filter of Anna (born is in the last 30 days)"]
    assert world.calls()["Anna read"] - calls.get("Anna read", 0) <= 1
    world.anna.edit(here, name="Newer")
    world.rest()
    assert world.bert.values(world.partner(here))["name"] == "New"


def test_a_record_begins_to_fit_as_time_passes() -> None:
    world = two_apps(of_anna(group("not", [condition(BORN, "in_last_days", 30)])))
    today = datetime.fromtimestamp(world.clock(), UTC).date().isoformat()
    world.anna.add(email="new@x.test", born=today)
    world.rest()
    assert world.written() == 0
    world.clock.advance(32 * DAY)
    world.rest()
    assert len(world.bert.live()) == 1


def test_a_plan_says_who_enters_and_who_leaves_when_the_filter_was_edited() -> None:
    world = two_apps(of_anna(condition(LAND, "in", ["DE", "FR"])))
    for number, land in enumerate(("DE", "FR", "FR", "NO")):
        world.anna.add(email=f"p{number}@x.test", land=land)
    world.rest()
    world.rescope(of_anna(condition(LAND, "in", ["DE", "NO"])))
    plan, _ = world.preview()
    why = "outside the filter of Anna (Country is DE or NO)"
    assert (plan.totals["leaving"], plan.totals["entering"]) == ({why: 2}, 0)
    assert plan.totals["creates"]["right"] == 1
    world.rest()
    assert looking.counts(world.sync) == {"failing": 0, "waiting": 0, "held": 0, "left_out": 2, "in_sync": 2}
    world.rescope(Scope())
    plan, _ = world.preview()
    assert (plan.totals["leaving"], plan.totals["entering"]) == ({}, 2)
    world.rest()
    assert looking.counts(world.sync)["in_sync"] == 4


def test_the_same_settings_saved_twice_write_nothing() -> None:
    world = two_apps(of_anna(GERMAN))
    for number, land in enumerate(("DE", "FR")):
        world.anna.add(email=f"p{number}@x.test", land=land)
    world.rest()
    before = world.written()
    world.rescope(of_anna(GERMAN))
    world.rest()
    assert world.written() == before


@pytest.mark.parametrize("leaving", Leaving)
def test_a_filter_that_would_end_many_links_is_stopped(leaving: Leaving) -> None:
    world = two_apps(Scope())
    world.crowd(60)
    world.guards = world.guards.__class__(max_change=10.0)
    world.rescope(of_anna(GERMAN, leaving))
    _, brakes = world.preview()
    stopped = [brake.reason for brake in brakes]
    assert stopped == (["60 links would end by the filters, more than 10 %"] if leaving is Leaving.UNLINK else [])


@pytest.mark.parametrize("leaving", [Leaving.FREEZE, Leaving.KEEP])
def test_a_record_that_leaves_while_a_plan_is_carried_out_is_not_written(leaving: Leaving) -> None:
    world = two_apps(Scope({R: GERMAN}, {}, leaving), NAME, match=("name",))
    here, there = world.anna.add(name="Fritz"), world.bert.add(name="Fritz", land="DE")
    world.rest()
    before = world.written()
    world.anna.edit(here, name="Fred")
    plan, _ = world.preview()
    world.bert.once("before", "read", lambda: world.bert.edit(there, land="FR"))
    report = world.apply(plan, approved=True)
    kept = leaving is Leaving.KEEP
    assert (world.written() - before, report.skipped) == ((1, 0) if kept else (0, 1))


def test_a_deleted_partner_ends_the_link_of_a_frozen_record_too() -> None:
    world = two_apps(of_anna(GERMAN))
    here = world.anna.add(email="fritz@x.test", land="DE")
    world.rest()
    world.anna.edit(here, land="FR")
    world.rest()
    world.bert.delete(world.partner(here))
    world.run(full=True, approved=True)
    assert world.pairs() == []


def test_what_a_person_has_linked_is_linked_once_it_is_back_inside_the_filter() -> None:
    world = two_apps(of_anna(GERMAN), EMAIL, LAND)
    anne = world.anna.add(email="ann@x.test", land="DE")
    world.anna.add(email="ann@x.test", land="DE")
    theirs = world.bert.add(email="ann@x.test", land="DE")
    world.rest()
    assert {hold.rule for hold in world.holds()} == {"R7"}
    with db.transaction_():
        decisions.choose(world.sync, {L: anne, R: theirs}, world.clock())
    world.anna.edit(anne, land="FR")
    world.rest()
    assert world.pairs() == []
    world.anna.edit(anne, land="DE", email="anne@x.test")
    world.rest()
    assert (anne, theirs) in world.pairs()
