"""Commands about syncs: list, show, compare with the file, turn on, turn off."""

from pathlib import Path
from typing import Annotated

import typer

from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_CHANGES, EXIT_OK

Name = Annotated[str, typer.Argument(metavar="SYNC", help="The sync's name in bothways.yaml.")]


def list_(context: typer.Context) -> None:
    """List the syncs of this workspace."""
    from bothways.cli.render import syncs as render
    from bothways.service import syncs
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    views = syncs.list_syncs(opened(terminal))
    if terminal.json:
        terminal.document("syncs", {"syncs": [plain(view) for view in views]})
    else:
        terminal.lines(render.syncs(views))


def show(
    context: typer.Context,
    sync: Name,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print its settings as YAML, to be edited and kept.")] = False,
) -> None:
    """Show a sync: its settings, its counts, its last run."""
    import time

    from bothways.cli.render import syncs as render
    from bothways.service import syncs
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    if yaml:
        text = syncs.export(workspace, sync)
        if terminal.json:
            terminal.document("sync-yaml", {"sync": sync, "yaml": text})
        else:
            terminal.lines(text.splitlines())
        return
    view = syncs.show_sync(workspace, sync)
    if terminal.json:
        terminal.document("sync", plain(view))
    else:
        terminal.lines(render.sync(view, time.time()))


def diff(
    context: typer.Context,
    sync: Annotated[str | None, typer.Argument(metavar="SYNC", help="One sync; all without it.")] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="Another file than bothways.yaml.")] = None,
) -> int:
    """Show what the file would change in the settings in force. Nothing is saved.

    Ends with 2 if it would change anything.
    """
    from bothways.service.diff import diff as compare
    from bothways.service.diff import in_words
    from bothways.service.views import plain
    from bothways.service.workspace import open_workspace

    terminal: Terminal = context.obj
    changes = compare(open_workspace(terminal.folder, take_over=False), sync, file)
    if terminal.json:
        terminal.document("diff", {"changes": [plain(change) for change in changes]})
    else:
        terminal.lines(f"{change.sync or change.app}  {in_words(change)}" for change in changes)
    if not changes:
        terminal.note("It says what is in force.")
    return EXIT_CHANGES if changes else EXIT_OK


def on(context: typer.Context, sync: Name) -> None:
    """Turn a sync on, after everything it needs has been checked."""
    from bothways.service import syncs

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    syncs.turn_on(workspace, sync)
    _changed(terminal, sync, "on")
    terminal.note(f"See what it would do: bothways plan {sync}   Start it: bothways run {sync}")


def off(context: typer.Context, sync: Name) -> None:
    """Turn a sync off.

    Nothing flows until it is turned on again; nothing is forgotten.
    """
    from bothways.service import syncs

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    syncs.turn_off(workspace, sync)
    _changed(terminal, sync, "off")


def _changed(terminal: Terminal, sync: str, state: str) -> None:
    if terminal.json:
        terminal.document("sync-state", {"sync": sync, "state": state})
    else:
        terminal.lines([f"{sync} is {state}."])
