"""The calls that are made to a CardDAV server, by name."""

import base64
from collections.abc import Sequence
from urllib.parse import urlsplit

from bothways.connectors.base import Setup
from bothways.connectors.carddav import dav
from bothways.connectors.carddav.dav import Answer, Multistatus, NotDav
from bothways.connectors.carddav.facts import CONCURRENCY
from bothways.connectors.guard import check_url
from bothways.connectors.http import HttpClient, Manners, Response, plain_words
from bothways.errors import (
    AddressNotAllowed,
    AppFailed,
    ObjectGone,
    PageIncomplete,
    PermissionMissing,
    ProtocolError,
    SecretUnusable,
)

MULTISTATUS = 207
FOUND = frozenset({200, 201, 204})
MISSING = frozenset({404, 410})
TRUNCATED = 507
"""The status of the book itself in a report that does not tell everything (RFC 6578, 3.6)."""

_REFUSED_REPORT = ("supported-report", "sync-traversal-supported", "number-of-matches-within-limits")
"""What servers say that have no reports of changes for this collection, or none for all of it at once."""

_LONGEST_WORDS = 300
"""Characters of a server's sentence that are passed on."""

XML = "application/xml; charset=utf-8"
VCARD = "text/vcard; charset=utf-8"


class NotSupported(Exception):
    """The server does not know this token any more; or, with ``report``, not even the report."""

    def __init__(self, *, report: bool) -> None:
        self.report = report
        super().__init__()


class Moved(Exception):
    """The server answers for another place than the address book that was asked."""


