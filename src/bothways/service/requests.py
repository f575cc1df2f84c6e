"""What a person asks for: to plan or run a sync, to apply a plan, to undo a run. Asked of the service, withdrawn.

All of it in the caller's use of the database. A service that runs does what was asked in a turn of the sync, so that it
meets no other run of it; one that dies is followed by the next one, which does it again: a run, an apply or an undo
that was broken off goes on where it stopped.
"""

from dataclasses import dataclass
from dataclasses import field as made_by

from bothways.errors import (
    AllPaused,
    BothwaysError,
    PlanOutdated,
    StoppedByBrake,
    SyncOff,
    UnknownRequest,
    of_data,
)
from bothways.ledger import requests, turns
from bothways.ledger.models import Request, Sync
from bothways.ledger.requests import ASKED, AT_WORK
from bothways.service.database import on_database
from bothways.service.halting import refuse_halted
from bothways.service.log import run_row
from bothways.service.preview import DRAFT, SETTINGS, made_plan, plan_row
from bothways.service.records import find
from bothways.service.resolution import row_of
from bothways.service.revisions import author_of
from bothways.service.rights import Role, for_role, require
from bothways.service.views import PlanView, RunView, UndoView
from bothways.service.views.common import from_plain, plain
from bothways.service.workspace import Workspace
from bothways.sync.context import Progress


@dataclass(frozen=True, slots=True)
class ToPlan:
    """Plan what a run of a sync would do; it may be off, or a draft.

    ``draft``: by the settings of this draft in this ``version``, of which nothing takes effect; of the records that
    these changes touch, or of ``everything``.
    """

    sync: str
    draft: int | None = None
    version: int = 0
    everything: bool = False


@dataclass(frozen=True, slots=True)
class ToRun:
    """Run a sync. ``full`` looks for deleted records too; ``approved`` releases the brakes. ``record``: this one, named
    as for ``why``, is read again and looked at in any case."""

    sync: str
    full: bool = False
    approved: bool = False
    record: str | None = None


@dataclass(frozen=True, slots=True)
class ToApply:
    """Write what a plan says: ``limit`` records at most; nothing if more of the linked ones than ``max_change``
    percent would change, approved or not."""

    plan: str
    limit: int | None = None
    max_change: float | None = None
    approved: bool = False


@dataclass(frozen=True, slots=True)
class ToUndo:
    """Put back what a run wrote, or wrote to one record or field, named as for ``why``."""

    run: str
    record: str | None = None
    field: str | None = None


Wish = ToPlan | ToRun | ToApply | ToUndo
Answer = PlanView | RunView | UndoView

KINDS: dict[str, tuple[type[Wish], type[Answer]]] = {
    "plan": (ToPlan, PlanView),
    "run": (ToRun, RunView),
    "apply": (ToApply, RunView),
    "undo": (ToUndo, UndoView),
}
"""What can be asked for, and what is answered."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """What somebody asked for and what came of it. ``state``: asked, at work, done, failed, withdrawn.

    ``progress`` while it is at work; ``answer`` when it is done, ``error`` when it has failed.
    """

    id: int
    sync: str
    wish: Wish
    state: str
    asked_by: str
    asked_at: float
    begun_at: float | None = None
    ended_at: float | None = None
    progress: Progress | None = None
    answer: Answer | None = None
    error: BothwaysError | None = made_by(default=None, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it still waits or is at work."""
        return self.state in (ASKED, AT_WORK)


def sync_of(workspace: Workspace, wish: Wish) -> Sync:
    """Return the sync that a wish is about; raise UnknownSync, PlanOutdated, UnknownRun."""
    match wish:
        case ToPlan() | ToRun():
            return row_of(workspace, wish.sync)
        case ToApply():
            return plan_row(workspace, wish.plan).sync
        case ToUndo():
            return run_row(workspace, wish.run).sync


def role_for(wish: Wish) -> Role:
    """Return the role that a wish takes: what concerns a whole sync and cannot be seen before, an editor's."""
    match wish:
        case ToPlan() | ToRun(approved=False) | ToUndo(record=str()):
            return Role.OPERATOR
        case _:
            return Role.EDITOR


def ask(workspace: Workspace, wish: Wish, *, once: bool = False) -> RequestView:
    """Ask the service for something; the sync is due at once.

    ``once``: not again for what the same person has asked for already and waits for, as by a button pressed twice.

    Raises what ``sync_of`` does, NotAllowed to who lacks the role for it, UnknownRecord and SeveralRecords for the
    record of a run, AllPaused, but for what only looks, and SyncHalted for what writes and is no undo.
    """
    require(workspace, role_for(wish))
    sync = sync_of(workspace, wish)
    if isinstance(wish, ToRun) and wish.record is not None:
        find(workspace, wish.sync, wish.record)
    if turns.paused_at() and not isinstance(wish, ToPlan):
        raise AllPaused()
    if isinstance(wish, ToRun | ToApply):
        refuse_halted(sync)
    kind = next(kind for kind, (made, _) in KINDS.items() if isinstance(wish, made))
    now = workspace.clock()
    row = requests.add(sync.pk, kind, plain(wish), author_of(workspace), now, once=once)
    turns.ask(turns.SYNC, [sync.pk], now)
    return view_of(row)


