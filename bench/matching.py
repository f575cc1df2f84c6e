"""Matching: the cost of the keys, and how right they are on sets of records whose truth is known.

The sets lie under tests/data/matching; where they come from and their licences are said there.
"""

import csv
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bothways.records.normal import (
    company_domain,
    company_name,
    email_alias,
    names_clash,
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


Rule = Callable[[list[Person], list[Person]], list[tuple[Person, Person]]]
"""Which records of one key, those of either side, are linked."""


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
        people.append(Person(truth[row["DATA_SOURCE"], row["RECORD_ID"]], normal_email(row["EMAIL_ADDRESS"]), name))
    return people


def fake_people() -> list[Person]:
    """Return the records of fake_1000: about four of each person, with letters scrambled."""
    return [
        Person(row["cluster"], normal_email(row["email"]), f"{row['surname']}, {row['first_name']}")
        for row in _rows(FAKE)
    ]


def split(people: list[Person], rule: Rule) -> Tally:
    """Deal the records at random into two apps, fifty times, link by the rule, and count over all the times."""
    tally = Tally()
    for seed in range(SPLITS):
        draw = random.Random(seed)
        sides: tuple[list[Person], list[Person]] = ([], [])
        for one in people:
            sides[draw.random() < 0.5].append(one)
        reached = set()
        for left, right in _linked(*sides, rule):
            tally.links += 1
            if left.truth == right.truth:
                tally.right += 1
                reached.add(left.truth)
        tally.reached += len(reached)
        tally.people += len({one.truth for one in sides[0]} & {one.truth for one in sides[1]})
    return tally


def unique(left: list[Person], right: list[Person]) -> list[tuple[Person, Person]]:
    """Link where a key is of one record on either side."""
    return [(left[0], right[0])] if len(left) == len(right) == 1 else []


def unique_and_names_agree(left: list[Person], right: list[Person]) -> list[tuple[Person, Person]]:
    """Link where a key is of one record on either side and their names do not clash."""
    return [pair for pair in unique(left, right) if not names_clash(pair[0].name, pair[1].name)]


def first_of_many(left: list[Person], right: list[Person]) -> list[tuple[Person, Person]]:
    """Link the first with the first, as a careless matcher does: what the rules are measured against."""
    return [(left[0], right[0])]


def company_pairs() -> tuple[float, float]:
    """Return precision and recall of equal company keys on labelled pairs of names."""
    found = right = all_right = 0
    for row in _rows(COMPANIES):
        if row["schema"] not in ("Company", "Organization", "LegalEntity"):
            continue
        one, other, is_match = company_name(row["name1"]), company_name(row["name2"]), row["is_match"] == "true"
        linked = one is not None and other is not None and one.key == other.key
        found, right, all_right = found + linked, right + (linked and is_match), all_right + is_match
    return right / found, right / all_right


def _linked(left: list[Person], right: list[Person], rule: Rule) -> Iterator[tuple[Person, Person]]:
    groups: dict[str, tuple[list[Person], list[Person]]] = defaultdict(lambda: ([], []))
    for side, people in enumerate((left, right)):
        for one in people:
            if one.email:
                groups[one.email][side].append(one)
    for group in groups.values():
        if all(group):
            yield from rule(*group)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
