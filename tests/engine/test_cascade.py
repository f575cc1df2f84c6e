"""The cascades: the agreed cases, whatever the order of records, and which steps two objects come to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bothways.engine.cascade import (
    AS_HUBSPOT,
    CASCADES,
    DEAL,
    ORGANIZATION,
    PERSON,
    PRODUCT,
    cascade,
    kind_of,
    roles_of,
)
from bothways.engine.matching import Found, Match
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule, by_field
from bothways.records import Field, FieldType, Value
from tests.engine.books import Books, Matcher
from tests.engine.support import L, R

CASES = json.loads((Path(__file__).parents[1] / "data/matching/cases.json").read_text(encoding="utf-8"))
KINDS = {"contact": PERSON, "company": ORGANIZATION}


def person(region: str | None = None) -> list[Field]:
    """Return the fields of a person; national phone numbers belong to ``region``."""
    return [
        Field("first", meaning="givenName"),
        Field("last", meaning="familyName"),
        Field("email", FieldType.EMAIL, meaning="email"),
        Field("email2", FieldType.EMAIL),
        Field("phone", FieldType.PHONE, meaning="telephone", region=region),
        Field("company", meaning="worksFor"),
        Field("xid"),
    ]


FIELDS = {
    ORGANIZATION: [
        Field("name", meaning="name"),
        Field("domain", FieldType.URL, meaning="domain"),
        Field("email", FieldType.EMAIL, meaning="email"),
        Field("country", meaning="address.addressCountry"),
    ],
    DEAL: [Field("name", meaning="name"), Field("sum", meaning="price"), Field("unit", meaning="priceCurrency")],
    PRODUCT: [Field("name", meaning="name"), Field("sku", meaning="sku")],
    PERSON: person(),
}


def schema_of(fields: Sequence[Field]) -> dict[Side, dict[str, Field]]:
    """Return the schema of two objects with the same fields."""
    return {side: {field.name: field for field in fields} for side in SIDES}


def matcher(
    kind: str,
    books: Books,
    *,
    rules: Sequence[MatchRule] | None = None,
    fields: Sequence[Field] | None = None,
    links: Sequence[tuple[str, str]] = (),
    apart: Sequence[tuple[str, str]] = (),
    small: bool = False,
) -> Matcher:
    """Return a matcher with the cascade of a kind, small groups linked or held, or with these rules."""
    known = fields or FIELDS[kind]
    found = cascade(CASCADES[kind], schema_of(known), small_groups=small) if rules is None else rules
    return Matcher(found, {side: roles_of(known) for side in SIDES}, books, links, apart)


def of_case(case: Mapping[str, Any], sort: Any = list) -> Matcher:
    """Return the matcher of an agreed case; ``sort`` puts its records into an order."""
    kind, options = KINDS[case["object"]], case["opts"]
    fields = person(options.get("region")) if kind == PERSON else FIELDS[kind]
    rules = cascade(CASCADES[kind], schema_of(fields))
    if options.get("phone_rule"):
        rules = tuple(replace(each, finding=Finding.LINK) if "phone" in each.name else each for each in rules)
    if kind == PERSON:
        rules = (by_field("exact", "xid", "xid"), *rules)
    books = {
        side: {each["id"]: values_of(each) for each in sort(case[name])} for side, name in ((L, "left"), (R, "right"))
    }
    return matcher(kind, books, rules=rules, fields=fields, links=[tuple(pair) for pair in options.get("links", ())])


def values_of(record: Mapping[str, Any]) -> dict[str, Value]:
    values = dict(record)
    if isinstance(values.get("email"), list):
        values["email"], values["email2"] = values["email"]
    return values


def outcome(found: Matcher, id: str, answer: Match | None) -> list[str]:
    """Return what was found in the words of the cases; no answer: the record has a link."""
    if answer is None:
        return ["LINK", *[right for left, right in found.links if left == id]]
    if answer.found is Found.PARTNER:
        return ["LINK", str(answer.partner)]
    if answer.found is Found.NOBODY:
        return ["NEW"]
    return ["REVIEW", *[each.id for each in answer.candidates if each.side is R]]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['n']} {case['note']}" for case in CASES])
def test_agreed_case(case: Mapping[str, Any]) -> None:
    found = of_case(case)
    answers = found.matches(L)
    assert {id: outcome(found, id, answers.get(id)) for id in case["expected"]} == case["expected"]
    for id, answer in found.matches(R).items():
        assert answer.partner is None or answers[answer.partner].partner == id


def test_all_cases_are_there() -> None:
    assert len(CASES) == 42


def test_partner_of_the_second_email_is_held_and_not_created() -> None:
    found = of_case(next(case for case in CASES if case["n"] == 18))
    answer = found.matches(R)["R2"]
    assert (answer.found, answer.reason) == (Found.SEVERAL, "the only match matches another record better")
    linked = replace(found, links=[("L1", "R1")])
    assert linked.matches(R)["R2"].reason == "the only match by e-mail is linked to another record"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1, "same e-mail"),
        (10, "same e-mail, different first names"),
        (13, "same e-mail, a mailbox of several people, and the full names do not agree"),
        (15, "2 possible matches by e-mail"),
        (16, "2 records of one app have the same e-mail"),
        (20, "same xid"),
        (21, "same phone and full name: likely, but not sure"),
        (5, "same mailbox by another spelling of its e-mail: likely, but not sure"),
        (27, "same full name and company: likely, but not sure"),
        (31, "same name, but another domain"),
        (32, "same domain, unrelated names"),
        (37, "same name, different legal forms"),
        (40, "same name, different countries"),
        (41, "same name but for a letter or two: likely, but not sure"),
    ],
)
def test_reason_in_words(number: int, reason: str) -> None:
    answer = of_case(next(case for case in CASES if case["n"] == number)).matches(L)["L1"]
    assert answer.reason == reason


# --- beyond the cases ---------------------------------------------------------------------------------


def people(**emails: str) -> dict[str, dict[str, Value]]:
    return {id: {"first": "Ann", "last": "Lee", "email": email} for id, email in emails.items()}


def test_address_of_more_than_three_is_no_key() -> None:
    one, few = people(r1="x@acme.test"), people(l1="x@acme.test", l2="x@acme.test", l3="x@acme.test")
    three = matcher(PERSON, {L: few, R: one})
    assert {answer.found for answer in three.matches(L).values()} == {Found.SEVERAL}
    more = people(l1="x@acme.test", l2="x@acme.test", l3="x@acme.test", l4="x@acme.test")
    four = matcher(PERSON, {L: more, R: one})
    assert {answer.found for side in SIDES for answer in four.matches(side).values()} == {Found.NOBODY}


def _copies(left: Sequence[str], right: Sequence[str], **more: Any) -> dict[str, tuple[str, str | None]]:
    """Return what is found on the left of people with these full names and one address: the kind, and the partner."""
    books = {
        side: {
            f"{letter}{number}": {"first": name.split()[0], "last": name.split()[1], "email": "a@acme.com"}
            for number, name in enumerate(names, 9)
        }
        for side, letter, names in ((L, "", left), (R, "r", right))
    }
    found = matcher(PERSON, books, small=True, **more).matches(L)
    return {id: (answer.found.value, answer.partner) for id, answer in found.items()}


def test_one_pair_of_a_small_group_of_copies_is_linked_and_the_rest_held() -> None:
    ann = ["Ann Lee", "Annie Lee", "A Lee"]
    rest = ("several", None)
    assert _copies(ann[:1], ann) == {"9": ("partner", "r10")}, "the ids are texts: r10 is the lowest"
    assert _copies(ann[:2], ann[:1]) == {"9": ("partner", "r9"), "10": rest}, "numbers count as numbers"
    assert _copies(ann, ann)["10"] == rest
    assert _copies(["Ann Lee"], ["Ann Lee", "Bob Lee"]) == {"9": rest}, "no two names of the group may clash"
    assert _copies(["Ann Lee", "Bob Lee"], ["Ann Lee"]) == {"9": rest, "10": rest}, "nor two of one app"
    assert _copies(ann[:1], ann, links=[("0", "r9")]) == {"9": rest}, "a group with a link makes no other"
    assert _copies(ann[:1], ann, apart=[("9", "r11")]) == {"9": rest}, "a person has said that one is none"
    assert set(_copies(["Ann Lee"] * 4, ann).values()) == {("nobody", None)}, "an address of four is no key"
    books = {L: {"1": {"email": "a@acme.com"}}, R: {"2": {"email": "a@acme.com"}, "3": {"email": "a@acme.com"}}}
    answer = matcher(PERSON, books, small=True).matches(L)["1"]
    assert (answer.partner, answer.reason) == (
        "2",
        "same e-mail, the first of copies (1 and 2) whose names agree",
    )
    assert matcher(PERSON, books).matches(L)["1"].found is Found.SEVERAL, "off unless the settings say so"


def test_copy_with_a_misspelt_name_stands_in_no_small_groups_way_if_the_address_tells_so() -> None:
    def found(email: str, *names: str) -> dict[str, str | None]:
        books = {
            side: {
                id: {"first": name, "last": "Moore", "email": email} for id, name in zip(ids, names[part], strict=True)
            }
            for side, ids, part in ((L, "1", slice(1)), (R, "23", slice(1, 3)))
        }
        return {id: answer.partner for id, answer in matcher(PERSON, books, small=True).matches(L).items()}

    assert found("omoore@acme.test", "Oscar", "Oscra", "Oscar") == {"1": "2"}
    assert found("omoore@acme.test", "Oscra", "Oscar", "Ocsar") == {"1": None}, "no two of them, misspelt both"
    assert found("family@acme.test", "Oscar", "Oscra", "Oscar") == {"1": None}
    assert found("omoore@acme.test", "Oscar", "Olga", "Oscar") == {"1": None}


def test_holder_of_the_primary_address_goes_before_lower_ids_in_a_small_group() -> None:
    there = {"1": {"email": "b@acme.com", "email2": "a@acme.com"}, "2": {"email": "a@acme.com"}}
    assert matcher(PERSON, {L: {"5": {"email": "a@acme.com"}}, R: there}, small=True).matches(L)["5"].partner == "2"


def test_likely_partner_that_surely_belongs_to_another_stands_in_nobodys_way() -> None:
    ann = {"first": "Ann", "last": "Lee", "company": "Acme"}
    books = {
        L: {"l1": {**ann, "email": "ann@acme.test"}, "l2": {**ann, "email": "ann.lee@acme.test"}},
        R: {"r1": {**ann, "email": "ann@acme.test"}},
    }
    free, linked = matcher(PERSON, books), matcher(PERSON, books, links=[("l1", "r1")])
    assert free.matches(L)["l1"].partner == "r1"
    assert free.matches(L)["l2"].found is linked.matches(L)["l2"].found is Found.NOBODY
    assert matcher(PERSON, {**books, L: {"l2": books[L]["l2"]}}).matches(L)["l2"].found is Found.SEVERAL


def test_company_of_the_same_name_with_a_domain_and_partner_of_its_own_is_another_one() -> None:
    books = {
        L: {"l1": {"name": "Acme", "domain": "acme.com"}, "l2": {"name": "Acme", "domain": "acme.io"}},
        R: {"r1": {"name": "Acme", "domain": "acme.com"}},
    }
    assert matcher(ORGANIZATION, books).matches(L)["l2"].found is Found.NOBODY
    assert matcher(ORGANIZATION, books, links=[("l1", "r1")]).matches(L)["l2"].found is Found.NOBODY


def test_company_email_links_unless_it_is_of_a_role_or_of_a_free_provider() -> None:
    def found(email: str) -> Found:
        both = [{"name": "Acme", "email": email}, {"name": "Acme Gas", "email": email}]
        return matcher(ORGANIZATION, {L: {"l1": both[0]}, R: {"r1": both[1]}}).matches(L)["l1"].found

    assert [found(each) for each in ("acme@acme.test", "info@acme.test", "acme@gmail.com")] == [
        Found.PARTNER,
        Found.NOBODY,
        Found.NOBODY,
    ]


def test_deal_never_links_by_name_and_amount() -> None:
    deal: dict[str, Value] = {"name": "Big one", "sum": "100.0", "unit": "EUR"}
    books = {L: {"l1": deal}, R: {"r1": {**deal, "sum": "100"}}}
    assert matcher(DEAL, books).matches(L)["l1"].found is Found.SEVERAL
    assert matcher(DEAL, {**books, R: {"r1": {**deal, "unit": "USD"}}}).matches(L)["l1"].found is Found.NOBODY
    assert matcher(DEAL, {**books, R: {"r1": {**deal, "sum": "99"}}}).matches(L)["l1"].found is Found.NOBODY


def test_product_links_by_its_sku_and_never_by_its_name() -> None:
    books: Books = {
        L: {"l1": {"name": "Cup", "sku": " A-1 "}, "l2": {"name": "Jug"}},
        R: {"r1": {"sku": "a-1"}, "r2": {"name": "jug"}},
    }
    found = matcher(PRODUCT, books).matches(L)
    assert (found["l1"].partner, found["l2"].found) == ("r1", Found.SEVERAL)


def test_as_hubspot_does_a_name_or_a_domain_is_enough() -> None:
    rules = cascade(AS_HUBSPOT[ORGANIZATION], schema_of(FIELDS[ORGANIZATION]))
    for here, there in (
        ({"name": "Acme", "domain": "acme.com"}, {"name": "ACME", "domain": "acme.io"}),
        ({"name": "Acme", "domain": "acme.com"}, {"name": "Zenith Bank", "domain": "acme.com"}),
    ):
        books: Books = {L: {"l1": here}, R: {"r1": there}}
        assert matcher(ORGANIZATION, books, rules=rules).matches(L)["l1"].partner == "r1"


def test_kept_apart_they_are_nobody_for_each_other() -> None:
    books: Books = {L: people(l1="a@acme.test"), R: people(r1="a@acme.test")}
    assert matcher(PERSON, books, apart=[("l1", "r1")]).matches(L)["l1"].found is Found.NOBODY
    then: Books = {L: people(l1="a@acme.test", l2="a@acme.test"), R: people(r1="a@acme.test")}
    copied = matcher(PERSON, then, apart=[("l1", "r1")], links=[("l2", "r1")])
    assert copied.matches(L)["l1"].found is Found.NOBODY, "nor does the partner of that one stand in the way"
    twins: Books = {L: people(l1="a@acme.test", l2="a@acme.test"), R: people(r1="a@acme.test")}
    alone = matcher(PERSON, twins, apart=[("l1", "")])
    assert (alone.matches(L)["l1"].found, alone.matches(L)["l2"].found) == (Found.NOBODY, Found.SEVERAL)


def test_kind_by_the_fields() -> None:
    for kind, fields in FIELDS.items():
        assert kind_of(fields) == kind
    assert kind_of([Field("name", meaning="name"), Field("m", FieldType.EMAIL)]) == PERSON
    assert kind_of([Field("name", meaning="name")]) is None


def test_step_whose_fields_one_side_lacks_is_left_out() -> None:
    left, right = FIELDS[PERSON], [each for each in FIELDS[PERSON] if each.name not in ("phone", "company")]
    schema = {L: {each.name: each for each in left}, R: {each.name: each for each in right}}
    assert [rule.name.split()[0] for rule in cascade(CASCADES[PERSON], schema)] == ["e-mail", "mailbox"]


# --- whatever the records are -------------------------------------------------------------------------

_emails = st.sampled_from(
    [None, "a@acme.test", "b@acme.test", "info@acme.test", "j.k@gmail.com", "jk@gmail.com", "oscar.lee@acme.test"]
)
_person = st.fixed_dictionaries(
    {
        "first": st.sampled_from([None, "Ann", "Bob", "Oscar", "Oscra"]),
        "last": st.sampled_from([None, "Lee"]),
        "email": _emails,
        "email2": _emails,
        "phone": st.sampled_from([None, "+41446681800"]),
        "company": st.sampled_from([None, "Acme"]),
    }
)
_company = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "Acme", "Acme Ltd", "Acme Inc", "Acmee", "Zenith Bank"]),
        "domain": st.sampled_from([None, "acme.com", "acme.io"]),
        "country": st.sampled_from([None, "GB", "NZ"]),
    }
)


def _book(letter: str, records: Any) -> Any:
    return st.lists(records, max_size=4).map(lambda found: {f"{letter}{n}": each for n, each in enumerate(found)})


_kinds = st.sampled_from([(PERSON, _person), (ORGANIZATION, _company)])
_worlds = _kinds.flatmap(lambda kind: st.tuples(st.just(kind[0]), _book("l", kind[1]), _book("r", kind[1])))


@settings(max_examples=150)
@given(_worlds, st.booleans(), st.randoms(use_true_random=False))
def test_order_of_records_never_matters(world: tuple[str, Any, Any], small: bool, chance: Any) -> None:
    kind, left, right = world

    def shuffled(book: dict[str, Any]) -> dict[str, Any]:
        order = list(book)
        chance.shuffle(order)
        return {id: book[id] for id in order}

    one = matcher(kind, {L: left, R: right}, small=small)
    other = matcher(kind, {L: shuffled(left), R: shuffled(right)}, small=small)
    for side in SIDES:
        answers, again = one.matches(side), other.matches(side)
        assert {id: _told(answers[id]) for id in answers} == {id: _told(again[id]) for id in answers}
        alone = {id: _told(one.matches(side, [id])[id]) for id in answers}
        assert alone == {id: _told(answers[id]) for id in answers}, "nor who is asked together"


def _told(answer: Match) -> tuple[Any, ...]:
    return answer.found, answer.partner, answer.reason, [(each.side, each.id) for each in answer.candidates]


@settings(max_examples=150)
@given(_worlds, st.booleans())
def test_each_record_is_linked_at_most_once_and_both_sides_say_so(world: tuple[str, Any, Any], small: bool) -> None:
    found = matcher(world[0], {L: world[1], R: world[2]}, small=small)
    here, there = found.matches(L), found.matches(R)
    pairs = {(id, answer.partner) for id, answer in here.items() if answer.partner}
    assert pairs == {(answer.partner, id) for id, answer in there.items() if answer.partner}
    assert all(answer.partner is None or answer.found is Found.PARTNER for answer in [*here.values(), *there.values()])


@settings(max_examples=150)
@given(_worlds, st.booleans())
def test_answers_stay_when_what_was_found_is_linked(world: tuple[str, Any, Any], small: bool) -> None:
    """Who is created does not depend on whether the links of others were made before or in the same run."""
    kind, left, right = world
    before = matcher(kind, {L: left, R: right}, small=small)
    answers = before.matches(L)
    links = [(id, answer.partner) for id, answer in answers.items() if answer.partner]
    after = matcher(kind, {L: left, R: right}, links=links, small=small).matches(L)
    for id, answer in after.items():
        assert answer.found is answers[id].found


def test_sides_are_alike() -> None:
    """A pair is held or linked the same way round or the other."""
    for case in CASES:
        turned = {**case, "left": case["right"], "right": case["left"], "opts": {**case["opts"], "links": []}}
        found, there = of_case({**case, "opts": turned["opts"]}).matches(L), of_case(turned).matches(Side.RIGHT)
        assert {id: each.found for id, each in found.items()} == {id: each.found for id, each in there.items()}
