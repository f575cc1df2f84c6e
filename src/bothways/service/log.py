"""The runs, latest first, and how each ended."""

import threading
from collections.abc import Collection, Iterator, Mapping

from django.db.models import Q

from bothways.engine.sides import SIDES, Side
from bothways.errors import RunGone, UnknownRun
from bothways.ledger import history, journal, looking
from bothways.ledger.models import Run
from bothways.service.counting import MANY
from bothways.service.database import on_database
from bothways.service.history import day_of
from bothways.service.rights import Role, for_role
from bothways.service.views import RunSummary
from bothways.service.work import plain_id
from bothways.service.workspace import Workspace
from bothways.sync.run import COMPARED


@on_database
def runs(
    workspace: Workspace, name: str | None = None, *, after: str | None = None, size: int = 20
) -> list[RunSummary]:
    """Return runs of one sync or all, latest first, older than the run ``after``."""
    found = Run.objects.select_related("sync").order_by("-id")
    if name is not None:
        workspace.sync(name)
        found = found.filter(sync__name=name)
    if after is not None:
        found = found.filter(pk__lt=run_row(workspace, after).pk)
    return summaries(workspace, list(found.filter(sync__name__in=list(workspace.document.syncs))[:size]))


@on_database
@for_role(Role.VIEWER)
def show_run(workspace: Workspace, run_id: str) -> RunSummary:
    """Return one run; raise UnknownRun."""
    return summaries(workspace, [run_row(workspace, run_id)])[0]


LOOK_EVERY = 1.0
"""Seconds between two looks at whether a run has ended, whoever runs it."""

RUNNING = "running"


def follow(
    workspace: Workspace, name: str | None = None, *, size: int = 20, stop: threading.Event
) -> Iterator[RunSummary]:
    """Yield the last runs of one sync or all that have ended, oldest first, and each further one once it has.

    Until ``stop`` is set.
    """
    views, last = runs(workspace, name, size=size)[::-1], 0
    while True:
        yield from (view for view in views if view.state != RUNNING)
        numbers = [plain_id(view.id, "r") or 0 for view in views]
        last = max([last, *numbers])
        at_work = {number for view, number in zip(views, numbers, strict=True) if view.state == RUNNING}
        if stop.wait(LOOK_EVERY):
            return
        views = _since(workspace, name, last, at_work)


@on_database
def _since(workspace: Workspace, name: str | None, last: int, at_work: Collection[int]) -> list[RunSummary]:
    """Return the runs after one, and those that were at work, oldest first."""
    names = list(workspace.document.syncs) if name is None else [name]
    found = Run.objects.select_related("sync").filter(Q(pk__gt=last) | Q(pk__in=at_work), sync__name__in=names)
    return summaries(workspace, list(found.order_by("id")))


_kept: dict[tuple[str, int], dict[tuple[str, str], int]] = {}
"""What runs wrote that have ended and wrote very many records: by database and run."""


def summaries(workspace: Workspace, rows: list[Run]) -> list[RunSummary]:
    """Return runs as they are shown."""
    kept = {row.pk: _kept[place] for row in rows if (place := (workspace.database, row.pk)) in _kept}
    written = kept | looking.written([row.pk for row in rows if row.pk not in kept])
    for row in rows:
        many = row.ended_at is not None and sum(written.get(row.pk, {}).values()) >= MANY
        if many and row.pk not in kept and not journal.is_open(row.pk):
            _kept[workspace.database, row.pk] = written[row.pk]
    return [_summary(workspace, row, written.get(row.pk, {})) for row in rows]


def run_row(workspace: Workspace, run_id: str) -> Run:
    """Return a run of this workspace; raise UnknownRun, RunGone where it is one of those that are no longer kept."""
    number = plain_id(run_id, "r")
    found = Run.objects.select_related("sync").filter(pk=number).first() if number is not None else None
    if found is None:
        raise no_run(run_id)
    workspace.sync(found.sync.name)
    return found


def no_run(run_id: str) -> UnknownRun:
    """Return the failure for a run that is not there: one that is older than what is kept, or none that ever was."""
    number = plain_id(run_id, "r")
    if number is not None and 0 < number <= history.last_gone():
        return RunGone(run=run_id, day=day_of(history.gone_before()))
    return UnknownRun(run=run_id)


def written_in(
    apps: Mapping[Side, str], written: Mapping[tuple[str, str], int]
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return how many records were created, changed and deleted, per app."""
    created, deleted = ({apps[side]: written.get((kind, side), 0) for side in SIDES} for kind in ("create", "archive"))
    every = {apps[side]: sum(count for (_, each), count in written.items() if each == side) for side in SIDES}
    return created, {app: every[app] - created[app] - deleted[app] for app in every}, deleted


def _summary(workspace: Workspace, row: Run, written: Mapping[tuple[str, str], int]) -> RunSummary:
    created, updated, deleted = written_in(workspace.sync(row.sync.name).apps, written)
    return RunSummary(
        f"r_{row.pk}",
        row.sync.name,
        row.kind,
        row.state,
        row.reason,
        row.started_at,
        row.ended_at,
        created,
        updated,
        dict(row.bill),
        f"r_{row.undoes}" if row.undoes else None,
        row.counts.get(COMPARED),
        deleted,
    )
