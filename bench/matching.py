"""Matching: the cost of the keys, and how right the product's match rules are where the truth is known.

The sets lie under tests/data/matching; where they come from and their licences are said there.
"""

import csv
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.engine.books import Matcher

from bothways.engine.cascade import CASCADES, ORGANIZATION, PERSON, cascade, roles_of
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import MatchRule, by_field
from bothways.records import Field, FieldType
from bothways.records.normal import (
    company_domain,
    company_name,
    email_alias,
    normal_email,
    normal_phone,
    person_name,
)

DATA = Path(__file__).parent.parent / "tests" / "data" / "matching"
SENZING = [f"senzing_truthset/{name}.csv" for name in ("customers", "reference", "watchlist")]
SENZING_TRUTH = "senzing_truthset/actual_truthset_key.csv"
FAKE = "people/fake_1000.csv"
COMPANIES = "rigour_names/cases.csv"
SPLITS = 50
FIRST = ["Ann", "Bob", "Carla", "Dmitri", "Edith", "Fatima", "Göran", "Hannah", "Igor", "Jean-Pierre", "Karin", "Mei"]
LAST = ["Lee", "Müller", "O'Neill", "Garcia", "Smith", "Nguyen", "Kowalski", "Svensson", "Rossi", "de Vries", "Tanaka"]
TITLES = ["", "", "", "Dr. ", "Mrs "]
FORMS = ["", " Inc.", " GmbH & Co. KG", ", Ltd", " S.A.", " Group", " LLC", " & Partners AG"]
PHONES = [
    ("US", lambda n: f"({212 + n % 7}) {200 + n // 10_000 % 700}-{n % 10_000:04d}"),
    ("US", lambda n: f"+1 415-{200 + n // 10_000 % 700}-{n % 10_000:04d}"),
    ("DE", lambda n: f"+49 30 {1_000_000 + n}"),
    ("GB", lambda n: f"020 7{n // 10_000 % 1000:03d} {n % 10_000:04d}"),
    ("FR", lambda n: f"+33 (0)6 {10_000_000 + n}"),
    ("IN", lambda n: f"0091 98{n % 10**8:08d}"),
    ("DE", lambda n: f"+49 89 {1_000_000 + n} ext. {n % 90 + 10}"),
]


class Person(NamedTuple):
    """A record of a set: what matching sees of it, and who it truly is."""

    truth: str
    email: str | None
    name: str


PEOPLE = (Field("email", FieldType.EMAIL, meaning="email"), Field("name", meaning="name"))
FIRMS = (Field("name", meaning="legalName"),)


def _usual(kind: str, fields: Sequence[Field], *, small_groups: bool = False) -> tuple[MatchRule, ...]:
    """Return the product's own steps for records with these fields in both apps."""
    schema = {side: {field.name: field for field in fields} for side in SIDES}
    return cascade(CASCADES[kind], schema, small_groups=small_groups)


BY_EMAIL = (by_field("email", "email", "email"),)
USUAL = _usual(PERSON, PEOPLE)
SMALL_GROUPS = _usual(PERSON, PEOPLE, small_groups=True)
OF_FIRMS = _usual(ORGANIZATION, FIRMS)


@dataclass
class Tally:
    """Links made over all splits, and how many people they were to reach and did."""

    links: int = 0
    right: int = 0
    reached: int = 0
    people: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.links if self.links else 1.0

    @property
    def share_reached(self) -> float:
        return self.reached / self.people


def contacts(count: int) -> list[dict[str, str]]:
    """Return made-up contacts, no two with a value in common; every sixth name has other letters than ASCII's."""
    draw = random.Random(1)
    made = []
    for number in range(count):
        first, last = draw.choice(FIRST), draw.choice(LAST)
        region, phone = draw.choice(PHONES)
        host = f"{draw.choice(['', 'www.', 'shop.'])}firm-{number}.{draw.choice(['com', 'co.uk', 'de', 'org'])}"
        made.append(
            {
                "email": f"{draw.choice(['', ' '])}{first[0]}.{number}@Firm-{number}.com",
                "phone": phone(number),
                "region": region,
                "name": f"{draw.choice(TITLES)}{first} {last}{number}",
                "company": f"{last} {draw.choice(['Tools', 'Foods', 'Consulting'])} {number}{draw.choice(FORMS)}",
                "website": f"{draw.choice(['', 'https://', 'http://'])}{host}{draw.choice(['', '/', '/about?x=1'])}",
            }
        )
    return made


KEYS = {
    "e-mail": lambda one: normal_email(one["email"]),
    "phone": lambda one: normal_phone(one["phone"], one["region"]),
    "person's name": lambda one: person_name(one["name"]),
    "company's name": lambda one: company_name(one["company"]),
    "domain": lambda one: company_domain(one["website"]),
    "e-mail alias": lambda one: email_alias(one["email"]),
}
"""What is computed of each contact; the last is for suggestions only."""


