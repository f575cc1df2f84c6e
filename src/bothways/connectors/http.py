"""The one HTTP client of all connectors: paced, guarded, and careful about what it repeats.

A call is repeated only if it surely was not carried out (no connection was made, or the app refused it
with 429) or if the connector says that repeating it is harmless. What a write that broke off has done
nobody knows: that is OutcomeUnknown, and the caller finds out by reading.
"""

import json
import logging
import random
import re
import ssl
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin

import orjson
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from bothways.connectors.base import Access, Setup
from bothways.connectors.budget import MAIN
from bothways.connectors.guard import check_url, pool_classes
from bothways.connectors.redirect import Target, follow
from bothways.connectors.secrets import scrubber
from bothways.errors import (
    AppError,
    AppFailed,
    AppUnreachable,
    CredentialsRefused,
    OutcomeUnknown,
    PermissionMissing,
    ProtocolError,
    RateLimited,
    SecretUnusable,
    SignInNeeded,
)

TRIES = 5
"""How often one call is sent at most."""

CONNECT_TIMEOUT = 10.0
TIMEOUT = 60.0
"""Seconds without a byte from the app before it counts as not answering."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the second try, doubled with every further one; and the longest wait before giving up."""

MOST_TOLD = 86_400.0
"""Seconds after which an app is asked again at the latest, whatever it has told."""

LOCKED_WAIT = 2.0
"""Seconds before a locked (423) or migrating (477) record is asked for again."""

LARGEST_ANSWER = 64 * 2**20
"""Bytes, unpacked. Nothing an app has to say about 200 records is longer."""

TRY_AGAIN = frozenset({408, 423, 477, 500, 502, 503, 504, *range(520, 528)})
"""Statuses after which a harmless call is repeated."""

UNAUTHORIZED, TIMED_OUT, TOO_MANY = 401, 408, 429

MAY_BE_DONE = "may_be_done"
"""The fact of an error that a try before it may have been carried out."""

TOKENS = 4
"""So many tokens that were sent last are taken out of an app's words."""


class _WithoutQueries(logging.Filter):
    """Takes the queries out of the addresses that urllib3 warns of: one may hold a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _QUERY.sub("?***", record.getMessage()), ()
        return True


_QUERY = re.compile(r"\?[^\s\"')]+")

for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_WithoutQueries())


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are case-insensitive; ``url`` is where it came from after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    app: str = ""

    def json(self) -> Any:
        """Return the body as JSON; raise ProtocolError if it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            pass
        try:
            return json.loads(self.body)  # also takes half a character pair, and then one record alone is at fault
        except (ValueError, RecursionError) as error:
            raise ProtocolError(app=self.app, reason=f"HTTP {self.status} without valid JSON") from error


def plain_words(response: Response) -> str:
    """Return what the status means; the body of an unknown app is not for people to read."""
    try:
        return HTTPStatus(response.status).phrase
    except ValueError:
        return "no explanation"


class Spent(Enum):
    """Which allowance is used up: that of the call's own pool, that of all calls, or that of the whole day."""

    POOL = "pool"
    ALL = "all"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Manners:
    """How one app speaks of errors and limits.

    ``words``: the app's own sentence about an error. ``limit``: calls, seconds and what remains, if an
    answer tells; ``day``: calls a day and what remains of them. ``spent``: what a 429 says is used up.
    """

    words: Callable[[Response], str] = plain_words
    limit: Callable[[Mapping[str, str]], tuple[int, float, int | None] | None] = lambda headers: None
    spent: Callable[[Response], Spent] = lambda response: Spent.POOL
    day: Callable[[Mapping[str, str]], tuple[int, int] | None] = lambda headers: None


@dataclass(frozen=True, slots=True)
class _Call:
    """One call to be made, as often as it takes. ``repeatable``: sending it twice does no harm."""

    target: Target
    pool: str
    name: str
    repeatable: bool
    ok: Container[int] = field(default_factory=lambda: range(200, 300))


