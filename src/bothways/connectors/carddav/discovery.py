"""Finding the address books: the configured address itself, or all of its user's.

RFC 6764 and RFC 6352, 7.1.1: current-user-principal, then addressbook-home-set, then what is in it. An
address that is a place of its own and answers 404 is a book that is gone: no other is looked for then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from bothways.connectors.base import ObjectType
from bothways.connectors.carddav import dav
from bothways.connectors.carddav.api import MISSING, MULTISTATUS, Api
from bothways.connectors.carddav.dav import Answer, NotDav
from bothways.errors import PermissionMissing, SettingsError

OBJECT = "contacts"
"""The object's name where there is one address book; with several, it is followed by the book's own name."""

WELL_KNOWN = "/.well-known/carddav"
BOOK_PROPS = (dav.TYPE, dav.NAME, dav.RIGHTS, dav.FORMATS)
START_PROPS = (*BOOK_PROPS, dav.PRINCIPAL, dav.HOME)
_WRITING = frozenset({dav.D + "all", dav.D + "write", dav.D + "write-content", dav.D + "bind"})


@dataclass(frozen=True, slots=True)
class Book:
    """One address book: its path, what people call it, and what may be put into it.

    ``version`` is that of new cards. ``converts``: the server knows both versions of vCard, and may hand out a
    card in another one than it is stored in.
    """

    path: str
    label: str
    writable: bool = True
    version: str = "3.0"
    converts: bool = False

    @property
    def own_name(self) -> str:
        """The last part of its address, as people write it."""
        return unquote(self.path.rstrip("/").rpartition("/")[2])

    def type(self, name: str) -> ObjectType:
        """What people choose from."""
        return ObjectType(name, self.label or "Contacts", writable=self.writable, meaning="Person")


def discover(api: Api) -> Mapping[str, Book]:
    """Return the address books by the name of their object; raise ObjectGone or SettingsError."""
    status, found = api.look(api.start, START_PROPS, call="discover")
    own = _own(found.answers, api.start)
    if own is not None and _is_book(own):
        return {OBJECT: _book(own)}
    if status in MISSING and api.start != "/":
        raise api.gone()
    if status == 403:
        raise PermissionMissing(app=api.app, reason="the address may not be read")
    books = [_book(each) for home in _homes(api, own) for each in _members(api, home)]
    if not books:
        raise SettingsError(reason=f"no address book was found at {api.url}", where=api.app)
    return _named({book.path: book for book in books})


def may_write(answer: Answer) -> bool:
    """Tell whether a book may be written, by the rights it tells (RFC 3744, 5.4); it may, if it tells none."""
    rights = answer.within(dav.RIGHTS)
    return not rights or bool(rights & _WRITING)


def _named(books: Mapping[str, Book]) -> dict[str, Book]:
    if len(books) == 1:
        return {OBJECT: next(iter(books.values()))}
    names = [book.own_name for book in books.values()]
    unique = len(set(names)) == len(names)
    return {f"{OBJECT}/{book.own_name if unique else book.path.strip('/')}": book for book in books.values()}


def _homes(api: Api, own: Answer | None) -> Iterator[str]:
    """Yield the paths of the collections that hold the user's books."""
    start = own if own is not None and (own.hrefs(dav.HOME) or own.hrefs(dav.PRINCIPAL)) else _well_known(api)
    if start is None:
        return
    homes = start.hrefs(dav.HOME)
    for principal in [] if homes else start.hrefs(dav.PRINCIPAL):
        _, found = api.look(_path(api, principal), [dav.HOME], call="discover")
        homes += [href for answer in found.answers for href in answer.hrefs(dav.HOME)]
    yield from dict.fromkeys(_path(api, href) for href in homes)


def _well_known(api: Api) -> Answer | None:
    status, found = api.look(WELL_KNOWN, START_PROPS, call="discover")
    return found.answers[0] if status == MULTISTATUS and found.answers else None


def _members(api: Api, home: str) -> list[Answer]:
    _, found = api.look(home, BOOK_PROPS, depth=1, call="discover")
    return sorted((each for each in found.answers if _is_book(each)), key=lambda each: each.path)


def _path(api: Api, href: str) -> str:
    """Return the path of an address that the server names; raise SettingsError if it is on another host."""
    try:
        return dav.path_of(href, api.url)
    except NotDav:
        reason = f"the address books are at {href}, on another host: give that as the address"
        raise SettingsError(reason=reason, where=api.app) from None


def _own(answers: Sequence[Answer], path: str) -> Answer | None:
    return next((each for each in answers if each.path.rstrip("/") == path.rstrip("/")), next(iter(answers), None))


def _is_book(answer: Answer) -> bool:
    return dav.CR + "addressbook" in answer.within(dav.TYPE)


def _book(answer: Answer) -> Book:
    path = answer.path if answer.path.endswith("/") else answer.path + "/"
    told = [each.get("version") for each in answer.props[dav.FORMATS].iter()] if dav.FORMATS in answer.props else []
    # 3.0 is understood by all
    version = "4.0" if "4.0" in told and "3.0" not in told else "3.0"
    return Book(path, answer.text(dav.NAME), may_write(answer), version, {"3.0", "4.0"} <= set(told))
