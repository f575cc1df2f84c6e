"""Plans with a survey: the answers that the groups give, whatever changes meanwhile; none for a few changes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from django.db import DatabaseError, connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bothways.connectors.base import Capabilities
from bothways.engine.cascade import CASCADES, DEAL, ORGANIZATION, PERSON, cascade
from bothways.engine.matching import ALONE, Match
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule, by_field
from bothways.errors import OutcomeUnknown
from bothways.ledger import db, due, feeds, links
from bothways.records import Field, FieldType, Record
from bothways.sync.absorb import News, absorb
from bothways.sync.context import Context
from bothways.sync.matches import _Asking, _look_up
from bothways.sync.poll import poll
from bothways.sync.surveying import survey_for, surveyed
from tests.memory_app import Traits
from tests.sim import database
from tests.two_apps import TwoApps

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("other", FieldType.EMAIL, "Other e-mail"),
    Field("name", label="Name", meaning="name"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
    Field("company", label="Company", meaning="worksFor"),
    Field("domain", label="Domain", meaning="domain"),
    Field("price", label="Price", meaning="price"),
    Field("currency", label="Currency", meaning="priceCurrency"),
)
SCHEMA = {side: {each.name: each for each in FIELDS} for side in SIDES}
RULES: Mapping[str, tuple[MatchRule, ...]] = {
    "people": cascade(CASCADES[PERSON], SCHEMA),
    "people, copies": cascade(CASCADES[PERSON], SCHEMA, small_groups=True),
    "companies": cascade(CASCADES[ORGANIZATION], SCHEMA),
    "deals": cascade(CASCADES[DEAL], SCHEMA),
    "own": (by_field("text", "name", "name"), by_field("email", "email", "other")),
    "guarded": (
        replace(by_field("text", "name", "name"), finding=Finding.HOLD, guards=("currency",)),
        by_field("email", "email", "email"),
        by_field("text", "company", "company"),
    ),
}
EMAILS = ["", "", "ann@x.test", "bob@x.test", "info@x.test", "a.nn@gmail.com", "ann@gmail.com"]
NAMES = ["", "Ann Lee", "Lee, Ann", "Anne Lee", "Mr Ann Lee", "Bob Lee"]
FIRMS = ["", "Acme", "Acme Ltd", "Acme GmbH", "Akme", "Byte"]
PHONES, DOMAINS = ["", "+41446681800", "+41446681811"], ["", "", "x.example.com", "acme.com", "byte.com"]
OF_PEOPLE: Mapping[str, Sequence[str]] = {
    "email": EMAILS,
    "other": EMAILS,
    "name": NAMES,
    "phone": PHONES,
    "company": FIRMS[:3],
}
DRAWN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "people": OF_PEOPLE,
    "people, copies": OF_PEOPLE,
    "companies": {"email": EMAILS, "other": EMAILS, "name": FIRMS, "domain": DOMAINS},
    "deals": {"name": NAMES[:3], "price": ["", "1", "2"], "currency": ["", "EUR", "USD"]},
    "own": {"name": NAMES, "email": EMAILS, "other": EMAILS},
    "guarded": {"name": NAMES, "email": EMAILS[:5], "company": FIRMS, "currency": ["", "EUR", "USD"]},
}
NUMBER = st.integers(0, 5)
SOMEBODY = st.tuples(st.sampled_from(SIDES), NUMBER)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, list[list[dict[str, str]]], list[Any], list[Any]]:
    """Draw match rules, a book per side, and what happens before and after the survey."""
    rules = draw(st.sampled_from(sorted(RULES)))
    values = st.fixed_dictionaries({name: st.sampled_from(DRAWN[rules].get(name, [""])) for name in SCHEMA[Side.LEFT]})
    edit = st.tuples(st.just("edit"), SOMEBODY, values)
    change = st.one_of(
        st.tuples(st.just("link"), NUMBER, NUMBER),
        st.tuples(st.just("apart"), st.one_of(st.just(-1), NUMBER), NUMBER),
        st.tuples(st.just("gone"), SOMEBODY, st.none()),
        st.tuples(st.just("told"), NUMBER, NUMBER),
    )
    books = [draw(st.lists(values, min_size=3, max_size=6)) for _ in SIDES]
    since = st.lists(st.one_of(edit, change), min_size=1, max_size=3)
    return rules, books, draw(st.lists(change, max_size=1)), draw(since)


def entry(**values: str) -> dict[str, str]:
    return dict.fromkeys(SCHEMA[Side.LEFT], "") | values


@given(schedules())
@example(
    ("companies", [[entry(name="Acme", domain="acme.com")], [entry(name="Acme", domain="byte.com")]], [], []),
).via("one name, two domains")
@example(
    (
        "guarded",
        [
            [entry(name="Ann Lee", currency="EUR", email="ann@x.test")],
            [entry(name="Ann Lee", currency="USD", email="ann@x.test")],
        ],
        [],
        [],
    ),
).via("a guard of a rule that only holds, and a later rule that links")
@settings(max_examples=400)
def test_survey_gives_the_very_answers_that_the_groups_give(
    schedule: tuple[str, list[list[dict[str, str]]], list[Any], list[Any]],
) -> None:
    rules, books, before, since = schedule
    database.fresh()
    world = TwoApps(fields=FIELDS, match=RULES[rules])
    ctx = world.context()
    for side, book in zip(SIDES, books, strict=True):
        take_in(ctx, side, {f"{number}": values for number, values in enumerate(book)})
    for change in before:
        make(ctx, change)
    survey = survey_for(ctx, due.count(ctx.sync))
    for change in since:
        make(ctx, change, survey)
    for side, book in zip(SIDES, books, strict=True):
        rows = feeds.seen_by_id(ctx.ends[side].feed.pk, map(str, range(len(book))))
        free = rows.keys() - links.live_by_record(ctx.sync, side, rows).keys()
        answers = []
        for each in (survey, None):
            asking = _Asking(ctx, each)
            asking.know(side, rows)
            answers.append({id: told(answer) for id, answer in asking.agreed(side, free).items()})
        assert answers[0] == answers[1]


def take_in(ctx: Context, side: Side, book: Mapping[str, Mapping[str, str]]) -> None:
    with db.transaction_():
        absorb(ctx.ends[side].feed, [News(id, Record(id, values)) for id, values in book.items()], 0.0, ctx.clock())


def make(ctx: Context, change: tuple[str, Any, Any], survey: Any = None) -> None:
    kind, one, other = change
    if kind == "edit":
        take_in(ctx, one[0], {str(one[1]): other})
    elif kind == "gone":
        with db.transaction_():
            absorb(ctx.ends[one[0]].feed, [News(str(one[1]), gone=True)], 0.0, ctx.clock())
    elif kind == "apart":
        links.keep_apart(ctx.sync, [(ALONE if one < 0 else str(one), str(other))])
    elif kind == "told":
        tell(ctx, str(one), str(other), survey)
    else:
        with db.transaction_():
            taken = [
                links.live_by_record(ctx.sync, side, [str(id)]) for side, id in zip(SIDES, (one, other), strict=True)
            ]
            if not any(taken):
                links.create(ctx.sync, [links.NewLink(str(one), str(other), "active", "R7", "")], 0.0)


def tell(ctx: Context, asked: str, found: str, survey: Any) -> None:
    """Let the right app tell that a record of its own holds the e-mail address of one of the left."""

    class Telling:
        capabilities = Capabilities()

        def find(self, object: str, field: str, keys: Sequence[str]) -> dict[str, list[str]]:
            return {key: [found] for key in keys}

    rule, ends = ctx.spec.match[0], ctx.ends
    rows = list(feeds.seen_by_id(ends[Side.LEFT].feed.pk, [asked]).values())
    told_of = replace(ctx, ends={**ends, Side.RIGHT: replace(ends[Side.RIGHT], connector=cast(Any, Telling()))})
    _look_up(told_of, Side.LEFT, rule, "email", rows, survey)


def told(answer: Match) -> tuple[Any, ...]:
    return answer.found, answer.partner, answer.reason, answer.unless_taken, [each[:2] for each in answer.candidates]


def test_first_plan_makes_a_survey_and_a_plan_of_a_few_changes_none() -> None:
    world = TwoApps(Traits(lag=10.0), Traits(lag=10.0))
    asked: list[str] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    def surveys() -> int:
        asked.clear()
        world.rest()
        return sum(f"CREATE TEMP TABLE survey_{world.sync.pk}_left" in sql for sql in asked)

    with connection.execute_wrapper(keep):
        for number in range(12):
            for app in (world.anna, world.bert):
                app.add(email=f"p{number}@x.test", name=f"P{number}")
        assert surveys() >= 1
        first = world.anna.live()[0].id
        world.anna.edit(first, name="Other")
        world.anna.add(email="new@x.test", name="New")
        assert surveys() == 0
        assert world.in_step()
        world.remap(world.spec.fields)
        assert surveys() == 0, "all records are due, but they are linked"


def test_plan_that_fails_leaves_no_survey_behind() -> None:
    world = TwoApps()
    world.anna.add(email="ann@x.test", name="Ann")
    ctx = world.context()
    poll(ctx, ctx.ends.values())
    with suppress(OutcomeUnknown), surveyed(ctx, due.count(ctx.sync)) as survey:
        assert survey is not None
        raise OutcomeUnknown(app="Bert", reason="time-out")
    with pytest.raises(DatabaseError):
        db.rows(f"SELECT * FROM survey_{world.sync.pk}_left")