class HttpClient:
    """Talks to one app.

    ``base_url`` is what relative addresses are joined to, and the only place that the credentials in
    ``headers`` are sent to. ``timeout`` is in seconds without a byte. ``tries``: how often a call is sent
    at most. Safe to share between threads. ``secrets`` are those that do not stand in a header. ``access``: what hands
    out the token of each call, which is then sent as Bearer; one that the app refuses is followed by another, once.
    """

    def __init__(
        self,
        base_url: str,
        setup: Setup,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        *,
        manners: Manners | None = None,
        connections: int = 8,
        tries: int = TRIES,
        secrets: Sequence[str] = (),
        access: Access | None = None,
    ) -> None:
        check_url(base_url)
        self.base_url, self._setup, self._tries = base_url, setup, tries
        self._headers = {"User-Agent": "bothways", "Accept-Encoding": "gzip", **(headers or {})}
        _check_headers(setup.app, self._headers)
        self._manners = manners or Manners()
        self._access, self._tokens = access, deque[str](maxlen=TOKENS)
        self._scrub = scrubber(self._headers, secrets)
        self._pools = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout),
            cert_reqs="CERT_REQUIRED",
        )
        self._pools.pool_classes_by_scheme = pool_classes(setup.allow_hosts)

    def close(self) -> None:
        """Close all kept connections."""
        self._pools.clear()

    def scrub(self, words: str) -> str:
        """Take the credentials out of an app's words: it may quote what it was sent."""
        return scrubber({}, tuple(self._tokens))(self._scrub(words))

    def request(
        self,
        method: str,
        url_or_path: str,
        *,
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        pool: str = "",
        call: str = "",
        repeatable: bool,
        ok: Container[int] | None = None,
    ) -> Response:
        """Make a call and return its answer, whose status is in ``ok`` (2xx unless given).

        ``call`` names it in the bill, ``pool`` the limit it counts in. ``repeatable`` says that sending
        it twice does no harm. Raises AddressNotAllowed, AppUnreachable, CredentialsRefused (401),
        PermissionMissing (403), RateLimited (429), OutcomeUnknown (a write that broke off, 408, or 5xx),
        QuotaUsedUp (a 429 for the whole day), AppFailed (any other status), ProtocolError.
        """
        url = urljoin(self.base_url, url_or_path)
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, doseq=True)
        more = dict(headers or {})
        if json is not None:
            body = orjson.dumps(json)
            more.setdefault("Content-Type", "application/json")
        target = Target(method, url, self._headers | more, body, self.base_url)
        accepted = {} if ok is None else {"ok": ok}
        return self._persist(_Call(target, pool, call or method, repeatable, **accepted))

    def _persist(self, call: _Call) -> Response:
        """Send a call until it is answered for good, or there is nothing more to try.

        The error that is raised has the fact MAY_BE_DONE if one of the tries may have been carried out.
        """
        doubts: list[int] = []
        try:
            return self._tried(call, doubts)
        except AppError as error:
            error.facts |= {MAY_BE_DONE: True} if doubts else {}
            raise

    def _tried(self, call: _Call, doubts: list[int]) -> Response:
        """Send a call as often as it takes; ``doubts`` are the tries that may have been carried out."""
        anew = False
        for attempt in range(1, self._tries + 1):
            token = self._token()
            try:
                response = self._send(call, token)
            except AppUnreachable as error:
                doubts += [attempt] if call.repeatable else []
                if attempt == self._tries or not error.facts.get("again", True):
                    raise
                self._setup.sleep(_backoff(attempt))
                continue
            if response.status in call.ok:
                return response
            if response.status == UNAUTHORIZED and self._access is not None and not anew:
                self._access.refused(token)  # the call was surely not carried out
                anew = True
                continue
            doubts += [attempt] if response.status in TRY_AGAIN else []
            if not self._wait_for(call, response, attempt):
                break
        raise self._error(call, response)

    def _wait_for(self, call: _Call, response: Response, attempt: int) -> bool:
        """Wait until a refused call may be sent again; return False if it may not."""
        told = _retry_after(response.headers, self._setup.clock)
        last = attempt == self._tries
        if response.status == TOO_MANY:
            spent = self._manners.spent(response)
            if spent is Spent.DAY:
                raise self._setup.budget.day_is_spent()
            wait = told if told is not None else _backoff(attempt + 2)
            self._setup.budget.back_off(call.pool if spent is Spent.POOL else MAIN, wait)
            return wait <= LONGEST_WAIT and not last
        if last or not call.repeatable or response.status not in TRY_AGAIN:
            return False
        least = LOCKED_WAIT if response.status in (423, 477) else 0.0
        wait = max(_backoff(attempt), least, told or 0.0)
        if wait > LONGEST_WAIT:
            return False
        self._setup.sleep(wait)
        return True

    def _token(self) -> str:
        """Return the token to send a call with, "" where none is handed out."""
        if self._access is None:
            return ""
        token = self._access.token()
        if token not in self._tokens:
            self._tokens.append(token)
        _check_headers(self._setup.app, {"Authorization": token})
        return token

    def _send(self, call: _Call, token: str = "") -> Response:
        """Send a call once, following redirects; each hop is paid for."""
        target: Target | None = call.target
        if token:
            target = replace(call.target, headers={**call.target.headers, "Authorization": f"Bearer {token}"})
        while target is not None:
            check_url(target.url)
            self._setup.budget.spend(call.pool, call.name)
            response = self._exchange(target, call.repeatable)
            limit = self._manners.limit(response.headers)
            if limit is not None:
                self._setup.budget.learn(call.pool, *limit)
            day = self._manners.day(response.headers)
            if day is not None:
                self._setup.budget.learn_day(*day)
            target = follow(target, response.status, response.headers.get("Location"), self._setup.app)
        return response

    def _exchange(self, target: Target, repeatable: bool) -> Response:
        """Exchange one request for one answer.

        Raises AppUnreachable with the fact ``again`` where another try makes sense.
        """
        app = self._setup.app
        try:
            raw = self._pools.urlopen(
                target.method,
                target.url,
                body=target.body,
                headers=target.headers,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            content = raw.read(LARGEST_ANSWER + 1, decode_content=True)
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise AppUnreachable(app=app, reason=_unconnected(error)) from None
        except HTTPError as error:
            untrusted = _certificate_problem(error)
            if untrusted:
                raise AppUnreachable(app=app, reason=untrusted, again=False) from None
            if not repeatable:
                raise OutcomeUnknown(app=app, reason=_broken(error)) from None
            raise AppUnreachable(app=app, reason=_broken(error)) from None
        if len(content) > LARGEST_ANSWER:
            raw.close()
            raise ProtocolError(app=app, reason=f"an answer of more than {LARGEST_ANSWER >> 20} MiB")
        raw.release_conn()
        return Response(raw.status, raw.headers, content, target.url, app)

    def _error(self, call: _Call, response: Response) -> AppError:
        """Return the error that a refused call is for the user."""
        app, status = self._setup.app, response.status
        words = self.scrub(self._manners.words(response)).strip().rstrip(".")
        if status == UNAUTHORIZED and self._access is not None:
            return SignInNeeded(app=app, reason=words or "it does not accept what it gave us")
        if status == UNAUTHORIZED:
            return CredentialsRefused(app=app)
        if status == 403:
            return PermissionMissing(app=app, reason=words)
        if status == TOO_MANY:
            return RateLimited(app=app)
        if (status >= 500 or status == TIMED_OUT) and not call.repeatable:
            return OutcomeUnknown(app=app, reason=f"HTTP {status}, {words}")
        return AppFailed(app=app, status=status, reason=words)


def _check_headers(app: str, headers: Mapping[str, str]) -> None:
    """Raise SecretUnusable, without quoting it, for a value that cannot stand in a header.

    All values but those of secrets are our own.
    """
    if not all(value.isprintable() and value.isascii() for value in headers.values()):
        raise SecretUnusable(app=app)


def _backoff(attempt: int) -> float:
    """Return the seconds to wait after so many tries: doubled each time, cut at random by up to half."""
    longest = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    return longest * random.uniform(0.5, 1.0)


def _retry_after(headers: Mapping[str, str], clock: Callable[[], float]) -> float | None:
    """Return the seconds an app asks us to wait, a day at most, from a number or a date (RFC 9110, 10.2.3)."""
    told = headers.get("Retry-After", "").strip()
    if not told:
        return None
    try:
        return min(max(0.0, float(told)), MOST_TOLD)
    except ValueError:
        until = http_date(told)
    if until is None:
        return None
    now = http_date(headers.get("Date", ""))
    return min(max(0.0, until - (now if now is not None else clock())), MOST_TOLD)


def http_date(text: str) -> float | None:
    """Return the seconds since 1970 of a date in a header, None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _certificate_problem(error: HTTPError) -> str:
    """Return in words why an app's certificate is not trusted; "" if that is not the problem."""
    inner = error.args[0] if isinstance(error, SSLError) and error.args else None
    if not isinstance(inner, ssl.SSLCertVerificationError):
        return ""
    return f"its certificate is not valid ({inner.verify_message or 'the names do not match'})"


def _unconnected(error: HTTPError) -> str:
    if type(error) is ConnectTimeoutError:
        return "no connection within the time allowed"
    return str(error.__cause__.strerror or "no connection") if isinstance(error.__cause__, OSError) else "no connection"


def _broken(error: HTTPError) -> str:
    return "no answer in time" if isinstance(error, urllib3.exceptions.TimeoutError) else "the connection broke off"
