"""Commands about plans: see what a run would write, and write exactly that."""

from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.asking import confirmed
from bothways.cli.options import MOST, percentage
from bothways.cli.progress import progress
from bothways.cli.runs import finish
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_CHANGES, EXIT_OK, UsageError

if TYPE_CHECKING:
    from bothways.service.views import ActionView, PlanView
    from bothways.service.workspace import Workspace

SHORT = 20
"""Records listed unless more are asked for."""

PAGE = 400


class Show(StrEnum):
    """Which records of a plan are listed."""

    ALL = "all"
    CONFLICTS = "conflicts"
    EMPTIED = "emptied"
    HELD = "held"
    EVERYTHING = "everything"


def plan(
    context: typer.Context,
    sync: Name,
    show: Annotated[Show | None, typer.Option("--show", help="List every record of this kind.")] = None,
    from_now: Annotated[
        bool, typer.Option("--from-now", help="Show what turning it on with --from-now would leave as it is.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 2 if something would be written.")] = False,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", help="Plan by the settings of this file, without saving them.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write every record to a .csv or .json file.")
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", help="Only this one and its partner: an id, an e-mail or a name.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, max=MOST, help="Only so many records, chosen at random.")
    ] = None,
) -> int:
    """Show what a run would write, record by record. Nothing is written.

    The plan is kept: bothways apply writes exactly it. One by a file that is not saved is not kept.

    With --record only that record and its partner are read. Of all others counts what was read last.
    """
    from bothways.service import preview
    from bothways.service.diff import plan_file
    from bothways.service.export import kind_of

    terminal: Terminal = context.obj
    _check_one_of(("--record", record), ("--sample", sample), ("--file", file), ("--from-now", from_now or None))
    if export is not None:
        kind_of(export)
    workspace = opened(terminal)
    which = show or (Show.EVERYTHING if export else Show.ALL)
    changes: list[bool] = []
    with ExitStack() as bar:
        report = bar.enter_context(progress(terminal))

        def take(view: "PlanView", rows: "Iterator[ActionView]") -> None:
            bar.close()
            changes.append(bool(view.changes))
            if export is None:
                _print(terminal, view, rows, listed=show is not None or bool(view.part))
            else:
                _export(terminal, export, view, rows)

        if file is not None:
            plan_file(workspace, file, sync, which.value, take, progress=report)
        else:
            made = preview.plan(workspace, sync, from_now=from_now, record=record, sample=sample, progress=report)
            take(made, actions(workspace, made.id, which))
    return EXIT_CHANGES if exit_code and any(changes) else EXIT_OK


def _check_one_of(*options: tuple[str, object]) -> None:
    given = [name for name, value in options if value is not None]
    if len(given) > 1:
        raise UsageError(reason=f"{given[0]} and {given[1]} do not go together", hint="See: bothways plan --help")


def _print(terminal: Terminal, view: "PlanView", rows: "Iterator[ActionView]", *, listed: bool) -> None:
    """Print a plan; not ``listed``: its first records alone."""
    from bothways.cli.render import plans as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.long_document("plan", plain(view), "actions", (plain(row) for row in rows))
        return
    terminal.lines(render.head(view))
    for row in rows if listed else islice(rows, SHORT):
        terminal.lines(render.action(row, view.apps))
        if terminal.closed:
            break
    more = 0 if listed else sum(1 for _ in rows)
    terminal.lines(render.foot(view, more=more))


def _export(terminal: Terminal, path: Path, view: "PlanView", rows: "Iterator[ActionView]") -> None:
    from bothways.cli.render import plans as render
    from bothways.service.export import export
    from bothways.service.views import plain

    export(path, view, rows)
    if terminal.json:
        terminal.document("plan-export", {"file": str(path), "plan": plain(view)})
        return
    terminal.lines([*render.head(view), *render.foot(view, more=0)])
    terminal.note(f"Every record stands in {path}")


def actions(workspace: "Workspace", plan_id: str, show: Show) -> "Iterator[ActionView]":
    """Yield the records of a plan, read page by page."""
    from bothways.service import preview

    after = -1
    while page := preview.plan_actions(workspace, plan_id, show=show.value, after=after, size=PAGE):
        yield from page
        after = page[-1].seq


def apply(
    context: typer.Context,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id, such as p_12.")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=MOST, help="Write at most so many records.")
    ] = None,
    max_change: Annotated[
        str | None, typer.Option("--max-change", metavar="10%", help="Stop if more of the linked records change.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> int:
    """Write exactly what a plan says. A record changed since is skipped and listed, not overwritten."""
    from bothways.jobs import now

    terminal: Terminal = context.obj
    share = percentage(max_change)
    workspace = opened(terminal)

    def go(approved: bool) -> "now.RunView":
        with progress(terminal) as report:
            return now.apply_plan(workspace, plan, limit=limit, max_change=share, approved=approved, progress=report)

    return finish(terminal, confirmed(terminal, go, yes))
