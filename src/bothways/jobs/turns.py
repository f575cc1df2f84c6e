"""One turn: a feed is read, a sync is run or proven, by the worker that takes it, and is due again some time later.

Whatever goes wrong is settled here: an app that fails as a whole rests, a sync that fails is tried again later and
later, and nothing of it reaches another sync. Only a database that fails for good ends a worker.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bothways.engine.sides import Side
from bothways.errors import (
    AppError,
    BothwaysError,
    CredentialsRefused,
    LedgerError,
    QuotaUsedUp,
    RateLimited,
    RunSuperseded,
    SecretMissing,
    StoppedByPerson,
    SyncOff,
    UnknownField,
)
from bothways.jobs import logs, metrics, proofs
from bothways.jobs.doing import carry_out, run_view
from bothways.jobs.heeding import heed
from bothways.jobs.schedule import JITTER, after_failure, after_success, allowed, quiet_until
from bothways.ledger import db, due, halts, journal, requests, rests, turns
from bothways.ledger.models import Feed, Request
from bothways.ledger.turns import FEED, SYNC, Turn
from bothways.service import alerts
from bothways.service.allowances import know, settle
from bothways.service.connect import open_app
from bothways.service.deleting import purge
from bothways.service.receiving import schedules_of
from bothways.service.same_account import ensure_same_account
from bothways.service.schedule_document import Schedule
from bothways.service.tracing import span
from bothways.service.views import PlanView, RunView
from bothways.service.work import context
from bothways.service.workspace import Workspace, own_of
from bothways.sync import run as running
from bothways.sync.context import End, FeedReader
from bothways.sync.reading import read_feed
from bothways.sync.when import SOON, next_due

GRACE = 30.0
"""Seconds beyond the interval in which a feed counts as read by others; later, a run reads it itself."""


@dataclass(slots=True)
class Worker:
    """Who takes turns: its name, which no other worker has, and who is to be told of its runs and failures.

    ``ask`` lets turns be taken soon; ``understood`` makes one of ours of an exception that nobody foresaw.
    ``stopping`` is set when it stops: a proof is broken off then.
    """

    workspace: Workspace
    name: str
    on_run: Callable[[RunView], None]
    on_failure: Callable[[str, BothwaysError], None]
    ask: Callable[[str, list[int]], None]
    understood: Callable[[Exception], BothwaysError]
    chance: Callable[[], float] = field(default=random.random)
    stopping: threading.Event = field(default_factory=threading.Event)
    _of_thread: threading.local = field(default_factory=threading.local, init=False, repr=False)
    _refused: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    def own(self) -> Workspace:
        """Return the workspace with apps opened for this thread alone: a database connection has one transaction.

        An app that has refused its credentials since, or has no longer a field, is opened anew: with the credentials
        that it has by now, and asked for its fields.
        """
        kept = self._of_thread.__dict__
        opened, refused = kept.setdefault("opened", {}), kept.setdefault("refused", Counter[str]())
        for app in [each for each, times in dict(self._refused).items() if times != refused[each]]:
            refused[app] = self._refused[app]
            opened.pop(app, None)
        return own_of(self.workspace, opened)

    def refused(self, app: str) -> None:
        """Let an app be opened anew that has refused its credentials, or a field."""
        self._refused[app] += 1

    def clock(self) -> float:
        """Return the time that turns are told by (seconds)."""
        return self.workspace.clock()


def take_turn(worker: Worker, kind: str, id: int) -> bool:
    """Take the turn of a feed, a sync or a proof, in the caller's use of the database; False if not due, or taken.

    Raises LedgerError if the database fails: then the turn is left, to be taken over.
    """
    turn = turns.take(kind, id, worker.name, worker.clock())
    if turn is None:
        return False
    if turn.taken_from:
        metrics.takeovers.labels(kind).inc()
        logs.takeover(kind, turns.name_of(turn), turn.taken_from)
    with span("turn", kind=kind, id=id, worker=worker.name), due.noting() as noted:
        try:
            match kind:
                case turns.FEED:
                    due_at, failed = _read(worker, turn, noted)
                case turns.SYNC:
                    due_at, failed = _run(worker, turn)
                case _:
                    due_at, failed = _prove(worker, turn)
        except LedgerError:
            raise
        except proofs.BrokenOff:
            due_at, failed = turn.taken_at, turn.failed
        except Exception as problem:  # noqa: BLE001 - what nobody foresaw is told, and reaches no other sync
            due_at, failed = _failed(worker, turn, turns.name_of(turn), worker.understood(problem))
    _carry_on(worker, turn, noted)  # before the end: who is killed in between has left the turn, and it is taken over
    with db.transaction_():
        settle(worker.workspace)
        turns.finish(turn, due_at, failed)
    return True


def _carry_on(worker: Worker, turn: Turn, noted: set[int]) -> None:
    """Let those syncs be run for which the turn has found something, such as what it has written: no feed's turn takes
    that for news any more. After a worker that is gone nobody knows what it found: then all that have something to do.
    """
    now = worker.workspace.clock()
    found = turns.all_with_marks(now) if turn.taken_from else turns.with_marks(noted, now)
    worker.ask(SYNC, [id for id in found if (SYNC, id) != (turn.kind, turn.id)])


def _read(worker: Worker, turn: Turn, noted: set[int]) -> tuple[float, int]:
    """Read a feed for its syncs that are not in their quiet hours; return when it is due again, and how often reading
    it failed in a row.
    """
    feed = Feed.objects.select_related("connection").get(pk=turn.id)
    wants, now = schedules_of(worker.workspace, feed), worker.workspace.clock()
    awake = {id: each for id, each in wants.items() if quiet_until(each.quiet, now) is None}
    if not awake:
        ends = min((allowed(each.quiet, now) for each in wants.values()), default=now + turns.TAKEOVER)
        return worker.clock() + ends - now, 0
    name, every = feed.connection.name, min(each.every for each in awake.values())
    listing = now - feed.polled_at >= every * (1 - 2 * JITTER)  # sooner, hints are to be followed
    try:
        app = open_app(worker.own(), name)
        know(worker.workspace, app)
        ensure_same_account(worker.workspace, app)
        end = End(Side.LEFT, name, feed, app.connector)
        reader = FeedReader(name, worker.workspace.clock, partial(turns.fence, turn))
        read_feed(reader, end, listing=listing)
    except BothwaysError as error:
        return _failed(worker, turn, name, error)
    rests.end([name])
    alerts.works(alerts.APP, [name], worker.clock())
    if not listing:
        _leave_to_listing(worker, feed, wants, noted)
    since = 0.0 if listing else max(worker.workspace.clock() - feed.polled_at, 0.0)
    return max(after_success(every, worker.clock() - since, worker.chance()), worker.clock()), 0


def _leave_to_listing(worker: Worker, feed: Feed, wants: Mapping[int, Schedule], noted: set[int]) -> None:
    """Let those syncs that no hints are to hurry be run when a listing would have told of what was found by hints."""
    patient = {id for id in noted if id in wants and not wants[id].webhooks}
    for id in turns.with_marks(patient, worker.workspace.clock()):
        at = worker.clock() + max(feed.polled_at + wants[id].every - worker.workspace.clock(), 0.0)
        turns.ask(SYNC, [id], at)
    noted -= patient


def _run(worker: Worker, turn: Turn) -> tuple[float, int]:
    """Run a sync, or do what somebody asks for, in quiet hours too; return when it is due again, and how often its runs
    failed in a row.
    """
    request = requests.next_of(turn.id, worker.clock())
    if request is not None:
        return _asked(worker, turn, request)
    if turns.paused_at():
        return worker.clock(), turn.failed
    if halts.of(turn.id) is not None:
        return worker.clock() + turns.TAKEOVER, turn.failed
    name = turns.name_of(turn)
    known, now = worker.workspace.document.syncs.get(name), worker.workspace.clock()
    quiet = known.timing.schedule.quiet if known else None
    if (ends := quiet_until(quiet, now)) is not None:
        return worker.clock() + ends - now, turn.failed
    try:
        purge(worker.workspace.clock())
        ctx = heed(context(worker.own(), name, worker=turn.worker))
        ctx.read_within = ctx.interval + GRACE
        with span("run", sync=name) as tell:
            report = running.run(ctx)
            tell(run=f"r_{report.run_id}", state=report.state)
    except SyncOff:
        return worker.clock() + turns.TAKEOVER, 0
    except StoppedByPerson:
        worker.on_run(run_view(ctx, running.Report(ctx.run_id, "stopped")))
        return worker.clock() + turns.TAKEOVER, turn.failed
    except BothwaysError as error:
        return _failed(worker, turn, name, error)
    apps = [end.app for end in ctx.ends.values()]
    rests.end(apps)
    _told(worker, turn, run_view(ctx, report), report.run_id, apps)
    if report.state == "stopped":
        until = after_failure(turn.failed + 1, worker.clock(), worker.chance())
        alerts.fails(alerts.SYNC, name, running.first_look(ctx), worker.clock(), until)
        return until, turn.failed + 1
    return worker.clock() + max(next_due(ctx) - worker.workspace.clock(), 0.0), 0


def _told(worker: Worker, turn: Turn, view: RunView, run_id: int, apps: Sequence[str]) -> None:
    """Tell of a run, and let those syncs be run that waited for it."""
    alerts.ran(view, apps, worker.clock())
    metrics.tell(view, journal.delays(run_id))
    worker.on_run(view)
    worker.ask(SYNC, turns.beside(turn.id, worker.workspace.clock()))


def _asked(worker: Worker, turn: Turn, request: Request) -> tuple[float, int]:
    """Do what somebody asks for; the sync is run by itself soon after it, but a plan leaves time to be looked at.

    What fails is told to who asked.
    """
    own, failed = worker.own(), turn.failed
    try:
        answer = carry_out(own, request, turn.worker, understood=worker.understood)
    except RunSuperseded:
        return worker.clock(), failed
    if isinstance(answer, RunView):
        _told(worker, turn, answer, int(answer.id.removeprefix("r_")), own.sync(request.sync.name).pair)
    if answer is None:
        for app in own.sync(request.sync.name).pair:
            worker.refused(app)
    else:
        rests.end(list(own.sync(request.sync.name).pair))
        if not isinstance(answer, PlanView):
            failed = failed + 1 if isinstance(answer, RunView) and answer.state == "stopped" else 0
    if requests.open_of(turn.id) is not None:
        return worker.clock(), failed
    if failed:
        return after_failure(failed, worker.clock(), worker.chance()), failed
    return worker.clock() + (own.sync(request.sync.name).every if isinstance(answer, PlanView) else SOON), 0


def _prove(worker: Worker, turn: Turn) -> tuple[float, int]:
    """Compare both sides of a sync; return when that is done next, and how often it failed in a row."""
    try:
        return proofs.make(worker, turn)
    except BothwaysError as error:
        return _failed(worker, turn, turns.name_of(turn), error)


def _failed(worker: Worker, turn: Turn, name: str, error: BothwaysError) -> tuple[float, int]:
    """Tell of a failure; return when the turn is tried again, and that it failed once more."""
    if isinstance(error, LedgerError) and not error.retriable and not isinstance(error, RunSuperseded):
        raise error
    now, failed = worker.clock(), turn.failed + 1
    if isinstance(error, UnknownField):
        worker.refused(str(error.facts.get("app")))
    if isinstance(error, AppError | SecretMissing) and "app" in error.facts:
        app = str(error.facts["app"])
        if isinstance(error, CredentialsRefused):
            worker.refused(app)
        until = after_failure(rests.failed(app) + 1, now, worker.chance())
        if isinstance(error, QuotaUsedUp):
            until = now + max(float(str(error.facts["until"])) - worker.workspace.clock(), 0.0)
        news = rests.begin(app, until, error.code, error.message)
        if news and type(error) is not RateLimited:  # a rate limit is waited for, and no failure
            worker.on_failure(name, error)
        alerts.fails(alerts.APP, app, error, now, until)
        return until, 0
    if failed == 1 and not isinstance(error, RunSuperseded):
        worker.on_failure(name, error)
    until = after_failure(failed, now, worker.chance())
    alerts.fails(alerts.APP if turn.kind == FEED else alerts.SYNC, name, error, now, until)
    return until, failed