def seconds_per_million(count: int) -> dict[str, float]:
    """Return the processor seconds that each key takes for a million contacts, by the fastest of three passes.

    Each pass has contacts of its own, so that nothing is remembered from one before; the tables are loaded.
    """
    costs: dict[str, float] = {}
    everything = contacts(4 * count)
    for name, key in KEYS.items():
        timed = []
        for start in range(0, 4 * count, count):
            part = everything[start : start + count]
            begin = time.process_time()
            missing = sum(key(one) is None for one in part)
            timed.append((time.process_time() - begin) / count * 1e6)
            if missing:
                raise AssertionError(f"{missing} contacts have no {name}")
        costs[name] = min(timed[1:])
    return costs


def missing_sets() -> list[str]:
    """Return the files that the measurements of quality need and that are not there."""
    return [name for name in (*SENZING, SENZING_TRUTH, FAKE, COMPANIES) if not (DATA / name).exists()]


def senzing() -> list[Person]:
    """Return the records of the Senzing truth set, people and organisations."""
    truth = {(row["DATA_SOURCE"], row["RECORD_ID"]): row["CLUSTER_ID"] for row in _rows(SENZING_TRUTH)}
    people = []
    for row in (row for name in SENZING for row in _rows(name)):
        parts = (row.get(f"PRIMARY_NAME_{part}") for part in ("FIRST", "MIDDLE", "LAST"))
        name = row.get("PRIMARY_NAME_FULL") or row.get("PRIMARY_NAME_ORG") or " ".join(filter(None, parts))
        people.append(Person(truth[row["DATA_SOURCE"], row["RECORD_ID"]], row["EMAIL_ADDRESS"], name))
    return people


def fake_people() -> list[Person]:
    """Return the records of fake_1000: about four of each person, with letters scrambled."""
    return [Person(row["cluster"], row["email"], f"{row['surname']}, {row['first_name']}") for row in _rows(FAKE)]


Link = Callable[[list[Person], list[Person]], Iterator[tuple[Person, Person]]]
"""Which records of two apps are linked."""


def split(people: list[Person], link: Link) -> Tally:
    """Deal the records at random into two apps, fifty times, link them, and count over all the times."""
    tally = Tally()
    for seed in range(SPLITS):
        draw = random.Random(seed)
        sides: tuple[list[Person], list[Person]] = ([], [])
        for one in people:
            sides[draw.random() < 0.5].append(one)
        reached = set()
        for left, right in link(*sides):
            tally.links += 1
            if left.truth == right.truth:
                tally.right += 1
                reached.add(left.truth)
        tally.reached += len(reached)
        tally.people += len({one.truth for one in sides[0]} & {one.truth for one in sides[1]})
    return tally


def by_rules(rules: Sequence[MatchRule]) -> Link:
    """Link as the product does by these match rules."""

    def link(left: list[Person], right: list[Person]) -> Iterator[tuple[Person, Person]]:
        dealt = dict(zip(SIDES, (left, right), strict=True))
        books = {
            side: {str(number): {"email": one.email, "name": one.name} for number, one in enumerate(dealt[side])}
            for side in SIDES
        }
        for id, found in Matcher(rules, {side: roles_of(PEOPLE) for side in SIDES}, books).matches(Side.LEFT).items():
            if found.partner is not None:
                yield left[int(id)], right[int(found.partner)]

    return link


def first_of_many(left: list[Person], right: list[Person]) -> Iterator[tuple[Person, Person]]:
    """Link the first with the first of one address, as a careless matcher does: to compare with."""
    groups: dict[str, tuple[list[Person], list[Person]]] = defaultdict(lambda: ([], []))
    for side, people in enumerate((left, right)):
        for one in people:
            if key := normal_email(one.email):
                groups[key][side].append(one)
    for lefts, rights in groups.values():
        if lefts and rights:
            yield lefts[0], rights[0]


def company_pairs() -> tuple[float, float]:
    """Return precision and recall of the links that the usual steps for companies make on labelled pairs of names."""
    found = right = all_right = 0
    for row in _rows(COMPANIES):
        if row["schema"] not in ("Company", "Organization", "LegalEntity"):
            continue
        books = {side: {"1": {"name": row[name]}} for side, name in zip(SIDES, ("name1", "name2"), strict=True)}
        matches = Matcher(OF_FIRMS, {side: roles_of(FIRMS) for side in SIDES}, books).matches(Side.LEFT)
        linked, is_match = matches["1"].partner is not None, row["is_match"] == "true"
        found, right, all_right = found + linked, right + (linked and is_match), all_right + is_match
    return right / found, right / all_right


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
