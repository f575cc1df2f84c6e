"""One turn: a feed is read, or a sync is run, by the worker that takes it, and is due again some time later.

Whatever goes wrong is settled here: an app that fails as a whole rests, a sync that fails is tried again later and
later, and nothing of it reaches another sync. Only a database that fails for good ends a worker.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from bothways.engine.sides import Side
from bothways.errors import (
    AppError,
    BothwaysError,
    CredentialsRefused,
    LedgerError,
    RunSuperseded,
    SecretMissing,
    SyncOff,
)
from bothways.jobs import metrics
from bothways.jobs.now import run_view
from bothways.jobs.schedule import JITTER, after_failure, after_success
from bothways.ledger import journal, rests, turns
from bothways.ledger.models import Feed, Sync
from bothways.ledger.turns import FEED, SYNC, Turn
from bothways.service.connect import open_app
from bothways.service.deleting import purge
from bothways.service.views import RunView
from bothways.service.work import context
from bothways.service.workspace import Workspace
from bothways.sync import run as running
from bothways.sync.context import End, FeedReader
from bothways.sync.reading import read_feed
from bothways.sync.when import next_due

GRACE = 30.0
"""Seconds beyond the interval in which a feed counts as read by others; later, a run reads it itself."""


@dataclass(slots=True)
class Worker:
    """Who takes turns: its name, which no other worker has, and who is to be told of its runs and failures.

    ``ask`` lets turns be taken soon; ``understood`` makes one of ours of an exception that nobody foresaw.
    """

    workspace: Workspace
    name: str
    on_run: Callable[[RunView], None]
    on_failure: Callable[[str, BothwaysError], None]
    ask: Callable[[str, list[int]], None]
    understood: Callable[[Exception], BothwaysError]
    chance: Callable[[], float] = field(default=random.random)
    _of_thread: threading.local = field(default_factory=threading.local, init=False, repr=False)
    _refused: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    def own(self) -> Workspace:
        """Return the workspace with apps opened for this thread alone: a database connection has one transaction.

        An app that has refused its credentials since is opened anew, with those that it has by now.
        """
        kept = self._of_thread.__dict__
        opened, refused = kept.setdefault("opened", {}), kept.setdefault("refused", Counter[str]())
        for app in [each for each, times in dict(self._refused).items() if times != refused[each]]:
            refused[app] = self._refused[app]
            opened.pop(app, None)
        return replace(self.workspace, opened=opened)

    def refused(self, app: str) -> None:
        """Let an app be opened anew that has refused its credentials."""
        self._refused[app] += 1

    def clock(self) -> float:
        """Return the time that turns are told by (seconds)."""
        return self.workspace.clock()


def take_turn(worker: Worker, kind: str, id: int) -> bool:
    """Take the turn of a feed or a sync, in the caller's use of the database; False if it is not due, or taken.

    Raises LedgerError if the database fails: then the turn is left, to be taken over.
    """
    turn = turns.take(kind, id, worker.name, worker.clock())
    if turn is None:
        return False
    try:
        due_at, failed = (_read if kind == FEED else _run)(worker, turn)
    except LedgerError:
        raise
    except Exception as problem:  # noqa: BLE001 - what nobody foresaw is told, and reaches no other sync
        due_at, failed = _failed(worker, turn, f"{kind} {id}", worker.understood(problem))
    turns.finish(turn, due_at, failed)
    return True


def _read(worker: Worker, turn: Turn) -> tuple[float, int]:
    """Read a feed; return when it is due again, and how often reading it failed in a row."""
    feed = Feed.objects.select_related("connection").get(pk=turn.id)
    name, every = feed.connection.name, _interval(worker, feed)
    listing = worker.workspace.clock() - feed.polled_at >= every * (1 - 2 * JITTER)  # sooner, hints are to be followed
    try:
        end = End(Side.LEFT, name, feed, open_app(worker.own(), name).connector)
        changed = read_feed(FeedReader(name, worker.workspace.clock, partial(turns.fence, turn)), end, listing=listing)
    except BothwaysError as error:
        return _failed(worker, turn, name, error)
    rests.end([name])
    if changed:
        worker.ask(SYNC, turns.with_marks(feed.pk, worker.workspace.clock()))
    return after_success(every, worker.clock(), worker.chance()), 0


def _interval(worker: Worker, feed: Feed) -> float:
    """Return how often a feed is read: as often as the most eager of its syncs wants."""
    syncs = Sync.objects.filter(state="on", deleted_at=0).filter(left=feed) | Sync.objects.filter(right=feed)
    known = worker.workspace.document.syncs
    return min((known[each.name].every for each in syncs if each.name in known), default=60.0)


def _run(worker: Worker, turn: Turn) -> tuple[float, int]:
    """Run a sync; return when it is due again, and how often its runs failed in a row."""
    name = Sync.objects.values_list("name", flat=True).get(pk=turn.id)
    try:
        purge(worker.workspace.clock())
        ctx = context(worker.own(), name)
        ctx.read_within = ctx.interval + GRACE
        report = running.run(ctx)
    except SyncOff:
        return worker.clock() + turns.TAKEOVER, 0
    except BothwaysError as error:
        return _failed(worker, turn, name, error)
    rests.end([end.app for end in ctx.ends.values()])
    view = run_view(ctx, report)
    metrics.tell(view, journal.delays(report.run_id))
    worker.on_run(view)
    worker.ask(SYNC, turns.beside(turn.id, worker.workspace.clock()))
    if report.state == "stopped":
        return after_failure(turn.failed + 1, worker.clock(), worker.chance()), turn.failed + 1
    return worker.clock() + max(next_due(ctx) - worker.workspace.clock(), 0.0), 0


def _failed(worker: Worker, turn: Turn, name: str, error: BothwaysError) -> tuple[float, int]:
    """Tell of a failure; return when the turn is tried again, and that it failed once more."""
    if isinstance(error, LedgerError) and not error.retriable and not isinstance(error, RunSuperseded):
        raise error
    now, failed = worker.clock(), turn.failed + 1
    if isinstance(error, AppError | SecretMissing) and "app" in error.facts:
        app = str(error.facts["app"])
        if isinstance(error, CredentialsRefused):
            worker.refused(app)
        until = after_failure(rests.failed(app) + 1, now, worker.chance())
        if rests.begin(app, until, error.code, error.message):
            worker.on_failure(name, error)
        return until, 0
    if failed == 1 and not isinstance(error, RunSuperseded):
        worker.on_failure(name, error)
    return after_failure(failed, now, worker.chance()), failed
