"""The command that shows pairs of records that may be the same, for a person to decide."""

import typer

from bothways.cli.looking import Limit
from bothways.cli.progress import progress
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened


def suggest(context: typer.Context, sync: Name, limit: Limit = 20) -> None:
    """List records that are probably the same, and why.

    Nothing is linked by it. Of records without a partner it compares what was last read: plan the sync first. Needs
    pip install "bothways[suggest]".
    """
    from bothways.cli.render import suggestions as render
    from bothways.service.suggesting import suggest as suggested
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    with progress(terminal) as report:
        view = suggested(workspace, sync, size=limit, progress=report)
    if terminal.json:
        terminal.document("suggestions", plain(view))
    else:
        terminal.lines(render.suggestions(view))
