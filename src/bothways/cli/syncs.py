"""Commands about syncs: list, show, bring out and in, compare with the file, turn on, turn off."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bothways.cli.asking import confirmed
from bothways.cli.terminal import Terminal
from bothways.cli.text import in_command
from bothways.cli.workspaces import opened
from bothways.errors import EXIT_CHANGES, EXIT_OK


class OldLinksOf(StrEnum):
    """What becomes of the links of a deleted sync of the same objects."""

    TAKE = "take"
    LEAVE = "leave"


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
    from bothways.service.reasons import explained_now
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
    view = explained_now(workspace, syncs.show_sync(workspace, sync))
    if terminal.json:
        terminal.document("sync", plain(view))
    else:
        terminal.lines(render.sync(view, time.time()))


def export(
    context: typer.Context,
    syncs: Annotated[list[str], typer.Argument(metavar="SYNC", help="Their names in bothways.yaml.")],
) -> None:
    """Print syncs as YAML, a settings file of its own.

    To be edited and compared (bothways sync diff -f FILE), or brought in elsewhere (bothways sync import FILE).
    """
    from bothways.service.syncs import export as exported

    terminal: Terminal = context.obj
    text = exported(opened(terminal), *syncs)
    if terminal.json:
        terminal.document("sync-export", {"syncs": syncs, "yaml": text})
    else:
        terminal.lines(text.splitlines())


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What bothways sync export has printed; - for stdin.")],
    name: Annotated[str | None, typer.Option("--name", help="What its only sync is to be called here.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Change syncs of that name that are here already.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Change them though they are on.")] = False,
) -> None:
    """Bring syncs of another settings file into bothways.yaml.

    A new one is a draft: nothing flows until it is turned on. One that is here stays on or off. Apps are not brought
    in: they must be here under the same names.
    """
    from bothways.cli.render import syncs as render
    from bothways.service.importing import import_syncs
    from bothways.service.views import ImportView, plain
    from bothways.service.yaml_file import read_text

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    text, called = (sys.stdin.read(), "stdin") if file == Path("-") else (read_text(file), file.name)

    def go(approved: bool) -> ImportView:
        return import_syncs(
            workspace, text, called, name=name, replacing=replace, confirmed=approved, only_planned=plan
        )

    view = confirmed(terminal, go, yes)
    if terminal.json:
        terminal.document("sync-import", {**plain(view), "only_planned": plan})
        return
    terminal.lines(render.imported(view, only_planned=plan))
    for each in view.syncs if not plan else ():
        if each.new:
            new = in_command(each.name)
            terminal.note(f"See what it would do: bothways plan {new}   Turn it on: bothways sync on {new}")


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


def on(
    context: typer.Context,
    sync: Name,
    from_now: Annotated[
        bool, typer.Option("--from-now", help="Carry only what changes from now on; what differs stays as it is.")
    ] = False,
    old_links: Annotated[
        OldLinksOf | None, typer.Option("--old-links", help="Take or leave the links of a deleted sync like it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Turn it on though others write the same fields.")] = False,
) -> None:
    """Turn a sync on, after everything it needs has been checked.

    What changed while it was off is caught up with by the next run.
    """
    from bothways.service import syncs

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    links = old_links.value if old_links else None

    def go(approved: bool) -> None:
        syncs.turn_on(workspace, sync, from_now=from_now, old_links=links, confirmed=approved)

    confirmed(terminal, go, yes)
    _changed(terminal, sync, "on")
    terminal.note(f"See what it would do: bothways plan {in_command(sync)}   Start it: bothways run {in_command(sync)}")


def off(context: typer.Context, sync: Name) -> None:
    """Turn a sync off.

    Nothing flows until it is turned on again; nothing is forgotten.
    """
    from bothways.service import syncs

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    syncs.turn_off(workspace, sync)
    _changed(terminal, sync, "off")


def winner(
    context: typer.Context,
    sync: Name,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="Its name or label in either app.")],
    app: Annotated[str, typer.Argument(metavar="APP", help="The app whose value wins a difference of it.")],
    plan: Annotated[bool, typer.Option("--plan", help="Only say what that means.")] = False,
) -> None:
    """Let one app win every difference of a field.

    It does so from now on, by the settings file.

    What both apps hold now stays as it is, but what waits for a person is decided so by the next run.
    """
    from bothways.cli.render import syncs as render
    from bothways.service import winners
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    view = (winners.preview_winner if plan else winners.set_winner)(workspace, sync, field, app)
    if terminal.json:
        terminal.document("winner", {**plain(view), "only_planned": plan})
    else:
        terminal.lines(render.winner(view, only_planned=plan))


def delete(
    context: typer.Context,
    sync: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete a sync. The records in both apps stay as they are.

    Its links and its history are kept for 30 days, to be restored.
    """
    from bothways.cli.render import syncs as render
    from bothways.service import deleting
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    view = confirmed(terminal, lambda approved: deleting.delete(workspace, sync, confirmed=approved), yes)
    if terminal.json:
        terminal.document("sync-deleted", plain(view))
    else:
        terminal.lines(render.deleted(view))


def restore(context: typer.Context, sync: Annotated[str, typer.Argument(metavar="SYNC", help="Its name.")]) -> None:
    """Bring a deleted sync back, with its links and history.

    It is off then.
    """
    from bothways.service import deleting

    terminal: Terminal = context.obj
    deleting.restore(opened(terminal), sync)
    _changed(terminal, sync, "off")
    terminal.note(f"Turn it on: bothways sync on {in_command(sync)}")


def _changed(terminal: Terminal, sync: str, state: str) -> None:
    if terminal.json:
        terminal.document("sync-state", {"sync": sync, "state": state})
    else:
        terminal.lines([f"{sync} is {state}."])
