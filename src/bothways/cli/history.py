"""The command about history: how much there is and for how long it is kept; what is old can be let go."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.asking import confirmed
from bothways.cli.progress import progress
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened

if TYPE_CHECKING:
    from bothways.service.views import PrunedView


def history(
    context: typer.Context,
    prune: Annotated[bool, typer.Option("--prune", help="Let go now what is older than it is kept.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Let it go without asking.")] = False,
) -> None:
    """Show how much history there is, and what of it can go.

    It is kept as long as bothways.yaml says: history: {keep: 730d}. What is older goes by itself while up or a worker
    runs. Of every field the last write stays.
    """
    import time

    from bothways.cli.render import history as render
    from bothways.service import history as service
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    if not prune:
        view = service.show_history(workspace)
        if terminal.json:
            terminal.document("history", plain(view))
        else:
            terminal.lines(render.history(view, time.time()))
        return

    def go(approved: bool) -> "PrunedView":
        with progress(terminal) as report:
            return service.prune(workspace, confirmed=approved, progress=report)

    done = confirmed(terminal, go, yes)
    if terminal.json:
        terminal.document("history-pruned", plain(done))
    else:
        terminal.lines([render.pruned(done)])
