"""Cards as the server hands them out, many at a time, each with what is wrong with it alone.

One card can spoil the answer for all (a control character makes the XML invalid, a server fails on it): the
batch is then halved until that card stands alone, and it is fetched by itself, where no XML is in the way.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bothways.connectors.carddav import dav
from bothways.connectors.carddav.api import MISSING, Api
from bothways.connectors.carddav.facts import BATCH_READ, MOST_BROKEN
from bothways.connectors.carddav.patch import values_of
from bothways.connectors.carddav.vcard import Card, Malformed, parse, rough_email, rough_uid
from bothways.errors import AppError, AppFailed, PermissionMissing, ProtocolError
from bothways.records import Record, Value

NAMELESS = "card:"
"""What the id of a card begins with whose UID cannot be read; its path follows."""

DOUBLE = "twin:"
"""What the id of a card begins with whose UID another card has; its path follows."""

STAND_INS = (NAMELESS, DOUBLE)

TWIN = "another card of the address book has the same UID"
NO_UID = "it has no UID"
NOT_HANDED_OUT = "the server cannot hand it out, and while it does not, no deletions are taken over"


@dataclass(frozen=True, slots=True)
class Got:
    """One card as it was found. ``data`` is None if there is none at this path, or none was handed out.

    ``twin``: it cannot be told from another by its UID.
    """

    path: str
    version: str | None = None
    data: bytes | None = None
    card: Card | None = None
    problem: str = ""
    twin: bool = False

    @property
    def missing(self) -> bool:
        """The server says that nothing is at this path."""
        return self.data is None and not self.problem

    @property
    def unread(self) -> bool:
        """Something is at this path, and the server did not hand it out: it may be any card."""
        return self.data is None and bool(self.problem) and not self.twin

    @property
    def id(self) -> str:
        """The card's UID; a stand-in made of its path if none can be read, or if it is another's, too."""
        if self.twin:
            return DOUBLE + self.path
        uid = self.card.uid if self.card is not None else rough_uid(self.data or b"")
        return uid or NAMELESS + self.path

    @property
    def nameless(self) -> bool:
        """Something is at this path, and its UID cannot be read."""
        return not self.missing and self.id == NAMELESS + self.path

    @property
    def is_group(self) -> bool:
        """It is a list of contacts and no contact."""
        return self.card is not None and self.card.is_group

    def as_twin(self) -> "Got":
        """Return this card as one that cannot be told from another by its UID."""
        return Got(self.path, self.version, problem=TWIN, twin=True)

    def record(self, fields: Sequence[str]) -> Record:
        """Return the card as a record; of one that cannot be read, only the mail address that is to be seen."""
        return Record(self.id, self._values(fields), self.path, self.version)

    def _values(self, fields: Sequence[str]) -> Mapping[str, Value]:
        if self.card is not None and not self.problem:
            return values_of(self.card, fields)
        email = rough_email(self.data or b"")
        return {name: email for name in fields if name.partition(".")[0] == "email"} if email else {}


def fetch(api: Api, book: str, paths: Sequence[str]) -> dict[str, Got]:
    """Return what is at each of these paths."""
    reading = _Reading(api, book)
    found: dict[str, Got] = {}
    for start in range(0, len(paths), BATCH_READ):
        found |= reading.batch(paths[start : start + BATCH_READ])
    return found


def fetch_one(api: Api, path: str, version: str = "") -> Got:
    """Return the card at a path, from its very bytes; in a version of vCard if one is asked for."""
    response = api.get(path, version)
    if response.status in MISSING:
        return Got(path)
    return got(path, etag(response.headers.get("ETag", "")), response.body)


def fetch_stored(api: Api, path: str) -> Got:
    """Return the card at a path in the version of vCard that it is stored in, from its very bytes.

    sabre/dav (its CardDAV plugin) converts what it hands out to the version asked for, 3.0 if none is, under the
    etag of what is stored. It also shows the stored text as a property, which no RFC asks of a server: that tells
    the version. The bytes are those of GET, as XML does not keep line ends.
    """
    if not api.shows_stored:
        return fetch_one(api, path)
    try:
        status, told = api.look(path, [dav.ETAG, dav.CARD], call="read one")
    except ProtocolError as error:
        return Got(path, problem=f"the server cannot tell how it is stored: {error.message}")
    found = next(_gots(told.answers), None)
    if status in MISSING or (found is not None and found.missing):
        return Got(path)
    if found is None:
        api.shows_stored = not any(dav.ETAG in answer.props for answer in told.answers)
        return fetch_one(api, path)
    if found.card is None:
        return found
    version = found.card.version
    handed = fetch_one(api, path, version)
    if handed.card is not None and handed.card.version != version:
        return Got(path, problem=f"it is stored as vCard {version} and handed out as vCard {handed.card.version}")
    return handed


def got(path: str, version: str | None, data: bytes) -> Got:
    """Return a card from its bytes, with what is wrong with it."""
    try:
        card = parse(data)
    except Malformed as error:
        return Got(path, version, data, None, str(error))
    return Got(path, version, data, card, "" if card.uid else NO_UID)


def etag(text: str) -> str | None:
    """Return an entity tag in its strong form: some proxies weaken the tags of what they compress.

    None, if there is none or it holds what no header can carry (RFC 9110, 8.8.3), so that it cannot be sent back.
    """
    tag = text.strip().removeprefix("W/")
    return tag if tag and all(" " <= each <= "\xff" and each != "\x7f" for each in tag) else None


@dataclass(slots=True)
class _Reading:
    """One reading of many cards, and the cards that it could not get with the others."""

    api: Api
    book: str
    broken: set[str] = field(default_factory=set)

    def batch(self, paths: Sequence[str]) -> dict[str, Got]:
        """Return what is at these paths, by one call if the server can."""
        try:
            answers = self.api.cards(self.book, paths).answers
        except (ProtocolError, AppFailed) as error:
            self._blame(error, paths)
            middle = len(paths) // 2
            return self.batch(paths[:middle]) | self.batch(paths[middle:]) if middle else self._alone(paths)
        told = sorted(_gots(answers), key=lambda each: not each.missing)  # a card that is handed out is there
        found = {each.path: each for each in told if each.path in set(paths)}
        return found | self._alone([path for path in paths if path not in found])

    def _blame(self, error: AppError, paths: Sequence[str]) -> None:
        """Raise the error again unless one card may be what is behind it."""
        if isinstance(error, AppFailed) and error.facts.get("status") != 500:
            raise error
        if len(paths) == 1:
            self._count(error, paths[0])

    def _count(self, error: AppError, path: str) -> None:
        """Count a card that was not handed out; raise the error again if there are too many of them."""
        self.broken.add(path)
        if len(self.broken) > MOST_BROKEN:
            raise error

    def _alone(self, paths: Sequence[str]) -> dict[str, Got]:
        found = {}
        for path in paths:
            try:
                found[path] = fetch_one(self.api, path)
            except (ProtocolError, AppFailed, PermissionMissing) as error:
                self._count(error, path)
                found[path] = Got(path, problem=f"{NOT_HANDED_OUT}: {error.message}")
        return found


def _gots(answers: Sequence[dav.Answer]) -> Iterator[Got]:
    """Yield what an answer says of each path; nothing where it says neither a card nor that there is none."""
    for answer in answers:
        if answer.status in MISSING:
            yield Got(answer.path)
        elif dav.CARD in answer.props:
            data = (answer.props[dav.CARD].text or "").encode()
            yield got(answer.path, etag(answer.text(dav.ETAG)), data)
