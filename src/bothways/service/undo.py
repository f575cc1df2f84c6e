"""Undo, looked at before it is done."""

from bothways.engine.sides import SIDES
from bothways.ledger import feeds
from bothways.ledger.models import Run
from bothways.service.database import on_database
from bothways.service.log import run_row
from bothways.service.records import find
from bothways.service.turn import own_turn
from bothways.service.views import KeptView, UndoView
from bothways.service.why import keys_called
from bothways.service.work import Report, context
from bothways.service.workspace import Workspace
from bothways.sync.context import Context
from bothways.sync.payload import name_of
from bothways.sync.undo import Part, UndoReport
from bothways.sync.undo import preview_undo as look


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

    ``record``, ``field``: only what the run wrote to this record, or to this field, named as for ``why``.
    """
    row = run_row(workspace, run_id)
    with own_turn(workspace, row.sync, progress) as turn:
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
