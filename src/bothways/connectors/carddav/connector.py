"""The connector: the address books of a CardDAV server, by the contract of ``connectors.base``.

What it costs, in calls (n cards in the book, b = 80 cards per read):

- finding the book: 1 if the address is the book's own, else 3 or 4; once per connector, once more when it is not
  where it was, and not at all for a poll, whose cursor knows the place
- first listing: 1 + ceil(n / b)
- a poll without changes: 1; with cards that the server does not hand out, each is asked for again
- a poll with c changed cards: 1 + ceil(c / b), and one more for each report that the server cuts short
- reading r cards by id: ceil(r / b); if one of them is not where it was, up to 2 + ceil(n / b) more
- sweep: 1 + ceil(n / b): only the cards themselves tell their UIDs
- update: 2 (get, put), create and delete: 1; one more where the server gives no strong tag for what it stored, or
  refuses the version
- update in a book that offers vCard 4.0 beside 3.0: one more, to learn in which of them the card is stored; if
  the server does not show that, this is asked once per connector
- servers without change reports: first listing 3 + ceil(n / b), a poll without changes 1, with c changed
  or gone cards 2 + ceil(c / b)

A change that a server makes to a card while storing it, and does not tell, is seen by the next poll. A UID that it
gives to a new card in place of ours is taken over if it gives no tag, so that the card is read back.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from bothways.connectors.base import (
    Account,
    Capabilities,
    ObjectType,
    Page,
    Read,
    Setting,
    Setup,
    WriteItem,
    WriteResult,
)
from bothways.connectors.carddav import listing, reading, writing
from bothways.connectors.carddav.api import Api
from bothways.connectors.carddav.cursor import Position, position_of
from bothways.connectors.carddav.discovery import OBJECT, Book, discover
from bothways.connectors.carddav.facts import CAPABILITIES, LIMITS
from bothways.connectors.carddav.fields import SLOTS
from bothways.connectors.carddav.vcard import VERSIONS
from bothways.errors import UnknownObject, WrongType
from bothways.records import Field, Ref


class CardDav:
    """A CardDAV server (RFC 6352): Nextcloud, Radicale, Baikal, iCloud, Fastmail and many more."""

    title: ClassVar[str] = "CardDAV address book"
    category: ClassVar[str] = "Address book"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("url", "Address of the server or of one address book", example="https://dav.example.org/"),
        Setting("username", "User name", auth=True),
        Setting("password", "Password, or app password", auth=True, secret=True),
        Setting("calls_per_second", "Calls per second at most", required=False, default=str(LIMITS[""][0])),
    )
    limits: ClassVar[Mapping[str, tuple[int, float]]] = LIMITS
    quota: ClassVar[int] = 0
    capabilities: Capabilities = CAPABILITIES

    def __init__(self, setup: Setup) -> None:
        self._api = Api(setup)
        self._found: Mapping[str, Book] | None = None
        if pace := setup.settings.get("calls_per_second"):
            setup.budget.learn("", _whole_number(setup.app, pace), 1.0)

    def check(self) -> Account:
        """Return who we are and which address books there are."""
        self._found = discover(self._api)
        books = [f"{name}: {book.label or book.own_name}, at {book.path}" for name, book in self._found.items()]
        return Account(f"{self._api.user} {self._api.url}", f"{self._api.user} at {self._api.host}", tuple(books))

    def objects(self) -> Sequence[ObjectType]:
        """Return the address books: ``contacts`` if there is one, ``contacts/<its name>`` if there are more."""
        return [book.type(name) for name, book in self._books().items()]

    def fields(self, object: str) -> Sequence[Field]:
        """Return the fields of a contact: the same in every book."""
        self._check(object)
        return [slot.field for slot in SLOTS.values()]

    def count(self, object: str) -> int | None:
        """Return the number of cards, lists of contacts included: only reading them all would tell them apart."""
        return len(listing.members(self._api, self._book(object).path))

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        """Yield all cards, and from then on those that have changed, with values."""
        self._check(object)
        position, anew = position_of(cursor, self._api.url), False
        if position is None:
            position, anew = Position(self._api.url, self._book(object).path), bool(cursor)
        return listing.changes(self._api, position, fields, lambda: self._book(object).path, anew=anew)

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        """Yield the UIDs of all cards."""
        return listing.ids(self._api, self._book(object).path)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        """Return one answer per ref; a card that was moved inside its book is found again."""
        self._check(object)
        return reading.read(self._api, lambda: self._book(object).path, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the cards made with these marks, in either version of vCard; {} for any field, as none is unique."""
        self._check(object)
        if field:
            return {}
        uids = {writing.uid_of(value, version): value for value in values for version in VERSIONS}
        made = reading.made(self._api, lambda: self._book(object).path, list(uids)).cards
        return {uids[uid]: [reading.id_of(uid, each)] for uid, each in made.items()}

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        """Create, update or delete cards, several at a time."""
        self._check(object)
        return writing.write(self._api, lambda: self._book(object), items)

    def _check(self, object: str) -> None:
        """Raise UnknownObject for a name that no address book can have."""
        if object != OBJECT and not object.startswith(OBJECT + "/"):
            self._unknown(object, [OBJECT])

    def _book(self, object: str) -> Book:
        books = self._books()
        if object not in books:
            self._unknown(object, list(books))
        return books[object]

    def _books(self) -> Mapping[str, Book]:
        if self._found is None or self._api.lost:
            self._found, self._api.lost = discover(self._api), False
        return self._found

    def _unknown(self, object: str, names: Sequence[str]) -> None:
        raise UnknownObject(app=self._api.app, name=object, hint=f"There are: {', '.join(names)}.")


def _whole_number(app: str, pace: str) -> int:
    """Return the number of calls that a setting allows; raise WrongType."""
    if not (pace.isascii() and pace.isdigit() and int(pace)):
        raise WrongType(where=app, key="calls_per_second", expected="a whole number above 0", got=f'"{pace}"')
    return int(pace)
