"""Records whose truth is known, for suggestions: the people of fake_1000, and made-up colleagues.

Colleagues are what a model of likeness gets wrong: they share their company, its city and how addresses are made, and
many have the name of somebody else. Of the second app a share are people of the first, typed again with slips.
"""

import csv
import random
from pathlib import Path

from bothways.records import Field, FieldType

FIELDS = (
    Field("email", FieldType.EMAIL, "E-mail", meaning="email"),
    Field("first", label="First name", meaning="givenName"),
    Field("last", label="Last name", meaning="familyName"),
    Field("born", label="Born", meaning="birthDate"),
    Field("company", label="Company", meaning="worksFor"),
    Field("city", label="City", meaning="address.addressLocality"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
)
FAKE = Path(__file__).parent / "data" / "matching" / "people" / "fake_1000.csv"

Book = list[tuple[str, dict[str, str]]]
"""Who each record of one app truly is, and what it holds."""

WORDS = {
    "first": """james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan
        joseph jessica thomas karen christopher sarah charles lisa daniel nancy matthew sandra anthony betty mark ashley
        donald emily steven kimberly andrew margaret paul donna joshua michelle kenneth carol kevin amanda brian""",
    "stems": "smith john will brown jon garc mill dav rodr mart hern lop gonz wils thom tayl moor jack tan berg",
    "ends": "son s ez ers er wood field ton man ing",
    "cities": "springfield riverside franklin clinton salem fairview madison dover milton oxford auburn dayton",
}
FIRST, STEMS, ENDS, CITIES = map(str.split, WORDS.values())


FIRMS = (
    Field("name", label="Name", meaning="name"),
    Field("domain", label="Domain", meaning="domain"),
    Field("phone", FieldType.PHONE, "Phone", meaning="telephone"),
    Field("city", label="City", meaning="address.addressLocality"),
)


def firms(count: int, seed: int) -> tuple[Book, Book]:
    """Return so many companies of each app: half of the second one are of the first, some typed again with slips."""
    draw = random.Random(seed)
    left = [(f"left {number}", _firm(draw, number)) for number in range(count)]
    right = [
        (truth, dict(held)) if number % 2 else (f"right {truth}", _firm(draw, count + number))
        for number, (truth, held) in enumerate(left)
    ]
    for number, (_, held) in enumerate(right):
        if number % 4 == 1:
            held["name"] = held["name"][:3] + held["name"][4:]
            held.pop("domain")
    return left, right


def _firm(draw: random.Random, number: int) -> dict[str, str]:
    name = f"{draw.choice(STEMS)}{draw.choice(ENDS)} {draw.choice(STEMS)}{draw.choice(ENDS)}".title()
    words = {"name": f"{name} {draw.choice(['Tools', 'Foods'])} Ltd", "city": draw.choice(CITIES)}
    return words | {"domain": f"firm{number}.test", "phone": f"+1 415 201 {number:04d}"}


def fake_people(seed: int) -> tuple[Book, Book]:
    """Return the records of fake_1000, dealt at random into two apps."""
    draw = random.Random(seed)
    books: tuple[Book, Book] = ([], [])
    names = {"email": "email", "first": "first_name", "last": "surname", "born": "dob", "city": "city"}
    with FAKE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            held = {name: row[column] for name, column in names.items() if row[column]}
            books[draw.random() < 0.5].append((row["cluster"], held))
    return books


def colleagues(count: int, share: float, seed: int) -> tuple[Book, Book]:
    """Return so many records of each app; of the second one, this share are people of the first."""
    draw = random.Random(seed)
    left = [(f"left {number}", _person(draw, count)) for number in range(count)]
    right = [
        (truth, _typed_again(draw, held)) if draw.random() < share else (f"right {truth}", _person(draw, count))
        for truth, held in left
    ]
    draw.shuffle(right)
    return left, right


def _person(draw: random.Random, count: int) -> dict[str, str]:
    first, last, firm = draw.choice(FIRST), draw.choice(STEMS) + draw.choice(ENDS), draw.randrange(max(count // 20, 3))
    addresses = (
        f"{first}.{last}@firm{firm}.test",
        f"{first[0]}{last}@firm{firm}.test",
        f"{first}{draw.randrange(10**6)}@mail.test",
    )
    phone = f"+1 415 {200 + firm % 700} {draw.randrange(10_000):04d}"
    return {
        "first": first,
        "last": last,
        "company": f"Firm {firm} {draw.choice(['Tools', 'Foods'])} Inc",
        "city": CITIES[firm % len(CITIES)],
        **({"email": draw.choice(addresses)} if draw.random() < 0.8 else {}),
        **({"phone": phone} if draw.random() < 0.6 else {}),
    }


def _typed_again(draw: random.Random, held: dict[str, str]) -> dict[str, str]:
    again = dict(held)
    if draw.random() < 0.4:
        again["email"] = f"{held['first']}@home{draw.randrange(10**4)}.test"
    if draw.random() < 0.2:
        place = draw.randrange(1, len(held["last"]))
        again["last"] = held["last"][:place] + held["last"][place + 1 :]
    if draw.random() < 0.2:
        again.pop("phone", None)
    if draw.random() < 0.1:
        again["first"] = held["first"][0]
    if draw.random() < 0.15:
        again["city"] = draw.choice(CITIES)
    return again
