"""The stand-in: an account behind an HTTP server on loopback, and the strings that a test pulls."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from bothways.sandbox.hubspot import admin, owning, search, shapes
from bothways.sandbox.hubspot.administering import Administered
from bothways.sandbox.hubspot.asks import Ask
from bothways.sandbox.hubspot.changes import OURS
from bothways.sandbox.hubspot.clocks import Clock, FrozenClock
from bothways.sandbox.hubspot.crm import Crm
from bothways.sandbox.hubspot.exchanges import Exchanges
from bothways.sandbox.hubspot.faults import Fault, Faults, emptied
from bothways.sandbox.hubspot.gate import Gate
from bothways.sandbox.hubspot.hooks import CLIENT_SECRET, DEVELOPER_KEY, Hooks
from bothways.sandbox.hubspot.journal import Journal, KeepsJournal
from bothways.sandbox.hubspot.limits import DAILY, Limits
from bothways.sandbox.hubspot.oauth import LetsAppsIn
from bothways.sandbox.hubspot.otherwise import known
from bothways.sandbox.hubspot.problems import Refused, expired, missing_scopes, ordered, rate_limited, unauthorized
from bothways.sandbox.hubspot.routes import Route, route_of
from bothways.sandbox.hubspot.rules import may_not_associate
from bothways.sandbox.hubspot.store import Store
from bothways.sandbox.hubspot.web import Reply, Request, Web
from bothways.sandbox.hubspot.working import WorkedIn

TOKEN = "pat-sandbox"
LONGEST_ADDRESS = 8000
LOG_LENGTH = 100_000
FILES, JOURNAL = "/journal-files/", "/webhooks-journal/"
FREE = ("/webhooks/", "/oauth/", FILES)
"""How the paths of calls begin that take no token of an account."""

PATIENCE = 60.0
"""Seconds until calls that are not made count as missing."""


class HubSpotSandbox(LetsAppsIn, KeepsJournal, Administered, WorkedIn):
    """A HubSpot account to be used in a ``with`` block.

    ``tokens`` maps each accepted token to its scopes (None: all). ``rate`` and ``search_rate`` are calls
    and seconds, None for no limit; ``daily`` is calls per day. ``index_lag`` is seconds of ``clock`` until
    a save can be found by search, ``search_cap`` the row at which a search ends. ``database`` is a file or
    ":memory:"; a file's account goes on where it was. ``echo_traces``: rows of batch answers repeat the
    trace ids of their inputs; ``report_rows``: a batch
    whose inputs have trace ids reports refusals row by row (if not, one refused row refuses its batch).
    ``client_secret`` signs webhooks; ``developer_key`` is that of the owner of the one app there is.
    """

    def __init__(
        self,
        tokens: Mapping[str, AbstractSet[str] | None] | None = None,
        *,
        index_lag: float = 0.0,
        rate: tuple[int, float] | None = (100, 10.0),
        search_rate: tuple[int, float] | None = (5, 1.0),
        search_cap: int = 10_000,
        daily: int = DAILY,
        echo_traces: bool = True,
        report_rows: bool = True,
        client_secret: str = CLIENT_SECRET,
        developer_key: str = DEVELOPER_KEY,
        database: str = ":memory:",
        clock: Clock | FrozenClock | None = None,
        port: int = 0,
    ) -> None:
        super().__init__()
        self.tokens = dict(tokens or {TOKEN: None})
        self.clock = clock or Clock()
        self.index_lag, self.search_cap = index_lag, search_cap
        self.echo_traces, self.report_rows = echo_traces, report_rows
        self.calls: Counter[str] = Counter()
        self.log: deque[tuple[str, str, int]] = deque(maxlen=LOG_LENGTH)
        self._limits = Limits(rate, search_rate, daily)
        self._faults = Faults()
        self._exchanges = Exchanges()
        self._developer_key = developer_key
        self._hooks = Hooks(self.clock, self._faults, client_secret, kinds=lambda: self._crm.kinds.values())
        self.clock.watch(self._hooks.wake)
        self._journal = Journal(self.clock, self._faults, client_secret, lambda name: self._crm.kind_of(name))
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._gate = Gate()
        self._store = Store(database)
        search.prepare(self._store)
        self._crm = Crm(self._store)
        self._web = Web(self._answer, self.clock.now, port)

    def __enter__(self) -> Self:
        self._web.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and close the store."""
        self._stopping.set()
        self._gate.open()
        self._web.stop()
        self._hooks.close()
        self._exchanges.close()
        with self._lock:
            self._store.close()

    # --- the strings ----------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address to be used instead of HubSpot's."""
        return self._web.url

    @property
    def token(self) -> str:
        """The first of the accepted tokens."""
        return next(iter(self.tokens))

    def fault(self, kind: str, times: int = 1, match: str = "", **options: Any) -> None:
        """Order a fault for the next ``times`` calls with ``match`` in their method and path.

        Kinds: "429" (options policy, retry_after), "400", "401", "403", "404", "409", "414", "423", "477", "500",
        "502", "503", "504" (option commit: do it all the same), "timeout-before" and "timeout-after-commit"
        (the connection is closed without an answer), "half-batch" (do half and answer 500), "slow" (option
        seconds), "held" (until ``let_go``), "lag" (what this call saves is indexed ``seconds`` later), "garbage"
        (HTML), "empty-page" (a page before the last is empty, and its rows come on the next). Of webhooks, with
        ``match`` in their types: "hook-late" (by ``seconds``), "hook-twice", "hook-dropped", "hook-shuffled",
        "hook-forged". Of the journal, with ``match`` in action and type id, such as "DELETE 0-1": "journal-late" (by
        ``seconds``), "journal-twice", "journal-dropped". Raises ValueError.
        """
        self._faults.order(kind, times, match, options)

    def clear_faults(self) -> None:
        """Forget all faults that have not happened yet."""
        self._faults.clear()

    def faults_waiting(self) -> int:
        """Return how many faults have not happened yet."""
        return self._faults.waiting()

    def until_held(self, count: int = 1) -> None:
        """Wait until so many calls are held; raise ValueError if it does not come to that."""
        if not self._gate.until_held(count, PATIENCE):
            raise ValueError(f"there are no {count} calls held")

    def let_go(self) -> None:
        """Answer the calls that are held."""
        self._gate.open()

    def subscribe(self, url: str, subscriptions: Sequence[Mapping[str, str]]) -> None:
        """Send webhooks of these kinds, and of no others, to an address; raise ValueError.

        ``subscriptions`` are in HubSpot's words (``hooks.subscriptions`` makes some): ``subscriptionType``, with
        ``propertyName`` if it is a change of a property, and ``objectType`` if it begins with "object". They tell of
        what people and clients of the API do from now on, and never of ``seed``. On a clock that stands still they
        are sent by ``deliver``, or when it is moved.
        """
        self._hooks.subscribe(url, subscriptions)

    def subscribed(self) -> dict[str, Any]:
        """Return the address of the webhooks and all subscriptions, as the owner of the app sees them."""
        return {"url": self._hooks.url, "subscriptions": [owning.row(each) for each in self._hooks.subscriptions]}

    def pause(self, id: str) -> None:
        """Pause a subscription, as the owner of the app would by hand."""
        self._hooks.set_active(int(id), False)

    def deliver(self) -> None:
        """Send all webhooks that are due, and return when each of them was answered or has failed."""
        self._hooks.deliver()

    def seed(self, object: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Make many records, indexed at once, and return their ids.

        Read-only properties may be given, with the dates of creation and modification among them. Raises
        Refused for the first record that is not accepted; then none is made.
        """
        with self._inside():
            return self._crm.seed(self._kind(object), rows)

    def indexed(self) -> None:
        """Have search show everything saved so far."""
        with self._inside():
            self._store.catch_up(2**62)

    def now(self) -> float:
        """Return the account's time, seconds since 1970."""
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.clock.advance(seconds)

    def set_time(self, moment: float) -> None:
        """Make it this time, seconds since 1970."""
        self.clock.set(moment)

    def change(
        self,
        *,
        index_lag: float | None = None,
        search_cap: int | None = None,
        echo_traces: bool | None = None,
        report_rows: bool | None = None,
        touches: bool | None = None,
        labels_stay: bool | None = None,
        keeps_ids: bool | None = None,
        rules_everywhere: bool | None = None,
        may_associate: bool | None = None,
        makes_companies: bool | None = None,
        trims: bool | None = None,
        otherwise: Iterable[str] | None = None,
    ) -> None:
        """Change how the account behaves from now on (None: as it does); raise ValueError.

        ``touches``: a record counts as modified when it is associated with another. ``labels_stay``: who
        sets labels of an association adds them to those that hang on it, and does not put them in their place [K].
        ``keeps_ids``: a merge keeps the id of the primary record and makes none ("Primary ID Preservation").
        ``rules_everywhere``: rules of whole records hold for older versions of the API, too [K]. ``may_associate``:
        whoever let an app in by OAuth may edit associations. ``makes_companies``: a new contact gets the company of
        its address's domain, made if there is none [K]. ``trims``: what people type in the app is kept without blanks
        around it [K], what programs send as it is. ``otherwise``: these switches are set, and no others
        (``otherwise.OTHERWISE``).
        """
        self.makes_companies = self.makes_companies if makes_companies is None else makes_companies
        self.trims = self.trims if trims is None else trims
        self._crm.keeps_ids = self._crm.keeps_ids if keeps_ids is None else keeps_ids
        rules = self._crm.rules
        rules.everywhere = rules.everywhere if rules_everywhere is None else rules_everywhere
        rules.may_associate = rules.may_associate if may_associate is None else may_associate
        self._crm.otherwise = self._crm.otherwise if otherwise is None else known(otherwise)
        self._limits.search_apart = "search-apart" in self._crm.otherwise
        self._crm.labels_stay = self._crm.labels_stay if labels_stay is None else labels_stay
        self._crm.touches = self._crm.touches if touches is None else touches
        self.report_rows = self.report_rows if report_rows is None else report_rows
        self.index_lag = self.index_lag if index_lag is None else index_lag
        self.search_cap = self.search_cap if search_cap is None else search_cap
        self.echo_traces = self.echo_traces if echo_traces is None else echo_traces

    def grant(self, token: str, scopes: Iterable[str] | None = None) -> None:
        """Accept a token, with these scopes alone (None: all)."""
        self.tokens[token] = None if scopes is None else frozenset(scopes)

    def revoke(self, token: str) -> None:
        """Accept a token no longer."""
        self.tokens.pop(token, None)

    # --- answering ------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply | None:
        """Return the answer to a call, None for a connection that breaks off."""
        if request.path.startswith(admin.PREFIX):
            return self._administer(request)
        search, oauth = request.path.endswith("/search"), self._came_of_oauth(request)
        reply: Reply | None
        try:
            reply = self._routed(request, search)
        except Refused as refusal:
            reply = Reply(refusal.status, refusal.body())
        except Exception:
            self._exchanges.note(request, Reply(500), oauth=oauth)
            raise
        if reply is not None:
            apart = request.path.startswith((JOURNAL, FILES))
            reply.headers |= {} if apart else self._limits.headers(search=search, oauth=oauth)
        self.log.append((request.method, request.path, reply.status if reply else 0))
        self._exchanges.note(request, reply, oauth=oauth)
        return reply

    def _administer(self, request: Request) -> Reply:
        """Answer the person who pulls the strings from another process."""
        try:
            if request.method != "POST":
                raise Refused(405, "Method not allowed")
            return Reply(*admin.obey(self, request.path.removeprefix(admin.PREFIX), request.body))
        except Refused as refusal:
            return Reply(refusal.status, refusal.body())

    def _routed(self, request: Request, search: bool) -> Reply | None:
        if len(request.target) > LONGEST_ADDRESS:
            raise Refused(414, "The address is too long")
        free = request.path.startswith(FREE)
        of_app = request.path.startswith(JOURNAL)
        scopes = None if free else self._scopes(request, of_app=of_app)
        route = route_of(request.method, request.path, self._crm.kind_of)
        if route.owned:
            self._check_owner(request, route)
        if request.body and not route.open and "json" not in request.headers.get("content-type", "json").lower():
            raise Refused(415, "Unsupported Media Type")  # [K]
        with self._lock:
            for_itself = route.call == "oauth/token" and b"grant_type=client_credentials" in request.body
            self.calls["oauth/own token" if for_itself else route.call] += 1
            policy = None if route.open or route.pool else self._limits.refusal(self.clock.now(), search=search)
        if policy is not None:
            raise rate_limited(policy)
        if route.pool and self._journal.is_full(route.pool):
            raise rate_limited("SECONDLY")
        fault = self._faults.meet(route.call, f"{request.method} {request.target}")
        request.met.extend([fault.kind] if fault else [])
        lacking = None if scopes is None else route.lacking(scopes)
        if lacking is not None:
            raise missing_scopes([lacking])
        if fault is None:
            return self._done(request, route, request.body)
        return self._faulty(request, route, fault)

    def _scopes(self, request: Request, *, of_app: bool = False) -> AbstractSet[str] | None:
        """Return what a token allows; ``of_app``: one that an app got for itself, which is good for nothing else."""
        token = _token_of(request)
        if token in self.tokens and not of_app:
            return self.tokens[token]
        scopes = self._desk.scopes_of(token, self.clock.now(), of_app=of_app)
        if scopes is None:
            until = None if of_app else self._desk.ended_at(token)
            raise unauthorized() if until is None else expired(self.clock.now() - until)
        return scopes

    def _came_of_oauth(self, request: Request) -> bool:
        """Tell whether a call has a token that was handed out by OAuth."""
        return self._desk.scopes_of(_token_of(request), self.clock.now()) is not None

    def _may_associate(self, request: Request) -> bool:
        """Tell whether a call may edit associations: one with a token of the account itself always may."""
        return _token_of(request) in self.tokens or self._crm.rules.may_associate

    def _check_owner(self, request: Request, route: Route) -> None:
        """Refuse whoever is not the owner of the app."""
        if parse_qs(request.query).get("hapikey") != [self._developer_key] or route.owned != OURS.id:
            raise unauthorized()

    def _done(self, request: Request, route: Route, body: bytes, lag: float = 0.0) -> Reply:
        shapes.check(route.call, body)
        here = f"http://{request.headers.get('host') or self.url[7:]}{request.path}"
        query = parse_qs(request.query, keep_blank_values=True)
        ask = Ask(
            self._crm,
            route.kind,
            route.arg,
            here,
            query,
            body,
            self.search_cap,
            self.echo_traces,
            self.report_rows,
            self._hooks,
            self._desk,
            self.clock.now(),
            self._journal,
            route.local,
            None if request.path.startswith(FREE) else self._scopes(request, of_app=bool(route.pool)),
        )
        if route.open:
            return Reply(*route.do(ask))
        by = OURS._replace(type="API") if "writes-by-api" in self._crm.otherwise else OURS
        with self._inside(lag, by=by):
            self._crm.strict = self._crm.rules.obeyed_in(request.path)
            if route.associates and self._crm.strict and not self._may_associate(request):
                raise may_not_associate()
            return Reply(*route.do(ask))

    def _faulty(self, request: Request, route: Route, fault: Fault) -> Reply | None:
        """Answer a call that meets a fault."""
        options, kind = fault.options, fault.kind
        if kind == "slow":
            self._stopping.wait(options.get("seconds", 1.0))
            return self._done(request, route, request.body)
        if kind == "held":
            self._gate.wait()
            return self._done(request, route, request.body)
        if kind == "lag":
            return self._done(request, route, request.body, options.get("seconds", 60.0))
        if kind == "timeout-before":
            return None
        if kind == "timeout-after-commit":
            self._done(request, route, request.body)
            return None
        if kind == "half-batch":
            self._done(request, route, request.first_half())
            return Reply(500, ordered(500).body())
        if kind == "empty-page":
            after = "".join(parse_qs(request.query).get("after", []))
            return emptied(self._done(request, route, request.body), after)
        if kind == "garbage":
            return Reply(200, b"<html><body>Please wait</body></html>", {"Content-Type": "text/html"})
        return self._refusing(request, route, fault)

    def _refusing(self, request: Request, route: Route, fault: Fault) -> Reply:
        if fault.kind == "401":
            raise unauthorized()
        if fault.kind == "403":
            raise missing_scopes(route.scopes[:1] or ("oauth",))
        if fault.kind == "429":
            body = rate_limited(fault.options.get("policy", "TEN_SECONDLY_ROLLING")).body()
            wait = fault.options.get("retry_after")
            return Reply(429, body, {} if wait is None else {"Retry-After": str(wait)})
        if fault.options.get("commit"):
            self._done(request, route, request.body)
        return Reply(int(fault.kind), ordered(int(fault.kind)).body())


def _token_of(request: Request) -> str:
    """Return the token that a call is sent with, "" for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
