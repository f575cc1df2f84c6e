"""What the two servers hold, read without anything of the product: neither connectors, ledger nor engine."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

from bothways.sandbox.hubspot import Admin
from bothways.sandbox.people.vcard import Line, cards_in, first, name_of, parts
from bothways.sandbox.radicale import Radicale


@dataclass(frozen=True, slots=True)
class Person:
    """One contact or card, "" where it says nothing."""

    given: str = ""
    family: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""

    @property
    def key(self) -> str:
        """Who it is: the e-mail address, else the name."""
        return self.email.casefold() or f"{self.given} {self.family}"

    @property
    def comparable(self) -> tuple[str, ...]:
        """The values, the address without case and the telephone number without its form."""
        digits = "".join(filter(str.isdigit, self.phone))
        values = dict(zip([each.name for each in fields(self)], astuple(self), strict=True))
        return tuple({**values, "email": self.email.casefold(), "phone": digits.removeprefix("00")}.values())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both books at one time: people by record id and by UID, and of each card the lines no app maps."""

    contacts: Mapping[str, Person]
    cards: Mapping[str, Person]
    own_lines: Mapping[str, Sequence[Line]]

    def touched_since(self, before: "Snapshot") -> set[str]:
        """Return who is not as before, in either book."""
        pairs = ((before.contacts, self.contacts), (before.cards, self.cards))
        return {now.key for then, those in pairs for id, now in those.items() if then.get(id) != now}


def snapshot(hubspot: Admin, book: Radicale) -> Snapshot:
    """Read both servers."""
    cards = {first(lines, "UID"): lines for lines in cards_in(book.read())}
    return Snapshot(
        {id: _of_contact(values) for id, values in hubspot.records("contacts").items()},
        {uid: _of_card(lines) for uid, lines in cards.items()},
        {
            uid: [line for line in lines if line[0] == "CATEGORIES" or line[0][:2] == "X-"]
            for uid, lines in cards.items()
        },
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the two books compare: ``pairs`` found, ``differences`` in words, and who has no single partner.

    ``unclear`` are keys that several cards hold, ``alone`` those that only one book knows.
    """

    pairs: int
    differences: Sequence[str]
    unclear: Sequence[str]
    alone: Sequence[str]


def compared(now: Snapshot) -> Comparison:
    """Compare both books person by person."""
    contacts, cards = _by_key(now.contacts), _by_key(now.cards)
    keys = sorted(contacts.keys() | cards.keys())
    unclear = [key for key in keys if len(contacts.get(key, ())) > 1 or len(cards.get(key, ())) > 1]
    alone = [key for key in keys if key not in unclear and not (key in contacts and key in cards)]
    pairs = [(contacts[key][0], cards[key][0]) for key in keys if key not in unclear and key not in alone]
    differences = [line for contact, card in pairs for line in _differences(contact, card)]
    return Comparison(len(pairs), differences, unclear, alone)


def _by_key(people: Mapping[str, Person]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for person in people.values():
        found.setdefault(person.key, []).append(person)
    return found


def _differences(contact: Person, card: Person) -> list[str]:
    names = [each.name for each in fields(contact)]
    values = zip(names, contact.comparable, card.comparable, strict=True)
    return [f"{contact.key}: {name} is {here!r} and {there!r}" for name, here, there in values if here != there]


def _of_contact(values: Mapping[str, str]) -> Person:
    names = ("firstname", "lastname", "email", "phone", "jobtitle", "address", "city", "state", "zip")
    return Person(*(values.get(name) or "" for name in names))


def _of_card(lines: Sequence[Line]) -> Person:
    name = name_of(lines)
    address = [*parts(lines, "ADR"), *[""] * 7]
    plain = [first(lines, each) for each in ("EMAIL", "TEL", "TITLE")]
    return Person(name["given"], name["family"], *plain, *address[2:6])
