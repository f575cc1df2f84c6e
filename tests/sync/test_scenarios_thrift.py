"""What is not needed is not done: no write without a change, no call beyond the formula, no surprise."""

import re
from math import ceil
from typing import Any

import pytest
from django.db import connection

from bothways.engine.sides import Direction
from bothways.engine.spec import FieldMap
from bothways.errors import PlanOutdated
from bothways.ledger import db
from bothways.ledger.models import Run
from bothways.records import Field, FieldType
from tests.memory_app import PEOPLE, Traits
from tests.two_apps import TwoApps

EMAIL, NAME, PHONE = (FieldMap(each, each) for each in PEOPLE)
INDEXED = Traits(lag=10.0)
_OF_ONE_RECORD = re.compile(r"(UPDATE|DELETE FROM) (seen|match_key|due|link|shadow|journal) .*(WHERE|AND) \w+=%s$")


def test_d_saving_the_same_settings_again_writes_nothing() -> None:
    world = TwoApps()
    world.crowd(30)
    world.anna.add(email="new@x.test", name="New")
    world.rest()
    before, pairs = world.written(), world.pairs()
    for _ in range(2):
        world.remap(world.spec.fields)
        assert world.run().written == {}
    assert (world.written(), world.pairs()) == (before, pairs)


def test_e_counts_shown_after_adding_a_mapping_are_what_is_then_written() -> None:
    world = TwoApps(maps=[EMAIL, NAME])
    people = world.crowd(12)
    for id in people[:4]:
        world.anna.edit(id, phone="+41446681800")
    for id in people[4:7]:
        world.bert.edit(world.partner(id), phone="+41446681811")
    world.anna.edit(people[7], phone="+41446681800")
    world.bert.edit(world.partner(people[7]), phone="+41446681811")
    world.anna.add(email="new@x.test", name="New", phone="+41446681822")
    world.run()
    world.rest()
    world.remap([EMAIL, NAME, PHONE])
    before = world.written()
    plan, brakes = world.preview()
    assert (brakes, world.written()) == ([], before)
    shown = plan.totals
    assert shown["creates"] == {"left": 0, "right": 0}
    assert shown["updates"] == {"left": 3, "right": 6}
    assert shown["conflicts"] == 1
    report = world.apply(plan)
    assert report.written == {"update left": 3, "update right": 6}
    assert world.written() - before == shown["writes"] == 9
    world.rest()
    assert world.written() - before == 9
    assert world.in_step()


def test_e_settings_changed_since_the_preview_are_not_applied_by_it() -> None:
    world = TwoApps(maps=[EMAIL, NAME])
    world.anna.add(email="new@x.test", name="New", phone="+41446681822")
    plan, _ = world.preview()
    world.remap([EMAIL, NAME, PHONE])
    with pytest.raises(PlanOutdated):
        world.apply(plan)
    assert world.written() == 0


@pytest.mark.parametrize("traits", [Traits(), INDEXED], ids=["primary", "indexed"])
def test_o_two_runs_without_change_write_nothing_and_list_each_side_once(traits: Traits) -> None:
    world = TwoApps(traits, traits)
    world.crowd(250)
    world.rest()
    before = world.calls()
    bills = []
    for _ in range(2):
        report = world.run()
        assert report.written == {}
        bills.append(Run.objects.get(pk=report.run_id).bill)
    assert bills == [{"Anna changes": 1, "Bert changes": 1}] * 2
    spent = {call: count - before.get(call, 0) for call, count in world.calls().items() if count != before.get(call, 0)}
    assert spent == {"Anna changes": 2, "Bert changes": 2}, "the bill is what reached the apps"


@pytest.mark.parametrize("changes", [1, 100, 250])
@pytest.mark.parametrize("traits", [Traits(page=1000), Traits(lag=10.0, page=1000)], ids=["primary", "indexed"])
def test_o_changes_cost_the_calls_of_the_formula(traits: Traits, changes: int) -> None:
    world = TwoApps(traits, traits)
    people = world.crowd(260)
    world.rest()
    for id in people[:changes]:
        world.anna.edit(id, name="changed")
    report = world.run(approved=True)
    assert report.written == {"update right": changes}
    bill, batches = Run.objects.get(pk=report.run_id).bill, ceil(changes / 100)
    assert bill.pop("Anna changes") == bill.pop("Bert changes") == 1
    assert bill.pop("Bert write update") == batches
    assert bill.pop("Bert read") == batches
    assert bill.pop("Anna read", 0) == (batches if traits.lag else 0)
    assert bill == {}


def test_l_change_of_nothing_but_an_association_arrives() -> None:
    company = Field("company", FieldType.REFERENCE, "Company", refers_to="companies")
    fields = (*PEOPLE, company)
    plain = [FieldMap(each, each) for each in PEOPLE]
    world = TwoApps(fields=fields, maps=[*plain, FieldMap(company, Field("company"), Direction.TO_RIGHT)])
    left = world.anna.add(email="p@x.test", name="Ann", company="c7")
    world.rest()
    before = world.written()
    world.anna.edit(left, company="c8")
    world.run()
    assert [write.values for write in world.writes[before:]] == [{"company": "c8"}]
    world.anna.edit(left, company=None)
    world.rest()
    assert world.bert.values(world.partner(left))["company"] == "c8", "empty never replaces a value"


def test_no_statement_walks_a_table_to_find_the_records_it_was_asked_for() -> None:
    """A list of ids, and a single row, are looked up by an index: else a run costs the square of its records."""
    plans: dict[str, list[str]] = {}

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql not in plans and not sql.startswith("EXPLAIN"):
            plans[sql] = []
            if _columns(sql):
                explained = db.rows(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("%s"))
                plans[sql] = [str(row[-1]) for row in explained]
        return execute(sql, params, many, context)

    world = TwoApps()
    with connection.execute_wrapper(keep):
        people = world.crowd(12)
        world.anna.add(email="new@x.test", name="New")
        world.run()
        world.anna.edit(people[0], email="other@x.test", name="Other")
        world.bert.edit(world.partner(people[1]), name="Changed")
        world.anna.delete(people[2])
        world.run(full=True)
        plan, _ = world.preview()
        world.apply(plan)
    walked = {
        sql: found
        for sql, found in plans.items()
        if (columns := _columns(sql)) and not any(f"{each}=?" in line for each in [*columns, "rowid"] for line in found)
    }
    assert len(plans) > 40
    assert walked == {}


def _columns(sql: str) -> list[str]:
    """Return the columns by one of which a statement must look up its records; none where it is asked for no ids."""
    listed = re.search(r"(\w+) IN \((?:%s|SELECT value FROM json_each)", sql)
    return [listed[1]] if listed else ["record_id", "link_id", "seq"] if _OF_ONE_RECORD.match(sql) else []
