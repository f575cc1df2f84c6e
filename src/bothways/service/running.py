"""What is done with a sync right now, how far it is, and what a run has written: all told by the ledger.

So it is the same whoever does it: a worker by itself or for somebody, or a command.
"""

from collections.abc import Iterator
from typing import Any

from bothways.engine.sides import SIDES, Side
from bothways.ledger import db, feeds, halts, holds, journal, looking, plans, requests
from bothways.ledger.journal import Entry
from bothways.ledger.models import Journal, Plan, Revision, Run, Sync
from bothways.ledger.requests import AT_WORK
from bothways.ledger.turns import TAKEOVER
from bothways.service.database import on_database
from bothways.service.log import run_row, written_in
from bothways.service.pace import actions_ahead, seconds_left
from bothways.service.requests import RequestView, ToApply, ToPlan, ToRun, ask, view_of
from bothways.service.resolution import row_of
from bothways.service.rights import Role, for_role
from bothways.service.views import BarView, Counted, FieldView, FirstLook, RunView, WorkView, WrittenPage, WrittenView
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace
from bothways.sync.payload import name_of

WAITING, READING, MATCHING, WRITING = "Waiting", "Reading", "Matching", "Writing"
APPLY, PLAN, RUN = "apply", "plan", "sync"
"""Kinds of runs, and what is planned without one."""

NOT_TAKEN = "the app did not take it"


@on_database
@for_role(Role.VIEWER)
def at_work(workspace: Workspace, name: str) -> WorkView | None:
    """Return what is done with a sync now, or is asked for and waits; None if there is nothing. No app is asked."""
    sync = row_of(workspace, name)
    row = requests.open_of(sync.pk)
    asked = view_of(row) if row is not None else None
    taken = sync.taken_at is not None and workspace.clock() - sync.beat_at <= TAKEOVER
    runs = Run.objects.select_related("sync").filter(sync=sync, state="running").order_by("-id")
    run = runs.first() if taken else None
    if run is not None:
        return _running(workspace, sync, run, asked if asked and asked.state == AT_WORK else None)
    if asked is None:
        made = _made_since(sync, sync.taken_at or 0.0) if taken else None
        return _planning(workspace, sync, made, None) if made is not None and made.state == "making" else None
    if asked.state != AT_WORK:
        return WorkView(name, row.kind if row else "", WAITING, asked_by=asked.asked_by)
    return _planning(workspace, sync, _made_since(sync, asked.begun_at or 0.0), asked, row.kind if row else PLAN)


def _made_since(sync: Sync, at: float) -> Plan | None:
    found: Plan | None = Plan.objects.filter(sync=sync, revision__gt=0, created_at__gte=at).order_by("-id").first()
    return found


def _planning(
    workspace: Workspace, sync: Sync, made: Plan | None, asked: RequestView | None, what: str = PLAN
) -> WorkView:
    """Return how far something is of which no run is kept: a plan, or a run that has not begun to be one."""
    making = made is not None and made.state == "making"
    step = asked.progress if asked is not None and isinstance(asked.wish, ToPlan) and asked.wish.draft else None
    phase, bars = MATCHING if making else READING, tuple(_read(sync))
    if made is not None and making:
        bars = _compared(made, workspace.clock())
    elif step is not None:  # of a draft: it is planned on a copy of the ledger, and told of by reports alone
        phase, bars = step.phase, (BarView("" if step.phase == MATCHING else step.app, step.done, step.total),)
    return WorkView(
        sync.name,
        what,
        phase,
        bars,
        slowed=_slowed(asked),
        asked_by=asked.asked_by if asked else "",
        begun_at=asked.begun_at if asked else sync.taken_at,
    )


