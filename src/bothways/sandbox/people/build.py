"""The two books: deterministic, from ``febrl4.csv``.

The common people stand in HubSpot as the source's original and in the address book as its duplicate, mistakes
included; their e-mail address is the same but for its case, their telephone number but for its form.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import islice

from bothways.sandbox.people.vcard import card, escaped

CONTACTS, CARDS = 600, 400
COMMON = 300
AMBIGUOUS = 10
"""Contacts whose e-mail address is held by two cards: half a card made twice, half a family's one address."""

CONTACTS_WITHOUT_EMAIL, CARDS_WITHOUT_EMAIL = 20, 10

TITLES = (
    "Account Manager",
    "Buyer",
    "Engineer",
    "Head of Sales",
    "Office Manager",
    "Owner",
    "Teacher",
    "Technician",
)
_AREAS = {"nsw": "2", "act": "2", "vic": "3", "tas": "3", "qld": "7", "sa": "8", "wa": "8", "nt": "8"}
_LOCAL_PARTS = ("{given}.{family}", "{initial}{family}", "{given}_{family}", "{given}.{last}", "{family}")
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
_IN_HUBSPOT = ("+61 {area} {head} {tail}", "+61{area}{head}{tail}", "+61 ({area}) {head} {tail}")
_IN_CARDS = ("+61{area}{head}{tail}", "0061{area}{head}{tail}", "+61-{area}-{head}-{tail}")


@dataclass(frozen=True, slots=True)
class Person:
    """What one app knows of somebody. "" where it knows nothing."""

    key: int
    given: str
    family: str
    email: str
    phone: str
    title: str
    street: str
    city: str
    state: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Book:
    """``contacts`` are properties for HubSpot, ``cards`` are vCards by the name of their file."""

    contacts: Sequence[Mapping[str, str]]
    cards: Mapping[str, str]


def build() -> Book:
    """Return the contacts and the cards."""
    rows = _rows()
    common = list(islice(rows, COMMON))
    doubled = list(islice(rows, AMBIGUOUS))
    relatives = list(islice(rows, AMBIGUOUS // 2))
    only_hubspot = list(islice(rows, CONTACTS - COMMON - AMBIGUOUS))
    only_cards = list(islice(rows, CARDS - COMMON - 2 * AMBIGUOUS))
    contacts = [
        *(_fewer_in_hubspot(original) for original, _ in common),
        *(original for original, _ in doubled),
        *_without_email([original for original, _ in only_hubspot], CONTACTS_WITHOUT_EMAIL),
    ]
    cards = [
        *(duplicate for _, duplicate in common),
        *(duplicate for _, duplicate in doubled),
        *_second_cards(doubled, relatives),
        *_without_email([duplicate for _, duplicate in only_cards], CARDS_WITHOUT_EMAIL),
    ]
    return Book([contact_of(each) for each in contacts], {f"{_uid(each)}.vcf": card_of(each) for each in cards})


def contact_of(person: Person) -> Mapping[str, str]:
    """Return the properties of a contact."""
    values = {
        "firstname": person.given,
        "lastname": person.family,
        "email": person.email,
        "phone": person.phone,
        "jobtitle": person.title,
        "address": person.street,
        "city": person.city,
        "state": person.state,
        "zip": person.postcode,
    }
    return {name: value for name, value in values.items() if value}


def card_of(person: Person) -> str:
    """Return a vCard, with some lines that no other app knows and that must outlive every change."""
    address = ["", "", person.street, person.city, person.state, person.postcode, ""]
    lines = [
        ("UID", _uid(person)),
        ("FN", escaped(f"{person.given} {person.family}")),
        ("N", ";".join(escaped(part) for part in (person.family, person.given, "", "", ""))),
        ("EMAIL;TYPE=INTERNET", escaped(person.email)),
        ("TEL;TYPE=WORK,VOICE", escaped(person.phone)),
        ("TITLE", escaped(person.title)),
        ("ADR;TYPE=WORK", ";".join(escaped(part) for part in address)),
    ]
    own = [("CATEGORIES", f"Group {person.key % 7}"), ("X-PHONETIC-LAST-NAME", escaped(person.family.upper()))]
    return card([*(line for line in lines if line[1].strip(";")), *own])


# --- people -------------------------------------------------------------------------------------------


def _rows() -> Iterator[tuple[Person, Person]]:
    """Yield everybody in the source, as the original and as the duplicate tell of them."""
    taken: set[str] = set()
    with (files(__package__) / "febrl4.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield _pair(row, taken)


def _pair(row: Mapping[str, str], taken: set[str]) -> tuple[Person, Person]:
    key = int(row["rec"])
    email = _email(key, row["given_name"], row["surname"], taken)
    number = {"area": _AREAS[row["state"]], "head": ("5550", "7010")[key % 2], "tail": f"{key % 10_000:04}"}
    title = TITLES[key % len(TITLES)]
    original = Person(
        key,
        row["given_name"].title(),
        row["surname"].title(),
        email,
        _IN_HUBSPOT[key % 3].format(**number),
        title if key % 3 else "",
        f"{row['street_number']} {row['address_1'].title()}",
        row["suburb"].title(),
        row["state"].upper(),
        row["postcode"],
    )
    duplicate = replace(
        original,
        given=row["dup_given_name"].title(),
        family=row["dup_surname"].title(),
        email=_capitals(email),
        phone=_IN_CARDS[(key + 1) % 3].format(**number),
        title="" if key % 2 else title,
        street=f"{row['dup_street_number']} {row['dup_address_1'].title()}".strip(),
        city=row["dup_suburb"].title(),
    )
    return original, duplicate


def _email(key: int, given: str, family: str, taken: set[str]) -> str:
    """Return an address made from a name, unlike all that are taken."""
    names = {"given": _letters(given), "family": _letters(family), "initial": given[:1], "last": family[:1]}
    local, domain = _LOCAL_PARTS[key % 5].format(**names), _DOMAINS[key % 7 % 5]
    address = f"{local}@{domain}"
    if address in taken:
        address = f"{local}{key}@{domain}"
    taken.add(address)
    return address


def _capitals(email: str) -> str:
    """Return an address as people type it."""
    local, _, domain = email.partition("@")
    return f"{local.title()}@{domain.capitalize() if len(local) % 2 else domain}"


def _letters(name: str) -> str:
    return "".join(letter for letter in name if letter.isalpha())


def _fewer_in_hubspot(person: Person) -> Person:
    """Leave the city out of every fifth contact, so that there is something to fill in."""
    return replace(person, city="") if person.key % 5 == 0 else person


def _without_email(people: Sequence[Person], count: int) -> list[Person]:
    return [replace(person, email="") if place < count else person for place, person in enumerate(people)]


def _second_cards(doubled: Sequence[tuple[Person, Person]], relatives: Sequence[tuple[Person, Person]]) -> list[Person]:
    """Return the second holder of each address in question: the same person again, or a relative."""
    half = len(relatives)
    twice = [replace(original, key=original.key + 100_000) for original, _ in doubled[half:]]
    shared = [
        replace(relative, email=holder.email) for (relative, _), (_, holder) in zip(relatives, doubled, strict=False)
    ]
    return [*shared, *twice]


def _uid(person: Person) -> str:
    return f"card-{person.key:06}"
