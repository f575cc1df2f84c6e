"""Commands about what is held: list it, decide who belongs together, link and unlink."""

from typing import TYPE_CHECKING, Annotated

import typer

from bothways.cli.looking import Limit
from bothways.cli.syncs import Name
from bothways.cli.terminal import Terminal
from bothways.cli.workspaces import opened
from bothways.errors import UsageError

if TYPE_CHECKING:
    from bothways.service.views import IssueView, PairView, RecordView
    from bothways.service.workspace import Workspace

HOW = "Such as: bothways issues resolve h_12 --link ID"
Record = Annotated[str, typer.Argument(metavar="RECORD", help="An id in either app, app:id, an e-mail or a name.")]


def issues(
    context: typer.Context,
    what: Annotated[str | None, typer.Argument(metavar="[SYNC|show|resolve]", help="A sync, or what to do.")] = None,
    issue: Annotated[str | None, typer.Argument(metavar="[ISSUE]", help="The issue's id, such as h_12.")] = None,
    link: Annotated[str | None, typer.Option("--link", metavar="ID", help="It is this one of the other app.")] = None,
    apart: Annotated[
        list[str] | None, typer.Option("--apart", metavar="ID", help="It is not this one of the other app.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="It is nobody of the other app; create it there.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was decided and has not been done yet.")] = False,
    limit: Limit = 50,
) -> None:
    """List what is held, show one, or decide who belongs together.

    A decision is remembered, and carried out by the next run.
    """
    import time

    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    terminal: Terminal = context.obj
    workspace = opened(terminal)
    given = [link is not None, bool(apart), create, undo]
    if issue is None or what not in ("show", "resolve"):
        if issue is not None or any(given):
            raise UsageError(reason="Say show or resolve in front of the issue", hint=HOW)
        _list(terminal, workspace, what, limit)
        return
    if sum(given) != (what == "resolve"):
        raise UsageError(reason="To resolve needs one of --link, --apart, --create and --undo", hint=HOW)
    view = _decide(workspace, issue, link, apart or [], create, undo)
    if terminal.json:
        terminal.document("issue", plain(view))
    else:
        terminal.lines(render.issue(view, time.time()))


def _list(terminal: Terminal, workspace: "Workspace", sync: str | None, limit: int) -> None:
    import time

    from bothways.cli.render import issues as render
    from bothways.service import issues as inbox
    from bothways.service.views import plain

    found = inbox.list_issues(workspace, sync, size=limit + 1)
    rows, more = found[:limit], len(found) > limit
    if terminal.json:
        terminal.document("issues", {"more": more, "issues": [plain(row) for row in rows]})
        return
    terminal.lines(render.issues(rows, time.time()))
    if more:
        terminal.note("There are more. List them with a higher --limit.")


def _decide(
    workspace: "Workspace", issue: str, link: str | None, apart: list[str], create: bool, undo: bool
) -> "IssueView":
    from bothways.service import issues as inbox

    if link is not None:
        return inbox.link_issue(workspace, issue, link)
    if apart:
        return inbox.keep_apart(workspace, issue, apart)
    if create:
        return inbox.create_issue(workspace, issue)
    return inbox.withdraw(workspace, issue) if undo else inbox.show_issue(workspace, issue)


def link(context: typer.Context, sync: Name, left: Record, right: Record) -> None:
    """Say that two records, one of each app, are the same thing. The next run links them."""
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _pair(terminal, "link", inbox.link(opened(terminal), sync, left, right))


def unlink(context: typer.Context, sync: Name, left: Record, right: Record) -> None:
    """End the link of two records, and keep them apart.

    Both stay as they are. Nothing flows between them, and neither is created anew in the other app.
    """
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _pair(terminal, "unlink", inbox.unlink(opened(terminal), sync, left, right))


def pause(context: typer.Context, sync: Name, record: Record) -> None:
    """Let nothing flow between a record and its partner for now. Nothing is forgotten."""
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _paused(terminal, sync, "pause", inbox.pause(opened(terminal), sync, record))


def resume(context: typer.Context, sync: Name, record: Record) -> None:
    """Let changes flow again between a paused record and its partner, those made meanwhile too."""
    from bothways.service import issues as inbox

    terminal: Terminal = context.obj
    _paused(terminal, sync, "resume", inbox.resume(opened(terminal), sync, record))


def _paused(terminal: Terminal, sync: str, done: str, view: "RecordView") -> None:
    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.document(done, plain(view))
    else:
        terminal.lines(render.paused(sync, view, done))


def _pair(terminal: Terminal, done: str, view: "PairView") -> None:
    from bothways.cli.render import issues as render
    from bothways.service.views import plain

    if terminal.json:
        terminal.document(done, plain(view))
    else:
        terminal.lines(render.pair(view, done))