def _running(workspace: Workspace, sync: Sync, run: Run, asked: RequestView | None) -> WorkView:
    apps = workspace.sync(sync.name).apps
    made, ends = _plan_of(sync, run, asked), _ends(sync, run)
    created, updated, deleted = written_in(apps, looking.written([run.pk]).get(run.pk, {}))
    phase, bars = READING, tuple(_read(sync))
    if made is not None and made.state == "making":
        phase, bars = MATCHING, _compared(made, workspace.clock())
    elif made is not None:
        wrote = {app: created[app] + updated[app] + deleted[app] for app in created}
        phase, bars = WRITING, tuple(_writing(workspace, run, made, wrote, asked, ends))
    elif run.kind not in (RUN, APPLY) and asked is not None and asked.progress is not None:
        phase, bars = asked.progress.phase, (BarView(asked.progress.app, asked.progress.done, asked.progress.total),)
    return WorkView(
        sync.name,
        run.kind,
        phase,
        bars,
        f"r_{run.pk}",
        _slowed(asked),
        asked.asked_by if asked else "",
        run.started_at,
        created,
        updated,
        *_waiting(sync),
        ends=ends,
        deleted=deleted,
    )


def _ends(sync: Sync, run: Run) -> str:
    """Return who wants a run to end, "" for nobody; the undo of a sync that was halted before goes on."""
    found = halts.of(sync.pk)
    return found.by if found is not None and (run.kind in (RUN, APPLY) or found.at > run.started_at) else ""


def _waiting(sync: Sync) -> tuple[int, int]:
    """Return how much is held for a person, and for an app."""
    kinds = holds.by_kind(sync)
    failing = sum(kinds.get(kind, 0) for kind in looking.FAILING)
    return sum(kinds.values()) - failing, failing


def _plan_of(sync: Sync, run: Run, asked: RequestView | None) -> Plan | None:
    """Return the plan that a run makes and carries out, as soon as there is one."""
    if run.kind == RUN:
        return _made_since(sync, run.started_at)
    if run.kind != APPLY or asked is None or not isinstance(asked.wish, ToApply):
        return None
    found: Plan | None = Plan.objects.filter(pk=plain_id(asked.wish.plan, "p")).first()
    return found


def _compared(made: Plan, now: float) -> tuple[BarView, ...]:
    found = plans.so_far(made)
    ahead = actions_ahead(found.done, found.total)
    return (BarView("", sum(found.done), sum(found.total), seconds_left(ahead, found.made, now - found.since)),)


def _writing(
    workspace: Workspace, run: Run, made: Plan, wrote: Counted, asked: RequestView | None, ends: str
) -> Iterator[BarView]:
    """Yield how far the writes to each app are. What was settled without one says nothing of the pace."""
    found = plans.written(made)
    took = 0.0
    if not ends and not _stops_early(workspace, run.sync, asked, sum(total - done for done, total in found.values())):
        took = workspace.clock() - _began_to_write(run, workspace.clock())
    for side, (done, total) in found.items():
        app = workspace.sync(run.sync.name).apps[side]
        if total:
            yield BarView(app, done, total, seconds_left(total - done, wrote[app], took))


def _began_to_write(run: Run, now: float) -> float:
    """Return when a run was about to write its first record (seconds), ``now`` where it was not yet."""
    entries = Journal.objects.filter(run_id=run.pk).exclude(kind__in=("link", "unlink"))
    at: float | None = entries.order_by("id").values_list("created_at", flat=True).first()
    return now if at is None else at


def _stops_early(workspace: Workspace, sync: Sync, asked: RequestView | None, left: int) -> bool:
    """Tell whether a run ends before it has written what is ``left``: after its first records, or after so many."""
    wish = asked.wish if asked is not None else None
    if isinstance(wish, ToApply) and wish.limit is not None:
        return True
    if sync.approved or (isinstance(wish, ToRun | ToApply) and wish.approved):
        return False
    return left > workspace.sync(sync.name).guards.first_run - looking.records_written(sync)


