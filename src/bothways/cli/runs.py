"""Commands that write: run, watch, undo."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.asking import confirmed, released
from bothways.cli.progress import progress
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.text import number
from bothways.cli.workspaces import opened
from bothways.errors import ConfirmationNeeded

if TYPE_CHECKING:
    from bothways.service.views import RunView, UndoView


def run(
    context: typer.Context,
    sync: Name,
    full: Annotated[
        bool, typer.Option("--full", help="Also look for deleted records, by every id of both apps.")
    ] = False,
    record: Annotated[
        str | None, typer.Option("--record", help="Read this one again and look at it: an id, an e-mail or a name.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Let the brakes pass: write whatever the plan says.")] = False,
) -> int:
    """Bring both apps in step now. A brake stops it before the first write if too much would change."""
    from bothways.jobs import now

    terminal: Terminal = context.obj
    workspace = opened(terminal)

    def go(approved: bool) -> "RunView":
        with progress(terminal) as report:
            return now.run_sync(workspace, sync, full=full, approved=approved, record=record, progress=report)

    return finish(terminal, released(terminal, go, yes))


def stop(context: typer.Context, sync: Name) -> None:
    """End a run at work, so that it can be looked at.

    It ends after the records that it is writing. None begins until the sync is let go on: bothways resume SYNC. What
    was written can be undone.
    """
    from bothways.cli.render import runs as render
    from bothways.service import halting
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    view = halting.stop(opened(terminal), sync)
    if terminal.json:
        terminal.document("halt", plain(view))
    else:
        terminal.lines(render.halt(view))


def finish(terminal: Terminal, view: "RunView") -> int:
    """Print what a run did and return its exit code."""
    import time

    from bothways.cli.render import runs as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.document("run", plain(view))
    else:
        terminal.lines(render.run(view, time.time()))
    return view.exit_code


def watch(
    context: typer.Context,
    syncs: Annotated[list[str] | None, typer.Argument(metavar="SYNC", help="All that are on without any.")] = None,
) -> None:
    """Keep both apps in step until Ctrl-C.

    Runs each sync that is on at its interval, and earlier when a waiting record becomes due.
    """
    import threading
    import time

    from bothways.cli.render import runs as render
    from bothways.jobs.watch import watch as keep_watching
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    stop = threading.Event()

    def on_run(view: "RunView") -> None:
        if terminal.json:
            terminal.document("run", plain(view))
        else:
            terminal.lines(render.watched(view, time.time()))
        if terminal.closed:
            stop.set()

    terminal.note("Watching. Stop with Ctrl-C; nothing is lost.")
    keep_watching(workspace, syncs or (), on_run=on_run, stop=stop)


def undo(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, such as r_19; see: bothways log")],
    record: Annotated[
        str | None, typer.Option("--record", help="Only what it wrote to this record: an id, an e-mail or a name.")
    ] = None,
    field: Annotated[str | None, typer.Option("--field", help="Only what it wrote to this field.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be put back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Put back without asking.")] = False,
) -> None:
    """Put back what a run wrote, all of it or to one record or field.

    What somebody changed since is left as it is. An undo can be undone too.
    """
    from bothways.cli.render import runs as render
    from bothways.jobs import now
    from bothways.service.undo import preview_undo
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    with progress(terminal) as report:
        view = preview_undo(workspace, run_id, record=record, field=field, progress=report)
    count = view.restored + view.removed + view.remade + view.unlinked
    if not plan and count:

        def go(approved: bool) -> "UndoView":
            if not approved:
                raise ConfirmationNeeded(count=number(count))
            with progress(terminal) as report:
                return now.undo_run(workspace, run_id, record=record, field=field, progress=report)

        view = confirmed(terminal, go, yes)
    if terminal.json:
        terminal.document("undo", {**plain(view), "only_planned": plan})
    else:
        terminal.lines(render.undo(view, only_planned=plan))