@on_database
@for_role(Role.EDITOR)
def ask_to_apply(
    workspace: Workspace, plan_id: str, *, limit: int | None = None, though_braked: bool = False
) -> RequestView:
    """Ask the service to write a plan that somebody has looked at, or ``limit`` records of it.

    Raises PlanOutdated and SyncOff, which the service would find as well, and StoppedByBrake for a plan beyond the
    brakes unless that is said to be meant. Whoever has looked at the whole plan needs no stop after the first records.
    """
    made, row = made_plan(workspace, plan_id), plan_row(workspace, plan_id)
    if DRAFT in row.totals:
        reason = "it tells of settings that are not saved"
        raise PlanOutdated(plan=plan_id, reason=reason, name=row.sync.name)
    if made.outdated == SETTINGS:
        raise PlanOutdated(plan=plan_id, reason="the settings were changed since", name=row.sync.name)
    if row.state != "ready":
        raise PlanOutdated(plan=plan_id, reason="it was applied already", name=row.sync.name)
    if row.sync.state != "on":
        raise SyncOff(name=row.sync.name)
    if made.view.brakes and not though_braked:
        reason = "; ".join(brake.reason for brake in made.view.brakes)
        raise StoppedByBrake(name=row.sync.name, reason=reason, hint="If that is right, write them all the same.")
    return ask(workspace, ToApply(plan_id, limit, approved=True), once=True)


def look(id: int) -> RequestView:
    """Return how a request stands."""
    return view_of(requests.get(id))


@on_database
@for_role(Role.VIEWER)
def list_requests(workspace: Workspace, *, after: int | None = None, size: int = 50) -> list[RequestView]:
    """Return what was asked for, latest first, before the request ``after``."""
    rows = Request.objects.select_related("sync").filter(sync__name__in=list(workspace.document.syncs))
    rows = rows.filter(pk__lt=after) if after is not None else rows
    return [view_of(row) for row in rows.order_by("-pk")[:size]]


@on_database
@for_role(Role.VIEWER)
def show_request(workspace: Workspace, id: int) -> RequestView:
    """Return how a request stands; raise UnknownRequest."""
    row = Request.objects.select_related("sync").filter(pk=id).first()
    if row is None or row.sync.name not in workspace.document.syncs:
        raise UnknownRequest(id=id)
    return view_of(row)


@on_database
@for_role(Role.VIEWER)
def last_asked(workspace: Workspace, name: str, kind: str | None = None) -> RequestView | None:
    """Return what was last asked for a sync, of one kind or any, and how it stands; None if nothing was."""
    row = requests.last_of(row_of(workspace, name).pk, kind)
    return view_of(row) if row is not None else None


@on_database
@for_role(Role.VIEWER)
def is_awaited(workspace: Workspace, name: str, kind: str) -> bool:
    """Tell whether something of a kind was asked for a sync and has not ended."""
    return requests.is_open(row_of(workspace, name).pk, kind)


@on_database
@for_role(Role.VIEWER)
def last_preview(workspace: Workspace, name: str, draft: int | None = None) -> RequestView | None:
    """Return which preview was last asked for, of the settings of a sync or of a draft of them; None if none was."""
    row = requests.last_plan_of(row_of(workspace, name).pk, draft)
    return view_of(row) if row is not None else None


@on_database
@for_role(Role.VIEWER)
def asked_of_records(workspace: Workspace, name: str, since: float) -> list[RequestView]:
    """Return what was asked for single records of a sync and has not ended, or has since then, in order."""
    return [view_of(row) for row in requests.of_records(row_of(workspace, name).pk, since)]


def withdraw(workspace: Workspace, id: int) -> bool:
    """Take back what was asked for; False if it was begun already, or has ended."""
    return requests.withdraw(id, workspace.clock())


def view_of(row: Request) -> RequestView:
    """Return a request as it is shown."""
    made, answered = KINDS[row.kind]
    return RequestView(
        row.pk,
        row.sync.name,
        from_plain(made, row.parameters),
        row.state,
        row.asked_by,
        row.asked_at,
        row.begun_at,
        row.ended_at,
        from_plain(Progress, row.progress) if row.progress else None,
        from_plain(answered, row.answer) if row.answer else None,
        of_data(row.error) if row.error else None,
    )
