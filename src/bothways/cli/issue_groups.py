"""Issues by their causes at the command line: listed, shown, tried again, ignored, mended by pairs of values."""

from typing import TYPE_CHECKING

from bothways.cli.terminal import Terminal
from bothways.errors import UsageError

if TYPE_CHECKING:
    from bothways.service.workspace import Workspace


def list_causes(
    terminal: Terminal, workspace: "Workspace", sync: str | None, limit: int, *, ignored: bool = False
) -> None:
    """List the causes of issues, and the apps and syncs that fail as a whole."""
    import time

    from bothways.cli.render import issue_groups as render
    from bothways.service import failing, issue_groups
    from bothways.service.views import plain

    found = issue_groups.groups(workspace, sync, ignored=ignored, size=limit)
    failed = [] if ignored or sync is not None else failing.failing(workspace)
    if terminal.json:
        document = {"more": found.after is not None, "groups": plain(found.rows), "failing": plain(failed)}
        terminal.document("causes", document)
        return
    if found.rows or failed:
        terminal.lines(render.causes(found.rows, failed, time.time()))
    else:
        others = not ignored and bool(issue_groups.groups(workspace, sync, ignored=True, size=1).rows)
        terminal.lines([render.none(ignored=ignored, others=others)])
    if found.after is not None:
        terminal.note("There are more. List them with a higher --limit.")


def show(terminal: Terminal, workspace: "Workspace", id: str) -> None:
    """Show one cause, with the values that can be paired."""
    import time

    from bothways.cli.render import issue_groups as render
    from bothways.service import issue_groups
    from bothways.service.views import plain

    view = issue_groups.show_group(workspace, id)
    if terminal.json:
        terminal.document("cause", plain(view))
    else:
        terminal.lines(render.cause(view, time.time()))


def retry_or_ignore(terminal: Terminal, workspace: "Workspace", what: str, id: str, undo: bool) -> None:
    """Let issues be tried at once, or leave them alone, or take that back."""
    from bothways.cli.render import issue_groups as render
    from bothways.service import mending
    from bothways.service.views import plain

    if what == "retry":
        done = mending.retry(workspace, id)
        if terminal.json:
            terminal.document("retry", plain(done))
        else:
            terminal.lines(render.tried(done))
        return
    count = mending.take_back(workspace, id) if undo else mending.ignore(workspace, id)
    if terminal.json:
        terminal.document("ignore", {"count": count, "undone": undo})
    else:
        terminal.lines(render.ignored(id, count, undo))


def pair(terminal: Terminal, workspace: "Workspace", id: str, pairs: list[str]) -> None:
    """Pair values with choices, in the settings, and let their records be tried again."""
    from bothways.cli.render import issue_groups as render
    from bothways.service import issue_groups, mending
    from bothways.service.views import plain

    said = [each.rpartition("=") for each in pairs]
    if not all(value and choice for value, _, choice in said):
        raise UsageError(reason="A pair is a value, = and a choice", hint='Such as: --pair "UK=United Kingdom"')
    view = issue_groups.show_group(workspace, id)
    names = {each.label: each.value for each in view.values} | {each.value: each.value for each in view.values}
    choices = {names.get(value, value): choice for value, _, choice in said}
    done = mending.pair_values(workspace, id, view.revision, choices)
    if terminal.json:
        terminal.document("pair", plain(done))
    else:
        terminal.lines(render.tried(done))
