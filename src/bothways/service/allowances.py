"""What the apps still allow: one budget per connection, kept in the ledger, shared by all who spend from it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from bothways.connectors.abilities import TellsTimeZone
from bothways.connectors.base import Connector
from bothways.connectors.budget import MemoryBudget, apart_of
from bothways.connectors.pacing import Day, State
from bothways.errors import PermissionMissing
from bothways.ledger import allowances, hours, rests
from bothways.service.access import keep_unkept
from bothways.service.database import kept_open, on_database, sqlite_path
from bothways.service.document import AppDocument
from bothways.service.views import AllowanceView

if TYPE_CHECKING:
    from bothways.service.connect import Opened
    from bothways.service.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(slots=True)
class _Account:
    """A connection in this process: its budget, and its day as last kept.

    ``known``: the ledger was asked about it; ``zoned``: where its midnight is was settled; ``told``: how many of its
    calls were counted in their hours.
    """

    app: str
    budget: MemoryBudget
    known: bool = False
    kept: Day | None = None
    zoned: bool = False
    told: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def untold(self) -> int:
        """Return how many calls were made since this was asked last."""
        with self.lock:
            before, self.told = self.told, sum(dict(self.budget.bill).values())
            return self.told - before


_accounts: dict[tuple[Path, str, str], _Account] = {}
"""By folder, app and connector: everything in this process shares the allowance of an account."""

_asking = ThreadPoolExecutor(1, thread_name_prefix="bothways-allowance")
"""Asks PostgreSQL, on one connection for the whole process: apps are called in threads that have none."""


@dataclass(frozen=True, slots=True)
class OnDatabase:
    """The keeper of many processes: the ledger on PostgreSQL. ``clock``: None for that of the server."""

    url: str
    app: str
    clock: Callable[[], float] | None = None
    shared: bool = True

    def change(self, work: Callable[[State, float], T]) -> T:
        """Have the state changed by nobody else at the time, and kept; raise LedgerError."""
        return _asking.submit(self._change, work).result()

    def _change(self, work: Callable[[State, float], T]) -> T:
        with kept_open(self.url):
            return allowances.change(self.app, work, self.clock)


def budget_of(workspace: "Workspace", document: AppDocument, kind: type[Connector]) -> MemoryBudget:
    """Return the one budget of a connection in this process."""
    place = (workspace.folder, document.name, document.connector)
    if place not in _accounts:
        alone = not workspace.database or sqlite_path(workspace.database) is not None
        keeper = None if alone else OnDatabase(workspace.database, document.name)
        apart = apart_of(kind)
        budget = MemoryBudget(kind.limits, app=document.name, quota=kind.quota, keeper=keeper, apart=apart)
        _accounts[place] = _Account(document.name, budget)
    budget = _accounts[place].budget
    budget.today, budget.reserve = workspace.clock, document.reserve / 100
    return budget


def know(workspace: "Workspace", app: "Opened") -> None:
    """Take up, once per process, what the ledger knows of an app's day; ask the app once where its midnight is.

    Without a database nothing is known of it yet.
    """
    account = _accounts[workspace.folder, app.name, app.document.connector]
    budget = account.budget
    if account.zoned or not budget.quota or not workspace.database:
        return
    with account.lock:
        if not account.known and not budget.is_shared:
            account.kept = allowances.load(app.name).day
            budget.take_up(account.kept)
        account.known = True
    if not budget.day().zone and isinstance(app.connector, TellsTimeZone):
        try:
            budget.settle_zone(app.connector.time_zone())
        except PermissionMissing:
            budget.settle_zone("")
    account.zoned = True


def settle(workspace: "Workspace") -> None:
    """Keep what was spent, give back what was taken and not used, and keep tokens that could not be kept before."""
    keep_unkept(workspace.database)
    for (folder, _, _), account in sorted(_accounts.items()):  # in order: none waits for who waits for it
        if folder != workspace.folder:
            continue
        if made := account.untold():
            hours.add_calls(account.app, workspace.clock(), made)
        account.budget.settle()
        if account.known and not account.budget.is_shared and (day := account.budget.day()) != account.kept:
            allowances.save(account.app, State(day=day))
            account.kept = day


def settle_anew(workspace: "Workspace") -> None:
    """Keep what was spent, though it was kept before: on a copy of the ledger that is gone by now."""
    for (folder, _, _), account in list(_accounts.items()):
        if folder == workspace.folder:
            account.kept = None
    settle(workspace)


def accounted(function: Callable[Concatenate["Workspace", P], R]) -> Callable[Concatenate["Workspace", P], R]:
    """Let a use case that calls apps keep what it has spent, on the database of its workspace, the first argument."""

    @wraps(function)
    def inside(workspace: "Workspace", *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(workspace, *args, **kwargs)
        finally:
            settle(workspace)

    return inside


@contextmanager
def into_the_reserve(*apps: "Opened") -> Iterator[None]:
    """Let a person look at apps though no more is left than what is reserved for others."""
    for app in apps:
        app.budget.whole = True
    try:
        yield
    finally:
        for app in apps:
            app.budget.whole = False


# --- told -----------------------------------------------------------------------------------------------


@on_database
def standing(workspace: "Workspace") -> list[AllowanceView]:
    """Return how the apps stand that count the calls of a day, and those that are left alone for now."""
    now, resting = workspace.clock(), {each.connection: each for each in rests.resting()}
    found = []
    for app in workspace.document.apps.values():
        day, rest = allowances.load(app.name).day, resting.get(app.name)
        if not day.quota and rest is None:
            continue
        day.turn(now)
        waits = rest is not None and rest.until > now
        found.append(
            AllowanceView(
                app.name,
                day.used,
                day.quota,
                day.left(now, 0.0),
                day.kept(app.reserve / 100),
                day.ends if day.quota else None,
                rest.until if rest and waits else None,
                rest.trouble if rest and waits else "",
            )
        )
    return found


def calls_made() -> Iterator[tuple[str, str, int]]:
    """Yield the calls that this process has made so far: app, name of the call, how often."""
    for account in list(_accounts.values()):
        for call, times in dict(account.budget.bill).items():
            yield account.app, call, times


def limits_met() -> Iterator[tuple[str, int, float, int | None]]:
    """Yield per app: the calls that it has refused this process, the seconds waited, and what is left of its day."""
    for account in list(_accounts.values()):
        budget = account.budget
        yield account.app, budget.refused, budget.waited, budget.left_today
