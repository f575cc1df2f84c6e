"""Two accounts on stand-ins in processes of their own, and the people who edit in them."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bothways.sandbox.hubspot import Admin, start

NAMES = ("east", "west")

_TEN = 10
"""Of ten records in a row seven are the same in both accounts, one has another job title in the west, and
two stand in one account alone (other ones in each)."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many records of each account are alike in both, differ, or stand in one account alone."""

    alike: int
    differing: int
    alone: int

    @property
    def records(self) -> int:
        """The records of one account before the first run."""
        return self.alike + self.differing + self.alone


def mix_of(records: int) -> Mix:
    """Return the mix for so many records in each account (a multiple of ten)."""
    return Mix(records * 7 // _TEN, records // _TEN, records * 2 // _TEN)


def contact(number: int, title: str = "Buyer") -> dict[str, str]:
    """Return a contact of eight properties that no other number has."""
    return {
        "email": f"person{number}@example.com",
        "firstname": f"Given{number % 997}",
        "lastname": f"Family{number}",
        "phone": f"+61255{number % 1_000_000:06}",
        "jobtitle": title,
        "company": f"Company {number % 1009}",
        "city": f"City {number % 211}",
        "zip": f"{number % 9000 + 1000}",
    }


FIELDS = tuple(contact(0))


@contextlib.contextmanager
def accounts(records: int, rate: int) -> Iterator[Mapping[str, Admin]]:
    """Run both accounts at ``rate`` calls per ten seconds, filled, and yield them by name.

    Their records were last changed a day ago.
    """
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(start(rate=rate)) for name in NAMES}
        for place, account in enumerate(running.values()):
            then = {"lastmodifieddate": str(round((account.now() - 86_400) * 1000))}
            for first in range(0, records, 1000):
                numbers = range(first, min(first + 1000, records))
                account.seed("contacts", [_held(number, place, records) | then for number in numbers])
        yield running


def _held(number: int, place: int, records: int) -> dict[str, str]:
    """Return what the account at this place holds as its record of this number."""
    kind = number % _TEN
    if kind < 2:
        return contact(number + place * records)
    return contact(number, "Owner" if place and kind == 2 else "Buyer")


def retitle(account: Admin, count: int) -> None:
    """Let people change the job title of so many contacts."""
    for id in itertools.islice(account.records("contacts"), count):
        account.edit("contacts", id, {"jobtitle": "Head of Buying"})


def holds(account: Admin) -> Mapping[str, Mapping[str, str]]:
    """Return what an account holds, by e-mail address, without what only concerns itself."""
    return {each["email"]: {name: each[name] for name in FIELDS} for each in account.records("contacts").values()}
