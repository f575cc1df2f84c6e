"""Undo, looked at before it is done."""

from bothways.engine.sides import SIDES
from bothways.errors import AtWork
from bothways.ledger import feeds
from bothways.ledger.models import Run
from bothways.service.database import on_database
from bothways.service.log import no_run, run_row
from bothways.service.records import find
from bothways.service.requests import ToUndo, role_for
from bothways.service.rights import Role, for_role, require
from bothways.service.turn import own_turn
from bothways.service.views import KeptView, PutBackView, UndoView
from bothways.service.why import keys_called, why
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace
from bothways.sync.context import Context
from bothways.sync.payload import name_of
from bothways.sync.undo import preview_undo as look
from bothways.sync.undo_steps import Part, UndoReport

BACK = ("written", "written over a change", "put back")
"""What a field has gone through that can be undone alone."""

CHANGED, NO_NEWS = "it was changed since", "it holds what it held before"


@on_database
def preview_undo(
    workspace: Workspace,
    run_id: str,
    *,
    record: str | None = None,
    field: str | None = None,
    progress: Report | None = None,
) -> UndoView:
    """Read the records again and say what undoing a run would put back; nothing is written to any app.

    ``record``, ``field``: only what the run wrote to this record, or to this field, named as for ``why``. Raises
    NotAllowed to who could not ask for that undo.
    """
    return _previewed(workspace, ToUndo(run_id, record, field), progress)


@on_database
@for_role(Role.OPERATOR)
def preview_put_back(workspace: Workspace, name: str, record: str, field: str, run_id: str) -> PutBackView:
    """Say what a field would get if what a run wrote to it were put back; nothing is written to any app.

    The record is read again, unless a run is at work: what was changed since is found before anything is written, in
    any case. Raises UnknownRecord, SeveralRecords, UnknownField, UnknownRun for what no run of the sync has written.
    """
    told = why(workspace, name, record, field)
    story = told.fields[0]
    event = next((each for each in story.events if each.run == run_id and each.what in BACK), None)
    if event is None or event.gone or len(told.fields) > 1:
        raise no_run(run_id)
    reason, looked = "", True
    if not event.undoable:
        reason = CHANGED if not event.stands else NO_NEWS
    else:
        try:
            wish = ToUndo(run_id, record, story.key)
            kept = _previewed(workspace, wish, wait=False).kept
            reason = kept[0].reason if kept else ""
        except AtWork:
            looked = False
    return PutBackView(
        name,
        told.record,
        story.key,
        story.labels.get(event.app, next(iter(story.labels.values()))),
        event.app,
        run_id,
        story.values.get(event.app),
        event.before,
        reason,
        looked,
    )


def _previewed(workspace: Workspace, wish: ToUndo, progress: Report | None = None, *, wait: bool = True) -> UndoView:
    require(workspace, role_for(wish))
    row = run_row(workspace, wish.run)
    record, field = wish.record, wish.field
    with own_turn(workspace, row.sync, progress, wait=wait) as turn:
        row = run_row(workspace, wish.run)  # within the turn nobody lets it go
        part = part_of(workspace, row, record, field)
        ctx = context(workspace, row.sync.name, progress, running=False, worker=turn.worker)
        return view(ctx, row, look(ctx, row, part))


def part_of(workspace: Workspace, run: Run, record: str | None, field: str | None) -> Part:
    """Return what of a run is meant; raise UnknownRecord, SeveralRecords, UnknownField."""
    name = run.sync.name
    ids = find(workspace, name, record)[1].ids if record is not None else None
    return Part(ids, keys_called(workspace, name, field) if field is not None else None)


def view(ctx: Context, run: Run, report: UndoReport) -> UndoView:
    """Return an undo as it is shown."""
    sides = {ctx.spec.apps[side]: side for side in SIDES}
    names: dict[tuple[str, str], str] = {}
    for app, side in sides.items():
        ids = {id for each, id, _ in report.kept if each == app}
        for id, row in feeds.seen_by_id(ctx.ends[side].feed.pk, ids).items():
            names[app, id] = name_of(row)
    kept = tuple(KeptView(app, names.get((app, id)) or id, reason, id) for app, id, reason in report.kept)
    undo_id = f"r_{report.run_id}" if report.run_id else ""
    return UndoView(undo_id, f"r_{run.pk}", report.restored, report.removed, kept, report.remade, report.unlinked)
