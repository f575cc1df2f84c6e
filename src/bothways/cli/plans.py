"""Commands about plans: see what a run would write, and write exactly that."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.asking import confirmed
from bothways.cli.options import MOST, percentage
from bothways.cli.progress import progress
from bothways.cli.runs import finish
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_CHANGES, EXIT_OK

if TYPE_CHECKING:
    from bothways.service.views import ActionView
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
) -> int:
    """Show what a run would write, record by record. Nothing is written.

    The plan is kept: bothways apply writes exactly it.
    """
    from bothways.cli.render import plans as render
    from bothways.service import preview
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    with progress(terminal) as report:
        view = preview.plan(workspace, sync, from_now=from_now, progress=report)
    rows = actions(workspace, view.id, show or Show.ALL)
    if terminal.json:
        terminal.long_document("plan", plain(view), "actions", (plain(row) for row in rows))
    else:
        terminal.lines(render.head(view))
        for row in rows if show else islice(rows, SHORT):
            terminal.lines(render.action(row, view.apps))
            if terminal.closed:
                break
        more = 0 if show else sum(1 for _ in rows)
        terminal.lines(render.foot(view, more=more))
    return EXIT_CHANGES if exit_code and view.changes else EXIT_OK


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