def _read(sync: Sync) -> Iterator[BarView]:
    """Yield how many records each app has told of so far, where that is read for the first time."""
    for feed in (sync.left, sync.right):
        if not feed.baseline_done:
            yield BarView(feed.connection.name, feeds.live_count(feed.pk), None)


def _slowed(asked: RequestView | None) -> str:
    return asked.progress.app if asked is not None and asked.progress is not None and asked.progress.slowed else ""


# --- the first records of a new sync ------------------------------------------------------------------


@on_database
@for_role(Role.VIEWER)
def first_look(workspace: Workspace, name: str) -> FirstLook | None:
    """Return what a new sync has written first and now waits with; None if it waits for nobody."""
    sync = row_of(workspace, name)
    last = Run.objects.filter(sync=sync, undoes=None).order_by("-id").first()
    if sync.state != "on" or sync.approved or last is None or last.state != "stopped" or halts.of(sync.pk):
        return None
    written = looking.records_written(sync)
    wrote = looking.last_run_that_wrote(sync)
    if not written or wrote is None:
        return None
    return FirstLook(written, f"r_{wrote}", _remaining(sync, wrote), looking.records_put_back(sync))


@on_database
@for_role(Role.EDITOR)
def go_on(workspace: Workspace, name: str) -> RequestView:
    """Let a sync go on whose first records somebody has looked at, and ask for a run; other brakes stay in force."""
    sync = row_of(workspace, name)
    with db.transaction_():
        asked = ask(workspace, ToRun(name), once=True)
        Sync.objects.filter(pk=sync.pk).update(approved=True)
    return asked


def _remaining(sync: Sync, run_id: int) -> int | None:
    row = requests.last_of(sync.pk)
    asked = view_of(row) if row is not None else None
    known = asked is not None and isinstance(asked.wish, ToRun | ToApply) and isinstance(asked.answer, RunView)
    if not known or asked is None or not isinstance(asked.answer, RunView) or asked.answer.id != f"r_{run_id}":
        return None
    return asked.answer.remaining


# --- what a run has written ---------------------------------------------------------------------------


@on_database
@for_role(Role.VIEWER)
def written(workspace: Workspace, run_id: str, *, after: int = 0, size: int = 50) -> WrittenPage:
    """Return a page of the records that a run wrote, with the values before and after; raise UnknownRun."""
    run = run_row(workspace, run_id)
    found = journal.written_in(run.pk, after, size + 1)
    shown = found[:size]
    return WrittenPage(tuple(_written(workspace, run, shown)), shown[-1].id if len(found) > size else None)


def _written(workspace: Workspace, run: Run, entries: list[Entry]) -> Iterator[WrittenView]:
    sync, apps, labels = run.sync, workspace.sync(run.sync.name).apps, _labels(run)
    names: dict[tuple[Side, str], str] = {}
    for side in SIDES:
        ids = {each.record_id for each in entries if each.record_id and each.side is side}
        found = feeds.seen_by_id(looking.feed_id(sync, side), ids)
        names |= {(side, id): name_of(row) for id, row in found.items()}
    for each in entries:
        id, app = each.record_id or "", apps[each.side]
        yield WrittenView(
            each.id,
            each.kind,
            app,
            id,
            names.get((each.side, id), ""),
            each.done_at or each.created_at,
            tuple(
                FieldView(
                    app,
                    write.field,
                    labels.get(each.side, {}).get(write.field, write.field),
                    write.before,
                    write.after,
                    write.rule,
                    write.reason,
                    write.conflict,
                    hold="" if write.landed else NOT_TAKEN,
                )
                for write in each.writes.values()
            ),
        )


def _labels(run: Run) -> dict[Side, dict[str, Any]]:
    """Return what the fields were called when a run was made, by side and name."""
    rows = Revision.objects.filter(sync=run.sync)
    found = rows.filter(number=run.revision).first() or rows.order_by("-number")[0]
    return {Side(side): dict(known) for side, known in (found.document.get("labels") or {}).items()}