class Api:
    """A CardDAV server over HTTP. All methods raise what ``HttpClient`` raises.

    Paths are absolute, and on the very host of the configured address. ``shows_stored``: the server shows the
    text of a card as a property, too; one that was once found not to is not asked again. ``lost``: a book was not where
    it was, so that all are to be looked for again.
    """

    def __init__(self, setup: Setup) -> None:
        self.app, self.url = setup.app, setup.settings["url"].strip()
        parts = check_url(self.url)
        if parts.scheme == "http" and parts.hostname not in setup.allow_hosts:
            raise AddressNotAllowed(host=parts.hostname, reason="without https the password would travel unprotected")
        self.user = _username(setup)
        pair = _credentials(setup, self.user)
        self.host = parts.hostname or ""
        self.shows_stored, self.lost = True, False
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._http = HttpClient(
            self.url,
            setup,
            {"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
            manners=Manners(words_of),
            connections=CONCURRENCY,
        )

    @property
    def start(self) -> str:
        """The path of the configured address."""
        return dav.path_of(self.url, self.url)

    # --- resources and collections --------------------------------------------------------------------

    def look(self, path: str, names: Sequence[str], *, depth: int = 0, call: str) -> tuple[int, Multistatus]:
        """Return the status and the properties of a resource (depth 1: and of what is in it).

        A status other than 207 comes with nothing.
        """
        ok = frozenset({MULTISTATUS, 200, 400, 403, 405, 501, *MISSING})
        response = self._ask("PROPFIND", path, dav.propfind(*names), str(depth), call, ok)
        if response.status != MULTISTATUS:
            return response.status, Multistatus(())
        return response.status, self._multistatus(response)

    def changed(self, book: str, token: str) -> Multistatus:
        """Return what changed in a book since a token; raise NotSupported, Moved or ObjectGone."""
        ok = frozenset({MULTISTATUS, 400, 403, 405, 409, 415, 501, 507, *MISSING})
        response = self._ask("REPORT", book, dav.sync_collection(token), "0", "changes", ok)
        if response.status == MULTISTATUS:
            found = self._of_book(book, self._multistatus(response))
            if any(_failed(answer, book) and answer.status != TRUNCATED for answer in found.answers):
                raise NotSupported(report=False)
            return found
        if response.status in MISSING:
            if token and self.look(book, [dav.TYPE], call="changes")[0] not in MISSING:  # it is the token that is gone
                raise NotSupported(report=False)
            raise self.gone()
        said = dav.precondition(response.body)
        if response.status == 403 and said not in (*_REFUSED_REPORT, "valid-sync-token"):
            raise PermissionMissing(app=self.app, reason=self.words(response))
        raise NotSupported(report=said in _REFUSED_REPORT or response.status in (405, 415, 501))

    def listing(self, book: str) -> Multistatus:
        """Return the etags of all cards of a book; raise ObjectGone, Moved, or PageIncomplete if not all are told."""
        status, found = self.look(book, [dav.ETAG, dav.TYPE], depth=1, call="list")
        if status in MISSING:
            raise self.gone()
        if status != MULTISTATUS:
            raise AppFailed(app=self.app, status=status, reason="the address book cannot be listed")
        own = [answer for answer in self._of_book(book, found).answers if _is_book(answer, book)]
        if not own or any(_failed(answer, book) for answer in own):
            raise PageIncomplete(app=self.app, reason="the list of its cards is not whole")
        return found

    def cards(self, book: str, paths: Sequence[str]) -> Multistatus:
        """Return cards by their paths; raise ObjectGone."""
        ok = frozenset({MULTISTATUS, *MISSING})
        response = self._ask("REPORT", book, dav.multiget(paths), "0", "read", ok)
        self._gone(response)
        return self._multistatus(response)

    # --- single cards ---------------------------------------------------------------------------------

    def get(self, path: str, version: str = "") -> Response:
        """Return one card as its very bytes, in a version of vCard if one is asked for; status 404 or 410 without."""
        accept = f"text/vcard; version={version}" if version else "text/vcard"
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        ok, url = frozenset({200, *MISSING}), self._origin + path
        response = self._http.request("GET", url, headers=headers, call="read one", repeatable=True, ok=ok)
        return self._answered(response, path) if response.status in MISSING else response

    def put(self, path: str, data: bytes, condition: tuple[str, str]) -> Response:
        """Store one card on a condition; it is sent once, and whatever the server says is returned."""
        headers = {"Content-Type": VCARD, **dict([condition])}
        ok = FOUND | {400, 403, 404, 409, 410, 412, 413, 415, 422, 423, 507}
        response = self._http.request(
            "PUT", self._origin + path, body=data, headers=headers, call="write", repeatable=False, ok=ok
        )
        return self._answered(response, path)

    def delete(self, path: str, version: str) -> Response:
        """Delete one card if it is of this version; whatever the server says is returned."""
        ok = FOUND | {403, 404, 409, 410, 412, 423}
        response = self._http.request(
            "DELETE", self._origin + path, headers={"If-Match": version}, call="delete", repeatable=False, ok=ok
        )
        return self._answered(response, path)

    def gone(self) -> ObjectGone:
        """Return the error that says that the address book is gone; it is looked for again."""
        self.lost = True
        return ObjectGone(app=self.app, object="The address book")

    def words(self, response: Response) -> str:
        """Return what the server says of a call that it refused, without our credentials."""
        return self._http.scrub(words_of(response))

    def problem(self, reason: str) -> ProtocolError:
        """Return the error for an answer that cannot be understood."""
        return ProtocolError(app=self.app, reason=reason)

    # --- helpers --------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, body: bytes, depth: str, call: str, ok: frozenset[int]) -> Response:
        headers = {"Content-Type": XML, "Depth": depth}
        return self._http.request(
            method, self._origin + path, body=body, headers=headers, call=call, repeatable=True, ok=ok
        )

    def _multistatus(self, response: Response) -> Multistatus:
        try:
            return dav.multistatus(response.body, self._origin + urlsplit(response.url).path)
        except NotDav as error:
            raise self.problem(str(error)) from error

    def _of_book(self, book: str, found: Multistatus) -> Multistatus:
        if found.answers and not any(
            answer.path.startswith(book) or _is_book(answer, book) for answer in found.answers
        ):
            raise Moved
        return found

    def _answered(self, response: Response, path: str) -> Response:
        """Return what was answered of a card; raise ProtocolError if another page says it, such as one to sign in."""
        if urlsplit(response.url).path != path:
            raise self.problem("another page has answered in the place of a card")
        return response

    def _gone(self, response: Response) -> None:
        if response.status in MISSING:
            raise self.gone()


def _is_book(answer: Answer, book: str) -> bool:
    return answer.path.rstrip("/") == book.rstrip("/")


def _failed(answer: Answer, book: str) -> bool:
    return _is_book(answer, book) and answer.status >= 400


def _username(setup: Setup) -> str:
    """Return the user's name: it is no secret, so it may stand among the settings."""
    return setup.settings.get("username") or setup.secrets.get("username")


def _credentials(setup: Setup, user: str) -> bytes:
    """Return the user's name and password as they are sent; raise SecretUnusable for bytes that are no text."""
    try:
        return f"{user}:{setup.secrets.get('password')}".encode()
    except UnicodeEncodeError:
        raise SecretUnusable(app=setup.app) from None


def words_of(response: Response) -> str:
    """Return the server's own sentence, else the rule that it says was broken; else what the status means."""
    said = dav.message(response.body)[:_LONGEST_WORDS] or dav.precondition(response.body).replace("-", " ")
    return said or plain_words(response)
